// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why the start of a reply is no HTTP/1.x head.

use std::fmt;

use super::{MAX_FIELDS, MAX_HEAD};

/// Why input is no reply head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadError {
    /// The head has no end within [`MAX_HEAD`] bytes.
    TooLong,
    /// The head has more than [`MAX_FIELDS`] field lines.
    TooManyFields,
    /// The reply begins with a TLS record.
    Tls,
    /// The reply begins with an HTTP/2 frame.
    Http2,
    /// The reply begins with `<`: markup without a head.
    Markup,
    /// The reply begins with `HTTP/`, but not with version 1.0 or 1.1.
    Version,
    /// The reply begins with something else; its first byte.
    NotHttp { first: u8 },
    /// The status line has no status code of 100 or more, or a control byte in its reason phrase.
    Status,
    /// A field line is folded over several lines; the number of the line that continues, the status line being 1.
    Folded { number: usize },
    /// A line is no field line; its number, the status line being 1.
    Line { number: usize },
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the reply head is longer than {MAX_HEAD} bytes"),
            Self::TooManyFields => {
                write!(f, "the reply head has more than {MAX_FIELDS} field lines")
            }
            Self::Tls => write!(f, "the server speaks TLS here: use https"),
            Self::Http2 => write!(
                f,
                "the server speaks HTTP/2 without being asked; only HTTP/1.1 is understood"
            ),
            Self::Markup => write!(
                f,
                "the reply is not HTTP: it begins with markup instead of a status line"
            ),
            Self::Version => write!(f, "the reply has an HTTP version other than 1.0 and 1.1"),
            Self::NotHttp { first } => {
                write!(
                    f,
                    "the reply is not HTTP: it begins with '{}': check host and port",
                    first.escape_ascii()
                )
            }
            Self::Status => write!(f, "the status line of the reply is malformed"),
            Self::Folded { number } => write!(
                f,
                "line {number} of the reply head is folded, which is obsolete and refused"
            ),
            Self::Line { number } => write!(f, "line {number} of the reply head is no field line"),
        }
    }
}

impl std::error::Error for HeadError {}
