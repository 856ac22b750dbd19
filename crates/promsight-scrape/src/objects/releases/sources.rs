//! What documents say about charts that are deployed.
//!
//! - Argo CD: <https://argo-cd.readthedocs.io/en/stable/user-guide/helm/>
//! - Flux: <https://fluxcd.io/flux/components/helm/helmreleases/>
//! - kustomize: <https://kubectl.docs.kubernetes.io/references/kustomize/builtins/#_helmchartinflationgenerator_>
//! - helmfile: <https://helmfile.readthedocs.io/en/latest/>
//! - skaffold: <https://skaffold.dev/docs/deployers/helm/>

use promsight_model::launch::Setting;
use promsight_model::manifest::{Content, Manifest, Value};

use super::bindings::{Bindings, marked};
use super::{Draft, DraftContent, DraftValues, Finder};
use crate::objects::Object;
use crate::paths;

/// Generators of an ApplicationSet that lie within one another.
const MAX_GENERATORS: usize = 4;

/// Applications that one ApplicationSet makes.
const MAX_APPLICATIONS: usize = 64;

impl Finder<'_, '_> {
    /// What an object deploys.
    pub(super) fn object(&mut self, object: &Value) {
        let text = |key| object.text_at(&[key]).unwrap_or_default();
        let version = text("apiVersion");
        let group = version.split('/').next().unwrap_or_default();
        match (group, text("kind"), object.get("spec")) {
            ("argoproj.io", "Application", Some(_)) => self.application(object),
            ("argoproj.io", "ApplicationSet", Some(spec)) => self.application_set(spec),
            ("helm.toolkit.fluxcd.io", "HelmRelease", Some(spec)) => self.helm_release(object, spec),
            ("skaffold", ..) => self.skaffold(object),
            _ => {}
        }
    }

    fn application(&mut self, application: &Value) {
        let Some(spec) = application.get("spec") else {
            return;
        };
        let name = application.text_at(&["metadata", "name"]);
        let namespace = spec.text_at(&["destination", "namespace"]);
        for source in spec.get("source").into_iter().chain(spec.items_at("sources")) {
            let Some(path) = source.get("path") else { continue };
            let Some(chart) = path.as_str().and_then(|text| self.below_root(text)) else {
                continue;
            };
            let helm = source.get("helm");
            let at = |key: &str| helm.and_then(|helm| helm.get(key));
            let mut draft = Draft::new(chart, path.span);
            let released = at("releaseName").and_then(Value::as_str);
            draft.name = released.or(name).map(str::to_owned);
            draft.namespace = namespace.map(str::to_owned);
            let is_optional = at("ignoreMissingValueFiles").and_then(Value::as_bool) == Some(true);
            for file in at("valueFiles").map_or(&[][..], Value::items) {
                let Some(text) = file.as_str() else { continue };
                // `$name/path` is a path of another source, `/path` one of this.
                let of_source = text
                    .strip_prefix('$')
                    .and_then(|rest| Some(rest.split_once('/')?.1));
                let path = match of_source.or_else(|| text.strip_prefix('/')) {
                    Some(path) => {
                        let path = self.below_root(path);
                        // Back from the chart's folder, to which paths are relative.
                        path.map(|path| format!("{}{path}", "../".repeat(draft.chart.split('/').count())))
                    }
                    None => Some(text.to_owned()),
                };
                let Some(path) = path else {
                    draft.is_complete = false;
                    continue;
                };
                let content = DraftContent::Path { path, is_optional };
                draft.values.push(DraftValues {
                    span: file.span,
                    content,
                });
            }
            if let Some(values) = at("values")
                && let Some(text) = values.as_str()
            {
                draft.text(text, values.span);
            }
            if let Some(tree) = at("valuesObject") {
                draft.tree(tree);
            }
            for parameter in at("parameters").map_or(&[][..], Value::items) {
                let text = |key| parameter.text_at(&[key]).unwrap_or_default();
                let forces = parameter.get("forceString").and_then(Value::as_bool) == Some(true);
                let kind = if forces { Setting::Text } else { Setting::Typed };
                let (name, value) = (text("name"), escaped(text("value")));
                draft.set(kind, format!("{name}={value}"), parameter.span);
            }
            draft.is_complete &= at("fileParameters").is_none_or(|files| files.items().is_empty());
            self.add(&draft);
        }
    }

    /// A path of the repository, relative to the root of the run.
    fn below_root(&self, path: &str) -> Option<String> {
        let full = paths::joined("", path)?;
        paths::below(&self.input.repository.root, &full).map(str::to_owned)
    }

    fn application_set(&mut self, spec: &Value) {
        let Some(template) = spec.get("template") else {
            return;
        };
        let all = self.generated(spec.items_at("generators"), 0);
        let all = if all.is_empty() {
            vec![Bindings::default()]
        } else {
            all
        };
        for bindings in all.into_iter().take(MAX_APPLICATIONS) {
            self.application(&bindings.applied_to(template));
        }
    }

    /// What generators fill in.
    fn generated(&self, generators: &[Value], depth: usize) -> Vec<Bindings> {
        let mut all = Vec::new();
        for generator in generators {
            let elements = generator
                .get("list")
                .map_or(&[][..], |list| list.items_at("elements"));
            for element in elements {
                let mut bindings = Bindings::default();
                scalars(element, "", 0, &mut |name, value| bindings.set(name, value));
                all.push(bindings);
            }
            for directory in generator
                .get("git")
                .map_or(&[][..], |git| git.items_at("directories"))
            {
                let excluded = directory.get("exclude").and_then(Value::as_bool) == Some(true);
                let Some(pattern) = directory.text_at(&["path"]).filter(|_| !excluded) else {
                    continue;
                };
                let Some(pattern) = self.below_root(pattern) else {
                    continue;
                };
                let folders = self
                    .charts
                    .iter()
                    .filter(|folder| paths::matches(&pattern, folder));
                all.extend(folders.map(|folder| {
                    let mut bindings = Bindings::default();
                    let base = folder.rsplit('/').next().unwrap_or(folder);
                    for (name, value) in [
                        ("path", *folder),
                        ("path.path", folder),
                        ("path.basename", base),
                        ("path.basenameNormalized", base),
                    ] {
                        bindings.set(name, value);
                    }
                    bindings
                }));
            }
            let merged = generator
                .get("merge")
                .map_or(&[][..], |inner| inner.items_at("generators"));
            if depth < MAX_GENERATORS {
                all.extend(self.generated(merged, depth + 1));
            }
            let matrix = generator
                .get("matrix")
                .map_or(&[][..], |inner| inner.items_at("generators"));
            if depth < MAX_GENERATORS && !matrix.is_empty() {
                let sides = matrix
                    .iter()
                    .map(|one| self.generated(std::slice::from_ref(one), depth + 1))
                    .filter(|side| !side.is_empty());
                let product = sides.reduce(|left, right| {
                    let pairs = left
                        .iter()
                        .flat_map(|left| right.iter().map(move |right| left.with(right)));
                    pairs.take(MAX_APPLICATIONS).collect()
                });
                all.extend(product.unwrap_or_default());
            }
            if all.len() > MAX_APPLICATIONS {
                break;
            }
        }
        all
    }

    fn helm_release(&mut self, object: &Value, spec: &Value) {
        let Some(chart) = spec.at(&["chart", "spec", "chart"]) else {
            return;
        };
        let source = spec
            .text_at(&["chart", "spec", "sourceRef", "kind"])
            .unwrap_or_default();
        let text = chart.as_str().unwrap_or_default();
        if !matches!(source, "GitRepository" | "Bucket") && !text.starts_with('.') {
            return;
        }
        let Some(folder) = self.below_root(text) else {
            return;
        };
        let mut draft = Draft::new(folder, chart.span);
        let name = object.text_at(&["metadata", "name"]);
        let target = spec.text_at(&["targetNamespace"]);
        let composed = || match (target, name) {
            (Some(target), Some(name)) => Some(format!("{target}-{name}")),
            (None, Some(name)) => Some(name.to_owned()),
            _ => None,
        };
        let given = spec.text_at(&["releaseName"]).map(str::to_owned);
        draft.name = given.or_else(composed);
        draft.namespace = target
            .or_else(|| object.text_at(&["metadata", "namespace"]))
            .map(str::to_owned);
        let files = spec
            .at(&["chart", "spec", "valuesFiles"])
            .map_or(&[][..], Value::items);
        for (at, file) in files.iter().enumerate() {
            let Some(path) = file.as_str() else { continue };
            // Those that are named take the place of the chart's own.
            draft.is_complete &= at > 0 || path.ends_with("values.yaml");
            draft.bases = vec![self.below_root("").unwrap_or_default()];
            draft.path(path, file.span);
        }
        for reference in spec.items_at("valuesFrom") {
            self.values_from(reference, object, &mut draft);
        }
        if let Some(values) = spec.get("values") {
            draft.tree(values);
        }
        self.add(&draft);
    }

    /// Values that a HelmRelease takes from an object.
    fn values_from(&self, reference: &Value, release: &Value, draft: &mut Draft) {
        let text = |key| reference.text_at(&[key]);
        let (kind, name) = (text("kind").unwrap_or_default(), text("name").unwrap_or_default());
        let key = text("valuesKey").unwrap_or("values.yaml");
        let namespace = release.text_at(&["metadata", "namespace"]);
        let is_meant = |object: &&&Object| {
            // A generated name has a digest behind it.
            let rest = object.name().strip_prefix(name);
            object.kind() == kind
                && rest.is_some_and(|rest| rest.is_empty() || rest.len() == 11 && rest.starts_with('-'))
                && (object.namespace().is_none() || namespace.is_none() || object.namespace() == namespace)
        };
        let found = self.objects.iter().find(is_meant).and_then(|object| {
            let data = ["stringData", "data"];
            let keys = if kind == "Secret" { &data[..1] } else { &data[1..] };
            keys.iter().find_map(|data| object.value.at(&[data, key]))
        });
        match (found.and_then(Value::as_str), text("targetPath")) {
            (Some(value), Some(path)) => {
                let assignment = format!("{path}={}", escaped(value));
                draft.set(Setting::Typed, assignment, reference.span);
            }
            (Some(value), None) => draft.text(value, reference.span),
            (None, _) => {
                draft.is_complete &= reference.get("optional").and_then(Value::as_bool) == Some(true);
            }
        }
    }

    /// `helmCharts` of a kustomization.
    pub(super) fn kustomization(&mut self, kustomization: &Value) {
        let file = &self.input.files.file(kustomization.span.file).path;
        let folder = paths::folder(file).to_owned();
        let home = kustomization
            .text_at(&["helmGlobals", "chartHome"])
            .unwrap_or("charts");
        for key in ["helmCharts", "helmChartInflationGenerator"] {
            for entry in kustomization.items_at(key) {
                let text = |key| entry.text_at(&[key]);
                let name = text("name").or_else(|| text("chartName")).unwrap_or_default();
                let chart = paths::joined(&folder, home).and_then(|home| paths::joined(&home, name));
                let Some(chart) = chart.filter(|_| !name.is_empty()) else {
                    continue;
                };
                let mut draft = Draft::new(chart, entry.span);
                draft.is_inflated = true;
                draft.name = text("releaseName").map(str::to_owned);
                draft.namespace = text("namespace")
                    .or_else(|| text("releaseNamespace"))
                    .map(str::to_owned);
                draft.bases = vec![folder.clone()];
                let merge = text("valuesMerge").unwrap_or("override");
                let inline = entry.get("valuesInline").or_else(|| entry.get("values"));
                if let Some(inline) = inline.filter(|inline| inline.is_map() && merge == "merge") {
                    draft.tree(inline);
                }
                let own = entry.get("valuesFile").or_else(|| entry.get("values"));
                let own = own.filter(|_| merge != "replace");
                for file in own.into_iter().chain(entry.items_at("additionalValuesFiles")) {
                    if let Some(path) = file.as_str() {
                        draft.path(path, file.span);
                    }
                }
                if let Some(inline) = inline.filter(|inline| inline.is_map() && merge != "merge") {
                    draft.tree(inline);
                }
                self.add(&draft);
            }
        }
    }

    /// `releases` of a helmfile.
    pub(super) fn helmfile(&mut self, manifest: &Manifest) {
        let file = &self.input.files.file(manifest.value.span.file).path;
        let folder = paths::folder(file).to_owned();
        for entry in manifest.value.items_at("releases") {
            let text = |key| entry.text_at(&[key]);
            let Some(chart) = entry.get("chart") else { continue };
            if entry.get("installed").and_then(Value::as_bool) == Some(false) {
                continue;
            }
            let mut draft = Draft::new(chart.as_str().unwrap_or_default(), chart.span);
            draft.bases = vec![folder.clone()];
            draft.name = text("name").map(str::to_owned);
            draft.namespace = text("namespace").map(str::to_owned);
            for values in entry.items_at("values") {
                match values.as_str() {
                    Some(path) => draft.path(path, values.span),
                    None => draft.tree(values),
                }
            }
            for setting in entry.items_at("set") {
                let text = |key| setting.text_at(&[key]).unwrap_or_default();
                let assignment = format!("{}={}", text("name"), escaped(text("value")));
                draft.is_complete &= setting.get("value").is_some();
                draft.set(Setting::Typed, assignment, setting.span);
            }
            draft.is_complete &= entry.items_at("secrets").is_empty() && entry.get("inherit").is_none();
            self.add(&draft);
        }
    }

    fn skaffold(&mut self, object: &Value) {
        let file = &self.input.files.file(object.span.file).path;
        let folder = paths::folder(file).to_owned();
        let releases = ["deploy", "manifests"]
            .iter()
            .filter_map(|part| object.at(&[part, "helm", "releases"]))
            .flat_map(Value::items);
        for entry in releases {
            let text = |key| entry.text_at(&[key]);
            let Some(chart) = entry.get("chartPath") else {
                continue;
            };
            let mut draft = Draft::new(chart.as_str().unwrap_or_default(), chart.span);
            draft.bases = vec![folder.clone()];
            draft.name = text("name").map(str::to_owned);
            draft.namespace = text("namespace").map(str::to_owned);
            for file in entry.items_at("valuesFiles") {
                draft.path(file.as_str().unwrap_or_default(), file.span);
            }
            if let Some(overrides) = entry.get("overrides") {
                draft.tree(overrides);
            }
            for key in ["setValues", "setValueTemplates"] {
                if let Some(values) = entry.get(key) {
                    scalars(values, "", 0, &mut |name, value| {
                        let assignment = format!("{name}={}", escaped(&marked(value)));
                        draft.set(Setting::Typed, assignment, values.span);
                    });
                }
            }
            self.add(&draft);
        }
    }
}

impl Bindings {
    /// These and others, which win.
    fn with(&self, others: &Self) -> Self {
        let mut all = self.clone();
        others.each(|name, value| all.set(name, value));
        all
    }
}

/// Commas of a value, which would begin the next assignment; a list in braces keeps them.
fn escaped(value: &str) -> String {
    if value.starts_with('{') && value.ends_with('}') {
        return value.to_owned();
    }
    value.replace(',', "\\,")
}

/// The scalars of nested mappings, with their paths joined by dots.
fn scalars(value: &Value, path: &str, depth: usize, take: &mut dyn FnMut(&str, &str)) {
    if depth > MAX_GENERATORS * 2 {
        return;
    }
    for (key, inner) in value.entries() {
        let path = if path.is_empty() {
            key.text.clone()
        } else {
            format!("{path}.{}", key.text)
        };
        match &inner.content {
            Content::Scalar(scalar) => take(&path, &scalar.text),
            _ => scalars(inner, &path, depth + 1, take),
        }
    }
}
