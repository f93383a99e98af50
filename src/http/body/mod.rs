// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bodies as bytes in, bytes out: takes the framing off and says where the body ends (RFC 9112 §6, §7.1).
//!
//! Holds a few numbers and no buffer, so it costs the same for an empty reply and a 50 MB list. Must not know content
//! codings, nor where the bytes come from.

mod chunked;

use std::fmt;

use chunked::Chunked;

use super::framing::Framing;

/// Takes the framing off one body. Make one for each reply; bytes after the body are left to the caller.
#[derive(Debug, Clone)]
pub struct BodyDecoder {
    state: State,
}

#[derive(Debug, Clone)]
enum State {
    Length { len: u64, left: u64 },
    Chunked(Chunked),
    UntilClose,
    Done,
    Failed(BodyError),
}

/// Where content lies in some input: `skip` bytes of framing, then `len` bytes of content. Both are consumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Bytes of framing, to be thrown away.
    pub skip: usize,
    /// Bytes of content right after them.
    pub len: usize,
}

/// What one call of [`BodyDecoder::decode`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Step {
    /// Bytes of input that are done with, framing and content.
    pub consumed: usize,
    /// Bytes of content written to the output.
    pub produced: usize,
}

impl BodyDecoder {
    /// A decoder for a body framed as `framing`; one that is done at once where there is no body.
    pub fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::None | Framing::Length(0) => State::Done,
            Framing::Length(len) => State::Length { len, left: len },
            Framing::Chunked => State::Chunked(Chunked::new()),
            Framing::UntilClose => State::UntilClose,
        };
        BodyDecoder { state }
    }

    /// Finds the next content in `input` without copying it: at most `max` bytes, which are consumed with what stands
    /// before them.
    ///
    /// A span of zero length that skips all of `input` asks for more input. Once the body is done, nothing is consumed.
    /// With `max` 0 framing is still read, so that the end of a body can be reached with no room for content. After an
    /// error every call gives it again; the connection is of no more use.
    pub fn next_data(&mut self, input: &[u8], max: usize) -> Result<Span, BodyError> {
        match &mut self.state {
            State::Done => Ok(Span::default()),
            State::UntilClose => Ok(Span {
                skip: 0,
                len: input.len().min(max),
            }),
            State::Length { left, .. } => {
                let len = bounded(*left, input.len().min(max));
                *left -= len as u64;
                if *left == 0 {
                    self.state = State::Done;
                }
                Ok(Span { skip: 0, len })
            }
            State::Chunked(chunked) => match chunked.next_data(input, max) {
                Ok(span) => {
                    if chunked.is_done() {
                        self.state = State::Done;
                    }
                    Ok(span)
                }
                Err(error) => {
                    self.state = State::Failed(error);
                    Err(error)
                }
            },
            State::Failed(error) => Err(*error),
        }
    }

    /// Copies content from `input` to `output` until one of them, or the body, is used up.
    ///
    /// Content before an error is given first; the error comes with the next call.
    pub fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, BodyError> {
        let mut step = Step::default();
        loop {
            let rest = &input[step.consumed..];
            let Span { skip, len } = match self.next_data(rest, output.len() - step.produced) {
                Err(error) if step.produced == 0 => return Err(error),
                Err(_) => Span::default(),
                Ok(span) => span,
            };
            output[step.produced..step.produced + len].copy_from_slice(&rest[skip..skip + len]);
            step.consumed += skip + len;
            step.produced += len;
            if skip + len == 0 {
                return Ok(step);
            }
        }
    }

    /// Whether the body, with all its framing, has been consumed. A body until close is done by [`end_of_input`](Self::end_of_input) only.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Says that the server closed the connection after all input given so far.
    ///
    /// RFC 9112 §8: a body by length or in chunks that is not complete is an error; a body until close is complete now.
    pub fn end_of_input(&mut self) -> Result<(), BodyError> {
        match self.state {
            State::Length { len, left } => Err(BodyError::TruncatedLength { len, left }),
            State::Chunked(_) => Err(BodyError::TruncatedChunks),
            State::Failed(error) => Err(error),
            State::UntilClose | State::Done => {
                self.state = State::Done;
                Ok(())
            }
        }
    }
}

/// The smaller of a length on the wire and a length in memory.
fn bounded(left: u64, room: usize) -> usize {
    usize::try_from(left).map_or(room, |left| left.min(room))
}

/// Why a body cannot be read to its end. After any of them the connection is of no more use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// The connection closed with `left` of `len` bytes missing.
    TruncatedLength { len: u64, left: u64 },
    /// The connection closed before the last chunk and its trailer section.
    TruncatedChunks,
    /// A chunk does not begin with a size in hexadecimal digits; the byte found.
    ChunkSize { found: u8 },
    /// A chunk size has more digits than 64 bits need, leading zeros included.
    ChunkSizeTooLong,
    /// The extensions of one chunk are longer than the bound.
    ExtensionTooLong,
    /// A control byte in a chunk extension.
    Extension { found: u8 },
    /// A chunk's data is not followed by a line end; the byte found.
    ChunkEnd { found: u8 },
    /// The trailer section is longer than the bound.
    TrailersTooLong,
    /// A CR without a LF after it, or a NUL, in a trailer section.
    Trailer { found: u8 },
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TruncatedLength { len, left } => {
                write!(
                    f,
                    "the connection closed {left} bytes before the end of a body of {len}"
                )
            }
            Self::TruncatedChunks => {
                write!(f, "the connection closed before the last chunk of the body")
            }
            Self::ChunkSize { found } => {
                write!(
                    f,
                    "a chunk size in the body contains '{}'",
                    found.escape_ascii()
                )
            }
            Self::ChunkSizeTooLong => write!(f, "a chunk size in the body has too many digits"),
            Self::ExtensionTooLong => {
                write!(f, "the extensions of a chunk in the body are too long")
            }
            Self::Extension { found } => {
                write!(
                    f,
                    "a chunk extension in the body contains '{}'",
                    found.escape_ascii()
                )
            }
            Self::ChunkEnd { found } => {
                write!(
                    f,
                    "a chunk in the body is followed by '{}' instead of a line end",
                    found.escape_ascii()
                )
            }
            Self::TrailersTooLong => write!(f, "the trailer section of the body is too long"),
            Self::Trailer { found } => {
                write!(
                    f,
                    "the trailer section of the body contains '{}'",
                    found.escape_ascii()
                )
            }
        }
    }
}

impl std::error::Error for BodyError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes with the given room for output in each call; gives the content and what was left of the input.
    fn decode(framing: Framing, input: &[u8], room: usize) -> (BodyDecoder, Vec<u8>, &[u8]) {
        let (mut body, mut content, mut rest) = (BodyDecoder::new(framing), Vec::new(), input);
        loop {
            let mut output = vec![0; room];
            let step = body.decode(rest, &mut output).expect("a body");
            content.extend_from_slice(&output[..step.produced]);
            rest = &rest[step.consumed..];
            if step == Step::default() {
                return (body, content, rest);
            }
        }
    }

    #[test]
    fn a_length_takes_its_bytes_and_no_more() {
        for room in 1..=8 {
            let (mut body, content, rest) = decode(Framing::Length(5), b"helloHTTP", room);
            assert_eq!(
                (body.is_done(), &content[..], rest),
                (true, &b"hello"[..], &b"HTTP"[..])
            );
            assert_eq!(body.end_of_input(), Ok(()));
        }
        let (mut body, content, _) = decode(Framing::Length(5), b"hel", 8);
        assert_eq!((body.is_done(), &content[..]), (false, &b"hel"[..]));
        assert_eq!(
            body.end_of_input(),
            Err(BodyError::TruncatedLength { len: 5, left: 2 })
        );
    }

    #[test]
    fn no_body_is_done_at_once_and_takes_nothing() {
        for framing in [Framing::None, Framing::Length(0)] {
            let (mut body, content, rest) = decode(framing, b"HTTP", 8);
            assert_eq!(
                (body.is_done(), &content[..], rest),
                (true, &b""[..], &b"HTTP"[..])
            );
            assert_eq!(body.end_of_input(), Ok(()));
        }
    }

    #[test]
    fn a_body_until_close_ends_when_told() {
        let (mut body, content, rest) = decode(Framing::UntilClose, b"hello", 2);
        assert_eq!(
            (body.is_done(), &content[..], rest),
            (false, &b"hello"[..], &b""[..])
        );
        assert_eq!(body.end_of_input(), Ok(()));
        assert!(body.is_done());
        assert_eq!(body.next_data(b"more", 9), Ok(Span::default()));
    }

    #[test]
    fn content_before_an_error_is_given_first() {
        let (mut body, mut output) = (BodyDecoder::new(Framing::Chunked), [0; 9]);
        assert_eq!(
            body.decode(b"2\r\nab\r\nx", &mut output),
            Ok(Step {
                consumed: 5,
                produced: 2
            })
        );
        let error = BodyError::ChunkSize { found: b'x' };
        assert_eq!(body.decode(b"\r\nx", &mut output), Err(error));
        assert_eq!(body.next_data(b"0\r\n\r\n", 9), Err(error));
        assert_eq!(body.end_of_input(), Err(error));
        assert!(!body.is_done());
    }

    #[test]
    fn no_room_for_content_still_reads_framing() {
        let mut body = BodyDecoder::new(Framing::Chunked);
        assert_eq!(
            body.decode(b"2\r\nab\r\n0\r\n\r\n", &mut []),
            Ok(Step {
                consumed: 3,
                produced: 0
            })
        );
        assert_eq!(
            body.next_data(b"ab\r\n0\r\n\r\nHTTP", 9),
            Ok(Span { skip: 0, len: 2 })
        );
        assert_eq!(
            body.decode(b"\r\n0\r\n\r\nHTTP", &mut []),
            Ok(Step {
                consumed: 7,
                produced: 0
            })
        );
        assert!(body.is_done());
    }

    #[test]
    fn lengths_beyond_memory_do_not_wrap() {
        let mut body = BodyDecoder::new(Framing::Length(u64::MAX));
        assert_eq!(
            body.next_data(b"abc", usize::MAX),
            Ok(Span { skip: 0, len: 3 })
        );
        let expected = BodyError::TruncatedLength {
            len: u64::MAX,
            left: u64::MAX - 3,
        };
        assert_eq!(body.end_of_input(), Err(expected));
    }
}
