//! Un-rendered templates (Helm's Go templates, Jinja), made readable without rendering them.
//!
//! Owns: where the actions `{{ … }}`, `{% … %}` and `{# … #}` stand, and a text of the same length in which they
//! are harmless. Because no byte moves, every position found in the masked text is one of the original. It runs
//! no template and knows neither YAML nor JSON.

use std::ops::Range;

/// Whether the text holds anything that looks like a template action.
pub fn has_actions(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), b"{{").is_some()
        || memchr::memmem::find(text.as_bytes(), b"{%").is_some()
        || memchr::memmem::find_iter(text.as_bytes(), b"%{").any(|at| is_directive(&text.as_bytes()[at..]))
}

/// The text with its actions masked; `None` where it has none.
///
/// On a line on which nothing else stands an action becomes spaces; beside other text it becomes a word made of
/// `filler` (a byte that the format reads as part of a value). Line breaks stay, so lines keep their numbers.
pub fn mask(text: &str, filler: u8) -> Option<String> {
    let actions = actions(text);
    if actions.is_empty() {
        return None;
    }
    let mut bytes = text.as_bytes().to_vec();
    let mut line_start = 0;
    let mut next = 0;
    while line_start < bytes.len() {
        let line_end = memchr::memchr(b'\n', &bytes[line_start..]).map_or(bytes.len(), |at| line_start + at);
        while actions.get(next).is_some_and(|action| action.end <= line_start) {
            next += 1;
        }
        mask_line(&mut bytes, line_start..line_end, &actions[next..], filler);
        line_start = line_end + 1;
    }
    String::from_utf8(bytes).ok()
}

/// Masks what of the actions stands on one line.
fn mask_line(bytes: &mut [u8], line: Range<usize>, actions: &[Range<usize>], filler: u8) {
    let touching = || {
        actions
            .iter()
            .take_while(|action| action.start < line.end)
            .map(|action| action.start.max(line.start)..action.end.min(line.end))
    };
    let mut alone = true;
    let mut position = line.start;
    for part in touching() {
        alone &= bytes[position..part.start].iter().all(u8::is_ascii_whitespace);
        position = part.end;
    }
    alone &= bytes[position..line.end].iter().all(u8::is_ascii_whitespace);
    for part in touching() {
        for byte in &mut bytes[part] {
            if *byte != b'\r' {
                *byte = if alone { b' ' } else { filler };
            }
        }
    }
}

/// Every action of the text, in order. One that is not closed is none.
fn actions(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut actions = Vec::new();
    let mut position = 0;
    while let Some(found) = memchr::memchr(b'{', &bytes[position..]) {
        let mut start = position + found;
        let end = match bytes.get(start + 1) {
            Some(b'{') => close_of_expression(bytes, start + 2),
            // `{%%name%%` is a marker of Juju charms, not a Jinja statement.
            Some(b'%') if bytes.get(start + 2) != Some(&b'%') => close(bytes, start + 2, b"%}"),
            Some(b'#') => close(bytes, start + 2, b"#}"),
            // `%{` begins a directive of Terraform's templates.
            _ if found > 0 && bytes[start - 1] == b'%' && is_directive(&bytes[start - 1..]) => {
                start -= 1;
                close(bytes, start + 2, b"}")
            }
            _ => None,
        };
        match end {
            Some(end) => {
                actions.push(start..end);
                position = end;
            }
            None => position += found + 1,
        }
    }
    actions
}

/// Whether the text begins with a directive of Terraform's templates: `%{ if … }`, `%{~ endfor ~}`.
fn is_directive(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"%{") else {
        return false;
    };
    let rest = rest.strip_prefix(b"~").unwrap_or(rest).trim_ascii_start();
    [b"if ".as_slice(), b"else", b"endif", b"for ", b"endfor"]
        .iter()
        .any(|word| rest.starts_with(word))
}

/// How far an action may reach: beyond that the opening is taken to be plain text.
const MAX_ACTION: usize = 16 * 1024;

fn close(bytes: &[u8], from: usize, closing: &[u8]) -> Option<usize> {
    let window = bytes.get(from..bytes.len().min(from + MAX_ACTION))?;
    memchr::memmem::find(window, closing).map(|at| from + at + closing.len())
}

/// The end of `{{ … }}`. Braces in its strings do not close it: charts write `{{ "{{" }}` and
/// ``{{ `{{ $labels.x }}` }}`` to let an action through.
fn close_of_expression(bytes: &[u8], from: usize) -> Option<usize> {
    let limit = bytes.len().min(from + MAX_ACTION);
    if let Some(comment) = comment_start(bytes, from) {
        let end = close(bytes, comment, b"*/")?;
        return close(bytes, end, b"}}");
    }
    let mut position = from;
    while position < limit {
        match bytes[position] {
            b'}' if bytes.get(position + 1) == Some(&b'}') => return Some(position + 2),
            quote @ (b'"' | b'`' | b'\'') => position = string_end(bytes, position, quote, limit),
            _ => position += 1,
        }
    }
    None
}

fn comment_start(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let rest = rest.strip_prefix(b"-").unwrap_or(rest);
    let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    rest[blanks..]
        .starts_with(b"/*")
        .then(|| bytes.len() - rest.len() + blanks + 2)
}

/// One past the closing quote; just past the opening one where the string is not closed on this line (then it is
/// an apostrophe, not a string).
fn string_end(bytes: &[u8], open: usize, quote: u8, limit: usize) -> usize {
    let mut position = open + 1;
    while position < limit {
        match bytes[position] {
            b'\n' if quote != b'`' => break,
            b'\\' if quote != b'`' => position += 2,
            byte if byte == quote => return position + 1,
            _ => position += 1,
        }
    }
    open + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let masked = mask(text, b'x').expect("the text has an action");
        assert_eq!(masked.len(), text.len(), "a mask moves nothing");
        masked
    }

    #[test]
    fn an_action_alone_on_its_line_becomes_spaces() {
        assert_eq!(
            masked("a: 1\n  {{- if .x }}\nb: 2\n"),
            "a: 1\n              \nb: 2\n"
        );
    }

    #[test]
    fn an_action_beside_text_becomes_a_word() {
        assert_eq!(masked("a: {{ .x }}-b"), "a: xxxxxxxx-b");
        assert_eq!(
            masked("{% if x %}\na: {{y}}\n{# ä #}"),
            "          \na: xxxxx\n        "
        );
    }

    #[test]
    fn braces_in_strings_do_not_close_an_action() {
        assert_eq!(masked("a: {{ \"}}\" }}b"), "a: xxxxxxxxxxb");
        assert_eq!(masked("a: {{ `{{ $x }}` }}b"), format!("a: {}b", "x".repeat(16)));
        assert_eq!(masked("a: {{/* don't */}}b"), format!("a: {}b", "x".repeat(15)));
    }

    #[test]
    fn an_action_over_several_lines_keeps_the_lines() {
        assert_eq!(masked("a: {{ if\n  x }}\nb"), "a: xxxxx\n      \nb");
    }

    #[test]
    fn directives_of_terraform_are_actions() {
        assert_eq!(
            masked("%{ if x ~}\na: 1\n%{~ endif }"),
            "          \na: 1\n           "
        );
        assert_eq!(mask("a: %{WORD:b}", b'x'), None, "a pattern of Logstash is none");
    }

    #[test]
    fn what_is_no_action_stays() {
        assert_eq!(mask("up{%%juju_topology%%}", b'x'), None);
        assert_eq!(mask("{{ never closed", b'x'), None);
        assert_eq!(mask("{a: {b: 1}}", b'x'), None);
    }
}
