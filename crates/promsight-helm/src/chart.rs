//! Charts as Helm loads them.
//!
//! Owns: which files of a folder are templates, values, charts below it or files of their own; what `Chart.yaml` says;
//! and how values of a chart and of those below it come together (`chartutil` of Helm 3.22).

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use promsight_model::{FileId, Span};

use crate::data::{Data, Object};
use crate::functions::{semver, strings};
use crate::ignore::Ignored;
use crate::values::{self, Nulls};
use crate::{File, yaml};

/// Charts below charts go no deeper.
const MAX_DEPTH: usize = 12;

/// A chart with those below it.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    /// The name, or the alias under which a chart above knows it.
    pub(crate) name: String,
    version: String,
    /// Whether it only defines templates for others.
    pub(crate) is_library: bool,
    /// Whether no chart stands above it.
    pub(crate) is_root: bool,
    metadata: Vec<(&'static str, Data)>,
    dependencies: Vec<Dependency>,
    /// Its values; after [`with_dependencies`], those that it imports too.
    pub(crate) values: Data,
    /// Its templates: their path in the chart, text and file.
    pub(crate) templates: Vec<Template>,
    files: BTreeMap<String, Rc<str>>,
    /// The charts below it.
    pub(crate) children: Vec<Chart>,
}

/// A template of a chart.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    /// Its path in the chart.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: Rc<str>,
    /// Its file.
    pub(crate) file: FileId,
}

/// What `Chart.yaml` or `requirements.yaml` lists.
#[derive(Clone, Debug)]
struct Dependency {
    /// The name, later the alias.
    name: String,
    /// The name of the chart.
    chart: String,
    version: String,
    alias: String,
    condition: String,
    tags: Vec<String>,
    repository: String,
    imports: Vec<Data>,
    enabled: bool,
    span: Span,
}

/// What was not understood while a chart was loaded: where, and a clause.
pub(crate) type Problems = Vec<(Span, String)>;

/// Loads the chart in a folder; `None` where its `Chart.yaml` cannot be read.
pub(crate) fn load(files: &[File<'_>], folder: &str, problems: &mut Problems) -> Option<Chart> {
    load_within(files, folder, problems, 0)
}

/// The folders of charts that no other chart has below it and that none names as its dependency in the tree.
pub(crate) fn roots(files: &[File<'_>]) -> Vec<String> {
    let folders = files.iter().filter_map(|file| match file.path.rsplit_once('/') {
        Some((folder, "Chart.yaml")) => Some((folder, file)),
        None if file.path == "Chart.yaml" => Some(("", file)),
        _ => None,
    });
    let folders: BTreeMap<&str, &File<'_>> = folders.collect();
    let mut used = BTreeSet::new();
    for (folder, file) in &folders {
        let read = yaml::read(file.text).unwrap_or(Data::Nil);
        for dependency in dependencies(&read, file.whole()) {
            if let Some(path) = dependency.repository.strip_prefix("file://") {
                let local = join(folder, path);
                if local != *folder {
                    used.insert(if local == "." { String::new() } else { local });
                }
            }
        }
    }
    let is_below_another = |folder: &str| {
        let mut rest = folder;
        while let Some(at) = rest.rfind("/charts/") {
            rest = &rest[..at];
            if folders.contains_key(rest) {
                return true;
            }
        }
        folder.starts_with("charts/") && folders.contains_key("")
    };
    let roots = folders
        .keys()
        .filter(|folder| !used.contains(**folder) && !is_below_another(folder));
    roots.map(|folder| (*folder).to_owned()).collect()
}

/// The files below a folder, with their paths in it.
pub(crate) fn below<'a, 'f>(
    files: &'f [File<'a>],
    folder: &str,
) -> impl Iterator<Item = (&'a str, &'f File<'a>)> {
    let prefix = if folder.is_empty() {
        String::new()
    } else {
        format!("{folder}/")
    };
    let start = files.partition_point(|file| file.path < prefix.as_str());
    files[start..].iter().map_while(move |file| {
        let inner = file.path.strip_prefix(prefix.as_str())?;
        Some((inner, file))
    })
}

fn load_within(files: &[File<'_>], folder: &str, problems: &mut Problems, depth: usize) -> Option<Chart> {
    if depth > MAX_DEPTH {
        return None;
    }
    let ignored = below(files, folder)
        .find(|(inner, _)| *inner == ".helmignore")
        .map(|(_, file)| Ignored::new(file.text))
        .unwrap_or_default();
    let mut chart: Option<Chart> = None;
    let mut requirements = None;
    let mut values = Data::empty_map();
    let mut templates = Vec::new();
    let mut own_files = BTreeMap::new();
    let mut below_it: Vec<String> = Vec::new();
    for (inner, file) in below(files, folder) {
        if ignored.admits(inner) {
            continue;
        }
        match inner {
            "Chart.yaml" => chart = Some(metadata(file, problems)?),
            "requirements.yaml" => {
                requirements = yaml::read(file.text).ok().map(|data| (data, file.whole()));
                own_files.insert(inner.to_owned(), file.text.into());
            }
            "values.yaml" => match yaml::read(file.text) {
                Ok(read @ Data::Map(_)) => values = read,
                Ok(_) => {}
                Err(message) => {
                    problems.push((file.whole(), format!("the values cannot be read: {message}")));
                    return None;
                }
            },
            "Chart.lock" | "requirements.lock" | "values.schema.json" => {}
            _ if inner.starts_with("templates/") => {
                // Files that begin with a dot are never templates.
                if !inner["templates/".len()..].starts_with('.') {
                    templates.push(Template {
                        path: inner.to_owned(),
                        text: file.text.into(),
                        file: file.id,
                    });
                }
            }
            _ => match inner.strip_prefix("charts/").map(|inner| inner.split_once('/')) {
                Some(Some((name, rest))) => {
                    let is_skipped = name.starts_with(['_', '.']);
                    if rest == "Chart.yaml" && !is_skipped {
                        below_it.push(name.to_owned());
                    }
                }
                Some(None) => {}
                None => {
                    own_files.insert(inner.to_owned(), file.text.into());
                }
            },
        }
    }
    let mut chart = chart?;
    if let Some((requirements, span)) = requirements
        && chart.dependencies.is_empty()
    {
        chart.dependencies = dependencies(&requirements, span);
    }
    chart.values = values;
    chart.templates = templates;
    chart.files = own_files;
    chart.is_root = depth == 0;
    for name in below_it {
        let inner = join(folder, &format!("charts/{name}"));
        chart
            .children
            .extend(load_within(files, &inner, problems, depth + 1));
    }
    chart.load_local_dependencies(files, folder, problems, depth);
    Some(chart)
}

fn join(folder: &str, inner: &str) -> String {
    let joined = if folder.is_empty() {
        inner.to_owned()
    } else {
        format!("{folder}/{inner}")
    };
    strings::clean(&joined)
}

fn metadata(file: &File<'_>, problems: &mut Problems) -> Option<Chart> {
    let data = match yaml::read(file.text) {
        Ok(data @ Data::Map(_)) => data,
        Ok(_) => return None,
        Err(message) => {
            problems.push((file.whole(), format!("it cannot be read: {message}")));
            return None;
        }
    };
    let text = |key: &str| string(data.get(key));
    let list = |key: &str| data.get(key).filter(|value| matches!(value, Data::List(_)));
    let annotations = match data.get("annotations") {
        Some(Data::Map(map)) => {
            let entries = map.entries.borrow();
            let texts = entries
                .iter()
                .map(|(key, value)| (key.clone(), string(Some(value.clone())).into()));
            Data::map(texts.collect())
        }
        _ => Data::empty_map(),
    };
    let version_of_format = match text("apiVersion") {
        none if none.is_empty() => "v1".to_owned(),
        given => given,
    };
    let name = text("name");
    let metadata = vec![
        ("Home", text("home").into()),
        (
            "Sources",
            list("sources").unwrap_or_else(|| Data::list(Vec::new())),
        ),
        ("Version", text("version").into()),
        ("Description", text("description").into()),
        (
            "Keywords",
            list("keywords").unwrap_or_else(|| Data::list(Vec::new())),
        ),
        ("Maintainers", maintainers(list("maintainers"))),
        ("Icon", text("icon").into()),
        ("APIVersion", version_of_format.into()),
        ("Condition", text("condition").into()),
        ("Tags", text("tags").into()),
        ("AppVersion", text("appVersion").into()),
        (
            "Deprecated",
            data.get("deprecated").is_some_and(|value| value.is_true()).into(),
        ),
        ("Annotations", annotations),
        ("KubeVersion", text("kubeVersion").into()),
        ("Type", text("type").into()),
    ];
    (!name.is_empty()).then(|| Chart {
        version: text("version"),
        is_library: text("type").eq_ignore_ascii_case("library"),
        is_root: true,
        dependencies: dependencies(&data, file.whole()),
        metadata,
        values: Data::Nil,
        templates: Vec::new(),
        files: BTreeMap::new(),
        children: Vec::new(),
        name,
    })
}

fn maintainers(list: Option<Data>) -> Data {
    let Some(Data::List(list)) = list else {
        return Data::list(Vec::new());
    };
    let each = list.0.iter().map(|item| {
        let text = |key: &str| Data::from(string(item.get(key)));
        Data::structure(
            "*chart.Maintainer",
            [
                ("Name", text("name")),
                ("Email", text("email")),
                ("URL", text("url")),
            ],
        )
    });
    Data::list(each.collect())
}

/// A field that is declared a string.
fn string(value: Option<Data>) -> String {
    match value {
        None | Some(Data::Nil) => String::new(),
        Some(Data::Float(number)) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number}"),
        Some(value) => value.text().to_string(),
    }
}

fn dependencies(data: &Data, span: Span) -> Vec<Dependency> {
    let Some(Data::List(list)) = data.get("dependencies") else {
        return Vec::new();
    };
    let listed = list.0.iter().filter(|item| item.is_map()).map(|item| {
        let text = |key: &str| string(item.get(key));
        let items = |key: &str| match item.get(key) {
            Some(Data::List(list)) => list.0.clone(),
            _ => Vec::new(),
        };
        Dependency {
            name: text("name"),
            chart: text("name"),
            version: text("version"),
            alias: text("alias"),
            condition: text("condition"),
            tags: items("tags").into_iter().map(|tag| string(Some(tag))).collect(),
            repository: text("repository"),
            imports: items("import-values"),
            enabled: true,
            span,
        }
    });
    listed.collect()
}

impl Dependency {
    /// Whether a chart is the one that is meant.
    fn is_met_by(&self, chart: &Chart) -> bool {
        chart.name == self.chart && admits(&self.version, &chart.version)
    }
}

fn admits(constraint: &str, version: &str) -> bool {
    let Some(version) = semver::Version::parse(version) else {
        return constraint == version;
    };
    semver::admits(constraint, &version).unwrap_or(false)
}

impl Chart {
    /// Loads what `file://` names, as `helm dependency build` would copy it.
    fn load_local_dependencies(
        &mut self,
        files: &[File<'_>],
        folder: &str,
        problems: &mut Problems,
        depth: usize,
    ) {
        for dependency in &self.dependencies {
            if self.children.iter().any(|child| child.name == dependency.chart) {
                continue;
            }
            let Some(path) = dependency.repository.strip_prefix("file://") else {
                continue;
            };
            let local = join(folder, path);
            if local.starts_with("..") || local == folder {
                continue;
            }
            let local = if local == "." { "" } else { &local };
            let loaded = load_within(files, local, problems, depth + 1);
            self.children
                .extend(loaded.filter(|child| child.name == dependency.chart));
        }
    }

    /// `.Chart`.
    pub(crate) fn as_data(&self) -> Data {
        let mut fields = self.metadata.clone();
        fields.push(("Name", self.name.as_str().into()));
        fields.push(("IsRoot", self.is_root.into()));
        let dependencies = self.dependencies.iter().map(|dependency| {
            Data::structure(
                "*chart.Dependency",
                [
                    ("Name", dependency.name.as_str().into()),
                    ("Version", dependency.version.as_str().into()),
                    ("Repository", dependency.repository.as_str().into()),
                    ("Condition", dependency.condition.as_str().into()),
                    ("Alias", dependency.alias.as_str().into()),
                    ("Enabled", dependency.enabled.into()),
                ],
            )
        });
        fields.push(("Dependencies", Data::list(dependencies.collect())));
        Data::structure("chart.Metadata", fields)
    }

    /// `.Files`.
    pub(crate) fn files(&self) -> Data {
        Data::Object(Rc::new(Object::Files(self.files.clone())))
    }

    /// Brings the charts below it to what its values, and those that are given, ask for, and its values to those that it
    /// imports.
    pub(crate) fn with_dependencies(mut self, given: &Data, problems: &mut Problems) -> Self {
        self.enable(given, "", problems);
        self.import();
        self
    }

    /// `processDependencyEnabled`.
    fn enable(&mut self, values: &Data, path: &str, problems: &mut Problems) {
        if !self.dependencies.is_empty() {
            self.alias_children();
            let values = self.coalesced(values.deep_copy(), Nulls::Remove);
            for dependency in &mut self.dependencies {
                dependency.enabled = dependency.is_enabled(&values, path);
            }
            let disabled: Vec<String> = self
                .dependencies
                .iter()
                .filter(|dependency| !dependency.enabled)
                .map(|dependency| dependency.name.clone())
                .collect();
            self.children.retain(|child| !disabled.contains(&child.name));
            self.dependencies.retain(|dependency| dependency.enabled);
            for dependency in &self.dependencies {
                if !self.children.iter().any(|child| child.name == dependency.name) {
                    let message = format!(
                        "the chart `{}` that it depends on is not in the tree",
                        dependency.chart
                    );
                    problems.push((dependency.span, message));
                }
            }
            for child in &mut self.children {
                let path = format!("{path}{}.", child.name);
                child.enable(&values, &path, problems);
            }
        }
    }

    /// Gives each listed dependency a chart of its own, under its alias.
    fn alias_children(&mut self) {
        let is_listed = |child: &Chart| self.dependencies.iter().any(|listed| listed.is_met_by(child));
        let mut children: Vec<Chart> = self
            .children
            .iter()
            .filter(|child| !is_listed(child))
            .cloned()
            .collect();
        for dependency in &mut self.dependencies {
            let found = self.children.iter().find(|child| dependency.is_met_by(child));
            // A chart in the tree is used though its version is another one: Helm would ask for an update first.
            let by_name = || self.children.iter().find(|child| child.name == dependency.chart);
            if let Some(child) = found.or_else(by_name) {
                let mut child = child.clone();
                child.is_root = false;
                if !dependency.alias.is_empty() {
                    child.name.clone_from(&dependency.alias);
                }
                children.retain(|other| other.name != child.name || other.name != dependency.chart);
                children.push(child);
            }
            if !dependency.alias.is_empty() {
                dependency.name.clone_from(&dependency.alias);
            }
        }
        self.children = children;
    }

    /// `processDependencyImportValues`.
    fn import(&mut self) {
        for child in &mut self.children {
            child.import();
        }
        if self.dependencies.is_empty() {
            return;
        }
        let values = self.coalesced(Data::empty_map(), Nulls::Keep);
        let imported = Data::empty_map();
        for dependency in &self.dependencies {
            for import in &dependency.imports {
                let (child, parent) = match import {
                    Data::Text(name) => (format!("exports.{name}"), ".".to_owned()),
                    Data::Map(_) => (string(import.get("child")), string(import.get("parent"))),
                    _ => continue,
                };
                let Some(found) = values::table(&values, &format!("{}.{child}", dependency.name)) else {
                    continue;
                };
                let mut placed = found.deep_copy();
                if parent != "." {
                    for key in parent.rsplit('.') {
                        placed = Data::map([(key.to_owned(), placed)].into());
                    }
                }
                values::merge_tables(&imported, &placed, Nulls::Keep);
            }
        }
        let values = values.deep_copy();
        values::merge_tables(&values, &imported, Nulls::Keep);
        self.values = values;
    }

    /// `coalesce`: the values of the chart and of those below it, under what is given.
    pub(crate) fn coalesced(&self, given: Data, nulls: Nulls) -> Data {
        self.coalesce_own(&given, nulls);
        for child in &self.children {
            let own = match given.get(&child.name) {
                Some(own @ Data::Map(_)) => own,
                Some(other) if !other.is_nil() => continue,
                _ => Data::empty_map(),
            };
            values::coalesce_globals(&own, &given);
            let own = child.coalesced(own, nulls);
            values::insert(&given, &child.name, own);
        }
        given
    }

    /// `coalesceValues`.
    fn coalesce_own(&self, given: &Data, nulls: Nulls) {
        for (key, value) in values::entries(&self.values.deep_copy()) {
            match given.get(&key) {
                None => values::insert(given, &key, value),
                Some(present) if present.is_nil() => {
                    if nulls == Nulls::Remove {
                        values::remove(given, &key);
                    }
                }
                Some(present) if present.is_map() && value.is_map() => {
                    let is_child = self.children.iter().any(|child| child.name == key);
                    values::merge_tables(&present, &value, if is_child { Nulls::Keep } else { nulls });
                }
                Some(_) => {}
            }
        }
    }
}

impl Dependency {
    fn is_enabled(&self, values: &Data, path: &str) -> bool {
        let mut enabled = true;
        if let Some(tags) = values.get("tags").filter(Data::is_map) {
            let given: Vec<bool> = self
                .tags
                .iter()
                .filter_map(|tag| match tags.get(tag) {
                    Some(Data::Bool(given)) => Some(given),
                    _ => None,
                })
                .collect();
            enabled = given.is_empty() || given.contains(&true);
        }
        for condition in self
            .condition
            .trim()
            .split(',')
            .filter(|condition| !condition.is_empty())
        {
            if let Some(Data::Bool(given)) = values::at(values, &format!("{path}{condition}")) {
                return given;
            }
        }
        enabled
    }
}
