//! What templates write, with the way back to the template.

use std::ops::Range;

use promsight_model::span::OffsetMap;

/// Text that is being written.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// The text so far.
    pub(crate) text: String,
    map: Option<OffsetMap>,
    /// The action that all writing stands for at the moment.
    action: Option<Range<usize>>,
}

impl Output {
    /// Of a file's own template: every byte leads back to it.
    pub(crate) fn traced() -> Self {
        Self {
            map: Some(OffsetMap::at(0)),
            ..Self::default()
        }
    }

    /// Writes text that stands in the template as it is.
    pub(crate) fn literal(&mut self, text: &str, at: Range<usize>) {
        match self.action.clone() {
            Some(action) => self.replaced(text, action),
            None => {
                self.text.push_str(text);
                if let Some(map) = &mut self.map {
                    map.push_verbatim(at.start, text.len());
                }
            }
        }
    }

    /// Writes what an action gave.
    pub(crate) fn value(&mut self, text: &str, action: Range<usize>) {
        let action = self.action.clone().unwrap_or(action);
        self.replaced(text, action);
    }

    fn replaced(&mut self, text: &str, action: Range<usize>) {
        let Some(map) = &mut self.map else {
            self.text.push_str(text);
            return;
        };
        // What is absent is printed so, and Helm removes it from the file's text afterwards.
        let text = text.replace(crate::evaluate::NO_VALUE, "");
        self.text.push_str(&text);
        map.push_replaced(text.len(), action);
    }

    /// Makes all writing stand for an action, until [`Output::leave`] is given what this returns.
    pub(crate) fn enter(&mut self, action: Range<usize>) -> Option<Range<usize>> {
        let outer = self.action.clone();
        self.action.get_or_insert(action);
        outer
    }

    /// Undoes [`Output::enter`].
    pub(crate) fn leave(&mut self, outer: Option<Range<usize>>) {
        self.action = outer;
    }

    /// The text, and its map where it has one.
    pub(crate) fn finish(self) -> (String, OffsetMap) {
        (self.text, self.map.unwrap_or_default())
    }
}
