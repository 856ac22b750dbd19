//! What linking promises beside the inventory: what libraries expose by themselves, what else should be read, and
//! that no input makes it run away.

mod common;

use std::fmt::Write as _;

use promsight_model::{BuiltIn, FileSet, Library, LibraryMetric, MetricType, Name, Origin};
use promsight_resolve::python::Inventory;

use common::linked;

fn inventory(sources: &[(&str, &str)], libraries: &[Library]) -> Inventory {
    let files: FileSet = sources.iter().copied().collect();
    linked(&files, libraries)
}

fn names(inventory: &Inventory) -> Vec<String> {
    inventory
        .emitters
        .iter()
        .map(|emitter| emitter.name.to_string())
        .collect()
}

fn framework() -> Library {
    Library {
        package: "webwatch".to_owned(),
        source: "made up".to_owned(),
        built_in: vec![BuiltIn {
            when: vec!["webwatch".to_owned()],
            metrics: vec![LibraryMetric {
                name: Name::Exact("web_requests".to_owned()),
                metric_type: MetricType::Counter,
                labels: Some(vec!["path".to_owned()]),
                buckets: None,
            }],
            ..BuiltIn::default()
        }],
        ..Library::default()
    }
}

#[test]
fn a_framework_exposes_its_own_metrics_once_it_is_imported() {
    let found = inventory(
        &[
            ("app.py", "from webwatch.fastapi import Watch\n"),
            ("other.py", "import webwatch\n"),
        ],
        &[framework()],
    );
    assert_eq!(
        names(&found),
        ["web_requests"],
        "two imports make one set of metrics"
    );
    assert_eq!(found.emitters[0].origin, Origin::Framework("webwatch".to_owned()));
    assert_eq!(
        found.emitters[0].series[0],
        Name::Exact("web_requests_total".to_owned())
    );
}

#[test]
fn neither_tests_nor_the_framework_s_own_source_bring_them() {
    let in_tests = inventory(&[("tests/test_app.py", "import webwatch\n")], &[framework()]);
    assert!(in_tests.emitters.is_empty());
    let own = inventory(
        &[
            ("webwatch/__init__.py", ""),
            ("webwatch/app.py", "from webwatch import helper\n"),
        ],
        &[framework()],
    );
    assert!(own.emitters.is_empty(), "the package is the tree itself");
}

#[test]
fn a_library_of_the_table_makes_metrics_too() {
    let library = Library {
        package: "measure".to_owned(),
        constructors: vec![promsight_model::Constructor {
            paths: vec!["measure.Dial".to_owned()],
            metric_type: MetricType::Gauge,
        }],
        ..Library::default()
    };
    let found = inventory(
        &[(
            "app.py",
            "import measure as m\n\nm.Dial('engine_heat', 'Heat.')\n",
        )],
        &[library],
    );
    assert_eq!(names(&found), ["engine_heat"]);
    assert_eq!(found.emitters[0].origin, Origin::Instrument("measure".to_owned()));
}

#[test]
fn what_is_missing_or_could_use_a_metric_is_wanted() {
    let found = inventory(
        &[(
            "app/metrics.py",
            "from prometheus_client import Counter\nfrom .names import PREFIX\nfrom app.more import x\n\n\
             VISITS = Counter('visits', 'Visits.')\n\n\ndef count(name):\n    return Counter(name, 'Text.')\n\n\n\
             count('guests')\n",
        )],
        &[],
    );
    for module in ["app/names", "app/more"] {
        assert!(
            found.wanted.modules.iter().any(|wanted| wanted == module),
            "{:?}",
            found.wanted.modules
        );
    }
    for identifier in ["VISITS", "count"] {
        assert!(
            found.wanted.identifiers.iter().any(|wanted| wanted == identifier),
            "{:?}",
            found.wanted.identifiers
        );
    }
}

#[test]
fn calls_that_double_at_every_level_come_to_an_end() {
    let mut text =
        String::from("from prometheus_client import Counter\n\n\ndef f0(name):\n    return name\n\n\n");
    for level in 1..60 {
        let below = level - 1;
        writeln!(
            text,
            "def f{level}(name):\n    a = f{below}(name + 'a')\n    return f{below}(name + 'b')\n\n"
        )
        .unwrap();
    }
    text.push_str("f59('x')\nCounter('still_here', 'Text.')\n");
    assert_eq!(names(&inventory(&[("app.py", &text)], &[])), ["still_here"]);
}

#[test]
fn recursion_of_functions_classes_and_modules_fits_the_stack_of_a_thread() {
    let nested = |depth: usize| format!("{}name{}", "[(".repeat(depth), ")]".repeat(depth));
    let mut text = String::from("from prometheus_client import Counter\n\n\n");
    for level in 0..40 {
        let next = (level + 1) % 40;
        writeln!(
            text,
            "def g{level}(name):\n    for x in {}:\n        with open(x):\n            try:\n                if x:\n                    \
             return g{next}([g{next}(y) for y in {}])\n            finally:\n                pass\n\n",
            nested(20),
            nested(20)
        )
        .unwrap();
    }
    text.push_str("class Loop(Loop):\n    def __getattr__(self, name):\n        return getattr(self, name)\n\n\ng0('a')\nLoop().x\n");
    text.push_str("Counter('survivor', 'Text.')\n");
    let mut sources = vec![("m0.py".to_owned(), text)];
    for module in 1..300 {
        sources.push((
            format!("m{module}.py"),
            format!("from m{} import *\n", module - 1),
        ));
    }
    let sources: Vec<(&str, &str)> = sources
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let found = std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn({
            let owned: Vec<(String, String)> = sources
                .iter()
                .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
                .collect();
            move || {
                let sources: Vec<(&str, &str)> = owned
                    .iter()
                    .map(|(path, text)| (path.as_str(), text.as_str()))
                    .collect();
                names(&inventory(&sources, &[]))
            }
        })
        .expect("a thread can be made")
        .join()
        .expect("linking does not overflow the stack");
    assert_eq!(found, ["survivor"]);
}

#[test]
fn endless_and_large_loops_come_to_an_end() {
    let text = "from prometheus_client import Gauge\n\nnames = []\nfor a in range(100000):\n    for b in range(100000):\n        \
                names.append(a * b)\nwhile True:\n    names.append(1)\nfor n in range(5000):\n    Gauge(f'big_{n}', 'Text.')\n\
                Gauge('small', 'Text.')\n";
    let found = names(&inventory(&[("app.py", text)], &[]));
    assert!(found.iter().any(|name| name == "big_0"));
    assert!(
        found.iter().any(|name| name == "big_*"),
        "the loop's later rounds are not lost silently"
    );
    assert!(found.iter().any(|name| name == "small"));
}
