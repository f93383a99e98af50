// SPDX-License-Identifier: MIT OR Apache-2.0
//! The poll: who is there, what are the bound things called, what is their state; again and again.
//!
//! Straight-line blocking code; every wait in it is the panel's life ([`Life`]). What it finds becomes the
//! link's state, and the pause before the next try comes from `cadence`.

use std::io;
use std::time::Duration;

use crate::client::Refusal;
use crate::homey::error::Kind;
use crate::net::{Error, Session, monotonic};
use crate::panel::Link;
use crate::panel::cadence::{Backoff, Cause, Rhythm, next_poll};
use crate::time::Time;

use super::fetches;
use super::life::{Life, Wish};
use super::names;
use super::readings::Readings;

/// The first pause before names that stand for nothing are looked up again, in units of [`Rhythm::retry`]: somebody may be
/// at it right now.
const NAMES_FIRST: u32 = 10;

/// While the bearer is refused: how often its file is looked at for another one, in the same units.
const KEY_LOOK: u32 = 4;

/// What is next.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Stage {
    /// Who answers there? Before any bearer is sent to an address that is new or was away.
    Identify,
    /// Which ids do the configured names stand for?
    Names,
    /// What is the state of what is bound?
    Read,
}

/// The poll's own connection and memory.
pub struct Poller {
    session: Session,
    stage: Stage,
    rhythm: Rhythm,
    backoff: Backoff,
    /// The trouble that was last told, so that the log says each thing once.
    told: String,
    names_due: Time,
    token_tries: u8,
    /// The pause before names that stand for nothing are looked up again; it grows.
    names_pause: Duration,
    readings: Readings,
    /// Names that stood for nothing at the last look.
    complaints: Vec<String>,
}

/// Why a step did not work, and what follows from it.
struct Trouble {
    link: Option<Link>,
    cause: Cause,
    text: String,
    /// The hub refuses the bearer itself, not what it is used for.
    unauthorized: bool,
    /// Nothing is wrong: the request was broken off, for a command or for a hand, and is to be made anew.
    gave_way: bool,
}

impl Poller {
    /// Nothing is dialled yet.
    pub fn new(session: Session, rhythm: Rhythm, seed: u64) -> Poller {
        Poller {
            session,
            stage: Stage::Identify,
            rhythm,
            backoff: Backoff::new(rhythm.retry, seed),
            told: String::new(),
            names_due: Time::NEVER,
            token_tries: 0,
            names_pause: rhythm.retry * NAMES_FIRST,
            readings: Readings::default(),
            complaints: Vec::new(),
        }
    }

    /// Polls until `life` wishes something else.
    pub fn run(&mut self, life: &mut Life) -> io::Result<()> {
        let mut haste = 0_u32;
        while life.wish == Wish::GoOn {
            let began = monotonic();
            self.take_found_way(life);
            life.touched = false;
            life.trouble = false;
            life.bearer_news = false;
            let bearer = life.bearers;
            life.patience = match self.stage {
                Stage::Identify => began + self.backoff.least() * 2_u32.pow(haste.min(4)),
                _ => Time::NEVER,
            };
            let step = self.step(life, began);
            life.patience = Time::NEVER;
            let (next, failed) = match step {
                Ok(next) => {
                    self.backoff.reset();
                    life.met_hub(monotonic());
                    (next, None)
                }
                Err(_) if life.wish != Wish::GoOn => break,
                Err(trouble) if trouble.gave_way => {
                    // Each time for a hand it gets twice as long: a hub that is merely slow must come through.
                    haste += 1;
                    continue;
                }
                Err(trouble) => {
                    let cause = trouble.cause;
                    if trouble.unauthorized && bearer != life.bearers {
                        // It left with an older one.
                        continue;
                    }
                    (self.fail(life, trouble, began), Some(cause))
                }
            };
            haste = 0;
            self.pause(life, began, next, failed)?;
        }
        Ok(())
    }

    /// Waits for the next poll. A touch is worth one immediate try while the hub is away, and a sooner poll
    /// while it is there; trouble on a command connection is worth a look at once. While a press waits for a hub that is away, it
    /// is tried again and again, for as long as that press lives.
    fn pause(
        &mut self,
        life: &mut Life,
        began: Time,
        next: Time,
        failed: Option<Cause>,
    ) -> io::Result<()> {
        let soon = began + self.backoff.least();
        let refused = failed == Some(Cause::Token);
        let hurries = match failed {
            None | Some(Cause::Token | Cause::Busy(_)) => false,
            Some(_) => true,
        };
        loop {
            let mut until = next;
            if refused {
                until = until.min(monotonic() + self.rhythm.retry * KEY_LOOK);
            } else if hurries && !life.controller.is_idle() {
                until = until.min(soon);
            }
            life.idle(until, &mut self.session)?;
            if life.wish != Wish::GoOn || monotonic() >= next || life.routes.is_found() {
                return Ok(());
            }
            if refused {
                let is_another = life.hub.bearer_changed() && life.reload_bearer(monotonic());
                if is_another || life.bearer_news {
                    return Ok(());
                }
                // A hand cannot mend a bearer.
                life.touched = false;
                life.trouble = false;
            } else if life.touched || life.trouble || until == soon {
                if monotonic() >= soon {
                    return Ok(());
                }
                // Too soon after the last try: once that time is over, if nothing else comes first.
                life.touched = false;
                life.trouble = false;
                life.idle(next.min(soon), &mut self.session)?;
                let over = monotonic() >= next.min(soon) || life.routes.is_found();
                if life.wish != Wish::GoOn || over {
                    return Ok(());
                }
            }
        }
    }

    /// One round of whatever is next; when the next one is due.
    fn step(&mut self, life: &mut Life, now: Time) -> Result<Time, Trouble> {
        if self.stage == Stage::Identify {
            self.identify(life)?;
            // Whatever becomes of the rest, it is where it was asked.
            life.met_hub(monotonic());
            // Whatever was read before is of another time, perhaps of another hub.
            self.readings.forget_tags();
            life.identified = true;
            life.patience = Time::NEVER;
            self.stage = if life.directory.is_incomplete() {
                Stage::Names
            } else {
                Stage::Read
            };
            self.enter(life, Link::Loading);
        }
        if life.names_in_doubt || now >= self.names_due {
            self.stage = Stage::Names;
        }
        let mut admitted = false;
        if self.stage == Stage::Names {
            self.names(life)?;
            admitted = true;
        }
        if life.controller.link_state() < Link::Loading {
            // The bearer was refused until now. Only what is asked after the hub has taken it counts as fresh.
            if !admitted {
                self.read(life)?;
            }
            self.enter(life, Link::Loading);
        }
        self.read(life)?;
        if life.names_in_doubt {
            // Not found is not read. Gone, paired anew, or a hub that starts and knows no device yet: the list tells.
            self.names(life)?;
            self.read(life)?;
        }
        self.token_tries = 0;
        life.bearer_taken();
        self.enter(life, Link::Ready);
        life.lanes.warm(monotonic(), false);
        Ok(next_poll(
            now,
            monotonic(),
            life.controller.last_event(),
            &self.rhythm,
        ))
    }

    /// Goes another way from now on, where one was found. While all is well the hub stays known and its readings stay fresh:
    /// who answers there was asked a moment ago, as on every way that was found from here.
    fn take_found_way(&mut self, life: &mut Life) {
        if !life.take_found_way(monotonic()) {
            return;
        }
        self.session = life.hub.session();
        if life.controller.link_state() < Link::Token || !life.identified {
            life.identified = false;
            self.stage = Stage::Identify;
        } else {
            let link = life.controller.link_state();
            life.link(link, monotonic());
        }
        self.told.clear();
    }

    fn names(&mut self, life: &mut Life) -> Result<(), Trouble> {
        match names::resolve(life, &mut self.session, &mut self.complaints)? {
            names::Found::NoDevices => return Err(no_devices()),
            names::Found::All => {
                self.names_due = Time::NEVER;
                self.names_pause = self.rhythm.retry * NAMES_FIRST;
            }
            names::Found::Some => {
                self.names_due = monotonic() + self.names_pause;
                self.names_pause = (self.names_pause * 2).min(self.rhythm.names);
            }
        }
        life.names_in_doubt = false;
        self.readings.begin_again();
        self.stage = Stage::Read;
        Ok(())
    }

    fn identify(&mut self, life: &mut Life) -> Result<(), Trouble> {
        let known = fetches::ping(&mut self.session, life)?;
        Ok(life.hub.recognise(known)?)
    }

    fn read(&mut self, life: &mut Life) -> Result<(), Trouble> {
        if self.readings.read(life, &mut self.session)? {
            return Ok(());
        }
        Err(no_devices())
    }

    fn enter(&mut self, life: &mut Life, link: Link) {
        if link == life.controller.link_state() {
            return;
        }
        if link == Link::Ready {
            log::info!(
                "connected to the hub at {}; everything read",
                life.hub.shown()
            );
            self.told.clear();
        }
        life.link(link, monotonic());
    }

    /// Says what is wrong, once, and when to try again; `began`: when the failed try did.
    fn fail(&mut self, life: &mut Life, trouble: Trouble, began: Time) -> Time {
        let now = monotonic();
        if let Some(link) = trouble.link {
            if link < Link::Token {
                // Whoever answers next may be somebody else.
                life.identified = false;
                self.stage = Stage::Identify;
                self.session.close();
                life.lanes.hang_up();
                life.missed_hub(link == Link::WrongHub);
            }
            if link == Link::Token {
                if let Some(at) = self.try_new_token(life, trouble.unauthorized, now) {
                    return at;
                }
            }
            self.enter(life, link);
        }
        let pause = self.backoff.pause(trouble.cause);
        if matches!(trouble.cause, Cause::Busy(_)) {
            life.pacer.hold(now + pause);
        }
        if self.told != trouble.text {
            life.notice(&trouble.text, now);
            self.told = trouble.text;
        }
        match trouble.cause {
            Cause::Busy(_) => now + pause,
            // Counted from the beginning of the try, so that one that took long does not keep a hub unnoticed for longer.
            _ => (began + pause).max(now + self.rhythm.retry),
        }
    }

    /// After a 401: the bearer's file is read again, a session is renewed, and the first refusal of what cannot be renewed is
    /// not believed (`api.md` 10: valid keys are refused for moments at night and around restarts). `Some`: when to try again,
    /// if nothing comes before; until then the link is what it was.
    fn try_new_token(&mut self, life: &mut Life, unauthorized: bool, now: Time) -> Option<Time> {
        let better = match unauthorized {
            true => life.bearer_refused(now),
            false => life.reload_bearer(now).then_some(now),
        };
        if better.is_some() {
            self.token_tries = 0;
            return better;
        }
        self.token_tries = self.token_tries.saturating_add(1);
        (self.token_tries < 2).then_some(now)
    }
}

/// What hubs answer for a moment after a restart (`api.md` 10).
fn no_devices() -> Trouble {
    Trouble {
        link: Some(Link::Loading),
        cause: Cause::Clock,
        text: "the hub lists no devices yet; it may still be starting".into(),
        unauthorized: false,
        gave_way: false,
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Trouble {
        let text = refusal.to_string();
        let (link, cause) = match &refusal {
            Refusal::Net(e) if e.is_unreachable() => (Some(Link::Down), Cause::Unreachable),
            Refusal::Net(e) if e.is_clock() => (Some(Link::Clock), Cause::Clock),
            Refusal::Net(e) if e.is_wrong_host() => (Some(Link::WrongHub), Cause::WrongHub),
            Refusal::Net(Error::Cancelled) => (None, Cause::Unreachable),
            Refusal::Net(_) => (Some(Link::NoHub), Cause::NoHub),
            Refusal::Local(_) => (Some(Link::NoHub), Cause::WrongHub),
            Refusal::Reply(_) => (Some(Link::NoHub), Cause::NoHub),
            Refusal::WrongHub(_) => (Some(Link::WrongHub), Cause::WrongHub),
            Refusal::Hub { error, retry_after } => match error.kind {
                kind if kind.is_unauthorized() => (Some(Link::Token), Cause::Token),
                Kind::MissingScopes | Kind::Forbidden => (Some(Link::Token), Cause::Token),
                Kind::NotJson => (Some(Link::WrongHub), Cause::WrongHub),
                Kind::TooManyRequests => (None, Cause::Busy(*retry_after)),
                Kind::Unavailable => (Some(Link::NoHub), Cause::Busy(*retry_after)),
                _ => (Some(Link::NoHub), Cause::NoHub),
            },
        };
        let gave_way = matches!(refusal, Refusal::Net(Error::Cancelled));
        let unauthorized =
            matches!(&refusal, Refusal::Hub { error, .. } if error.kind.is_unauthorized());
        Trouble {
            link,
            cause,
            text,
            unauthorized,
            gave_way,
        }
    }
}
