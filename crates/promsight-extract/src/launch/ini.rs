//! Files of sections and settings: systemd, supervisord, uwsgi, setuptools.

use std::ops::Range;

use promsight_model::{Embedded, OffsetMap};

/// A setting.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// The section that it stands in; empty above the first.
    pub(super) section: String,
    /// Its name.
    pub(super) name: String,
    /// Its value; lines are parted by line breaks, or by a blank where a backslash continues them.
    pub(super) value: Embedded,
}

/// All settings of a text, in order. Indented lines go on with the value, as do lines behind a backslash.
pub(super) fn settings(source: &Embedded) -> Vec<Setting> {
    let mut settings: Vec<Setting> = Vec::new();
    let mut open: Option<Open> = None;
    let mut section = String::new();
    let mut at = 0;
    for line in source.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let kept = line.trim_end();
        let trimmed = kept.trim_start();
        let indent = kept.len() - trimmed.len();
        let is_continued = open.as_ref().is_some_and(|open| open.is_continued);
        if trimmed.is_empty() || !is_continued && trimmed.starts_with(['#', ';']) {
            continue;
        }
        if is_continued || indent > 0 && open.is_some() {
            if let Some(open) = &mut open {
                open.push(source, start + indent..start + kept.len());
            }
            continue;
        }
        settings.extend(open.take().map(|open| open.finish(source, &section)));
        if let Some(name) = trimmed.strip_prefix('[') {
            name.split(']')
                .next()
                .unwrap_or_default()
                .trim()
                .clone_into(&mut section);
            continue;
        }
        let Some(sign) = trimmed.find(['=', ':']) else {
            continue;
        };
        let behind = &trimmed[sign + 1..];
        let value = start + indent + sign + 1 + (behind.len() - behind.trim_start().len());
        let mut next = Open {
            name: trimmed[..sign].trim().to_owned(),
            text: String::new(),
            map: OffsetMap::at(value),
            is_continued: false,
        };
        next.push(source, value.min(start + kept.len())..start + kept.len());
        open = Some(next);
    }
    settings.extend(open.take().map(|open| open.finish(source, &section)));
    settings
}

struct Open {
    name: String,
    text: String,
    map: OffsetMap,
    is_continued: bool,
}

impl Open {
    fn push(&mut self, source: &Embedded, range: Range<usize>) {
        if !self.text.is_empty() {
            self.text.push(if self.is_continued { ' ' } else { '\n' });
            self.map.push_replaced(1, range.start..range.start);
        }
        let text = &source.text[range.clone()];
        let kept = text.strip_suffix('\\').map_or(text, str::trim_end);
        self.is_continued = text.ends_with('\\');
        self.text.push_str(kept);
        self.map.push_verbatim(range.start, kept.len());
    }

    fn finish(self, source: &Embedded, section: &str) -> Setting {
        Setting {
            section: section.to_owned(),
            name: self.name,
            value: source.nested(self.text, self.map),
        }
    }
}
