//! Tables: the heading of a column is evidence for every cell below it.

use promsight_model::{ConsumerKind, Facts, Outlook};

use super::looker::{self, Looker, Trust};
use super::nearness::{self, Around};
use super::vocabulary::Noun;
use super::words;
use super::{cover, prose};
use crate::decode::markdown::{Prose, Table};

/// What all cells of a table share.
pub(super) struct Cells<'a> {
    /// What stands around the table.
    pub(super) around: Around,
    /// Whether the document is about alerts.
    pub(super) runbook: bool,
    /// The section's heading.
    pub(super) section: &'a str,
    /// How the table speaks of what is to come.
    pub(super) outlook: Option<Outlook>,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    /// Metrics or queries.
    Metrics,
    /// Alerts.
    Alerts,
    /// Labels, fields, settings.
    Others,
    /// Names that are gone.
    Past,
    /// Anything.
    Plain,
}

/// Reads a table; each row is a place of its own.
pub(super) fn read(table: &Table, cells: &Cells<'_>, facts: &mut Facts) {
    let columns = columns(table);
    let named = columns.contains(&Column::Metrics);
    for row in &table.rows {
        let Some((first, last)) = row.first().zip(row.last()) else {
            continue;
        };
        let scope = cover(first).cover(cover(last));
        let mut looker =
            Looker::new(facts, ConsumerKind::Runbook, cells.section, scope).with_outlook(cells.outlook);
        for (index, cell) in row.iter().enumerate() {
            let column = columns.get(index).copied().unwrap_or(Column::Plain);
            if column == Column::Past {
                continue;
            }
            let around = Around {
                // Beside a column of metrics the other columns describe them.
                metrics: column == Column::Metrics || (cells.around.metrics && !named),
                others: column == Column::Others,
                alerts: column == Column::Alerts,
                metric_place: column == Column::Metrics,
                listed: column == Column::Metrics,
            };
            let place = prose::Place {
                subject_only: false,
                runbook: cells.runbook,
            };
            let snake = column == Column::Alerts && snake_alert(cell, &mut looker);
            if !(snake || column == Column::Metrics && plain_query(cell, &mut looker)) {
                prose::read(cell, around, place, &mut looker);
            }
        }
    }
}

fn columns(table: &Table) -> Vec<Column> {
    let mut columns: Vec<Column> = table.head.iter().map(|head| column(&head.text.text)).collect();
    if columns.contains(&Column::Metrics) {
        return columns;
    }
    // A column of metric types makes the column of names one of metrics, whatever its heading.
    let is_type = |index: usize| {
        let typed = |row: &&Vec<Prose>| {
            row.get(index)
                .is_some_and(|cell| words::is_metric_type(&cell.text.text))
        };
        let count = table.rows.iter().filter(typed).count();
        count > 0 && count * 2 >= table.rows.len()
    };
    let types = (0..columns.len()).find(|index| is_type(*index));
    if let Some(types) = types {
        let is_names = |head: &Prose| head.text.text.to_lowercase().contains("name");
        let names = table.head.iter().position(is_names).unwrap_or(0);
        if names != types && columns[names] == Column::Plain {
            columns[names] = Column::Metrics;
        }
        return columns;
    }
    // One of data types makes it one of fields.
    let is_data = |index: usize| {
        let typed = |row: &&Vec<Prose>| {
            row.get(index)
                .is_some_and(|cell| words::is_data_type(&cell.text.text))
        };
        let count = table.rows.iter().filter(typed).count();
        count > 0 && count * 2 >= table.rows.len()
    };
    if (0..columns.len()).any(is_data) {
        for column in &mut columns {
            if *column == Column::Plain {
                *column = Column::Others;
            }
        }
    }
    columns
}

fn column(heading: &str) -> Column {
    let lower = heading.trim().to_lowercase();
    if ["old", "previous", "former", "removed", "deprecated", "before"]
        .iter()
        .any(|word| lower.starts_with(word))
    {
        return Column::Past;
    }
    if matches!(
        lower.as_str(),
        "expr" | "expression" | "promql" | "indicator" | "sli" | "series"
    ) {
        return Column::Metrics;
    }
    match nearness::head_noun(&lower) {
        Some(Noun::Metric) => Column::Metrics,
        Some(Noun::Alert) => Column::Alerts,
        Some(Noun::Other) => Column::Others,
        None => Column::Plain,
    }
}

/// A cell of an alerts column that is one name in snake case.
fn snake_alert(cell: &Prose, looker: &mut Looker<'_>) -> bool {
    let text = looker::trim(&cell.text);
    if words::is_explicit_alert(&text.text) {
        looker.named_alert(&text.text, text.whole_span());
        return true;
    }
    false
}

/// A cell of a metrics column that is a query without being marked as code.
fn plain_query(cell: &Prose, looker: &mut Looker<'_>) -> bool {
    cell.runs.is_empty() && looker.query(&cell.text, Trust::Shown)
}
