//! Structured documents as values: Kubernetes objects, kustomizations, configurations of Prometheus, values of charts.
//!
//! A [`Value`] owns its text and knows, at every scalar and key, where that was written, so that it can be merged,
//! patched and rendered and still leads back to the files. It knows no schema.

use crate::span::Span;

/// Values are no deeper: readers put null in the place of what lies below, so that nothing that walks or drops one
/// recurses further.
pub const MAX_DEPTH: usize = 100;

/// A value with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Where it was written; of what a transformer made, where that was asked for.
    pub span: Span,
    /// What it is.
    pub content: Content,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Null, written so or left out.
    Null,
    /// A string, number or boolean.
    Scalar(Scalar),
    /// A sequence.
    List(Vec<Value>),
    /// A mapping, in the order of the document; no key twice, `<<` merged.
    Map(Vec<(Key, Value)>),
}

/// A key with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The decoded text.
    pub text: String,
    /// Where it was written.
    pub span: Span,
}

/// A string, number or boolean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scalar {
    /// The decoded text.
    pub text: String,
    /// Whether it is a string whatever its text (quoted or a block), so that `"9090"` is no number.
    pub is_string: bool,
    /// The documents that the text holds, where it stands at a place that holds some (the data of a ConfigMap, an
    /// inline patch) and is YAML or JSON of mappings or sequences.
    pub documents: Vec<Value>,
}

impl Value {
    /// A string without documents in it.
    pub fn string(text: impl Into<String>, span: Span) -> Self {
        let scalar = Scalar {
            text: text.into(),
            is_string: true,
            documents: Vec::new(),
        };
        Self {
            span,
            content: Content::Scalar(scalar),
        }
    }

    /// The value under a key of a mapping; null counts as absent.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entry(key).map(|(_, value)| value)
    }

    /// A key and its value; null counts as absent.
    pub fn entry(&self, key: &str) -> Option<&(Key, Value)> {
        let found = self.entries().iter().find(|(own, _)| own.text == key);
        found.filter(|(_, value)| value.content != Content::Null)
    }

    /// The value at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The text of the scalar at the end of a path of keys.
    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// The text of a scalar.
    pub fn as_str(&self) -> Option<&str> {
        self.as_scalar().map(|scalar| scalar.text.as_str())
    }

    /// The scalar.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.content {
            Content::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// A boolean, written without quotes as YAML 1.1 has it in Kubernetes (`true`, `yes`, `on` …).
    pub fn as_bool(&self) -> Option<bool> {
        let scalar = self.as_scalar().filter(|scalar| !scalar.is_string)?;
        match scalar.text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" => Some(true),
            "false" | "no" | "off" | "n" => Some(false),
            _ => None,
        }
    }

    /// A whole number, quoted or not.
    pub fn as_integer(&self) -> Option<i64> {
        self.as_str()?.trim().parse().ok()
    }

    /// The items of a sequence; none for anything else.
    pub fn items(&self) -> &[Value] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }

    /// The items under a key.
    pub fn items_at(&self, key: &str) -> &[Value] {
        self.get(key).map_or(&[], Value::items)
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[(Key, Value)] {
        match &self.content {
            Content::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Whether it is a mapping.
    pub fn is_map(&self) -> bool {
        matches!(self.content, Content::Map(_))
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        self.content == Content::Null
    }
}

/// A document that says how something is run, rendered or scraped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// What it is.
    pub kind: ManifestKind,
    /// Its content.
    pub value: Value,
    /// Whether it was read from an unrendered template, so that texts may hold its actions.
    pub is_template: bool,
}

/// What kind of document it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ManifestKind {
    /// An object of Kubernetes, custom ones included (`apiVersion` and `kind`); the items of a `List` are objects of
    /// their own.
    Object,
    /// A `kustomization.yaml` (also without `apiVersion`).
    Kustomization,
    /// A part of a kustomization in a file of its own: a JSON patch, replacements, a configuration of transformers.
    KustomizationPart,
    /// The configuration of a Prometheus server, or of an agent that speaks its language (`scrape_configs`).
    Prometheus,
    /// A list of scrape jobs by itself, as `additionalScrapeConfigs` holds it.
    ScrapeJobs,
    /// Targets for `file_sd_configs`: a list of mappings with `targets`.
    TargetGroups,
    /// A docker-compose file (`services`).
    Compose,
    /// A chart's `Chart.yaml`.
    Chart,
    /// A `helmfile.yaml`: which charts are deployed (`releases`).
    Helmfile,
    /// Values of a chart: `values.yaml` beside a `Chart.yaml`, and files that are named as values.
    ChartValues,
}
