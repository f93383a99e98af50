// SPDX-License-Identifier: MIT OR Apache-2.0
//! EDGE. The account at the Athom cloud and what it leaves on disk: the session file, its lock, and the calls that fill it.
//!
//! ```text
//!   renew ── lock, read, room on the disk ── drive ──► auth::Chain says which call is due
//!                                              │
//!                                   cloud ─────┴───── reach
//!              wan: accounts and api, by name          the configured hub, else where the account says it is;
//!              proxies from the environment            pinged before it gets anything
//! ```
//!
//! Must not know panels, arguments or terminals.

mod cloud;
mod drive;
mod hubs;
mod reach;
mod renew;
pub mod store;

pub use cloud::{client, trust, wall_ms};
pub use drive::{Guide, Stop, drive, failure};
pub use hubs::hubs;
pub use reach::{HubEnd, reach};
pub use renew::{Renewed, renew};
pub use store::{Lock, Store};
