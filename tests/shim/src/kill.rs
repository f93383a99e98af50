// SPDX-License-Identifier: MIT OR Apache-2.0
//! The end without a word: SIGKILL before the nth wrapped call, so that every moment between two calls can be met, and the
//! same one again.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Before which call; 0: never.
static AT: AtomicU64 = AtomicU64::new(0);
static STEPS: AtomicU64 = AtomicU64::new(0);

/// Turns it on; a number that is never reached only counts.
pub fn set_up(at: u64) {
    AT.store(at, Relaxed);
}

/// A wrapped call is about to be made.
pub fn step() {
    let at = AT.load(Relaxed);
    if at != 0 && STEPS.fetch_add(1, Relaxed) + 1 == at {
        // SAFETY: the process's own end.
        unsafe {
            libc::syscall(libc::SYS_kill, libc::getpid(), libc::SIGKILL);
        }
    }
}

/// How many calls there were; `None` where nobody asked.
pub fn steps() -> Option<u64> {
    (AT.load(Relaxed) != 0).then(|| STEPS.load(Relaxed))
}
