//! `promsight targets` and `promsight trace` for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use promsight_model::{DroppedTarget, KeptTarget, Report, ScrapeJob, Span, Stage, Step, StepState, Trace};

use super::summary;
use crate::place::Places;
use crate::words;

/// Names of dropped targets that are shown of each rule.
const MOST_NAMES: usize = 3;

/// Each job with what it keeps, drops and names in vain, a line a target; below it what no Prometheus selects.
pub(crate) fn targets(report: &Report, places: &Places<'_>) -> String {
    let mut text = String::new();
    let mut server = None;
    for job in &report.jobs {
        if server != Some(job.server_span) {
            server = Some(job.server_span);
            let _ = writeln!(
                text,
                "{} ({})",
                words::one_line(&job.server),
                places.place(job.server_span)
            );
        }
        one_job(job, places, &mut text);
        text.push('\n');
    }
    for object in &report.unselected {
        let _ = writeln!(
            text,
            "{}: {} {} is not selected by {}: {}",
            places.place(object.span),
            object.kind,
            words::one_line(&object.name),
            words::one_line(&object.server),
            words::one_line(&object.reason)
        );
    }
    if !report.unselected.is_empty() {
        text.push('\n');
    }
    summary::line("jobs", &words::count(report.jobs.len() as u64, "job"), &mut text);
    let sum = |of: fn(&ScrapeJob) -> usize| report.jobs.iter().map(of).sum::<usize>() as u64;
    let counts = format!(
        "{} kept, {} dropped, {} dead",
        sum(|job| job.kept.len()),
        sum(|job| job.dropped.len()),
        sum(|job| job.dead.len())
    );
    summary::line("targets", &counts, &mut text);
    text
}

fn one_job(job: &ScrapeJob, places: &Places<'_>, text: &mut String) {
    let _ = writeln!(
        text,
        "  job {} ({})",
        words::one_line(&job.name),
        places.place(job.span)
    );
    for target in &job.kept {
        let _ = writeln!(text, "    keeps {}", kept(target, places));
    }
    drops(job, places, text);
    for target in &job.dead {
        let _ = writeln!(
            text,
            "    cannot reach {}: {} ({})",
            words::one_line(&target.name),
            words::one_line(&target.reason),
            places.place(target.span)
        );
    }
    for reason in &job.unknown {
        let _ = writeln!(text, "    may find more: {}", words::one_line(reason));
    }
    if job.kept.is_empty() && job.unknown.is_empty() {
        text.push_str("    scrapes nothing\n");
    }
}

/// What the job drops, by the rule that does: a monitor looks at very many ports before it has dropped all but its own.
fn drops(job: &ScrapeJob, places: &Places<'_>, text: &mut String) {
    let mut by_rule: BTreeMap<Span, Vec<&DroppedTarget>> = BTreeMap::new();
    for target in &job.dropped {
        by_rule.entry(target.rule).or_default().push(target);
    }
    for (rule, targets) in by_rule {
        let Some(first) = targets.first() else { continue };
        let names: BTreeSet<&str> = targets.iter().map(|target| target.name.as_str()).collect();
        let shown: Vec<String> = names
            .iter()
            .take(MOST_NAMES)
            .map(|name| words::one_line(name))
            .collect();
        let shown = shown.join(", ");
        let what = match (targets.len(), names.len()) {
            (1, _) => shown,
            (number, known) if known > MOST_NAMES => format!("{number} targets, such as {shown}"),
            (number, _) => format!("{number} targets of {shown}"),
        };
        let _ = writeln!(
            text,
            "    drops {what}: {} ({})",
            words::one_line(&first.reason),
            places.place(rule)
        );
    }
}

fn kept(target: &KeptTarget, places: &Places<'_>) -> String {
    let labels: Vec<String> = target
        .labels
        .iter()
        .map(|(label, value)| match value {
            Some(value) => format!("{label}={value:?}"),
            None => format!("{label}=…"),
        })
        .collect();
    let workload = target.workload.as_ref();
    let workload = workload.map(|workload| format!(" of {}", words::one_line(workload)));
    format!(
        "{}{}{} {{{}}} ({})",
        words::one_line(&target.address),
        words::one_line(&target.path),
        workload.unwrap_or_default(),
        words::one_line(&labels.join(", ")),
        places.place(target.span)
    )
}

/// Each line of sight as a tree of steps, the broken ones marked.
pub(crate) fn traces(report: &Report, places: &Places<'_>) -> String {
    let mut text = String::new();
    for trace in &report.traces {
        let _ = writeln!(text, "{} {}", trace.kind, words::one_line(&trace.name));
        for step in &trace.steps {
            one_step(step, places, &mut text);
        }
        let _ = writeln!(text, "\n{}\n", conclusion(trace));
    }
    text
}

fn one_step(step: &Step, places: &Places<'_>, text: &mut String) {
    let mark = match step.state {
        StepState::Holds => "ok     ",
        StepState::Broken => "BROKEN ",
        StepState::Unknown => "?      ",
    };
    let indent = "  ".repeat(step.depth);
    let place = step.span.map(|span| format!("  {}", places.place(span)));
    let _ = writeln!(
        text,
        "  {mark} {indent}{}: {}{}",
        step.stage.word(),
        words::one_line(&step.text),
        place.unwrap_or_default()
    );
}

/// What the steps come to, in one sentence.
fn conclusion(trace: &Trace) -> String {
    let broken = |stage: Stage| {
        trace
            .steps
            .iter()
            .any(|step| step.stage == stage && step.state == StepState::Broken)
    };
    let stages = [
        Stage::Declared,
        Stage::Updated,
        Stage::Run,
        Stage::Exposed,
        Stage::Scraped,
        Stage::Recorded,
        Stage::Loaded,
        Stage::LookedAt,
    ];
    match stages.into_iter().find(|stage| broken(*stage)) {
        Some(stage) => format!("The line of sight is broken where it should be {}.", stage.word()),
        None if trace.steps.iter().any(|step| step.state == StepState::Unknown) => {
            "Nothing is broken as far as the tree says.".to_owned()
        }
        None => "The line of sight is whole.".to_owned(),
    }
}
