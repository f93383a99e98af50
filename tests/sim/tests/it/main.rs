// SPDX-License-Identifier: MIT OR Apache-2.0

//! Drives the homey-sim program over its ports with an ordinary HTTP client.

mod auth;
mod control;
mod devices;
mod household;
mod sim;
mod tls;
mod wire;
