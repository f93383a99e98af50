// SPDX-License-Identifier: MIT OR Apache-2.0
//! The panel's behaviour. Pure: time is an argument, outputs are pulled. Knows `homey`'s values, no socket and no device.

pub mod plan;

use crate::homey::Value;
use crate::time::Time;
use plan::{Blink, ControlId, LayerId, OutputId, PointId, Rgb, StartId};

/// Something that a hand did, as a device edge saw it. `at` is the kernel's own time of the event.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Event {
    pub at: Time,
    pub control: ControlId,
    pub edge: Edge,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Edge {
    Down,
    Up,
    /// A whole short press from a device that cannot tell down from up (a terminal, a remote).
    Tap,
    /// A whole hold from such a device.
    Held,
    /// Detents; positive is clockwise or up.
    Turn(i32),
}

/// The state of the connection, in the order in which a start passes through them (N14).
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Link {
    /// No route, no address: the network is away.
    #[default]
    Down,
    /// The hub refuses or does not answer.
    NoHub,
    /// Something answers, but it is not our hub (captive portal, other id, wrong certificate).
    WrongHub,
    /// Our clock is behind the certificate; waiting for the time to be set.
    Clock,
    /// The hub refuses our bearer.
    Token,
    /// Connected, names or first readings not there yet.
    Loading,
    Ready,
}

/// What a bound capability's value is worth.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Condition {
    /// Never read.
    #[default]
    Unknown,
    /// Read lately; the lamp tells the truth.
    Ready,
    /// Wanted by a press, not confirmed by a read yet.
    Pending,
    /// The hub says that the device is away.
    Unavailable,
    /// The hub refuses us: scope, bearer, not settable, no such device.
    Blocked,
    /// Read, but too long ago, or the link is down.
    Stale,
}

/// What an output shows. Device edges take from it what their hardware can do.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Look {
    pub condition: Condition,
    pub on: bool,
    /// 0.0 dark to 1.0 full; 0.0 while not `on`.
    pub level: f32,
    pub colour: Option<Rgb>,
    /// Carries the condition too, for lamps that can only blink: see `panel::state`.
    pub blink: Blink,
    pub text: String,
}

impl Default for Rgb {
    fn default() -> Rgb {
        Rgb(255, 255, 255)
    }
}

/// How a press is getting on; shown at the control itself.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Feedback {
    /// Seen; its command is on the way.
    Taken,
    Confirmed,
    Refused,
    /// A newer press on the same target took its place.
    Superseded,
    /// Never sent, its life is over.
    Expired,
    /// Sent, the reply was lost.
    Unknown,
}

/// Something to bring to the panels.
#[derive(Clone, PartialEq, Debug)]
pub enum Show {
    Look {
        output: OutputId,
        look: Look,
    },
    Feedback {
        control: ControlId,
        feedback: Feedback,
    },
    Link(Link),
    Layer(LayerId),
    /// One line for a person: a refused press and why, a binding without a device. At most 120 characters.
    Notice(String),
}

/// Names one command from its start to its outcome.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct Ticket(pub u32);

/// A command for the hub.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    pub ticket: Ticket,
    pub order: Order,
    /// Not to be started after this instant: the press's life.
    pub life: Time,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Order {
    /// Absolute and idempotent.
    Set { point: PointId, value: Value },
    /// A one-shot: never repeated once its bytes may have left.
    Start(StartId),
    /// Read this point's device now, for a toggle or a step without a fresh reading. The reading comes by `update`.
    Read { point: PointId },
}

/// How a command ended.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// A complete 2xx reply; the value in it where there was one.
    Done { value: Option<Value> },
    /// A complete reply that says no; `why` is one line for the panel and the log.
    Refused { why: String },
    /// A complete reply that says "not now" (401 being renewed, 429): it did not run, and may be tried again after the pause.
    NotNow { pause: std::time::Duration },
    /// No byte of it left this machine.
    NotSent,
    /// Its bytes may have left and no complete reply came.
    Lost,
}
