//! Comprehensions: their loops, and which elements their conditions leave out.

use promsight_model::python::{Comprehension, ComprehensionKind};

use super::heap::{Container, ContainerKind, same_key};
use super::machine::Machine;
use super::value::{Atom, Value};

impl<'a> Machine<'a> {
    pub(super) fn comprehension(&mut self, comprehension: &'a Comprehension) -> Value {
        let scope = self.frame().scope;
        let inner = self.heap.new_namespace(Some(scope));
        self.heap.namespace_mut(inner).local = true;
        let position = self.heap.log_position();
        let class = self.frame().class;
        if let Some(frame) = self.frames.last_mut() {
            frame.scope = inner;
            frame.class = None;
        }
        let mut made = Container {
            kind: match comprehension.kind {
                ComprehensionKind::List | ComprehensionKind::Generator => ContainerKind::List,
                ComprehensionKind::Set => ContainerKind::Set,
                ComprehensionKind::Dict => ContainerKind::Dict,
            },
            items: Vec::new(),
            values: Vec::new(),
            more: None,
        };
        let mut is_optional = false;
        self.comprehend(comprehension, 0, false, &mut made, &mut is_optional);
        if let Some(frame) = self.frames.last_mut() {
            frame.scope = scope;
            frame.class = class;
        }
        self.heap.release(inner, position);
        let made = self.heap.insert_container(made);
        if let (true, Some(Atom::Container(id))) = (is_optional, made.single()) {
            self.heap.note_optional(*id);
        }
        made
    }

    fn comprehend(
        &mut self,
        comprehension: &'a Comprehension,
        level: usize,
        open: bool,
        made: &mut Container,
        is_optional: &mut bool,
    ) {
        for (behind, condition) in &comprehension.conditions {
            if *behind != level {
                continue;
            }
            match self.truth_of(condition).as_bool() {
                Some(true) => {}
                Some(false) => return,
                // It may be left out; its name may still come to exist.
                None => *is_optional = true,
            }
        }
        let Some((target, iter)) = comprehension.loops.get(level) else {
            let element = self.evaluate(&comprehension.element);
            let value = comprehension.value.as_ref().map(|value| self.evaluate(value));
            if open {
                let element = value.unwrap_or(element);
                made.more = Some(
                    made.more
                        .take()
                        .map_or(element.clone(), |more| more.join(&element)),
                );
                return;
            }
            match value {
                Some(value) => match made.items.iter().position(|key| same_key(key, &element)) {
                    Some(at) => made.values[at] = value,
                    None => {
                        made.items.push(element);
                        made.values.push(value);
                    }
                },
                None => made.items.push(element),
            }
            return;
        };
        let iterated = self.evaluate(iter);
        *is_optional |= self.is_optional(&iterated);
        let elements = self.elements(&iterated);
        for item in elements.items {
            self.bind(target, item);
            self.comprehend(comprehension, level + 1, open, made, is_optional);
        }
        if let Some(more) = elements.more {
            self.bind(target, more);
            self.comprehend(comprehension, level + 1, true, made, is_optional);
        }
    }
}
