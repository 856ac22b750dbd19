//! Wordings that several formats share.

use promsight_model::{
    Consumer, Emitter, Exposure, ExposureKind, GapKind, Hidden, Liveness, MatchOp, Name, Registry, Report,
    Selector, SelectorName, Setting, Severity,
};

use crate::place::Places;

/// `1 error`, `2 errors`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {}", plural(noun))
    }
}

fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{noun}s"),
    }
}

/// What lets metrics out, as one line.
pub(crate) fn exposure(exposure: &Exposure, places: &Places<'_>) -> String {
    let registry = match exposure.registry {
        Registry::Default => "the default registry".to_owned(),
        Registry::Named(span) => format!("the registry of {}", places.place(span)),
        Registry::Detached | Registry::Unknown => "metrics".to_owned(),
    };
    let port = match &exposure.port {
        Setting::Unknown => String::new(),
        known => format!(" on port {}", setting(known)),
    };
    let path = match &exposure.path {
        Setting::Unknown => " at a path that is not known".to_owned(),
        known => format!(" at {}", setting(known)),
    };
    let mut text = match exposure.kind {
        ExposureKind::Server => format!("serves {registry}{path}{port}"),
        ExposureKind::Route => format!("routes {registry}{path}{port}"),
        ExposureKind::Push => format!("pushes {registry}"),
        ExposureKind::Textfile => format!("writes {registry} to a file"),
    };
    if let Some(span) = exposure.authentication {
        text.push_str(&format!(", behind authentication ({})", places.place(span)));
    }
    if !exposure.is_reached {
        text.push_str(", and nothing in the tree comes by");
    } else if let Some(file) = exposure.program {
        text.push_str(&format!(
            ", where {} is the program",
            places.file(file).shown_path
        ));
    }
    text
}

/// A setting with what configures it.
fn setting<T: std::fmt::Display>(setting: &Setting<T>) -> String {
    match setting {
        Setting::Literal(value) => value.to_string(),
        Setting::Configured {
            name,
            default: Some(default),
        } => format!("{default} (set by {name})"),
        Setting::Configured { name, default: None } => format!("set by {name}"),
        Setting::Unknown => "unknown".to_owned(),
    }
}

/// What a selector selects by name, as text: a regular expression as written, `*` where it has no name.
pub(crate) fn series(name: &SelectorName) -> String {
    match name {
        SelectorName::Exact(text) | SelectorName::Regex(text) => text.clone(),
        SelectorName::Pattern(pattern) => pattern.to_string(),
        SelectorName::Any => "*".to_owned(),
    }
}

/// A selector as PromQL writes it, on one line.
pub(crate) fn selector(selector: &Selector) -> String {
    let mut matchers: Vec<String> = Vec::new();
    let name = match &selector.name {
        SelectorName::Exact(text) => text.clone(),
        SelectorName::Pattern(pattern) => pattern.to_string(),
        SelectorName::Regex(text) => {
            matchers.push(format!("__name__{}{text:?}", MatchOp::Regex.symbol()));
            String::new()
        }
        SelectorName::Any => String::new(),
    };
    matchers.extend(selector.matchers.iter().map(|matcher| {
        format!(
            "{}{}{:?}",
            matcher.label,
            matcher.op.symbol(),
            matcher.value.text()
        )
    }));
    if matchers.is_empty() && !name.is_empty() {
        name
    } else {
        format!("{name}{{{}}}", matchers.join(", "))
    }
}

/// `3 errors, 1 warning`, or `no findings`; of a comparison, `no new findings`.
pub(crate) fn headline(report: &Report) -> String {
    let parts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Info]
        .into_iter()
        .filter_map(|severity| {
            let of_severity = report
                .findings
                .iter()
                .filter(|finding| finding.severity == severity);
            let number = of_severity.count() as u64;
            (number > 0).then(|| count(number, severity.word()))
        })
        .collect();
    match (parts.is_empty(), &report.comparison) {
        (false, _) => parts.join(", "),
        (true, None) => "no findings".to_owned(),
        (true, Some(_)) => "no new findings".to_owned(),
    }
}

/// What was found and is not shown, as one sentence; `None` where everything is.
pub(crate) fn hidden(hidden: &Hidden) -> Option<String> {
    let parts: Vec<String> = [
        (hidden.comments, "by comments"),
        (hidden.configuration, "by the configuration"),
        (hidden.baseline, "by the baseline"),
        (hidden.unchanged, "that were there before"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, by)| format!("{number} {by}"))
    .collect();
    let total = hidden.comments + hidden.configuration + hidden.baseline + hidden.unchanged;
    (!parts.is_empty()).then(|| format!("{} hidden: {}", count(total, "finding"), parts.join(", ")))
}

/// `alert HighErrorRate (group slos)`.
pub(crate) fn consumer(consumer: &Consumer) -> String {
    let mut text = consumer.kind.word().to_owned();
    if !consumer.name.is_empty() {
        text.push(' ');
        text.push_str(&one_line(&consumer.name));
    }
    if let Some(group) = consumer.group.as_deref().filter(|group| !group.is_empty()) {
        text.push_str(" (");
        text.push_str(&one_line(group));
        text.push(')');
    }
    text
}

/// A metric's name and labels: `app_requests{method, status}`; `…` where more labels are possible.
pub(crate) fn metric(emitter: &Emitter) -> String {
    let name = match &emitter.name {
        Name::Unresolved => "(name unknown)".to_owned(),
        name => name.to_string(),
    };
    let labels = labels(emitter);
    if labels.is_empty() {
        name
    } else {
        format!("{name}{{{labels}}}")
    }
}

/// A metric's labels, comma-separated; `…` where more are possible.
pub(crate) fn labels(emitter: &Emitter) -> String {
    let mut labels = emitter.labels.clone();
    if !emitter.labels_known {
        labels.push("…".to_owned());
    }
    labels.join(", ")
}

/// What a reader of the inventory should know of a metric beyond its name and type; empty where nothing.
pub(crate) fn remarks(emitter: &Emitter) -> String {
    let mut remarks = Vec::new();
    match &emitter.liveness {
        Liveness::Live => {}
        Liveness::TestOnly => remarks.push("test code".to_owned()),
        Liveness::Dead(reason) => remarks.push(format!("never runs: {reason}")),
    }
    if emitter.updated == Some(false) {
        remarks.push("never updated".to_owned());
    }
    if let Some(reason) = &emitter.unresolved_reason {
        remarks.push(reason.clone());
    }
    one_line(&remarks.join(", "))
}

/// Whether a live metric's name is a pattern. One of which nothing is known is a gap as well, and told as such.
pub(crate) fn is_partly_known(emitter: &Emitter) -> bool {
    emitter.is_live() && matches!(emitter.name, Name::Pattern(_))
}

/// Help text, unit, bounds and states, a line each.
pub(crate) fn details(emitter: &Emitter) -> Vec<String> {
    let mut details = Vec::new();
    if let Some(help) = emitter.help.as_deref().filter(|help| !help.trim().is_empty()) {
        details.push(help.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    details.extend(emitter.unit.as_ref().map(|unit| format!("unit {unit}")));
    details.extend(
        emitter
            .buckets
            .as_ref()
            .map(|buckets| format!("buckets {}", buckets.join(" "))),
    );
    details.extend(
        emitter
            .states
            .as_ref()
            .map(|states| format!("states {}", states.join(", "))),
    );
    details.iter().map(|detail| one_line(detail)).collect()
}

/// The word of the JSON report for a kind of gap.
pub(crate) fn gap_kind(kind: GapKind) -> &'static str {
    match kind {
        GapKind::Syntax => "syntax",
        GapKind::Limit => "limit",
        GapKind::Encoding => "encoding",
        GapKind::UnresolvedName => "unresolved-name",
        GapKind::UnresolvedImport => "unresolved-import",
        GapKind::Template => "template",
    }
}

/// The text without line breaks and other control characters, so that it cannot break a line of output.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_follow_their_number() {
        assert_eq!(count(1, "error"), "1 error");
        assert_eq!(count(0, "query"), "0 queries");
    }

    #[test]
    fn what_is_hidden_is_counted_by_what_hides_it() {
        let counts = Hidden {
            comments: 1,
            configuration: 0,
            baseline: 12,
            unchanged: 0,
        };
        assert_eq!(
            hidden(&counts).as_deref(),
            Some("13 findings hidden: 1 by comments, 12 by the baseline")
        );
        assert_eq!(hidden(&Hidden::default()), None);
    }

    #[test]
    fn control_characters_cannot_break_a_line() {
        assert_eq!(one_line("a\r\n\tb\u{1b}[0m"), "a   b [0m");
    }
}
