//! `promsight init`: a commented `promsight.yaml` from what a first run found.
//!
//! Owns its text. What it proposes is commented out where a person has to decide: a name that others emit looks like
//! one that nobody emits.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use promsight_model::{Report, SelectorName, Severity, Verdict};

/// Beginnings of foreign names that are listed; the rest is counted.
const LISTED: usize = 20;

/// The text of the file.
pub fn text(report: &Report) -> String {
    let mut yaml = "# What promsight is to know of this repository. Every key is optional; docs/configuration.md describes them.\n\
                    # Globs are relative to this file.\n\n"
        .to_owned();
    paths(report, &mut yaml);
    external(report, &mut yaml);
    severities(report, &mut yaml);
    yaml
}

fn paths(report: &Report, yaml: &mut String) {
    let read: Vec<String> = report
        .coverage
        .files
        .iter()
        .filter(|(_, number)| **number > 0)
        .map(|(kind, number)| format!("{number} {kind}"))
        .collect();
    let _ = writeln!(
        yaml,
        "# Read today: {}. What is not to count can be left out.\n# include: [\"services/**\", \"deploy/**\", \
         \"docs/**\"]\n# exclude: [\"docs/archive/**\"]\n",
        if read.is_empty() {
            "nothing".to_owned()
        } else {
            read.join(", ")
        }
    );
}

fn external(report: &Report, yaml: &mut String) {
    let mut foreign: BTreeMap<String, BTreeMap<&str, u64>> = BTreeMap::new();
    for reference in &report.references {
        if reference.verdict == Verdict::Foreign
            && let SelectorName::Exact(name) = &reference.selector.name
        {
            let word = name.split(['_', ':']).next().unwrap_or(name);
            *foreign
                .entry(word.to_owned())
                .or_default()
                .entry(name)
                .or_default() += 1;
        }
    }
    if foreign.is_empty() {
        yaml.push_str("# Series that programs outside this tree emit.\n# external: [\"redis_*\"]\n\n");
        return;
    }
    yaml.push_str(
        "# These series are read here, nothing here emits them, and no exporter that promsight knows does. Those that other\n\
         # programs emit belong on the list; what is left deserves a look.\n# external:\n",
    );
    let mut words: Vec<_> = foreign.into_iter().collect();
    words.sort_by_key(|(_, names)| std::cmp::Reverse(names.values().sum::<u64>()));
    let left = words.len().saturating_sub(LISTED);
    for (word, names) in words.into_iter().take(LISTED) {
        let total: u64 = names.values().sum();
        let example = names.keys().next().copied().unwrap_or_default();
        // A name of one word is itself.
        let pattern = if names.len() == 1 {
            example.to_owned()
        } else {
            format!("{word}_*")
        };
        let references = if total == 1 { "reference" } else { "references" };
        let _ = writeln!(
            yaml,
            "#   - \"{pattern}\"  # {total} {references}, such as {example}"
        );
    }
    if left > 0 {
        let _ = writeln!(yaml, "#   and {left} more beginnings: promsight references");
    }
    yaml.push('\n');
}

fn severities(report: &Report, yaml: &mut String) {
    let mut found: BTreeMap<(std::cmp::Reverse<Severity>, &str), u64> = BTreeMap::new();
    for finding in &report.findings {
        *found
            .entry((std::cmp::Reverse(finding.severity), finding.check))
            .or_default() += 1;
    }
    yaml.push_str("# Severities other than the checks' own: error, warning, info or off.\n");
    if found.is_empty() {
        yaml.push_str("# severity: { unused-metric: warning }\n\n");
    } else {
        yaml.push_str("# severity:\n");
        for ((std::cmp::Reverse(severity), check), number) in found {
            let findings = if number == 1 { "finding" } else { "findings" };
            let _ = writeln!(
                yaml,
                "#   {check}: {}  # {number} {findings} today",
                severity.word()
            );
        }
        yaml.push('\n');
    }
    yaml.push_str(
        "# Findings that are right as they are, each with the reason why.\n# ignore:\n#   - { check: unused-metric, subject: \
         \"debug_*\", reason: \"kept for incidents\", until: 2027-06-30 }\n\n# Checks that nobody may hide.\n# locked: \
         [blind-alert]\n",
    );
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_file_is_a_configuration_as_it_stands_and_without_its_comment_marks() {
        let yaml = text(&Report::default());
        assert!(crate::config::parse(&yaml, Path::new("promsight.yaml")).is_ok());
        let keys: String = yaml
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .filter(|line| {
                let line = line.trim_start();
                line.starts_with("- ")
                    || line
                        .split_once(':')
                        .is_some_and(|(key, _)| key.bytes().all(|byte| byte.is_ascii_lowercase()))
            })
            .map(|line| format!("{line}\n"))
            .collect();
        let config = crate::config::parse(&keys, Path::new("promsight.yaml")).expect(&keys);
        assert_eq!(config.ignore.len(), 1);
        assert!(config.locked.contains("blind-alert"));
    }
}
