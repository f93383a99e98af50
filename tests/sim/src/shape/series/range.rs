// SPDX-License-Identifier: MIT OR Apache-2.0

//! The named resolutions: which time they cover, in which steps (objects.md 8).
//! Of the steps only that of 24 hours is known.

use crate::local;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Times of the first and the last value and the step between, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub start: i64,
    pub end: i64,
    pub step: i64,
}

/// The range of a resolution; an unknown name means 24 hours, as on real hubs.
pub fn range(resolution: &str, now: i64) -> Range {
    let sliding = |length: i64, step: i64| {
        let end = now - now.rem_euclid(step);
        Range {
            start: end - length,
            end,
            step,
        }
    };
    // Local days, weeks and so on: from their start to now or to their end.
    let fixed = |start: i64, limit: i64, step: i64| Range {
        start,
        end: start + (limit - start) / step * step,
        step,
    };
    let today = local::midnight(now);
    let week = local::monday(now);
    let month = local::first_of_month(now);
    let year = local::first_of_year(now);
    match resolution {
        "lastHour" => sliding(HOUR, MINUTE),
        "last6Hours" => sliding(6 * HOUR, MINUTE),
        "last7Days" => sliding(7 * DAY, HOUR),
        "last14Days" => sliding(14 * DAY, HOUR),
        "last31Days" => sliding(31 * DAY, 6 * HOUR),
        "last2Years" => sliding(730 * DAY, DAY),
        "today" => fixed(today, now, 5 * MINUTE),
        "yesterday" => fixed(local::midnight(today - 1), today, 5 * MINUTE),
        "thisWeek" => fixed(week, now, HOUR),
        "lastWeek" => fixed(local::monday(week - 1), week, HOUR),
        "thisMonth" => fixed(month, now, 6 * HOUR),
        "lastMonth" => fixed(local::first_of_month(month - 1), month, 6 * HOUR),
        "thisYear" => fixed(year, now, DAY),
        "lastYear" => fixed(local::first_of_year(year - 1), year, DAY),
        _ => sliding(DAY, 5 * MINUTE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::iso;

    #[test]
    fn every_name_has_its_range() {
        // 2026-04-02T21:34:56Z, a Thursday, 23:34:56 in Amsterdam.
        let now = 1_775_165_696_000;
        for (name, start, end, count) in [
            (
                "lastHour",
                "2026-04-02T20:34:00.000Z",
                "2026-04-02T21:34:00.000Z",
                60,
            ),
            (
                "last6Hours",
                "2026-04-02T15:34:00.000Z",
                "2026-04-02T21:34:00.000Z",
                360,
            ),
            (
                "last24Hours",
                "2026-04-01T21:30:00.000Z",
                "2026-04-02T21:30:00.000Z",
                288,
            ),
            (
                "no such name",
                "2026-04-01T21:30:00.000Z",
                "2026-04-02T21:30:00.000Z",
                288,
            ),
            (
                "last7Days",
                "2026-03-26T21:00:00.000Z",
                "2026-04-02T21:00:00.000Z",
                168,
            ),
            (
                "last14Days",
                "2026-03-19T21:00:00.000Z",
                "2026-04-02T21:00:00.000Z",
                336,
            ),
            (
                "last31Days",
                "2026-03-02T18:00:00.000Z",
                "2026-04-02T18:00:00.000Z",
                124,
            ),
            (
                "last2Years",
                "2024-04-02T00:00:00.000Z",
                "2026-04-02T00:00:00.000Z",
                730,
            ),
            (
                "today",
                "2026-04-01T22:00:00.000Z",
                "2026-04-02T21:30:00.000Z",
                282,
            ),
            (
                "yesterday",
                "2026-03-31T22:00:00.000Z",
                "2026-04-01T22:00:00.000Z",
                288,
            ),
            (
                "thisWeek",
                "2026-03-29T22:00:00.000Z",
                "2026-04-02T21:00:00.000Z",
                95,
            ),
            // The week in which the clock was put forward has 167 hours.
            (
                "lastWeek",
                "2026-03-22T23:00:00.000Z",
                "2026-03-29T22:00:00.000Z",
                167,
            ),
            (
                "thisMonth",
                "2026-03-31T22:00:00.000Z",
                "2026-04-02T16:00:00.000Z",
                7,
            ),
            (
                "lastMonth",
                "2026-02-28T23:00:00.000Z",
                "2026-03-31T17:00:00.000Z",
                123,
            ),
            (
                "thisYear",
                "2025-12-31T23:00:00.000Z",
                "2026-04-01T23:00:00.000Z",
                91,
            ),
            (
                "lastYear",
                "2024-12-31T23:00:00.000Z",
                "2025-12-31T23:00:00.000Z",
                365,
            ),
        ] {
            let r = range(name, now);
            let count_is = (r.end - r.start) / r.step;
            assert_eq!(
                (iso(r.start).as_str(), iso(r.end).as_str(), count_is),
                (start, end, count),
                "{name}"
            );
            assert_eq!((r.end - r.start) % r.step, 0, "{name}");
        }
    }
}
