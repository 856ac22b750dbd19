//! Relabelling, as Prometheus 3 does it (`model/relabel`), on labels of which some values are open.
//!
//! Owns the rules, their validity, and what a list of them makes of a set of labels. Where a rule depends on what only a
//! running cluster knows, the outcome is undecided: neither kept nor dropped.

mod hash;
#[cfg(test)]
mod json;
mod labels;
mod rule;

use promsight_model::Span;

#[cfg(test)]
pub(crate) use json::value_of_json;
pub use labels::Labels;
pub use rule::{Action, InvalidRule, Rule, rules};

use crate::text::{Answer, Shape, Text};

/// What becomes of a set of labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is kept, with these labels.
    Kept(Labels),
    /// It is dropped.
    Dropped {
        /// By which rule.
        rule: Span,
        /// Why, as a clause.
        reason: String,
    },
    /// Only a running cluster could tell.
    Undecided {
        /// Which rule depends on something open.
        rule: Span,
        /// Why, as a clause.
        reason: String,
    },
}

/// Applies rules in their order. Behind a filter of which only a running cluster knows the answer, a later one may still
/// drop the labels for sure.
pub fn apply(rules: &[Rule], mut labels: Labels) -> Outcome {
    let mut open: Option<(Span, String)> = None;
    for rule in rules {
        match step(rule, &mut labels) {
            Step::Next => {}
            Step::Drop(reason) => {
                return Outcome::Dropped {
                    rule: rule.span,
                    reason,
                };
            }
            Step::Open(reason) => {
                open.get_or_insert((rule.span, reason));
                // What such a rule makes of the labels is not known either.
                if rule.placeholder.is_some() {
                    break;
                }
            }
        }
    }
    match open {
        Some((rule, reason)) => Outcome::Undecided { rule, reason },
        None => Outcome::Kept(labels),
    }
}

/// The names under which a series with these labels may be stored, with `*` for what is open in them. Filters aside: what
/// they drop has no name.
pub fn names(rules: &[Rule], mut labels: Labels) -> Vec<String> {
    let mut names = Vec::new();
    for rule in rules {
        let is_filter = matches!(
            rule.action,
            Action::Keep | Action::Drop | Action::KeepEqual | Action::DropEqual
        );
        if is_filter || rule.placeholder.is_some() {
            continue;
        }
        if rule.target_label == NAME && rule.action == Action::Replace {
            let value = rule.source(&labels);
            if rule.regex.matches(&value) == Answer::Perhaps {
                names.push(rule.expand(&rule.replacement, &rule.any_groups()).to_string());
                continue;
            }
        }
        step(rule, &mut labels);
    }
    names.push(labels.get(NAME).to_string());
    names
}

/// The label that holds a series' name.
pub const NAME: &str = "__name__";

enum Step {
    Next,
    Drop(String),
    Open(String),
}

fn step(rule: &Rule, labels: &mut Labels) -> Step {
    if let Some(placeholder) = &rule.placeholder {
        return Step::Open(format!(
            "a rule holds `{placeholder}`, which is filled in elsewhere"
        ));
    }
    let value = rule.source(labels);
    match rule.action {
        Action::Keep => filter(rule, &value, rule.regex.matches(&value)),
        Action::Drop => filter(rule, &value, !rule.regex.matches(&value)),
        Action::KeepEqual => compare(rule, labels, labels.get(&rule.target_label).equals(&value)),
        Action::DropEqual => compare(rule, labels, !labels.get(&rule.target_label).equals(&value)),
        Action::Replace => {
            replace(rule, &value, labels);
            Step::Next
        }
        Action::Lowercase => {
            labels.set(&rule.target_label, value.mapped(rule::lower));
            Step::Next
        }
        Action::Uppercase => {
            // What is open has no known capitals, and stays a value of its own.
            let upper = match value.as_known() {
                Some(known) => Text::known(rule::upper(known)),
                None => Text::open(Shape::Anything, format!("{value} in capitals")),
            };
            labels.set(&rule.target_label, upper);
            Step::Next
        }
        Action::HashMod => {
            let rest = match value.as_known() {
                Some(known) => Text::known((hash::of(known) % rule.modulus.max(1)).to_string()),
                None if rule.modulus == 1 => Text::known("0"),
                None => Text::open(Shape::Digits, format!("{value} modulo {}", rule.modulus)),
            };
            labels.set(&rule.target_label, rest);
            Step::Next
        }
        Action::LabelMap => {
            label_map(rule, labels);
            Step::Next
        }
        Action::LabelDrop => {
            labels.retain(|name| !rule.regex.is_match(name));
            Step::Next
        }
        Action::LabelKeep => {
            labels.retain(|name| rule.regex.is_match(name));
            Step::Next
        }
    }
}

/// `keep` and `drop`: whether the target stays.
fn filter(rule: &Rule, value: &Text, stays: Answer) -> Step {
    let verb = rule.action.word();
    let sources = rule.source_labels.join(", ");
    let regex = rule.regex.as_str();
    match stays {
        Answer::Always => Step::Next,
        Answer::Never if rule.action == Action::Keep => Step::Drop(format!(
            "{verb} on {sources}: `{regex}` does not match {}",
            shown(value)
        )),
        Answer::Never => Step::Drop(format!("{verb} on {sources}: `{regex}` matches {}", shown(value))),
        Answer::Perhaps => Step::Open(format!(
            "{verb} on {sources}: whether `{regex}` matches {} is known only at run time",
            shown(value)
        )),
    }
}

/// `keepequal` and `dropequal`.
fn compare(rule: &Rule, labels: &Labels, stays: Answer) -> Step {
    let verb = rule.action.word();
    let sources = rule.source_labels.join(", ");
    let target = &rule.target_label;
    let (source, own) = (rule.source(labels), labels.get(target));
    let (source, own) = (shown(&source), shown(&own));
    match stays {
        Answer::Always => Step::Next,
        Answer::Never => Step::Drop(format!("{verb} on {sources} and {target}: {source} and {own}")),
        Answer::Perhaps => Step::Open(format!(
            "{verb} on {sources} and {target}: whether {source} equals {own} is known only at run time"
        )),
    }
}

fn shown(value: &Text) -> String {
    if value.is_empty() {
        "nothing".to_owned()
    } else {
        format!("\"{value}\"")
    }
}

fn replace(rule: &Rule, value: &Text, labels: &mut Labels) {
    if rule.is_plain() && value.is_empty() {
        labels.set(&rule.target_label, Text::known(&rule.replacement));
        return;
    }
    let matches = rule.regex.matches(value);
    if matches == Answer::Never {
        return;
    }
    let groups = rule.regex.groups(value).filter(|_| matches == Answer::Always);
    let Some(groups) = groups else {
        let target = (!rule.target_label.contains('$')).then_some(rule.target_label.as_str());
        match target {
            Some(target) => labels.set(target, undecided(rule, value, &labels.get(target), matches)),
            // Any label may have been set.
            None => labels.open_all(),
        }
        return;
    };
    let target = rule.expand(&rule.target_label, &groups);
    let Some(target) = target.as_known() else {
        labels.open_all();
        return;
    };
    if !rule::is_valid_name(target) {
        return;
    }
    labels.set(target, rule.expand(&rule.replacement, &groups));
}

/// The value of a label that a rule sets to something open, or perhaps does not set at all.
fn undecided(rule: &Rule, value: &Text, before: &Text, matches: Answer) -> Text {
    let is_constant = !rule.replacement.contains('$');
    if is_constant && (matches == Answer::Always || before.as_known() == Some(&rule.replacement)) {
        return Text::known(&rule.replacement);
    }
    let shape = if before.may_be_empty() {
        Shape::Anything
    } else {
        Shape::Word
    };
    Text::open(shape, format!("`{}` of {value}, else {before}", rule.replacement))
}

fn label_map(rule: &Rule, labels: &mut Labels) {
    let mapped: Vec<(String, Text)> = labels
        .iter()
        .filter_map(|(name, value)| {
            let groups = rule.regex.matched_groups(name)?;
            let groups: Vec<Option<Text>> = groups.into_iter().map(|group| group.map(Text::known)).collect();
            let name = rule.expand(&rule.replacement, &groups);
            Some((name.as_known()?.to_owned(), value.clone()))
        })
        .collect();
    if labels.open_prefixes().any(|prefix| {
        let name = Text::known(prefix);
        let mut name = name;
        name.push(&Text::open(Shape::Word, prefix));
        rule.regex.matches(&name) != Answer::Never
    }) {
        labels.open_public();
    }
    for (name, value) in mapped {
        labels.set(&name, value);
    }
}

#[cfg(test)]
mod tests;
