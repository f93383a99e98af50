// SPDX-License-Identifier: MIT OR Apache-2.0
//! homey-panel: connects a local wall panel to an Athom Homey hub.

pub mod cli;
pub mod client;
pub mod config;
pub mod failure;
pub mod homey;
pub mod http;
pub mod hw;
pub mod net;
pub mod panel;
pub mod run;
pub mod time;
