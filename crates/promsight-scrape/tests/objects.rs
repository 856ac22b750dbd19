//! What renders which objects, what brings them in, and which are declared only.

#![expect(clippy::expect_used, reason = "tests stop at what is missing")]

use promsight_model::{Facts, FileSet, Repository, Span};
use promsight_scrape::objects::{Object, Rendering, RenderingRoot};
use promsight_scrape::{Input, ScrapeModel, simulate};

struct Tree {
    files: FileSet,
    model: ScrapeModel,
}

fn tree(files: &[(&str, &str)]) -> Tree {
    let files: FileSet = files.iter().copied().collect();
    let facts: Vec<Facts> = files.files().iter().map(promsight_extract::extract).collect();
    let repository = Repository {
        seen: vec![String::new()],
        ..Repository::default()
    };
    let model = simulate(&Input {
        files: &files,
        facts: &facts,
        charts: &[],
        repository: &repository,
    });
    Tree { files, model }
}

impl Tree {
    /// The folders of the kustomizations that are rendered.
    fn roots(&self) -> Vec<&str> {
        let roots = self
            .model
            .renderings
            .iter()
            .filter_map(|rendering| match rendering.root {
                RenderingRoot::Kustomization(file) => Some(self.files.file(file).path.as_str()),
                _ => None,
            });
        roots.collect()
    }

    fn plain(&self) -> &Rendering {
        self.model
            .renderings
            .last()
            .expect("there is always one of plain manifests")
    }

    fn texts(&self, spans: &[Span]) -> Vec<&str> {
        spans.iter().map(|span| self.files.text(*span)).collect()
    }
}

fn named<'a>(rendering: &'a Rendering, name: &str) -> &'a Object {
    let found = rendering.objects.iter().find(|object| object.name() == name);
    found.expect("the object is rendered")
}

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: oven}\n";
const MONITOR: &str = "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: mill}\n";

#[test]
fn every_overlay_is_a_rendering_and_its_base_is_none() {
    let tree = tree(&[
        ("base/kustomization.yaml", "resources: [oven.yaml]\n"),
        ("base/oven.yaml", SERVICE),
        (
            "dev/kustomization.yaml",
            "namePrefix: dev-\nresources: [../base]\n",
        ),
        (
            "prod/kustomization.yaml",
            "namePrefix: prod-\nresources: [../base]\n",
        ),
    ]);
    assert_eq!(
        tree.roots(),
        ["dev/kustomization.yaml", "prod/kustomization.yaml"]
    );
    let dev = named(&tree.model.renderings[0], "dev-oven");
    assert_eq!(tree.texts(&dev.reached_by), ["oven.yaml", "../base"]);
    assert!(dev.is_deployed);
    assert_eq!(tree.files.text(dev.origin), SERVICE.trim_end());
    assert!(tree.plain().objects.is_empty());
}

#[test]
fn a_changed_name_keeps_the_place_where_it_was_written() {
    let tree = tree(&[
        (
            "kustomization.yaml",
            "nameSuffix: -v2\nnamespace: kitchen\nresources: [oven.yaml]\n",
        ),
        ("oven.yaml", SERVICE),
    ]);
    let oven = named(&tree.model.renderings[0], "oven-v2");
    let text = |path: &[&str]| oven.value.at(path).map(|value| tree.files.text(value.span));
    assert_eq!(text(&["metadata", "name"]), Some("oven"));
    assert_eq!(text(&["metadata", "namespace"]), Some("kitchen"));
}

#[test]
fn what_stands_beside_listed_manifests_is_declared_and_not_deployed() {
    let tree = tree(&[
        ("kustomization.yaml", "resources: [oven.yaml]\n"),
        ("oven.yaml", SERVICE),
        ("mill.yaml", MONITOR),
        ("elsewhere/mill.yaml", &MONITOR.replace("mill", "loose")),
    ]);
    assert!(!named(tree.plain(), "mill").is_deployed);
    assert!(named(tree.plain(), "loose").is_deployed);
}

#[test]
fn what_an_application_applies_is_deployed() {
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec:\n  source: {path: rules, directory: {recurse: true}}\n";
    let tree = tree(&[
        ("app.yaml", application),
        ("rules/kitchen/kustomization.yaml", "resources: [oven.yaml]\n"),
        ("rules/kitchen/oven.yaml", SERVICE),
        ("rules/kitchen/mill.yaml", MONITOR),
    ]);
    let mill = named(tree.plain(), "mill");
    assert!(mill.is_deployed);
    assert_eq!(tree.texts(&mill.reached_by), ["rules"]);
}

#[test]
fn a_component_that_nothing_names_is_declared_only() {
    let component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [mill.yaml]\n";
    let tree = tree(&[
        ("component/kustomization.yaml", component),
        ("component/mill.yaml", MONITOR),
    ]);
    assert!(tree.roots().is_empty());
    assert!(!named(tree.plain(), "mill").is_deployed);
    assert!(tree.model.orphans.is_empty());
}

#[test]
fn generated_data_are_those_of_their_file() {
    let configuration = "scrape_configs:\n  - job_name: oven\n";
    let tree = tree(&[
        (
            "kustomization.yaml",
            "configMapGenerator:\n  - name: prometheus\n    files: [prometheus.yml]\n    options: {disableNameSuffixHash: true}\n",
        ),
        ("prometheus.yml", configuration),
    ]);
    let map = named(&tree.model.renderings[0], "prometheus");
    let data = map
        .value
        .at(&["data", "prometheus.yml"])
        .expect("it has the data");
    assert_eq!(tree.files.file(data.span.file).path, "prometheus.yml");
    let scalar = data.as_scalar().expect("data are texts");
    assert_eq!(scalar.text, configuration);
    let job = scalar.documents[0].items_at("scrape_configs")[0].get("job_name");
    assert_eq!(job.map(|job| tree.files.text(job.span)), Some("oven"));
}

#[test]
fn bases_elsewhere_leave_a_rendering_incomplete() {
    let tree = tree(&[
        (
            "kustomization.yaml",
            "resources: [oven.yaml, 'https://git.example.org/bakery/base?ref=v1']\n",
        ),
        ("oven.yaml", SERVICE),
    ]);
    let rendering = &tree.model.renderings[0];
    assert!(!rendering.is_complete);
    assert_eq!(rendering.objects.len(), 1);
    assert!(!rendering.problems[0].is_fatal);
}

#[test]
fn patches_are_no_objects() {
    let tree = tree(&[
        (
            "kustomization.yaml",
            "resources: [oven.yaml]\npatches: [{path: patch.yaml}]\n",
        ),
        ("oven.yaml", SERVICE),
        (
            "patch.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: {name: oven}\nspec: {type: NodePort}\n",
        ),
    ]);
    assert!(tree.plain().objects.is_empty());
    let oven = named(&tree.model.renderings[0], "oven");
    assert_eq!(oven.value.text_at(&["spec", "type"]), Some("NodePort"));
}
