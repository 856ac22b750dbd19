//! What Argo CD and Flux apply from this tree.
//!
//! An application names a folder of a repository. Which repository is not looked at: a folder of that path in this tree
//! is taken to be meant, since what is thought to be deployed is never reported as left out.

use promsight_model::Span;
use promsight_model::manifest::Value;
use regex::Regex;

use crate::Input;
use crate::kustomize::join;

/// A folder that an application applies.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    /// The folder, relative to the root.
    pub(crate) folder: String,
    /// What names it.
    pub(crate) span: Span,
    /// Whether what lies in its folders is applied too.
    pub(crate) is_recursive: bool,
}

/// The folders that applications apply.
pub(crate) fn applied(input: &Input<'_>, folders: &[&str]) -> Vec<Applied> {
    let finder = Finder { input, folders };
    let manifests = input.facts.iter().flat_map(|facts| &facts.manifests);
    manifests
        .flat_map(|manifest| finder.of_object(&manifest.value))
        .collect()
}

struct Finder<'a> {
    input: &'a Input<'a>,
    folders: &'a [&'a str],
}

impl Finder<'_> {
    fn of_object(&self, object: &Value) -> Vec<Applied> {
        let text = |key| object.text_at(&[key]).unwrap_or_default();
        let group = text("apiVersion").split('/').next().unwrap_or_default();
        let spec = object.get("spec");
        match (group, text("kind"), spec) {
            ("argoproj.io", "Application", Some(spec)) => self.of_application(spec, &[]),
            ("argoproj.io", "ApplicationSet", Some(spec)) => self.of_application_set(spec),
            ("kustomize.toolkit.fluxcd.io", "Kustomization", Some(spec)) => match spec.get("path") {
                Some(path) => self.folder(path, Recursion::Below),
                None => Vec::new(),
            },
            ("helm.toolkit.fluxcd.io", "HelmRelease", Some(spec)) => {
                match spec.at(&["chart", "spec", "chart"]) {
                    Some(path) => self.folder(path, Recursion::Here),
                    None => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }

    fn of_application(&self, spec: &Value, directories: &[Applied]) -> Vec<Applied> {
        let sources = spec.get("source").into_iter().chain(spec.items_at("sources"));
        let mut found = Vec::new();
        for source in sources {
            let recurses = source.at(&["directory", "recurse"]).and_then(Value::as_bool);
            let recursion = if recurses == Some(true) {
                Recursion::Below
            } else {
                Recursion::Here
            };
            if let Some(path) = source.get("path") {
                let is_directory = path.as_str().is_some_and(is_action);
                if is_directory && !directories.is_empty() {
                    found.extend(directories.iter().cloned().map(|applied| Applied {
                        is_recursive: recursion == Recursion::Below,
                        ..applied
                    }));
                } else {
                    found.extend(self.folder(path, recursion));
                }
            }
        }
        found
    }

    fn of_application_set(&self, spec: &Value) -> Vec<Applied> {
        let mut directories = Vec::new();
        self.directories(spec.items_at("generators"), 0, &mut directories);
        match spec.at(&["template", "spec"]) {
            Some(template) => self.of_application(template, &directories),
            None => directories,
        }
    }

    /// The folders that generators list; those of matrices and merges too.
    fn directories(&self, generators: &[Value], depth: usize, found: &mut Vec<Applied>) {
        for generator in generators {
            let listed = generator
                .get("git")
                .map_or(&[][..], |git| git.items_at("directories"));
            for directory in listed {
                let excluded = directory.get("exclude").and_then(Value::as_bool) == Some(true);
                if let Some(path) = directory.get("path").filter(|_| !excluded) {
                    found.extend(self.folder(path, Recursion::Here));
                }
            }
            for kind in ["matrix", "merge"] {
                let inner = generator
                    .get(kind)
                    .map_or(&[][..], |inner| inner.items_at("generators"));
                if depth < 4 {
                    self.directories(inner, depth + 1, found);
                }
            }
        }
    }

    /// The folders that a path means: it may hold `*`, and actions of templates.
    fn folder(&self, path: &Value, recursion: Recursion) -> Vec<Applied> {
        let Some(text) = path.as_str() else {
            return Vec::new();
        };
        let applied = |folder: String| Applied {
            folder,
            span: path.span,
            is_recursive: recursion == Recursion::Below,
        };
        let Some(full) = self.relative(text) else {
            return Vec::new();
        };
        if !full.contains(['*', '{']) {
            return vec![applied(full)];
        }
        let Some(pattern) = pattern(&full) else {
            return Vec::new();
        };
        let matching = self.folders.iter().filter(|folder| pattern.is_match(folder));
        matching.map(|folder| applied((*folder).to_owned())).collect()
    }

    /// A path of the repository, relative to the root of the run.
    fn relative(&self, path: &str) -> Option<String> {
        let full = join("", path.trim_start_matches('/'))?;
        let root = &self.input.repository.root;
        if root.is_empty() {
            return Some(full);
        }
        let rest = full.strip_prefix(root.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/').to_owned())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recursion {
    Here,
    Below,
}

/// Whether a text is nothing but an action of a template (`{{path}}`, `{{.path.path}}`).
fn is_action(text: &str) -> bool {
    text.starts_with("{{") && text.ends_with("}}") && text.matches("{{").count() == 1
}

/// `*` and actions as any characters within a folder's name.
fn pattern(path: &str) -> Option<Regex> {
    let mut pattern = String::from("^");
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        if let Some(action) = rest.strip_prefix("{{") {
            pattern.push_str("[^/]+");
            rest = action.split_once("}}").map_or("", |(_, behind)| behind);
            continue;
        }
        match first {
            '*' => pattern.push_str("[^/]*"),
            other => pattern.push_str(&regex::escape(&other.to_string())),
        }
        rest = &rest[first.len_utf8()..];
    }
    pattern.push('$');
    Regex::new(&pattern).ok()
}
