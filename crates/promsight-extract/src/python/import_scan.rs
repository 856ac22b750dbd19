//! What a Python file imports, without parsing it: one pass over its bytes.
//!
//! The import graph needs every file of a tree, and most of them are never parsed. So this reads no more of Python than
//! strings, comments, brackets and the words that begin statements. It finds import statements wherever they stand,
//! functions included, but for what `if TYPE_CHECKING:` guards; texts that name modules where frameworks take such
//! (`INSTALLED_APPS`, `import_module("a.b")`, `uvicorn.run("a.b:app")`); and calls that import by names known only at
//! run time.

use promsight_model::{ImportStatement, NamedModule, NamedModuleKind, ScannedImports};

/// Files above this size are data.
const MAX_BYTES: usize = 4 << 20;
/// Brackets deeper than this have no context of their own.
const MAX_DEPTH: usize = 64;

/// Calls whose first argument is a module: with anything but a literal there, what is imported is not known.
const IMPORTERS: &[&str] = &[
    "__import__",
    "import_module",
    "import_object",
    "import_string",
    "run_module",
];

/// Calls that import what they find.
const FINDERS: &[&str] = &[
    "autodiscover",
    "autodiscover_modules",
    "entry_points",
    "execute_from_command_line",
    "find_modules",
    "iter_entry_points",
    "iter_modules",
    "load_entry_point",
    "load_setuptools_entrypoints",
    "walk_packages",
];

/// Calls that import a file by its path, and those that find such paths.
const LOADERS: &[&str] = &[
    "exec_module",
    "load_module",
    "load_source",
    "run_path",
    "spec_from_file_location",
];
const FOLDERS: &[&str] = &["glob", "iterdir", "listdir", "rglob", "scandir", "walk"];

/// Calls that take modules as texts among their arguments: Django's `include`, the servers' `run`, Celery's
/// application, `os.environ.setdefault("DJANGO_SETTINGS_MODULE", …)`.
const TAKERS: &[&str] = &[
    "Celery",
    "Config",
    "autodiscover_tasks",
    "include",
    "run",
    "serve",
    "setdefault",
];

/// Keyword arguments and variables that hold modules as texts.
const HOLDERS: &[&str] = &["app", "imports", "include", "wsgi_app"];

/// What a file's text says about its imports.
pub fn imports_of(text: &str) -> ScannedImports {
    let mut scan = Scan {
        text,
        bytes: text.as_bytes(),
        at: 0,
        found: ScannedImports::default(),
        brackets: Vec::new(),
        depth: 0,
        statement: Statement::default(),
        word: 0..0,
        before_word: 0..0,
        guarded: None,
        loads_files: false,
        lists_folders: false,
    };
    if text.len() <= MAX_BYTES {
        scan.run();
    }
    scan.found
}

/// A bracket that is open, and what stood before it.
#[derive(Clone, Copy, Debug)]
struct Bracket<'a> {
    /// The called name, of a call.
    callee: &'a str,
    /// The keyword in front of what is read now.
    keyword: &'a str,
    /// Whether nothing but the bracket was read.
    is_fresh: bool,
    /// Whether the call needs a literal as its first argument and had none so far.
    needs_literal: bool,
}

/// The statement that is read.
#[derive(Clone, Debug, Default)]
struct Statement<'a> {
    /// The name that it assigns to.
    assigned: &'a str,
    /// Whether its first word is still to come.
    is_fresh: bool,
    /// Column of its first word.
    indentation: usize,
    /// Whether it begins a line.
    begins_line: bool,
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    found: ScannedImports,
    brackets: Vec<Bracket<'a>>,
    depth: usize,
    statement: Statement<'a>,
    /// The last word, where nothing but spaces stands behind it, and the one before it.
    word: std::ops::Range<usize>,
    before_word: std::ops::Range<usize>,
    /// The column of an `if TYPE_CHECKING:` whose block is being read.
    guarded: Option<usize>,
    /// Whether it imports files by their paths, and looks through folders.
    loads_files: bool,
    lists_folders: bool,
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

impl<'a> Scan<'a> {
    fn run(&mut self) {
        self.begin_line();
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' => {
                    self.at += 1;
                    if self.depth == 0 {
                        self.begin_line();
                    }
                }
                b'\\' if matches!(self.bytes.get(self.at + 1), Some(b'\n' | b'\r')) => {
                    self.at += 2;
                    if self.bytes.get(self.at - 1) == Some(&b'\r') && self.bytes.get(self.at) == Some(&b'\n')
                    {
                        self.at += 1;
                    }
                }
                b' ' | b'\t' | b'\r' | b'\x0c' => self.at += 1,
                b'#' => self.skip_line(),
                b'"' | b'\'' => self.string(self.at, Prefix::Plain),
                b'(' | b'[' | b'{' => self.open(byte),
                b')' | b']' | b'}' => self.close(),
                b';' | b':' if self.depth == 0 => {
                    self.at += 1;
                    // `INSTALLED_APPS: list[str] = […]`.
                    self.assign();
                    self.forget_word();
                    self.statement.is_fresh = true;
                    self.statement.begins_line = false;
                }
                b',' => {
                    self.at += 1;
                    self.forget_word();
                    if let Some(bracket) = self.brackets.last_mut() {
                        bracket.keyword = "";
                        bracket.is_fresh = false;
                    }
                }
                b'=' => self.equals(),
                byte if is_word_byte(byte) => self.read_word(),
                _ => {
                    self.at += 1;
                    if byte != b'.' && byte != b'+' {
                        self.forget_word();
                    }
                    self.touch();
                }
            }
        }
    }

    fn begin_line(&mut self) {
        let start = self.at;
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\x0c')) {
            self.at += 1;
        }
        let is_blank = matches!(self.bytes.get(self.at), None | Some(b'\n' | b'\r' | b'#'));
        self.forget_word();
        if is_blank {
            return;
        }
        let indentation = self.at - start;
        if self.guarded.is_some_and(|guard| indentation <= guard) {
            self.guarded = None;
        }
        self.statement = Statement {
            assigned: "",
            is_fresh: true,
            indentation,
            begins_line: true,
        };
    }

    fn skip_line(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    }

    fn forget_word(&mut self) {
        self.word = 0..0;
        self.before_word = 0..0;
    }

    /// Something was read that is no literal at the beginning of a bracket.
    fn touch(&mut self) {
        if let Some(bracket) = self.brackets.last_mut() {
            bracket.is_fresh = false;
        }
        self.statement.is_fresh = false;
    }

    fn read_word(&mut self) {
        let start = self.at;
        let rest = &self.bytes[start..];
        let length = rest
            .iter()
            .position(|byte| !is_word_byte(*byte))
            .unwrap_or(rest.len());
        self.at += length;
        let word = &self.text[start..self.at];
        if let Some(b'"' | b'\'') = self.bytes.get(self.at)
            && let Some(prefix) = Prefix::of(word)
        {
            self.string(self.at, prefix);
            return;
        }
        if self.depth == 0 && self.statement.is_fresh {
            self.statement.is_fresh = false;
            match word {
                "import" => return self.import(),
                "from" => return self.import_from(),
                "if" | "elif" => self.note_guard(),
                _ => {}
            }
        }
        self.touch();
        self.before_word = std::mem::replace(&mut self.word, start..self.at);
    }

    /// `if TYPE_CHECKING:`: nothing in its block is imported when the module runs.
    fn note_guard(&mut self) {
        let rest = &self.text[self.at..];
        let line = rest.lines().next().unwrap_or_default();
        let Some((test, behind)) = line.split_once(':') else {
            return;
        };
        let test = test.trim().trim_start_matches('(').trim_end_matches(')').trim();
        if test.rsplit('.').next() != Some("TYPE_CHECKING")
            || !self.statement.begins_line
            || self.guarded.is_some()
        {
            return;
        }
        if behind.trim().is_empty() || behind.trim_start().starts_with('#') {
            self.guarded = Some(self.statement.indentation);
        } else {
            self.skip_line();
        }
    }

    /// What is left of a statement that spans no string, without comments and brackets.
    fn rest_of_import(&mut self) -> Vec<&'a str> {
        let mut words = Vec::new();
        let mut in_parentheses = false;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' if !in_parentheses => break,
                b';' => break,
                b'#' => {
                    self.skip_line();
                    continue;
                }
                b'\\' if matches!(self.bytes.get(self.at + 1), Some(b'\n' | b'\r')) => {
                    self.at += 1;
                    if self.bytes.get(self.at) == Some(&b'\r') {
                        self.at += 1;
                    }
                }
                b'(' => in_parentheses = true,
                b')' => {
                    self.at += 1;
                    break;
                }
                b'.' | b',' | b'*' => words.push(&self.text[self.at..=self.at]),
                b' ' | b'\t' | b'\r' | b'\n' | b'\x0c' => {}
                byte if is_word_byte(byte) => {
                    let start = self.at;
                    while self.bytes.get(self.at).copied().is_some_and(is_word_byte) {
                        self.at += 1;
                    }
                    words.push(&self.text[start..self.at]);
                    continue;
                }
                // No import statement after all.
                _ => break,
            }
            self.at += 1;
        }
        words
    }

    fn import(&mut self) {
        let words = self.rest_of_import();
        if self.guarded.is_some() {
            return;
        }
        for part in words.split(|word| *word == ",") {
            let end = part.iter().position(|word| *word == "as").unwrap_or(part.len());
            let module = part[..end].concat();
            if !module.is_empty() {
                self.found.statements.push(ImportStatement {
                    level: 0,
                    module,
                    names: Vec::new(),
                });
            }
        }
    }

    fn import_from(&mut self) {
        let words = self.rest_of_import();
        let Some(end) = words.iter().position(|word| *word == "import") else {
            return;
        };
        if self.guarded.is_some() {
            return;
        }
        let (source, names) = (&words[..end], &words[end + 1..]);
        let level = source.iter().take_while(|word| **word == ".").count();
        let names = names
            .split(|word| *word == ",")
            .filter_map(|part| part.first())
            .map(|name| (*name).to_owned())
            .collect();
        self.found.statements.push(ImportStatement {
            level,
            module: source[level..].concat(),
            names,
        });
    }

    fn open(&mut self, byte: u8) {
        let callee = match byte {
            b'(' if &self.text[self.before_word.clone()] != "def" => &self.text[self.word.clone()],
            _ => "",
        };
        let owner = self.before_word.clone();
        self.at += 1;
        self.depth += 1;
        let outer = self.brackets.last().copied();
        self.touch();
        self.forget_word();
        if self.depth > MAX_DEPTH {
            return;
        }
        let is_importer = IMPORTERS.contains(&callee);
        let owner = &self.text[owner];
        if self.depth == 1 && matches!(callee, "append" | "extend" | "insert") && is_constant(owner) {
            self.statement.assigned = owner;
        }
        self.loads_files |= LOADERS.contains(&callee);
        self.lists_folders |= FOLDERS.contains(&callee);
        self.found.is_open |= self.loads_files;
        self.found.discovers |= self.loads_files && self.lists_folders;
        if FINDERS.contains(&callee) {
            self.found.is_open = true;
            self.found.discovers = true;
        }
        let inherited = outer.filter(|_| callee.is_empty());
        self.brackets.push(Bracket {
            callee: inherited.map_or(callee, |outer| outer.callee),
            keyword: inherited.map_or("", |outer| outer.keyword),
            is_fresh: is_importer,
            needs_literal: is_importer,
        });
        if callee == "autodiscover_tasks"
            && !self.text[self.at..]
                .trim_start()
                .starts_with([')', '[', '(', 'l'])
        {
            self.found.is_open = true;
            self.found.discovers = true;
        }
    }

    fn close(&mut self) {
        self.at += 1;
        self.forget_word();
        if self.depth > self.brackets.len() {
            self.depth -= 1;
            return;
        }
        self.depth = self.depth.saturating_sub(1);
        if let Some(bracket) = self.brackets.pop() {
            self.found.is_open |= bracket.needs_literal;
        }
    }

    fn equals(&mut self) {
        let is_comparison = self.bytes.get(self.at + 1) == Some(&b'=');
        self.at += if is_comparison { 2 } else { 1 };
        let word = &self.text[self.word.clone()];
        if !is_comparison {
            match self.brackets.last_mut() {
                Some(bracket) => bracket.keyword = word,
                None => self.assign(),
            }
        }
        self.forget_word();
        self.touch();
    }

    /// What was read last is what the statement assigns to, unless that is known.
    fn assign(&mut self) {
        if !is_constant(self.statement.assigned) {
            self.statement.assigned = &self.text[self.word.clone()];
        }
    }

    /// A string whose quotes begin at `quote`.
    fn string(&mut self, quote: usize, prefix: Prefix) {
        let mark = self.bytes[quote];
        let is_long = self.bytes[quote..].starts_with(&[mark, mark, mark]);
        let width = if is_long { 3 } else { 1 };
        let start = quote + width;
        let mut at = start;
        loop {
            match self.bytes.get(at) {
                None => break,
                Some(b'\\') => at += 2,
                Some(b'\n') if !is_long => break,
                Some(byte)
                    if *byte == mark && (!is_long || self.bytes[at..].starts_with(&[mark, mark, mark])) =>
                {
                    break;
                }
                Some(_) => at += 1,
            }
        }
        let end = at.min(self.bytes.len());
        self.at = (end + width).min(self.bytes.len());
        if self.bytes.get(end) == Some(&b'\n') {
            self.at = end;
        }
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
        let is_first = self.brackets.last().is_some_and(|bracket| bracket.is_fresh);
        // `import_module(f"plugins.{name}")`: the text is a part of the name.
        let is_part = self.brackets.last().is_some_and(|bracket| bracket.needs_literal)
            && !self.text[self.at..].trim_start().starts_with([',', ')']);
        self.found.discovers |= is_part || (is_first && prefix == Prefix::Other);
        self.touch();
        if let (Prefix::Plain, false, Some(text)) = (prefix, is_long, self.text.get(start..end)) {
            self.named(text, is_first);
        }
        self.forget_word();
    }

    /// A text that may name a module.
    fn named(&mut self, text: &'a str, is_first: bool) {
        let bracket = self.brackets.last().copied();
        if is_first
            && let Some(bracket) = self.brackets.last_mut()
            && self.text[self.at..].trim_start().starts_with([',', ')'])
        {
            bracket.needs_literal = false;
            if self.guarded.is_none() {
                self.push_named(text, NamedModuleKind::Module);
            }
            return;
        }
        let (callee, keyword) = bracket.map_or(("", ""), |bracket| (bracket.callee, bracket.keyword));
        let assigned = self.statement.assigned;
        if is_entry_point(text) {
            self.push_named(text, NamedModuleKind::Module);
            return;
        }
        if assigned.ends_with("_APPS") {
            self.push_named(text, NamedModuleKind::Application);
        } else if callee == "autodiscover_tasks" {
            self.push_named(text, NamedModuleKind::Tasks);
        } else if (TAKERS.contains(&callee)
            || HOLDERS.contains(&keyword)
            || HOLDERS.contains(&assigned)
            || is_constant(assigned))
            && text.contains(['.', ':'])
        {
            self.push_named(text, NamedModuleKind::Module);
        }
    }

    fn push_named(&mut self, text: &str, kind: NamedModuleKind) {
        let module = text.split(':').next().unwrap_or(text);
        let relative = module.trim_start_matches('.');
        let is_path = !relative.is_empty()
            && relative.len() < 200
            && relative.split('.').all(|part| {
                !part.is_empty()
                    && part.bytes().all(is_word_byte)
                    && !part.starts_with(|letter: char| letter.is_ascii_digit())
            });
        if is_path {
            self.found.named.push(NamedModule {
                path: module.to_owned(),
                kind,
            });
        }
    }
}

/// Whether a text is `pkg.module:name`, which names a module wherever it stands.
fn is_entry_point(text: &str) -> bool {
    let Some((module, name)) = text.split_once(':') else {
        return false;
    };
    let name = name.strip_suffix("()").unwrap_or(name);
    module.contains('.')
        && !name.is_empty()
        && !name.starts_with(|letter: char| letter.is_ascii_digit())
        && name.bytes().all(is_word_byte)
}

/// Whether a variable is named like a constant, as settings are.
fn is_constant(name: &str) -> bool {
    name.len() > 1
        && name.bytes().any(|byte| byte.is_ascii_uppercase())
        && !name.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// What stands in front of a string's quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefix {
    /// Nothing, or what changes nothing of a dotted path.
    Plain,
    /// Formatted, or bytes.
    Other,
}

impl Prefix {
    fn of(word: &str) -> Option<Self> {
        if word.len() > 2 || !word.bytes().all(|byte| b"rRbBuUfFtT".contains(&byte)) {
            return None;
        }
        let is_plain = word.bytes().all(|byte| b"rRuU".contains(&byte));
        Some(if is_plain { Self::Plain } else { Self::Other })
    }
}
