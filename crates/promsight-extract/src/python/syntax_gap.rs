//! What a file that is not valid Python leaves in the dark: one gap a file.

use std::sync::LazyLock;

use promsight_model::{Gap, GapKind, Reach, SourceFile, Span};
use tree_sitter::Tree;

use super::prefilter::{Needles, mentions_any};

/// Words that construct metrics, in `prometheus_client` and in nearly every wrapper of it.
static CONSTRUCTORS: LazyLock<Needles> = LazyLock::new(|| {
    let words = [
        "Counter",
        "Gauge",
        "Histogram",
        "Summary",
        "Info",
        "Enum",
        "CounterMetricFamily",
        "GaugeMetricFamily",
        "HistogramMetricFamily",
        "SummaryMetricFamily",
        "InfoMetricFamily",
        "StateSetMetricFamily",
        "UnknownMetricFamily",
        "UntypedMetricFamily",
    ];
    Needles::new(&words.map(str::to_owned))
});

/// Which names can hide in text that was not understood.
pub(super) fn reach_of(text: &str) -> Reach {
    if mentions_any(text, &CONSTRUCTORS) {
        Reach::Anything
    } else {
        Reach::Nothing
    }
}

/// The gap of all syntax errors of the file, at the first of them; `None` where there is none.
pub(super) fn of(file: &SourceFile, tree: &Tree) -> Option<Gap> {
    if !tree.root_node().has_error() {
        return None;
    }
    let mut first: Option<std::ops::Range<usize>> = None;
    let mut places = 0_usize;
    let mut reach = Reach::Nothing;
    let mut cursor = tree.walk();
    // A walk of everything that holds an error, without recursion; what lies inside an error belongs to it.
    'walk: loop {
        let node = cursor.node();
        if node.is_error() || node.is_missing() {
            places += 1;
            let range = node.byte_range();
            if node.is_error() && reach == Reach::Nothing {
                reach = reach_of(file.text.get(range.clone()).unwrap_or_default());
            }
            if first.as_ref().is_none_or(|known| range.start < known.start) {
                first = Some(range);
            }
        } else if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                break 'walk;
            }
        }
    }
    let place = first_line(&file.text, first.unwrap_or(0..0));
    let message = match places {
        0 | 1 => "this is not valid Python; the rest of the file was read".to_owned(),
        2 => "this and 1 more place are not valid Python; the rest of the file was read".to_owned(),
        _ => format!(
            "this and {} more places are not valid Python; the rest of the file was read",
            places - 1
        ),
    };
    Some(Gap {
        kind: GapKind::Syntax,
        message,
        span: Span::new(file.id, place),
        reach,
    })
}

/// The part of a range that lies on its first line: an error can swallow half a file, and one line shows it best.
fn first_line(text: &str, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let covered = text.get(range.clone()).unwrap_or_default();
    let length = covered.find(['\r', '\n']).unwrap_or(covered.len());
    range.start..range.start + length
}
