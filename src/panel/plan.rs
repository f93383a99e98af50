// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the configuration asks of the panel, in the panel's own words: controls, gestures, actions, outputs.
//!
//! Built once by `config`, read by the Controller of this module. Everything is addressed by small
//! numbers, so that a press costs no look-up by name. Knows no file and no hub address.

use std::time::Duration;

use crate::homey::Value;

/// Index into [`Plan::points`].
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct PointId(pub u16);
/// Index into [`Plan::starts`].
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct StartId(pub u16);
/// Index into [`Plan::cycles`].
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct CycleId(pub u16);
/// Index into [`Plan::locals`].
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LocalId(pub u16);
/// Index into [`Plan::controls`].
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ControlId(pub u16);
/// Index into [`Plan::outputs`].
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct OutputId(pub u16);
/// Index into the configuration's list of panels.
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct PanelId(pub u8);
/// Index into [`Plan::layers`].
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LayerId(pub u8);

/// Everything that a panel does.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Plan {
    /// Every capability that some action or output names, once each.
    pub points: Vec<Point>,
    /// Every flow and mood that some action names, once each.
    pub starts: Vec<Start>,
    /// The lists of values that actions go round, each of two or more.
    pub cycles: Vec<Vec<Value>>,
    /// The names of the outputs that controls drive themselves, without the hub; each has one [`Output`].
    pub locals: Vec<String>,
    /// By [`PanelId`]; a panel that is missing here never sleeps.
    pub panels: Vec<PanelPlan>,
    pub controls: Vec<Control>,
    pub outputs: Vec<Output>,
    /// Names of the layers, the first one shown at start. Empty: there is one layer without a name.
    pub layers: Vec<String>,
    pub timing: Timing,
}

/// How a panel goes to sleep and wakes.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct PanelPlan {
    /// Untouched for so long it sleeps; `None`: never.
    pub sleep: Option<Duration>,
    pub wake: Wake,
}

/// What the gesture does that wakes a panel.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Wake {
    /// What it does at any other time.
    #[default]
    Act,
    /// Nothing: it is swallowed whole, with its release, holds and repeats.
    Swallow,
}

/// One capability of one device.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Point {
    /// As written: `"Zone/Name"`, `"Name"` or an id.
    pub device: String,
    /// The full capability id, suffix included.
    pub capability: String,
}

/// One thing that is started and has no state of its own.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Start {
    pub kind: StartKind,
    /// As written: name, `"Zone/Name"` (moods) or id.
    pub name: String,
}

#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum StartKind {
    /// A standard or an advanced flow; which of the two is found out by its name.
    Flow,
    Mood,
}

/// A button or knob of a panel and what is bound to it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Control {
    pub panel: PanelId,
    /// The name by which the panel's device reports it.
    pub name: String,
    /// Bound in this layer only; `None`: in every layer.
    pub layer: Option<LayerId>,
    /// At most one entry a gesture; the actions run in order.
    pub bindings: Vec<(Gesture, Vec<Action>)>,
    /// What a [`Gesture::Press`] does instead while the hub is away, where that is anything: layers and local outputs only.
    pub offline: Vec<Action>,
    /// In place of its panel's [`PanelPlan::wake`].
    pub wake: Option<Wake>,
    /// Where they differ from [`Timing`].
    pub times: Times,
}

/// A control's own times; `None`: the plan's.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Times {
    /// In place of [`Timing::hold`].
    pub hold: Option<Duration>,
    /// In place of [`Timing::click`].
    pub click: Option<Duration>,
    /// In place of [`Timing::repeat`].
    pub repeat: Option<Duration>,
    /// In place of [`Timing::press_life`].
    pub press_life: Option<Duration>,
}

/// The most clicks that can be bound as one gesture.
pub const MAX_CLICKS: u8 = 5;

/// What a hand does with a control. Each fires at the first moment at which no longer one that is bound can come of it.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Gesture {
    /// One click. Fires on the down edge; where a hold is bound beside it, on the up edge; where more clicks are, when the time for
    /// the next has passed.
    Press,
    /// Fires at every up edge, whatever else the press was.
    Release,
    /// So many clicks, 2 to [`MAX_CLICKS`]. The most that are bound fire on their last down edge, fewer when the time for the
    /// next has passed.
    Click(u8),
    /// Fires once, when the control has been down for the hold time; never as a later press of several.
    Hold,
    /// Fires again and again from the hold time (beside a [`Gesture::Hold`]: one repeat time later) until the up edge.
    HoldRepeat,
    /// Fires per detent of a knob, with the count and its sign.
    Turn,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Write this value.
    Set {
        point: PointId,
        value: Value,
    },
    /// Read the present state (from the hub, where it is not fresh), then write its opposite as an absolute value.
    Toggle {
        point: PointId,
    },
    /// Add `by` (or the device's own step), times the detents turned, within the device's own min and max.
    Step {
        point: PointId,
        by: Option<f64>,
    },
    /// Read the present state, then write what stands after it in the list, times the detents turned; the first where it is
    /// not in it.
    Cycle {
        point: PointId,
        values: CycleId,
    },
    /// Under a hold: move the value as long as the button is down.
    Ramp {
        point: PointId,
        /// How much of the device's range a second, above 0.
        by: f64,
        direction: Direction,
    },
    Start(StartId),
    Layer(LayerChange),
    /// Drive an output of this panel's own; needs no hub.
    Local {
        local: LocalId,
        /// `true`, `false` or a level from 0 to 1; `None`: off where it is on at all, else on.
        to: Option<Value>,
    },
}

/// Where a ramp goes.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Direction {
    Up,
    Down,
    /// The other way each time, up at first; away from an end at which the value rests.
    #[default]
    Flip,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum LayerChange {
    To(LayerId),
    Next,
    Previous,
}

/// A lamp, text field or other thing on a panel that shows something.
#[derive(Clone, PartialEq, Debug)]
pub struct Output {
    pub panel: PanelId,
    /// The name by which the panel's device knows it.
    pub name: String,
    pub layer: Option<LayerId>,
    pub source: Source,
    pub render: Render,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Source {
    Point(PointId),
    /// The state of the connection to the hub.
    Link,
    /// How long the hub's session will last.
    Session,
    /// By which way the hub is reached.
    Route,
    /// What the panel's own controls make of it.
    Local(LocalId),
}

/// How a value becomes a look. Every part is optional; the defaults suit a plain lamp.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Render {
    /// When the lamp is on; without it: a boolean by its truth, a number when above 0, a text when not empty.
    pub on: Option<Test>,
    pub invert: bool,
    /// The numbers that mean dark and full; without it the device's own min and max, else 0 and 1.
    pub range: Option<(f64, f64)>,
    /// The colour when on, by threshold: the last entry whose number is at or below the value. One entry: always.
    pub colours: Vec<(f64, Rgb)>,
    /// How the lamp blinks while it is on.
    pub blink: Blink,
    /// Text with holes `{value}`, `{units}`, `{percent}`, `{state}`, `{name}`; without it `{value} {units}`.
    pub text: Option<String>,
    /// Texts in place of a value: (`true`, `"open"`).
    pub words: Vec<(Value, String)>,
}

/// A test of a value.
#[derive(Clone, PartialEq, Debug)]
pub enum Test {
    Above(f64),
    Below(f64),
    Is(Value),
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// A lamp's rhythm; device edges map it to kernel triggers or timers of their own.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Blink {
    #[default]
    Steady,
    /// 1 Hz, even.
    Slow,
    /// 4 Hz, even.
    Fast,
    /// A short flash every two seconds.
    Blip,
    /// Two short flashes every two seconds.
    Double,
    /// Three short flashes every two seconds: somebody has to see to it.
    Triple,
}

/// The panel's times; every one configurable, these are the defaults.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Timing {
    /// Down for this long is a hold: 500 ms.
    pub hold: Duration,
    /// After an up edge, a further click begins within this: 250 ms.
    pub click: Duration,
    /// From one repeat of a hold to the next: 200 ms.
    pub repeat: Duration,
    /// A press that could not be sent lives this long, then it is refused visibly: 3 s.
    pub press_life: Duration,
    /// The least time between two commands to one capability while a knob turns: 120 ms.
    pub merge: Duration,
    /// After a confirmed command older readings are ignored until a read agrees or this has passed: 3 s.
    pub settle: Duration,
    /// Readings older than this are stale: 30 s.
    pub stale: Duration,
    /// Every output is shown again after this: 5 min.
    pub reassert: Duration,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            hold: Duration::from_millis(500),
            click: Duration::from_millis(250),
            repeat: Duration::from_millis(200),
            press_life: Duration::from_secs(3),
            merge: Duration::from_millis(120),
            settle: Duration::from_secs(3),
            stale: Duration::from_secs(30),
            reassert: Duration::from_secs(300),
        }
    }
}
