//! What the client's own methods and attributes do and hold.

use promsight_model::Span;

use super::library::Signature;
use super::machine::Machine;
use super::uses::Receiver;
use super::value::{Arguments, Atom, Reason, RecordId, Text, Value};

/// Methods that give a metric a value or a child.
const UPDATES: &[&str] = &[
    "inc",
    "dec",
    "set",
    "observe",
    "info",
    "state",
    "set_function",
    "set_to_current_time",
    "time",
    "count_exceptions",
    "track_inprogress",
    "labels",
    "reset",
    "add_metric",
    "add_sample",
];

impl Machine<'_> {
    /// A method of a metric.
    pub(super) fn metric_method(
        &mut self,
        id: RecordId,
        receiver: Receiver,
        method: &str,
        arguments: &Arguments,
        span: Option<Span>,
    ) -> Value {
        self.extend_allotment();
        if UPDATES.contains(&method) {
            self.mark_updated(id);
        }
        if let Some(span) = span {
            self.note_use(id, receiver, method, arguments, span);
        }
        match method {
            "labels" => return Atom::Child(id).into(),
            "add_sample" => self.add_sample_labels(id, arguments),
            // `@m.time()` and `with m.time()`: what is decorated stays what it is.
            "time" | "count_exceptions" | "track_inprogress" => return Value::external("functools.cache"),
            _ => {}
        }
        self.escape_all(arguments);
        Value::none()
    }

    /// The labels of a sample that a custom collector adds to a bare `Metric`.
    fn add_sample_labels(&mut self, id: RecordId, arguments: &Arguments) {
        let Some(labels) = self.argument(arguments, 1, "labels") else {
            return;
        };
        let Some(Atom::Container(container)) = labels.single() else {
            return;
        };
        let keys = self.heap.container(*container).items.clone();
        let open = self.heap.container(*container).more.is_some();
        let record = &mut self.records[id.index()];
        if record.signature != Signature::Metric {
            return;
        }
        record.labels_known = !open;
        for key in keys {
            match key.exact_text() {
                Some(key) if !record.labels.iter().any(|known| known == key) => {
                    record.labels.push(key.to_owned());
                }
                Some(_) => {}
                None => record.labels_known = false,
            }
        }
    }

    pub(super) fn mark_updated(&mut self, id: RecordId) {
        let record = &mut self.records[id.index()];
        if self.dead.is_none() && (!self.in_test || record.in_test) {
            record.updated = true;
        }
    }

    /// What the client keeps on its metrics.
    pub(super) fn metric_attribute(&mut self, id: RecordId, name: &str) -> Value {
        let record = &self.records[id.index()];
        match name {
            "_name" | "name" => record.name.clone().into(),
            "_documentation" | "documentation" => match &record.help {
                Some(help) => Text::exact(help).into(),
                None => Value::unknown(Reason::Attribute),
            },
            "_type" => Text::exact(record.metric_type.word()).into(),
            "_labelnames" if record.labels_known => {
                let items = record
                    .labels
                    .iter()
                    .map(|label| Text::exact(label).into())
                    .collect();
                self.heap.new_container(super::heap::ContainerKind::Tuple, items)
            }
            _ => Value::unknown(Reason::Attribute),
        }
    }
}
