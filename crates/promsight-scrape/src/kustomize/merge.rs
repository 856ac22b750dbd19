//! Strategic merge patches, as kustomize applies them (kyaml's `merge2`, v0.20.1).
//!
//! Mappings are merged, null takes a key away, lists of built-in kinds are merged by their keys, other lists are
//! replaced, and `$patch` says otherwise.

use promsight_model::Span;
use promsight_model::manifest::{Content, Value};

use super::edit;
use super::merge_keys::Place;

const DIRECTIVE: &str = "$patch";

/// Why a patch cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub(crate) span: Span,
    pub(crate) message: String,
}

/// Merges a patch into an object; `None` where the patch deletes it.
pub(crate) fn merge(object: &Value, patch: &Value) -> Result<Option<Value>, Conflict> {
    let text = |key| object.text_at(&[key]).unwrap_or_default();
    walk(
        Some(object),
        Some(patch),
        Place::object(text("apiVersion"), text("kind")),
    )
}

/// The directive of a piece of a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

fn directive(patch: &Value) -> Result<Directive, Conflict> {
    let Some(value) = patch.get(DIRECTIVE) else {
        return Ok(Directive::Merge);
    };
    match value.as_str() {
        Some("merge") => Ok(Directive::Merge),
        Some("replace") => Ok(Directive::Replace),
        Some("delete") => Ok(Directive::Delete),
        _ => Err(Conflict {
            span: value.span,
            message: "`$patch` is neither `merge`, `replace` nor `delete`".to_owned(),
        }),
    }
}

/// The directive of a list: an item that holds nothing else.
fn list_directive(patch: &[Value]) -> Result<Directive, Conflict> {
    match patch.iter().find(|item| edit::raw(item, DIRECTIVE).is_some()) {
        Some(item) if item.entries().len() == 1 => directive(item),
        _ => Ok(Directive::Merge),
    }
}

fn walk(old: Option<&Value>, patch: Option<&Value>, place: Place) -> Result<Option<Value>, Conflict> {
    let is_there = |value: &&Value| !value.is_null();
    let Some(kind) = old.filter(is_there).or(patch.filter(is_there)) else {
        return Ok(match patch {
            Some(_) => None,
            None => old.cloned(),
        });
    };
    if let Some(patch) = patch.filter(is_there)
        && std::mem::discriminant(&kind.content) != std::mem::discriminant(&patch.content)
    {
        return Err(Conflict {
            span: patch.span,
            message: "the patch has another type here than the object".to_owned(),
        });
    }
    match &kind.content {
        Content::Map(_) => map(old.filter(is_there), patch, place),
        Content::List(_) => match place.keys() {
            Some(keys) => list(old.filter(is_there), patch, keys, place.item()),
            None => Ok(patch.or(old).filter(is_there).cloned()),
        },
        _ => Ok(patch.or(old).filter(is_there).cloned()),
    }
}

fn map(old: Option<&Value>, patch: Option<&Value>, place: Place) -> Result<Option<Value>, Conflict> {
    if patch.is_some_and(Value::is_null) {
        return Ok(None);
    }
    let directive = patch.map_or(Ok(Directive::Merge), directive)?;
    let base = match directive {
        Directive::Delete => return Ok(None),
        Directive::Replace => patch,
        // What is added is merged with itself, so that what it means to take away does not stay in it.
        Directive::Merge => old.or(patch),
    };
    let Some(base) = base else {
        return Ok(None);
    };
    let mut entries = Vec::with_capacity(base.entries().len());
    for (key, own) in base.entries().iter().filter(|(key, _)| key.text != DIRECTIVE) {
        let change = patch.and_then(|patch| edit::raw(patch, &key.text));
        if let Some(value) = walk(Some(own), change, place.field(&key.text))? {
            entries.push((key.clone(), value));
        }
    }
    for (key, change) in patch.map_or(&[][..], Value::entries) {
        if key.text != DIRECTIVE && edit::raw(base, &key.text).is_none() {
            let added = walk(None, Some(change), place.field(&key.text))?;
            entries.extend(added.map(|value| (key.clone(), value)));
        }
    }
    Ok(Some(Value {
        span: base.span,
        content: Content::Map(entries),
    }))
}

/// Merges a list by keys: what the patch names comes first, in its order.
fn list(
    old: Option<&Value>,
    patch: Option<&Value>,
    keys: &[String],
    place: Place,
) -> Result<Option<Value>, Conflict> {
    if patch.is_some_and(Value::is_null) {
        return Ok(None);
    }
    let written = patch.map_or(&[][..], Value::items);
    let is_directive = |item: &&Value| item.entries().len() == 1 && item.get(DIRECTIVE).is_some();
    let directive = list_directive(written)?;
    let changes: Vec<Value> = written
        .iter()
        .filter(|item| !is_directive(item))
        .cloned()
        .collect();
    let mut own = match (directive, old) {
        (Directive::Delete, _) => return Ok(None),
        (Directive::Merge, Some(old)) => old.items().to_vec(),
        _ => changes.clone(),
    };
    let Some(span) = old.or(patch).map(|list| list.span) else {
        return Ok(None);
    };
    let keys = if keys.is_empty() {
        &[String::new()][..]
    } else {
        keys
    };
    let mut wanted = Vec::new();
    for item in changes.iter().chain(&own) {
        let values: Vec<String> = keys.iter().map(|key| key_value(item, key)).collect();
        if !wanted.contains(&values) {
            wanted.push(values);
        }
    }
    if keys.len() > 1 {
        complete(&mut wanted);
    }
    let mut merged = Vec::new();
    let mut used: Vec<&String> = Vec::new();
    for values in &wanted {
        let selector;
        (used, selector) = narrowed(&wanted, values, keys);
        let index = find(&own, values, keys);
        let change = find(&changes, values, keys).map(|index| &changes[index]);
        let item = walk(index.map(|index| &own[index]), change, place)?;
        let Some(mut item) = item.filter(|item| !is_empty_map(item)) else {
            place_item(&mut own, &used, &selector, None);
            continue;
        };
        for (key, value) in used.iter().zip(&selector) {
            if item.is_map() && item.get(key).is_none() && !value.is_empty() {
                let span = item.span;
                edit::set(&mut item, key, span, edit::plain(*value, span));
            }
        }
        if let Some(index) = index {
            own[index] = item.clone();
        }
        place_item(&mut merged, &used, &selector, Some(&item));
    }
    let items = if wanted.is_empty() {
        own
    } else {
        for item in own {
            place_behind(&mut merged, &item, &used);
        }
        merged
    };
    Ok(Some(Value {
        span,
        content: Content::List(items),
    }))
}

fn is_empty_map(value: &Value) -> bool {
    value.is_map() && value.entries().is_empty()
}

/// The text under a key of an item; of a list of scalars, whose key is empty, the scalar itself.
fn key_value(item: &Value, key: &str) -> String {
    let value = if key.is_empty() { Some(item) } else { item.get(key) };
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Gives items that agree in some keys, and of which one lacks others, the keys of the other one: a port of the patch
/// without a protocol is the one that the object has.
fn complete(wanted: &mut [Vec<String>]) {
    for left in 0..wanted.len() {
        for right in 0..wanted.len() {
            if let Some(values) = agreed(&wanted[left], &wanted[right]) {
                wanted[left].clone_from(&values);
                wanted[right] = values;
            }
        }
    }
}

fn agreed(left: &[String], right: &[String]) -> Option<Vec<String>> {
    let mut has_common = false;
    let mut values = Vec::with_capacity(left.len());
    for (left, right) in left.iter().zip(right) {
        has_common |= left == right;
        if left != right && !left.is_empty() && !right.is_empty() {
            return None;
        }
        values.push(if left.is_empty() {
            right.clone()
        } else {
            left.clone()
        });
    }
    has_common.then_some(values)
}

/// The keys that any of the items has, with the values of one of them.
fn narrowed<'a>(
    all: &[Vec<String>],
    values: &'a [String],
    keys: &'a [String],
) -> (Vec<&'a String>, Vec<&'a str>) {
    let is_used = |index: usize| all.iter().any(|values| !values[index].is_empty());
    let mut used: Vec<usize> = (0..keys.len()).filter(|index| is_used(*index)).collect();
    if used.is_empty() {
        used = (0..keys.len()).collect();
    }
    let selected = used.iter().map(|index| values[*index].as_str()).collect();
    (used.iter().map(|index| &keys[*index]).collect(), selected)
}

/// The first item that has these values.
fn find(items: &[Value], values: &[String], keys: &[String]) -> Option<usize> {
    let all = [values.to_vec()];
    let (used, selector) = narrowed(&all, values, keys);
    items.iter().position(|item| {
        used.iter().zip(&selector).all(|(key, value)| {
            let own = if key.is_empty() {
                Some(item)
            } else {
                edit::raw(item, key)
            };
            own.is_some_and(|own| own.as_str().unwrap_or_default() == *value)
        })
    })
}

/// Puts an item in the place of those with the same keys, else at the end; without one takes those away.
fn place_item(items: &mut Vec<Value>, keys: &[&String], values: &[&str], item: Option<&Value>) {
    let is_of_maps = keys.first().is_some_and(|key| !key.is_empty())
        && values.first().is_some_and(|value| !value.is_empty());
    let matches = |own: &Value| {
        let mut last = false;
        for (index, key) in keys.iter().enumerate() {
            if let Some(value) = values.get(index) {
                let found = if key.is_empty() {
                    Some(own)
                } else {
                    edit::raw(own, key)
                };
                last = found.is_some_and(|found| {
                    (value.is_empty() && !key.is_empty()) || found.as_str().unwrap_or_default() == *value
                });
            }
            if !last {
                return false;
            }
        }
        true
    };
    let mut was_found = false;
    let mut kept = Vec::with_capacity(items.len() + 1);
    for own in items.drain(..) {
        if own.is_null() || is_empty_map(&own) {
            continue;
        }
        if (is_of_maps && !own.is_map()) || !matches(&own) {
            kept.push(own);
            continue;
        }
        was_found = true;
        kept.extend(item.cloned());
    }
    if let Some(item) = item.filter(|_| !was_found) {
        kept.push(item.clone());
    }
    *items = kept;
}

/// Appends what the object has and the patch does not name.
fn place_behind(items: &mut Vec<Value>, item: &Value, keys: &[&String]) {
    if keys.first().is_some_and(|key| key.is_empty()) {
        let text = item.as_str().unwrap_or_default();
        place_item(items, keys, &[text], Some(item));
        return;
    }
    let mut values = Vec::new();
    for key in keys {
        match item.get(key) {
            Some(value) => values.push(value.as_str().unwrap_or_default()),
            None => items.push(item.clone()),
        }
    }
    if keys.len() > 1 {
        place_item(items, keys, &values, None);
    }
    place_item(items, keys, &values, Some(item));
}
