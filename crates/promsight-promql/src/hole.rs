//! Template holes: where one begins, where it ends, and what it is called.
//!
//! Owns the three template syntaxes of [`Holes`]. Knows nothing of PromQL beyond what tells a hole from an operator
//! (`%s` against the modulo of a metric named `s`).

use crate::Holes;

/// What stands in the text at a hole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HoleKind {
    /// Renders text: a name, a number, a matcher list, anything.
    Value,
    /// Renders nothing by itself: `{{ if … }}`, `{% endif %}`, an assignment, a comment.
    Control,
    /// `{{ else }}` and `{% elif … %}`: what stands before and behind are alternatives.
    Alternative,
    /// `{{ "{" }}`: the brace that opens a selector's matchers.
    OpenBrace,
    /// `{{ "}" }}`
    CloseBrace,
}

/// One hole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hole {
    /// Byte behind it.
    pub(crate) end: usize,
    /// Whether it renders text.
    pub(crate) kind: HoleKind,
    /// The variable's name, for Grafana's and the shell's variables.
    pub(crate) name: Option<String>,
}

/// Where in a query a possible hole stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Where an operand is expected: no operator can stand here.
    Operand,
    /// Behind an operand.
    Operator,
    /// Between the braces of a selector, outside a string.
    Braces,
    /// In a string.
    Text,
}

/// A longer action is none. Without a limit, many unclosed ones would each be searched to the end of the text.
const MAX_LENGTH: usize = 512;

/// The hole that begins at that byte, if one does.
pub(crate) fn at(text: &str, start: usize, holes: Holes, place: Place) -> Option<Hole> {
    let rest = beginning(text.get(start..)?);
    match rest.as_bytes().first()? {
        b'$' if holes.variables && rest.starts_with("$(") => command(rest, start),
        b'$' | b'[' if holes.variables => variable(rest, start),
        b'{' => {
            let action = action_or_marker(rest, start, holes, place);
            action.or_else(|| replacement_field(text, start, holes, place))
        }
        b'%' if holes.formats => format(text, start, place),
        b'#' if holes.variables => interpolation(rest, start),
        b'<' => adapter_field(rest, start, holes).or_else(|| placeholder(rest, start, holes, place)),
        b'.' | 0xe2 if holes.variables && place != Place::Text => ellipsis(rest, start),
        _ => None,
    }
}

/// A hole with or without a name, of that length.
fn value(start: usize, length: usize, name: Option<&str>) -> Hole {
    Hole {
        end: start + length,
        kind: HoleKind::Value,
        name: name.map(str::to_owned),
    }
}

/// `$(NAMESPACE)`, `$(cat file)`: Kubernetes' variables and the shell's commands. `$(a|b)` is a pattern.
fn command(rest: &str, start: usize) -> Option<Hole> {
    let inner = rest.strip_prefix("$(")?;
    let length = inner.find(')')?;
    let is_plain = |byte: u8| is_word(byte) || matches!(byte, b' ' | b'.' | b'/' | b'-' | b'$' | b'"');
    let is_command = inner.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && inner[..length].bytes().all(is_plain);
    is_command.then(|| value(start, length + 3, None))
}

/// `#{name}` of Ruby.
fn interpolation(rest: &str, start: usize) -> Option<Hole> {
    let inner = rest.strip_prefix("#{")?;
    let length = inner.find(['}', '\n'])?;
    (length > 0 && inner[length..].starts_with('}')).then(|| value(start, length + 3, None))
}

/// `<<.Series>>` of prometheus-adapter.
fn adapter_field(rest: &str, start: usize, holes: Holes) -> Option<Hole> {
    if !holes.actions {
        return None;
    }
    let inner = rest.strip_prefix("<<")?;
    let length = inner.find(['>', '\n'])?;
    let is_field = inner.trim_start().starts_with('.') || inner.trim_start().starts_with("index ");
    (is_field && inner[length..].starts_with(">>")).then(|| value(start, length + 4, None))
}

/// `<interval>` in a document. Where an operand is expected no comparison can stand.
fn placeholder(rest: &str, start: usize, holes: Holes, place: Place) -> Option<Hole> {
    if !holes.variables || !matches!(place, Place::Operand | Place::Braces) {
        return None;
    }
    placeholder_length(rest).map(|length| value(start, length, None))
}

/// Length of `<some words>` at the beginning.
pub(crate) fn placeholder_length(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('<')?;
    let length = inner.find('>')?;
    let is_plain = |byte: u8| is_word(byte) || matches!(byte, b' ' | b'-' | b'.');
    let is_placeholder =
        inner.starts_with(|first: char| first.is_ascii_alphabetic()) && inner[..length].bytes().all(is_plain);
    is_placeholder.then_some(length + 2)
}

/// `...` and `…`, where a document leaves something out.
fn ellipsis(rest: &str, start: usize) -> Option<Hole> {
    let marks = ["...", "…"];
    let mark = marks.into_iter().find(|mark| rest.starts_with(mark))?;
    Some(value(start, mark.len(), None))
}

/// `{name}` and `{}` of a Python format string, where no braces of a selector can be: in the middle of a name, or
/// in the place of an operand. `{name}` is also a filter of MetricsQL, behind a name.
fn replacement_field(text: &str, start: usize, holes: Holes, place: Place) -> Option<Hole> {
    if !holes.variables || !holes.formats || matches!(place, Place::Braces | Place::Text) {
        return None;
    }
    let inner = text.get(start + 1..)?;
    let length = inner
        .bytes()
        .take(MAX_LENGTH)
        .take_while(|byte| is_word(*byte) || *byte == b'.')
        .count();
    let behind = inner.as_bytes().get(length + 1).copied().unwrap_or(b' ');
    if inner.as_bytes().get(length) != Some(&b'}') || inner.starts_with(|first: char| first.is_ascii_digit())
    {
        return None;
    }
    let before = start.checked_sub(1).and_then(|index| text.as_bytes().get(index));
    let in_name = matches!(before, Some(b'_' | b':'));
    let goes_on = is_word(behind) || behind == b'{';
    let possible = match (place, length > 0) {
        (Place::Operand, true) => true,
        (_, true) => in_name,
        (Place::Operand, false) => goes_on,
        (_, false) => in_name && goes_on,
    };
    let name = &inner[..length];
    possible.then(|| value(start, length + 2, (length > 0).then_some(name)))
}

/// The text of a Go action that is nothing but a raw string (``{{`up == 0`}}``), and the end of the action.
pub(crate) fn raw_text(text: &str, start: usize, holes: Holes) -> Option<(std::ops::Range<usize>, usize)> {
    if !holes.actions {
        return None;
    }
    let skipped = |from: usize, characters: &[char]| {
        let rest = &text[from..];
        from + rest.len() - rest.trim_start_matches(characters).len()
    };
    if !text.get(start..)?.starts_with("{{") {
        return None;
    }
    let open = skipped(start + 2, &['-', ' ', '\t', '\n', '\r']);
    let inner = text[open..].strip_prefix('`')?;
    let length = inner.find('`')?;
    let close = open + 1 + length;
    let end = skipped(close + 1, &['-', ' ', '\t', '\n', '\r']);
    let is_brace = matches!(inner[..length].trim(), "{{" | "}}" | "{" | "}");
    (text[end..].starts_with("}}") && !is_brace).then_some((open + 1..close, end + 2))
}

/// As much of a text as a hole can take.
fn beginning(rest: &str) -> &str {
    let mut end = rest.len().min(MAX_LENGTH);
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    &rest[..end]
}

/// Grafana's own pattern for variables, `\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:^\}]+))?(?::([^\}]+))?\}`,
/// widened by what a shell allows behind the name. `$1` is a replacement of `label_replace`, not a variable.
fn variable(rest: &str, start: usize) -> Option<Hole> {
    let (open, close) = match rest.as_bytes() {
        [b'$', b'{', ..] => (2, "}"),
        [b'[', b'[', ..] => (2, "]]"),
        [b'$', ..] => (1, ""),
        _ => return None,
    };
    let inner = &rest[open..];
    let name_length = inner.bytes().take_while(|byte| is_word(*byte)).count();
    let name = &inner[..name_length];
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let length = match close {
        "" => open + name_length,
        "]]" => {
            let behind = &inner[name_length..];
            let format = behind.strip_prefix(':').map_or(0, |format| {
                1 + format.bytes().take_while(|byte| is_word(*byte)).count()
            });
            if !behind[format..].starts_with(close) {
                return None;
            }
            open + name_length + format + close.len()
        }
        _ => {
            let line_end = inner.find('\n').unwrap_or(inner.len());
            open + inner[..line_end].find('}')? + 1
        }
    };
    Some(Hole {
        end: start + length,
        kind: HoleKind::Value,
        name: Some(name.to_owned()),
    })
}

/// `{{ … }}`, `{% … %}`, `{# … #}`.
fn action_or_marker(rest: &str, start: usize, holes: Holes, place: Place) -> Option<Hole> {
    if !holes.actions {
        return None;
    }
    let hole = |length: usize, kind: HoleKind| {
        Some(Hole {
            end: start + length,
            kind,
            name: None,
        })
    };
    match rest.as_bytes() {
        // `foo{%%topology%%}`: the brace is the selector's, the marker follows.
        [b'{', b'%', b'%', ..] => None,
        [b'{', b'%', ..] => {
            let length = closing(rest, "%}")?;
            hole(
                length,
                control(inside(&rest[2..length - 2])).unwrap_or(HoleKind::Control),
            )
        }
        [b'{', b'#', ..] if place != Place::Text => {
            // Only on one line: a PromQL comment may follow a brace too, and it ends with its line.
            let line = rest.lines().next().unwrap_or_default();
            hole(line[2..].find("#}")? + 4, HoleKind::Control)
        }
        // `foo{{{ matchers }}}`: the outer braces are the selector's.
        [b'{', b'{', b'{', ..] if place != Place::Text => None,
        [b'{', b'{', ..] => {
            let length = closing(rest, "}}")?;
            let content = inside(&rest[2..length - 2]);
            if is_quoted(content, "{{") {
                // `{{ "{{" }} … {{ "}}" }}` renders an action for a later stage: one hole.
                if let Some(escaped) = escaped_action(&rest[length..]) {
                    return hole(length + escaped, HoleKind::Value);
                }
            }
            let kind = match content {
                _ if place == Place::Text => control(content),
                _ if is_quoted(content, "{") => Some(HoleKind::OpenBrace),
                _ if is_quoted(content, "}") => Some(HoleKind::CloseBrace),
                _ => control(content),
            };
            hole(length, kind.unwrap_or(HoleKind::Value))
        }
        _ => None,
    }
}

/// Length up to and with the closing mark that is not in quotes; without one, the first closing mark.
fn closing(rest: &str, mark: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut quote = None;
    let mut index = 2;
    while index < bytes.len() {
        let byte = bytes[index];
        match quote {
            None if bytes[index..].starts_with(mark.as_bytes()) => return Some(index + mark.len()),
            None if matches!(byte, b'"' | b'\'' | b'`') => quote = Some(byte),
            Some(open) if byte == b'\\' && open != b'`' => index += 1,
            Some(open) if byte == open => quote = None,
            _ => {}
        }
        index += 1;
    }
    rest[2..].find(mark).map(|index| 2 + index + mark.len())
}

/// Length up to and with the action that renders `}}`.
fn escaped_action(rest: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(open) = rest[from..].find("{{").map(|index| index + from) {
        let end = open + closing(&rest[open..], "}}")?;
        if is_quoted(inside(&rest[open + 2..end - 2]), "}}") {
            return Some(end);
        }
        from = end;
    }
    None
}

fn is_quoted(content: &str, inner: &str) -> bool {
    ['"', '\'', '`'].iter().any(|quote| {
        content
            .strip_prefix(*quote)
            .and_then(|rest| rest.strip_suffix(*quote))
            .map(str::trim)
            == Some(inner)
    })
}

/// The content of an action without the marks that trim white space around it.
fn inside(content: &str) -> &str {
    content
        .trim_matches(|edge: char| matches!(edge, '-' | '~' | '+'))
        .trim()
}

/// What kind of control action it is, if it is one: Go's, Jinja's and Handlebars' words, assignments, comments.
fn control(content: &str) -> Option<HoleKind> {
    const ALTERNATIVES: [&str; 2] = ["else", "elif"];
    const WORDS: [&str; 8] = [
        "if", "end", "range", "with", "define", "block", "break", "continue",
    ];
    if content.is_empty() || content.starts_with(['/', '#', '!']) {
        return Some(HoleKind::Control);
    }
    let length = content.bytes().take_while(|byte| is_word(*byte)).count();
    let (word, behind) = content.split_at(length);
    // `{{ end_time }}` and `{{ range(3) }}` are values; the word stands alone in a control action.
    if behind.is_empty() || behind.starts_with(char::is_whitespace) {
        if ALTERNATIVES.contains(&word) {
            return Some(HoleKind::Alternative);
        }
        if WORDS.contains(&word) {
            return Some(HoleKind::Control);
        }
    }
    let variable = content.strip_prefix('$')?;
    let name = variable.bytes().take_while(|byte| is_word(*byte)).count();
    let behind = variable[name..].trim_start();
    let assigns = behind.starts_with(":=") || (behind.starts_with('=') && !behind.starts_with("=="));
    assigns.then_some(HoleKind::Control)
}

/// `%%topology%%`, `%(name)s`, `%s`.
fn format(text: &str, start: usize, place: Place) -> Option<Hole> {
    let bytes = &text.as_bytes()[start..];
    let hole = |length: usize| {
        Some(Hole {
            end: start + length,
            kind: HoleKind::Value,
            name: None,
        })
    };
    if bytes.get(1) == Some(&b'%') {
        let name = bytes[2..].iter().take_while(|byte| is_word(**byte)).count();
        let marked = name > 0 && bytes[2 + name..].starts_with(b"%%");
        return if marked { hole(name + 4) } else { None };
    }
    let named = match bytes.get(1) {
        Some(b'(') => {
            let name = bytes[2..].iter().take_while(|byte| is_word(**byte)).count();
            if name == 0 || bytes.get(2 + name) != Some(&b')') {
                return None;
            }
            name + 2
        }
        _ => 0,
    };
    let flags = bytes[1 + named..]
        .iter()
        .take_while(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'#'));
    let conversion = 1 + named + flags.count();
    if !matches!(
        bytes.get(conversion)?,
        b's' | b'd' | b'i' | b'f' | b'g' | b'v' | b'q' | b'r'
    ) {
        return None;
    }
    let length = conversion + 1;
    if named > 0 {
        return hole(length);
    }
    // `a %s` is the modulo of the series `s`; `foo_%s_total`, `(%s)` and `"%s"` can only be formats.
    let before = start.checked_sub(1).and_then(|index| text.as_bytes().get(index));
    let joined = matches!(before, Some(b'_' | b':'));
    let ends = bytes.get(length).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let possible = match place {
        Place::Operand | Place::Braces | Place::Text => true,
        Place::Operator => joined,
    };
    if possible && ends { hole(length) } else { None }
}

/// A character of `\w` in the patterns above.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
