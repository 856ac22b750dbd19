//! One table's text to its model type.
//!
//! The head of a table is YAML; its families stand one a line in block scalars, because thousands of YAML mappings
//! take longer to decode than the rest of a run. Owns the syntax, not what the names mean. `grammars/README.md` is
//! the description for people.

use std::collections::BTreeMap;

use promsight_model::{
    AlertCollection, BuiltIn, Constructor, Description, Exporter, ExporterMetric, Gap, GoneMetric, Library,
    LibraryMetric, MetricType, Name, Pattern, SourceFile,
};
use serde::Deserialize;

use crate::python;

/// A catalogue file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExporterTable {
    name: String,
    source: String,
    #[serde(default)]
    territory: Vec<String>,
    #[serde(default)]
    patterns: Vec<String>,
    #[serde(default)]
    metrics: String,
    #[serde(default)]
    gone: String,
}

/// A file of alerts as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlertTable {
    name: String,
    source: String,
    #[serde(default)]
    territory: Vec<String>,
    alerts: String,
}

/// A library file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LibraryTable {
    package: String,
    source: String,
    #[serde(default)]
    imports: Vec<String>,
    #[serde(default)]
    constructors: BTreeMap<String, Vec<Vec<String>>>,
    #[serde(default)]
    built_in: Vec<BuiltInTable>,
    #[serde(default)]
    modules: BTreeMap<String, String>,
}

/// One entry of a library's `built_in`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuiltInTable {
    #[serde(default)]
    when: Vec<String>,
    #[serde(default)]
    when_unseen: Vec<String>,
    #[serde(default)]
    named: Vec<String>,
    #[serde(default)]
    metrics: String,
    #[serde(default)]
    make: Option<String>,
    #[serde(default)]
    collected: bool,
}

/// One line of a `metrics` block.
struct FamilyLine<'a> {
    name: &'a str,
    metric_type: MetricType,
    labels: Option<Vec<String>>,
    buckets: Option<Vec<String>>,
}

/// Decodes a file of alerts.
pub(super) fn alerts(text: &str) -> Result<AlertCollection, String> {
    let table: AlertTable = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    Ok(AlertCollection {
        name: table.name,
        source: table.source,
        territory: table.territory,
        alerts: table.alerts.lines().map(str::to_owned).collect(),
    })
}

/// Decodes a catalogue file. The error is a sentence that names the line at fault.
pub(super) fn exporter(text: &str) -> Result<Exporter, String> {
    let table: ExporterTable = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    let metrics = families(&table.metrics)?
        .into_iter()
        .map(|line| match line.buckets {
            None => Ok(ExporterMetric {
                name: line.name.to_owned(),
                metric_type: line.metric_type,
                labels: line.labels,
            }),
            Some(_) => Err(format!(
                "`{}`: an exporter's family has no bounds column",
                line.name
            )),
        })
        .collect::<Result<_, _>>()?;
    let patterns = table
        .patterns
        .iter()
        .map(|pattern| {
            Pattern::parse(pattern).ok_or_else(|| format!("`{pattern}` has no `*`: it is no pattern"))
        })
        .collect::<Result<_, _>>()?;
    let gone = table
        .gone
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(gone_line)
        .collect::<Result<_, _>>()?;
    Ok(Exporter {
        name: table.name,
        source: table.source,
        territory: table.territory,
        metrics,
        patterns,
        gone,
    })
}

/// Decodes a library file; its descriptions are numbered from `first` on. The error is a sentence that names the line
/// at fault.
pub(super) fn library(text: &str, first: u32) -> Result<Library, String> {
    let table: LibraryTable = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    let mut constructors = Vec::new();
    for (word, classes) in table.constructors {
        let metric_type =
            MetricType::from_word(&word).ok_or_else(|| format!("`{word}` is no metric type"))?;
        constructors.extend(
            classes
                .into_iter()
                .map(|paths| Constructor { paths, metric_type }),
        );
    }
    let built_in = table
        .built_in
        .into_iter()
        .map(built_in)
        .collect::<Result<_, _>>()?;
    Ok(Library {
        package: table.package,
        source: table.source,
        imports: table.imports,
        constructors,
        built_in,
        descriptions: (first..)
            .zip(&table.modules)
            .map(|(number, (path, text))| description(number, path, text))
            .collect::<Result<_, _>>()?,
    })
}

fn description(number: u32, path: &str, text: &str) -> Result<Description, String> {
    let file = SourceFile {
        id: Description::file_id(number),
        path: format!("{path}.py"),
        shown_path: path.to_owned(),
        text: text.into(),
    };
    let (module, gaps) = python::module(&file);
    match gaps.first() {
        Some(Gap { message, .. }) => Err(format!("module `{path}`: {message}")),
        None => Ok(Description {
            path: path.to_owned(),
            file: file.id,
            module,
        }),
    }
}

fn built_in(table: BuiltInTable) -> Result<BuiltIn, String> {
    let metrics = families(&table.metrics)?
        .into_iter()
        .map(|line| LibraryMetric {
            name: match Pattern::parse(line.name) {
                Some(pattern) => Name::Pattern(pattern),
                None => Name::Exact(line.name.to_owned()),
            },
            metric_type: line.metric_type,
            labels: line.labels,
            buckets: line.buckets,
        })
        .collect();
    let assumed = !table.when_unseen.is_empty();
    if assumed && !table.when.is_empty() {
        return Err("a built-in has either `when` or `when_unseen`".to_owned());
    }
    Ok(BuiltIn {
        when: if assumed { table.when_unseen } else { table.when },
        named: table.named,
        metrics,
        make: table.make,
        collected: table.collected,
        assumed,
    })
}

/// `NAME TYPE [LABELS [BOUNDS]]` a line; `-` is an empty list, `?` and a missing column are not known.
fn families(block: &str) -> Result<Vec<FamilyLine<'_>>, String> {
    block
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(family_line)
        .collect()
}

fn family_line(line: &str) -> Result<FamilyLine<'_>, String> {
    let mut words = line.split_whitespace();
    let (Some(name), Some(word)) = (words.next(), words.next()) else {
        return Err(format!("`{line}`: a family needs a name and a type"));
    };
    let metric_type =
        MetricType::from_word(word).ok_or_else(|| format!("`{line}`: `{word}` is no metric type"))?;
    let labels = words.next().and_then(list);
    let buckets = words.next().and_then(list);
    if let Some(rest) = words.next() {
        return Err(format!("`{line}`: `{rest}` is one column too many"));
    }
    Ok(FamilyLine {
        name,
        metric_type,
        labels,
        buckets,
    })
}

fn list(column: &str) -> Option<Vec<String>> {
    match column {
        "?" => None,
        "-" => Some(Vec::new()),
        _ => Some(column.split(',').map(str::to_owned).collect()),
    }
}

/// `NAME REPLACEMENT SINCE`; a replacement of `-` is none, `SINCE` is the rest of the line.
fn gone_line(line: &str) -> Result<GoneMetric, String> {
    let mut words = line.trim().splitn(3, ' ');
    let (Some(name), Some(replacement), Some(since)) = (words.next(), words.next(), words.next()) else {
        return Err(format!(
            "`{line}`: a gone name needs a replacement or `-`, and the version that dropped it"
        ));
    };
    Ok(GoneMetric {
        name: name.to_owned(),
        replacement: (replacement != "-").then(|| replacement.to_owned()),
        since: since.trim().to_owned(),
    })
}
