//! Comparing, judging and naming values.

use std::cmp::Ordering;

use super::{Arguments, Entry};
use crate::data::Data;
use crate::evaluate::{Outcome, fail};

pub(super) const FUNCTIONS: &[Entry] = &[
    (
        "not",
        "a",
        |_, arguments| Ok((!arguments.any(0).is_true()).into()),
    ),
    ("eq", "aa*", |_, arguments| {
        if arguments.from(1).is_empty() {
            return fail("missing argument for comparison");
        }
        for other in arguments.from(1) {
            if equal(arguments.any(0), other)? {
                return Ok(true.into());
            }
        }
        Ok(false.into())
    }),
    ("ne", "aa", |_, arguments| {
        Ok((!equal(arguments.any(0), arguments.any(1))?).into())
    }),
    ("lt", "aa", |_, arguments| {
        Ok((order(arguments)? == Some(Ordering::Less)).into())
    }),
    ("le", "aa", |_, arguments| {
        Ok(matches!(order(arguments)?, Some(Ordering::Less | Ordering::Equal)).into())
    }),
    ("gt", "aa", |_, arguments| {
        Ok((!matches!(order(arguments)?, Some(Ordering::Less | Ordering::Equal))).into())
    }),
    ("ge", "aa", |_, arguments| {
        Ok((order(arguments)? != Some(Ordering::Less)).into())
    }),
    ("default", "aa*", |_, arguments| {
        let given = arguments.any(1);
        Ok(if given.is_true() { given } else { arguments.any(0) }.clone())
    }),
    ("empty", "a", |_, arguments| {
        Ok((!arguments.any(0).is_true()).into())
    }),
    ("coalesce", "a*", |_, arguments| {
        let found = arguments.all().iter().find(|value| value.is_true());
        Ok(found.cloned().unwrap_or(Data::Nil))
    }),
    ("all", "a*", |_, arguments| {
        Ok(arguments.all().iter().all(Data::is_true).into())
    }),
    ("any", "a*", |_, arguments| {
        Ok(arguments.all().iter().any(Data::is_true).into())
    }),
    ("ternary", "aab", |_, arguments| {
        let chosen = usize::from(!arguments.any(2).is_true());
        Ok(arguments.any(chosen).clone())
    }),
    ("typeOf", "a", |_, arguments| {
        Ok(arguments.any(0).type_name().into())
    }),
    ("typeIs", "sa", |_, arguments| {
        Ok((*arguments.text(0) == *arguments.any(1).type_name()).into())
    }),
    ("typeIsLike", "sa", |_, arguments| {
        let (target, name) = (arguments.text(0), arguments.any(1).type_name());
        Ok((*target == *name || name.strip_prefix('*') == Some(&*target)).into())
    }),
    ("kindOf", "a", |_, arguments| {
        Ok(arguments.any(0).kind_name().into())
    }),
    ("kindIs", "sa", |_, arguments| {
        Ok((*arguments.text(0) == *arguments.any(1).kind_name()).into())
    }),
    ("deepEqual", "aa", |_, arguments| {
        Ok(arguments.any(0).same(arguments.any(1)).into())
    }),
];

/// `eq` of Go: of one kind, or one of them no value.
fn equal(left: &Data, right: &Data) -> Outcome<bool> {
    match (left, right) {
        (Data::Bool(left), Data::Bool(right)) => Ok(left == right),
        (Data::Int(left) | Data::Long(left), Data::Int(right) | Data::Long(right)) => Ok(left == right),
        (Data::Float(left), Data::Float(right)) => Ok(left == right),
        (Data::Text(left), Data::Text(right)) => Ok(left == right),
        (left, right) if left.is_nil() || right.is_nil() => Ok(left.is_nil() == right.is_nil()),
        (Data::List(_) | Data::Map(_), Data::List(_) | Data::Map(_)) => {
            fail(format!("non-comparable type {}", right.type_name()))
        }
        (Data::Object(_), Data::Object(_)) => Ok(left.same(right)),
        _ => fail(format!(
            "incompatible types for comparison: {} and {}",
            left.type_name(),
            right.type_name()
        )),
    }
}

/// The order of the first two arguments; `None` where one is not a number.
fn order(arguments: &Arguments) -> Outcome<Option<Ordering>> {
    match (arguments.any(0), arguments.any(1)) {
        (Data::Int(left) | Data::Long(left), Data::Int(right) | Data::Long(right)) => {
            Ok(Some(left.cmp(right)))
        }
        (Data::Float(left), Data::Float(right)) => Ok(left.partial_cmp(right)),
        (Data::Text(left), Data::Text(right)) => Ok(Some(left.as_bytes().cmp(right.as_bytes()))),
        (left, right) => {
            let is_basic = |value: &Data| {
                matches!(
                    value,
                    Data::Int(_) | Data::Long(_) | Data::Float(_) | Data::Text(_) | Data::Bool(_)
                )
            };
            if !is_basic(left) || !is_basic(right) || left.kind_name() == right.kind_name() {
                return fail("invalid type for comparison");
            }
            fail(format!(
                "incompatible types for comparison: {} and {}",
                left.type_name(),
                right.type_name()
            ))
        }
    }
}
