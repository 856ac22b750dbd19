//! From the calls that were seen to what is known of a metric's use: its updates, the values of its labels, and
//! which calls raise.
//!
//! Owns when a set of values is complete and when a call surely raises. Both are said only where nothing is left
//! open: one value too few, or one fault too many, is a false alarm somewhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use promsight_model::flow::Number;
use promsight_model::python::{Expr, ExprKind, Stmt, StmtKind};
use promsight_model::{
    Description, Emitter, Fault, InvalidUpdate, LabelValue, LabelValues, MetricType, Span, Update,
    UpdateKind, Usage,
};

use super::library::Signature;
use super::machine::Machine;
use super::mentions::Mentions;
use super::record::Record;
use super::registries::is_client;
use super::uses::{Given, Receiver, Use};
use super::value::RecordId;

/// Names of variables and attributes with the metrics that they hold.
pub(super) type Holders = BTreeMap<Rc<str>, BTreeSet<RecordId>>;

/// The uses by metric.
#[derive(Debug)]
pub(super) struct Summary<'m> {
    uses: Vec<Vec<&'m Use>>,
    /// Metrics for which some call of `labels` may be meant that was not followed.
    missed: BTreeSet<RecordId>,
    /// Gauges that are only ever set to numbers that the code spells out, with these.
    values: BTreeMap<RecordId, Vec<Number>>,
}

/// Methods of the client's classes (0.26) that give a value.
fn has_method(metric_type: MetricType, method: &str) -> bool {
    match metric_type {
        MetricType::Counter => matches!(method, "inc" | "count_exceptions" | "reset"),
        MetricType::Gauge => matches!(
            method,
            "inc" | "dec" | "set" | "set_to_current_time" | "track_inprogress" | "time" | "set_function"
        ),
        MetricType::Histogram | MetricType::Summary => matches!(method, "observe" | "time"),
        MetricType::Info => method == "info",
        MetricType::StateSet => method == "state",
        MetricType::Untyped => true,
    }
}

/// Adds what is known of a second emitter of the same place and name.
pub(super) fn absorb(kept: &mut Emitter, other: &mut Emitter) {
    kept.updated = match (kept.updated, other.updated) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    };
    let usage = std::mem::take(&mut other.usage);
    let own = &mut kept.usage;
    own.updates.extend(usage.updates);
    own.updates.sort();
    own.updates.dedup();
    own.is_followed &= usage.is_followed;
    own.values = match (own.values.take(), usage.values) {
        (Some(mut own), Some(other)) => {
            own.extend(other);
            own.sort_by(|left, right| left.value().total_cmp(&right.value()));
            own.dedup();
            Some(own)
        }
        _ => None,
    };
    own.is_initialised |= usage.is_initialised;
    if own.registry != usage.registry {
        own.registry = promsight_model::Registry::Unknown;
    }
    // A call that raises for one of the two is right for the other.
    own.invalid.retain(|invalid| usage.invalid.contains(invalid));
    for (own, other) in own.label_values.iter_mut().zip(usage.label_values) {
        own.is_complete &= other.is_complete;
        own.values.extend(other.values);
        own.values.sort();
        own.values.dedup_by(|left, right| left.value == right.value);
    }
}

impl Machine<'_> {
    /// Sorts the uses by metric, and finds the metrics that calls may mean that were not followed.
    pub(super) fn summarise_uses(&self, mentions: Mentions<'_>, holders: &Holders) -> Summary<'_> {
        let mut uses: Vec<Vec<&Use>> = vec![Vec::new(); self.records.len()];
        let mut followed: BTreeSet<Span> = BTreeSet::new();
        // What a library does inside is no update of the tree.
        for one in self
            .uses
            .all
            .iter()
            .filter(|one| !Description::holds(one.span.file))
        {
            uses[one.record.index()].push(one);
            if one.kind == UpdateKind::Child {
                followed.insert(one.span);
            }
        }
        for of_record in &mut uses {
            of_record.sort_by(|left, right| (left.span, &left.method).cmp(&(right.span, &right.method)));
        }
        let missed_calls: BTreeSet<Span> = mentions
            .into_calls()
            .into_iter()
            .filter(|call| is_labels_call(call) && !followed.contains(&call.span))
            .map(|call| call.span)
            .collect();
        let missed = self.possibly_meant(&missed_calls, holders);
        let values = self.spelled_values(&uses, holders);
        Summary { uses, missed, values }
    }

    /// The gauges of which every value is spelled out, and every piece of code that names one was seen to use it.
    fn spelled_values(&self, uses: &[Vec<&Use>], holders: &Holders) -> BTreeMap<RecordId, Vec<Number>> {
        let mut values: BTreeMap<RecordId, Vec<Number>> = BTreeMap::new();
        for (at, (record, uses)) in self.records.iter().zip(uses).enumerate() {
            if let Some(all) = self.spelled_in(record, uses) {
                values.insert(RecordId(u32::try_from(at).unwrap_or(u32::MAX)), all);
            }
        }
        let held: BTreeSet<RecordId> = holders.values().flatten().copied().collect();
        values.retain(|record, _| held.contains(record));
        if values.is_empty() {
            return values;
        }
        let names: Vec<(&str, &BTreeSet<RecordId>)> = holders
            .iter()
            .filter(|(_, records)| records.iter().any(|record| values.contains_key(record)))
            .map(|(name, records)| (&**name, records))
            .collect();
        let followed: BTreeSet<Span> = self.uses.all.iter().map(|one| one.span).collect();
        let mut open: BTreeSet<RecordId> = BTreeSet::new();
        for source in self.tree_sources().filter(|source| !source.module.test_code) {
            for unit in units(&source.module.body) {
                let mut mentions = Mentions::default();
                mentions.block(std::slice::from_ref(unit));
                let meant: BTreeSet<RecordId> = names
                    .iter()
                    .filter(|(name, _)| mentions.contains(name))
                    .flat_map(|(_, records)| records.iter().copied())
                    .filter(|record| values.contains_key(record))
                    .collect();
                let calls = mentions.into_calls();
                let written = || calls.iter().copied().filter_map(value_call);
                let is_all = written().all(|span| followed.contains(&span));
                if !is_all && calls.iter().any(|call| looks_up(call)) {
                    // A name that is made at run time can be that of any gauge.
                    return BTreeMap::new();
                }
                for record in meant {
                    let seen = &uses[record.index()];
                    let is_declared_here = unit.span.contains(self.records[record.index()].constructor);
                    let is_used_here = seen.iter().any(|one| unit.span.contains(one.span));
                    if !(is_used_here || is_declared_here) || !is_all {
                        open.insert(record);
                    }
                }
            }
        }
        values.retain(|record, _| !open.contains(record));
        values
    }

    /// Every value of one gauge, as far as its uses go.
    fn spelled_in(&self, record: &Record, uses: &[&Use]) -> Option<Vec<Number>> {
        let is_plain = record.metric_type == MetricType::Gauge
            && record.signature == Signature::Instrument
            && is_client(&record.path)
            && record.labels_known
            && record.described.is_none()
            && !record.is_summed
            && !record.escaped;
        if !is_plain {
            return None;
        }
        let mut values: Vec<f64> = Vec::new();
        let mut begins_with_zero = record.labels.is_empty();
        for one in uses {
            match (one.kind, one.method.as_str()) {
                (UpdateKind::Value, "set") => values.extend(one.spelled.as_ref()?),
                (UpdateKind::Value, _) => return None,
                // A child that is not set where it is made is zero until it is.
                (UpdateKind::Child, _) => begins_with_zero |= !self.uses.chained.contains(&one.span),
                (UpdateKind::Removal, _) => {}
            }
        }
        let is_set_at_once = record.labels.is_empty()
            && uses
                .iter()
                .any(|one| one.is_certain && one.span.file == record.constructor.file);
        if values.is_empty() {
            return None;
        }
        if begins_with_zero && !is_set_at_once {
            values.push(0.0);
        }
        values.sort_by(f64::total_cmp);
        values.dedup();
        values.into_iter().map(Number::new).collect()
    }

    /// The metrics that are named in the functions in which those calls stand.
    fn possibly_meant(&self, calls: &BTreeSet<Span>, holders: &Holders) -> BTreeSet<RecordId> {
        let mut meant = BTreeSet::new();
        let sources = self.tree_sources().filter(|source| !source.module.test_code);
        for source in sources {
            let has_call = calls.iter().any(|span| span.file == source.file);
            if !has_call {
                continue;
            }
            for unit in units(&source.module.body) {
                if !calls.iter().any(|call| unit.span.contains(*call)) {
                    continue;
                }
                let mut mentions = Mentions::default();
                mentions.block(std::slice::from_ref(unit));
                for (name, records) in holders {
                    if mentions.contains(name) {
                        meant.extend(records.iter().copied());
                    }
                }
            }
        }
        meant
    }

    /// What is known of the use of one metric.
    pub(super) fn usage_of(&self, at: usize, record: &Record, summary: &Summary<'_>) -> Usage {
        let uses = summary.uses.get(at).map_or(&[][..], Vec::as_slice);
        let id = RecordId(u32::try_from(at).unwrap_or(u32::MAX));
        let is_cut = |span: Span| {
            let cut = &self.uses.cut_modules;
            cut.iter()
                .any(|module| self.sources[*module as usize].file == span.file)
        };
        let is_followed = !record.escaped && record.described.is_none() && !summary.missed.contains(&id);
        let texts = [&record.name, &record.namespace, &record.subsystem, &record.unit];
        let variables = texts
            .iter()
            .filter_map(|text| text.variable.or_else(|| text.hole.and_then(|hole| hole.variable)));
        let configured_by: BTreeSet<String> = variables
            .map(|variable| self.symbols.name(variable).to_string())
            .collect();
        let mut updates: Vec<Update> = uses
            .iter()
            .map(|one| Update {
                span: one.span,
                method: one.method.clone(),
                kind: one.kind,
            })
            .collect();
        updates.sort();
        updates.dedup();
        Usage {
            registry: self.final_registry(record),
            configured_by: configured_by.into_iter().collect(),
            updates,
            is_followed,
            label_values: self.label_values(record, uses, &|one| is_followed && !is_cut(one.span)),
            values: summary.values.get(&id).filter(|_| is_followed).cloned(),
            is_initialised: uses.iter().any(|one| self.initialises(one)),
            invalid: self.invalid_updates(record, uses),
        }
    }

    /// Whether a child is made before anything happens to it.
    fn initialises(&self, one: &Use) -> bool {
        let key = (one.record, one.span);
        one.kind == UpdateKind::Child
            && (self.uses.discarded.contains(&key)
                || (one.is_at_start && !self.uses.chained.contains(&one.span))
                || self.is_zeroed(one))
    }

    /// Whether the child gets the value zero where it is made.
    fn is_zeroed(&self, one: &Use) -> bool {
        self.uses.zeroed.contains(&one.span)
    }

    fn label_values(
        &self,
        record: &Record,
        uses: &[&Use],
        is_whole: &dyn Fn(&Use) -> bool,
    ) -> Vec<LabelValues> {
        if !record.labels_known || record.signature != Signature::Instrument || record.described.is_some() {
            return Vec::new();
        }
        let children: Vec<&Use> = uses
            .iter()
            .copied()
            .filter(|one| one.method == "labels" && one.receiver == Receiver::Family)
            // What raises gives no value.
            .filter(|one| fault_of(record, one).is_none())
            .collect();
        // A timer of the metric itself may be given its labels later.
        let has_timer = uses
            .iter()
            .any(|one| one.method == "time" && one.receiver == Receiver::Family);
        let labels = record.labels.iter().enumerate();
        labels
            .map(|(at, label)| {
                let mut all = Given::default();
                let mut is_complete = !children.is_empty() && !has_timer;
                for one in &children {
                    let given = one
                        .shape
                        .positional
                        .get(at)
                        .or_else(|| one.shape.keywords.get(label));
                    match given {
                        Some(given) => {
                            all.texts
                                .extend(given.texts.iter().map(|(text, span)| (text.clone(), *span)));
                            is_complete &= !self.may_be_more(given);
                        }
                        None => is_complete = false,
                    }
                    is_complete &= !one.shape.is_open && is_whole(one) && self.is_all_of(one);
                }
                LabelValues {
                    label: label.clone(),
                    values: all
                        .texts
                        .into_iter()
                        .map(|(value, span)| LabelValue { value, span })
                        .collect(),
                    is_complete,
                }
            })
            .collect()
    }

    /// Whether an argument can be something else than the texts that are known.
    fn may_be_more(&self, given: &Given) -> bool {
        let has_callers = |root: &Span| self.called.contains(root) && !self.escaped.contains(root);
        given.is_open || !given.roots.iter().all(has_callers)
    }

    /// Whether the evaluations of a call were all that there can be: no run of a function on the way was left out,
    /// and code outside the tree calls none that carries an argument.
    fn is_all_of(&self, one: &Use) -> bool {
        one.frames.iter().all(|frame| !self.uses.left_out.contains(frame))
            && one.carriers.iter().all(|carrier| !self.escaped.contains(carrier))
    }

    fn invalid_updates(&self, record: &Record, uses: &[&Use]) -> Vec<InvalidUpdate> {
        let is_judged = record.labels_known
            && record.signature == Signature::Instrument
            && is_client(&record.path)
            && record.dead.is_none()
            && !record.in_test;
        if !is_judged {
            return Vec::new();
        }
        let faulty = uses.iter().filter_map(|one| {
            let fault = fault_of(record, one)?;
            // A timer that is kept can be given its labels later (`with m.time() as timer: timer.labels(…)`).
            if fault == Fault::Parent && one.method == "time" && !self.uses.unbound.contains(&one.span) {
                return None;
            }
            let is_sure = one.is_sure
                && !one.is_fallback
                && !self.means_another(one)
                && (!one.may_be_guarded || !has_alternative(one, uses));
            is_sure.then(|| InvalidUpdate {
                span: one.span,
                method: one.method.clone(),
                fault,
            })
        });
        let mut invalid: Vec<InvalidUpdate> = faulty.collect();
        invalid.sort();
        invalid.dedup();
        invalid
    }

    /// Whether the same call was seen to be one of another metric.
    fn means_another(&self, one: &Use) -> bool {
        self.uses.shared.contains(&one.span)
    }
}

/// Whether the function also does something else with the metric, so that a condition may choose between the two.
fn has_alternative(one: &Use, uses: &[&Use]) -> bool {
    uses.iter().any(|other| {
        other.function == one.function && other.span != one.span && !one.span.contains(other.span)
    })
}

/// Why the client raises, if it does.
fn fault_of(record: &Record, one: &Use) -> Option<Fault> {
    let shape = &one.shape;
    let is_known = !shape.is_open && !shape.is_spread && !shape.varies;
    if one.kind == UpdateKind::Value {
        if !has_method(record.metric_type, &one.method) {
            return Some(Fault::Method);
        }
        if one.receiver == Receiver::Family && !record.labels.is_empty() {
            return Some(Fault::Parent);
        }
        if one.method == "inc" && record.metric_type == MetricType::Counter && shape.is_negative {
            return Some(Fault::Negative);
        }
        return undeclared_state(record, one).map(Fault::State);
    }
    if one.receiver == Receiver::Child {
        return (one.method == "labels").then_some(Fault::Relabelled);
    }
    if !is_known || !matches!(one.method.as_str(), "labels" | "remove") {
        return None;
    }
    if record.labels.is_empty() {
        return Some(Fault::NoLabels);
    }
    let given = shape.positional.len();
    if shape.keywords.is_empty() {
        let declared = record.labels.len();
        return (given != declared).then_some(Fault::LabelCount { given, declared });
    }
    if one.method != "labels" {
        return None;
    }
    if given > 0 {
        return Some(Fault::MixedLabels);
    }
    let unknown: Vec<String> = shape
        .keywords
        .keys()
        .filter(|name| !record.labels.contains(name))
        .cloned()
        .collect();
    let mut missing: Vec<String> = record
        .labels
        .iter()
        .filter(|label| !shape.keywords.contains_key(*label))
        .cloned()
        .collect();
    missing.sort();
    (!unknown.is_empty() || !missing.is_empty()).then_some(Fault::LabelNames { unknown, missing })
}

/// The state that is set and not declared, where it is the only one that can be set there.
fn undeclared_state(record: &Record, one: &Use) -> Option<String> {
    let states = record.states.as_ref()?;
    let given = one
        .shape
        .positional
        .first()
        .or_else(|| one.shape.keywords.get("state"))?;
    let is_known = one.method == "state"
        && !given.is_open
        && given.roots.is_empty()
        && !one.shape.is_open
        && !one.shape.is_spread;
    let all_unknown = given.texts.keys().all(|state| !states.contains(state));
    let first = given.texts.keys().next()?;
    (is_known && all_unknown).then(|| first.clone())
}

/// The place of a call that may give a metric a value.
fn value_call(call: &Expr) -> Option<Span> {
    let ExprKind::Call(inner) = &call.kind else {
        return None;
    };
    let ExprKind::Attribute(_, method) = &inner.func.kind else {
        return None;
    };
    (super::uses::kind_of(method) == Some(UpdateKind::Value)).then_some(call.span)
}

/// Whether a call gives an object for a name that is made at run time.
fn looks_up(call: &Expr) -> bool {
    let ExprKind::Call(inner) = &call.kind else {
        return false;
    };
    match (&inner.func.kind, inner.args.get(1).map(|name| &name.kind)) {
        (ExprKind::Name(name), Some(ExprKind::Str(_))) if name == "getattr" => false,
        (ExprKind::Name(name), _) => matches!(name.as_str(), "getattr" | "vars" | "globals" | "locals"),
        _ => false,
    }
}

fn is_labels_call(expression: &Expr) -> bool {
    matches!(&expression.kind, ExprKind::Call(call)
        if matches!(&call.func.kind, ExprKind::Attribute(_, method) if method == "labels"))
}

/// A module's statements, with classes opened: what stands in one function belongs together.
fn units(body: &[Stmt]) -> Vec<&Stmt> {
    let mut all = Vec::new();
    for statement in body {
        match &statement.kind {
            StmtKind::Class(class) => all.extend(&class.body),
            _ => all.push(statement),
        }
    }
    all
}
