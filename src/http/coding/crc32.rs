// SPDX-License-Identifier: MIT OR Apache-2.0
//! The CRC of gzip (RFC 1952 §8), with the length that its trailer wants beside it.
//!
//! One table of 1 KiB, a byte at a time: sixteen tables would be several times as fast, and 15 KiB of program.

#[derive(Debug)]
pub(super) struct Crc {
    /// The register, inverted as §8 has it.
    register: u32,
    amount: u32,
}

impl Crc {
    pub(super) fn new() -> Crc {
        Crc {
            register: !0,
            amount: 0,
        }
    }

    pub(super) fn reset(&mut self) {
        *self = Crc::new();
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.register = bytes.iter().fold(self.register, |crc, byte| {
            let [low, ..] = (crc ^ u32::from(*byte)).to_le_bytes();
            TABLE[usize::from(low)] ^ (crc >> 8)
        });
        self.amount = self.amount.wrapping_add(bytes.len() as u32);
    }

    pub(super) fn sum(&self) -> u32 {
        !self.register
    }

    /// The bytes since the last reset, modulo 2^32.
    pub(super) fn amount(&self) -> u32 {
        self.amount
    }
}

static TABLE: [u32; 256] = table();

/// What each byte does to the register: `make_crc_table` of RFC 1952 §8.
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut n = 0;
    while n < table.len() {
        let mut c = n as u32;
        let mut bit = 0;
        while bit < 8 {
            c = if c & 1 == 1 {
                0xedb8_8320 ^ (c >> 1)
            } else {
                c >> 1
            };
            bit += 1;
        }
        table[n] = c;
        n += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(parts: &[&[u8]]) -> (u32, u32) {
        let mut crc = Crc::new();
        for part in parts {
            crc.update(part);
        }
        (crc.sum(), crc.amount())
    }

    #[test]
    fn the_check_value_of_this_crc_in_one_part_and_in_several() {
        assert_eq!(sum(&[b"123456789"]), (0xcbf4_3926, 9));
        assert_eq!(sum(&[b"1234", b"", b"5", b"6789"]), (0xcbf4_3926, 9));
        assert_eq!(sum(&[]), (0, 0));
        let mut crc = Crc::new();
        crc.update(b"before");
        crc.reset();
        assert_eq!((crc.sum(), crc.amount()), (0, 0));
    }

    #[test]
    fn it_agrees_with_another_implementation() {
        let bytes: Vec<u8> = (0..10_000u32).map(|n| ((n * n) >> 3) as u8).collect();
        let mut other = flate2::Crc::new();
        other.update(&bytes);
        assert_eq!(sum(&[&bytes]), (other.sum(), other.amount()));
    }
}
