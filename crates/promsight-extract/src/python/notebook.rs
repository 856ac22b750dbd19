//! Jupyter notebooks: the Python of their code cells.
//!
//! Owns: which cells are Python (nbformat 3 and 4), the text of a cell with its place in the JSON, and what IPython adds
//! to the language (magics, shell lines, help), which is blanked. Outputs and prose are not read. Each cell is parsed on
//! its own, as it is run, so that one broken cell costs no other.

use std::sync::Arc;

use promsight_model::python::Module;
use promsight_model::{Embedded, Gap, GapKind, OffsetMap, Reach, SourceFile, Span};

use super::{block, is_test_code, syntax_gap};
use crate::decode::json;
use crate::decode::tree::Node;

/// Cell magics that run the rest of their cell as Python.
const PYTHON_MAGICS: &[&str] = &[
    "%%time",
    "%%timeit",
    "%%capture",
    "%%prun",
    "%%python",
    "%%python3",
];

/// Whether a file of that path is a notebook.
pub fn is_notebook(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with(".ipynb")
}

/// The syntax tree of a notebook's code cells, one after the other, and what of them could not be read.
pub fn notebook(file: &SourceFile) -> (Module, Vec<Gap>) {
    let mut module = Module {
        test_code: is_test_code(&file.path, &file.text),
        body: Vec::new(),
    };
    let source = Embedded::whole(file.id, &file.text);
    let tree = json::parse(&source);
    let Some(document) = tree.documents().next() else {
        return (module, Vec::new());
    };
    if let Some(problem) = document.problem() {
        let gap = Gap {
            kind: GapKind::Syntax,
            message: format!("this is no notebook: {}", problem.message),
            span: source.span(problem.range.clone()),
            reach: syntax_gap::reach_of(&file.text),
        };
        return (module, vec![gap]);
    }
    let Some(root) = document.root().filter(|root| is_python(*root)) else {
        return (module, Vec::new());
    };
    let mut gaps = Vec::new();
    for cell in code_cells(root) {
        let Some(text) = text_of(cell, file) else { continue };
        let virtual_file = SourceFile {
            text: Arc::from(without_magics(&text.text)),
            ..file.clone()
        };
        let (body, unread) = block(&virtual_file, Some(&text));
        module.body.extend(body);
        gaps.extend(unread);
    }
    (module, merged(gaps))
}

/// Whether the notebook's language is Python; it is where it says nothing.
fn is_python(root: Node<'_>) -> bool {
    let metadata = root.get("metadata");
    let language = metadata
        .and_then(|metadata| metadata.get("language_info"))
        .and_then(|info| info.get_str("name"))
        .or_else(|| {
            metadata
                .and_then(|metadata| metadata.get("kernelspec"))
                .and_then(|kernel| kernel.get_str("language"))
        });
    language.is_none_or(|language| {
        let language = language.to_ascii_lowercase();
        language.contains("python") || language == "sage"
    })
}

/// Code cells in order; nbformat 3 keeps them in worksheets.
fn code_cells<'tree>(root: Node<'tree>) -> Vec<Node<'tree>> {
    let worksheets = root.get("worksheets").into_iter().flat_map(Node::items);
    std::iter::once(root)
        .chain(worksheets)
        .filter_map(|owner| owner.get("cells"))
        .flat_map(Node::items)
        .filter(|cell| cell.get_str("cell_type") == Some("code"))
        .filter(|cell| {
            cell.get_str("language")
                .is_none_or(|language| language == "python")
        })
        .collect()
}

/// The source of a cell, a string or a list of strings, with the place of each byte.
fn text_of(cell: Node<'_>, file: &SourceFile) -> Option<Embedded> {
    let source = cell.get("source").or_else(|| cell.get("input"))?;
    let parts: Vec<Embedded> = if source.is_sequence() {
        source.items().filter_map(Node::embedded).collect()
    } else {
        source.embedded().into_iter().collect()
    };
    let first = parts.first()?;
    let mut text = String::with_capacity(parts.iter().map(|part| part.text.len()).sum());
    let start = first.span(0..first.text.len().min(1)).range().start;
    let mut map = OffsetMap::at(start);
    for part in &parts {
        append(part, &mut text, &mut map);
    }
    Some(Embedded::decoded(file.id, text, map))
}

/// Adds a string's text, run by run of bytes that stand in the file as they are.
fn append(part: &Embedded, text: &mut String, map: &mut OffsetMap) {
    let mut run: Option<(usize, usize)> = None;
    for (at, character) in part.text.char_indices() {
        let length = character.len_utf8();
        let place = part.span(at..at + length).range();
        let is_verbatim = place.len() == length && character != '\\' && character != '"' && character >= ' ';
        run = match run {
            Some((start, known)) if is_verbatim && start + known == place.start => {
                Some((start, known + length))
            }
            other => {
                if let Some((start, known)) = other {
                    map.push_verbatim(start, known);
                }
                if is_verbatim {
                    Some((place.start, length))
                } else {
                    map.push_replaced(length, place);
                    None
                }
            }
        };
    }
    if let Some((start, known)) = run {
        map.push_verbatim(start, known);
    }
    text.push_str(&part.text);
}

/// The text with IPython's own lines as blanks of the same length.
fn without_magics(text: &str) -> String {
    if let Some(first) = text.lines().find(|line| !line.trim().is_empty())
        && first.trim_start().starts_with("%%")
        && !PYTHON_MAGICS.contains(&first.split_whitespace().next().unwrap_or_default())
    {
        return blanks(text);
    }
    let mut made = String::with_capacity(text.len());
    let mut quotes: Option<&str> = None;
    let mut continued = false;
    for line in text.split_inclusive('\n') {
        let is_magic = continued || (quotes.is_none() && is_magic(line));
        if is_magic {
            continued = line.trim_end().ends_with('\\');
            made.push_str(&blanks(line));
            continue;
        }
        quotes = open_quotes(line, quotes);
        made.push_str(line);
    }
    made
}

/// Spaces for all but the line breaks.
fn blanks(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte == b'\n' || byte == b'\r' {
                byte as char
            } else {
                ' '
            }
        })
        .collect()
}

/// Whether a line is for IPython or the shell: `%magic`, `!command`, `?name`, `name?`.
fn is_magic(line: &str) -> bool {
    let line = line.trim();
    let is_assigned = line.split_once('=').is_some_and(|(name, value)| {
        let value = value.trim_start();
        (value.starts_with('!') || value.starts_with('%'))
            && name
                .trim()
                .chars()
                .all(|letter| letter.is_alphanumeric() || "_, ".contains(letter))
    });
    line.starts_with(['%', '!', '?'])
        || (line.ends_with('?') && !line.contains(['#', '"', '\'']))
        || is_assigned
}

/// The triple quotes that are open behind a line.
fn open_quotes<'text>(line: &'text str, open: Option<&'static str>) -> Option<&'static str> {
    let mut open = open;
    let mut rest: &'text str = line;
    loop {
        let next = ["\"\"\"", "'''"]
            .into_iter()
            .filter(|quotes| open.is_none_or(|open| open == *quotes))
            .filter_map(|quotes| rest.find(quotes).map(|at| (at, quotes)))
            .min();
        let Some((at, quotes)) = next else { return open };
        if open.is_none() && rest[..at].contains('#') {
            return None;
        }
        open = if open.is_none() { Some(quotes) } else { None };
        rest = &rest[at + 3..];
    }
}

/// One gap for all syntax errors, at the first of them, as other Python files have; the others as they are.
fn merged(gaps: Vec<Gap>) -> Vec<Gap> {
    let (syntax, mut others): (Vec<Gap>, Vec<Gap>) =
        gaps.into_iter().partition(|gap| gap.kind == GapKind::Syntax);
    let cells = syntax.len();
    let can_hide = syntax.iter().any(|gap| gap.reach != Reach::Nothing);
    if let Some(first) = syntax.into_iter().next() {
        let message = match cells {
            1 => first.message,
            _ => format!(
                "this and {} more of the cells are not valid Python; the rest was read",
                cells - 1
            ),
        };
        others.insert(
            0,
            Gap {
                message,
                span: Span { ..first.span },
                reach: if can_hide { Reach::Anything } else { Reach::Nothing },
                ..first
            },
        );
    }
    others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_the_shell_is_blanked_and_text_is_not() {
        let cell = "%pip install x\n!ls \\\n  -l\nx = !pwd\nhelp?\ny = 1\nz = \"\"\"\n%d\n!\n\"\"\"\n  %matplotlib inline\n";
        let kept = without_magics(cell);
        assert_eq!(kept.len(), cell.len());
        let lines: Vec<&str> = kept
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        assert_eq!(lines, ["y = 1", "z = \"\"\"", "%d", "!", "\"\"\""]);
    }

    #[test]
    fn cells_of_other_languages_are_blanked() {
        assert_eq!(without_magics("%%bash\necho hi\n").trim(), "");
        assert_eq!(without_magics("%%time\nx = 1\n").trim(), "x = 1");
    }
}
