// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rig that tests and measurements share: a simulated hub and a panel as child processes, and what the kernel tells
//! of them.
//!
//! It knows the simulator's control API, the line protocol's framing and /proc. It does not know what is right: its users
//! do. Nothing here panics, and every error is one line of text, but in [`beds`], which wraps it for the product's tests.

pub mod beds;
mod config;
mod dir;
mod lines;
mod panel;
mod proc;
mod sim;
mod spared;

pub use config::Config;
pub use dir::{Dir, binaries};
pub use lines::{Lines, Said, has};
pub use panel::Panel;
pub use proc::Process;
pub use sim::Sim;
pub use spared::{Spared, spared};

use std::time::Duration;

/// One line says what went wrong.
pub type Result<T> = std::result::Result<T, String>;

/// Whatever one waits for comes within this, or it does not come: machines are slow at times.
pub const SOON: Duration = Duration::from_secs(10);
