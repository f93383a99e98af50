// SPDX-License-Identifier: MIT OR Apache-2.0
//! A hub and a panel that belong together, and what is said of the panel at a quiet moment.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use homey_rig::{Config, Dir, Panel, Result, SOON, Sim};
use serde_json::{Value, json};

/// Where the two programs are.
#[derive(Clone)]
pub struct Programs {
    pub panel: PathBuf,
    pub sim: PathBuf,
}

/// The pair. The panel ends before the hub does.
pub struct House {
    pub panel: Panel,
    pub dir: Dir,
    pub config: Config,
    pub sim: Sim,
}

impl House {
    /// Starts both and waits until the panel is ready. `shape` gets a configuration with the hub and one panel in it.
    pub fn new(
        programs: &Programs,
        devices: usize,
        shape: impl FnOnce(Config) -> Config,
    ) -> Result<House> {
        let sim = Sim::start(&programs.sim, &["--devices", &devices.to_string()])?;
        let dir = Dir::new()?;
        let key = dir.write("key", &format!("{}\n", sim.bearer()))?;
        let config = shape(Config::of(&sim, &key));
        let file = dir.write("panel.toml", &config.text())?;
        let mut panel = Panel::start(Panel::command(&programs.panel, &file, "info"))?;
        panel.link("ready", SOON)?;
        Ok(House {
            panel,
            dir,
            config,
            sim,
        })
    }

    /// A new panel in the place of the old one; the configuration is the old one's.
    pub fn renew_panel(&mut self, programs: &Programs) -> Result<()> {
        let file = self.dir.write("panel.toml", &self.config.text())?;
        self.panel = Panel::start(Panel::command(&programs.panel, &file, "info"))?;
        self.panel.link("ready", SOON).map(drop)
    }

    /// What the panel says of the connection at present.
    pub fn link(&self) -> String {
        let newest = self.panel.shows.newest(|l| l.starts_with("{\"link\":"));
        let line = newest.map(|said| said.line).unwrap_or_default();
        let value: Value = serde_json::from_str(&line).unwrap_or_default();
        value["link"].as_str().unwrap_or("none").to_string()
    }

    /// Waits until the link is ready and so is the lamp; how long it took.
    pub fn until_ready(&self, lamp: &str, within: Duration) -> Result<Duration> {
        let began = Instant::now();
        loop {
            if self.link() == "ready" && self.panel.now(lamp)["state"] == "ready" {
                return Ok(began.elapsed());
            }
            if began.elapsed() > within {
                return Err(format!(
                    "not ready again within {} ms, but {} and {lamp} {}",
                    within.as_millis(),
                    self.link(),
                    self.panel.now(lamp)["state"]
                ));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Takes all faults back.
    pub fn clear(&self) -> Result<()> {
        self.sim.post("clear", &json!({})).map(drop)
    }

    /// Resident memory in KiB and open descriptors, the least of a second's samples: what a passing handshake needs is gone.
    pub fn figures(&self) -> (u64, u64) {
        let mut least = (u64::MAX, u64::MAX);
        for _ in 0..20 {
            let process = self.panel.process();
            least = (least.0.min(process.rss()), least.1.min(process.fds()));
            std::thread::sleep(Duration::from_millis(50));
        }
        least
    }
}

/// Runs `work` for `count` houses, each on a thread of its own; their results in order, or the first error.
pub fn side_by_side<T: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..count).map(|n| scope.spawn(move || work(n))).collect();
        let joined = threads.into_iter().map(|thread| match thread.join() {
            Ok(result) => result,
            Err(_) => Err("a house's thread panicked".into()),
        });
        joined.collect()
    })
}
