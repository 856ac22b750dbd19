//! Jsonnet sources of dashboards and rules, read for the queries in their strings.
//!
//! Evaluates nothing: a mixin's imports usually lie outside the repository, and values that an evaluator computes have
//! no places in the source (jrsonnet, whose releases of the last years are all pre-releases). A string counts as a query where it
//! reads as PromQL with a call or matchers around a name; `%(x)s` and `$x` in it are holes. Pieces of a query that
//! is put together with `+` are kept as far as they name series.

use promsight_model::{
    Consumer, ConsumerKind, Embedded, Facts, FileKind, OffsetMap, Query, QueryState, Rule, RuleKind,
    Selector, SelectorName, SourceFile, Span,
};
use promsight_promql::Holes;

use crate::query::{self, VariableValues};

/// Whether a path is that of a Jsonnet file.
pub fn is_jsonnet(path: &str) -> bool {
    path.ends_with(".jsonnet") || path.ends_with(".libsonnet")
}

/// What the strings of a Jsonnet file look at, and the rules it defines.
pub fn extract(file: &SourceFile, facts: &mut Facts) {
    if !["expr", "prometheus", "query", "grafana", "rate("]
        .iter()
        .any(|word| file.text.contains(word))
    {
        return;
    }
    read_text(&Embedded::whole(file.id, &file.text), facts);
    if !facts.consumers.is_empty() {
        facts.kinds.push(FileKind::Dashboards);
    }
}

/// As [`extract`], for a text that stands in another file.
pub(crate) fn read_text(source: &Embedded, facts: &mut Facts) {
    let mut rule: Option<Pending> = None;
    for literal in Literals::of(source) {
        match literal.key.as_str() {
            "alert" => rule = Some(Pending::new(RuleKind::Alert, &literal)),
            "record" => rule = Some(Pending::new(RuleKind::Record, &literal)),
            "expr" if rule.is_some() => {
                if let Some(rule) = rule.take() {
                    rule.finish(&literal, facts);
                }
            }
            _ => panel(&literal, facts),
        }
    }
}

/// A rule of which the name was read and the expression not yet.
struct Pending {
    kind: RuleKind,
    name: String,
    span: Span,
}

impl Pending {
    fn new(kind: RuleKind, literal: &Literal) -> Self {
        Self {
            kind,
            name: literal.text.text.clone(),
            span: literal.text.whole_span(),
        }
    }

    fn finish(self, literal: &Literal, facts: &mut Facts) {
        let kind = match self.kind {
            RuleKind::Alert => ConsumerKind::Alert,
            RuleKind::Record => ConsumerKind::Record,
        };
        let consumer = facts.consumers.len();
        let query = read(literal, consumer);
        facts.consumers.push(Consumer {
            kind,
            name: self.name.clone(),
            group: None,
            scope: self.span.cover(literal.text.whole_span()),
        });
        facts.rules.push(Rule {
            kind: self.kind,
            name: self.name,
            name_span: self.span,
            consumer,
            query: Some(facts.queries.len()),
            labels: Vec::new(),
            annotations: Vec::new(),
            waits: None,
        });
        facts.queries.push(query);
    }
}

fn panel(literal: &Literal, facts: &mut Facts) {
    let mut query = read(literal, facts.consumers.len());
    // `expr: 'name'` says itself that it is a query.
    if literal.key != "expr" || query.state != QueryState::Parsed {
        query.selectors.retain(is_told);
    }
    if query.selectors.is_empty() {
        return;
    }
    facts.consumers.push(Consumer {
        kind: ConsumerKind::Panel,
        name: String::new(),
        group: None,
        scope: literal.text.whole_span(),
    });
    facts.queries.push(query);
}

/// A name alone is a word like any other; matchers or a call around it tell a selector.
fn is_told(selector: &Selector) -> bool {
    let has_name = !matches!(selector.name, SelectorName::Any);
    has_name && (!selector.matchers.is_empty() || !selector.functions.is_empty())
}

fn read(literal: &Literal, consumer: usize) -> Query {
    let mut query = query::read(&literal.text, consumer, Holes::ALL, &VariableValues::new());
    if matches!(query.state, QueryState::Unreadable { .. }) {
        // A piece of a query, or prose: neither is an error, and only what has matchers is a selector.
        query.state = QueryState::Templated;
        query.selectors.retain(|selector| !selector.matchers.is_empty());
    }
    query
}

/// A string literal and the field name in front of it.
struct Literal {
    key: String,
    text: Embedded,
}

/// The string literals of a Jsonnet text, in order.
struct Literals<'a> {
    source: &'a Embedded,
    at: usize,
    word: String,
}

impl<'a> Literals<'a> {
    fn of(source: &'a Embedded) -> Self {
        Self {
            source,
            at: 0,
            word: String::new(),
        }
    }

    fn literal(&mut self, text: String, map: OffsetMap) -> Literal {
        Literal {
            key: std::mem::take(&mut self.word),
            text: self.source.nested(text, map),
        }
    }

    /// Past the end of a line, or of the text.
    fn skip_line(&mut self) {
        let rest = &self.source.text[self.at..];
        self.at += rest.find('\n').unwrap_or(rest.len());
    }

    /// A string between quotes; `@` in front leaves backslashes as they are and doubles quotes.
    fn quoted(&mut self, quote: char, verbatim: bool) -> Literal {
        let source = self.source.text.as_str();
        let start = self.at;
        let (mut text, mut map) = (String::new(), OffsetMap::at(start));
        while let Some(character) = source[self.at..].chars().next() {
            let from = self.at;
            self.at += character.len_utf8();
            if character == quote {
                if verbatim && source[self.at..].starts_with(quote) {
                    self.at += quote.len_utf8();
                    map.push_replaced(quote.len_utf8(), from..self.at);
                    text.push(quote);
                    continue;
                }
                break;
            }
            if character == '\\' && !verbatim {
                let decoded = self.escape();
                map.push_replaced(decoded.len_utf8(), from..self.at);
                text.push(decoded);
                continue;
            }
            map.push_verbatim(from, character.len_utf8());
            text.push(character);
        }
        self.literal(text, map)
    }

    /// What stands after a backslash, as JSON has it.
    fn escape(&mut self) -> char {
        let source = self.source.text.as_str();
        let Some(character) = source[self.at..].chars().next() else {
            return '\\';
        };
        self.at += character.len_utf8();
        match character {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let digits = source.get(self.at..self.at + 4).unwrap_or_default();
                let scalar = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
                self.at += if scalar.is_some() { 4 } else { 0 };
                scalar.unwrap_or('\u{fffd}')
            }
            other => other,
        }
    }

    /// A `|||` block: the indentation of its first line is not part of it.
    fn block(&mut self) -> Literal {
        self.skip_line();
        self.at = (self.at + 1).min(self.source.text.len());
        let source = self.source.text.as_str();
        let first = &source[self.at..];
        let indent = first.len() - first.trim_start_matches([' ', '\t']).len();
        let (mut text, mut map) = (String::new(), OffsetMap::at(self.at));
        while self.at < source.len() {
            let rest = &source[self.at..];
            let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
            let line = &rest[..length];
            if line.trim_start().starts_with("|||") {
                self.at += line.len() - line.trim_start().len() + 3;
                break;
            }
            let cut = indent.min(line.len() - line.trim_start_matches([' ', '\t']).len());
            text.push_str(&line[cut..]);
            map.push_verbatim(self.at + cut, length - cut);
            self.at += length;
        }
        self.literal(text, map)
    }
}

impl Iterator for Literals<'_> {
    type Item = Literal;

    fn next(&mut self) -> Option<Literal> {
        let source = self.source.text.as_str();
        while let Some(character) = source[self.at..].chars().next() {
            let rest = &source[self.at..];
            if rest.starts_with("|||") {
                self.at += 3;
                return Some(self.block());
            }
            if rest.starts_with("//") || character == '#' {
                self.skip_line();
                continue;
            }
            if rest.starts_with("/*") {
                self.at += rest.find("*/").map_or(rest.len(), |end| end + 2);
                continue;
            }
            let verbatim = character == '@' && rest[1..].starts_with(['"', '\'']);
            if verbatim {
                self.at += 1;
            }
            let quote = source[self.at..].chars().next().unwrap_or(character);
            self.at += quote.len_utf8();
            match quote {
                '"' | '\'' => return Some(self.quoted(quote, verbatim)),
                _ if quote.is_alphanumeric() || quote == '_' => {
                    // A word goes on from the characters before it; after white space it begins anew.
                    let goes_on = source[..self.at - quote.len_utf8()]
                        .ends_with(|before: char| before.is_alphanumeric() || before == '_');
                    if !goes_on {
                        self.word.clear();
                    }
                    self.word.push(quote);
                }
                ':' | '+' | ' ' | '\t' | '\r' | '\n' => {}
                _ => self.word.clear(),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use promsight_model::FileSet;

    fn series(text: &str) -> Vec<(String, String)> {
        let files = FileSet::new(vec![("m.libsonnet".into(), "m.libsonnet".into(), text.into())]);
        let file = &files.files()[0];
        let mut facts = Facts::empty(file.id);
        extract(file, &mut facts);
        let selectors = facts.queries.iter().flat_map(|query| &query.selectors);
        selectors
            .filter_map(|selector| match &selector.name {
                SelectorName::Exact(name) => Some((name.clone(), files.text(selector.span).to_owned())),
                _ => None,
            })
            .collect()
    }

    fn same(name: &str) -> (String, String) {
        (name.to_owned(), name.to_owned())
    }

    #[test]
    fn queries_stand_in_every_kind_of_string() {
        let text = "local p = import 'x';\n{\n  a: p.new('sum(rate(beds_taken_total[5m]))', \"up{job='inn'}\"),\n  \
                    b: |||\n    sum(\n      beds_free{floor=\"1\"}\n    )\n  |||,\n  c: @'rate(beds_lost_total[1m])', // expr\n}";
        let expected = ["beds_taken_total", "up", "beds_free", "beds_lost_total"].map(same);
        assert_eq!(series(text), expected);
    }

    #[test]
    fn words_comments_and_prose_are_no_queries() {
        let text =
            "{ expr: 'beds_free', title: 'beds_taken', text: 'Free beds (all)' } // sum(beds_lost{a=\"b\"})";
        assert_eq!(series(text), [same("beds_free")]);
    }

    #[test]
    fn a_rule_is_a_rule() {
        let text = "{ alert: 'NoBeds', expr: 'beds_free == 0' }";
        let files = FileSet::new(vec![("m.jsonnet".into(), "m.jsonnet".into(), text.into())]);
        let mut facts = Facts::empty(files.files()[0].id);
        extract(&files.files()[0], &mut facts);
        assert_eq!(facts.rules.len(), 1);
        assert_eq!(facts.consumers[0].kind, ConsumerKind::Alert);
        assert_eq!(facts.consumers[0].name, "NoBeds");
        assert_eq!(files.text(facts.queries[0].selectors[0].span), "beds_free");
    }

    #[test]
    fn an_unfinished_string_ends_with_the_text() {
        assert_eq!(series("{ expr: 'sum(beds_free{a=\"b\"}"), [same("beds_free")]);
        assert_eq!(series("expr |||"), []);
        assert_eq!(series("expr '\\u00"), []);
    }
}
