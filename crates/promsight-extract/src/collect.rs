//! The facts of one structured file (YAML, JSON) while its readers gather them.
//!
//! Owns: how consumers, queries, rules and gaps are added so that their indices agree, and the cap on what one
//! file may bring in. It knows no format.

use promsight_model::{
    AlertGrouping, AlertMatcher, Consumer, ConsumerKind, Embedded, Facts, FileKind, Gap, GapKind,
    OtherSourceName, Query, QueryState, Reach, Rule, RuleTest, RunbookLink, SelectorName, ShownLabel, Span,
    WordEvidence, WordMention,
};
use promsight_promql::Holes;

use crate::jsonnet;
use crate::query::{self, VariableValues};

/// Bytes of queries that one file may hold: far above any real file, and a stop for one whose aliases multiply.
const MAX_QUERY_BYTES: usize = 64 * 1024 * 1024;

/// Adds to the facts of one file.
pub(crate) struct Collector<'facts> {
    facts: &'facts mut Facts,
    query_bytes: usize,
}

impl<'facts> Collector<'facts> {
    pub(crate) fn new(facts: &'facts mut Facts) -> Self {
        Self {
            facts,
            query_bytes: 0,
        }
    }

    /// How many things that look were found so far.
    pub(crate) fn consumers(&self) -> usize {
        self.facts.consumers.len()
    }

    pub(crate) fn kind(&mut self, kind: FileKind) {
        if !self.facts.kinds.contains(&kind) {
            self.facts.kinds.push(kind);
        }
    }

    /// Adds a consumer; its index.
    pub(crate) fn consumer(
        &mut self,
        kind: ConsumerKind,
        name: &str,
        group: Option<&str>,
        scope: Span,
    ) -> usize {
        let consumer = Consumer {
            kind,
            name: name.to_owned(),
            group: group.map(str::to_owned),
            scope,
        };
        self.facts.consumers.push(consumer);
        self.facts.consumers.len() - 1
    }

    /// Reads and adds a query; its index, or `None` where the file has had its share.
    pub(crate) fn query(
        &mut self,
        text: &Embedded,
        consumer: usize,
        holes: Holes,
        variables: &VariableValues,
    ) -> Option<usize> {
        if !self.has_room(text) {
            return None;
        }
        self.ready_query(query::read(text, consumer, holes, variables))
    }

    /// Adds a query that was read elsewhere; its index.
    pub(crate) fn ready_query(&mut self, query: Query) -> Option<usize> {
        self.facts.queries.push(query);
        Some(self.facts.queries.len() - 1)
    }

    /// Reads and adds a query of which the selectors without any name of their own tell nothing: a template that a
    /// series is put into.
    pub(crate) fn query_with_named_selectors(&mut self, text: &Embedded, consumer: usize) {
        if !self.has_room(text) {
            return;
        }
        let mut query = query::read(text, consumer, Holes::RULES, &VariableValues::new());
        query.selectors.retain(|selector| match &selector.name {
            SelectorName::Pattern(pattern) => pattern.pieces().iter().any(|piece| !piece.is_empty()),
            SelectorName::Any => false,
            SelectorName::Exact(_) | SelectorName::Regex(_) => true,
        });
        if !query.selectors.is_empty() || matches!(query.state, QueryState::Unreadable { .. }) {
            self.facts.queries.push(query);
        }
    }

    /// Adds a word that a trigger gives for a series, and which an adapter may have changed.
    pub(crate) fn trigger_word(&mut self, word: &Embedded, consumer: usize) {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
        if word.text.is_empty() || !word.text.bytes().all(is_name) {
            return;
        }
        self.facts.word_mentions.push(WordMention {
            word: word.text.clone(),
            span: word.whole_span(),
            matchers: Vec::new(),
            consumer,
            evidence: WordEvidence {
                near_word: true,
                ..WordEvidence::default()
            },
        });
    }

    /// Adds a series that a generator makes of the file.
    pub(crate) fn other_source_name(&mut self, name: OtherSourceName) {
        self.facts.other_source_names.push(name);
    }

    /// The index of the rule that was added last.
    pub(crate) fn last_rule(&self) -> Option<usize> {
        self.facts.rules.len().checked_sub(1)
    }

    pub(crate) fn runbook_link(&mut self, link: RunbookLink) {
        self.facts.runbook_links.push(link);
    }

    /// Reads a Jsonnet source that stands in the file.
    pub(crate) fn jsonnet(&mut self, text: &Embedded) {
        if self.has_room(text) {
            jsonnet::read_text(text, self.facts);
            self.kind(FileKind::Dashboards);
        }
    }

    pub(crate) fn alert_matcher(&mut self, matcher: AlertMatcher) {
        self.facts.alert_matchers.push(matcher);
    }

    pub(crate) fn alert_grouping(&mut self, grouping: AlertGrouping) {
        self.facts.alert_groupings.push(grouping);
    }

    pub(crate) fn shown_label(&mut self, shown: ShownLabel) {
        self.facts.shown_labels.push(shown);
    }

    pub(crate) fn rule_test(&mut self, test: RuleTest) {
        self.facts.rule_tests.push(test);
    }

    pub(crate) fn rule(&mut self, rule: Rule) {
        self.facts.rules.push(rule);
    }

    pub(crate) fn gap(&mut self, kind: GapKind, message: String, span: Span, reach: Reach) {
        self.facts.gaps.push(Gap {
            kind,
            message,
            span,
            reach,
        });
    }

    /// How many gaps there are so far.
    pub(crate) fn gaps(&self) -> usize {
        self.facts.gaps.len()
    }

    /// Takes back the gaps beyond the first `kept`: what follows from a larger one is not told on its own.
    pub(crate) fn forget_gaps(&mut self, kept: usize) {
        self.facts.gaps.truncate(kept);
    }

    fn has_room(&mut self, text: &Embedded) -> bool {
        let before = self.query_bytes;
        self.query_bytes = before.saturating_add(text.text.len());
        if self.query_bytes <= MAX_QUERY_BYTES {
            return true;
        }
        if before <= MAX_QUERY_BYTES {
            let message = format!(
                "the file holds more than {} MiB of queries",
                MAX_QUERY_BYTES / (1024 * 1024)
            );
            self.gap(GapKind::Limit, message, text.whole_span(), Reach::Nothing);
        }
        false
    }
}

/// The text without blanks at its ends: block scalars end in a line break that is no part of a name or query.
pub(crate) fn trimmed(text: &Embedded) -> Embedded {
    let start = text.text.len() - text.text.trim_start().len();
    let end = text.text.trim_end().len().max(start);
    if start == 0 && end == text.text.len() {
        text.clone()
    } else {
        text.slice(start..end)
    }
}
