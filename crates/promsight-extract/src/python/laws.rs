//! Laws that hold for any input.

use promsight_model::python::{Expr, ExprKind, Function, JoinedPart, Param, Stmt, StmtKind};
use promsight_model::{Embedded, Span};
use proptest::prelude::*;

use super::tests::lower;

/// Python of many kinds, to be cut and mixed.
const SAMPLE: &str = r#"
import a.b as c
from . import (x as y, z)
@decorated(1)
class Metrics(Base, metaclass=Meta):
    HITS: Counter = Counter("hits_\x41total", 'All "hits"' f"{prefix!r}_{name:>{width}}{{}}", ["path"], **kw)
    def __init__(self, /, prefix="app", *args: str, registry=None):
        self.gauges = {n: Gauge(f"{prefix}_{n}", "…") for n in ("a", "b") if n}
        for self.x, (y, *z) in [lambda q=1: q or 2 and not 3, -4 ** 5]: yield self.x
async def f(a: list[int] | None = None) -> None:
    try:
        async with open(a) as b, c: await b.d[1:2, 3](*e)
    except (A, B) as error: raise
    else: pass
    finally: del a
    if (n := 1) < 2 <= 3 is not None: return
    elif a: print "x", r'\d' b"y" '''
z\
''' """w"""
    match a:
        case {"k": [1, 2]} | Point(x=0): x %= 1
        case _: global g
"#;

/// Calls `see` with every span, and the span of what it stands in.
struct Walk<'see> {
    see: &'see mut dyn FnMut(Span, Span),
    literal: &'see mut dyn FnMut(&Embedded, Span),
}

impl Walk<'_> {
    fn body(&mut self, body: &[Stmt], outer: Span) {
        for statement in body {
            (self.see)(statement.span, outer);
            self.statement(&statement.kind, statement.span);
        }
    }

    fn all<'a>(&mut self, expressions: impl IntoIterator<Item = &'a Expr>, outer: Span) {
        for expression in expressions {
            self.expression(expression, outer);
        }
    }

    fn params(&mut self, params: &[Param], outer: Span) {
        for param in params {
            self.all(param.default.iter().chain(&param.annotation), outer);
        }
    }

    fn statement(&mut self, kind: &StmtKind, outer: Span) {
        match kind {
            StmtKind::Assign {
                targets,
                annotation,
                value,
            } => {
                self.all(targets.iter().chain(annotation).chain(value), outer);
            }
            StmtKind::AugAssign { target, value, .. } => self.all([target, value], outer),
            StmtKind::Expr(value) => self.expression(value, outer),
            StmtKind::Return(value) => self.all(value, outer),
            StmtKind::If { test, body, orelse } | StmtKind::While { test, body, orelse } => {
                self.expression(test, outer);
                self.body(body, outer);
                self.body(orelse, outer);
            }
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
            } => {
                self.all([target, iter], outer);
                self.body(body, outer);
                self.body(orelse, outer);
            }
            StmtKind::With { items, body } => {
                for (value, bound) in items {
                    self.all(std::iter::once(value).chain(bound), outer);
                }
                self.body(body, outer);
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finally,
            } => {
                for (caught, body) in handlers {
                    self.all(caught, outer);
                    self.body(body, outer);
                }
                for body in [body, orelse, finally] {
                    self.body(body, outer);
                }
            }
            StmtKind::Function(function) => {
                let Function {
                    name_span,
                    params,
                    decorators,
                    body,
                    ..
                } = function.as_ref();
                (self.see)(*name_span, outer);
                self.params(params, outer);
                self.all(decorators, outer);
                self.body(body, outer);
            }
            StmtKind::Class(class) => {
                (self.see)(class.name_span, outer);
                self.all(class.bases.iter().chain(&class.decorators), outer);
                self.all(class.keywords.iter().map(|(_, value)| value), outer);
                self.body(&class.body, outer);
            }
            StmtKind::Delete(targets) => self.all(targets, outer),
            StmtKind::Raise(raised) => self.all(raised, outer),
            StmtKind::Import { .. }
            | StmtKind::ImportFrom { .. }
            | StmtKind::Global(_)
            | StmtKind::Break
            | StmtKind::Continue
            | StmtKind::Other => {}
        }
    }

    fn expression(&mut self, expression: &Expr, outer: Span) {
        let span = expression.span;
        (self.see)(span, outer);
        match &expression.kind {
            ExprKind::Str(text) => (self.literal)(text, span),
            ExprKind::Joined(parts) => {
                for part in parts {
                    match part {
                        JoinedPart::Text(text) => (self.see)(text.whole_span(), span),
                        JoinedPart::Value { value, .. } => self.expression(value, span),
                    }
                }
            }
            ExprKind::Attribute(value, _)
            | ExprKind::Not(value)
            | ExprKind::Negative(value)
            | ExprKind::Starred(value)
            | ExprKind::Named(_, value)
            | ExprKind::Await(value) => self.expression(value, span),
            ExprKind::Yield(value) => self.all(value.as_deref(), span),
            ExprKind::Subscript(left, right) | ExprKind::Binary(_, left, right) => {
                self.all([left.as_ref(), right.as_ref()], span);
            }
            ExprKind::Call(call) => {
                self.all(std::iter::once(&call.func).chain(&call.args), span);
                self.all(call.keywords.iter().map(|(_, value)| value), span);
            }
            ExprKind::BoolOp(_, items)
            | ExprKind::Compare(items, _)
            | ExprKind::List(items)
            | ExprKind::Tuple(items)
            | ExprKind::Set(items) => self.all(items, span),
            ExprKind::IfElse { test, body, orelse } => {
                self.all([test.as_ref(), body.as_ref(), orelse.as_ref()], span);
            }
            ExprKind::Dict(entries) => {
                for (key, value) in entries {
                    self.all(key.iter().chain([value]), span);
                }
            }
            ExprKind::Comprehension(comprehension) => {
                self.all(
                    std::iter::once(&comprehension.element).chain(&comprehension.value),
                    span,
                );
                for (target, iter) in &comprehension.loops {
                    self.all([target, iter], span);
                }
                self.all(
                    comprehension.conditions.iter().map(|(_, condition)| condition),
                    span,
                );
            }
            ExprKind::Lambda(lambda) => {
                self.params(&lambda.params, span);
                self.expression(&lambda.body, span);
            }
            ExprKind::Number(_)
            | ExprKind::Bool(_)
            | ExprKind::None
            | ExprKind::Name(_)
            | ExprKind::Unknown => {}
        }
    }
}

/// Lowers a text and checks everything that must hold whatever it is.
fn check(source: &str) {
    let (module, gaps) = lower(source);
    let file = promsight_model::FileId(0);
    let whole = Span::new(file, 0..source.len());
    let mut see = |inner: Span, outer: Span| {
        assert!(
            outer.contains(inner),
            "{inner:?} lies outside of {outer:?} in {source:?}"
        );
        assert!(
            source.get(inner.range()).is_some(),
            "{inner:?} cuts a character of {source:?}"
        );
    };
    let mut literal = |text: &Embedded, span: Span| {
        assert!(span.contains(text.whole_span()), "{text:?} in {source:?}");
        // Bytes that were not decoded stand in the file as they are.
        for (at, character) in text.text.char_indices() {
            let place = text.span(at..at + character.len_utf8());
            let under = &source[place.range()];
            let decoded = under.starts_with(['\\', '\r']) || under == character.to_string();
            assert!(decoded, "{character:?} at {under:?} in {source:?}");
        }
        if text.whole_span() == span {
            // A format specification has no quotes of its own.
            return;
        }
        // The expression's own text is a literal of the same value.
        let (again, _) = lower(&source[span.range()]);
        let again = match again.body.as_slice() {
            [
                Stmt {
                    kind:
                        StmtKind::Expr(Expr {
                            kind: ExprKind::Str(text),
                            ..
                        }),
                    ..
                },
            ] => Some(&text.text),
            _ => None,
        };
        assert_eq!(again, Some(&text.text), "{source:?}");
    };
    Walk {
        see: &mut see,
        literal: &mut literal,
    }
    .body(&module.body, whole);
    for gap in &gaps {
        assert!(whole.contains(gap.span));
        assert!(source.get(gap.span.range()).is_some());
    }
    assert!(gaps.len() <= 2, "{gaps:?}");
}

#[test]
fn the_sample_is_valid_and_keeps_the_laws() {
    let (_, gaps) = lower(SAMPLE);
    assert_eq!(gaps, Vec::new());
    check(SAMPLE);
    check(&SAMPLE.replace('\n', "\r\n"));
}

#[test]
fn a_quote_closes_no_literal_of_another_kind() {
    check(concat!(
        "e: pass\n    finally: del a\n    if (n := 1) < 2 <= 3 is not None: return\n",
        "    elif a: print \"x\", r'\\d' b\"y\" '''\nz\\\n''' \"\"\"w\"\"\"\n    match a:\n",
        "        case {\"k\": [1, 2]} | Point(x=0): x %= 1\n        case _: g) -> None:\n    try:\n",
        "        async with open(a) as b, c: await b.d[1:2, 3](*e)\n    except (A, B) as error: raise\n",
        "    else: pass\n    finally: del a\n class Metrics(Base, metaclass=Meta):\n",
        "    HITS: Counter = Counter(\"hits_\\x41total\", 'ef __init__(self, /, prefix=\"app\"):\n",
        "        self.gauges = {n: Gauge(f\"",
    ));
}

/// A cut of the sample on character boundaries.
fn cut(from: usize, length: usize) -> &'static str {
    let boundaries: Vec<usize> = SAMPLE.char_indices().map(|(at, _)| at).collect();
    let from = from % boundaries.len();
    let to = (from + length).min(boundaries.len() - 1);
    &SAMPLE[boundaries[from.min(to)]..boundaries[to]]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mixed_pieces_of_python(pieces in prop::collection::vec((any::<usize>(), 0_usize..400), 1..6)) {
        let source: String = pieces.into_iter().map(|(from, length)| cut(from, length)).collect();
        check(&source);
    }

    #[test]
    fn one_thing_put_into_valid_python(
        at in any::<usize>(),
        what in r#"[\[\](){}'"\\:=,*@;\n\r\tfrbu0<>!€\u{0}-]{1,4}"#,
    ) {
        let boundaries: Vec<usize> = SAMPLE.char_indices().map(|(at, _)| at).collect();
        let at = boundaries[at % boundaries.len()];
        check(&format!("{}{what}{}", &SAMPLE[..at], &SAMPLE[at..]));
    }

    #[test]
    fn a_literal_says_what_it_was_made_to_say(text in any::<String>()) {
        let mut source = String::from("\"");
        for character in text.chars() {
            match character {
                '"' | '\\' => source.extend(['\\', character]),
                '\n' => source.push_str("\\n"),
                '\r' => source.push_str("\\r"),
                '\0' => source.push_str("\\x00"),
                other if u32::from(other) % 5 == 0 => source.push_str(&format!("\\U{:08x}", u32::from(other))),
                other => source.push(other),
            }
        }
        source.push('"');
        let (module, _) = lower(&source);
        let [Stmt { kind: StmtKind::Expr(Expr { kind: ExprKind::Str(decoded), .. }), .. }] = module.body.as_slice()
        else {
            return Err(TestCaseError::fail(format!("{module:?}")));
        };
        prop_assert_eq!(&decoded.text, &text);
        check(&source);
    }
}
