//! The fields that transformers change, and how they are found in an object.

use std::sync::LazyLock;

use promsight_model::Span;
use promsight_model::manifest::{Content, Value};

use super::edit;
use super::resource::Gvk;

/// A field of some kinds of objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldSpec {
    /// The kinds that have it.
    pub(crate) kinds: Gvk,
    /// Its path, with `/` between keys.
    pub(crate) path: String,
    /// Whether it is made where it is missing.
    pub(crate) creates: bool,
}

impl FieldSpec {
    pub(crate) fn everywhere(path: &str) -> Self {
        Self {
            kinds: Gvk::default(),
            path: path.to_owned(),
            creates: true,
        }
    }

    /// From `path`, `kind`, `group`, `version`, `create`.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        Some(Self {
            kinds: Gvk::of_selector(value),
            path: value.text_at(&["path"])?.to_owned(),
            creates: value.get("create").and_then(Value::as_bool).unwrap_or_default(),
        })
    }
}

/// Fields that hold the name of an object of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NameReference {
    pub(crate) target: Gvk,
    pub(crate) fields: Vec<FieldSpec>,
}

/// The fields that each transformer changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    pub(crate) name_prefix: Vec<FieldSpec>,
    pub(crate) name_suffix: Vec<FieldSpec>,
    pub(crate) namespace: Vec<FieldSpec>,
    pub(crate) common_labels: Vec<FieldSpec>,
    pub(crate) labels: Vec<FieldSpec>,
    pub(crate) template_labels: Vec<FieldSpec>,
    pub(crate) common_annotations: Vec<FieldSpec>,
    pub(crate) images: Vec<FieldSpec>,
    pub(crate) replicas: Vec<FieldSpec>,
    pub(crate) var_reference: Vec<FieldSpec>,
    pub(crate) name_reference: Vec<NameReference>,
}

static DEFAULTS: LazyLock<Fields> = LazyLock::new(|| recorded(include_str!("field_specs.txt")));

/// Reads the recorded table.
fn recorded(text: &str) -> Fields {
    let mut fields = Fields::default();
    let word = |word: &str| {
        if word == "-" {
            String::new()
        } else {
            word.to_owned()
        }
    };
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [section, path, kind, group, version, create, ref target @ ..] = words[..] else {
            continue;
        };
        let spec = FieldSpec {
            kinds: Gvk {
                group: word(group),
                version: word(version),
                kind: word(kind),
            },
            path: path.to_owned(),
            creates: create == "create",
        };
        match (fields.section(section), target) {
            (Some(section), _) => section.push(spec),
            (None, [kind, group, version]) => fields.refer(
                Gvk {
                    group: word(group),
                    version: word(version),
                    kind: word(kind),
                },
                vec![spec],
            ),
            _ => {}
        }
    }
    fields
}

impl Fields {
    /// What holds unless a kustomization configures more.
    pub(crate) fn defaults() -> &'static Self {
        &DEFAULTS
    }

    fn section(&mut self, name: &str) -> Option<&mut Vec<FieldSpec>> {
        Some(match name {
            "namePrefix" => &mut self.name_prefix,
            "nameSuffix" => &mut self.name_suffix,
            "namespace" => &mut self.namespace,
            "commonLabels" => &mut self.common_labels,
            "labels" => &mut self.labels,
            "templateLabels" => &mut self.template_labels,
            "commonAnnotations" => &mut self.common_annotations,
            "images" => &mut self.images,
            "replicas" => &mut self.replicas,
            "varReference" => &mut self.var_reference,
            _ => return None,
        })
    }

    /// Adds what a file of `configurations` says.
    pub(crate) fn configure(&mut self, configuration: &Value) {
        for (key, value) in configuration.entries() {
            let specs = value.items().iter().filter_map(FieldSpec::read).collect();
            if let Some(section) = self.section(&key.text) {
                merge(section, specs);
            } else if key.text == "nameReference" {
                for reference in value.items() {
                    let specs = reference.items_at("fieldSpecs").iter();
                    self.refer(
                        Gvk::of_selector(reference),
                        specs.filter_map(FieldSpec::read).collect(),
                    );
                }
            }
        }
    }

    /// Adds the fields of another base.
    pub(crate) fn merge(&mut self, other: &Self) {
        let pairs = [
            (&mut self.name_prefix, &other.name_prefix),
            (&mut self.name_suffix, &other.name_suffix),
            (&mut self.namespace, &other.namespace),
            (&mut self.common_labels, &other.common_labels),
            (&mut self.labels, &other.labels),
            (&mut self.template_labels, &other.template_labels),
            (&mut self.common_annotations, &other.common_annotations),
            (&mut self.images, &other.images),
            (&mut self.replicas, &other.replicas),
            (&mut self.var_reference, &other.var_reference),
        ];
        for (own, others) in pairs {
            merge(own, others.clone());
        }
        for reference in &other.name_reference {
            self.refer(reference.target.clone(), reference.fields.clone());
        }
    }

    fn refer(&mut self, target: Gvk, specs: Vec<FieldSpec>) {
        let known = self.name_reference.iter_mut();
        match known.into_iter().find(|reference| reference.target == target) {
            Some(reference) => merge(&mut reference.fields, specs),
            None => self.name_reference.push(NameReference {
                target,
                fields: specs,
            }),
        }
    }
}

/// Adds fields that no other covers.
pub(crate) fn merge(own: &mut Vec<FieldSpec>, others: Vec<FieldSpec>) {
    for spec in others {
        let covers = |known: &FieldSpec| known.path == spec.path && known.kinds.is_selected_by(&spec.kinds);
        if !own.iter().any(covers) {
            own.push(spec);
        }
    }
}

/// What is made where a field is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Map,
    Scalar,
    /// Nothing.
    Leave,
}

/// Splits a path at `/`, but not at `\/`.
pub(crate) fn path_parts(path: &str, separator: char) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut escaped = false;
    let path = path.strip_prefix(separator).unwrap_or(path);
    for part in path.split(separator) {
        match parts.last_mut().filter(|_| escaped) {
            Some(last) => {
                last.pop();
                last.push(separator);
                last.push_str(part);
            }
            None => parts.push(part.to_owned()),
        }
        escaped = part.ends_with('\\');
    }
    parts
}

/// Calls `change` with every value that the path leads to; lists on the way are entered. Errs with the place where a
/// scalar stands in the way.
pub(crate) fn visit(
    object: &mut Value,
    spec: &FieldSpec,
    missing: Missing,
    span: Span,
    change: &mut dyn FnMut(&mut Value) -> Result<(), Span>,
) -> Result<(), Span> {
    let parts = path_parts(&spec.path, '/');
    let missing = if spec.creates { missing } else { Missing::Leave };
    Visit { missing, span }.visit(object, &parts, change)
}

struct Visit {
    missing: Missing,
    span: Span,
}

impl Visit {
    fn visit(
        &self,
        value: &mut Value,
        path: &[String],
        change: &mut dyn FnMut(&mut Value) -> Result<(), Span>,
    ) -> Result<(), Span> {
        let Some((first, rest)) = path.split_first() else {
            return change(value);
        };
        match &mut value.content {
            Content::Null => Ok(()),
            Content::Scalar(_) => Err(value.span),
            Content::List(items) => items
                .iter_mut()
                .try_for_each(|item| self.visit(item, path, change)),
            Content::Map(_) => {
                let name = first.trim_end_matches("[]");
                let makes = self.missing != Missing::Leave && name == first;
                let field = edit::raw(value, name);
                if makes && field.is_none_or(Value::is_null) {
                    let content = match self.missing {
                        Missing::Scalar if rest.is_empty() => Value::string("", self.span),
                        _ => edit::empty_map(self.span),
                    };
                    edit::set(value, name, self.span, content);
                }
                match edit::raw_mut(value, name) {
                    Some(field) => self.visit(field, rest, change),
                    None => Ok(()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_separator_belongs_to_its_key() {
        let parts = path_parts(
            r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret",
            '/',
        );
        assert_eq!(
            parts,
            [
                "metadata",
                "annotations",
                "nginx.ingress.kubernetes.io/auth-secret"
            ]
        );
    }

    #[test]
    fn every_line_of_the_recorded_table_is_read() {
        let defaults = Fields::defaults();
        let references: usize = defaults
            .name_reference
            .iter()
            .map(|reference| reference.fields.len())
            .sum();
        let sections = [
            &defaults.name_prefix,
            &defaults.name_suffix,
            &defaults.namespace,
            &defaults.common_labels,
            &defaults.template_labels,
            &defaults.common_annotations,
            &defaults.images,
            &defaults.replicas,
            &defaults.var_reference,
        ];
        let others: usize = sections.iter().map(|section| section.len()).sum();
        let lines = include_str!("field_specs.txt").lines();
        assert_eq!(
            references + others,
            lines.filter(|line| !line.starts_with('#')).count()
        );
    }
}
