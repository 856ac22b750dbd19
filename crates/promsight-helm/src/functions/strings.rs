//! Texts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Arguments, Entry, MAX_LENGTH};
use crate::data::Data;
use crate::evaluate::{Evaluator, Outcome, fail};

pub(super) const FUNCTIONS: &[Entry] = &[
    ("trim", "s", |_, arguments| Ok(arguments.text(0).trim().into())),
    ("upper", "s", |_, arguments| {
        Ok(arguments.text(0).to_uppercase().into())
    }),
    ("lower", "s", |_, arguments| {
        Ok(arguments.text(0).to_lowercase().into())
    }),
    ("title", "s", |_, arguments| Ok(title(&arguments.text(0)).into())),
    ("untitle", "s", |_, arguments| {
        Ok(untitle(&arguments.text(0)).into())
    }),
    ("repeat", "is", |_, arguments| {
        let (count, text) = (arguments.integer(0), arguments.text(1));
        let Ok(count) = usize::try_from(count) else {
            return fail("negative repeat count");
        };
        if count.saturating_mul(text.len()) > MAX_LENGTH {
            return fail("a text is repeated too often");
        }
        Ok(text.repeat(count).into())
    }),
    ("substr", "iis", |_, arguments| {
        let text = arguments.text(2);
        let (start, end) = (arguments.integer(0), arguments.integer(1));
        let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
        if start < 0 {
            return bytes(&text, 0, end);
        }
        bytes(&text, start, if end < 0 || end > length { length } else { end })
    }),
    ("trunc", "is", |_, arguments| {
        let (count, text) = (arguments.integer(0), arguments.text(1));
        let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
        if count < 0 && length.saturating_add(count) > 0 {
            return bytes(&text, length.saturating_add(count), length);
        }
        if count >= 0 && length > count {
            return bytes(&text, 0, count);
        }
        Ok(Data::Text(text))
    }),
    ("trimall", "ss", trim_all),
    ("trimAll", "ss", trim_all),
    ("trimSuffix", "ss", |_, arguments| {
        let text = arguments.text(1);
        Ok(text.strip_suffix(&*arguments.text(0)).unwrap_or(&text).into())
    }),
    ("trimPrefix", "ss", |_, arguments| {
        let text = arguments.text(1);
        Ok(text.strip_prefix(&*arguments.text(0)).unwrap_or(&text).into())
    }),
    ("nospace", "s", |_, arguments| {
        let text = arguments.text(0);
        Ok(text
            .chars()
            .filter(|character| !character.is_whitespace())
            .collect::<String>()
            .into())
    }),
    ("initials", "s", |_, arguments| {
        let text = arguments.text(0);
        let initials = text.split_whitespace().filter_map(|word| word.chars().next());
        Ok(initials.collect::<String>().into())
    }),
    ("contains", "ss", |_, arguments| {
        Ok(arguments.text(1).contains(&*arguments.text(0)).into())
    }),
    ("hasPrefix", "ss", |_, arguments| {
        Ok(arguments.text(1).starts_with(&*arguments.text(0)).into())
    }),
    ("hasSuffix", "ss", |_, arguments| {
        Ok(arguments.text(1).ends_with(&*arguments.text(0)).into())
    }),
    ("quote", "a*", |_, arguments| {
        let given = arguments.all().iter().filter(|value| !value.is_nil());
        let quoted: Vec<String> = given.map(|value| quoted(&value.text())).collect();
        Ok(quoted.join(" ").into())
    }),
    ("squote", "a*", |_, arguments| {
        let given = arguments.all().iter().filter(|value| !value.is_nil());
        let quoted: Vec<String> = given.map(|value| format!("'{}'", value.text())).collect();
        Ok(quoted.join(" ").into())
    }),
    ("cat", "a*", |_, arguments| {
        let given = arguments.all().iter().filter(|value| !value.is_nil());
        let texts: Vec<String> = given.map(Data::printed).collect();
        Ok(texts.join(" ").into())
    }),
    ("indent", "is", |_, arguments| {
        Ok(indented(arguments.count(0), &arguments.text(1))?.into())
    }),
    ("nindent", "is", |_, arguments| {
        let text = indented(arguments.count(0), &arguments.text(1))?;
        Ok(format!("\n{text}").into())
    }),
    ("replace", "sss", |_, arguments| {
        let (old, new, text) = (arguments.text(0), arguments.text(1), arguments.text(2));
        let times = if old.is_empty() {
            text.len()
        } else {
            text.len() / old.len()
        };
        if times.saturating_mul(new.len()) > MAX_LENGTH {
            return fail("a text becomes too long");
        }
        Ok(text.replace(&*old, &new).into())
    }),
    ("plural", "ssi", |_, arguments| {
        let chosen = usize::from(arguments.integer(2) != 1);
        Ok(Data::Text(arguments.text(chosen)))
    }),
    ("toString", "a", |_, arguments| {
        Ok(Data::Text(arguments.any(0).text()))
    }),
    ("split", "ss", |_, arguments| {
        let (separator, text) = (arguments.text(0), arguments.text(1));
        Ok(numbered(&pieces(&separator, &text)))
    }),
    ("splitn", "sis", |_, arguments| {
        let (separator, text) = (arguments.text(0), arguments.text(2));
        let pieces = match usize::try_from(arguments.integer(1)) {
            Ok(0) => Vec::new(),
            Ok(count) => text.splitn(count, &*separator).collect(),
            Err(_) => pieces(&separator, &text),
        };
        Ok(numbered(&pieces))
    }),
    ("splitList", "ss", |_, arguments| {
        let (separator, text) = (arguments.text(0), arguments.text(1));
        Ok(Data::list(
            pieces(&separator, &text).into_iter().map(Data::from).collect(),
        ))
    }),
    ("snakecase", "s", |_, arguments| {
        Ok(words(&arguments.text(0)).join("_").into())
    }),
    ("kebabcase", "s", |_, arguments| {
        Ok(words(&arguments.text(0)).join("-").into())
    }),
    ("camelcase", "s", |_, arguments| {
        Ok(pascal(&arguments.text(0)).into())
    }),
    ("swapcase", "s", |_, arguments| {
        let text = arguments.text(0);
        let swapped = text.chars().map(|character| {
            if character.is_uppercase() {
                character.to_lowercase().collect::<String>()
            } else {
                character.to_uppercase().collect()
            }
        });
        Ok(swapped.collect::<String>().into())
    }),
    ("abbrev", "is", |_, arguments| {
        let (width, text) = (arguments.integer(0), arguments.text(1));
        if width < 4 || text.len() <= arguments.count(0) {
            return Ok(Data::Text(text));
        }
        let Data::Text(kept) = bytes(&text, 0, width - 3)? else {
            return Ok(Data::Text(text));
        };
        Ok(format!("{kept}...").into())
    }),
    ("wrap", "is", |_, arguments| {
        Ok(wrapped(&arguments.text(1), arguments.count(0), "\n").into())
    }),
    ("wrapWith", "iss", |_, arguments| {
        Ok(wrapped(&arguments.text(2), arguments.count(0), &arguments.text(1)).into())
    }),
    ("base", "s", |_, arguments| Ok(base(&arguments.text(0)).into())),
    ("osBase", "s", |_, arguments| Ok(base(&arguments.text(0)).into())),
    (
        "dir",
        "s",
        |_, arguments| Ok(directory(&arguments.text(0)).into()),
    ),
    ("osDir", "s", |_, arguments| {
        Ok(directory(&arguments.text(0)).into())
    }),
    ("clean", "s", |_, arguments| Ok(clean(&arguments.text(0)).into())),
    (
        "osClean",
        "s",
        |_, arguments| Ok(clean(&arguments.text(0)).into()),
    ),
    (
        "ext",
        "s",
        |_, arguments| Ok(extension(&arguments.text(0)).into()),
    ),
    ("osExt", "s", |_, arguments| {
        Ok(extension(&arguments.text(0)).into())
    }),
    ("isAbs", "s", |_, arguments| {
        Ok(arguments.text(0).starts_with('/').into())
    }),
    ("osIsAbs", "s", |_, arguments| {
        Ok(arguments.text(0).starts_with('/').into())
    }),
    ("html", "a*", |_, arguments| {
        let mut out = String::new();
        for character in super::format::print(arguments.all()).chars() {
            match character {
                '"' => out.push_str("&#34;"),
                '\'' => out.push_str("&#39;"),
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                other => out.push(other),
            }
        }
        Ok(out.into())
    }),
    ("js", "a*", |_, arguments| {
        let mut out = String::new();
        for character in super::format::print(arguments.all()).chars() {
            match character {
                '\\' => out.push_str("\\\\"),
                '\'' => out.push_str("\\'"),
                '"' => out.push_str("\\\""),
                '<' | '>' | '&' | '=' => {
                    let _ = write!(out, "\\u{:04X}", u32::from(character));
                }
                other if other.is_control() => {
                    let _ = write!(out, "\\u{:04X}", u32::from(other));
                }
                other => out.push(other),
            }
        }
        Ok(out.into())
    }),
];

/// A part of a text by bytes; what it cuts through is replaced.
fn bytes(text: &str, start: i64, end: i64) -> Outcome {
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    match range.and_then(|(start, end)| text.as_bytes().get(start..end)) {
        Some(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned().into()),
        None => fail("slice bounds out of range"),
    }
}

fn trim_all(_: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let set = arguments.text(0);
    Ok(arguments
        .text(1)
        .trim_matches(|character| set.contains(character))
        .into())
}

fn title(text: &str) -> String {
    let mut out = String::new();
    let mut previous = ' ';
    for character in text.chars() {
        if is_separator(previous) {
            out.extend(character.to_uppercase());
        } else {
            out.push(character);
        }
        previous = character;
    }
    out
}

/// Whether a word ends before the character, as `strings.Title` has it.
fn is_separator(character: char) -> bool {
    if character == '_' || character.is_alphanumeric() {
        return false;
    }
    character.is_ascii() || character.is_whitespace()
}

fn untitle(text: &str) -> String {
    let mut out = String::new();
    let mut begins = true;
    for character in text.chars() {
        if begins {
            out.extend(character.to_lowercase());
        } else {
            out.push(character);
        }
        begins = character.is_whitespace();
    }
    out
}

/// `strconv.Quote`.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            other if other < ' ' || other == '\u{7f}' => {
                let _ = write!(out, "\\x{:02x}", u32::from(other));
            }
            other if is_printable(other) => out.push(other),
            other if u32::from(other) < 0x1_0000 => {
                let _ = write!(out, "\\u{:04x}", u32::from(other));
            }
            other => {
                let _ = write!(out, "\\U{:08x}", u32::from(other));
            }
        }
    }
    out.push('"');
    out
}

fn is_printable(character: char) -> bool {
    let is_invisible = matches!(
        u32::from(character),
        0x80..=0x9f | 0xa0 | 0xad | 0x2000..=0x200f | 0x2028..=0x202f | 0x205f..=0x206f | 0x3000 | 0xfeff | 0xfff9..=0xfffb
            | 0xe000..=0xf8ff
    );
    !is_invisible
}

fn indented(spaces: usize, text: &str) -> Outcome<String> {
    let lines = 1 + text.bytes().filter(|byte| *byte == b'\n').count();
    if lines.saturating_mul(spaces).saturating_add(text.len()) > MAX_LENGTH {
        return fail("a text is indented too far");
    }
    let pad = " ".repeat(spaces);
    Ok(format!("{pad}{}", text.replace('\n', &format!("\n{pad}"))))
}

/// `strings.Split`: without a separator, the characters.
fn pieces<'a>(separator: &str, text: &'a str) -> Vec<&'a str> {
    if !separator.is_empty() {
        return text.split(separator).collect();
    }
    let ends = text
        .char_indices()
        .map(|(start, character)| &text[start..start + character.len_utf8()]);
    ends.collect()
}

fn numbered(pieces: &[&str]) -> Data {
    let entries: BTreeMap<String, Data> = pieces
        .iter()
        .enumerate()
        .map(|(index, piece)| (format!("_{index}"), Data::from(*piece)))
        .collect();
    Data::map(entries)
}

/// The words of a name in lower case: at blanks, dashes, underscores, and where capitals or digits begin one.
fn words(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let kind = |character: char| {
        if character.is_uppercase() {
            2
        } else if character.is_ascii_digit() {
            1
        } else {
            0
        }
    };
    for (index, character) in characters.iter().copied().enumerate() {
        if matches!(character, ' ' | '-' | '_' | '\t' | '\n') {
            words.push(std::mem::take(&mut word));
            continue;
        }
        let previous = index.checked_sub(1).map(|before| characters[before]);
        let begins = previous.is_some_and(|previous| {
            let next_is_lower = characters.get(index + 1).is_some_and(|next| next.is_lowercase());
            match (kind(previous), kind(character)) {
                (0 | 1, 2) => previous != '-' && previous != '_' && previous != ' ',
                (2, 2) => next_is_lower,
                (0, 1) => previous.is_alphabetic(),
                (1, 0) => {
                    character.is_alphabetic()
                        && word.len() > 1
                        && word.bytes().all(|byte| byte.is_ascii_digit())
                }
                _ => false,
            }
        });
        if begins && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        word.extend(character.to_lowercase());
    }
    words.push(word);
    words
}

fn pascal(text: &str) -> String {
    let mut out = String::new();
    let mut begins = true;
    for character in text.chars() {
        if matches!(character, '_' | '-' | ' ') {
            begins = true;
            continue;
        }
        if begins {
            out.extend(character.to_uppercase());
        } else {
            out.extend(character.to_lowercase());
        }
        begins = false;
    }
    out
}

fn wrapped(text: &str, width: usize, line_break: &str) -> String {
    let width = width.max(1);
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 {
            if column + 1 + length > width {
                out.push_str(line_break);
                column = 0;
            } else {
                out.push(' ');
                column += 1;
            }
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// `path.Base`.
fn base(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    let path = path.trim_end_matches('/');
    match path.rsplit('/').next() {
        None | Some("") => "/".to_owned(),
        Some(name) => name.to_owned(),
    }
}

/// `path.Dir`.
fn directory(path: &str) -> String {
    let end = path.rfind('/').map_or(0, |at| at + 1);
    clean(&path[..end])
}

/// `path.Ext`.
fn extension(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rfind('.')
        .map_or_else(String::new, |at| name[at..].to_owned())
}

/// `path.Clean`.
pub(crate) fn clean(path: &str) -> String {
    let is_rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if is_rooted => {}
            other => parts.push(other),
        }
    }
    let joined = parts.join("/");
    match (is_rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}
