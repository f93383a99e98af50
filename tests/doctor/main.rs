// SPDX-License-Identifier: MIT OR Apache-2.0
//! `homey-panel doctor` from the outside, on the simulated hub over TLS: what each check says when all is well and when its
//! link of the chain is broken, and where each of the mistakes that people made is met.

mod bearer;
mod bed;
mod chain;
mod faults;
mod makers;
mod mistakes;
mod names;
mod network;
mod panels;
mod screen;
