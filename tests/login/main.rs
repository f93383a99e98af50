// SPDX-License-Identifier: MIT OR Apache-2.0
//! Logging in and staying in: the real binary against the simulated cloud and hub, over real TLS.
//!
//! Every test has a cloud and a hub of its own, so all of them run side by side.

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
