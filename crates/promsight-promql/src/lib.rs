//! A PromQL query's text, read with exact positions, template holes included.
//!
//! Owns: which selectors a query has, where each name, matcher and label stands, what functions and guards are
//! around it, and whether the query is valid PromQL. Knows nothing of files, YAML, or which metrics exist. Never
//! fails: of a query that cannot be parsed the names in it are still found.
//!
//! The words, places and validity are read here (`lexer`, `parser`); functions and guards come from the tree of
//! `promql-parser` where it reads the query too. `tree` says why there are both.

pub mod flow;
mod functions;
mod guard;
mod hole;
mod lexer;
mod literal;
mod node;
mod normal;
mod parser;
mod regex;
mod scan;
mod selector;
mod token;
mod tree;

use std::ops::Range;

pub use crate::flow::Flow;
use crate::parser::Stop;
use crate::token::Failure;

/// Which template syntaxes may stand in a query's place of origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holes {
    /// `$x`, `${x}`, `${x:format}`, `[[x]]`, `$__interval`: Grafana's variables and the shell's.
    pub variables: bool,
    /// `{{ … }}`, `{% … %}`: Go templates and Jinja.
    pub actions: bool,
    /// `%%x%%`, `%(x)s`, `%s`: Juju topology markers and printf-style formats.
    pub formats: bool,
}

impl Holes {
    /// Everything is understood.
    pub const ALL: Self = Self {
        variables: true,
        actions: true,
        formats: true,
    };
    /// A rule file: a `$variable` is an error there, generators' actions and markers are not.
    pub const RULES: Self = Self {
        variables: false,
        actions: true,
        formats: true,
    };
    /// Plain PromQL.
    pub const NONE: Self = Self {
        variables: false,
        actions: false,
        formats: false,
    };
}

/// What was read of a query. All ranges are bytes of the text given to [`analyze`].
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// How well it was understood.
    pub state: State,
    /// Its selectors from left to right.
    pub selectors: Vec<Selector>,
    /// What it does with their series; `None` where it was not parsed to the end, or is too large.
    pub flow: Option<Flow>,
}

/// How well a query was understood.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// It parses as it stands.
    Parsed,
    /// It parses with its template variables read as holes.
    Templated,
    /// It does not parse.
    Unreadable {
        /// Why, as a clause that stands alone.
        message: String,
        /// Where it breaks.
        range: Range<usize>,
    },
}

/// A piece of a selector's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamePart {
    /// Known text.
    Text(String),
    /// A template hole; the variable's name where it has one (`metric` of `${metric:raw}`).
    Hole(Option<String>),
}

/// What a selector selects by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectorName {
    /// One series name (also from `{__name__="x"}` and `{"x"}`).
    Exact(String),
    /// A name with holes.
    Templated(Vec<NamePart>),
    /// `{__name__=~"…"}`: the regular expression, unescaped.
    Regex(String),
    /// None of these.
    Any,
}

/// What the expression around a selector makes of its absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing.
    None,
    /// Left of `or` with only constants (`vector(0)`, numbers) at its right.
    OrVector,
    /// An operand of `or` beside other selectors.
    OrOther,
    /// Right of `unless`.
    Unless,
    /// In `absent()` or `absent_over_time()`.
    Absent,
}

/// One selector.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    /// What it selects by name.
    pub name: SelectorName,
    /// The name's text; the whole selector where it has no name. Without quotes for a quoted name.
    pub name_range: Range<usize>,
    /// Name and braces, without range and offset.
    pub range: Range<usize>,
    /// Its matchers other than the one that gives the name.
    pub matchers: Vec<Matcher>,
    /// The innermost guard that decides (`Absent` over `Unless` over `OrVector` over `OrOther`).
    pub guard: Guard,
    /// Functions and aggregations around it, outermost first, lower case.
    pub functions: Vec<String>,
}

/// The operator of a matcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Regex,
    /// `!~`
    NotRegex,
}

/// One label matcher.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher {
    /// The label's name, unquoted.
    pub label: String,
    /// The operator.
    pub op: MatchOp,
    /// The value, unescaped.
    pub value: String,
    /// Whether the value contains template holes.
    pub value_has_holes: bool,
    /// Whether a series without the label surely does not match.
    pub refuses_empty: bool,
    /// The label name's place, without quotes.
    pub label_range: Range<usize>,
    /// The value's place, without quotes.
    pub value_range: Range<usize>,
}

/// Whether a query that is not PromQL can be MetricsQL, which knows more functions, operators, numbers and ranges
/// than its words tell: its brackets, strings and numbers are sound. For queries that are known to be sent to
/// VictoriaMetrics.
pub fn may_be_metricsql(text: &str, holes: Holes) -> bool {
    scan::may_be_metricsql(text, &lexer::lex(text, holes).tokens)
}

/// Reads a query. Never fails and never panics; see [`State`] for what could not be read.
///
/// A matcher whose label is a template hole is left out of [`Selector::matchers`]: which label it restricts is not
/// known. So are all matchers of a selector whose braces hold MetricsQL's `or`. A hole alone is a selector only where
/// a vector must stand or a selector's modifier follows; elsewhere it may as well be a number. Of functions around a
/// selector the 16 innermost are kept. A query nested deeper than 256 is scanned, not parsed: it is readable where its
/// brackets are sound. There is no limit of size; the time is linear in it.
pub fn analyze(text: &str, holes: Holes) -> Analysis {
    let lexed = lexer::lex(text, holes);
    let tokens = lexed.tokens.as_slice();
    let unreadable = |failure: Failure| State::Unreadable {
        message: failure.message,
        range: failure.range,
    };
    let may_be_metricsql = || holes.variables && scan::is_metricsql(text, tokens);
    match parser::parse(text, tokens) {
        Ok(mut parsed) => {
            if let Some(surroundings) = tree::surroundings(text, tokens, &parsed) {
                for (selector, around) in parsed.selectors.iter_mut().zip(surroundings) {
                    selector.guard = around.guard;
                    selector.functions = around.functions;
                }
            }
            // Of alternatives between control actions one or the other is rendered: nothing is sure of the whole.
            let is_whole = !lexed.has_control && (parsed.failure.is_none() || may_be_metricsql());
            let flow = if is_whole {
                flow::compute(&parsed.nodes, &parsed.selectors)
            } else {
                None
            };
            let state = match parsed.failure {
                _ if lexed.has_holes => State::Templated,
                None => State::Parsed,
                Some(_) if may_be_metricsql() => State::Templated,
                Some(failure) => unreadable(failure),
            };
            Analysis {
                state,
                selectors: parsed.selectors,
                flow,
            }
        }
        Err(stop) => {
            let broken = scan::broken_structure(text, tokens);
            let state = match (stop, broken) {
                // What stands between control actions may be alternatives, each with half of a pair of brackets.
                _ if lexed.has_control => State::Templated,
                (Stop::Syntax(_), None) if lexed.has_holes || may_be_metricsql() => State::Templated,
                (Stop::Syntax(_), Some(broken)) if lexed.has_holes => unreadable(broken),
                (Stop::Syntax(failure), _) => unreadable(failure),
                // Too deep to parse is not invalid: Prometheus knows no such limit.
                (Stop::TooDeep, None) if lexed.has_holes => State::Templated,
                (Stop::TooDeep, broken) => match broken.or_else(|| scan::first_bad_word(tokens)) {
                    None => State::Parsed,
                    Some(failure) => unreadable(failure),
                },
            };
            Analysis {
                state,
                selectors: scan::selectors(text, tokens),
                flow: None,
            }
        }
    }
}
