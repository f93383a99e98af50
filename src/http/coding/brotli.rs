// SPDX-License-Identifier: MIT OR Apache-2.0
//! The br coding (RFC 7932), over brotli-decompressor's stream decoder.
//!
//! A br stream chooses the decoder's memory: up to 16 MiB, and 1 GiB with an extension that some encoders have. So its
//! first byte is read here, before the decoder exists. The decoder lives from that byte to the end of the stream.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::inflate::Progress;
use super::{Coding, CodingError, Flaw};

type State = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

pub(super) enum Brotli {
    Start { max_window_bits: u8 },
    Data(Box<State>),
    Ended,
}

impl Brotli {
    pub(super) fn new(max_window_bits: u8) -> Self {
        Brotli::Start { max_window_bits }
    }

    pub(super) fn decode(
        &mut self,
        input: &[u8],
        output: &mut [u8],
    ) -> Result<Progress, CodingError> {
        if let (
            Brotli::Start {
                max_window_bits: max_bits,
            },
            [first, ..],
        ) = (&*self, input)
        {
            let (bits, max_bits) = (window_bits(*first)?, *max_bits);
            if bits > max_bits {
                return Err(CodingError::Window { bits, max_bits });
            }
            let alloc = StandardAlloc::default;
            *self = Brotli::Data(Box::new(State::new_strict(alloc(), alloc(), alloc())));
        }
        match self {
            Brotli::Data(state) => {
                let (progress, ended) = run(state, input, output)?;
                if ended {
                    *self = Brotli::Ended;
                }
                Ok(progress)
            }
            Brotli::Ended if !input.is_empty() => Err(CodingError::Trailing(Coding::Brotli)),
            Brotli::Start { .. } | Brotli::Ended => Ok(Progress::default()),
        }
    }

    pub(super) fn end_of_input(&self) -> Result<(), CodingError> {
        match self {
            Brotli::Start { .. } | Brotli::Ended => Ok(()),
            Brotli::Data(_) => Err(CodingError::Truncated(Coding::Brotli)),
        }
    }
}

fn run(
    state: &mut State,
    input: &[u8],
    output: &mut [u8],
) -> Result<(Progress, bool), CodingError> {
    let (mut input_left, mut consumed) = (input.len(), 0);
    let (mut output_left, mut produced) = (output.len(), 0);
    let mut total_produced = 0;
    let result = BrotliDecompressStream(
        &mut input_left,
        &mut consumed,
        input,
        &mut output_left,
        &mut produced,
        output,
        &mut total_produced,
        state,
    );
    let progress = Progress { consumed, produced };
    match result {
        BrotliResult::ResultSuccess => Ok((progress, true)),
        BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => Ok((progress, false)),
        BrotliResult::ResultFailure => Err(CodingError::Corrupt(Coding::Brotli, Flaw::Data)),
    }
}

/// The size of the window, as a power of two, that the first byte of a stream asks for.
///
/// RFC 7932 §9.1, bits from the least significant one: `0` is 16; `xxx1` with xxx from 1 is 17 + xxx; `0000001` is 17;
/// `xxx0001` with xxx from 2 is 8 + xxx; `0010001` is invalid, and marks large windows where an encoder has them.
fn window_bits(first: u8) -> Result<u8, CodingError> {
    match (first & 1, first >> 1 & 7, first >> 4 & 7) {
        (0, _, _) => Ok(16),
        (_, 0, 0) => Ok(17),
        (_, 0, 1) => Err(CodingError::LargeWindow),
        (_, 0, bits) => Ok(8 + bits),
        (_, bits, _) => Ok(17 + bits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of RFC 7932 §9.1, written out.
    #[test]
    fn every_first_byte_has_its_window() {
        let table = [
            (0b0, 1, 16),
            (0b0000001, 7, 17),
            (0b0011, 4, 18),
            (0b0101, 4, 19),
            (0b0111, 4, 20),
            (0b1001, 4, 21),
            (0b1011, 4, 22),
            (0b1101, 4, 23),
            (0b1111, 4, 24),
            (0b0100001, 7, 10),
            (0b0110001, 7, 11),
            (0b1000001, 7, 12),
            (0b1010001, 7, 13),
            (0b1100001, 7, 14),
            (0b1110001, 7, 15),
        ];
        for first in 0..=255u8 {
            let row = table
                .iter()
                .find(|(code, len, _)| first & ((1u16 << len) - 1) as u8 == *code);
            let expected = row
                .map(|(_, _, bits)| *bits)
                .ok_or(CodingError::LargeWindow);
            assert_eq!(window_bits(first), expected, "{first:#010b}");
        }
    }
}
