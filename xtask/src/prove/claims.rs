//! What is said of the rules that a Prometheus loads: which it refuses, which see nothing, which see all that they ask for.

use std::collections::BTreeMap;

use promsight_model::{Facts, Finding, MatchOp, Rule, RuleKind, Selector, SelectorName, Span, Verdict};
use promsight_resolve::Reference;
use promsight_scrape::servers::Server;
use serde_json::json;

/// Findings that say of an expression or selector that it selects nothing.
const EMPTY: &[&str] = &[
    "blind-alert",
    "blind-record",
    "bucket-mismatch",
    "label-mismatch",
    "label-value-mismatch",
];

/// What is said of a rule.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) is_record: bool,
    pub(super) expression: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) outcome: Outcome,
    /// Each selector with what it gives; `None` where the model does not say.
    pub(super) selectors: Vec<(String, Option<bool>)>,
}

/// What is said of a rule's expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Prometheus refuses it.
    Refused,
    /// It can never have a result.
    Empty,
    /// All of its series are there.
    Fed,
    /// Nothing is said.
    Unsaid,
}

/// What the claims are read from.
pub(super) struct Claims<'a> {
    pub(super) facts: &'a [Facts],
    pub(super) references: &'a [Reference],
    pub(super) findings: &'a [Finding],
}

impl Claims<'_> {
    /// What is said of the rules that a server loads.
    pub(super) fn of(&self, server: &Server) -> Vec<Claim> {
        let mut claims = Vec::new();
        for facts in self.facts {
            let loaded = |rule: &&Rule| server.rules.iter().any(|span| span.contains(rule.name_span));
            for rule in facts.rules.iter().filter(loaded) {
                claims.extend(self.claim(facts, rule));
            }
        }
        claims
    }

    fn claim(&self, facts: &Facts, rule: &Rule) -> Option<Claim> {
        let at = rule.query?;
        let query = facts.queries.get(at)?;
        let consumer = facts.consumers.get(rule.consumer)?;
        let findings: Vec<&Finding> = self
            .findings
            .iter()
            .filter(|finding| query.span.contains(finding.primary))
            .collect();
        let is_refused = findings.iter().any(|finding| finding.check == "invalid-query");
        let references = self.references.iter();
        let references = references.filter(|one| one.file() == facts.file && one.query == Some(at));
        let mut is_fed = true;
        let mut selectors = Vec::new();
        for reference in references.filter(|_| !is_refused) {
            let gives = match reference.verdict {
                _ if says_empty(&findings, reference.selector.whole) => Some(false),
                Verdict::Emitted | Verdict::Recorded => Some(true),
                Verdict::Blind => Some(false),
                _ => None,
            };
            is_fed &= gives == Some(true);
            selectors.extend(text(&reference.selector).map(|text| (text, gives)));
        }
        let outcome = if is_refused {
            Outcome::Refused
        } else if says_empty(&findings, query.span) {
            Outcome::Empty
        } else if is_fed && !selectors.is_empty() {
            Outcome::Fed
        } else {
            Outcome::Unsaid
        };
        Some(Claim {
            group: consumer.group.clone().unwrap_or_default(),
            name: rule.name.clone(),
            is_record: rule.kind == RuleKind::Record,
            expression: query.text.clone(),
            labels: rule
                .labels
                .iter()
                .map(|(name, value, _)| (name.clone(), value.clone()))
                .collect(),
            outcome,
            selectors,
        })
    }
}

fn says_empty(findings: &[&Finding], place: Span) -> bool {
    let mut saying = findings.iter().filter(|finding| EMPTY.contains(&finding.check));
    saying.any(|finding| place.contains(finding.primary))
}

/// A selector as PromQL writes it; nothing for one that is not fully known.
fn text(selector: &Selector) -> Option<String> {
    let mut matchers = Vec::new();
    match &selector.name {
        SelectorName::Exact(name) => matchers.push(format!("__name__={}", json!(name))),
        SelectorName::Regex(regex) => matchers.push(format!("__name__=~{}", json!(regex))),
        SelectorName::Any => {}
        SelectorName::Pattern(_) => return None,
    }
    for matcher in &selector.matchers {
        let operator = match matcher.op {
            MatchOp::Equal => "=",
            MatchOp::NotEqual => "!=",
            MatchOp::Regex => "=~",
            MatchOp::NotRegex => "!~",
        };
        matchers.push(format!(
            "{}{operator}{}",
            matcher.label,
            json!(matcher.value.text())
        ));
    }
    Some(format!("{{{}}}", matchers.join(",")))
}
