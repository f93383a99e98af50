// SPDX-License-Identifier: MIT OR Apache-2.0
//! The byte stream under every JSON reader here: buffered, bounded, and with the odd places mended on which
//! serde_json would give up the whole reply.
//!
//! One item of a list must never fail the list (`objects.md`, head), yet serde_json stops at the first text with half a surrogate
//! pair (a name that an app cut inside an emoji), at the first invalid UTF-8 and at the first number beyond an f64. So this
//! reader looks at each byte once on its way and, without changing any length,
//! - puts `\ufffd` in place of a lone surrogate escape and `?` in place of each byte that is no UTF-8,
//! - puts `null` in place of a number beyond an f64 (`1e999`) or longer than [`MAX_NUMBER`] characters,
//! - stops at nesting deeper than [`MAX_DEPTH`] and at a text longer than [`MAX_STRING`], which bound serde_json's memory.
//!
//! It is also the one place that buffers: hand it unbuffered readers.

use std::io::{self, Read};

/// Bytes read at a time.
const BUF_SIZE: usize = 8192;
/// Below serde_json's own limit of 128, so that this one is met first and has a name. Devices nest to about 8.
const MAX_DEPTH: u16 = 100;
/// serde_json holds a whole text or key at once. Device settings of several 100 KB have not been seen.
const MAX_STRING: usize = 1 << 20;
/// More than any f64 needs.
const MAX_NUMBER: usize = 400;

/// Why the stream was stopped.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    TooDeep,
    LongText,
}

/// See the module's docs. Bytes before `ready` are examined and may be handed out; those after it
/// wait for what follows them.
pub(super) struct Clean<'r> {
    src: &'r mut dyn Read,
    buf: Box<[u8]>,
    /// Next byte to hand out.
    pos: usize,
    ready: usize,
    /// Up to here the bytes are UTF-8.
    valid: usize,
    /// Up to here `buf` is filled.
    len: usize,
    /// `src` has no more.
    end: bool,
    /// And the reader above has asked for it.
    asked_beyond: bool,
    depth: u16,
    /// Inside a text, with its length so far.
    string: Option<usize>,
    /// Inside a number that is being blanked.
    blanking: bool,
    fault: Option<Fault>,
    /// And the reader above was told of it; what it complains of before that comes first in the reply.
    stopped: bool,
}

impl<'r> Clean<'r> {
    pub(super) fn new(src: &'r mut dyn Read) -> Clean<'r> {
        Clean {
            src,
            buf: vec![0; BUF_SIZE].into_boxed_slice(),
            pos: 0,
            ready: 0,
            valid: 0,
            len: 0,
            end: false,
            asked_beyond: false,
            depth: 0,
            string: None,
            blanking: false,
            fault: None,
            stopped: false,
        }
    }

    /// Why reading stopped, where it was this reader that stopped it.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault.filter(|_| self.stopped)
    }

    /// Whether the reader above went on to the end of the stream. What it complains of then is the end itself, even
    /// where it speaks of a bad number (`1e`).
    pub(super) fn asked_beyond_end(&self) -> bool {
        self.asked_beyond
    }

    /// Makes at least one more byte ready; `false` at the end of the stream.
    #[cold]
    fn refill(&mut self) -> io::Result<bool> {
        self.buf.copy_within(self.ready..self.len, 0);
        self.valid -= self.ready;
        self.len -= self.ready;
        (self.pos, self.ready) = (0, 0);
        loop {
            if self.fault.is_some() {
                self.stopped = true;
                return Err(io::ErrorKind::InvalidData.into());
            }
            if !self.end {
                match self.src.read(&mut self.buf[self.len..]) {
                    Ok(0) => self.end = true,
                    Ok(n) => self.len += n,
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                    Err(e) => return Err(e),
                }
            }
            self.mend_utf8();
            self.examine();
            if self.ready > 0 {
                return Ok(true);
            }
            if self.end && self.fault.is_none() {
                self.asked_beyond = true;
                return Ok(false);
            }
        }
    }

    /// Extends `valid`. A character cut by the end of the buffer waits for its rest.
    fn mend_utf8(&mut self) {
        while let Err(e) = std::str::from_utf8(&self.buf[self.valid..self.len]) {
            self.valid += e.valid_up_to();
            let bad = match e.error_len() {
                Some(n) => n,
                None if self.end => self.len - self.valid,
                None => return,
            };
            self.buf[self.valid..self.valid + bad].fill(b'?');
            self.valid += bad;
        }
        self.valid = self.len;
    }

    /// Extends `ready`, as far as what is there can be judged.
    fn examine(&mut self) {
        // At the end nothing is waited for: what is cut off there is for serde_json to refuse.
        let last = self.end && self.valid == self.len;
        while self.ready < self.valid {
            let rest = &mut self.buf[self.ready..self.valid];
            if let Some(length) = self.string {
                let step = match rest[0] {
                    b'"' => {
                        self.string = None;
                        self.ready += 1;
                        continue;
                    }
                    b'\\' => match mend_escape(rest, last) {
                        Some(step) => step,
                        None => return,
                    },
                    _ => {
                        let special = |b: &u8| *b == b'"' || *b == b'\\';
                        rest.iter().position(special).unwrap_or(rest.len())
                    }
                };
                if length + step > MAX_STRING {
                    self.fault = Some(Fault::LongText);
                    return;
                }
                self.string = Some(length + step);
                self.ready += step;
                continue;
            }
            match rest[0] {
                b'-' | b'0'..=b'9' | b'+' | b'.' | b'e' | b'E' if self.blanking => rest[0] = b' ',
                b'-' | b'0'..=b'9' => match mend_number(rest, last) {
                    Some((step, open)) => {
                        self.blanking = open;
                        self.ready += step;
                        continue;
                    }
                    None => return,
                },
                byte => {
                    self.blanking = false;
                    match byte {
                        b'"' => self.string = Some(0),
                        b'{' | b'[' => self.depth += 1,
                        b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                        _ => {}
                    }
                    if self.depth > MAX_DEPTH {
                        self.fault = Some(Fault::TooDeep);
                        return;
                    }
                }
            }
            self.ready += 1;
        }
    }
}

impl Read for Clean<'_> {
    /// serde_json asks for one byte at a time.
    #[inline]
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.pos == self.ready && !self.refill()? {
            return Ok(0);
        }
        if let [byte] = out {
            *byte = self.buf[self.pos];
            self.pos += 1;
            return Ok(1);
        }
        let n = out.len().min(self.ready - self.pos);
        out[..n].copy_from_slice(&self.buf[self.pos..self.pos + n]);
        self.pos += n;
        Ok(n)
    }
}

/// The length of the escape that `rest` begins with, a surrogate pair taken as one; a lone surrogate is replaced. `None`:
/// more bytes are needed to tell.
fn mend_escape(rest: &mut [u8], last: bool) -> Option<usize> {
    if rest.len() < 2 || (rest[1] == b'u' && rest.len() < 6) {
        return last.then_some(rest.len());
    }
    if rest[1] != b'u' {
        return Some(2);
    }
    let Some(code) = hex4(&rest[2..6]) else {
        return Some(2);
    };
    if !(0xd800..0xe000).contains(&code) {
        return Some(6);
    }
    if code < 0xdc00 {
        let next = &rest[6..];
        let goes_on = b"\\u".iter().zip(next).all(|(want, is)| want == is);
        if goes_on && next.len() < 6 && !last {
            return None;
        }
        let low = next.get(2..6).and_then(hex4);
        if goes_on && low.is_some_and(|low| (0xdc00..0xe000).contains(&low)) {
            return Some(12);
        }
    }
    rest[2..6].copy_from_slice(b"fffd");
    Some(6)
}

fn hex4(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, digit| {
        Some(sum * 16 + char::from(*digit).to_digit(16)?)
    })
}

/// The length of the number that `rest` begins with, replaced where serde_json could not take it; and whether its rest,
/// not there yet, is to be blanked. `None`: more bytes are needed to tell.
fn mend_number(rest: &mut [u8], last: bool) -> Option<(usize, bool)> {
    let of_number = |b: &u8| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    let length = rest
        .iter()
        .position(|b| !of_number(b))
        .unwrap_or(rest.len());
    let open = length == rest.len() && !last;
    if open && length <= MAX_NUMBER {
        return None;
    }
    let number = &mut rest[..length];
    let may_be_huge =
        length > 300 || (length > 4 && number.iter().any(|b| matches!(b, b'e' | b'E')));
    let parsed = || std::str::from_utf8(number).ok()?.parse::<f64>().ok();
    if length > MAX_NUMBER || (may_be_huge && parsed().is_some_and(f64::is_infinite)) {
        number.fill(b' ');
        number[..4].copy_from_slice(b"null");
    }
    Some((length, open))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives `self.1` bytes at a time.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(out.len()).min(self.0.len());
            out[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn clean(text: &[u8], at_a_time: usize) -> (Vec<u8>, Option<Fault>) {
        let mut src = Drip(text, at_a_time);
        let mut reader = Clean::new(&mut src);
        let mut out = Vec::new();
        let result = reader.read_to_end(&mut out);
        assert_eq!(result.is_err(), reader.fault().is_some());
        (out, reader.fault())
    }

    #[test]
    fn mends_what_serde_json_gives_up_on_however_it_is_cut() {
        let many = "9".repeat(MAX_NUMBER + 1);
        let blank = format!("null{}", " ".repeat(MAX_NUMBER - 3));
        for (text, want) in [
            (
                &b"{\"a\":[1,-2.5e3,\"x\\\"\\\\\"],\"b\":true}"[..],
                &b"{\"a\":[1,-2.5e3,\"x\\\"\\\\\"],\"b\":true}"[..],
            ),
            (b"\"\\ud83d\\ude00 \\u00e9\"", b"\"\\ud83d\\ude00 \\u00e9\""),
            (b"\"\\ud83d\"", b"\"\\ufffd\""),
            (b"\"\\ud83d\\n\"", b"\"\\ufffd\\n\""),
            (b"\"\\uD83Dx\\uDE00\"", b"\"\\ufffdx\\ufffd\""),
            (b"\"\\ud83d\\ud83d\\ude00\"", b"\"\\ufffd\\ud83d\\ude00\""),
            (b"\"\\ud83d\\u0041\"", b"\"\\ufffd\\u0041\""),
            (b"\"\\uzzzz\\ud8", b"\"\\uzzzz\\ud8"),
            (b"\"a\xffb\xe2\x82\"", b"\"a?b??\""),
            (
                b"\"\xc3\xa9\xf0\x9f\x98\x80\"",
                b"\"\xc3\xa9\xf0\x9f\x98\x80\"",
            ),
            (b"\"cut \xe2\x82", b"\"cut ??"),
            (
                b"[1e999,-1e999,1e-999,1e308]",
                b"[null ,null  ,1e-999,1e308]",
            ),
            (b"1e999", b"null "),
            (b"\"1e999\"", b"\"1e999\""),
            (b"[-,1e,--5]", b"[-,1e,--5]"),
            (many.as_bytes(), blank.as_bytes()),
        ] {
            for at_a_time in [1, 2, 3, 5, 7, 9999] {
                let (out, fault) = clean(text, at_a_time);
                let shown = String::from_utf8_lossy(text);
                assert_eq!(out, want, "{shown} by {at_a_time}");
                assert_eq!(fault, None);
            }
        }
    }

    #[test]
    fn a_number_longer_than_the_buffer_becomes_null() {
        let text = format!("[{},1]", "7".repeat(3 * BUF_SIZE));
        for at_a_time in [1, 100, 99_999] {
            let (out, _) = clean(text.as_bytes(), at_a_time);
            assert_eq!(out.len(), text.len());
            let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(value, serde_json::json!([null, 1]));
        }
    }

    #[test]
    fn depth_and_text_length_are_bounded() {
        let deep = "[".repeat(usize::from(MAX_DEPTH) + 1);
        assert_eq!(clean(deep.as_bytes(), 7).1, Some(Fault::TooDeep));
        assert_eq!(clean(&deep.as_bytes()[1..], 7).1, None);
        let flat = "[]".repeat(5 * usize::from(MAX_DEPTH));
        assert_eq!(clean(flat.as_bytes(), 64).1, None);
        let long = format!("\"{}\"", "x".repeat(MAX_STRING + 1));
        assert_eq!(clean(long.as_bytes(), 8000).1, Some(Fault::LongText));
        let fits = format!("\"{}\"", "x".repeat(MAX_STRING));
        assert_eq!(clean(fits.as_bytes(), 8000), (fits.into_bytes(), None));
    }
}
