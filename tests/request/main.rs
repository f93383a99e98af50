// SPDX-License-Identifier: MIT OR Apache-2.0
//! The commands of the real binary, from the outside: what leaves, what is written, how it ends.
//!
//! Servers here are scripts of bytes (`server`), the simulated hub, or programs that nobody here wrote
//! (`servers`). Every test runs the program as a person would, with arguments and files.

#[path = "../support/mod.rs"]
mod support;

mod check;
mod commands;
mod heads;
mod hostile;
mod options;
mod output;
mod refused;
mod replies;
mod server;
mod servers;
mod strangers;
mod told;
mod trust;
