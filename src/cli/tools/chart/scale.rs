// SPDX-License-Identifier: MIT OR Apache-2.0
//! Axes: round numbers over a range of values, and round local times over a span.
//!
//! Pure. All loops end for any finite numbers, however large.

use crate::cli::tools::local::{Civil, Zone};
use crate::cli::tools::series::number;

const MINUTE: i64 = 60_000;
const DAY: i64 = 1440 * MINUTE;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Beyond this a difference of two values would be infinite.
const MAX_VALUE: f64 = 1e300;

/// The values of an axis: from `low` to `high` in steps of 1, 2 or 5 of a power of ten.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Scale {
    pub low: f64,
    pub high: f64,
    step: f64,
}

impl Scale {
    /// An axis over these values with about so many steps, at most 20.
    pub fn new(least: f64, greatest: f64, steps: usize) -> Scale {
        let (mut low, mut high) = (sane(least), sane(greatest));
        if high <= low {
            // A flat line lies in the middle.
            let room = (low.abs() * 0.02).max(0.5);
            (low, high) = (low - room, low + room);
        }
        let step = nice((high - low) / steps.clamp(1, 20) as f64);
        Scale {
            low: floor(low / step) * step,
            high: -floor(-high / step) * step,
            step,
        }
    }

    /// Where a value is: 0 at the bottom, 1 at the top.
    pub fn place(&self, value: f64) -> f64 {
        ((sane(value) - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// The marks of the axis from the bottom up, with their texts.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let mut decimals = 0;
        let mut step = self.step;
        while step < 0.999 && decimals < 6 {
            step *= 10.0;
            decimals += 1;
        }
        let count = ((self.high - self.low) / self.step)
            .round()
            .clamp(1.0, 50.0);
        let at = |i: u8| self.low + f64::from(i) * self.step;
        let one = |i: u8| (at(i), number(at(i), Some(decimals)));
        (0..=count as u8).map(one).collect()
    }
}

/// Without libm, which nothing else here needs. Of a value in steps of its axis 64 bits hold every digit.
fn floor(value: f64) -> f64 {
    let whole = value as i64 as f64;
    if whole > value { whole - 1.0 } else { whole }
}

fn sane(value: f64) -> f64 {
    value.clamp(-MAX_VALUE, MAX_VALUE)
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `raw`.
fn nice(raw: f64) -> f64 {
    let mut power = 1.0;
    while power * 10.0 <= raw {
        power *= 10.0;
    }
    while power > raw && power > 1e-300 {
        power /= 10.0;
    }
    let steps = [power, 2.0 * power, 5.0 * power];
    // A hair of rounding is no reason for the next one.
    let fits = |step: &f64| *step >= raw * 0.999_999;
    steps.into_iter().find(fits).unwrap_or(10.0 * power)
}

/// A mark of the time axis.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tick {
    pub ms: i64,
    pub label: String,
}

/// Round local times from `from` to `to`, which are at most some centuries apart, at most about `most`: times of day, days, months or years.
pub fn times(zone: &Zone, from: i64, to: i64, most: usize) -> Vec<Tick> {
    let most = i64::try_from(most.clamp(2, 50)).unwrap_or(2);
    let span = to.saturating_sub(from).max(1);
    let fits = |step: i64| span / step <= most;
    let (first, last) = (zone.civil(from), zone.civil(to));
    let mut ticks = Vec::new();
    let mut put = |civil: Civil, label: String| {
        if let Some(ms) = zone.when(civil).filter(|ms| (from..=to).contains(ms)) {
            ticks.push(Tick { ms, label });
        }
    };
    let minutes = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720];
    if let Some(step) = minutes.into_iter().find(|step| fits(step * MINUTE)) {
        let mut day = midnight(first);
        // A day before, since the first day may begin twice; no more days than the span has.
        for _ in 0..=span / DAY + 1 {
            for minute in (0..1440).step_by(step as usize) {
                let civil = Civil {
                    hour: (minute / 60) as u8,
                    minute: (minute % 60) as u8,
                    ..day
                };
                let label = match minute {
                    0 => date(day),
                    _ => format!("{:02}:{:02}", civil.hour, civil.minute),
                };
                put(civil, label);
            }
            day = next_day(day);
        }
    } else if let Some(step) = [1, 2, 4, 7, 14].into_iter().find(|step| fits(step * DAY)) {
        let mut day = midnight(first);
        for i in 0..=span / DAY + 1 {
            if i % step == 0 {
                put(day, date(day));
            }
            day = next_day(day);
        }
    } else {
        let months = [1, 2, 3, 6, 12, 24, 60, 120, 600];
        let step = months.into_iter().find(|step| fits(step * 31 * DAY));
        let step = step.unwrap_or(1200);
        let begin = first.year * 12 + i64::from(first.month) - 1;
        let end = last.year * 12 + i64::from(last.month) - 1;
        let mut month = begin.div_euclid(step) * step;
        while month <= end {
            let (year, index) = (month.div_euclid(12), month.rem_euclid(12));
            let civil = Civil {
                year,
                month: index as u8 + 1,
                day: 1,
                ..midnight(first)
            };
            let name = MONTHS.get(index as usize).copied().unwrap_or_default();
            let label = match index {
                0 => year.to_string(),
                _ => name.to_owned(),
            };
            put(civil, label);
            month += step;
        }
    }
    ticks
}

fn midnight(civil: Civil) -> Civil {
    Civil {
        hour: 0,
        minute: 0,
        second: 0,
        ..civil
    }
}

fn next_day(civil: Civil) -> Civil {
    // Noon of the day after is there in every zone, and the zone does not matter for the date.
    let utc = Zone::utc();
    let noon = Civil { hour: 12, ..civil };
    let next = utc.when(noon).unwrap_or_default().saturating_add(DAY);
    midnight(utc.civil(next))
}

/// `25 Nov`
fn date(civil: Civil) -> String {
    let month = usize::from(civil.month).checked_sub(1);
    let name = month
        .and_then(|m| MONTHS.get(m))
        .copied()
        .unwrap_or_default();
    format!("{} {name}", civil.day)
}

/// `25 Nov 2026 18:00`
pub fn moment(zone: &Zone, ms: i64) -> String {
    let civil = zone.civil(ms);
    format!(
        "{} {} {:02}:{:02}",
        date(civil),
        civil.year,
        civil.hour,
        civil.minute
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_get_round_axes() {
        let labels = |scale: Scale| {
            let ticks = scale.ticks();
            ticks
                .iter()
                .map(|(_, l)| l.clone())
                .collect::<Vec<_>>()
                .join(" ")
        };
        for (low, high, steps, want) in [
            (18.8, 21.3, 5, "18.5 19.0 19.5 20.0 20.5 21.0 21.5"),
            (0.0, 1.0, 4, "0.0 0.5 1.0"),
            (20.0, 20.0, 4, "19.5 20.0 20.5"),
            (-3.0, 2200.0, 5, "-500 0 500 1000 1500 2000 2500"),
            (0.001, 0.0014, 4, "0.0010 0.0011 0.0012 0.0013 0.0014"),
            (-5.0, -5.0, 2, "-5.5 -5.0 -4.5"),
            (0.0, 1e15, 2, "0 5.00e14 1.00e15"),
        ] {
            assert_eq!(labels(Scale::new(low, high, steps)), want, "{low} {high}");
        }
        for (low, high) in [
            (f64::MIN, f64::MAX),
            (1e-320, 2e-320),
            (1e300, 1e300),
            (f64::MAX, f64::MIN),
            (0.0, f64::MIN_POSITIVE),
        ] {
            let scale = Scale::new(low, high, 5);
            assert!((1..=51).contains(&scale.ticks().len()), "{scale:?}");
            for v in [low, high, 0.0] {
                let place = scale.place(v);
                assert!((0.0..=1.0).contains(&place), "{scale:?} {v} {place}");
            }
        }
    }

    fn shown(zone: &Zone, from: &str, hours: i64, most: usize) -> String {
        let from = crate::homey::iso::parse(from).unwrap() as i64;
        let ticks = times(zone, from, from + hours * 3_600_000, most);
        let labels: Vec<String> = ticks.into_iter().map(|t| t.label).collect();
        labels.join(" ")
    }

    #[test]
    fn times_are_round_where_the_reader_is() {
        let zone = Zone::of_text("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let utc = Zone::utc();
        for (zone, from, hours, most, want) in [
            (
                &zone,
                "2026-03-01T20:10:00Z",
                24,
                8,
                "2 Mar 03:00 06:00 09:00 12:00 15:00 18:00 21:00",
            ),
            (
                &utc,
                "2026-03-01T20:10:00Z",
                24,
                4,
                "2 Mar 06:00 12:00 18:00",
            ),
            (
                &utc,
                "2026-03-01T20:10:00Z",
                1,
                8,
                "20:10 20:20 20:30 20:40 20:50 21:00 21:10",
            ),
            // The clock is put forward: 02:00 is not there.
            (
                &zone,
                "2026-03-28T23:00:00Z",
                5,
                8,
                "29 Mar 01:00 03:00 04:00 05:00 06:00",
            ),
            // And back: each label once.
            (
                &zone,
                "2026-10-24T22:00:00Z",
                5,
                8,
                "25 Oct 01:00 02:00 03:00 04:00",
            ),
            (
                &zone,
                "2026-03-01T20:10:00Z",
                7 * 24,
                8,
                "2 Mar 3 Mar 4 Mar 5 Mar 6 Mar 7 Mar 8 Mar",
            ),
            (
                &utc,
                "2026-02-01T00:00:00Z",
                31 * 24,
                8,
                "1 Feb 5 Feb 9 Feb 13 Feb 17 Feb 21 Feb 25 Feb 1 Mar",
            ),
            (
                &zone,
                "2025-03-15T00:00:00Z",
                730 * 24,
                9,
                "Apr Jul Oct 2026 Apr Jul Oct 2027",
            ),
        ] {
            assert_eq!(shown(zone, from, hours, most), want, "{from}");
        }
        assert_eq!(moment(&zone, 1_772_389_325_123), "1 Mar 2026 19:22");
        for (from, to) in [(0, 0), (5, -5), (-3_000_000_000_000, 9_000_000_000_000)] {
            assert!(times(&zone, from, to, 8).len() < 60, "{from} {to}");
        }
    }
}
