//! What a kustomization says, and what kustomize refuses to read.

use promsight_model::SourceFile;
use promsight_model::manifest::{Key, Value};

use super::problems::Problems;
use super::tree::folder_of;

/// A kustomization. Its fields are found whatever the case of their letters, as in kustomize.
pub(crate) struct Kustomization<'a> {
    pub(crate) file: &'a SourceFile,
    pub(crate) value: &'a Value,
}

/// What a kustomization may say (kustomize v5.7.1).
const FIELDS: [&str; 33] = [
    "apiVersion",
    "kind",
    "metadata",
    "openapi",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "images",
    "imageTags",
    "replacements",
    "replicas",
    "vars",
    "sortOptions",
    "resources",
    "components",
    "crds",
    "bases",
    "configMapGenerator",
    "secretGenerator",
    "helmGlobals",
    "helmCharts",
    "helmChartInflationGenerator",
    "generatorOptions",
    "configurations",
    "generators",
    "transformers",
    "buildMetadata",
];

impl<'a> Kustomization<'a> {
    pub(crate) fn get(&self, field: &str) -> Option<&'a Value> {
        let alike = |entry: &&(Key, Value)| entry.0.text.eq_ignore_ascii_case(field);
        let found = self.value.get(field);
        found.or_else(|| {
            let entry = self.value.entries().iter().find(alike)?;
            Some(&entry.1).filter(|value| !value.is_null())
        })
    }

    pub(crate) fn items(&self, field: &str) -> &'a [Value] {
        self.get(field).map_or(&[], Value::items)
    }

    pub(crate) fn is_component(&self) -> bool {
        self.value.text_at(&["kind"]) == Some("Component")
    }

    /// The folder it stands in.
    pub(crate) fn folder(&self) -> &'a str {
        folder_of(&self.file.path)
    }

    /// What kustomize refuses to read.
    pub(crate) fn check(&self, problems: &mut Problems) {
        let is_known = |field: &str| {
            field.eq_ignore_ascii_case("validators")
                || FIELDS.iter().any(|known| known.eq_ignore_ascii_case(field))
        };
        for (key, _) in self
            .value
            .entries()
            .iter()
            .filter(|(key, _)| !is_known(&key.text))
        {
            let message = format!("`{}` is no field of a kustomization", key.text);
            problems.refuse_surely(key.span, message);
        }
        const LISTS: [&str; 18] = [
            "resources",
            "components",
            "crds",
            "bases",
            "configMapGenerator",
            "secretGenerator",
            "helmCharts",
            "configurations",
            "generators",
            "transformers",
            "patches",
            "patchesStrategicMerge",
            "patchesJson6902",
            "images",
            "replicas",
            "replacements",
            "vars",
            "labels",
        ];
        for field in LISTS {
            let value = self
                .get(field)
                .filter(|value| value.is_map() || value.as_str().is_some());
            if let Some(value) = value {
                problems.refuse_surely(value.span, format!("`{field}` is a list"));
            }
        }
        let is_empty = |(key, value): &(Key, Value)| {
            value.is_null() || matches!(key.text.as_str(), "apiVersion" | "kind")
        };
        if self.value.entries().iter().all(is_empty) {
            problems.refuse_surely(self.value.span, "the kustomization is empty");
        }
    }
}
