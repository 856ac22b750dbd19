//! Names of findings across runs.
//!
//! A fingerprint says what a finding is about and who looks, never where on which line: it survives moved lines,
//! reformatting and other findings that come and go. A baseline and a change gate rest on it, so that to change it is
//! a breaking change.

use std::collections::BTreeMap;

use promsight_model::{FileSet, Finding, Fingerprint};

/// Names findings that stand in their order; equal ones are numbered.
pub(crate) fn assign(findings: &mut [Finding], files: &FileSet) {
    let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
    for finding in findings {
        let mut hash = Fnv::default();
        hash.text(finding.check);
        hash.text(&finding.subject);
        hash.text(&files.file(finding.primary.file).path);
        if let Some(consumer) = &finding.consumer {
            hash.text(consumer.kind.word());
            hash.text(&consumer.name);
            hash.text(consumer.group.as_deref().unwrap_or_default());
        }
        let count = seen.entry(hash.0).or_default();
        *count += 1;
        if *count > 1 {
            hash.text(&count.to_string());
        }
        finding.fingerprint = Fingerprint(hash.0);
    }
}

/// FNV-1a, 64 bits: the same on every platform and in every version of the standard library.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn text(&mut self, text: &str) {
        for byte in text.bytes().chain([0]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
