//! `transformers:` and `generators:` that name what kustomize has built in, configured by an object of its own.
//!
//! What they configure is what the fields of a kustomization configure in fewer words. Programs and containers are never
//! run: what they would do is unknown.

use promsight_model::manifest::{Manifest, Value};

use super::edit;
use super::fields::FieldSpec;
use super::generators::{Generated, absorb, generate};
use super::patches;
use super::problems::Problems;
use super::replacements;
use super::resource::Resource;
use super::transform::{self, Affix};
use super::tree::Found;

/// The objects that an entry configures: those of a file, or its own text.
fn configurations(files: &patches::Files<'_>, entry: &Value, problems: &mut Problems) -> Vec<Value> {
    let inline = entry.as_scalar().map_or(&[][..], |scalar| &scalar.documents[..]);
    if !inline.is_empty() {
        return inline.to_vec();
    }
    let path = entry.as_str().unwrap_or_default();
    if super::join(files.folder, path).is_some_and(|full| files.tree.is_folder(&full)) {
        problems.unknown(entry.span, "what a folder of plugins does is not known");
        return Vec::new();
    }
    match files.tree.file(files.folder, path, entry.span, problems) {
        Found::File(file) => {
            let manifests: &[Manifest] = files.tree.manifests(file.id);
            manifests.iter().map(|manifest| manifest.value.clone()).collect()
        }
        Found::Unknown | Found::Missing => Vec::new(),
    }
}

/// An entry of `transformers`.
pub(crate) fn transformer(
    files: &patches::Files<'_>,
    entry: &Value,
    resources: &mut Vec<Resource>,
    problems: &mut Problems,
) {
    for plugin in configurations(files, entry, problems) {
        if plugin.text_at(&["apiVersion"]) != Some("builtin") {
            problems.unknown(entry.span, "what this transformer changes is not known");
            continue;
        }
        let specs = plugin.items_at("fieldSpecs").iter().filter_map(FieldSpec::read);
        let specs: Vec<FieldSpec> = specs.collect();
        let named = |key: &str| plugin.get(key);
        match plugin.text_at(&["kind"]).unwrap_or_default() {
            "NamespaceTransformer" => {
                if let Some(namespace) = plugin.at(&["metadata", "namespace"]) {
                    transform::namespace(resources, namespace, &specs, problems);
                }
            }
            "PrefixTransformer" => {
                if let Some(prefix) = named("prefix") {
                    transform::affix(resources, prefix, Affix::Prefix, &specs, problems);
                }
            }
            "SuffixTransformer" => {
                if let Some(suffix) = named("suffix") {
                    transform::affix(resources, suffix, Affix::Suffix, &specs, problems);
                }
            }
            "LabelTransformer" => {
                if let Some(labels) = named("labels") {
                    transform::add_entries(resources, labels, &specs, problems);
                }
            }
            "AnnotationsTransformer" => {
                if let Some(annotations) = named("annotations") {
                    transform::add_entries(resources, annotations, &specs, problems);
                }
            }
            "ReplicaCountTransformer" => {
                if let Some(replica) = named("replica") {
                    transform::replicas(resources, replica, &specs, problems);
                }
            }
            "ImageTagTransformer" => {
                if let Some(image) = named("imageTag") {
                    transform::image(resources, image, &specs, problems);
                }
            }
            "PatchTransformer" => patches::entry(files, &plugin, resources, problems),
            "PatchJson6902Transformer" => {
                let mut patch = plugin.clone();
                if let Some(operations) = named("jsonOp") {
                    edit::set(&mut patch, "patch", operations.span, operations.clone());
                }
                patches::json_entry(files, &patch, resources, problems);
            }
            "PatchStrategicMergeTransformer" => {
                for patch in plugin.items_at("paths").iter().chain(named("patches")) {
                    patches::strategic_entry(files, patch, resources, problems);
                }
            }
            "ReplacementTransformer" => {
                for replacement in plugin.items_at("replacements") {
                    replacements::apply(resources, replacement, problems);
                }
            }
            _ => problems.unknown(entry.span, "what this transformer changes is not known"),
        }
    }
}

/// An entry of `generators`.
pub(crate) fn generator(
    files: &patches::Files<'_>,
    entry: &Value,
    resources: &mut Vec<Resource>,
    problems: &mut Problems,
) {
    for plugin in configurations(files, entry, problems) {
        let is_builtin = plugin.text_at(&["apiVersion"]) == Some("builtin");
        let kind = match plugin.text_at(&["kind"]) {
            Some("ConfigMapGenerator") if is_builtin => Generated::ConfigMap,
            Some("SecretGenerator") if is_builtin => Generated::Secret,
            _ => {
                problems.unknown(entry.span, "what this generator makes is not known");
                continue;
            }
        };
        let mut arguments = plugin.clone();
        for key in ["name", "namespace"] {
            if let Some(value) = plugin.at(&["metadata", key])
                && plugin.get(key).is_none()
            {
                edit::set(&mut arguments, key, value.span, value.clone());
            }
        }
        if let Some(made) = generate(files.tree, files.folder, &arguments, None, kind, problems) {
            absorb(resources, made, problems);
        }
    }
}
