// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shared file of the virtual clock: what the driver sets and what the wrapped processes tell.
//!
//! Included by path in the driver as well (`tests/days`), so that both sides read the same words. Every word is an atomic of
//! 64 bits in native order; a new file is all zeros but for what the driver sets. Knows no system call.
#![allow(dead_code)] // each side uses its half

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};

/// The first word; another one means another layout, and the library refuses to run with it.
pub const MAGIC: u64 = u64::from_le_bytes(*b"HPCLOCK1");

/// Processes that can be attached at a time.
pub const SLOTS: usize = 8;

/// Advances of the clock that are remembered.
pub const MARKS: usize = 1 << 16;

/// [`Shared::network`]: everything is as it is.
pub const UP: u64 = 0;
/// New connections fail with EHOSTUNREACH, standing ones are silent.
pub const NO_HOST: u64 = 1;
/// The same with ENETUNREACH.
pub const NO_NETWORK: u64 = 2;
/// New connections never come about, standing ones are silent: a hub without power.
pub const SILENT: u64 = 3;

/// A deadline that does not exist.
pub const NEVER: u64 = u64::MAX;

/// An attached process.
#[repr(C)]
pub struct Slot {
    /// 0: free.
    pub pid: AtomicU64,
    /// The virtual time at which its present wait ends, or 0 while it runs.
    pub until: AtomicU64,
}

/// One advance of the clock.
#[repr(C)]
pub struct Mark {
    /// CLOCK_REALTIME of the machine in nanoseconds, when the clock was advanced.
    pub real: AtomicU64,
    /// What it was advanced to.
    pub mono: AtomicU64,
}

/// The whole file. Times are nanoseconds.
#[repr(C)]
pub struct Shared {
    /// [`MAGIC`]. Driver.
    pub magic: AtomicU64,
    /// The virtual CLOCK_MONOTONIC; must not be 0. Driver at first, then the library.
    pub mono: AtomicU64,
    /// `mono` is never advanced past this. Driver, only ever forward.
    pub limit: AtomicU64,
    /// CLOCK_REALTIME is `mono` plus this: a step of the clock is a store here. Driver.
    pub wall: AtomicI64,
    /// CLOCK_BOOTTIME is `mono` plus this: a suspend is a store here. Driver.
    pub boot: AtomicI64,
    /// [`UP`] or what is wrong. Driver.
    pub network: AtomicU64,
    /// The process id of the server, whose threads are looked at for whether a reply may still come; 0: unknown. Driver.
    pub server: AtomicU64,
    /// How long a reply is waited for, in real time, while the server is not known to sleep; 0: 300 ms. Driver.
    pub patience: AtomicU64,
    /// A wait longer than this has no request under way, so nothing is waited for; 0: 10 s. Driver.
    pub long: AtomicU64,
    /// The `limit` at which every attached process waits for a higher one; stale until that is reached. Library.
    pub parked: AtomicU64,
    /// Waits so far, of all processes. Library.
    pub waits: AtomicU64,
    /// Real waits that ended without a reply. Library.
    pub unanswered: AtomicU64,
    /// Advances so far; number n is `marks[n % MARKS]`. Library.
    pub advances: AtomicU64,
    /// Attached processes. Library.
    pub slots: [Slot; SLOTS],
    /// The latest advances. Library.
    pub marks: [Mark; MARKS],
}

impl Shared {
    /// Moves the clock from `from` to `to`, unless somebody else has moved it meanwhile.
    pub fn advance(&self, from: u64, to: u64, real: u64) {
        if to > from && self.mono.compare_exchange(from, to, SeqCst, SeqCst).is_ok() {
            let n = self.advances.load(SeqCst);
            let mark = &self.marks[n as usize % MARKS];
            mark.real.store(real, SeqCst);
            mark.mono.store(to, SeqCst);
            self.advances.store(n + 1, SeqCst);
        }
    }

    /// When the first of the attached processes wants to run, or `None` while one does.
    /// `alive` tells whether a process still exists; one that does not loses its place.
    pub fn next(&self, alive: impl Fn(u64) -> bool) -> Option<u64> {
        let mut first = NEVER;
        for slot in &self.slots {
            let pid = slot.pid.load(SeqCst);
            if pid == 0 {
                continue;
            }
            if !alive(pid) {
                slot.free();
                continue;
            }
            match slot.until.load(SeqCst) {
                0 => return None,
                until => first = first.min(until),
            }
        }
        Some(first)
    }

    /// Takes a place for `pid`, the one that its parent has kept for it or a free one; `None` where all are taken.
    pub fn attach(&self, pid: u64) -> Option<&Slot> {
        let kept = |slot: &&Slot| slot.pid.load(SeqCst) == pid;
        let place = self.slots.iter().find(kept).or(self.keep(pid))?;
        self.only(pid, place);
        Some(place)
    }

    /// Keeps a free place, as a process that runs: for a child that does not exist yet, by its parent's number.
    pub fn keep(&self, pid: u64) -> Option<&Slot> {
        let take = |slot: &&Slot| slot.pid.compare_exchange(0, pid, SeqCst, SeqCst).is_ok();
        self.slots.iter().find(take)
    }

    /// The child for which `place` was kept has the number `pid` and may have taken another place already.
    pub fn hand_over(&self, place: &Slot, pid: u64) {
        place.pid.store(pid, SeqCst);
        let taken = |slot: &&Slot| slot.pid.load(SeqCst) == pid && !std::ptr::eq(*slot, place);
        if self.slots.iter().any(|slot| taken(&slot)) {
            place.free();
        }
    }

    /// Gives back every other place of `pid`. Parent and child both look, each after its own step, so one of them sees it.
    fn only(&self, pid: u64, place: &Slot) {
        for slot in &self.slots {
            if slot.pid.load(SeqCst) == pid && !std::ptr::eq(slot, place) {
                slot.free();
            }
        }
    }
}

impl Slot {
    /// Gives the place back.
    pub fn free(&self) {
        self.until.store(0, SeqCst);
        self.pid.store(0, SeqCst);
    }
}
