//! A kustomization and everything below it to objects.

use std::collections::BTreeMap;

use promsight_model::manifest::{Content, Manifest, ManifestKind, Value};
use promsight_model::{SourceFile, Span};

use super::fields::{FieldSpec, Fields, merge as merge_fields};
use super::generators::{Generated, absorb, generate};
use super::kustomization::Kustomization;
use super::problems::Problems;
use super::resource::{Id, Resource};
use super::tree::{Found, Tree, is_remote, join};
use super::variables::Variable;
use super::{digest, order, patches, plugins, references, replacements, transform, variables};
use crate::objects::{RenderedChart, opened};

/// How deep kustomizations may build on each other.
const MAX_DEPTH: usize = 40;

/// What a kustomization accumulates before names are followed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accumulated {
    pub(crate) resources: Vec<Resource>,
    fields: Fields,
    variables: Vec<Variable>,
}

/// Renders kustomizations. What several build on is read once.
pub(crate) struct Builder<'a> {
    tree: &'a Tree<'a>,
    charts: &'a [RenderedChart],
    /// Results of folders that others build on.
    known: BTreeMap<String, (Accumulated, Problems)>,
    /// The folders that are being built.
    open: Vec<String>,
    /// How many objects may still be copied.
    left: usize,
}

/// Objects that all renderings together may hold, copies of bases included.
const MAX_OBJECTS: usize = 200_000;

impl<'a> Builder<'a> {
    pub(crate) fn new(tree: &'a Tree<'a>, charts: &'a [RenderedChart]) -> Self {
        Self {
            tree,
            charts,
            known: BTreeMap::new(),
            open: Vec::new(),
            left: MAX_OBJECTS,
        }
    }

    /// What `kustomize build` makes of a folder, as far as it goes.
    pub(crate) fn build(&mut self, folder: &str) -> (Vec<Resource>, Problems) {
        let mut problems = Problems::default();
        let Some(kustomization) = self.kustomization(folder, &mut problems) else {
            return (Vec::new(), problems);
        };
        let mut all = Accumulated::default();
        self.open.push(folder.to_owned());
        self.accumulate(folder, &kustomization, &mut all, &mut problems);
        self.open.pop();
        for resource in all.resources.iter_mut().filter(|resource| resource.needs_hash) {
            resource.remember();
            let name = format!("{}-{}", resource.name(), digest::suffix(&resource.value));
            resource.set_name(name);
        }
        references::follow(&mut all.resources, &all.fields, &mut problems);
        let specs = &all.fields.var_reference;
        variables::resolve(&mut all.resources, &all.variables, specs, &mut problems);
        all.resources.retain(|resource| !is_local(&resource.value));
        order::sort(&mut all.resources, kustomization.get("sortOptions"));
        finish(&mut all.resources, &kustomization);
        (all.resources, problems)
    }

    fn kustomization(&self, folder: &str, problems: &mut Problems) -> Option<Kustomization<'a>> {
        match self.tree.kustomization(folder) {
            [] => None,
            [(file, value), others @ ..] => {
                if let [(_, other), ..] = others {
                    problems.refuse(other.span, "the folder has more than one kustomization");
                }
                let kustomization = Kustomization { file, value };
                kustomization.check(problems);
                Some(kustomization)
            }
        }
    }

    fn accumulate(
        &mut self,
        folder: &str,
        kustomization: &Kustomization<'a>,
        all: &mut Accumulated,
        problems: &mut Problems,
    ) {
        if self
            .tree
            .manifests(kustomization.file.id)
            .iter()
            .any(|manifest| manifest.is_template)
        {
            problems.unknown(kustomization.value.span, "the kustomization is a template");
        }
        let bases = kustomization.items("bases").iter();
        for entry in kustomization.items("resources").iter().chain(bases) {
            self.resource(folder, entry, all, problems);
        }
        all.fields.merge(Fields::defaults());
        for entry in kustomization.items("configurations") {
            self.configuration(folder, entry, all, problems);
        }
        self.generate(folder, kustomization, all, problems);
        for entry in kustomization.items("components") {
            self.component(folder, entry, all, problems);
        }
        self.transform(folder, kustomization, all, problems);
        for entry in kustomization.items("vars") {
            let declared = variables::declare(entry, &mut all.resources, problems);
            all.variables.extend(declared);
        }
    }

    fn resource(&mut self, folder: &str, entry: &Value, all: &mut Accumulated, problems: &mut Problems) {
        let Some(path) = entry.as_str() else {
            problems.refuse(entry.span, "a resource is a path");
            return;
        };
        let Some(full) = join(folder, path) else {
            problems.unknown(
                entry.span,
                format!("`{path}` lies outside of the tree that is read"),
            );
            return;
        };
        if let Some(file) = self.tree.read(&full).filter(|_| !is_remote(path)) {
            return self.file(file, entry, all, problems);
        }
        if self.tree.is_folder(&full) && !path.contains("://") {
            return self.base(&full, entry, all, problems);
        }
        if is_remote(path) {
            problems.unknown(entry.span, format!("`{path}` is not in this tree"));
        } else if self.tree.may_exist(&full) {
            problems.unknown(entry.span, format!("`{full}` is not read"));
        } else {
            problems.refuse_surely(
                entry.span,
                format!("there is neither a file nor a folder `{full}`"),
            );
        }
    }

    fn file(&mut self, file: &SourceFile, entry: &Value, all: &mut Accumulated, problems: &mut Problems) {
        let manifests = self.tree.manifests(file.id);
        if manifests.is_empty() && !is_blank(&file.text) {
            problems.unknown(entry.span, format!("what `{}` holds is not known", file.path));
        }
        let mut added = Vec::new();
        for manifest in manifests {
            let object = &manifest.value;
            if manifest.is_template {
                problems.unknown(entry.span, format!("`{}` is a template", file.path));
            } else if manifest.kind == ManifestKind::Kustomization {
                problems.refuse(
                    entry.span,
                    format!("`{}` is a kustomization: its folder is to be named", file.path),
                );
            } else if manifest.kind == ManifestKind::Object {
                if object.text_at(&["metadata", "name"]).is_none() {
                    problems.refuse(object.span, "the object has no name");
                }
                let mut resource = Resource::new(object.clone());
                resource.reached_by.push(entry.span);
                added.push(resource);
            } else {
                problems.refuse(
                    entry.span,
                    format!("`{}` holds something that is no object of Kubernetes", file.path),
                );
            }
        }
        self.append(added, entry.span, all, problems);
    }

    /// Appends objects; one that is there already is refused.
    fn append(&mut self, added: Vec<Resource>, span: Span, all: &mut Accumulated, problems: &mut Problems) {
        let Some(left) = self.left.checked_sub(added.len()) else {
            problems.unknown(span, "there are too many objects");
            return;
        };
        self.left = left;
        let mut ids: std::collections::BTreeSet<Id> = all.resources.iter().map(Resource::id).collect();
        for resource in added {
            let id = resource.id();
            if ids.contains(&id) {
                problems.refuse(span, format!("{id} is there already"));
            } else {
                ids.insert(id);
                all.resources.push(resource);
            }
        }
    }

    fn base(&mut self, folder: &str, entry: &Value, all: &mut Accumulated, problems: &mut Problems) {
        let Some(kustomization) = self.enter(folder, entry, problems) else {
            return;
        };
        if kustomization.is_component() {
            problems.refuse(
                entry.span,
                format!("`{folder}` is a component and is to be named below `components`"),
            );
        }
        let (mut base, found) = match self.known.get(folder) {
            Some(known) => known.clone(),
            None => {
                let mut base = Accumulated::default();
                let mut found = Problems::default();
                kustomization.check(&mut found);
                self.open.push(folder.to_owned());
                self.accumulate(folder, &kustomization, &mut base, &mut found);
                self.open.pop();
                self.known
                    .insert(folder.to_owned(), (base.clone(), found.clone()));
                (base, found)
            }
        };
        problems.extend(&found);
        for resource in &mut base.resources {
            resource.reached_by.push(entry.span);
        }
        self.append(base.resources, entry.span, all, problems);
        all.fields.merge(&base.fields);
        all.variables.extend(base.variables);
    }

    fn component(&mut self, folder: &str, entry: &Value, all: &mut Accumulated, problems: &mut Problems) {
        let path = entry.as_str().unwrap_or_default();
        let full = join(folder, path).filter(|full| self.tree.is_folder(full));
        let Some(full) = full else {
            if is_remote(path) || join(folder, path).is_none_or(|full| self.tree.may_exist(&full)) {
                problems.unknown(entry.span, format!("`{path}` is not in this tree"));
            } else {
                problems.refuse_surely(entry.span, format!("there is no folder `{path}`"));
            }
            return;
        };
        let Some(kustomization) = self.enter(&full, entry, problems) else {
            return;
        };
        if !kustomization.is_component() {
            let message = format!("`{full}` is no component and is to be named below `resources`");
            problems.refuse(entry.span, message);
        }
        kustomization.check(problems);
        // A component works on what stands before it, in the place of the kustomization that names it.
        let before = all.resources.len();
        self.open.push(full.clone());
        self.accumulate(&full, &kustomization, all, problems);
        self.open.pop();
        for resource in all.resources.iter_mut().skip(before) {
            resource.reached_by.push(entry.span);
        }
    }

    /// The kustomization of a folder that another one names.
    fn enter(&self, folder: &str, entry: &Value, problems: &mut Problems) -> Option<Kustomization<'a>> {
        let holds = |open: &String| {
            let rest = open.strip_prefix(folder);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || folder.is_empty())
        };
        if self.open.iter().any(holds) || self.open.len() >= MAX_DEPTH {
            problems.refuse_surely(entry.span, format!("`{folder}` holds what builds on it"));
            return None;
        }
        let kustomization = self.kustomization(folder, &mut Problems::default());
        if kustomization.is_none() {
            let path = |name: &&str| join(folder, name);
            let may_exist = super::tree::NAMES
                .iter()
                .filter_map(path)
                .any(|path| self.tree.read(&path).is_some() || self.tree.may_exist(&path));
            if may_exist {
                problems.unknown(entry.span, format!("the kustomization in `{folder}` is not read"));
            } else {
                problems.refuse_surely(entry.span, format!("the folder `{folder}` has no kustomization"));
            }
        }
        kustomization
    }

    fn configuration(&self, folder: &str, entry: &Value, all: &mut Accumulated, problems: &mut Problems) {
        let path = entry.as_str().unwrap_or_default();
        if let Found::File(file) = self.tree.file(folder, path, entry.span, problems) {
            let is_part = |manifest: &&Manifest| manifest.kind == ManifestKind::KustomizationPart;
            for manifest in self.tree.manifests(file.id).iter().filter(is_part) {
                all.fields.configure(&manifest.value);
            }
        }
    }

    fn generate(
        &mut self,
        folder: &str,
        kustomization: &Kustomization<'a>,
        all: &mut Accumulated,
        problems: &mut Problems,
    ) {
        let global = kustomization.get("generatorOptions");
        let kinds = [
            ("configMapGenerator", Generated::ConfigMap),
            ("secretGenerator", Generated::Secret),
        ];
        for (key, kind) in kinds {
            for entry in kustomization.items(key) {
                if let Some(made) = generate(self.tree, folder, entry, global, kind, problems) {
                    absorb(&mut all.resources, made, problems);
                }
            }
        }
        let inflated = kustomization.items("helmChartInflationGenerator").iter();
        for entry in kustomization.items("helmCharts").iter().chain(inflated) {
            self.chart(folder, kustomization, entry, all, problems);
        }
        let files = patches::Files {
            tree: self.tree,
            folder,
        };
        for entry in kustomization.items("generators") {
            plugins::generator(&files, entry, &mut all.resources, problems);
        }
    }

    /// A chart: what it renders to with the values that the entry gives.
    fn chart(
        &mut self,
        folder: &str,
        kustomization: &Kustomization<'a>,
        entry: &Value,
        all: &mut Accumulated,
        problems: &mut Problems,
    ) {
        let name = entry.text_at(&["name"]).unwrap_or_default();
        let name = if name.is_empty() {
            entry.text_at(&["chartName"]).unwrap_or_default()
        } else {
            name
        };
        let home = kustomization
            .get("helmGlobals")
            .and_then(|globals| globals.text_at(&["chartHome"]));
        let local = join(folder, home.unwrap_or("charts")).and_then(|home| join(&home, name));
        let release = |chart: &RenderedChart| {
            chart
                .release
                .as_ref()
                .map(|release| (release.span, release.is_complete))
        };
        let chart = local.and_then(|local| {
            let mut own = self.charts.iter().filter(|chart| chart.folder == local);
            let is_meant =
                |chart: &&RenderedChart| release(chart).is_some_and(|(span, _)| span == entry.span);
            own.clone()
                .find(is_meant)
                .or_else(|| own.find(|chart| chart.release.is_none()))
        });
        match chart {
            None => problems.unknown(entry.span, format!("the chart `{name}` is not in this tree")),
            Some(chart) if release(chart).is_none() => {
                problems.unknown(
                    entry.span,
                    format!("the chart `{name}` is rendered with its default values"),
                );
            }
            Some(chart) => {
                if !release(chart).is_some_and(|(_, is_complete)| is_complete) {
                    problems.unknown(
                        entry.span,
                        format!("not all values of the chart `{name}` are in this tree"),
                    );
                }
                for (span, reason) in &chart.unevaluated {
                    problems.unknown(*span, reason.clone());
                }
            }
        }
        let release = chart.and_then(|chart| chart.release.as_ref());
        let made = chart.map_or(&[][..], |chart| &chart.objects[..]).iter();
        let made = made.map(|object| {
            let mut resource = Resource::new(opened(object, release));
            resource.reached_by.push(entry.span);
            resource
        });
        self.append(made.collect(), entry.span, all, problems);
    }

    /// The transformers, in the order in which kustomize runs them.
    fn transform(
        &mut self,
        folder: &str,
        kustomization: &Kustomization<'a>,
        all: &mut Accumulated,
        problems: &mut Problems,
    ) {
        let fields = all.fields.clone();
        let files = patches::Files {
            tree: self.tree,
            folder,
        };
        for entry in kustomization.items("patchesStrategicMerge") {
            patches::strategic_entry(&files, entry, &mut all.resources, problems);
        }
        for entry in kustomization.items("patches") {
            patches::entry(&files, entry, &mut all.resources, problems);
        }
        let resources = &mut all.resources;
        if let Some(namespace) = kustomization.get("namespace") {
            transform::namespace(resources, namespace, &fields.namespace, problems);
        }
        if let Some(prefix) = kustomization.get("namePrefix") {
            let kind = transform::Affix::Prefix;
            transform::affix(resources, prefix, kind, &fields.name_prefix, problems);
        }
        if let Some(suffix) = kustomization.get("nameSuffix") {
            let kind = transform::Affix::Suffix;
            transform::affix(resources, suffix, kind, &fields.name_suffix, problems);
        }
        for entry in kustomization.items("labels") {
            if let Some(pairs) = entry.get("pairs") {
                let specs = label_fields(entry, &fields);
                transform::add_entries(resources, pairs, &specs, problems);
            }
        }
        if let Some(labels) = kustomization.get("commonLabels") {
            transform::add_entries(resources, labels, &fields.common_labels, problems);
        }
        if let Some(annotations) = kustomization.get("commonAnnotations") {
            transform::add_entries(resources, annotations, &fields.common_annotations, problems);
        }
        for entry in kustomization.items("patchesJson6902") {
            patches::json_entry(&files, entry, resources, problems);
        }
        for entry in kustomization.items("replicas") {
            transform::replicas(resources, entry, &fields.replicas, problems);
        }
        let images = kustomization.items("imageTags").iter();
        for entry in kustomization.items("images").iter().chain(images) {
            transform::image(resources, entry, &fields.images, problems);
        }
        for entry in kustomization.items("replacements") {
            self.replacement(folder, entry, resources, problems);
        }
        for entry in kustomization.items("transformers") {
            plugins::transformer(&files, entry, resources, problems);
        }
    }

    fn replacement(&self, folder: &str, entry: &Value, resources: &mut [Resource], problems: &mut Problems) {
        let Some(path) = entry.text_at(&["path"]) else {
            replacements::apply(resources, entry, problems);
            return;
        };
        let Found::File(file) = self.tree.file(folder, path, entry.span, problems) else {
            return;
        };
        for manifest in self.tree.manifests(file.id) {
            let listed = manifest.value.items();
            let single = std::slice::from_ref(&manifest.value);
            for replacement in if listed.is_empty() { single } else { listed } {
                replacements::apply(resources, replacement, problems);
            }
        }
    }
}

/// The fields that an entry of `labels` changes.
fn label_fields(entry: &Value, fields: &Fields) -> Vec<FieldSpec> {
    let is_asked = |key: &str| entry.get(key).and_then(Value::as_bool) == Some(true);
    let own = entry.items_at("fields").iter().filter_map(FieldSpec::read);
    let mut specs: Vec<FieldSpec> = own.collect();
    merge_fields(&mut specs, fields.labels.clone());
    if is_asked("includeSelectors") {
        merge_fields(&mut specs, fields.common_labels.clone());
        return specs;
    }
    if is_asked("includeTemplates") {
        merge_fields(&mut specs, fields.template_labels.clone());
    }
    merge_fields(&mut specs, vec![FieldSpec::everywhere("metadata/labels")]);
    specs
}

/// An object that is for tools alone.
fn is_local(object: &Value) -> bool {
    let mark = object.text_at(&["metadata", "annotations", "config.kubernetes.io/local-config"]);
    mark.is_some_and(|mark| mark != "false")
}

/// What is done to the finished objects.
fn finish(resources: &mut [Resource], kustomization: &Kustomization<'_>) {
    for resource in resources.iter_mut() {
        write_annotations(&mut resource.value);
    }
    let metadata = kustomization.items("buildMetadata").iter();
    let managed = metadata.filter(|entry| entry.as_str() == Some("managedByLabel"));
    for entry in managed {
        for resource in resources.iter_mut() {
            let map = super::edit::map_at(&mut resource.value, &["metadata", "labels"], entry.span);
            if let Some(labels) = map {
                // Its version stands behind it, which is not known.
                let value = Value::string("kustomize", entry.span);
                super::edit::set(labels, "app.kubernetes.io/managed-by", entry.span, value);
            }
        }
    }
}

/// kustomize writes all annotations anew: every one as a string, and none where there are none.
fn write_annotations(object: &mut Value) {
    let Some(metadata) = super::edit::raw_mut(object, "metadata") else {
        return;
    };
    let Some(annotations) = super::edit::raw_mut(metadata, "annotations") else {
        return;
    };
    let Some(entries) = super::edit::entries_mut(annotations).filter(|entries| !entries.is_empty()) else {
        return super::edit::remove(metadata, "annotations");
    };
    for (_, value) in entries {
        if let Content::Scalar(scalar) = &mut value.content {
            scalar.is_string = true;
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line == "---" || line == "..."
    })
}
