//! Paths in the repository and in images.

/// A path below a folder, `.` and `..` resolved; `None` where it leaves the top. An absolute path stands for itself.
pub(super) fn join(folder: &str, path: &str) -> Option<String> {
    let is_absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    let folder = if is_absolute { "" } else { folder };
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let slash = if is_absolute || folder.starts_with('/') {
        "/"
    } else {
        ""
    };
    Some(format!("{slash}{}", parts.join("/")))
}

/// What stands behind a folder in a path: empty for the folder itself, `None` where it lies elsewhere.
pub(super) fn below<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    let folder = folder.trim_end_matches('/');
    if folder.is_empty() {
        return Some(path.trim_start_matches('/'));
    }
    let rest = path.strip_prefix(folder)?;
    if rest.is_empty() {
        return Some(rest);
    }
    rest.strip_prefix('/')
}

/// The folder that a path lies in; empty at the top.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last part of a path.
pub(super) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_as_a_shell_would() {
        assert_eq!(join("a/b", "../c").as_deref(), Some("a/c"));
        assert_eq!(join("", "./x/.").as_deref(), Some("x"));
        assert_eq!(join("/app", "src").as_deref(), Some("/app/src"));
        assert_eq!(join("/app", "/src").as_deref(), Some("/src"));
        assert_eq!(join("", ".."), None);
        assert_eq!(join("/", "a").as_deref(), Some("/a"));
    }

    #[test]
    fn what_lies_below_a_folder_is_what_stands_behind_it() {
        assert_eq!(below("/app", "/app/x.py"), Some("x.py"));
        assert_eq!(below("/app", "/apple"), None);
        assert_eq!(below("/", "/app"), Some("app"));
        assert_eq!(below("a/", "a"), Some(""));
    }
}
