//! `.helmignore`: which files of a folder are no part of the chart (`pkg/ignore` of Helm 3).

use regex::Regex;

/// The rules of one file.
#[derive(Debug, Default)]
pub(crate) struct Ignored {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    pattern: Regex,
    negated: bool,
    only_folders: bool,
    /// Whether the pattern is one of the path, not of the last name in it.
    of_path: bool,
}

impl Ignored {
    /// Reads the rules; what is no rule of Helm is left out.
    pub(crate) fn new(text: &str) -> Self {
        Self {
            rules: text.lines().filter_map(rule).collect(),
        }
    }

    /// Whether a rule takes a file away, by its own path or by that of a folder above it.
    pub(crate) fn admits(&self, path: &str) -> bool {
        if self.rules.is_empty() {
            return false;
        }
        let folders = path.match_indices('/').map(|(end, _)| (&path[..end], true));
        folders
            .chain([(path, false)])
            .any(|(path, is_folder)| self.ignores(path, is_folder))
    }

    fn ignores(&self, path: &str, is_folder: bool) -> bool {
        for rule in &self.rules {
            let subject = if rule.of_path {
                path
            } else {
                path.rsplit('/').next().unwrap_or(path)
            };
            let matches = rule.pattern.is_match(subject);
            if rule.negated {
                if rule.only_folders && !is_folder || !matches {
                    return true;
                }
            } else if matches && (!rule.only_folders || is_folder) {
                return true;
            }
        }
        false
    }
}

fn rule(line: &str) -> Option<Rule> {
    let line = line.trim_start_matches('\u{feff}').trim();
    if line.is_empty() || line.starts_with('#') || line.contains("**") {
        return None;
    }
    let (negated, line) = match line.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (only_folders, line) = match line.strip_suffix('/') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let pattern = crate::functions::glob::pattern(line.strip_prefix('/').unwrap_or(line))?;
    Some(Rule {
        pattern,
        negated,
        only_folders,
        of_path: line.contains('/'),
    })
}
