// SPDX-License-Identifier: MIT OR Apache-2.0
//! A wait that says on a terminal that it goes on: nothing for half a second, then one line that is erased afterwards.
//!
//! Where standard error is no terminal it is silent. Must not know what is waited for but its name.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::hw::{self, cut_columns};
use crate::net::{Alone, Interest, Ready, Wait, monotonic};
use crate::time::Time;

use super::table::harmless;

/// Nobody wonders before.
const QUIET: Duration = Duration::from_millis(500);
/// Between two drawings.
const BEAT: Duration = Duration::from_millis(500);
/// What lies between two breaths of a wait, in KiB.
const BREATH_KIB: u32 = 16;

/// The line stands on the terminal. There is one terminal, so there is one of this.
static DRAWN: AtomicBool = AtomicBool::new(false);
/// No line is drawn any more.
static OVER: AtomicBool = AtomicBool::new(false);

/// For whoever writes a reply to the terminal as it comes: the line is erased, and none is drawn between its pieces.
#[cfg(feature = "tools")]
pub(super) fn give_way() {
    OVER.store(true, Ordering::Relaxed);
    erase();
}

fn erase() {
    if DRAWN.swap(false, Ordering::Relaxed) {
        let _ = io::stderr().write_all(b"\r\x1b[K");
    }
}

/// See the module's docs. Let go, it leaves the terminal as it found it.
pub(super) struct Progress<'a> {
    doing: &'a str,
    began: Time,
    /// When to draw next; `None` where there is nobody to see it.
    next: Option<Time>,
    breaths: u32,
}

impl<'a> Progress<'a> {
    /// `doing` is what the line says.
    pub(super) fn new(doing: &'a str) -> Progress<'a> {
        let began = monotonic();
        let seen = hw::columns(io::stderr().as_fd()).is_some();
        Progress {
            doing,
            began,
            next: seen.then_some(began + QUIET),
            breaths: 0,
        }
    }

    /// Draws where it is time to.
    fn beat(&mut self) {
        let now = monotonic();
        if self.next.is_some_and(|next| now >= next) {
            self.next = Some(now + BEAT);
            self.draw(now.since(self.began).as_secs());
        }
    }

    fn draw(&mut self, seconds: u64) {
        let columns = hw::columns(io::stderr().as_fd());
        let Some(columns) = columns.filter(|_| !OVER.load(Ordering::Relaxed)) else {
            return;
        };
        let kib = self.breaths * BREATH_KIB;
        let read = match kib {
            0 => String::new(),
            kib => format!(", {kib} KiB"),
        };
        let line = format!("{} … {seconds} s{read}", harmless(self.doing));
        // One column stays free: terminals differ in where the cursor is after the last one.
        let line = cut_columns(&line, columns.saturating_sub(1), '…');
        let _ = io::stderr().write_all(format!("\r\x1b[K{line}").as_bytes());
        DRAWN.store(true, Ordering::Relaxed);
    }
}

impl Wait for Progress<'_> {
    fn now(&self) -> Time {
        monotonic()
    }

    fn wait(
        &mut self,
        fd: BorrowedFd<'_>,
        interest: Interest,
        deadline: Time,
    ) -> io::Result<Ready> {
        loop {
            let until = self.next.map_or(deadline, |next| next.min(deadline));
            match Alone.wait(fd, interest, until)? {
                Ready::Deadline if until < deadline => self.beat(),
                other => return Ok(other),
            }
        }
    }

    fn breathe(&mut self) -> bool {
        self.breaths = self.breaths.saturating_add(1);
        self.beat();
        true
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        erase();
    }
}
