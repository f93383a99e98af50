// SPDX-License-Identifier: MIT OR Apache-2.0
//! Logging in and staying in: the real binary against the simulated cloud and hub, over real TLS.
//!
//! Every test has a cloud and a hub of its own, so all of them run side by side.

#[path = "../support/pki.rs"]
#[allow(dead_code)]
mod pki;
#[path = "../support/server.rs"]
#[allow(dead_code)]
mod server;
#[path = "../run/sim.rs"]
#[allow(dead_code)]
mod sim;

mod bed;

mod browser;
mod chain;
mod check;
mod ends;
mod kills;
mod owners;
mod refused;
mod renewal;
mod resting;
mod secrets;
mod stops;
mod terminal;
mod tokens;
mod ways;
mod wire;
