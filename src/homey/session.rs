// SPDX-License-Identifier: MIT OR Apache-2.0
//! The session file's text: `{"version":1,"hub":"…","token":"…","expires":…}`. Parsing and emitting only; whoever owns the file
//! reads it, and writes it whole, mode 0600, by rename.
//!
//! The life cycle of tokens — who renews what and when — belongs to the coming `auth` module, which will read and make these.

use std::fmt;

use super::reply::ReplyError;
use super::reply::loose::{Any, Key, Loose, Shape};
use super::reply::parse;
use super::secret::{Secret, SecretError};
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess};

/// The version that this program writes and reads.
pub const VERSION: u32 = 1;
const MAX_FILE: usize = 16 * 1024;
const MAX_HUB: usize = 128;

/// A stored hub session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// The hub id: the token is good for this hub alone.
    pub hub: String,
    pub token: Secret,
    /// When the session ends, in milliseconds of the hub's clock; `None` where unknown (V3) or never (an API key).
    pub expires: Option<u64>,
}

/// Why a session file's text is no session. Never quotes the text.
#[derive(Clone, PartialEq, Debug)]
pub enum SessionError {
    Empty,
    /// More than 16 KiB.
    TooLong,
    /// Not JSON, cut off, or no object; where.
    NotJson {
        why: String,
    },
    /// Written by another version of this program, or `None`: not by this program.
    Version {
        found: Option<f64>,
    },
    /// A member is missing or has another type.
    Member {
        name: &'static str,
    },
    Token(SecretError),
}

/// Reads a session file's text. Unknown members are ignored.
pub fn parse_session(text: &[u8]) -> Result<Session, SessionError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if text.trim_ascii().is_empty() {
        return Err(SessionError::Empty);
    }
    if text.len() > MAX_FILE {
        return Err(SessionError::TooLong);
    }
    let raw = parse(&mut &*text, Any(Raw::default()), "a session object").map_err(not_json)?;
    match raw.version {
        Loose::Number(version) if version == f64::from(VERSION) => {}
        other => {
            let found = other.as_number();
            return Err(SessionError::Version { found });
        }
    }
    let hub = raw
        .hub
        .into_text()
        .filter(|hub| !hub.is_empty() && hub.len() <= MAX_HUB && !hub.contains(char::is_control));
    let token = raw.token.ok_or(SessionError::Member { name: "token" })?;
    let expires = match &raw.expires {
        Loose::Null => None,
        other => Some(
            other
                .as_millis()
                .ok_or(SessionError::Member { name: "expires" })?,
        ),
    };
    Ok(Session {
        hub: hub.ok_or(SessionError::Member { name: "hub" })?.into(),
        token: Secret::parse(&token).map_err(SessionError::Token)?,
        expires,
    })
}

impl Session {
    /// The file's text. It holds the bearer: for a file of mode 0600 and nothing else.
    pub fn emit(&self) -> String {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        let expires = self.expires.map_or("null".to_owned(), |ms| ms.to_string());
        format!(
            "{{\"version\":{VERSION},\"hub\":{},\"token\":{},\"expires\":{expires}}}\n",
            text(&self.hub),
            text(self.token.expose())
        )
    }
}

fn not_json(error: ReplyError) -> SessionError {
    SessionError::NotJson {
        why: error.to_string().replacen("the reply", "it", 1),
    }
}

#[derive(Default)]
struct Raw {
    version: Loose,
    hub: Loose,
    /// Whole: tokens may be longer than what [`Loose`] keeps.
    token: Option<String>,
    expires: Loose,
}

impl<'de> Shape<'de> for Raw {
    type Out = Raw;

    fn scalar<E: Error>(self, _: Loose) -> Result<Raw, E> {
        Err(E::custom("no object"))
    }

    fn seq<A: SeqAccess<'de>>(self, _: A) -> Result<Raw, A::Error> {
        Err(A::Error::custom("no object"))
    }

    fn map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Raw, A::Error> {
        let key = |name: &str| match name {
            "version" => 1,
            "hub" => 2,
            "token" => 3,
            "expires" => 4,
            _ => 0,
        };
        while let Some(member) = map.next_key_seed(Key(key))? {
            match member {
                1 => self.version = map.next_value()?,
                2 => self.hub = map.next_value()?,
                3 => self.token = Some(map.next_value()?),
                4 => self.expires = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(self)
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SessionError::Empty => f.write_str("the session file is empty; log in again"),
            SessionError::TooLong => write!(
                f,
                "the session file is longer than {MAX_FILE} bytes, so it is no session file; check its path"
            ),
            SessionError::NotJson { why } => {
                write!(f, "the session file is damaged ({why}); log in again")
            }
            SessionError::Version { found: Some(found) } => write!(
                f,
                "the session file has version {found}, this program reads version {VERSION}; log in again"
            ),
            SessionError::Version { found: None } => f.write_str(
                "the session file has no version, so this program did not write it; check its path or log in again",
            ),
            SessionError::Member { name } => {
                write!(f, "the session file has no usable \"{name}\"; log in again")
            }
            SessionError::Token(error) => {
                write!(f, "the session file's token is unusable: {error}; log in again")
            }
        }
    }
}

impl std::error::Error for SessionError {}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\"version\":1,\"hub\":\"5f00aa11bb22cc33dd44ff66\",\"token\":\"abc:def\",\"expires\":1772438400000}\n";

    #[test]
    fn parse_and_emit_are_a_pair() {
        let session = parse_session(TEXT.as_bytes()).unwrap();
        assert_eq!(session.hub, "5f00aa11bb22cc33dd44ff66");
        assert_eq!(session.token.expose(), "abc:def");
        assert_eq!(session.expires, Some(1_772_438_400_000));
        assert_eq!(session.emit(), TEXT);
        assert!(!format!("{session:?}").contains("abc"));
        let text = TEXT.replace("1772438400000", "null");
        assert_eq!(parse_session(text.as_bytes()).unwrap().emit(), text);
        let iso = TEXT.replace("1772438400000", "\"2026-03-02T08:00:00.000Z\"");
        assert_eq!(parse_session(iso.as_bytes()).unwrap(), session);
        let more = TEXT.replace("{\"version\"", "{\"note\":[1,{}],\"version\"");
        assert_eq!(parse_session(more.as_bytes()).unwrap(), session);
        let long = Session {
            token: Secret::parse(&"x".repeat(2000)).unwrap(),
            ..session
        };
        assert_eq!(parse_session(long.emit().as_bytes()).unwrap(), long);
    }

    #[test]
    fn errors_name_what_is_wrong() {
        use SessionError::*;
        let replaced = |from: &str, to: &str| parse_session(TEXT.replace(from, to).as_bytes());
        assert_eq!(parse_session(b" \n"), Err(Empty));
        assert_eq!(parse_session(&[b' '; MAX_FILE + 1]), Err(Empty));
        assert_eq!(parse_session(&[b'x'; MAX_FILE + 1]), Err(TooLong));
        assert_eq!(replaced(":1,", ":2,"), Err(Version { found: Some(2.0) }));
        assert_eq!(replaced("version", "v"), Err(Version { found: None }));
        assert_eq!(replaced("hub", "h"), Err(Member { name: "hub" }));
        assert_eq!(
            replaced("\"5f00aa11bb22cc33dd44ff66\"", "7"),
            Err(Member { name: "hub" })
        );
        assert_eq!(replaced("token", "t"), Err(Member { name: "token" }));
        assert_eq!(
            replaced("1772438400000", "true"),
            Err(Member { name: "expires" })
        );
        assert_eq!(replaced("abc:def", ""), Err(Token(SecretError::Empty)));
        assert_eq!(
            replaced("abc:def", "a\\nb"),
            Err(Token(SecretError::LineBreak))
        );
        for text in ["[]", "true", "{", "null", "\"abc\"", "x"] {
            let error = parse_session(text.as_bytes()).unwrap_err();
            assert!(matches!(error, NotJson { .. }), "{text} {error}");
        }
    }

    #[test]
    fn a_file_cut_at_any_byte_is_an_error() {
        let whole = TEXT.trim_end();
        for end in 0..whole.len() {
            assert!(parse_session(&whole.as_bytes()[..end]).is_err(), "{end}");
        }
    }
}
