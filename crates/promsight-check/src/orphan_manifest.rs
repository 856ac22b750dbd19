//! `orphan-manifest`: nothing applies a manifest of observability, though what stands beside it is applied.

use promsight_model::{Confidence, Finding, Related, Severity};
use promsight_scrape::objects::Orphan;

use crate::{Check, Context, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "orphan-manifest",
    severity: Severity::Warning,
    summary: "no kustomization, chart or application reaches an observability manifest, though it reaches what stands beside it",
    documentation: include_str!("../checks/orphan-manifest.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let orphans = context.resolution.scrape.orphans.iter();
    orphans.map(|orphan| finding(context, orphan)).collect()
}

fn finding(context: &Context<'_>, orphan: &Orphan) -> Finding {
    let kustomization = &context.files.file(orphan.sibling.file).path;
    let message = format!(
        "nothing applies {} `{}`: `{kustomization}` brings in what stands beside it, and not it",
        orphan.kind, orphan.name
    );
    let mut finding = words::finding(CHECK.name, orphan.span, orphan.name.clone(), message);
    finding.confidence = Confidence::Medium;
    finding.label = "no kustomization brings this in".to_owned();
    finding.related.push(Related {
        span: orphan.sibling,
        message: "what stands beside it is brought in here".to_owned(),
    });
    finding
}
