//! One line an entry, in columns. Fits the terminal where there is one: the widest prose column is cut, the
//! place never is.

use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table, presets};
use promsight_model::{Name, Report};

use crate::place::Places;
use crate::{Surface, words};

pub(crate) fn findings(report: &Report, places: &Places<'_>, surface: Surface) -> String {
    if report.findings.is_empty() {
        return format!("{}\n", words::headline(report));
    }
    let rows = report.findings.iter().map(|finding| {
        [
            finding.severity.word().to_owned(),
            finding.check.to_owned(),
            places.place(finding.primary).to_string(),
            words::one_line(&finding.message),
        ]
    });
    print(["severity", "check", "place", "message"], rows, surface)
}

pub(crate) fn metrics(report: &Report, places: &Places<'_>, surface: Surface) -> String {
    if report.metrics.is_empty() {
        return "no metrics\n".to_owned();
    }
    let rows = report.metrics.iter().map(|emitter| {
        let name = match &emitter.name {
            Name::Unresolved => "(name unknown)".to_owned(),
            name => name.to_string(),
        };
        [
            name,
            emitter.metric_type.word().to_owned(),
            places.place(emitter.span).to_string(),
            emitter.origin.word().to_owned(),
            words::labels(emitter),
            words::remarks(emitter),
            words::details(emitter).join("; "),
        ]
    });
    print(
        [
            "metric",
            "type",
            "place",
            "emitter",
            "labels",
            "remarks",
            "description",
        ],
        rows,
        surface,
    )
}

pub(crate) fn references(report: &Report, places: &Places<'_>, surface: Surface) -> String {
    if report.references.is_empty() {
        return "no references\n".to_owned();
    }
    let rows = report.references.iter().map(|reference| {
        [
            reference.verdict.word().to_owned(),
            words::one_line(&words::series(&reference.selector.name)),
            places.place(reference.selector.span).to_string(),
            words::consumer(&reference.consumer),
        ]
    });
    print(["verdict", "series", "place", "consumer"], rows, surface)
}

pub(crate) fn targets(report: &Report, places: &Places<'_>, surface: Surface) -> String {
    let mut rows = Vec::new();
    for job in &report.jobs {
        let mut row = |outcome: &str, target: &str, place, remark: &str| {
            rows.push([
                outcome.to_owned(),
                words::one_line(&job.name),
                words::one_line(target),
                places.place(place).to_string(),
                words::one_line(remark),
            ]);
        };
        for target in &job.kept {
            let address = format!("{}{}", target.address, target.path);
            row(
                "kept",
                &address,
                target.span,
                target.workload.as_deref().unwrap_or_default(),
            );
        }
        for target in &job.dropped {
            row("dropped", &target.name, target.rule, &target.reason);
        }
        for target in &job.dead {
            row("dead", &target.name, target.span, &target.reason);
        }
        for reason in &job.unknown {
            row("unknown", "", job.span, reason);
        }
    }
    if rows.is_empty() {
        return "no targets\n".to_owned();
    }
    print(
        ["outcome", "job", "target", "place", "remark"],
        rows.into_iter(),
        surface,
    )
}

fn print<const N: usize>(
    header: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
    surface: Surface,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header);
    for cells in rows {
        let mut row = Row::from(cells);
        row.max_height(1);
        table.add_row(row);
    }
    match surface.width {
        Some(width) => table
            .set_width(width)
            .set_content_arrangement(ContentArrangement::Dynamic),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    for (column, title) in table.column_iter_mut().zip(header) {
        column.set_padding((0, 2));
        if matches!(title, "severity" | "verdict" | "outcome" | "type" | "place") {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
