//! `vars:`, the forerunner of replacements: `$(NAME)` in some fields stands for a field of an object.

use std::collections::BTreeMap;

use promsight_model::Span;
use promsight_model::manifest::{Content, Scalar, Value};

use super::edit::{self, Type};
use super::fields::{FieldSpec, Missing, visit};
use super::problems::Problems;
use super::replacements::lookup;
use super::resource::{Gvk, Id, Resource, effective_namespace};

/// A variable.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    name: String,
    field: String,
    span: Span,
}

/// Reads an entry of `vars` and notes which object it reads.
pub(crate) fn declare(
    entry: &Value,
    resources: &mut [Resource],
    problems: &mut Problems,
) -> Option<Variable> {
    let text = |path: &[&str]| entry.text_at(path).unwrap_or_default();
    let name = text(&["name"]).to_owned();
    let gvk = Gvk::new(text(&["objref", "apiVersion"]), text(&["objref", "kind"]));
    let namespace = text(&["objref", "namespace"]);
    let in_any = namespace.is_empty() && !gvk.is_cluster_scoped();
    let namespace = effective_namespace(&gvk, namespace);
    let is_meant = |id: &Id| {
        id.name == text(&["objref", "name"]) && id.gvk == gvk && (in_any || id.namespace == namespace)
    };
    let mut matched = resources.iter_mut().filter(|resource| resource.was(is_meant));
    if let Some(resource) = matched.next() {
        resource.variables.push(name.clone());
    }
    if matched.next().is_some() {
        problems.refuse(
            entry.span,
            format!("more than one object matches the variable `{name}`"),
        );
        return None;
    }
    let field = text(&["fieldref", "fieldpath"]);
    let field = if field.is_empty() {
        text(&["fieldref", "fieldPath"])
    } else {
        field
    };
    Some(Variable {
        name,
        // An index is written behind its list here: `ports[0]`.
        field: if field.is_empty() { "metadata.name" } else { field }.replace('[', ".["),
        span: entry.span,
    })
}

/// Puts the values of variables in the place of their names.
pub(crate) fn resolve(
    resources: &mut [Resource],
    variables: &[Variable],
    specs: &[FieldSpec],
    problems: &mut Problems,
) {
    let mut values: BTreeMap<&str, Scalar> = BTreeMap::new();
    for variable in variables {
        let holder = resources
            .iter()
            .find(|resource| resource.variables.contains(&variable.name));
        let value = holder.and_then(|resource| lookup(&resource.value, &variable.field));
        match value.map(|value| &value.content) {
            Some(Content::Scalar(scalar)) => {
                values.insert(&variable.name, scalar.clone());
            }
            Some(_) => {}
            None => problems.refuse(
                variable.span,
                format!(
                    "no object has the field that the variable `{}` reads",
                    variable.name
                ),
            ),
        }
    }
    if values.is_empty() {
        return;
    }
    let mut change = |value: &mut Value| {
        match &mut value.content {
            Content::Map(entries) => entries.iter_mut().for_each(|(_, value)| expand(value, &values)),
            Content::List(items) => items.iter_mut().for_each(|item| expand(item, &values)),
            _ => expand(value, &values),
        }
        Ok(())
    };
    for resource in resources {
        let gvk = resource.gvk();
        for spec in specs.iter().filter(|spec| gvk.is_selected_by(&spec.kinds)) {
            let span = resource.origin;
            if let Err(place) = visit(&mut resource.value, spec, Missing::Leave, span, &mut change) {
                problems.refuse(place, format!("`{}` does not lead to a text here", spec.path));
            }
        }
    }
}

/// Expands `$(NAME)`; `$$` is a dollar. A text that is one name takes the type of its value.
fn expand(value: &mut Value, values: &BTreeMap<&str, Scalar>) {
    let Content::Scalar(scalar) = &mut value.content else {
        return;
    };
    if edit::scalar_type(scalar) != Type::String || !scalar.text.contains('$') {
        return;
    }
    let whole = scalar
        .text
        .strip_prefix("$(")
        .and_then(|rest| rest.strip_suffix(')'));
    if let Some(found) = whole.and_then(|name| values.get(name)) {
        *scalar = found.clone();
        return;
    }
    let mut out = String::with_capacity(scalar.text.len());
    let mut rest = scalar.text.as_str();
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        rest = if let Some(escaped) = behind.strip_prefix('$') {
            out.push('$');
            escaped
        } else if let Some((name, after)) = behind.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            match values.get(name) {
                Some(found) => out.push_str(&found.text),
                None => {
                    out.push_str("$(");
                    out.push_str(name);
                    out.push(')');
                }
            }
            after
        } else {
            out.push('$');
            behind
        };
    }
    out.push_str(rest);
    scalar.text = out;
    scalar.is_string = true;
    scalar.documents.clear();
}
