// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel tells of a running process. It knows proc(5) and nothing else.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Result;

/// A process that runs, or ran: figures of one that has ended are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process(u32);

impl Process {
    /// By its number.
    pub fn new(pid: u32) -> Process {
        Process(pid)
    }

    /// Its number.
    pub fn pid(self) -> u32 {
        self.0
    }

    /// Sends `signal`.
    pub fn signal(self, signal: Signal) -> Result<()> {
        let pid =
            i32::try_from(self.0).map_err(|_| format!("no process has the number {}", self.0))?;
        kill(Pid::from_raw(pid), signal).map_err(|e| format!("{signal} to {pid}: {e}"))
    }

    /// A file of its folder in /proc, or nothing.
    pub fn file(self, name: &str) -> String {
        // Bytes, for cmdline and environ may hold any.
        let bytes = fs::read(format!("/proc/{}/{name}", self.0)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Open descriptors.
    pub fn fds(self) -> u64 {
        let folder = format!("/proc/{}/fd", self.0);
        fs::read_dir(folder).map_or(0, |entries| entries.count() as u64)
    }

    /// The first number of a line of `status`.
    fn status(self, key: &str) -> u64 {
        let status = self.file("status");
        let line = status
            .lines()
            .find_map(|l| l.strip_prefix(key)?.strip_prefix(':'));
        line.and_then(|l| l.split_whitespace().next()?.parse().ok())
            .unwrap_or(0)
    }

    /// Resident memory in KiB.
    pub fn rss(self) -> u64 {
        self.status("VmRSS")
    }

    /// The most that was ever resident, in KiB.
    pub fn peak(self) -> u64 {
        self.status("VmHWM")
    }

    /// How often it went to sleep by itself; of its first thread, which in the product is the only one.
    pub fn naps(self) -> u64 {
        self.status("voluntary_ctxt_switches")
    }

    /// How often it was put aside for another.
    pub fn evictions(self) -> u64 {
        self.status("nonvoluntary_ctxt_switches")
    }

    /// Processor time used so far, user and system, in ticks of 10 ms (USER_HZ is 100 on every Linux of ours).
    pub fn ticks(self) -> u64 {
        let stat = self.file("stat");
        // After the name, which may hold anything: fields 3 and following of proc(5).
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let number = |at: usize| {
            let field = fields.split_whitespace().nth(at);
            field.and_then(|f| f.parse::<u64>().ok()).unwrap_or(0)
        };
        number(11) + number(12)
    }
}
