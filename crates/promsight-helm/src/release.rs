//! What is given to a chart when it is released: a name, a namespace, and values that come before its own
//! (`cli/values` of Helm 3).

use promsight_model::launch::Setting;
use promsight_model::manifest::{Content, Value};
use promsight_model::{Span, manifest};

use crate::chart::Problems;
use crate::data::Data;
use crate::values::{entries, insert};
use crate::{json, set, yaml};

/// What is released, and with which values.
#[derive(Clone, Copy, Debug)]
pub struct Release<'a> {
    /// The release's name.
    pub name: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// What comes before the chart's own values; a later one comes before an earlier one.
    pub values: &'a [Layer<'a>],
}

impl Default for Release<'_> {
    /// A chart with its default values, under the names that `helm template` gives where none are said.
    fn default() -> Self {
        Self {
            name: "release-name",
            namespace: "default",
            values: &[],
        }
    }
}

/// Values with the place that says them.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// That place.
    pub span: Span,
    /// The values.
    pub content: LayerContent<'a>,
}

/// Values of a release.
#[derive(Clone, Copy, Debug)]
pub enum LayerContent<'a> {
    /// YAML: the text of a file.
    Text(&'a str),
    /// A mapping that was read.
    Tree(&'a Value),
    /// Assignments, as the command line has them.
    Set(Setting, &'a str),
}

impl Release<'_> {
    /// The values that are given, as one mapping.
    pub(crate) fn given(&self, problems: &mut Problems) -> Data {
        let mut given = Data::empty_map();
        for layer in self.values {
            let read = match layer.content {
                LayerContent::Text(text) => yaml::read(text).map(|read| merged(given.clone(), &read)),
                LayerContent::Tree(tree) => Ok(merged(given.clone(), &data(tree, 0))),
                LayerContent::Set(kind, text) => set::applied(given.clone(), kind, text),
            };
            match read {
                Ok(read) => given = read,
                Err(message) => {
                    problems.push((layer.span, format!("these values cannot be read: {message}")));
                }
            }
        }
        given
    }
}

/// A mapping with another one over it; what is no mapping covers nothing at the top (`mergeMaps`).
fn merged(below: Data, above: &Data) -> Data {
    if above.is_map() {
        over(&below, above, 0)
    } else {
        below
    }
}

fn over(below: &Data, above: &Data, depth: usize) -> Data {
    if !below.is_map() || !above.is_map() || depth > manifest::MAX_DEPTH {
        return above.clone();
    }
    let result = Data::map(entries(below).into_iter().collect());
    for (key, value) in entries(above) {
        let value = match below.get(&key) {
            Some(present) => over(&present, &value, depth + 1),
            None => value,
        };
        insert(&result, &key, value);
    }
    result
}

/// A value of a manifest as Helm would have read it. Recursion is as deep as values are, which is capped.
fn data(value: &Value, depth: usize) -> Data {
    if depth > manifest::MAX_DEPTH {
        return Data::Nil;
    }
    match &value.content {
        Content::Null => Data::Nil,
        Content::Scalar(scalar) if scalar.is_string => scalar.text.as_str().into(),
        Content::Scalar(scalar) => yaml::resolved(&scalar.text),
        Content::List(items) => Data::list(items.iter().map(|item| data(item, depth + 1)).collect()),
        Content::Map(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| (key.text.clone(), data(value, depth + 1)));
            Data::map(pairs.collect())
        }
    }
}

/// What `--set-json` gives.
pub(crate) fn json_value(text: &str) -> Result<Data, String> {
    json::read(text)
}
