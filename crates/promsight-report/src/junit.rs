//! JUnit's XML, for CI systems that show test results: a suite for each check, a test case for each finding.
//!
//! Errors are failures; warnings and infos are skipped cases, which are shown and fail nothing. A check without
//! findings is one case that passes.

use std::fmt::Write as _;

use promsight_model::{Finding, Report, Severity};

use crate::place::Places;
use crate::{text, words};

pub(crate) fn findings(report: &Report, places: &Places<'_>) -> String {
    let mut checks: Vec<&str> = report.checks.iter().map(|check| check.name).collect();
    checks.extend(report.findings.iter().map(|finding| finding.check));
    checks.sort_unstable();
    checks.dedup();
    let total = Count::of(&report.findings.iter().collect::<Vec<_>>());
    let mut suites = String::new();
    let mut cases = 0;
    for check in checks {
        let of_check: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|finding| finding.check == check)
            .collect();
        let count = Count::of(&of_check);
        let tests = of_check.len().max(1);
        cases += tests;
        let _ = writeln!(
            suites,
            "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">",
            escaped(check),
            count.failures,
            count.skipped
        );
        if of_check.is_empty() {
            let _ = writeln!(
                suites,
                "    <testcase name=\"{0}\" classname=\"promsight.{0}\"/>",
                escaped(check)
            );
        }
        for finding in of_check {
            case(finding, places, &mut suites);
        }
        suites.push_str("  </testsuite>\n");
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"promsight\" tests=\"{cases}\" failures=\"{}\" \
         errors=\"0\" skipped=\"{}\">\n{suites}</testsuites>\n",
        total.failures, total.skipped
    )
}

struct Count {
    failures: usize,
    skipped: usize,
}

impl Count {
    fn of(findings: &[&Finding]) -> Self {
        let failures = findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .count();
        Self {
            failures,
            skipped: findings.len() - failures,
        }
    }
}

fn case(finding: &Finding, places: &Places<'_>, xml: &mut String) {
    let place = places.place(finding.primary);
    let element = match finding.severity {
        Severity::Error => "failure",
        Severity::Warning | Severity::Info => "skipped",
    };
    let message = format!("{place}: {}", words::one_line(&finding.message));
    let _ = writeln!(
        xml,
        "    <testcase name=\"{name}\" classname=\"promsight.{check}\" file=\"{path}\" line=\"{line}\">\n      <{element} \
         message=\"{message}\" type=\"{severity}\">{evidence}</{element}>\n    </testcase>",
        name = escaped(&format!("{} ({})", finding.subject, finding.fingerprint)),
        check = escaped(finding.check),
        path = escaped(place.path),
        line = place.start.line,
        message = escaped(&message),
        severity = finding.severity.word(),
        evidence = escaped(&text::plain(finding, places)),
    );
}

/// XML 1.0 has no place for most control characters, escaped or not.
fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\n' => xml.push('\n'),
            '\t' => xml.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            character if character.is_control() => xml.push('\u{fffd}'),
            character => xml.push(character),
        }
    }
    xml
}
