// SPDX-License-Identifier: MIT OR Apache-2.0
//! When a session is to be renewed and when it ends, on a machine whose clock may be wrong.
//!
//! Numbers in, numbers out. The session file speaks the wall clock's language; the wall clock may stand in 1970 until the
//! network has set it, and may jump later. So its word counts only where it can be true, and the age of a session is never
//! less than the time since it was read, which the monotonic clock counts.

use std::time::Duration;

use crate::client::Held;
use crate::homey::auth;
use crate::homey::session::Kind;
use crate::time::Time;

/// What a hub's session lives, where its file does not say.
const USUAL: Duration = Duration::from_millis(auth::USUAL);

/// So far the clock may have gone back by small corrections since the session was made.
const SLACK: u64 = 5 * 60 * 1000;

/// One session's time.
#[derive(Clone, Debug)]
pub struct Term {
    life: Duration,
    /// When it was made, in milliseconds since 1970; `None` where the file does not say.
    made: Option<u64>,
    read: Time,
}

impl Term {
    /// What a session file that was read at `read` says; `None` where nothing of it ends.
    pub fn of(held: &Held, read: Time) -> Option<Term> {
        let ends = held.expires.is_some() || renews(held.kind);
        let told = held.expires.zip(held.made);
        // A session that would end before it was made has a file of mistakes.
        let told = told.and_then(|(expires, made)| expires.checked_sub(made));
        let life = told.filter(|ms| *ms > 0).map(Duration::from_millis);
        let life = life.unwrap_or(USUAL);
        let millis = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
        let made = held.expires.map(|ms| ms.saturating_sub(millis));
        ends.then_some(Term {
            life,
            made: made.or(held.made),
            read,
        })
    }

    /// How old it is at `now`, at least. `wall`: the wall clock in milliseconds since 1970, where it can be true at all.
    fn age(&self, now: Time, wall: Option<u64>) -> Duration {
        let held = now.since(self.read);
        let told = self.made.zip(wall);
        let told = told.filter(|(made, wall)| wall.saturating_add(SLACK) >= *made);
        let told = told.map(|(made, wall)| Duration::from_millis(wall.saturating_sub(made)));
        told.map_or(held, |told| told.max(held))
    }

    /// How long until it is to be renewed, `shift` of its life later: several panels need not do it at the same moment.
    pub fn due_in(&self, now: Time, wall: Option<u64>, shift: u32) -> Duration {
        let at = self.life / 100 * auth::RENEW + self.life / 10_000 * shift;
        at.saturating_sub(self.age(now, wall))
    }

    /// How long until it ends.
    pub fn left(&self, now: Time, wall: Option<u64>) -> Duration {
        self.life.saturating_sub(self.age(now, wall))
    }
}

/// Whether anything here can renew a session of this kind.
pub fn renews(kind: Kind) -> bool {
    matches!(kind, Kind::Password | Kind::OAuth | Kind::Local)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;
    /// 2026-03-01, more or less.
    const DAY: u64 = 20_513 * 24 * HOUR;

    fn hours(h: u64) -> Duration {
        Duration::from_secs(h * 3600)
    }

    fn held(kind: Kind, made: Option<u64>, expires: Option<u64>) -> Held {
        Held {
            kind,
            made,
            expires,
        }
    }

    fn day() -> Term {
        let held = held(Kind::OAuth, Some(DAY), Some(DAY + 24 * HOUR));
        Term::of(&held, Time::from_millis(HOUR)).unwrap()
    }

    #[test]
    fn what_ends_and_what_does_not() {
        let of = |kind, made, expires| Term::of(&held(kind, made, expires), Time::ZERO);
        assert!(of(Kind::Key, Some(DAY), None).is_none());
        assert!(of(Kind::Bearer, None, None).is_none());
        for (term, life, made) in [
            (of(Kind::Bearer, None, Some(DAY + 24 * HOUR)), 24, Some(DAY)),
            (of(Kind::OAuth, None, None), 24, None),
            (of(Kind::Local, Some(DAY), None), 24, Some(DAY)),
            (
                of(Kind::Password, Some(DAY), Some(DAY + 2 * HOUR)),
                2,
                Some(DAY),
            ),
            (
                of(Kind::Password, Some(DAY), Some(DAY - HOUR)),
                24,
                Some(DAY - 25 * HOUR),
            ),
        ] {
            let term = term.unwrap();
            assert_eq!((term.life, term.made), (hours(life), made));
        }
    }

    #[test]
    fn the_clock_counts_only_where_it_can_be_true() {
        // Read at 1 h of the monotonic clock; hours since, wall clock in hours since it was made, hours left.
        for (since, wall, left) in [
            (0, Some(0), 24),
            (0, Some(10), 14),
            // Read long after it was made, by a clock that is not set: only what has passed here is known.
            (0, None, 24),
            (7, None, 17),
            // The clock was set, or went on by itself.
            (7, Some(10), 14),
            // It was put back, but not before the session was made: it is not younger than we have had it.
            (9, Some(2), 15),
            // It was put forward by a year: it has ended, as far as anybody can know.
            (1, Some(9000), 0),
            (25, None, 0),
        ] {
            let now = Time::from_millis((1 + since) * HOUR);
            let wall = wall.map(|h| DAY + h * HOUR);
            assert_eq!(day().left(now, wall), hours(left), "{since} {wall:?}");
        }
        // Before it was made: by minutes the clock was corrected, by hours it is wrong.
        let now = Time::from_millis(4 * HOUR);
        for back in [SLACK, SLACK + 1, HOUR * 100] {
            assert_eq!(day().left(now, Some(DAY - back)), hours(21), "{back}");
        }
    }

    #[test]
    fn it_is_renewed_at_four_fifths_of_its_life() {
        let at = |h: u64| Time::from_millis((1 + h) * HOUR);
        assert_eq!(day().due_in(at(0), None, 0), hours(96) / 5);
        assert_eq!(day().due_in(at(19), None, 0), hours(1) / 5);
        assert_eq!(day().due_in(at(20), None, 0), Duration::ZERO);
        assert_eq!(
            day().due_in(at(0), Some(DAY + 30 * HOUR), 99),
            Duration::ZERO
        );
        // A hundredth of its life, 14 minutes, is as far as it is put off.
        let put_off = day().due_in(at(0), None, 100) - day().due_in(at(0), None, 0);
        assert_eq!(put_off, hours(24) / 100);
    }
}
