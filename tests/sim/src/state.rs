// SPDX-License-Identifier: MIT OR Apache-2.0

//! The hub as one shared value: the home, the bearers, the counters and the
//! switches, each behind its own lock.
//!
//! Locks are held for moments only, never across an await.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{broadcast, watch};

use crate::args::{Args, Dialect, Language, Lists, Switch, WriteReply};
use crate::auth::{Auth, READONLY};
use crate::cloud::Cloud;
use crate::counters::Counters;
use crate::dice::Dice;
use crate::fault::Faults;
use crate::home::{Home, generate};
use crate::mdns;
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
    /// The hub's API over the cloud (api.md 2, `remoteUrl`).
    Relay,
    /// accounts.athom.com and api.athom.com.
    Cloud,
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
            Via::Relay => "relay",
            Via::Cloud => "cloud",
            Via::Control => "control",
            Via::Socket => "socket",
        }
    }

    /// True for the hub's own ports, in the home.
    pub fn at_home(self) -> bool {
        matches!(self, Via::Http | Via::Https)
    }

    /// True where the hub's API answers.
    pub fn to_hub(self) -> bool {
        self.at_home() || self == Via::Relay
    }

    /// True for the ports with TLS.
    pub fn tls(self) -> bool {
        matches!(self, Via::Https | Via::Relay | Via::Cloud)
    }

    /// Its place in `PORTS`.
    pub fn place(self) -> Option<usize> {
        PORTS.iter().position(|p| *p == self)
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

/// The ports that faults can close, in the order of `Hub::listening`.
pub const PORTS: [Via; 4] = [Via::Http, Via::Https, Via::Relay, Via::Cloud];

/// How often kept connections were cut, and how the last time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cut {
    /// So often, for each of `PORTS`.
    pub counts: [u64; 4],
    /// With RST.
    pub rst: bool,
}

/// The address that the home's network gave the hub.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lease {
    /// None: as at the start.
    pub ip: Option<IpAddr>,
    /// How often it changed.
    pub count: u64,
    /// Connections to the old one stay without an answer instead of ending.
    pub silent: bool,
}

impl Lease {
    /// Where a port is that was opened at `first`. Only the hub's own move.
    pub fn address(&self, via: Via, first: SocketAddr) -> SocketAddr {
        let ip = self.ip.filter(|_| via.at_home()).unwrap_or(first.ip());
        SocketAddr::new(ip, first.port())
    }
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
    /// Sessions of V3 show their times as those of V2 do (objects.md 2.2).
    pub session_times: bool,
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
    /// Where each of `PORTS` is open, if it is.
    pub listening: watch::Sender<[Option<SocketAddr>; 4]>,
    /// Where each of them was opened at the start.
    pub opened: OnceLock<[SocketAddr; 4]>,
    /// The address that the home's network gave the hub.
    pub lease: watch::Sender<Lease>,
    /// Which of them are to be closed by a fault.
    pub refusing: watch::Sender<[bool; 4]>,
    /// Cuts the connections to them.
    pub cut: watch::Sender<Cut>,
    /// Ends realtime connections.
    pub endings: broadcast::Sender<End>,
    /// What the TLS port serves with.
    pub certs: Certs,
    /// The account.
    pub cloud: Cloud,
    home: Mutex<Home>,
    auth: Mutex<Auth>,
    counters: Mutex<Counters>,
    switches: Mutex<Switches>,
    faults: Mutex<Faults>,
    links: Mutex<Links>,
    rate: Mutex<Rate>,
    dice: Mutex<Dice>,
    boot: Mutex<Option<Boot>>,
    mdns: Mutex<mdns::Switches>,
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
        let mut auth = Auth::new(v2, &args.account_key);
        auth.add_key(&full, &ids.0, "full", vec!["homey".to_owned()]);
        let scopes = READONLY.iter().map(|s| format!("homey.{s}.readonly"));
        auth.add_key(&readonly, &ids.1, "readonly", scopes.collect());
        let session_id = session.split(':').nth(1).unwrap_or_default();
        auth.add_session(&session, session_id, "Homey Web App");
        let switches = Switches {
            lists: args.lists,
            write_reply: args.v3_write_reply,
            etag: args.etag.map_or(!v2, |s| s == Switch::On),
            rate: args.rate_limit == Switch::On,
            language: args.language,
            session_times: false,
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
            listening: watch::Sender::new([None; 4]),
            opened: OnceLock::new(),
            lease: watch::Sender::default(),
            refusing: watch::Sender::new([false; 4]),
            cut: watch::Sender::default(),
            endings: broadcast::Sender::new(16),
            certs,
            cloud: Cloud::new(&args),
            home: Mutex::new(generate::home(devices, args.seed)),
            auth: Mutex::new(auth),
            counters: Mutex::default(),
            switches: Mutex::new(switches),
            faults: Mutex::default(),
            links: Mutex::default(),
            rate: Mutex::default(),
            dice: Mutex::new(dice),
            boot: Mutex::new(None),
            mdns: Mutex::default(),
            realtime: Mutex::default(),
            args,
        }
    }

    /// True for a hub of 2016 to 2019.
    pub fn v2(&self) -> bool {
        self.args.dialect == Dialect::V2
    }

    /// Where a port is now; none before all are open and for the control port.
    pub fn address(&self, via: Via) -> Option<SocketAddr> {
        let first = self.opened.get()?[via.place()?];
        Some(self.lease.borrow().address(via, first))
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

    /// The mDNS responder's switches.
    pub fn mdns(&self) -> MutexGuard<'_, mdns::Switches> {
        open(&self.mdns)
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
