// SPDX-License-Identifier: MIT OR Apache-2.0
//! EDGE. The account at the Athom cloud and what it leaves on disk: the session file, its lock, and the calls that fill it.
//!
//! Must not know panels, arguments or terminals.

pub mod store;

pub use store::{Lock, Store};
