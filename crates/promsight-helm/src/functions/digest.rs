//! Checksums: charts write those of their configuration into annotations (FIPS 180-4, RFC 1950).

use std::fmt::Write as _;

use super::Entry;

pub(super) const FUNCTIONS: &[Entry] = &[
    ("sha1sum", "s", |_, arguments| {
        Ok(sha1(arguments.text(0).as_bytes()).into())
    }),
    ("sha256sum", "s", |_, arguments| {
        Ok(sha256(arguments.text(0).as_bytes()).into())
    }),
    ("sha512sum", "s", |_, arguments| {
        Ok(sha512(arguments.text(0).as_bytes()).into())
    }),
    ("adler32sum", "s", |_, arguments| {
        let (mut low, mut high) = (1_u32, 0_u32);
        for byte in arguments.text(0).bytes() {
            low = (low + u32::from(byte)) % 65_521;
            high = (high + low) % 65_521;
        }
        Ok((high << 16 | low).to_string().into())
    }),
];

/// The message with its padding, for blocks of that many bytes.
fn padded(message: &[u8], block: usize) -> Vec<u8> {
    let length_bytes = block / 8;
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % block != block - length_bytes {
        padded.push(0);
    }
    let bits = (message.len() as u128) * 8;
    padded.extend_from_slice(&bits.to_be_bytes()[16 - length_bytes..]);
    padded
}

fn words32(block: &[u8]) -> impl Iterator<Item = u32> {
    block
        .chunks(4)
        .map(|bytes| bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)))
}

fn words64(block: &[u8]) -> impl Iterator<Item = u64> {
    block
        .chunks(8)
        .map(|bytes| bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)))
}

fn sha1(message: &[u8]) -> String {
    let mut state: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in padded(message, 64).chunks(64) {
        let mut words: Vec<u32> = words32(block).collect();
        for index in 16..80 {
            let word = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16];
            words.push(word.rotate_left(1));
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (index, word) in words.iter().enumerate() {
            let (mix, constant) = match index / 20 {
                0 => (b & c | !b & d, 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => (b & c | b & d | c & d, 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6_u32),
            };
            let next = a
                .rotate_left(5)
                .wrapping_add(mix)
                .wrapping_add(e)
                .wrapping_add(constant)
                .wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (word, added) in state.iter_mut().zip([a, b, c, d, e]) {
            *word = word.wrapping_add(added);
        }
    }
    let mut out = String::new();
    for word in state {
        let _ = write!(out, "{word:08x}");
    }
    out
}

/// The first `count` primes.
fn primes(count: usize) -> Vec<u64> {
    let mut primes: Vec<u64> = Vec::with_capacity(count);
    let mut candidate = 2;
    while primes.len() < count {
        if primes.iter().all(|prime| candidate % prime != 0) {
            primes.push(candidate);
        }
        candidate += 1;
    }
    primes
}

/// The first 64 bits of the fraction of a number's root: the greatest `r` with `r^degree <= number * 2^(64*degree)`, the
/// whole part left out.
fn fraction_of_root(number: u64, degree: u32) -> u64 {
    let (mut low, mut high) = (0_u128, 1_u128 << 69);
    while high - low > 1 {
        let middle = low.midpoint(high);
        if power_is_at_most(middle, degree, number) {
            low = middle;
        } else {
            high = middle;
        }
    }
    u64::try_from(low & u128::from(u64::MAX)).unwrap_or_default()
}

/// Whether `root^degree <= number * 2^(64*degree)`, in limbs of 32 bits.
fn power_is_at_most(root: u128, degree: u32, number: u64) -> bool {
    let limbs = |mut number: u128| {
        let mut limbs = Vec::new();
        while number > 0 {
            limbs.push(u64::try_from(number & 0xffff_ffff).unwrap_or_default());
            number >>= 32;
        }
        limbs
    };
    let factor = limbs(root);
    let mut product = vec![1_u64];
    for _ in 0..degree {
        let mut next = vec![0_u64; product.len() + factor.len() + 1];
        for (left_index, left) in product.iter().enumerate() {
            let mut carry = 0;
            for (right_index, right) in factor.iter().enumerate() {
                let sum = next[left_index + right_index] + left * right + carry;
                next[left_index + right_index] = sum & 0xffff_ffff;
                carry = sum >> 32;
            }
            next[left_index + factor.len()] += carry;
        }
        product = next;
    }
    let mut bound = vec![0_u64; 2 * degree as usize];
    bound.extend(limbs(u128::from(number)));
    let length = product.len().max(bound.len());
    product.resize(length, 0);
    bound.resize(length, 0);
    product.iter().rev().le(bound.iter().rev())
}

/// The constants of SHA-2 with 64 bits; those with 32 are their upper halves.
struct Constants {
    state: Vec<u64>,
    rounds: Vec<u64>,
}

fn constants() -> &'static Constants {
    static CONSTANTS: std::sync::OnceLock<Constants> = std::sync::OnceLock::new();
    CONSTANTS.get_or_init(|| {
        let primes = primes(80);
        Constants {
            state: primes[..8]
                .iter()
                .map(|prime| fraction_of_root(*prime, 2))
                .collect(),
            rounds: primes.iter().map(|prime| fraction_of_root(*prime, 3)).collect(),
        }
    })
}

fn upper(constant: u64) -> u32 {
    u32::try_from(constant >> 32).unwrap_or_default()
}

fn sha256(message: &[u8]) -> String {
    let constants = constants();
    let mut state: Vec<u32> = constants.state.iter().copied().map(upper).collect();
    for block in padded(message, 64).chunks(64) {
        let mut words: Vec<u32> = words32(block).collect();
        for index in 16..64 {
            let (before, near) = (words[index - 15], words[index - 2]);
            let first = before.rotate_right(7) ^ before.rotate_right(18) ^ before >> 3;
            let second = near.rotate_right(17) ^ near.rotate_right(19) ^ near >> 10;
            let word = words[index - 16].wrapping_add(first);
            words.push(word.wrapping_add(words[index - 7]).wrapping_add(second));
        }
        let mut turn = state.clone();
        for (word, constant) in words.iter().zip(&constants.rounds) {
            let (a, e) = (turn[0], turn[4]);
            let second = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let choice = e & turn[5] ^ !e & turn[6];
            let one = turn[7]
                .wrapping_add(second)
                .wrapping_add(choice)
                .wrapping_add(upper(*constant))
                .wrapping_add(*word);
            let first = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let majority = a & turn[1] ^ a & turn[2] ^ turn[1] & turn[2];
            turn.rotate_right(1);
            turn[4] = turn[4].wrapping_add(one);
            turn[0] = one.wrapping_add(first.wrapping_add(majority));
        }
        for (word, added) in state.iter_mut().zip(turn) {
            *word = word.wrapping_add(added);
        }
    }
    let mut out = String::new();
    for word in state {
        let _ = write!(out, "{word:08x}");
    }
    out
}

fn sha512(message: &[u8]) -> String {
    let constants = constants();
    let mut state = constants.state.clone();
    for block in padded(message, 128).chunks(128) {
        let mut words: Vec<u64> = words64(block).collect();
        for index in 16..80 {
            let (before, near) = (words[index - 15], words[index - 2]);
            let first = before.rotate_right(1) ^ before.rotate_right(8) ^ before >> 7;
            let second = near.rotate_right(19) ^ near.rotate_right(61) ^ near >> 6;
            let word = words[index - 16].wrapping_add(first);
            words.push(word.wrapping_add(words[index - 7]).wrapping_add(second));
        }
        let mut turn = state.clone();
        for (word, constant) in words.iter().zip(&constants.rounds) {
            let (a, e) = (turn[0], turn[4]);
            let second = e.rotate_right(14) ^ e.rotate_right(18) ^ e.rotate_right(41);
            let choice = e & turn[5] ^ !e & turn[6];
            let one = turn[7]
                .wrapping_add(second)
                .wrapping_add(choice)
                .wrapping_add(*constant)
                .wrapping_add(*word);
            let first = a.rotate_right(28) ^ a.rotate_right(34) ^ a.rotate_right(39);
            let majority = a & turn[1] ^ a & turn[2] ^ turn[1] & turn[2];
            turn.rotate_right(1);
            turn[4] = turn[4].wrapping_add(one);
            turn[0] = one.wrapping_add(first.wrapping_add(majority));
        }
        for (word, added) in state.iter_mut().zip(turn) {
            *word = word.wrapping_add(added);
        }
    }
    let mut out = String::new();
    for word in state {
        let _ = write!(out, "{word:016x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard_have_their_sums() {
        assert_eq!(sha1(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            sha512(b"abc"),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        );
    }
}
