//! The source tree as the development commands see it.

use std::path::{Path, PathBuf};

/// A file of the tree that is text.
pub(crate) struct SourceText {
    /// Relative to the top, `/` separators.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The top of the repository: cargo runs this program from anywhere in it.
pub(crate) fn top() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// Every text file of the tree, by path. Build output, installed packages, hidden folders other than `.ci` and
/// `.cargo`, and files that are no UTF-8 are left out.
pub(crate) fn texts() -> Vec<SourceText> {
    let mut texts = Vec::new();
    walk(&top(), &top(), &mut texts);
    texts.sort_by(|left, right| left.path.cmp(&right.path));
    texts
}

fn walk(folder: &Path, top: &Path, texts: &mut Vec<SourceText>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let hidden = name.starts_with('.') && !matches!(name.as_str(), ".ci" | ".cargo");
        let location = entry.path();
        if hidden || name == "node_modules" || (name == "target" && folder == top) {
            continue;
        }
        if location.is_dir() {
            walk(&location, top, texts);
        } else if let Ok(text) = std::fs::read_to_string(&location) {
            let path = location
                .strip_prefix(top)
                .unwrap_or(&location)
                .to_string_lossy()
                .replace('\\', "/");
            texts.push(SourceText { path, text });
        }
    }
}
