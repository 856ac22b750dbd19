//! Metrics as they are declared: from a constructor's arguments to a record, and what happens to it afterwards.

use std::rc::Rc;

use promsight_model::{Description, MetricType, Registry, Span};

use super::library::{Constructor, Signature};
use super::machine::Machine;
use super::value::{Arguments, Atom, FunctionId, Reason, RecordId, Text, Unknown, Value};

/// What is known of a histogram's bounds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Bounds {
    Default,
    Known(Vec<f64>),
    Unknown,
}

/// One declared metric.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// The class, by dotted path.
    pub(super) path: Rc<str>,
    pub(super) metric_type: MetricType,
    pub(super) signature: Signature,
    /// The constructor call.
    pub(super) constructor: Span,
    /// The name and what is put around it.
    pub(super) name: Text,
    pub(super) namespace: Text,
    pub(super) subsystem: Text,
    pub(super) unit: Text,
    pub(super) labels: Vec<String>,
    pub(super) labels_known: bool,
    pub(super) help: Option<String>,
    pub(super) buckets: Bounds,
    pub(super) states: Option<Vec<String>>,
    /// Functions of whose unknown parameters something of this is made.
    pub(super) roots: Vec<FunctionId>,
    pub(super) in_test: bool,
    pub(super) dead: Option<&'static str>,
    pub(super) updated: bool,
    pub(super) escaped: bool,
    /// Whether the constructor's value was thrown away where it was made.
    pub(super) discarded: bool,
    pub(super) registry: Registry,
    /// The class, by the place of its name, in whose method a custom collector makes it.
    pub(super) collector: Option<Span>,
    /// Whether the values of several processes may be added to one (`multiprocess_mode`).
    pub(super) is_summed: bool,
    /// What a family's samples end in, where no rule of the client says so.
    pub(super) suffixes: Vec<String>,
    /// The package whose description declares it, and the call of the tree that led there.
    pub(super) described: Option<(Rc<str>, Span)>,
}

/// What makes two declarations the same: place of the call that names it, of the constructor, and the name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    place: Span,
    constructor: Span,
    name: Vec<Rc<str>>,
    around: Vec<Rc<str>>,
    metric_type: MetricType,
}

/// Labels as far as they are known.
struct Labels {
    names: Vec<String>,
    is_known: bool,
}

impl<'a> Machine<'a> {
    /// A constructor call: one metric for each name that it can have.
    pub(super) fn declare(&mut self, constructor: &Constructor, arguments: &Arguments, span: Span) -> Value {
        self.extend_allotment();
        self.reached.insert(span);
        self.declarations += 1;
        if let Some(reached) = &mut self.rehearsal {
            *reached += 1;
            return Value::unknown(Reason::Call);
        }
        let Some(names) = self.names_of(arguments) else {
            return Value::unknown(Reason::Call);
        };
        let template = self.template(constructor, arguments, span);
        let Some(template) = template else {
            return Value::unknown(Reason::Call);
        };
        self.note_makers();
        self.note_wrappers(&names);
        let mut made = Vec::new();
        for name in names {
            for around in self.around(constructor, arguments) {
                let [namespace, subsystem, unit] = around;
                let mut record = Record {
                    name: name.clone(),
                    namespace,
                    subsystem,
                    unit,
                    ..template.clone()
                };
                let holes = [&record.name, &record.namespace, &record.subsystem, &record.unit];
                let roots: Vec<FunctionId> = holes
                    .iter()
                    .filter_map(|text| text.hole.and_then(|hole| hole.root))
                    .collect();
                for root in roots {
                    if !record.roots.contains(&root) && !Description::holds(self.function_key(root).file) {
                        record.roots.push(root);
                    }
                }
                made.push(Atom::Metric(self.keep(record)));
            }
        }
        Value::any(made)
    }

    pub(super) fn argument(
        &mut self,
        arguments: &Arguments,
        position: usize,
        keyword: &str,
    ) -> Option<Value> {
        let symbol = self.symbols.intern(keyword);
        let given = arguments.get(position, Some(symbol)).cloned();
        given.or_else(|| {
            let open = if position < usize::MAX {
                arguments.more_positional.clone()
            } else {
                None
            };
            open.or_else(|| arguments.more_keywords.clone())
        })
    }

    /// What the name can be; `None` where the call gives none at all.
    pub(super) fn names_of(&mut self, arguments: &Arguments) -> Option<Vec<Text>> {
        let value = self.argument(arguments, 0, "name")?;
        let mut texts: Vec<Text> = Vec::new();
        for atom in value.atoms() {
            match atom {
                Atom::Text(_) | Atom::Instance(_) => texts.extend(self.texts(&atom.clone().into())),
                Atom::Unknown(unknown) => texts.push(Text::unknown(*unknown)),
                _ => {}
            }
        }
        if texts.is_empty() {
            texts.push(Text::unknown(Unknown::new(Reason::Expression)));
        }
        // A known name is one of those that the unknown one stands for.
        let exact: Vec<String> = texts
            .iter()
            .filter_map(|text| text.as_exact().map(str::to_owned))
            .collect();
        texts
            .retain(|text| text.as_exact().is_some() || !exact.iter().any(|exact| text.name().admits(exact)));
        let mut unique: Vec<Text> = Vec::new();
        for text in texts {
            if !unique
                .iter()
                .any(|known| known.pieces == text.pieces && known.site == text.site)
            {
                unique.push(text);
            }
        }
        Some(unique)
    }

    /// Namespace, subsystem and unit in all their combinations.
    fn around(&mut self, constructor: &Constructor, arguments: &Arguments) -> Vec<[Text; 3]> {
        let positions = match constructor.signature {
            Signature::Instrument => [Some(3), Some(4), Some(5)],
            Signature::Family { unit, .. } => [None, None, unit],
            Signature::Metric => [None, None, Some(3)],
            Signature::Exposed => [None, None, None],
        };
        let keywords = ["namespace", "subsystem", "unit"];
        let mut all: Vec<[Text; 3]> = vec![[Text::exact(""), Text::exact(""), Text::exact("")]];
        for (at, (position, keyword)) in positions.into_iter().zip(keywords).enumerate() {
            let Some(position) = position else { continue };
            let Some(value) = self.argument(arguments, position, keyword) else {
                continue;
            };
            let open = arguments.more_keywords.is_some() || arguments.more_positional.is_some();
            let symbol = self.symbols.intern(keyword);
            let is_given = arguments.get(position, Some(symbol)).is_some();
            if open && !is_given {
                // `**kwargs` of unknown content rarely carries what the call itself leaves out.
                continue;
            }
            let value = Value::any(
                value
                    .atoms()
                    .iter()
                    .filter(|atom| **atom != Atom::None)
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            if value.is_nothing() {
                continue;
            }
            let texts = self.texts(&value);
            let mut exact: Vec<Text> = texts
                .iter()
                .filter(|text| text.as_exact().is_some())
                .cloned()
                .collect();
            if exact.is_empty() {
                exact = texts;
            }
            exact.truncate(16);
            all = exact
                .iter()
                .flat_map(|text| {
                    all.iter().map(move |known| {
                        let mut with = known.clone();
                        with[at] = text.clone();
                        with
                    })
                })
                .collect();
        }
        all
    }

    /// Everything but the name.
    fn template(&mut self, constructor: &Constructor, arguments: &Arguments, span: Span) -> Option<Record> {
        let help = self.argument(arguments, 1, "documentation");
        let help = help.as_ref().and_then(Value::exact_text).map(str::to_owned);
        let mut metric_type = constructor.metric_type;
        let labels = match constructor.signature {
            Signature::Instrument => self.argument(arguments, 2, "labelnames"),
            Signature::Family { labels, .. } => self.argument(arguments, labels, "labels"),
            Signature::Metric => {
                let word = self.argument(arguments, 2, "typ");
                metric_type = word
                    .as_ref()
                    .and_then(Value::exact_text)
                    .and_then(MetricType::from_word)
                    .unwrap_or(MetricType::Untyped);
                None
            }
            Signature::Exposed => {
                let word = self.argument(arguments, 3, "typ");
                metric_type = word
                    .as_ref()
                    .and_then(Value::exact_text)
                    .and_then(MetricType::from_word)
                    .unwrap_or(MetricType::Untyped);
                self.argument(arguments, 2, "labelnames")
            }
        };
        let mut roots = Vec::new();
        if let Some(root) = labels
            .as_ref()
            .and_then(Value::first_unknown)
            .and_then(|unknown| unknown.root)
        {
            roots.push(root);
        }
        let labels = match (constructor.signature, labels) {
            (Signature::Metric, _) => Labels {
                names: Vec::new(),
                is_known: false,
            },
            (_, None) => Labels {
                names: Vec::new(),
                is_known: true,
            },
            (_, Some(labels)) => self.label_names(&labels, &mut roots),
        };
        let is_open = constructor.signature == Signature::Exposed
            && self.argument(arguments, 6, "labels_known") == Some(Value::bool(false));
        let suffixes = match constructor.signature {
            Signature::Exposed => self
                .argument(arguments, 4, "suffixes")
                .map(|suffixes| self.label_names(&suffixes, &mut Vec::new()).names),
            _ => None,
        };
        let buckets = match metric_type {
            MetricType::Histogram if constructor.signature == Signature::Instrument => {
                match self.argument(arguments, 8, "buckets") {
                    Some(_)
                        if arguments.more_keywords.is_some() && !self.names_keyword(arguments, "buckets") =>
                    {
                        Bounds::Unknown
                    }
                    Some(buckets) => self.bounds(&buckets),
                    None => Bounds::Default,
                }
            }
            MetricType::Histogram if constructor.signature == Signature::Exposed => {
                match self.argument(arguments, 5, "buckets") {
                    Some(buckets) => self.bounds(&buckets),
                    None => Bounds::Unknown,
                }
            }
            _ => Bounds::Unknown,
        };
        let states = match metric_type {
            MetricType::StateSet if constructor.signature == Signature::Instrument => {
                self.argument(arguments, 8, "states").and_then(|states| {
                    let labels = self.label_names(&states, &mut Vec::new());
                    labels.is_known.then_some(labels.names)
                })
            }
            _ => None,
        };
        let mode = match metric_type {
            MetricType::Gauge if constructor.signature == Signature::Instrument => {
                self.argument(arguments, 8, "multiprocess_mode")
            }
            _ => None,
        };
        let is_summed = mode.is_some_and(|mode| {
            let is_kept = |text: &Text| text.as_exact().is_some_and(|mode| !mode.contains("sum"));
            let texts = self.texts(&mode);
            texts.is_empty() || !texts.iter().all(is_kept)
        });
        let registry = self.registry_of(constructor, arguments);
        let collector = match constructor.signature {
            Signature::Instrument => None,
            Signature::Family { .. } | Signature::Metric | Signature::Exposed => self.collecting_class(),
        };
        let empty = Text::exact("");
        Some(Record {
            path: Rc::from(constructor.path.as_str()),
            metric_type,
            signature: constructor.signature,
            constructor: span,
            name: empty.clone(),
            namespace: empty.clone(),
            subsystem: empty.clone(),
            unit: empty,
            labels: labels.names,
            labels_known: labels.is_known && !is_open,
            help,
            buckets,
            states,
            roots,
            in_test: self.in_test,
            dead: self.dead,
            updated: constructor.signature != Signature::Instrument
                && self.package_of_description().is_none(),
            escaped: false,
            discarded: false,
            registry,
            collector,
            is_summed,
            suffixes: suffixes.unwrap_or_default(),
            described: self.package_of_description().zip(self.place_in_tree()),
        })
    }

    fn names_keyword(&mut self, arguments: &Arguments, keyword: &str) -> bool {
        let symbol = self.symbols.intern(keyword);
        arguments.keywords.iter().any(|(name, _)| *name == symbol)
    }

    fn label_names(&mut self, value: &Value, roots: &mut Vec<FunctionId>) -> Labels {
        let mut names: Vec<String> = Vec::new();
        let mut is_known = true;
        let alternatives: Vec<Atom> = value
            .atoms()
            .iter()
            .filter(|atom| **atom != Atom::None)
            .cloned()
            .collect();
        if alternatives.len() > 1 {
            is_known = false;
        }
        for atom in alternatives {
            let collection: Value = atom.into();
            is_known &= !self.is_optional(&collection);
            let elements = self.elements(&collection);
            for item in &elements.items {
                for text in self.texts(item) {
                    match text.as_exact() {
                        Some(exact) if !names.iter().any(|name| name == exact) => {
                            names.push(exact.to_owned());
                        }
                        Some(_) => {}
                        None => {
                            is_known = false;
                            roots.extend(text.hole.and_then(|hole| hole.root));
                        }
                    }
                }
                is_known &= item.atoms().len() == 1;
            }
            if let Some(more) = elements.more {
                is_known = false;
                roots.extend(more.first_unknown().and_then(|unknown| unknown.root));
                for text in self.texts(&more) {
                    if let Some(exact) = text.as_exact()
                        && !names.iter().any(|name| name == exact)
                    {
                        names.push(exact.to_owned());
                    }
                }
            }
        }
        Labels { names, is_known }
    }

    fn bounds(&mut self, value: &Value) -> Bounds {
        match value.single() {
            Some(Atom::External(path)) if path.ends_with(".DEFAULT_BUCKETS") => return Bounds::Default,
            Some(_) => {}
            None => return Bounds::Unknown,
        }
        let elements = self.elements(value);
        if elements.more.is_some() {
            return Bounds::Unknown;
        }
        let mut bounds = Vec::with_capacity(elements.items.len());
        for item in &elements.items {
            match item.single() {
                Some(Atom::Number(number, _)) => bounds.push(*number),
                Some(Atom::External(path))
                    if matches!(&**path, "math.inf" | "numpy.inf" | "prometheus_client.utils.INF") =>
                {
                    bounds.push(f64::INFINITY);
                }
                Some(Atom::Text(text)) => match text
                    .as_exact()
                    .and_then(|text| text.trim_start_matches('+').parse().ok())
                {
                    Some(number) => bounds.push(number),
                    None => return Bounds::Unknown,
                },
                _ => return Bounds::Unknown,
            }
        }
        if bounds.is_empty() {
            Bounds::Unknown
        } else {
            Bounds::Known(bounds)
        }
    }

    fn keep(&mut self, record: Record) -> RecordId {
        let place = self.place_of(&record);
        let key = Key {
            place,
            constructor: record.constructor,
            name: record.name.pieces.clone(),
            around: [&record.namespace, &record.subsystem, &record.unit]
                .iter()
                .flat_map(|text| text.pieces.iter().cloned())
                .collect(),
            metric_type: record.metric_type,
        };
        if let Some(id) = self.record_keys.get(&key).copied() {
            let known = &mut self.records[id.index()];
            if record.in_test && !known.in_test {
                // What tests make of production code says nothing about production.
                return id;
            }
            known.in_test &= record.in_test;
            if known.dead.is_some() && record.dead.is_none() {
                known.dead = None;
            }
            if known.registry != record.registry {
                known.registry = Registry::Unknown;
            }
            let registry = known.registry;
            let is_better = !known.roots.is_empty() && record.roots.is_empty();
            if is_better || (!known.labels_known && record.labels_known) {
                let (updated, escaped, in_test, dead) =
                    (known.updated, known.escaped, known.in_test, known.dead);
                *known = Record {
                    updated,
                    escaped,
                    in_test,
                    dead,
                    registry,
                    ..record
                };
            } else if known.labels_known && record.labels_known && known.labels != record.labels {
                for label in record.labels {
                    if !known.labels.contains(&label) {
                        known.labels.push(label);
                    }
                }
                known.labels_known = false;
            }
            return id;
        }
        let id = RecordId(u32::try_from(self.records.len()).unwrap_or(u32::MAX));
        self.records.push(record);
        self.record_keys.insert(key, id);
        id
    }

    /// The call that gives the name: the constructor itself, or the call of what wraps it.
    pub(super) fn place_of(&self, record: &Record) -> Span {
        let named = record
            .name
            .site
            .and_then(|site| self.sites.get(site.0 as usize))
            .filter(|span| !Description::holds(span.file))
            .copied();
        let led_here = record.described.as_ref().map(|(_, span)| *span);
        named.or(led_here).unwrap_or(record.constructor)
    }

    /// The functions to which the names were handed.
    fn note_wrappers(&mut self, names: &[Text]) {
        for name in names {
            let Some(site) = name.site else { continue };
            let frame = self.frames.iter().find(|frame| frame.site == Some(site));
            self.wrappers.extend(frame.and_then(|frame| frame.function));
        }
    }

    /// Notes that a metric of that name was come to, other than by a constructor.
    pub(super) fn note_declaration(&mut self, name: &Text) {
        self.declarations += 1;
        self.note_makers();
        self.note_wrappers(std::slice::from_ref(name));
    }

    pub(super) fn note_makers(&mut self) {
        let mut names: Vec<Rc<str>> = Vec::new();
        for frame in self.frames.iter().rev().take(6) {
            let Some(function) = frame.function else { continue };
            let function = self.heap.function(function);
            if self.is_description(function.module) {
                continue;
            }
            if let super::heap::Code::Function(code) = function.code {
                names.push(Rc::from(code.name.as_str()));
            }
            if let Some(owner) = function.owner {
                names.push(Rc::clone(&self.heap.class(owner).name));
            }
        }
        self.makers
            .extend(names.into_iter().filter(|name| !name.starts_with("__")));
    }
}
