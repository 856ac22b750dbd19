//! The values that code spells out for gauges: each test is a program and, for each gauge, every value that it can have, or
//! `?` where that is not known. One value too few would be a false claim about an alert.

#![expect(clippy::panic, reason = "a test that fails says what it found")]

mod common;

use promsight_model::FileSet;

use common::linked;

const METRICS: &str =
    "from prometheus_client import Gauge\n\nA = Gauge(\"a\", \"A.\")\nB = Gauge(\"b\", \"B.\", [\"l\"])\n";

fn told(program: &[(&str, &str)]) -> String {
    let files: FileSet = program.iter().copied().collect();
    let inventory = linked(&files, &[]);
    let mut lines: Vec<String> = inventory
        .emitters
        .iter()
        .map(|emitter| {
            let values = emitter.usage.values.as_ref().map(|values| {
                let values: Vec<String> = values.iter().map(|value| value.value().to_string()).collect();
                values.join(" ")
            });
            format!("{}: {}", emitter.name, values.unwrap_or_else(|| "?".to_owned()))
        })
        .collect();
    lines.sort();
    lines.join(", ")
}

/// The gauges `A` and `B` of a module, and what a program does with them.
#[track_caller]
fn expect(program: &str, expected: &str) {
    let text = format!("import metrics\nfrom metrics import A, B\n\n{program}");
    let told = told(&[("metrics.py", METRICS), ("app.py", &text)]);
    if told != expected {
        panic!("expected {expected}, found {told}");
    }
}

#[test]
fn numbers_that_are_written_are_all_there_are() {
    expect(
        "def f(ok):\n    A.set(1 if ok else -2.5)\n    B.labels(\"x\").set(3)\n",
        "a: -2.5 0 1, b: 3",
    );
    expect(
        "def f(ok):\n    A.set(ok is None)\n    B.labels(ok).set(int(not ok))\n",
        "a: 0 1, b: 0 1",
    );
    expect(
        "def f(x):\n    A.set(float(x > 2))\n    B.labels(x).set(value=True)\n",
        "a: 0 1, b: 1",
    );
}

#[test]
fn a_gauge_begins_with_zero_until_it_is_set() {
    expect("A.set(1)\n", "a: 0 1, b: ?");
    expect(
        "def f():\n    child = B.labels(\"x\")\n    child.set(2)\n",
        "a: ?, b: 0 2",
    );
    let at_once = told(&[(
        "app.py",
        "from prometheus_client import Gauge\n\nA = Gauge(\"a\", \"A.\")\nA.set(1)\n",
    )]);
    assert_eq!(at_once, "a: 1");
    let perhaps = told(&[(
        "app.py",
        "import os\nfrom prometheus_client import Gauge\n\nA = Gauge(\"a\", \"A.\")\nif os.environ.get(\"X\"):\n    A.set(1)\n",
    )]);
    assert_eq!(perhaps, "a: 0 1");
}

#[test]
fn what_is_computed_or_counted_may_be_anything() {
    for program in [
        "def f(x):\n    A.set(x)\n    A.set(1)\n",
        "def f():\n    A.inc()\n    A.set(1)\n",
        "def f():\n    A.set(1)\n    A.set_to_current_time()\n",
        "def f():\n    A.set(1)\n    A.set_function(lambda: 5)\n",
        "@A.track_inprogress()\ndef f():\n    A.set(1)\n",
        "class C:\n    n = 0\n    def f(self):\n        self.n += 1\n        A.set(self.n)\n        A.set(0)\n",
        "def f():\n    A.set(1)\n    for gauge in (A, B):\n        gauge.set(len(\"x\"))\n",
    ] {
        expect(program, "a: ?, b: ?");
    }
}

#[test]
fn code_that_was_not_followed_may_set_anything() {
    for program in [
        // Handed to code elsewhere.
        "import other\n\ndef f():\n    A.set(1)\n    other.take(A)\n",
        // Reached through an object of which nothing is known.
        "def f():\n    A.set(1)\n\ndef g(holder, value):\n    holder.A.set(value)\n",
        // Through its name as text.
        "def f():\n    A.set(1)\n\ndef g(value):\n    getattr(metrics, \"A\").set(value)\n",
        // Through a table.
        "TABLE = {\"a\": A}\n\ndef f():\n    A.set(1)\n\ndef g(key, value):\n    TABLE[key].set(value)\n",
        // Through its method.
        "def f(value):\n    A.set(1)\n    report = A.set\n    report(value)\n",
        // Counted through an object of which nothing is known.
        "def f():\n    A.set(1)\n\ndef g(holder):\n    holder.A.inc()\n    A.set(0)\n",
        // In a callback that nothing is seen to call.
        "def f(bus):\n    A.set(1)\n    bus.on(\"x\", lambda value: A.set(value))\n",
        // Through a function that is given any gauge.
        "def put(gauge, value):\n    gauge.set(value)\n\ndef f(value):\n    A.set(1)\n    put(A, value)\n",
    ] {
        expect(program, "a: ?, b: ?");
    }
}

#[test]
fn names_that_are_not_known_may_mean_any_gauge() {
    expect(
        "def f():\n    A.set(1)\n\ndef g(name, value):\n    getattr(metrics, name).set(value)\n",
        "a: ?, b: ?",
    );
    expect(
        "def f():\n    A.set(1)\n\ndef g(name, value):\n    vars(metrics)[name].set(value)\n",
        "a: ?, b: ?",
    );
}

#[test]
fn values_through_aliases_and_methods_are_followed() {
    expect(
        "from metrics import A as Alias\n\ndef f():\n    A.set(1)\n    Alias.set(7)\n",
        "a: 0 1 7, b: ?",
    );
    expect(
        "def f():\n    A.set(1)\n    report = A.set\n    report(9)\n",
        "a: 0 1 9, b: ?",
    );
    expect(
        "def f():\n    for gauge in (A,):\n        gauge.set(4)\n",
        "a: 0 4, b: ?",
    );
}

#[test]
fn processes_that_are_added_up_have_more() {
    let program = "from prometheus_client import Gauge\n\nA = Gauge(\"a\", \"A.\", multiprocess_mode=MODE)\n\ndef f():\n    A.set(1)\n";
    for (mode, expected) in [
        ("\"max\"", "a: 0 1"),
        ("\"livesum\"", "a: ?"),
        ("choose()", "a: ?"),
    ] {
        assert_eq!(
            told(&[("app.py", &program.replace("MODE", mode))]),
            expected,
            "{mode}"
        );
    }
}

#[test]
fn a_class_of_its_own_may_set_something_else() {
    let program = "from prometheus_client import Gauge\n\nclass Doubled(Gauge):\n    def set(self, value):\n        super().set(2 * value)\n\nA = Doubled(\"a\", \"A.\")\n\ndef f():\n    A.set(1)\n";
    assert_eq!(told(&[("app.py", program)]), "a: ?");
}
