//! `promsight targets` and `promsight trace` for programs, `schema_version` 1: frozen like [`super::v1`].

use std::collections::BTreeMap;

use promsight_model::{KeptTarget, Report, ScrapeJob, Step, Trace};
use serde::Serialize;

use super::{SCHEMA_VERSION, TOOL, print, site, v1};
use crate::place::Places;

#[derive(Serialize)]
struct Targets<'a> {
    schema_version: u32,
    tool: v1::Tool,
    jobs: Vec<Job<'a>>,
    unselected: Vec<Unselected<'a>>,
}

#[derive(Serialize)]
struct Job<'a> {
    server: &'a str,
    server_site: v1::Site<'a>,
    name: &'a str,
    site: v1::Site<'a>,
    kept: Vec<Kept<'a>>,
    dropped: Vec<Dropped<'a>>,
    dead: Vec<Dead<'a>>,
    /// Why these may not be all.
    unknown: &'a [String],
}

#[derive(Serialize)]
struct Kept<'a> {
    address: &'a str,
    path: &'a str,
    /// `null` where only a running cluster knows the value.
    labels: BTreeMap<&'a str, Option<&'a str>>,
    workload: Option<&'a str>,
    site: v1::Site<'a>,
}

#[derive(Serialize)]
struct Dropped<'a> {
    name: &'a str,
    reason: &'a str,
    rule: v1::Site<'a>,
    site: v1::Site<'a>,
}

#[derive(Serialize)]
struct Dead<'a> {
    name: &'a str,
    reason: &'a str,
    site: v1::Site<'a>,
}

#[derive(Serialize)]
struct Unselected<'a> {
    server: &'a str,
    kind: &'a str,
    name: &'a str,
    reason: &'a str,
    site: v1::Site<'a>,
}

#[derive(Serialize)]
struct Traces<'a> {
    schema_version: u32,
    tool: v1::Tool,
    traces: Vec<OneTrace<'a>>,
}

#[derive(Serialize)]
struct OneTrace<'a> {
    kind: &'static str,
    name: &'a str,
    broken: bool,
    steps: Vec<OneStep<'a>>,
}

#[derive(Serialize)]
struct OneStep<'a> {
    depth: usize,
    /// `declared`, `updated`, `run`, `exposed`, `scraped`, `recorded`, `loaded` or `looked-at`.
    stage: &'static str,
    /// `holds`, `broken` or `unknown`.
    state: &'static str,
    text: &'a str,
    site: Option<v1::Site<'a>>,
}

pub(crate) fn targets(report: &Report, places: &Places<'_>) -> String {
    print(&Targets {
        schema_version: SCHEMA_VERSION,
        tool: TOOL,
        jobs: report.jobs.iter().map(|one| job(one, places)).collect(),
        unselected: report
            .unselected
            .iter()
            .map(|object| Unselected {
                server: &object.server,
                kind: &object.kind,
                name: &object.name,
                reason: &object.reason,
                site: site(object.span, places),
            })
            .collect(),
    })
}

fn job<'a>(job: &'a ScrapeJob, places: &Places<'a>) -> Job<'a> {
    let dropped = job.dropped.iter().map(|target| Dropped {
        name: &target.name,
        reason: &target.reason,
        rule: site(target.rule, places),
        site: site(target.span, places),
    });
    let dead = job.dead.iter().map(|target| Dead {
        name: &target.name,
        reason: &target.reason,
        site: site(target.span, places),
    });
    Job {
        server: &job.server,
        server_site: site(job.server_span, places),
        name: &job.name,
        site: site(job.span, places),
        kept: job.kept.iter().map(|target| kept(target, places)).collect(),
        dropped: dropped.collect(),
        dead: dead.collect(),
        unknown: &job.unknown,
    }
}

fn kept<'a>(target: &'a KeptTarget, places: &Places<'a>) -> Kept<'a> {
    Kept {
        address: &target.address,
        path: &target.path,
        labels: target
            .labels
            .iter()
            .map(|(label, value)| (label.as_str(), value.as_deref()))
            .collect(),
        workload: target.workload.as_deref(),
        site: site(target.span, places),
    }
}

pub(crate) fn traces(report: &Report, places: &Places<'_>) -> String {
    print(&Traces {
        schema_version: SCHEMA_VERSION,
        tool: TOOL,
        traces: report.traces.iter().map(|one| trace(one, places)).collect(),
    })
}

fn trace<'a>(trace: &'a Trace, places: &Places<'a>) -> OneTrace<'a> {
    let step = |step: &'a Step| OneStep {
        depth: step.depth,
        stage: step.stage.word(),
        state: step.state.word(),
        text: &step.text,
        site: step.span.map(|span| site(span, places)),
    };
    OneTrace {
        kind: trace.kind,
        name: &trace.name,
        broken: trace.is_broken(),
        steps: trace.steps.iter().map(step).collect(),
    }
}
