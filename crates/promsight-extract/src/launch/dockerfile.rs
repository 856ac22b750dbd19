//! Dockerfiles (syntax 1.x of BuildKit).
//!
//! Own and lenient, since it must not fail on one bad line: parsers there are refuse the file, expand no words, and keep
//! no way back through continued lines.

use promsight_model::launch::{CommandForm, Dockerfile, Instruction, InstructionKind, Piece, Stage, Word};
use promsight_model::{Embedded, OffsetMap, SourceFile};

use crate::decode::json;

/// More stages and instructions than any image has.
const MAX_INSTRUCTIONS: usize = 20_000;

/// Reads a Dockerfile.
pub(super) fn read(file: &SourceFile) -> Dockerfile {
    let source = Embedded::whole(file.id, &file.text);
    let mut read = Dockerfile::default();
    for line in lines(&source).into_iter().take(MAX_INSTRUCTIONS) {
        instruction(&line, &mut read);
    }
    read
}

fn instruction(line: &Embedded, into: &mut Dockerfile) {
    let text = line.text.as_str();
    let keyword_end = text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len());
    let keyword = text[..keyword_end].to_ascii_uppercase();
    let rest = line.slice(keyword_end..text.len());
    if keyword == "FROM" {
        into.stages.extend(stage(line, &rest));
        return;
    }
    let Some(stage) = into.stages.last_mut() else {
        if keyword == "ARG" {
            into.arguments.extend(pairs(&rest));
        }
        return;
    };
    let (flags, operands) = flags(&rest);
    let kinds = match keyword.as_str() {
        "ARG" => pairs(&rest)
            .into_iter()
            .map(|(name, value)| InstructionKind::Argument(name, value))
            .collect(),
        "ENV" => vec![InstructionKind::Environment(environment(&rest))],
        "WORKDIR" => words(&rest)
            .into_iter()
            .take(1)
            .map(InstructionKind::Workdir)
            .collect(),
        "COPY" | "ADD" => copy(&flags, &operands).into_iter().collect(),
        "RUN" => vec![InstructionKind::Run(operands)],
        "ENTRYPOINT" => vec![InstructionKind::Entrypoint(form(&rest))],
        "CMD" => vec![InstructionKind::Command(form(&rest))],
        "SHELL" => exec(&rest).map(InstructionKind::Shell).into_iter().collect(),
        "EXPOSE" => vec![InstructionKind::Expose(words(&rest))],
        _ => Vec::new(),
    };
    stage
        .instructions
        .extend(kinds.into_iter().map(|kind| Instruction {
            kind,
            span: line.whole_span(),
        }));
}

fn stage(line: &Embedded, rest: &Embedded) -> Option<Stage> {
    let (_, operands) = flags(rest);
    let words = words(&operands);
    let name = match words.as_slice() {
        [_, keyword, name, ..] if literal(keyword).is_some_and(|text| text.eq_ignore_ascii_case("as")) => {
            literal(name)
        }
        _ => None,
    };
    Some(Stage {
        base: words.first()?.clone(),
        name: name.map(str::to_ascii_lowercase),
        span: line.whole_span(),
        instructions: Vec::new(),
    })
}

/// `--name=value` in front of the operands, and the operands.
fn flags(rest: &Embedded) -> (Vec<(String, Word)>, Embedded) {
    let mut flags = Vec::new();
    let mut at = 0;
    loop {
        let text = &rest.text[at..];
        at += text.len() - text.trim_start().len();
        let text = &rest.text[at..];
        let Some(flag) = text.strip_prefix("--") else {
            return (flags, rest.slice(at..rest.text.len()));
        };
        let length = flag.find(|c: char| c.is_ascii_whitespace()).unwrap_or(flag.len());
        if let Some(equals) = flag[..length].find('=') {
            let value = rest.slice(at + 2 + equals + 1..at + 2 + length);
            flags.extend(
                words(&value)
                    .into_iter()
                    .next()
                    .map(|word| (flag[..equals].to_owned(), word)),
            );
        }
        at += 2 + length;
    }
}

fn copy(flags: &[(String, Word)], operands: &Embedded) -> Option<InstructionKind> {
    let mut words = exec(operands).unwrap_or_else(|| words(operands));
    let target = words.pop()?;
    let from = flags.iter().find(|(name, _)| name == "from");
    Some(InstructionKind::Copy {
        from: from.map(|(_, word)| word.clone()),
        sources: words,
        target,
    })
}

/// `A=b C="d e"`, or the old `A b c`.
fn environment(rest: &Embedded) -> Vec<(String, Word)> {
    let first = rest.text.split_ascii_whitespace().next().unwrap_or_default();
    if first.contains('=') {
        let pairs = pairs(rest).into_iter();
        return pairs.filter_map(|(name, value)| Some((name, value?))).collect();
    }
    let start = rest.text.len() - rest.text.trim_start().len() + first.len();
    let value = rest.slice(start..rest.text.len());
    let words = words(&value);
    let Some(span) = words.first().map(|word| word.span) else {
        return Vec::new();
    };
    let span = words.iter().fold(span, |all, word| all.cover(word.span));
    let mut pieces = Vec::new();
    for word in words {
        if !pieces.is_empty() {
            pieces.push(Piece::Text(" ".to_owned()));
        }
        pieces.extend(word.pieces);
    }
    vec![(first.to_owned(), Word { pieces, span })]
}

/// `A=b C`.
fn pairs(rest: &Embedded) -> Vec<(String, Option<Word>)> {
    words(rest).into_iter().filter_map(pair).collect()
}

/// A word `A=b` as its two sides.
pub(super) fn pair(mut word: Word) -> Option<(String, Option<Word>)> {
    let Some(Piece::Text(first)) = word.pieces.first_mut() else {
        return None;
    };
    let Some((name, value)) = first.split_once('=') else {
        return Some((first.clone(), None));
    };
    let (name, value) = (name.to_owned(), value.to_owned());
    // A word's place is that of its text where nothing in it is quoted; the value's is its end.
    let skipped = u32::try_from(name.len() + 1).unwrap_or(0);
    word.span.start = (word.span.start + skipped).min(word.span.end);
    if value.is_empty() {
        word.pieces.remove(0);
    } else {
        *first = value;
    }
    Some((name, Some(word)))
}

fn form(rest: &Embedded) -> CommandForm {
    match exec(rest) {
        Some(words) => CommandForm::Exec(words),
        None => {
            let start = rest.text.len() - rest.text.trim_start().len();
            CommandForm::Shell(rest.slice(start..rest.text.trim_end().len().max(start)))
        }
    }
}

/// A JSON array of strings.
fn exec(rest: &Embedded) -> Option<Vec<Word>> {
    if !rest.text.trim_start().starts_with('[') {
        return None;
    }
    let tree = json::parse(rest);
    let root = tree
        .documents()
        .next()?
        .root()
        .filter(|root| root.is_sequence())?;
    root.items()
        .map(|item| {
            let text = item.embedded();
            let text = text.map(|text| (text.text.clone(), text.whole_span()));
            let (text, span) = text.unwrap_or_else(|| (String::new(), item.span()));
            Some(Word {
                pieces: vec![Piece::Text(text)],
                span,
            })
        })
        .collect()
}

fn words(text: &Embedded) -> Vec<Word> {
    promsight_shell::words(&text.text, &|range| text.span(range))
}

fn literal(word: &Word) -> Option<&str> {
    match word.pieces.as_slice() {
        [Piece::Text(text)] => Some(text),
        _ => None,
    }
}

/// Instructions as one line each: comments and here documents left out, continued lines joined.
fn lines(source: &Embedded) -> Vec<Embedded> {
    let escape = escape_character(&source.text);
    let mut reader = Lines {
        source,
        at: 0,
        text: String::new(),
        map: OffsetMap::at(0),
    };
    let mut lines = Vec::new();
    while reader.at < source.text.len() {
        let line = reader.line();
        let line = &source.text[line];
        let trimmed = line.trim_end_matches(['\n', '\r']);
        if trimmed.trim().is_empty() || trimmed.trim_start().starts_with('#') {
            reader.at += line.len();
            continue;
        }
        let kept = trimmed.trim_end_matches([' ', '\t']);
        let is_continued = kept.ends_with(escape) && !kept[..kept.len() - 1].ends_with(escape);
        let start = if reader.text.is_empty() {
            trimmed.len() - trimmed.trim_start().len()
        } else {
            0
        };
        let end = if is_continued {
            kept.len() - 1
        } else {
            trimmed.len()
        };
        reader.push(start.min(end)..end);
        reader.at += line.len();
        if !is_continued {
            reader.skip_here_documents();
            lines.extend(reader.finish());
        }
    }
    lines.extend(reader.finish());
    lines
}

/// `# escape=` among the directives at the top.
fn escape_character(text: &str) -> char {
    for line in text.lines() {
        let Some((name, value)) = line
            .trim()
            .strip_prefix('#')
            .and_then(|directive| directive.split_once('='))
        else {
            break;
        };
        if name.trim().eq_ignore_ascii_case("escape") && value.trim() == "`" {
            return '`';
        }
    }
    '\\'
}

struct Lines<'a> {
    source: &'a Embedded,
    at: usize,
    text: String,
    map: OffsetMap,
}

impl Lines<'_> {
    /// The range of the line at the current place, its end included.
    fn line(&self) -> std::ops::Range<usize> {
        let rest = &self.source.text[self.at..];
        self.at..self.at + rest.find('\n').map_or(rest.len(), |at| at + 1)
    }

    fn push(&mut self, range: std::ops::Range<usize>) {
        let start = self.at + range.start;
        if self.text.is_empty() {
            self.map = OffsetMap::at(start);
        }
        self.text.push_str(&self.source.text[start..self.at + range.end]);
        self.map.push_verbatim(start, range.len());
    }

    fn finish(&mut self) -> Option<Embedded> {
        let text = std::mem::take(&mut self.text);
        let map = std::mem::take(&mut self.map);
        (!text.is_empty()).then(|| self.source.nested(text, map))
    }

    /// `RUN <<EOF` and `COPY <<EOF /path`: the text of the document is passed.
    fn skip_here_documents(&mut self) {
        let upper = self.text.get(..4).unwrap_or_default().to_ascii_uppercase();
        if !matches!(upper.as_str(), "RUN " | "COPY" | "ADD ") {
            return;
        }
        let mut rest = self.text.as_str();
        let mut delimiters = Vec::new();
        while let Some(at) = rest.find("<<") {
            rest = rest[at + 2..].trim_start_matches('-');
            let quoted = rest.trim_start_matches(['"', '\'']);
            let length = quoted
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .unwrap_or(quoted.len());
            if length > 0 && !quoted.starts_with(|c: char| c.is_ascii_digit()) {
                delimiters.push(quoted[..length].to_owned());
            }
        }
        for delimiter in delimiters {
            while self.at < self.source.text.len() {
                let line = self.line();
                self.at = line.end;
                if self.source.text[line].trim() == delimiter {
                    break;
                }
            }
        }
    }
}
