// SPDX-License-Identifier: MIT OR Apache-2.0
//! A bearer, kept out of logs: hub session tokens, API keys, cloud access tokens (`api.md` 8).
//!
//! Made from file text by [`Secret::parse`], which forgives what files and copying add (a final line break,
//! the quotes of the JSON string, `api.md` 15 no. 10) and refuses what would break or extend a header line.

use std::fmt;

/// Longer than any token seen (a JWT is 1–2 KB); a whole page pasted into the file is refused.
const MAX_SECRET: usize = 8192;

/// A token. `Debug` and `Display` write `<redacted>`; only [`Secret::expose`] gives the text away.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// What a token's shape says about where it comes from (`api.md` 1, 8; `objects.md` 2.1). A guess for messages, never a
/// reason to refuse: tokens are opaque.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Looks {
    /// `uuid:uuid:40 hex`: a hub session token or an API key.
    HubBearer,
    /// 40 hex digits: an access or refresh token of the Athom cloud.
    CloudToken,
    /// `eyJ….….…`: a delegation or account JWT, to be exchanged for a hub session.
    Jwt,
    Other,
}

/// Why a text is no bearer. Never carries the text itself.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum SecretError {
    Empty,
    /// More than 8192 bytes.
    TooLong,
    /// The word `Bearer` was copied along.
    BearerWord,
    /// The text goes on after a line break.
    LineBreak,
    Nul,
    /// A space, a tab or another control character inside.
    Space,
    /// A character outside ASCII, such as a curly quote, and which.
    NonAscii(char),
}

impl Secret {
    /// Takes the token out of a file's text. Trims white space, a byte order mark and one pair of quotes around it.
    pub fn parse(text: &str) -> Result<Secret, SecretError> {
        let text = text.trim_start_matches('\u{feff}').trim();
        let inner = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        let token = inner.unwrap_or(text).trim();
        if token.is_empty() {
            return Err(SecretError::Empty);
        }
        if token.len() > MAX_SECRET {
            return Err(SecretError::TooLong);
        }
        let word = token.split_ascii_whitespace().next().unwrap_or("");
        if word.len() < token.len() && word.eq_ignore_ascii_case("bearer") {
            return Err(SecretError::BearerWord);
        }
        for c in token.chars() {
            match c {
                '\r' | '\n' => return Err(SecretError::LineBreak),
                '\0' => return Err(SecretError::Nul),
                c if c == ' ' || c.is_ascii_control() => return Err(SecretError::Space),
                c if !c.is_ascii() => return Err(SecretError::NonAscii(c)),
                _ => {}
            }
        }
        Ok(Secret(token.to_owned()))
    }

    /// The text, for the one header line or the one file that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What this token seems to be.
    pub fn looks_like(&self) -> Looks {
        let text = self.0.as_str();
        let hex = |part: &str| part.len() == 40 && part.bytes().all(|b| b.is_ascii_hexdigit());
        let mut parts = text.split(':');
        if let (Some(a), Some(b), Some(c), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        {
            if is_uuid(a) && is_uuid(b) && hex(c) {
                return Looks::HubBearer;
            }
        }
        if hex(text) {
            return Looks::CloudToken;
        }
        if text.starts_with("eyJ") && text.split('.').count() == 3 {
            return Looks::Jwt;
        }
        Looks::Other
    }
}

/// 8-4-4-4-12 hex digits.
fn is_uuid(text: &str) -> bool {
    let mut parts = text.split('-');
    let fits = [8, 4, 4, 4, 12].iter().all(|len| {
        parts
            .next()
            .is_some_and(|p| p.len() == *len && p.bytes().all(|b| b.is_ascii_hexdigit()))
    });
    fits && parts.next().is_none()
}

impl Looks {
    /// The mistake, when such a token stands where a hub bearer is needed; `None` where it may be right.
    pub fn complaint(self) -> Option<&'static str> {
        match self {
            Looks::HubBearer | Looks::Other => None,
            Looks::CloudToken => Some(
                "this looks like a cloud access token; the hub needs an API key or a session token",
            ),
            Looks::Jwt => Some(
                "this looks like a delegation or login token; the hub needs the session token that it is exchanged for, or an API key",
            ),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl Drop for Secret {
    /// Best effort: overwrites the bytes before they go back to the allocator. Copies made elsewhere (a request
    /// head, a kernel buffer) are beyond its reach.
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        // Keeps the compiler from dropping the writes as unread.
        std::hint::black_box(&bytes);
    }
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretError::Empty => f.write_str("the token is empty"),
            SecretError::TooLong => {
                write!(
                    f,
                    "the token is longer than {MAX_SECRET} bytes; put the token alone into the file"
                )
            }
            SecretError::BearerWord => {
                f.write_str("the token starts with the word Bearer; leave that word out")
            }
            SecretError::LineBreak => f.write_str(
                "the token has a line break inside; put it on one line, alone in its file",
            ),
            SecretError::Nul => f.write_str(
                "the token has a NUL byte inside; the file is not plain text or not in UTF-8",
            ),
            SecretError::Space => {
                f.write_str("the token has a space or control character inside; copy it again")
            }
            SecretError::NonAscii(c) => write!(
                f,
                "the token has the character U+{:04X} inside, which no token has; copy it again without decoration",
                u32::from(*c)
            ),
        }
    }
}

impl std::error::Error for SecretError {}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "11111111-2222-4333-8444-555555555555:66666666-7777-4888-9999-aaaaaaaaaaaa:0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn forgives_what_files_and_copying_add() {
        for text in [
            KEY.to_owned(),
            format!("{KEY}\n"),
            format!("  {KEY}\r\n\r\n"),
            format!("\"{KEY}\"\n"),
            format!("\u{feff}\"{KEY}\""),
            format!("\" {KEY} \""),
        ] {
            assert_eq!(Secret::parse(&text).unwrap().expose(), KEY, "{text:?}");
        }
    }

    #[test]
    fn refuses_what_would_break_a_header_line() {
        for (text, want) in [
            ("", SecretError::Empty),
            (" \n", SecretError::Empty),
            ("\"\"", SecretError::Empty),
            ("a\nb", SecretError::LineBreak),
            ("a\rX: y", SecretError::LineBreak),
            ("a\0b", SecretError::Nul),
            ("a b", SecretError::Space),
            ("a\tb", SecretError::Space),
            ("a\u{7f}b", SecretError::Space),
            ("Bearer abc", SecretError::BearerWord),
            ("bearer\nabc", SecretError::BearerWord),
            ("\u{201c}abc\u{201d}", SecretError::NonAscii('\u{201c}')),
        ] {
            let error = Secret::parse(text).unwrap_err();
            assert_eq!(error, want, "{text:?}");
            assert!(!error.to_string().contains("abc"));
        }
        let long = "a".repeat(MAX_SECRET + 1);
        assert_eq!(Secret::parse(&long).unwrap_err(), SecretError::TooLong);
        assert!(Secret::parse(&long[1..]).is_ok());
    }

    #[test]
    fn shows_nothing() {
        let secret = Secret::parse(KEY).unwrap();
        assert_eq!(format!("{secret} {secret:?}"), "<redacted> <redacted>");
        assert_eq!(format!("{:?}", Some(secret)), "Some(<redacted>)");
    }

    #[test]
    fn names_the_mistake() {
        let looks = |text: &str| Secret::parse(text).unwrap().looks_like();
        assert_eq!(looks(KEY), Looks::HubBearer);
        let cloud = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(looks(cloud), Looks::CloudToken);
        assert_eq!(
            looks("eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoiIn0.AAAA"),
            Looks::Jwt
        );
        assert_eq!(looks("token"), Looks::Other);
        assert_eq!(looks(&KEY[1..]), Looks::Other);
        assert_eq!(looks(&format!("{KEY}:x")), Looks::Other);
        let complaint = Looks::CloudToken.complaint().unwrap();
        assert!(complaint.contains("the hub needs an API key"));
        assert_eq!(Looks::HubBearer.complaint(), None);
    }
}
