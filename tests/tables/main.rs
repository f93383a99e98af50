// SPDX-License-Identifier: MIT OR Apache-2.0
//! api, temperatures, insights and chart of the real binary, on the simulated hub in both of its dialects and on a fake one
//! that says what no hub should.
#![cfg(feature = "tools")]

mod api;
mod charts;
mod fake;
mod hostile;
mod past;
