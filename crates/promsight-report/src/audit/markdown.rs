//! The review as a page for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{tasks, v1};
use crate::findings_markdown::prose;
use crate::words;

pub(super) fn page(audit: &v1::Audit) -> String {
    let mut page = "# Observability readiness\n\n".to_owned();
    areas(audit, &mut page);
    if let Some(comparison) = &audit.comparison {
        compared(comparison, &mut page);
    }
    open_tasks(audit, &mut page);
    unverified(audit, &mut page);
    let _ = writeln!(page, "Written by promsight {}.", audit.tool.version);
    page
}

fn areas(audit: &v1::Audit, page: &mut String) {
    page.push_str("| area | status | errors | warnings | infos | behind it |\n|---|---|---|---|---|---|\n");
    for area in &audit.areas {
        let counts = counts(&area.counts);
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} |",
            area.name.replace('-', " "),
            status(&area.status),
            area.findings.error,
            area.findings.warning,
            area.findings.info,
            counts
        );
    }
    page.push_str(
        "\n*Ready* means that nothing at fault was found, *needs attention* that there are warnings, *not ready* that there \
         are errors, *not verified* that nothing of it was seen.\n\n",
    );
}

/// `7 documents, 12 readers; references: 4 blind, 23 emitted`.
fn counts(counts: &BTreeMap<String, u64>) -> String {
    let (mut plain, mut grouped): (Vec<String>, BTreeMap<&str, Vec<String>>) = Default::default();
    for (name, number) in counts.iter().filter(|(_, number)| **number > 0) {
        let group = ["references", "metrics"]
            .into_iter()
            .find_map(|group| Some((group, name.strip_prefix(group)?.strip_prefix('_')?)));
        match group {
            Some((group, kind)) => grouped.entry(group).or_default().push(format!("{number} {kind}")),
            None => plain.push(format!("{} {number}", name.replace('_', " "))),
        }
    }
    let groups = grouped
        .into_iter()
        .map(|(group, kinds)| format!("{group}: {}", kinds.join(", ")));
    let plain = (!plain.is_empty()).then(|| plain.join(", "));
    groups.chain(plain).collect::<Vec<_>>().join("; ")
}

fn status(word: &str) -> String {
    let word = word.replace('-', " ");
    if word == "ready" {
        word
    } else {
        format!("**{word}**")
    }
}

fn compared(comparison: &v1::Comparison, page: &mut String) {
    page.push_str("## Since the last review\n\n");
    for (heading, names) in [
        ("Claimed done, and still open", &comparison.claimed_done),
        ("Came back", &comparison.regressed),
        ("New", &comparison.new),
        ("Still open", &comparison.still_open),
        ("Done", &comparison.remediated),
    ] {
        let _ = writeln!(page, "- {heading}: {}", names.len());
        for name in names {
            let _ = writeln!(page, "  - {} {}", name.id, prose(&name.title));
        }
    }
    page.push('\n');
}

fn open_tasks(audit: &v1::Audit, page: &mut String) {
    let _ = writeln!(page, "## Tasks\n");
    if audit.tasks.is_empty() {
        page.push_str("None.\n\n");
        return;
    }
    for task in &audit.tasks {
        let _ = writeln!(page, "### {} {}\n", task.id, prose(&task.title));
        let mut facts = vec![
            task.severity.clone(),
            task.area.replace('-', " "),
            format!("confidence {}", task.confidence),
        ];
        if task.owners.is_empty() {
            facts.push("no owner is named".to_owned());
        } else {
            let owners: Vec<String> = task.owners.iter().map(|owner| format!("`{owner}`")).collect();
            facts.push(format!("owned by {}", owners.join(", ")));
        }
        let _ = writeln!(page, "{}.\n", facts.join(", "));
        for way in &task.ways {
            let _ = writeln!(page, "- {}", prose(way));
        }
        page.push_str("\nEvidence:\n\n");
        for proof in &task.evidence {
            let _ = writeln!(page, "- `{}` {}", tasks::range(proof), prose(&proof.message));
        }
        page.push('\n');
    }
}

fn unverified(audit: &v1::Audit, page: &mut String) {
    let _ = writeln!(page, "## What could not be verified\n");
    if audit.unverified.is_empty() {
        page.push_str("Nothing was left out.\n\n");
        return;
    }
    for unverified in &audit.unverified {
        let _ = writeln!(page, "- {}: {}", unverified.count, prose(&unverified.what));
        for proof in &unverified.evidence {
            let _ = writeln!(page, "  - `{}` {}", tasks::range(proof), prose(&proof.message));
        }
        let left = unverified.count.saturating_sub(unverified.evidence.len() as u64);
        if left > 0 && !unverified.evidence.is_empty() {
            let _ = writeln!(page, "  - and {}", words::count(left, "more place"));
        }
    }
    page.push('\n');
}
