//! Kubernetes objects as they are rendered.
//!
//! Owns: which manifests are rendered by what (a kustomization, a chart, an application, nothing), and the objects that
//! come out of it, with a place for each piece.

use promsight_model::manifest::{ManifestKind, Value};
use promsight_model::{FileId, Span};

use crate::Input;

/// What a chart of the tree renders to with its default values.
#[derive(Clone, Debug, Default)]
pub struct RenderedChart {
    /// Its `Chart.yaml`.
    pub chart: Option<FileId>,
    /// Its folder, relative to the root.
    pub folder: String,
    /// The objects that came out, with places in the templates and values.
    pub objects: Vec<Value>,
    /// Templates that could not be evaluated to their end: the place and the reason, a clause.
    pub unevaluated: Vec<(Span, String)>,
}

/// Names an object of a [`Rendering`]: the rendering's index, then the object's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId {
    /// Index into the renderings.
    pub rendering: usize,
    /// Index into [`Rendering::objects`].
    pub object: usize,
}

/// What renders objects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RenderingRoot {
    /// Nothing: manifests that stand for themselves.
    Plain,
    /// A kustomization that no other one of the tree builds on.
    Kustomization(FileId),
    /// A chart with its default values.
    Chart(FileId),
}

/// Objects that are applied together.
#[derive(Clone, Debug)]
pub struct Rendering {
    /// What renders them.
    pub root: RenderingRoot,
    /// The objects, in the order of rendering.
    pub objects: Vec<Object>,
    /// What could not be rendered as the real tool would: a clause, and where.
    pub problems: Vec<Problem>,
    /// Whether all objects are known; not so where something remote or not understood is rendered too.
    pub is_complete: bool,
}

/// What went wrong in a rendering.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where.
    pub span: Span,
    /// What, as a clause.
    pub message: String,
    /// Whether the real tool refuses to render at all.
    pub is_fatal: bool,
}

/// One object of Kubernetes as it is applied.
#[derive(Clone, Debug)]
pub struct Object {
    /// The whole object.
    pub value: Value,
    /// The document that it was written in.
    pub origin: Span,
}

impl Object {
    /// `apiVersion`.
    pub fn api_version(&self) -> &str {
        self.value.text_at(&["apiVersion"]).unwrap_or_default()
    }

    /// `kind`.
    pub fn kind(&self) -> &str {
        self.value.text_at(&["kind"]).unwrap_or_default()
    }

    /// `metadata.name`; empty where it has none.
    pub fn name(&self) -> &str {
        self.value.text_at(&["metadata", "name"]).unwrap_or_default()
    }

    /// `metadata.namespace`, where it is written or set by a transformer.
    pub fn namespace(&self) -> Option<&str> {
        self.value.text_at(&["metadata", "namespace"])
    }

    /// `metadata.labels` with the places of their values.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str, Span)> {
        text_entries(self.value.at(&["metadata", "labels"]))
    }
}

/// The entries of a mapping whose values are scalars.
pub fn text_entries(map: Option<&Value>) -> impl Iterator<Item = (&str, &str, Span)> {
    let entries = map.map_or(&[][..], Value::entries);
    entries
        .iter()
        .filter_map(|(key, value)| Some((key.text.as_str(), value.as_str()?, value.span)))
}

/// The objects of the tree, by what renders them. Whatever no kustomization and no chart reaches is in one rendering
/// of plain manifests, the last.
pub(crate) fn render(input: &Input<'_>) -> Vec<Rendering> {
    let manifests = input.facts.iter().flat_map(|facts| &facts.manifests);
    let plain = manifests.filter(|manifest| manifest.kind == ManifestKind::Object && !manifest.is_template);
    let objects = plain.map(|manifest| Object {
        origin: manifest.value.span,
        value: manifest.value.clone(),
    });
    vec![Rendering {
        root: RenderingRoot::Plain,
        objects: objects.collect(),
        problems: Vec::new(),
        is_complete: true,
    }]
}
