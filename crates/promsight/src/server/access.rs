//! Who asks a live server, and where it is.
//!
//! Owns the address and the credentials. These come from the environment or a file, go into headers, and are never part
//! of anything that is printed.

use std::fmt;
use std::path::Path;

use super::ServerError;
use crate::arguments::SourceArguments;

/// Environment variables that hold credentials.
const TOKEN: &str = "PROMSIGHT_PROMETHEUS_TOKEN";
const USER: &str = "PROMSIGHT_PROMETHEUS_USER";
const PASSWORD: &str = "PROMSIGHT_PROMETHEUS_PASSWORD";

/// A text that no message, log or panic shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for a header.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(secret)")
    }
}

/// How the server is reached.
#[derive(Debug)]
pub(super) struct Access {
    /// The address up to `/api/v1`, without a slash at the end.
    pub(super) address: String,
    /// The `Authorization` header.
    pub(super) authorization: Option<Secret>,
    /// The tenant.
    pub(super) tenant: Option<String>,
    /// Certificates to trust, in PEM.
    pub(super) authorities: Option<Vec<u8>>,
}

impl Access {
    /// From what was typed, and the environment.
    pub(super) fn of(typed: &str, arguments: &SourceArguments) -> Result<Self, ServerError> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let token = match &arguments.prometheus_token_file {
            Some(path) => Some(read(path, "the token")?),
            None => variable(TOKEN),
        };
        let authorization = match (token, variable(USER), variable(PASSWORD)) {
            (Some(token), _, _) => Some(format!("Bearer {}", token.trim())),
            (None, Some(user), password) => {
                let pair = format!("{user}:{}", password.unwrap_or_default());
                Some(format!("Basic {}", base64(pair.as_bytes())))
            }
            (None, None, Some(_)) => {
                return Err(ServerError::Credentials(format!(
                    "{PASSWORD} is set, and {USER} is not; set both"
                )));
            }
            (None, None, None) => None,
        };
        let is_header = |text: &String| text.bytes().all(|byte| (b' '..0x7f).contains(&byte));
        if !authorization.as_ref().is_none_or(is_header) {
            return Err(ServerError::Credentials(
                "the token holds what no token can hold (a line break, a control character); check where it comes from"
                    .to_owned(),
            ));
        }
        let tenant = arguments.prometheus_tenant.clone();
        if !tenant.as_ref().is_none_or(is_header) {
            return Err(ServerError::Credentials(
                "the tenant holds what no tenant can hold; write letters, digits and `|`".to_owned(),
            ));
        }
        let authorities = match &arguments.prometheus_ca_file {
            Some(path) => Some(read(path, "the certificates")?.into_bytes()),
            None => None,
        };
        Ok(Self {
            address: address(typed)?,
            authorization: authorization.map(Secret::new),
            tenant,
            authorities,
        })
    }
}

fn read(path: &Path, what: &str) -> Result<String, ServerError> {
    std::fs::read_to_string(path).map_err(|error| {
        ServerError::Credentials(format!("cannot read {what} from {}: {error}", path.display()))
    })
}

/// The address as it is asked and shown. One with credentials in it is refused without being shown.
fn address(typed: &str) -> Result<String, ServerError> {
    let refused = |reason: &str| Err(ServerError::Address(reason.to_owned()));
    let rest = typed
        .strip_prefix("http://")
        .or_else(|| typed.strip_prefix("https://"));
    let Some(rest) = rest else {
        return refused("begins with neither http:// nor https://");
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return refused(&format!(
            "holds credentials, which others could read in the list of processes; set {USER} and {PASSWORD}"
        ));
    }
    if typed.contains(['?', '#']) {
        return refused("holds `?` or `#`: only the part up to `/api/v1` belongs there");
    }
    let is_plain = |byte: u8| byte.is_ascii_graphic();
    if authority.is_empty() || authority.starts_with(':') || !typed.bytes().all(is_plain) {
        return refused("is none");
    }
    let address = typed.trim_end_matches('/');
    // People copy the address of a query.
    let address = address.find("/api/v1").map_or(address, |at| &address[..at]);
    Ok(address.trim_end_matches('/').to_owned())
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            if digit > chunk.len() {
                text.push('=');
            } else {
                let value = (bits >> (18 - 6 * digit)) & 63;
                text.push(char::from(DIGITS[value as usize]));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_up_to_the_api() {
        let cases = [
            ("http://prometheus:9090", "http://prometheus:9090"),
            (
                "https://mimir.example/prometheus/",
                "https://mimir.example/prometheus",
            ),
            ("http://thanos:10902/api/v1/query", "http://thanos:10902"),
            ("http://[::1]:9090", "http://[::1]:9090"),
        ];
        for (typed, meant) in cases {
            assert_eq!(address(typed).expect(typed), meant);
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused_and_one_with_a_password_is_not_shown() {
        for typed in [
            "prometheus:9090",
            "ftp://x",
            "http://",
            "http://:9090",
            "http://a b",
            "http://x/?a=b",
        ] {
            assert!(address(typed).is_err(), "{typed}");
        }
        let error = address("https://joe:hunter2@x:9090").expect_err("it holds a password");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("joe"), "{shown}");
    }

    #[test]
    fn a_secret_shows_itself_to_nobody() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret:?}"), "(secret)");
    }

    #[test]
    fn user_and_password_are_written_as_rfc_4648_has_it() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, encoded) in cases {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
