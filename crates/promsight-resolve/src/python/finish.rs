//! From records to the inventory: which of them count, what they expose, and what stays unknown.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{
    Description, Emitter, FileId, Gap, GapKind, Liveness, MetricType, Name, Origin, Reach, Span, Usage,
    Wrapping,
};

use super::library::{OWN, Signature};
use super::machine::Machine;
use super::mentions::Mentions;
use super::record::{Bounds, Record};
use super::usage::{self, Holders};
use super::value::{Atom, FunctionId, RecordId, Symbol, Value};
use super::{Inventory, SourceModule, Wanted};
use crate::exposure::{self, Declaration};

/// How a record is reported.
enum Outcome {
    Emitter,
    /// As a gap of that reach alone.
    Gap(Reach),
    Nothing,
}

impl Machine<'_> {
    /// The inventory of what was run.
    pub(super) fn finish(self) -> Inventory {
        let tests: BTreeMap<FileId, bool> = self
            .tree_sources()
            .map(|source| (source.file, source.module.test_code))
            .collect();
        // Constructors of which at least one call is understood.
        let settled: BTreeSet<Span> = self
            .records
            .iter()
            .filter(|record| record.roots.is_empty() || full_name(record).exact().is_some())
            .map(|record| record.constructor)
            .collect();
        let mut mentions = Mentions::default();
        for source in self.tree_sources().filter(|source| !source.module.test_code) {
            mentions.block(&source.module.body);
        }
        let holders = self.holders();
        let unused = self.unused_records(&mentions, &holders);
        let summary = self.summarise_uses(mentions, &holders);
        let mut inventory = Inventory::default();
        for (at, (record, unused)) in self.records.iter().zip(unused).enumerate() {
            match self.outcome(record, &settled) {
                Outcome::Emitter => {
                    let usage = self.usage_of(at, record, &summary);
                    self.report(record, unused, usage, &tests, &mut inventory);
                }
                Outcome::Gap(reach) => inventory.gaps.push(Gap {
                    kind: GapKind::UnresolvedName,
                    message: "the metric's name is a parameter of a function that nothing in the tree calls"
                        .to_owned(),
                    span: self.place_of(record),
                    reach,
                }),
                Outcome::Nothing => {}
            }
        }
        for module in &self.exhausted {
            let source = &self.sources[*module as usize];
            inventory.gaps.push(Gap {
                kind: GapKind::UnresolvedName,
                message: "evaluating the module took too many steps and was cut short".to_owned(),
                span: Span::new(source.file, 0..0),
                reach: Reach::Anything,
            });
        }
        self.report_written(&tests, &mut inventory);
        inventory.emitters.extend(self.built_in_emitters());
        // A description stands in no file of the tree, and what nothing of the tree led to is nobody's metric.
        inventory
            .emitters
            .retain(|emitter| !Description::holds(emitter.span.file));
        inventory.gaps.retain(|gap| !Description::holds(gap.span.file));
        inventory.wanted = self.wanted();
        inventory.emitters.sort_by(|left, right| {
            (left.span, &left.name, left.metric_type, &left.labels).cmp(&(
                right.span,
                &right.name,
                right.metric_type,
                &right.labels,
            ))
        });
        inventory.emitters.dedup_by(|left, right| {
            let is_same = left.span == right.span
                && left.name == right.name
                && left.metric_type == right.metric_type
                && left.origin == right.origin;
            if is_same {
                usage::absorb(right, left);
            }
            is_same
        });
        inventory.conflicts = self.conflicts(&inventory.emitters);
        inventory
            .gaps
            .sort_by(|left, right| (left.span, &left.message).cmp(&(right.span, &right.message)));
        inventory.gaps.dedup();
        inventory
    }

    pub(super) fn tree_sources(&self) -> impl Iterator<Item = &SourceModule<'_>> {
        self.sources[..self.tree].iter()
    }

    fn is_called(&self, root: FunctionId) -> bool {
        self.called.contains(&self.function_key(root))
    }

    fn outcome(&self, record: &Record, settled: &BTreeSet<Span>) -> Outcome {
        if record.roots.is_empty() {
            return Outcome::Emitter;
        }
        let name = full_name(record);
        let is_called = record.roots.iter().any(|root| self.is_called(*root));
        if is_called && settled.contains(&record.constructor) && name.exact().is_none() {
            return Outcome::Nothing;
        }
        if name.exact().is_some() {
            return Outcome::Emitter;
        }
        let escapes = record
            .roots
            .iter()
            .any(|root| self.escaped.contains(&self.function_key(*root)));
        match name {
            _ if escapes => Outcome::Emitter,
            Name::Pattern(pattern) if pattern.known_len() > 3 => Outcome::Gap(Reach::Pattern(pattern)),
            _ => Outcome::Nothing,
        }
    }

    fn report(
        &self,
        record: &Record,
        unused: bool,
        usage: Usage,
        tests: &BTreeMap<FileId, bool>,
        inventory: &mut Inventory,
    ) {
        let span = self.place_of(record);
        let written_name = record.name.name();
        let (name, series, refused) = self.exposed(record);
        let is_test = record.in_test || tests.get(&span.file) == Some(&true);
        let liveness = match (record.dead, refused, is_test) {
            (_, _, true) => Liveness::TestOnly,
            (Some(reason), ..) => Liveness::Dead(reason.to_owned()),
            (None, Some(reason), _) => Liveness::Dead(reason.to_owned()),
            (None, None, false) => Liveness::Live,
        };
        let hole = [&record.name, &record.namespace, &record.subsystem, &record.unit]
            .iter()
            .find_map(|text| text.hole);
        let unresolved_reason = hole.map(|hole| hole.reason.clause().to_owned());
        if name == Name::Unresolved {
            inventory.gaps.push(Gap {
                kind: GapKind::UnresolvedName,
                message: format!(
                    "the name of this metric is not known: {}",
                    unresolved_reason
                        .as_deref()
                        .unwrap_or("it is computed at run time")
                ),
                span,
                reach: Reach::Anything,
            });
        }
        let buckets = match &record.buckets {
            Bounds::Known(bounds) => Some(exposure::bounds(bounds)),
            Bounds::Default => Some(exposure::default_bounds()),
            Bounds::Unknown => None,
        };
        let package = record.path.rsplit_once('.').map_or("", |(package, _)| package);
        let origin = match &record.described {
            Some((library, _)) if package == OWN => Origin::Framework(library.to_string()),
            Some((library, _)) => Origin::Instrument(library.to_string()),
            None => Origin::Instrument(package.split('.').next().unwrap_or_default().to_owned()),
        };
        let led_here = record.described.as_ref().map(|(_, place)| *place);
        let is_wrapped = record.name.site.is_some() && led_here != Some(span);
        let updated = match (record.updated, record.escaped) {
            (true, _) => Some(true),
            _ if package == OWN => Some(true),
            _ if led_here.is_some() => None,
            (false, false) if unused => Some(false),
            (false, _) => None,
        };
        inventory.emitters.push(Emitter {
            name,
            written_name,
            metric_type: record.metric_type,
            series,
            labels: record.labels.clone(),
            labels_known: record.labels_known,
            unit: record
                .unit
                .as_exact()
                .filter(|unit| !unit.is_empty())
                .map(str::to_owned),
            help: record.help.clone(),
            buckets: if record.metric_type == MetricType::Histogram {
                buckets
            } else {
                None
            },
            states: record.states.clone(),
            origin,
            liveness,
            updated,
            wrapping: if is_wrapped {
                Wrapping::Wrapper
            } else {
                Wrapping::Direct
            },
            span,
            name_span: record.name.literal.filter(|span| !Description::holds(span.file)),
            unresolved_reason,
            usage,
        });
    }

    /// For each record whether no code reads what holds it: neither a variable nor an attribute, nor the collection
    /// that it is in.
    fn unused_records(&self, mentions: &Mentions<'_>, holders: &Holders) -> Vec<bool> {
        let mut is_held = vec![false; self.records.len()];
        let mut is_read = vec![false; self.records.len()];
        for (name, held) in holders {
            let read = mentions.contains(name);
            for record in held {
                is_held[record.index()] = true;
                is_read[record.index()] |= read;
            }
        }
        let records = self.records.iter().enumerate();
        records
            .map(|(at, record)| !is_read[at] && (is_held[at] || record.discarded))
            .collect()
    }

    /// The names of variables and attributes that hold metrics, also in collections and objects.
    fn holders(&self) -> Holders {
        let mut holders = Holders::new();
        let namespaces = self
            .modules
            .iter()
            .map(|module| module.namespace)
            .chain(self.heap.classes.iter().map(|class| class.namespace))
            .chain(self.heap.instances.iter().map(|instance| instance.namespace));
        for namespace in namespaces {
            for (name, value) in self.heap.namespace(namespace).entries() {
                let mut held = Vec::new();
                self.metrics_in(value, 2, &mut held);
                if !held.is_empty() {
                    holders.entry(self.symbols.name(*name)).or_default().extend(held);
                }
            }
        }
        holders
    }

    fn metrics_in(&self, value: &Value, depth: usize, into: &mut Vec<RecordId>) {
        for atom in value.atoms() {
            match atom {
                Atom::Metric(id) | Atom::Child(id) => into.push(*id),
                Atom::Container(id) if depth > 0 => {
                    let container = self.heap.container(*id);
                    for item in container
                        .items
                        .iter()
                        .chain(&container.values)
                        .chain(&container.more)
                    {
                        self.metrics_in(item, depth - 1, into);
                    }
                }
                Atom::Instance(id) => {
                    if let Some(metric) = &self.heap.instance(*id).metric
                        && depth > 0
                    {
                        self.metrics_in(metric, depth - 1, into);
                    }
                }
                _ => {}
            }
        }
    }

    /// The family, its series, and why the library refuses it where it does.
    fn exposed(&self, record: &Record) -> (Name, Vec<Name>, Option<&'static str>) {
        if record.signature == Signature::Exposed {
            let name = record.name.name();
            let series = record
                .suffixes
                .iter()
                .map(|suffix| name.with_suffix(suffix))
                .collect();
            return (name, series, None);
        }
        if record.signature != Signature::Instrument {
            let exposed = exposure::family_series_with_unit(
                record.metric_type,
                &record.name.name(),
                &record.unit.name(),
            );
            return (exposed.family, exposed.series, None);
        }
        let declaration = Declaration {
            metric_type: record.metric_type,
            name: record.name.name(),
            namespace: record.namespace.name(),
            subsystem: record.subsystem.name(),
            unit: record.unit.name(),
        };
        match exposure::exposed(&declaration) {
            Some(exposed) => (exposed.family, exposed.series, None),
            None => (
                full_name(record),
                Vec::new(),
                Some("the library refuses its name"),
            ),
        }
    }

    fn wanted(&self) -> Wanted {
        let mut identifiers: BTreeSet<String> = self.makers.iter().map(|name| name.to_string()).collect();
        for module in &self.modules[..self.tree] {
            let entries = self.heap.namespace(module.namespace).entries();
            identifiers.extend(
                entries
                    .filter(|(_, value)| self.is_of_interest(value))
                    .map(|(name, _)| self.word(*name)),
            );
        }
        for instance in &self.heap.instances {
            if Description::holds(self.heap.class(instance.class).name_span.file) {
                continue;
            }
            let entries = self.heap.namespace(instance.namespace).entries();
            identifiers.extend(
                entries
                    .filter(|(_, value)| self.is_of_interest(value))
                    .map(|(name, _)| self.word(*name)),
            );
        }
        identifiers.retain(|name| name.len() > 2);
        Wanted {
            modules: self.missing.iter().cloned().collect(),
            identifiers: identifiers.into_iter().collect(),
        }
    }

    /// Whether a value is a metric, or an object of a library that makes some.
    fn is_of_interest(&self, value: &Value) -> bool {
        value.atoms().iter().any(|atom| match atom {
            Atom::Metric(_) => true,
            Atom::Instance(id) => self.is_of_library(self.heap.instance(*id).class),
            _ => false,
        })
    }

    fn word(&self, symbol: Symbol) -> String {
        self.symbols.name(symbol).to_string()
    }
}

/// The full name as written, whatever the library makes of it.
fn full_name(record: &Record) -> Name {
    let mut full = super::value::Text::exact("");
    let separator = super::value::Text::exact("_");
    for part in [&record.namespace, &record.subsystem] {
        if part.as_exact() != Some("") {
            full = full.concat(part).concat(&separator);
        }
    }
    full.concat(&record.name).name()
}
