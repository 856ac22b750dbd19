//! Which family and series a `prometheus_client` declaration exposes.
//!
//! Owns the library's rules of naming, as version 0.26.0 has them (`metrics.py`, `metrics_core.py`, `validation.py`,
//! `exposition.py`, `utils.py`), for names of which parts are known only at run time too. It judges single arguments
//! and knows nothing of the code that they stand in. `testdata/prometheus_client` holds the library's own answers to
//! several hundred calls; the tests demand the same ones.
//!
//! What older versions do otherwise, recorded from 0.14.1 and 0.8.0:
//! - They refuse every name and label outside of the legacy character set (what [`Validation::Legacy`] does for
//!   names); UTF-8 came with 0.22.
//! - They accept an empty name where a namespace or subsystem is given (`app_db_`).
//! - They write bounds of 1e10 and more with a needless zero: `le="1e+010"`.
//! - An `Enum` with a label of the family's full name fails at its first `.labels()`, not at its construction.
//!
//! `_created` series vanish under `PROMETHEUS_DISABLE_CREATED_SERIES` (since 0.14), so their absence proves nothing.

use promsight_model::{MetricType, Name, Pattern};

/// What a constructor call of `prometheus_client` declares.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The class: counter, gauge, histogram, summary, info or state set (`Enum`).
    pub metric_type: MetricType,
    /// The `name` argument.
    pub name: Name,
    /// The `namespace` argument; an exact empty name where absent.
    pub namespace: Name,
    /// The `subsystem` argument; an exact empty name where absent.
    pub subsystem: Name,
    /// The `unit` argument; an exact empty name where absent.
    pub unit: Name,
}

/// What the library makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// The family's name as registered (`_name`).
    pub family: Name,
    /// Every series it exposes, in exposition order.
    ///
    /// Where a name is no legacy name (`http.requests`), both of its forms are there: first as it is printed for
    /// readers without UTF-8 names (`http_requests`), then as it is.
    pub series: Vec<Name>,
}

/// Which names the library lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validation {
    /// Any UTF-8 text but the empty one; the default since 0.22.
    Utf8,
    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`: older versions, and `PROMETHEUS_LEGACY_NAME_VALIDATION`.
    Legacy,
}

/// The family and series of a declaration; `None` where the library refuses it (it raises).
///
/// A partly known name gives series that admit whatever the library would make of any instance of it. An instance
/// can end in the suffix that the library strips or adds in a way that no single pattern admits (`app_*` as a counter
/// can be `app_total`); then there is a further name for it.
pub fn exposed(declaration: &Declaration) -> Option<Exposed> {
    exposed_under(declaration, Validation::Utf8)
}

/// As [`exposed`], for a client that validates names in that way.
pub fn exposed_under(declaration: &Declaration, validation: Validation) -> Option<Exposed> {
    let Declaration {
        metric_type,
        name,
        namespace,
        subsystem,
        unit,
    } = declaration;
    let name = Text::of(name);
    if name.is_empty() {
        return None;
    }
    let unit = Text::of(unit);
    if matches!(metric_type, MetricType::Info | MetricType::StateSet) && unit.has_known_text() {
        return None;
    }
    let full = Text::of(namespace)
        .as_prefix()
        .followed_by(&Text::of(subsystem).as_prefix())
        .followed_by(&name);
    let families = with_unit(without_total(*metric_type, full), &unit);
    let legacy = validation == Validation::Legacy;
    if families
        .iter()
        .all(|family| family.is_empty() || (legacy && !family.is_legacy_name()))
    {
        return None;
    }
    Some(exposition(&families, created_suffixes(*metric_type)))
}

/// What the custom collector's family of that type (`CounterMetricFamily` and so on, `UnknownMetricFamily` for
/// [`MetricType::Untyped`]) exposes under a name. A `_created` series only exists where the collector gives it, and
/// is not among them.
pub fn family_series(metric_type: MetricType, name: &Name) -> Exposed {
    family_series_with_unit(metric_type, name, &Name::Exact(String::new()))
}

/// As [`family_series`], with the `unit` argument.
pub fn family_series_with_unit(metric_type: MetricType, name: &Name, unit: &Name) -> Exposed {
    let families = with_unit(without_total(metric_type, Text::of(name)), &Text::of(unit));
    exposition(&families, suffixes(metric_type))
}

/// The `le` values that a histogram with those upper bounds exposes: as Go writes numbers, `+Inf` appended where it
/// is not last.
pub fn bounds(values: &[f64]) -> Vec<String> {
    let mut texts: Vec<String> = values.iter().copied().map(go_number).collect();
    if values.last() != Some(&f64::INFINITY) {
        texts.push(go_number(f64::INFINITY));
    }
    texts
}

/// The `le` values of a histogram that is given no bounds.
pub fn default_bounds() -> Vec<String> {
    bounds(&[
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
    ])
}

/// Whether the library refuses a histogram's bounds: they are not sorted, or there is none but `+Inf`.
pub fn refuses_bounds(values: &[f64]) -> bool {
    let unsorted = values.windows(2).any(|pair| pair[0] > pair[1]);
    unsorted || values.is_empty() || values == [f64::INFINITY]
}

/// Whether a histogram with those bounds has a `_sum`: one that can take negative values has none, because it could
/// fall.
pub fn exposes_sum(values: &[f64]) -> bool {
    values.first().is_none_or(|first| *first >= 0.0)
}

/// Whether the constructor refuses a label of that name: two underscores in front, `le` of a histogram, `quantile`
/// of a summary.
pub fn refuses_label(metric_type: MetricType, label: &str) -> bool {
    label.starts_with("__")
        || match metric_type {
            MetricType::Histogram => label == "le",
            MetricType::Summary => label == "quantile",
            _ => false,
        }
}

/// Whether `Enum` refuses its states and labels: there is no state, or a label has the name that stands in the call.
pub fn refuses_state_set(name: &str, labels: &[String], states: &[String]) -> bool {
    states.is_empty() || labels.iter().any(|label| label == name)
}

/// What a family's sample names end in, in exposition order.
fn suffixes(metric_type: MetricType) -> &'static [&'static str] {
    match metric_type {
        MetricType::Counter => &["_total"],
        MetricType::Histogram => &["_bucket", "_count", "_sum"],
        MetricType::Summary => &["_count", "_sum"],
        MetricType::Info => &["_info"],
        MetricType::Gauge | MetricType::StateSet | MetricType::Untyped => &[""],
    }
}

/// The same for an instrument, which knows when it was created.
fn created_suffixes(metric_type: MetricType) -> &'static [&'static str] {
    match metric_type {
        MetricType::Counter => &["_total", "_created"],
        MetricType::Histogram => &["_bucket", "_count", "_sum", "_created"],
        MetricType::Summary => &["_count", "_sum", "_created"],
        _ => suffixes(metric_type),
    }
}

/// The family's possible names, the most general first, and their series.
fn exposition(families: &[Text], suffixes: &[&str]) -> Exposed {
    let names: Vec<Text> = suffixes
        .iter()
        .flat_map(|suffix| families.iter().map(|family| family.with_suffix(suffix)))
        .collect();
    let mut series = Vec::new();
    let printed = names.iter().map(Text::underscored);
    for name in printed.chain(names.iter().cloned()).map(Text::into_name) {
        if !series.contains(&name) {
            series.push(name);
        }
    }
    let family = families
        .first()
        .cloned()
        .map_or(Name::Unresolved, Text::into_name);
    Exposed { family, series }
}

/// A counter's family is named without the `_total` that its sample gets.
fn without_total(metric_type: MetricType, full: Text) -> Vec<Text> {
    if metric_type != MetricType::Counter {
        return vec![full];
    }
    match full.ending("_total") {
        Ending::Other => vec![full],
        Ending::Suffix(stripped) => vec![stripped],
        // The first of them admits the unstripped names as well: they are instances of the same hole.
        Ending::Either(stripped) => stripped,
    }
}

/// The unit is appended unless the name ends in it.
fn with_unit(families: Vec<Text>, unit: &Text) -> Vec<Text> {
    if unit.is_empty() {
        return families;
    }
    if !unit.has_known_text() {
        // Empty, or anything.
        return families.iter().map(|family| family.followed_by(unit)).collect();
    }
    let suffix = Text::exact("_").followed_by(unit);
    let mut named = Vec::new();
    for family in families {
        match suffix.pieces.as_slice() {
            [exact] => match family.ending(exact) {
                Ending::Other => named.push(family.followed_by(&suffix)),
                Ending::Suffix(_) => named.push(family),
                Ending::Either(stripped) => {
                    named.extend(stripped.iter().map(|text| text.followed_by(&suffix)));
                }
            },
            _ => {
                named.push(family.followed_by(&suffix));
                if family.may_end_in(&suffix) {
                    named.push(family);
                }
            }
        }
    }
    named
}

/// Text as its known pieces in order, with an unknown run between two neighbours: one piece is exact text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Text {
    pieces: Vec<String>,
}

/// Whether a text ends in a suffix.
enum Ending {
    /// No instance of it does.
    Other,
    /// Every instance does; the text without it.
    Suffix(Text),
    /// Some do: what those can be without it, the most general first.
    Either(Vec<Text>),
}

impl Text {
    fn exact(text: &str) -> Self {
        Self {
            pieces: vec![text.to_owned()],
        }
    }

    fn of(name: &Name) -> Self {
        match name {
            Name::Exact(text) => Self::exact(text),
            Name::Pattern(pattern) => Self {
                pieces: pattern.pieces().to_vec(),
            },
            Name::Unresolved => Self {
                pieces: vec![String::new(), String::new()],
            },
        }
    }

    fn into_name(mut self) -> Name {
        match self.pieces.as_mut_slice() {
            [exact] => Name::Exact(std::mem::take(exact)),
            [before, after] if before.is_empty() && after.is_empty() => Name::Unresolved,
            _ => Name::Pattern(Pattern::new(self.pieces)),
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self.pieces.as_slice(), [exact] if exact.is_empty())
    }

    /// Whether no instance is empty.
    fn has_known_text(&self) -> bool {
        self.pieces.iter().any(|piece| !piece.is_empty())
    }

    fn followed_by(&self, next: &Self) -> Self {
        let mut pieces = self.pieces.clone();
        let mut more = next.pieces.iter();
        if let (Some(last), Some(first)) = (pieces.last_mut(), more.next()) {
            last.push_str(first);
        }
        pieces.extend(more.cloned());
        Self { pieces }
    }

    fn with_suffix(&self, suffix: &str) -> Self {
        self.followed_by(&Self::exact(suffix))
    }

    /// In front of a name: with an underscore, unless empty. Where nothing is known of it, it may be empty too.
    fn as_prefix(&self) -> Self {
        if self.has_known_text() {
            self.with_suffix("_")
        } else {
            self.clone()
        }
    }

    fn ending(&self, suffix: &str) -> Ending {
        let Some((tail, before)) = self.pieces.split_last() else {
            return Ending::Other;
        };
        if let Some(stripped) = tail.strip_suffix(suffix) {
            let mut pieces = before.to_vec();
            pieces.push(stripped.to_owned());
            return Ending::Suffix(Self { pieces });
        }
        // With a hole before the tail, the hole can hold the rest of the suffix.
        let (Some(missing), Some((known, earlier))) =
            (suffix.strip_suffix(tail.as_str()), before.split_last())
        else {
            return Ending::Other;
        };
        let open = |pieces: &[String]| {
            let mut pieces = pieces.to_vec();
            pieces.push(String::new());
            Self { pieces }
        };
        let mut stripped = vec![open(before)];
        // Or the text before the hole ends in the first part of the suffix, and the hole holds only the rest.
        let splits = (1..=missing.len()).filter(|split| missing.is_char_boundary(*split));
        for first_part in splits.map(|split| &missing[..split]) {
            if let Some(shorter) = known.strip_suffix(first_part) {
                let mut pieces = earlier.to_vec();
                pieces.push(shorter.to_owned());
                stripped.push(Self { pieces });
            } else if !earlier.is_empty() && !known.is_empty() && first_part.ends_with(known.as_str()) {
                // … and so on into the hole before that.
                stripped.push(open(earlier));
            }
        }
        stripped.dedup();
        Ending::Either(stripped)
    }

    /// Whether an instance can end in an instance of a partly known suffix.
    fn may_end_in(&self, suffix: &Self) -> bool {
        let mut pieces = vec![String::new()];
        pieces.extend(suffix.pieces.iter().cloned());
        let any = Pattern::new(pieces);
        match self.pieces.as_slice() {
            [exact] => any.matches(exact),
            _ => any.overlaps(&Pattern::new(self.pieces.clone())),
        }
    }

    /// Whether some instance is `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    fn is_legacy_name(&self) -> bool {
        *self == self.underscored()
    }

    /// Every character that a legacy name cannot have as an underscore: how the exposition prints a name for readers
    /// that did not ask for UTF-8 names (`openmetrics.exposition.escape_metric_name`).
    fn underscored(&self) -> Self {
        let escape = |(index, piece): (usize, &String)| {
            let legal = |(at, character): (usize, char)| {
                let first = index == 0 && at == 0;
                let legal = character.is_ascii_alphabetic()
                    || matches!(character, '_' | ':')
                    || (character.is_ascii_digit() && !first);
                if legal { character } else { '_' }
            };
            piece.char_indices().map(legal).collect()
        };
        Self {
            pieces: self.pieces.iter().enumerate().map(escape).collect(),
        }
    }
}

/// A number as the client writes it (`floatToGoString`): Python's `repr`, but with an exponent from 1e6 on.
fn go_number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let text = python_repr(value);
    match text.find('.') {
        Some(dot) if value > 0.0 && dot > 6 => {
            let (whole, fraction) = (&text[..dot], &text[dot + 1..]);
            let (first, rest) = whole.split_at(1);
            let mantissa = format!("{first}.{rest}{fraction}");
            format!("{}e+{:02}", mantissa.trim_end_matches(['0', '.']), dot - 1)
        }
        _ => text,
    }
}

/// Python's `repr` of a finite `float`: the fewest digits that read back as the same number, with an exponent below
/// 1e-4 and from 1e16 on.
fn python_repr(value: f64) -> String {
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = value.to_string();
        return if plain.contains('.') {
            plain
        } else {
            format!("{plain}.0")
        };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}
