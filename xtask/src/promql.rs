//! The tables of `docs/promql.md`: what promsight, Prometheus and the Lezer grammar say of the same queries.
//!
//! Prometheus' and Lezer's answers are recorded in `testdata/promql`; promsight's are computed here, so that the page is
//! out of date, and `tidy` says so, as soon as an answer changes. Text between `<!-- begin NAME -->` and
//! `<!-- end NAME -->` is written by this module, all other text by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use promsight_promql::{Analysis, Holes, SelectorName, State, analyze};
use serde_json::Value;

use crate::generate::Generated;
use crate::problem::Problem;
use crate::tree;

const PAGE: &str = "docs/promql.md";
const FOLDER: &str = "testdata/promql";

/// The page as it should be; errs where it, or the recorded answers, cannot be read.
pub(crate) fn page() -> Result<Generated, Problem> {
    let text = text().ok_or_else(|| {
        Problem::new(format!(
            "{PAGE}: cannot be written; it needs its marks, and the recorded answers in {FOLDER} for the same queries"
        ))
    })?;
    Ok(Generated {
        path: PAGE.to_owned(),
        text,
    })
}

fn text() -> Option<String> {
    let mut text = std::fs::read_to_string(tree::top().join(PAGE)).ok()?;
    let recorded = Recorded::read()?;
    for (name, table) in [
        ("conformance", conformance(&recorded)),
        ("prometheus", against_prometheus(&recorded)),
        ("lezer-refuses", lezer_refuses(&recorded)),
        ("lezer-accepts", lezer_accepts(&recorded)),
        ("promqltest", promqltest()?),
        ("corpus", corpus()?),
        ("flow", flow()?),
    ] {
        text = replaced(&text, name, &table)?;
    }
    Some(text)
}

/// The text with what stands between two marks replaced.
fn replaced(text: &str, name: &str, table: &str) -> Option<String> {
    let begin = format!("<!-- begin {name} -->\n");
    let end = format!("<!-- end {name} -->");
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}{table}{end}{after}"))
}

/// One query with all answers.
struct Case {
    query: String,
    /// Prometheus' message, where it refuses the query.
    error: Option<String>,
    names: Vec<Option<String>>,
    lezer_reads: bool,
    lezer_names: Vec<Option<String>>,
    analysis: Analysis,
}

impl Case {
    fn is_valid(&self) -> bool {
        self.error.is_none()
    }

    fn is_read(&self) -> bool {
        self.analysis.state == State::Parsed
    }

    fn own_names(&self) -> Vec<Option<String>> {
        let name = |name: &SelectorName| match name {
            SelectorName::Exact(name) => Some(name.clone()),
            _ => None,
        };
        let selectors = self.analysis.selectors.iter();
        selectors.map(|selector| name(&selector.name)).collect()
    }
}

struct Recorded {
    cases: Vec<Case>,
    /// Why Lezer refuses what is valid, by query.
    reasons: BTreeMap<String, String>,
    /// Why promsight differs from Prometheus, by query.
    known: BTreeMap<String, String>,
}

impl Recorded {
    fn read() -> Option<Self> {
        let prometheus = json("conformance.json")?;
        let lezer = json("lezer.json")?;
        let cases = prometheus.as_array()?.iter().zip(lezer.as_array()?);
        let cases = cases.map(|(prometheus, lezer)| case(prometheus, lezer));
        Some(Self {
            cases: cases.collect::<Option<_>>()?,
            reasons: texts(&json("lezer-differences.json")?)?,
            known: texts(&json("known-disagreements.json")?)?,
        })
    }
}

fn json(name: &str) -> Option<Value> {
    let text = std::fs::read_to_string(tree::top().join(FOLDER).join(name)).ok()?;
    serde_json::from_str(&text).ok()
}

fn texts(value: &Value) -> Option<BTreeMap<String, String>> {
    let entries = value.as_object()?.iter();
    entries
        .map(|(query, why)| Some((query.clone(), why.as_str()?.to_owned())))
        .collect()
}

fn case(prometheus: &Value, lezer: &Value) -> Option<Case> {
    let query = prometheus.get("query")?.as_str()?.to_owned();
    if lezer.get("query")?.as_str() != Some(&query) {
        return None;
    }
    let names = |value: &Value| -> Vec<Option<String>> {
        let names = value.get("names").and_then(Value::as_array).into_iter().flatten();
        names.map(|name| name.as_str().map(str::to_owned)).collect()
    };
    let analysis = analyze(&query, Holes::NONE);
    Some(Case {
        error: prometheus.get("error")?.as_str().map(str::to_owned),
        names: names(prometheus),
        lezer_reads: lezer.get("ok")?.as_bool()?,
        lezer_names: names(lezer),
        query,
        analysis,
    })
}

fn conformance(recorded: &Recorded) -> String {
    let cases = &recorded.cases;
    let count = |is: &dyn Fn(&Case) -> bool| cases.iter().filter(|case| is(case)).count();
    let valid = count(&|case| case.is_valid());
    let mut text = "| | valid for Prometheus | invalid for Prometheus |\n|---|---|---|\n".to_owned();
    let _ = writeln!(text, "| queries | {valid} | {} |", cases.len() - valid);
    let _ = writeln!(
        text,
        "| promsight agrees | {} | {} |",
        count(&|case| case.is_valid() && case.is_read()),
        count(&|case| !case.is_valid() && !case.is_read()),
    );
    let _ = writeln!(
        text,
        "| … and names the same series | {} | |",
        count(&|case| case.is_valid() && case.names == case.own_names()),
    );
    let _ = writeln!(
        text,
        "| Lezer agrees | {} | {} |",
        count(&|case| case.is_valid() && case.lezer_reads),
        count(&|case| !case.is_valid() && !case.lezer_reads),
    );
    let _ = writeln!(
        text,
        "| … and names the same series | {} | |",
        count(&|case| case.is_valid() && case.lezer_reads && case.names == case.lezer_names),
    );
    let _ = writeln!(
        text,
        "| the label flow is known | {} | |",
        count(&|case| case.is_valid() && case.analysis.flow.is_some()),
    );
    text
}

fn against_prometheus(recorded: &Recorded) -> String {
    let differing: Vec<&Case> = recorded
        .cases
        .iter()
        .filter(|case| case.is_valid() != case.is_read() || case.is_valid() && case.names != case.own_names())
        .collect();
    if differing.is_empty() {
        return "None.\n".to_owned();
    }
    let mut text = "| query | why |\n|---|---|\n".to_owned();
    for case in differing {
        let why = recorded
            .known
            .get(&case.query)
            .map_or("**unexplained**", String::as_str);
        let _ = writeln!(text, "| {} | {why} |", code(&case.query));
    }
    text
}

fn lezer_refuses(recorded: &Recorded) -> String {
    let mut text = "| query | why it is valid |\n|---|---|\n".to_owned();
    let mut refused: Vec<&Case> = recorded
        .cases
        .iter()
        .filter(|case| case.is_valid() && !case.lezer_reads)
        .collect();
    let mut known = BTreeSet::new();
    refused.retain(|case| known.insert(&case.query));
    for case in refused {
        let why = recorded
            .reasons
            .get(&case.query)
            .map_or("**unexplained**", String::as_str);
        let _ = writeln!(text, "| {} | {why} |", code(&case.query));
    }
    text
}

fn lezer_accepts(recorded: &Recorded) -> String {
    let mut text = "| query | Prometheus | promsight |\n|---|---|---|\n".to_owned();
    for case in &recorded.cases {
        if let (Some(error), true) = (&case.error, case.lezer_reads) {
            let own = match &case.analysis.state {
                State::Unreadable { message, .. } => cell(message),
                _ => "**reads it**".to_owned(),
            };
            let _ = writeln!(text, "| {} | {} | {own} |", code(&case.query), code(error));
        }
    }
    text
}

fn corpus() -> Option<String> {
    let recorded = json("corpus.json")?;
    let figure = |name: &str| {
        recorded
            .get("figures")
            .and_then(|figures| figures.get(name))
            .cloned()
    };
    let rows = [
        ("dashboards", "dashboards"),
        ("expressions of panels in them", "panels"),
        ("rules", "rules"),
        ("expressions that both sides read", "compared"),
        ("names that Lezer finds in those", "names"),
        ("expressions of PromQL that promsight does not have", "dropped"),
        ("names that Lezer finds and promsight lacks", "missing"),
        (
            "names that promsight has and Lezer does not, where Lezer reads the query",
            "extra",
        ),
        (
            "expressions that Lezer reads and promsight calls broken",
            "unreadable",
        ),
        (
            "expressions that Lezer does not read (MetricsQL, LogQL, broken ones)",
            "lezerErrors",
        ),
    ];
    let mut text = "| | |\n|---|---|\n".to_owned();
    for (row, name) in rows {
        let _ = writeln!(text, "| {row} | {} |", figure(name)?);
    }
    let repositories = recorded.get("repositories")?.as_array()?.iter();
    let repositories: Vec<&str> = repositories.filter_map(Value::as_str).collect();
    let _ = writeln!(text, "\nRead: {}.", repositories.join(", "));
    Some(text)
}

fn promqltest() -> Option<String> {
    let recorded = json("promqltest.json")?;
    let figure = |name: &str| recorded.get(name).and_then(Value::as_u64);
    let differing = recorded.get("differing")?.as_array()?;
    let mut text = format!(
        "| | valid | invalid |\n|---|---|---|\n| queries | {} | {} |\n| the label flow is known | {} | |\n\n",
        figure("valid")?,
        figure("invalid")?,
        figure("flows")?,
    );
    if differing.is_empty() {
        text.push_str("promsight and Prometheus agree on each, and on the names in it.\n");
    } else {
        text.push_str("They differ on:\n\n");
        for query in differing {
            let _ = writeln!(text, "- {}", code(query.as_str()?));
        }
    }
    Some(text)
}

fn flow() -> Option<String> {
    let recorded = json("flow.json")?;
    let queries = recorded.as_array()?;
    let evaluations = queries
        .iter()
        .filter_map(|query| query.get("evaluations")?.as_array());
    let evaluations: usize = evaluations.map(Vec::len).sum();
    Some(format!(
        "Confirmed: {} queries, {evaluations} evaluations.\n",
        queries.len()
    ))
}

/// A query in a cell of a table.
fn code(query: &str) -> String {
    let shown = query.replace('\n', "⏎").replace('\t', "⇥").replace('|', "\\|");
    let fence = "`".repeat(longest_run_of_backticks(&shown) + 1);
    let space = if shown.contains('`') || shown.trim().is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{shown}{space}{fence}")
}

fn longest_run_of_backticks(text: &str) -> usize {
    let runs = text.split(|character| character != '`');
    runs.map(str::len).max().unwrap_or_default()
}

/// A sentence in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}
