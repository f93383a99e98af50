// SPDX-License-Identifier: MIT OR Apache-2.0
//! Local times: from milliseconds since 1970 to what a clock on the wall shows, by the time zones of this machine.
//!
//! libc's localtime is not asked: it reads the environment, which other code may change. Must not know what the times are of.

use std::borrow::Cow;
use std::error::Error;
use std::fs::{self, File};
use std::io::Read;

use crate::homey::iso;
use crate::homey::text::one_line;

use tz::TimeZone;
use tz::timezone::TimeZoneSettings;

/// The rules of a zone fill some KiB; a larger file is something else.
const MAX_FILE: u64 = 256 * 1024;

const LOCALTIME: &str = "/etc/localtime";

const DIRS: [&str; 3] = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/etc/zoneinfo"];

const DAY: i64 = 86_400;

/// A time zone.
pub struct Zone {
    rules: TimeZone,
    name: String,
}

/// A date and a time of day.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Civil {
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
}

impl Zone {
    /// UTC.
    pub fn utc() -> Zone {
        Zone {
            rules: TimeZone::utc(),
            name: "UTC".into(),
        }
    }

    /// What `$TZ` says: a zone's name, a file, or rules as POSIX writes them. `None` where it makes no sense.
    pub fn of_text(text: &str) -> Option<Zone> {
        if text.is_empty() {
            return Some(Zone::utc());
        }
        let rules = TimeZoneSettings::new(&DIRS, read).parse_posix_tz(text);
        Some(Zone {
            rules: rules.ok()?,
            name: text.trim_start_matches(':').into(),
        })
    }

    /// The zone of this machine.
    pub fn of_machine() -> Zone {
        let rules = read(LOCALTIME).ok().and_then(|bytes| parse(&bytes));
        let Some(rules) = rules else {
            return Zone::utc();
        };
        let path = fs::canonicalize(LOCALTIME).unwrap_or_default();
        let path = path.to_string_lossy();
        let name = path.split_once("zoneinfo/").map(|(_, name)| name.into());
        Zone {
            rules,
            name: name.unwrap_or_else(|| "the local zone".into()),
        }
    }

    /// A zone by the name that a hub gives it, where this machine has its rules.
    pub fn of_hub(name: &str) -> Option<Zone> {
        // It becomes a part of a path.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
        if name.is_empty() || name.starts_with('/') || !name.chars().all(is_plain) {
            return None;
        }
        let found = DIRS
            .iter()
            .find_map(|dir| read(&format!("{dir}/{name}")).ok());
        Some(Zone {
            rules: parse(&found?)?,
            name: name.into(),
        })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Seconds east of UTC at a time.
    pub fn offset(&self, ms: i64) -> i64 {
        let found = self.rules.find_local_time_type(ms.div_euclid(1000));
        found.map_or(0, |kind| i64::from(kind.ut_offset()))
    }

    /// What a clock there shows.
    pub fn civil(&self, ms: i64) -> Civil {
        civil(ms.div_euclid(1000).saturating_add(self.offset(ms)))
    }

    /// When a clock there shows `civil`, in milliseconds; the first time where it does so twice, `None` where it is put
    /// forward over it.
    pub fn when(&self, civil: Civil) -> Option<i64> {
        let shown = seconds(civil);
        [-DAY, DAY].into_iter().find_map(|about| {
            let utc = shown - self.offset((shown + about) * 1000);
            (utc + self.offset(utc * 1000) == shown).then_some(utc * 1000)
        })
    }

    /// `2026-03-01T23:00:00+01:00`
    pub fn stamp(&self, ms: i64) -> String {
        let c = self.civil(ms);
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}",
            c.year,
            c.month,
            c.day,
            c.hour,
            c.minute,
            c.second,
            self.east(ms)
        )
    }

    /// `2026-03-01 23:00`, with the seconds where there are some.
    pub fn shown(&self, ms: i64) -> String {
        let c = self.civil(ms);
        let seconds = match c.second {
            0 => Cow::Borrowed(""),
            seconds => Cow::Owned(format!(":{seconds:02}")),
        };
        format!(
            "{:04}-{:02}-{:02} {:02}:{:02}{seconds}",
            c.year, c.month, c.day, c.hour, c.minute
        )
    }

    /// `+01:00`
    pub fn east(&self, ms: i64) -> String {
        let offset = self.offset(ms);
        let sign = if offset < 0 { '-' } else { '+' };
        let minutes = offset.abs() / 60;
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// Whether both show the same at these times.
    fn agrees(&self, other: &Zone, times: &[i64]) -> bool {
        times.iter().all(|ms| self.offset(*ms) == other.offset(*ms))
    }
}

/// The zone to show times in, and what to say of it: `$TZ` where it is set, else the hub's, which is that of the home,
/// else this machine's.
pub fn zone_for(hub: Option<&str>, times: &[i64]) -> (Zone, String) {
    let asked = std::env::var("TZ").ok();
    let asked = asked.as_deref().and_then(Zone::of_text);
    choose(
        asked,
        Zone::of_machine(),
        hub,
        hub.and_then(Zone::of_hub),
        times,
    )
}

fn choose(
    asked: Option<Zone>,
    machine: Zone,
    hub_name: Option<&str>,
    hub: Option<Zone>,
    times: &[i64],
) -> (Zone, String) {
    let is_asked = asked.is_some();
    let own = asked.unwrap_or(machine);
    let (zone, rest) = match (hub_name, hub) {
        (_, Some(hub)) if is_asked && own.name != hub.name => {
            let rest = format!(" ($TZ); the hub is in {}", hub.name);
            (own, rest)
        }
        (_, Some(hub)) if is_asked || own.agrees(&hub, times) => (hub, String::new()),
        (_, Some(hub)) => {
            let rest = format!(", the hub's zone; this machine is in {}", own.name);
            (hub, rest)
        }
        (Some(name), None) if name != own.name => {
            let name = one_line(name, 64);
            let rest = format!("; the hub is in {name}, whose rules are not on this machine");
            (own, rest)
        }
        (_, None) => (own, String::new()),
    };
    let note = format!("times of {}{rest}", zone.name);
    (zone, note)
}

fn parse(bytes: &[u8]) -> Option<TimeZone> {
    TimeZone::from_tz_data(bytes).ok()
}

/// Reads a file of rules, bounded.
fn read(path: &str) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err("no file".into());
    }
    file.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Seconds since 1970 as a date and a time, without any zone.
fn civil(seconds: i64) -> Civil {
    let (days, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = iso::date(days);
    Civil {
        year,
        month,
        day,
        hour: (rest / 3600) as u8,
        minute: (rest / 60 % 60) as u8,
        second: (rest % 60) as u8,
    }
}

/// The other way round. A month of 13 is the next year's first, so that a step needs no calendar.
fn seconds(c: Civil) -> i64 {
    let months = c.year * 12 + i64::from(c.month) - 1;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    let days = iso::days_since_1970(year, month, i64::from(c.day));
    days * DAY + i64::from(c.hour) * 3600 + i64::from(c.minute) * 60 + i64::from(c.second)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Central Europe, as POSIX writes it: no file is needed.
    const CET: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

    fn at(year: i64, month: u8, day: u8, hour: u8, minute: u8) -> Civil {
        Civil {
            year,
            month,
            day,
            hour,
            minute,
            second: 0,
        }
    }

    #[test]
    fn dates_go_there_and_back() {
        for (seconds_, want) in [
            (0, at(1970, 1, 1, 0, 0)),
            (951_782_400, at(2000, 2, 29, 0, 0)),
            (1_772_389_320, at(2026, 3, 1, 18, 22)),
            (4_107_542_340, at(2100, 2, 28, 23, 59)),
            (-60, at(1969, 12, 31, 23, 59)),
        ] {
            assert_eq!(civil(seconds_), want);
            assert_eq!(seconds(want), seconds_);
        }
        assert_eq!(
            seconds(at(2026, 13, 1, 0, 0)),
            seconds(at(2027, 1, 1, 0, 0))
        );
        assert_eq!(
            seconds(at(2026, 2, 29, 0, 0)),
            seconds(at(2026, 3, 1, 0, 0))
        );
        let mut day = -800_000;
        while day < 800_000 {
            assert_eq!(seconds(civil(day * DAY + 12_345)), day * DAY + 12_345);
            day += 37;
        }
        // Nonsense times of a hub do not overflow.
        civil(i64::MAX / 1000);
        civil(i64::MIN / 1000);
    }

    #[test]
    fn clocks_are_put_forward_and_back() {
        let zone = Zone::of_text(CET).unwrap();
        let utc = Zone::utc();
        for (c, shown) in [
            (at(2026, 3, 29, 0, 59), "2026-03-29 01:59"),
            (at(2026, 3, 29, 1, 0), "2026-03-29 03:00"),
            (at(2026, 10, 25, 0, 59), "2026-10-25 02:59"),
            (at(2026, 10, 25, 1, 0), "2026-10-25 02:00"),
            (at(2026, 12, 31, 23, 30), "2027-01-01 00:30"),
        ] {
            assert_eq!(zone.shown(utc.when(c).unwrap()), shown);
        }
        assert_eq!(zone.when(at(2026, 3, 29, 2, 30)), None);
        let twice = zone.when(at(2026, 10, 25, 2, 30)).unwrap();
        assert_eq!(zone.stamp(twice), "2026-10-25T02:30:00+02:00");
        assert_eq!(zone.stamp(twice + 3_600_000), "2026-10-25T02:30:00+01:00");
        let west = Zone::of_text("NST3:30").unwrap();
        assert_eq!(west.stamp(0), "1969-12-31T20:30:00-03:30");
        assert_eq!(west.shown(1000), "1969-12-31 20:30:01");
    }

    /// A file as zic writes it: version 2, one change to summer time in March 2026, then the rule.
    fn tzif() -> Vec<u8> {
        let mut file = b"TZif2".to_vec();
        file.extend([0; 15]);
        // The first block is for programs that know no second one.
        for count in [0u32, 0, 0, 0, 1, 1] {
            file.extend(count.to_be_bytes());
        }
        file.extend([0, 0, 0, 0, 0, 0, 0]);
        file.extend(b"TZif2");
        file.extend([0; 15]);
        for count in [0u32, 0, 0, 1, 2, 9] {
            file.extend(count.to_be_bytes());
        }
        file.extend(1_774_746_000i64.to_be_bytes());
        file.push(1);
        file.extend(3600i32.to_be_bytes());
        file.extend([0, 0]);
        file.extend(7200i32.to_be_bytes());
        file.extend([1, 4]);
        file.extend(b"CET\0CEST\0");
        file.extend(format!("\n{CET}\n").bytes());
        file
    }

    #[test]
    fn files_of_rules_are_read_and_broken_ones_refused() {
        let file = tzif();
        let zone = Zone {
            rules: parse(&file).unwrap(),
            name: "x".into(),
        };
        for (seconds, offset) in [
            (1_774_745_999, 3600),
            (1_774_746_000, 7200),
            (1_792_889_999, 7200),
            (1_792_890_000, 3600),
            (2_000_000_000, 7200),
        ] {
            assert_eq!(zone.offset(seconds * 1000), offset, "{seconds}");
        }
        // With an empty last line it is a whole file again, one without a rule for what comes later.
        let no_rule = file.len() - CET.len() - 1;
        for end in 0..file.len() {
            assert_eq!(parse(&file[..end]).is_some(), end == no_rule, "{end}");
        }
        // No byte of it makes a panic or an endless search.
        for at in 0..file.len() {
            for byte in [0, 1, 0x7f, 0xff] {
                let mut odd = file.clone();
                odd[at] = byte;
                if let Some(rules) = parse(&odd) {
                    let _ = rules.find_local_time_type(1_772_389_320);
                }
            }
        }
    }

    #[test]
    fn the_zone_is_the_homes_unless_the_reader_says_another() {
        let zone = |text: &str, name: &str| {
            let mut zone = Zone::of_text(text).unwrap();
            zone.name = name.into();
            Some(zone)
        };
        let summer = [1_782_000_000_000];
        let winter = [1_770_000_000_000];
        for (asked, hub_name, hub, times, note) in [
            (None, None, None, summer, "times of UTC"),
            (None, Some("UTC"), None, summer, "times of UTC"),
            (
                None,
                Some("Europe\u{1b}/Here"),
                None,
                summer,
                "times of UTC; the hub is in Europe /Here, whose rules are not on this machine",
            ),
            (
                None,
                Some("Europe/Here"),
                zone(CET, "Europe/Here"),
                summer,
                "times of Europe/Here, the hub's zone; this machine is in UTC",
            ),
            (
                zone("UTC0", "UTC0"),
                Some("Europe/Here"),
                zone(CET, "Europe/Here"),
                summer,
                "times of UTC0 ($TZ); the hub is in Europe/Here",
            ),
            // Both show the same at this time, which says nothing of those between two of them.
            (
                zone("UTC0", "UTC0"),
                Some("Europe/Isle"),
                zone("GMT0BST,M3.5.0/1,M10.5.0", "Europe/Isle"),
                winter,
                "times of UTC0 ($TZ); the hub is in Europe/Isle",
            ),
            (
                None,
                Some("Europe/Isle"),
                zone("GMT0BST,M3.5.0/1,M10.5.0", "Europe/Isle"),
                winter,
                "times of Europe/Isle",
            ),
        ] {
            assert_eq!(choose(asked, Zone::utc(), hub_name, hub, &times).1, note);
        }
        for name in [
            "",
            "/etc/passwd",
            "../../etc/passwd",
            "Europe",
            "Eur\0pe",
            "a b",
        ] {
            assert!(Zone::of_hub(name).is_none(), "{name:?}");
        }
        assert!(Zone::of_text("no such zone").is_none());
        assert_eq!(Zone::of_text("").unwrap().name(), "UTC");
    }
}
