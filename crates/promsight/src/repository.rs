//! Where the repository is hosted, as git's configuration says.
//!
//! Reads `.git` and runs no program. What cannot be read says nothing: links into the repository are then unknown.

use std::path::{Path, PathBuf};

use promsight_model::{Remote, Repository};

use crate::root;

/// The repository whose work tree holds the root.
pub fn around(root: &Path) -> Repository {
    let Some(top) = root.ancestors().find(|folder| folder.join(".git").exists()) else {
        return Repository::default();
    };
    let Some(folder) = git_folder(&top.join(".git")) else {
        return Repository::default();
    };
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    // A linked work tree shares the configuration of the main one.
    let common = read(folder.join("commondir"));
    let shared = match common.trim() {
        "" => folder.clone(),
        path => folder.join(path),
    };
    let relative = root::relative(root, top);
    Repository {
        remotes: remotes(&read(shared.join("config"))),
        branch: branch(&read(folder.join("HEAD"))),
        root: if relative == "." { String::new() } else { relative },
        ..Repository::default()
    }
}

/// The folder of git's own files: `.git`, or what a file of that name leads to (work trees, submodules).
fn git_folder(marker: &Path) -> Option<PathBuf> {
    if marker.is_dir() {
        return Some(marker.to_owned());
    }
    let text = std::fs::read_to_string(marker).ok()?;
    let path = text.trim().strip_prefix("gitdir:")?.trim();
    Some(marker.parent()?.join(path))
}

/// `ref: refs/heads/NAME`.
fn branch(head: &str) -> Option<String> {
    let name = head
        .trim()
        .strip_prefix("ref:")?
        .trim()
        .strip_prefix("refs/heads/")?;
    Some(name.to_owned())
}

/// The addresses of all remotes that a configuration of git names.
pub fn remotes(config: &str) -> Vec<Remote> {
    let mut remotes = Vec::new();
    let mut in_remote = false;
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            in_remote = line.starts_with("[remote ");
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        if in_remote && key.trim() == "url" {
            remotes.extend(remote(value.trim().trim_matches('"')));
        }
    }
    remotes.sort();
    remotes.dedup();
    remotes
}

/// Host and path of `https://user@host:443/path.git`, `ssh://git@host/path` and `git@host:path.git`.
fn remote(url: &str) -> Option<Remote> {
    let (authority, path) = match url.split_once("://") {
        Some((scheme, rest)) if scheme != "file" => rest.split_once('/')?,
        Some(_) => return None,
        None => url.split_once(':')?,
    };
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = host.split(':').next().unwrap_or(host);
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    // A path of Windows has one letter before its colon.
    if host.len() < 2 || path.is_empty() {
        return None;
    }
    Some(Remote {
        host: host.to_ascii_lowercase(),
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_are_read_in_every_form_that_git_takes() {
        let config = "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = git@GitHub.com:inn/kiln.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n\
                      [remote \"mirror\"]\n\turl = https://token@git.example.org:8443/group/sub/kiln.git/\n\
                      [remote \"disk\"]\n\turl = /srv/kiln.git\n[remote \"old\"]\n\turl = ssh://git@host.example/kiln\n\
                      [submodule \"x\"]\n\turl = https://github.com/other/x\n";
        let shown: Vec<String> = remotes(config)
            .iter()
            .map(|remote| format!("{} {}", remote.host, remote.path))
            .collect();
        assert_eq!(
            shown,
            [
                "git.example.org group/sub/kiln",
                "github.com inn/kiln",
                "host.example kiln"
            ]
        );
    }

    #[test]
    fn a_detached_head_is_on_no_branch() {
        assert_eq!(
            branch("ref: refs/heads/release/1.2\n"),
            Some("release/1.2".to_owned())
        );
        assert_eq!(branch("0123456789abcdef\n"), None);
    }

    #[test]
    fn a_root_below_the_top_knows_where_it_lies() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let top = folder.path().canonicalize().expect("it exists");
        std::fs::create_dir_all(top.join("services/kiln")).expect("folders can be made");
        std::fs::create_dir_all(top.join(".git")).expect("folders can be made");
        std::fs::write(top.join(".git/HEAD"), "ref: refs/heads/trunk\n").expect("files can be written");
        let repository = around(&top.join("services/kiln"));
        assert_eq!(repository.root, "services/kiln");
        assert_eq!(repository.branch.as_deref(), Some("trunk"));
        assert_eq!(repository.remotes, []);
    }
}
