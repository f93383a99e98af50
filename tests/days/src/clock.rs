// SPDX-License-Identifier: MIT OR Apache-2.0
//! The driver's side of the virtual clock (`tests/shim`): sets how far it may go, waits until it is there.

use std::fs::OpenOptions;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use homey_rig::Result;
use nix::libc;

#[path = "../../shim/src/layout.rs"]
pub mod layout;

use layout::{MAGIC, MARKS, Shared};

/// Nanoseconds of virtual time.
pub type Nanos = u64;
pub const MILLI: Nanos = 1_000_000;
pub const SECOND: Nanos = 1000 * MILLI;
pub const MINUTE: Nanos = 60 * SECOND;
pub const HOUR: Nanos = 60 * MINUTE;
pub const DAY: Nanos = 24 * HOUR;

/// A panel that does not get on in so much real time hangs.
const STUCK: Duration = Duration::from_secs(60);

/// The clock and what it has done.
pub struct Clock {
    shared: &'static Shared,
    /// What it showed at first.
    pub began: Nanos,
    /// What HOMEY_SHIM_CLOCK has to be.
    pub file: PathBuf,
    /// Every advance: the machine's CLOCK_REALTIME, the virtual time from then on.
    marks: Vec<(u64, Nanos)>,
}

impl Clock {
    /// A new one that shows `start`.
    pub fn new(file: &Path, start: Nanos) -> Result<Clock> {
        let fail = |what: &str| {
            format!(
                "{what} {}: {}",
                file.display(),
                std::io::Error::last_os_error()
            )
        };
        let size = size_of::<Shared>();
        let mut options = OpenOptions::new();
        let opened = options.read(true).write(true).create_new(true).open(file);
        let opened = opened.map_err(|e| format!("{}: {e}", file.display()))?;
        opened
            .set_len(size as u64)
            .map_err(|e| format!("{}: {e}", file.display()))?;
        let how = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a fresh mapping of a file of that size, never undone; all zeros are a Shared, and all in it are atomics.
        let shared = unsafe {
            let map = libc::mmap(
                std::ptr::null_mut(),
                size,
                how,
                libc::MAP_SHARED,
                opened.as_raw_fd(),
                0,
            );
            if map == libc::MAP_FAILED {
                return Err(fail("mapping"));
            }
            &*map.cast::<Shared>()
        };
        shared.mono.store(start, SeqCst);
        shared.limit.store(start, SeqCst);
        shared.patience.store(10 * SECOND, SeqCst);
        shared.magic.store(MAGIC, SeqCst);
        Ok(Clock {
            shared,
            began: start,
            file: file.into(),
            marks: vec![(0, start)],
        })
    }

    /// The words that are set while it runs.
    pub fn shared(&self) -> &Shared {
        self.shared
    }

    pub fn now(&self) -> Nanos {
        self.shared.mono.load(SeqCst)
    }

    /// Lets the panel live until `at`. `false`: it does not get there.
    pub fn run_to(&mut self, at: Nanos) -> bool {
        let at = at.max(self.shared.limit.load(SeqCst) + 1);
        self.shared.limit.store(at, SeqCst);
        let began = Instant::now();
        let mut looks = 0_u32;
        while self.shared.parked.load(SeqCst) != at || self.now() != at {
            if began.elapsed() > STUCK {
                return false;
            }
            looks += 1;
            if looks > 200 {
                std::thread::sleep(Duration::from_micros(100));
            } else {
                std::thread::yield_now();
            }
        }
        self.take_marks();
        true
    }

    /// Lets time pass while no panel runs.
    pub fn skip_to(&mut self, at: Nanos) {
        let at = at.max(self.now() + 1);
        self.shared.limit.store(at, SeqCst);
        self.shared.advance(self.now(), at, real_now());
        self.take_marks();
    }

    fn take_marks(&mut self) {
        let all = self.shared.advances.load(SeqCst);
        // The first is the start.
        for n in self.marks.len() as u64 - 1..all {
            let mark = &self.shared.marks[n as usize % MARKS];
            self.marks
                .push((mark.real.load(SeqCst), mark.mono.load(SeqCst)));
        }
    }

    /// The virtual time when the machine's clock showed `real`.
    pub fn at_real(&self, real: u64) -> Nanos {
        let after = self.marks.partition_point(|(at, _)| *at <= real);
        self.marks
            .get(after.saturating_sub(1))
            .map_or(0, |(_, mono)| *mono)
    }

    /// Sets the wall clock to `seconds` since 1970.
    pub fn set_wall(&self, seconds: u64) {
        let wall = i128::from(seconds * SECOND) - i128::from(self.now());
        self.shared
            .wall
            .store(i64::try_from(wall).unwrap_or(0), SeqCst);
    }

    /// Moves the wall clock.
    pub fn step_wall(&self, seconds: i64) {
        self.shared.wall.fetch_add(seconds * SECOND as i64, SeqCst);
    }
}

/// The machine's CLOCK_REALTIME in nanoseconds.
pub fn real_now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| since.as_nanos() as u64)
}
