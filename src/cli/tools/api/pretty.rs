// SPDX-License-Identifier: MIT OR Apache-2.0
//! JSON indented for a terminal, byte by byte as it streams, with nothing in it that could steer the terminal.
//!
//! Judges nothing: what is no JSON comes out with other white space, and that is all.

/// Deeper levels are indented no further.
const MAX_INDENT: usize = 40;

/// The state between two pieces.
#[derive(Default)]
pub struct Pretty {
    depth: usize,
    in_text: bool,
    /// After a backslash in a text.
    escaped: bool,
    /// After `{` or `[`: a line break is due unless it is closed at once.
    opened: bool,
    /// The first bytes of a character whose rest has not come.
    cut: Vec<u8>,
}

impl Pretty {
    /// Takes a piece of any length.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut bytes = std::mem::take(&mut self.cut);
        bytes.extend_from_slice(piece);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (good, bad) = match std::str::from_utf8(rest) {
                Ok(text) => (text, None),
                Err(e) => {
                    let (good, after) = rest.split_at(e.valid_up_to());
                    let len = e.error_len();
                    if len.is_none() {
                        self.cut = after.to_vec();
                    }
                    (
                        std::str::from_utf8(good).unwrap_or_default(),
                        Some((after, len.unwrap_or(after.len()), len.is_some())),
                    )
                }
            };
            good.chars().for_each(|c| self.one(c, out));
            rest = match bad {
                None => &[],
                Some((after, len, shown)) => {
                    if shown {
                        self.one('\u{fffd}', out);
                    }
                    after.get(len..).unwrap_or_default()
                }
            };
        }
    }

    /// The end of the reply.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        if !std::mem::take(&mut self.cut).is_empty() {
            self.one('\u{fffd}', out);
        }
    }

    fn one(&mut self, c: char, out: &mut Vec<u8>) {
        if self.in_text {
            match c {
                _ if self.escaped => self.escaped = false,
                '\\' => self.escaped = true,
                '"' => self.in_text = false,
                _ => {}
            }
            return show(c, out);
        }
        if c.is_ascii_whitespace() {
            return;
        }
        let closes = matches!(c, '}' | ']');
        if closes {
            self.depth = self.depth.saturating_sub(1);
        }
        if self.opened != closes {
            self.line(out);
        }
        self.opened = matches!(c, '{' | '[');
        match c {
            '{' | '[' => {
                self.depth += 1;
                out.push(c as u8);
            }
            ',' => {
                out.push(b',');
                self.line(out);
            }
            ':' => out.extend_from_slice(b": "),
            _ => {
                self.in_text = c == '"';
                show(c, out);
            }
        }
    }

    fn line(&self, out: &mut Vec<u8>) {
        out.push(b'\n');
        out.resize(out.len() + 2 * self.depth.min(MAX_INDENT), b' ');
    }
}

/// A character, or its escape where it could steer a terminal or turn the direction of its writing.
fn show(c: char, out: &mut Vec<u8>) {
    let steers = c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if steers {
        out.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes());
    } else {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pretty(text: &[u8], at_a_time: usize) -> String {
        let (mut pretty, mut out) = (Pretty::default(), Vec::new());
        for piece in text.chunks(at_a_time) {
            pretty.push(piece, &mut out);
        }
        pretty.end(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_is_indented_however_it_comes() {
        for (text, want) in [
            (&b"true"[..], "true"),
            (b"{}", "{}"),
            (b"[ ]", "[]"),
            (b"{\"a\":1,\"b\":[]}", "{\n  \"a\": 1,\n  \"b\": []\n}"),
            (
                b"[[1,2],{\"x\":{}}]",
                "[\n  [\n    1,\n    2\n  ],\n  {\n    \"x\": {}\n  }\n]",
            ),
            (b"\"a \\\"{[,:]}\\\\\"", "\"a \\\"{[,:]}\\\\\""),
            ("\"21 °C\"".as_bytes(), "\"21 °C\""),
            (b"\"a\x1b[2J\xc2\x9b\"", "\"a\\u001b[2J\\u009b\""),
            ("\"\u{202e}x\"".as_bytes(), "\"\\u202ex\""),
            (b"\"\xff\xe2\x82\"", "\"\u{fffd}\u{fffd}\""),
            (b"\"\xe2\x82", "\"\u{fffd}"),
            (b"}}]]", "\n}\n}\n]\n]"),
        ] {
            for at_a_time in [1, 2, 3, 100] {
                let shown = pretty(text, at_a_time);
                assert_eq!(shown, want, "{text:?} by {at_a_time}");
            }
        }
    }

    #[test]
    fn depth_costs_no_more_than_its_bytes() {
        let deep = "[".repeat(10_000);
        assert!(pretty(deep.as_bytes(), 7).len() < 10_000 * (2 * MAX_INDENT + 2));
    }
}
