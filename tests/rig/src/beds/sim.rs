// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rig's simulated hub for tests: whatever does not work is a panic.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::SOON;
use crate::beds::{done, simulator};

/// A folder that goes away with the test, and its path.
pub struct Dir(pub PathBuf, crate::Dir);

impl Dir {
    /// An empty one.
    pub fn new() -> Dir {
        let dir = done(crate::Dir::new());
        Dir(dir.to_path_buf(), dir)
    }

    /// Writes a file that only its owner can read; its path.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        done(self.1.write(name, text))
    }
}

impl Default for Dir {
    fn default() -> Dir {
        Dir::new()
    }
}

/// A running simulator.
pub struct Sim(crate::Sim);

impl Sim {
    /// A V3 hub with a small home.
    pub fn new() -> Sim {
        Sim::with(&["--devices", "12"])
    }

    /// One with these options.
    pub fn with(args: &[&str]) -> Sim {
        Sim(done(crate::Sim::start(&simulator(), args)))
    }

    /// Freezes it, as a hub that has lost its power without a word, or thaws it.
    pub fn signal(&self, signal: Signal) {
        done(self.process().signal(signal));
    }

    /// Starts it again on the same ports, with the same home and certificates.
    pub fn revive(&mut self) {
        done(self.0.revive());
    }

    /// GET of the control API, `path` without `/_sim/`.
    pub fn get(&self, path: &str) -> Value {
        done(self.0.get(path))
    }

    /// POST to the control API, `path` without `/_sim/`.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        done(self.0.post(path, body))
    }

    /// As if another app had set a capability of `Zone/Name`.
    pub fn set(&self, device: &str, capability: &str, value: Value) {
        done(self.0.set(device, capability, value));
    }

    /// What it counted.
    pub fn counters(&self) -> Value {
        done(self.0.counters())
    }

    /// The writes that were executed, as `Zone/Name capability value`.
    pub fn writes(&self) -> Vec<String> {
        done(self.0.writes())
    }

    /// The names of the flows and moods that were started.
    pub fn starts(&self) -> Vec<String> {
        done(self.0.starts())
    }

    /// Waits until `test` holds for the counters.
    pub fn until(&self, what: &str, test: impl Fn(&Sim) -> bool) -> Duration {
        done(self.0.until(what, SOON, |_| Ok(test(self))))
    }
}

impl Default for Sim {
    fn default() -> Sim {
        Sim::new()
    }
}

impl Deref for Sim {
    type Target = crate::Sim;

    fn deref(&self) -> &crate::Sim {
        &self.0
    }
}

impl DerefMut for Sim {
    fn deref_mut(&mut self) -> &mut crate::Sim {
        &mut self.0
    }
}
