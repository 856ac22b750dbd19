//! Checksums: charts write those of their configuration into annotations (FIPS 180-4, RFC 1950).

use std::fmt::Write as _;

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::Entry;

pub(super) const FUNCTIONS: &[Entry] = &[
    ("sha1sum", "s", |_, arguments| {
        Ok(sum::<Sha1>(&arguments.text(0)).into())
    }),
    ("sha256sum", "s", |_, arguments| {
        Ok(sum::<Sha256>(&arguments.text(0)).into())
    }),
    ("sha512sum", "s", |_, arguments| {
        Ok(sum::<Sha512>(&arguments.text(0)).into())
    }),
    ("adler32sum", "s", |_, arguments| {
        let sum = adler2::adler32_slice(arguments.text(0).as_bytes());
        Ok(sum.to_string().into())
    }),
];

/// The digest in lower-case hexadecimal digits.
fn sum<D: Digest>(text: &str) -> String {
    let mut digits = String::new();
    for byte in D::digest(text.as_bytes()) {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
