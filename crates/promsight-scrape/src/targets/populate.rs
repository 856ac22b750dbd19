//! From a target as it is found to one that is scraped: the labels that Prometheus adds before and after relabelling
//! (`scrape.PopulateLabels`, version 3.16).

use promsight_model::Span;
use promsight_model::manifest::Value;

use crate::relabel::{self, Labels, Outcome, Rule};
use crate::text::Text;

/// What of a job's configuration stands in labels.
#[derive(Debug)]
pub(crate) struct Defaults {
    name: String,
    path: String,
    scheme: String,
    interval: String,
    timeout: String,
    params: Vec<(String, String)>,
}

impl Defaults {
    /// Of a job's configuration, with the intervals of the global section.
    pub(crate) fn of(config: &Value, global: Option<&Value>) -> Self {
        let text = |key: &str| config.text_at(&[key]);
        let either = |key: &str, default: &str| {
            let global = global.and_then(|global| global.text_at(&[key]));
            text(key).or(global).unwrap_or(default).to_owned()
        };
        let params = config.get("params").map_or(&[][..], Value::entries).iter();
        let interval = either("scrape_interval", "1m");
        Self {
            name: text("job_name").unwrap_or_default().to_owned(),
            path: text("metrics_path").unwrap_or("/metrics").to_owned(),
            scheme: text("scheme").unwrap_or("http").to_owned(),
            timeout: either("scrape_timeout", "10s"),
            interval,
            params: params
                .filter_map(|(key, values)| {
                    let first = values.items().first().map_or(values.as_str(), Value::as_str)?;
                    Some((key.text.clone(), first.to_owned()))
                })
                .collect(),
        }
    }

    /// Adds what a target does not say itself.
    pub(crate) fn fill(&self, labels: &mut Labels) {
        for (name, value) in [
            ("job", &self.name),
            ("__scrape_interval__", &self.interval),
            ("__scrape_timeout__", &self.timeout),
            ("__metrics_path__", &self.path),
            ("__scheme__", &self.scheme),
        ] {
            labels.set_default(name, Text::written(value));
        }
        for (name, value) in &self.params {
            labels.set_default(&format!("__param_{name}"), Text::written(value));
        }
    }
}

/// Relabels a filled target. Of what is kept, `instance` is set and the labels of discovery are gone.
pub(crate) fn populate(rules: &[Rule], labels: Labels, job: Span) -> Outcome {
    let mut labels = match relabel::apply(rules, labels) {
        Outcome::Kept(labels) => labels,
        other => return other,
    };
    let address = labels.get("__address__");
    let dropped = |reason: &str| Outcome::Dropped {
        rule: job,
        reason: reason.to_owned(),
    };
    if address.is_empty() {
        return dropped("it has no address");
    }
    if address.to_string().contains('/') {
        return dropped("its address holds a slash, which Prometheus refuses");
    }
    labels.retain(|name| !name.starts_with("__meta_"));
    labels.set_default("instance", address);
    Outcome::Kept(labels)
}
