// SPDX-License-Identifier: MIT OR Apache-2.0
//! The poll: who is there, what are the bound things called, what is their state; again and again.
//!
//! Straight-line blocking code; every wait in it is the panel's life ([`Life`]). What it finds becomes the
//! link's state, and the pause before the next try comes from `cadence`.

use std::io;
use std::time::Duration;

use crate::client::Refusal;
use crate::homey::Reading;
use crate::homey::error::Kind;
use crate::net::{Error, Session, monotonic};
use crate::panel::Link;
use crate::panel::cadence::{Backoff, Cause, Reading as Way, Rhythm, choose, next_poll};
use crate::panel::plan::PointId;
use crate::time::Time;

use super::fetches;
use super::life::{Life, Wish};
use super::names;

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
    last_list: (usize, u64),
    names_due: Time,
    token_tries: u8,
    /// The pause before names that stand for nothing are looked up again; it grows.
    names_pause: Duration,
    /// By bound device: complete lists in a row that did not have it.
    missed: Vec<u8>,
    /// By point: complete readings of its device in a row that did not have it.
    lacking: Vec<u8>,
    /// Names that stood for nothing at the last look.
    complaints: Vec<String>,
}

/// Why a step did not work, and what follows from it.
struct Trouble {
    link: Option<Link>,
    cause: Cause,
    text: String,
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
            last_list: (0, 0),
            names_due: Time::NEVER,
            token_tries: 0,
            names_pause: rhythm.retry * NAMES_FIRST,
            missed: Vec::new(),
            lacking: Vec::new(),
            complaints: Vec::new(),
        }
    }

    /// Polls until `life` wishes something else.
    pub fn run(&mut self, life: &mut Life) -> io::Result<()> {
        while life.wish == Wish::GoOn {
            let began = monotonic();
            life.touched = false;
            life.trouble = false;
            let next = match self.step(life, began) {
                Ok(next) => {
                    self.backoff.reset();
                    next
                }
                Err(_) if life.wish != Wish::GoOn => break,
                Err(trouble) => self.fail(life, trouble),
            };
            self.pause(life, began, next)?;
        }
        Ok(())
    }

    /// Waits for the next poll. A touch is worth one immediate try while the hub is away, and a sooner poll
    /// while it is there; trouble on a command connection is worth a look at once.
    fn pause(&mut self, life: &mut Life, began: Time, next: Time) -> io::Result<()> {
        let second = Duration::from_secs(1);
        let refused = life.controller.link_state() == Link::Token;
        loop {
            let look = if refused {
                next.min(monotonic() + self.rhythm.retry * KEY_LOOK)
            } else {
                next
            };
            life.idle(look, &mut self.session)?;
            let now = monotonic();
            let early = life.touched || life.trouble;
            if life.wish != Wish::GoOn
                || now >= next
                || (early && now >= began + second && !refused)
            {
                return Ok(());
            }
            if refused && life.hub.bearer_changed() && life.reload_bearer() {
                return Ok(());
            }
            if early {
                // Too soon after the last try: once that second is over, if nothing else comes first.
                life.touched = false;
                life.trouble = false;
                let soon = next.min(began + second);
                life.idle(soon, &mut self.session)?;
                if monotonic() >= soon && !refused {
                    return Ok(());
                }
            }
        }
    }

    /// One round of whatever is next; when the next one is due.
    fn step(&mut self, life: &mut Life, now: Time) -> Result<Time, Trouble> {
        if self.stage == Stage::Identify {
            self.identify(life)?;
            life.identified = true;
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
        self.enter(life, Link::Ready);
        life.lanes.warm(monotonic());
        Ok(next_poll(now, life.controller.last_event(), &self.rhythm))
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
        self.missed.clear();
        self.lacking.clear();
        self.stage = Stage::Read;
        Ok(())
    }

    fn identify(&mut self, life: &mut Life) -> Result<(), Trouble> {
        let known = fetches::ping(&mut self.session, life)?;
        Ok(life.hub.recognise(known)?)
    }

    fn read(&mut self, life: &mut Life) -> Result<(), Trouble> {
        let (items, bytes) = self.last_list;
        match choose(life.directory.len(), items, bytes, life.pacer.hub()) {
            Way::List => self.read_list(life),
            Way::Singles => self.read_singles(life),
        }
    }

    fn read_list(&mut self, life: &mut Life) -> Result<(), Trouble> {
        let poll = life.controller.poll_started(monotonic());
        let result = fetches::list(&mut self.session, life);
        let now = monotonic();
        let empty = result
            .as_ref()
            .is_ok_and(|l| l.items == 0 && life.directory.len() > 0);
        if let (Ok(list), false) = (&result, empty) {
            for (slot, reading) in &list.readings {
                life.controller
                    .update(poll, PointId(*slot), reading.clone(), now);
            }
            self.last_list = (list.items, list.bytes);
            life.learn(list.dialect);
            self.find_lacking(life, &list.readings, |index| {
                list.present.get(index).copied().unwrap_or(false)
            });
            self.missed.resize(list.present.len(), 0);
            for (misses, present) in self.missed.iter_mut().zip(&list.present) {
                *misses = if *present {
                    0
                } else {
                    misses.saturating_add(1)
                };
                // One list without a device means nothing; three ask for its name again (it was re-paired).
                life.names_in_doubt |= *misses >= 3;
            }
        }
        life.controller
            .poll_ended(poll, now, result.is_ok() && !empty);
        result?;
        if empty {
            return Err(no_devices());
        }
        Ok(())
    }

    fn read_singles(&mut self, life: &mut Life) -> Result<(), Trouble> {
        for index in 0..life.directory.len() {
            let poll = life.controller.poll_started(monotonic());
            let result = fetches::single(&mut self.session, life, index);
            let now = monotonic();
            if let Ok((readings, _)) = &result {
                for (slot, reading) in readings {
                    life.controller
                        .update(poll, PointId(*slot), reading.clone(), now);
                }
                self.find_lacking(life, readings, |i| i == index);
            }
            life.controller.poll_ended(poll, now, result.is_ok());
            match result {
                Err(Refusal::Hub { error, .. }) if error.kind == Kind::NotFound => {
                    life.names_in_doubt = true
                }
                Err(refusal) => return Err(refusal.into()),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// Tells of points whose device is there and has no such capability, over and over: a device that starts may show
    /// its capabilities late. `read`: whether these are complete readings of the nth bound device.
    fn find_lacking(
        &mut self,
        life: &mut Life,
        readings: &[(u16, Reading)],
        read: impl Fn(usize) -> bool,
    ) {
        self.lacking.resize(life.plan.points.len(), 0);
        for (point, count) in (0_u16..).map(PointId).zip(&mut self.lacking) {
            if !life.directory.index_of(point).is_some_and(&read) {
                continue;
            }
            if readings.iter().any(|(slot, _)| *slot == point.0) {
                *count = 0;
                continue;
            }
            *count = count.saturating_add(1);
            let spec = life.plan.points.get(usize::from(point.0));
            if let (3, Some(spec)) = (*count, spec) {
                let why = format!("the device has no capability {:?}", spec.capability);
                life.controller.missing(point, why);
            }
        }
    }

    fn enter(&mut self, life: &mut Life, link: Link) {
        if link == life.controller.link_state() {
            return;
        }
        if link == Link::Ready {
            log::info!(
                "connected to the hub at {}; everything read",
                life.hub.address
            );
            self.told.clear();
        }
        life.link(link, monotonic());
    }

    /// Says what is wrong, once, and when to try again.
    fn fail(&mut self, life: &mut Life, trouble: Trouble) -> Time {
        let now = monotonic();
        if let Some(link) = trouble.link {
            if link < Link::Token {
                // Whoever answers next may be somebody else.
                life.identified = false;
                self.stage = Stage::Identify;
                self.session.close();
                life.lanes.hang_up();
            }
            if link == Link::Token && self.try_new_token(life) {
                return now;
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
        now + pause
    }

    /// After a 401: the bearer's file is read again, and the first refusal is not believed (`api.md` 10:
    /// valid keys are refused for moments at night and around restarts). `true`: try at once.
    fn try_new_token(&mut self, life: &mut Life) -> bool {
        let renewed = life.reload_bearer();
        self.token_tries = if renewed {
            0
        } else {
            self.token_tries.saturating_add(1)
        };
        renewed || self.token_tries < 2
    }
}

/// What hubs answer for a moment after a restart (`api.md` 10).
fn no_devices() -> Trouble {
    Trouble {
        link: Some(Link::Loading),
        cause: Cause::Clock,
        text: "the hub lists no devices yet; it may still be starting".into(),
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
        Trouble { link, cause, text }
    }
}
