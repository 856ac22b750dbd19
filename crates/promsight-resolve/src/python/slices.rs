//! Slices, orders and choices: `a[1:]`, `sorted`, `filter`, `operator.itemgetter`.

use std::cmp::Ordering;
use std::rc::Rc;

use super::heap::{Container, ContainerKind};
use super::machine::Machine;
use super::value::{Arguments, Atom, ContainerId, Digits, Partial, Reason, Text, Value};

/// The path of what `slice(…)` gives; `a[b:c]` is lowered to `a[slice(b, c, None)]`.
const SLICE: &str = "builtins.slice";

/// Start, end and step as written; `None` where the slice leaves them out.
type Bounds = [Option<i64>; 3];

/// The positions that a slice takes of so many elements, as Python counts them.
fn positions(bounds: Bounds, length: usize) -> Vec<usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let [start, end, step] = bounds;
    let step = step.unwrap_or(1);
    if step == 0 {
        return Vec::new();
    }
    let (least, most) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let place = |bound: Option<i64>, absent: i64| match bound {
        None => absent,
        Some(bound) if bound < 0 => (bound + length).clamp(least, most),
        Some(bound) => bound.clamp(least, most),
    };
    let (first, last) = if step > 0 { (least, most) } else { (most, least) };
    let (mut at, end) = (place(start, first), place(end, last));
    let mut taken = Vec::new();
    while (step > 0 && at < end) || (step < 0 && at > end) {
        taken.extend(usize::try_from(at));
        at = at.saturating_add(step);
    }
    taken
}

/// The order of two values as Python sorts them, where that is known.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left.single()?, right.single()?) {
        (Atom::Text(left), Atom::Text(right)) => Some(left.as_exact()?.cmp(right.as_exact()?)),
        (Atom::Number(left, _), Atom::Number(right, _)) => left.partial_cmp(right),
        _ => None,
    }
}

/// Sorts values where all of them can be compared; whether they could.
fn sort(values: &mut [Value]) -> bool {
    let Some(first) = values.first().cloned() else {
        return true;
    };
    let is_known = values.iter().all(|value| order(&first, value).is_some());
    if is_known {
        values.sort_by(|left, right| order(left, right).unwrap_or(Ordering::Equal));
    }
    is_known
}

impl Machine<'_> {
    /// `slice(start, end, step)`.
    pub(super) fn make_slice(&self, arguments: &Arguments) -> Value {
        Atom::Partial(Rc::new(Partial {
            callee: Value::external(SLICE),
            arguments: arguments.clone(),
        }))
        .into()
    }

    /// The bounds of a slice: `None` where the key is none, an inner `None` where they are not known.
    fn slice_of(&self, key: &Value) -> Option<Option<Bounds>> {
        let Some(Atom::Partial(partial)) = key.single() else {
            return None;
        };
        if !matches!(partial.callee.single(), Some(Atom::External(path)) if &**path == SLICE) {
            return None;
        }
        let mut bounds: Bounds = [None; 3];
        for (bound, value) in bounds.iter_mut().zip(&partial.arguments.positional) {
            *bound = match value.single() {
                Some(Atom::None) => None,
                Some(Atom::Number(number, Digits::Integer)) => Some(*number as i64),
                _ => return Some(None),
            };
        }
        Some(Some(bounds))
    }

    /// `collection[start:end]`; `None` where the key is no slice.
    pub(super) fn container_slice(&mut self, id: ContainerId, key: &Value) -> Option<Value> {
        let bounds = self.slice_of(key)?;
        let source: Value = Atom::Container(id).into();
        let elements = self.elements(&source);
        let kind = match self.heap.container(id).kind {
            ContainerKind::Tuple => ContainerKind::Tuple,
            _ => ContainerKind::List,
        };
        let made = match (bounds, &elements.more) {
            (Some(bounds), None) => {
                let taken = positions(bounds, elements.items.len());
                let items = taken
                    .into_iter()
                    .filter_map(|at| elements.items.get(at).cloned())
                    .collect();
                self.heap.new_container(kind, items)
            }
            _ => {
                let any = elements.any();
                self.open_list(any)
            }
        };
        self.inherit_optional(&made, &source);
        Some(made)
    }

    /// `text[start:end]`; `None` where the key is no slice.
    pub(super) fn text_slice(&self, text: &Text, key: &Value) -> Option<Value> {
        let bounds = self.slice_of(key)?;
        let known = text.as_exact().zip(bounds).map(|(exact, bounds)| {
            let letters: Vec<char> = exact.chars().collect();
            let taken = positions(bounds, letters.len());
            taken
                .into_iter()
                .filter_map(|at| letters.get(at))
                .collect::<String>()
        });
        Some(match known {
            Some(part) => Text {
                pieces: vec![Rc::from(part.as_str())],
                ..text.clone()
            }
            .into(),
            None => Self::still_unknown(
                text.hole.unwrap_or(super::value::Unknown {
                    site: text.site,
                    ..super::value::Unknown::new(Reason::Element)
                }),
                Reason::Element,
            ),
        })
    }

    /// `sorted(values, key=…, reverse=…)`.
    pub(super) fn sorted(&mut self, source: &Value, arguments: &Arguments) -> Value {
        let made = self.collected("list", Some(source));
        let (key, reverse) = (self.symbols.intern("key"), self.symbols.intern("reverse"));
        let Some(Atom::Container(id)) = made.single().cloned() else {
            return made;
        };
        let mut items = self.heap.container(id).items.clone();
        let given_key = arguments.get(usize::MAX, Some(key)).cloned();
        let is_sorted = match given_key {
            None | Some(Value::One(Atom::None)) => sort(&mut items),
            Some(given_key) => {
                let mut keyed: Vec<(Value, Value)> = Vec::with_capacity(items.len());
                for item in items {
                    let by = self.call_value(&given_key, &Arguments::of(vec![item.clone()]), None);
                    keyed.push((by, item));
                }
                let mut keys: Vec<Value> = keyed.iter().map(|(by, _)| by.clone()).collect();
                let is_known = sort(&mut keys);
                if is_known {
                    keyed.sort_by(|(left, _), (right, _)| order(left, right).unwrap_or(Ordering::Equal));
                }
                items = keyed.into_iter().map(|(_, item)| item).collect();
                is_known
            }
        };
        let reversed = arguments.get(usize::MAX, Some(reverse)).and_then(Value::single);
        if is_sorted && reversed == Some(&Atom::Bool(true)) {
            items.reverse();
        }
        self.heap.containers[id.index()].items = items;
        made
    }

    /// `filter(predicate, values)`.
    pub(super) fn filtered(&mut self, predicate: &Value, source: &Value) -> Value {
        let elements = self.elements(source);
        let mut items = Vec::with_capacity(elements.items.len());
        let mut is_optional = self.is_optional(source) || elements.more.is_some();
        for item in elements.items {
            let kept = match predicate.single() {
                Some(Atom::None) => self.value_truth(&item),
                _ => {
                    let kept = self.call_value(predicate, &Arguments::of(vec![item.clone()]), None);
                    self.value_truth(&kept)
                }
            };
            is_optional |= kept.is_none();
            if kept != Some(false) {
                items.push(item);
            }
        }
        let made = self.heap.insert_container(Container {
            kind: ContainerKind::List,
            items,
            values: Vec::new(),
            more: elements.more,
        });
        if let (true, Some(Atom::Container(id))) = (is_optional, made.single()) {
            self.heap.note_optional(*id);
        }
        made
    }

    /// `operator.itemgetter("a")`, `operator.attrgetter("a.b")`: called with what it looks into behind its own
    /// arguments.
    pub(super) fn getter(path: &str, arguments: &Arguments) -> Value {
        Atom::Partial(Rc::new(Partial {
            callee: Value::external(&format!("{path}()")),
            arguments: arguments.clone(),
        }))
        .into()
    }

    /// What such a getter finds.
    pub(super) fn got(&mut self, path: &str, arguments: &Arguments) -> Value {
        let Some((object, keys)) = arguments.positional.split_last() else {
            return Value::unknown(Reason::Call);
        };
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            if path.starts_with("operator.itemgetter") {
                found.push(self.item(object, key));
                continue;
            }
            let mut value = object.clone();
            for name in key.exact_text().unwrap_or_default().split('.') {
                let symbol = self.symbols.intern(name);
                value = self.attribute(&value, symbol);
            }
            found.push(value);
        }
        match found.pop() {
            Some(only) if found.is_empty() => only,
            Some(last) => {
                found.push(last);
                self.heap.new_container(ContainerKind::Tuple, found)
            }
            None => Value::unknown(Reason::Call),
        }
    }
}
