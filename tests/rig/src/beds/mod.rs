// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the product's integration tests share: directories, hubs, walls, certificates and servers that are right from the
//! start. Here whatever does not work is a panic, which ends the test with what went wrong; what a test expects it says
//! itself.

mod bed;
mod hub;
#[cfg(feature = "pki")]
pub mod pki;
pub mod server;
mod sim;
mod wall;

pub use bed::{Bed, Ended, KEY, Run, has};
pub use hub::Hub;
pub use sim::{Dir, Sim};
pub use wall::{Setup, Wall};

use std::path::PathBuf;
use std::process::Command;
use std::sync::Once;

use crate::Result;

/// The value, or the test ends with what went wrong.
#[track_caller]
pub fn done<T>(result: Result<T>) -> T {
    result.unwrap_or_else(|e| panic!("{e}"))
}

/// The product's binary.
///
/// Cargo tells its path (CARGO_BIN_EXE_homey-panel) only to the integration tests that it compiles, not to the crates that
/// they use. It also puts these tests into the folder `deps` beside that binary, so the running test's own path tells it.
pub fn program() -> PathBuf {
    let own = done(std::env::current_exe().map_err(|e| format!("own path: {e}")));
    let beside = own.ancestors().nth(2).map(|dir| dir.join("homey-panel"));
    let found =
        beside.filter(|path| own.parent().is_some_and(|d| d.ends_with("deps")) && path.is_file());
    found.unwrap_or_else(|| panic!("no homey-panel for {}: is it a test of it?", own.display()))
}

/// The simulator's binary, beside the product's; built where nobody has done so.
pub fn simulator() -> PathBuf {
    static BUILT: Once = Once::new();
    let path = program().with_file_name("homey-sim");
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
