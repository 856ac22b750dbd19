//! Which paths hold test code.

/// Whether a root-relative path (`/` separators) says that the file is test code: pytest's and unittest's file
/// names, Django's `tests.py`, and everything below a folder of tests. A file that only begins with the word
/// (`testing_utils.py`) is not: production code may well import it.
pub fn is_test_path(path: &str) -> bool {
    let mut parts = path.split('/');
    let Some(file) = parts.next_back() else {
        return false;
    };
    parts.any(is_test_folder) || is_test_file(file)
}

fn is_test_folder(folder: &str) -> bool {
    let folder = folder.to_ascii_lowercase();
    matches!(
        folder.as_str(),
        "test" | "tests" | "testing" | "unittest" | "unittests" | "__tests__"
    ) || ["_tests", "-tests", ".tests"]
        .iter()
        .any(|ending| folder.ends_with(ending))
}

fn is_test_file(file: &str) -> bool {
    let stem = file
        .strip_suffix(".pyi")
        .or_else(|| file.strip_suffix(".py"))
        .unwrap_or(file);
    matches!(stem, "conftest" | "test" | "tests")
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
}
