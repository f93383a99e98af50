// SPDX-License-Identifier: MIT OR Apache-2.0
//! One coding of a reply with its input buffer, bound and reusable memory.

use super::brotli::Brotli;
use super::deflate::Deflate;
use super::gzip::Gzip;
use super::inflate::{Inflate, Progress};
use super::{Coding, CodingError, Limits};

/// Bytes of coded input that a stage holds.
const INPUT_LEN: usize = 8 * 1024;

/// Takes coded bytes into its buffer and gives decoded ones.
pub(super) struct Stage {
    coder: Coder,
    /// Kept from reply to reply.
    inflate: Inflate,
    /// Kept from reply to reply.
    input: Box<[u8]>,
    start: usize,
    end: usize,
    produced: u64,
    max_output: u64,
}

enum Coder {
    Gzip(Gzip),
    Deflate(Deflate),
    Brotli(Brotli),
}

impl Stage {
    /// A stage that decodes nothing yet.
    pub(super) fn new() -> Self {
        Stage {
            coder: Coder::Deflate(Deflate::Start),
            inflate: Inflate::default(),
            input: vec![0; INPUT_LEN].into(),
            start: 0,
            end: 0,
            produced: 0,
            max_output: 0,
        }
    }

    /// Forgets the last reply; keeps its memory, a br decoder's excepted.
    pub(super) fn begin(&mut self, coding: Coding, limits: Limits) {
        self.coder = match coding {
            Coding::Gzip => Coder::Gzip(Gzip::new()),
            Coding::Deflate => Coder::Deflate(Deflate::Start),
            Coding::Brotli => Coder::Brotli(Brotli::new(limits.max_window_bits)),
        };
        (self.start, self.end) = (0, 0);
        (self.produced, self.max_output) = (0, limits.max_output);
    }

    /// Forgets the last reply, of which a br decoder may be left, for a reply that does not need this stage.
    pub(super) fn rest(&mut self) {
        self.coder = Coder::Deflate(Deflate::Start);
    }

    /// Decodes what is buffered to `output`, which must have room; 0 asks for [`fill`](Self::fill).
    pub(super) fn decode(&mut self, output: &mut [u8]) -> Result<usize, CodingError> {
        let room = self.max_output - self.produced;
        if room == 0 {
            // The content may end exactly here. One more byte tells.
            return match self.advance(&mut [0])? {
                0 => Ok(0),
                _ => Err(CodingError::TooLarge {
                    max_output: self.max_output,
                }),
            };
        }
        let len = usize::try_from(room).map_or(output.len(), |room| room.min(output.len()));
        let produced = self.advance(&mut output[..len])?;
        self.produced += produced as u64;
        Ok(produced)
    }

    /// Takes more input through `read`, which gives the length it wrote; 0 is the end of input.
    ///
    /// To be called only after [`decode`](Self::decode) gave 0, so when all input is used up. An error of `read` changes nothing.
    pub(super) fn fill<E>(
        &mut self,
        read: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let len = read(&mut self.input)?.min(INPUT_LEN);
        (self.start, self.end) = (0, len);
        Ok(len)
    }

    /// Says that no more input comes. Nothing at all is empty content: so do replies without a body look that have the
    /// fields of one, and RFC 9110 forbids it nowhere.
    pub(super) fn end_of_input(&self) -> Result<(), CodingError> {
        match &self.coder {
            Coder::Gzip(gzip) => gzip.end_of_input(),
            Coder::Deflate(deflate) => deflate.end_of_input(),
            Coder::Brotli(brotli) => brotli.end_of_input(),
        }
    }

    /// Runs the coder until it produces something or has used up all input.
    fn advance(&mut self, output: &mut [u8]) -> Result<usize, CodingError> {
        loop {
            let input = &self.input[self.start..self.end];
            let Progress { consumed, produced } = match &mut self.coder {
                Coder::Gzip(gzip) => gzip.decode(&mut self.inflate, input, output)?,
                Coder::Deflate(deflate) => deflate.decode(&mut self.inflate, input, output)?,
                Coder::Brotli(brotli) => brotli.decode(input, output)?,
            };
            self.start += consumed;
            if produced > 0 || consumed == 0 {
                return Ok(produced);
            }
        }
    }
}
