// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long a session lives, and when it is renewed: at 80 % of its life (`api.md` 8), by the wall clock as a number.

use crate::homey::session::{Kind, Session};

/// What a hub session lives where the hub does not say: 24 h, in milliseconds, as measured.
pub const USUAL: u64 = 24 * 3600 * 1000;
/// At this age it is renewed, in per cent of its life.
pub const RENEW: u32 = 80;
/// What would end sooner, by a hub's clock alone, has a hub's clock that is behind, in milliseconds.
const SHORT: u64 = 3600 * 1000;
/// A session that seems to come from so far in the future was got before the clock was set back, in milliseconds.
const STEP: u64 = 3600 * 1000;
/// No hub session lives longer, in milliseconds (a year): beyond it, the hub's clock was wrong.
const LONGEST: u64 = 366 * 24 * 3600 * 1000;

/// The life of a session. All times in milliseconds since 1970 by the clock here.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Life {
    made: Option<u64>,
    expires: Option<u64>,
    renewable: bool,
}

impl Life {
    /// Of a session; `has_login`: a stored password can renew it too.
    pub fn of(session: &Session, has_login: bool) -> Life {
        let refresh = session.cloud.as_ref().is_some_and(|c| c.refresh.is_some());
        let renewable = match session.kind {
            Kind::Password | Kind::OAuth => refresh || has_login,
            Kind::Local => has_login,
            // What was given is not ours to renew, and a key that is retried into a lockout helps nobody.
            Kind::Bearer | Kind::Key => false,
        };
        Life {
            made: session.made,
            expires: session.expires,
            renewable,
        }
    }

    /// Whether anything here can renew it.
    pub fn renewable(&self) -> bool {
        self.renewable
    }

    /// From when on it is to be renewed; `None`: never, since it does not end or nothing can.
    pub fn due(&self, now: u64) -> Option<u64> {
        let expires = self.expires.filter(|_| self.renewable)?;
        let made = match self.made {
            Some(made) if made > now.saturating_add(STEP) => return Some(now),
            Some(made) => made,
            None => expires.saturating_sub(USUAL),
        };
        let life = expires.saturating_sub(made);
        Some(made.saturating_add(life / 100 * u64::from(RENEW)))
    }

    /// Whether it has ended, as far as is known.
    pub fn is_over(&self, now: u64) -> bool {
        self.expires.is_some_and(|expires| now >= expires)
    }

    /// Whether it should be renewed before it is used.
    pub fn wants_renewal(&self, now: u64) -> bool {
        self.due(now).is_some_and(|due| now >= due)
    }
}

/// When a session ends that was got at `now`, from what the hub says of it by its own clock, which may be another.
pub(super) fn ends(now: u64, created: Option<u64>, expires: Option<u64>) -> u64 {
    let life = match (created, expires) {
        (Some(created), Some(expires)) => expires.checked_sub(created),
        (None, Some(expires)) => expires.checked_sub(now).filter(|life| *life >= SHORT),
        _ => None,
    };
    let life = life.filter(|life| (1..LONGEST).contains(life));
    now.saturating_add(life.unwrap_or(USUAL))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::homey::secret::Secret;
    use crate::homey::session::Cloud;

    const H: u64 = 3600 * 1000;

    fn session(kind: Kind, made: Option<u64>, expires: Option<u64>, refresh: bool) -> Session {
        let token = || Secret::parse("t").unwrap();
        Session {
            made,
            expires,
            cloud: Some(Cloud {
                access: None,
                access_expires: 0,
                refresh: refresh.then(token),
            }),
            ..Session::given(kind, "5f00", token())
        }
    }

    #[test]
    fn a_session_is_renewed_at_four_fifths_of_its_life_where_something_can() {
        use Kind::*;
        let now = 1000 * H;
        for (kind, made, expires, refresh, login, want) in [
            (
                Password,
                Some(now),
                Some(now + 24 * H),
                true,
                false,
                Some(now + 24 * H / 5 * 4),
            ),
            (
                OAuth,
                Some(now),
                Some(now + 10 * H),
                true,
                false,
                Some(now + 8 * H),
            ),
            (
                Password,
                Some(now),
                Some(now + 10 * H),
                false,
                true,
                Some(now + 8 * H),
            ),
            (
                Local,
                Some(now),
                Some(now + 10 * H),
                false,
                true,
                Some(now + 8 * H),
            ),
            (
                OAuth,
                None,
                Some(now + 4 * H),
                true,
                false,
                Some(now - 20 * H + 24 * H / 5 * 4),
            ),
            (
                OAuth,
                Some(now + 2 * H),
                Some(now + 26 * H),
                true,
                false,
                Some(now),
            ),
            (OAuth, Some(now), Some(now + 24 * H), false, false, None),
            (Local, Some(now), Some(now + 24 * H), true, false, None),
            (Bearer, Some(now), Some(now + 24 * H), true, true, None),
            (Key, Some(now), None, true, true, None),
        ] {
            let life = Life::of(&session(kind, made, expires, refresh), login);
            assert_eq!(life.due(now), want, "{kind:?} {made:?} {expires:?}");
            assert_eq!(life.renewable(), want.is_some());
        }
    }

    #[test]
    fn the_end_is_known_to_the_millisecond() {
        let life = Life::of(&session(Kind::OAuth, Some(0), Some(100), true), false);
        assert_eq!((life.is_over(99), life.is_over(100)), (false, true));
        assert_eq!(
            (life.wants_renewal(79), life.wants_renewal(80)),
            (false, true)
        );
        let none = Life::of(&session(Kind::Key, Some(0), None, false), false);
        assert!(!none.is_over(u64::MAX));
    }

    #[test]
    fn a_hubs_clock_that_is_wrong_gives_the_same_life() {
        for (created, expires, want) in [
            (Some(5 * H), Some(29 * H), 24 * H),
            (Some(5 * H), Some(6 * H), H),
            (None, Some(1012 * H), 12 * H),
            (None, Some(999 * H), USUAL),
            // A clock that is behind by nearly a day.
            (None, Some(1000 * H + 10_000), USUAL),
            (None, Some(1001 * H - 1), USUAL),
            (None, Some(1001 * H), H),
            (Some(5 * H), Some(5 * H + 60_000), 60_000),
            (Some(7), Some(6), USUAL),
            (Some(0), Some(u64::MAX), USUAL),
            (None, None, USUAL),
        ] {
            assert_eq!(
                ends(1000 * H, created, expires),
                1000 * H + want,
                "{created:?} {expires:?}"
            );
        }
    }
}
