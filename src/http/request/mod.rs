// SPDX-License-Identifier: MIT OR Apache-2.0
//! Request heads as the caller wrote them: an ordered list of field lines that leave byte for byte (RFC 9112 §3, §5).
//!
//! Nothing is added, reordered, merged or respelled here: letter case, order, repeats and odd spacing are the caller's.
//! What is refused is what would break out of a line (CR, LF, NUL), and, in the checked calls, what a server would
//! misread. Must not know hosts, bearers or what any call means.

mod error;
mod line;

pub use error::RequestError;

use line::{check_breaks, check_line, name_error};

use super::field::{digits, is_token, shown, trim};

/// How [`RequestHead::finish`] treats a head that does not fit its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Refuse a head that a server could misread: no or two Host lines, or a Content-Length that is not the body's.
    Strict,
    /// Refuse only what is wrong about the body's length; Host lines are the caller's business.
    Framing,
    /// Send as told; for trying out how a hub reacts.
    Unchecked,
}

/// A request line and field lines, in the order and spelling in which they will leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    /// The request line and every field line, each ended by CRLF. No line holds a CR or LF of its own.
    bytes: Vec<u8>,
    method_len: usize,
    target_len: usize,
}

const REQUEST_LINE_END: &[u8] = b" HTTP/1.1\r\n";

impl RequestHead {
    /// A head of one line, `METHOD target HTTP/1.1` (RFC 9112 §3).
    ///
    /// `method` must be a token. `target` goes out as given; it must be visible ASCII without spaces, so a caller
    /// percent-encodes first.
    pub fn new(method: &str, target: &str) -> Result<Self, RequestError> {
        if !is_token(method.as_bytes()) {
            return Err(RequestError::Method(shown(method.as_bytes())));
        }
        if target.is_empty() {
            return Err(RequestError::EmptyTarget);
        }
        if let Some(found) = target.chars().find(|c| !c.is_ascii_graphic()) {
            return Err(RequestError::Target { found });
        }
        let mut bytes = Vec::with_capacity(512);
        bytes.extend_from_slice(method.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(target.as_bytes());
        bytes.extend_from_slice(REQUEST_LINE_END);
        Ok(RequestHead {
            bytes,
            method_len: method.len(),
            target_len: target.len(),
        })
    }

    /// Adds one field line, exactly as typed and without its CRLF, after all others.
    ///
    /// The name must be a token directly followed by a colon (RFC 9112 §5.1: "No whitespace is allowed between the
    /// field name and colon"). The value may be empty, and may be spaced oddly or hold non-ASCII bytes; control bytes
    /// other than a tab are refused (RFC 9110 §5.5). curl's `Name;` for an empty value is not understood: `Name:` is it.
    pub fn line(&mut self, line: &[u8]) -> Result<(), RequestError> {
        check_line(line)?;
        self.push(line);
        Ok(())
    }

    /// Adds one line whatever it says; refuses only CR, LF, NUL and the empty line, which would end the head.
    pub fn line_unchecked(&mut self, line: &[u8]) -> Result<(), RequestError> {
        check_breaks(line)?;
        self.push(line);
        Ok(())
    }

    /// Adds the line `name: value`; the same checks as [`line`](Self::line).
    pub fn field(&mut self, name: &str, value: &[u8]) -> Result<(), RequestError> {
        if !is_token(name.as_bytes()) {
            return Err(name_error(name.as_bytes()));
        }
        self.line(&[name.as_bytes(), b": ", value].concat())
    }

    /// Puts `line` in the place of the first line of that name and drops further ones; appends it where there is none.
    ///
    /// Names are compared without regard to letter case. As with curl's `-H`, a line with an empty value (`Name:`)
    /// removes all lines of that name and adds none. The same checks as [`line`](Self::line). To send a name twice,
    /// replace once and add the second with [`line`](Self::line).
    pub fn replace_line(&mut self, line: &[u8]) -> Result<(), RequestError> {
        let (name, value) = check_line(line)?;
        let mut replacement = if value.is_empty() { None } else { Some(line) };
        let mut kept = RequestHead {
            bytes: Vec::with_capacity(self.bytes.len() + line.len() + 2),
            ..*self
        };
        kept.bytes
            .extend_from_slice(&self.bytes[..self.lines_start()]);
        for old in self.lines() {
            if !name_of(old).eq_ignore_ascii_case(name) {
                kept.push(old);
            } else if let Some(new) = replacement.take() {
                kept.push(new);
            }
        }
        if let Some(new) = replacement {
            kept.push(new);
        }
        *self = kept;
        Ok(())
    }

    /// The method, as given.
    pub fn method(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.method_len]).unwrap_or_default() // invariant: `new` had it as a str
    }

    /// The request target, as given.
    pub fn target(&self) -> &str {
        let start = self.method_len + 1;
        std::str::from_utf8(&self.bytes[start..start + self.target_len]).unwrap_or_default() // invariant: likewise
    }

    /// The field lines in order, exactly as added, without their CRLF.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let lines = &self.bytes[self.lines_start()..];
        // Each line ends in CRLF and holds no other LF, so the last piece of the split is empty: left out.
        lines
            .split_inclusive(|&byte| byte == b'\n')
            .map(|line| &line[..line.len() - 2])
    }

    /// The value of the first line of that name, trimmed; the name in any letter case.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.values(name).next()
    }

    /// Whether there is a line of that name, in any letter case.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The bytes to send before the body: all lines and the empty line that ends the head.
    ///
    /// `body_len` is the length in bytes of the body that the caller sends after them; `None` is no body. With
    /// [`Check::Strict`] the head must frame exactly that body: one Host line (RFC 9112 §3.2); one Content-Length line
    /// that says the body's length; none, or 0, without a body; and no Transfer-Encoding, since only the caller
    /// can know that a body is chunked already. An empty body needs no Content-Length. [`Check::Framing`] leaves out the
    /// Host line; with [`Check::Unchecked`] the lines leave as they are.
    pub fn finish(&self, body_len: Option<u64>, check: Check) -> Result<Vec<u8>, RequestError> {
        if check == Check::Strict {
            self.check_host()?;
        }
        if check != Check::Unchecked {
            self.check_framing(body_len)?;
        }
        let mut head = Vec::with_capacity(self.bytes.len() + 2);
        head.extend_from_slice(&self.bytes);
        head.extend_from_slice(b"\r\n");
        Ok(head)
    }

    fn check_host(&self) -> Result<(), RequestError> {
        match self.values("Host").count() {
            0 => Err(RequestError::NoHost),
            1 => Ok(()),
            _ => Err(RequestError::Twice("Host")),
        }
    }

    fn check_framing(&self, body_len: Option<u64>) -> Result<(), RequestError> {
        if self.has("Transfer-Encoding") {
            return Err(RequestError::TransferEncoding);
        }
        let mut lengths = self.values("Content-Length");
        let Some(value) = lengths.next() else {
            return match body_len {
                None | Some(0) => Ok(()),
                Some(body) => Err(RequestError::NoLength { body }),
            };
        };
        if lengths.next().is_some() {
            return Err(RequestError::Twice("Content-Length"));
        }
        let said = digits(value).ok_or_else(|| RequestError::Length(shown(value)))?;
        match body_len {
            None if said != 0 => Err(RequestError::LengthWithoutBody { said }),
            Some(body) if said != body => Err(RequestError::WrongLength { said, body }),
            _ => Ok(()),
        }
    }

    fn values<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.lines().filter_map(move |line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            line[..colon]
                .eq_ignore_ascii_case(name.as_bytes())
                .then(|| trim(&line[colon + 1..]))
        })
    }

    fn lines_start(&self) -> usize {
        self.method_len + 1 + self.target_len + REQUEST_LINE_END.len()
    }

    fn push(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.bytes.extend_from_slice(b"\r\n");
    }
}

fn name_of(line: &[u8]) -> &[u8] {
    line.split(|&byte| byte == b':').next().unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> RequestHead {
        RequestHead::new("GET", "/api/").expect("a head")
    }

    #[test]
    fn lines_keep_every_byte() {
        let mut head = head();
        let lines: [&[u8]; 5] = [
            b"hOST:x",
            b"A:   b  ",
            b"A:\t\xe2\x80\x9c\xff",
            b"Empty:",
            b"a: again",
        ];
        for line in lines {
            head.line(line).expect("a line");
        }
        assert!(head.lines().eq(lines));
        assert_eq!((head.method(), head.target()), ("GET", "/api/"));
        assert_eq!(head.get("HOST"), Some(&b"x"[..]));
        assert_eq!(head.get("a"), Some(&b"b"[..]));
        assert_eq!(head.get("empty"), Some(&b""[..]));
        assert!(!head.has("Acc"));
        let bytes = head.finish(None, Check::Strict).expect("a complete head");
        assert_eq!(
            bytes,
            b"GET /api/ HTTP/1.1\r\nhOST:x\r\nA:   b  \r\nA:\t\xe2\x80\x9c\xff\r\nEmpty:\r\na: again\r\n\r\n"
        );
    }

    #[test]
    fn no_line_can_end_its_line_or_the_head() {
        for byte in [b'\r', b'\n', 0] {
            for at in 0..=6 {
                let mut line = b"Name:v".to_vec();
                line.insert(at, byte);
                let mut head = head();
                assert!(
                    matches!(head.line(&line), Err(RequestError::Control { .. })),
                    "{line:?}"
                );
                let unchecked = head.line_unchecked(&line);
                assert!(
                    matches!(unchecked, Err(RequestError::Control { .. })),
                    "{line:?}"
                );
                assert_eq!(head.lines().count(), 0);
            }
        }
        assert_eq!(head().line_unchecked(b""), Err(RequestError::EmptyLine));
    }

    #[test]
    fn a_refused_line_never_shows_its_value() {
        let refused: [&[u8]; 5] = [
            b"Authorization Bearer SECRET",
            b"Authorization: Bearer SECRET\n",
            b"Authorization: Bearer \x07SECRET",
            b" Authorization: SECRET",
            b"Author ization: SECRET",
        ];
        for line in refused {
            let error = head().line(line).expect_err("a refusal").to_string();
            assert!(!error.contains("SECRET"), "{error}");
        }
    }

    #[test]
    fn replacing_keeps_the_place_and_drops_repeats() {
        let mut head = head();
        for line in [&b"A: 1"[..], b"B: 2", b"a: 3", b"C: 4"] {
            head.line(line).expect("a line");
        }
        head.replace_line(b"a:new").expect("a line");
        assert!(head.lines().eq([&b"a:new"[..], b"B: 2", b"C: 4"]));
        head.replace_line(b"b: ").expect("a line");
        assert!(head.lines().eq([&b"a:new"[..], b"C: 4"]));
        head.replace_line(b"D: 5").expect("a line");
        assert!(head.lines().eq([&b"a:new"[..], b"C: 4", b"D: 5"]));
        assert_eq!(head.target(), "/api/");
        let before = head.clone();
        assert!(head.replace_line(b"Content Type: x").is_err());
        assert_eq!(head, before);
    }

    #[test]
    fn request_lines_hold_a_token_and_a_target_of_visible_ascii() {
        for method in ["", "GE T", "GET\r\n", "G:T", "GÉT"] {
            assert!(
                matches!(RequestHead::new(method, "/"), Err(RequestError::Method(_))),
                "{method:?}"
            );
        }
        for target in ["/a b", "/a\rb", "/a\n", "/\0", "/é", "/\x7f", "/\t"] {
            assert!(
                matches!(
                    RequestHead::new("GET", target),
                    Err(RequestError::Target { .. })
                ),
                "{target:?}"
            );
        }
        assert_eq!(RequestHead::new("GET", ""), Err(RequestError::EmptyTarget));
        assert!(RequestHead::new("M-SEARCH", "*").is_ok());
    }
}
