// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel tells of the running program.

use std::fs;

use super::wall::Wall;

impl Wall {
    /// A file of its folder in /proc.
    pub fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap_or_default()
    }

    pub fn fds(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.child.id());
        fs::read_dir(folder).map_or(0, Iterator::count)
    }

    /// Resident memory in KiB.
    pub fn rss(&self) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
        line.and_then(|l| l.split_whitespace().next()?.parse().ok())
            .unwrap_or(0)
    }

    /// Processor time used so far, in ticks of 10 ms.
    pub fn ticks(&self) -> u64 {
        let stat = self.proc("stat");
        let fields: Vec<&str> = stat
            .rsplit_once(')')
            .map_or("", |(_, r)| r)
            .split_whitespace()
            .collect();
        let number = |i: usize| {
            fields
                .get(i)
                .and_then(|f| f.parse::<u64>().ok())
                .unwrap_or(0)
        };
        number(11) + number(12)
    }

    /// How often it went to sleep by itself.
    pub fn naps(&self) -> u64 {
        let status = self.proc("status");
        let line = status
            .lines()
            .find_map(|l| l.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|l| l.trim().parse().ok()).unwrap_or(0)
    }
}
