// SPDX-License-Identifier: MIT OR Apache-2.0
//! The targets: each takes any bytes, and panics where a promise of the product does not hold.
//!
//! A target is a function over bytes with a bound on the memory that it may take; `src/bin/NAME.rs` is its fuzzing program. A new
//! one is a file here, a line in [`TARGETS`] and in `scripts/fuzz`, and its program. Bytes that steer a target (how
//! the input arrives in pieces, which limits hold) stand at the input's end, so that plain files are good seeds.

pub mod bounds;
mod input;

mod body;
mod chunked;
mod coding;
mod config;
mod controller;
mod devices;
mod head;
mod iso;
mod keys;
mod line;
mod mdns;
mod names;
mod profile;
mod refusals;
mod replies;
mod stored;

/// One target.
pub struct Target {
    /// Of its program, its seeds and its kept inputs.
    pub name: &'static str,
    body: fn(&[u8]),
    /// The most bytes that one allocation may have.
    largest: usize,
    /// The most bytes that it may hold at once, its copies of the input included.
    most: usize,
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

impl Target {
    pub const fn new(name: &'static str, body: fn(&[u8])) -> Target {
        Target {
            name,
            body,
            largest: MIB,
            most: 4 * MIB,
        }
    }

    const fn bounded(self, largest: usize, most: usize) -> Target {
        Target {
            largest,
            most,
            ..self
        }
    }

    /// Runs it over one input. Panics on a broken promise, aborts on too much memory.
    pub fn run(&self, bytes: &[u8]) {
        bounds::within(self.largest, self.most, || (self.body)(bytes));
    }
}

/// All of them.
pub const TARGETS: [&Target; 16] = [
    &HEAD,
    &CHUNKED,
    &BODY,
    &CODING,
    &DEVICES,
    &REPLIES,
    &REFUSALS,
    &STORED,
    &NAMES,
    &ISO,
    &PROFILE,
    &CONFIG,
    &LINE,
    &KEYS,
    &MDNS,
    &CONTROLLER,
];

pub const HEAD: Target = Target::new("head", head::run);
pub const CHUNKED: Target = Target::new("chunked", chunked::run);
// A br window of 4 MiB, once for each of four codings, and its tables.
pub const BODY: Target = Target::new("body", body::run).bounded(4 * MIB + 64 * KIB, 40 * MIB);
pub const CODING: Target = Target::new("coding", coding::run).bounded(4 * MIB + 64 * KIB, 40 * MIB);
pub const DEVICES: Target = Target::new("devices", devices::run);
pub const REPLIES: Target = Target::new("replies", replies::run);
pub const REFUSALS: Target = Target::new("refusals", refusals::run);
pub const STORED: Target = Target::new("stored", stored::run);
pub const NAMES: Target = Target::new("names", names::run);
pub const ISO: Target = Target::new("iso", iso::run);
pub const PROFILE: Target = Target::new("profile", profile::run);
pub const CONFIG: Target = Target::new("config", config::run);
pub const LINE: Target = Target::new("line", line::run);
pub const KEYS: Target = Target::new("keys", keys::run);
pub const MDNS: Target = Target::new("mdns", mdns::run);
pub const CONTROLLER: Target = Target::new("controller", controller::run);
