// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a terminal's keyboard sends, as keys: UTF-8 characters and controls. Escape sequences (ECMA-48,
//! xterm's ctlseqs) and pastes are read to their end and dropped. Pure.

use std::time::Duration;

use crate::time::Time;

/// A key that means something to us.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Key {
    /// A printing character.
    Char(char),
    /// A control character, by its letter: `C` for Ctrl-C.
    Ctrl(char),
}

/// Reads keys from bytes that arrive in any pieces.
#[derive(Default)]
pub struct Keys {
    state: State,
    last: Time,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
enum State {
    #[default]
    Ground,
    /// So many more bytes of a UTF-8 character.
    Utf8 {
        left: u8,
        code: u32,
        least: u32,
    },
    Escape,
    /// Inside a control sequence, with its number so far.
    Csi {
        number: u32,
    },
    /// One more byte, then it is over (SS3).
    Last,
    /// A string sequence: until BEL or ESC \.
    Text {
        escape: bool,
    },
    /// Between ESC[200~ and ESC[201~, with so many bytes of the end seen.
    Paste {
        matched: usize,
    },
}

/// An unfinished sequence is given up after this: a person pressed Escape.
const GAP: Duration = Duration::from_millis(300);
/// The same inside a paste, which a slow link may cut.
const PASTE_GAP: Duration = Duration::from_secs(2);
const PASTE_END: &[u8] = b"\x1b[201~";

impl Keys {
    /// Takes the next bytes and calls `take` with each key that they complete.
    pub fn feed(&mut self, bytes: &[u8], now: Time, mut take: impl FnMut(Key)) {
        let gap = if matches!(self.state, State::Paste { .. }) {
            PASTE_GAP
        } else {
            GAP
        };
        if now.since(self.last) >= gap {
            self.state = State::Ground;
        }
        self.last = now;
        for &byte in bytes {
            self.state = step(self.state, byte, &mut take);
        }
    }
}

fn step(state: State, byte: u8, take: &mut impl FnMut(Key)) -> State {
    match (state, byte) {
        (State::Paste { matched }, _) => match PASTE_END {
            end if end.get(matched) == Some(&byte) && matched + 1 == end.len() => State::Ground,
            end if end.get(matched) == Some(&byte) => State::Paste {
                matched: matched + 1,
            },
            _ => State::Paste {
                matched: usize::from(byte == 0x1b),
            },
        },
        (State::Text { .. }, 0x07) | (State::Text { escape: true }, b'\\') => State::Ground,
        (State::Text { .. }, _) => State::Text {
            escape: byte == 0x1b,
        },
        (_, 0x1b) => State::Escape,
        (State::Utf8 { left, code, least }, 0x80..=0xbf) => {
            let code = code << 6 | u32::from(byte & 0x3f);
            if left > 1 {
                return State::Utf8 {
                    left: left - 1,
                    code,
                    least,
                };
            }
            if let Some(c) = char::from_u32(code).filter(|c| code >= least && !c.is_control()) {
                take(Key::Char(c));
            }
            State::Ground
        }
        (State::Ground | State::Utf8 { .. }, _) => ground(byte, take),
        (State::Escape, b'[') => State::Csi { number: 0 },
        (State::Escape, b'O') => State::Last,
        (State::Escape, b']' | b'P' | b'X' | b'^' | b'_') => State::Text { escape: false },
        // Alt and a character, or the end of a two-byte sequence: not ours.
        (State::Escape | State::Last, _) => State::Ground,
        (State::Csi { number: 200 }, b'~') => State::Paste { matched: 0 },
        (State::Csi { number }, b'0'..=b'9') => State::Csi {
            number: number
                .saturating_mul(10)
                .saturating_add(u32::from(byte - b'0')),
        },
        (State::Csi { .. }, b' '..=b'?') => State::Csi { number: 0 },
        // A control inside a sequence is obeyed: Ctrl-C always ends us.
        (State::Csi { .. }, 0x00..=0x1f) => ground(byte, take),
        (State::Csi { .. }, _) => State::Ground,
    }
}

fn ground(byte: u8, take: &mut impl FnMut(Key)) -> State {
    match byte {
        0x01..=0x1a | 0x1c..=0x1f => take(Key::Ctrl(char::from(byte + 0x40))),
        b' '..=b'~' => take(Key::Char(char::from(byte))),
        0xc2..=0xdf => {
            return State::Utf8 {
                left: 1,
                code: u32::from(byte & 0x1f),
                least: 0x80,
            };
        }
        0xe0..=0xef => {
            return State::Utf8 {
                left: 2,
                code: u32::from(byte & 0x0f),
                least: 0x800,
            };
        }
        0xf0..=0xf4 => {
            return State::Utf8 {
                left: 3,
                code: u32::from(byte & 0x07),
                least: 0x1_0000,
            };
        }
        _ => {}
    }
    State::Ground
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(pieces: &[&[u8]]) -> String {
        let mut keys = Keys::default();
        let mut seen = String::new();
        for piece in pieces {
            keys.feed(piece, Time::from_millis(1), |key| match key {
                Key::Char(c) => seen.push(c),
                Key::Ctrl(c) => seen.extend(['^', c]),
            });
        }
        seen
    }

    #[test]
    fn keys_are_the_same_however_the_bytes_are_cut() {
        let table: &[(&[u8], &str)] = &[
            (b"1aA+", "1aA+"),
            ("äß日🛋".as_bytes(), "äß日🛋"),
            (b"\x03\x1a\x0c\r\x7f\x00", "^C^Z^L^M"),
            (b"a\x1b[Ab\x1b[1;5Cc\x1bOPd\x1b[15~e", "abcde"),
            (b"a\x1bxb", "ab"),
            (b"a\x1b[200~rm -rf\n\x1b[20\x1b[201~b", "ab"),
            (b"a\x1b]11;rgb:00/00/00\x07b\x1bP1$r\x1b\\c", "abc"),
            (b"a\x1b[<0;10;20Mb", "ab"),
            (b"a\xff\xc0\xafb\xe0\x80\x80c\xed\xa0\x80d", "abcd"),
            (b"\xc3a", "a"),
            (b"\x1b[12\x03", "^C"),
            (b"\x1b\x1b[Ax", "x"),
            (b"\x1b[99999999999999999999~x", "x"),
        ];
        for (bytes, want) in table {
            assert_eq!(keys(&[bytes]), *want, "{bytes:?}");
            for at in 1..bytes.len() {
                assert_eq!(
                    keys(&[&bytes[..at], &bytes[at..]]),
                    *want,
                    "{bytes:?} cut at {at}"
                );
            }
        }
    }

    #[test]
    fn a_lone_escape_does_not_swallow_the_next_key_for_long() {
        let mut keys = Keys::default();
        let mut seen = Vec::new();
        keys.feed(b"\x1b", Time::from_millis(1000), |key| seen.push(key));
        keys.feed(b"q", Time::from_millis(1400), |key| seen.push(key));
        keys.feed(b"\x1b[200~pas", Time::from_millis(2000), |key| {
            seen.push(key)
        });
        keys.feed(b"ted", Time::from_millis(3000), |key| seen.push(key));
        keys.feed(b"x", Time::from_millis(6000), |key| seen.push(key));
        assert_eq!(seen, [Key::Char('q'), Key::Char('x')]);
    }
}
