// SPDX-License-Identifier: MIT OR Apache-2.0
//! The configured hub at the installer's desk: identified once, then asked straight and waited for alone.

use std::io::Read;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{self, Hub, Lookup, MAX_ERROR_BODY, Missing, Refusal, Source, told};
use crate::config::Config;
use crate::failure::Failure;
use crate::homey::call::{Call, Other, Repeat, path_segment};
use crate::homey::error::Kind;
use crate::homey::names::{NameError, RefKind, Reference, Resolved};
use crate::homey::reply;
use crate::homey::route::Way;
use crate::homey::text::one_line;
use crate::homey::{self, Dialect};
use crate::net::{self, Deadlines, Session};
use crate::time::Time;

use super::Common;
use super::progress::Progress;

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

/// What the first exchange is called.
const ASKING: &str = "asking the hub who it is";

/// One hub, one connection.
pub(crate) struct Desk {
    hub: Hub,
    session: Session,
    /// When the last call was started.
    last: Option<Instant>,
    /// The hub is of 2023 or later, and minds no haste.
    hurry: bool,
    /// When whoever asked gives up; `None`: when a call has taken its usual time.
    by: Option<Time>,
    /// How long one call may take.
    each: Duration,
}

impl Desk {
    /// Reads configuration and bearer, and makes sure who answers before any bearer is sent.
    pub(crate) fn open(common: &Common) -> Result<Desk, Failure> {
        Desk::of(&common.load()?)
    }

    /// The same for a configuration that is loaded already.
    pub(crate) fn of(config: &Config) -> Result<Desk, Failure> {
        Desk::by(config, None)
    }

    /// A desk that is done within `limit`, whatever is asked at it.
    #[cfg(feature = "tools")]
    pub(crate) fn within(config: &Config, limit: Duration) -> Result<Desk, Failure> {
        Desk::by(config, Some(net::monotonic() + limit))
    }

    /// Nothing is read yet but the configuration, and nobody was asked. It is done by `by`, with each call after `each`.
    pub(crate) fn unidentified(
        config: &Config,
        by: Option<Time>,
        each: Duration,
    ) -> Result<Desk, Failure> {
        let hub = Hub::new(config)?;
        let session = hub.session();
        Ok(Desk {
            hub,
            session,
            last: None,
            hurry: false,
            by,
            each,
        })
    }

    /// Reads the bearer; its warnings go to the log.
    pub(crate) fn load_bearer(&mut self, config: &Config) -> Result<(), Failure> {
        self.hub.load_bearer(config)
    }

    /// Looks for the hub by every way but the present one, and goes on by what is found.
    pub(crate) fn seek(&mut self) -> Result<(), Failure> {
        self.hub.find()?;
        self.session = self.hub.session();
        Ok(())
    }

    /// By which way the hub is reached; `None`: it has to be found first.
    pub(crate) fn way(&self) -> Option<&Way> {
        self.hub.way.as_ref()
    }

    fn by(config: &Config, by: Option<Time>) -> Result<Desk, Failure> {
        let mut desk = Desk::unidentified(config, by, client::ONE_SHOT)?;
        desk.load_bearer(config)?;
        if desk.way().is_none() {
            desk.seek()?;
        }
        match desk.identify() {
            Ok(()) => Ok(desk),
            Err(refusal) if by.is_none() && desk.is_elsewhere(&refusal) => {
                let first = refusal.failure(ASKING);
                // The first try says what is wrong where nothing else is found.
                desk.seek().map_err(|found| also(first, &found.message))?;
                let known = desk.identify();
                known.map_err(|refusal| refusal.failure(ASKING))?;
                log::warn!("the hub is at {} now", desk.hub.shown());
                Ok(desk)
            }
            Err(refusal) => Err(refusal.failure(ASKING)),
        }
    }

    /// Whether the hub may have moved: it is not at its address, and its id is known to look for it by.
    fn is_elsewhere(&self, refusal: &Refusal) -> bool {
        let away = match refusal {
            Refusal::Net(error) => !error.is_clock(),
            Refusal::WrongHub(_) => true,
            Refusal::Hub { error, .. } => error.kind == Kind::NotJson,
            Refusal::Local(_) | Refusal::Reply(_) => false,
        };
        away && !self.hub.id.is_empty()
    }

    /// Where the hub answers and by which way.
    pub(crate) fn shown(&self) -> String {
        self.hub.shown()
    }

    /// What it says that it is; empty where it does not say.
    pub(crate) fn hub_id(&self) -> &str {
        &self.hub.id
    }

    /// Makes sure who answers, without the bearer.
    pub(crate) fn identify(&mut self) -> Result<(), Refusal> {
        patiently(self.by, || self.ping())
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
        let deadlines = match self.by {
            Some(_) => Deadlines::all(self.left()),
            None => Deadlines::POLL,
        };
        let mut wait = Progress::new(ASKING);
        let reply = net::fetch(&mut self.session, request, deadlines, &mut wait)?;
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
        let doing = one_line(doing, 200);
        self.ask(&doing, call, visit)
            .map_err(|refusal| refused(&doing, call.scope(), refusal))
    }

    /// How long a call may take.
    fn left(&self) -> Duration {
        let left = |by: Time| by.since(net::monotonic());
        self.by.map_or(self.each, left).min(self.each)
    }

    /// The same with the refusal as it is.
    pub(crate) fn ask<T>(
        &mut self,
        doing: &str,
        call: &Call<'_>,
        visit: &mut dyn FnMut(&mut dyn Read) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        patiently(self.by, || {
            self.pace();
            let limit = self.left();
            let mut wait = Progress::new(doing);
            self.hub
                .read_within(&mut self.session, call, limit, &mut wait, visit)
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
        // Of the lists that may be kept from us, only that of the devices ends a look-up.
        client::look_up(references, self)
            .map_err(|refusal| refused("looking names up", Call::Devices.scope(), refusal))
    }

    /// What a logic variable holds.
    pub(crate) fn variable(&mut self, id: &str) -> Result<homey::Value, Failure> {
        let segment = path_segment("variable id", id);
        let segment = segment.map_err(|e| Failure::unavailable(e.to_string()))?;
        let target = format!("/api/manager/logic/variable/{segment}");
        let call = Call::Other(Other {
            method: "GET",
            target: &target,
            body: None,
            bearer: true,
            scope: Some("homey.logic.readonly"),
            name: "read the variable for the bearer",
            repeat: Repeat::Safe,
        });
        self.read(&call, &mut |body| {
            let text = net::collect(body, MAX_ERROR_BODY)?;
            Ok(reply::capability_value(&text)?)
        })
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

/// A refusal of what needs `scope`, which is named where it is missing.
fn refused(doing: &str, scope: Option<&str>, refusal: Refusal) -> Failure {
    let words = match &refusal {
        Refusal::Hub { error, .. } if error.kind == Kind::MissingScopes => Some(told(scope, error)),
        _ => None,
    };
    let failure = refusal.failure(doing);
    match words {
        Some(words) => Failure::new(failure.exit, format!("{doing}: {words}")),
        None => failure,
    }
}

/// What a name stands for, or the error line.
pub(super) fn named(found: Result<Resolved, NameError>) -> Result<Resolved, Failure> {
    found.map_err(|error| Failure::usage_plain(with_cure(&error)))
}

/// A failure, and what came of looking elsewhere.
fn also(first: Failure, then: &str) -> Failure {
    Failure::new(first.exit, format!("{}; {then}", first.message))
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
                RefKind::Zone => "zones",
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
        self.ask(&call.name(), call, visit)
    }

    fn learned(&mut self, dialect: Dialect) {
        self.hurry = dialect == Dialect::V3;
    }
}

/// Repeats what drew "too many requests", which says that nothing ran (`api.md` 10, 11).
/// Not beyond `by`.
fn patiently<T>(
    by: Option<Time>,
    mut ask: impl FnMut() -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    for usual in PATIENCE {
        match ask() {
            Err(Refusal::Hub { error, retry_after }) if error.kind == Kind::TooManyRequests => {
                let pause = retry_after.unwrap_or(usual);
                let is_late = by.is_some_and(|by| net::monotonic() + pause >= by);
                if pause > MAX_PATIENCE || is_late {
                    return Err(Refusal::Hub { error, retry_after });
                }
                thread::sleep(pause);
            }
            other => return other,
        }
    }
    ask()
}
