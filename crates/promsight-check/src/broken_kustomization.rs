//! `broken-kustomization`: `kustomize build` refuses a folder.

use std::collections::BTreeMap;

use promsight_model::{Confidence, Finding, Related, Severity, Span};
use promsight_scrape::objects::{Problem, RenderingRoot, is_aside};

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "broken-kustomization",
    severity: Severity::Error,
    summary: "kustomize refuses to build a folder, so that nothing in it is applied",
    documentation: include_str!("../checks/broken-kustomization.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    // A broken base breaks all that builds on it, and is one defect.
    let mut broken: BTreeMap<&Problem, Vec<Span>> = BTreeMap::new();
    for rendering in &context.resolution.scrape.renderings {
        let RenderingRoot::Kustomization(file) = rendering.root else {
            continue;
        };
        if is_aside(&context.files.file(file).path) {
            continue;
        }
        for problem in rendering.problems.iter().filter(|problem| problem.is_fatal) {
            broken.entry(problem).or_default().push(Span::new(file, 0..0));
        }
    }
    let broken = broken.into_iter();
    broken
        .map(|(problem, roots)| finding(context, problem, &roots))
        .collect()
}

fn finding(context: &Context<'_>, problem: &Problem, roots: &[Span]) -> Finding {
    let path = |span: &Span| context.files.file(span.file).path.as_str();
    let subject = path(&problem.span).to_owned();
    let builds = roots.first().map_or(subject.as_str(), path);
    let message = format!("kustomize cannot build `{builds}`: {}", problem.message);
    let mut finding = words::finding(CHECK.name, problem.span, subject, message);
    finding.confidence = Confidence::Medium;
    finding.label = "kustomize stops here".to_owned();
    let others = roots.iter().filter(|root| root.file != problem.span.file);
    finding.related = others
        .take(3)
        .map(|root| Related {
            span: *root,
            message: "this builds on it".to_owned(),
        })
        .collect();
    finding
}
