// SPDX-License-Identifier: MIT OR Apache-2.0
//! ISO 8601 times as the hub writes them (`objects.md`, head): `2026-03-01T18:22:05.123Z` to milliseconds since 1970.
//!
//! These are times of the **hub's** clock. They are compared with each other, never with ours, except
//! where a caller knows that our clock is set.

/// Milliseconds since 1970-01-01T00:00:00Z, or `None` where `text` is no such time or is before it.
///
/// Takes what RFC 3339 allows: any number of digits after the second (beyond milliseconds they are dropped),
/// `Z` or an offset, `T` or a space between date and time, and a leap second as the second before it.
pub fn parse(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let year = number(bytes, 0, 4)?;
    let month = number(bytes, 5, 2).filter(|m| (1..=12).contains(m))?;
    let day = number(bytes, 8, 2).filter(|d| (1..=days_in(year, month)).contains(d))?;
    let hour = number(bytes, 11, 2).filter(|h| *h < 24)?;
    let minute = number(bytes, 14, 2).filter(|m| *m < 60)?;
    let second = number(bytes, 17, 2).filter(|s| *s <= 60)?.min(59);
    let between = |at: usize, what: &[u8]| bytes.get(at).is_some_and(|b| what.contains(b));
    if !(between(4, b"-") && between(7, b"-") && between(10, b"Tt ")) {
        return None;
    }
    if !(between(13, b":") && between(16, b":")) {
        return None;
    }
    let (millis, zone) = fraction(&bytes[19..])?;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    u64::try_from((seconds - offset(zone)?) * 1000 + millis).ok()
}

/// `2026-03-01 18:22:05 UTC`, for people. Of milliseconds since 1970, up to the year 9999.
pub fn show(ms: u64) -> String {
    let seconds = (ms / 1000).min(253_402_300_799);
    let (days, clock) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days as i64);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC",
        clock / 3600,
        clock / 60 % 60,
        clock % 60
    )
}

/// The `len` digits at `at`, and nothing but digits.
fn number(bytes: &[u8], at: usize, len: usize) -> Option<i64> {
    bytes.get(at..at + len)?.iter().try_fold(0i64, |sum, b| {
        b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0'))
    })
}

/// `.123…` to milliseconds, and what follows it.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some(b'.' | b',') = rest.first() else {
        return Some((0, rest));
    };
    let digits = rest[1..].iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let millis = (0..3).fold(0, |sum, i| {
        let digit = if i < digits { rest[1 + i] - b'0' } else { 0 };
        sum * 10 + i64::from(digit)
    });
    Some((millis, &rest[1 + digits..]))
}

/// `Z`, `+01:00` or `+0100` to seconds east of UTC.
fn offset(zone: &[u8]) -> Option<i64> {
    let sign = match zone {
        b"Z" | b"z" => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let minutes_at = match (zone.len(), zone.get(3)) {
        (6, Some(b':')) => 4,
        (5, _) => 3,
        _ => return None,
    };
    let hours = number(zone, 1, 2).filter(|h| *h < 24)?;
    let minutes = number(zone, minutes_at, 2).filter(|m| *m < 60)?;
    Some(sign * (hours * 3600 + minutes * 60))
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Year, month (1 to 12) and day (1 to 31) of so many days from 1970-01-01 in the Gregorian calendar.
pub fn date(days: i64) -> (i64, u8, u8) {
    // The years begin in March and in eras of 400, so that leap days come last.
    let days = days.saturating_add(719_468);
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month as u8, of_month as u8)
}

/// Days from 1970-01-01 in the Gregorian calendar; the year is counted from March, so that the leap day is its last.
pub fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_hubs_form_and_its_relatives() {
        for (text, want) in [
            ("1970-01-01T00:00:00.000Z", 0),
            ("2026-03-01T18:22:05.123Z", 1_772_389_325_123),
            ("2026-03-01T18:22:05Z", 1_772_389_325_000),
            ("2026-03-01 18:22:05.1239z", 1_772_389_325_123),
            ("2026-03-01T19:22:05.123+01:00", 1_772_389_325_123),
            ("2026-03-01T13:52:05,123-0430", 1_772_389_325_123),
            ("2024-02-29T00:00:00.5Z", 1_709_164_800_500),
            ("2000-02-29T23:59:60Z", 951_868_799_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] {
            assert_eq!(parse(text), Some(want), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "null",
            "2026-03-01",
            "2026-03-01T18:22:05",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-03-00T00:00:00Z",
            "2026-03-01T24:00:00Z",
            "2026-03-01T18:60:05Z",
            "2026-03-01T18:22:61Z",
            "2026-03-01T18:22:05.Z",
            "2026-03-01T18:22:05+1:00",
            "2026-03-01T18:22:05+25:00",
            "2026-03-01T18:22:05.123Zx",
            "2026/03/01T18:22:05Z",
            "+026-03-01T18:22:05Z",
            "1969-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "２０２６-03-01T18:22:05Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_cut_of_a_time_is_no_time() {
        let text = "2026-03-01T18:22:05.123+01:00";
        for end in 0..text.len() {
            assert_eq!(parse(&text[..end]), None, "{}", &text[..end]);
        }
    }

    #[test]
    fn what_is_shown_is_the_same_time() {
        for day in (0..100_000_u64)
            .step_by(13)
            .chain([59, 60, 789, 11_016, 11_017, 47_540])
        {
            let ms = day * 86_400_000 + (day * 7919 % 86_400) * 1000;
            let shown = show(ms);
            let (date, zone) = shown.split_at(19);
            assert_eq!(
                (parse(&format!("{date}Z")), zone),
                (Some(ms), " UTC"),
                "{shown}"
            );
        }
        assert_eq!(show(u64::MAX), "9999-12-31 23:59:59 UTC");
    }
}
