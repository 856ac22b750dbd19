//! Which files hold test code.

/// Words of which at least one stands in code that a test runner collects or that helps it.
const SIGNS: &[&str] = &[
    "def test",
    "class Test",
    "TestCase",
    "pytest",
    "unittest",
    "doctest",
    "mock",
    "nose",
];

/// Whether the file at a root-relative path (`/` separators) is test code: everything below a folder of tests, and
/// files with the names that pytest, unittest and Django look for. Programs that probe other systems have such names as
/// well, and so have first tries of an application: a name alone says it only where the text has a sign of tests.
pub fn is_test_code(path: &str, text: &str) -> bool {
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    if folders.split('/').any(is_test_folder) || is_support_file(file) {
        return true;
    }
    is_test_file(file) && (text.trim().is_empty() || SIGNS.iter().any(|sign| text.contains(sign)))
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

/// pytest reads it for every test beside and below it, and nothing else does.
fn is_support_file(file: &str) -> bool {
    stem(file) == "conftest"
}

/// A file that only begins with the word (`testing_utils.py`) is none: production code may well import it.
fn is_test_file(file: &str) -> bool {
    let stem = stem(file);
    matches!(stem, "test" | "tests")
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
}

fn stem(file: &str) -> &str {
    file.strip_suffix(".pyi")
        .or_else(|| file.strip_suffix(".py"))
        .unwrap_or(file)
}
