//! A set of labels, some of them open.

use std::collections::BTreeMap;

use crate::text::{Shape, Text};

/// Labels by name. One without a value is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    values: BTreeMap<String, Text>,
    /// Beginnings of names of which any label may be there with any value, such as a node's labels.
    open_prefixes: Vec<String>,
    /// Whether a rule may have set any label that is no internal one.
    is_public_open: bool,
    /// Whether a rule may have set any label at all.
    is_all_open: bool,
}

impl Labels {
    /// No labels.
    pub fn new() -> Self {
        Self::default()
    }

    /// The label's value; empty where it is not there.
    pub fn get(&self, name: &str) -> Text {
        if let Some(value) = self.values.get(name) {
            return value.clone();
        }
        let is_open = self.is_all_open
            || (self.is_public_open && !name.starts_with("__"))
            || self.open_prefixes.iter().any(|prefix| name.starts_with(prefix));
        if is_open {
            Text::open(Shape::Anything, name)
        } else {
            Text::default()
        }
    }

    /// Sets a label; an empty value takes it away.
    pub fn set(&mut self, name: &str, value: Text) {
        if value.is_empty() && !self.is_all_open {
            self.values.remove(name);
        } else {
            self.values.insert(name.to_owned(), value);
        }
    }

    /// Sets a label that is not there yet.
    pub fn set_default(&mut self, name: &str, value: Text) {
        if self.get(name).is_empty() {
            self.set(name, value);
        }
    }

    /// From here on any label whose name begins so may be there.
    pub fn open(&mut self, prefix: &str) {
        self.open_prefixes.push(prefix.to_owned());
    }

    pub(crate) fn open_prefixes(&self) -> impl Iterator<Item = &str> {
        self.open_prefixes.iter().map(String::as_str)
    }

    /// Any label that is no internal one may have been set. Those with known values keep them: that a cluster's own
    /// label takes the place of one that the configuration sets is not assumed.
    pub(crate) fn open_public(&mut self) {
        self.is_public_open = true;
    }

    /// Any label may have been set.
    pub(crate) fn open_all(&mut self) {
        self.is_all_open = true;
        for (name, value) in &mut self.values {
            *value = Text::open(Shape::Anything, name);
        }
    }

    /// Whether there may be labels that nothing here names.
    pub fn has_unnamed(&self) -> bool {
        self.is_public_open || self.is_all_open
    }

    /// The labels that are there, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Text)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Leaves those of which the name is wanted.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.values.retain(|name, _| wanted(name));
    }

    /// Known labels, for what a configuration writes.
    pub fn of<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut set = Self::new();
        for (name, value) in labels {
            set.set(name, Text::known(value));
        }
        set
    }
}
