// SPDX-License-Identifier: MIT OR Apache-2.0
//! EDGE. Sockets and TLS: how bytes get to the hub and back while the panel lives on.
//!
//! ```text
//!   Session ── keep-alive, phases and deadlines, the retry rule
//!     │  step(now), body(now)          never blocks: says what it waits for
//!     ▼
//!   Exchange ── one request and its reply, resumable at every byte
//!     │  try_read, try_write
//!     ▼
//!   Link ── lan: TCP to a literal address + rustls     wan: ureq's connectors + rustls
//! ```
//!
//! Beside them [`Multicast`]: one UDP socket, to ask the house where the hub is.
//!
//! A *command* is a [`Session`] that the loop steps whenever its descriptor is ready. A *poll* is the same
//! thing read like a blocking stream through [`fetch`], where every wait goes through a [`Wait`]: the loop's
//! implementation polls the descriptor together with all panels and commands, a one-shot command's
//! ([`Alone`]) polls it alone. So there is one client, and nothing in it can make the panel deaf.
//!
//! Must not know: devices, capabilities, panels, configuration files.

mod error;
mod exchange;
mod fetch;
mod lan;
mod multicast;
mod own;
mod roots;
mod session;
mod tls;
mod verify;
pub mod wan;
mod whole;
mod witness;

pub use error::{Error, Phase, TlsFault};
pub use exchange::{BodyStep, Exchange, HeadStep};
pub use fetch::{Alone, Body, RawBody, Reply, collect, connect, fetch};
pub use lan::{Address, Lan};
pub use multicast::{LISTEN, Multicast};
pub use session::{Deadlines, Dial, Repeat, Request, Session, Step};
pub use tls::{BUILT, TlsName, Trust, client_config, parse_pin, show_pin, witnessed_config};
pub use whole::Whole;
pub use witness::{Shown, Witness};

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollTimeout, poll};
use nix::time::{ClockId, clock_gettime};

use crate::time::Time;

/// What a descriptor is waited for.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Interest {
    Read,
    Write,
    Both,
}

impl Interest {
    /// The same as poll(2) flags.
    pub fn poll_flags(self) -> nix::poll::PollFlags {
        use nix::poll::PollFlags;
        match self {
            Interest::Read => PollFlags::POLLIN,
            Interest::Write => PollFlags::POLLOUT,
            Interest::Both => PollFlags::POLLIN | PollFlags::POLLOUT,
        }
    }
}

/// How a wait ended.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Ready {
    /// The descriptor is ready (or has an error or hang-up to be read from it).
    Fd,
    /// The deadline passed and the descriptor, tested once more, is still not ready.
    Deadline,
    /// The program is to stop or to reload; what was being waited for is to be given up.
    Cancelled,
}

/// Blocks until a descriptor is ready or a deadline passes; meanwhile whatever else lives here goes on living.
pub trait Wait {
    /// The present time on the monotonic clock.
    fn now(&self) -> Time;

    /// Waits for `fd`. Harmless to call when it is ready already. A `deadline` in the past still looks once.
    fn wait(&mut self, fd: BorrowedFd<'_>, interest: Interest, deadline: Time)
    -> io::Result<Ready>;

    /// Lets everything else have its turn without waiting: called after every 16 KiB decoded, so that a large
    /// reply that never leaves the socket empty cannot starve the panel. `false`: give up (stop or reload).
    fn breathe(&mut self) -> bool;
}

/// Waits until one of `fds` is ready or `until` has passed, whichever comes first: several exchanges of one command.
pub fn wait_any(fds: &[(BorrowedFd<'_>, Interest)], until: Time) -> io::Result<()> {
    let mut fds: Vec<PollFd<'_>> = fds
        .iter()
        .map(|(fd, interest)| PollFd::new(*fd, interest.poll_flags()))
        .collect();
    // Rounded up: a wait that ends a fraction of a millisecond early would spin until then.
    let left = until.since(monotonic()).as_micros().div_ceil(1000);
    match poll(
        &mut fds,
        PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX),
    ) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

/// A byte stream that never blocks unless its kind has no descriptor to wait on.
pub trait Link {
    /// Goes on with connecting and handshaking. `true` when bytes can flow.
    fn establish(&mut self) -> Result<bool, Error>;

    /// Which of the two this link is in until `establish` says `true`.
    fn phase(&self) -> Phase;

    /// Reads what is there. 0 is the end (a clean one: TLS without close_notify is an error, so that a cut
    /// connection never looks like a complete reply). `WouldBlock` where nothing is there yet.
    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize>;

    /// Takes bytes to send; how many. `WouldBlock` where none can be taken now.
    fn try_write(&mut self, buf: &[u8]) -> io::Result<usize>;

    /// Sends what was taken. `true` when nothing is left on this side.
    fn try_flush(&mut self) -> io::Result<bool>;

    /// What to wait for now; `None` for a link that blocks by itself.
    fn wants(&self) -> Option<(BorrowedFd<'_>, Interest)>;

    /// Tells a link that blocks by itself how long it may.
    fn allow(&mut self, _timeout: Duration) {}
}

/// The monotonic clock, read.
pub fn monotonic() -> Time {
    match clock_gettime(ClockId::CLOCK_MONOTONIC) {
        Ok(t) => {
            let seconds = u64::try_from(t.tv_sec()).unwrap_or(0);
            let micros = u64::try_from(t.tv_nsec()).unwrap_or(0) / 1000;
            Time::from_micros(seconds.saturating_mul(1_000_000).saturating_add(micros))
        }
        // Linux always has this clock; time that stands still is the least harm if not.
        Err(_) => Time::ZERO,
    }
}
