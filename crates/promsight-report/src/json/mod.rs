//! The report for programs. Turns the model's types into the frozen structs of [`v1`].

mod serving;
mod sight;
mod v1;

use promsight_model::finding::FindingConsumer;
use promsight_model::{
    Comparison, Coverage, Emitter, Finding, Gap, JudgedReference, LabelValues, Liveness, Name, Reach,
    Registry, Report, ResolvedBy, SelectorName, Severity, Span, Verdict, Wrapping,
};
use serde::Serialize;

use crate::place::Places;
use crate::words;

pub(crate) use sight::{targets, traces};

const SCHEMA_VERSION: u32 = 1;

const TOOL: v1::Tool = v1::Tool {
    name: "promsight",
    version: env!("CARGO_PKG_VERSION"),
};

pub(crate) fn findings(report: &Report, places: &Places<'_>) -> String {
    print(&v1::Report {
        schema_version: SCHEMA_VERSION,
        tool: TOOL,
        summary: summary(report),
        coverage: coverage(&report.coverage),
        metrics: report
            .metrics
            .iter()
            .map(|emitter| metric(emitter, places))
            .collect(),
        exposures: serving::exposures(report, places),
        references: report
            .references
            .iter()
            .map(|judged| reference(judged, places))
            .collect(),
        findings: report.findings.iter().map(|one| finding(one, places)).collect(),
        gaps: report.gaps.iter().map(|one| gap(one, places)).collect(),
        notes: report.notes.iter().map(|note| note.message.as_str()).collect(),
        base: report.comparison.as_ref().map(comparison),
    })
}

fn comparison(comparison: &Comparison) -> v1::Base<'_> {
    v1::Base {
        revision: &comparison.revision,
        commit: &comparison.commit,
        fixed: comparison
            .fixed
            .iter()
            .map(|fixed| v1::Fixed {
                check: fixed.check,
                severity: fixed.severity.word(),
                subject: &fixed.subject,
                message: &fixed.message,
                path: &fixed.path,
                line: fixed.line,
                column: fixed.column,
                fingerprint: fixed.fingerprint.to_string(),
            })
            .collect(),
    }
}

pub(crate) fn metrics(report: &Report, places: &Places<'_>) -> String {
    inventory(report, report.metrics.iter(), places)
}

/// As [`metrics`], with the metrics alone whose names are not fully known.
pub(crate) fn unresolved(report: &Report, places: &Places<'_>) -> String {
    let unknown = report
        .metrics
        .iter()
        .filter(|emitter| emitter.is_live() && emitter.name.exact().is_none());
    inventory(report, unknown, places)
}

fn inventory<'a>(
    report: &'a Report,
    metrics: impl Iterator<Item = &'a Emitter>,
    places: &Places<'a>,
) -> String {
    print(&v1::Metrics {
        schema_version: SCHEMA_VERSION,
        tool: TOOL,
        coverage: coverage(&report.coverage),
        metrics: metrics.map(|emitter| metric(emitter, places)).collect(),
        exposures: serving::exposures(report, places),
        gaps: report.gaps.iter().map(|one| gap(one, places)).collect(),
    })
}

pub(crate) fn references(report: &Report, places: &Places<'_>) -> String {
    print(&v1::References {
        schema_version: SCHEMA_VERSION,
        tool: TOOL,
        coverage: coverage(&report.coverage),
        references: report
            .references
            .iter()
            .map(|judged| reference(judged, places))
            .collect(),
    })
}

/// Serialising fails only for maps with keys that are no text, and for writers that fail; there are neither.
pub(crate) fn print(object: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(object).unwrap_or_default();
    text.push('\n');
    text
}

fn summary(report: &Report) -> v1::Summary {
    let mut findings = v1::FindingCounts::default();
    for finding in &report.findings {
        match finding.severity {
            Severity::Error => findings.error += 1,
            Severity::Warning => findings.warning += 1,
            Severity::Info => findings.info += 1,
        }
    }
    let mut references = v1::ReferenceCounts::default();
    for reference in &report.references {
        let count = match reference.verdict {
            Verdict::Emitted => &mut references.emitted,
            Verdict::Recorded => &mut references.recorded,
            Verdict::External => &mut references.external,
            Verdict::Possible => &mut references.possible,
            Verdict::Blind => &mut references.blind,
            Verdict::Foreign => &mut references.foreign,
            Verdict::Exempt => &mut references.exempt,
            Verdict::Unreadable => &mut references.unreadable,
        };
        *count += 1;
    }
    v1::Summary {
        findings,
        references,
        hidden: v1::HiddenCounts {
            comments: report.hidden.comments,
            configuration: report.hidden.configuration,
            baseline: report.hidden.baseline,
            unchanged: report.hidden.unchanged,
        },
    }
}

fn coverage(coverage: &Coverage) -> v1::Coverage {
    let files = |kind: &str| coverage.files.get(kind).copied().unwrap_or_default();
    let emitters = |kind: &str| coverage.emitters.get(kind).copied().unwrap_or_default();
    let queries = |state: &str| coverage.queries.get(state).copied().unwrap_or_default();
    v1::Coverage {
        files: v1::FileCounts {
            python: files("python"),
            rules: files("rules"),
            dashboards: files("dashboards"),
            documents: files("documents"),
            scripts: files("scripts"),
            manifests: files("manifests"),
            unreadable: files("unreadable"),
        },
        emitters: v1::EmitterCounts {
            exact: emitters("exact"),
            pattern: emitters("pattern"),
            unresolved: emitters("unresolved"),
        },
        queries: v1::QueryCounts {
            parsed: queries("parsed"),
            templated: queries("templated"),
            unreadable: queries("unreadable"),
        },
    }
}

fn site<'a>(span: Span, places: &Places<'a>) -> v1::Site<'a> {
    let place = places.place(span);
    v1::Site {
        path: place.path,
        line: place.start.line,
        column: place.start.column,
        end_line: place.end.line,
        end_column: place.end.column,
    }
}

fn metric<'a>(emitter: &'a Emitter, places: &Places<'a>) -> v1::Metric<'a> {
    let (liveness, liveness_reason) = match &emitter.liveness {
        Liveness::Live => ("live", None),
        Liveness::TestOnly => ("test-only", None),
        Liveness::Dead(reason) => ("dead", Some(reason.as_str())),
    };
    v1::Metric {
        name: (emitter.name != Name::Unresolved).then(|| emitter.name.to_string()),
        name_kind: match emitter.name {
            Name::Exact(_) => "exact",
            Name::Pattern(_) => "pattern",
            Name::Unresolved => "unresolved",
        },
        metric_type: emitter.metric_type.word(),
        labels: &emitter.labels,
        labels_known: emitter.labels_known,
        unit: emitter.unit.as_deref(),
        buckets: emitter.buckets.as_deref(),
        series: emitter.series.iter().map(Name::to_string).collect(),
        emitter: emitter.origin.word(),
        updated: emitter.updated,
        site: site(emitter.span, places),
        name_site: emitter.name_span.map(|span| site(span, places)),
        help: emitter.help.as_deref(),
        states: emitter.states.as_deref(),
        liveness,
        liveness_reason,
        test_only: emitter.liveness == Liveness::TestOnly,
        wrapping: match emitter.wrapping {
            Wrapping::Direct => "direct",
            Wrapping::Wrapper => "wrapper",
        },
        unresolved_reason: emitter.unresolved_reason.as_deref(),
        registry: registry(emitter.usage.registry, places),
        configured_by: &emitter.usage.configured_by,
        updates: emitter
            .usage
            .updates
            .iter()
            .map(|update| v1::Update {
                method: &update.method,
                kind: update.kind.word(),
                site: site(update.span, places),
            })
            .collect(),
        updates_complete: emitter.usage.is_followed,
        label_values: emitter
            .usage
            .label_values
            .iter()
            .map(|label| label_values(label, places))
            .collect(),
        initialised: emitter.usage.is_initialised,
    }
}

fn registry<'a>(registry: Registry, places: &Places<'a>) -> v1::Registry<'a> {
    let (kind, made) = match registry {
        Registry::Default => ("default", None),
        Registry::Named(span) => ("named", Some(site(span, places))),
        Registry::Detached => ("none", None),
        Registry::Unknown => ("unknown", None),
    };
    v1::Registry { kind, site: made }
}

fn label_values<'a>(label: &'a LabelValues, places: &Places<'a>) -> v1::LabelValues<'a> {
    v1::LabelValues {
        label: &label.label,
        values: label
            .values
            .iter()
            .map(|value| v1::LabelValue {
                value: &value.value,
                site: site(value.span, places),
            })
            .collect(),
        complete: label.is_complete,
    }
}

fn reference<'a>(judged: &'a JudgedReference, places: &Places<'a>) -> v1::Reference<'a> {
    let selector = &judged.selector;
    v1::Reference {
        series: words::series(&selector.name),
        series_kind: match selector.name {
            SelectorName::Exact(_) => "exact",
            SelectorName::Pattern(_) => "pattern",
            SelectorName::Regex(_) => "regex",
            SelectorName::Any => "any",
        },
        matchers: selector
            .matchers
            .iter()
            .map(|matcher| v1::Matcher {
                label: &matcher.label,
                op: matcher.op.symbol(),
                value: matcher.value.text(),
            })
            .collect(),
        consumer: v1::Consumer {
            kind: judged.consumer.kind.word(),
            name: &judged.consumer.name,
            group: judged.consumer.group.as_deref(),
        },
        verdict: judged.verdict.word(),
        resolved_by: judged
            .resolved_by
            .iter()
            .map(|one| resolved_by(one, places))
            .collect(),
        site: site(selector.span, places),
    }
}

fn resolved_by<'a>(resolved: &'a ResolvedBy, places: &Places<'a>) -> v1::ResolvedBy<'a> {
    match resolved {
        ResolvedBy::Site { name, span } => v1::ResolvedBy::Inside {
            name: name.to_string(),
            site: site(*span, places),
        },
        ResolvedBy::Outside(name) => v1::ResolvedBy::Outside(name),
    }
}

fn consumer(consumer: &FindingConsumer) -> v1::Consumer<'_> {
    v1::Consumer {
        kind: consumer.kind.word(),
        name: &consumer.name,
        group: consumer.group.as_deref(),
    }
}

fn finding<'a>(finding: &'a Finding, places: &Places<'a>) -> v1::Finding<'a> {
    v1::Finding {
        check: finding.check,
        severity: finding.severity.word(),
        confidence: finding.confidence.word(),
        subject: &finding.subject,
        reason: finding.reason.map(|reason| reason.word()),
        consumer: finding.consumer.as_ref().map(consumer),
        message: &finding.message,
        site: site(finding.primary, places),
        related: finding
            .related
            .iter()
            .map(|related| v1::Related {
                message: &related.message,
                site: site(related.span, places),
            })
            .collect(),
        suggestion: finding.suggestion.as_ref().map(|suggestion| v1::Suggestion {
            kind: suggestion.kind.word(),
            replacement: &suggestion.replacement,
        }),
        owner: finding.owner.as_deref(),
        fingerprint: finding.fingerprint.to_string(),
        label: &finding.label,
        notes: &finding.notes,
    }
}

fn gap<'a>(gap: &'a Gap, places: &Places<'a>) -> v1::Gap<'a> {
    v1::Gap {
        kind: words::gap_kind(gap.kind),
        message: &gap.message,
        reach: match &gap.reach {
            Reach::Nothing => "nothing".to_owned(),
            Reach::Anything => "anything".to_owned(),
            Reach::Pattern(pattern) => pattern.to_string(),
        },
        site: site(gap.span, places),
    }
}
