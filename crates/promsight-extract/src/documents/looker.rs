//! One place of a file that looks at series: it becomes a consumer with the first thing that it looks at.
//!
//! Owns the judgement whether a text is PromQL, for documents and scripts alike.

use std::collections::BTreeSet;

use promsight_model::{
    AlertMention, Consumer, ConsumerKind, Embedded, Facts, MatchOp, MatchValue, Matcher, Outlook, Query,
    QueryState, Selector, SelectorName, Span, WordEvidence, WordMention,
};
use promsight_promql::Holes;

use super::words;
use crate::query;
use crate::scripts::command_lines::Target;

/// How far the place where a text stands vouches for it being PromQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// It is marked as PromQL: an error in it is an error of the document.
    Declared,
    /// It is sent to a query interface: it is PromQL where it parses.
    Sent,
    /// It stands there: its own form must show that it is PromQL.
    Shown,
}

/// A place that looks, and the consumer that it becomes.
#[derive(Debug)]
pub(crate) struct Looker<'f> {
    facts: &'f mut Facts,
    kind: ConsumerKind,
    name: &'f str,
    scope: Span,
    outlook: Option<Outlook>,
    consumer: Option<usize>,
    alerts_seen: BTreeSet<Span>,
}

impl<'f> Looker<'f> {
    /// A place of that kind and name; nothing is added to the facts until it looks at something.
    pub(crate) fn new(facts: &'f mut Facts, kind: ConsumerKind, name: &'f str, scope: Span) -> Self {
        Self {
            facts,
            kind,
            name,
            scope,
            outlook: None,
            consumer: None,
            alerts_seen: BTreeSet::new(),
        }
    }

    /// The same place, speaking so of what is to come.
    pub(crate) fn with_outlook(self, outlook: Option<Outlook>) -> Self {
        Self { outlook, ..self }
    }

    /// The index of its consumer.
    pub(crate) fn consumer(&mut self) -> usize {
        if let Some(consumer) = self.consumer {
            return consumer;
        }
        let consumer = self.facts.consumers.len();
        self.facts.consumers.push(Consumer {
            kind: self.kind,
            name: self.name.to_owned(),
            group: None,
            scope: self.scope,
        });
        if let Some(outlook) = self.outlook {
            self.facts.outlooks.insert(consumer, outlook);
        }
        self.consumer = Some(consumer);
        consumer
    }

    /// Adds a text as a query if it is one at that trust; whether it was.
    pub(crate) fn query(&mut self, text: &Embedded, trust: Trust) -> bool {
        match read(text, trust) {
            Some(query) => {
                self.add_query(query);
                true
            }
            None => false,
        }
    }

    /// Adds a query that was read, and the alerts that its matchers name.
    pub(crate) fn add_query(&mut self, mut query: Query) {
        query.consumer = self.consumer();
        for selector in &query.selectors {
            self.alerts_of(selector);
        }
        self.facts.queries.push(query);
    }

    /// Adds what a command line or an address looks at; whether it was anything.
    pub(crate) fn target(&mut self, target: &Target) -> bool {
        match target {
            Target::Query(query) => return self.query(query, Trust::Sent),
            Target::Argument(argument) => return self.query(argument, Trust::Shown),
            Target::Name(name) => self.searched(name, Searched::Whole),
            Target::NamePart(name) => self.searched(name, Searched::Part),
            Target::Alert(name) => self.named_alert(&name.text, name.whole_span()),
        }
        true
    }

    fn searched(&mut self, name: &Embedded, searched: Searched) {
        let evidence = WordEvidence {
            suffix: words::has_metric_suffix(&name.text),
            near_word: true,
            part: searched == Searched::Part,
            ..WordEvidence::default()
        };
        self.word(name, evidence);
    }

    /// Adds a word that may be a metric.
    pub(crate) fn word(&mut self, word: &Embedded, evidence: WordEvidence) {
        self.word_at(word.text.clone(), word.whole_span(), evidence);
    }

    /// Adds a word that may be a metric and stands at a place that does not spell it alone (`a_{b,c}`).
    pub(crate) fn word_at(&mut self, word: String, span: Span, evidence: WordEvidence) {
        self.matched_word(word, span, Vec::new(), evidence);
    }

    /// Adds a word that may be a metric, with the matchers behind it.
    pub(crate) fn matched_word(
        &mut self,
        word: String,
        span: Span,
        matchers: Vec<Matcher>,
        evidence: WordEvidence,
    ) {
        let consumer = self.consumer();
        self.facts.word_mentions.push(WordMention {
            word,
            span,
            matchers,
            consumer,
            evidence,
        });
    }

    /// Adds the name of an alert that the text says is one.
    pub(crate) fn named_alert(&mut self, name: &str, span: Span) {
        self.alert(name, span, Naming::Explicit);
    }

    /// Adds a name that looks like an alert.
    pub(crate) fn likely_alert(&mut self, name: &str, span: Span) {
        self.alert(name, span, Naming::Implied);
    }

    fn alert(&mut self, name: &str, span: Span, naming: Naming) {
        if !self.alerts_seen.insert(span) {
            return;
        }
        let consumer = self.consumer();
        let explicit = naming == Naming::Explicit;
        self.facts.alert_mentions.push(AlertMention {
            name: name.to_owned(),
            span,
            consumer,
            explicit,
            in_code: false,
        });
    }

    /// `ALERTS{alertname="X"}`, and any selector with such a matcher, names alerts.
    fn alerts_of(&mut self, selector: &Selector) {
        for matcher in &selector.matchers {
            let MatchValue::Known(value) = &matcher.value else {
                continue;
            };
            if matcher.label != "alertname" {
                continue;
            }
            match matcher.op {
                MatchOp::Equal | MatchOp::NotEqual if words::is_name(value) => {
                    self.named_alert(value, matcher.value_span);
                }
                // Alternatives can be told apart where the value stands in the file as it is.
                MatchOp::Regex | MatchOp::NotRegex if matcher.value_span.range().len() == value.len() => {
                    let mut start = matcher.value_span.start as usize;
                    for name in value.split('|') {
                        if words::is_name(name) {
                            self.named_alert(
                                name,
                                Span::new(matcher.value_span.file, start..start + name.len()),
                            );
                        }
                        start += name.len() + 1;
                    }
                }
                _ => {}
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Searched {
    Whole,
    Part,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    Explicit,
    Implied,
}

/// Reads a text as PromQL; `None` where it is none at that trust. The query has no consumer yet.
pub(crate) fn read(text: &Embedded, trust: Trust) -> Option<Query> {
    let trimmed = trim(text);
    if trimmed.text.is_empty() {
        return None;
    }
    if trust == Trust::Shown && !trimmed.text.contains(['{', '[', '(']) {
        return None;
    }
    let query = query::read(&trimmed, 0, Holes::ALL, &query::VariableValues::new());
    let readable = !matches!(query.state, QueryState::Unreadable { .. });
    let accepted = match trust {
        Trust::Declared => !is_sketch(&query),
        Trust::Sent if is_path(&query) => readable && is_surely_promql(&query),
        Trust::Sent => readable && query.selectors.iter().any(has_name),
        Trust::Shown => readable && is_surely_promql(&query),
    };
    accepted.then_some(query)
}

/// `rate(<counter>[5m])`: a form to fill in, which names nothing.
fn is_sketch(query: &Query) -> bool {
    let is_open = |selector: &Selector| match &selector.name {
        SelectorName::Pattern(pattern) => pattern.known_len() == 0,
        _ => false,
    };
    query.state == QueryState::Templated && !query.selectors.is_empty() && query.selectors.iter().all(is_open)
}

/// The text without white space at its ends.
pub(crate) fn trim(text: &Embedded) -> Embedded {
    let start = text.text.len() - text.text.trim_start().len();
    let end = text.text.trim_end().len();
    if start == 0 && end == text.text.len() {
        text.clone()
    } else {
        text.slice(start..end.max(start))
    }
}

/// `${base}/orders`: a path with holes would parse as a division.
fn is_path(query: &Query) -> bool {
    query.state == QueryState::Templated
        && query.text.contains('/')
        && !query.text.contains(char::is_whitespace)
}

fn has_name(selector: &Selector) -> bool {
    match &selector.name {
        SelectorName::Exact(_) => true,
        SelectorName::Pattern(pattern) => pattern.known_len() >= MIN_KNOWN,
        SelectorName::Regex(_) => true,
        SelectorName::Any => false,
    }
}

/// A templated name with fewer known characters than this says nothing.
const MIN_KNOWN: usize = 3;

/// Functions and aggregations that hardly any other language has, besides those that end in `_over_time`. The
/// others (`sum`, `count`, `max`, `round` …) show nothing around a plain word.
const OWN_FUNCTIONS: &[&str] = &[
    "absent",
    "bottomk",
    "count_values",
    "delta",
    "deriv",
    "double_exponential_smoothing",
    "histogram_avg",
    "histogram_count",
    "histogram_fraction",
    "histogram_quantile",
    "histogram_stddev",
    "histogram_stdvar",
    "histogram_sum",
    "holt_winters",
    "idelta",
    "increase",
    "irate",
    "label_join",
    "label_replace",
    "predict_linear",
    "quantile",
    "rate",
    "resets",
    "sort_desc",
    "stddev",
    "stdvar",
    "topk",
];

fn is_own_function(function: &str) -> bool {
    OWN_FUNCTIONS.contains(&function) || function.ends_with("_over_time")
}

/// Whether a readable query is PromQL by its own form: a named selector with matchers, a range or a function that
/// only PromQL has; common functions count around a name that ends like a series.
fn is_surely_promql(query: &Query) -> bool {
    let shows = |selector: &Selector| {
        let exact = match &selector.name {
            SelectorName::Exact(name) => Some(name.as_str()),
            _ => None,
        };
        let common = |name: &str| words::has_metric_suffix(name) && !selector.functions.is_empty();
        has_name(selector)
            && (!selector.matchers.is_empty()
                || selector
                    .functions
                    .iter()
                    .any(|function| is_own_function(function))
                || exact.is_some_and(common)
                || (has_range(&query.text) && exact.is_some_and(words::is_metric_shaped)))
    };
    // Commands between which variables stand could be read as operands: most of their words are no series.
    let foreign = |selector: &Selector| {
        let word = matches!(&selector.name, SelectorName::Exact(name) if !words::is_metric_shaped(name));
        word && selector.matchers.is_empty() && selector.functions.is_empty()
    };
    let shown = query.selectors.iter().filter(|selector| shows(selector)).count();
    let words = query
        .selectors
        .iter()
        .filter(|selector| foreign(selector))
        .count();
    shown > 0 && words <= shown
}

/// `[5m]`, `[$__rate_interval]`: a range or subquery in brackets.
fn has_range(text: &str) -> bool {
    text.split('[').skip(1).any(|after| {
        let inside = after.split(']').next().unwrap_or_default().trim();
        let number = inside.trim_start_matches(|character: char| character.is_ascii_digit());
        inside.starts_with('$')
            || (number.len() < inside.len()
                && ["ms", "s", "m", "h", "d", "w", "y"]
                    .iter()
                    .any(|unit| number.starts_with(unit)))
    })
}
