// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cases of `tests/data/replies`, as far as bytes go: what the server sends. The format stands in `tests/http_replies.rs`.

/// What a server sends.
pub struct Case {
    pub head_only: bool,
    pub sent: Vec<u8>,
}

/// All cases of one file.
pub fn cases(text: &str) -> Vec<Case> {
    text.split("\ncase: ").skip(1).map(case).collect()
}

fn case(block: &str) -> Case {
    let mut case = Case {
        head_only: false,
        sent: Vec::new(),
    };
    for line in block.lines().filter(|line| !line.starts_with('#')) {
        let Some((key, value)) = line.split_once(": ") else {
            continue;
        };
        match key {
            "method" => case.head_only = value == "HEAD",
            "send" => case.sent.extend(unescape(value)),
            "repeat" => {
                let (times, bytes) = value.split_once(' ').expect("a number and bytes");
                let times: usize = times.parse().expect("a number");
                case.sent.extend(unescape(bytes).repeat(times.min(20_000)));
            }
            "base64" => case.sent.extend(base64(value)),
            _ => {}
        }
    }
    case
}

/// The bytes of `text`, in which `\r`, `\n`, `\t`, `\0`, `\\` and `\xHH` stand for one byte each.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next() {
                Some(b'r') => b'\r',
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(b'0') => 0,
                Some(b'x') => {
                    let digit = |digit: Option<u8>| char::from(digit.unwrap_or(b'0')).to_digit(16);
                    let high = digit(rest.next()).unwrap_or(0);
                    (high * 16 + digit(rest.next()).unwrap_or(0)) as u8
                }
                other => other.unwrap_or(b'\\'),
            },
            byte => byte,
        });
    }
    bytes
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0u32, 0);
    let digits = text
        .bytes()
        .filter_map(|byte| DIGITS.iter().position(|digit| *digit == byte));
    for digit in digits {
        bits = bits << 6 | digit as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
