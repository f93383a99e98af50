// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a hub remembers: its list of logs and the entries of one (`objects.md` 8), in both dialects' ways of naming them.

use std::io::Read;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess};

use super::loose::{Any, Key, Loose, Shape};
use super::{ReplyError, parse};
use crate::homey::Kind;

/// Entries beyond this number are counted and not kept; the finest resolution has 289.
pub const MAX_ENTRIES: usize = 20_000;
/// Longer ids of logs are not kept: two ids of 128 bytes and a colon.
const MAX_LOG_ID: usize = 256;
/// Longer units say nothing.
const MAX_UNITS: usize = 16;

/// One log. What it is called on the wire differs (`operations.md` 3): V2 asks for owner and short id, V3 for owner and full id.
#[derive(Clone, PartialEq, Debug)]
pub struct Log {
    /// `homey:device:<id>`, `homey:manager:<id>` or `homey:app:<id>`.
    pub owner: Box<str>,
    /// Its id at its owner: for a device that of the capability.
    pub id: Box<str>,
    /// The id that stands in the path of its entries.
    pub wire_id: Box<str>,
    pub kind: Kind,
    pub title: Option<Box<str>>,
    pub units: Option<Box<str>>,
    pub decimals: Option<u8>,
}

/// The entries of one log.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Entries {
    /// Milliseconds of the hub's clock and the value, `None` where there is none. Times only rise. Booleans are 0 to 1.
    pub values: Vec<(u64, Option<f64>)>,
    pub start: Option<u64>,
    pub end: Option<u64>,
    /// Milliseconds between two entries.
    pub step: Option<u64>,
    /// Entries that were left out: without a time, not after the one before, or too many.
    pub dropped: u32,
}

/// Reads the list of logs and hands each to `sink`. Returns how many entries the list has.
pub fn logs(mut reader: impl Read, sink: &mut dyn FnMut(Log)) -> Result<u32, ReplyError> {
    let mut count = 0;
    let list = Logs {
        sink,
        count: &mut count,
    };
    parse(&mut reader, Any(list), "a list of logs")?;
    Ok(count)
}

/// Reads the entries of one log.
pub fn entries(mut reader: impl Read) -> Result<Entries, ReplyError> {
    parse(&mut reader, Any(EntriesShape), "the entries of a log")
}

struct Logs<'a> {
    sink: &'a mut dyn FnMut(Log),
    count: &'a mut u32,
}

impl<'de> Shape<'de> for Logs<'_> {
    type Out = ();

    fn scalar<E: Error>(self, _: Loose) -> Result<(), E> {
        Err(E::custom("not a list"))
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key::<IgnoredAny>()?.is_some() {
            *self.count = self.count.saturating_add(1);
            if let Some(log) = map.next_value_seed(Any(LogShape))? {
                (self.sink)(log);
            }
        }
        Ok(())
    }

    fn seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(log) = seq.next_element_seed(Any(LogShape))? {
            *self.count = self.count.saturating_add(1);
            if let Some(log) = log {
                (self.sink)(log);
            }
        }
        Ok(())
    }
}

/// One log; `None` for what names neither itself nor its owner.
struct LogShape;

enum Field {
    Id,
    OwnerUri,
    Uri,
    Type,
    Title,
    Units,
    Decimals,
    Other,
}

impl<'de> Shape<'de> for LogShape {
    type Out = Option<Log>;

    fn scalar<E: Error>(self, _: Loose) -> Result<Self::Out, E> {
        Ok(None)
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Out, A::Error> {
        let (mut id, mut owner, mut uri) = (None, None, None);
        let (mut title, mut units, mut decimals) = (None, None, None);
        let mut kind = Kind::Other;
        let key = |name: &str| match name {
            "id" => Field::Id,
            "ownerUri" => Field::OwnerUri,
            "uri" => Field::Uri,
            "type" => Field::Type,
            "title" => Field::Title,
            "units" => Field::Units,
            "decimals" => Field::Decimals,
            _ => Field::Other,
        };
        while let Some(field) = map.next_key_seed(Key(key))? {
            if let Field::Other = field {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let member = map.next_value::<Loose>()?;
            match field {
                Field::Id => id = log_id(member),
                Field::OwnerUri => owner = log_id(member),
                Field::Uri => uri = log_id(member),
                Field::Type => {
                    kind = match member.into_text().as_deref() {
                        Some("boolean") => Kind::Boolean,
                        Some("number") => Kind::Number,
                        Some("enum") => Kind::Enum,
                        Some("string") => Kind::String,
                        _ => Kind::Other,
                    };
                }
                Field::Title => title = member.into_text(),
                Field::Units => units = member.into_text().filter(|u| u.len() <= MAX_UNITS),
                Field::Decimals => {
                    let number = member.as_number().filter(|n| (0.0..=9.0).contains(n));
                    decimals = number.map(|n| n as u8);
                }
                Field::Other => {}
            }
        }
        let Some(wire_id) = id else {
            return Ok(None);
        };
        // V3 names its owner by `ownerUri`, V2 by `uri`; one that names none has it in its id.
        let owner = owner.or(uri).or_else(|| owner_of(&wire_id).map(Box::from));
        let Some(owner) = owner else {
            return Ok(None);
        };
        let short = wire_id.strip_prefix(&*owner);
        let id = short.and_then(|rest| rest.strip_prefix(':'));
        Ok(Some(Log {
            id: id.map_or_else(|| wire_id.clone(), Box::from),
            owner,
            wire_id,
            kind,
            title,
            units,
            decimals,
        }))
    }
}

fn log_id(member: Loose) -> Option<Box<str>> {
    member
        .into_text()
        .filter(|id| !id.is_empty() && id.len() < MAX_LOG_ID)
}

/// The first three parts of a full id.
fn owner_of(full: &str) -> Option<&str> {
    let (at, _) = full.match_indices(':').nth(2)?;
    full.get(..at)
}

struct EntriesShape;

enum Part {
    Values,
    Start,
    End,
    Step,
    Other,
}

impl<'de> Shape<'de> for EntriesShape {
    type Out = Entries;

    fn scalar<E: Error>(self, _: Loose) -> Result<Entries, E> {
        Err(E::custom("no object"))
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut out = Entries::default();
        let key = |name: &str| match name {
            "values" => Part::Values,
            "start" => Part::Start,
            "end" => Part::End,
            "step" => Part::Step,
            _ => Part::Other,
        };
        while let Some(part) = map.next_key_seed(Key(key))? {
            match part {
                Part::Values => {
                    out.values.clear();
                    map.next_value_seed(Any(Values(&mut out)))?;
                }
                Part::Start => out.start = map.next_value::<Loose>()?.as_millis(),
                Part::End => out.end = map.next_value::<Loose>()?.as_millis(),
                Part::Step => {
                    let step = map.next_value::<Loose>()?.as_number();
                    // A century is no step.
                    let step = step.filter(|ms| (1.0..3.2e12).contains(ms));
                    out.step = step.map(|ms| ms as u64);
                }
                Part::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(out)
    }
}

/// The list of entries; a map's keys say nothing.
struct Values<'a>(&'a mut Entries);

impl Values<'_> {
    fn take(&mut self, (t, v): (Option<u64>, Option<f64>)) {
        let last = self.0.values.last().map(|(t, _)| *t);
        match t.filter(|t| last.is_none_or(|last| *t > last)) {
            Some(t) if self.0.values.len() < MAX_ENTRIES => self.0.values.push((t, v)),
            _ => self.0.dropped = self.0.dropped.saturating_add(1),
        }
    }
}

impl<'de> Shape<'de> for Values<'_> {
    type Out = ();

    fn scalar<E: Error>(self, _: Loose) -> Result<(), E> {
        Ok(())
    }

    fn map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while map.next_key::<IgnoredAny>()?.is_some() {
            self.take(map.next_value_seed(Any(EntryShape))?);
        }
        Ok(())
    }

    fn seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        while let Some(entry) = seq.next_element_seed(Any(EntryShape))? {
            self.take(entry);
        }
        Ok(())
    }
}

struct EntryShape;

impl<'de> Shape<'de> for EntryShape {
    type Out = (Option<u64>, Option<f64>);

    fn scalar<E: Error>(self, _: Loose) -> Result<Self::Out, E> {
        Ok((None, None))
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Out, A::Error> {
        let mut entry = (None, None);
        let key = |name: &str| (name == "t", name == "v");
        while let Some(which) = map.next_key_seed(Key(key))? {
            let member = map.next_value::<Loose>()?;
            match which {
                (true, _) => entry.0 = member.as_millis(),
                (_, true) => {
                    entry.1 = match member.as_bool() {
                        Some(on) => Some(f64::from(u8::from(on))),
                        None => member.as_number(),
                    };
                }
                _ => {}
            }
        }
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_logs(text: &str) -> Vec<(String, String, String)> {
        let mut found = Vec::new();
        logs(text.as_bytes(), &mut |log| {
            found.push((log.owner.into(), log.id.into(), log.wire_id.into()));
        })
        .unwrap();
        found
    }

    #[test]
    fn logs_are_named_in_both_dialects_as_map_or_array() {
        let v2 =
            r#"{"uri":"homey:device:1","uriObj":{"id":"x"},"id":"measure_power","type":"number"}"#;
        let v3 =
            r#"{"id":"homey:device:1:measure_power","ownerUri":"homey:device:1","type":"number"}"#;
        let bare = r#"{"id":"homey:device:1:measure_power"}"#;
        let both = r#"{"id":"measure_power","ownerUri":"homey:device:1","uri":"x"}"#;
        for (log, wire) in [
            (v2, "measure_power"),
            (v3, "homey:device:1:measure_power"),
            (bare, "homey:device:1:measure_power"),
            (both, "measure_power"),
        ] {
            let want = vec![("homey:device:1".into(), "measure_power".into(), wire.into())];
            assert_eq!(read_logs(&format!("[{log}]")), want, "{log}");
            assert_eq!(read_logs(&format!("{{\"k\":{log}}}")), want, "{log}");
        }
        assert_eq!(
            read_logs(r#"[7,null,{},{"id":"a:b"},{"uri":"homey:device:1"},{"id":""}]"#),
            []
        );
        assert!(logs(&b"true"[..], &mut |_| {}).is_err());
    }

    #[test]
    fn a_log_says_how_it_is_shown() {
        let text = r#"[{"id":"a","uri":"u","type":"boolean","title":"Power","units":"W","decimals":2},
            {"id":"b","uri":"u","type":7,"units":"a unit that is too long","decimals":-1}]"#;
        let mut found = Vec::new();
        assert_eq!(
            logs(text.as_bytes(), &mut |log| found.push(log)).unwrap(),
            2
        );
        let [a, b] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!((a.kind, a.decimals), (Kind::Boolean, Some(2)));
        assert_eq!(
            (a.units.as_deref(), a.title.as_deref()),
            (Some("W"), Some("Power"))
        );
        assert_eq!((b.kind, b.decimals, &b.units), (Kind::Other, None, &None));
    }

    #[test]
    fn entries_are_bounded_and_only_rise() {
        let text = r#"{"values":[{"t":"2026-03-01T23:00:00.000Z","v":52},{"t":"2026-03-01T23:05:00.000Z","v":null},
            {"t":"2026-03-01T23:05:00.000Z","v":1},{"t":"2026-03-01T22:00:00.000Z","v":1},{"v":3},7,
            {"t":"2026-03-01T23:10:00.000Z","v":true},{"t":1772406900000,"v":"0.5"},{"t":1772406900001,"v":1e999},
            {"t":1772406900002,"v":{"a":1}},{"t":1772406900003}],
            "start":"2026-03-01T23:00:00.000Z","end":"x","step":300000,"lastValue":52}"#;
        let got = entries(text.as_bytes()).unwrap();
        const T: u64 = 1_772_406_000_000;
        let want = vec![
            (T, Some(52.0)),
            (T + 300_000, None),
            (T + 600_000, Some(1.0)),
            (T + 900_000, Some(0.5)),
            (T + 900_001, None),
            (T + 900_002, None),
            (T + 900_003, None),
        ];
        assert_eq!(got.values, want);
        assert_eq!(
            (got.start, got.end, got.step),
            (Some(T), None, Some(300_000))
        );
        assert_eq!(got.dropped, 4);
        let entry = |i| format!("{{\"t\":{i},\"v\":1}}");
        let many: Vec<String> = (1..=MAX_ENTRIES + 7).map(entry).collect();
        let text = format!("{{\"values\":[{}]}}", many.join(","));
        let got = entries(text.as_bytes()).unwrap();
        assert_eq!((got.values.len(), got.dropped), (MAX_ENTRIES, 7));
        for odd in ["{\"values\":7}", "{\"values\":{}}", "{}"] {
            assert_eq!(entries(odd.as_bytes()).unwrap(), Entries::default());
        }
        for (step, want) in [
            ("0", None),
            ("-5", None),
            ("1e20", None),
            ("\"60000\"", Some(60_000)),
        ] {
            let text = format!("{{\"step\":{step}}}");
            assert_eq!(entries(text.as_bytes()).unwrap().step, want);
        }
        assert!(entries(&b"[]"[..]).is_err());
    }
}
