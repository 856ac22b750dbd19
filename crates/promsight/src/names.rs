//! Names that people type, and the sentence for one that does not exist.

/// The names of all checks, in the registry's order.
pub fn checks() -> Vec<&'static str> {
    promsight_check::CHECKS.iter().map(|check| check.name).collect()
}

/// The known name closest to a mistyped one, if it is close or the typed one is its beginning.
pub fn closest<'a>(typed: &str, known: &[&'a str]) -> Option<&'a str> {
    let similarity = |name: &str| {
        if !typed.is_empty() && name.starts_with(typed) {
            return 1.0;
        }
        strsim::normalized_damerau_levenshtein(typed, name)
    };
    known
        .iter()
        .map(|name| (similarity(name), *name))
        .filter(|(similarity, _)| *similarity >= 0.6)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| name)
}

/// `unknown KIND `TYPED`; did you mean `KNOWN`?`, or all known names where none is close.
pub fn unknown(kind: &str, typed: &str, known: &[&str]) -> String {
    match closest(typed, known) {
        Some(name) => format!("unknown {kind} `{typed}`; did you mean `{name}`?"),
        None => format!("unknown {kind} `{typed}`; there are: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_nonsense_is_not() {
        let known = ["include", "exclude", "external"];
        assert_eq!(
            unknown("key", "exlude", &known),
            "unknown key `exlude`; did you mean `exclude`?"
        );
        assert_eq!(
            unknown("key", "colour", &known),
            "unknown key `colour`; there are: include, exclude, external"
        );
    }
}
