//! Kubernetes objects as they are rendered.
//!
//! Owns: which manifests are rendered by what (a kustomization, a chart, an application, nothing), and the objects that
//! come out of it, with a place for each piece.

mod applications;
mod links;
mod mentions;
mod reach;
mod releases;

use promsight_model::manifest::{Content, Scalar, Value};
use promsight_model::{FileId, Span};

use crate::Input;
use crate::kustomize::{Builder, Tree, edit};
use links::Links;
use reach::Reach;

pub use releases::{Release, ReleaseContent, ReleaseValues};

/// The name that a chart is rendered with whose release is not known. Objects have it as `${release-name}`: a text of
/// which only a cluster knows what it is.
pub const RELEASE_NAME: &str = "release-name";

/// The namespace that a chart is rendered with whose own is not known; objects have it as `${namespace-of-release}`.
pub const RELEASE_NAMESPACE: &str = "namespace-of-release";

/// What a chart of the tree renders to: as something releases it, or with its default values where nothing does.
#[derive(Clone, Debug, Default)]
pub struct RenderedChart {
    /// Its `Chart.yaml`.
    pub chart: Option<FileId>,
    /// Its folder, relative to the root.
    pub folder: String,
    /// What releases it so; `None` for the default values alone.
    pub release: Option<Release>,
    /// The objects that came out, with places in the templates and values.
    pub objects: Vec<Value>,
    /// Templates that could not be evaluated to their end: the place and the reason, a clause.
    pub unevaluated: Vec<(Span, String)>,
    /// Kinds of objects that its templates spell out and its default values do not make: where, and which.
    pub dormant: Vec<(Span, String)>,
}

impl Rendering {
    /// Whether objects may be applied with these that are not known. What the real tool refuses to render applies nothing.
    #[must_use]
    pub fn may_hold_more(&self) -> bool {
        !self.is_complete && !self.problems.iter().any(|problem| problem.is_fatal)
    }
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
    /// A chart, as something releases it or with its default values.
    Chart(FileId),
}

/// Whether a path says that what it holds is an example, a test or an option, which nobody runs as it stands.
pub fn is_aside(path: &str) -> bool {
    reach::is_aside(path)
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
    /// Whether all objects are known; not so where something remote or not understood is rendered too, and where values
    /// of a chart may make more of what decides about scraping.
    pub is_complete: bool,
    /// Kinds of objects that a chart's templates spell out and its values do not make: where, and which.
    pub dormant: Vec<(Span, String)>,
    /// Whether the objects are those of a chart's default values, of which nothing in the tree says that anybody applies
    /// them so.
    pub is_default: bool,
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
    /// What brings it in: entries of kustomizations, paths of applications, the nearest first; empty for a manifest
    /// that stands for itself.
    pub reached_by: Vec<Span>,
    /// Whether it may be applied. Not so where something applies what stands beside it and leaves it out: it is
    /// declared only.
    pub is_deployed: bool,
}

/// A manifest of observability that no kustomization, chart or application reaches, though what stands beside it is
/// reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Orphan {
    /// The place of its name, or of the whole document.
    pub span: Span,
    /// Its kind.
    pub kind: String,
    /// Its name; may be empty.
    pub name: String,
    /// The entry of a kustomization that brings in what stands beside it.
    pub sibling: Span,
}

/// What the manifests of the tree come to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rendered {
    pub(crate) renderings: Vec<Rendering>,
    pub(crate) orphans: Vec<Orphan>,
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

/// The objects of the tree, by what renders them: each kustomization that no other one builds on, or that an
/// application names; each chart; and last, in one rendering, all manifests that stand for themselves.
pub(crate) fn render(input: &Input<'_>) -> Rendered {
    let mut tree = Tree::of(input);
    let links = Links::of(&tree);
    let missing = links.missing(&tree);
    if !missing.is_empty() {
        let kustomizations = links.folders.values().map(|(file, _)| *file).collect();
        tree.expect(mentions::made_elsewhere(input.files, &missing, &kustomizations));
    }
    let folders: Vec<&str> = tree.folders().collect();
    let applied = applications::applied(input, &folders);
    let mut roots = links.roots();
    let named = applied.iter().map(|applied| applied.folder.as_str());
    roots.extend(named.filter(|folder| {
        links
            .folders
            .get(*folder)
            .is_some_and(|(_, component)| !component)
    }));
    let mut builder = Builder::new(&tree, input.charts);
    let mut renderings = Vec::new();
    for folder in &roots {
        if let Some((file, _)) = links.folders.get(*folder) {
            let (resources, problems) = builder.build(folder);
            let applied = applied.iter().filter(|applied| applied.folder == *folder);
            let applied: Vec<Span> = applied.map(|applied| applied.span).collect();
            renderings.push(Rendering {
                root: RenderingRoot::Kustomization(*file),
                objects: resources
                    .into_iter()
                    .map(|resource| resource.into_object(&applied))
                    .collect(),
                problems: problems.found,
                is_complete: problems.is_complete,
                dormant: Vec::new(),
                is_default: false,
            });
        }
    }
    renderings.extend(input.charts.iter().filter_map(chart));
    let reach = Reach::of(input, &tree, &links, &roots, &applied);
    renderings.push(Rendering {
        root: RenderingRoot::Plain,
        objects: reach.plain,
        problems: Vec::new(),
        is_complete: true,
        dormant: Vec::new(),
        is_default: false,
    });
    Rendered {
        renderings,
        orphans: reach.orphans,
    }
}

/// Kinds without which nothing can be said of what is scraped.
const DECISIVE: [&str; 8] = [
    "PodMonitor",
    "Probe",
    "Prometheus",
    "PrometheusAgent",
    "PrometheusRule",
    "ScrapeConfig",
    "Service",
    "ServiceMonitor",
];

fn is_decisive((_, kind): &(Span, String)) -> bool {
    DECISIVE.contains(&kind.as_str())
}

/// What a chart renders to by itself; nothing where a kustomization renders it.
fn chart(chart: &RenderedChart) -> Option<Rendering> {
    let release = chart.release.as_ref();
    if release.is_some_and(|release| release.is_inflated) {
        return None;
    }
    let objects = chart.objects.iter().map(|value| Object {
        origin: value.span,
        value: in_namespace(opened(value, release), release),
        reached_by: release.map(|release| release.span).into_iter().collect(),
        is_deployed: true,
    });
    let problems = chart.unevaluated.iter().map(|(span, reason)| Problem {
        span: *span,
        message: reason.clone(),
        is_fatal: false,
    });
    // Of what a release leaves out it is known that it is not there.
    let is_known = release.map_or_else(
        || !chart.dormant.iter().any(is_decisive),
        |release| release.is_complete || !chart.dormant.iter().any(is_decisive),
    );
    Some(Rendering {
        root: RenderingRoot::Chart(chart.chart?),
        objects: objects.collect(),
        problems: problems.collect(),
        is_complete: chart.unevaluated.is_empty() && is_known,
        dormant: chart.dormant.clone(),
        is_default: release.is_none(),
    })
}

/// The object with `${…}` for each name that only stands in for the release's own.
pub(crate) fn opened(object: &Value, release: Option<&Release>) -> Value {
    let is_known = |name: fn(&Release) -> bool| release.is_some_and(name);
    let mut stand_ins = Vec::new();
    if !is_known(|release| release.namespace.is_some()) {
        stand_ins.push(RELEASE_NAMESPACE);
    }
    if !is_known(|release| release.name.is_some()) {
        stand_ins.push(RELEASE_NAME);
    }
    with_open(object, &stand_ins)
}

fn with_open(value: &Value, names: &[&str]) -> Value {
    let content = match &value.content {
        Content::Null => Content::Null,
        Content::Scalar(scalar) => Content::Scalar(Scalar {
            text: names.iter().fold(scalar.text.clone(), |text, name| {
                text.replace(name, &format!("${{{name}}}"))
            }),
            is_string: scalar.is_string,
            documents: scalar
                .documents
                .iter()
                .map(|document| with_open(document, names))
                .collect(),
        }),
        Content::List(items) => Content::List(items.iter().map(|item| with_open(item, names)).collect()),
        Content::Map(entries) => {
            let entries = entries.iter();
            Content::Map(
                entries
                    .map(|(key, value)| (key.clone(), with_open(value, names)))
                    .collect(),
            )
        }
    };
    Value {
        span: value.span,
        content,
    }
}

/// An object of a release without a namespace gets the release's. One whose namespace is that of a release that is not
/// known has none that is written.
fn in_namespace(mut object: Value, release: Option<&Release>) -> Value {
    let written = object.text_at(&["metadata", "namespace"]);
    let stands_in = format!("${{{RELEASE_NAMESPACE}}}");
    match (
        written,
        release.and_then(|release| release.namespace.as_deref().map(|own| (own, release.span))),
    ) {
        (Some(written), _) if written == stands_in => {
            if let Some(metadata) = edit::raw_mut(&mut object, "metadata") {
                edit::remove(metadata, "namespace");
            }
        }
        (None, Some((own, span))) => {
            if let Some(metadata) = edit::raw_mut(&mut object, "metadata") {
                edit::set(metadata, "namespace", span, Value::string(own, span));
            }
        }
        _ => {}
    }
    object
}

/// The releases of charts of the tree; `input` has its charts as they render with their default values.
pub fn releases(input: &Input<'_>) -> Vec<Release> {
    if !releases::may_be_any(input) {
        return Vec::new();
    }
    let rendered = render(input);
    let objects: Vec<&Object> = rendered
        .renderings
        .iter()
        .flat_map(|rendering| &rendering.objects)
        .collect();
    releases::releases(input, &objects)
}
