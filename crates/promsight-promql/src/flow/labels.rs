//! The algebra of label sets: how the sources of labels combine.
//!
//! Every answer is an upper bound of who can give a label: where nobody is left, it is surely not there.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Dropped, LabelSource, Labels};

/// More selectors for one label are not told apart.
const MAX_SELECTORS: usize = 32;

impl LabelSource {
    /// A selector brings it if it has it.
    pub(super) fn selector(number: usize) -> Self {
        Self {
            selectors: vec![number],
            ..Self::default()
        }
    }

    /// The query writes it.
    pub(super) fn written() -> Self {
        Self {
            is_written: true,
            ..Self::default()
        }
    }

    /// It cannot be told.
    pub(super) fn unknown() -> Self {
        Self {
            is_unknown: true,
            ..Self::default()
        }
    }

    /// Nobody gives it any more.
    pub(super) fn dropped(range: Range<usize>, selectors: Vec<usize>) -> Self {
        Self {
            dropped: Some(Dropped { range, selectors }),
            ..Self::default()
        }
    }

    pub(super) fn is_absent(&self) -> bool {
        self.selectors.is_empty() && !self.is_written && !self.is_unknown
    }

    /// Of series that come from either of two vectors.
    fn either(&self, other: &Self) -> Self {
        let mut both = self.together(other);
        both.is_certain = self.is_certain && other.is_certain;
        both
    }

    /// Of series whose label agrees on both sides of an operator.
    pub(super) fn agreed(&self, other: &Self) -> Self {
        match (self.is_absent(), other.is_absent()) {
            (true, _) => self.clone(),
            (_, true) => other.clone(),
            _ => self.together(other),
        }
    }

    fn together(&self, other: &Self) -> Self {
        let selectors: BTreeSet<usize> = self.selectors.iter().chain(&other.selectors).copied().collect();
        let is_too_many = selectors.len() > MAX_SELECTORS;
        let mut both = Self {
            selectors: selectors.into_iter().take(MAX_SELECTORS).collect(),
            is_written: self.is_written || other.is_written,
            is_unknown: self.is_unknown || other.is_unknown || is_too_many,
            is_certain: self.is_certain || other.is_certain,
            dropped: None,
        };
        if both.is_absent() {
            both.dropped = self.dropped.clone().or_else(|| other.dropped.clone());
        }
        both
    }
}

impl Labels {
    /// The same for all labels.
    pub(super) fn all(others: LabelSource) -> Self {
        Self {
            others,
            ..Self::default()
        }
    }

    /// Where a label comes from.
    pub(super) fn source(&self, label: &str) -> &LabelSource {
        self.named.get(label).unwrap_or(&self.others)
    }

    /// Whether nothing at all is known of them.
    pub(super) fn is_unknown(&self) -> bool {
        self.named.is_empty() && self.others.is_unknown
    }

    /// Everyone who gives any label.
    pub(super) fn selectors(&self) -> Vec<usize> {
        let sources = self.named.values().chain([&self.others]);
        let taken = |source: &LabelSource| {
            source
                .dropped
                .as_ref()
                .map_or(Vec::new(), |dropped| dropped.selectors.clone())
        };
        let all: BTreeSet<usize> = sources
            .flat_map(|source| source.selectors.iter().copied().chain(taken(source)))
            .take(MAX_SELECTORS * 2)
            .collect();
        all.into_iter().take(MAX_SELECTORS).collect()
    }

    pub(super) fn set(&mut self, label: &str, source: LabelSource) {
        self.named.insert(label.to_owned(), source);
    }

    /// What is left by `by` with these labels; `others_may_stay` where a template hole stands among them.
    pub(super) fn by(mut self, kept: &[String], others_may_stay: bool, dropped: LabelSource) -> Self {
        if others_may_stay {
            return self.uncertain_but(kept);
        }
        let named = kept.iter().map(|label| {
            let source = self.named.remove(label).unwrap_or_else(|| self.others.clone());
            (label.clone(), source)
        });
        Self {
            named: named.collect(),
            others: dropped,
        }
    }

    /// What is left by `without`.
    pub(super) fn without(self, taken: &[String], others_may_go: bool, dropped: &LabelSource) -> Self {
        let mut left = if others_may_go {
            self.uncertain_but(&[])
        } else {
            self
        };
        for label in taken {
            left.set(label, dropped.clone());
        }
        left
    }

    /// The same labels, of which only those listed are as certain as they were.
    fn uncertain_but(mut self, kept: &[String]) -> Self {
        for (label, source) in &mut self.named {
            source.is_certain &= kept.contains(label);
        }
        self.others.is_certain = false;
        self
    }

    /// The labels of `a or b`.
    pub(super) fn either(&self, other: &Self) -> Self {
        self.combined(other, LabelSource::either)
    }

    /// The labels of series that agree in all labels.
    pub(super) fn agreed(&self, other: &Self) -> Self {
        self.combined(other, LabelSource::agreed)
    }

    fn combined(&self, other: &Self, combine: fn(&LabelSource, &LabelSource) -> LabelSource) -> Self {
        let names: BTreeSet<&String> = self.named.keys().chain(other.named.keys()).collect();
        Self {
            named: names
                .into_iter()
                .map(|name| (name.clone(), combine(self.source(name), other.source(name))))
                .collect(),
            others: combine(&self.others, &other.others),
        }
    }

    /// How much there is to copy.
    pub(super) fn size(&self) -> usize {
        1 + self.named.len()
    }
}
