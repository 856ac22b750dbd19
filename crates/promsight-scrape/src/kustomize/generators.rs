//! `configMapGenerator:` and `secretGenerator:`.

use promsight_model::Span;
use promsight_model::manifest::{Content, Key, Scalar, Value};

use super::problems::Problems;
use super::resource::{Behavior, Resource};
use super::tree::{Found, Tree};
use super::{digest, edit};

/// Which kind is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generated {
    ConfigMap,
    Secret,
}

/// Makes the object of an entry.
pub(crate) fn generate(
    tree: &Tree<'_>,
    folder: &str,
    entry: &Value,
    global: Option<&Value>,
    kind: Generated,
    problems: &mut Problems,
) -> Option<Resource> {
    let span = entry.span;
    let Some(name) = entry.get("name") else {
        problems.refuse(span, "a generated object needs a name");
        return None;
    };
    let mut data = Data {
        tree,
        folder,
        kind,
        entries: Vec::new(),
        problems,
    };
    let single = entry.get("env").into_iter();
    for source in entry.items_at("envs").iter().chain(single) {
        data.environment(source);
    }
    for source in entry.items_at("literals") {
        data.literal(source);
    }
    for source in entry.items_at("files") {
        data.file(source);
    }
    let entries = data.entries;
    let mut object = edit::empty_map(span);
    let word = |text: &str| Value::string(text, span);
    edit::set(&mut object, "apiVersion", span, word("v1"));
    let kind_name = match kind {
        Generated::ConfigMap => "ConfigMap",
        Generated::Secret => "Secret",
    };
    edit::set(&mut object, "kind", span, word(kind_name));
    let mut metadata = edit::empty_map(name.span);
    edit::set(&mut metadata, "name", name.span, name.clone());
    if let Some(namespace) = entry.get("namespace") {
        edit::set(&mut metadata, "namespace", namespace.span, namespace.clone());
    }
    let options = entry.get("options");
    for field in ["labels", "annotations"] {
        if let Some(map) = merged_options(options, global, field) {
            edit::set(&mut metadata, field, map.span, map);
        }
    }
    edit::set(&mut object, "metadata", name.span, metadata);
    if kind == Generated::Secret {
        let secret_type = entry.get("type").cloned().unwrap_or_else(|| word("Opaque"));
        edit::set(&mut object, "type", span, secret_type);
    }
    // A Secret has data even where there are none.
    if !entries.is_empty() || kind == Generated::Secret {
        let data = Value {
            span,
            content: Content::Map(entries),
        };
        edit::set(&mut object, "data", span, data);
    }
    let is_asked = |key: &str| {
        let asks = |options: Option<&Value>| options?.get(key)?.as_bool();
        asks(options) == Some(true) || asks(global) == Some(true)
    };
    if is_asked("immutable") {
        edit::set(&mut object, "immutable", span, edit::plain("true", span));
    }
    let mut resource = Resource::new(object);
    resource.needs_hash = !is_asked("disableNameSuffixHash");
    resource.behavior = match entry.text_at(&["behavior"]) {
        Some("merge") => Behavior::Merge,
        Some("replace") => Behavior::Replace,
        _ => Behavior::Create,
    };
    resource.reached_by.push(span);
    Some(resource)
}

/// Labels or annotations of an entry and of all entries; the entry's own win.
fn merged_options(own: Option<&Value>, global: Option<&Value>, field: &str) -> Option<Value> {
    let own = own.and_then(|options| options.get(field));
    let global = global.and_then(|options| options.get(field));
    let mut merged = own.or(global)?.clone();
    for (key, value) in global.map_or(&[][..], Value::entries) {
        if edit::raw(&merged, &key.text).is_none() {
            edit::set(&mut merged, &key.text, key.span, value.clone());
        }
    }
    Some(merged)
}

struct Data<'a, 'tree> {
    tree: &'a Tree<'tree>,
    folder: &'a str,
    kind: Generated,
    entries: Vec<(Key, Value)>,
    problems: &'a mut Problems,
}

impl<'tree> Data<'_, 'tree> {
    fn add(&mut self, key: Key, value: (&str, Span), documents: Vec<Value>) {
        if self.entries.iter().any(|(own, _)| own.text == key.text) {
            let message = format!("the key `{}` is generated twice", key.text);
            self.problems.refuse(key.span, message);
            return;
        }
        let text = match self.kind {
            Generated::ConfigMap => value.0.to_owned(),
            Generated::Secret => digest::secret(value.0.as_bytes()),
        };
        let content = Content::Scalar(Scalar {
            text,
            is_string: true,
            documents,
        });
        self.entries.push((
            key,
            Value {
                span: value.1,
                content,
            },
        ));
    }

    /// The file that a source names.
    fn named(&mut self, path: &str, span: Span) -> Found<'tree> {
        let mut met = Problems::default();
        let found = self.tree.file(self.folder, path, span, &mut met);
        self.problems.extend_with_data(&met);
        found
    }

    fn literal(&mut self, source: &Value) {
        let parts = source.as_str().and_then(|text| text.split_once('='));
        let Some((key, value)) = parts.filter(|(key, _)| !key.is_empty()) else {
            self.problems
                .refuse(source.span, "a literal is written `key=value`");
            return;
        };
        let key = Key {
            text: key.to_owned(),
            span: source.span,
        };
        self.add(key, (unquoted(value), source.span), Vec::new());
    }

    fn file(&mut self, source: &Value) {
        let text = source.as_str().unwrap_or_default();
        let (key, path) = match text.split_once('=') {
            Some((key, path)) if !key.is_empty() && !path.is_empty() && !path.contains('=') => (key, path),
            Some(_) => {
                self.problems
                    .refuse(source.span, "a file is written `path` or `key=path`");
                return;
            }
            None => (text.rsplit('/').next().unwrap_or(text), text),
        };
        let key = Key {
            text: key.to_owned(),
            span: source.span,
        };
        match self.named(path, source.span) {
            Found::File(file) => {
                let whole = Span::new(file.id, 0..file.text.len());
                let documents = self.tree.documents(file.id);
                self.add(key, (&file.text, whole), documents);
            }
            Found::Unknown => self.entries.push((
                key,
                Value {
                    span: source.span,
                    content: Content::Null,
                },
            )),
            Found::Missing => {}
        }
    }

    fn environment(&mut self, source: &Value) {
        let path = source.as_str().unwrap_or_default();
        let Found::File(file) = self.named(path, source.span) else {
            return;
        };
        let mut start = 0;
        for line in file.text.split_inclusive('\n') {
            let line_start = start;
            start += line.len();
            let line = line.trim_end_matches(['\n', '\r']);
            let written = line.trim_start();
            if written.is_empty() || written.starts_with('#') {
                continue;
            }
            let (name, value) = written.split_once('=').unwrap_or((written, ""));
            let at = line_start + line.len() - written.len();
            let key = Key {
                text: name.to_owned(),
                span: Span::new(file.id, at..at + name.len()),
            };
            let end = line_start + line.len();
            self.add(
                key,
                (value, Span::new(file.id, end - value.len()..end)),
                Vec::new(),
            );
        }
    }
}

/// Without quotes around it.
fn unquoted(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    if text.len() < 2 {
        return text;
    }
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

/// Adds a generated object: a new one, or into the one that it replaces or completes.
pub(crate) fn absorb(resources: &mut Vec<Resource>, mut new: Resource, problems: &mut Problems) {
    let id = new.id();
    let matches = super::resource::matching(resources, |other| *other == id);
    let span = new.origin;
    match (matches[..].first(), matches.len(), new.behavior) {
        (None, _, Behavior::Create) => resources.push(new),
        (None, ..) => problems.refuse(span, format!("there is no {id} to be merged or replaced")),
        (Some(_), 1, Behavior::Create) => {
            problems.refuse(
                span,
                format!("{id} exists already, and `behavior` does not say what to do"),
            );
        }
        (Some(index), 1, behavior) => {
            let old = &resources[*index];
            inherit(&mut new, old);
            if behavior == Behavior::Merge {
                for field in ["data", "binaryData"] {
                    merge_entries(&mut new.value, &old.value, &[field]);
                }
            }
            new.reached_by.extend(old.reached_by.iter().copied());
            resources[*index] = new;
        }
        _ => problems.refuse(
            span,
            format!("more than one object could be the {id} that is meant"),
        ),
    }
}

/// Takes over what the old object is called and how it is marked.
fn inherit(new: &mut Resource, old: &Resource) {
    for field in ["labels", "annotations"] {
        merge_entries(&mut new.value, &old.value, &["metadata", field]);
    }
    new.set_name(old.name().to_owned());
    if !old.namespace().is_empty() {
        new.set_metadata("namespace", old.namespace().to_owned());
    }
    new.previous.clone_from(&old.previous);
    new.prefixes.clone_from(&old.prefixes);
    new.suffixes.clone_from(&old.suffixes);
    new.variables.clone_from(&old.variables);
    new.needs_hash &= old.needs_hash;
}

fn merge_entries(new: &mut Value, old: &Value, path: &[&str]) {
    let Some(old) = old.at(path) else {
        return;
    };
    let Some(map) = edit::map_at(new, path, old.span) else {
        return;
    };
    for (key, value) in old.entries() {
        if edit::raw(map, &key.text).is_none() {
            edit::set(map, &key.text, key.span, value.clone());
        }
    }
}
