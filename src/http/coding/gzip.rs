// SPDX-License-Identifier: MIT OR Apache-2.0
//! The gzip coding (RFC 1952): members of header, DEFLATE data and trailer, with both checksums verified.
//!
//! ```text
//! ID1 ID2 CM FLG MTIME(4) XFL OS [XLEN extra] [name 0] [comment 0] [CRC16] data CRC32 ISIZE
//! ```
//!
//! Several members are one content, as §2.2 says. Zero bytes after the last are padding, as gzip(1) takes them; any other
//! byte there is an error.

use super::crc32::Crc;
use super::inflate::{Inflate, Progress, Stream};
use super::{Coding, CodingError, Flaw};

/// The most bytes of one member's header. Servers send 10; an extra field may by its format have 65535.
const MAX_HEADER: u16 = 8 * 1024;
/// The most zero bytes after the last member.
const MAX_PADDING: u16 = 32 * 1024;

const FHCRC: u8 = 1 << 1;
const FEXTRA: u8 = 1 << 2;
const FNAME: u8 = 1 << 3;
const FCOMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

#[derive(Debug)]
pub(super) struct Gzip {
    state: State,
    /// FLG, without the bits of the fields already read.
    flags: u8,
    /// Bytes of this member's header so far, or of padding.
    len: u16,
    /// Of the header, then of the data.
    crc: Crc,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Before the first member.
    Start,
    /// At byte `at` of the ten fixed bytes of a header.
    Fixed {
        at: u8,
    },
    /// In the two bytes of XLEN.
    ExtraLen {
        low: Option<u8>,
    },
    Extra {
        left: u16,
    },
    /// In a name or a comment, which end with a zero.
    Text,
    /// In the two bytes of the header's CRC.
    HeaderCrc {
        low: Option<u8>,
        sum: u16,
    },
    Data,
    /// At byte `at` of CRC32 and ISIZE, read as one little-endian number.
    Trailer {
        at: u8,
        value: u64,
    },
    /// After a member.
    Between,
    Padding,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Gzip {
            state: State::Start,
            flags: 0,
            len: 0,
            crc: Crc::new(),
        }
    }

    pub(super) fn decode(
        &mut self,
        inflate: &mut Inflate,
        input: &[u8],
        output: &mut [u8],
    ) -> Result<Progress, CodingError> {
        let mut consumed = 0;
        loop {
            let rest = &input[consumed..];
            if let State::Data = self.state {
                let (progress, stream) =
                    inflate.run(rest, output).map_err(|_| corrupt(Flaw::Data))?;
                consumed += progress.consumed;
                self.crc.update(&output[..progress.produced]);
                if stream == Stream::Ended {
                    self.state = State::Trailer { at: 0, value: 0 };
                }
                if progress.produced > 0 || stream == Stream::Running {
                    return Ok(Progress {
                        consumed,
                        ..progress
                    });
                }
            } else if let Some(&byte) = rest.first() {
                self.state = self.framing(byte)?;
                consumed += 1;
                if let State::Data = self.state {
                    inflate.begin(false);
                    self.crc.reset();
                }
            } else {
                return Ok(Progress {
                    consumed,
                    produced: 0,
                });
            }
        }
    }

    pub(super) fn end_of_input(&self) -> Result<(), CodingError> {
        match self.state {
            State::Start | State::Between | State::Padding => Ok(()),
            _ => Err(CodingError::Truncated(Coding::Gzip)),
        }
    }

    /// The state after one byte outside the data.
    fn framing(&mut self, byte: u8) -> Result<State, CodingError> {
        match self.state {
            State::Trailer { at, value } => self.trailer(at, value | u64::from(byte) << (8 * at)),
            State::HeaderCrc { low: None, sum } => Ok(State::HeaderCrc {
                low: Some(byte),
                sum,
            }),
            State::HeaderCrc {
                low: Some(low),
                sum,
            } => match u16::from_le_bytes([low, byte]) == sum {
                true => Ok(State::Data),
                false => Err(corrupt(Flaw::HeaderChecksum)),
            },
            State::Between | State::Padding if byte == 0 => self.padding(),
            State::Between if byte != ID[0] => Err(CodingError::Trailing(Coding::Gzip)),
            State::Padding => Err(CodingError::Trailing(Coding::Gzip)),
            State::Start | State::Between => {
                self.len = 0;
                self.crc.reset();
                self.header(State::Fixed { at: 0 }, byte)
            }
            state => self.header(state, byte),
        }
    }

    /// A byte that the header's length and CRC count.
    fn header(&mut self, state: State, byte: u8) -> Result<State, CodingError> {
        self.crc.update(&[byte]);
        self.len += 1;
        if self.len > MAX_HEADER {
            return Err(corrupt(Flaw::HeaderTooLong));
        }
        match state {
            State::Fixed { at } => self.fixed(at, byte),
            State::ExtraLen { low: None } => Ok(State::ExtraLen { low: Some(byte) }),
            State::ExtraLen { low: Some(low) } => match u16::from_le_bytes([low, byte]) {
                0 => Ok(self.next_field()),
                left => Ok(State::Extra { left }),
            },
            State::Extra { left: 1 } => Ok(self.next_field()),
            State::Extra { left } => Ok(State::Extra { left: left - 1 }),
            State::Text if byte == 0 => Ok(self.next_field()),
            other => Ok(other),
        }
    }

    fn fixed(&mut self, at: u8, byte: u8) -> Result<State, CodingError> {
        match at {
            0 | 1 if byte != ID[usize::from(at)] => return Err(corrupt(Flaw::Magic)),
            2 if byte != 8 => return Err(corrupt(Flaw::Method)),
            3 if byte & RESERVED != 0 => return Err(corrupt(Flaw::Flags)),
            3 => self.flags = byte,
            9 => return Ok(self.next_field()),
            _ => {}
        }
        Ok(State::Fixed { at: at + 1 })
    }

    /// The next field of the header that the flags announce, in the order of §2.3.
    fn next_field(&mut self) -> State {
        for (flag, state) in [
            (FEXTRA, State::ExtraLen { low: None }),
            (FNAME, State::Text),
            (FCOMMENT, State::Text),
            // "the two least significant bytes of the CRC32 for all bytes of the gzip header up to and not including
            // the CRC16"
            (
                FHCRC,
                State::HeaderCrc {
                    low: None,
                    sum: self.crc.sum() as u16,
                },
            ),
        ] {
            if self.flags & flag != 0 {
                self.flags &= !flag;
                return state;
            }
        }
        State::Data
    }

    fn trailer(&mut self, at: u8, value: u64) -> Result<State, CodingError> {
        if at < 7 {
            return Ok(State::Trailer { at: at + 1, value });
        }
        if value as u32 != self.crc.sum() {
            return Err(corrupt(Flaw::Checksum));
        }
        // ISIZE is the length modulo 2^32, and so is the count of `Crc`.
        if (value >> 32) as u32 != self.crc.amount() {
            return Err(corrupt(Flaw::Length));
        }
        self.len = 0;
        Ok(State::Between)
    }

    fn padding(&mut self) -> Result<State, CodingError> {
        self.len += 1;
        if self.len > MAX_PADDING {
            return Err(corrupt(Flaw::Padding));
        }
        Ok(State::Padding)
    }
}

const ID: [u8; 2] = [0x1f, 0x8b];

fn corrupt(flaw: Flaw) -> CodingError {
    CodingError::Corrupt(Coding::Gzip, flaw)
}
