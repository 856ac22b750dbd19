//! Paths as texts, with `/` between their parts: of the tree, of containers, and patterns of them.

/// The folder of a path; empty at the top.
pub(crate) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path relative to a folder, with `.` and `..` resolved; `None` where it leaves the tree.
pub(crate) fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}

/// A path of a container, relative to a folder of it unless it begins with `/`.
pub(crate) fn absolute(folder: &str, path: &str) -> Option<String> {
    let joined = if path.starts_with('/') {
        joined("", path)
    } else {
        joined(folder, path)
    };
    joined.map(|path| format!("/{path}"))
}

/// What of a path lies below a folder, or nothing where it is that folder; `None` where it lies elsewhere.
pub(crate) fn below<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    if folder.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(folder)?;
    match rest.strip_prefix('/') {
        Some(rest) => Some(rest),
        None => rest.is_empty().then_some(rest),
    }
}

/// A path with more behind it.
pub(crate) fn append(path: &str, rest: &str) -> String {
    match (path.is_empty(), rest.is_empty()) {
        (_, true) => path.to_owned(),
        (true, false) => rest.to_owned(),
        (false, false) => format!("{path}/{rest}"),
    }
}

/// Whether a path matches a pattern as Go's `filepath.Match` has it: `*`, `?` and sets stay within one part.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    let mut patterns = pattern.split('/');
    let mut parts = path.split('/');
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(part)) if part_matches(pattern, part) => {}
            _ => return false,
        }
    }
}

/// One part against its pattern, with the star that was met last tried again on failure: linear in each star.
fn part_matches(pattern: &str, part: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let part: Vec<char> = part.chars().collect();
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < part.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
                continue;
            }
            Some(_) => {
                if let Some(next) = one_matches(&pattern, at, part[read]) {
                    (at, read) = (next, read + 1);
                    continue;
                }
            }
            None => {}
        }
        let Some((star_at, star_read)) = star else {
            return false;
        };
        star = Some((star_at, star_read + 1));
        (at, read) = (star_at + 1, star_read + 1);
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

/// Where the pattern goes on behind the thing at `at`, where that admits the character.
fn one_matches(pattern: &[char], at: usize, character: char) -> Option<usize> {
    match pattern[at] {
        '?' => Some(at + 1),
        '\\' => (pattern.get(at + 1) == Some(&character)).then_some(at + 2),
        '[' => {
            let close = (at + 2..pattern.len()).find(|index| pattern[*index] == ']')?;
            let inner = &pattern[at + 1..close];
            let (inner, is_negated) = match inner.first() {
                Some('^') => (&inner[1..], true),
                _ => (inner, false),
            };
            let mut is_in = false;
            let mut index = 0;
            while index < inner.len() {
                match (inner.get(index + 1), inner.get(index + 2)) {
                    (Some('-'), Some(high)) => {
                        is_in |= (inner[index]..=*high).contains(&character);
                        index += 3;
                    }
                    _ => {
                        is_in |= inner[index] == character;
                        index += 1;
                    }
                }
            }
            (is_in != is_negated).then_some(close + 1)
        }
        other => (other == character).then_some(at + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved_within_the_tree() {
        assert_eq!(joined("a/b", "../c/./d.yml"), Some("a/c/d.yml".to_owned()));
        assert_eq!(joined("a", "../../c"), None);
        assert_eq!(
            absolute("/etc/prometheus", "rules/*.yml"),
            Some("/etc/prometheus/rules/*.yml".to_owned())
        );
        assert_eq!(below("a/b", "a/b/c/d"), Some("c/d"));
        assert_eq!(below("a/b", "a/b"), Some(""));
        assert_eq!(below("a/b", "a/bc"), None);
    }

    #[test]
    fn patterns_stay_within_one_part() {
        for (pattern, path) in [
            ("rules/*.yml", "rules/till.yml"),
            ("r?les/[a-t]*.y*ml", "rules/till.yaml"),
            ("*", "a"),
            ("a*b*c", "aXbbYc"),
            ("[^x]", "y"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("rules/*.yml", "rules/sub/till.yml"),
            ("*.yml", "a.yaml"),
            ("[^x]", "x"),
            ("a*b", "ac"),
            ("a", "ab"),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }
}
