// SPDX-License-Identifier: MIT OR Apache-2.0
//! The configured hub at the installer's desk: identified once, then asked straight and waited for alone.

use std::io::Read;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{self, Hub, Lookup, Missing, Refusal, Source};
use crate::config::Config;
use crate::failure::Failure;
use crate::homey::Dialect;
use crate::homey::call::Call;
use crate::homey::error::Kind;
use crate::homey::names::{NameError, RefKind, Reference, Resolved};
use crate::homey::text::one_line;
use crate::net::{self, Alone, Deadlines, Session};

use super::Common;

/// A hub of 2016 to 2019 has had enough at the fourth of four quick calls; with this much between their starts it
/// never had (`api.md` 11).
const APART: Duration = Duration::from_millis(150);

/// What is waited when the hub says "too many requests" and not how long; then it is final.
const PATIENCE: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// A hub that wants more patience than this gets none: somebody waits here.
const MAX_PATIENCE: Duration = Duration::from_secs(10);

/// One hub, one connection.
pub(crate) struct Desk {
    hub: Hub,
    session: Session,
    /// When the last call was started.
    last: Option<Instant>,
    /// The hub is of 2023 or later, and minds no haste.
    hurry: bool,
    /// Nothing is waited for beyond this.
    end: Option<Instant>,
}

impl Desk {
    /// Reads configuration and bearer, and makes sure who answers before any bearer is sent.
    pub(crate) fn open(common: &Common) -> Result<Desk, Failure> {
        Desk::of(&common.load()?)
    }

    /// The same for a configuration that is loaded already.
    pub(crate) fn of(config: &Config) -> Result<Desk, Failure> {
        let mut desk = Desk::unidentified(config)?;
        desk.load_bearer(config)?;
        let known = desk.identify();
        known.map_err(|refusal| refusal.failure("asking the hub who it is"))?;
        Ok(desk)
    }

    /// Nothing is read yet, and nobody was asked.
    pub(crate) fn unidentified(config: &Config) -> Result<Desk, Failure> {
        let hub = Hub::new(config)?;
        let session = hub.session();
        Ok(Desk {
            hub,
            session,
            last: None,
            hurry: false,
            end: None,
        })
    }

    /// Reads the bearer; its warnings go to the log.
    pub(crate) fn load_bearer(&mut self, config: &Config) -> Result<(), Failure> {
        self.hub.load_bearer(config)
    }

    /// Waits for nothing beyond `end`, and for no single reply longer than `each`.
    pub(crate) fn hold_to(&mut self, end: Instant, each: Duration) {
        self.end = Some(end);
        self.hub.patience = each;
    }

    /// Where the hub answers.
    pub(crate) fn peer(&self) -> String {
        self.session.peer()
    }

    /// What it says that it is; empty where it does not say.
    pub(crate) fn hub_id(&self) -> &str {
        &self.hub.id
    }

    /// Makes sure who answers, without the bearer.
    pub(crate) fn identify(&mut self) -> Result<(), Refusal> {
        let end = self.end;
        patiently(end, || self.ping())
    }

    fn ping(&mut self) -> Result<(), Refusal> {
        self.pace();
        let call = Call::Ping {
            hub_id: &self.hub.id,
        };
        let request = self
            .hub
            .request(&call)
            .map_err(|e| Refusal::Local(e.message))?;
        let mut wait = Alone;
        let reply = net::fetch(&mut self.session, request, Deadlines::POLL, &mut wait)?;
        let known = client::read_ping(reply, self.hub.limits, &self.hub.id)?;
        // Old hubs do not say who they are (`api.md` 3); the list of devices tells for sure.
        self.hurry = known.is_some();
        self.hub.recognise(known)
    }

    /// Sends a call and reads its reply as it comes.
    pub(crate) fn read<T>(
        &mut self,
        call: &Call<'_>,
        visit: &mut dyn FnMut(&mut dyn Read) -> Result<T, Refusal>,
    ) -> Result<T, Failure> {
        self.read_as(&call.name(), call, visit)
    }

    /// The same, named in errors by what a person asked for.
    pub(crate) fn read_as<T>(
        &mut self,
        doing: &str,
        call: &Call<'_>,
        visit: &mut dyn FnMut(&mut dyn Read) -> Result<T, Refusal>,
    ) -> Result<T, Failure> {
        self.ask(call, visit)
            .map_err(|refusal| refusal.failure(&one_line(doing, 200)))
    }

    /// The same with the refusal as it is.
    pub(crate) fn ask<T>(
        &mut self,
        call: &Call<'_>,
        visit: &mut dyn FnMut(&mut dyn Read) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let end = self.end;
        patiently(end, || {
            self.pace();
            if let Some(end) = end {
                let left = end.saturating_duration_since(Instant::now());
                self.hub.patience = self.hub.patience.min(left);
            }
            self.hub.read(&mut self.session, call, visit)
        })
    }

    fn pace(&mut self) {
        if let (Some(last), false) = (self.last, self.hurry) {
            thread::sleep(APART.saturating_sub(last.elapsed()));
        }
        self.last = Some(Instant::now());
    }

    /// Looks names up; every one that stands for nothing is an `Err` of its own.
    pub(crate) fn look_up(&mut self, references: &[Reference<'_>]) -> Result<Lookup, Failure> {
        client::look_up(references, self).map_err(|refusal| refusal.failure("looking names up"))
    }

    /// Looks one name up.
    pub(crate) fn find(&mut self, kind: RefKind, text: &str) -> Result<Resolved, Failure> {
        let reference = Reference { text, kind };
        match self.look_up(&[reference])?.found.into_iter().next() {
            Some(Ok(found)) => Ok(found),
            Some(Err(Missing::Name(error))) => Err(Failure::usage_plain(with_cure(&error))),
            Some(Err(Missing::List(why))) => Err(Failure::permission(why)),
            None => Err(Failure::unavailable("the look-up gave nothing")),
        }
    }
}

/// What is wrong with a name, and where the right ones are to be found.
fn with_cure(error: &NameError) -> String {
    match error {
        NameError::NotFound { kind, nearest, .. } if nearest.is_empty() => {
            let list = match kind {
                RefKind::Device => "devices",
                RefKind::Flow => "flow list",
                RefKind::Mood => "mood list",
                RefKind::Variable => "variables",
                RefKind::Alarm => "alarms",
            };
            format!("{error}; homey-panel {list} shows those that there are")
        }
        _ => error.to_string(),
    }
}

impl Source for Desk {
    fn get(
        &mut self,
        call: &Call<'_>,
        visit: &mut dyn FnMut(&mut dyn Read) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.ask(call, visit)
    }

    fn learned(&mut self, dialect: Dialect) {
        self.hurry = dialect == Dialect::V3;
    }
}

/// Repeats what drew "too many requests", which says that nothing ran (`api.md` 10, 11); not beyond `end`.
fn patiently<T>(
    end: Option<Instant>,
    mut ask: impl FnMut() -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    for usual in PATIENCE {
        match ask() {
            Err(Refusal::Hub { error, retry_after }) if error.kind == Kind::TooManyRequests => {
                let pause = retry_after.unwrap_or(usual);
                let late = end.is_some_and(|end| Instant::now() + pause > end);
                if pause > MAX_PATIENCE || late {
                    return Err(Refusal::Hub { error, retry_after });
                }
                thread::sleep(pause);
            }
            other => return other,
        }
    }
    ask()
}
