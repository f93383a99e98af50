// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kinds of things that happen, how often, and what is noted of them.

use crate::clock::Nanos;

/// What happens.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Act {
    Press,
    Burst,
    SameButton,
    Hold,
    Turns,
    OtherApp,
    WallStep,
    StepInHold,
    StepInPoll,
    LostReply,
    HubRestart,
    HubPower,
    HubFreeze,
    Router,
    HousePower,
    PanelKill,
    PanelNoClock,
    PanelStop,
    SessionEnds,
    CloudAway,
    Revoked,
}

/// How often each happens in thirty days, and what it is called.
pub const OFTEN: [(Act, u64, &str); 18] = [
    (Act::Press, 180, "press"),
    (Act::Burst, 45, "burst on several buttons"),
    (Act::SameButton, 20, "burst on one button"),
    (Act::Hold, 30, "hold"),
    (Act::Turns, 30, "knob turned"),
    (Act::OtherApp, 90, "value changed by another app"),
    (Act::WallStep, 12, "wall clock stepped"),
    (Act::StepInHold, 8, "stepped during a hold"),
    (Act::StepInPoll, 8, "stepped during a poll"),
    (Act::LostReply, 12, "connection ends without a reply"),
    (Act::HubRestart, 14, "hub restarts, with boot phases"),
    (Act::HubPower, 8, "hub loses its power"),
    (Act::HubFreeze, 8, "hub freezes"),
    (Act::Router, 14, "router reboots"),
    (Act::HousePower, 3, "power cut in the house"),
    (Act::PanelKill, 3, "panel killed and started"),
    (Act::PanelNoClock, 3, "panel starts in 1970"),
    (Act::PanelStop, 2, "panel stopped and started"),
];

/// The same for a panel that is logged in.
pub const SESSION: [(Act, u64, &str); 3] = [
    (Act::SessionEnds, 8, "hub ends the session"),
    (Act::CloudAway, 5, "cloud away for hours"),
    (Act::Revoked, 1, "tokens revoked, login by hand"),
];

/// What came of all of one kind.
#[derive(Clone, Default)]
pub struct Row {
    pub times: u64,
    pub presses: u64,
    pub recoveries: Vec<Nanos>,
}

/// What a panel costs at the end of a day.
#[derive(Copy, Clone, Debug)]
pub struct Sample {
    /// Which one since the start of the month.
    pub panel: u32,
    /// In days.
    pub age: u64,
    /// Memory of its own.
    pub kib: u64,
    /// Connections.
    pub sockets: usize,
    /// Other descriptors.
    pub others: usize,
}

/// What it is called.
pub fn name(act: Act) -> &'static str {
    let mut all = OFTEN.iter().chain(&SESSION);
    all.find(|o| o.0 == act).map_or("", |o| o.2)
}
