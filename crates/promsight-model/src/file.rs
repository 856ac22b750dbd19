//! Files as text, and positions in them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::span::Span;

/// Names one file of a [`FileSet`]. Ids follow the order of paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

impl FileId {
    /// The id as a number, below [`FileSet::id_end`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One file that was read, as text.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its identity in the set.
    pub id: FileId,
    /// Relative to the root, `/` separators: what fingerprints and config globs see.
    pub path: String,
    /// Relative to the working directory: what a terminal or CI annotation can open.
    pub shown_path: String,
    /// The decoded text, without a byte order mark. All spans count bytes of it.
    pub text: Arc<str>,
}

/// All files of a run, sorted by path.
#[derive(Clone, Debug, Default)]
pub struct FileSet {
    files: Vec<SourceFile>,
}

impl<P: Into<String>, T: Into<Arc<str>>> FromIterator<(P, T)> for FileSet {
    /// A set of paths with their texts; a path is shown as it is.
    fn from_iter<I: IntoIterator<Item = (P, T)>>(files: I) -> Self {
        let files = files.into_iter().map(|(path, text)| {
            let path: String = path.into();
            (path.clone(), path, text.into())
        });
        Self::new(files.collect())
    }
}

impl FileSet {
    /// A set of `(path, shown_path, text)`; sorted by path here, so that file ids follow the path order.
    pub fn new(files: Vec<(String, String, Arc<str>)>) -> Self {
        Self::beside(files, &BTreeSet::new())
    }

    /// The same, with ids that leave room for other paths: two sets, each made beside the paths of the other, give a
    /// path that both have the same id.
    pub fn beside(mut files: Vec<(String, String, Arc<str>)>, others: &BTreeSet<&str>) -> Self {
        files.sort_by(|left, right| left.0.cmp(&right.0));
        files.dedup_by(|left, right| left.0 == right.0);
        let mut others = others.iter().peekable();
        let mut next = 0;
        let files = files
            .into_iter()
            .map(|(path, shown_path, text)| {
                while others.next_if(|other| **other < path.as_str()).is_some() {
                    next += 1;
                }
                others.next_if(|other| **other == path);
                let id = FileId(next);
                next += 1;
                SourceFile {
                    id,
                    path,
                    shown_path,
                    text,
                }
            })
            .collect();
        Self { files }
    }

    /// The files in path order.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The file of that id. Ids come from this set, so it exists.
    pub fn file(&self, id: FileId) -> &SourceFile {
        let index = match self.files.get(id.index()) {
            Some(file) if file.id == id => id.index(),
            _ => self.files.partition_point(|file| file.id < id),
        };
        &self.files[index]
    }

    /// One more than the greatest id; 0 where there is no file.
    pub fn id_end(&self) -> usize {
        self.files.last().map_or(0, |file| file.id.index() + 1)
    }

    /// The file at that root-relative path.
    pub fn by_path(&self, path: &str) -> Option<&SourceFile> {
        self.files
            .binary_search_by(|file| file.path.as_str().cmp(path))
            .ok()
            .map(|index| &self.files[index])
    }

    /// The text that a span covers; empty where it does not lie on character boundaries.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text.get(span.range()).unwrap_or_default()
    }
}

/// A place as people and editors count: both from 1, columns in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

/// Bytes between two places of a text at which the number of scalar values before is kept: what stands on one long
/// line (minified JSON) is then found without counting the line from its start.
const BLOCK: usize = 4096;

/// Where the lines of one text begin. Lines end at `\n` (a `\r` before it belongs to the line).
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
    /// Scalar values that start before each block of [`BLOCK`] bytes.
    scalars_before_block: Vec<u32>,
}

impl LineIndex {
    /// Indexes a text.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(
            (1u32..)
                .zip(text.bytes())
                .filter(|(_, byte)| *byte == b'\n')
                .map(|(next, _)| next),
        );
        let mut before = 0;
        let scalars_before_block = text
            .as_bytes()
            .chunks(BLOCK)
            .map(|block| {
                let start = before;
                before += scalars(block);
                start
            })
            .chain([0])
            .collect();
        Self {
            starts,
            scalars_before_block,
        }
    }

    /// The position of a byte offset of the same text.
    pub fn position(&self, text: &str, offset: u32) -> Position {
        let line = self
            .starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1);
        let column = self.scalars_before(text, offset) - self.scalars_before(text, self.starts[line]);
        Position {
            line: u32::try_from(line + 1).unwrap_or(u32::MAX),
            column: column + 1,
        }
    }

    fn scalars_before(&self, text: &str, offset: u32) -> u32 {
        let offset = (offset as usize).min(text.len());
        // The last block may be empty where the text ends with a full one; the one before it is whole then.
        let block = (offset / BLOCK).min(text.len().saturating_sub(1) / BLOCK);
        let rest = text.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
        self.scalars_before_block[block] + scalars(rest)
    }

    /// Number of lines; a text that ends in a line break has an empty last one.
    pub fn lines(&self) -> usize {
        self.starts.len()
    }

    /// The byte offset at which a line (from 1) begins.
    pub fn start_of_line(&self, line: u32) -> Option<u32> {
        self.starts.get((line as usize).checked_sub(1)?).copied()
    }
}

/// Scalar values that start in these bytes of UTF-8: all bytes but the continuations.
fn scalars(bytes: &[u8]) -> u32 {
    let count = bytes.iter().filter(|byte| (**byte & 0xC0) != 0x80).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_far_out_on_one_line_are_counted_from_the_nearest_block() {
        let text = "ä".repeat(BLOCK);
        let index = LineIndex::new(&text);
        for scalar in [0, 1, BLOCK / 2, BLOCK - 1, BLOCK] {
            let offset = u32::try_from(2 * scalar).expect("the text is short");
            let column = u32::try_from(scalar + 1).expect("the text is short");
            assert_eq!(index.position(&text, offset), Position { line: 1, column });
        }
        assert_eq!(
            LineIndex::new("").position("", 0),
            Position { line: 1, column: 1 }
        );
    }

    #[test]
    fn two_sets_beside_each_other_give_their_common_paths_the_same_ids() {
        let set = |paths: &[&str], others: &[&str]| {
            let files = paths
                .iter()
                .map(|path| ((*path).to_owned(), (*path).to_owned(), Arc::from(*path)))
                .collect();
            FileSet::beside(files, &others.iter().copied().collect())
        };
        let (left, right) = (&["a", "c", "d", "f"][..], &["b", "c", "e", "f", "g"][..]);
        let (new, old) = (set(left, right), set(right, left));
        let id = |set: &FileSet, path: &str| set.by_path(path).map(|file| file.id);
        for path in ["c", "f"] {
            assert_eq!(id(&new, path), id(&old, path), "{path}");
            let file = new.file(id(&new, path).expect("it is there"));
            assert_eq!(file.path, path);
        }
        assert_eq!((new.id_end(), old.id_end()), (6, 7));
        assert_eq!(set(left, &[]).id_end(), 4);
    }

    #[test]
    fn columns_count_scalar_values() {
        let text = "äb\r\ncd";
        let index = LineIndex::new(text);
        assert_eq!(index.position(text, 2), Position { line: 1, column: 2 });
        assert_eq!(index.position(text, 5), Position { line: 2, column: 1 });
        assert_eq!(index.position(text, 7), Position { line: 2, column: 3 });
    }

    #[test]
    fn columns_of_a_line_longer_than_a_chunk_are_exact() {
        let text = format!("first\n{}", "ä€x".repeat(5_000));
        let index = LineIndex::new(&text);
        for (scalar, (offset, _)) in (0u32..).zip(text[6..].char_indices()) {
            let offset = u32::try_from(offset + 6).expect("the text is short");
            assert_eq!(
                index.position(&text, offset),
                Position {
                    line: 2,
                    column: scalar + 1
                }
            );
        }
        let end = u32::try_from(text.len()).expect("the text is short");
        assert_eq!(
            index.position(&text, end),
            Position {
                line: 2,
                column: 15_001
            }
        );
    }
}
