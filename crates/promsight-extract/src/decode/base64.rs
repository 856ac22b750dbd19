//! Base64 (RFC 4648) to text that knows its place: each group of four characters stands for its three bytes.

use promsight_model::{Embedded, OffsetMap};

/// Longer texts are data.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The text that a scalar encodes; `None` where it is no Base64 or encodes no text. Line breaks in it are skipped.
pub fn decode(source: &Embedded) -> Option<Embedded> {
    if source.text.len() > MAX_BYTES {
        return None;
    }
    let mut bytes = Vec::with_capacity(source.text.len() / 4 * 3);
    // For each decoded byte, the group that it came from.
    let mut groups: Vec<(usize, usize)> = Vec::new();
    let mut sextets: Vec<u32> = Vec::with_capacity(4);
    let mut start = 0;
    let mut ended = false;
    for (at, byte) in source.text.bytes().enumerate() {
        if byte.is_ascii_whitespace() {
            continue;
        }
        if byte == b'=' {
            ended = true;
            continue;
        }
        if ended {
            return None;
        }
        if sextets.is_empty() {
            start = at;
        }
        sextets.push(sextet(byte)?);
        if sextets.len() == 4 {
            push(&sextets, (start, at + 1), &mut bytes, &mut groups);
            sextets.clear();
        }
    }
    match sextets.len() {
        0 => {}
        1 => return None,
        _ => push(
            &sextets,
            (start, source.text.trim_end().len()),
            &mut bytes,
            &mut groups,
        ),
    }
    let text = String::from_utf8(bytes).ok()?;
    let mut map = OffsetMap::at(0);
    for (at, character) in text.char_indices() {
        let length = character.len_utf8();
        let (from, _) = groups[at];
        let (_, to) = groups[at + length - 1];
        map.push_replaced(length, from..to);
    }
    Some(source.nested(text, map))
}

fn push(sextets: &[u32], group: (usize, usize), bytes: &mut Vec<u8>, groups: &mut Vec<(usize, usize)>) {
    let bits = (0..4).fold(0, |bits, index| {
        bits << 6 | sextets.get(index).copied().unwrap_or(0)
    });
    let [_, first, second, third] = bits.to_be_bytes();
    for byte in [first, second, third].into_iter().take(sextets.len() - 1) {
        bytes.push(byte);
        groups.push(group);
    }
}

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use promsight_model::FileId;

    use super::*;

    #[test]
    fn text_is_decoded_and_found_again_by_its_groups() {
        let source = Embedded::whole(FileId(0), "ZXhwcjog\n  w7x1cA==");
        let decoded = decode(&source).expect("it is Base64");
        assert_eq!(decoded.text, "expr: üup");
        assert_eq!(decoded.span(0..4).range(), 0..8);
        assert_eq!(decoded.span(8..10).range(), 11..19);
    }

    #[test]
    fn what_is_no_base64_or_no_text_is_nothing() {
        for text in ["a", "ab=c", "a b!", "/w=="] {
            assert_eq!(decode(&Embedded::whole(FileId(0), text)), None, "{text}");
        }
        assert_eq!(
            decode(&Embedded::whole(FileId(0), "")).map(|text| text.text),
            Some(String::new())
        );
    }
}
