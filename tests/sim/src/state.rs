// SPDX-License-Identifier: MIT OR Apache-2.0

//! The hub as one shared value: the home, the bearers, the counters and the
//! switches, each behind its own lock.
//!
//! Locks are held for moments only, never across an await.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{broadcast, watch};

use crate::args::{Args, Dialect, Language, Lists, Switch, WriteReply};
use crate::auth::{Auth, READONLY};
use crate::counters::Counters;
use crate::dice::Dice;
use crate::fault::Faults;
use crate::home::{Home, generate};
use crate::pki::Certs;
use crate::rate::Rate;
use crate::realtime::switches::{End, Realtime};
use crate::wire::link::Links;

/// Which port a request came in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Plain hub port.
    Http,
    /// TLS hub port.
    Https,
    /// Control port.
    Control,
    /// A call over the realtime endpoint.
    Socket,
}

impl Via {
    /// Word for the counters.
    pub fn word(self) -> &'static str {
        match self {
            Via::Http => "http",
            Via::Https => "https",
            Via::Control => "control",
            Via::Socket => "socket",
        }
    }
}

/// Whether the hub ports are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Listening.
    Up,
    /// Closed, and every connection cut.
    Down,
    /// The process is ending.
    End,
}

/// The hub ports, in the order of `Hub::listening`.
pub const HUB_PORTS: [Via; 2] = [Via::Http, Via::Https];

/// How often kept connections were cut, and how the last time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cut {
    /// So often.
    pub count: u64,
    /// With RST.
    pub rst: bool,
}

/// What the control API may change while running.
#[derive(Clone, Debug)]
pub struct Switches {
    /// Shape of list replies.
    pub lists: Lists,
    /// Reply to set-capability on V3.
    pub write_reply: WriteReply,
    /// ETag and 304.
    pub etag: bool,
    /// Rate limit (V2 only).
    pub rate: bool,
    /// Language of error texts.
    pub language: Language,
    /// Licence error on ping, such as "Subscription Inactive" (api.md 3.5).
    pub licence: Option<String>,
}

/// The steps of a boot after a restart: until when each of them lasts.
#[derive(Clone, Copy, Debug)]
pub struct Boot {
    /// Only ping answers.
    pub ping_only: Instant,
    /// The device list is empty (api.md 10: seen for a moment after restarts).
    pub empty: Instant,
    /// Devices are not ready.
    pub unready: Instant,
}

impl Boot {
    /// The three steps, of equal length, from now.
    pub fn new(from: Instant, step: Duration) -> Self {
        Boot {
            ping_only: from + step,
            empty: from + step * 2,
            unready: from + step * 3,
        }
    }
}

/// Tokens that the ready line shows.
#[derive(Debug)]
pub struct Tokens {
    /// API key that may do everything; none on V2.
    pub full: Option<String>,
    /// API key that may only read; none on V2.
    pub readonly: Option<String>,
    /// A session of 24 h.
    pub session: String,
}

/// The simulated hub.
#[derive(Debug)]
pub struct Hub {
    /// The command line.
    pub args: Args,
    /// 24 hex digits.
    pub id: String,
    /// UUID of this boot.
    pub boot_id: String,
    /// When the process started.
    pub started: Instant,
    /// Tokens made at the start.
    pub tokens: Tokens,
    /// Opens and closes the hub ports.
    pub life: watch::Sender<Life>,
    /// Which hub ports are open.
    pub listening: watch::Sender<[bool; 2]>,
    /// Which hub ports are to be closed by a fault.
    pub refusing: watch::Sender<[bool; 2]>,
    /// Cuts the connections to the hub ports.
    pub cut: watch::Sender<Cut>,
    /// Ends realtime connections.
    pub endings: broadcast::Sender<End>,
    /// What the TLS port serves with.
    pub certs: Certs,
    home: Mutex<Home>,
    auth: Mutex<Auth>,
    counters: Mutex<Counters>,
    switches: Mutex<Switches>,
    faults: Mutex<Faults>,
    links: Mutex<Links>,
    rate: Mutex<Rate>,
    dice: Mutex<Dice>,
    boot: Mutex<Option<Boot>>,
    realtime: Mutex<Realtime>,
}

/// A panic elsewhere must not take the whole hub down with it.
fn open<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// A hub with a fresh home.
    pub fn new(args: Args, certs: Certs) -> Self {
        let v2 = args.dialect == Dialect::V2;
        // A source of its own: the home must not depend on fixed keys or ids.
        let mut dice = Dice::new(args.seed ^ 0x0074_6f6b_656e_7300);
        let id = dice.hex(24);
        let made = (dice.bearer(), dice.bearer(), dice.bearer());
        let ids = (dice.uuid(), dice.uuid());
        let full = args.keys.first().cloned().unwrap_or(made.0);
        let readonly = args.keys.get(1).cloned().unwrap_or(made.1);
        let session = made.2;
        let mut auth = Auth::new(v2);
        auth.add_key(&full, &ids.0, "full", vec!["homey".to_owned()]);
        let scopes = READONLY.iter().map(|s| format!("homey.{s}.readonly"));
        auth.add_key(&readonly, &ids.1, "readonly", scopes.collect());
        let session_id = session.split(':').nth(1).unwrap_or_default();
        auth.add_session(&session, session_id);
        let switches = Switches {
            lists: args.lists,
            write_reply: args.v3_write_reply,
            etag: args.etag.map_or(!v2, |s| s == Switch::On),
            rate: args.rate_limit == Switch::On,
            language: args.language,
            licence: None,
        };
        let devices = usize::try_from(args.devices).unwrap_or(0);
        Hub {
            id: args.hub_id.clone().unwrap_or(id),
            boot_id: dice.uuid(),
            started: Instant::now(),
            tokens: Tokens {
                full: (!v2).then_some(full),
                readonly: (!v2).then_some(readonly),
                session,
            },
            life: watch::Sender::new(Life::Up),
            listening: watch::Sender::new([false; 2]),
            refusing: watch::Sender::new([false; 2]),
            cut: watch::Sender::default(),
            endings: broadcast::Sender::new(16),
            certs,
            home: Mutex::new(generate::home(devices, args.seed)),
            auth: Mutex::new(auth),
            counters: Mutex::default(),
            switches: Mutex::new(switches),
            faults: Mutex::default(),
            links: Mutex::default(),
            rate: Mutex::default(),
            dice: Mutex::new(dice),
            boot: Mutex::new(None),
            realtime: Mutex::default(),
            args,
        }
    }

    /// True for a hub of 2016 to 2019.
    pub fn v2(&self) -> bool {
        self.args.dialect == Dialect::V2
    }

    /// The home.
    pub fn home(&self) -> MutexGuard<'_, Home> {
        open(&self.home)
    }

    /// The bearers.
    pub fn auth(&self) -> MutexGuard<'_, Auth> {
        open(&self.auth)
    }

    /// The counters.
    pub fn counters(&self) -> MutexGuard<'_, Counters> {
        open(&self.counters)
    }

    /// The switches.
    pub fn switches(&self) -> MutexGuard<'_, Switches> {
        open(&self.switches)
    }

    /// The faults.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        open(&self.faults)
    }

    /// The open connections.
    pub fn links(&self) -> MutexGuard<'_, Links> {
        open(&self.links)
    }

    /// The rate limit.
    pub fn rate(&self) -> MutexGuard<'_, Rate> {
        open(&self.rate)
    }

    /// Randomness for new ids.
    pub fn dice(&self) -> MutexGuard<'_, Dice> {
        open(&self.dice)
    }

    /// The realtime endpoint's settings and counters.
    pub fn realtime(&self) -> MutexGuard<'_, Realtime> {
        open(&self.realtime)
    }

    /// The boot under way, if any.
    pub fn boot(&self) -> MutexGuard<'_, Option<Boot>> {
        open(&self.boot)
    }
}
