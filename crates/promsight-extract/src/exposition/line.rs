//! One line of the exposition format to what it says, with the place of each part.
//!
//! Owns the tokens of the classic text format (0.0.4 and 1.0.0, which quotes UTF-8 names) and of OpenMetrics 1.0. Both are
//! read by the same rules: what one of them allows is no error in a listing. Knows nothing of families.

use std::borrow::Cow;
use std::ops::Range;

/// More labels than any series has; comparing each with each stays cheap.
const MOST_LABELS: usize = 256;

/// What one line says. Ranges count bytes of the line.
#[derive(Debug, PartialEq)]
pub(super) enum Line<'a> {
    /// It is blank, or a comment.
    Nothing,
    /// `# EOF`: what stands before it is OpenMetrics.
    End,
    /// `# TYPE`, `# HELP` or `# UNIT`.
    Descriptor {
        /// Which.
        keyword: Keyword,
        /// The family's name.
        name: Text<'a>,
        /// What stands behind it.
        rest: &'a str,
    },
    /// A sample.
    Sample {
        /// Its name.
        name: Text<'a>,
        /// Its labels in the order of writing.
        labels: Vec<(Text<'a>, Text<'a>)>,
        /// Name and labels together.
        whole: Range<usize>,
    },
}

/// Which descriptor a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Help,
    Type,
    Unit,
}

/// A decoded name or value and where it stands, without quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) range: Range<usize>,
}

/// Reads a line without its line break; errs with a clause on what is wrong.
pub(super) fn read(line: &str) -> Result<Line<'_>, String> {
    let mut cursor = Cursor { line, at: 0 };
    cursor.skip_blanks();
    if cursor.is_done() {
        return Ok(Line::Nothing);
    }
    if cursor.eat('#') {
        return comment(cursor);
    }
    sample(cursor)
}

fn comment(mut cursor: Cursor<'_>) -> Result<Line<'_>, String> {
    if cursor.rest() == " EOF" {
        return Ok(Line::End);
    }
    if cursor.skip_blanks() == 0 {
        return Ok(Line::Nothing);
    }
    let keyword = match cursor.word() {
        "HELP" => Keyword::Help,
        "TYPE" => Keyword::Type,
        "UNIT" => Keyword::Unit,
        _ => return Ok(Line::Nothing),
    };
    // A comment may begin with the word by chance.
    if cursor.skip_blanks() == 0 || cursor.is_done() {
        return match keyword {
            Keyword::Type => Err("`# TYPE` names no family".to_owned()),
            Keyword::Help | Keyword::Unit => Ok(Line::Nothing),
        };
    }
    let name = if cursor.peek() == Some('"') {
        cursor.quoted()?
    } else {
        cursor.metric_name()?
    };
    if cursor.skip_blanks() == 0 && !cursor.is_done() {
        return Err(format!("`{}` is followed by no blank", name.text));
    }
    Ok(Line::Descriptor {
        keyword,
        name,
        rest: cursor.rest(),
    })
}

fn sample(mut cursor: Cursor<'_>) -> Result<Line<'_>, String> {
    let start = cursor.at;
    let mut name = None;
    if cursor.peek() != Some('{') {
        name = Some(cursor.metric_name()?);
        cursor.skip_blanks();
    }
    let mut end = name.as_ref().map_or(start, |name| name.range.end);
    let mut labels = Vec::new();
    if cursor.eat('{') {
        let quoted_name = label_set(&mut cursor, &mut labels)?;
        end = cursor.at;
        name = match (name, quoted_name) {
            (Some(_), Some(second)) => return Err(format!("`{}` is a second name", second.text)),
            (name, quoted) => name.or(quoted),
        };
    }
    let Some(name) = name else {
        return Err("the sample has no name".to_owned());
    };
    cursor.skip_blanks();
    cursor.value()?;
    if cursor.skip_blanks() > 0 && !cursor.is_done() && cursor.peek() != Some('#') {
        cursor.timestamp()?;
        cursor.skip_blanks();
    }
    if cursor.eat('#') {
        exemplar(&mut cursor)?;
    }
    if !cursor.is_done() {
        return Err(format!("`{}` is too much", shortened(cursor.rest())));
    }
    Ok(Line::Sample {
        name,
        labels,
        whole: start..end,
    })
}

/// What stands between braces, the closing one included; the name that is written there in quotes, if one is.
fn label_set<'a>(
    cursor: &mut Cursor<'a>,
    labels: &mut Vec<(Text<'a>, Text<'a>)>,
) -> Result<Option<Text<'a>>, String> {
    let mut name = None;
    loop {
        cursor.skip_blanks();
        if cursor.eat('}') {
            return Ok(name);
        }
        let label = if cursor.peek() == Some('"') {
            cursor.quoted()?
        } else {
            cursor.label_name()?
        };
        cursor.skip_blanks();
        if cursor.eat('=') {
            cursor.skip_blanks();
            if cursor.peek() != Some('"') {
                return Err(format!("the value of `{}` stands in no quotes", label.text));
            }
            let value = cursor.quoted()?;
            if labels.len() == MOST_LABELS {
                return Err(format!("it has more than {MOST_LABELS} labels"));
            }
            if labels.iter().any(|(known, _)| known.text == label.text) {
                return Err(format!("the label `{}` stands there twice", label.text));
            }
            labels.push((label, value));
        } else if name.is_none() && cursor.line[..label.range.start].ends_with('"') {
            name = Some(label);
        } else {
            return Err(format!("`=` is missing behind `{}`", label.text));
        }
        cursor.skip_blanks();
        if !cursor.eat(',') && cursor.peek() != Some('}') {
            return Err("the braces are not closed".to_owned());
        }
    }
}

/// What stands behind the `#` of a sample: its labels, its value and maybe its time.
fn exemplar(cursor: &mut Cursor<'_>) -> Result<(), String> {
    cursor.skip_blanks();
    if !cursor.eat('{') {
        return Err("an exemplar begins with `{`".to_owned());
    }
    if label_set(cursor, &mut Vec::new())?.is_some() {
        return Err("an exemplar has no name".to_owned());
    }
    cursor.skip_blanks();
    cursor.value()?;
    if cursor.skip_blanks() > 0 && !cursor.is_done() {
        cursor.timestamp()?;
        cursor.skip_blanks();
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Cursor<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    fn is_done(&self) -> bool {
        self.at == self.line.len()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let is_there = self.rest().starts_with(wanted);
        if is_there {
            self.at += wanted.len_utf8();
        }
        is_there
    }

    /// Skips blanks and tabs; how many.
    fn skip_blanks(&mut self) -> usize {
        let rest = self.rest();
        let skipped = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        self.at += skipped;
        skipped
    }

    /// What comes before the next blank.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let word = &rest[..rest.find([' ', '\t']).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn metric_name(&mut self) -> Result<Text<'a>, String> {
        let name = self.identifier(|byte| byte == b':');
        name.ok_or_else(|| format!("`{}` begins with no name", shortened(self.rest())))
    }

    fn label_name(&mut self) -> Result<Text<'a>, String> {
        let name = self.identifier(|_| false);
        name.ok_or_else(|| format!("`{}` begins with no label", shortened(self.rest())))
    }

    fn identifier(&mut self, also: impl Fn(u8) -> bool) -> Option<Text<'a>> {
        let rest = self.rest();
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || also(byte);
        let length = rest.bytes().take_while(|byte| is_part(*byte)).count();
        if length == 0 || rest.as_bytes()[0].is_ascii_digit() {
            return None;
        }
        let start = self.at;
        self.at += length;
        Some(Text {
            text: Cow::Borrowed(&rest[..length]),
            range: start..self.at,
        })
    }

    /// A text in quotes. `\\`, `\"` and `\n` are escapes; any other backslash stands for itself, as Prometheus has it.
    fn quoted(&mut self) -> Result<Text<'a>, String> {
        self.eat('"');
        let (start, rest) = (self.at, self.rest());
        let mut text = Cow::Borrowed("");
        let mut copied = 0;
        let mut bytes = rest.bytes().enumerate();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    self.at += at + 1;
                    if copied == 0 {
                        text = Cow::Borrowed(&rest[..at]);
                    } else {
                        text.to_mut().push_str(&rest[copied..at]);
                    }
                    return Ok(Text {
                        text,
                        range: start..start + at,
                    });
                }
                b'\\' => {
                    let escaped = bytes.next().map(|(_, escaped)| escaped);
                    let meant = match escaped {
                        Some(b'n') => '\n',
                        Some(b'"') => '"',
                        Some(b'\\') => '\\',
                        _ => continue,
                    };
                    text.to_mut().push_str(&rest[copied..at]);
                    text.to_mut().push(meant);
                    copied = at + 2;
                }
                _ => {}
            }
        }
        Err("a quote is not closed".to_owned())
    }

    fn value(&mut self) -> Result<(), String> {
        let word = self.word();
        if is_number(word) {
            return Ok(());
        }
        Err(if word.is_empty() {
            "the sample has no value".to_owned()
        } else {
            format!("`{}` is no number", shortened(word))
        })
    }

    fn timestamp(&mut self) -> Result<(), String> {
        let word = self.word();
        if is_number(word) {
            return Ok(());
        }
        Err(format!("`{}` is no time", shortened(word)))
    }
}

/// A number as Prometheus reads it: decimal, or one of the words for infinity and NaN.
fn is_number(word: &str) -> bool {
    word.parse::<f64>().is_ok()
}

/// So much of a text that a message stays a line.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
