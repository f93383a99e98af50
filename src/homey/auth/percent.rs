// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names and values of queries and forms (WHATWG URL §5, RFC 3986 §2), both ways.

use crate::homey::text::{cut, percent};

/// The longest value that is taken out of a query, in bytes; a code has 40.
const MAX_VALUE: usize = 4096;

/// `name=value&…`, everything but RFC 3986's unreserved characters encoded: passwords hold `&`, `+`, `%`, spaces and letters
/// outside ASCII.
pub(super) fn form(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        percent(&mut out, name, b"");
        out.push('=');
        percent(&mut out, value, b"");
    }
    out
}

/// The first value of that name in a query without its `?`. What is not UTF-8, or longer than 4 KiB, is none.
pub(super) fn value(query: &str, name: &str) -> Option<String> {
    let found = query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key)? == name).then_some(value)
    })?;
    decode(found)
}

fn decode(text: &str) -> Option<String> {
    if cut(text, MAX_VALUE).len() < text.len() {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'+', _) => out.push(b' '),
            (b'%', [high, low, after @ ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                out.push(hex(*high)? << 4 | hex(*low)?);
                rest = after;
            }
            // A lone % is what it is, as browsers have it.
            _ => out.push(byte),
        }
    }
    String::from_utf8(out).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|d| d as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_out_comes_back() {
        let hard = "p&ss w+rd%20=é\u{1F511}";
        let out = form(&[
            ("email", "panel@example.org"),
            ("password", hard),
            ("otptoken", ""),
        ]);
        assert_eq!(
            out,
            "email=panel%40example.org&password=p%26ss%20w%2Brd%2520%3D%C3%A9%F0%9F%94%91&otptoken="
        );
        assert_eq!(value(&out, "password").as_deref(), Some(hard));
        assert_eq!(value(&out, "otptoken").as_deref(), Some(""));
    }

    #[test]
    fn values_are_found_by_name_whatever_stands_around_them() {
        for (query, want) in [
            ("code=abc", Some("abc")),
            ("state=code%3Dx&code=a%2Fb+c", Some("a/b c")),
            ("c%6Fde=abc", Some("abc")),
            ("xcode=1&code", Some("")),
            ("code=a=b", Some("a=b")),
            ("code=%", Some("%")),
            ("code=%4", Some("%4")),
            ("code=%zz%41", Some("%zzA")),
            ("code=%ff", None),
            ("code=1&code=2", Some("1")),
            ("", None),
            ("&&=&", None),
        ] {
            assert_eq!(value(query, "code").as_deref(), want, "{query}");
        }
        let long = format!("code={}", "a".repeat(MAX_VALUE + 1));
        assert_eq!(value(&long, "code"), None);
    }
}
