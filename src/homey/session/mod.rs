// SPDX-License-Identifier: MIT OR Apache-2.0
//! The session file's text, version 2: one JSON object with the bearer, how it was got, and what can renew it. Parsing and
//! emitting only; `client::account` owns the file.
//!
//! ```json
//! {"version":2,"kind":"password","hub":"5f00…","name":"Home","token":"…","made":1772352000000,"expires":1772438400000,
//!  "cloud":{"access":"…","access_expires":1772355660000,"refresh":"…"},
//!  "routes":{"local":"https://…","mdns":"homey-….local","relay":"https://…","forwarded":null}}
//! ```
//!
//! Version 1 (`hub`, `token`, `expires`) still loads, as a given bearer. The life cycle of what is held here is [`super::auth`]'s.

mod read;
#[cfg(test)]
mod tests;

use std::fmt;

use super::secret::{Secret, SecretError};

pub use read::parse_session;
pub(super) use read::{hub_name, route};

/// The version that this program writes; it reads this one and those before.
pub const VERSION: u32 = 2;
/// No session file is longer, in bytes.
pub const MAX_FILE: usize = 32 * 1024;
/// The longest hub id, in bytes.
const MAX_HUB: usize = 128;

/// A stored hub session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// How the bearer was got, and so what can renew it.
    pub kind: Kind,
    /// The hub id: the token is good for this hub alone. At most 128 bytes.
    pub hub: String,
    /// The hub's name as the account has it; empty where unknown.
    pub name: String,
    /// The hub's bearer.
    pub token: Secret,
    /// When it was got, in milliseconds since 1970 by the clock here; `None` where unknown.
    pub made: Option<u64>,
    /// When it ends, by the same clock; `None` where unknown or never (an API key).
    pub expires: Option<u64>,
    /// What renews it at the Athom cloud.
    pub cloud: Option<Cloud>,
    /// Where the account says that the hub answers.
    pub routes: Routes,
}

/// How a session was got.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// E-mail and password of the Athom account.
    Password,
    /// Consent in a browser.
    OAuth,
    /// User name and password of the hub itself.
    Local,
    /// Given from outside; nothing renews it.
    Bearer,
    /// An API key: never ends, is never renewed.
    Key,
}

/// Tokens of the Athom cloud (`api.md` 6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cloud {
    /// About an hour good; `None` where only the refresh token is left.
    pub access: Option<Secret>,
    /// When `access` ends, in milliseconds since 1970 by the clock here; 0 where unknown.
    pub access_expires: u64,
    /// Changes with every use.
    pub refresh: Option<Secret>,
}

/// Where a hub answers, as the account's entry says (`objects.md` 1.3). Each at most 255 bytes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Routes {
    /// `localUrlSecure`, else `localUrl`: a URL.
    pub local: Option<Box<str>>,
    /// `mdnsFqdn`: a host name.
    pub mdns: Option<Box<str>>,
    /// `remoteUrl`: a URL at a relay.
    pub relay: Option<Box<str>>,
    /// `remoteUrlForwarded`: a URL at the house's own router.
    pub forwarded: Option<Box<str>>,
}

/// Why a session file's text is no session. Never quotes the text.
#[derive(Clone, PartialEq, Debug)]
pub enum SessionError {
    Empty,
    /// More than 32 KiB.
    TooLong,
    /// Not JSON, cut off, or no object; where.
    NotJson {
        why: String,
    },
    /// Written by a newer version of this program, or `None`: not by this program.
    Version {
        found: Option<f64>,
    },
    /// A member is missing or has another type.
    Member {
        name: &'static str,
    },
    Token(SecretError),
}

const KINDS: [(&str, Kind); 5] = [
    ("password", Kind::Password),
    ("oauth", Kind::OAuth),
    ("local", Kind::Local),
    ("bearer", Kind::Bearer),
    ("key", Kind::Key),
];

impl Kind {
    /// As the file writes it.
    pub fn word(self) -> &'static str {
        let known = KINDS.iter().find(|(_, kind)| *kind == self);
        known.map_or("", |known| known.0)
    }
}

impl Session {
    /// A session of which only the bearer is known.
    pub fn given(kind: Kind, hub: &str, token: Secret) -> Session {
        Session {
            kind,
            hub: hub.to_owned(),
            name: String::new(),
            token,
            made: None,
            expires: None,
            cloud: None,
            routes: Routes::default(),
        }
    }

    /// The file's text. It holds the bearer: for a file of mode 0600 and nothing else.
    pub fn emit(&self) -> String {
        let mut out = format!("{{\"version\":{VERSION}");
        member(&mut out, "kind", Some(self.kind.word()));
        member(&mut out, "hub", Some(&self.hub));
        member(&mut out, "name", Some(&self.name));
        member(&mut out, "token", Some(self.token.expose()));
        number(&mut out, "made", self.made);
        number(&mut out, "expires", self.expires);
        if let Some(cloud) = &self.cloud {
            open(&mut out, "cloud");
            member(
                &mut out,
                "access",
                cloud.access.as_ref().map(Secret::expose),
            );
            number(&mut out, "access_expires", Some(cloud.access_expires));
            member(
                &mut out,
                "refresh",
                cloud.refresh.as_ref().map(Secret::expose),
            );
            out.push('}');
        }
        if self.routes != Routes::default() {
            open(&mut out, "routes");
            member(&mut out, "local", self.routes.local.as_deref());
            member(&mut out, "mdns", self.routes.mdns.as_deref());
            member(&mut out, "relay", self.routes.relay.as_deref());
            member(&mut out, "forwarded", self.routes.forwarded.as_deref());
            out.push('}');
        }
        out.push_str("}\n");
        out
    }
}

/// The name of a member, with the comma before it where it is not the first.
fn name(out: &mut String, name: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push('"');
    out.push_str(name);
    out.push_str("\":");
}

fn member(out: &mut String, key: &str, text: Option<&str>) {
    name(out, key);
    out.push_str(&serde_json::Value::from(text).to_string());
}

fn number(out: &mut String, key: &str, n: Option<u64>) {
    name(out, key);
    out.push_str(&serde_json::Value::from(n).to_string());
}

fn open(out: &mut String, key: &str) {
    name(out, key);
    out.push('{');
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
                "the session file has version {found}, this program reads up to version {VERSION}: a newer homey-panel wrote it; use that one, or log in again"
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
