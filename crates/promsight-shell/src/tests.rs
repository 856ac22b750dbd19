use std::ops::Range;

use promsight_model::launch::{Connective, Fallback, Piece, Script, Statement, StatementKind, Word};
use promsight_model::{FileId, Span};

fn place(range: Range<usize>) -> Span {
    Span::new(FileId(0), range)
}

fn read(text: &str) -> Script {
    crate::script(text, &place)
}

fn pieces(own: &[Piece]) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Variable { name, fallback, .. } => match fallback {
            None => format!("${{{name}}}"),
            Some(Fallback { kind, pieces: inner }) => format!("${{{name} {kind:?} {}}}", pieces(inner)),
        },
        Piece::Arguments => "$@".to_owned(),
        Piece::List(name) => format!("{name}[@]"),
        Piece::Unknown => "?".to_owned(),
    };
    own.iter().map(text).collect()
}

fn word(word: &Word) -> String {
    pieces(&word.pieces)
}

fn words(words: &[Word]) -> String {
    let words: Vec<String> = words.iter().map(word).collect();
    words.join("·")
}

fn body(statements: &[Statement]) -> String {
    let statements: Vec<String> = statements.iter().map(statement).collect();
    statements.join("; ")
}

fn statement(statement_: &Statement) -> String {
    let text = match &statement_.kind {
        StatementKind::Command {
            assignments,
            words: own,
        } => {
            let set = assignments.iter().map(|assignment| {
                let sign = if assignment.appends { "+=" } else { "=" };
                let value = words(&assignment.words);
                let value = if assignment.is_list {
                    format!("({value})")
                } else {
                    value
                };
                format!("{}{sign}{value} ", assignment.name)
            });
            format!("{}{}", set.collect::<String>(), words(own))
                .trim_end()
                .to_owned()
        }
        StatementKind::Pipeline(commands) => {
            let commands: Vec<String> = commands.iter().map(statement).collect();
            commands.join(" | ")
        }
        StatementKind::Not(inner) => format!("! {}", statement(inner)),
        StatementKind::Chain(first, others) => {
            others.iter().fold(statement(first), |text, (connective, next)| {
                let sign = match connective {
                    Connective::And => "&&",
                    Connective::Or => "||",
                };
                format!("{text} {sign} {}", statement(next))
            })
        }
        StatementKind::If { branches, otherwise } => {
            let branches = branches
                .iter()
                .map(|(test, then)| format!("if[{}]{{{}}}", body(test), body(then)));
            format!("{}else{{{}}}", branches.collect::<String>(), body(otherwise))
        }
        StatementKind::Case(subject, arms) => {
            let arms = arms
                .iter()
                .map(|(patterns, arm)| format!("[{}]{{{}}}", words(patterns), body(arm)));
            format!("case {}{}", word(subject), arms.collect::<String>())
        }
        StatementKind::While {
            test,
            body: inner,
            is_until,
        } => {
            let sign = if *is_until { "until" } else { "while" };
            format!("{sign}[{}]{{{}}}", body(test), body(inner))
        }
        StatementKind::For(name, list, inner) => {
            let list = list.as_deref().map_or("$@".to_owned(), words);
            format!("for {name} in {list}{{{}}}", body(inner))
        }
        StatementKind::Group(inner) => format!("{{{}}}", body(inner)),
        StatementKind::Function(name, inner) => format!("{name}(){{{}}}", body(inner)),
    };
    if statement_.is_background {
        format!("{text} &")
    } else {
        text
    }
}

fn shown(text: &str) -> String {
    let script = read(text);
    assert!(script.is_complete, "{text}");
    body(&script.body)
}

#[test]
fn words_are_parted_and_quotes_removed() {
    assert_eq!(shown(r#"python -m 'a b'"c d"\ e"#), "python·-m·a bc d e");
    assert_eq!(shown("a '' \"\" b"), "a···b");
    assert_eq!(shown("a \\\n  b # no word\nc#d"), "a·b; c#d");
    assert_eq!(shown("a\\\nb"), "ab");
}

#[test]
fn expansions_keep_what_stands_in_for_a_value() {
    assert_eq!(
        shown(r#"run ${A:-8000} "$B/x" $1 "${C:-"d e"}" ${D:+y} ${1#-}"#),
        "run·${A UnsetOrEmpty 8000}·${B}/x·${1}·${C UnsetOrEmpty d e}·${D Filled y}·${1 WithoutPrefix -}"
    );
    assert_eq!(
        shown(r#"exec "$@" $(cat x) `y` $((1 + 2)) ${A:?no} ${A^^}"#),
        "exec·$@·?·?·?·${A}·?"
    );
    assert_eq!(shown("echo '$A' $ \\$B"), "echo·$A·$·$B");
}

#[test]
fn control_flow_nests() {
    assert_eq!(
        shown("if [ \"$1\" = worker ]; then\n  exec a\nelif [[ $X == y && -z $Z ]]; then b; else c; fi"),
        "if[[·${1}·=·worker·]]{exec·a}if[[[·${X}·==·y·&&·-z·${Z}·]]]{b}else{c}"
    );
    assert_eq!(
        shown("case \"$1\" in\n  web|api) a ;;\n  (worker) b; c ;;\n  *)\n    exec \"$@\"\nesac"),
        "case ${1}[web·api]{a}[worker]{b; c}[*]{exec·$@}"
    );
    assert_eq!(
        shown("while ! nc -z db 5432; do sleep 1; done\nfor i in 1 2; do a $i; done"),
        "while[! nc·-z·db·5432]{sleep·1}; for i in 1·2{a·${i}}"
    );
    assert_eq!(
        shown("start() { a; }\nfunction stop {\n b\n}\n(c; d) && e || f"),
        "start(){a}; stop(){b}; {c; d} && e || f"
    );
}

#[test]
fn lists_pipelines_and_redirections() {
    assert_eq!(
        shown("A=1 B=\"x y\" a >/dev/null 2>&1 & b | c; d &>log"),
        "A=1 B=x y a &; b | c; d"
    );
    assert_eq!(shown("A=1; export B=2"), "A=1; export·B=2");
    assert_eq!(shown("exec {log}> >(tee f) 2>&1; a"), "exec; a");
    assert_eq!(shown("LIST=(a b c)\ncat <(b) x"), "LIST=(a·b·c); cat·?·x");
}

#[test]
fn lists_are_kept_word_by_word() {
    assert_eq!(
        shown("A=(python -m \"$X\"\n  b)\nA+=(c)\nB+=d exec \"${A[@]}\" ${A[0]}"),
        "A=(python·-m·${X}·b); A+=(c); B+=d exec·A[@]·?"
    );
    assert_eq!(shown("export A=b C=\"d e\" F=(g h)"), "export·A=b·C=d e·F=?");
}

#[test]
fn here_documents_are_no_commands() {
    assert_eq!(
        shown("cat > f <<EOF\npython not_run.py\nEOF\nb <<-'X' | c\n\tz\n\tX\nd"),
        "cat; b | c; d"
    );
}

#[test]
fn spans_cover_what_they_name() {
    let text = "exec gunicorn -b :80 app:app\n";
    let script = read(text);
    let StatementKind::Command { words, .. } = &script.body[0].kind else {
        panic!("a command");
    };
    assert_eq!(&text[words[3].span.range()], ":80");
    assert_eq!(&text[script.body[0].span.range()], "exec gunicorn -b :80 app:app");
}

#[test]
fn what_is_broken_is_read_as_far_as_it_goes_and_said_to_be_incomplete() {
    for text in [
        "if a; then b",
        "'open",
        "\"open $(x",
        "case a in b",
        "fi; a",
        "a )) b",
        "${",
        "$(",
        "{ a",
    ] {
        assert!(!read(text).is_complete, "{text}");
    }
    assert_eq!(body(&read("fi; python a.py").body), "python·a.py");
}

#[test]
fn hostile_texts_end() {
    for piece in [
        "$(",
        "${a:-",
        "\"$(",
        "(",
        "{ ",
        "if ",
        "case a in (",
        "`",
        "<<a\n",
        "a && ",
        "\\",
        "f() ",
    ] {
        read(&piece.repeat(20_000));
    }
}

#[test]
fn split_is_that_of_shlex() {
    let split =
        |text: &str| -> Vec<String> { crate::split(text).into_iter().map(|(word, _)| word).collect() };
    assert_eq!(
        split("a 'b $c' \"d\\\"e\" f\\ g ''"),
        ["a", "b $c", "d\"e", "f g", ""]
    );
}

proptest::proptest! {
    #[test]
    fn no_text_stops_the_reader(text in "[a-z $(){}\"'`\\\\<>;&|\n=#!\\[\\]*]{0,60}") {
        let script = read(&text);
        let _ = body(&script.body);
        crate::words(&text, &place);
        crate::split(&text);
    }
}
