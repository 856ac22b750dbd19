//! Unit tests of rules against what exists: series that they feed and nothing emits, alerts that they expect and
//! their rule files do not define.

use std::collections::BTreeSet;

use promsight_model::{
    Confidence, Consumer, ConsumerKind, Facts, FileId, FileSet, Pattern, Reason, RuleKind, RuleTest,
    SelectorName, Span, Verdict,
};

use crate::judge::Judge;
use crate::{BlindTest, Namer, UnknownAlert};

/// Series that tests feed although nothing emits them, each once a file.
pub(crate) fn blind(judge: &Judge<'_, '_>, facts: &[Facts]) -> Vec<BlindTest> {
    let mut blind = Vec::new();
    for facts in facts {
        let mut seen = BTreeSet::new();
        for selector in facts.rule_tests.iter().flat_map(|test| &test.series) {
            let SelectorName::Exact(series) = &selector.name else {
                continue;
            };
            if !seen.insert(series.as_str()) {
                continue;
            }
            let consumer = Consumer {
                kind: ConsumerKind::Alert,
                name: String::new(),
                group: None,
                scope: selector.whole,
            };
            let judgement = judge.judge_exact(series, &[], &consumer);
            let (Verdict::Blind, Some(blindness)) = (judgement.verdict, judgement.blindness) else {
                continue;
            };
            // A recording rule that is blind is reported where it stands; the test feeds what it would record.
            if blindness.reason == Reason::BlindRecord {
                continue;
            }
            blind.push(BlindTest {
                series: series.clone(),
                span: selector.span,
                blindness,
            });
        }
    }
    blind
}

/// Alerts that tests expect and that none of the rule files they load defines. Where one of these files is not in the
/// tree, or is made by a template, nothing can be said.
pub(crate) fn unknown_alerts(facts: &[Facts], files: &FileSet) -> Vec<UnknownAlert> {
    let mut unknown = Vec::new();
    for facts_of_test in facts {
        for test in &facts_of_test.rule_tests {
            let Some(alerts) = loaded_alerts(test, facts_of_test.file, facts, files) else {
                continue;
            };
            for (name, span) in &test.alerts {
                if alerts.iter().any(|(alert, _)| alert == name) {
                    continue;
                }
                let closest = alerts
                    .iter()
                    .map(|(alert, span)| (crate::similarity::alike_humps(name, alert), alert, span))
                    .filter(|(score, _, _)| *score >= crate::unknown_alerts::ALIKE_ALERT)
                    .max_by(|left, right| left.0.total_cmp(&right.0));
                unknown.push(UnknownAlert {
                    name: name.clone(),
                    span: *span,
                    named_by: Namer::RuleTest,
                    confidence: Confidence::High,
                    closest: closest.map(|(_, alert, span)| ((*alert).to_owned(), *span)),
                });
            }
        }
    }
    unknown
}

/// The alerts of the rule files that a test loads.
fn loaded_alerts<'f>(
    test: &RuleTest,
    file: FileId,
    facts: &'f [Facts],
    files: &FileSet,
) -> Option<Vec<(&'f str, Span)>> {
    let folder = files
        .file(file)
        .path
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    let mut alerts = Vec::new();
    for written in &test.rule_files {
        let path = crate::runbooks::joined(folder, written)?;
        let loaded: Vec<&Facts> = match Pattern::parse(&path) {
            None => files
                .by_path(&path)
                .and_then(|file| facts.binary_search_by_key(&file.id, |facts| facts.file).ok())
                .map(|at| &facts[at])
                .into_iter()
                .collect(),
            Some(pattern) => facts
                .iter()
                .filter(|facts| pattern.matches(&files.file(facts.file).path))
                .collect(),
        };
        let mut found = false;
        for loaded in loaded {
            found |= !loaded.rules.is_empty();
            // What could not be read may hold the alert.
            if loaded
                .gaps
                .iter()
                .any(|gap| gap.leaves_file_unread() || gap.kind == promsight_model::GapKind::Template)
            {
                return None;
            }
            let defined = loaded.rules.iter().filter(|rule| rule.kind == RuleKind::Alert);
            alerts.extend(defined.map(|rule| (rule.name.as_str(), rule.name_span)));
        }
        if !found || written.starts_with('/') {
            return None;
        }
    }
    (!test.rule_files.is_empty()).then_some(alerts)
}
