//! Every format of every view on one fixed report, and the law that all formats agree on places.

#![expect(clippy::expect_used, reason = "a test fails by it")]

mod fixture;
mod places;
mod sarif;

use promsight_model::{FileSet, Finding, Report, Span};
use promsight_report::{Format, Styling, Surface, View, render};

const PAPER: Surface = Surface {
    width: None,
    styling: Styling::Plain,
};

fn printed(view: View, format: Format) -> String {
    let files = fixture::files();
    render(&fixture::report(&files), &files, view, format, PAPER)
}

#[test]
fn findings_as_text() {
    insta::assert_snapshot!(printed(View::Findings, Format::Text));
}

#[test]
fn findings_as_a_table() {
    insta::assert_snapshot!(printed(View::Findings, Format::Table));
}

#[test]
fn findings_as_json() {
    insta::assert_snapshot!(printed(View::Findings, Format::Json));
}

#[test]
fn findings_as_sarif() {
    insta::assert_snapshot!(printed(View::Findings, Format::Sarif));
}

#[test]
fn findings_as_annotations_of_github() {
    insta::assert_snapshot!(printed(View::Findings, Format::Github));
}

#[test]
fn findings_as_code_quality_of_gitlab() {
    insta::assert_snapshot!(printed(View::Findings, Format::Gitlab));
}

#[test]
fn findings_as_junit() {
    insta::assert_snapshot!(printed(View::Findings, Format::Junit));
}

#[test]
fn findings_as_markdown() {
    insta::assert_snapshot!(printed(View::Findings, Format::Markdown));
}

#[test]
fn findings_as_html() {
    let page = printed(View::Findings, Format::Html);
    let body = &page[page.find("<body>").expect("the page has a body")..];
    insta::assert_snapshot!(body);
}

#[test]
fn references_as_mimirtool_writes_them() {
    insta::assert_snapshot!(printed(View::References, Format::MimirtoolGrafana));
    insta::assert_snapshot!(printed(View::References, Format::MimirtoolRuler));
}

#[test]
fn targets_in_every_format() {
    insta::assert_snapshot!(printed(View::Targets, Format::Text));
    insta::assert_snapshot!(printed(View::Targets, Format::Table));
    insta::assert_snapshot!(printed(View::Targets, Format::Json));
}

#[test]
fn metrics_as_text() {
    insta::assert_snapshot!(printed(View::Metrics, Format::Text));
}

#[test]
fn metrics_as_a_table() {
    insta::assert_snapshot!(printed(View::Metrics, Format::Table));
}

#[test]
fn references_as_text() {
    insta::assert_snapshot!(printed(View::References, Format::Text));
}

#[test]
fn references_as_a_table() {
    insta::assert_snapshot!(printed(View::References, Format::Table));
}

#[test]
fn the_inventories_in_json_are_parts_of_the_whole_report() {
    let value =
        |view| serde_json::from_str::<serde_json::Value>(&printed(view, Format::Json)).expect("it is JSON");
    let (whole, metrics, references) = (
        value(View::Findings),
        value(View::Metrics),
        value(View::References),
    );
    assert_eq!(
        keys(&metrics),
        [
            "coverage",
            "exposures",
            "gaps",
            "metrics",
            "schema_version",
            "tool"
        ]
    );
    assert_eq!(
        keys(&references),
        ["coverage", "references", "schema_version", "tool"]
    );
    assert_eq!(metrics["metrics"], whole["metrics"]);
    assert_eq!(metrics["exposures"], whole["exposures"]);
    assert_eq!(references["references"], whole["references"]);
    assert_eq!(metrics["coverage"], whole["coverage"]);
}

fn keys(value: &serde_json::Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value
        .as_object()
        .expect("it is an object")
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

#[test]
fn a_table_fits_the_terminal_and_keeps_every_place() {
    let files = fixture::files();
    let report = fixture::report(&files);
    let surface = Surface {
        width: Some(100),
        ..PAPER
    };
    let table = render(&report, &files, View::Findings, Format::Table, surface);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(
        lines.len(),
        1 + report.findings.len(),
        "a header, and one line a finding\n{table}"
    );
    assert!(lines.iter().all(|line| line.chars().count() <= 100), "{table}");
    assert_eq!(
        places_in_table(&table),
        places_in_json(&printed(View::Findings, Format::Json))
    );
}

#[test]
fn an_empty_report_says_so_in_every_format() {
    let (report, files) = (Report::default(), FileSet::default());
    let text = render(&report, &files, View::Findings, Format::Text, PAPER);
    assert!(text.starts_with("No findings.\n"), "{text}");
    assert_eq!(
        render(&report, &files, View::Findings, Format::Table, PAPER),
        "no findings\n"
    );
    let json = render(&report, &files, View::Findings, Format::Json, PAPER);
    let value: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(value["findings"], serde_json::json!([]));
    assert_eq!(
        value["summary"]["findings"],
        serde_json::json!({ "error": 0, "warning": 0, "info": 0 })
    );
}

#[test]
fn colours_are_escape_sequences_and_nothing_else() {
    let files = fixture::files();
    let report = fixture::report(&files);
    let surface = Surface {
        styling: Styling::Colored,
        ..PAPER
    };
    let colored = render(&report, &files, View::Findings, Format::Text, surface);
    assert!(colored.contains("\u{1b}[1m"));
    assert_eq!(without_escapes(&colored), printed(View::Findings, Format::Text));
    for view in [View::Findings, View::Metrics, View::References] {
        assert!(!render(&report, &files, view, Format::Json, surface).contains('\u{1b}'));
    }
}

fn without_escapes(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        plain.push_str(&rest[..at]);
        let end = rest[at..].find('m').map_or(rest.len(), |end| at + end + 1);
        rest = &rest[end..];
    }
    plain.push_str(rest);
    plain
}

#[test]
fn all_formats_agree_on_every_place() {
    let json = places_in_json(&printed(View::Findings, Format::Json));
    assert_eq!(json.len(), 6);
    assert_eq!(json[3], "../shop/deploy/rules.yaml:6:16");
    assert_eq!(places_in_table(&printed(View::Findings, Format::Table)), json);
    assert_eq!(places_in_text(&printed(View::Findings, Format::Text)), json);
    for (format, places) in places::READERS {
        assert_eq!(places(&printed(View::Findings, *format)), json, "{format:?}");
    }
}

/// Every span of a text with all that is hard about texts: no renderer may stumble, and all must agree.
#[test]
fn all_formats_agree_on_every_span_of_a_nasty_text() {
    let long = "x".repeat(180) + "é" + &"y".repeat(60);
    let text = format!("\tä\r\n\u{7f}自e\u{301}\n\n{long}\nend\n");
    let files = FileSet::new(vec![(
        "a.txt".to_owned(),
        "a.txt".to_owned(),
        text.as_str().into(),
    )]);
    let offsets: Vec<usize> = (0..=text.len())
        .filter(|offset| text.is_char_boundary(*offset))
        .filter(|offset| offset % 7 < 3 || *offset < 30)
        .collect();
    let template = fixture::report(&fixture::files()).findings.swap_remove(4);
    let id = files.files()[0].id;
    let spans = offsets.iter().flat_map(|start| {
        offsets
            .iter()
            .filter(move |end| *end >= start)
            .map(move |end| Span::new(id, *start..*end))
    });
    let findings: Vec<Finding> = spans
        .map(|primary| Finding {
            primary,
            ..template.clone()
        })
        .collect();
    let report = Report {
        findings,
        ..Report::default()
    };
    let print = |format| render(&report, &files, View::Findings, format, PAPER);
    let json = places_in_json(&print(Format::Json));
    assert!(json.len() > 1_000, "the text has many spans");
    assert_eq!(places_in_table(&print(Format::Table)), json);
    assert_eq!(places_in_text(&print(Format::Text)), json);
    for (format, places) in places::READERS
        .iter()
        .filter(|(format, _)| *format != Format::Markdown)
    {
        assert_eq!(places(&print(*format)), json, "{format:?}");
    }
    // A comment has room for some of them, and says so.
    let comment = print(Format::Markdown);
    let shown = places::in_markdown(&comment);
    assert!(comment.len() < 65_536, "{}", comment.len());
    assert!(comment.contains(&format!(
        "… and {} findings that would not fit here.",
        json.len() - shown.len()
    )));
    assert_eq!(shown, json[..shown.len()]);
}

/// Path, line and column of a place, so that texts of places sort as places do.
fn order_of(place: &str) -> (String, u32, u32) {
    let mut parts = place.rsplitn(3, ':');
    let mut number = || parts.next().and_then(|part| part.parse().ok()).expect("a number");
    let (column, line) = (number(), number());
    (parts.next().expect("a path").to_owned(), line, column)
}

fn places_in_json(json: &str) -> Vec<String> {
    let value: serde_json::Value = serde_json::from_str(json).expect("it is JSON");
    let findings = value["findings"].as_array().expect("there are findings");
    findings
        .iter()
        .map(|finding| {
            let site = &finding["site"];
            format!(
                "{}:{}:{}",
                site["path"].as_str().expect("a path"),
                site["line"],
                site["column"]
            )
        })
        .collect()
}

fn places_in_table(table: &str) -> Vec<String> {
    let rows = table.lines().skip(1);
    rows.map(|row| {
        row.split_whitespace()
            .nth(2)
            .expect("a row has three words")
            .to_owned()
    })
    .collect()
}

fn places_in_text(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.trim_start().strip_prefix("--> "))
        .map(str::to_owned)
        .collect()
}
