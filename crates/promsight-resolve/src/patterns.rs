//! How much a partly known name says.

use promsight_model::{Name, Pattern};

/// Whether so much of a pattern is known that a name which it admits may well be meant: `*_total` says nothing,
/// `worker_*_total` does.
pub(crate) fn says_something(pattern: &Pattern) -> bool {
    const SAMPLE_SUFFIXES: [&str; 6] = ["_total", "_bucket", "_count", "_sum", "_created", "_info"];
    let mut known = 0;
    for piece in pattern.pieces() {
        let piece = SAMPLE_SUFFIXES
            .iter()
            .find_map(|suffix| piece.strip_suffix(suffix))
            .unwrap_or(piece);
        known += piece.chars().filter(|character| *character != '_').count();
    }
    known >= 4
}

/// A configured name in which `*` stands for any characters.
pub(crate) fn glob(text: &str) -> Name {
    Pattern::parse(text).map_or_else(|| Name::Exact(text.to_owned()), Name::Pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_of_suffixes_alone_claims_no_name() {
        let says = |text: &str| Pattern::parse(text).is_some_and(|pattern| says_something(&pattern));
        assert!(!says("*_total"));
        assert!(!says("*_x_total"));
        assert!(says("worker_*_total"));
        assert!(says("*_requests_total"));
    }
}
