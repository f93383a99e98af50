// SPDX-License-Identifier: MIT OR Apache-2.0
//! The deflate coding: zlib (RFC 1950), as RFC 9110 §8.4.1.2 says, or bare DEFLATE (RFC 1951), as some servers send.
//!
//! The first two bytes tell which: CMF and FLG of a zlib stream name method 8 and a window of at most 32 KB, and are
//! together a multiple of 31. A bare stream that begins so would have to begin with a stored block whose padding bits
//! are not zero, which no compressor writes.

use super::inflate::{Inflate, Progress, Stream};
use super::{Coding, CodingError, Flaw};

#[derive(Debug, Clone, Copy)]
pub(super) enum Deflate {
    Start,
    First(u8),
    Data,
    Ended,
}

impl Deflate {
    pub(super) fn decode(
        &mut self,
        inflate: &mut Inflate,
        input: &[u8],
        output: &mut [u8],
    ) -> Result<Progress, CodingError> {
        let mut consumed = 0;
        loop {
            let rest = &input[consumed..];
            match (*self, rest) {
                (Deflate::Data, _) => {
                    let (progress, stream) =
                        inflate.run(rest, output).map_err(|_| corrupt(Flaw::Data))?;
                    if stream == Stream::Ended {
                        *self = Deflate::Ended;
                    }
                    return Ok(Progress {
                        consumed: consumed + progress.consumed,
                        ..progress
                    });
                }
                (_, []) => {
                    return Ok(Progress {
                        consumed,
                        produced: 0,
                    });
                }
                (Deflate::Ended, _) => return Err(CodingError::Trailing(Coding::Deflate)),
                (Deflate::Start, [first, ..]) => {
                    *self = Deflate::First(*first);
                    consumed += 1;
                }
                (Deflate::First(first), [second, ..]) => {
                    inflate.begin(is_zlib(first, *second)?);
                    *self = Deflate::Data;
                    // One byte is too little for any output: it only goes into the decoder's bit buffer.
                    inflate
                        .run(&[first], output)
                        .map_err(|_| corrupt(Flaw::Data))?;
                }
            }
        }
    }

    pub(super) fn end_of_input(&self) -> Result<(), CodingError> {
        match self {
            Deflate::Start | Deflate::Ended => Ok(()),
            Deflate::First(_) | Deflate::Data => Err(CodingError::Truncated(Coding::Deflate)),
        }
    }
}

fn is_zlib(cmf: u8, flg: u8) -> Result<bool, CodingError> {
    const FDICT: u8 = 1 << 5;
    let is_zlib = cmf & 0x0f == 8 && cmf >> 4 <= 7 && u16::from_be_bytes([cmf, flg]) % 31 == 0;
    if is_zlib && flg & FDICT != 0 {
        return Err(corrupt(Flaw::Dictionary));
    }
    Ok(is_zlib)
}

fn corrupt(flaw: Flaw) -> CodingError {
    CodingError::Corrupt(Coding::Deflate, flaw)
}
