//! What each construct of Python is lowered to, as one S-expression a statement.

use std::sync::Arc;

use promsight_model::python::{ExprKind, JoinedPart, Module, StmtKind};
use promsight_model::{FileId, Gap, GapKind, Reach, SourceFile};

use super::{Needles, dump, is_test_code, may_matter, mentions_any, module};

pub(super) fn source_file(path: &str, text: &str) -> SourceFile {
    SourceFile {
        id: FileId(0),
        path: path.to_owned(),
        shown_path: path.to_owned(),
        text: Arc::from(text),
    }
}

pub(super) fn lower(text: &str) -> (Module, Vec<Gap>) {
    module(&source_file("app/metrics.py", text))
}

/// The lowering of text that parses.
fn lowered(text: &str) -> String {
    let (module, gaps) = lower(text);
    assert_eq!(gaps, Vec::new(), "{text}");
    dump::statements(&module.body)
}

/// The lowering of text that does not, and its only gap.
fn broken(text: &str) -> (String, Gap) {
    let (module, mut gaps) = lower(text);
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    let gap = gaps.remove(0);
    assert_eq!(gap.kind, GapKind::Syntax);
    (dump::statements(&module.body), gap)
}

/// Source, and what it is lowered to.
fn check(cases: &[(&str, &str)]) {
    for (source, expected) in cases {
        assert_eq!(lowered(source), *expected, "{source}");
    }
}

#[test]
fn a_metric_declaration() {
    check(&[(
        "REQUESTS = Counter('requests_total', \"All.\", labelnames=['path'], registry=None)\n",
        r#"(= REQUESTS (Counter! "requests_total" "All." labelnames=["path"] registry=None))"#,
    )]);
}

#[test]
fn imports() {
    check(&[
        ("import a.b as c, d . e", "(import a.b as c)\n(import d.e)"),
        ("from .. a.b import (x as y, z,)", "(from ..a.b x:y z:z)"),
        ("from . import q", "(from . q:q)"),
        ("from ...p import *", "(from ...p *:*)"),
        (
            "from __future__ import annotations, division",
            "(from __future__ annotations:annotations division:division)",
        ),
    ]);
}

#[test]
fn assignments() {
    check(&[
        ("x = y = 1_000", "(= x y #1000)"),
        ("t: Dict[str, int] = {}", "(= t :: (at Dict (tuple str int)) {})"),
        ("n: list[int] | None", "(= n :: (| (at list int) None) -)"),
        ("name += '_total'", "(+= name \"_total\")"),
        ("a //= 2", "(op= a #2)"),
        ("a, *b = c", "(= (tuple a *b) c)"),
        ("[a, b] = c", "(= [a b] c)"),
        ("a.b[0] = c", "(= (at (. a b) #0) c)"),
        ("x = 1,", "(= x (tuple #1))"),
        ("type X = int", "(= X int)"),
        ("a = yield", "(= a (yield -))"),
    ]);
}

#[test]
fn expressions() {
    check(&[
        ("f(a, *b, k=1, **w)", "(f! a *b k=#1 **w)"),
        ("f(x for x in y)", "(f! (generator-of x for x y))"),
        ("a.b[c](d).e", "(. ((at (. a b) c)! d) e)"),
        ("x[1:2]", "(at x (slice! #1 #2 None))"),
        ("x[1, 2:3]", "(at x (tuple #1 (slice! #2 #3 None)))"),
        ("'a' + b % (c, d)", "(+ \"a\" (% b (tuple c d)))"),
        ("a @ b | c ** d", "(| (op a b) (** c d))"),
        ("a or b or c and d and e", "(or a b (and c d e))"),
        ("not a in b", "(not (compare a b by in))"),
        (
            "a not  in b is not c < d",
            "(compare a b c d by not in, is not, <)",
        ),
        ("-1 + +2", "(+ (- #1) #2)"),
        ("~x", "?"),
        ("...", "?"),
        ("a if b else c", "(? b a c)"),
        ("lambda x, *y, z=1: x", "(lambda [x *y =z=#1] x)"),
        ("(n := 10)", "(:= n #10)"),
        ("await f()", "(await (f!))"),
        ("{'a': 1, **b}", "{\"a\": #1, **: b}"),
        ("{1, *x}", "(set #1 *x)"),
        ("((((a))))", "a"),
        ("()", "(tuple )"),
        ("(a,)", "(tuple a)"),
        ("a,", "(tuple a)"),
        ("a, b", "(tuple a b)"),
        (
            "True, False, None, 0x1F, 1e3",
            "(tuple True False None #0x1F #1e3)",
        ),
        (
            "[f(x) for x, y in a if b for z in c]",
            "(list-of (f! x) for (tuple x y) a for z c if b)",
        ),
        ("{k: v for k, v in x}", "(dict-of k: v for (tuple k v) x)"),
        ("{k for k in x}", "(set-of k for k x)"),
        ("f(# why\n a, # because\n b)", "(f! a b)"),
    ]);
}

#[test]
fn functions_and_classes() {
    check(&[
        (
            "async def f(a, b=1, /, c: int=2, *d: str, e, **kw) -> int:\n    await a\n",
            "(def f [/a /b=#1 c::int=#2 *d::str =e **kw] {(await a)})",
        ),
        (
            "def g(x, *, y=None): return x, y",
            "(def g [x =y=None] {(return (tuple x y))})",
        ),
        (
            "def h():\n    def inner(): yield\n    return inner",
            "(def h [] {(generator inner [] {(yield -)}) (return inner)})",
        ),
        (
            "def h():\n    key = lambda: (yield)\n    x = yield from key()",
            "(generator h [] {(= key (lambda [] (yield -))) (= x (yield (key!)))})",
        ),
        (
            "def h():\n    return lambda: (yield)",
            "(def h [] {(return (lambda [] (yield -)))})",
        ),
        (
            "@outer\n@inner(1)\nclass A(B, metaclass=M, **kw):\n    'doc'\n    @property\n    def n(self): return self.x\n",
            "(@outer @(inner! #1) class A [B metaclass=M] {\"doc\" (@property def n [self] {(return (. self x))})})",
        ),
        ("class G[T](Base[T]): pass", "(class G [(at Base T)] {(other)})"),
        ("def g[T: int](x: T) -> T: ...", "(def g [x::T] {?})"),
    ]);
}

#[test]
fn compound_statements() {
    check(&[
        (
            "if a: b()\nelif c: d\nelif e: f\nelse: g",
            "(if a {(b!)} else {(if c {d} else {(if e {f} else {g})})})",
        ),
        ("if (n := f()):\n    pass", "(if (:= n (f!)) {(other)})"),
        (
            "for i, j in enumerate(x): a\nelse: b",
            "(for (tuple i j) (enumerate! x) {a} else {b})",
        ),
        ("for x in 1, 2: pass", "(for x (tuple #1 #2) {(other)})"),
        ("while a: b\nelse: c", "(while a {b} else {c})"),
        (
            "try:\n    a\nexcept (A, B) as e:\n    b\nexcept C:\n    c\nexcept:\n    d\nelse:\n    e\nfinally:\n    f",
            "(try {a} except (tuple A B) {b} except C {c} except - {d} else {e} finally {f})",
        ),
        ("try: a\nexcept* X: b", "(try {a} except X {b})"),
        ("with a as b, c(): d", "(with a:b (c!):- {d})"),
        (
            "with (a() as b, c() as (d, e)): f",
            "(with (a!):b (c!):(tuple d e) {f})",
        ),
        ("with (a() as b): c", "(with (a!):b {c})"),
        ("with (a): b", "(with a:- {b})"),
        (
            "async def f():\n    async with a as b: pass\n    async for x in y: pass",
            "(def f [] {(with a:b {(other)}) (for x y {(other)})})",
        ),
        (
            "match command.split():\n    case ['go', way] if way:\n        a()\n    case {'x': 1} | 2: b()\n    case _: c()",
            "((. command split)!)\n(if ? {(a!)} else {(if ? {(b!)} else {(if ? {(c!)})})})",
        ),
        (
            "match kind:\n    case 'a' | b.C: a()\n    case None: b()\n    case 2 if x: c()\n    case other: d()",
            "kind\n(if (or (compare kind \"a\" by ==) (compare kind (. b C) by ==)) {(a!)} else {(if (compare kind None by is) {(b!)} else {(if ? {(c!)} else {(if True {(= other kind) (d!)})})})})",
        ),
        (
            "for a in b:\n    if a: continue\n    break",
            "(for a b {(if a {(continue)}) (break)})",
        ),
        ("del a, b[1]\ndel (c)", "(del a (at b #1))\n(del c)"),
        (
            "global p, q\nraise X from y\nassert a\npass\nbreak",
            "(global p q)\n(raise)\n(other)\n(other)\n(break)",
        ),
        ("a(); b(); c = 1", "(a!)\n(b!)\n(= c #1)"),
    ]);
}

#[test]
fn python_2_is_read_as_far_as_the_grammar_goes() {
    check(&[
        ("print 'hi', x", "(print! \"hi\" x)"),
        ("print >>out, x", "(print! x)"),
        ("try: a\nexcept A, e: b", "(try {a} except (tuple A e) {b})"),
        ("exec 'code'", "(other)"),
        ("x = 0xFFL <> 1", "(= x (compare #0xFFL #1 by <>))"),
    ]);
}

#[test]
fn an_except_without_parentheses_is_a_tuple() {
    // PEP 758, Python 3.14.
    check(&[("try: a\nexcept A, B: b", "(try {a} except (tuple A B) {b})")]);
}

#[test]
fn string_literals() {
    check(&[
        (r#""a\n\t\\\'\"\a""#, r#""a\n\t\\'\"\u{7}""#),
        (r#"'\x41\u00e4\U0001F600\101\0'"#, "\"Aä😀A\\0\""),
        ("'a\\\nb'", "\"ab\""),
        ("'a\\\r\nb'", "\"ab\""),
        ("'''a\r\nb'''", "\"a\\nb\""),
        (r#"r'\d{1}\n'"#, r#""\\d{1}\\n""#),
        (r#"'\d\8\xZZ'"#, r#""\\d\\8\\xZZ""#),
        ("u'a'", "\"a\""),
        ("'{{}}'", "\"{{}}\""),
        ("''", "\"\""),
        ("b'a'", "?"),
        ("rb'a'", "?"),
        ("t'a{x}'", "?"),
        ("'a' b'b'", "?"),
        (r"'\N{BULLET}_total'", "(joined $? \"_total\")"),
        (r"'\ud800'", "\"\u{fffd}\""),
    ]);
}

#[test]
fn joined_strings() {
    check(&[
        ("'a' \"b\" f'{x}c'", "(joined \"a\" \"b\" $x \"c\")"),
        ("(  # first\n 'a'  # second\n 'b')", "(joined \"a\" \"b\")"),
        ("f'abc'", "(joined \"abc\")"),
        ("f''", "(joined)"),
        (
            "f'{x!r}{y:>10}{z!s}{v:}'",
            "(joined $fmt:x $(format! y \">10\") $z $v)",
        ),
        (
            "f'{z=} {w = !s} {v=:>3}'",
            "(joined \"z=\" $fmt:z \" \" \"w = \" $w \" \" \"v=\" $fmt:v)",
        ),
        ("f'{{{x}}}_total'", "(joined \"{\" $x \"}_total\")"),
        (r#"f"{a['b']}{d["e"]}""#, r#"(joined $(at a "b") $(at d "e"))"#),
        (r#"f"{f'{x}_a'}_b""#, r#"(joined $(joined $x "_a") "_b")"#),
        ("f'{x:{w}.{p}}'", "(joined $fmt:x)"),
        (r"rf'\d{{1}}{x}'", r#"(joined "\\d{1}" $x)"#),
        (r"f'\N{BULLET}{x}'", "(joined $? $x)"),
        ("f'{a, b}'", "(joined $(tuple a b))"),
        ("f'''a\n{x}\n'''", "(joined \"a\\n\" $x \"\\n\")"),
    ]);
}

/// The file text under a range of the decoded text of the statement's only literal.
fn under(source: &str, decoded: std::ops::Range<usize>) -> &str {
    let (module, _) = lower(source);
    let StmtKind::Expr(value) = &module.body[0].kind else {
        panic!("{module:?}")
    };
    let text = match &value.kind {
        ExprKind::Str(text) => text.as_ref(),
        ExprKind::Joined(parts) => match &parts[0] {
            JoinedPart::Text(text) => text,
            JoinedPart::Value { .. } => panic!("{parts:?}"),
        },
        other => panic!("{other:?}"),
    };
    &source[text.span(decoded).range()]
}

#[test]
fn every_decoded_byte_has_its_place() {
    assert_eq!(under(r"'ab\x41cd'", 0..2), "ab");
    assert_eq!(under(r"'ab\x41cd'", 2..3), r"\x41");
    assert_eq!(under(r"'ab\x41cd'", 3..5), "cd");
    assert_eq!(under("'ab\\\n  cd'", 2..6), "  cd");
    assert_eq!(under("u'''x\r\nup'''", 2..4), "up");
    assert_eq!(under("f'{{a}}b{x}'", 0..4), "{{a}}b");
    assert_eq!(under("f'{{a}}b{x}'", 1..2), "a");
    assert_eq!(under("('é' 'b')", 0..2), "é");
}

#[test]
fn spans_cover_the_whole_node() {
    let source = "x = (\n  Counter( 'a' )\n)\n";
    let (module, _) = lower(source);
    assert_eq!(&source[module.body[0].span.range()], "x = (\n  Counter( 'a' )\n)");
    let StmtKind::Assign {
        value: Some(value), ..
    } = &module.body[0].kind
    else {
        panic!("{module:?}")
    };
    assert_eq!(&source[value.span.range()], "Counter( 'a' )");
}

#[test]
fn a_syntax_error_costs_only_itself() {
    let source = "a = 1\nb = = 2\nc = Gauge('c', '')\n";
    let (text, gap) = broken(source);
    assert!(text.starts_with("(= a #1)"), "{text}");
    assert!(text.ends_with("(= c (Gauge! \"c\" \"\"))"), "{text}");
    assert_eq!(source[..gap.span.start as usize].matches('\n').count(), 1);
    assert_eq!(gap.reach, Reach::Nothing);
}

#[test]
fn merge_conflict_markers_keep_both_sides() {
    let source = "a = Counter('a', '')\n<<<<<<< HEAD\nb = Counter('b', '')\n=======\nc = Counter('c', '')\n>>>>>>> other\nd = Counter('d', '')\n";
    let (text, gap) = broken(source);
    for name in ["\"a\"", "\"b\"", "\"c\"", "\"d\""] {
        assert!(text.contains(name), "{name} in {text}");
    }
    assert_eq!(gap.span.start, 21);
}

#[test]
fn an_error_that_swallows_a_constructor_could_hide_any_name() {
    let (_, gap) = broken("x = 1\nHITS = Counter('hits', \"All\" ? 3 $ 4\n");
    assert_eq!(gap.reach, Reach::Anything);
    let (_, gap) = broken("x = 1\ny = unrelated 3 $ 4\n");
    assert_eq!(gap.reach, Reach::Nothing);
}

#[test]
fn all_errors_of_a_file_are_one_gap() {
    let (_, gap) = broken("a = = 1\nb = = 2\nc = = 3\n");
    assert_eq!(gap.span.start, 4);
    assert_eq!(
        gap.message,
        "this and 2 more places are not valid Python; the rest of the file was read"
    );
}

#[test]
fn a_broken_header_does_not_lose_its_body() {
    let (text, _) = broken("class A(:\n    x = Counter('a', '')\n    def f(self):\n        y()\nz = 1\n");
    assert!(text.contains("(= x (Counter! \"a\" \"\"))"), "{text}");
}

#[test]
fn deep_nesting_is_cut() {
    for source in [
        format!("x = {}a{}", "[".repeat(5_000), "]".repeat(5_000)),
        format!("x = {}a{}", "(".repeat(5_000), ")".repeat(5_000)),
        format!("x = {}a", "-".repeat(20_000)),
        format!("x = {}a", "not ".repeat(20_000)),
        format!("x = {}", vec!["a"; 100_000].join(" + ")),
        format!("x = {}", vec!["a"; 100_000].join(" or ")),
        format!("x = {}", vec!["a"; 20_000].join(" ** ")),
        format!("x = a{}", ".b()".repeat(50_000)),
        format!("x = {}", "lambda: ".repeat(2_000) + "a"),
        format!("{}1", "x = ".repeat(5_000)),
        (0..300)
            .map(|depth| format!("{}if a:\n", " ".repeat(depth)))
            .collect::<String>()
            + &" ".repeat(300)
            + "b",
    ] {
        let (module, gaps) = lower(&source);
        assert!(module.body.len() <= 2);
        assert!(gaps.iter().all(|gap| gap.reach == Reach::Nothing), "{gaps:?}");
    }
}

#[test]
fn operators_that_join_many_operands_are_not_nested() {
    let (module, gaps) = lower(&format!("x = {}", vec!["a"; 1_000].join(" and ")));
    assert_eq!(gaps, Vec::new());
    let StmtKind::Assign {
        value: Some(value), ..
    } = &module.body[0].kind
    else {
        panic!("{module:?}")
    };
    let ExprKind::BoolOp(_, operands) = &value.kind else {
        panic!("{value:?}")
    };
    assert_eq!(operands.len(), 1_000);
}

#[test]
fn what_is_cut_off_is_a_gap() {
    let (_, gaps) = lower(&format!(
        "x = {}Gauge('a', ''){}",
        "[".repeat(200),
        "]".repeat(200)
    ));
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].kind, GapKind::Limit);
    assert_eq!(gaps[0].reach, Reach::Anything);
}

#[test]
fn a_long_chain_of_alternatives_loses_no_body() {
    let mut source = "if a == 0: f(0)\n".to_owned();
    for index in 1..400 {
        source.push_str(&format!("elif a == {index}: f({index})\n"));
    }
    source.push_str("else: f(400)\n");
    let text = lowered(&source);
    for index in 0..=400 {
        assert!(text.contains(&format!("(f! #{index})")), "{index}");
    }
}

#[test]
fn the_prefilter_keeps_what_declares_metrics() {
    assert!(may_matter("from prometheus_client import Counter"));
    assert!(may_matter("from .compat import Counter as C"));
    assert!(may_matter("yield GaugeMetricFamily('a', '')"));
    assert!(may_matter("print('# TYPE jobs gauge')"));
    assert!(may_matter("meter.create_counter('a')"));
    assert!(!may_matter("class Info(Enum):\n    metrics = 1\n"));
    assert!(!may_matter(""));
}

#[test]
fn needles_are_whole_identifiers() {
    let needles = Needles::new(&["queue_size".to_owned(), "app.metrics".to_owned(), String::new()]);
    assert!(mentions_any("queue_size.set(1)", &needles));
    assert!(mentions_any("self.queue_size", &needles));
    assert!(mentions_any("from app.metrics import *", &needles));
    assert!(!mentions_any(
        "my_queue_size queue_size2 équeue_size app.metrics_old",
        &needles
    ));
    assert!(mentions_any("queue_size2 queue_size", &needles));
    let none = Needles::new(&[]);
    assert!(none.is_empty());
    assert!(!mentions_any("anything", &none));
}

#[test]
fn which_paths_are_tests() {
    for path in [
        "tests/metrics.py",
        "app/test/helpers.py",
        "app/testing/fakes.py",
        "app/tests.py",
        "app/test_metrics.py",
        "app/metrics_test.py",
        "conftest.py",
        "app/integration_tests/a.py",
        "Tests/a.py",
    ] {
        assert!(is_test_code(path, "def test_hits(): pass"), "{path}");
    }
    for path in [
        "app/testing_utils.py",
        "app/testimony.py",
        "app/latest.py",
        "app/contest/a.py",
        "app/attest_service/a.py",
        "app/tester.py",
        "app/protest_test_results/metrics.py",
        "",
    ] {
        assert!(!is_test_code(path, "def test_hits(): pass"), "{path}");
    }
}

#[test]
fn a_name_alone_makes_no_test() {
    let program = "HITS = Counter('hits', 'Hits')\n";
    assert!(!is_test_code("probes/tests.py", program));
    assert!(!is_test_code("test_2.py", program));
    assert!(is_test_code("tests/metrics.py", program), "the folder says it");
    assert!(is_test_code("app/conftest.py", program));
    assert!(is_test_code("app/tests.py", "from unittest import mock\n"));
}
