//! `patches:`, `patchesStrategicMerge:` and `patchesJson6902:`.

use promsight_model::Span;
use promsight_model::manifest::{Content, Value};

use super::problems::Problems;
use super::resource::Resource;
use super::selectors::Target;
use super::tree::{Found, Tree};
use super::{edit, json_patch, merge};

/// Where the files of patches are.
pub(crate) struct Files<'a> {
    pub(crate) tree: &'a Tree<'a>,
    pub(crate) folder: &'a str,
}

/// The documents of a patch.
enum Documents {
    Known(Vec<Value>),
    /// They are not known, or there are none; that was said.
    Nothing,
}

impl Files<'_> {
    fn of_file(&self, path: &Value, problems: &mut Problems) -> Documents {
        let text = path.as_str().unwrap_or_default();
        let Found::File(file) = self.tree.file(self.folder, text, path.span, problems) else {
            return Documents::Nothing;
        };
        let manifests = self.tree.manifests(file.id);
        if manifests.iter().any(|manifest| manifest.is_template) {
            problems.unknown(path.span, format!("`{}` is a template", file.path));
            return Documents::Nothing;
        }
        if manifests.is_empty() {
            problems.unknown(
                path.span,
                format!("`{}` holds no patch that is understood", file.path),
            );
            return Documents::Nothing;
        }
        Documents::Known(self.tree.documents(file.id))
    }
}

fn of_text(text: &Value, problems: &mut Problems) -> Documents {
    let documents = text.as_scalar().map_or(&[][..], |scalar| &scalar.documents[..]);
    if documents.is_empty() {
        problems.unknown(text.span, "the patch is not understood");
        return Documents::Nothing;
    }
    Documents::Known(documents.to_vec())
}

/// An entry of `patches`.
pub(crate) fn entry(
    files: &Files<'_>,
    entry: &Value,
    resources: &mut Vec<Resource>,
    problems: &mut Problems,
) {
    let documents = match (entry.get("patch"), entry.get("path")) {
        (Some(text), None) => of_text(text, problems),
        (None, Some(path)) => files.of_file(path, problems),
        _ => {
            problems.refuse(entry.span, "a patch has either `patch` or `path`");
            return;
        }
    };
    let Documents::Known(documents) = documents else {
        return;
    };
    let target = entry.get("target");
    if let [patch] = &documents[..]
        && let Some(operations) = json_patch::operations(patch)
    {
        match target {
            Some(target) => json(target, operations, Memory::Remembers, resources, problems),
            None => problems.refuse(entry.span, "a JSON patch needs a target"),
        }
        return;
    }
    let options = Options::read(entry.get("options"));
    match (target, &documents[..]) {
        (Some(target), [patch]) => targeted(target, patch, options, resources, problems),
        (Some(_), _) => {
            problems.refuse(
                entry.span,
                "of several patches in one entry none can have a target",
            );
        }
        (None, patches) => {
            for patch in patches {
                named(patch, options, resources, problems);
            }
        }
    }
}

/// An entry of `patchesStrategicMerge`: a path, or the patch itself.
pub(crate) fn strategic_entry(
    files: &Files<'_>,
    entry: &Value,
    resources: &mut Vec<Resource>,
    problems: &mut Problems,
) {
    let has_documents = entry
        .as_scalar()
        .is_some_and(|scalar| !scalar.documents.is_empty());
    let documents = if has_documents {
        of_text(entry, problems)
    } else {
        files.of_file(entry, problems)
    };
    if let Documents::Known(documents) = documents {
        for patch in &documents {
            named(patch, Options::default(), resources, problems);
        }
    }
}

/// An entry of `patchesJson6902`.
pub(crate) fn json_entry(
    files: &Files<'_>,
    entry: &Value,
    resources: &mut [Resource],
    problems: &mut Problems,
) {
    let documents = match (entry.get("patch"), entry.get("path")) {
        (Some(text), None) => of_text(text, problems),
        (None, Some(path)) => files.of_file(path, problems),
        _ => {
            problems.refuse(entry.span, "a patch has either `patch` or `path`");
            return;
        }
    };
    let Documents::Known(documents) = documents else {
        return;
    };
    let target = entry.get("target");
    let Some(target) = target.filter(|target| target.text_at(&["name"]).is_some()) else {
        problems.refuse(entry.span, "a JSON patch needs a target with a name");
        return;
    };
    match documents.first().and_then(json_patch::operations) {
        Some(operations) => json(target, operations, Memory::Forgets, resources, problems),
        None => problems.refuse(entry.span, "this is no JSON patch"),
    }
}

/// Whether names follow a name that a JSON patch changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Memory {
    Remembers,
    Forgets,
}

fn json(
    target: &Value,
    operations: &[Value],
    memory: Memory,
    resources: &mut [Resource],
    problems: &mut Problems,
) {
    let Some(selector) = Target::read(target) else {
        problems.refuse(target.span, "the target is no valid selector");
        return;
    };
    for resource in resources.iter_mut().filter(|resource| selector.selects(resource)) {
        if memory == Memory::Remembers {
            resource.remember();
        }
        if let Err(conflict) = json_patch::apply(&mut resource.value, operations) {
            problems.conflict(conflict);
        }
    }
}

/// What a patch may change beside the fields.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    name_changes: bool,
    kind_changes: bool,
}

impl Options {
    fn read(options: Option<&Value>) -> Self {
        let is_set = |key: &str| {
            let value = options.and_then(|options| options.get(key));
            value.and_then(Value::as_bool) == Some(true)
        };
        Self {
            name_changes: is_set("allowNameChange"),
            kind_changes: is_set("allowKindChange"),
        }
    }
}

/// A strategic merge patch for the objects that a target selects.
fn targeted(
    target: &Value,
    patch: &Value,
    options: Options,
    resources: &mut Vec<Resource>,
    problems: &mut Problems,
) {
    let Some(selector) = Target::read(target) else {
        problems.refuse(target.span, "the target is no valid selector");
        return;
    };
    demand_identity(patch, problems);
    let selected = resources.iter().enumerate();
    let selected = selected.filter(|(_, resource)| selector.selects(resource));
    let selected: Vec<usize> = selected.map(|(index, _)| index).collect();
    apply(&selected, patch, options, resources, problems);
}

/// A strategic merge patch for the object of its own name.
fn named(patch: &Value, options: Options, resources: &mut Vec<Resource>, problems: &mut Problems) {
    demand_identity(patch, problems);
    let id = Resource::new(patch.clone()).id();
    let matches = super::resource::matching(resources, |other| *other == id);
    match matches[..] {
        [index] => apply(&[index], patch, options, resources, problems),
        [] => problems.refuse(
            place(patch),
            format!("there is no {id} that the patch could change"),
        ),
        _ => problems.refuse(
            place(patch),
            format!("more than one object could be the {id} of the patch"),
        ),
    }
}

/// The place of a patch's name.
fn place(patch: &Value) -> Span {
    let name = patch.at(&["metadata", "name"]);
    name.map_or(patch.span, |name| name.span)
}

fn demand_identity(patch: &Value, problems: &mut Problems) {
    if patch.text_at(&["kind"]).is_none() || patch.text_at(&["metadata", "name"]).is_none() {
        problems.refuse(patch.span, "a patch needs `kind` and `metadata.name`");
    }
}

fn apply(
    selected: &[usize],
    patch: &Value,
    options: Options,
    resources: &mut Vec<Resource>,
    problems: &mut Problems,
) {
    let mut deleted = Vec::new();
    for index in selected {
        let resource = &mut resources[*index];
        if options.name_changes || options.kind_changes {
            resource.remember();
        }
        match merge::merge(&resource.value, patch) {
            Err(conflict) => problems.conflict(conflict),
            Ok(None) => deleted.push(*index),
            Ok(Some(merged)) => {
                let old = std::mem::replace(&mut resource.value, merged);
                keep_identity(&mut resource.value, &old, options);
                if resource.value.entries().is_empty() {
                    deleted.push(*index);
                }
            }
        }
    }
    let mut index = 0;
    resources.retain(|_| {
        index += 1;
        !deleted.contains(&(index - 1))
    });
}

/// A patch changes neither version nor, unless it may, kind and name; never the namespace.
fn keep_identity(value: &mut Value, old: &Value, options: Options) {
    let mut keep = |path: [&str; 2], changes: bool| {
        if changes {
            return;
        }
        let [outer, inner] = path;
        let (holder, key) = if inner.is_empty() {
            (Some(&mut *value), outer)
        } else {
            (edit::raw_mut(value, outer), inner)
        };
        let old = if inner.is_empty() {
            old.get(outer)
        } else {
            old.at(&path)
        };
        match (holder, old) {
            (Some(holder), Some(old)) => edit::set(holder, key, old.span, old.clone()),
            (Some(holder), None) => edit::remove(holder, key),
            (None, Some(old)) => {
                let mut metadata = edit::empty_map(old.span);
                edit::set(&mut metadata, key, old.span, old.clone());
                edit::set(value, outer, old.span, metadata);
            }
            (None, None) => {}
        }
    };
    keep(["kind", ""], options.kind_changes);
    keep(["metadata", "name"], options.name_changes);
    keep(["metadata", "namespace"], false);
    let is_empty = |value: &Value| matches!(&value.content, Content::Map(entries) if entries.is_empty());
    if value.get("metadata").is_some_and(is_empty) {
        edit::remove(value, "metadata");
    }
}
