//! CODEOWNERS: who owns a file.
//!
//! Owns the syntax of GitHub and of GitLab. Both are patterns like those of `.gitignore`, of which the last that fits
//! counts; GitLab adds sections, each with a verdict of its own, default owners of a section, and exclusions.

use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};
use promsight_model::{FileSet, Report};

use crate::root;

/// Where the file may lie, in the order in which GitHub and GitLab look for it.
const PLACES: &[(&str, Flavor)] = &[
    (".github/CODEOWNERS", Flavor::GitHub),
    (".gitlab/CODEOWNERS", Flavor::GitLab),
    ("CODEOWNERS", Flavor::Unknown),
    ("docs/CODEOWNERS", Flavor::Unknown),
];

/// Larger files are refused by GitHub as well (3 MB).
const MAX_BYTES: usize = 3 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flavor {
    GitHub,
    GitLab,
    /// Told by whether it has sections.
    Unknown,
}

/// The owners of a repository's files; the default knows none.
#[derive(Debug, Default)]
pub struct Owners {
    /// The root as seen from the folder that patterns are relative to; empty for that folder.
    prefix: String,
    sections: Vec<Section>,
}

#[derive(Debug, Default)]
struct Section {
    default: Vec<String>,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    matchers: Vec<GlobMatcher>,
    /// Takes files out of the section (GitLab's `!`).
    excludes: bool,
    /// `None` for the section's default owners.
    owners: Option<Vec<String>>,
}

impl Owners {
    /// The owners that the repository around the root names. What cannot be read names nobody.
    pub fn load(root: &Path) -> Self {
        let top = root
            .ancestors()
            .find(|folder| folder.join(".git").exists())
            .unwrap_or(root);
        for (place, flavor) in PLACES {
            if let Ok(bytes) = std::fs::read(top.join(place))
                && bytes.len() <= MAX_BYTES
            {
                let prefix = match root::relative(root, top) {
                    here if here == "." => String::new(),
                    path => format!("{path}/"),
                };
                return Self {
                    prefix,
                    sections: sections(&String::from_utf8_lossy(&bytes), *flavor),
                };
            }
        }
        Self::default()
    }

    /// The owners of the file at that root-relative path, separated by blanks.
    pub fn of(&self, path: &str) -> Option<String> {
        let path = format!("{}{path}", self.prefix);
        let mut owners: Vec<&str> = Vec::new();
        for section in &self.sections {
            let fits = |rule: &&Rule| rule.matchers.iter().any(|matcher| matcher.is_match(&path));
            if section.rules.iter().filter(fits).any(|rule| rule.excludes) {
                continue;
            }
            let Some(rule) = section.rules.iter().rev().find(fits) else {
                continue;
            };
            for owner in rule.owners.as_ref().unwrap_or(&section.default) {
                if !owners.contains(&owner.as_str()) {
                    owners.push(owner);
                }
            }
        }
        (!owners.is_empty()).then(|| owners.join(" "))
    }

    /// Names the owner of each finding: that of the file in which it lies.
    pub fn assign(&self, report: &mut Report, files: &FileSet) {
        if self.sections.is_empty() {
            return;
        }
        for finding in &mut report.findings {
            finding.owner = self.of(&files.file(finding.primary.file).path);
        }
    }
}

fn sections(text: &str, flavor: Flavor) -> Vec<Section> {
    let lines = || {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
    };
    let gitlab = match flavor {
        Flavor::GitHub => false,
        Flavor::GitLab => true,
        Flavor::Unknown => lines().any(|line| heading(line).is_some()),
    };
    let mut sections = vec![(String::new(), Section::default())];
    let mut current = 0;
    for line in lines() {
        if gitlab && let Some((name, rest)) = heading(line) {
            // Sections of the same name are one.
            let name = name.to_lowercase();
            current = match sections.iter().position(|(known, _)| *known == name) {
                Some(index) => index,
                None => {
                    sections.push((name, Section::default()));
                    sections.len() - 1
                }
            };
            let owners = owners(rest);
            if !owners.is_empty() {
                sections[current].1.default = owners;
            }
        } else if let Some(rule) = rule(line, gitlab) {
            sections[current].1.rules.push(rule);
        }
    }
    sections.into_iter().map(|(_, section)| section).collect()
}

/// `[Name]`, `^[Name]` (optional), `[Name][2]` (approvals), with default owners behind it.
fn heading(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line
        .strip_prefix('^')
        .unwrap_or(line)
        .strip_prefix('[')?
        .split_once(']')?;
    let rest = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((count, rest)) if count.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => rest,
    };
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then_some((name, rest))
}

fn owners(text: &str) -> Vec<String> {
    text.split_whitespace()
        .take_while(|word| !word.starts_with('#'))
        .filter(|word| word.contains('@'))
        .map(str::to_owned)
        .collect()
}

fn rule(line: &str, gitlab: bool) -> Option<Rule> {
    let (pattern, rest) = pattern(line);
    let (excludes, pattern) = match pattern.strip_prefix('!') {
        Some(pattern) if gitlab => (true, pattern.to_owned()),
        // GitHub does not know it and skips the line.
        Some(_) => return None,
        None => (false, pattern),
    };
    let matchers = globs(&pattern, gitlab)
        .iter()
        .map(|glob| {
            GlobBuilder::new(glob)
                .literal_separator(true)
                .backslash_escape(true)
                .build()
                .map(|glob| glob.compile_matcher())
        })
        .collect::<Result<Vec<_>, _>>()
        .ok()?;
    let owners = owners(rest);
    Some(Rule {
        matchers,
        excludes,
        // In GitLab a pattern alone has its section's owners; in GitHub it has none.
        owners: (!owners.is_empty() || !gitlab).then_some(owners),
    })
}

/// The pattern, in which a blank or `#` can be escaped, and what stands behind it.
fn pattern(line: &str) -> (String, &str) {
    let mut pattern = String::new();
    let mut characters = line.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => pattern.extend(characters.next().map(|(_, escaped)| escaped)),
            ' ' | '\t' => return (pattern, &line[at..]),
            character => pattern.push(character),
        }
    }
    (pattern, "")
}

/// The globs of a pattern: what it names, and everything below that.
fn globs(pattern: &str, gitlab: bool) -> Vec<String> {
    // Only `*`, `**` and `?` mean more than themselves.
    let literal: String = pattern
        .chars()
        .flat_map(|character| {
            let escape = matches!(character, '[' | ']' | '{' | '}' | '\\').then_some('\\');
            escape.into_iter().chain([character])
        })
        .collect();
    let is_folder = literal.ends_with('/');
    let bare = literal.trim_matches('/');
    if bare.is_empty() {
        return vec!["**".to_owned()];
    }
    // A slash within ties a pattern to the top; in GitLab only one in front does.
    let anchored = literal.starts_with('/') || !gitlab && bare.contains('/');
    let base = if anchored {
        bare.to_owned()
    } else {
        format!("**/{bare}")
    };
    let below = format!("{base}/**");
    // `docs/*` owns the files in a folder and none of those in its folders.
    let one_level = bare.ends_with("/*");
    match (is_folder, one_level) {
        (true, _) => vec![below],
        (false, true) => vec![base],
        (false, false) => vec![base, below],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(text: &str, flavor: Flavor, path: &str) -> String {
        let owners = Owners {
            prefix: String::new(),
            sections: sections(text, flavor),
        };
        owners.of(path).unwrap_or_default()
    }

    /// From the documentation of GitHub.
    const GITHUB: &str = "# Everybody\n*       @org/everybody\n*.js    @js-owner #This is an inline comment.\n/build/logs/ \
                          @doctocat\ndocs/*  docs@example.com\napps/ @octocat\n/scripts/ @doctocat @octocat\n**/logs \
                          @logger\n/apps/github\nwith\\ blank.md @blank\n!no.md @nobody\n/app/[id]/ @routes\n";

    #[test]
    fn the_last_pattern_of_github_that_fits_counts() {
        let owner = |path: &str| owner(GITHUB, Flavor::GitHub, path);
        assert_eq!(owner("README"), "@org/everybody");
        assert_eq!(owner("a/b/c.js"), "@js-owner");
        assert_eq!(owner("build/logs/a/b.txt"), "@logger");
        assert_eq!(owner("docs/getting-started.md"), "docs@example.com");
        assert_eq!(owner("docs/build-app/troubleshooting.md"), "@org/everybody");
        assert_eq!(owner("x/apps/a.py"), "@octocat");
        assert_eq!(owner("scripts/a/b.sh"), "@doctocat @octocat");
        assert_eq!(
            owner("apps/github/a.py"),
            "",
            "a pattern without an owner owns nothing"
        );
        assert_eq!(owner("with blank.md"), "@blank");
        assert_eq!(owner("no.md"), "@org/everybody");
        assert_eq!(owner("app/[id]/page.py"), "@routes");
        assert_eq!(owner("app/i/page.py"), "@org/everybody");
    }

    /// From the documentation of GitLab.
    const GITLAB: &str = "* @default\n[Documentation] @docs-team\ndocs/\nREADME.md\n^[Database][2] @database-team\nmodel/db/\n\
                          config/db/database-setup.md @docs-team\n[documentation]\n!docs/internal/\n[Ruby]\n/lib/**/*.rb \
                          @ruby\n";

    #[test]
    fn each_section_of_gitlab_has_a_verdict() {
        for flavor in [Flavor::GitLab, Flavor::Unknown] {
            let owner = |path: &str| owner(GITLAB, flavor, path);
            assert_eq!(owner("a.py"), "@default");
            assert_eq!(owner("x/docs/a.md"), "@default @docs-team");
            assert_eq!(owner("model/db/a.sql"), "@default @database-team");
            assert_eq!(owner("config/db/database-setup.md"), "@default @docs-team");
            assert_eq!(owner("docs/internal/a.md"), "@default");
            assert_eq!(owner("lib/a/b.rb"), "@default @ruby");
            assert_eq!(owner("lib/b.rb"), "@default @ruby");
        }
    }

    #[test]
    fn patterns_are_relative_to_the_repository_and_paths_to_the_root() {
        let owners = Owners {
            prefix: "services/shop/".to_owned(),
            sections: sections("/services/shop/ @shop\n", Flavor::GitHub),
        };
        assert_eq!(owners.of("app.py").as_deref(), Some("@shop"));
    }
}
