//! One rule: its fields with their defaults, what Prometheus refuses, and the expansion of its templates.

use promsight_model::Span;
use promsight_model::manifest::Value;

use crate::relabel::Labels;
use crate::text::{Pattern, Shape, Text, has_placeholder};

/// The pattern of a rule that names none.
const DEFAULT_REGEX: &str = "(.*)";

/// The replacement of a rule that names none.
const DEFAULT_REPLACEMENT: &str = "$1";

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words of Prometheus")]
pub enum Action {
    Replace,
    Keep,
    Drop,
    KeepEqual,
    DropEqual,
    HashMod,
    LabelMap,
    LabelDrop,
    LabelKeep,
    Lowercase,
    Uppercase,
}

impl Action {
    const ALL: [Self; 11] = [
        Self::Replace,
        Self::Keep,
        Self::Drop,
        Self::KeepEqual,
        Self::DropEqual,
        Self::HashMod,
        Self::LabelMap,
        Self::LabelDrop,
        Self::LabelKeep,
        Self::Lowercase,
        Self::Uppercase,
    ];

    /// The word of the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Keep => "keep",
            Self::Drop => "drop",
            Self::KeepEqual => "keepequal",
            Self::DropEqual => "dropequal",
            Self::HashMod => "hashmod",
            Self::LabelMap => "labelmap",
            Self::LabelDrop => "labeldrop",
            Self::LabelKeep => "labelkeep",
            Self::Lowercase => "lowercase",
            Self::Uppercase => "uppercase",
        }
    }
}

/// One rule of `relabel_configs` or `metric_relabel_configs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it does.
    pub action: Action,
    /// The labels whose values it joins.
    pub source_labels: Vec<String>,
    /// What it puts between them.
    pub separator: String,
    /// What the joined value, or a label's name, is compared with.
    pub regex: Pattern,
    /// The divisor of `hashmod`.
    pub modulus: u64,
    /// The label that it sets or compares.
    pub target_label: String,
    /// What it sets it to.
    pub replacement: String,
    /// Where it stands.
    pub span: Span,
    /// Something in it that a deployment tool fills in, so that its effect is not known.
    pub placeholder: Option<String>,
}

/// A rule that Prometheus refuses, and with it the whole configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRule {
    /// Where.
    pub span: Span,
    /// Why, as a clause.
    pub reason: String,
    /// Whether it is a rule of VictoriaMetrics, which Prometheus refuses and the agent that it is meant for does not.
    pub is_of_agent: bool,
}

/// What the relabelling of VictoriaMetrics knows beyond that of Prometheus.
const OF_AGENTS: &[&str] = &[
    "drop_if_contains",
    "drop_if_equal",
    "drop_metrics",
    "graphite",
    "keep_if_contains",
    "keep_if_equal",
    "keep_metrics",
    "labelmap_all",
    "replace_all",
];

/// Reads a list of rules. Keys are taken as Prometheus writes them (`source_labels`) and as the operator does
/// (`sourceLabels`).
pub fn rules(list: &[Value]) -> Result<Vec<Rule>, InvalidRule> {
    list.iter().filter(|item| !item.is_null()).map(rule).collect()
}

fn rule(item: &Value) -> Result<Rule, InvalidRule> {
    let action = item.text_at(&["action"]).unwrap_or_default();
    let is_of_agent = OF_AGENTS.contains(&action)
        || ["if", "match", "labels"]
            .iter()
            .any(|key| item.get(key).is_some())
        || item.get("regex").is_some_and(|regex| !regex.items().is_empty());
    let invalid = |span: Span, reason: String| InvalidRule {
        span,
        reason,
        is_of_agent,
    };
    if !item.is_map() {
        return Err(invalid(item.span, "a rule is no mapping".to_owned()));
    }
    let field = |name: &str, other: &str| item.get(name).or_else(|| item.get(other));
    let text = |name: &str, other: &str| field(name, other).and_then(Value::as_str);
    let word = text("action", "action").unwrap_or("replace");
    let texts: Vec<&str> = item
        .entries()
        .iter()
        .filter_map(|(_, value)| value.as_str())
        .collect();
    let placeholder = texts
        .into_iter()
        .find(|text| has_placeholder(text))
        .map(str::to_owned);
    let action = Action::ALL
        .into_iter()
        .find(|action| action.word().eq_ignore_ascii_case(word));
    let action = match (action, &placeholder) {
        (Some(action), _) => action,
        (None, Some(_)) => Action::Replace,
        (None, None) => {
            let span = field("action", "action").map_or(item.span, |value| value.span);
            return Err(invalid(span, format!("there is no action `{word}`")));
        }
    };
    let sources = field("source_labels", "sourceLabels");
    if let Some(sources) = sources.filter(|sources| sources.as_str().is_some() && placeholder.is_none()) {
        let reason = "`source_labels` is a text, and has to be a list".to_owned();
        return Err(invalid(sources.span, reason));
    }
    let listed = sources.map_or(&[][..], Value::items).iter();
    let source_labels: Vec<String> = listed
        .filter_map(|label| label.as_str().map(str::to_owned))
        .collect();
    let pattern = text("regex", "regex").unwrap_or(DEFAULT_REGEX);
    let regex =
        Pattern::new(pattern).or_else(|| placeholder.as_ref().and_then(|_| Pattern::new(DEFAULT_REGEX)));
    let Some(regex) = regex else {
        let span = field("regex", "regex").map_or(item.span, |value| value.span);
        return Err(invalid(
            span,
            format!("`{pattern}` is no regular expression of RE2"),
        ));
    };
    let rule = Rule {
        action,
        source_labels,
        separator: text("separator", "separator").unwrap_or(";").to_owned(),
        regex,
        modulus: text("modulus", "modulus")
            .and_then(|text| text.parse().ok())
            .unwrap_or(0),
        target_label: text("target_label", "targetLabel").unwrap_or_default().to_owned(),
        replacement: text("replacement", "replacement")
            .unwrap_or(DEFAULT_REPLACEMENT)
            .to_owned(),
        span: item.span,
        placeholder,
    };
    let has_sources = sources.is_some();
    match refusal(&rule, has_sources) {
        Some(reason) if rule.placeholder.is_none() => Err(invalid(item.span, reason)),
        _ => Ok(rule),
    }
}

/// Why Prometheus refuses the rule (`relabel.Config.Validate`, version 3.16, names in UTF-8).
fn refusal(rule: &Rule, has_sources: bool) -> Option<String> {
    use Action::{
        DropEqual, HashMod, KeepEqual, LabelDrop, LabelKeep, LabelMap, Lowercase, Replace, Uppercase,
    };
    let word = rule.action.word();
    let is_plain_template =
        rule.separator == ";" && rule.modulus == 0 && rule.replacement == DEFAULT_REPLACEMENT;
    match rule.action {
        HashMod if rule.modulus == 0 => Some(format!("`{word}` needs a modulus")),
        Replace | HashMod | Lowercase | Uppercase | KeepEqual | DropEqual if rule.target_label.is_empty() => {
            Some(format!("`{word}` needs a `target_label`"))
        }
        Lowercase | Uppercase | KeepEqual | DropEqual if rule.replacement != DEFAULT_REPLACEMENT => {
            Some(format!("`{word}` takes no `replacement`"))
        }
        LabelMap if rule.replacement.is_empty() => {
            Some(format!("`{word}` needs a `replacement` that names a label"))
        }
        KeepEqual | DropEqual if rule.regex.as_str() != DEFAULT_REGEX || !is_plain_template => {
            Some(format!("`{word}` takes `source_labels` and `target_label` alone"))
        }
        LabelDrop | LabelKeep if has_sources || !rule.target_label.is_empty() || !is_plain_template => {
            Some(format!("`{word}` takes `regex` alone"))
        }
        _ => None,
    }
}

impl Rule {
    /// The values of the source labels, joined.
    pub(crate) fn source(&self, labels: &Labels) -> Text {
        let mut joined = Text::default();
        for (index, name) in self.source_labels.iter().enumerate() {
            if index > 0 {
                joined.push_str(&self.separator);
            }
            joined.push(&labels.get(name));
        }
        joined
    }

    /// Whether an empty value sets the label to the replacement as it is.
    pub(crate) fn is_plain(&self) -> bool {
        let is_default = self.regex.as_str() == DEFAULT_REGEX;
        is_default && !self.target_label.contains('$') && !self.replacement.contains('$')
    }

    /// Groups of which nothing is known.
    pub(crate) fn any_groups(&self) -> Vec<Option<Text>> {
        let group = |at: usize| Some(Text::open(Shape::Anything, format!("group {at}")));
        (0..self.regex.group_count()).map(group).collect()
    }

    /// A template with the groups of a match put in, as Go's `Regexp.Expand` does it.
    pub(crate) fn expand(&self, template: &str, groups: &[Option<Text>]) -> Text {
        let mut out = Text::default();
        let mut rest = template;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(behind) = rest.strip_prefix('$') {
                out.push_str("$");
                rest = behind;
                continue;
            }
            let Some((name, behind)) = group_name(rest) else {
                out.push_str("$");
                continue;
            };
            rest = behind;
            let index = if name.bytes().all(|byte| byte.is_ascii_digit()) {
                decimal(name)
            } else {
                self.regex.group_of_name(name)
            };
            if let Some(Some(group)) = index.and_then(|index| groups.get(index)) {
                out.push(group);
            }
        }
        out.push_str(rest);
        out
    }
}

/// The number of a group, read as Go does: leading zeroes are no number but for `0` itself.
fn decimal(digits: &str) -> Option<usize> {
    if digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    digits.parse().ok().filter(|number| *number < 100_000_000)
}

/// The name behind a `$`, with or without braces, and what follows it; `None` where there is none.
fn group_name(text: &str) -> Option<(&str, &str)> {
    let (inner, has_brace) = match text.strip_prefix('{') {
        Some(inner) => (inner, true),
        None => (text, false),
    };
    let length = inner
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(inner.len());
    let (name, behind) = inner.split_at(length);
    if name.is_empty() {
        return None;
    }
    if has_brace {
        return behind.strip_prefix('}').map(|behind| (name, behind));
    }
    Some((name, behind))
}

/// Whether a label can have that name: any text but none, since Prometheus 3.
pub(crate) fn is_valid_name(name: &str) -> bool {
    !name.is_empty()
}

/// Capitals as Go's `strings.ToUpper` makes them: one character for one.
pub(crate) fn upper(text: &str) -> String {
    text.chars().map(one_upper).collect()
}

fn one_upper(character: char) -> char {
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}

/// Small letters as Go's `strings.ToLower` makes them: one character for one, a final sigma like any other.
pub(crate) fn lower(text: &str) -> String {
    text.chars().map(one_lower).collect()
}

fn one_lower(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}
