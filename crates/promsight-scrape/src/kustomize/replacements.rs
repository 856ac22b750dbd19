//! `replacements:`: a field of one object copied to fields of others.

use promsight_model::Span;
use promsight_model::manifest::{Content, Scalar, Value};
use regex::Regex;

use super::edit::{self, Type};
use super::fields::path_parts;
use super::problems::Problems;
use super::resource::{Id, Resource};
use super::selectors::{Exact, selects_labels};

const NAME: &str = "metadata.name";

/// Applies one replacement.
pub(crate) fn apply(resources: &mut [Resource], replacement: &Value, problems: &mut Problems) {
    let targets = replacement.items_at("targets");
    let value = match (replacement.get("source"), replacement.get("sourceValue")) {
        (Some(source), None) => source_value(resources, source, problems),
        (None, Some(value)) => Some(value.clone()),
        _ => {
            problems.refuse(replacement.span, "a replacement needs one source");
            None
        }
    };
    if targets.is_empty() {
        problems.refuse(replacement.span, "a replacement needs a target");
    }
    let Some(value) = value else {
        return;
    };
    for target in targets {
        let Some(select) = target.get("select") else {
            problems.refuse(target.span, "the target of a replacement needs `select`");
            continue;
        };
        for resource in resources.iter_mut() {
            if is_target(resource, select, target.items_at("reject")) {
                copy(resource, &value, target, problems);
            }
        }
    }
}

fn ids(resource: &Resource) -> Vec<Id> {
    let mut ids = vec![resource.id()];
    ids.extend(resource.previous_ids());
    ids
}

/// The value that a source names.
fn source_value(resources: &[Resource], source: &Value, problems: &mut Problems) -> Option<Value> {
    let selector = Exact::read(source);
    let is_source = |resource: &&Resource| ids(resource).iter().any(|id| selector.selects(id));
    let mut found = resources.iter().filter(is_source);
    let Some(resource) = found.next() else {
        problems.refuse(source.span, "the source of the replacement selects no object");
        return None;
    };
    if found.next().is_some() {
        problems.refuse(
            source.span,
            "the source of the replacement selects more than one object",
        );
        return None;
    }
    let path = source.text_at(&["fieldPath"]).unwrap_or(NAME);
    let Some(value) = lookup(&resource.value, path).filter(|value| !is_empty(value)) else {
        problems.refuse(
            source.span,
            format!("the source of the replacement has no `{path}`"),
        );
        return None;
    };
    let Some(delimiter) = delimiter(source) else {
        return Some(value.clone());
    };
    let index = index(source);
    let part = value.as_str().and_then(|text| {
        let parts: Vec<&str> = text.split(delimiter).collect();
        let part = usize::try_from(index)
            .ok()
            .and_then(|index| parts.get(index).copied());
        part.map(str::to_owned)
    });
    let Some(part) = part else {
        problems.refuse(source.span, "the source of the replacement has no such part");
        return None;
    };
    let mut value = value.clone();
    edit::set_text(&mut value, part);
    Some(value)
}

fn is_empty(value: &Value) -> bool {
    match &value.content {
        Content::Null => true,
        Content::Map(entries) => entries.is_empty(),
        Content::List(items) => items.is_empty(),
        // A text without letters is a value (`IsNilOrEmpty` of kyaml).
        Content::Scalar(_) => false,
    }
}

fn delimiter(of: &Value) -> Option<&str> {
    of.text_at(&["options", "delimiter"])
        .filter(|text| !text.is_empty())
}

fn index(of: &Value) -> i64 {
    let index = of.at(&["options", "index"]).and_then(Value::as_integer);
    index.unwrap_or_default()
}

/// The value at the end of a path with dots between keys and items as `[name=x]`, `0` or `-`.
pub(crate) fn lookup<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    split(path)
        .iter()
        .try_fold(value, |value, part| match &value.content {
            Content::Map(_) => value.get(part),
            Content::List(items) => match matcher(part) {
                Some((key, wanted)) => items.iter().find(|item| {
                    let own = if key.is_empty() {
                        Some(*item)
                    } else {
                        item.get(key)
                    };
                    own.and_then(Value::as_str) == Some(wanted)
                }),
                None if part == "-" => items.last(),
                None => items.get(part.trim_matches(['[', ']']).parse::<usize>().ok()?),
            },
            _ => None,
        })
}

/// `[key=value]` as both its sides.
fn matcher(part: &str) -> Option<(&str, &str)> {
    part.strip_prefix('[')?.strip_suffix(']')?.split_once('=')
}

/// The parts of a path; dots in brackets belong to their part.
fn split(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut open: Option<String> = None;
    for part in path_parts(path, '.') {
        let mut text = match open.take() {
            Some(mut before) => {
                before.push('.');
                before.push_str(&part);
                before
            }
            None => part,
        };
        if text.starts_with('[') && !text.ends_with(']') {
            open = Some(text);
            continue;
        }
        if text.starts_with('[') && text.contains('.') && !text.contains('=') {
            text = text.trim_matches(['[', ']']).to_owned();
        }
        parts.push(text);
    }
    parts.extend(open);
    parts
}

fn is_target(resource: &Resource, select: &Value, rejects: &[Value]) -> bool {
    let admits = |selector: &Value| {
        let text = |key| selector.text_at(&[key]).unwrap_or_default();
        selects_labels(text("annotationSelector"), &resource.value, "annotations")
            && selects_labels(text("labelSelector"), &resource.value, "labels")
    };
    let has_labels = |selector: &Value| {
        selector.get("labelSelector").is_some() || selector.get("annotationSelector").is_some()
    };
    let ids = ids(resource);
    let wanted = Exact::read(select);
    let is_rejected = |reject: &Value| {
        let unwanted = Exact::read(reject);
        (has_labels(reject) && admits(reject))
            || (!unwanted.is_empty() && ids.iter().any(|id| unwanted.selects(id)))
    };
    admits(select) && ids.iter().any(|id| wanted.selects(id)) && !rejects.iter().any(is_rejected)
}

fn copy(resource: &mut Resource, value: &Value, target: &Value, problems: &mut Problems) {
    let creates = target.at(&["options", "create"]).and_then(Value::as_bool) == Some(true);
    let paths = target.items_at("fieldPaths");
    let whole = Value::string(NAME, target.span);
    let paths = if paths.is_empty() {
        std::slice::from_ref(&whole)
    } else {
        paths
    };
    for path in paths {
        let text = path.as_str().unwrap_or_default();
        let mut finder = Finder {
            creates: creates.then_some(value),
            span: path.span,
            found: 0,
        };
        let parts = split(text);
        let done = finder.run(&mut resource.value, &parts, &mut |field| {
            replace(field, value, target)
        });
        if done.is_none() || finder.found == 0 {
            let id = resource.id();
            problems.refuse(path.span, format!("{id} has no field `{text}`"));
        }
    }
}

/// Sets one field; `None` where its parts cannot be.
fn replace(field: &mut Value, value: &Value, target: &Value) -> Option<()> {
    let mut new = value.clone();
    if let Some(delimiter) = delimiter(target) {
        let old = field.as_str()?;
        let mut parts: Vec<&str> = old.split(delimiter).collect();
        let text = value.as_str().unwrap_or_default();
        match usize::try_from(index(target)) {
            Err(_) => parts.insert(0, text),
            Ok(index) if index >= parts.len() => parts.push(text),
            Ok(index) => parts[index] = text,
        }
        let joined = parts.join(delimiter);
        new = Value::string(joined, value.span);
    }
    match (&field.content, new.as_str()) {
        // A scalar keeps its type.
        (Content::Scalar(old), Some(text)) => {
            let is_string = edit::scalar_type(old) == Type::String && !old.text.is_empty() || old.is_string;
            field.content = Content::Scalar(Scalar {
                text: text.to_owned(),
                is_string,
                documents: Vec::new(),
            });
            field.span = value.span;
        }
        _ => *field = new,
    }
    Some(())
}

/// Finds the fields that a path leads to, and makes them where that was asked for.
struct Finder<'a> {
    creates: Option<&'a Value>,
    span: Span,
    found: usize,
}

impl Finder<'_> {
    fn run(
        &mut self,
        value: &mut Value,
        path: &[String],
        change: &mut dyn FnMut(&mut Value) -> Option<()>,
    ) -> Option<()> {
        let Some((first, rest)) = path.split_first() else {
            self.found += 1;
            return change(value);
        };
        if !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit()) {
            let made = self.made(rest);
            let Content::List(items) = &mut value.content else {
                return None;
            };
            let index: usize = first.parse().ok()?;
            if index == items.len() {
                items.extend(made);
            }
            return self.run(items.get_mut(index)?, rest, change);
        }
        if first == "*" {
            let Content::List(items) = &mut value.content else {
                return None;
            };
            return items.iter_mut().try_for_each(|item| self.run(item, rest, change));
        }
        if let Some((key, wanted)) = matcher(first) {
            return self.matching(value, (key, wanted), rest, change);
        }
        if value.is_null() && self.creates.is_some() {
            value.content = Content::Map(Vec::new());
        }
        if edit::raw(value, first).is_none()
            && let Some(made) = self.made(rest)
        {
            edit::set(value, first, self.span, made);
        }
        match edit::raw_mut(value, first) {
            Some(field) => self.run(field, rest, change),
            None => Some(()),
        }
    }

    fn matching(
        &mut self,
        value: &mut Value,
        (key, wanted): (&str, &str),
        rest: &[String],
        change: &mut dyn FnMut(&mut Value) -> Option<()>,
    ) -> Option<()> {
        let pattern = Regex::new(wanted).ok()?;
        let Content::List(items) = &mut value.content else {
            return None;
        };
        let matches = |item: &Value| {
            let own = if key.is_empty() { Some(item) } else { item.get(key) };
            own.and_then(Value::as_str)
                .is_some_and(|own| pattern.is_match(own))
        };
        if !items.iter().any(matches) && self.creates.is_some() {
            let made = edit::plain(wanted, self.span);
            items.push(if key.is_empty() {
                made
            } else {
                let mut item = edit::empty_map(self.span);
                edit::set(&mut item, key, self.span, made);
                item
            });
        }
        let found = items.iter_mut().filter(|item| matches(item));
        for item in found {
            self.run(item, rest, change)?;
        }
        Some(())
    }

    /// What a missing field becomes, by what the rest of the path asks of it.
    fn made(&self, rest: &[String]) -> Option<Value> {
        let value = self.creates?;
        let content = match rest.first() {
            None => match &value.content {
                Content::Map(_) => Content::Map(Vec::new()),
                Content::List(_) => Content::List(Vec::new()),
                _ => return Some(edit::plain("", self.span)),
            },
            Some(next) if matcher(next).is_some() || next.bytes().all(|byte| byte.is_ascii_digit()) => {
                Content::List(Vec::new())
            }
            Some(_) => Content::Map(Vec::new()),
        };
        Some(Value {
            span: self.span,
            content,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_in_brackets_belong_to_their_part() {
        assert_eq!(
            split("metadata.annotations.[example.org/oven].spec.[name=a.b].c"),
            [
                "metadata",
                "annotations",
                "example.org/oven",
                "spec",
                "[name=a.b]",
                "c"
            ]
        );
        assert_eq!(split(r"data.oven\.yaml"), ["data", "oven.yaml"]);
    }
}
