// SPDX-License-Identifier: MIT OR Apache-2.0
//! The grammar that request and reply heads share: tokens, optional whitespace and lists (RFC 9110 §5.6).
//!
//! Knows characters and commas; must not know what any field means.

/// Whether `byte` may stand in a token, so in a method, a field name or the name of a coding.
///
/// RFC 9110 §5.6.2: `tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" /
/// DIGIT / ALPHA`.
pub const fn is_tchar(byte: u8) -> bool {
    matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
        || byte.is_ascii_alphanumeric()
}

/// Whether `bytes` is a token: at least one byte, all of them [`is_tchar`].
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| is_tchar(byte))
}

/// `bytes` without optional whitespace, spaces and tabs, at both ends (RFC 9110 §5.6.3).
pub(super) fn trim(bytes: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = bytes.iter().position(is_text).unwrap_or(bytes.len());
    let end = bytes
        .iter()
        .rposition(is_text)
        .map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// The elements of a comma-separated list, trimmed, without the empty ones.
///
/// RFC 9110 §5.6.1.2: "a recipient MUST parse and ignore a reasonable number of empty list elements". Commas in quoted
/// strings are not understood: no list read here has any.
pub(super) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|&byte| byte == b',')
        .map(trim)
        .filter(|element| !element.is_empty())
}

/// The number that `bytes` writes as `1*DIGIT`; none where there is any other byte, a sign, nothing, or more than 64 bits.
///
/// `str::parse` is not used because it takes a leading `+`.
pub(super) fn digits(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() {
        return None;
    }
    bytes.iter().try_fold(0u64, |value, &byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// At most `MAX_SHOWN` characters of what a peer or a user wrote, fit for one line of an error message.
///
/// Tabs become spaces and other control characters U+FFFD, so that a terminal is not at the mercy of a server.
pub(super) fn shown(bytes: &[u8]) -> String {
    const MAX_SHOWN: usize = 40;
    // Four bytes is the longest UTF-8 character, so this cuts no character that would be shown.
    let head = &bytes[..bytes.len().min(4 * (MAX_SHOWN + 1))];
    let mut chars = String::from_utf8_lossy(head)
        .chars()
        .map(printable)
        .collect::<Vec<_>>();
    if chars.len() > MAX_SHOWN {
        chars.truncate(MAX_SHOWN);
        chars.push('…');
    }
    chars.into_iter().collect()
}

fn printable(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tchar_is_exactly_the_set_of_the_rfc() {
        let set = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        for byte in 0..=255u8 {
            assert_eq!(is_tchar(byte), set.contains(&byte), "byte {byte:#04x}");
        }
        assert!(!is_token(b""));
    }

    #[test]
    fn trimming_takes_spaces_and_tabs_only() {
        assert_eq!(trim(b" \t a b\t "), b"a b");
        assert_eq!(trim(b" \t "), b"");
        assert_eq!(trim(b"\ra\n"), b"\ra\n");
    }

    #[test]
    fn lists_drop_empty_elements() {
        let found: Vec<&[u8]> = elements(b", a,,b c\t,").collect();
        assert_eq!(found, [&b"a"[..], b"b c"]);
        assert_eq!(elements(b" , ,").count(), 0);
    }

    #[test]
    fn digits_take_nothing_but_digits() {
        let cases: [(&[u8], Option<u64>); 9] = [
            (b"0", Some(0)),
            (b"007", Some(7)),
            (b"18446744073709551615", Some(u64::MAX)),
            (b"18446744073709551616", None),
            (b"", None),
            (b"+5", None),
            (b"-5", None),
            (b"0x5", None),
            (b"5 ", None),
        ];
        for (bytes, value) in cases {
            assert_eq!(digits(bytes), value, "{}", shown(bytes));
        }
    }

    #[test]
    fn what_is_shown_is_short_and_has_no_control_characters() {
        assert_eq!(shown("“Accept".as_bytes()), "“Accept");
        assert_eq!(shown(b"a\x1b[2J\t\0"), "a\u{fffd}[2J \u{fffd}");
        assert_eq!(shown(&[b'x'; 40]), "x".repeat(40));
        assert_eq!(shown(&[b'x'; 41]), "x".repeat(40) + "…");
        assert_eq!(
            shown("é".repeat(500).as_bytes()),
            format!("{}…", "é".repeat(40))
        );
    }
}
