//! The root: what fingerprints and the configuration's globs are relative to.

use std::path::{Path, PathBuf};

use crate::config;

/// The root of a run over `paths` (canonical, at least one): the nearest folder at or above them that holds
/// `promsight.yaml`, else the git repository's top, else the folder itself.
pub fn find(paths: &[PathBuf]) -> PathBuf {
    let start = common_folder(paths);
    let above = |marker: &str| {
        start
            .ancestors()
            .find(|folder| folder.join(marker).exists())
            .map(Path::to_owned)
    };
    // In a worktree or submodule `.git` is a file.
    above(config::FILE_NAME)
        .or_else(|| above(".git"))
        .unwrap_or(start)
}

/// The deepest folder that holds all paths.
fn common_folder(paths: &[PathBuf]) -> PathBuf {
    let folder_of = |path: &PathBuf| if path.is_dir() { path.clone() } else { parent(path) };
    let mut folders = paths.iter().map(folder_of);
    let first = folders.next().unwrap_or_else(|| PathBuf::from("."));
    folders.fold(first, |common, folder| {
        common
            .ancestors()
            .find(|ancestor| folder.starts_with(ancestor))
            .map_or(folder.clone(), Path::to_owned)
    })
}

fn parent(path: &Path) -> PathBuf {
    path.parent().map_or_else(|| path.to_owned(), Path::to_owned)
}

/// `path` as seen from the folder `base`, with `/` separators; both canonical. The path itself where the two have
/// nothing in common (another drive).
pub fn relative(path: &Path, base: &Path) -> String {
    let Some(shared) = base.ancestors().find(|ancestor| path.starts_with(ancestor)) else {
        return path.to_string_lossy().replace('\\', "/");
    };
    let up = base.components().count() - shared.components().count();
    let down = path.strip_prefix(shared).unwrap_or(path).components();
    let parts: Vec<String> = std::iter::repeat_n("..".to_owned(), up)
        .chain(down.map(|component| component.as_os_str().to_string_lossy().into_owned()))
        .collect();
    if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_from_the_working_directory() {
        let relative = |path: &str, base: &str| relative(Path::new(path), Path::new(base));
        assert_eq!(relative("/a/b/c.py", "/a"), "b/c.py");
        assert_eq!(relative("/a/b/c.py", "/a/x/y"), "../../b/c.py");
        assert_eq!(relative("/a", "/a"), ".");
    }

    #[test]
    fn the_configuration_marks_the_root_before_git_does() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let top = folder.path().canonicalize().expect("it exists");
        std::fs::create_dir_all(top.join("service/deploy")).expect("folders can be made");
        std::fs::create_dir(top.join(".git")).expect("folders can be made");
        let inner = top.join("service/deploy");
        assert_eq!(find(std::slice::from_ref(&inner)), top);
        std::fs::write(top.join("service/promsight.yaml"), "").expect("files can be written");
        assert_eq!(find(std::slice::from_ref(&inner)), top.join("service"));
        assert_eq!(find(&[inner, top.clone()]), top, "the root holds all paths");
    }
}
