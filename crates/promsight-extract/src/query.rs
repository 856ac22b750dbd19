//! From a query's analysis (byte ranges of its own text) to facts (spans in the file).

mod flow;

use std::collections::BTreeMap;
use std::ops::Range;

use promsight_model as model;
use promsight_model::{Embedded, Query, QueryState};
use promsight_promql as promql;
use promsight_promql::{Holes, NamePart};

/// Values that template variables can take, by variable name; an empty list or a missing name is unknown.
pub type VariableValues = BTreeMap<String, Vec<String>>;

/// Reads a query that stands in a file. `consumer` is the index of its consumer in the facts of that file.
///
/// A templated name whose variables all have known values becomes one selector for each value (at most 64);
/// otherwise a pattern.
pub fn read(text: &Embedded, consumer: usize, holes: Holes, variables: &VariableValues) -> Query {
    let analysis = promql::analyze(&text.text, holes);
    let state = match analysis.state {
        promql::State::Parsed => QueryState::Parsed,
        promql::State::Templated => QueryState::Templated,
        promql::State::Unreadable { message, range } => QueryState::Unreadable {
            message,
            span: text.span(range),
        },
    };
    let mut read: Vec<model::Selector> = Vec::new();
    let mut became: Vec<Range<usize>> = Vec::new();
    for selector in analysis.selectors {
        let from = read.len();
        read.extend(selectors(text, selector, variables));
        became.push(from..read.len());
    }
    let flow = analysis.flow.map(|flow| flow::read(text, flow, &became));
    Query {
        consumer,
        text: text.text.clone(),
        span: text.whole_span(),
        state,
        selectors: read,
        flow,
    }
}

fn selectors(
    text: &Embedded,
    selector: promql::Selector,
    variables: &VariableValues,
) -> Vec<model::Selector> {
    let names = match selector.name {
        promql::SelectorName::Exact(name) => vec![model::SelectorName::Exact(name)],
        promql::SelectorName::Regex(regex) => vec![model::SelectorName::Regex(regex)],
        promql::SelectorName::Any => vec![model::SelectorName::Any],
        promql::SelectorName::Templated(parts) => expand(&parts, variables),
    };
    let matchers: Vec<model::Matcher> = selector
        .matchers
        .into_iter()
        .map(|matcher| model::Matcher {
            label_span: text.span(matcher.label_range),
            value_span: text.span(matcher.value_range),
            label: matcher.label,
            op: match matcher.op {
                promql::MatchOp::Equal => model::MatchOp::Equal,
                promql::MatchOp::NotEqual => model::MatchOp::NotEqual,
                promql::MatchOp::Regex => model::MatchOp::Regex,
                promql::MatchOp::NotRegex => model::MatchOp::NotRegex,
            },
            value: if matcher.value_has_holes {
                model::MatchValue::Templated(matcher.value)
            } else {
                model::MatchValue::Known(matcher.value)
            },
            refuses_empty: matcher.refuses_empty,
        })
        .collect();
    let guard = match selector.guard {
        promql::Guard::None => model::Guard::None,
        promql::Guard::OrVector => model::Guard::OrVector,
        promql::Guard::OrOther => model::Guard::OrOther,
        promql::Guard::Unless => model::Guard::Unless,
        promql::Guard::Absent => model::Guard::Absent,
    };
    names
        .into_iter()
        .map(|name| model::Selector {
            name,
            span: text.span(selector.name_range.clone()),
            whole: text.span(selector.range.clone()),
            matchers: matchers.clone(),
            guard,
            functions: selector.functions.clone(),
        })
        .collect()
}

/// What can be a hole in a query of a manifest or rule file.
///
/// `${name}` is what envsubst and Flux fill in, and no one writes it by mistake; a bare `$name` there is a variable
/// copied from a dashboard, which Prometheus does not know.
pub fn holes_of_manifest(text: &str) -> Holes {
    let mut dollars = text.match_indices('$').map(|(at, _)| &text[at + 1..]).peekable();
    let is_substituted = dollars.peek().is_some() && dollars.all(|rest| rest.starts_with('{'));
    if is_substituted { Holes::ALL } else { Holes::RULES }
}

/// Whether the text is a query that reads some series and stands as it is: what its surroundings alone take for a
/// query has to prove it.
pub fn reads_as_query(text: &str) -> bool {
    let analysis = promql::analyze(text, holes_of_manifest(text));
    let is_told = |selector: &promql::Selector| {
        let is_named =
            matches!(&selector.name, promql::SelectorName::Exact(name) if name.contains(['_', ':']));
        !selector.functions.is_empty() || !selector.matchers.is_empty() || is_named
    };
    !matches!(analysis.state, promql::State::Unreadable { .. }) && analysis.selectors.iter().any(is_told)
}

/// How many names one templated name may become before it is kept as a pattern.
const MAX_EXPANSIONS: usize = 64;

fn expand(parts: &[NamePart], variables: &VariableValues) -> Vec<model::SelectorName> {
    let mut names = vec![String::new()];
    for part in parts {
        let values: &[String] = match part {
            NamePart::Text(text) => std::slice::from_ref(text),
            NamePart::Hole(Some(variable)) => variables.get(variable).map_or(&[], Vec::as_slice),
            NamePart::Hole(None) => &[],
        };
        if values.is_empty() || names.len() * values.len() > MAX_EXPANSIONS {
            return vec![pattern(parts)];
        }
        names = names
            .iter()
            .flat_map(|name| values.iter().map(move |value| format!("{name}{value}")))
            .collect();
    }
    names.into_iter().map(model::SelectorName::Exact).collect()
}

fn pattern(parts: &[NamePart]) -> model::SelectorName {
    let mut pieces = vec![String::new()];
    for part in parts {
        match part {
            NamePart::Text(text) => {
                if let Some(last) = pieces.last_mut() {
                    last.push_str(text);
                }
            }
            NamePart::Hole(_) => pieces.push(String::new()),
        }
    }
    model::SelectorName::Pattern(model::Pattern::new(pieces))
}

#[cfg(test)]
mod tests;
