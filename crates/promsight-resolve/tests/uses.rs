//! What becomes of a metric once it is declared: each test is a program and what is said of the use of its metrics.
//!
//! A line for each metric: its name, its registry where that is not the global one, what configures its name, whether its
//! children are initialised; below it each label with its values, `…` where there may be others.

#![expect(clippy::panic, reason = "a test that fails says what it found")]

mod common;

use std::fmt::Write as _;

use promsight_model::{FileSet, Registry};
use promsight_resolve::python::Inventory;

use common::linked;

fn inventory(program: &[(&str, &str)]) -> (FileSet, Inventory) {
    let files: FileSet = program.iter().copied().collect();
    let inventory = linked(&files, &[]);
    (files, inventory)
}

fn told(program: &[(&str, &str)]) -> String {
    let (files, inventory) = inventory(program);
    let mut text = String::new();
    for emitter in &inventory.emitters {
        let usage = &emitter.usage;
        let _ = write!(text, "{}", emitter.name);
        match usage.registry {
            Registry::Default => {}
            Registry::Named(span) => {
                let _ = write!(text, " in «{}»", files.text(span));
            }
            Registry::Detached => text.push_str(" in none"),
            Registry::Unknown => text.push_str(" in some registry"),
        }
        for variable in &usage.configured_by {
            let _ = write!(text, " by {variable}");
        }
        if usage.is_initialised {
            text.push_str(" initialised");
        }
        text.push('\n');
        for label in &usage.label_values {
            let values: Vec<&str> = label.values.iter().map(|value| value.value.as_str()).collect();
            let more = if label.is_complete { "" } else { " …" };
            let _ = writeln!(text, "  {}: {}{more}", label.label, values.join(" "));
        }
    }
    text
}

#[track_caller]
fn expect(program: &[(&str, &str)], expected: &str) {
    let told = told(program);
    if told.trim() != expected.trim() {
        panic!("expected\n{expected}\nfound\n{told}");
    }
}

const METRICS: &str = "from prometheus_client import Counter\n\nC = Counter(\"c\", \"C.\", [\"a\", \"b\"])\n";

/// One metric with labels `a` and `b`, and what a program does with it.
#[track_caller]
fn expect_values(program: &str, expected: &str) {
    let text = format!("from metrics import C\n\n{program}");
    expect(&[("metrics.py", METRICS), ("app.py", &text)], expected);
}

#[test]
fn values_by_position_by_name_and_from_a_dictionary_are_known() {
    expect_values(
        r#"
def run():
    C.labels("1", "2").inc()
    C.labels(b="4", a="3").inc()
    C.labels(**{"a": "5", "b": "6"}).inc()
    C.labels(*("7", "8")).inc()
"#,
        "c\n  a: 1 3 5 7\n  b: 2 4 6 8",
    );
}

#[test]
fn the_client_calls_str_on_values() {
    expect_values(
        r#"
from enum import Enum, StrEnum


class Plain(Enum):
    RED = "red"


class Mixed(str, Enum):
    RED = "red"


class Text(StrEnum):
    RED = "red"


def run():
    C.labels(True, 1).inc()
    C.labels(None, 1.5).inc()
    C.labels(Plain.RED, Plain.RED.value).inc()
    C.labels(Mixed.RED, Text.RED).inc()
"#,
        "c\n  a: Mixed.RED None Plain.RED True\n  b: 1 1.5 red",
    );
}

#[test]
fn values_come_through_helpers_constants_and_choices() {
    expect_values(
        r#"
KIND = "day"


def count(kind, *, ok):
    C.labels(kind, "good" if ok else "bad").inc()


def run(ok):
    count(KIND, ok=ok)
    count("night", ok=True)


def loop():
    for kind, outcome in [("dawn", "x"), ("dusk", "y")]:
        C.labels(kind, outcome).inc()
"#,
        "c\n  a: dawn day dusk night\n  b: bad good x y",
    );
}

#[test]
fn what_is_known_at_run_time_only_leaves_the_set_open() {
    expect_values(
        r#"
def run(request):
    C.labels(request.path, f"{request.code}xx").inc()
    C.labels("home", "200").inc()
"#,
        "c\n  a: home …\n  b: 200 …",
    );
}

#[test]
fn an_attribute_that_methods_set_may_hold_something_else() {
    expect_values(
        r#"
class Job:
    def __init__(self):
        self.state = "new"
        self.name = "job"

    def finish(self):
        C.labels(self.name, self.state).inc()
        self.state = "done"
"#,
        "c\n  a: job\n  b: new …",
    );
}

#[test]
fn a_variable_that_functions_set_may_hold_something_else() {
    expect_values(
        r#"
mode = "cold"
unit = "one"


def warm():
    global mode
    mode = "hot"


def run():
    C.labels(unit, mode).inc()
"#,
        "c\n  a: one\n  b: hot …",
    );
}

#[test]
fn a_metric_handed_to_unknown_code_has_an_open_set() {
    expect_values(
        r#"
import elsewhere


def run():
    C.labels("1", "2").inc()
    elsewhere.take(C)
"#,
        "c\n  a: 1 …\n  b: 2 …",
    );
}

#[test]
fn a_call_on_something_unknown_beside_the_metric_leaves_the_set_open() {
    expect_values(
        r#"
def run(choose):
    C.labels("1", "2").inc()
    other = choose(lambda: C)
    other.labels("3", "4").inc()
"#,
        "c\n  a: 1 …\n  b: 2 …",
    );
}

#[test]
fn a_timer_that_gets_its_labels_later_leaves_the_set_open() {
    expect(
        &[(
            "app.py",
            r#"
from prometheus_client import Histogram

H = Histogram("h", "H.", ["a"])


def run():
    with H.time() as timer:
        timer.labels("late")
    H.labels("early").observe(1)
"#,
        )],
        "h\n  a: early …",
    );
    let (_, inventory) = inventory(&[(
        "app.py",
        "from prometheus_client import Histogram\n\nH = Histogram(\"h\", \"H.\", [\"a\"])\n\n\n\
         def run():\n    with H.time() as timer:\n        timer.labels(\"late\")\n",
    )]);
    assert_eq!(inventory.emitters[0].usage.invalid, vec![]);
}

#[test]
fn children_made_at_the_start_are_told_from_children_of_events() {
    expect(
        &[(
            "app.py",
            r#"
from prometheus_client import Counter

A = Counter("a", "A.", ["x"])
B = Counter("b", "B.", ["x"])
C = Counter("c", "C.", ["x"])
D = Counter("d", "D.", ["x"])
E = Counter("e", "E.", ["x"])

for x in ("1", "2"):
    A.labels(x)


class Server:
    def __init__(self):
        self.hits = B.labels("1")
        C.labels("1").inc()

    def run(self):
        self.hits.inc()
        child = D.labels("1")
        child.inc()


def prepare():
    E.labels("1").inc(0)
"#,
        )],
        "a initialised\n  x: 1 2\nb initialised\n  x: 1\nc\n  x: 1\nd\n  x: 1\ne initialised\n  x: 1",
    );
}

#[test]
fn registries_are_followed_through_variables_attributes_and_registration() {
    expect(
        &[(
            "app.py",
            r#"
from prometheus_client import CollectorRegistry, Counter, REGISTRY
from prometheus_client.core import GaugeMetricFamily

mine = CollectorRegistry(auto_describe=True)

A = Counter("a", "A.")
B = Counter("b", "B.", registry=REGISTRY)
C = Counter("c", "C.", registry=mine)
D = Counter("d", "D.", registry=None)
E = Counter("e", "E.", registry=None)
mine.register(E)


class App:
    def __init__(self, registry):
        self.f = Counter("f", "F.", registry=registry)


App(mine)


class Rows:
    def collect(self):
        yield GaugeMetricFamily("g", "G.", value=1)


class Lost:
    def collect(self):
        yield GaugeMetricFamily("h", "H.", value=1)


REGISTRY.register(Rows())
"#,
        )],
        "a\nb\nc in «CollectorRegistry(auto_describe=True)»\nd in none\ne in «CollectorRegistry(auto_describe=True)»\n\
         f in «CollectorRegistry(auto_describe=True)»\ng\nh in some registry",
    );
}

#[test]
fn names_say_which_variable_or_option_configures_them() {
    expect(
        &[(
            "app.py",
            r#"
import argparse
import os

from prometheus_client import Counter

parser = argparse.ArgumentParser()
parser.add_argument("--metric-prefix", default="shop")
arguments = parser.parse_args()

A = Counter(os.environ.get("PREFIX", "app") + "_a", "A.")
B = Counter(os.environ["NAMESPACE"] + "_b", "B.")
C = Counter(f"{arguments.metric_prefix}_c", "C.")
D = Counter("d", "D.", namespace=os.getenv("SPACE") or "space")
"#,
        )],
        "app_a by PREFIX\n*_b by NAMESPACE\nshop_c by --metric-prefix\nspace_d by SPACE",
    );
}

/// The calls that are said to raise.
fn invalid(program: &str) -> Vec<String> {
    let (files, inventory) = inventory(&[("app.py", program)]);
    let usages = inventory.emitters.iter().map(|emitter| &emitter.usage);
    usages
        .flat_map(|usage| &usage.invalid)
        .map(|invalid| files.text(invalid.span).to_owned())
        .collect()
}

#[test]
fn a_helper_that_asks_what_it_was_given_raises_nowhere() {
    let program = r#"
from prometheus_client import Counter, Gauge

A = Counter("a", "A.", ["x"])
B = Gauge("b", "B.")


def count(metric, labels=None):
    if labels:
        metric.labels(**labels).inc()
    else:
        metric.inc()


class Held:
    def __init__(self, metric, labels):
        self.metric = metric
        self.labels = labels

    def count(self):
        if self.labels:
            self.metric.labels(*self.labels).inc()
        else:
            self.metric.inc()


def run(values):
    count(A, {"x": "1"})
    count(B)
    Held(A, values).count()
    try:
        A.labels(x="1", y="2").inc()
    except ValueError:
        A.inc()
"#;
    assert_eq!(invalid(program), vec!["A.labels(x=\"1\", y=\"2\")"]);
}

#[test]
fn calls_that_surely_raise_are_found_behind_attributes_and_imports() {
    let program = r#"
from prometheus_client import Counter, Enum


class Metrics:
    def __init__(self):
        self.a = Counter("a", "A.", ["x"])
        self.b = Enum("b", "B.", states=["up", "down"])


metrics = Metrics()


def run():
    metrics.a.labels("1", "2").inc()
    metrics.a.inc()
    metrics.b.state("sideways")
    metrics.b.state("up")
"#;
    assert_eq!(
        invalid(program),
        vec![
            "metrics.a.labels(\"1\", \"2\")",
            "metrics.a.inc()",
            "metrics.b.state(\"sideways\")"
        ]
    );
}

#[test]
fn one_name_twice_conflicts_only_within_a_program() {
    let (left, right) = (
        "from prometheus_client import Counter\n\nA = Counter(\"a\", \"A.\", [\"x\"])\n",
        "from prometheus_client import Counter\n\nA = Counter(\"a\", \"A.\", [\"y\"])\n",
    );
    let conflicts = |main: &str| {
        let program = [("left.py", left), ("right.py", right), ("main.py", main)];
        inventory(&program).1.conflicts.len()
    };
    assert_eq!(conflicts("import left\nimport right\n"), 1);
    assert_eq!(conflicts("import left\n"), 0, "nothing runs both");
    assert_eq!(
        conflicts("try:\n    import left\nexcept ImportError:\n    pass\n"),
        0
    );
    let other = "from prometheus_client import CollectorRegistry, Counter\n\nA = Counter(\"a\", \"A.\", [\"y\"], registry=CollectorRegistry())\n";
    let program = [
        ("left.py", left),
        ("right.py", other),
        ("main.py", "import left, right\n"),
    ];
    assert_eq!(inventory(&program).1.conflicts.len(), 0, "each has its registry");
}
