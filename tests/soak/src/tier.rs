// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long and how often: the full counts with the product's own deadlines, or a run of minutes with all of them divided.

use std::time::Duration;

use homey_rig::Config;

/// What a tier divides the product's times by, and how much it does.
#[derive(Copy, Clone, Debug)]
pub struct Tier {
    pub name: &'static str,
    /// Of the matrix, only the rows with this in them.
    pub only: Option<&'static str>,
    /// Deadlines and pauses are divided by this.
    pub scale: u32,
    /// Houses side by side.
    pub matrix_houses: usize,
    pub press_houses: usize,
    pub presses: usize,
    pub poll_houses: usize,
    pub polls: usize,
    /// Polls of one panel from one fault to the next.
    pub fault_every: usize,
    /// Where the memory that a soak may not exceed is measured, in polls of one panel.
    pub settled_polls: usize,
    /// What memory may have grown by from there to the end, in KiB: in a short run not every way of failing was taken before.
    pub growth: u64,
    pub reconnect_houses: usize,
    pub reconnects: usize,
    pub reloads: usize,
}

/// Real deadlines, the counts of the issue.
pub const FULL: Tier = Tier {
    name: "full",
    only: None,
    scale: 1,
    matrix_houses: 6,
    press_houses: 5,
    presses: 10_000,
    poll_houses: 8,
    polls: 100_000,
    fault_every: 50,
    settled_polls: 10_000,
    growth: 64,
    reconnect_houses: 4,
    reconnects: 1000,
    reloads: 1000,
};

/// All of it in three minutes.
pub const CI: Tier = Tier {
    name: "ci",
    only: None,
    scale: 20,
    matrix_houses: 3,
    press_houses: 2,
    presses: 3000,
    poll_houses: 3,
    polls: 900,
    fault_every: 12,
    settled_polls: 150,
    growth: 512,
    reconnect_houses: 2,
    reconnects: 100,
    reloads: 100,
};

impl Tier {
    /// A time of the product, given in its own milliseconds.
    pub fn time(&self, ms: u64) -> Duration {
        Duration::from_millis(ms) / self.scale
    }

    /// The same with what a machine that does other things, too, may add to it.
    pub fn limit(&self, ms: u64) -> Duration {
        self.time(ms) + Duration::from_millis(500)
    }

    /// What is left of a press's life when it is made: 3 s.
    pub fn life(&self) -> Duration {
        self.time(3000)
    }

    /// All of a command: 5 s.
    pub fn command(&self) -> Duration {
        self.time(5000)
    }

    /// The product's times under this tier; a poll in `interval` ms, `idle` where nobody touches the panel. 100 ms are the
    /// least that most of them may be, and one second the least for stale readings, so these are divided by less.
    pub fn of(&self, config: Config, interval: u64, idle: u64) -> Config {
        let ms = |ms: u64| (ms / u64::from(self.scale)).max(100);
        let (retry, merge, settle) = (500 / self.scale, 120 / self.scale, 3000 / self.scale);
        let stale = (30_000 / u64::from(self.scale)).max(1000);
        config
            .also(&format!(
                "[poll]\ninterval_ms = {interval}\nidle_ms = {idle}\nidle_after_s = 3\nretry_ms = {retry}"
            ))
            .also(&format!(
                "[limits]\nconnect_ms = {}\ntls_ms = {}\nfirst_byte_ms = {}\npoll_ms = {}\ncommand_ms = {}",
                ms(2000),
                ms(5000),
                ms(3000),
                ms(10_000),
                ms(5000)
            ))
            .also(&format!(
                "[timing]\npress_life_ms = {}\nmerge_ms = {merge}\nsettle_ms = {settle}\nstale_ms = {stale}",
                ms(3000)
            ))
    }
}
