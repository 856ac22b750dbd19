//! Format strings taken apart by code: `string.Formatter().parse`.

use std::rc::Rc;

use super::heap::ContainerKind;
use super::machine::Machine;
use super::value::{Atom, Reason, Text, Value};

/// A literal run and the replacement field behind it: name, format specification, conversion.
struct Part {
    literal: String,
    field: Option<[Option<String>; 3]>,
}

impl Machine<'_> {
    /// What `string.Formatter().parse(template)` gives: `(literal, field name, specification, conversion)`.
    pub(super) fn template_parts(&mut self, template: &Value) -> Value {
        let known = match template.single() {
            Some(Atom::Text(text)) => text
                .as_exact()
                .and_then(parse)
                .map(|parts| (Rc::clone(text), parts)),
            _ => None,
        };
        let Some((text, parts)) = known else {
            return match template.first_unknown() {
                Some(unknown) => Self::still_unknown(unknown, Reason::Call),
                None => Value::unknown(Reason::Call),
            };
        };
        let cut = |piece: &str| -> Value {
            Text {
                pieces: vec![Rc::from(piece)],
                ..(*text).clone()
            }
            .into()
        };
        let mut rows = Vec::with_capacity(parts.len());
        for part in parts {
            let mut row = vec![cut(&part.literal)];
            let field = part.field.unwrap_or_default();
            row.extend(field.iter().map(|word| match word {
                Some(word) => cut(word),
                None => Value::none(),
            }));
            rows.push(self.heap.new_container(ContainerKind::Tuple, row));
        }
        self.heap.new_container(ContainerKind::List, rows)
    }
}

/// The parts of a format string (Python 3.14 library reference, Format String Syntax); `None` where Python refuses it.
fn parse(template: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        literal.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix(brace) {
            literal.push_str(brace);
            rest = behind;
            continue;
        }
        if brace == "}" {
            return None;
        }
        let end = rest.find('}')?;
        let inside = &rest[..end];
        if inside.contains('{') {
            return None;
        }
        rest = &rest[end + 1..];
        let (head, specification) = inside.split_once(':').unwrap_or((inside, ""));
        let (name, conversion) = match head.split_once('!') {
            Some((name, conversion)) => (name, Some(conversion.to_owned())),
            None => (head, None),
        };
        parts.push(Part {
            literal: std::mem::take(&mut literal),
            field: Some([Some(name.to_owned()), Some(specification.to_owned()), conversion]),
        });
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        parts.push(Part { literal, field: None });
    }
    Some(parts)
}
