// SPDX-License-Identifier: MIT OR Apache-2.0
//! The chunked transfer coding, as an enum of states and one small method for each.
//!
//! RFC 9112 §7.1:
//!
//! ```text
//! chunked-body   = *chunk last-chunk trailer-section CRLF
//! chunk          = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
//! chunk-size     = 1*HEXDIG
//! last-chunk     = 1*("0") [ chunk-ext ] CRLF
//! chunk-ext      = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
//! chunk-ext-val  = token / quoted-string
//! ```
//!
//! Stricter than some: sizes and extensions are bounded, and no byte may stand between a chunk's data and its line end.
//! More lenient than the text: a bare LF ends a line wherever CRLF does, as in a head. That is harmful only where
//! someone downstream reads the same bytes by other rules, and nobody is downstream of us. Extensions and trailers
//! mean nothing here and are dropped (§7.1.1: "A recipient MUST ignore unrecognized chunk extensions"; §7.1.2: trailers
//! may be discarded).

use super::{BodyError, Span, bounded};

/// The most digits of a chunk size, so that it always fits 64 bits.
const MAX_SIZE_DIGITS: u8 = 16;
/// The most bytes after the size of one chunk, white space included.
const MAX_EXTENSION: u16 = 1024;
/// The most bytes of a trailer section.
const MAX_TRAILERS: u16 = 8 * 1024;

#[derive(Debug, Clone)]
pub(super) struct Chunked {
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// In a chunk size of which `digits` were read.
    Size {
        size: u64,
        digits: u8,
    },
    /// After the size, up to its line end; `len` bytes so far.
    Extension {
        size: u64,
        len: u16,
        quote: Quote,
    },
    /// After the CR of a chunk's first line.
    SizeLf {
        size: u64,
    },
    /// In the data, `left` bytes of it to come.
    Data {
        left: u64,
    },
    /// After the data.
    DataCr,
    /// After the data and a CR.
    DataLf,
    /// In the trailer section, `len` bytes so far; at the start of a line or in it.
    Trailer {
        len: u16,
        line_empty: bool,
    },
    /// After a CR in the trailer section.
    TrailerLf {
        len: u16,
        line_empty: bool,
    },
    Done,
}

/// Where an extension stands to a quoted string, in which a semicolon means nothing (RFC 9110 §5.6.4).
#[derive(Debug, Clone, Copy)]
enum Quote {
    Outside,
    Inside,
    /// After a backslash inside.
    Escaped,
}

impl Chunked {
    pub(super) fn new() -> Self {
        Chunked {
            state: State::Size { size: 0, digits: 0 },
        }
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// As [`BodyDecoder::next_data`](super::BodyDecoder::next_data).
    pub(super) fn next_data(&mut self, input: &[u8], max: usize) -> Result<Span, BodyError> {
        let mut skip = 0;
        loop {
            let rest = &input[skip..];
            if let State::Data { left } = self.state {
                let len = bounded(left, rest.len().min(max));
                self.state = if left == len as u64 {
                    State::DataCr
                } else {
                    State::Data {
                        left: left - len as u64,
                    }
                };
                return Ok(Span { skip, len });
            }
            match rest.first() {
                Some(&byte) if !self.is_done() => self.state = self.framing(byte)?,
                _ => return Ok(Span { skip, len: 0 }),
            }
            skip += 1;
        }
    }

    /// The state after one byte of framing.
    fn framing(&self, byte: u8) -> Result<State, BodyError> {
        match self.state {
            State::Size { size, digits } => in_size(size, digits, byte),
            State::Extension { size, len, quote } => in_extension(size, len, quote, byte),
            State::SizeLf { size } if byte == b'\n' => Ok(after_size(size)),
            State::SizeLf { .. } => Err(BodyError::Extension { found: b'\r' }),
            State::DataCr => after_data(byte),
            State::DataLf if byte == b'\n' => Ok(State::Size { size: 0, digits: 0 }),
            State::DataLf => Err(BodyError::ChunkEnd { found: byte }),
            State::Trailer { len, line_empty } => in_trailer(len, line_empty, byte),
            State::TrailerLf { len, line_empty } if byte == b'\n' => {
                in_trailer(len, line_empty, byte)
            }
            State::TrailerLf { .. } => Err(BodyError::Trailer { found: b'\r' }),
            state @ (State::Data { .. } | State::Done) => Ok(state), // invariant: `next_data` handles both
        }
    }
}

fn in_size(size: u64, digits: u8, byte: u8) -> Result<State, BodyError> {
    let value = match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        b'A'..=b'F' => byte - b'A' + 10,
        _ if digits == 0 => return Err(BodyError::ChunkSize { found: byte }),
        b';' | b' ' | b'\t' => {
            return Ok(State::Extension {
                size,
                len: 1,
                quote: Quote::Outside,
            });
        }
        b'\r' => return Ok(State::SizeLf { size }),
        b'\n' => return Ok(after_size(size)),
        _ => return Err(BodyError::ChunkSize { found: byte }),
    };
    if digits == MAX_SIZE_DIGITS {
        return Err(BodyError::ChunkSizeTooLong);
    }
    Ok(State::Size {
        size: size << 4 | u64::from(value),
        digits: digits + 1,
    })
}

fn in_extension(size: u64, len: u16, quote: Quote, byte: u8) -> Result<State, BodyError> {
    let quote = match (quote, byte) {
        (Quote::Outside, b'\r') => return Ok(State::SizeLf { size }),
        (Quote::Outside, b'\n') => return Ok(after_size(size)),
        (_, 0..=8 | 10..=31 | 127) => return Err(BodyError::Extension { found: byte }),
        (Quote::Outside, b'"') => Quote::Inside,
        (Quote::Inside, b'"') => Quote::Outside,
        (Quote::Inside, b'\\') => Quote::Escaped,
        (Quote::Escaped, _) => Quote::Inside,
        (quote, _) => quote,
    };
    if len == MAX_EXTENSION {
        return Err(BodyError::ExtensionTooLong);
    }
    Ok(State::Extension {
        size,
        len: len + 1,
        quote,
    })
}

fn after_size(size: u64) -> State {
    match size {
        0 => State::Trailer {
            len: 0,
            line_empty: true,
        },
        left => State::Data { left },
    }
}

fn after_data(byte: u8) -> Result<State, BodyError> {
    match byte {
        b'\r' => Ok(State::DataLf),
        b'\n' => Ok(State::Size { size: 0, digits: 0 }),
        found => Err(BodyError::ChunkEnd { found }),
    }
}

fn in_trailer(len: u16, line_empty: bool, byte: u8) -> Result<State, BodyError> {
    if byte == b'\n' && line_empty {
        return Ok(State::Done);
    }
    if len == MAX_TRAILERS {
        return Err(BodyError::TrailersTooLong);
    }
    let len = len + 1;
    match byte {
        b'\n' => Ok(State::Trailer {
            len,
            line_empty: true,
        }),
        b'\r' => Ok(State::TrailerLf { len, line_empty }),
        0 => Err(BodyError::Trailer { found: 0 }),
        _ => Ok(State::Trailer {
            len,
            line_empty: false,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BodyDecoder, BodyError};
    use crate::http::framing::Framing;

    /// The content and what follows the body; `None` where the input ended before the body.
    type Outcome = Result<Option<(Vec<u8>, Vec<u8>)>, BodyError>;

    fn decode(input: &[u8], piece_len: usize) -> Outcome {
        let (mut body, mut content, mut left) =
            (BodyDecoder::new(Framing::Chunked), Vec::new(), Vec::new());
        for piece in input.chunks(piece_len) {
            let mut rest = piece;
            loop {
                let span = body.next_data(rest, usize::MAX)?;
                content.extend_from_slice(&rest[span.skip..span.skip + span.len]);
                rest = &rest[span.skip + span.len..];
                if span.len == 0 {
                    break;
                }
            }
            assert!(rest.is_empty() || body.is_done());
            left.extend_from_slice(rest);
        }
        Ok(body.is_done().then_some((content, left)))
    }

    fn check(input: &[u8], expected: &Outcome) {
        for piece_len in 1..=input.len().clamp(1, 40) {
            assert_eq!(
                &decode(input, piece_len),
                expected,
                "{}",
                input.escape_ascii()
            );
        }
    }

    fn done(content: &[u8], left: &[u8]) -> Outcome {
        Ok(Some((content.to_vec(), left.to_vec())))
    }

    #[test]
    fn bodies() {
        let cases: [(&[u8], &[u8], &[u8]); 10] = [
            (b"0\r\n\r\n", b"", b""),
            (b"5\r\nhello\r\n0\r\n\r\nHTTP", b"hello", b"HTTP"),
            (
                b"005\r\nhello\r\nA\r\n0123456789\r\n000\r\n\r\n",
                b"hello0123456789",
                b"",
            ),
            (
                b"1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n",
                b"abcdefghijklmnopqrstuvwxyz",
                b"",
            ),
            (b"2  \r\nab\r\n0 \r\n\r\n", b"ab", b""),
            (b"2;a=b;c\r\nab\r\n0;z\r\n\r\n", b"ab", b""),
            (b"2;a=\"x;\\\"\xff\"\r\nab\r\n0\r\n\r\n", b"ab", b""),
            (b"2\nab\n0\n\n\n", b"ab", b"\n"),
            (b"2\r\n\r\n\r\n0\r\n\r\n", b"\r\n", b""),
            (b"0\r\nX: y\r\nZ: \r\n\r\n\r\n", b"", b"\r\n"),
        ];
        for (input, content, left) in cases {
            check(input, &done(content, left));
        }
    }

    #[test]
    fn a_body_cut_anywhere_is_not_yet_done() {
        let body = b"5;x=\"y\"\r\nhello\r\n0\r\nT: u\r\n\r\n";
        for cut in 0..body.len() {
            check(&body[..cut], &Ok(None));
        }
        check(body, &done(b"hello", b""));
    }

    #[test]
    fn refusals() {
        let cases: [(&[u8], BodyError); 16] = [
            (b"\r\n", BodyError::ChunkSize { found: b'\r' }),
            (b";a\r\n", BodyError::ChunkSize { found: b';' }),
            (b" 5\r\n", BodyError::ChunkSize { found: b' ' }),
            (b"-1\r\n", BodyError::ChunkSize { found: b'-' }),
            (b"0x5\r\n", BodyError::ChunkSize { found: b'x' }),
            (b"5g\r\n", BodyError::ChunkSize { found: b'g' }),
            (b"11112222333344445\r\n", BodyError::ChunkSizeTooLong),
            (b"00000000000000000\r\n", BodyError::ChunkSizeTooLong),
            (b"5\rx", BodyError::Extension { found: b'\r' }),
            (b"5;a\0\r\n", BodyError::Extension { found: 0 }),
            (b"5;a=\"\r\n\"\r\n", BodyError::Extension { found: b'\r' }),
            (b"2\r\nabc\r\n", BodyError::ChunkEnd { found: b'c' }),
            (b"2\r\nab\rx", BodyError::ChunkEnd { found: b'x' }),
            (b"2\r\nab0\r\n\r\n", BodyError::ChunkEnd { found: b'0' }),
            (b"0\r\nA\rB\r\n\r\n", BodyError::Trailer { found: b'\r' }),
            (b"0\r\nA\0\r\n\r\n", BodyError::Trailer { found: 0 }),
        ];
        for (input, error) in cases {
            check(input, &Err(error));
        }
    }

    #[test]
    fn the_bounds_are_exact() {
        let extension =
            |len: usize| [b"1;", &b"x".repeat(len - 1)[..], b"\r\na\r\n0\r\n\r\n"].concat();
        check(&extension(1024), &done(b"a", b""));
        check(&extension(1025), &Err(BodyError::ExtensionTooLong));

        let trailers = |len: usize| [b"0\r\n", &b"x".repeat(len - 3)[..], b"\r\n\r\n"].concat();
        check(&trailers(8192), &done(b"", b""));
        check(&trailers(8193), &Err(BodyError::TrailersTooLong));

        check(b"0000000000000001\r\na\r\n0\r\n\r\n", &done(b"a", b""));
        check(b"ffffffffffffffff\r\nabc", &Ok(None));
    }
}
