//! What each construct of Python is lowered to.

use std::sync::Arc;

use promsight_model::python::Module;
use promsight_model::{FileId, Gap, SourceFile};

use super::{dump, module};

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

/// The lowering of valid Python.
fn lowered(text: &str) -> String {
    let (module, gaps) = lower(text);
    assert_eq!(gaps, Vec::new(), "{text}");
    dump::statements(&module.body)
}

#[test]
fn a_metric_declaration() {
    assert_eq!(
        lowered("REQUESTS = Counter('requests_total', \"All.\", labelnames=['path'], registry=None)\n"),
        r#"(= REQUESTS (Counter! "requests_total" "All." labelnames=["path"] registry=None))"#
    );
}
