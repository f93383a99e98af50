// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long a reply's content is: the rules of RFC 9112 §6.3, in their order.
//!
//! Decides from the request's method and the head alone; must not see a byte of the body.

use std::fmt;

use super::field::{digits, elements, shown};
use super::response::ResponseHead;

/// How the end of a reply's content is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is no content, whatever the fields say.
    None,
    /// That many bytes follow.
    Length(u64),
    /// Chunks follow (RFC 9112 §7.1).
    Chunked,
    /// All bytes until the server closes the connection.
    UntilClose,
}

impl Framing {
    /// The framing of the reply `head` to a request with `method`.
    ///
    /// Refuses a head that frames its content in no way or in two ways. Says nothing about transfer codings under the
    /// chunked one (`gzip, chunked`): [`Codings::from_head`](super::coding::Codings::from_head) names them, and a
    /// [`ContentDecoder`](super::coding::ContentDecoder) undoes them.
    pub fn of(method: &str, head: &ResponseHead) -> Result<Framing, FramingError> {
        // Rules 1 and 2: HEAD, 1xx, 204 and 304 end with the head; so does a tunnel's 2xx.
        match head.status() {
            101 => return Err(FramingError::Upgrade),
            100..200 | 204 | 304 => return Ok(Framing::None),
            _ if method == "HEAD" => return Ok(Framing::None),
            200..300 if method == "CONNECT" => return Ok(Framing::None),
            _ => {}
        }
        // Rule 3: "the Transfer-Encoding overrides the Content-Length".
        match TransferCodings::of(head)? {
            TransferCodings::None => {}
            TransferCodings::Chunked => return Ok(Framing::Chunked),
            // Rule 4: "and the chunked transfer coding is not the final encoding, the message body length is determined
            // by reading the connection until it is closed by the server".
            TransferCodings::Unchunked => return Ok(Framing::UntilClose),
        }
        // Rules 5 and 6, else 8.
        Ok(content_length(head)?.map_or(Framing::UntilClose, Framing::Length))
    }
}

/// What the Transfer-Encoding fields mean for framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TransferCodings {
    None,
    Chunked,
    Unchunked,
}

impl TransferCodings {
    fn of(head: &ResponseHead) -> Result<TransferCodings, FramingError> {
        let mut found = TransferCodings::None;
        for coding in head.get_all("Transfer-Encoding").flat_map(elements) {
            if found == TransferCodings::Chunked {
                // RFC 9112 §6.1: "A sender MUST NOT apply the chunked transfer coding more than once", and it goes last.
                return Err(FramingError::ChunkedNotLast);
            }
            // No coding here has parameters, and RFC 9112 §7.1 wants those of chunked treated as an error.
            match coding.to_ascii_lowercase().as_slice() {
                b"chunked" => found = TransferCodings::Chunked,
                b"gzip" | b"x-gzip" | b"deflate" => found = TransferCodings::Unchunked,
                // RFC 2616 §3.6 had it, and old embedded servers still send it; it changes nothing.
                b"identity" => {}
                _ => return Err(FramingError::TransferCoding(shown(coding))),
            }
        }
        Ok(found)
    }
}

/// The one number that all Content-Length fields say; none where there is none.
fn content_length(head: &ResponseHead) -> Result<Option<u64>, FramingError> {
    let mut length = None;
    for value in head.get_all("Content-Length") {
        // RFC 9110 §8.6 lets a recipient take a list of equal numbers, "5, 5", as one.
        for element in value.split(|&byte| byte == b',').map(super::field::trim) {
            let found = digits(element).ok_or_else(|| FramingError::Length(shown(value)))?;
            match length {
                Some(first) if first != found => {
                    return Err(FramingError::Lengths {
                        first,
                        second: found,
                    });
                }
                _ => length = Some(found),
            }
        }
    }
    Ok(length)
}

/// Why the length of a reply's content is unknown. After any of them the connection is of no more use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FramingError {
    /// 101: the server switched protocols, which no request of ours asks for.
    Upgrade,
    /// A Content-Length that is no number, or one of more than 64 bits.
    Length(String),
    /// Content-Length fields that differ.
    Lengths { first: u64, second: u64 },
    /// A transfer coding that is not understood.
    TransferCoding(String),
    /// The chunked coding is not the last, or stands twice.
    ChunkedNotLast,
}

impl fmt::Display for FramingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upgrade => write!(f, "the server switched protocols (101) without being asked"),
            Self::Length(value) => write!(
                f,
                "the reply says Content-Length \"{value}\", which is no length"
            ),
            Self::Lengths { first, second } => {
                write!(f, "the reply says Content-Length {first} and also {second}")
            }
            Self::TransferCoding(name) => {
                write!(
                    f,
                    "the reply has transfer coding \"{name}\"; only chunked, gzip and deflate are understood"
                )
            }
            Self::ChunkedNotLast => write!(
                f,
                "the reply has another transfer coding after chunked, so its end cannot be found"
            ),
        }
    }
}

impl std::error::Error for FramingError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, status: u16, fields: &str) -> Result<Framing, FramingError> {
        let head = format!(
            "HTTP/1.1 {status}\r\n{}\r\n\r\n",
            fields.replace('|', "\r\n")
        );
        let head = if fields.is_empty() {
            format!("HTTP/1.1 {status}\r\n\r\n")
        } else {
            head
        };
        let (head, _) = ResponseHead::parse(head.as_bytes())
            .expect("a head")
            .expect("a complete one");
        Framing::of(method, &head)
    }

    #[test]
    fn some_replies_have_no_content_whatever_they_say() {
        for fields in [
            "",
            "Content-Length: 5",
            "Transfer-Encoding: chunked",
            "Content-Length: x",
        ] {
            for status in [100, 102, 103, 199, 204, 304] {
                assert_eq!(
                    of("GET", status, fields),
                    Ok(Framing::None),
                    "{status} {fields}"
                );
            }
            assert_eq!(of("HEAD", 200, fields), Ok(Framing::None), "{fields}");
            assert_eq!(of("HEAD", 404, fields), Ok(Framing::None), "{fields}");
            assert_eq!(of("CONNECT", 200, fields), Ok(Framing::None), "{fields}");
            assert_eq!(
                of("GET", 101, fields),
                Err(FramingError::Upgrade),
                "{fields}"
            );
        }
        // Methods are case-sensitive (RFC 9110 §9.1), and a refused tunnel has a body.
        assert_eq!(of("head", 200, "Content-Length: 5"), Ok(Framing::Length(5)));
        assert_eq!(
            of("CONNECT", 407, "Content-Length: 5"),
            Ok(Framing::Length(5))
        );
        assert_eq!(of("GET", 205, "Content-Length: 0"), Ok(Framing::Length(0)));
    }

    #[test]
    fn lengths() {
        let length = |text: &str| Err(FramingError::Length(text.into()));
        let cases = [
            ("", Ok(Framing::UntilClose)),
            ("Content-Length: 0", Ok(Framing::Length(0))),
            (
                "Content-Length: 18446744073709551615",
                Ok(Framing::Length(u64::MAX)),
            ),
            ("Content-Length: 005", Ok(Framing::Length(5))),
            ("Content-Length: 5, 5", Ok(Framing::Length(5))),
            (
                "Content-Length: 5|content-length: 5",
                Ok(Framing::Length(5)),
            ),
            (
                "Content-Length: 5|Content-Length: 6",
                Err(FramingError::Lengths {
                    first: 5,
                    second: 6,
                }),
            ),
            (
                "Content-Length: 5, 6",
                Err(FramingError::Lengths {
                    first: 5,
                    second: 6,
                }),
            ),
            (
                "Content-Length: 18446744073709551616",
                length("18446744073709551616"),
            ),
            ("Content-Length: -5", length("-5")),
            ("Content-Length: +5", length("+5")),
            ("Content-Length: 0x5", length("0x5")),
            ("Content-Length: 5 6", length("5 6")),
            ("Content-Length: 5,", length("5,")),
            ("Content-Length:", length("")),
            ("Content-Length: 5|Content-Length: x", length("x")),
        ];
        for (fields, expected) in cases {
            assert_eq!(of("GET", 200, fields), expected, "{fields}");
        }
    }

    #[test]
    fn transfer_codings() {
        let unknown = |text: &str| Err(FramingError::TransferCoding(text.into()));
        let cases = [
            ("Transfer-Encoding: chunked", Ok(Framing::Chunked)),
            ("Transfer-Encoding: CHUNKED", Ok(Framing::Chunked)),
            ("Transfer-Encoding: , chunked,", Ok(Framing::Chunked)),
            ("Transfer-Encoding: gzip, chunked", Ok(Framing::Chunked)),
            (
                "Transfer-Encoding: gzip|Transfer-Encoding: chunked",
                Ok(Framing::Chunked),
            ),
            (
                "Content-Length: 5|Transfer-Encoding: chunked",
                Ok(Framing::Chunked),
            ),
            ("Transfer-Encoding: gzip", Ok(Framing::UntilClose)),
            (
                "Transfer-Encoding: gzip|Content-Length: 5",
                Ok(Framing::UntilClose),
            ),
            (
                "Transfer-Encoding: identity|Content-Length: 5",
                Ok(Framing::Length(5)),
            ),
            (
                "Transfer-Encoding: chunked, gzip",
                Err(FramingError::ChunkedNotLast),
            ),
            (
                "Transfer-Encoding: chunked, chunked",
                Err(FramingError::ChunkedNotLast),
            ),
            ("Transfer-Encoding: chunked;q=1", unknown("chunked;q=1")),
            ("Transfer-Encoding: zstd, chunked", unknown("zstd")),
            ("Transfer-Encoding: chunk", unknown("chunk")),
        ];
        for (fields, expected) in cases {
            assert_eq!(of("GET", 200, fields), expected, "{fields}");
        }
    }
}
