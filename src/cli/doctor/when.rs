// SPDX-License-Identifier: MIT OR Apache-2.0
//! Times for people: days of the calendar, and how long something still is. It reads no clock.

use crate::homey::iso;

/// `2026-03-01` of a Unix time, by the proleptic Gregorian calendar, in UTC.
pub(super) fn day(seconds: u64) -> String {
    let (year, month, day) = iso::date((seconds / 86_400) as i64);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2026-03-01 08:15 UTC`.
pub(super) fn minute(seconds: u64) -> String {
    let of_day = seconds % 86_400;
    format!(
        "{} {:02}:{:02} UTC",
        day(seconds),
        of_day / 3600,
        of_day % 3600 / 60
    )
}

/// `3 days`, `5 h`, `12 min`, rounded down.
pub(super) fn span(seconds: u64) -> String {
    match seconds {
        172_800.. => format!("{} days", seconds / 86_400),
        7200.. => format!("{} h", seconds / 3600),
        _ => format!("{} min", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_calendar() {
        for (seconds, want) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_772_280_000, "2026-02-28"),
            (1_772_323_200, "2026-03-01"),
            (1_798_761_599, "2026-12-31"),
            (4_102_444_800, "2100-01-01"),
            (4_107_542_400, "2100-03-01"),
            (253_402_300_799, "9999-12-31"),
        ] {
            assert_eq!(day(seconds), want, "{seconds}");
        }
        assert_eq!(minute(1_772_280_960), "2026-02-28 12:16 UTC");
    }

    #[test]
    fn spans_are_rounded_down() {
        for (seconds, want) in [
            (0, "0 min"),
            (7199, "119 min"),
            (7200, "2 h"),
            (172_799, "47 h"),
            (172_800, "2 days"),
        ] {
            assert_eq!(span(seconds), want);
        }
    }
}
