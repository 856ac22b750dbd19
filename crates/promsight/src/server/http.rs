//! One request to a live server: bounded in time and size, never redirected.

use std::time::Duration;

use serde::Deserialize;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body, http::Response};

use super::ServerError;
use super::access::Access;

/// What a request may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// For a connection to stand.
    pub(super) connect: Duration,
    /// For a whole answer.
    pub(super) answer: Duration,
    /// The largest answer that is read.
    pub(super) bytes: u64,
}

impl Limits {
    /// Those of every run. The bytes are about two million names.
    pub(super) const USUAL: Self = Self {
        connect: Duration::from_secs(10),
        answer: Duration::from_secs(30),
        bytes: 64 << 20,
    };
}

/// So much of what a server says is shown.
const LONGEST_MESSAGE: usize = 200;

/// The client of one server.
#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    access: Access,
    limits: Limits,
}

/// What the API answers.
#[derive(Debug)]
pub(super) struct Answer<T> {
    pub(super) data: T,
    /// What makes the answer doubtful: a store that could not be asked, a limit.
    pub(super) warnings: Vec<String>,
}

/// The envelope of every answer.
#[derive(Deserialize)]
struct Envelope<T> {
    #[serde(default)]
    status: String,
    data: Option<T>,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Vec<String>,
    /// VictoriaMetrics says so.
    #[serde(default, rename = "isPartial")]
    is_partial: bool,
}

impl Client {
    pub(super) fn new(access: Access, limits: Limits) -> Result<Self, ServerError> {
        let mut tls = TlsConfig::builder();
        if let Some(pem) = &access.authorities {
            tls = tls.root_certs(authorities(pem)?);
        }
        let config = Agent::config_builder()
            .timeout_connect(Some(limits.connect))
            .timeout_global(Some(limits.answer))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("promsight/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build())
            .build();
        Ok(Self {
            agent: config.into(),
            access,
            limits,
        })
    }

    /// The address, without anything secret.
    pub(super) fn address(&self) -> &str {
        &self.access.address
    }

    /// Asks for a path below the address.
    pub(super) fn get<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<Answer<T>, ServerError> {
        let address = &self.access.address;
        let mut request = self
            .agent
            .get(format!("{address}{path}"))
            .header("Accept", "application/json");
        if let Some(authorization) = &self.access.authorization {
            request = request.header("Authorization", authorization.reveal());
        }
        if let Some(tenant) = &self.access.tenant {
            request = request.header("X-Scope-OrgID", tenant);
        }
        let mut response = request.call().map_err(|error| self.unreachable(&error))?;
        let status = response.status().as_u16();
        match status {
            300..=399 => return Err(self.redirected(&response)),
            401 | 403 => {
                return Err(ServerError::Refused {
                    address: address.clone(),
                    status,
                });
            }
            _ => {}
        }
        let body = response
            .body_mut()
            .with_config()
            .limit(self.limits.bytes)
            .read_to_vec();
        let body = body.map_err(|error| self.unreachable(&error))?;
        let Ok(envelope) = serde_json::from_slice::<Envelope<T>>(&body) else {
            return Err(self.strange(&response, &body));
        };
        match envelope.data.filter(|_| envelope.status == "success") {
            Some(data) => {
                let mut warnings: Vec<String> = envelope.warnings.iter().map(|text| plain(text)).collect();
                if envelope.is_partial {
                    warnings.push("partial response".to_owned());
                }
                Ok(Answer { data, warnings })
            }
            None if envelope.status == "error" => Err(ServerError::Failed {
                address: address.clone(),
                reason: plain(&envelope.error),
            }),
            None => Err(self.strange(&response, &body)),
        }
    }

    fn unreachable(&self, error: &ureq::Error) -> ServerError {
        let reason = match error {
            ureq::Error::Timeout(_) => {
                format!(
                    "it did not answer within {} seconds",
                    self.limits.answer.as_secs_f32()
                )
            }
            ureq::Error::BodyExceedsLimit(_) => {
                format!("its answer is larger than {} MiB", self.limits.bytes >> 20)
            }
            error => plain(&error.to_string()),
        };
        ServerError::Unreachable {
            address: self.access.address.clone(),
            reason,
        }
    }

    fn redirected(&self, response: &Response<Body>) -> ServerError {
        let location = response
            .headers()
            .get("location")
            .and_then(|location| location.to_str().ok())
            .unwrap_or("another address");
        // What stands behind `?`, or before `@`, may be a ticket.
        let location = location.split(['?', '#']).next().unwrap_or_default();
        let location = match (location.split_once("://"), location.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
            _ => location.to_owned(),
        };
        ServerError::Redirected {
            address: self.access.address.clone(),
            location: plain(&location),
        }
    }

    fn strange(&self, response: &Response<Body>, body: &[u8]) -> ServerError {
        let status = response.status().as_u16();
        let kind = response.headers().get("content-type");
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("no type");
        let what = if body.is_empty() {
            "an empty answer".to_owned()
        } else if body.trim_ascii_start().starts_with(b"<") {
            "a page of HTML".to_owned()
        } else if body.trim_ascii_start().starts_with(b"{") {
            "JSON that breaks off or has another shape".to_owned()
        } else {
            format!("text of type {}", plain(kind))
        };
        ServerError::Strange {
            address: self.access.address.clone(),
            reason: format!("{what}, status {status}"),
        }
    }
}

fn authorities(pem: &[u8]) -> Result<RootCerts, ServerError> {
    let certificates: Vec<Certificate<'static>> = ureq::tls::parse_pem(pem)
        .filter_map(|item| match item {
            Ok(ureq::tls::PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(ServerError::Credentials(
            "the file of `--prometheus-ca-file` holds no certificate in PEM".to_owned(),
        ));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

/// A text of a server on one line, shortened.
fn plain(text: &str) -> String {
    let mut line: String = text
        .chars()
        .take(LONGEST_MESSAGE)
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    if text.chars().nth(LONGEST_MESSAGE).is_some() {
        line.push('…');
    }
    line
}

/// A text as it may stand in the query of an address (RFC 3986).
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;

    use super::*;

    /// What comes of a server that does this with its first connection.
    fn answer_of(serve: impl FnOnce(std::net::TcpStream) + Send + 'static, limits: Limits) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        let thread = std::thread::spawn(move || {
            let (stream, _) = listener.accept().expect("the client connects");
            serve(stream);
        });
        let access = Access {
            address,
            authorization: None,
            tenant: None,
            authorities: None,
        };
        let client = Client::new(access, limits).expect("no certificates are named");
        let outcome = client.get::<Vec<String>>("/api/v1/label/__name__/values");
        let told = outcome.expect_err("the server does not answer well").to_string();
        thread.join().expect("the server ends");
        told
    }

    const SHORT: Limits = Limits {
        connect: Duration::from_millis(300),
        answer: Duration::from_millis(300),
        bytes: 100,
    };

    #[test]
    fn a_server_that_says_nothing_is_left_after_a_while() {
        let told = answer_of(|_stream| std::thread::sleep(Duration::from_millis(900)), SHORT);
        assert!(told.contains("it did not answer within 0.3 seconds"), "{told}");
    }

    #[test]
    fn a_server_that_drips_is_left_after_a_while() {
        let drip = |mut stream: std::net::TcpStream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n");
            for _ in 0..30 {
                std::thread::sleep(Duration::from_millis(30));
                if stream.write_all(b" ").is_err() {
                    return;
                }
            }
        };
        let told = answer_of(drip, SHORT);
        assert!(told.contains("it did not answer within 0.3 seconds"), "{told}");
    }

    #[test]
    fn what_stands_in_an_address_is_encoded() {
        assert_eq!(encoded("{job=\"a b\"}"), "%7Bjob%3D%22a%20b%22%7D");
        assert_eq!(encoded("größe"), "gr%C3%B6%C3%9Fe");
    }

    #[test]
    fn what_a_server_says_stays_one_short_line() {
        assert_eq!(plain("a\r\n\u{1b}[31mb"), "a   [31mb");
        assert_eq!(plain(&"x".repeat(500)).chars().count(), LONGEST_MESSAGE + 1);
    }
}
