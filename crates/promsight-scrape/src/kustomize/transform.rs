//! The transformers that change fields of all objects: namespace, name prefix and suffix, labels, annotations, images,
//! replicas.

use promsight_model::Span;
use promsight_model::manifest::{Content, Value};
use regex::Regex;

use super::edit;
use super::fields::{FieldSpec, Missing, visit};
use super::problems::Problems;
use super::resource::{Id, Resource};

/// Runs `change` on the fields of an object that the specifications name.
fn change_fields(
    resource: &mut Resource,
    specs: &[FieldSpec],
    missing: Missing,
    span: Span,
    problems: &mut Problems,
    change: &mut dyn FnMut(&mut Value) -> Result<(), Span>,
) {
    let gvk = resource.gvk();
    for spec in specs.iter().filter(|spec| gvk.is_selected_by(&spec.kinds)) {
        if let Err(place) = visit(&mut resource.value, spec, missing, span, change) {
            problems.refuse(place, format!("`{}` cannot be set here", spec.path));
        }
    }
}

/// `namespace:`.
pub(crate) fn namespace(
    resources: &mut [Resource],
    namespace: &Value,
    specs: &[FieldSpec],
    problems: &mut Problems,
) {
    let Some(text) = namespace.as_str().filter(|text| !text.is_empty()) else {
        return;
    };
    let own_namespace = [FieldSpec::everywhere("metadata/namespace")];
    for resource in resources.iter_mut() {
        resource.remember();
        let gvk = resource.gvk();
        let mut set = |value: &mut Value| match value.content {
            Content::Map(_) | Content::List(_) => Err(value.span),
            _ => {
                *value = Value::string(text, namespace.span);
                Ok(())
            }
        };
        if !gvk.is_cluster_scoped() {
            change_fields(
                resource,
                &own_namespace,
                Missing::Scalar,
                namespace.span,
                problems,
                &mut set,
            );
        }
        let is_binding = matches!(gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
        let is_meant = |spec: &&FieldSpec| match spec.path.as_str() {
            "metadata/namespace" => false,
            "metadata/name" => gvk.api_version() == "v1",
            "subjects/namespace" => !is_binding,
            _ => true,
        };
        let specs: Vec<FieldSpec> = specs.iter().filter(is_meant).cloned().collect();
        change_fields(
            resource,
            &specs,
            Missing::Scalar,
            namespace.span,
            problems,
            &mut set,
        );
        if is_binding {
            set_default_subjects(resource, text, namespace.span);
        }
    }
    refuse_repeated(resources, namespace.span, problems);
}

/// Of the subjects of bindings only those named `default` are taken along; the others follow the objects they name.
fn set_default_subjects(resource: &mut Resource, namespace: &str, span: Span) {
    let Some(subjects) = edit::raw_mut(&mut resource.value, "subjects") else {
        return;
    };
    if let Content::List(subjects) = &mut subjects.content {
        for subject in subjects {
            if subject.text_at(&["name"]) == Some("default") {
                edit::set(subject, "namespace", span, Value::string(namespace, span));
            }
        }
    }
}

fn refuse_repeated(resources: &[Resource], span: Span, problems: &mut Problems) {
    let mut ids: Vec<Id> = resources.iter().map(Resource::id).collect();
    ids.sort();
    if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
        problems.refuse(span, format!("two objects come out as {}", pair[0]));
    }
}

/// Which end of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Affix {
    Prefix,
    Suffix,
}

/// `namePrefix:` and `nameSuffix:`.
pub(crate) fn affix(
    resources: &mut [Resource],
    affix: &Value,
    kind: Affix,
    specs: &[FieldSpec],
    problems: &mut Problems,
) {
    let Some(text) = affix.as_str().filter(|text| !text.is_empty()) else {
        return;
    };
    for resource in resources.iter_mut() {
        let id = resource.original_id();
        let is_service = id.gvk.group == "apiregistration.k8s.io" && id.gvk.kind == "APIService";
        if is_service || matches!(id.gvk.kind.as_str(), "CustomResourceDefinition" | "Namespace") {
            continue;
        }
        for spec in specs.iter().filter(|spec| id.gvk.is_selected_by(&spec.kinds)) {
            if spec.path == "metadata/name" {
                match kind {
                    Affix::Prefix => resource.prefixes.push(text.to_owned()),
                    Affix::Suffix => resource.suffixes.push(text.to_owned()),
                }
                resource.remember();
            }
            let mut set = |value: &mut Value| {
                let old = value.as_str().ok_or(value.span)?;
                let new = match kind {
                    Affix::Prefix => format!("{text}{old}"),
                    Affix::Suffix => format!("{old}{text}"),
                };
                edit::set_text(value, new);
                Ok(())
            };
            let spec = std::slice::from_ref(spec);
            change_fields(resource, spec, Missing::Scalar, affix.span, problems, &mut set);
        }
    }
}

/// Adds the entries of a mapping (labels, annotations) to the mappings that the specifications name.
pub(crate) fn add_entries(
    resources: &mut [Resource],
    pairs: &Value,
    specs: &[FieldSpec],
    problems: &mut Problems,
) {
    for resource in resources.iter_mut() {
        for (key, value) in pairs.entries() {
            let text = value.as_str().unwrap_or_default();
            let mut set = |map: &mut Value| {
                if map.is_null() {
                    map.content = Content::Map(Vec::new());
                }
                if !map.is_map() {
                    return Err(map.span);
                }
                edit::set(map, &key.text, key.span, Value::string(text, value.span));
                Ok(())
            };
            change_fields(resource, specs, Missing::Map, key.span, problems, &mut set);
        }
    }
}

/// An entry of `replicas:`.
pub(crate) fn replicas(
    resources: &mut [Resource],
    entry: &Value,
    specs: &[FieldSpec],
    problems: &mut Problems,
) {
    let name = entry.text_at(&["name"]).unwrap_or_default();
    let count = entry.get("count");
    let (count, span) = count.map_or(("0", entry.span), |count| {
        (count.as_str().unwrap_or("0"), count.span)
    });
    let mut is_found = false;
    for spec in specs {
        let is_meant = |id: &Id| id.name == name && id.gvk.is_selected_by(&spec.kinds);
        for resource in resources.iter_mut().filter(|resource| resource.was(is_meant)) {
            is_found = true;
            let mut set = |value: &mut Value| {
                *value = edit::plain(count, span);
                Ok(())
            };
            let spec = std::slice::from_ref(spec);
            change_fields(resource, spec, Missing::Scalar, span, problems, &mut set);
        }
    }
    if !is_found {
        let place = entry.get("name").map_or(entry.span, |name| name.span);
        problems.refuse(place, format!("no workload is named `{name}`"));
    }
}

/// An entry of `images:`.
pub(crate) fn image(resources: &mut [Resource], entry: &Value, specs: &[FieldSpec], problems: &mut Problems) {
    let Some(change) = ImageChange::read(entry) else {
        return;
    };
    for resource in resources.iter_mut() {
        if resource.gvk().kind == "CustomResourceDefinition" {
            continue;
        }
        change.everywhere(&mut resource.value);
        let mut set = |value: &mut Value| {
            let old = value.as_str().ok_or(value.span)?;
            if let Some(new) = change.of(old) {
                *value = Value::string(new, change.span);
            }
            Ok(())
        };
        change_fields(resource, specs, Missing::Leave, change.span, problems, &mut set);
    }
}

struct ImageChange<'a> {
    pattern: Regex,
    name: &'a str,
    tag: &'a str,
    digest: &'a str,
    suffix: &'a str,
    span: Span,
}

impl<'a> ImageChange<'a> {
    fn read(entry: &'a Value) -> Option<Self> {
        let text = |key| entry.text_at(&[key]).unwrap_or_default();
        let pattern = format!(
            "^{}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$",
            text("name")
        );
        Some(Self {
            pattern: Regex::new(&pattern).ok()?,
            name: text("newName"),
            tag: text("newTag"),
            digest: text("digest"),
            suffix: text("tagSuffix"),
            span: entry.span,
        })
    }

    /// The new image; `None` where another one is meant.
    fn of(&self, image: &str) -> Option<String> {
        if !self.pattern.is_match(image) {
            return None;
        }
        let (name, tag, digest) = split_image(image);
        let name = if self.name.is_empty() { name } else { self.name };
        let (tag, digest) = match (self.tag, self.digest) {
            ("", "") if !self.suffix.is_empty() => (format!("{tag}{}", self.suffix), ""),
            ("", "") => (tag.to_owned(), digest),
            (tag, digest) => (tag.to_owned(), digest),
        };
        let mut image = name.to_owned();
        if !tag.is_empty() {
            image.push(':');
            image.push_str(&tag);
        }
        if !digest.is_empty() {
            image.push('@');
            image.push_str(digest);
        }
        Some(image)
    }

    /// Whatever the kind: containers are found by the names of their lists.
    fn everywhere(&self, value: &mut Value) {
        match &mut value.content {
            Content::List(items) => items.iter_mut().for_each(|item| self.everywhere(item)),
            Content::Map(entries) => {
                for (key, value) in entries {
                    self.everywhere(value);
                    if let Content::List(items) = &mut value.content
                        && matches!(key.text.as_str(), "containers" | "initContainers")
                    {
                        let images = items.iter_mut().filter_map(|item| edit::raw_mut(item, "image"));
                        for image in images {
                            if let Some(new) = image.as_str().and_then(|old| self.of(old)) {
                                *image = Value::string(new, self.span);
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

/// Name, tag and digest of an image; a port of the registry is no tag.
fn split_image(image: &str) -> (&str, &str, &str) {
    let start = image.find('/').unwrap_or_default();
    let (rest, digest) = match image[start..].find('@') {
        Some(at) => (&image[..start + at], &image[start + at + 1..]),
        None => (image, ""),
    };
    match rest[start..].find(':') {
        Some(at) => (&rest[..start + at], &rest[start + at + 1..], digest),
        None => (rest, "", digest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_split_behind_their_registry() {
        let digest = "sha256:0123";
        assert_eq!(split_image("oven"), ("oven", "", ""));
        assert_eq!(split_image("host:5000/oven:1.2"), ("host:5000/oven", "1.2", ""));
        assert_eq!(
            split_image("host/oven:1.2@sha256:0123"),
            ("host/oven", "1.2", digest)
        );
        assert_eq!(split_image("oven@sha256:0123"), ("oven", "", digest));
    }
}
