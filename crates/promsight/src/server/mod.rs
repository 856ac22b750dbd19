//! A live server: which series it has.
//!
//! Owns what is asked, in which order, and what its answers prove. Speaks the HTTP API of Prometheus, which Thanos, Mimir
//! and VictoriaMetrics have too; what one of them lacks (metadata, labels by name) is done without. How it is asked is
//! [`http`]'s. Nothing here is asked unless the user named an address on the command line.

mod access;
mod http;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use promsight_model::{MetricType, Server};
use serde::Deserialize;

pub use access::Secret;
use http::{Client, Limits};

use crate::arguments::SourceArguments;

/// Names of which the labels are asked for, one request each.
const MOST_NAMES: usize = 1_000;

/// Requests at a time.
const THREADS: usize = 4;

/// All requests for labels together; names that are not reached by then have unknown labels.
const LABELS_DEADLINE: Duration = Duration::from_secs(60);

/// Jobs whose series are listed.
const MOST_JOBS: usize = 20;

/// Names in one request for jobs: addresses stay below what servers and proxies refuse.
const NAMES_A_REQUEST: usize = 20;

/// Why a live server cannot be asked, as a sentence that names the remedy.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address on the command line.
    #[error("the address of `--prometheus` {0}; write it as in http://prometheus.example:9090")]
    Address(String),
    /// The credentials.
    #[error("{0}")]
    Credentials(String),
    /// It does not answer.
    #[error("cannot reach {address}: {reason}; check the address, or leave `--prometheus` out")]
    Unreachable {
        /// The address, without anything secret.
        address: String,
        /// What happened.
        reason: String,
    },
    /// It wants to know who asks.
    #[error(
        "{address} answers with status {status}: it wants other credentials; set PROMSIGHT_PROMETHEUS_TOKEN, or \
         PROMSIGHT_PROMETHEUS_USER and PROMSIGHT_PROMETHEUS_PASSWORD, or name a tenant with `--prometheus-tenant`"
    )]
    Refused {
        /// The address.
        address: String,
        /// 401 or 403.
        status: u16,
    },
    /// It sends elsewhere.
    #[error(
        "{address} redirects to {location}; redirects are not followed, so name the address that answers"
    )]
    Redirected {
        /// The address.
        address: String,
        /// Where it sends to, without anything secret.
        location: String,
    },
    /// It answers something else.
    #[error("{address} does not answer as Prometheus does: {reason}; name the address up to `/api/v1`")]
    Strange {
        /// The address.
        address: String,
        /// What it answers.
        reason: String,
    },
    /// It answers with an error.
    #[error("{address} answers with an error: {reason}")]
    Failed {
        /// The address.
        address: String,
        /// What it says.
        reason: String,
    },
}

/// A server that was asked for its series, and can be asked for more.
#[derive(Debug)]
pub struct Connection {
    client: Client,
    window: Window,
    /// What is known so far.
    server: Server,
    /// What the server said about its own answers.
    warnings: Vec<String>,
}

/// The time that is asked about, in seconds since 1970.
#[derive(Clone, Copy, Debug)]
struct Window {
    start: u64,
    end: u64,
}

impl Window {
    fn query(self) -> String {
        format!("start={}&end={}", self.start, self.end)
    }
}

impl Connection {
    /// Asks the server that the arguments name, where they name one, for every series name and type.
    pub fn open(arguments: &SourceArguments) -> Result<Option<Self>, ServerError> {
        let Some(typed) = &arguments.prometheus else {
            return Ok(None);
        };
        let access = access::Access::of(typed, arguments)?;
        let hours = arguments.prometheus_hours;
        let end = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let window = Window {
            start: end.saturating_sub(u64::from(hours) * 3_600),
            end,
        };
        let client = Client::new(access, Limits::USUAL)?;
        let mut connection = Self {
            server: Server {
                address: client.address().to_owned(),
                hours,
                ..Server::default()
            },
            client,
            window,
            warnings: Vec::new(),
        };
        let names: Vec<String> =
            connection.required(&format!("/api/v1/label/__name__/values?{}", window.query()))?;
        connection.server.names = names.into_iter().collect();
        connection.server.types = connection.types();
        Ok(Some(connection))
    }

    /// Asks for the labels of the series that queries look at, and for the jobs of those that the code declares.
    pub fn ask(&mut self, asked: &BTreeSet<&str>, declared: &BTreeSet<&str>) {
        let known: Vec<&str> = asked
            .iter()
            .copied()
            .filter(|name| self.server.has(name))
            .take(MOST_NAMES)
            .collect();
        let outcomes = self.labels(&known);
        for (name, outcome) in outcomes {
            self.server.labels.insert(name, outcome);
        }
        let exposed: Vec<&str> = declared
            .iter()
            .copied()
            .filter(|name| self.server.has(name))
            .collect();
        let jobs = self.jobs(&exposed);
        self.server.jobs = jobs;
    }

    /// What is known of the server now, and remarks for the user.
    pub fn finish(self) -> (Server, Vec<String>) {
        let mut notes = Vec::new();
        if self.server.is_partial {
            notes.push(format!(
                "{} says that its answers may be incomplete ({}); what it lacks is taken to prove nothing.",
                self.server.address,
                self.warnings.join("; ")
            ));
        }
        (self.server, notes)
    }

    /// An answer without which nothing can be said.
    fn required<T: for<'de> Deserialize<'de>>(&mut self, path: &str) -> Result<T, ServerError> {
        let answer = self.client.get(path)?;
        self.warn(answer.warnings);
        Ok(answer.data)
    }

    fn warn(&mut self, warnings: Vec<String>) {
        self.server.is_partial |= !warnings.is_empty();
        for warning in warnings {
            if self.warnings.len() < 3 && !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }

    /// Types by family. Not every server keeps them, and none has to.
    fn types(&self) -> BTreeMap<String, MetricType> {
        #[derive(Deserialize)]
        struct Metadata {
            #[serde(rename = "type", default)]
            metric_type: String,
        }
        let Ok(answer) = self
            .client
            .get::<BTreeMap<String, Vec<Metadata>>>("/api/v1/metadata")
        else {
            return BTreeMap::new();
        };
        let agreed = |told: Vec<Metadata>| {
            let mut types = told.iter().map(|one| MetricType::from_word(&one.metric_type));
            let first = types.next().flatten()?;
            types.all(|other| other == Some(first)).then_some(first)
        };
        answer
            .data
            .into_iter()
            .filter_map(|(family, told)| Some((family, agreed(told)?)))
            .collect()
    }

    /// The labels of each name, as far as the server tells them in time.
    fn labels(&mut self, names: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
        let deadline = Instant::now() + LABELS_DEADLINE;
        let next = AtomicUsize::new(0);
        let failures = AtomicUsize::new(0);
        let found = Mutex::new((BTreeMap::new(), Vec::new()));
        let (client, window) = (&self.client, self.window);
        let work = || {
            while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                // A server that has no such answers is not asked a thousand times.
                if Instant::now() > deadline || failures.load(Ordering::Relaxed) > THREADS {
                    return;
                }
                let path = format!(
                    "/api/v1/labels?match[]={}&{}",
                    http::encoded(&selector("__name__", name)),
                    window.query()
                );
                let Ok(answer) = client.get::<Vec<String>>(&path) else {
                    failures.fetch_add(1, Ordering::Relaxed);
                    continue;
                };
                let labels: BTreeSet<String> = answer
                    .data
                    .into_iter()
                    .filter(|label| label != "__name__")
                    .collect();
                if let Ok(mut found) = found.lock() {
                    found.0.insert((*name).to_owned(), labels);
                    found.1.extend(answer.warnings);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..THREADS.min(names.len()) {
                scope.spawn(work);
            }
        });
        let (labels, warnings) = found.into_inner().unwrap_or_default();
        self.warn(warnings);
        labels
    }

    /// The jobs that expose what the code declares, each with all that it exposes.
    fn jobs(&self, exposed: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
        let mut jobs: BTreeSet<String> = BTreeSet::new();
        for names in exposed.chunks(NAMES_A_REQUEST) {
            let matches: Vec<String> = names
                .iter()
                .map(|name| format!("match[]={}", http::encoded(&selector("__name__", name))))
                .collect();
            let path = format!(
                "/api/v1/label/job/values?{}&{}",
                matches.join("&"),
                self.window.query()
            );
            let Ok(answer) = self.client.get::<Vec<String>>(&path) else {
                return BTreeMap::new();
            };
            jobs.extend(answer.data);
        }
        if jobs.len() > MOST_JOBS {
            return BTreeMap::new();
        }
        jobs.into_iter()
            .filter_map(|job| {
                let path = format!(
                    "/api/v1/label/__name__/values?match[]={}&{}",
                    http::encoded(&selector("job", &job)),
                    self.window.query()
                );
                let answer = self.client.get::<Vec<String>>(&path).ok()?;
                Some((job, answer.data.into_iter().collect()))
            })
            .collect()
    }
}

/// A selector of one label's value.
fn selector(label: &str, value: &str) -> String {
    let value = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("{{{label}=\"{value}\"}}")
}
