//! Patterns of the shell and of Docker: `*`, `?`, `[…]`.

/// Whether the pattern matches the whole text. Linear in the product of both lengths.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at_pattern, mut at_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at_text < text.len() {
        match one(&pattern[at_pattern..], text[at_text]) {
            Step::Star => {
                star = Some((at_pattern, at_text));
                at_pattern += 1;
                continue;
            }
            Step::Taken(length) => {
                at_pattern += length;
                at_text += 1;
                continue;
            }
            Step::Mismatch => {}
        }
        let Some((pattern_star, text_star)) = star else {
            return false;
        };
        star = Some((pattern_star, text_star + 1));
        (at_pattern, at_text) = (pattern_star + 1, text_star + 1);
    }
    pattern[at_pattern..].iter().all(|rest| *rest == '*')
}

enum Step {
    Star,
    Taken(usize),
    Mismatch,
}

fn one(pattern: &[char], character: char) -> Step {
    match pattern.first() {
        Some('*') => Step::Star,
        Some('?') => Step::Taken(1),
        Some('[') => class(pattern, character),
        Some('\\') if pattern.get(1) == Some(&character) => Step::Taken(2),
        Some(own) if *own == character => Step::Taken(1),
        _ => Step::Mismatch,
    }
}

fn class(pattern: &[char], character: char) -> Step {
    let Some(end) = pattern
        .iter()
        .skip(2)
        .position(|next| *next == ']')
        .map(|at| at + 2)
    else {
        return if character == '[' {
            Step::Taken(1)
        } else {
            Step::Mismatch
        };
    };
    let inner = &pattern[1..end];
    let is_negated = matches!(inner.first(), Some('!' | '^'));
    let inner = &inner[usize::from(is_negated)..];
    let mut is_in = false;
    let mut at = 0;
    while at < inner.len() {
        if at + 2 < inner.len() && inner[at + 1] == '-' {
            is_in |= inner[at] <= character && character <= inner[at + 2];
            at += 3;
        } else {
            is_in |= inner[at] == character;
            at += 1;
        }
    }
    if is_in == is_negated {
        Step::Mismatch
    } else {
        Step::Taken(end + 1)
    }
}

/// The text without the shortest beginning that the pattern matches; `None` where the pattern is not plain text.
pub(super) fn without_prefix(text: &str, pattern: &str) -> Option<String> {
    is_plain(pattern).then(|| text.strip_prefix(pattern).unwrap_or(text).to_owned())
}

/// The text without the end that the pattern matches; `None` where the pattern is not plain text.
pub(super) fn without_suffix(text: &str, pattern: &str) -> Option<String> {
    is_plain(pattern).then(|| text.strip_suffix(pattern).unwrap_or(text).to_owned())
}

fn is_plain(pattern: &str) -> bool {
    !pattern.contains(['*', '?', '[', super::words::UNKNOWN])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("-*", "-b", true),
            ("-*", "b", false),
            ("w?b", "web", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("*.py", "main.py", true),
            ("[", "[", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        assert!(!matches(&"*a".repeat(200), &"a".repeat(150)));
    }
}
