//! Conditions: which of them are decided.
//!
//! A wrong decision loses a metric, so that flags, configuration and what code that has not run yet may fill decide
//! nothing.

use promsight_model::python::{BoolOp, Expr, ExprKind};

use super::heap::ContainerKind;
use super::machine::Machine;
use super::statements::Truth;
use super::value::{Atom, Value};

impl<'a> Machine<'a> {
    /// The truth of a condition; its calls are made.
    pub(super) fn truth_of(&mut self, test: &'a Expr) -> Truth {
        match &test.kind {
            ExprKind::Bool(false) => {
                self.evaluate(test);
                Truth::Never("it stands below a condition that is never true")
            }
            ExprKind::Number(written) if written == "0" => {
                Truth::Never("it stands below a condition that is never true")
            }
            ExprKind::Bool(true) | ExprKind::Number(_) => Truth::Always,
            ExprKind::Not(operand) => match self.truth_of(operand) {
                Truth::Never(_) => Truth::Always,
                Truth::Always => Truth::Never("it stands below a condition that is never true"),
                other => Truth::known(other.as_bool().map(|value| !value)),
            },
            // A text that is compared is read, not written.
            ExprKind::Compare(operands, operators) => {
                self.muted(|machine| machine.compare(operands, operators))
            }
            ExprKind::BoolOp(op, operands) => {
                let stopping = matches!(op, BoolOp::Or);
                let mut open = false;
                for operand in operands {
                    match self.truth_of(operand).as_bool() {
                        Some(value) if value == stopping => return Truth::known(Some(value)),
                        Some(_) => {}
                        None => open = true,
                    }
                }
                Truth::known((!open).then_some(!stopping))
            }
            ExprKind::Name(_) | ExprKind::Attribute(..) => {
                let value = self.evaluate(test);
                if matches!(value.single(), Some(Atom::External(path)) if path.ends_with(".TYPE_CHECKING")) {
                    return Truth::Never("it is imported for type checkers only");
                }
                Truth::known(self.value_truth(&value))
            }
            _ => {
                let value = self.evaluate(test);
                Truth::known(self.value_truth(&value))
            }
        }
    }

    /// The truth value of all alternatives, where they agree.
    pub(super) fn value_truth(&self, value: &Value) -> Option<bool> {
        let mut truths = value.atoms().iter().map(|atom| self.atom_truth(atom));
        let first = truths.next()??;
        truths.all(|truth| truth == Some(first)).then_some(first)
    }

    pub(super) fn atom_truth(&self, atom: &Atom) -> Option<bool> {
        match atom {
            Atom::Bool(value) => Some(*value),
            Atom::None => Some(false),
            Atom::Number(value, _) => Some(*value != 0.0),
            Atom::Text(text) if text.configurable => None,
            Atom::Text(text) => match text.as_exact() {
                Some(exact) => Some(!exact.is_empty()),
                None if text.known_len() > 0 => Some(true),
                None => None,
            },
            Atom::Container(id) => {
                let container = self.heap.container(*id);
                // An empty container may be filled by code that has not run yet.
                match (container.items.is_empty(), container.kind, &container.more) {
                    (false, ..) => Some(true),
                    (true, ContainerKind::Tuple, None) => Some(false),
                    (true, ..) => None,
                }
            }
            Atom::Function(_) | Atom::Bound(_) | Atom::Class(_) | Atom::Module(_) => Some(true),
            Atom::Metric(_) | Atom::Child(_) | Atom::Partial(_) | Atom::Method(..) => Some(true),
            Atom::Instance(_)
            | Atom::External(_)
            | Atom::Super(..)
            | Atom::Pending(..)
            | Atom::Unknown(_) => None,
        }
    }

    fn compare(&mut self, operands: &'a [Expr], operators: &[String]) -> Truth {
        let values: Vec<Value> = operands.iter().map(|operand| self.evaluate(operand)).collect();
        let ([left, right], [operator]) = (values.as_slice(), operators) else {
            return Truth::Open;
        };
        let operator = operator.split_whitespace().collect::<Vec<_>>().join(" ");
        let known = match operator.as_str() {
            "==" => self.equal(left, right),
            "!=" => self.equal(left, right).map(|equal| !equal),
            "is" => self.identical(left, right),
            "is not" => self.identical(left, right).map(|same| !same),
            "in" => self.contains(left, right),
            "not in" => self.contains(left, right).map(|inside| !inside),
            "<" | ">" | "<=" | ">=" => match (left.single(), right.single()) {
                (Some(Atom::Number(left, _)), Some(Atom::Number(right, _))) => {
                    Some(match operator.as_str() {
                        "<" => left < right,
                        ">" => left > right,
                        "<=" => left <= right,
                        _ => left >= right,
                    })
                }
                _ => None,
            },
            _ => None,
        };
        Truth::known(known)
    }

    fn identical(&self, left: &Value, right: &Value) -> Option<bool> {
        let is_none = |value: &Value| value.atoms().iter().all(|atom| matches!(atom, Atom::None));
        if is_none(right) {
            let mut nones = left.atoms().iter().map(|atom| match atom {
                Atom::None => Some(true),
                Atom::Unknown(_) | Atom::Pending(..) => None,
                _ => Some(false),
            });
            let first = nones.next()??;
            return nones.all(|none| none == Some(first)).then_some(first);
        }
        self.equal(left, right)
    }

    /// Whether two values are equal, where that is known.
    pub(super) fn equal(&self, left: &Value, right: &Value) -> Option<bool> {
        match (left.single()?, right.single()?) {
            (Atom::Unknown(_) | Atom::Pending(..), _) | (_, Atom::Unknown(_) | Atom::Pending(..)) => None,
            (Atom::Text(left), Atom::Text(right)) => {
                if left.configurable || right.configurable {
                    return None;
                }
                Some(left.as_exact()? == right.as_exact()?)
            }
            (Atom::Number(left, _), Atom::Number(right, _)) => Some(left == right),
            (Atom::Instance(left), Atom::Instance(right)) if left == right => Some(true),
            (left @ Atom::Instance(_), right) | (left, right @ Atom::Instance(_)) => {
                match (self.enum_value(left), self.enum_value(right)) {
                    (Some(_), Some(_)) => Some(left == right),
                    (Some((value, true)), None) => self.equal(&value, &right.clone().into()),
                    (None, Some((value, true))) => self.equal(&left.clone().into(), &value),
                    _ => None,
                }
            }
            (Atom::Container(_), Atom::Container(_)) => None,
            (Atom::External(left), Atom::External(right)) => (left == right
                || self.table.constructor(left).is_some()
                || self.table.constructor(right).is_some())
            .then(|| self.table.same_class(left, right)),
            (Atom::External(_), _) | (_, Atom::External(_)) => None,
            (left, right) => Some(left == right),
        }
    }

    fn contains(&mut self, needle: &Value, haystack: &Value) -> Option<bool> {
        match haystack.single()? {
            Atom::Container(id) => {
                let container = self.heap.container(*id).clone();
                let mut open = container.more.is_some();
                for item in &container.items {
                    match self.equal(needle, item) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => open = true,
                    }
                }
                // An absence is no fact: code that has not run yet may fill the container. A tuple stays as it is.
                (!open && matches!(container.kind, ContainerKind::Tuple)
                    || !open && !container.items.is_empty() && needle.exact_text().is_some())
                .then_some(false)
            }
            Atom::Text(text) if !text.configurable => {
                let text = text.as_exact()?.to_owned();
                let needle = needle.exact_text()?;
                Some(text.contains(needle))
            }
            _ => None,
        }
    }
}
