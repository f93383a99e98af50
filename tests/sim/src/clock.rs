// SPDX-License-Identifier: MIT OR Apache-2.0

//! The one clock of hub and cloud, and its ways to write a time (objects.md,
//! rules). Tests move it and stop it; then everything that ends at a time of
//! day follows: sessions, tokens, codes, alarms. Pauses and delays do not.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::macros::format_description;

/// How the clock differs from the machine's.
#[derive(Clone, Copy, Debug)]
enum Hands {
    /// Ahead of it by so many milliseconds.
    Ahead(i64),
    /// Stopped at this time.
    At(i64),
}

static HANDS: Mutex<Hands> = Mutex::new(Hands::Ahead(0));

fn hands() -> MutexGuard<'static, Hands> {
    HANDS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn machine_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

impl Hands {
    fn show(self) -> i64 {
        match self {
            Hands::Ahead(by) => machine_ms().saturating_add(by),
            Hands::At(at) => at,
        }
    }
}

/// Milliseconds since 1970, as in `transactionTime`.
pub fn now_ms() -> i64 {
    hands().show()
}

/// Whether it stands still.
pub fn frozen() -> bool {
    matches!(*hands(), Hands::At(_))
}

/// Makes it show a time; it goes on from there unless it stands still.
pub fn set(ms: i64) {
    let mut hands = hands();
    *hands = match *hands {
        Hands::Ahead(_) => Hands::Ahead(ms.saturating_sub(machine_ms())),
        Hands::At(_) => Hands::At(ms),
    };
}

/// Moves it on, or back.
pub fn advance(ms: i64) {
    let mut hands = hands();
    *hands = match *hands {
        Hands::Ahead(by) => Hands::Ahead(by.saturating_add(ms)),
        Hands::At(at) => Hands::At(at.saturating_add(ms)),
    };
}

/// Stops it, or lets it go on from where it stands.
pub fn freeze(on: bool) {
    let mut hands = hands();
    let now = hands.show();
    *hands = match on {
        true => Hands::At(now),
        false => Hands::Ahead(now.saturating_sub(machine_ms())),
    };
}

/// The calendar form of a time in milliseconds.
pub fn calendar(ms: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// ISO 8601 in UTC with milliseconds: `2026-03-01T18:22:05.123Z`.
pub fn iso(ms: i64) -> String {
    let form =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    calendar(ms).format(&form).unwrap_or_default()
}

/// The form of the header `Date` (RFC 9110, 5.6.7).
pub fn http_date(ms: i64) -> String {
    let form = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    calendar(ms).format(&form).unwrap_or_default()
}
