// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why content cannot be decoded; travels inside `io::Error`, so that any reader above passes it on.

use std::{fmt, io};

use super::{Coding, MAX_CODINGS};

/// Why content cannot be decoded.
///
/// [`ContentDecoder`](super::ContentDecoder) gives it as an `io::Error` that wraps it:
/// `error.get_ref().and_then(|inner| inner.downcast_ref::<CodingError>())`, or [`CodingError::of`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodingError {
    /// A coding that is not understood, by name.
    Unknown(String),
    /// More than [`MAX_CODINGS`] codings.
    TooMany,
    /// The input ended inside the coded content.
    Truncated(Coding),
    /// There is more input after the end of the coded content.
    Trailing(Coding),
    /// The input is not what the coding allows.
    Corrupt(Coding, Flaw),
    /// A br window larger than the bound; both as powers of two.
    Window { bits: u8, max_bits: u8 },
    /// A "large window" br stream, which is no part of the br content coding (RFC 7932).
    LargeWindow,
    /// Decoded content of more than that many bytes.
    TooLarge { max_output: u64 },
}

/// What is wrong with coded content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// The gzip magic number is missing: the content is not in that coding at all.
    Magic,
    /// A gzip compression method other than 8.
    Method,
    /// A reserved gzip flag is set (RFC 1952 §2.3.1.2).
    Flags,
    /// The gzip header is longer than the bound.
    HeaderTooLong,
    /// The gzip header does not match its CRC.
    HeaderChecksum,
    /// The zlib stream wants a preset dictionary (RFC 1950 §2.2), which HTTP has none of.
    Dictionary,
    /// The compressed data itself, or the checksum of a zlib stream.
    Data,
    /// The content does not match its CRC.
    Checksum,
    /// The content does not have the length that its trailer says.
    Length,
    /// More zero bytes after the gzip data than the bound.
    Padding,
}

impl CodingError {
    /// The coding error that `error` wraps, if it is one.
    pub fn of(error: &io::Error) -> Option<&CodingError> {
        error.get_ref()?.downcast_ref()
    }
}

impl From<CodingError> for io::Error {
    fn from(error: CodingError) -> io::Error {
        let kind = match error {
            CodingError::Truncated(_) => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, error)
    }
}

impl fmt::Display for CodingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => {
                write!(
                    f,
                    "content coding \"{name}\" is not understood: offer only br, gzip, deflate in Accept-Encoding"
                )
            }
            Self::TooMany => write!(
                f,
                "the reply is wrapped in more than {MAX_CODINGS} content codings"
            ),
            Self::Truncated(coding) => {
                write!(f, "the {coding} content of the reply ends too early")
            }
            Self::Trailing(coding) => write!(
                f,
                "the {coding} content of the reply is followed by other bytes"
            ),
            Self::Corrupt(coding, flaw) => {
                write!(f, "the {coding} content of the reply is corrupt: {flaw}")
            }
            Self::Window { bits, max_bits } => {
                write!(
                    f,
                    "the br content of the reply needs a window of {bits} bits, more than the {max_bits} allowed: \
                     take br out of Accept-Encoding"
                )
            }
            Self::LargeWindow => {
                write!(
                    f,
                    "the br content of the reply uses a large window: take br out of Accept-Encoding"
                )
            }
            Self::TooLarge { max_output } => {
                write!(f, "the reply decodes to more than {max_output} bytes")
            }
        }
    }
}

impl std::error::Error for CodingError {}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Magic => "it does not begin with the magic number",
            Self::Method => "unknown compression method",
            Self::Flags => "reserved flag set",
            Self::HeaderTooLong => "header too long",
            Self::HeaderChecksum => "header checksum differs",
            Self::Dictionary => "preset dictionary wanted",
            Self::Data => "bad compressed data",
            Self::Checksum => "checksum differs",
            Self::Length => "length differs",
            Self::Padding => "too much padding after it",
        })
    }
}
