// SPDX-License-Identifier: MIT OR Apache-2.0
//! Heads made fit for a log: the values of secrets replaced by `<redacted>`, everything else byte for byte.
//!
//! Works on raw bytes, so that it shows what was really on the wire, well-formed or not. It hides what is known to be
//! secret; a bearer in a field of any other name stays visible.

use super::field::{is_tchar, trim};

const REDACTED: &[u8] = b"<redacted>";

/// Fields that hold nothing but secrets.
const SECRET_FIELDS: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
];

/// Words that make a field whose name begins with `X-` a secret one, such as `X-Api-Key` or `X-Auth-Token`.
const SECRET_WORDS: [&str; 6] = ["token", "key", "secret", "auth", "session", "password"];

/// Query members that the login at accounts.athom.com passes in targets and in Location.
const SECRET_MEMBERS: [&str; 10] = [
    "access_token",
    "client_secret",
    "code",
    "email",
    "otptoken",
    "password",
    "refresh_token",
    "state",
    "token",
    "user_token",
];

/// Authorization schemes that may be shown; any other first word may itself be the secret.
const SCHEMES: [&str; 5] = ["bearer", "basic", "digest", "negotiate", "token"];

/// A request or reply head, or several lines of one, with its secrets hidden.
///
/// Hidden are the values of Authorization and Proxy-Authorization (their scheme stays), of Cookie, Set-Cookie and the
/// `X-` fields that are named like a secret, and in all other lines the query members of a login (`code=`, `token=`,
/// …). Takes any bytes; line ends stay as they are.
pub fn redacted(head: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(head.len());
    let mut hiding = false;
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        let text_len = line
            .iter()
            .rposition(|byte| !matches!(byte, b'\r' | b'\n'))
            .map_or(0, |last| last + 1);
        let (text, end) = line.split_at(text_len);
        let folded = matches!(text.first(), Some(b' ' | b'\t'));
        if folded && hiding {
            // An obsolete line folding continues the secret of the line before (RFC 9112 §5.2).
            out.extend_from_slice(REDACTED);
        } else {
            hiding = redact_line(text, &mut out);
        }
        out.extend_from_slice(end);
    }
    out
}

/// Appends one line without its end; says whether its value was a secret.
fn redact_line(line: &[u8], out: &mut Vec<u8>) -> bool {
    let name_len = line
        .iter()
        .position(|&byte| !is_tchar(byte))
        .unwrap_or(line.len());
    let name = line[..name_len].to_ascii_lowercase();
    if !is_secret(&name) {
        redact_members(line, out);
        return false;
    }
    // An unchecked line may have a space before its colon, or no colon at all.
    let is_gap = |byte: &u8| matches!(byte, b' ' | b'\t' | b':');
    let value_start = line[name_len..]
        .iter()
        .position(|byte| !is_gap(byte))
        .map_or(line.len(), |gap| name_len + gap);
    out.extend_from_slice(&line[..value_start]);
    let value = trim(&line[value_start..]);
    if let Some(scheme) = scheme(&name, value) {
        out.extend_from_slice(scheme);
        out.push(b' ');
    }
    if !value.is_empty() {
        out.extend_from_slice(REDACTED);
    }
    true
}

fn is_secret(name: &[u8]) -> bool {
    let contains = |word: &str| name.windows(word.len()).any(|part| part == word.as_bytes());
    SECRET_FIELDS.iter().any(|field| field.as_bytes() == name)
        || (name.starts_with(b"x-") && SECRET_WORDS.iter().any(|word| contains(word)))
}

fn scheme<'a>(name: &[u8], value: &'a [u8]) -> Option<&'a [u8]> {
    let space = value.iter().position(|&byte| byte == b' ')?;
    let word = &value[..space];
    let known = SCHEMES
        .iter()
        .any(|scheme| word.eq_ignore_ascii_case(scheme.as_bytes()));
    (name.ends_with(b"authorization") && known).then_some(word)
}

/// Appends `line` with the values of secret query members hidden.
fn redact_members(line: &[u8], out: &mut Vec<u8>) {
    let mut rest = line;
    while let Some(start) = rest.iter().position(|byte| matches!(byte, b'?' | b'&')) {
        let (before, member) = rest.split_at(start + 1);
        out.extend_from_slice(before);
        rest = member;
        let name_len = member
            .iter()
            .position(|byte| !is_tchar(*byte))
            .unwrap_or(member.len());
        let secret = SECRET_MEMBERS
            .iter()
            .any(|name| member[..name_len].eq_ignore_ascii_case(name.as_bytes()));
        if secret && member.get(name_len) == Some(&b'=') {
            out.extend_from_slice(&member[..=name_len]);
            out.extend_from_slice(REDACTED);
            let ends = |byte: &u8| matches!(byte, b'&' | b'#' | b' ' | b'\t' | b'"');
            rest = &member[member.iter().position(ends).unwrap_or(member.len())..];
        }
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_all_else_stays() {
        let cases: [(&str, &str); 14] = [
            (
                "Authorization: Bearer abc.def\r\n",
                "Authorization: Bearer <redacted>\r\n",
            ),
            (
                "authorization:basic dXNlcjpw",
                "authorization:basic <redacted>",
            ),
            ("Authorization: abc def\n", "Authorization: <redacted>\n"),
            (
                "Authorization : Bearer abc\r\n",
                "Authorization : Bearer <redacted>\r\n",
            ),
            (
                "Authorization Bearer abc\r\n",
                "Authorization Bearer <redacted>\r\n",
            ),
            ("Authorization:\r\n", "Authorization:\r\n"),
            (
                "Proxy-Authorization:  Basic abc",
                "Proxy-Authorization:  Basic <redacted>",
            ),
            (
                "Cookie: a=b; c=d\r\n e=f\r\nAccept: x\r\n y\r\n",
                "Cookie: <redacted>\r\n<redacted>\r\nAccept: x\r\n y\r\n",
            ),
            ("SET-COOKIE: _csrf=AbC; Path=/", "SET-COOKIE: <redacted>"),
            (
                "X-Api-Key: 1\r\nX-Auth-Token: 2\r\nX-Homey-ID: 5f2a",
                "X-Api-Key: <redacted>\r\nX-Auth-Token: <redacted>\r\nX-Homey-ID: 5f2a",
            ),
            (
                "GET /a?client_id=7&user_token=JWT&x=1 HTTP/1.1\r\n\r\n",
                "GET /a?client_id=7&user_token=<redacted>&x=1 HTTP/1.1\r\n\r\n",
            ),
            (
                "Location: http://localhost?code=0123456789",
                "Location: http://localhost?code=<redacted>",
            ),
            (
                "GET /a?tokens=1&barcode=2&code HTTP/1.1",
                "GET /a?tokens=1&barcode=2&code HTTP/1.1",
            ),
            ("", ""),
        ];
        for (head, expected) in cases {
            let shown = redacted(head.as_bytes());
            assert_eq!(String::from_utf8_lossy(&shown), expected);
        }
    }

    #[test]
    fn a_cut_head_shows_no_more_than_a_whole_one() {
        let head = b"GET /a?code=SECRET HTTP/1.1\r\nAuthorization: Bearer SECRET\r\nCookie: SECRET\r\n\r\n";
        for cut in 0..head.len() {
            let shown = redacted(&head[..cut]);
            assert!(
                !String::from_utf8_lossy(&shown).contains("SEC"),
                "cut at {cut}"
            );
        }
    }
}
