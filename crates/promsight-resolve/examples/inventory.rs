//! Prints what the Python code below a folder declares, as JSON lines: a development tool for comparing with
//! what the real client registers.
#![expect(
    clippy::disallowed_methods,
    reason = "a development tool that reads a folder and writes to the terminal"
)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a development tool that writes to the terminal"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use promsight_extract::python;
use promsight_model::{FileSet, LineIndex};
use promsight_resolve::python::{SourceModule, link};
use serde_json::json;

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String, Arc<str>)>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if path.is_symlink() || hidden {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "py")
            && let Ok(bytes) = std::fs::read(&path)
            && let Ok(relative) = path.strip_prefix(root)
        {
            let relative = relative.to_string_lossy().into_owned();
            files.push((
                relative.clone(),
                relative,
                Arc::from(String::from_utf8_lossy(&bytes).as_ref()),
            ));
        }
    }
}

fn main() {
    let Some(root) = std::env::args().nth(1) else {
        eprintln!("name a folder");
        return;
    };
    let root = Path::new(&root);
    let mut found = Vec::new();
    collect(root, root, &mut found);
    let files = FileSet::new(found);
    let began = Instant::now();
    let modules: Vec<_> = files.files().iter().map(|file| python::module(file).0).collect();
    let lowered = began.elapsed();
    let sources: Vec<SourceModule<'_>> = files
        .files()
        .iter()
        .zip(&modules)
        .map(|(file, module)| SourceModule {
            file: file.id,
            path: &file.path,
            module,
        })
        .collect();
    let began = Instant::now();
    let inventory = link(&sources, &promsight_extract::knowledge::libraries());
    eprintln!(
        "{} modules, lowered in {lowered:?}, linked in {:?}",
        modules.len(),
        began.elapsed()
    );
    let line = |span: promsight_model::Span| {
        let text = &files.file(span.file).text;
        LineIndex::new(text).position(text, span.start).line
    };
    for emitter in &inventory.emitters {
        let value = json!({
            "name": emitter.name.to_string(),
            "exact": emitter.name.exact().is_some(),
            "type": emitter.metric_type.word(),
            "labels": emitter.labels,
            "labels_known": emitter.labels_known,
            "file": files.file(emitter.span.file).path,
            "line": line(emitter.span),
            "live": format!("{:?}", emitter.liveness),
            "updated": emitter.updated,
            "origin": emitter.origin.word(),
            "wrapping": format!("{:?}", emitter.wrapping),
            "text": emitter.name_span.map(|span| files.text(span).to_owned()),
            "reason": emitter.unresolved_reason,
            "buckets": emitter.buckets,
        });
        println!("{value}");
    }
    for gap in &inventory.gaps {
        println!(
            "{}",
            json!({ "gap": gap.message, "reach": format!("{:?}", gap.reach), "file": files.file(gap.span.file).path, "line": line(gap.span) })
        );
    }
    println!(
        "{}",
        json!({ "wanted": inventory.wanted.modules, "identifiers": inventory.wanted.identifiers })
    );
}
