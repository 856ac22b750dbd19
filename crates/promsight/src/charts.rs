//! Charts of the tree, rendered.
//!
//! Owns: which of them are rendered, how much work that may be, and the way from rendered text to objects. How charts
//! are evaluated is the helm crate's.

use promsight_helm::{File, Options};
use promsight_model::manifest::{ManifestKind, Value};
use promsight_model::{Facts, FileId, FileSet, Span};
use promsight_scrape::objects::RenderedChart;
use rayon::prelude::*;

/// Steps that all charts of a run may take together; what is more is left unevaluated, and said to be.
const STEPS: u64 = 100_000_000;

/// Steps that one chart is always given, however many there are, and those that it never exceeds.
const STEPS_OF_ONE: (u64, u64) = (500_000, 10_000_000);

/// Templates ask the cluster for these before they make the objects that Prometheus reads. Whether a cluster has them
/// cannot be seen from here; where they matter it has.
const API_VERSIONS: [&str; 10] = [
    "monitoring.coreos.com/v1",
    "monitoring.coreos.com/v1/Prometheus",
    "monitoring.coreos.com/v1/PrometheusRule",
    "monitoring.coreos.com/v1/ServiceMonitor",
    "monitoring.coreos.com/v1/PodMonitor",
    "monitoring.coreos.com/v1/Probe",
    "monitoring.coreos.com/v1/Alertmanager",
    "monitoring.coreos.com/v1alpha1",
    "monitoring.coreos.com/v1alpha1/ScrapeConfig",
    "monitoring.coreos.com/v1alpha1/AlertmanagerConfig",
];

/// Renders every chart that stands for itself, with its default values.
pub(crate) fn render(files: &FileSet, facts: &[Facts]) -> Vec<RenderedChart> {
    let is_chart = |path: &str| path.rsplit('/').next() == Some("Chart.yaml");
    if !files.files().iter().any(|file| is_chart(&file.path)) {
        return Vec::new();
    }
    let listed: Vec<File<'_>> = files
        .files()
        .iter()
        .map(|file| File {
            path: &file.path,
            text: &file.text,
            id: file.id,
        })
        .collect();
    let folders = promsight_helm::charts(&listed);
    let (least, most) = STEPS_OF_ONE;
    let options = Options {
        api_versions: &API_VERSIONS,
        steps: (STEPS / (folders.len() as u64).max(1)).clamp(least, most),
    };
    folders
        .par_iter()
        .map(|folder| chart(files, facts, &listed, folder, &options))
        .collect()
}

fn chart(
    files: &FileSet,
    facts: &[Facts],
    listed: &[File<'_>],
    folder: &str,
    options: &Options<'_>,
) -> RenderedChart {
    let inside = |name: &str| match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    };
    let file = files.by_path(&inside("Chart.yaml")).map(|file| file.id);
    let mut chart = RenderedChart {
        chart: file,
        folder: folder.to_owned(),
        ..RenderedChart::default()
    };
    let Some(rendered) = promsight_helm::render(listed, folder, options) else {
        let at = Span::new(file.unwrap_or(FileId(0)), 0..0);
        let reason = "the chart's own files cannot be read".to_owned();
        chart.unevaluated.push((at, reason));
        return chart;
    };
    chart.unevaluated = rendered.unevaluated;
    chart.objects = definitions(files, facts, &inside("crds/"));
    for document in &rendered.documents {
        let (manifests, problems) = promsight_extract::manifests::rendered(&document.text);
        let objects = manifests
            .into_iter()
            .filter(|manifest| manifest.kind == ManifestKind::Object);
        chart.objects.extend(objects.map(|manifest| manifest.value));
        let problems = problems
            .into_iter()
            .map(|(at, problem)| (at, format!("what it renders is no YAML: {problem}")));
        chart.unevaluated.extend(problems);
    }
    chart
}

/// What a chart installs before its templates, as it stands: objects below `crds/`.
fn definitions(files: &FileSet, facts: &[Facts], folder: &str) -> Vec<Value> {
    let below = facts
        .iter()
        .filter(|facts| files.file(facts.file).path.starts_with(folder));
    below
        .flat_map(|facts| &facts.manifests)
        .filter(|manifest| manifest.kind == ManifestKind::Object && !manifest.is_template)
        // The schemas of custom resources are large, and nobody asks for them.
        .filter(|manifest| manifest.value.text_at(&["kind"]) != Some("CustomResourceDefinition"))
        .map(|manifest| manifest.value.clone())
        .collect()
}
