//! The inventory as a page of documentation, in Markdown.
//!
//! Owns: what of the inventory belongs into a project's own documentation, in which order, and the escapes. The page
//! names each metric as queries have to (`x_total` of a counter) and is the same for the same code: it holds no dates,
//! no versions, and no places but those of the declarations.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use promsight_model::{Emitter, Gap, GapKind, Liveness, MetricType, Name, Origin, Report, Span};

use crate::place::Places;
use crate::words;

/// The page. `folder` is where it will stand, relative to the working directory, `/` separators: links are relative
/// to it.
pub(crate) fn metrics(report: &Report, places: &Places<'_>, folder: &str) -> String {
    let mut text = String::from("# Metrics\n\n");
    let live: Vec<&Emitter> = report
        .metrics
        .iter()
        .filter(|emitter| emitter.is_live())
        .collect();
    let (records, emitted): (Vec<&Emitter>, Vec<&Emitter>) = live
        .iter()
        .partition(|emitter| emitter.origin == Origin::RecordingRule);
    let (built_in, own): (Vec<&Emitter>, Vec<&Emitter>) = emitted
        .iter()
        .partition(|emitter| matches!(emitter.origin, Origin::Framework(_)));
    introduction(&own, &mut text);
    let mut files: BTreeMap<&str, Vec<&Emitter>> = BTreeMap::new();
    for emitter in own
        .iter()
        .copied()
        .filter(|emitter| emitter.name != Name::Unresolved)
    {
        files
            .entry(places.place(emitter.span).path)
            .or_default()
            .push(emitter);
    }
    for (path, emitters) in files {
        let _ = writeln!(text, "## {}\n", code(path));
        table(&emitters, places, folder, &mut text);
    }
    let mut packages: BTreeMap<&str, Vec<&Emitter>> = BTreeMap::new();
    for emitter in built_in {
        packages.entry(emitter.origin.word()).or_default().push(emitter);
    }
    for (package, emitters) in packages {
        let _ = writeln!(text, "## From the library {}\n", code(package));
        table(&emitters, places, folder, &mut text);
    }
    if !records.is_empty() {
        text.push_str("## Recording rules\n\n| Series | Defined |\n|---|---|\n");
        for row in rows(&records) {
            let _ = writeln!(text, "| {} | {} |", name_of(row[0]), sites(&row, places, folder));
        }
        text.push('\n');
    }
    unknown(report, places, folder, &mut text);
    while text.ends_with("\n\n") {
        text.pop();
    }
    text
}

fn introduction(own: &[&Emitter], text: &mut String) {
    let known = rows(own)
        .iter()
        .filter(|row| row[0].name != Name::Unresolved)
        .count();
    let _ = writeln!(
        text,
        "{}.",
        match known {
            0 => "The code declares no metric whose name is known".to_owned(),
            known => format!("The code exposes {}", words::count(known as u64, "metric")),
        }
    );
    let has = |wanted: MetricType| own.iter().any(|emitter| emitter.metric_type == wanted);
    if has(MetricType::Histogram) {
        text.push_str("A histogram `x` is queried as `x_bucket`, `x_count` and `x_sum`.\n");
    }
    if has(MetricType::Summary) {
        text.push_str("A summary `x` is queried as `x_count` and `x_sum`.\n");
    }
    if own.iter().any(|emitter| matches!(emitter.name, Name::Pattern(_))) {
        text.push_str("In a name, `*` stands for a part that is known only at run time.\n");
    }
    if own.iter().any(|emitter| !emitter.labels_known) {
        text.push_str("`…` stands for labels that are known only at run time.\n");
    }
    text.push('\n');
}

/// What makes declarations alike: name, type, labels, help.
type Alike<'e> = (String, &'e str, Vec<String>, Option<&'e str>);

/// One metric that is declared at several places alike is one row.
fn rows<'e>(emitters: &[&'e Emitter]) -> Vec<Vec<&'e Emitter>> {
    let mut rows: Vec<Vec<&Emitter>> = Vec::new();
    let mut known: BTreeMap<Alike<'_>, usize> = BTreeMap::new();
    for emitter in emitters {
        let key = (
            exposed(emitter),
            emitter.metric_type.word(),
            emitter.labels.clone(),
            emitter.help.as_deref(),
        );
        let at = *known.entry(key).or_insert_with(|| {
            rows.push(Vec::new());
            rows.len() - 1
        });
        rows[at].push(emitter);
    }
    rows.sort_by_key(|row| exposed(row[0]));
    rows
}

fn table(emitters: &[&Emitter], places: &Places<'_>, folder: &str, text: &mut String) {
    text.push_str("| Metric | Type | Labels | Description | Declared |\n|---|---|---|---|---|\n");
    for row in rows(emitters) {
        let first = row[0];
        let mut labels: Vec<String> = first.labels.iter().map(|label| code(label)).collect();
        if !first.labels_known {
            labels.push("…".to_owned());
        }
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            name_of(first),
            first.metric_type,
            labels.join(", "),
            description(first),
            sites(&row, places, folder)
        );
    }
    text.push('\n');
}

/// The name that a query has to use.
fn exposed(emitter: &Emitter) -> String {
    match emitter.metric_type {
        MetricType::Counter
        | MetricType::Info
        | MetricType::Gauge
        | MetricType::StateSet
        | MetricType::Untyped => emitter.series.first().unwrap_or(&emitter.name).to_string(),
        MetricType::Histogram | MetricType::Summary => emitter.name.to_string(),
    }
}

fn name_of(emitter: &Emitter) -> String {
    code(&exposed(emitter))
}

/// Help, unit, bounds, states, and what else is worth knowing.
fn description(emitter: &Emitter) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(help) = emitter
        .help
        .as_deref()
        .map(str::trim)
        .filter(|help| !help.is_empty())
    {
        parts.push(prose(help));
    }
    if let Some(unit) = &emitter.unit {
        parts.push(format!("Unit: {}.", prose(unit)));
    }
    let list = |values: &[String]| {
        let values: Vec<String> = values.iter().map(|value| code(value)).collect();
        values.join(", ")
    };
    if let Some(buckets) = &emitter.buckets {
        parts.push(format!("Buckets: {}.", list(buckets)));
    }
    if let Some(states) = &emitter.states {
        parts.push(format!(
            "States, as values of the label {}: {}.",
            name_of(emitter),
            list(states)
        ));
    }
    if let Some(reason) = &emitter.unresolved_reason {
        parts.push(format!("Part of the name is not known: {}.", prose(reason)));
    }
    if emitter.updated == Some(false) {
        parts.push("Nothing gives it a value.".to_owned());
    }
    parts.join("<br>")
}

fn sites(row: &[&Emitter], places: &Places<'_>, folder: &str) -> String {
    let mut links: Vec<String> = Vec::new();
    for emitter in row {
        let link = link(emitter.span, places, folder);
        if !links.contains(&link) {
            links.push(link);
        }
    }
    links.join(", ")
}

/// `[metrics.py:12](../app/metrics.py#L12)`.
fn link(span: Span, places: &Places<'_>, folder: &str) -> String {
    let place = places.place(span);
    let name = place.path.rsplit('/').next().unwrap_or(place.path);
    format!(
        "[{}:{line}]({}#L{line})",
        prose(name),
        relative(place.path, folder),
        line = place.start.line
    )
}

/// A path as a link from a folder, with what would end a link or break it encoded (RFC 3986).
fn relative(path: &str, folder: &str) -> String {
    let mut from: Vec<&str> = folder
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let mut to: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let shared = from
        .iter()
        .zip(&to)
        .take_while(|(left, right)| left == right && **left != "..")
        .count();
    let shared = shared.min(to.len().saturating_sub(1));
    from.drain(..shared);
    to.drain(..shared);
    let mut link = if path.starts_with('/') {
        String::from("/")
    } else {
        "../".repeat(from.len())
    };
    for byte in to.join("/").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                link.push(byte as char);
            }
            other => {
                let _ = write!(link, "%{other:02X}");
            }
        }
    }
    link
}

/// What is declared, and has no name that could stand in a table.
fn unknown(report: &Report, places: &Places<'_>, folder: &str, text: &mut String) {
    let gaps: Vec<&Gap> = report
        .gaps
        .iter()
        .filter(|gap| gap.kind == GapKind::UnresolvedName)
        .collect();
    let tests = report
        .metrics
        .iter()
        .filter(|emitter| emitter.liveness == Liveness::TestOnly)
        .count();
    let dead = report
        .metrics
        .iter()
        .filter(|emitter| matches!(emitter.liveness, Liveness::Dead(_)))
        .count();
    if !gaps.is_empty() {
        text.push_str("## Not known\n\nMetrics whose names could not be found out:\n\n");
        for gap in gaps {
            let _ = writeln!(
                text,
                "- {}: {}",
                link(gap.span, places, folder),
                prose(&gap.message)
            );
        }
        text.push('\n');
    }
    let mut left_out = Vec::new();
    if tests > 0 {
        left_out.push(format!("{tests} of test code"));
    }
    if dead > 0 {
        left_out.push(format!("{dead} in code that never runs"));
    }
    if !left_out.is_empty() {
        let _ = writeln!(text, "Left out: {}.\n", left_out.join(", "));
    }
}

/// A code span in a table's cell: as many backticks around it as it takes, pipes escaped.
fn code(text: &str) -> String {
    let text = words::one_line(text);
    let longest = text
        .split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{}{pad}{fence}", text.replace('|', "\\|"))
}

/// Prose in a table's cell: on one line, with what Markdown or HTML would take for its own escaped.
fn prose(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let words: Vec<&str> = text.split_whitespace().collect();
    for letter in words.join(" ").chars() {
        match letter {
            '<' => made.push_str("&lt;"),
            '&' => made.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => {
                made.push('\\');
                made.push(letter);
            }
            letter if letter.is_control() => made.push(' '),
            letter => made.push(letter),
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_from_the_folder_of_the_page() {
        assert_eq!(relative("app/metrics.py", ""), "app/metrics.py");
        assert_eq!(relative("app/metrics.py", "docs"), "../app/metrics.py");
        assert_eq!(
            relative("docs/app/a (b).py", "docs/metrics"),
            "../app/a%20%28b%29.py"
        );
        assert_eq!(relative("../app/a.py", "."), "../app/a.py");
    }

    #[test]
    fn text_cannot_break_out_of_its_cell() {
        assert_eq!(
            prose("a | b\n<b>*c*_d_`e`"),
            "a \\| b &lt;b>\\*c\\*\\_d\\_\\`e\\`"
        );
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code("a`b"), "``a`b``");
    }
}
