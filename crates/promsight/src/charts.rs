//! Charts of the tree, rendered.
//!
//! Owns: which of them are rendered, how much work that may be, and the way from rendered text to objects. How charts
//! are evaluated is the helm crate's.

use std::collections::BTreeSet;

use promsight_helm::{File, Layer, LayerContent, Options};
use promsight_model::manifest::{ManifestKind, Value};
use promsight_model::{Facts, FileId, FileSet, Repository, Span};
use promsight_scrape::objects::{
    RELEASE_NAME, RELEASE_NAMESPACE, Release, ReleaseContent, ReleaseValues, RenderedChart,
};
use rayon::prelude::*;

/// Steps that all charts of a run may take together, a few seconds' worth; what is more is left unevaluated, and said
/// to be. The largest public charts, those with ten others below them, take fewer than half a million.
const STEPS: u64 = 40_000_000;

/// Steps that one chart is always given, however many there are, and those that it never exceeds.
const STEPS_OF_ONE: (u64, u64) = (500_000, 4_000_000);

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

/// Renders every chart that something of the tree releases, as it does; and every other one that stands for itself with
/// its default values.
pub(crate) fn render(files: &FileSet, facts: &[Facts], repository: &Repository) -> Vec<RenderedChart> {
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
    let tree = Tree {
        files,
        facts,
        listed: &listed,
    };
    let folders = promsight_helm::charts(&listed);
    let steps = steps(folders.len());
    let mut charts: Vec<RenderedChart> = folders
        .par_iter()
        .map(|folder| tree.chart(folder, None, steps))
        .collect();
    let releases = promsight_scrape::objects::releases(&promsight_scrape::Input {
        files,
        facts,
        charts: &charts,
        repository,
    });
    if releases.is_empty() {
        return charts;
    }
    let released: BTreeSet<&str> = releases.iter().map(|release| release.chart.as_str()).collect();
    charts.retain(|chart| !released.contains(chart.folder.as_str()));
    let steps = self::steps(releases.len());
    charts.par_extend(
        releases
            .par_iter()
            .map(|release| tree.chart(&release.chart, Some(release), steps)),
    );
    charts
}

/// Steps that each of so many charts may take.
fn steps(charts: usize) -> u64 {
    let (least, most) = STEPS_OF_ONE;
    (STEPS / (charts as u64).max(1)).clamp(least, most)
}

/// What charts are rendered in.
struct Tree<'a> {
    files: &'a FileSet,
    facts: &'a [Facts],
    listed: &'a [File<'a>],
}

impl Tree<'_> {
    fn chart(&self, folder: &str, release: Option<&Release>, steps: u64) -> RenderedChart {
        let inside = |name: &str| match folder {
            "" => name.to_owned(),
            folder => format!("{folder}/{name}"),
        };
        let file = self.files.by_path(&inside("Chart.yaml")).map(|file| file.id);
        let mut chart = RenderedChart {
            chart: file,
            folder: folder.to_owned(),
            release: release.cloned(),
            ..RenderedChart::default()
        };
        let values = release.map_or(&[][..], |release| &release.values);
        let layers: Vec<Layer<'_>> = values.iter().map(|values| self.layer(values)).collect();
        let known = |text: fn(&Release) -> Option<&String>| release.and_then(text).map(String::as_str);
        let options = Options {
            api_versions: &API_VERSIONS,
            steps,
            release: promsight_helm::Release {
                name: known(|release| release.name.as_ref()).unwrap_or(RELEASE_NAME),
                namespace: known(|release| release.namespace.as_ref()).unwrap_or(RELEASE_NAMESPACE),
                values: &layers,
            },
        };
        let Some(rendered) = promsight_helm::render(self.listed, folder, &options) else {
            let at = Span::new(file.unwrap_or(FileId(0)), 0..0);
            let reason = "the chart's own files cannot be read".to_owned();
            chart.unevaluated.push((at, reason));
            return chart;
        };
        chart.unevaluated = rendered.unevaluated;
        chart.objects = definitions(self.files, self.facts, &inside("crds/"));
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
        chart.dormant = dormant(self.listed, &inside(""), &chart.objects);
        chart
    }

    fn layer<'v>(&'v self, values: &'v ReleaseValues) -> Layer<'v> {
        let content = match &values.content {
            ReleaseContent::File(file) => LayerContent::Text(&self.files.file(*file).text),
            ReleaseContent::Text(text) => LayerContent::Text(text),
            ReleaseContent::Tree(tree) => LayerContent::Tree(tree),
            ReleaseContent::Set(kind, text) => LayerContent::Set(*kind, text),
        };
        Layer {
            span: values.span,
            content,
        }
    }
}

/// The kinds that templates spell out and that no object came of. What a partial template spells out counts as made
/// where any object is of that kind: it leads back to the action that included it.
fn dormant(listed: &[File<'_>], folder: &str, objects: &[Value]) -> Vec<(Span, String)> {
    let made: BTreeSet<(Span, &str)> = objects
        .iter()
        .filter_map(|object| object.get("kind"))
        .filter_map(|kind| Some((kind.span, kind.as_str()?)))
        .collect();
    let kinds: BTreeSet<&str> = made.iter().map(|(_, kind)| *kind).collect();
    let start = listed.partition_point(|file| file.path < folder);
    let templates = listed[start..]
        .iter()
        .take_while(|file| file.path.starts_with(folder));
    let mut found = Vec::new();
    for file in templates {
        let is_partial = file
            .path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with('_'));
        let mut line_start = 0;
        for line in file.text.split_inclusive('\n') {
            if let Some(kind) = line.strip_prefix("kind: ").map(str::trim_end)
                && kind.bytes().all(|byte| byte.is_ascii_alphanumeric())
            {
                let at = line_start + "kind: ".len();
                let span = Span::new(file.id, at..at + kind.len());
                let is_made = made.contains(&(span, kind)) || is_partial && kinds.contains(kind);
                if !is_made && !kind.is_empty() {
                    found.push((span, kind.to_owned()));
                }
            }
            line_start += line.len();
        }
    }
    found
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn rendered(texts: &[(&str, &str)]) -> (FileSet, Vec<RenderedChart>) {
        let listed = texts.iter().map(|(path, text)| {
            let path = (*path).to_owned();
            (path.clone(), path, Arc::from(*text))
        });
        let files = FileSet::new(listed.collect());
        let facts: Vec<Facts> = files.files().iter().map(promsight_extract::extract).collect();
        let charts = render(&files, &facts, &Repository::default());
        (files, charts)
    }

    /// Kinds and names, each with the text of the file at its place.
    fn objects<'a>(files: &'a FileSet, chart: &'a RenderedChart) -> Vec<[&'a str; 4]> {
        let part = |object: &'a Value, path: &[&str]| {
            let value = object.at(path).expect("the object has it");
            (value.as_str().expect("it is a scalar"), files.text(value.span))
        };
        let named = chart.objects.iter().map(|object| {
            let (kind, kind_text) = part(object, &["kind"]);
            let (name, name_text) = part(object, &["metadata", "name"]);
            [kind, kind_text, name, name_text]
        });
        named.collect()
    }

    const CHART: (&str, &str) = (
        "deploy/web/Chart.yaml",
        "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    );

    #[test]
    fn objects_of_charts_lead_back_to_the_templates() {
        let (files, charts) = rendered(&[
            CHART,
            ("deploy/web/values.yaml", "metrics: {port: 9100, enabled: true}\n"),
            (
                "deploy/web/templates/_names.tpl",
                "{{- define \"web.name\" }}{{ .Release.Name }}-web{{ end }}\n",
            ),
            (
                "deploy/web/templates/service.yaml",
                "{{- if .Values.metrics.enabled }}\napiVersion: v1\nkind: Service\nmetadata:\n  name: {{ include \"web.name\" . }}\n{{- end }}\n",
            ),
            (
                "deploy/web/crds/thing.yaml",
                "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: one}\n",
            ),
        ]);
        assert_eq!(charts.len(), 1);
        assert_eq!(charts[0].folder, "deploy/web");
        assert_eq!(charts[0].unevaluated, []);
        assert_eq!(
            objects(&files, &charts[0]),
            [
                ["Thing", "Thing", "one", "one"],
                [
                    "Service",
                    "Service",
                    "release-name-web",
                    "{{ include \"web.name\" . }}"
                ],
            ]
        );
    }

    #[test]
    fn what_renders_to_no_yaml_is_said_and_the_rest_is_read() {
        let (files, charts) = rendered(&[
            CHART,
            (
                "deploy/web/templates/a.yaml",
                "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n",
            ),
            (
                "deploy/web/templates/b.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ \"b: c: d\" }}\n",
            ),
        ]);
        let names: Vec<&str> = charts[0]
            .objects
            .iter()
            .filter_map(|object| object.text_at(&["kind"]))
            .collect();
        assert!(names.contains(&"Service"), "{names:?}");
        assert_eq!(charts[0].unevaluated.len(), 1);
        let (at, why) = &charts[0].unevaluated[0];
        assert_eq!(files.file(at.file).path, "deploy/web/templates/b.yaml");
        assert!(why.starts_with("what it renders is no YAML"), "{why}");
    }

    #[test]
    fn what_values_switch_off_is_known_to_be_possible() {
        let (files, charts) = rendered(&[
            CHART,
            ("deploy/web/values.yaml", "monitor: {enabled: false}\n"),
            (
                "deploy/web/templates/_job.tpl",
                "{{- define \"job\" }}\napiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\n{{- end }}\n",
            ),
            ("deploy/web/templates/job.yaml", "{{ include \"job\" . }}\n"),
            (
                "deploy/web/templates/monitor.yaml",
                "{{- if .Values.monitor.enabled }}\napiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: m}\n{{- end }}\n",
            ),
        ]);
        let dormant: Vec<(&str, &str)> = charts[0]
            .dormant
            .iter()
            .map(|(at, kind)| (files.text(*at), kind.as_str()))
            .collect();
        assert_eq!(dormant, [("ServiceMonitor", "ServiceMonitor")]);
        assert_eq!(charts[0].objects.len(), 1);
    }

    #[test]
    fn a_tree_without_charts_renders_none() {
        let (_, charts) = rendered(&[("templates/a.yaml", "kind: {{ .Values.x }}\n")]);
        assert!(charts.is_empty());
    }
}
