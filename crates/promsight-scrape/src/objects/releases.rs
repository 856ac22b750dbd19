//! Which charts of the tree are deployed, and with which values.
//!
//! Owns: what deploys a chart (an application of Argo CD, a HelmRelease of Flux, a helmfile, a kustomization, skaffold, a
//! command of a script), and the values that it gives. What only a run knows (a variable in the name of a file of values)
//! is bound to each file that is there under such a name; what cannot be bound makes the values incomplete. Renders
//! nothing.

mod bindings;
mod commands;
mod sources;

use std::collections::BTreeSet;

use promsight_model::launch::Setting;
use promsight_model::manifest::{Manifest, ManifestKind, Value};
use promsight_model::{FileId, Span};

use super::{Object, is_aside};
use crate::Input;
use crate::paths;
use bindings::Bindings;

/// Releases of one chart that are looked at: environments differ in little that matters here.
const MAX_OF_CHART: usize = 12;

/// Releases of all charts that are looked at.
const MAX_RELEASES: usize = 200;

/// A chart of the tree as something deploys it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The chart's folder, relative to the root.
    pub chart: String,
    /// The release's name, where it is known.
    pub name: Option<String>,
    /// Its namespace, where it is known.
    pub namespace: Option<String>,
    /// Its values; a later one comes before an earlier one, and all come before those of the chart.
    pub values: Vec<ReleaseValues>,
    /// What says so.
    pub span: Span,
    /// Whether all values are known.
    pub is_complete: bool,
    /// Whether a kustomization inflates it: its objects are the kustomization's.
    pub is_inflated: bool,
}

/// Values that a release gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseValues {
    /// Where that is said.
    pub span: Span,
    /// The values.
    pub content: ReleaseContent,
}

/// What the values of a release are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReleaseContent {
    /// Those of a file.
    File(FileId),
    /// YAML.
    Text(String),
    /// A mapping.
    Tree(Value),
    /// Assignments as of the command line.
    Set(Setting, String),
}

/// The releases of charts of the tree. `objects` are all that are rendered with the charts' default values.
pub(crate) fn releases<'a>(input: &'a Input<'a>, objects: &[&Object]) -> Vec<Release> {
    let charts: BTreeSet<&str> = input
        .files
        .files()
        .iter()
        .filter(|file| paths::matches("Chart.yaml", file.path.rsplit('/').next().unwrap_or_default()))
        .map(|file| paths::folder(&file.path))
        .collect();
    let mut finder = Finder {
        input,
        charts,
        objects,
        found: Vec::new(),
    };
    let rendered: BTreeSet<Span> = objects.iter().map(|object| object.origin).collect();
    for object in objects {
        finder.object(&object.value);
    }
    for facts in input.facts {
        for manifest in &facts.manifests {
            match manifest.kind {
                // Those with actions of templates are in no rendering.
                ManifestKind::Object if !rendered.contains(&manifest.value.span) => {
                    finder.object(&manifest.value);
                }
                ManifestKind::Kustomization => finder.kustomization(&manifest.value),
                ManifestKind::Helmfile => finder.helmfile(manifest),
                _ => {}
            }
        }
        for launch in &facts.launches {
            finder.launch(facts.file, launch);
        }
    }
    finder.settled()
}

/// Whether anything of the tree may deploy a chart.
pub(crate) fn may_be_any(input: &Input<'_>) -> bool {
    let deploys = |manifest: &Manifest| {
        let kind = manifest.value.text_at(&["kind"]).unwrap_or_default();
        let version = || manifest.value.text_at(&["apiVersion"]).unwrap_or_default();
        match manifest.kind {
            ManifestKind::Helmfile => true,
            ManifestKind::Kustomization => ["helmCharts", "helmChartInflationGenerator"]
                .iter()
                .any(|key| manifest.value.get(key).is_some()),
            ManifestKind::Object => {
                matches!(kind, "Application" | "ApplicationSet" | "HelmRelease")
                    || version().starts_with("skaffold/")
            }
            _ => false,
        }
    };
    input.facts.iter().any(|facts| {
        let commands = facts.launches.iter();
        facts.manifests.iter().any(deploys)
            || commands
                .into_iter()
                .any(|launch| matches!(launch, promsight_model::launch::Launch::Release(_)))
    }) || !input.charts.is_empty()
        && input
            .charts
            .iter()
            .flat_map(|chart| &chart.objects)
            .any(|object| {
                matches!(
                    object.text_at(&["kind"]),
                    Some("Application" | "ApplicationSet" | "HelmRelease")
                )
            })
}

/// Looks for releases.
struct Finder<'a, 'o> {
    input: &'a Input<'a>,
    /// The folders of charts.
    charts: BTreeSet<&'a str>,
    objects: &'o [&'o Object],
    found: Vec<Release>,
}

/// A release before what its texts leave open is bound.
#[derive(Clone, Debug)]
struct Draft {
    chart: String,
    name: Option<String>,
    namespace: Option<String>,
    values: Vec<DraftValues>,
    span: Span,
    is_complete: bool,
    is_inflated: bool,
    /// The folders that paths of values files may be relative to, the likeliest first.
    bases: Vec<String>,
}

#[derive(Clone, Debug)]
struct DraftValues {
    span: Span,
    content: DraftContent,
}

#[derive(Clone, Debug)]
enum DraftContent {
    /// The path of a file; one that may be missing says so.
    Path {
        path: String,
        is_optional: bool,
    },
    Text(String),
    Tree(Value),
    Set(Setting, String),
}

impl Draft {
    fn new(chart: impl Into<String>, span: Span) -> Self {
        Self {
            chart: chart.into(),
            name: None,
            namespace: None,
            values: Vec::new(),
            span,
            is_complete: true,
            is_inflated: false,
            bases: Vec::new(),
        }
    }

    fn path(&mut self, path: &str, span: Span) {
        let content = DraftContent::Path {
            path: path.to_owned(),
            is_optional: false,
        };
        self.values.push(DraftValues { span, content });
    }

    fn tree(&mut self, tree: &Value) {
        self.values.push(DraftValues {
            span: tree.span,
            content: DraftContent::Tree(tree.clone()),
        });
    }

    fn text(&mut self, text: &str, span: Span) {
        let content = DraftContent::Text(text.to_owned());
        self.values.push(DraftValues { span, content });
    }

    fn set(&mut self, kind: Setting, assignment: String, span: Span) {
        self.is_complete &= kind != Setting::Content;
        let content = DraftContent::Set(kind, assignment);
        self.values.push(DraftValues { span, content });
    }
}

impl Finder<'_, '_> {
    /// Takes a release for each way in which what it leaves open can be bound.
    fn add(&mut self, draft: &Draft) {
        for bindings in bindings::of(draft, self.input) {
            self.bound(draft, &bindings);
        }
    }

    fn bound(&mut self, draft: &Draft, bindings: &Bindings) {
        let chart = bindings.applied(&draft.chart);
        let Some(chart) = self.chart(&chart, &draft.bases) else {
            return;
        };
        let known = |text: &Option<String>| {
            let text = bindings.applied(text.as_deref()?);
            (!text.is_empty() && !bindings::is_open(&text)).then_some(text)
        };
        let mut release = Release {
            name: known(&draft.name),
            namespace: known(&draft.namespace),
            values: Vec::new(),
            span: draft.span,
            is_complete: draft.is_complete,
            is_inflated: draft.is_inflated,
            chart,
        };
        let mut bases = draft.bases.clone();
        bases.push(release.chart.clone());
        for values in &draft.values {
            let content = match &values.content {
                DraftContent::Path { path, is_optional } => {
                    let path = bindings.applied(path);
                    match self.file(&path, &bases) {
                        Some(file) => ReleaseContent::File(file),
                        None => {
                            release.is_complete &= *is_optional;
                            continue;
                        }
                    }
                }
                DraftContent::Text(text) => ReleaseContent::Text(bindings::marked(&bindings.applied(text))),
                DraftContent::Tree(tree) => ReleaseContent::Tree(bindings.applied_to(tree)),
                DraftContent::Set(kind, text) => {
                    ReleaseContent::Set(*kind, bindings::marked(&bindings.applied(text)))
                }
            };
            release.values.push(ReleaseValues {
                span: values.span,
                content,
            });
        }
        self.found.push(release);
    }

    /// The folder of a chart that a path means.
    fn chart(&self, path: &str, bases: &[String]) -> Option<String> {
        let candidates = bases.iter().map(String::as_str).chain([""]);
        let mut found = candidates.filter_map(|base| paths::joined(base, path));
        if let Some(found) = found.find(|folder| self.charts.contains(folder.as_str())) {
            return Some(found);
        }
        // A script that changes its folder first: the only chart at the end of such a path.
        let tail = path.trim_start_matches(['.', '/']).trim_end_matches('/');
        if !path.starts_with('.') || tail.is_empty() || bindings::is_open(tail) {
            return None;
        }
        let ending = format!("/{tail}");
        let mut alike = self.charts.iter().filter(|folder| folder.ends_with(&ending));
        let only = alike.next()?;
        alike.next().is_none().then(|| (*only).to_owned())
    }

    fn file(&self, path: &str, bases: &[String]) -> Option<FileId> {
        let candidates = bases.iter().map(String::as_str).chain([""]);
        let mut paths = candidates.filter_map(|base| paths::joined(base, path));
        paths.find_map(|path| Some(self.input.files.by_path(&path)?.id))
    }

    /// The releases, each once, without those of examples and tests where the chart itself is neither.
    fn settled(self) -> Vec<Release> {
        let mut settled: Vec<Release> = Vec::new();
        for release in self.found {
            let path = &self.input.files.file(release.span.file).path;
            if is_aside(visible(path)) && !is_aside(&release.chart) {
                continue;
            }
            let is_same = |other: &Release| {
                let values = |release: &Release| -> Vec<ReleaseContent> {
                    let values = release.values.iter();
                    values.map(|values| values.content.clone()).collect()
                };
                other.chart == release.chart
                    && other.name == release.name
                    && other.namespace == release.namespace
                    && values(other) == values(&release)
            };
            let of_chart = settled.iter().filter(|other| other.chart == release.chart);
            if settled.len() >= MAX_RELEASES
                || !release.is_inflated && of_chart.clone().count() >= MAX_OF_CHART
                || !release.is_inflated && settled.iter().any(is_same)
            {
                continue;
            }
            settled.push(release);
        }
        settled
    }
}

/// A path without the dots of hidden folders, which are where pipelines stand.
fn visible(path: &str) -> &str {
    path.trim_start_matches('.')
}
