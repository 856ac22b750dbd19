//! One page for people without a terminal: no script, no font and no style from elsewhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use promsight_model::{Finding, Report, Severity};

use crate::place::Places;
use crate::{text, words};

const STYLE: &str = include_str!("html/style.css");

pub(crate) fn findings(report: &Report, places: &Places<'_>) -> String {
    let headline = escaped(&words::headline(report));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>promsight: {headline}</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n<main>\n<h1>promsight</h1>\n<p class=\"headline\">{headline}</p>\n"
    );
    for note in &report.notes {
        let _ = writeln!(page, "<p class=\"note\">{}</p>", prose(&note.message));
    }
    counts(report, &mut page);
    for (check, of_check) in by_check(report) {
        section(check, &of_check, report, places, &mut page);
    }
    fixed(report, &mut page);
    coverage(report, &mut page);
    gaps(report, places, &mut page);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

/// Findings by check, the worst checks first.
fn by_check(report: &Report) -> Vec<(&str, Vec<&Finding>)> {
    let mut checks: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        checks.entry(finding.check).or_default().push(finding);
    }
    let mut checks: Vec<_> = checks.into_iter().collect();
    checks.sort_by_key(|(_, findings)| std::cmp::Reverse(worst(findings)));
    checks
}

fn worst(findings: &[&Finding]) -> Severity {
    let severities = findings.iter().map(|finding| finding.severity);
    severities.max().unwrap_or(Severity::Info)
}

fn counts(report: &Report, page: &mut String) {
    if !report.findings.is_empty() {
        page.push_str("<nav>\n<ul>\n");
        for (check, of_check) in by_check(report) {
            let _ = writeln!(
                page,
                "<li class=\"{}\"><a href=\"#{check}\">{check}</a> <b>{}</b></li>",
                worst(&of_check).word(),
                of_check.len()
            );
        }
        page.push_str("</ul>\n</nav>\n");
    }
    if let Some(hidden) = words::hidden(&report.hidden) {
        let _ = writeln!(page, "<p>{}</p>", escaped(&hidden));
    }
}

fn section(check: &str, findings: &[&Finding], report: &Report, places: &Places<'_>, page: &mut String) {
    let about = report.checks.iter().find(|known| known.name == check);
    let _ = writeln!(page, "<section id=\"{check}\">\n<h2>{check}</h2>");
    if let Some(about) = about {
        let _ = writeln!(page, "<p>{}</p>", prose(about.summary));
    }
    for finding in findings {
        let mut facts = vec![format!("confidence {}", finding.confidence.word())];
        facts.extend(finding.owner.as_ref().map(|owner| format!("owner {owner}")));
        facts.push(finding.fingerprint.to_string());
        let _ = writeln!(
            page,
            "<article class=\"{severity}\" id=\"{id}\">\n<p class=\"message\"><b>{severity}</b> {message}</p>\n<p \
             class=\"place\"><code>{place}</code> <small>{facts}</small></p>\n<pre>{evidence}</pre>\n</article>",
            severity = finding.severity.word(),
            id = finding.fingerprint,
            message = prose(&finding.message),
            place = escaped(&places.place(finding.primary).to_string()),
            facts = escaped(&facts.join(" · ")),
            evidence = escaped(text::plain(finding, places).trim_end()),
        );
    }
    page.push_str("</section>\n");
}

fn fixed(report: &Report, page: &mut String) {
    let Some(comparison) = &report.comparison else {
        return;
    };
    let _ = writeln!(
        page,
        "<section id=\"fixed\">\n<h2>Fixed since {} ({})</h2>\n<ul>",
        escaped(&comparison.revision),
        escaped(&comparison.commit)
    );
    for fixed in &comparison.fixed {
        let _ = writeln!(
            page,
            "<li><code>{}:{}:{}</code> {}</li>",
            escaped(&fixed.path),
            fixed.line,
            fixed.column,
            prose(&fixed.message)
        );
    }
    page.push_str("</ul>\n</section>\n");
}

fn coverage(report: &Report, page: &mut String) {
    let coverage = &report.coverage;
    let mut verdicts: BTreeMap<&'static str, u64> = BTreeMap::new();
    for reference in &report.references {
        *verdicts.entry(reference.verdict.word()).or_default() += 1;
    }
    page.push_str("<section id=\"coverage\">\n<h2>What was read</h2>\n<table>\n");
    for (name, counts) in [
        ("files", &coverage.files),
        ("metrics", &coverage.emitters),
        ("references", &verdicts),
        ("queries", &coverage.queries),
    ] {
        let parts: Vec<String> = counts
            .iter()
            .filter(|(_, number)| **number > 0)
            .map(|(kind, number)| format!("{number} {kind}"))
            .collect();
        let parts = if parts.is_empty() {
            "none".to_owned()
        } else {
            parts.join(", ")
        };
        let _ = writeln!(page, "<tr><th>{name}</th><td>{}</td></tr>", escaped(&parts));
    }
    page.push_str("</table>\n</section>\n");
}

fn gaps(report: &Report, places: &Places<'_>, page: &mut String) {
    if report.gaps.is_empty() {
        return;
    }
    let _ = writeln!(
        page,
        "<section id=\"gaps\">\n<h2>What was not understood</h2>\n<details><summary>{}</summary>\n<ul>",
        words::count(report.gaps.len() as u64, "place")
    );
    for gap in &report.gaps {
        let _ = writeln!(
            page,
            "<li><code>{}</code> {}</li>",
            escaped(&places.place(gap.span).to_string()),
            prose(&gap.message)
        );
    }
    page.push_str("</ul>\n</details>\n</section>\n");
}

/// A sentence whose names stand in backticks.
fn prose(text: &str) -> String {
    let text = words::one_line(text);
    let pieces = text.split('`').enumerate();
    pieces
        .map(|(index, piece)| match index % 2 {
            1 => format!("<code>{}</code>", escaped(piece)),
            _ => escaped(piece),
        })
        .collect()
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' | '\t' => html.push(character),
            character if character.is_control() => html.push('\u{fffd}'),
            character => html.push(character),
        }
    }
    html
}
