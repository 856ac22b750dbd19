//! Configurations as values, for what the operator writes. Each piece has the place of the field that it comes from.

use promsight_model::Span;
use promsight_model::manifest::{Content, Key, Scalar, Value};

/// A mapping.
pub(crate) fn map(span: Span, entries: Vec<(&str, Value)>) -> Value {
    let entries = entries.into_iter().map(|(key, value)| {
        let key = Key {
            text: key.to_owned(),
            span: value.span,
        };
        (key, value)
    });
    Value {
        span,
        content: Content::Map(entries.collect()),
    }
}

/// A list.
pub(crate) fn list(span: Span, items: Vec<Value>) -> Value {
    Value {
        span,
        content: Content::List(items),
    }
}

/// A list of texts.
pub(crate) fn texts(span: Span, texts: &[&str]) -> Value {
    list(
        span,
        texts.iter().map(|text| Value::string(*text, span)).collect(),
    )
}

/// A boolean.
pub(crate) fn boolean(span: Span, value: bool) -> Value {
    let scalar = Scalar {
        text: value.to_string(),
        is_string: false,
        documents: Vec::new(),
    };
    Value {
        span,
        content: Content::Scalar(scalar),
    }
}

/// A relabelling rule under construction.
pub(crate) struct RuleBuilder<'a> {
    span: Span,
    entries: Vec<(&'a str, Value)>,
}

/// A rule that stands for the field at that place.
pub(crate) fn rule<'a>(span: Span) -> RuleBuilder<'a> {
    RuleBuilder {
        span,
        entries: Vec::new(),
    }
}

impl RuleBuilder<'_> {
    pub(crate) fn action(self, action: &str) -> Self {
        self.with("action", action)
    }

    pub(crate) fn sources(mut self, sources: &[&str]) -> Self {
        self.entries.push(("source_labels", texts(self.span, sources)));
        self
    }

    pub(crate) fn regex(self, regex: &str) -> Self {
        self.with("regex", regex)
    }

    pub(crate) fn target(self, target: &str) -> Self {
        self.with("target_label", target)
    }

    pub(crate) fn replacement(self, replacement: &str) -> Self {
        self.with("replacement", replacement)
    }

    pub(crate) fn separator(self, separator: &str) -> Self {
        self.with("separator", separator)
    }

    pub(crate) fn done(self) -> Value {
        map(self.span, self.entries)
    }

    fn with(mut self, key: &'static str, text: &str) -> Self {
        self.entries.push((key, Value::string(text, self.span)));
        self
    }
}
