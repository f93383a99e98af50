// SPDX-License-Identifier: MIT OR Apache-2.0
//! `homey-panel run` as a whole: the real binary, real TLS, the simulated hub, a panel over the line protocol.
//!
//! Every test has a hub of its own, so all of them run side by side. Nothing sleeps for a fixed time: tests wait for
//! lines, with deadlines that are generous, since machines are slow at times.

mod beside;
mod conditional;
mod doubt;
mod ends;
mod figures;
mod identity;
mod names;
mod outage;
mod outside;
mod presses;
mod reload;
mod renewal;
mod stalls;
mod storm;
mod tokens;
mod trust;
mod variable;
