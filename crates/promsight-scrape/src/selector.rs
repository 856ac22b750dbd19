//! Selectors of labels, as Kubernetes has them: of objects (`matchLabels`, `matchExpressions`), of Services, and written
//! in one line (`app=till,tier in (front, back),!canary`).

use promsight_model::manifest::Value;

use crate::text::{Answer, Text};

/// What a selector asks of one label.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<Text>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
    /// One that is not known; nothing is said of what it selects.
    Other,
}

/// A selector: all requirements must hold. Without any it selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    requirements: Vec<Requirement>,
}

impl Selector {
    /// `matchLabels` and `matchExpressions`.
    pub(crate) fn of_object(value: &Value) -> Self {
        let mut selector = value.get("matchLabels").map(Self::of_map).unwrap_or_default();
        for expression in value.items_at("matchExpressions") {
            let operator = match expression.text_at(&["operator"]) {
                Some("In") => Operator::In,
                Some("NotIn") => Operator::NotIn,
                Some("Exists") => Operator::Exists,
                Some("DoesNotExist") => Operator::DoesNotExist,
                _ => Operator::Other,
            };
            let values = expression.items_at("values").iter();
            selector.requirements.push(Requirement {
                key: expression.text_at(&["key"]).unwrap_or_default().to_owned(),
                operator,
                values: values
                    .filter_map(|value| value.as_str().map(Text::written))
                    .collect(),
            });
        }
        selector
    }

    /// A mapping of labels, as a Service has it.
    pub(crate) fn of_map(value: &Value) -> Self {
        let entries = value.entries().iter();
        let requirements = entries.map(|(key, value)| Requirement {
            key: key.text.clone(),
            operator: Operator::In,
            values: vec![Text::written(value.as_str().unwrap_or_default())],
        });
        Self {
            requirements: requirements.collect(),
        }
    }

    /// A selector in one line.
    pub(crate) fn of_line(line: &str) -> Self {
        let requirements = split_outside_parentheses(line)
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(requirement);
        Self {
            requirements: requirements.collect(),
        }
    }

    /// Whether it asks for nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether it selects something with these labels.
    pub(crate) fn selects<'a>(&self, label: impl Fn(&str) -> Option<&'a Text>) -> Answer {
        self.requirements
            .iter()
            .map(|requirement| requirement.holds(label(&requirement.key)))
            .fold(Answer::Always, Answer::and)
    }

    /// All that it asks for, as people write it.
    pub(crate) fn shown(&self) -> String {
        let shown: Vec<String> = self.requirements.iter().map(Requirement::shown).collect();
        shown.join(", ")
    }

    /// The first thing that it asks for and these labels do not have, as people write it (`release=main`).
    pub(crate) fn lacking<'a>(&self, label: impl Fn(&str) -> Option<&'a Text>) -> Option<String> {
        let lacking = self
            .requirements
            .iter()
            .find(|requirement| requirement.holds(label(&requirement.key)) == Answer::Never)?;
        Some(lacking.shown())
    }
}

impl Requirement {
    fn holds(&self, value: Option<&Text>) -> Answer {
        let is_one_of = |value: &Text| {
            let answers = self.values.iter().map(|wanted| wanted.equals(value));
            answers.fold(Answer::Never, Answer::or)
        };
        match self.operator {
            Operator::In => value.map_or(Answer::Never, is_one_of),
            Operator::NotIn => value.map_or(Answer::Always, |value| !is_one_of(value)),
            Operator::Exists => Answer::of(value.is_some()),
            Operator::DoesNotExist => Answer::of(value.is_none()),
            Operator::Other => Answer::Perhaps,
        }
    }

    fn shown(&self) -> String {
        let values: Vec<String> = self.values.iter().map(Text::to_string).collect();
        let key = &self.key;
        match (self.operator, values.as_slice()) {
            (Operator::In, [one]) => format!("{key}={one}"),
            (Operator::NotIn, [one]) => format!("{key}!={one}"),
            (Operator::In, _) => format!("{key} in ({})", values.join(", ")),
            (Operator::NotIn, _) => format!("{key} notin ({})", values.join(", ")),
            (Operator::DoesNotExist, _) => format!("!{key}"),
            (Operator::Exists | Operator::Other, _) => key.clone(),
        }
    }
}

fn split_outside_parentheses(line: &str) -> impl Iterator<Item = &str> {
    let mut is_inside = false;
    line.split(move |character| {
        match character {
            '(' => is_inside = true,
            ')' => is_inside = false,
            _ => {}
        }
        character == ',' && !is_inside
    })
}

fn requirement(part: &str) -> Requirement {
    let one = |key: &str, operator: Operator, value: &str| Requirement {
        key: key.trim().to_owned(),
        operator,
        values: vec![Text::written(value.trim())],
    };
    if let Some((key, value)) = part.split_once("!=") {
        return one(key, Operator::NotIn, value);
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return one(key, Operator::In, value);
    }
    let bare = |key: &str, operator: Operator| Requirement {
        key: key.trim().to_owned(),
        operator,
        values: Vec::new(),
    };
    if let Some((head, list)) = part.split_once('(') {
        let mut words = head.split_whitespace();
        let (key, word) = (words.next().unwrap_or_default(), words.next());
        let operator = match word {
            Some("in") => Operator::In,
            Some("notin") => Operator::NotIn,
            _ => Operator::Other,
        };
        let values = list.trim_end_matches(')').split(',').map(str::trim);
        return Requirement {
            values: values.map(Text::written).collect(),
            ..bare(key, operator)
        };
    }
    match part.strip_prefix('!') {
        Some(key) => bare(key, Operator::DoesNotExist),
        None => bare(part, Operator::Exists),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(line: &str, labels: &[(&str, &str)]) -> Answer {
        let labels: Vec<(&str, Text)> = labels
            .iter()
            .map(|(key, value)| (*key, Text::written(value)))
            .collect();
        Selector::of_line(line).selects(|wanted| {
            let found = labels.iter().find(|(key, _)| *key == wanted);
            found.map(|(_, value)| value)
        })
    }

    #[test]
    fn a_line_selects_as_kubernetes_has_it() {
        let labels = [("app", "till"), ("tier", "front")];
        for holds in [
            "",
            "app=till",
            "app == till,tier",
            "tier in (front, back)",
            "!canary",
            "canary!=x",
        ] {
            assert_eq!(answer(holds, &labels), Answer::Always, "{holds}");
        }
        for fails in [
            "app=oven",
            "canary",
            "tier notin (front,back)",
            "!app",
            "app!=till",
        ] {
            assert_eq!(answer(fails, &labels), Answer::Never, "{fails}");
        }
        assert_eq!(answer("app=till", &[("app", "${APP}")]), Answer::Perhaps);
    }

    #[test]
    fn what_is_lacking_is_said_as_people_write_it() {
        let selector = Selector::of_line("release=main,app in (a, b)");
        assert_eq!(selector.lacking(|_| None), Some("release=main".to_owned()));
        let main = Text::known("main");
        let lacking = selector.lacking(|key| (key == "release").then_some(&main));
        assert_eq!(lacking, Some("app in (a, b)".to_owned()));
    }
}
