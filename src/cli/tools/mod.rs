// SPDX-License-Identifier: MIT OR Apache-2.0
//! The installer's desk: what a program for the wall can do without. Behind the cargo feature `tools`.

pub(super) mod alarms;
pub(super) mod api;
pub(super) mod chart;
pub(super) mod completion;
pub(super) mod device;
pub(super) mod flows;
pub(super) mod insights;
mod local;
pub(super) mod manual;
pub(super) mod system;
pub(super) mod temperatures;
pub(super) mod variables;
