// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reply heads: from the first bytes of a connection to a status and fields, or to a named reason why not (RFC 9112 §4, §5).
//!
//! The only file that knows httparse. What does not begin like HTTP/1.x is told apart as early as its first bytes
//! allow, since that is how a wrong port or a missing `https` shows itself. Must not know framing or bodies.

mod error;

pub use error::HeadError;

use std::ops::Range;

/// The most bytes a reply head may have, its final empty line and any empty lines before it included.
///
/// As much as Node, which Homey hubs run, accepts by default in either direction.
pub const MAX_HEAD: usize = 16 * 1024;

/// The most field lines a reply head may have.
pub const MAX_FIELDS: usize = 64;

/// A complete status line with its fields. Owns its bytes: at most [`MAX_HEAD`] and eight bytes a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseHead {
    bytes: Vec<u8>,
    minor: u8,
    status: u16,
    reason: Part,
    fields: Vec<(Part, Part)>,
}

/// A range of the head's bytes; 16 bits suffice for [`MAX_HEAD`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Part {
    start: u16,
    end: u16,
}

/// The place up to which growing input was searched for the end of a head, so that no byte is searched twice.
#[derive(Debug, Clone, Copy, Default)]
pub struct HeadSearch {
    begun: Option<usize>,
    searched: usize,
}

impl HeadSearch {
    /// A search that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The head at the start of `buf` and its length in bytes; `None` where more input is needed.
    ///
    /// `buf` is all input since the last head or body, in each call the same bytes with more after them; a search is
    /// for one head. Shorter input than before breaks that and finds nothing. Empty lines before the status line are skipped (RFC 9112 §2.2 asks that of servers; clients do
    /// it for hubs that send a CRLF too many after a body). A line may end in a bare LF (§2.2: "MAY recognize a single
    /// LF as a line terminator"). Folded lines are refused (§5.2). HTTP/1.0 and 1.1 are taken.
    pub fn parse(&mut self, buf: &[u8]) -> Result<Option<(ResponseHead, usize)>, HeadError> {
        let Some(begin) = self.begin(buf) else {
            return if buf.len() < MAX_HEAD {
                Ok(None)
            } else {
                Err(HeadError::TooLong)
            };
        };
        let head = buf.get(begin..).unwrap_or_default();
        let is_start = check_start(head)?;
        match self.end(begin, buf) {
            // An empty line among the bytes that are to tell what this is ends no head.
            Some(_) if !is_start => Ok(None),
            Some(end) => ResponseHead::of(&buf[begin..end]).map(|head| Some((head, end))),
            None if buf.len() >= MAX_HEAD => Err(HeadError::TooLong),
            None => Ok(None),
        }
    }

    /// Where the status line begins, after empty lines.
    fn begin(&mut self, buf: &[u8]) -> Option<usize> {
        if self.begun.is_none() {
            let limit = buf.len().min(MAX_HEAD);
            let skip = buf[self.searched.min(limit)..limit]
                .iter()
                .position(|byte| !matches!(byte, b'\r' | b'\n'));
            self.begun = skip.map(|skip| self.searched + skip);
            self.searched = self.begun.unwrap_or(limit);
        }
        self.begun
    }

    /// The length of the head with its final empty line: the first LF followed by LF or CRLF.
    fn end(&mut self, begin: usize, buf: &[u8]) -> Option<usize> {
        let limit = buf.len().min(MAX_HEAD);
        let mut at = self.searched.max(begin).min(limit);
        while let Some(found) = buf[at..limit].iter().position(|&byte| byte == b'\n') {
            let line_end = at + found + 1;
            match &buf[line_end..limit] {
                [b'\n', ..] => return Some(line_end + 1),
                [b'\r', b'\n', ..] => return Some(line_end + 2),
                // The next bytes decide: look at this LF again.
                [] | [b'\r'] => {
                    self.searched = line_end - 1;
                    return None;
                }
                _ => at = line_end,
            }
        }
        self.searched = limit;
        None
    }
}

impl ResponseHead {
    /// As [`HeadSearch::parse`], for input that is at hand in one piece. On growing input each call searches all of it.
    pub fn parse(buf: &[u8]) -> Result<Option<(ResponseHead, usize)>, HeadError> {
        HeadSearch::new().parse(buf)
    }

    /// The minor version: 0 or 1 of HTTP/1.x.
    pub fn minor_version(&self) -> u8 {
        self.minor
    }

    /// The status code, 100–999. Those above 599 have no class (RFC 9110 §15: treat as 5xx).
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase, which may be empty; empty also where it is not ASCII.
    pub fn reason(&self) -> &str {
        std::str::from_utf8(self.part(self.reason)).unwrap_or_default()
    }

    /// Whether this is an interim reply that the final one follows: 1xx other than 101 (RFC 9110 §15.2).
    pub fn is_interim(&self) -> bool {
        (100..200).contains(&self.status) && self.status != 101
    }

    /// The value of the first field of that name, in any letter case; without whitespace around it.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.fields()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The values of all fields of that name, in any letter case, in order.
    pub fn get_all<'a, 'n>(
        &'a self,
        name: &'n str,
    ) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.fields()
            .filter(move |(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// All fields in order, names as the server wrote them.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().map(|&(name, value)| {
            let name = std::str::from_utf8(self.part(name)).unwrap_or_default(); // invariant: httparse takes tokens only
            (name, self.part(value))
        })
    }

    /// The head as received, from the status line to its final empty line.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Parses a complete head of at most [`MAX_HEAD`] bytes that begins with its status line.
    fn of(bytes: &[u8]) -> Result<ResponseHead, HeadError> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut parsed = httparse::Response::new(&mut fields);
        match parsed.parse(bytes) {
            Ok(httparse::Status::Complete(len)) if len == bytes.len() => {}
            Ok(_) => return Err(HeadError::Line { number: 1 }),
            Err(httparse::Error::Version) => return Err(HeadError::Version),
            Err(httparse::Error::Status) => return Err(HeadError::Status),
            Err(httparse::Error::TooManyHeaders) => return Err(HeadError::TooManyFields),
            Err(_) => return Err(bad_line(bytes)),
        }
        let (Some(minor), Some(status)) = (parsed.version, parsed.code) else {
            return Err(HeadError::Status); // invariant: a complete parse sets both
        };
        if status < 100 {
            return Err(HeadError::Status);
        }
        let part = |text: &[u8]| Part::of(bytes, text);
        Ok(ResponseHead {
            minor,
            status,
            reason: part(parsed.reason.unwrap_or_default().as_bytes()),
            fields: parsed
                .headers
                .iter()
                .map(|field| (part(field.name.as_bytes()), part(field.value)))
                .collect(),
            bytes: bytes.to_vec(),
        })
    }

    fn part(&self, part: Part) -> &[u8] {
        &self.bytes[Range::from(part)]
    }
}

impl Part {
    /// Where `text`, a slice of `head`, lies in it; the empty part where it does not.
    ///
    /// httparse gives slices, but keeping slices of one's own bytes is not possible: so their place is worked out.
    fn of(head: &[u8], text: &[u8]) -> Part {
        let start = (text.as_ptr() as usize).wrapping_sub(head.as_ptr() as usize);
        match (
            u16::try_from(start),
            u16::try_from(start.wrapping_add(text.len())),
        ) {
            (Ok(start), Ok(end)) if usize::from(end) <= head.len() => Part { start, end },
            _ => Part::default(),
        }
    }
}

impl From<Part> for Range<usize> {
    fn from(part: Part) -> Range<usize> {
        part.start.into()..part.end.into()
    }
}

/// Refuses input that cannot become an HTTP/1.x status line, from as few bytes as show it; `true` where it is one by
/// its start, `false` where more is needed to tell.
///
/// The answer for some bytes never changes when more follow, so it does not matter how the input was cut.
fn check_start(bytes: &[u8]) -> Result<bool, HeadError> {
    const START: &[u8] = b"HTTP/1.";
    let Some(wrong) = START
        .iter()
        .zip(bytes)
        .position(|(expected, found)| expected != found)
    else {
        return Ok(bytes.len() >= START.len());
    };
    match bytes {
        // A TLS record: alert (21) or handshake (22), then version 3.x (RFC 8446 §5.1).
        [0x15 | 0x16] => Ok(false),
        [0x15 | 0x16, 0x03, ..] => Err(HeadError::Tls),
        // An HTTP/2 frame: 24 bits of length, then type 4, SETTINGS, or 7, GOAWAY (RFC 9113 §4.1, §6.5, §6.8).
        [0] | [0, _] | [0, _, _] => Ok(false),
        [0, _, _, 4 | 7, ..] => Err(HeadError::Http2),
        [b'<', ..] => Err(HeadError::Markup),
        [b'H', ..] if wrong >= b"HTTP/".len() => Err(HeadError::Version),
        [first, ..] => Err(HeadError::NotHttp { first: *first }),
        [] => Ok(false),
    }
}

/// Which field line is wrong, and whether it is a folded one. Lines count from 1, the status line.
fn bad_line(bytes: &[u8]) -> HeadError {
    for (index, line) in bytes
        .split_inclusive(|&byte| byte == b'\n')
        .enumerate()
        .skip(1)
    {
        let number = index + 1;
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return HeadError::Folded { number };
        }
        let mut field = [httparse::EMPTY_HEADER; 1];
        let alone = [line, b"\r\n"].concat();
        if !matches!(line, b"\r\n" | b"\n") && httparse::parse_headers(&alone, &mut field).is_err()
        {
            return HeadError::Line { number };
        }
    }
    HeadError::Line { number: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] =
        b"HTTP/1.1 200 OK\r\nServer: nginx\r\nset-cookie: a\r\nSet-Cookie:  b \r\nEmpty:\r\n\r\n";

    #[test]
    fn a_head_gives_its_parts() {
        let (head, len) = ResponseHead::parse(&[HEAD, b"body"].concat())
            .expect("a head")
            .expect("a complete one");
        assert_eq!(len, HEAD.len());
        assert_eq!(
            (head.minor_version(), head.status(), head.reason()),
            (1, 200, "OK")
        );
        assert_eq!(head.bytes(), HEAD);
        assert_eq!(head.get("SERVER"), Some(&b"nginx"[..]));
        assert_eq!(head.get("server:"), None);
        assert_eq!(head.get("empty"), Some(&b""[..]));
        assert!(head.get_all("Set-Cookie").eq([&b"a"[..], b"b"]));
        assert!(head.fields().map(|(name, _)| name).eq([
            "Server",
            "set-cookie",
            "Set-Cookie",
            "Empty"
        ]));
    }

    #[test]
    fn a_head_cut_anywhere_is_not_yet_a_head() {
        let mut search = HeadSearch::new();
        for cut in 0..HEAD.len() {
            assert_eq!(ResponseHead::parse(&HEAD[..cut]), Ok(None), "cut at {cut}");
            assert_eq!(search.parse(&HEAD[..cut]), Ok(None), "cut at {cut}");
        }
        assert_eq!(search.parse(HEAD), ResponseHead::parse(HEAD));
    }

    #[test]
    fn the_bounds_are_exact() {
        let padded = |len: usize| {
            let mut head = b"HTTP/1.1 200 OK\r\nA: ".to_vec();
            head.resize(len - 4, b'x');
            head.extend_from_slice(b"\r\n\r\n");
            head
        };
        assert!(matches!(
            ResponseHead::parse(&padded(MAX_HEAD)),
            Ok(Some((_, MAX_HEAD)))
        ));
        assert_eq!(
            ResponseHead::parse(&padded(MAX_HEAD + 1)),
            Err(HeadError::TooLong)
        );
        assert_eq!(
            ResponseHead::parse(&padded(MAX_HEAD + 1)[..MAX_HEAD]),
            Err(HeadError::TooLong)
        );
        assert_eq!(
            ResponseHead::parse(&padded(MAX_HEAD + 1)[..MAX_HEAD - 1]),
            Ok(None)
        );
        assert_eq!(
            ResponseHead::parse(&b"\r\n".repeat(MAX_HEAD / 2)),
            Err(HeadError::TooLong)
        );

        let fields = |count: usize| {
            [
                b"HTTP/1.1 200 OK\r\n",
                &b"A: b\r\n".repeat(count)[..],
                b"\r\n",
            ]
            .concat()
        };
        let (head, _) = ResponseHead::parse(&fields(MAX_FIELDS))
            .expect("a head")
            .expect("a complete one");
        assert_eq!(head.get_all("a").count(), MAX_FIELDS);
        assert_eq!(
            ResponseHead::parse(&fields(MAX_FIELDS + 1)),
            Err(HeadError::TooManyFields)
        );
    }

    #[test]
    fn a_search_given_less_than_before_does_not_panic() {
        let mut search = HeadSearch::new();
        assert_eq!(search.parse(b"\r\n\r\nHTTP/1.1 200 OK\r\nA"), Ok(None));
        for cut in 0..10 {
            assert_eq!(search.parse(&b"\r\n\r\nHTTP/1.1"[..cut]), Ok(None));
        }
    }

    #[test]
    fn a_search_over_dripping_input_looks_at_each_byte_once() {
        let mut search = HeadSearch::new();
        let head = [b"HTTP/1.1 200 OK\r\nA: ".to_vec(), b"x".repeat(9000)].concat();
        for cut in 0..head.len() {
            assert_eq!(search.parse(&head[..cut]), Ok(None));
            assert!(search.searched + 2 >= cut);
        }
    }
}
