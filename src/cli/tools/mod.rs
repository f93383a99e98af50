// SPDX-License-Identifier: MIT OR Apache-2.0
//! The installer's desk: what a program for the wall can do without. Behind the cargo feature `tools`.

mod age;
pub(super) mod alarms;
pub(super) mod api;
mod card_words;
mod cards;
pub(super) mod chart;
pub(super) mod completion;
pub(super) mod device;
pub(super) mod flows;
pub(super) mod helps;
pub(super) mod insights;
mod items;
pub(super) mod manual;
mod put;
mod record;
pub(super) mod system;
pub(super) mod temperatures;
pub(super) mod variables;
