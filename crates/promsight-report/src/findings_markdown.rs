//! Findings as Markdown that fits a comment on a pull request: counts, a table, and the evidence folded away.
//!
//! GitHub takes comments of at most 65,536 characters and GitLab of 1,000,000; what would not fit is left out, and the
//! text says how much.

use std::fmt::Write as _;

use promsight_model::{Finding, Report};

use crate::place::Places;
use crate::{text, words};

/// Room for the table and for the evidence together, with some left for what a bot puts around it.
const MAX_CHARACTERS: usize = 60_000;

pub(crate) fn findings(report: &Report, places: &Places<'_>) -> String {
    let mut page = format!("### promsight: {}\n\n", words::headline(report));
    for note in &report.notes {
        let _ = writeln!(page, "> {}\n", prose(&note.message));
    }
    table(report, places, &mut page);
    fixed(report, &mut page);
    if let Some(hidden) = words::hidden(&report.hidden) {
        let _ = writeln!(page, "{hidden}\n");
    }
    evidence(report, places, &mut page);
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

/// What is left out for want of room is the least.
fn worst_first(report: &Report) -> Vec<&Finding> {
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

fn table(report: &Report, places: &Places<'_>, page: &mut String) {
    if report.findings.is_empty() {
        return;
    }
    let owned = report.findings.iter().any(|finding| finding.owner.is_some());
    page.push_str("| severity | check | place | message |");
    page.push_str(if owned {
        " owner |\n|---|---|---|---|---|\n"
    } else {
        "\n|---|---|---|---|\n"
    });
    let mut left = report.findings.len();
    for finding in worst_first(report) {
        let mut row = format!(
            "| {} | `{}` | {} | {} |",
            finding.severity.word(),
            finding.check,
            code(&places.place(finding.primary).to_string()),
            prose(&finding.message)
        );
        if owned {
            // In code, so that nobody is called by the comment.
            let owner = finding.owner.as_deref().map(code).unwrap_or_default();
            let _ = write!(row, " {owner} |");
        }
        if page.len() + row.len() > MAX_CHARACTERS {
            break;
        }
        page.push_str(&row);
        page.push('\n');
        left -= 1;
    }
    page.push('\n');
    if left > 0 {
        let _ = writeln!(
            page,
            "… and {} that would not fit here.\n",
            words::count(left as u64, "finding")
        );
    }
}

fn fixed(report: &Report, page: &mut String) {
    let Some(comparison) = &report.comparison else {
        return;
    };
    let fixed = &comparison.fixed;
    let _ = writeln!(
        page,
        "Compared with {} ({}): {} fixed.\n",
        code(&comparison.revision),
        code(&comparison.commit),
        words::count(fixed.len() as u64, "finding")
    );
    if fixed.is_empty() {
        return;
    }
    page.push_str("<details><summary>Fixed</summary>\n\n");
    for (index, fixed) in fixed.iter().enumerate() {
        let place = format!("{}:{}:{}", fixed.path, fixed.line, fixed.column);
        let row = format!(
            "- `{}` {}: {}\n",
            fixed.check,
            code(&place),
            prose(&fixed.message)
        );
        if page.len() + row.len() > MAX_CHARACTERS {
            let left = comparison.fixed.len() - index;
            let _ = writeln!(page, "- … and {left} more");
            break;
        }
        page.push_str(&row);
    }
    page.push_str("\n</details>\n\n");
}

fn evidence(report: &Report, places: &Places<'_>, page: &mut String) {
    let frames: Vec<String> = worst_first(report)
        .into_iter()
        .map(|finding| folded(finding, places))
        .collect();
    for (index, frame) in frames.iter().enumerate() {
        if page.len() + frame.len() > MAX_CHARACTERS {
            let left = words::count((frames.len() - index) as u64, "finding");
            let _ = writeln!(page, "The evidence of {left} would not fit here.");
            return;
        }
        page.push_str(frame);
    }
}

fn folded(finding: &Finding, places: &Places<'_>) -> String {
    let frame = text::plain(finding, places);
    let longest_run = frame
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest_run.max(2) + 1);
    format!(
        "<details><summary>{} {}</summary>\n\n{fence}text\n{}\n{fence}\n\n</details>\n\n",
        finding.check,
        html(&finding.subject),
        frame.trim_end()
    )
}

/// Text in a code span: in backticks, more of them than it holds in a row.
fn code(text: &str) -> String {
    let text = words::one_line(text).replace('|', "\\|");
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}

/// A sentence whose names stand in backticks: these stay code, all else is text and nothing more.
pub(crate) fn prose(text: &str) -> String {
    let text = words::one_line(text);
    let mut markdown = String::with_capacity(text.len());
    for (index, piece) in text.split('`').enumerate() {
        if index % 2 == 1 {
            let _ = write!(markdown, "`{}`", piece.replace('|', "\\|"));
            continue;
        }
        for character in piece.chars() {
            if "\\*_[]<>|#@~$".contains(character) {
                markdown.push('\\');
            }
            markdown.push(character);
        }
    }
    markdown
}

fn html(text: &str) -> String {
    words::one_line(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_cannot_break_out_of_its_cell() {
        assert_eq!(
            prose("nothing emits `a|b`: see @team | <b>*\nand [x](y)"),
            "nothing emits `a\\|b`: see \\@team \\| \\<b\\>\\* and \\[x\\](y)"
        );
        assert_eq!(code("a`b|c"), "`` a`b\\|c ``");
    }
}
