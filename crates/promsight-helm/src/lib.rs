//! Charts to the manifests that they render.
//!
//! Owns: Go's template language with the functions that Helm adds, evaluated within bounds over a chart's values, and
//! rendered text that leads back to the templates. Reads no file, and knows no object of Kubernetes.
//!
//! [`render`] does what `helm template` of Helm 3 does with a chart and the values of a release, with one difference: where
//! Helm gives up on the whole chart, only the template in question is missing, and the result says so. What depends on
//! chance or on the day has a fixed text.
//!
//! No crate does this: those that exist evaluate a part of Go's language, without places, bounds or Helm's functions.

mod capabilities;
mod chart;
mod data;
mod evaluate;
mod functions;
mod ignore;
mod json;
mod lexer;
mod members;
mod output;
mod release;
mod set;
mod syntax;
mod values;
mod yaml;
mod yaml_write;

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use promsight_model::{Embedded, FileId, Span};

use crate::chart::Chart;
use crate::data::Data;
use crate::evaluate::{Evaluator, Templates};
use crate::output::Output;
use crate::values::Nulls;

pub use crate::release::{Layer, LayerContent, Release};

/// A file that can belong to a chart.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Its path relative to the root, `/` separators.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
    /// Its identity, which the places in results name.
    pub id: FileId,
}

impl File<'_> {
    /// Its first line without the line break: what is said of the file as a whole points there.
    fn whole(&self) -> Span {
        let end = self.text.find('\n').unwrap_or(self.text.len());
        Span::new(self.id, 0..end)
    }
}

/// How a chart is rendered.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// API versions of the cluster beside those of Kubernetes itself.
    pub api_versions: &'a [&'a str],
    /// Steps that evaluation may take: nodes, calls, and pieces of text. A million takes a fraction of a second.
    pub steps: u64,
    /// What is released.
    pub release: Release<'a>,
}

/// What a chart renders to.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// The chart's name.
    pub name: String,
    /// The documents of each template that is no partial, in the order of the templates' paths.
    pub documents: Vec<Document>,
    /// What could not be evaluated: where, and why, a clause.
    pub unevaluated: Vec<(Span, String)>,
}

/// What a template renders between two separators.
#[derive(Clone, Debug)]
pub struct Document {
    /// The template's name as Helm has it: the charts' names and its path.
    pub template: String,
    /// The text, of which literal parts lead back to where they stand in the template and all else to its action.
    pub text: Embedded,
}

/// The folders of the charts that stand for themselves: neither kept below another one nor only there for one beside it.
pub fn charts(files: &[File<'_>]) -> Vec<String> {
    chart::roots(files)
}

/// Renders the chart in a folder, as `helm template` does.
///
/// `files` are all files of the tree, sorted by path: charts may depend on others beside them. `None` where the folder
/// holds no chart that can be read.
pub fn render(files: &[File<'_>], folder: &str, options: &Options<'_>) -> Option<Rendered> {
    let (name, texts, unevaluated) = texts(files, folder, options)?;
    let documents = texts.into_iter().flat_map(|(template, text)| {
        let ranges = separated(&text.text).into_iter();
        ranges.map(move |range| Document {
            template: template.clone(),
            text: text.slice(range),
        })
    });
    Some(Rendered {
        name,
        documents: documents.collect(),
        unevaluated,
    })
}

/// The text of each template with its name, in the order of the names.
type Texts = Vec<(String, Embedded)>;

/// The chart's name, what its templates render to, and what could not be evaluated.
fn texts(
    files: &[File<'_>],
    folder: &str,
    options: &Options<'_>,
) -> Option<(String, Texts, chart::Problems)> {
    let mut problems = Vec::new();
    let chart = chart::load(files, folder, &mut problems)?;
    let given = options.release.given(&mut problems);
    let chart = chart.with_dependencies(&given, &mut problems);
    let values = chart.coalesced(given, Nulls::Remove);
    let mut run = Run {
        options,
        templates: Vec::new(),
    };
    run.add(&chart, &chart.name, values);
    let texts = run.evaluate(&mut problems);
    problems.sort();
    problems.dedup();
    Some((chart.name, texts, problems))
}

/// The templates of a chart and those below it, with what each is given.
struct Run<'a> {
    options: &'a Options<'a>,
    templates: Vec<Renderable>,
}

struct Renderable {
    name: String,
    base_path: String,
    text: Rc<str>,
    file: FileId,
    data: Data,
}

impl Run<'_> {
    /// Adds the templates of a chart (`recAllTpls`); gives what they see as `.`.
    fn add(&mut self, chart: &Chart, path: &str, values: Data) -> Data {
        let release = [
            ("Name", Data::from(self.options.release.name)),
            ("Namespace", self.options.release.namespace.into()),
            ("IsUpgrade", false.into()),
            ("IsInstall", true.into()),
            ("Revision", Data::Int(1)),
            ("Service", "Helm".into()),
        ];
        let release = release.map(|(name, value)| (name.to_owned(), value));
        let below: BTreeMap<String, Data> = chart
            .children
            .iter()
            .map(|child| {
                let own = values.get(&child.name).filter(Data::is_map);
                let own = own.unwrap_or_else(Data::empty_map);
                let path = format!("{path}/charts/{}", child.name);
                (child.name.clone(), self.add(child, &path, own))
            })
            .collect();
        let entries = [
            ("Chart", chart.as_data()),
            ("Files", chart.files()),
            ("Release", Data::map(release.into())),
            (
                "Capabilities",
                capabilities::capabilities(self.options.api_versions),
            ),
            ("Values", values),
            ("Subcharts", Data::map(below)),
        ];
        let entries = entries.map(|(name, value)| (name.to_owned(), value));
        let data = Data::map(entries.into());
        for template in &chart.templates {
            if chart.is_library && !is_partial(&template.path) {
                continue;
            }
            self.templates.push(Renderable {
                name: format!("{path}/{}", template.path),
                base_path: format!("{path}/templates"),
                text: Rc::clone(&template.text),
                file: template.file,
                data: data.clone(),
            });
        }
        data
    }

    fn evaluate(mut self, unevaluated: &mut chart::Problems) -> Texts {
        // Templates of charts further above come later and replace what those below define.
        self.templates.sort_by(|left, right| {
            let depth = |renderable: &Renderable| renderable.name.matches('/').count();
            (depth(right), &right.name).cmp(&(depth(left), &left.name))
        });
        let templates = parse_all(&self.templates, unevaluated);
        let mut evaluator = Evaluator::new(templates, self.options.steps);
        let mut texts = Texts::new();
        for renderable in &self.templates {
            if is_partial(&renderable.name) || renderable.name.ends_with("NOTES.txt") {
                continue;
            }
            if !evaluator.has(&renderable.name) {
                continue;
            }
            if let Data::Map(map) = &renderable.data {
                let own = [
                    ("Name".to_owned(), renderable.name.as_str().into()),
                    ("BasePath".to_owned(), renderable.base_path.as_str().into()),
                ];
                let own = Data::map(own.into());
                map.entries.borrow_mut().insert("Template".to_owned(), own);
            }
            let mut out = Output::traced();
            match evaluator.run(&renderable.name, &renderable.data, &mut out) {
                Ok(()) => {
                    let (text, map) = out.finish();
                    let text = Embedded::decoded(renderable.file, text, map);
                    texts.push((renderable.name.clone(), text));
                }
                Err(failure) => {
                    let at = failure.at.unwrap_or(Span::new(renderable.file, 0..0));
                    unevaluated.push((at, failure.message));
                }
            }
        }
        texts.sort_by(|(left, _), (right, _)| left.cmp(right));
        texts
    }
}

/// Parses all templates and gathers what they define; a later definition replaces an earlier one unless it is blank.
fn parse_all(renderables: &[Renderable], unevaluated: &mut Vec<(Span, String)>) -> Templates {
    let mut templates = Templates::new();
    for renderable in renderables {
        let source = match syntax::parse(&renderable.text, &functions::is_known) {
            Ok(source) => source,
            Err((message, at)) => {
                let message = format!("the template cannot be parsed: {message}");
                unevaluated.push((Span::new(renderable.file, at), message));
                continue;
            }
        };
        let own = (renderable.name.clone(), source.root);
        for (name, nodes) in source.defined.into_iter().chain([own]) {
            let is_kept = |present: &Rc<evaluate::Template>| !syntax::is_blank(&present.nodes);
            if syntax::is_blank(&nodes) && templates.get(&name).is_some_and(is_kept) {
                continue;
            }
            let template = evaluate::Template {
                file: Some(renderable.file),
                nodes,
            };
            templates.insert(name, Rc::new(template));
        }
    }
    templates
}

/// The documents of a text. Helm separates them before it reads them, at any line that begins with three dashes, whatever
/// stands behind these, and takes the blanks around them away (`releaseutil.SplitManifests`).
fn separated(text: &str) -> Vec<Range<usize>> {
    let mut documents = Vec::new();
    let mut start = 0;
    let mut line = 0;
    loop {
        let end = text[line..].find('\n').map_or(text.len(), |at| line + at + 1);
        if text[line..end].starts_with("---") {
            documents.push(start..line);
            start = line + 3;
        }
        if end == text.len() {
            break;
        }
        line = end;
    }
    documents.push(start..text.len());
    for range in &mut documents {
        let kept = text[range.clone()].trim_start();
        range.start = range.end - kept.len();
        range.end = range.start + kept.trim_end().len();
    }
    documents.retain(|range| !range.is_empty());
    documents
}

/// Whether a template only defines others: its name begins with an underscore.
fn is_partial(path: &str) -> bool {
    path.rsplit('/').next().unwrap_or(path).starts_with('_')
}

#[cfg(test)]
mod tests;
