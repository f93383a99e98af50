// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the hub says of itself and of our session (`objects.md` 2.2 and 7), and the dialect from it.

use std::io::Read;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess};

use super::loose::{Any, Key, Loose, Shape};
use super::{ReplyError, parse};
use crate::homey::Dialect;

/// More scopes than there are.
const MAX_SCOPES: usize = 64;

/// From `GET /api/manager/system`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SystemInfo {
    /// `homeyPlatformVersion` is there on V3 and absent on V2.
    pub dialect: Dialect,
    /// `homeyVersion`.
    pub version: Option<Box<str>>,
    /// `homeyModelId`, such as `homey4d`.
    pub model_id: Option<Box<str>>,
    /// `homeyModelName`, for people.
    pub model_name: Option<Box<str>>,
    /// The hub id.
    pub cloud_id: Option<Box<str>>,
    /// Such as `Europe/Amsterdam`.
    pub timezone: Option<Box<str>>,
    /// `homeyPlatform`: `local`, or `cloud`.
    pub platform: Option<Box<str>>,
    /// The hub's clock when it answered, in milliseconds since 1970.
    pub now: Option<u64>,
}

impl SystemInfo {
    /// Whether it is Homey Cloud, whose API is the smaller one.
    pub fn is_cloud(&self) -> bool {
        self.platform.as_deref() == Some("cloud")
    }
}

/// From `GET /api/manager/sessions/session/me`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SessionInfo {
    pub id: Option<Box<str>>,
    /// `OAUTH`, `APP` or `PAT` (an API key).
    pub kind: Option<Box<str>>,
    /// What the bearer may really do: `intersectedScopes`, else `scopes`. At most 64.
    pub scopes: Vec<Box<str>>,
    /// `expiresAt` in milliseconds of the hub's clock; V2 only.
    pub expires: Option<u64>,
    /// `createdAt` likewise: the difference is the session's length whatever our clock says.
    pub created: Option<u64>,
}

/// Reads the system information.
pub fn system(mut reader: impl Read) -> Result<SystemInfo, ReplyError> {
    parse(&mut reader, Any(System), "the system information")
}

/// Reads the session.
pub fn session(mut reader: impl Read) -> Result<SessionInfo, ReplyError> {
    parse(&mut reader, Any(Session), "a session")
}

/// The dialect from the reply to [`crate::homey::call::Call::FlowCardProbe`] (`api.md` 3 rule 7): `ownerUri` is V3, `uri` alone is V2.
/// Any status but 2xx, and anything unclear, is [`Dialect::Unknown`]: ask another way.
pub fn probe_dialect(status: u16, body: &[u8]) -> Dialect {
    if !(200..300).contains(&status) {
        return Dialect::Unknown;
    }
    parse(&mut &*body, Any(Card), "a flow card").unwrap_or_default()
}

struct System;

/// Where one member goes.
type Place = fn(&mut SystemInfo) -> &mut Option<Box<str>>;

impl<'de> Shape<'de> for System {
    type Out = SystemInfo;

    fn scalar<E: Error>(self, _: Loose) -> Result<SystemInfo, E> {
        Err(E::custom("no object"))
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<SystemInfo, A::Error> {
        let mut info = SystemInfo::default();
        let place = |name: &str| -> Option<Place> {
            match name {
                "homeyVersion" => Some(|info| &mut info.version),
                "homeyModelId" => Some(|info| &mut info.model_id),
                "homeyModelName" => Some(|info| &mut info.model_name),
                "cloudId" => Some(|info| &mut info.cloud_id),
                "timezone" => Some(|info| &mut info.timezone),
                "homeyPlatform" => Some(|info| &mut info.platform),
                _ => None,
            }
        };
        let mut platform_version = false;
        let key = |name: &str| (name == "homeyPlatformVersion", name == "date", place(name));
        while let Some((platform, date, place)) = map.next_key_seed(Key(key))? {
            platform_version |= platform;
            match place {
                Some(place) => *place(&mut info) = map.next_value::<Loose>()?.into_text(),
                None if date => info.now = map.next_value::<Loose>()?.as_millis(),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        // Its absence says V2 only where the rest of the object is there.
        info.dialect = match (platform_version, &info.version) {
            (true, _) => Dialect::V3,
            (false, Some(_)) => Dialect::V2,
            (false, None) => Dialect::Unknown,
        };
        Ok(info)
    }
}

struct Session;

enum SessionField {
    Id,
    Type,
    Scopes,
    Intersected,
    Expires,
    Created,
    Other,
}

impl<'de> Shape<'de> for Session {
    type Out = SessionInfo;

    fn scalar<E: Error>(self, _: Loose) -> Result<SessionInfo, E> {
        Err(E::custom("no object"))
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<SessionInfo, A::Error> {
        let mut info = SessionInfo::default();
        let mut intersected = None;
        let key = |name: &str| match name {
            "id" => SessionField::Id,
            "type" => SessionField::Type,
            "scopes" => SessionField::Scopes,
            "intersectedScopes" => SessionField::Intersected,
            "expiresAt" => SessionField::Expires,
            "createdAt" => SessionField::Created,
            _ => SessionField::Other,
        };
        while let Some(field) = map.next_key_seed(Key(key))? {
            match field {
                SessionField::Id => info.id = map.next_value::<Loose>()?.into_id(),
                SessionField::Type => info.kind = map.next_value::<Loose>()?.into_text(),
                SessionField::Scopes => {
                    info.scopes = map.next_value_seed(Any(Texts))?.unwrap_or_default();
                }
                SessionField::Intersected => intersected = map.next_value_seed(Any(Texts))?,
                SessionField::Expires => info.expires = map.next_value::<Loose>()?.as_millis(),
                SessionField::Created => info.created = map.next_value::<Loose>()?.as_millis(),
                SessionField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if let Some(scopes) = intersected {
            info.scopes = scopes;
        }
        Ok(info)
    }
}

/// An array's texts; `None` for what is no array.
struct Texts;

impl<'de> Shape<'de> for Texts {
    type Out = Option<Vec<Box<str>>>;

    fn scalar<E: Error>(self, _: Loose) -> Result<Self::Out, E> {
        Ok(None)
    }

    fn seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Out, A::Error> {
        let mut texts = Vec::new();
        while let Some(member) = seq.next_element::<Loose>()? {
            if texts.len() < MAX_SCOPES {
                texts.extend(member.into_text());
            }
        }
        Ok(Some(texts))
    }
}

struct Card;

impl<'de> Shape<'de> for Card {
    type Out = Dialect;

    fn scalar<E: Error>(self, _: Loose) -> Result<Dialect, E> {
        Ok(Dialect::Unknown)
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Dialect, A::Error> {
        let mut dialect = Dialect::Unknown;
        let key = |name: &str| (name == "ownerUri", name == "uri");
        while let Some((owner_uri, uri)) = map.next_key_seed(Key(key))? {
            map.next_value::<IgnoredAny>()?;
            if owner_uri {
                dialect = Dialect::V3;
            } else if uri && dialect == Dialect::Unknown {
                dialect = Dialect::V2;
            }
        }
        Ok(dialect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_its_dialect() {
        let v2 = br#"{"bootId":"b","cloudId":"5f00aa11bb22cc33dd44ff66","cpus":[{"model":"ARMv7"}],"homeyVersion":"13.2.4","homeyModelId":"homey4d","homeyModelName":"Homey Pro (Early 2019)","timezone":"Europe/Amsterdam"}"#;
        let info = system(&v2[..]).unwrap();
        assert_eq!(info.dialect, Dialect::V2);
        assert_eq!(info.version.as_deref(), Some("13.2.4"));
        assert_eq!(info.model_id.as_deref(), Some("homey4d"));
        assert_eq!(info.cloud_id.as_deref(), Some("5f00aa11bb22cc33dd44ff66"));
        let v3 = br#"{"homeyVersion":"13.4.0","homeyPlatform":"local","homeyPlatformVersion":2,"timezone":null}"#;
        assert_eq!(system(&v3[..]).unwrap().dialect, Dialect::V3);
        assert_eq!(system(&b"{}"[..]).unwrap().dialect, Dialect::Unknown);
        let error = system(&b"true"[..]).unwrap_err();
        assert_eq!(error.to_string(), "the reply is not the system information");
    }

    #[test]
    fn the_system_tells_what_it_is_and_its_time() {
        let of = |text: &str| system(text.as_bytes()).unwrap();
        let v3 = of(
            r#"{"homeyVersion":"13.4.0","homeyPlatform":"cloud","homeyPlatformVersion":2,"date":"2026-03-01T20:45:54.744Z","timezone":"Europe/Amsterdam"}"#,
        );
        let want = SystemInfo {
            dialect: Dialect::V3,
            version: Some("13.4.0".into()),
            platform: Some("cloud".into()),
            now: Some(1_772_397_954_744),
            timezone: Some("Europe/Amsterdam".into()),
            ..SystemInfo::default()
        };
        assert_eq!(v3, want);
        assert!(v3.is_cloud());
        let v2 = of(r#"{"homeyVersion":"13.2.4","date":7,"timezone":null}"#);
        assert_eq!(
            (v2.dialect, v2.is_cloud(), v2.now, v2.timezone),
            (Dialect::V2, false, Some(7), None)
        );
        assert_eq!(of("{}"), SystemInfo::default());
        assert!(system(&b"[]"[..]).is_err());
    }

    #[test]
    fn a_session_tells_what_the_bearer_may_do() {
        let v2 = br#"{"id":"66666666","type":"OAUTH","scopes":["homey"],"intersectedScopes":["homey.device.control",7,"homey.flow.start"],"createdAt":"2026-03-01T08:00:00.000Z","expiresAt":"2026-03-02T08:00:00.000Z"}"#;
        let info = session(&v2[..]).unwrap();
        assert_eq!(info.expires.unwrap() - info.created.unwrap(), 86_400_000);
        let scopes: Vec<&str> = info.scopes.iter().map(|s| &**s).collect();
        assert_eq!(scopes, ["homey.device.control", "homey.flow.start"]);
        let v3 = br#"{"id":"6","type":"PAT","intersectedScopes":null,"scopes":["homey"]}"#;
        let info = session(&v3[..]).unwrap();
        assert_eq!((info.scopes.len(), info.expires), (1, None));
    }

    #[test]
    fn the_probe_tells_the_dialect_or_nothing() {
        let v2 = br#"{"uri":"homey:manager:flow","uriObj":null,"id":"programmatic_trigger"}"#;
        let v3 = br#"{"id":"homey:manager:flow:programmatic_trigger","ownerUri":"homey:manager:flow","uri":"x"}"#;
        assert_eq!(probe_dialect(200, v2), Dialect::V2);
        assert_eq!(probe_dialect(200, v3), Dialect::V3);
        assert_eq!(probe_dialect(404, v3), Dialect::Unknown);
        assert_eq!(probe_dialect(200, b"<html>"), Dialect::Unknown);
        assert_eq!(probe_dialect(200, b"[]"), Dialect::Unknown);
    }
}
