//! What texts of releases leave open (`values-{{env}}.yaml`, `$ENVIRONMENT`), and what it may be.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::manifest::{Content, Scalar, Value};

use super::{Draft, DraftContent};
use crate::Input;
use crate::paths;

/// Ways to bind what one release leaves open.
const MAX_BINDINGS: usize = 12;

/// What is open, as it is written without its fence, with what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bindings(BTreeMap<String, String>);

impl Bindings {
    /// Sets what `name` is.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each name with what it is.
    pub(super) fn each(&self, mut take: impl FnMut(&str, &str)) {
        self.0.iter().for_each(|(name, value)| take(name, value));
    }

    /// The text with what is bound in the place of what is open.
    pub(super) fn applied(&self, text: &str) -> String {
        if self.is_empty() {
            return text.to_owned();
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some(open) = next_open(rest) {
            out.push_str(&rest[..open.from]);
            match self.0.get(open.name) {
                Some(value) => out.push_str(value),
                None => out.push_str(&rest[open.from..open.to]),
            }
            rest = &rest[open.to..];
        }
        out.push_str(rest);
        out
    }

    /// The same for all texts of a value; what stays open is marked so that it does not disturb what is rendered.
    pub(super) fn applied_to(&self, value: &Value) -> Value {
        let content = match &value.content {
            Content::Null => Content::Null,
            Content::Scalar(scalar) => Content::Scalar(Scalar {
                text: marked(&self.applied(&scalar.text)),
                is_string: scalar.is_string,
                documents: Vec::new(),
            }),
            Content::List(items) => Content::List(items.iter().map(|item| self.applied_to(item)).collect()),
            Content::Map(entries) => {
                let entries = entries.iter();
                Content::Map(
                    entries
                        .map(|(key, value)| (key.clone(), self.applied_to(value)))
                        .collect(),
                )
            }
        };
        Value {
            span: value.span,
            content,
        }
    }
}

/// Something open in a text.
struct Open<'t> {
    from: usize,
    to: usize,
    /// What stands between its fences, without blanks and a leading dot.
    name: &'t str,
}

/// Fences of what is filled in: Argo CD's and Go's, GitHub's and the shell's, make's.
const FENCES: [(&str, &str); 4] = [("${{", "}}"), ("{{", "}}"), ("${", "}"), ("$(", ")")];

fn next_open(text: &str) -> Option<Open<'_>> {
    let fenced = FENCES.iter().filter_map(|(open, close)| {
        let from = text.find(open)?;
        let inner = &text[from + open.len()..];
        let length = inner.find(close)?;
        Some(Open {
            from,
            to: from + open.len() + length + close.len(),
            name: inner[..length].trim().trim_start_matches('.'),
        })
    });
    let bare = text.find('$').and_then(|from| {
        let name = &text[from + 1..];
        let length = name
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(name.len());
        let name = &name[..length];
        (!name.is_empty()).then_some(Open {
            from,
            to: from + 1 + length,
            name,
        })
    });
    // Of several that begin alike the longest fence is meant, which comes first.
    fenced.chain(bare).min_by_key(|open| open.from)
}

/// Whether anything of a text is open.
pub(super) fn is_open(text: &str) -> bool {
    next_open(text).is_some()
}

/// The text with what is open as `${name}`, which is no syntax of what it may be put into.
pub(super) fn marked(text: &str) -> String {
    if !text.contains("{{") {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(open) = next_open(rest) {
        out.push_str(&rest[..open.from]);
        let name = open
            .name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
        out.push_str("${");
        out.extend(name);
        out.push('}');
        rest = &rest[open.to..];
    }
    out.push_str(rest);
    out
}

/// The ways to bind what the paths of a release leave open: by the files that are there. One way, which binds nothing,
/// where nothing is open, or no file fits.
pub(super) fn of(draft: &Draft, input: &Input<'_>) -> Vec<Bindings> {
    let paths = draft.values.iter().filter_map(|values| match &values.content {
        DraftContent::Path { path, .. } => Some(path.as_str()),
        _ => None,
    });
    let mut bases: Vec<&str> = draft.bases.iter().map(String::as_str).collect();
    bases.extend([draft.chart.as_str(), ""]);
    for path in paths {
        let Some(open) = next_open(path) else { continue };
        let (before, behind) = (&path[..open.from], &path[open.to..]);
        if is_open(behind) {
            continue;
        }
        // Of a file whose whole name is open any file would do.
        let (folder, start) = before.rsplit_once('/').unwrap_or(("", before));
        if start.is_empty() && !behind.contains('/') && behind.starts_with('.') && folder.is_empty() {
            continue;
        }
        for base in &bases {
            let bound = values_between(input, base, folder, start, behind);
            if !bound.is_empty() {
                let bound = bound.into_iter().take(MAX_BINDINGS);
                return bound
                    .map(|value| {
                        let mut bindings = Bindings::default();
                        bindings.set(open.name, &value);
                        bindings
                    })
                    .collect();
            }
        }
    }
    vec![Bindings::default()]
}

/// What stands in paths of files between a start and an end, within one part of the path.
fn values_between(input: &Input<'_>, base: &str, folder: &str, start: &str, end: &str) -> BTreeSet<String> {
    let Some(folder) = paths::joined(base, folder) else {
        return BTreeSet::new();
    };
    let prefix = paths::append(&folder, start);
    let prefix = if start.is_empty() && !folder.is_empty() {
        format!("{folder}/")
    } else {
        prefix
    };
    let files = input.files.files();
    let first = files.partition_point(|file| file.path < prefix);
    let with_prefix = files[first..]
        .iter()
        .map_while(|file| file.path.strip_prefix(prefix.as_str()));
    with_prefix
        .filter_map(|rest| rest.strip_suffix(end))
        .filter(|value| !value.is_empty() && !value.contains('/'))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_bound_by_its_name() {
        let mut bindings = Bindings::default();
        bindings.set("env", "prod");
        for (text, bound) in [
            ("a-{{env}}.yaml", "a-prod.yaml"),
            ("a-{{ .env }}", "a-prod"),
            ("${env}/$env.$(env)", "prod/prod.prod"),
            ("${{ env }}-{{other}}", "prod-{{other}}"),
        ] {
            assert_eq!(bindings.applied(text), bound);
        }
        assert_eq!(marked("{{ .a.b }}/${c}/$d"), "${a_b}/${c}/${d}");
        assert!(is_open("$X") && !is_open("a$"));
    }
}
