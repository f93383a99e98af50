// SPDX-License-Identifier: MIT OR Apache-2.0
//! Content codings: which ones a reply is wrapped in, and the reader that undoes them (RFC 9110 §8.4).
//!
//! Knows gzip (RFC 1952), deflate (RFC 1950, or RFC 1951 where a server forgets the wrapper) and br (RFC 7932). Must
//! not know framing, nor what the content is.

mod brotli;
mod crc32;
mod deflate;
mod error;
mod gzip;
mod inflate;
mod reader;
mod stage;

pub use error::{CodingError, Flaw};
pub use reader::{ContentDecoder, Decoder};

use std::fmt;

use super::field::{elements, shown};
use super::response::ResponseHead;

/// The most codings that one reply may be wrapped in.
pub const MAX_CODINGS: usize = 4;

/// One content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// `gzip` or `x-gzip`.
    Gzip,
    /// `deflate`.
    Deflate,
    /// `br`.
    Brotli,
}

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Coding::Gzip => "gzip",
            Coding::Deflate => "deflate",
            Coding::Brotli => "br",
        })
    }
}

/// The codings of a reply in the order in which they are undone, so the last applied first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Codings {
    codings: [Coding; MAX_CODINGS],
    len: usize,
}

impl Codings {
    /// No coding: content as it is.
    pub const IDENTITY: Codings = Codings {
        codings: [Coding::Gzip; MAX_CODINGS],
        len: 0,
    };

    /// The codings that Content-Encoding and Transfer-Encoding name, the chunked one excepted.
    ///
    /// Both fields are lists, over several lines or in one, in the order in which the codings were applied; names in any
    /// letter case. Transfer codings were applied after content codings, so they are undone first. `identity` and
    /// empty elements mean nothing. More than [`MAX_CODINGS`] and unknown names are errors; a caller may look at them
    /// only where there is content.
    pub fn from_head(head: &ResponseHead) -> Result<Codings, CodingError> {
        let mut codings = Codings::IDENTITY;
        for field in ["Content-Encoding", "Transfer-Encoding"] {
            for name in head.get_all(field).flat_map(elements) {
                match name.to_ascii_lowercase().as_slice() {
                    b"gzip" | b"x-gzip" => codings.push(Coding::Gzip)?,
                    b"deflate" => codings.push(Coding::Deflate)?,
                    b"br" => codings.push(Coding::Brotli)?,
                    b"identity" => {}
                    b"chunked" if field == "Transfer-Encoding" => {}
                    _ => return Err(CodingError::Unknown(shown(name))),
                }
            }
        }
        codings.codings[..codings.len].reverse();
        Ok(codings)
    }

    /// Whether content comes as it is.
    pub fn is_identity(&self) -> bool {
        self.len == 0
    }

    /// The codings in the order in which they are undone.
    pub fn iter(&self) -> impl Iterator<Item = Coding> {
        self.codings[..self.len].iter().copied()
    }

    fn push(&mut self, coding: Coding) -> Result<(), CodingError> {
        let free = self.codings.get_mut(self.len).ok_or(CodingError::TooMany)?;
        *free = coding;
        self.len += 1;
        Ok(())
    }
}

/// Bounds on what a decoder gives and takes, so that a small reply cannot fill memory or time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes that each coding may decode to. Content of exactly that many is still taken.
    pub max_output: u64,
    /// The largest br window, as a power of two: 10–24. The decoder's memory is that many bytes and some 50 KB.
    pub max_window_bits: u8,
}

impl Limits {
    /// For the program that runs for years: 64 MiB of content, a br window of 4 MiB, which is what servers use.
    pub const RUN: Limits = Limits {
        max_output: 64 << 20,
        max_window_bits: 22,
    };
    /// For one-shot commands: 64 MiB of content, any br window that RFC 7932 allows, 16 MiB.
    pub const ONE_SHOT: Limits = Limits {
        max_output: 64 << 20,
        max_window_bits: 24,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::RUN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codings_are_undone_in_reverse() {
        use Coding::{Brotli, Deflate, Gzip};
        let unknown = |name: &str| Err(CodingError::Unknown(name.into()));
        let cases: [(&str, Result<Vec<Coding>, CodingError>); 12] = [
            ("A: b", Ok(vec![])),
            ("Content-Encoding: gzip", Ok(vec![Gzip])),
            ("content-encoding: X-GZip", Ok(vec![Gzip])),
            ("Content-Encoding: Br, identity, ,", Ok(vec![Brotli])),
            ("Content-Encoding:", Ok(vec![])),
            (
                "Content-Encoding: gzip, br|Content-Encoding: deflate",
                Ok(vec![Deflate, Brotli, Gzip]),
            ),
            (
                "Transfer-Encoding: gzip, chunked|Content-Encoding: br",
                Ok(vec![Gzip, Brotli]),
            ),
            ("Content-Encoding: br,br,br,br", Ok(vec![Brotli; 4])),
            (
                "Content-Encoding: br,br,br,br,br",
                Err(CodingError::TooMany),
            ),
            ("Content-Encoding: zstd", unknown("zstd")),
            ("Content-Encoding: chunked", unknown("chunked")),
            ("Content-Encoding: gzip;q=1", unknown("gzip;q=1")),
        ];
        for (fields, expected) in cases {
            let head = format!("HTTP/1.1 200 OK\r\n{}\r\n\r\n", fields.replace('|', "\r\n"));
            let (head, _) = ResponseHead::parse(head.as_bytes())
                .expect("a head")
                .expect("a complete one");
            let found = Codings::from_head(&head).map(|codings| codings.iter().collect::<Vec<_>>());
            assert_eq!(found, expected, "{fields}");
        }
    }
}
