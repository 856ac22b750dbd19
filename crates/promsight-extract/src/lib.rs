//! One file's text to the facts of that file.
//!
//! Owns every source format: a module per kind of source, decoders that keep offsets below `decode/`. An
//! extractor sees one file, cannot fail, and touches no disk; what it does not understand becomes a gap.

mod alertmanager;
mod cloud;
mod collect;
pub mod decode;
pub mod documents;
pub mod exposition;
pub mod grafana;
pub mod inventory;
pub mod jsonnet;
pub mod knowledge;
pub mod kubernetes;
pub mod launch;
pub mod manifests;
mod metricsql;
pub mod other_sources;
mod perses;
pub mod python;
pub mod query;
pub mod rules;
pub mod scripts;
mod shown_labels;
mod suppressions;
mod triggers;

use promsight_model::python::Module;
use promsight_model::{Facts, FileKind, Gap, SourceFile};

/// The facts of one file, dispatched by what its path says it is.
pub fn extract(file: &SourceFile) -> Facts {
    let mut facts = Facts::empty(file.id);
    if launch::is_pipeline(&file.path) && file.path.split('/').any(|part| part.starts_with('.')) {
        facts.launches = launch::read(file);
        return facts;
    }
    let format = Format::of(&file.path);
    match format {
        Some(Format::Python) => python_file(file, python::module(file), &mut facts),
        Some(Format::Notebook) => python_file(file, python::notebook(file), &mut facts),
        Some(Format::Yaml) => {
            kubernetes::yaml_file(file, &mut facts);
            facts.manifests = manifests::yaml_file(file);
            scripts::yaml(file, &mut facts);
        }
        Some(Format::Json) => {
            kubernetes::json_file(file, &mut facts);
            facts.manifests = manifests::json_file(file);
        }
        Some(Format::Hcl) => kubernetes::hcl_file(file, &mut facts),
        Some(Format::Document) => documents::extract(file, &mut facts, &mut kubernetes::yaml_text),
        Some(Format::Jsonnet) => jsonnet::extract(file, &mut facts),
        Some(Format::Shell) => scripts::shell(file, &mut facts),
        Some(Format::OtherSource) => {
            other_sources::extract(file, &mut facts);
            scripts::other(file, &mut facts);
        }
        Some(Format::Launch) if launch::is_for_shell(&file.text) => scripts::shell(file, &mut facts),
        Some(Format::Launch) | None => {}
    }
    facts.launches = launch::read(file);
    metricsql::admit(file, &mut facts);
    if let Some(format) = format {
        suppressions::read(file, format, &mut facts);
    }
    facts
}

/// Whether a file of that path can hold anything that an extractor reads.
pub fn is_source(path: &str) -> bool {
    Format::of(path).is_some() || is_part_of_chart(path)
}

/// Whether a path is that of a chart's partial templates or of the rules on what belongs to it: nothing is extracted from
/// them, but what charts render depends on them.
fn is_part_of_chart(path: &str) -> bool {
    let is_rules = path.rsplit('/').next() == Some(".helmignore");
    is_rules || path.ends_with(".tpl") && (path.contains("/templates/") || path.starts_with("templates/"))
}

/// What a template's name has behind that of what it renders: of Ansible, Go, Helm, Terraform, Ruby, autoconf, envsubst.
const TEMPLATES: [&str; 13] = [
    ".j2",
    ".jinja",
    ".jinja2",
    ".tmpl",
    ".tpl",
    ".gotmpl",
    ".tftpl",
    ".erb",
    ".in",
    ".template",
    ".mustache",
    ".example",
    ".dist",
];

/// What kind of text a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Python,
    Notebook,
    Yaml,
    Json,
    Hcl,
    Document,
    Jsonnet,
    Shell,
    OtherSource,
    /// What only says how programs are started.
    Launch,
}

impl Format {
    fn of(path: &str) -> Option<Self> {
        if documents::is_document(path) {
            return Some(Self::Document);
        }
        if jsonnet::is_jsonnet(path) {
            return Some(Self::Jsonnet);
        }
        if scripts::is_shell(path) {
            return Some(Self::Shell);
        }
        if other_sources::is_source(path) || scripts::is_other(path) {
            return Some(Self::OtherSource);
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        let name = without_template(name);
        // The one name of a kustomization without an ending.
        if name == "Kustomization" {
            return Some(Self::Yaml);
        }
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        match extension.to_ascii_lowercase().as_str() {
            "py" => Some(Self::Python),
            "ipynb" => Some(Self::Notebook),
            "yaml" | "yml" | "rules" | "rule" | "alerts" | "alert" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            "tf" | "tofu" | "tfvars" | "hcl" => Some(Self::Hcl),
            _ => launch::is_launch(path).then_some(Self::Launch),
        }
    }
}

/// A template keeps the format of what it renders: `rules.yml.j2`, `alerts.yaml.tmpl`.
fn without_template(name: &str) -> &str {
    let mut endings = TEMPLATES.into_iter();
    endings
        .find_map(|template| name.strip_suffix(template))
        .unwrap_or(name)
}

fn python_file(file: &SourceFile, (module, gaps): (Module, Vec<Gap>), facts: &mut Facts) {
    facts.kinds.push(FileKind::Python);
    facts.gaps.extend(gaps);
    scripts::python(file, &module, facts);
    facts.python = Some(module);
}
