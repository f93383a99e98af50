// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finding the hub: where it is at first, where it went, from outside while it is nowhere, and home again.
//!
//! Multicast needs a network where nobody else answers, so each test runs itself again in a network namespace of its own
//! ([`alone`]). Where none can be made, it says so and passes; with HOMEY_PANEL_REQUIRE_NETNS=1, as in `scripts/test find`, it fails.

mod alone;
mod commands;
mod impostors;
mod moves;
mod outside;
mod responder;
