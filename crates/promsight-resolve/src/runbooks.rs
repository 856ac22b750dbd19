//! Links of rules that lead into this repository, and to nothing.
//!
//! Owns: which links lead into the repository (paths, and addresses of its own host), which files and headings
//! they can mean, and what anchors a heading has. A link to anywhere else, to a part of the repository that was not
//! looked at, or to another version of it is none of ours.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{Facts, FileSet, Outline, Repository, RunbookLink};

use crate::{MissingRunbook, RunbookDefect, similarity};

/// Extensions of what people read: a path that ends so is meant for a file.
const DOCUMENTS: [&str; 12] = [
    "md", "markdown", "mdx", "mkd", "rst", "rest", "adoc", "asciidoc", "txt", "org", "html", "ipynb",
];

/// Names of branches that stand for the present state of a repository.
const MAIN_BRANCHES: [&str; 6] = ["main", "master", "HEAD", "trunk", "develop", "default"];

/// The links that lead to nothing.
pub(crate) fn missing(facts: &[Facts], files: &FileSet, repository: &Repository) -> Vec<MissingRunbook> {
    let tree = Tree::of(facts, files, repository);
    let mut missing = Vec::new();
    for facts in facts {
        for link in &facts.runbook_links {
            let Some(rule) = facts.rules.get(link.rule) else {
                continue;
            };
            let from = &files.file(facts.file).path;
            let Some((paths, defect)) = tree.follow(link, from) else {
                continue;
            };
            let span = match (&defect, &link.anchor) {
                (RunbookDefect::NoHeading { .. }, Some((_, span))) => *span,
                _ => link.span,
            };
            missing.push(MissingRunbook {
                rule: rule.name.clone(),
                kind: rule.kind,
                annotation: link.annotation.clone(),
                target: link.target.clone(),
                paths,
                span,
                defect,
            });
        }
    }
    missing
}

/// What the repository has, as far as it was looked at.
struct Tree<'a> {
    repository: &'a Repository,
    /// Every file that was seen.
    files: BTreeSet<&'a str>,
    /// Every folder that holds one.
    folders: BTreeSet<&'a str>,
    outlines: BTreeMap<&'a str, Page<'a>>,
}

/// A document that links can lead into. Its anchors are made when the first does.
struct Page<'a> {
    outline: &'a Outline,
    anchors: OnceCell<BTreeSet<String>>,
}

impl Page<'_> {
    fn anchors(&self) -> &BTreeSet<String> {
        self.anchors.get_or_init(|| {
            let own = self.outline.anchors.iter().map(|anchor| anchor.to_lowercase());
            own.chain(anchors(&self.outline.headings)).collect()
        })
    }
}

/// Where a link leads.
enum Destination {
    /// To one of these paths, the likeliest first.
    Paths(Vec<String>),
    /// Out of what was looked at.
    Elsewhere,
}

impl<'a> Tree<'a> {
    fn of(facts: &'a [Facts], files: &'a FileSet, repository: &'a Repository) -> Self {
        let read = files.files().iter().map(|file| file.path.as_str());
        let files_seen: BTreeSet<&str> = read.chain(repository.unread.iter().map(String::as_str)).collect();
        let mut folders = BTreeSet::from([""]);
        for path in &files_seen {
            folders.extend(path.match_indices('/').map(|(at, _)| &path[..at]));
        }
        let outlines = facts.iter().filter_map(|facts| {
            let page = Page {
                outline: facts.outline.as_ref()?,
                anchors: OnceCell::new(),
            };
            Some((files.file(facts.file).path.as_str(), page))
        });
        Self {
            repository,
            files: files_seen,
            folders,
            outlines: outlines.collect(),
        }
    }

    /// What is wrong with a link of a rule in the file `from`, and the paths that it can mean.
    fn follow(&self, link: &RunbookLink, from: &str) -> Option<(Vec<String>, RunbookDefect)> {
        let is_address = link.target.contains("://");
        let destination = if is_address {
            self.address(&link.target)
        } else {
            path(&link.target, from)
        };
        let Destination::Paths(paths) = destination else {
            return None;
        };
        if let Some(found) = paths.iter().find(|path| self.files.contains(path.as_str())) {
            let defect = self.anchor(link, found)?;
            return Some((vec![found.clone()], defect));
        }
        let exists = |path: &String| self.folders.contains(path.trim_end_matches('/'));
        if paths.iter().any(exists) || (!is_address && self.ends_some_path(&link.target)) {
            return None;
        }
        // What lies outside of what was looked at may exist.
        if !paths.iter().all(|path| self.was_seen(path)) {
            return None;
        }
        let in_known_folder = |path: &String| {
            let folder = folder_of(path);
            !folder.is_empty() && self.folders.contains(folder)
        };
        let defect = RunbookDefect::NoFile {
            closest: paths.first().and_then(|path| self.closest(path)),
            sure: is_address || paths.iter().any(in_known_folder),
        };
        Some((paths, defect))
    }

    /// Where an address of the repository's own host leads.
    fn address(&self, address: &str) -> Destination {
        let Some(rest) = address
            .strip_prefix("https://")
            .or_else(|| address.strip_prefix("http://"))
        else {
            return Destination::Elsewhere;
        };
        let rest = rest.split('?').next().unwrap_or(rest);
        let Some((host, path)) = rest.split_once('/') else {
            return Destination::Elsewhere;
        };
        let host = host.to_ascii_lowercase();
        for remote in &self.repository.remotes {
            let raw = remote.host == "github.com" && host == "raw.githubusercontent.com";
            if host != remote.host && !raw {
                continue;
            }
            let Some(inside) = strip_path(path, &remote.path) else {
                continue;
            };
            let inside = if raw { Some(inside) } else { view(inside) };
            let Some(inside) = inside else {
                return Destination::Elsewhere;
            };
            return self.at_branch(inside);
        }
        Destination::Elsewhere
    }

    /// A path behind a branch's name. Another branch, a tag or a commit may have other files.
    fn at_branch(&self, inside: &str) -> Destination {
        let branch = self
            .repository
            .branch
            .iter()
            .map(String::as_str)
            .chain(MAIN_BRANCHES)
            .find_map(|branch| strip_path(inside, branch));
        let Some(path) = branch else {
            return Destination::Elsewhere;
        };
        let path = decoded(path.trim_end_matches('/'));
        let root = self.repository.root.as_str();
        match strip_path(&path, root) {
            Some(path) if !path.is_empty() => Destination::Paths(vec![path.to_owned()]),
            _ => Destination::Elsewhere,
        }
    }

    /// Whether all files beside that path were seen. Hidden ones never are.
    fn was_seen(&self, path: &str) -> bool {
        let is_hidden = path.split('/').any(|part| part.starts_with('.'));
        !is_hidden
            && self.repository.seen.iter().any(|folder| {
                folder.is_empty()
                    || path
                        .strip_prefix(folder.as_str())
                        .is_some_and(|rest| rest.starts_with('/'))
            })
    }

    /// Whether some file's path ends so: a path may be relative to what only its renderer knows.
    fn ends_some_path(&self, target: &str) -> bool {
        let tail = decoded(target);
        let tail = tail
            .trim_start_matches("./")
            .trim_start_matches("../")
            .trim_matches('/');
        !tail.is_empty()
            && self.files.iter().chain(&self.folders).any(|path| {
                path.strip_suffix(tail)
                    .is_some_and(|before| before.is_empty() || before.ends_with('/'))
            })
    }

    /// The document that is most likely meant instead: one of the same name, or of nearly the same in that folder.
    fn closest(&self, wanted: &str) -> Option<String> {
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_lowercase();
        let is_document =
            |path: &&&str| extension(path).is_some_and(|extension| DOCUMENTS.contains(&extension));
        let documents = || self.files.iter().filter(is_document);
        let same_name: Vec<&&str> = documents().filter(|path| name(path) == name(wanted)).collect();
        if let [only] = same_name.as_slice() {
            return Some((**only).to_owned());
        }
        let beside = documents().filter(|path| folder_of(path) == folder_of(wanted));
        let near = beside.map(|path| (similarity::alike_words(&name(path), &name(wanted)), *path));
        near.filter(|(score, _)| *score >= 0.75)
            .max_by(|left, right| left.0.total_cmp(&right.0).then(right.1.cmp(left.1)))
            .map(|(_, path)| path.to_owned())
    }

    /// What is wrong with the part behind `#`.
    fn anchor(&self, link: &RunbookLink, path: &str) -> Option<RunbookDefect> {
        let (anchor, _) = link.anchor.as_ref()?;
        let page = self.outlines.get(path)?;
        if anchor.is_empty() || page.outline.open || is_line(anchor) {
            return None;
        }
        let wanted = decoded(anchor);
        let wanted = wanted
            .strip_prefix("user-content-")
            .unwrap_or(&wanted)
            .to_lowercase();
        let anchors = page.anchors();
        if anchors.contains(&wanted) {
            return None;
        }
        // A renderer of the project's own may make anchors in another way: what differs in marks only may be right
        // there. On the host itself it is wrong.
        let bare = |text: &str| -> String { text.chars().filter(|one| one.is_alphanumeric()).collect() };
        let is_alike = anchors.iter().any(|anchor| bare(anchor) == bare(&wanted));
        if is_alike && !link.target.contains("://") {
            return None;
        }
        let closest = anchors
            .iter()
            .map(|anchor| (similarity::alike_words(anchor, &wanted), anchor))
            .filter(|(score, _)| *score >= 0.7)
            .max_by(|left, right| left.0.total_cmp(&right.0).then(right.1.cmp(left.1)))
            .map(|(_, anchor)| anchor.clone());
        Some(RunbookDefect::NoHeading {
            path: path.to_owned(),
            closest,
        })
    }
}

/// Where a path leads that stands in the file `from`: up from the root, or relative to that file's folder or one
/// above it.
fn path(target: &str, from: &str) -> Destination {
    let target = decoded(target.split('?').next().unwrap_or(target));
    let is_document = extension(&target).is_some_and(|extension| DOCUMENTS.contains(&extension));
    if !is_document
        || target.contains([':', '\\', '|', '@'])
        || target.starts_with("www.")
        || target.starts_with("//")
    {
        return Destination::Elsewhere;
    }
    let mut paths = Vec::new();
    let mut folder = folder_of(from);
    let relative = target.trim_start_matches('/');
    loop {
        if let Some(path) = joined(folder, relative)
            && !paths.contains(&path)
        {
            paths.push(path);
        }
        if folder.is_empty() {
            break;
        }
        folder = folder_of(folder);
    }
    // The root is what most people mean.
    paths.reverse();
    if paths.is_empty() {
        Destination::Elsewhere
    } else {
        Destination::Paths(paths)
    }
}

/// What is shown of a repository by its host: the branch and the path behind the words that stand for a view of
/// files. `None` for issues, wikis, releases.
fn view(inside: &str) -> Option<&str> {
    let inside = inside.strip_prefix("-/").unwrap_or(inside);
    for view in [
        "blob/",
        "tree/",
        "raw/",
        "blame/",
        "edit/",
        "src/branch/",
        "raw/branch/",
        "src/",
    ] {
        if let Some(rest) = inside.strip_prefix(view)
            && !rest.starts_with("branch/")
        {
            return Some(rest);
        }
    }
    None
}

/// The rest of a path behind a first part that is whole folders; the path itself where that part is empty. Hosts do
/// not tell capitals from small letters in names of owners, and files have no say here.
fn strip_path<'p>(path: &'p str, first: &str) -> Option<&'p str> {
    if first.is_empty() {
        return Some(path);
    }
    let head = path.get(..first.len())?;
    if !head.eq_ignore_ascii_case(first) {
        return None;
    }
    path[first.len()..].strip_prefix('/')
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn extension(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?;
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty()).then_some(extension)
}

/// A relative path seen from a folder; `None` where it leaves the root.
pub(crate) fn joined(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Percent escapes of an address.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while position < bytes.len() {
        let digits = text.get(position + 1..position + 3).unwrap_or_default();
        match u8::from_str_radix(digits, 16) {
            Ok(byte) if bytes[position] == b'%' && digits.len() == 2 => {
                plain.push(byte);
                position += 3;
            }
            _ => {
                plain.push(bytes[position]);
                position += 1;
            }
        }
    }
    String::from_utf8(plain).unwrap_or_else(|_| text.to_owned())
}

/// `L10`, `L10-L20`: lines, not headings.
fn is_line(anchor: &str) -> bool {
    let rest = anchor.strip_prefix('L').or_else(|| anchor.strip_prefix("lines-"));
    rest.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// The anchors that headings get: GitHub's, and those of GitLab and Python-Markdown where they differ. Equal ones are
/// numbered.
fn anchors(headings: &[String]) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for slug in [slug_of_github, slug_of_gitlab, slug_of_python_markdown] {
        let mut met: BTreeMap<String, usize> = BTreeMap::new();
        for heading in headings {
            let slug = slug(heading);
            let count = met.entry(slug.clone()).or_default();
            if *count > 0 {
                anchors.insert(format!("{slug}-{count}"));
                anchors.insert(format!("{slug}_{count}"));
            }
            *count += 1;
            anchors.insert(slug);
        }
    }
    anchors
}

/// Small letters; everything but letters, digits, `_`, `-` and spaces is left out, each space becomes a hyphen
/// (github-slugger 2).
fn slug_of_github(heading: &str) -> String {
    let kept = heading
        .trim()
        .chars()
        .filter(|one| one.is_alphanumeric() || matches!(one, '_' | '-' | ' ') || is_mark(*one));
    kept.flat_map(char::to_lowercase)
        .map(|one| if one == ' ' { '-' } else { one })
        .collect()
}

/// Combining marks belong to their letters.
fn is_mark(character: char) -> bool {
    matches!(u32::from(character), 0x300..=0x36F | 0x200D | 0xFE0F)
}

/// As GitHub's, with runs of hyphens made one.
fn slug_of_gitlab(heading: &str) -> String {
    let slug = slug_of_github(heading);
    let mut plain = String::new();
    for character in slug.chars() {
        if character != '-' || !plain.ends_with('-') {
            plain.push(character);
        }
    }
    plain
}

/// Runs of hyphens and spaces become one hyphen, and none stands at the ends.
fn slug_of_python_markdown(heading: &str) -> String {
    slug_of_gitlab(heading).trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_get_the_anchors_that_github_gives_them() {
        // Read off the rendered pages of github.com.
        for (heading, slug) in [
            ("Kiln is cold", "kiln-is-cold"),
            ("What's next? (soon)", "whats-next-soon"),
            ("A & B", "a--b"),
            ("`kiln_heat` too low", "kiln_heat-too-low"),
            ("Überhitzung – Ofen", "überhitzung--ofen"),
            ("1. First: do", "1-first-do"),
        ] {
            assert_eq!(slug_of_github(&heading.replace('`', "")), slug);
        }
    }

    #[test]
    fn equal_headings_are_numbered() {
        let headings = ["Do", "Do", "Do"].map(str::to_owned);
        let anchors = anchors(&headings);
        assert!(
            ["do", "do-1", "do-2"]
                .iter()
                .all(|anchor| anchors.contains(*anchor))
        );
        assert!(!anchors.contains("do-3"));
    }

    #[test]
    fn paths_never_leave_the_root() {
        assert_eq!(joined("a/b", "../c.md"), Some("a/c.md".to_owned()));
        assert_eq!(joined("a", "../../c.md"), None);
        assert_eq!(joined("", "./c.md"), Some("c.md".to_owned()));
    }
}
