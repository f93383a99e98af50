// SPDX-License-Identifier: MIT OR Apache-2.0
//! The panel's behaviour: what a hand did goes in, what the hub shall do and what the panel shall show come out.
//!
//! Pure: time is an argument, outputs are pulled, as in smoltcp and str0m. Knows `homey`'s values and its own
//! [`plan`]; knows no clock, no socket, no file and no device.
//!
//! ```text
//!   hw  ── Event ──►  gesture ─► command ─► state      ── next_call ──►  run, net
//!                      press,     action     per point      Order
//!   hw  ◄─ Show ───   hold,      to Order   truth and  ◄── update ────  polls and reads
//!         next_show   turn       press.rs   wanted     ◄── outcome ───  every Call, once
//!                      stage, render ◄───────┘         ◄── link ──────  state of the connection
//! ```
//!
//! The words for how a press may end, and the promise that each ends in exactly one of them, are in [`Tally`];
//! how the six conditions look on the poorest lamp is a table in `state.rs`.

pub mod cadence;
mod command;
mod controller;
mod gesture;
mod inner;
mod intent;
mod outcome;
pub mod plan;
mod press;
mod ramp;
mod render;
mod series;
mod stage;
mod state;
mod step;
mod tables;
mod text;
mod wake;

pub use controller::{Controller, PollId};
pub use press::Tally;

use crate::homey::Value;
use crate::time::Time;
use plan::{Blink, ControlId, LayerId, OutputId, PanelId, PointId, Rgb, StartId};

/// Something that a hand did, as a device edge saw it. `at` is the kernel's own time of the event.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// When it happened, not when it was read.
    pub at: Time,
    /// Any [`plan::Control`] of that panel and name: which layer's binding acts is the Controller's business.
    pub control: ControlId,
    /// What happened to it.
    pub edge: Edge,
}

/// The ways in which a control moves.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Edge {
    /// Pressed; kernel autorepeats may come as further ones.
    Down,
    /// Let go.
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

/// How long our session with the hub will last; a bearer that never ends is always [`Lease::Good`].
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Lease {
    /// Long enough, or it is being renewed as it should.
    #[default]
    Good,
    /// It ends soon and cannot be renewed at present.
    Ending,
    /// It has ended and could not be renewed.
    Ended,
}

/// By which way the hub is reached.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Route {
    /// By none.
    #[default]
    None,
    /// Through the internet: by the relay, or forwarded by the house's own router.
    Relay,
    /// In this network.
    Local,
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
    /// What the value is worth. An output of a layer that is not shown is dark: `Ready`, off and without text.
    pub condition: Condition,
    /// Lit.
    pub on: bool,
    /// 0.0 dark to 1.0 full; 0.0 while not `on`.
    pub level: f32,
    /// For lamps that have colours; `None` is the lamp's own.
    pub colour: Option<Rgb>,
    /// Carries the condition too, for lamps that can only blink: the table is in `panel/state.rs`. A rhythm other than
    /// steady is to be shown whether or not the look is `on`.
    pub blink: Blink,
    /// For text fields; without control characters.
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
    /// The hub said yes to everything that was bound.
    Confirmed,
    /// The hub, or the panel on its behalf, said no; a [`Show::Notice`] says why.
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
    /// An output's new look.
    Look {
        /// Which output.
        output: OutputId,
        /// All of what it shows now.
        look: Look,
    },
    /// A press got a step further.
    Feedback {
        /// The control where it began.
        control: ControlId,
        /// The step.
        feedback: Feedback,
    },
    /// The connection's new state.
    Link(Link),
    /// The layer that is shown from now on.
    Layer(LayerId),
    /// A panel that nobody touches goes to sleep, or wakes.
    Sleep {
        /// Which panel.
        panel: PanelId,
        /// `false`: it is awake.
        asleep: bool,
    },
    /// One line for a person: a refused press and why, a binding without a device. At most 120 characters.
    Notice(String),
}

/// Names one command from its start to its outcome.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct Ticket(pub u32);

/// A command for the hub.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// To be given back with the [`Outcome`], once.
    pub ticket: Ticket,
    /// What to do.
    pub order: Order,
    /// Not to be started after this instant: the press's life.
    pub life: Time,
}

/// What the hub is asked to do.
#[derive(Clone, PartialEq, Debug)]
pub enum Order {
    /// Absolute and idempotent.
    Set {
        /// What to write to.
        point: PointId,
        /// What to write; numbers are finite.
        value: Value,
        /// A second time would do more than once does, or nobody knows: a one-shot like [`Order::Start`].
        once: bool,
    },
    /// A one-shot: never repeated once its bytes may have left.
    Start(StartId),
    /// Read this point's device now, for a toggle or a step without a fresh reading. The reading comes by `update`.
    Read {
        /// What to read.
        point: PointId,
    },
}

/// How a command ended.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// A complete 2xx reply; the value in it where there was one.
    Done {
        /// The value that the reply named; for a read it is not looked at.
        value: Option<Value>,
    },
    /// A complete reply that says no; `why` is one line for the panel and the log.
    Refused {
        /// One line.
        why: String,
    },
    /// A complete reply that says "not now" (401 being renewed, 429): it did not run, and may be tried again after the pause.
    NotNow {
        /// How long to leave it alone.
        pause: std::time::Duration,
    },
    /// No byte of it left this machine.
    NotSent,
    /// Its bytes may have left and no complete reply came.
    Lost,
    /// A complete reply that does not say whether it ran; `why` is one line for the panel.
    Unclear {
        /// One line.
        why: String,
    },
}
