//! Words of the language: which say metric, alert or another thing, and which speak of what is gone.
//!
//! Tables, and the questions asked of them; where the words stand is [`super::nearness`]'s.

use promsight_model::Outlook;

/// What a word of the language says the thing beside it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noun {
    /// A metric, a series, a query.
    Metric,
    /// An alert.
    Alert,
    /// Another thing: a function, a table, a setting.
    Other,
}

/// Words that say metric, as they begin in the languages documents are written in; a plural's ending may follow.
const METRIC_STEMS: &[&str] = &[
    "metric",
    "métrica",
    "métrique",
    "metrik",
    "метрик",
    "指标",
    "メトリ",
    "메트릭",
];

const METRIC_NOUNS: &[&str] = &[
    "gauge",
    "gauges",
    "counter",
    "counters",
    "histogram",
    "histograms",
    "promql",
    "series",
    "timeseries",
    "prometheus",
    "query",
    "queries",
    "exposition",
    "scrape",
    "scrapes",
    "scraped",
];

const ALERT_NOUNS: &[&str] = &["alert", "alerts", "alertname"];

const OTHER_NOUNS: &[&str] = &[
    "function",
    "functions",
    "method",
    "methods",
    "table",
    "tables",
    "column",
    "columns",
    "field",
    "fields",
    "env",
    "environment",
    "variable",
    "variables",
    "flag",
    "flags",
    "config",
    "configuration",
    "log",
    "logs",
    "key",
    "keys",
    "endpoint",
    "endpoints",
    "parameter",
    "parameters",
    "param",
    "params",
    "script",
    "scripts",
    "module",
    "modules",
    "class",
    "classes",
    "setting",
    "settings",
    "label",
    "labels",
    "argument",
    "arguments",
    "arg",
    "option",
    "options",
    "property",
    "properties",
    "attribute",
    "attributes",
    "file",
    "files",
    "directory",
    "folder",
    "package",
    "packages",
    "job",
    "jobs",
    "service",
    "services",
    "container",
    "containers",
    "user",
    "database",
    "db",
    "schema",
    "event",
    "events",
    "task",
    "tasks",
    "queue",
    "queues",
    "topic",
    "topics",
    "role",
    "command",
    "commands",
    "tool",
    "library",
    "decorator",
    "middleware",
    "helper",
    "enum",
    "constant",
    "secret",
    "header",
    "cookie",
    "token",
    "span",
    "spans",
    "trace",
    "view",
    "views",
    "model",
    "models",
    "fixture",
    "exception",
    "branch",
    "namespace",
    "pod",
    "image",
    "volume",
    "fn",
    "dimension",
    "dimensions",
    "tag",
    "tags",
    "annotation",
    "annotations",
    "interface",
    "struct",
    "object",
    "section",
    "collection",
    "component",
    "components",
    "bucket",
    "cronjob",
    "playbook",
    "fonction",
    "метод",
    "поле",
    "таблица",
    "функция",
];

/// What a word of the language (in lower case) says about the thing beside it.
pub(super) fn noun(word: &str) -> Option<Noun> {
    if METRIC_STEMS.iter().any(|stem| word.starts_with(stem)) || METRIC_NOUNS.contains(&word) {
        Some(Noun::Metric)
    } else if ALERT_NOUNS.contains(&word) {
        Some(Noun::Alert)
    } else if OTHER_NOUNS.contains(&word) {
        Some(Noun::Other)
    } else {
        None
    }
}

/// Headings of sections that speak of what was, not of what is.
const PAST_HEADINGS: &[&str] = &[
    "changelog",
    "change log",
    "removed",
    "deprecated",
    "deprecations",
    "renamed",
    "release notes",
    "what's new",
    "breaking change",
    "migrating from",
    "migrating to",
    "migration guide",
    "migration notes",
    "upgrading",
    "upgrade guide",
    "upgrade notes",
    "version history",
    "revision history",
];

/// Whether a heading (in lower case) speaks of the past.
pub(super) fn is_past_heading(heading: &str) -> bool {
    PAST_HEADINGS.iter().any(|phrase| heading.contains(phrase))
}

/// Phrases that say a name is not used any more.
const PAST_PHRASES: &[&str] = &[
    "renamed",
    "deprecated",
    "formerly",
    "obsolete",
    "no longer",
    "was removed",
    "were removed",
    "been removed",
    "used to be",
    "got removed",
    "previously called",
    "superseded",
    "replaced by",
    "was replaced",
    "were replaced",
    "was called",
    "were called",
    "old name",
    "older version",
    "older dashboard",
    "there is no ",
    "there are no ",
    "does not exist",
    "doesn't exist",
    "do not exist",
    "don't exist",
];

/// Whether a sentence (in lower case) says that a name is not used any more.
pub(super) fn is_past_sentence(sentence: &str) -> bool {
    PAST_PHRASES.iter().any(|phrase| sentence.contains(phrase))
}

/// Headings of sections that speak of what is to be.
const PROPOSAL_HEADINGS: &[&str] = &[
    "proposed",
    "proposal",
    "to configure",
    "to add",
    "to be added",
    "to create",
    "to implement",
    "to be implemented",
    "to introduce",
    "to define",
    "planned",
    "future",
    "roadmap",
    "todo",
    "to do",
    "to-do",
    "next step",
    "not yet",
    "not implemented",
    "wishlist",
    "wish list",
    "open question",
    "alternatives",
    "design review",
    "decision record",
    "request for comments",
    "user stor",
    "acceptance criteria",
];

/// How a heading (in lower case) speaks of what is to come.
pub(super) fn heading_outlook(heading: &str) -> Option<Outlook> {
    if PROPOSAL_HEADINGS.iter().any(|phrase| heading.contains(phrase)) {
        return Some(Outlook::Proposal);
    }
    let planned = heading
        .split(|character: char| !character.is_alphanumeric())
        .any(|word| {
            matches!(
                word,
                "plan" | "plans" | "phase" | "rfc" | "adr" | "design" | "idea" | "ideas"
            )
        });
    planned.then_some(Outlook::Perhaps)
}

/// Whether a heading (in lower case) gives alerts as an example or as advice: the reader is to define them.
pub(super) fn advises(heading: &str) -> bool {
    ["example", "sample", "recommend", "suggest"]
        .iter()
        .any(|word| heading.contains(word))
}

/// Phrases that say a name is not used yet.
const PROPOSAL_PHRASES: &[&str] = &[
    "should add",
    "should be added",
    "could add",
    "could be added",
    "will add",
    "will be added",
    "would add",
    "would be added",
    "to be added",
    "need to add",
    "needs to add",
    "consider adding",
    "adds the following",
    "add the following",
    "introduces the following",
    "will introduce",
    "will expose",
    "will be exposed",
    "would expose",
    "we propose",
    "proposed",
    "planned",
    "not yet",
    "not implemented",
    "unimplemented",
    "todo",
    "in the future",
    "future work",
];

/// Whether a sentence (in lower case) says that a name is not used yet.
pub(super) fn is_proposal_sentence(sentence: &str) -> bool {
    PROPOSAL_PHRASES.iter().any(|phrase| sentence.contains(phrase))
}

/// How the documents of a path speak of what is to come.
pub(super) fn path_outlook(path: &str) -> Option<Outlook> {
    let lower = path.to_lowercase();
    let mut components: Vec<&str> = lower.split('/').collect();
    let name = components.pop().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or(name);
    let mut words = stem.split(|character: char| !character.is_alphanumeric());
    let proposing = |word: &str| {
        matches!(
            word,
            "adr"
                | "adrs"
                | "rfc"
                | "rfcs"
                | "proposal"
                | "proposals"
                | "kep"
                | "keps"
                | "enhancement"
                | "enhancements"
                | "roadmap"
                | "roadmaps"
                | "plans"
                | "decisions"
                | "prd"
                | "prds"
                | "todo"
                | "backlog"
        )
    };
    let folder = |component: &&str| component.split(['-', '_']).any(proposing);
    if components.iter().any(folder) || words.clone().any(proposing) {
        return Some(Outlook::Proposal);
    }
    let planning = |word: &str| {
        matches!(
            word,
            "plan" | "planning" | "design" | "designs" | "postmortem" | "postmortems"
        )
    };
    (components
        .iter()
        .any(|component| component.split(['-', '_']).any(planning))
        || words.any(planning))
    .then_some(Outlook::Perhaps)
}

/// Whether a path is that of a document about changes: it speaks of names that are gone.
pub(super) fn is_history(path: &str) -> bool {
    let lower = path.to_lowercase();
    let mut components: Vec<&str> = lower.split('/').collect();
    let name = components.pop().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or(name);
    let folder = components.iter().any(|component| {
        matches!(
            *component,
            "changelog.d"
                | "changelog"
                | "changelogs"
                | "release-notes"
                | "release_notes"
                | "releases"
                | "newsfragments"
                | ".changeset"
                | "changes"
                | "newsfragment"
                | "archive"
                | "archived"
                | "archives"
                | "attic"
                | "deprecated"
                | "obsolete"
        )
    });
    let begins = [
        "changes",
        "history",
        "release",
        "upgrade",
        "upgrading",
        "migration",
        "migrating",
        "news",
    ];
    folder || stem.contains("changelog") || begins.iter().any(|begin| begins_with_word(stem, begin))
}

/// `release-notes` and `releases` begin with the word `release`, `released_widgets` does not.
fn begins_with_word(stem: &str, word: &str) -> bool {
    stem.strip_prefix(word).is_some_and(|rest| {
        let rest = rest.strip_prefix('s').unwrap_or(rest);
        !rest.starts_with(char::is_alphabetic)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_about_changes_are_known_by_their_paths() {
        for path in [
            "CHANGELOG.md",
            "docs/release-notes-1.2.md",
            "changelog.d/12.bugfix.md",
            "UPGRADING.rst",
            "docs/upgrade.md",
        ] {
            assert!(is_history(path), "{path}");
        }
        for path in [
            "docs/changing-alerts.md",
            "README.md",
            "docs/released_widgets.md",
            "docs/newsletter.md",
        ] {
            assert!(!is_history(path), "{path}");
        }
    }
}
