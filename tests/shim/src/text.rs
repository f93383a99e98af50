// SPDX-License-Identifier: MIT OR Apache-2.0
//! Text without allocation: environment variables, numbers, lines of a fixed size.

use std::ffi::CStr;
use std::fmt;

/// The value of an environment variable; `None` where it is not set.
pub fn variable(name: &CStr) -> Option<&'static [u8]> {
    // SAFETY: called while the library is loaded, before the program could change its environment.
    let value = unsafe { libc::getenv(name.as_ptr()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: getenv gives a string with an end, which stays while the environment is not changed.
    Some(unsafe { CStr::from_ptr(value) }.to_bytes())
}

/// A decimal number; `None` for anything else.
pub fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A text in the making; what does not fit is cut off.
pub struct Line<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Line<N> {
    /// Empty.
    pub const fn new() -> Line<N> {
        Line {
            bytes: [0; N],
            len: 0,
        }
    }

    /// What stands in it.
    pub fn text(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Appends bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        // The last byte stays 0, so that it is a C string as well.
        let room = N - 1 - self.len;
        let len = bytes.len().min(room);
        self.bytes[self.len..self.len + len].copy_from_slice(&bytes[..len]);
        self.len += len;
    }

    /// The same as a path for the kernel.
    pub fn as_ptr(&self) -> *const libc::c_char {
        self.bytes.as_ptr().cast()
    }
}

impl<const N: usize> fmt::Write for Line<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[test]
    fn a_line_is_cut_at_its_end_and_stays_a_c_string() {
        let mut line = Line::<8>::new();
        write!(line, "/p/{}/{}", 12, 345).unwrap();
        assert_eq!(line.text(), b"/p/12/3");
        assert_eq!(line.bytes, *b"/p/12/3\0");
    }

    #[test]
    fn numbers_are_decimal_or_nothing() {
        for (text, want) in [
            ("10", Some(10)),
            ("", None),
            ("-1", None),
            ("1x", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(number(text.as_bytes()), want, "{text}");
        }
    }
}
