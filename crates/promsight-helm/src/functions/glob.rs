//! The patterns of `.Files.Glob` (gobwas/glob with `/` between names).

use regex::Regex;

/// A pattern of paths; `None` where it is none.
pub(crate) fn pattern(glob: &str) -> Option<Regex> {
    let mut out = String::from("^(?s:");
    let mut alternatives = 0;
    let mut characters = glob.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '*' if characters.peek() == Some(&'*') => {
                while characters.next_if_eq(&'*').is_some() {}
                out.push_str(".*");
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '{' => {
                alternatives += 1;
                out.push_str("(?:");
            }
            '}' if alternatives > 0 => {
                alternatives -= 1;
                out.push(')');
            }
            ',' if alternatives > 0 => out.push('|'),
            '[' => {
                out.push('[');
                if characters.next_if(|next| matches!(next, '!' | '^')).is_some() {
                    out.push('^');
                }
                for inner in characters.by_ref() {
                    if inner == '[' || inner == '&' || inner == '~' {
                        out.push('\\');
                    }
                    out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            '\\' => {
                if let Some(next) = characters.next() {
                    out.push_str(&regex::escape(next.encode_utf8(&mut [0; 4])));
                }
            }
            other => out.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push_str(")$");
    Regex::new(&out).ok()
}
