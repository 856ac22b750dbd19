//! What Prometheus refuses in a whole configuration, so that it does not start, or goes on with the one before.
//!
//! Owns what can be said without a full reading of its schema: names of jobs and their times. Rules of relabelling are
//! judged where they are read. As Prometheus 3.7 does it (`config.Config.UnmarshalYAML`, `ScrapeConfig.Validate`).

use std::collections::BTreeSet;

use promsight_model::Span;
use promsight_model::manifest::Value;

use crate::relabel::InvalidRule;
use crate::servers::Job;
use crate::text::{Text, has_placeholder};

/// Seconds between scrapes where nothing else is said.
const DEFAULT_INTERVAL: f64 = 60.0;

/// Marks the jobs for which Prometheus refuses the configuration.
pub(crate) fn mark(jobs: &mut [Job], global: Option<&Value>) {
    let interval = global.and_then(|global| seconds(global, "scrape_interval"));
    let interval = interval.unwrap_or(DEFAULT_INTERVAL);
    let mut names = BTreeSet::new();
    for job in jobs {
        let found = of_name(job, &mut names).or_else(|| of_times(&job.config, interval));
        if job.invalid.is_none() {
            job.invalid = found;
        }
    }
}

fn refusal(span: Span, reason: String) -> InvalidRule {
    InvalidRule {
        span,
        reason,
        is_of_agent: false,
    }
}

fn of_name(job: &Job, names: &mut BTreeSet<String>) -> Option<InvalidRule> {
    let name = job.config.get("job_name");
    let span = name.map_or(job.span, |name| name.span);
    if job.name.is_empty() && name.is_none_or(|name| name.as_str() == Some("")) {
        let reason = "a job has no `job_name`".to_owned();
        return Some(refusal(span, reason));
    }
    let is_written = Text::written(&job.name).as_known().is_some();
    if is_written && !names.insert(job.name.clone()) {
        let reason = format!("two jobs are called `{}`", job.name);
        return Some(refusal(span, reason));
    }
    None
}

fn of_times(config: &Value, global: f64) -> Option<InvalidRule> {
    for key in ["scrape_interval", "scrape_timeout"] {
        let Some(value) = config.get(key) else { continue };
        let text = value.as_str().unwrap_or_default();
        let is_filled_in = has_placeholder(text) || Text::written(text).as_known().is_none();
        if !text.is_empty() && !is_filled_in && duration(text).is_none() {
            let reason = format!("`{text}` of `{key}` is no duration, as `30s` is one");
            return Some(refusal(value.span, reason));
        }
    }
    let timeout = seconds(config, "scrape_timeout")?;
    let interval = seconds(config, "scrape_interval").unwrap_or(global);
    if timeout <= interval {
        return None;
    }
    let reason = "`scrape_timeout` is longer than `scrape_interval`".to_owned();
    let span = config.get("scrape_timeout")?.span;
    Some(refusal(span, reason))
}

/// A time of more than none; nothing stands for the default.
fn seconds(config: &Value, key: &str) -> Option<f64> {
    duration(config.get(key)?.as_str()?).filter(|seconds| *seconds > 0.0)
}

/// A duration as Prometheus reads it (`1h30m`): each unit at most once, the longer ones first.
fn duration(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 7] = [
        ("y", 365.0 * 86_400.0),
        ("w", 7.0 * 86_400.0),
        ("d", 86_400.0),
        ("h", 3_600.0),
        ("m", 60.0),
        ("s", 1.0),
        ("ms", 0.001),
    ];
    if text == "0" {
        return Some(0.0);
    }
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0)?;
        let (number, behind) = rest.split_at(digits);
        let length = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(length);
        let (_, size) = units.by_ref().find(|(own, _)| *own == unit)?;
        seconds += number.parse::<f64>().ok()? * size;
        rest = behind;
    }
    (!text.is_empty()).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_read_as_prometheus_does() {
        assert_eq!(duration("1h30m"), Some(5_400.0));
        assert_eq!(duration("500ms"), Some(0.5));
        assert_eq!(duration("1m500ms"), Some(60.5));
        assert_eq!(duration("0"), Some(0.0));
        for refused in ["", "10", "10 s", "30m1h", "1.5m", "s", "1s1s", "10sec"] {
            assert_eq!(duration(refused), None, "{refused}");
        }
    }
}
