//! JSON patches (RFC 6902), as the library that kustomize uses applies them (evanphx/json-patch v4).

use promsight_model::Span;
use promsight_model::manifest::{Content, Value};

use super::edit;
use super::merge::Conflict;

/// The operations of a patch; `None` for what is none.
pub(crate) fn operations(patch: &Value) -> Option<&[Value]> {
    let items = patch.items();
    let is_operation = |item: &Value| item.get("op").is_some() && item.get("path").is_some();
    (!items.is_empty() && items.iter().all(is_operation)).then_some(items)
}

/// Applies all operations, or errs at the first that cannot be; the value is then as it was before that one.
pub(crate) fn apply(value: &mut Value, operations: &[Value]) -> Result<(), Conflict> {
    operations
        .iter()
        .try_for_each(|operation| apply_one(value, operation))
}

fn apply_one(value: &mut Value, operation: &Value) -> Result<(), Conflict> {
    let text = |key| operation.text_at(&[key]).unwrap_or_default();
    let span = operation.get("path").map_or(operation.span, |path| path.span);
    let conflict = |message: String| Conflict { span, message };
    let path = pointer(text("path"));
    let given = || edit::raw(operation, "value").cloned();
    let Some((last, parents)) = path.split_last() else {
        return match (text("op"), given()) {
            ("add" | "replace", Some(new)) => {
                *value = new;
                Ok(())
            }
            _ => Err(conflict("the path names no field".to_owned())),
        };
    };
    let missing = || conflict(format!("the object has nothing at `{}`", text("path")));
    let without_value = || conflict("the operation has no `value`".to_owned());
    match text("op") {
        "add" => {
            let parent = at_mut(value, parents).ok_or_else(missing)?;
            insert(parent, last, given().ok_or_else(without_value)?, span).ok_or_else(missing)
        }
        "replace" => {
            let parent = at_mut(value, parents).ok_or_else(missing)?;
            let new = given().ok_or_else(without_value)?;
            // Of a mapping the library replaces also what is not there.
            if parent.is_map() {
                return insert(parent, last, new, span).ok_or_else(missing);
            }
            *step_mut(parent, last).ok_or_else(missing)? = new;
            Ok(())
        }
        "remove" => {
            let parent = at_mut(value, parents).ok_or_else(missing)?;
            take(parent, last).map(|_| ()).ok_or_else(missing)
        }
        "move" | "copy" => {
            let from = pointer(text("from"));
            let nothing = || conflict(format!("the object has nothing at `{}`", text("from")));
            let (key, holders) = from.split_last().ok_or_else(nothing)?;
            let holder = at_mut(value, holders).ok_or_else(nothing)?;
            let moved = if text("op") == "move" {
                take(holder, key)
            } else {
                step_mut(holder, key).cloned()
            };
            let moved = moved.ok_or_else(nothing)?;
            let parent = at_mut(value, parents).ok_or_else(missing)?;
            insert(parent, last, moved, span).ok_or_else(missing)
        }
        "test" => {
            let found = at_mut(value, &path).map(|found| &*found);
            let is_equal = match (found, edit::raw(operation, "value")) {
                (Some(found), Some(wanted)) => same(found, wanted),
                (None, Some(wanted)) => wanted.is_null(),
                _ => false,
            };
            let failed = || conflict(format!("the test of `{}` fails", text("path")));
            is_equal.then_some(()).ok_or_else(failed)
        }
        other => Err(conflict(format!("`{other}` is no operation of a JSON patch"))),
    }
}

/// The parts of a JSON pointer.
fn pointer(path: &str) -> Vec<String> {
    let parts = path.split('/').skip(1);
    parts
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
        .collect()
}

fn at_mut<'a>(value: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |value, key| step_mut(value, key))
}

fn step_mut<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    if value.is_map() {
        return edit::raw_mut(value, key);
    }
    let Content::List(items) = &mut value.content else {
        return None;
    };
    let index = index(key, items.len())?;
    items.get_mut(index)
}

/// An index of a list; negative ones count from its end.
fn index(key: &str, length: usize) -> Option<usize> {
    match key.strip_prefix('-') {
        Some(back) => length.checked_sub(back.parse().ok()?),
        None => key.parse().ok(),
    }
}

fn insert(parent: &mut Value, key: &str, new: Value, span: Span) -> Option<()> {
    match &mut parent.content {
        Content::Map(_) => edit::set(parent, key, span, new),
        Content::List(items) if key == "-" => items.push(new),
        Content::List(items) => {
            let index = index(key, items.len() + 1).filter(|index| *index <= items.len())?;
            items.insert(index, new);
        }
        _ => return None,
    }
    Some(())
}

fn take(parent: &mut Value, key: &str) -> Option<Value> {
    match &mut parent.content {
        Content::Map(entries) => {
            let index = entries.iter().position(|(own, _)| own.text == key)?;
            Some(entries.remove(index).1)
        }
        Content::List(items) => {
            let index = index(key, items.len()).filter(|index| *index < items.len())?;
            Some(items.remove(index))
        }
        _ => None,
    }
}

/// Whether two values say the same, wherever they stand.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    match (&left.content, &right.content) {
        (Content::Null, Content::Null) => true,
        (Content::Scalar(left), Content::Scalar(right)) => {
            left.text == right.text && edit::scalar_type(left) == edit::scalar_type(right)
        }
        (Content::List(left), Content::List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Content::Map(entries), Content::Map(others)) => {
            entries.len() == others.len()
                && entries
                    .iter()
                    .all(|(key, value)| edit::raw(right, &key.text).is_some_and(|other| same(value, other)))
        }
        _ => false,
    }
}
