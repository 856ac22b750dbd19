//! The `git` command: what an earlier revision held, and what has changed since.
//!
//! Owns how git is asked. It reads objects, writes nothing (no index refresh, no checkout) and runs no hook, external
//! diff or text conversion of the repository.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why git could not tell, as a sentence that names the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct GitError(pub String);

/// A repository as seen from one of its folders: all paths are relative to it.
#[derive(Clone, Debug)]
pub struct Repository {
    folder: PathBuf,
}

/// One file of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// Its path.
    pub path: String,
    /// The object that holds its bytes.
    pub object: String,
    /// How many these are.
    pub size: u64,
}

/// What has changed since a revision in tracked files, the index and the working tree taken together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Paths of the revision whose content is not what it was: changed, removed or renamed.
    pub old: BTreeSet<String>,
    /// New paths of renamed files, by their old ones.
    pub renamed: BTreeMap<String, String>,
}

/// A run of lines that was replaced by another; lines count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// The first replaced line; where none was, the line before what was added.
    pub old_start: u32,
    /// How many were replaced.
    pub old_lines: u32,
    /// The first line that replaces them; where none does, the line before the gap.
    pub new_start: u32,
    /// How many these are.
    pub new_lines: u32,
}

impl Repository {
    /// The repository that holds the folder.
    pub fn of(folder: &Path) -> Result<Self, GitError> {
        let repository = Self {
            folder: folder.to_owned(),
        };
        repository
            .git(&["rev-parse", "--show-toplevel"], &[])
            .map_err(|error| {
                GitError(format!(
                    "--base needs a git repository, and {} is in none: {error}",
                    folder.display()
                ))
            })?;
        Ok(repository)
    }

    /// The commit to compare with: where the work since `revision` began. That is the revision itself, or the last
    /// commit that it shares with the current branch: what others have added to it meanwhile is no part of the change.
    pub fn base(&self, revision: &str) -> Result<String, GitError> {
        let commit = format!("{revision}^{{commit}}");
        let commit = self
            .line(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])
            .map_err(|_| self.unknown(revision))?;
        // A repository without a commit of its own yet has nothing to share.
        let Ok(head) = self.line(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]) else {
            return Ok(commit);
        };
        self.line(&["merge-base", &commit, &head])
            .map_err(|_| self.unrelated(revision))
    }

    fn is_shallow(&self) -> bool {
        self.line(&["rev-parse", "--is-shallow-repository"])
            .is_ok_and(|answer| answer == "true")
    }

    fn unknown(&self, revision: &str) -> GitError {
        let remedy = if self.is_shallow() {
            "this is a shallow clone; fetch the whole history (`git fetch --unshallow`, `fetch-depth: 0` of \
             actions/checkout, `GIT_DEPTH: 0` of GitLab) or the revision itself"
        } else {
            "name a branch, tag or commit that this clone has (`git fetch` gets those of the server)"
        };
        GitError(format!("git knows no revision `{revision}` here; {remedy}"))
    }

    fn unrelated(&self, revision: &str) -> GitError {
        let remedy = if self.is_shallow() {
            "this is a shallow clone; fetch the whole history (`git fetch --unshallow`, `fetch-depth: 0` of \
             actions/checkout, `GIT_DEPTH: 0` of GitLab)"
        } else {
            "name a revision that the current branch has grown from"
        };
        GitError(format!(
            "`{revision}` and the current branch share no commit; {remedy}"
        ))
    }

    /// The files of a commit below the folder. Symbolic links and submodules are left out.
    pub fn tree(&self, commit: &str) -> Result<Vec<TreeEntry>, GitError> {
        let listing = self.git(&["ls-tree", "-r", "-z", "--long", commit], &[])?;
        Ok(records(&listing)
            .filter_map(|record| tree_entry(&record))
            .collect())
    }

    /// What has changed since the commit.
    pub fn changes(&self, commit: &str) -> Result<Changes, GitError> {
        let arguments = ["diff", "--name-status", "-z", "--find-renames", "--relative"];
        let listing = self.git(&[&arguments[..], &DIFF_OPTIONS, &[commit, "--"]].concat(), &[])?;
        let mut changes = Changes::default();
        let mut fields = records(&listing);
        while let Some(status) = fields.next() {
            let Some(path) = fields.next() else { break };
            if status.starts_with('R') || status.starts_with('C') {
                let Some(new) = fields.next() else { break };
                if status.starts_with('R') {
                    changes.old.insert(path.clone());
                    changes.renamed.insert(path, new);
                }
            } else if !status.starts_with('A') {
                changes.old.insert(path);
            }
        }
        Ok(changes)
    }

    /// The replaced lines of files that match one of the patterns, by the files' old paths.
    pub fn hunks(&self, commit: &str, patterns: &[&str]) -> Result<BTreeMap<String, Vec<Hunk>>, GitError> {
        let arguments = [
            "diff",
            "--unified=0",
            "--no-color",
            "--find-renames",
            "--relative",
            "--src-prefix=a/",
            "--dst-prefix=b/",
        ];
        let diff = self.git(
            &[&arguments[..], &DIFF_OPTIONS, &[commit, "--"], patterns].concat(),
            &[],
        )?;
        Ok(hunks(&String::from_utf8_lossy(&diff)))
    }

    /// Which of the paths the repository's `.gitignore` files name, tracked or not.
    pub fn ignored(&self, paths: &BTreeSet<&str>) -> BTreeSet<String> {
        let input: Vec<u8> = paths.iter().flat_map(|path| path.bytes().chain([0])).collect();
        // It ends with 1 where none is ignored.
        let answer = self.git(&["check-ignore", "--no-index", "-z", "--stdin"], &input);
        answer.map_or_else(|_| BTreeSet::new(), |listing| records(&listing).collect())
    }

    /// The bytes of objects, in their order; `None` for one that is not there.
    pub fn contents(&self, objects: &[&str]) -> Result<Vec<Option<Vec<u8>>>, GitError> {
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let input: String = objects.iter().map(|object| format!("{object}\n")).collect();
        let answer = self.git(&["cat-file", "--batch"], input.as_bytes())?;
        Ok(batch(&answer, objects.len()))
    }

    fn line(&self, arguments: &[&str]) -> Result<String, GitError> {
        let answer = self.git(arguments, &[])?;
        Ok(String::from_utf8_lossy(&answer).trim().to_owned())
    }

    fn git(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, GitError> {
        let failed = |reason: String| GitError(format!("git {} failed: {reason}", arguments.join(" ")));
        let mut child = Command::new("git")
            .arg("-C")
            .arg(&self.folder)
            .args([
                "--no-pager",
                "-c",
                "core.quotePath=false",
                "-c",
                "core.fsmonitor=false",
            ])
            .args(arguments)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| GitError(format!("cannot start git: {error}; --base needs the git command")))?;
        let mut stdin = child.stdin.take();
        let output = std::thread::scope(|scope| {
            // Written beside the reading: both pipes hold only so much.
            scope.spawn(move || {
                if let Some(stdin) = &mut stdin {
                    // Who has enough closes the pipe.
                    let _ = stdin.write_all(input);
                }
                drop(stdin);
            });
            child.wait_with_output()
        });
        let output = output.map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let complaint = String::from_utf8_lossy(&output.stderr);
        Err(failed(complaint.trim().replace('\n', "; ")))
    }
}

const DIFF_OPTIONS: [&str; 3] = ["--no-ext-diff", "--no-textconv", "--ignore-submodules"];

fn records(listing: &[u8]) -> impl Iterator<Item = String> {
    listing
        .split(|byte| *byte == 0)
        .filter(|record| !record.is_empty())
        .map(|record| String::from_utf8_lossy(record).into_owned())
}

/// `100644 blob 8c7e5a6…     123\tpath`.
fn tree_entry(record: &str) -> Option<TreeEntry> {
    let (about, path) = record.split_once('\t')?;
    let mut words = about.split_whitespace();
    let (mode, kind, object, size) = (words.next()?, words.next()?, words.next()?, words.next()?);
    (kind == "blob" && mode.starts_with("100")).then(|| TreeEntry {
        path: path.to_owned(),
        object: object.to_owned(),
        size: size.parse().unwrap_or_default(),
    })
}

/// The answers of `cat-file --batch`: `ID blob SIZE`, a line break, so many bytes and a line break; or `ID missing`.
fn batch(answer: &[u8], count: usize) -> Vec<Option<Vec<u8>>> {
    let mut contents = Vec::with_capacity(count);
    let mut rest = answer;
    while contents.len() < count {
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            break;
        };
        let header = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        let size = header
            .split_whitespace()
            .nth(2)
            .and_then(|size| size.parse::<usize>().ok());
        let Some(size) = size else {
            contents.push(None);
            continue;
        };
        contents.push(rest.get(..size).map(<[u8]>::to_vec));
        rest = rest.get(size + 1..).unwrap_or_default();
    }
    contents.resize(count, None);
    contents
}

fn hunks(diff: &str) -> BTreeMap<String, Vec<Hunk>> {
    let mut by_path: BTreeMap<String, Vec<Hunk>> = BTreeMap::new();
    let mut path: Option<String> = None;
    let mut body = 0;
    for line in diff.split('\n') {
        if body > 0 && line.starts_with(['-', '+', '\\']) {
            body -= u32::from(!line.starts_with('\\'));
            continue;
        }
        if line.starts_with("diff --git ") {
            path = None;
        } else if let Some(old) = line.strip_prefix("--- ") {
            path = old_path(old);
        } else if let Some(hunk) = line.strip_prefix("@@ ").and_then(hunk) {
            body = hunk.old_lines + hunk.new_lines;
            if let Some(path) = &path {
                by_path.entry(path.clone()).or_default().push(hunk);
            }
        }
    }
    by_path
}

/// `a/path`, with a tab behind it where it holds blanks, in quotes where it holds stranger things.
fn old_path(text: &str) -> Option<String> {
    let text = text.trim_end_matches('\t').trim_end_matches('\r');
    let text = match text.strip_prefix('"') {
        Some(quoted) => quoted
            .strip_suffix('"')?
            .replace("\\\"", "\"")
            .replace("\\\\", "\\"),
        None => text.to_owned(),
    };
    text.strip_prefix("a/").map(str::to_owned)
}

/// `-12,3 +14 @@ …`.
fn hunk(text: &str) -> Option<Hunk> {
    let mut words = text.split_whitespace();
    let mut range = |sign: char| {
        let word = words.next()?.strip_prefix(sign)?;
        let (start, lines) = word.split_once(',').unwrap_or((word, "1"));
        Some((start.parse().ok()?, lines.parse().ok()?))
    };
    let (old_start, old_lines) = range('-')?;
    let (new_start, new_lines) = range('+')?;
    Some(Hunk {
        old_start,
        old_lines,
        new_start,
        new_lines,
    })
}

/// The line of the new text that a line of the old one has become, and whether it was replaced.
pub fn new_line(hunks: &[Hunk], old: u32) -> (u32, Option<Hunk>) {
    let mut shift = 0i64;
    for hunk in hunks {
        let end = hunk.old_start + hunk.old_lines;
        if hunk.old_lines > 0 && (hunk.old_start..end).contains(&old) {
            return (hunk.new_start.max(1), Some(*hunk));
        }
        let before = if hunk.old_lines == 0 {
            hunk.old_start < old
        } else {
            end <= old
        };
        if !before {
            break;
        }
        shift += i64::from(hunk.new_lines) - i64::from(hunk.old_lines);
    }
    let line = (i64::from(old) + shift).max(1);
    (u32::try_from(line).unwrap_or(old), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks_are_read_and_lines_that_look_like_headers_are_not() {
        let diff = "diff --git a/app.py b/app.py\nindex 1..2 100644\n--- a/app.py\n+++ b/app.py\n@@ -3 +3,2 @@ def f():\n\
                    --- a/other.py\n+x = 1\n+y = 2\n@@ -10,2 +11,0 @@\n-a\n-b\ndiff --git a/b c.py b/b c.py\n--- a/b c.py\t\n\
                    +++ b/b c.py\t\n@@ -0,0 +1 @@\n+z\n";
        let hunks = hunks(diff);
        assert_eq!(hunks.keys().collect::<Vec<_>>(), ["app.py", "b c.py"]);
        let app = &hunks["app.py"];
        assert_eq!(app.len(), 2);
        assert_eq!(
            app[0],
            Hunk {
                old_start: 3,
                old_lines: 1,
                new_start: 3,
                new_lines: 2
            }
        );
        assert_eq!(new_line(app, 2), (2, None));
        assert_eq!(new_line(app, 3), (3, Some(app[0])));
        assert_eq!(new_line(app, 9), (10, None));
        assert_eq!(new_line(app, 11), (11, Some(app[1])));
        assert_eq!(new_line(app, 12), (11, None));
    }

    #[test]
    fn contents_of_objects_may_hold_anything() {
        let answer = b"aa blob 5\na\nb\0c\nbb missing\ncc blob 0\n\n";
        assert_eq!(
            batch(answer, 3),
            [Some(b"a\nb\0c".to_vec()), None, Some(Vec::new())]
        );
    }

    #[test]
    fn links_and_submodules_are_no_files() {
        let entry = tree_entry("100755 blob 8c7e      12\ta b.py").expect("it is a file");
        assert_eq!(
            (entry.path.as_str(), entry.object.as_str(), entry.size),
            ("a b.py", "8c7e", 12)
        );
        assert_eq!(tree_entry("120000 blob 8c7e 12\tlink"), None);
        assert_eq!(tree_entry("160000 commit 8c7e -\tmodule"), None);
    }
}
