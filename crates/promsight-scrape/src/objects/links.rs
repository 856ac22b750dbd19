//! What kustomizations name: which of them build on which, and which files they bring in.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::manifest::Value;
use promsight_model::{FileId, Span};

use crate::kustomize::{Kustomization, Tree, join};

/// In what role a path is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Objects, or a folder to build on.
    Resource,
    /// A component.
    Component,
    /// A patch, a configuration, data of a generator: no object of its own.
    Part,
}

/// A path that a kustomization names.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// The folder of the kustomization.
    pub(crate) from: String,
    /// The path, relative to the root.
    pub(crate) path: String,
    pub(crate) role: Role,
    /// The entry.
    pub(crate) span: Span,
}

/// All links of the tree.
pub(crate) struct Links {
    pub(crate) links: Vec<Link>,
    /// Every folder with its kustomization, and whether that is a component.
    pub(crate) folders: BTreeMap<String, (FileId, bool)>,
}

impl Links {
    pub(crate) fn of(tree: &Tree<'_>) -> Self {
        let mut links = Vec::new();
        let mut folders = BTreeMap::new();
        for (folder, kustomizations) in tree.kustomizations() {
            for (file, value) in kustomizations {
                let kustomization = Kustomization { file, value };
                let is_component = kustomization.is_component();
                folders
                    .entry(folder.to_owned())
                    .or_insert((file.id, is_component));
                collect(&kustomization, &mut links);
            }
        }
        Self { links, folders }
    }

    /// The folders that no other kustomization builds on, and those that build on each other.
    pub(crate) fn roots(&self) -> BTreeSet<&str> {
        let is_base = |link: &&Link| link.role != Role::Part && link.path != link.from;
        let bases: BTreeSet<&str> = self
            .links
            .iter()
            .filter(is_base)
            .map(|link| link.path.as_str())
            .collect();
        let tops = self.folders.iter().filter(|(_, (_, is_component))| !is_component);
        let tops = tops.map(|(folder, _)| folder.as_str());
        let mut roots: BTreeSet<&str> = tops.clone().filter(|folder| !bases.contains(folder)).collect();
        let built = self.built(roots.iter().copied());
        roots.extend(tops.filter(|folder| !built.contains(folder)));
        roots
    }

    /// The paths at which nothing is.
    pub(crate) fn missing(&self, tree: &Tree<'_>) -> BTreeSet<String> {
        let paths = self.links.iter().map(|link| &link.path);
        let is_missing =
            |path: &&String| tree.read(path).is_none() && !tree.is_folder(path) && !tree.may_exist(path);
        paths.filter(is_missing).cloned().collect()
    }

    /// The folders whose kustomizations are built when these are.
    pub(crate) fn built<'a>(&'a self, roots: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for link in self.links.iter().filter(|link| link.role != Role::Part) {
            next.entry(link.from.as_str()).or_default().push(&link.path);
        }
        let mut built = BTreeSet::new();
        let mut waiting: Vec<&str> = roots.into_iter().collect();
        while let Some(folder) = waiting.pop() {
            if built.insert(folder) {
                waiting.extend(next.get(folder).into_iter().flatten().copied());
            }
        }
        built
    }
}

fn collect(kustomization: &Kustomization<'_>, links: &mut Vec<Link>) {
    let mut add = |value: Option<&Value>, role: Role| {
        let Some((value, text)) = value.and_then(|value| Some((value, value.as_str()?))) else {
            return;
        };
        // `key=path` of a generator.
        let path = match role {
            Role::Part => text.split_once('=').map_or(text, |(_, path)| path),
            _ => text,
        };
        if let Some(path) = join(kustomization.folder(), path).filter(|_| !text.contains('\n')) {
            links.push(Link {
                from: kustomization.folder().to_owned(),
                path,
                role,
                span: value.span,
            });
        }
    };
    for field in ["resources", "bases"] {
        for entry in kustomization.items(field) {
            add(Some(entry), Role::Resource);
        }
    }
    for entry in kustomization.items("components") {
        add(Some(entry), Role::Component);
    }
    let parts = [
        "patchesStrategicMerge",
        "configurations",
        "crds",
        "transformers",
        "generators",
        "validators",
    ];
    for entry in parts.iter().flat_map(|field| kustomization.items(field)) {
        add(Some(entry), Role::Part);
    }
    for field in ["patches", "patchesJson6902", "replacements"] {
        for entry in kustomization.items(field) {
            add(entry.get("path"), Role::Part);
        }
    }
    for field in ["configMapGenerator", "secretGenerator"] {
        for entry in kustomization.items(field) {
            let sources = entry.items_at("files").iter().chain(entry.items_at("envs"));
            sources.for_each(|source| add(Some(source), Role::Part));
            add(entry.get("env"), Role::Part);
        }
    }
    for entry in kustomization.items("helmCharts") {
        add(entry.get("valuesFile"), Role::Part);
        let more = entry.items_at("additionalValuesFiles");
        more.iter().for_each(|entry| add(Some(entry), Role::Part));
    }
    let openapi = kustomization.get("openapi");
    add(openapi.and_then(|openapi| openapi.get("path")), Role::Part);
}
