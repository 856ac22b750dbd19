//! Families of the lines that code writes in the text exposition format.
//!
//! Owns: which lines speak of the same family, what its series and labels are then, and which lines are no emitters.
//! Names stay as they are written: no client library adds to them.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{
    Emitter, FileId, Gap, GapKind, Liveness, MetricType, Name, Origin, Reach, Span, Wrapping,
};

use super::Inventory;
use super::exposition_text::{Said, Written};
use super::machine::Machine;
use super::value::Text;

/// The emitter word of these families.
const ORIGIN: &str = "exposition-text";

/// One family while its lines are gathered.
struct Family<'w> {
    name: &'w Text,
    metric_type: MetricType,
    help: Option<String>,
    /// The line that declares it.
    line: &'w Written,
    samples: Vec<&'w Written>,
    /// Names of the samples that were seen, in order.
    sample_names: Vec<&'w Text>,
}

/// What tells families apart: the module that writes them, the file that names them, the name; and the place, where
/// the name is not fully known.
type Key = (u32, FileId, Vec<String>, Option<(Span, Span)>);

impl Machine<'_> {
    /// Adds the families of all lines that were written.
    pub(super) fn report_written(&self, tests: &BTreeMap<FileId, bool>, inventory: &mut Inventory) {
        let settled: BTreeSet<Span> = self
            .written
            .iter()
            .filter(|line| root_of(line).is_none() || line.name.as_exact().is_some())
            .map(|line| line.expression)
            .collect();
        // What known calls write.
        let really: BTreeSet<Span> = self
            .written
            .iter()
            .filter(|line| line.assumed.is_none())
            .map(|line| line.expression)
            .collect();
        let lines: Vec<&Written> = self
            .written
            .iter()
            .filter(|line| !self.is_only_assumed(line, &really) && self.counts(line, &settled, inventory))
            .collect();
        for family in families(&lines) {
            report(self, &family, tests, inventory);
        }
    }

    /// Whether a line was only written by a function as nobody calls it, while known calls show what it writes.
    fn is_only_assumed(&self, line: &Written, really: &BTreeSet<Span>) -> bool {
        line.assumed
            .is_some_and(|function| self.called.contains(&self.function_key(function)))
            && really.contains(&line.expression)
    }

    /// Whether a line can be of a family. What can only be told as a gap is told.
    fn counts(&self, line: &Written, settled: &BTreeSet<Span>, inventory: &mut Inventory) -> bool {
        let Some(root) = root_of(line) else { return true };
        if line.name.as_exact().is_some() {
            return true;
        }
        let key = self.function_key(root);
        if self.called.contains(&key) && settled.contains(&line.expression) {
            return false;
        }
        if self.escaped.contains(&key) {
            return true;
        }
        if let (Name::Pattern(pattern), Said::Type(_)) = (line.name.name(), &line.said)
            && pattern.known_len() > 3
            && !line.in_test
        {
            inventory.gaps.push(Gap {
                kind: GapKind::UnresolvedName,
                message: "the metric's name is a parameter of a function that nothing in the tree calls"
                    .to_owned(),
                span: line.place,
                reach: Reach::Pattern(pattern),
            });
        }
        false
    }
}

fn root_of(line: &Written) -> Option<super::value::FunctionId> {
    line.name.hole.and_then(|hole| hole.root)
}

fn key_of(line: &Written) -> Key {
    let pieces: Vec<String> = line.name.pieces.iter().map(|piece| piece.to_string()).collect();
    let place = (pieces.len() > 1).then_some((line.place, line.expression));
    (line.module.0, line.place.file, pieces, place)
}

fn families<'w>(lines: &[&'w Written]) -> Vec<Family<'w>> {
    let mut families: Vec<Family<'w>> = Vec::new();
    let mut known: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    // Types first, known ones before others: they say most.
    let rank = |line: &Written| match line.said {
        Said::Type(Some(_)) => 0,
        Said::Type(None) => 1,
        _ => 2,
    };
    let mut headers: Vec<&&Written> = lines.iter().filter(|line| rank(line) < 2).collect();
    headers.sort_by_key(|line| (rank(line), line.place));
    for line in headers {
        let of_name = known.entry(key_of(line)).or_default();
        let metric_type = match line.said {
            Said::Type(metric_type) => metric_type,
            _ => None,
        };
        let is_known = of_name.iter().any(|at| {
            metric_type.is_none_or(|metric_type| families[*at].metric_type == metric_type)
                && (families[*at].line.dead.is_none() || line.dead.is_some())
        });
        if is_known {
            continue;
        }
        of_name.push(families.len());
        families.push(Family::new(line, metric_type.unwrap_or(MetricType::Untyped)));
    }
    let has_types: BTreeSet<u32> = families.iter().map(|family| family.line.module.0).collect();
    for line in lines {
        let Said::Help(help) = &line.said else { continue };
        if let Some(of_name) = known.get(&key_of(line)) {
            for at in of_name {
                let family = &mut families[*at];
                family.help = family.help.take().or_else(|| help.clone());
            }
            continue;
        }
        // Beside a type whose name is not known either, a help text tells nothing new.
        if line.name.as_exact().is_none() && has_types.contains(&line.module.0) {
            continue;
        }
        known.insert(key_of(line), vec![families.len()]);
        let mut family = Family::new(line, MetricType::Untyped);
        family.help.clone_from(help);
        families.push(family);
    }
    let mut by_pieces: BTreeMap<Vec<&str>, Vec<usize>> = BTreeMap::new();
    for (at, family) in families.iter().enumerate() {
        let pieces = family.name.pieces.iter().map(|piece| &**piece).collect();
        by_pieces.entry(pieces).or_default().push(at);
    }
    let mut alone: BTreeMap<Key, usize> = BTreeMap::new();
    for line in lines {
        let Said::Sample { is_evidence, .. } = line.said else {
            continue;
        };
        let mut is_declared = false;
        for name in family_names(&line.name) {
            for at in by_pieces.get(&name).into_iter().flatten() {
                let family = &mut families[*at];
                let is_near = family.line.module == line.module || family.line.place.file == line.place.file;
                if is_near && family.admits(&line.name) {
                    is_declared = true;
                    family.add(line);
                }
            }
        }
        if is_declared || !is_evidence {
            continue;
        }
        if line.name.as_exact().is_none() && line.name.known_len() <= 3 {
            continue;
        }
        let at = *alone.entry(key_of(line)).or_insert_with(|| {
            families.push(Family::new(line, MetricType::Untyped));
            families.len() - 1
        });
        families[at].add(line);
    }
    families
}

/// The names that the family of a sample can have: the sample's own, and that without a suffix.
fn family_names(name: &Text) -> Vec<Vec<&str>> {
    let pieces: Vec<&str> = name.pieces.iter().map(|piece| &**piece).collect();
    let mut names = vec![pieces.clone()];
    for suffix in ["_bucket", "_sum", "_count", "_total", "_created", "_info"] {
        if let Some((last, front)) = pieces.split_last()
            && let Some(stripped) = last.strip_suffix(suffix)
        {
            let mut shorter = front.to_vec();
            shorter.push(stripped);
            names.push(shorter);
        }
    }
    names
}

impl<'w> Family<'w> {
    fn new(line: &'w Written, metric_type: MetricType) -> Self {
        Self {
            name: &line.name,
            metric_type,
            help: None,
            line,
            samples: Vec::new(),
            sample_names: Vec::new(),
        }
    }

    /// Whether a sample of that name is one of this family: the suffix has to fit the type.
    fn admits(&self, name: &Text) -> bool {
        let suffix = match (self.name.pieces.last(), name.pieces.last()) {
            (Some(family), Some(sample)) => sample.strip_prefix(&**family),
            _ => None,
        };
        match suffix {
            Some("") => true,
            Some(suffix) => suffixes(self.metric_type).contains(&suffix),
            None => false,
        }
    }

    fn add(&mut self, line: &'w Written) {
        self.samples.push(line);
        if !self
            .sample_names
            .iter()
            .any(|known| known.pieces == line.name.pieces)
        {
            self.sample_names.push(&line.name);
        }
    }

    /// What is exposed: the samples that were seen, and what the type demands where they were not.
    fn series(&self) -> Vec<Name> {
        let demanded: &[&str] = match self.metric_type {
            MetricType::Histogram => &["_bucket", "_count", "_sum"],
            MetricType::Summary => &["", "_count", "_sum"],
            _ if self.sample_names.is_empty() => &[""],
            _ => &[],
        };
        let mut series: Vec<Name> = Vec::new();
        for suffix in demanded {
            series.push(self.name.concat(&Text::exact(suffix)).name());
        }
        for name in &self.sample_names {
            let name = name.name();
            if !series.contains(&name) {
                series.push(name);
            }
        }
        series
    }

    fn labels(&self) -> (Vec<String>, bool) {
        let own = match self.metric_type {
            MetricType::Histogram => "le",
            MetricType::Summary => "quantile",
            _ => "",
        };
        let mut all: Vec<String> = Vec::new();
        let mut known = !self.samples.is_empty();
        for line in &self.samples {
            let Said::Sample {
                labels, labels_known, ..
            } = &line.said
            else {
                continue;
            };
            known &= labels_known;
            for label in labels {
                if label != own && !all.contains(label) {
                    all.push(label.clone());
                }
            }
        }
        (all, known)
    }

    /// The bounds, where every one of them is written out.
    fn bounds(&self) -> Option<Vec<String>> {
        let mut bounds: Vec<String> = Vec::new();
        for line in &self.samples {
            let Said::Sample { labels, bound, .. } = &line.said else {
                continue;
            };
            match bound {
                Some(bound) if !bounds.contains(bound) => bounds.push(bound.clone()),
                Some(_) => {}
                None if labels.iter().any(|label| label == "le") => return None,
                None => {}
            }
        }
        let is_whole =
            self.metric_type == MetricType::Histogram && bounds.iter().any(|bound| bound == "+Inf");
        is_whole.then_some(bounds)
    }
}

/// What samples of a family of that type can end in.
fn suffixes(metric_type: MetricType) -> &'static [&'static str] {
    match metric_type {
        MetricType::Counter => &["_total", "_created"],
        MetricType::Histogram => &["_bucket", "_sum", "_count", "_created"],
        MetricType::Summary => &["_sum", "_count", "_created"],
        MetricType::Info => &["_info"],
        MetricType::Gauge | MetricType::StateSet => &[],
        // The word of the type may be filled in: then it can be any.
        MetricType::Untyped => &["_bucket", "_sum", "_count", "_total"],
    }
}

fn report(
    machine: &Machine<'_>,
    family: &Family<'_>,
    tests: &BTreeMap<FileId, bool>,
    inventory: &mut Inventory,
) {
    let line = family.line;
    let is_test = line.in_test || tests.get(&line.place.file) == Some(&true) || machine.is_test(line.module);
    let liveness = match (is_test, line.dead) {
        (true, _) => Liveness::TestOnly,
        (false, Some(reason)) => Liveness::Dead(reason.to_owned()),
        (false, None) => Liveness::Live,
    };
    let name = family.name.name();
    let unresolved_reason = family.name.hole.map(|hole| hole.reason.clause().to_owned());
    if name == Name::Unresolved {
        let reason = unresolved_reason
            .as_deref()
            .unwrap_or("it is computed at run time");
        inventory.gaps.push(Gap {
            kind: GapKind::UnresolvedName,
            message: format!("the name of this metric is not known: {reason}"),
            span: line.place,
            reach: Reach::Anything,
        });
    }
    let (labels, labels_known) = family.labels();
    let mut series = family.series();
    if name == Name::Unresolved {
        series = vec![Name::Unresolved];
    }
    // Of a counter that is written as OpenMetrics, the sample has a suffix that the header lacks.
    if family.metric_type == MetricType::Counter && family.samples.is_empty() {
        let with_total = family.name.concat(&Text::exact("_total")).name();
        if !matches!(&with_total, Name::Exact(name) if name.ends_with("_total_total"))
            && !matches!(with_total, Name::Unresolved)
        {
            series.push(with_total);
        }
    }
    inventory.emitters.push(Emitter {
        written_name: name.clone(),
        name,
        metric_type: family.metric_type,
        series,
        labels,
        labels_known,
        unit: None,
        help: family.help.clone(),
        buckets: family.bounds(),
        states: None,
        origin: Origin::Instrument(ORIGIN.to_owned()),
        liveness,
        updated: Some(true),
        wrapping: if family.name.site.is_some() {
            Wrapping::Wrapper
        } else {
            Wrapping::Direct
        },
        span: line.place,
        name_span: line.name_place,
        unresolved_reason,
        usage: promsight_model::Usage::default(),
    });
}
