// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a desk has to know of the hub beside its name: which API it has, its clock and its time zone (`objects.md` 7).

use std::io::Read;

use serde::de::{Error, IgnoredAny, MapAccess};

use super::loose::{Any, Key, Loose, Shape};
use super::{ReplyError, parse};
use crate::homey::Dialect;

/// From `GET /api/manager/system`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct About {
    pub dialect: Dialect,
    /// It is Homey Cloud, whose API is the smaller one.
    pub cloud: bool,
    /// The hub's clock when it answered, in milliseconds since 1970.
    pub now: Option<u64>,
    /// Such as `Europe/Amsterdam`.
    pub timezone: Option<Box<str>>,
}

/// Reads the system information.
pub fn about(mut reader: impl Read) -> Result<About, ReplyError> {
    parse(&mut reader, Any(System), "the system information")
}

struct System;

enum Field {
    Version,
    Platform,
    PlatformVersion,
    Date,
    Timezone,
    Other,
}

impl<'de> Shape<'de> for System {
    type Out = About;

    fn scalar<E: Error>(self, _: Loose) -> Result<About, E> {
        Err(E::custom("no object"))
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<About, A::Error> {
        let mut about = About::default();
        let key = |name: &str| match name {
            "homeyVersion" => Field::Version,
            "homeyPlatform" => Field::Platform,
            "homeyPlatformVersion" => Field::PlatformVersion,
            "date" => Field::Date,
            "timezone" => Field::Timezone,
            _ => Field::Other,
        };
        while let Some(field) = map.next_key_seed(Key(key))? {
            match field {
                Field::Version if about.dialect == Dialect::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                    about.dialect = Dialect::V2;
                }
                Field::PlatformVersion => {
                    map.next_value::<IgnoredAny>()?;
                    about.dialect = Dialect::V3;
                }
                Field::Platform => {
                    let platform = map.next_value::<Loose>()?.into_text();
                    about.cloud = platform.as_deref() == Some("cloud");
                }
                Field::Date => about.now = map.next_value::<Loose>()?.as_millis(),
                Field::Timezone => about.timezone = map.next_value::<Loose>()?.into_text(),
                Field::Version | Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_what_it_is_and_its_time() {
        let of = |text: &str| about(text.as_bytes()).unwrap();
        let v3 = of(
            r#"{"homeyVersion":"13.4.0","homeyPlatform":"cloud","homeyPlatformVersion":2,"date":"2026-03-01T20:45:54.744Z","timezone":"Europe/Amsterdam"}"#,
        );
        let want = About {
            dialect: Dialect::V3,
            cloud: true,
            now: Some(1_772_397_954_744),
            timezone: Some("Europe/Amsterdam".into()),
        };
        assert_eq!(v3, want);
        let v2 = of(r#"{"homeyVersion":"13.2.4","date":7,"timezone":null}"#);
        assert_eq!(
            (v2.dialect, v2.now, v2.timezone),
            (Dialect::V2, Some(7), None)
        );
        assert_eq!(of("{}"), About::default());
        assert!(about(&b"[]"[..]).is_err());
    }
}
