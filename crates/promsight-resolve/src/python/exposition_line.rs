//! One line of the text exposition format, as far as it is known.
//!
//! Owns the grammar of format 0.0.4 (and the words of OpenMetrics 1.0) for lines of which parts are known only at run
//! time. It knows neither where a line comes from nor whether anybody serves it.

use std::ops::Range;

use promsight_model::MetricType;

/// Stands for a run of unknown text. A noncharacter, so that no source text means it.
pub(super) const HOLE: char = '\u{10FFFF}';

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    /// `# TYPE name type`.
    Type {
        name: Range<usize>,
        /// `None` where the word is known only at run time.
        metric_type: Option<MetricType>,
    },
    /// `# HELP name text`.
    Help {
        name: Range<usize>,
        /// `None` where some of it is known only at run time.
        help: Option<String>,
    },
    /// `name{label="…"} value`.
    Sample(Sample),
}

/// A sample line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sample {
    pub(super) name: Range<usize>,
    pub(super) labels: Vec<String>,
    /// Whether the labels are all there are.
    pub(super) labels_known: bool,
    /// Whether there are braces around labels.
    pub(super) has_labels: bool,
    /// The value of the label `le`, where it is known.
    pub(super) bound: Option<String>,
    /// Where unknown text stands for a second number: a time, or no sample at all.
    pub(super) unknown_time: Option<usize>,
}

/// Reads one line without its line break; `None` where it is none of the format's.
pub(super) fn read(line: &str) -> Option<Line> {
    let start = line.len() - line.trim_start_matches([' ', '\t']).len();
    match line.get(start..)?.chars().next()? {
        '#' => comment(line, start),
        first if is_name(first) || first == HOLE => sample(line, start).map(Line::Sample),
        _ => None,
    }
}

fn comment(line: &str, start: usize) -> Option<Line> {
    let rest = line[start + 1..].trim_start_matches([' ', '\t']);
    let is_type = rest.starts_with("TYPE");
    if !is_type && !rest.starts_with("HELP") {
        return None;
    }
    let rest = &rest[4..];
    let name_at = rest.trim_start_matches([' ', '\t']);
    if name_at.len() == rest.len() {
        return None;
    }
    let begin = line.len() - name_at.len();
    let end = begin + name_at.find([' ', '\t']).unwrap_or(name_at.len());
    let name = begin..end;
    if !is_partly_known_name(&line[name.clone()]) {
        return None;
    }
    let words = line[end..].trim_matches([' ', '\t', '\r']);
    if !is_type {
        let help = (!words.contains(HOLE)).then(|| words.to_owned());
        return Some(Line::Help { name, help });
    }
    let metric_type = match words {
        "" => return None,
        "unknown" => Some(MetricType::Untyped),
        "gaugehistogram" => Some(MetricType::Histogram),
        word if word.contains(HOLE) && !word.contains(' ') => None,
        word => Some(MetricType::from_word(word)?),
    };
    Some(Line::Type { name, metric_type })
}

fn sample(line: &str, start: usize) -> Option<Sample> {
    let length = line[start..].find(|letter| !is_name(letter) && letter != HOLE)?;
    let mut sample = Sample {
        name: start..start + length,
        labels_known: true,
        ..Sample::default()
    };
    let name = &line[sample.name.clone()];
    // `name: value` is how people write, `job:name:rate5m` is a name.
    if !is_partly_known_name(name) || name.ends_with(':') || name.chars().all(|letter| letter == HOLE) {
        return None;
    }
    let mut at = start + length;
    if let Some(inside) = line[at..].trim_start_matches(' ').strip_prefix('{') {
        sample.has_labels = true;
        at = labels(line, line.len() - inside.len(), &mut sample)?;
    }
    let rest = &line[at..];
    let values = rest.trim_start_matches([' ', '\t']);
    if values.len() == rest.len() {
        return None;
    }
    let mut words = values.split_ascii_whitespace();
    if !words.next().is_some_and(is_value) {
        return None;
    }
    match words.next() {
        None => {}
        Some(time) if time.contains(HOLE) && is_value(time) => {
            sample.unknown_time = line.rfind(HOLE);
        }
        Some(time) if is_value(time) => {}
        // An exemplar of OpenMetrics.
        Some("#") => return Some(sample),
        Some(_) => return None,
    }
    words.next().is_none_or(|word| word == "#").then_some(sample)
}

/// Reads what stands between the braces; where it ends.
fn labels(line: &str, start: usize, sample: &mut Sample) -> Option<usize> {
    let mut at = start;
    loop {
        let rest = &line[at..];
        at = line.len() - rest.trim_start_matches([' ', ',']).len();
        let rest = &line[at..];
        if rest.starts_with('}') {
            return Some(at + 1);
        }
        let length = rest.find(|letter| !is_name(letter) && letter != HOLE)?;
        let name = &rest[..length];
        let behind = rest[length..].trim_start();
        if !behind.starts_with('=') {
            // Unknown text can hold any number of labels, and stands for no part of a name here.
            if !name.starts_with(HOLE) || name.chars().any(|letter| letter != HOLE) {
                return None;
            }
            sample.labels_known = false;
            at += length;
            continue;
        }
        if name.is_empty() {
            return None;
        }
        if name.contains(HOLE) {
            sample.labels_known = false;
        } else if !sample.labels.iter().any(|known| known == name) {
            sample.labels.push(name.to_owned());
        }
        let value_at = line.len() - behind[1..].trim_start().len();
        at = value(line, value_at, name, sample)?;
    }
}

/// Reads a label's value; where it ends.
fn value(line: &str, start: usize, label: &str, sample: &mut Sample) -> Option<usize> {
    let rest = &line[start..];
    let Some(quoted) = rest.strip_prefix('"') else {
        // Quotes can be part of what is filled in.
        let length = rest.find(|letter| letter != HOLE)?;
        return (length > 0).then_some(start + length);
    };
    let mut escaped = false;
    let end = quoted.find(|letter| {
        let ends = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends
    })?;
    let text = &quoted[..end];
    if label == "le" && !text.contains(HOLE) {
        sample.bound = Some(text.to_owned());
    }
    Some(start + 1 + end + 1)
}

fn is_value(word: &str) -> bool {
    if word.contains(HOLE) {
        return word.chars().all(|letter| {
            letter == HOLE || letter.is_ascii_digit() || matches!(letter, '.' | '-' | '+' | 'e' | 'E')
        });
    }
    matches!(word, "NaN" | "Nan" | "nan" | "True" | "False" | "None") || word.parse::<f64>().is_ok()
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == ':'
}

fn is_partly_known_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|letter| is_name(letter) || letter == HOLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_holes(line: &str) -> String {
        line.replace('◌', &HOLE.to_string())
    }

    fn sample_of(line: &str) -> Option<Sample> {
        match read(&with_holes(line)) {
            Some(Line::Sample(sample)) => Some(sample),
            _ => None,
        }
    }

    #[test]
    fn headers_name_a_family() {
        assert_eq!(
            read("# TYPE ferry_trips_total counter"),
            Some(Line::Type {
                name: 7..24,
                metric_type: Some(MetricType::Counter)
            })
        );
        assert_eq!(
            read("  # HELP ferry_up Whether it runs."),
            Some(Line::Help {
                name: 9..17,
                help: Some("Whether it runs.".to_owned())
            })
        );
        let open = with_holes("# TYPE ferry_◌ ◌");
        assert!(matches!(
            read(&open),
            Some(Line::Type {
                metric_type: None,
                ..
            })
        ));
    }

    #[test]
    fn prose_and_templates_are_no_headers() {
        for line in [
            "# TYPE USAGE GRAPH (module -> identifiers)",
            "# TYPE %s gauge",
            "# TYPE {name} gauge",
            "# TYPE ferry_up",
            "# TYPE ",
            "# TYPE_DOUBLE x gauge",
            "# see # TYPE ferry_up gauge",
            "# HELP",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn samples_give_their_labels() {
        let sample = sample_of("ferry_trips_total{line=\"◌\",kind=\"a \\\" }\"} ◌").expect("a sample");
        assert_eq!(sample.labels, ["line", "kind"]);
        assert!(sample.labels_known);
        let sample = sample_of("ferry_wait_bucket{◌,le=\"0.5\"} 3 ◌").expect("a sample");
        assert_eq!(sample.labels, ["le"]);
        assert_eq!(sample.bound.as_deref(), Some("0.5"));
        assert!(!sample.labels_known && sample.unknown_time.is_some());
    }

    #[test]
    fn queries_sentences_and_assignments_are_no_samples() {
        for line in [
            "up{job=\"ferry\"} == 0",
            "rate(ferry_trips_total[5m]) ◌",
            "◌ ◌",
            "waiting for ◌",
            "ferry_up = ◌",
            "ferry_up: ◌",
            "ferry_up{{line=\"◌\"}} ◌",
            "ferry_up{line} 1",
            "ferry_up ◌ seconds",
            "ferry_up",
        ] {
            assert_eq!(sample_of(line), None, "{line}");
        }
    }
}
