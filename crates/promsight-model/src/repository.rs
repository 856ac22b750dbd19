//! What is known of the repository beside the text of the files that were read.

use std::collections::BTreeSet;

/// The repository that a run looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repository {
    /// Where it is hosted.
    pub remotes: Vec<Remote>,
    /// The branch that is checked out, where one is.
    pub branch: Option<String>,
    /// The root of the run as seen from the repository's top, `/` separators; empty where both are the same.
    pub root: String,
    /// Folders, relative to the root, of which every file was seen; the root itself is the empty path.
    pub seen: Vec<String>,
    /// Files that were seen in them and not read, relative to the root.
    pub unread: BTreeSet<String>,
}

/// Where a repository is hosted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remote {
    /// The host, in lower case.
    pub host: String,
    /// The path on it: owner and name, without `.git`.
    pub path: String,
}
