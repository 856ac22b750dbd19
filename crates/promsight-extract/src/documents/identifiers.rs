//! Which words of documents are identifiers of the tree's code.
//!
//! A word such as `total_cost` in a design document is a column or a function as often as a metric. An extractor sees
//! one file; so the pipeline asks here, once all documents are read, which of their words code uses.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use promsight_model::SourceFile;

use crate::Format;

/// Words that are looked for in code.
#[derive(Debug)]
pub struct CodeWords {
    words: Vec<String>,
    automaton: Option<AhoCorasick>,
}

impl CodeWords {
    /// Looks for these words.
    pub fn new(words: BTreeSet<String>) -> Self {
        let words: Vec<String> = words.into_iter().collect();
        let automaton = AhoCorasick::new(&words).ok().filter(|_| !words.is_empty());
        Self { words, automaton }
    }

    /// The words that a file uses as identifiers or holds as strings; none in files that are not code of the program:
    /// tests, documents, rules.
    pub fn in_file(&self, file: &SourceFile) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let Some(automaton) = self.automaton.as_ref().filter(|_| is_code(&file.path)) else {
            return found;
        };
        for hit in automaton.find_overlapping_iter(&*file.text) {
            let Some(word) = self.words.get(hit.pattern().as_usize()) else {
                continue;
            };
            if !found.contains(word.as_str()) && is_used(&file.text, hit.range()) {
                found.insert(word.as_str());
            }
        }
        found
    }
}

fn is_code(path: &str) -> bool {
    let code = matches!(
        Format::of(path),
        Some(Format::Python | Format::Jsonnet | Format::Shell | Format::Hcl | Format::OtherSource)
    );
    let tested = path
        .split('/')
        .any(|part| matches!(part, "test" | "tests" | "testing") || part.starts_with("test_"));
    code && !tested
}

/// Whether a whole word stands there that is neither in a comment nor the name in a selector.
fn is_used(text: &str, at: std::ops::Range<usize>) -> bool {
    let part = |character: char| character.is_alphanumeric() || character == '_';
    let (before, after) = (&text[..at.start], &text[at.end..]);
    if before.ends_with(part) || after.starts_with(part) {
        return false;
    }
    let selector = after.starts_with('{')
        || after
            .strip_prefix('[')
            .is_some_and(|range| range.starts_with(|first: char| first.is_ascii_digit() || first == '$'));
    let line = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
    let comment = line.trim_start().starts_with(['#', '*']) || line.trim_start().starts_with("//");
    !selector && !comment
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use promsight_model::FileSet;

    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let files = FileSet::new(vec![(path.to_owned(), path.to_owned(), Arc::from(text))]);
        let words = CodeWords::new(BTreeSet::from(["beds_total".to_owned(), "BedsGone".to_owned()]));
        words
            .in_file(&files.files()[0])
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn columns_functions_and_strings_are_words_of_code() {
        assert_eq!(found("app.py", "beds_total = Column(Integer)\n"), ["beds_total"]);
        assert_eq!(
            found("alerts/beds.py", "Rule(name=\"BedsGone\", by='beds_total')\n"),
            ["BedsGone", "beds_total"]
        );
    }

    #[test]
    fn comments_selectors_longer_words_tests_and_documents_are_not() {
        for (path, text) in [
            ("app.py", "    # beds_total counts\n"),
            ("app.go", "\t// beds_total counts\n"),
            ("app.py", "QUERY = 'rate(beds_total[5m])'\n"),
            ("app.py", "hostel_beds_total = my_beds_total_2\n"),
            ("tests/app.py", "beds_total = 1\n"),
            ("README.md", "beds_total"),
        ] {
            assert_eq!(found(path, text), [""; 0], "{path}: {text}");
        }
    }
}
