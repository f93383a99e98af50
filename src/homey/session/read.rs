// SPDX-License-Identifier: MIT OR Apache-2.0
//! A session file's text to a [`Session`], in its versions.

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess};

use super::{Cloud, KINDS, Kind, MAX_FILE, MAX_HUB, Routes, Session, SessionError, VERSION};
use crate::homey::MAX_TEXT;
use crate::homey::reply::ReplyError;
use crate::homey::reply::loose::{Any, Key, Loose, Shape};
use crate::homey::reply::parse;
use crate::homey::secret::Secret;
use crate::homey::text::cut;

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
    let version = match raw.version {
        Loose::Number(version) => version,
        other => {
            let found = other.as_number();
            return Err(SessionError::Version { found });
        }
    };
    let first = version == 1.0;
    if !first && version != f64::from(VERSION) {
        let found = Some(version);
        return Err(SessionError::Version { found });
    }
    let kind = match raw.kind.into_text() {
        // Version 1 was written by hand, around a bearer.
        _ if first => Some(Kind::Bearer),
        Some(word) => KINDS.iter().find(|known| known.0 == &*word).map(|k| k.1),
        None => None,
    };
    let hub = raw
        .hub
        .into_text()
        .filter(|hub| !hub.is_empty() && hub.len() <= MAX_HUB && !hub.contains(char::is_control));
    let token = raw.token.ok_or(SessionError::Member { name: "token" })?;
    Ok(Session {
        kind: kind.ok_or(SessionError::Member { name: "kind" })?,
        hub: hub.ok_or(SessionError::Member { name: "hub" })?.into(),
        name: raw.name.into_text().map(String::from).unwrap_or_default(),
        token: Secret::parse(&token).map_err(SessionError::Token)?,
        made: time(&raw.made, "made")?,
        expires: time(&raw.expires, "expires")?,
        cloud: raw.cloud.map(cloud).transpose()?,
        routes: raw.routes,
    })
}

fn time(member: &Loose, name: &'static str) -> Result<Option<u64>, SessionError> {
    match member {
        Loose::Null => Ok(None),
        other => match other.as_millis() {
            Some(ms) => Ok(Some(ms)),
            None => Err(SessionError::Member { name }),
        },
    }
}

fn cloud(raw: RawCloud) -> Result<Cloud, SessionError> {
    let secret = |text: Option<String>| text.map(|text| Secret::parse(&text)).transpose();
    Ok(Cloud {
        access: secret(raw.access).map_err(SessionError::Token)?,
        access_expires: time(&raw.expires, "access_expires")?.unwrap_or(0),
        refresh: secret(raw.refresh).map_err(SessionError::Token)?,
    })
}

fn not_json(error: ReplyError) -> SessionError {
    SessionError::NotJson {
        why: error.to_string().replacen("the reply", "it", 1),
    }
}

#[derive(Default)]
struct Raw {
    version: Loose,
    kind: Loose,
    hub: Loose,
    name: Loose,
    /// Whole: tokens may be longer than what [`Loose`] keeps.
    token: Option<String>,
    made: Loose,
    expires: Loose,
    cloud: Option<RawCloud>,
    routes: Routes,
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
        let names = [
            "version", "kind", "hub", "name", "token", "made", "expires", "cloud", "routes",
        ];
        let key = |name: &str| names.iter().position(|known| *known == name);
        while let Some(member) = map.next_key_seed(Key(key))? {
            match member {
                Some(4) => self.token = Some(map.next_value()?),
                Some(7) => self.cloud = map.next_value_seed(Any(RawCloud::default()))?,
                Some(8) => self.routes = map.next_value_seed(Any(RouteShape))?,
                Some(member) => {
                    let value = map.next_value()?;
                    *match member {
                        0 => &mut self.version,
                        1 => &mut self.kind,
                        2 => &mut self.hub,
                        3 => &mut self.name,
                        5 => &mut self.made,
                        _ => &mut self.expires,
                    } = value;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(self)
    }
}

#[derive(Default)]
struct RawCloud {
    access: Option<String>,
    expires: Loose,
    refresh: Option<String>,
}

impl<'de> Shape<'de> for RawCloud {
    type Out = Option<RawCloud>;

    fn scalar<E: Error>(self, _: Loose) -> Result<Self::Out, E> {
        Ok(None)
    }

    fn map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Out, A::Error> {
        let key = |name: &str| match name {
            "access" => 1,
            "access_expires" => 2,
            "refresh" => 3,
            _ => 0,
        };
        while let Some(member) = map.next_key_seed(Key(key))? {
            match member {
                1 => self.access = map.next_value()?,
                2 => self.expires = map.next_value()?,
                3 => self.refresh = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some(self))
    }
}

struct RouteShape;

impl<'de> Shape<'de> for RouteShape {
    type Out = Routes;

    fn scalar<E: Error>(self, _: Loose) -> Result<Routes, E> {
        Ok(Routes::default())
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Routes, A::Error> {
        let mut routes = Routes::default();
        let key = |name: &str| match name {
            "local" => 1,
            "mdns" => 2,
            "relay" => 3,
            "forwarded" => 4,
            _ => 0,
        };
        while let Some(member) = map.next_key_seed(Key(key))? {
            let route = map.next_value::<Loose>()?.into_text().and_then(route);
            match member {
                1 => routes.local = route,
                2 => routes.mdns = route,
                3 => routes.relay = route,
                4 => routes.forwarded = route,
                _ => {}
            }
        }
        Ok(routes)
    }
}

/// A URL or host name of printable ASCII; one that was cut leads elsewhere, so it is left out.
pub(in crate::homey) fn route(text: Box<str>) -> Option<Box<str>> {
    let good =
        !text.is_empty() && text.len() < MAX_TEXT && text.bytes().all(|b| b.is_ascii_graphic());
    good.then_some(text)
}

/// A hub's name fit for a file and for a line: cut, without control characters.
pub(in crate::homey) fn hub_name(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control()).collect();
    cut(&plain, MAX_TEXT).to_owned()
}
