//! Bytes to text.
//!
//! Owns which encoding a file is in: its byte order mark, for Python the coding cookie of PEP 263, else UTF-8. What
//! is none of these is read as windows-1252, which gives every byte a character, and is marked as such.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// Text, without a byte order mark.
    Text(String),
    /// Text of which some bytes were in no known encoding; why, as a clause.
    Damaged(String, String),
    /// No text.
    Binary,
}

/// Which declaration of its encoding a file can carry besides a byte order mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declaration {
    /// None.
    None,
    /// PEP 263: a comment in one of the first two lines.
    CodingCookie,
}

/// Decodes the bytes of a file.
pub fn decode(bytes: Vec<u8>, declaration: Declaration) -> Decoded {
    // A byte order mark decides, whatever the file says of itself.
    if let Some((encoding, length)) = Encoding::for_bom(&bytes) {
        return strict(&bytes[length..], encoding);
    }
    // No text format knows the NUL byte. Like git, look at the beginning only.
    match nul_bytes(&bytes) {
        NulBytes::None => {}
        NulBytes::Few => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            return Decoded::Damaged(text, "it holds NUL bytes".to_owned());
        }
        NulBytes::EverySecond(encoding) => return strict(&bytes, encoding),
        NulBytes::Many => return Decoded::Binary,
    }
    if declaration == Declaration::CodingCookie
        && let Some(label) = coding_cookie(&bytes)
        && !label.eq_ignore_ascii_case("utf-8")
    {
        return match python_codec(&label) {
            Some(encoding) => strict(&bytes, encoding),
            None => as_windows_1252(&bytes, &format!("it declares the unknown encoding `{label}`")),
        };
    }
    match String::from_utf8(bytes) {
        Ok(text) => Decoded::Text(text),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            as_windows_1252(
                &error.into_bytes(),
                &format!("it is not UTF-8 from byte {valid} on"),
            )
        }
    }
}

/// The bytes of a file after its text has changed, in the encoding that it has: `before` is the text that was decoded
/// from `bytes`. `None` where these do not hold that text in an encoding that can be written back byte for byte.
pub fn rewrite(bytes: &[u8], before: &str, after: &str) -> Option<Vec<u8>> {
    WAYS.into_iter()
        .find(|way| way(before).is_some_and(|encoded| encoded == bytes))
        .and_then(|way| way(after))
}

/// Text to the bytes of one encoding; `None` where it has no bytes for a character.
type Way = fn(&str) -> Option<Vec<u8>>;

/// Every way in which a file that is no Python can be encoded: UTF-8 and UTF-16 with and without a byte order mark, and
/// windows-1252.
const WAYS: [Way; 7] = [
    |text| Some(text.as_bytes().to_vec()),
    |text| Some(marked(text).into_bytes()),
    |text| Some(utf_16(&marked(text), u16::to_le_bytes)),
    |text| Some(utf_16(&marked(text), u16::to_be_bytes)),
    |text| Some(utf_16(text, u16::to_le_bytes)),
    |text| Some(utf_16(text, u16::to_be_bytes)),
    |text| {
        let (bytes, _, is_lossy) = WINDOWS_1252.encode(text);
        (!is_lossy).then(|| bytes.into_owned())
    },
];

fn marked(text: &str) -> String {
    format!("\u{feff}{text}")
}

fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

/// How a file that begins with NUL bytes among others can be read.
enum NulBytes {
    None,
    /// Some in a text: a damaged file.
    Few,
    /// UTF-16 without a byte order mark, as some Windows tools write it.
    EverySecond(&'static Encoding),
    Many,
}

fn nul_bytes(bytes: &[u8]) -> NulBytes {
    let beginning = &bytes[..bytes.len().min(8_000)];
    let at = |odd: usize| {
        beginning
            .iter()
            .skip(odd)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    let (even, odd) = (at(0), at(1));
    let half = beginning.len() / 2;
    let is_text = |byte: &u8| *byte == 0 || *byte >= b' ' || byte.is_ascii_whitespace();
    match (even, odd) {
        (0, 0) => NulBytes::None,
        // ASCII in UTF-16 has a NUL byte in nearly every character.
        (0, odd) if half >= 4 && odd * 10 >= half * 8 => NulBytes::EverySecond(UTF_16LE),
        (even, 0) if half >= 4 && even * 10 >= half * 8 => NulBytes::EverySecond(UTF_16BE),
        (even, odd)
            if (even + odd) * 50 <= beginning.len()
                && beginning.iter().all(is_text)
                && std::str::from_utf8(bytes).is_ok() =>
        {
            NulBytes::Few
        }
        _ => NulBytes::Many,
    }
}

fn strict(bytes: &[u8], encoding: &'static Encoding) -> Decoded {
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    if !had_errors {
        return Decoded::Text(text.into_owned());
    }
    let reason = format!("some of its bytes are not {}", encoding.name());
    if encoding == UTF_16LE || encoding == UTF_16BE {
        return Decoded::Damaged(text.into_owned(), reason);
    }
    as_windows_1252(bytes, &reason)
}

fn as_windows_1252(bytes: &[u8], reason: &str) -> Decoded {
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    Decoded::Damaged(
        text.into_owned(),
        format!("{reason}; it was read as windows-1252"),
    )
}

/// The name in a comment of the first two lines, by PEP 263's regular expression
/// `^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)`.
fn coding_cookie(bytes: &[u8]) -> Option<String> {
    for line in bytes.split(|byte| *byte == b'\n').take(2) {
        let line = String::from_utf8_lossy(&line[..line.len().min(400)]);
        let trimmed = line.trim_start_matches([' ', '\t', '\u{c}']);
        let Some(comment) = trimmed.strip_prefix('#') else {
            // The second line counts only where the first is blank or a comment.
            if trimmed.trim_end().is_empty() {
                continue;
            }
            return None;
        };
        for (at, _) in comment.match_indices("coding") {
            let rest = &comment[at + "coding".len()..];
            let Some(rest) = rest.strip_prefix([':', '=']) else {
                continue;
            };
            let label: String = rest
                .trim_start_matches([' ', '\t'])
                .chars()
                .take_while(|character| character.is_ascii_alphanumeric() || "-_.".contains(*character))
                .collect();
            if !label.is_empty() {
                return Some(label);
            }
        }
    }
    None
}

/// Python's name of a codec to the encoding. The WHATWG labels of encoding_rs cover most of Python's aliases.
fn python_codec(label: &str) -> Option<&'static Encoding> {
    let label = label.to_ascii_lowercase().replace('_', "-");
    let label = match label.as_str() {
        // PEP 263 wants any superset of ASCII that starts so to be the encoding itself (`latin-1-unix`).
        "utf-8-sig" | "u8" | "utf" => return Some(UTF_8),
        label if label.starts_with("utf-8-") => return Some(UTF_8),
        "latin-1" | "iso-latin-1" => "latin1",
        label if label.starts_with("latin-1-") || label.starts_with("iso-latin-1-") => "latin1",
        "mac-roman" => "macintosh",
        "cp932" | "sjis" => "shift_jis",
        "cp949" => "euc-kr",
        "cp936" => "gbk",
        "cp950" => "big5",
        label => label,
    };
    Encoding::for_label(label.as_bytes()).or_else(|| Encoding::for_label(label.replace('-', "_").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], declaration: Declaration) -> Decoded {
        decode(bytes.to_vec(), declaration)
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_text() {
        assert_eq!(
            text(b"\xEF\xBB\xBFup", Declaration::None),
            Decoded::Text("up".to_owned())
        );
        assert_eq!(
            text(b"\xFF\xFEu\0p\0", Declaration::None),
            Decoded::Text("up".to_owned())
        );
        assert_eq!(
            text(b"\xFE\xFF\0u\0p", Declaration::None),
            Decoded::Text("up".to_owned())
        );
    }

    #[test]
    fn python_files_say_their_encoding() {
        let source = b"#!/usr/bin/python\n# -*- coding: latin-1 -*-\nx = '\xE9'\n";
        assert_eq!(
            text(source, Declaration::CodingCookie),
            Decoded::Text("#!/usr/bin/python\n# -*- coding: latin-1 -*-\nx = 'é'\n".to_owned())
        );
        let source = b"# vim: set fileencoding=cp1251 :\n# \xCF";
        assert_eq!(
            text(source, Declaration::CodingCookie),
            Decoded::Text("# vim: set fileencoding=cp1251 :\n# П".to_owned())
        );
    }

    #[test]
    fn changed_texts_are_written_in_the_encoding_that_they_had() {
        let rewritten = |bytes: &[u8]| {
            let (Decoded::Text(before) | Decoded::Damaged(before, _)) = text(bytes, Declaration::None) else {
                panic!("it is a text");
            };
            rewrite(bytes, &before, &before.replace("up", "down"))
        };
        assert_eq!(rewritten(b"up\r\n").as_deref(), Some(&b"down\r\n"[..]));
        assert_eq!(
            rewritten(b"\xEF\xBB\xBFup").as_deref(),
            Some(&b"\xEF\xBB\xBFdown"[..])
        );
        assert_eq!(
            rewritten(b"\xFF\xFEu\0p\0").as_deref(),
            Some(&b"\xFF\xFEd\0o\0w\0n\0"[..])
        );
        assert_eq!(
            rewritten(b"\xFE\xFF\0u\0p").as_deref(),
            Some(&b"\xFE\xFF\0d\0o\0w\0n"[..])
        );
        assert_eq!(rewritten(b"caf\xE9 up").as_deref(), Some(&b"caf\xE9 down"[..]));
        assert_eq!(rewrite(b"other", "up", "down"), None, "it has changed meanwhile");
    }

    #[test]
    fn a_cookie_after_code_is_none() {
        assert_eq!(coding_cookie(b"import os\n# coding: latin-1\n"), None);
        assert_eq!(
            coding_cookie(b"\n# coding: latin-1\n").as_deref(),
            Some("latin-1")
        );
        assert_eq!(coding_cookie(b"#\n#\n# coding: latin-1\n"), None);
    }

    #[test]
    fn bytes_in_no_known_encoding_are_read_and_marked() {
        let Decoded::Damaged(text, reason) = text(b"caf\xE9", Declaration::None) else {
            panic!("the text is not UTF-8");
        };
        assert_eq!(text, "café");
        assert_eq!(
            reason,
            "it is not UTF-8 from byte 3 on; it was read as windows-1252"
        );
    }

    #[test]
    fn an_unknown_codec_is_marked() {
        let decoded = text(b"# coding: klingon\nx = 1\n", Declaration::CodingCookie);
        assert!(matches!(decoded, Decoded::Damaged(text, _) if text.ends_with("x = 1\n")));
    }

    #[test]
    fn utf_16_needs_no_byte_order_mark() {
        assert_eq!(
            text(b"i\0m\0p\0o\0r\0t\0", Declaration::CodingCookie),
            Decoded::Text("import".to_owned())
        );
        assert_eq!(
            text(b"\0i\0m\0p\0o\0r\0t", Declaration::None),
            Decoded::Text("import".to_owned())
        );
    }

    #[test]
    fn a_stray_nul_byte_makes_no_text_unreadable() {
        let source = format!("{}\0\n", "x = 1\n".repeat(20));
        let Decoded::Damaged(read, reason) = text(source.as_bytes(), Declaration::None) else {
            panic!("the text is damaged");
        };
        assert_eq!((read, reason.as_str()), (source, "it holds NUL bytes"));
    }

    #[test]
    fn binary_files_are_no_text() {
        assert_eq!(text(b"\x7fELF\0\0", Declaration::None), Decoded::Binary);
    }
}
