// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a person logs in with, and the text of `password.json`, where it is kept if that was asked for.

use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess};

use crate::homey::reply::loose::{Any, Key, Loose, Shape};
use crate::homey::reply::parse;
use crate::homey::session::Kind;

/// No password and no name is longer, in bytes.
const MAX: usize = 1024;

/// A text that is shown nowhere and, unlike a bearer, may hold any characters but line breaks.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Takes a line's end off. `None`: nothing is left, it is longer than 1024 bytes, or it has control characters inside.
    pub fn parse(text: &str) -> Option<Password> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let good = !text.is_empty() && text.len() <= MAX && !text.contains(char::is_control);
        good.then(|| Password(text.to_owned()))
    }

    /// The text, for the one form that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl Drop for Password {
    /// As [`crate::homey::secret::Secret`] does it: best effort.
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        std::hint::black_box(&bytes);
    }
}

/// Who logs in, and with what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Login {
    /// [`Kind::Password`]: of the account; [`Kind::Local`]: of the hub.
    pub kind: Kind,
    /// The e-mail address, or the local user's name.
    pub name: String,
    pub password: Password,
}

impl Login {
    /// The text of `password.json`.
    pub fn emit(&self) -> String {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        format!(
            "{{\"version\":1,\"kind\":\"{}\",\"name\":{},\"password\":{}}}\n",
            self.kind.word(),
            text(&self.name),
            text(self.password.expose())
        )
    }

    /// Reads `password.json`; `None` where it is not one.
    pub fn parse(text: &[u8]) -> Option<Login> {
        let raw = parse(&mut &*text, Any(Raw::default()), "a login").ok()?;
        if raw.version.as_number() != Some(1.0) {
            return None;
        }
        let kind = match raw.kind.into_text()?.as_ref() {
            "password" => Kind::Password,
            "local" => Kind::Local,
            _ => return None,
        };
        let name = raw.name?;
        Some(Login {
            kind,
            name: Some(name).filter(|n| !n.is_empty() && n.len() <= MAX)?,
            password: Password::parse(&raw.password?)?,
        })
    }
}

#[derive(Default)]
struct Raw {
    version: Loose,
    kind: Loose,
    name: Option<String>,
    password: Option<String>,
}

impl<'de> Shape<'de> for Raw {
    type Out = Raw;

    fn scalar<E: Error>(self, _: Loose) -> Result<Raw, E> {
        Err(E::custom("no object"))
    }

    fn map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Raw, A::Error> {
        let names = ["version", "kind", "name", "password"];
        let key = |name: &str| names.iter().position(|known| *known == name);
        while let Some(member) = map.next_key_seed(Key(key))? {
            match member {
                Some(0) => self.version = map.next_value()?,
                Some(1) => self.kind = map.next_value()?,
                Some(2) => self.name = map.next_value()?,
                Some(_) => self.password = map.next_value()?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_login_is_read_as_it_was_written() {
        let login = Login {
            kind: Kind::Password,
            name: "panel@example.org".into(),
            password: Password::parse("p&ss \"w\" é\r\n").unwrap(),
        };
        let text = login.emit();
        assert_eq!(
            text,
            "{\"version\":1,\"kind\":\"password\",\"name\":\"panel@example.org\",\"password\":\"p&ss \\\"w\\\" é\"}\n"
        );
        assert_eq!(Login::parse(text.as_bytes()), Some(login.clone()));
        assert!(!format!("{login:?}").contains("p&ss"));
        for end in 0..text.len() - 1 {
            assert_eq!(Login::parse(&text.as_bytes()[..end]), None);
        }
        for (from, to) in [
            (":1", ":2"),
            ("\"password\",", "\"key\","),
            ("name", "n"),
            ("panel@example.org", ""),
        ] {
            assert_eq!(
                Login::parse(text.replacen(from, to, 1).as_bytes()),
                None,
                "{from}"
            );
        }
    }

    #[test]
    fn what_is_no_password_is_refused() {
        for text in ["", "\n", "a\nb", "a\0b", &"a".repeat(MAX + 1)] {
            assert_eq!(Password::parse(text), None);
        }
        assert_eq!(Password::parse(" a \n").unwrap().expose(), " a ");
    }
}
