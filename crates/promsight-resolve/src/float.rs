//! Numbers as Prometheus writes them.

/// From this exponent on Go's `strconv.FormatFloat(x, 'g', -1, 64)` writes one; below -4 too.
const LARGEST_PLAIN: i32 = 6;

/// A bound as Prometheus 3 stores it, whatever the program wrote: the shortest digits that give the number again, with
/// `.0` where it has neither fraction nor exponent. `None` where the text is no finite number.
pub(crate) fn as_prometheus(text: &str) -> Option<String> {
    let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite())?;
    // Rust writes the shortest digits with an exponent: `1.5e-5`.
    let shortest = format!("{number:e}");
    let (mantissa, exponent) = shortest.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    if !(-4..LARGEST_PLAIN).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return Some(format!("{mantissa}e{sign}{:02}", exponent.abs()));
    }
    let plain = format!("{number}");
    Some(if plain.contains('.') {
        plain
    } else {
        format!("{plain}.0")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_written_as_go_writes_them() {
        // Printed by Go 1.26 as Prometheus 3.16's parser does it.
        let cases = [
            ("1", "1.0"),
            ("30.0", "30.0"),
            ("100000", "100000.0"),
            ("1000000", "1e+06"),
            ("123456789", "1.23456789e+08"),
            ("1e20", "1e+20"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("1.5e-7", "1.5e-07"),
            ("0.005", "0.005"),
            ("-2", "-2.0"),
            ("0", "0.0"),
            ("1234567.5", "1.2345675e+06"),
        ];
        for (written, stored) in cases {
            assert_eq!(as_prometheus(written).as_deref(), Some(stored));
        }
        assert_eq!(as_prometheus("+Inf"), None);
    }
}
