//! Numbers, durations and escapes, by the rules of Prometheus 3 (`promql/parser/lex.go`, Go's `strconv`, and
//! `ParseDuration` of `prometheus/common`). What is refused here is refused there.

/// How far a number reaches, and whether Prometheus' scanner takes it for one.
pub(crate) enum Scanned {
    /// A number of that length.
    Number(usize),
    /// No number; the scanner stopped after that many bytes (a unit may follow: a duration).
    Stopped(usize),
}

/// Scans a number at the beginning of `bytes`, in the steps of Prometheus' `scanNumber`: its quirks (`0xeee` is
/// refused, since `e` counts as an exponent there) are part of the language.
pub(crate) fn scan_number(bytes: &[u8]) -> Scanned {
    let at = |index: usize| bytes.get(index).copied();
    let mut index = 0;
    let mut hexadecimal = false;
    if at(0) == Some(b'0') {
        index = 1;
        if matches!(at(1), Some(b'x' | b'X')) {
            index = 2;
            hexadecimal = true;
            if at(2) == Some(b'_') {
                index = 3;
            }
        }
    }
    let is_digit = |byte: Option<u8>| match byte {
        Some(digit) if hexadecimal => digit.is_ascii_hexdigit(),
        Some(digit) => digit.is_ascii_digit(),
        None => false,
    };
    if at(index) == Some(b'.') {
        index += 1;
    }
    if is_digit(at(index)) {
        index += 1;
    }
    let mut dot = false;
    let mut exponent = false;
    loop {
        match at(index) {
            Some(b'.') => {
                index += 1;
                if dot || hexadecimal || matches!(at(index), Some(b'_' | b'.')) {
                    return Scanned::Stopped(index);
                }
                dot = true;
            }
            Some(b'e' | b'E') => {
                index += 1;
                if exponent {
                    return Scanned::Stopped(index);
                }
                exponent = true;
                if matches!(at(index), Some(b'+' | b'-')) {
                    index += 1;
                }
                if matches!(at(index), Some(b'.' | b'_' | b'e' | b'E') | None) {
                    return Scanned::Stopped(index);
                }
            }
            Some(b'_') => {
                index += 1;
                if matches!(at(index), Some(b'.' | b'_' | b'e' | b'E') | None) {
                    return Scanned::Stopped(index);
                }
            }
            digit if is_digit(digit) => {
                while is_digit(at(index)) {
                    index += 1;
                }
            }
            _ => break,
        }
    }
    let ends = at(index).is_none_or(|byte| !is_name_byte(byte));
    if index > 0 && ends {
        Scanned::Number(index)
    } else {
        Scanned::Stopped(index)
    }
}

/// Scans the unit of a duration and further pairs of number and unit; the length, or where it stopped.
pub(crate) fn scan_duration_rest(bytes: &[u8]) -> Result<usize, usize> {
    let at = |index: usize| bytes.get(index).copied();
    let mut index = 0;
    if !matches!(at(index), Some(b's' | b'm' | b'h' | b'd' | b'w' | b'y')) {
        return Err(index);
    }
    index += 1;
    if at(index) == Some(b's') {
        index += 1;
    }
    while at(index).is_some_and(|byte| byte.is_ascii_digit()) {
        while at(index).is_some_and(|byte| byte.is_ascii_digit()) {
            index += 1;
        }
        if !matches!(at(index), Some(b's' | b'm' | b'h' | b'd' | b'w')) {
            return Err(index);
        }
        index += 1;
        if at(index) == Some(b's') {
            index += 1;
        }
    }
    if at(index).is_some_and(is_name_byte) {
        Err(index)
    } else {
        Ok(index)
    }
}

/// The value of a scanned number, by Go's rules for underscores, octal and hexadecimal.
pub(crate) fn number(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "inf" => return Some(f64::INFINITY),
        "nan" => return Some(f64::NAN),
        _ => {}
    }
    if !underscores_separate_digits(&lower) {
        return None;
    }
    let plain = lower.replace('_', "");
    if let Some(digits) = plain.strip_prefix("0x") {
        return i64::from_str_radix(digits, 16).ok().map(|value| value as f64);
    }
    // A leading zero makes an integer octal; what is no octal number is read as a decimal one.
    if plain.len() > 1
        && plain.starts_with('0')
        && let Ok(value) = i64::from_str_radix(&plain, 8)
    {
        return Some(value as f64);
    }
    let value: f64 = plain.parse().ok()?;
    if value.is_finite() { Some(value) } else { None }
}

/// Go's `underscoreOK`: an underscore stands between digits, or between the base prefix and a digit.
fn underscores_separate_digits(lower: &str) -> bool {
    if !lower.contains('_') {
        return true;
    }
    let (digits, after_prefix) = match lower.strip_prefix("0x") {
        Some(rest) => (rest, true),
        None => (lower, false),
    };
    let hexadecimal = after_prefix;
    let mut after_digit = after_prefix;
    let mut after_underscore = false;
    for byte in digits.bytes() {
        if byte.is_ascii_digit() || (hexadecimal && byte.is_ascii_hexdigit()) {
            after_digit = true;
            after_underscore = false;
        } else if byte == b'_' {
            if !after_digit {
                return false;
            }
            after_digit = false;
            after_underscore = true;
        } else {
            if after_underscore {
                return false;
            }
            after_digit = false;
        }
    }
    !after_underscore
}

/// The seconds of a duration such as `1h30m`; units go from the largest to the smallest, each once.
pub(crate) fn duration(text: &str) -> Result<f64, &'static str> {
    const UNITS: [(&str, u64); 7] = [
        ("y", 365 * 86_400_000),
        ("w", 7 * 86_400_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ];
    // Prometheus keeps durations in 63 bits of nanoseconds.
    const LIMIT: u64 = i64::MAX as u64 / 1_000_000;
    let mut rest = text;
    let mut milliseconds: u64 = 0;
    let mut smallest = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (amount, behind) = rest.split_at(digits);
        if digits == 0 {
            return Err("is not a number with units");
        }
        let amount: u64 = amount.parse().map_err(|_| "is out of range")?;
        let unit_length = behind.bytes().take_while(|byte| !byte.is_ascii_digit()).count();
        let (unit, next) = behind.split_at(unit_length);
        let Some(place) = UNITS.iter().position(|(name, _)| *name == unit) else {
            return Err("has a unit other than ms, s, m, h, d, w and y");
        };
        if place < smallest {
            return Err("must go from the largest unit to the smallest, each once");
        }
        smallest = place + 1;
        milliseconds = amount
            .checked_mul(UNITS[place].1)
            .and_then(|part| milliseconds.checked_add(part))
            .filter(|sum| *sum <= LIMIT)
            .ok_or("is out of range")?;
        rest = next;
    }
    Ok(milliseconds as f64 / 1_000.0)
}

/// Reads one escape. `bytes` begins behind the backslash; gives the bytes that it stands for and its length, or what
/// is wrong and how far.
pub(crate) fn escape(bytes: &[u8], quote: u8, into: &mut Vec<u8>) -> Result<usize, (&'static str, usize)> {
    let Some(first) = bytes.first().copied() else {
        return Err(("the string ends in a backslash", 0));
    };
    let simple = match first {
        b'a' => Some(0x07),
        b'b' => Some(0x08),
        b'f' => Some(0x0c),
        b'n' => Some(b'\n'),
        b'r' => Some(b'\r'),
        b't' => Some(b'\t'),
        b'v' => Some(0x0b),
        b'\\' => Some(b'\\'),
        other if other == quote => Some(quote),
        _ => None,
    };
    if let Some(byte) = simple {
        into.push(byte);
        return Ok(1);
    }
    let (digits_from, digits, radix) = match first {
        b'0'..=b'7' => (0, 3, 8),
        b'x' => (1, 2, 16),
        b'u' => (1, 4, 16),
        b'U' => (1, 8, 16),
        _ => return Err(("is not an escape sequence of PromQL", 1)),
    };
    let end = digits_from + digits;
    let value = bytes
        .get(digits_from..end)
        .filter(|digits| digits.iter().all(|digit| char::from(*digit).is_digit(radix)))
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| u32::from_str_radix(digits, radix).ok())
        .ok_or(("is not a complete escape sequence", 1))?;
    match first {
        b'u' | b'U' => {
            let character = char::from_u32(value).ok_or(("is not a Unicode code point", end))?;
            into.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        _ => into.push(u8::try_from(value).map_err(|_| ("is larger than a byte", end))?),
    }
    Ok(end)
}

/// A character of a name without a colon.
pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_go() {
        assert_eq!(number("1_000"), Some(1000.0));
        assert_eq!(number("0x_1F"), Some(31.0));
        assert_eq!(number("0755"), Some(493.0));
        assert_eq!(number("089"), Some(89.0));
        assert_eq!(number(".5"), Some(0.5));
        assert_eq!(number("5."), Some(5.0));
        assert_eq!(number("1e999"), None);
        assert_eq!(number("1_"), None);
        assert_eq!(number("0x"), None);
    }

    #[test]
    fn durations_go_from_large_to_small() {
        assert_eq!(duration("1h30m"), Ok(5400.0));
        assert_eq!(duration("1s500ms"), Ok(1.5));
        assert!(duration("30m1h").is_err());
        assert!(duration("5m5m").is_err());
        assert!(duration("1hs").is_err());
        assert!(duration("300y").is_err());
    }
}
