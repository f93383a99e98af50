// SPDX-License-Identifier: MIT OR Apache-2.0

//! The household's local time: Europe/Amsterdam, as the hub's system
//! information says (objects.md 7). Alarms ring by it, days begin by it.
//!
//! The zone's rule of today holds for every year: summer time from the last
//! Sunday of March to the last of October, changing at 01:00 UTC.

use time::{Date, Duration, Month, OffsetDateTime, Time, Weekday};

use crate::clock::calendar;

const HOUR_MS: i64 = 3_600_000;

/// UTC of the change in a month: 01:00 on its last Sunday.
fn change(year: i32, month: Month) -> Option<OffsetDateTime> {
    let last = Date::from_calendar_date(year, month, 31).ok()?;
    let back = i64::from(last.weekday().number_days_from_sunday());
    let sunday = last - Duration::days(back);
    Some(sunday.with_time(Time::MIDNIGHT).assume_utc() + Duration::hours(1))
}

/// Whether it is summer time.
pub fn summer(ms: i64) -> bool {
    let now = calendar(ms);
    let from = change(now.year(), Month::March);
    let to = change(now.year(), Month::October);
    from.is_some_and(|from| now >= from) && to.is_some_and(|to| now < to)
}

/// How far local time is ahead of UTC, in milliseconds.
pub fn offset(ms: i64) -> i64 {
    if summer(ms) { 2 * HOUR_MS } else { HOUR_MS }
}

/// The local calendar at a time; its own offset is left at zero.
pub fn local(ms: i64) -> OffsetDateTime {
    calendar(ms + offset(ms))
}

/// The time at which a local clock shows this; what is skipped in March falls
/// an hour later, what comes twice in October is the first.
pub fn at(date: Date, hour: u8, minute: u8) -> Option<i64> {
    let wall = date.with_hms(hour, minute, 0).ok()?.assume_utc();
    let wall = wall.unix_timestamp() * 1000;
    let early = wall - 2 * HOUR_MS;
    Some(if summer(early) { early } else { wall - HOUR_MS })
}

/// Local midnight before a time.
pub fn midnight(ms: i64) -> i64 {
    at(local(ms).date(), 0, 0).unwrap_or(ms)
}

/// Midnight of the Monday of that local week.
pub fn monday(ms: i64) -> i64 {
    let date = local(ms).date();
    let back = i64::from(date.weekday().number_days_from_monday());
    at(date - Duration::days(back), 0, 0).unwrap_or(ms)
}

/// Midnight of the first of that local month.
pub fn first_of_month(ms: i64) -> i64 {
    let date = local(ms).date();
    at(date.replace_day(1).unwrap_or(date), 0, 0).unwrap_or(ms)
}

/// Midnight of the first of January of that local year.
pub fn first_of_year(ms: i64) -> i64 {
    let date = local(ms).date();
    let first = Date::from_calendar_date(date.year(), Month::January, 1);
    at(first.unwrap_or(date), 0, 0).unwrap_or(ms)
}

/// `Sunday 1 March 2026 21:45:54`, the form of `dateHuman`.
pub fn human(ms: i64) -> String {
    let now = local(ms);
    let day = match now.weekday() {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    };
    let (hour, minute, second) = now.to_hms();
    format!(
        "{day} {} {} {} {hour:02}:{minute:02}:{second:02}",
        now.day(),
        now.month(),
        now.year()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-01T00:00:00Z.
    const MARCH: i64 = 1_772_323_200_000;
    const DAY: i64 = 24 * HOUR_MS;

    #[test]
    fn the_clock_changes_twice_a_year() {
        // 29 March 2026, 25 October 2026, both at 01:00 UTC.
        let spring = MARCH + 28 * DAY + HOUR_MS;
        let autumn = MARCH + 238 * DAY + HOUR_MS;
        assert_eq!((summer(spring - 1), summer(spring)), (false, true));
        assert_eq!((summer(autumn - 1), summer(autumn)), (true, false));
        assert_eq!(human(spring), "Sunday 29 March 2026 03:00:00");
        assert_eq!(human(autumn), "Sunday 25 October 2026 02:00:00");
    }

    #[test]
    fn wall_clock_times_become_utc() {
        let day = |n: i64| local(MARCH + n * DAY).date();
        assert_eq!(at(day(0), 6, 45), Some(MARCH + 5 * HOUR_MS + 45 * 60_000));
        // Half past two does not exist on 29 March: it is half past three.
        let skipped = MARCH + 28 * DAY + HOUR_MS + 30 * 60_000;
        assert_eq!(at(day(28), 2, 30), Some(skipped));
        // It comes twice on 25 October: the first is in summer time.
        assert_eq!(at(day(238), 2, 30), Some(MARCH + 238 * DAY + 30 * 60_000));
        assert_eq!(
            midnight(MARCH + 28 * DAY + 12 * HOUR_MS),
            MARCH + 27 * DAY + 23 * HOUR_MS
        );
        assert_eq!(
            monday(MARCH),
            MARCH - 6 * DAY - HOUR_MS,
            "1 March 2026 is a Sunday"
        );
        assert_eq!(first_of_month(MARCH + 5 * DAY), MARCH - HOUR_MS);
        assert_eq!(first_of_year(MARCH + 5 * DAY), MARCH - 59 * DAY - HOUR_MS);
    }
}
