//! Selectors of kustomizations: targets of patches and replacements, and selectors of labels.

use promsight_model::manifest::Value;
use regex::Regex;

use super::resource::{Gvk, Id, Resource, effective_namespace};
use crate::objects::text_entries;
use crate::re2;

/// The target of a patch: every field is a regular expression, anchored at both ends.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    labels: &'a str,
    annotations: &'a str,
}

impl<'a> Target<'a> {
    /// Reads a target; `None` where a field is no regular expression.
    pub(crate) fn read(value: &'a Value) -> Option<Self> {
        let text = |key| value.text_at(&[key]).unwrap_or_default();
        let regex = |key| match text(key) {
            "" => Some(None),
            pattern => re2::anchored(pattern).map(Some),
        };
        Some(Self {
            group: regex("group")?,
            version: regex("version")?,
            kind: regex("kind")?,
            name: regex("name")?,
            namespace: regex("namespace")?,
            labels: text("labelSelector"),
            annotations: text("annotationSelector"),
        })
    }

    /// Whether it selects an object, by what it is called now or was first.
    pub(crate) fn selects(&self, resource: &Resource) -> bool {
        let matches =
            |regex: &Option<Regex>, text: &str| regex.as_ref().is_none_or(|regex| regex.is_match(text));
        let (now, first) = (resource.id(), resource.original_id());
        (matches(&self.namespace, &first.namespace) || matches(&self.namespace, &now.namespace))
            && (matches(&self.name, &first.name) || matches(&self.name, &now.name))
            && matches(&self.group, &now.gvk.group)
            && matches(&self.version, &now.gvk.version)
            && matches(&self.kind, &now.gvk.kind)
            && selects_labels(self.labels, &resource.value, "labels")
            && selects_labels(self.annotations, &resource.value, "annotations")
    }
}

/// An object named exactly, as replacements name theirs; what is left out matches all.
#[derive(Debug, Default)]
pub(crate) struct Exact {
    gvk: Gvk,
    name: String,
    namespace: String,
}

impl Exact {
    pub(crate) fn read(value: &Value) -> Self {
        let text = |key| value.text_at(&[key]).unwrap_or_default().to_owned();
        Self {
            gvk: Gvk::of_selector(value),
            name: text("name"),
            namespace: text("namespace"),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.gvk == Gvk::default() && self.name.is_empty() && self.namespace.is_empty()
    }

    pub(crate) fn selects(&self, id: &Id) -> bool {
        (self.name.is_empty() || self.name == id.name)
            && (self.namespace.is_empty() || effective_namespace(&self.gvk, &self.namespace) == id.namespace)
            && id.gvk.is_selected_by(&self.gvk)
    }
}

/// Whether a selector (`app=web,tier in (a,b),!old`) admits the labels or annotations of an object.
pub(crate) fn selects_labels(selector: &str, object: &Value, field: &str) -> bool {
    let labels = object.at(&["metadata", field]);
    let value = |key: &str| {
        text_entries(labels)
            .find(|(own, ..)| *own == key)
            .map(|(_, value, _)| value)
    };
    requirements(selector).all(|requirement| {
        let requirement = requirement.trim();
        if let Some((key, values)) = requirement.split_once(" notin ") {
            return !value(key.trim()).is_some_and(|own| is_among(own, values));
        }
        if let Some((key, values)) = requirement.split_once(" in ") {
            return value(key.trim()).is_some_and(|own| is_among(own, values));
        }
        if let Some((key, wanted)) = requirement.split_once("!=") {
            return value(key.trim()) != Some(wanted.trim());
        }
        if let Some((key, wanted)) = requirement.split_once('=') {
            return value(key.trim()) == Some(wanted.trim_start_matches('=').trim());
        }
        match requirement.strip_prefix('!') {
            Some(key) => value(key.trim()).is_none(),
            None => value(requirement).is_some(),
        }
    })
}

fn is_among(own: &str, values: &str) -> bool {
    let values = values.trim().trim_start_matches('(').trim_end_matches(')');
    values.split(',').any(|value| value.trim() == own)
}

/// The requirements of a selector: its commas outside of parentheses part them.
fn requirements(selector: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0usize;
    let parts = selector.split(move |character| {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    });
    parts.filter(|part| !part.trim().is_empty())
}
