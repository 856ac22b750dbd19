//! What stands between words: blanks, comments, line breaks with their here documents, redirections.

use crate::parser::{Parser, literal};
use crate::words::name_length;

/// Whether the tabs before a here document's delimiter belong to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tabs {
    Kept,
    Stripped,
}

impl Parser<'_> {
    /// Blanks, continued lines and a comment.
    pub(crate) fn blanks(&mut self) {
        loop {
            let rest = self.rest();
            if rest.starts_with([' ', '\t']) {
                self.at += 1;
            } else if rest.starts_with("\\\n") {
                self.at += 2;
            } else if rest.starts_with("\\\r\n") {
                self.at += 3;
            } else if rest.starts_with("\r\n") {
                self.at += 1;
            } else if rest.starts_with('#') && self.may_begin_comment() {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else {
                return;
            }
        }
    }

    fn may_begin_comment(&self) -> bool {
        self.text[..self.at]
            .chars()
            .next_back()
            .is_none_or(|before| before.is_whitespace() || matches!(before, ';' | '&' | '|' | '(' | ')'))
    }

    /// Blanks, line breaks and semicolons.
    pub(crate) fn separators(&mut self) {
        loop {
            self.blanks();
            if self.rest().starts_with('\n') {
                self.line_break();
            } else if self.rest().starts_with(';') && !self.rest().starts_with(";;") {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    pub(crate) fn line_breaks(&mut self) {
        loop {
            self.blanks();
            if !self.rest().starts_with('\n') {
                return;
            }
            self.line_break();
        }
    }

    /// Passes the end of a line and the here documents that follow it.
    fn line_break(&mut self) {
        self.at += 1;
        for (delimiter, tabs) in std::mem::take(&mut self.heredocs) {
            loop {
                if self.at >= self.text.len() {
                    self.is_complete = false;
                    return;
                }
                let rest = self.rest();
                let length = rest.find('\n').map_or(rest.len(), |at| at + 1);
                let line = rest[..length].trim_end_matches(['\n', '\r']);
                self.at += length;
                let line = if tabs == Tabs::Stripped {
                    line.trim_start_matches('\t')
                } else {
                    line
                };
                if line == delimiter {
                    break;
                }
            }
        }
    }

    /// Passes redirections; whether there were any.
    pub(crate) fn redirections(&mut self) -> bool {
        let mut any = false;
        loop {
            self.blanks();
            let rest = self.rest();
            let digits = descriptor(rest);
            let operators = &rest[digits..];
            let is_both = digits == 0 && operators.starts_with("&>");
            if !is_both && !operators.starts_with(['<', '>']) {
                return any;
            }
            if operators.starts_with("<(") || operators.starts_with(">(") {
                return any;
            }
            any = true;
            let operator = [
                "&>>", "&>", "<<<", "<<-", "<<", "<>", "<&", ">>", ">&", ">|", "<", ">",
            ]
            .into_iter()
            .find(|operator| operators.starts_with(operator))
            .unwrap_or("<");
            self.at += digits + operator.len();
            self.blanks();
            let target = self.word();
            if let ("<<" | "<<-", Some(word)) = (operator, target) {
                let tabs = if operator == "<<-" {
                    Tabs::Stripped
                } else {
                    Tabs::Kept
                };
                self.heredocs.push((literal(&word), tabs));
            }
        }
    }
}

/// How many bytes name the file descriptor in front of a redirection: `2`, `{name}`.
fn descriptor(rest: &str) -> usize {
    if let Some((name, behind)) = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'))
        && behind.starts_with(['<', '>'])
        && name.len() == name_length(name)
    {
        return name.len() + 2;
    }
    rest.bytes().take_while(u8::is_ascii_digit).count()
}
