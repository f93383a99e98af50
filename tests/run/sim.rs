// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rig's simulated hub for tests: whatever does not work is a panic.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::time::Duration;

pub use homey_rig::SOON;
use nix::sys::signal::Signal;
use serde_json::Value;

/// The value, or the test ends with what went wrong.
#[track_caller]
pub fn done<T>(result: homey_rig::Result<T>) -> T {
    result.unwrap_or_else(|e| panic!("{e}"))
}

/// A folder that goes away with the test, and its path.
pub struct Dir(pub PathBuf, homey_rig::Dir);

impl Dir {
    pub fn new() -> Dir {
        let dir = done(homey_rig::Dir::new());
        Dir(dir.to_path_buf(), dir)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        done(self.1.write(name, text))
    }
}

/// The simulator's binary, beside ours; built where nobody has done so.
fn binary() -> PathBuf {
    static BUILT: Once = Once::new();
    let path = Path::new(env!("CARGO_BIN_EXE_homey-panel")).with_file_name("homey-sim");
    BUILT.call_once(|| {
        if !path.exists() {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["build", "--package", "homey-sim", "--locked"]);
            let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
            assert!(built.is_ok_and(|s| s.success()), "building homey-sim");
        }
    });
    path
}

/// A running simulator.
pub struct Sim(homey_rig::Sim);

impl Sim {
    /// A V3 hub with a small home.
    pub fn new() -> Sim {
        Sim::with(&["--devices", "12"])
    }

    pub fn with(args: &[&str]) -> Sim {
        Sim(done(homey_rig::Sim::start(&binary(), args)))
    }

    /// Freezes it, as a hub that has lost its power without a word, or thaws it.
    pub fn signal(&self, signal: Signal) {
        done(self.process().signal(signal));
    }

    pub fn revive(&mut self) {
        done(self.0.revive());
    }

    pub fn get(&self, path: &str) -> Value {
        done(self.0.get(path))
    }

    pub fn post(&self, path: &str, body: &Value) -> Value {
        done(self.0.post(path, body))
    }

    pub fn set(&self, device: &str, capability: &str, value: Value) {
        done(self.0.set(device, capability, value));
    }

    pub fn counters(&self) -> Value {
        done(self.0.counters())
    }

    pub fn writes(&self) -> Vec<String> {
        done(self.0.writes())
    }

    pub fn starts(&self) -> Vec<String> {
        done(self.0.starts())
    }

    /// Waits until `test` holds for the counters.
    pub fn until(&self, what: &str, test: impl Fn(&Sim) -> bool) -> Duration {
        done(self.0.until(what, SOON, |_| Ok(test(self))))
    }
}

impl Deref for Sim {
    type Target = homey_rig::Sim;

    fn deref(&self) -> &homey_rig::Sim {
        &self.0
    }
}

impl DerefMut for Sim {
    fn deref_mut(&mut self) -> &mut homey_rig::Sim {
        &mut self.0
    }
}
