// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the Controller keeps between two calls, and the way from a gesture to the actions and from a point to its outputs.

use super::command::Job;
use super::controller::PollId;
use super::gesture::{Bound, Fired, Gestures};
use super::plan::{ControlId, Gesture, LayerId, Output, Plan, PointId, Source, StartId};
use super::press::{Ledger, Word};
use super::render::{self, Scene};
use super::stage::Stage;
use super::state::PointState;
use super::{Feedback, Link, Look, Show};
use crate::time::Time;

/// What changes. Apart from the plan, so that actions can be read from the one while they act on the other.
#[derive(Debug)]
pub(super) struct Core {
    /// The last timeout's time.
    pub(super) now: Time,
    pub(super) link: Link,
    pub(super) layer: LayerId,
    /// The number of our newest request, and of what is ordered like one.
    pub(super) seq: u64,
    /// Requests up to this one are of an older plan.
    pub(super) born: u64,
    /// Requests up to this one started before the link stood.
    pub(super) epoch: u64,
    pub(super) tickets: u32,
    /// The place of the newest waiting command.
    pub(super) place: u64,
    /// Per control: the first one of the same panel and name, which stands for the key itself.
    pub(super) keys: Vec<usize>,
    pub(super) gestures: Gestures,
    pub(super) points: Vec<PointState>,
    pub(super) jobs: Vec<Job>,
    /// Per start: why it cannot be.
    pub(super) missing: Vec<Option<Box<str>>>,
    pub(super) ledger: Ledger,
    pub(super) stage: Stage,
    pub(super) last_event: Option<Time>,
    pub(super) last_poll: Option<Time>,
}

impl Core {
    pub(super) fn next_place(&mut self) -> u64 {
        self.place += 1;
        self.place
    }

    /// The point's outputs may look different now.
    pub(super) fn touch_point(&mut self, plan: &Plan, point: PointId) {
        for (index, output) in plan.outputs.iter().enumerate() {
            if output.source == Source::Point(point) {
                self.stage.touch(index);
            }
        }
    }

    pub(super) fn show_layer(&mut self, layer: usize) {
        if let Ok(layer) = u8::try_from(layer) {
            self.layer = LayerId(layer);
            self.stage.push(Show::Layer(self.layer));
            self.stage.touch_all();
        }
    }

    /// What is bound to a key in the present layer: the layer's own control before one of all layers.
    pub(super) fn bound(&self, plan: &Plan, key: usize) -> Option<Bound> {
        let mut found = None;
        for (index, control) in plan.controls.iter().enumerate() {
            let own = control.layer == Some(self.layer);
            if self.keys.get(index) != Some(&key) || !(own || control.layer.is_none()) {
                continue;
            }
            let holds = control
                .bindings
                .iter()
                .any(|(gesture, _)| *gesture == Gesture::Hold);
            let hold = control.hold.unwrap_or(plan.timing.hold);
            found = Some(Bound {
                control: ControlId(u16::try_from(index).ok()?),
                hold: holds.then_some(hold),
            });
            if own {
                break;
            }
        }
        found
    }

    /// Runs what is bound to a gesture; nothing bound is no press.
    pub(super) fn fire(&mut self, plan: &Plan, fired: Fired) {
        let control = plan.controls.get(usize::from(fired.control.0));
        let Some((_, actions)) = control.and_then(|control| {
            control
                .bindings
                .iter()
                .find(|(gesture, _)| *gesture == fired.gesture)
        }) else {
            return;
        };
        let Some(press) = self.ledger.begin(fired.control) else {
            self.stage.notice("panel", "too many presses at once");
            self.stage.feedback(fired.control, Feedback::Refused);
            return;
        };
        for action in actions {
            self.act(plan, press, action, &fired);
        }
        // After the actions, so that the end of an older press, whose place this one took, is told before the new one begins.
        self.stage.feedback(fired.control, Feedback::Taken);
        let over = self.ledger.end(press, Word::Confirmed);
        self.stage.ended(over);
    }

    /// Whether this request was numbered here: one never given out would outrank every reading to come, and one of an older
    /// plan counts the points otherwise.
    pub(super) fn is_known(&self, poll: PollId) -> bool {
        self.born < poll.0 && poll.0 <= self.seq
    }

    /// Whether a request is of the time since the link stands.
    pub(super) fn is_fresh(&self, poll: PollId) -> bool {
        poll.0 > self.epoch && self.link >= Link::Loading
    }

    /// Everything is to be shown, as if the panels had just been plugged in.
    pub(super) fn announce(&mut self, plan: &Plan) {
        if !plan.layers.is_empty() {
            self.stage.push(Show::Layer(self.layer));
        }
        self.stage.push(Show::Link(self.link));
        self.stage.forget();
    }
}

/// What the output `index` shows now; `None` where another one shows in its place.
pub(super) fn look(
    plan: &Plan,
    link: Link,
    layer: LayerId,
    points: &[PointState],
    index: usize,
) -> Option<Look> {
    let output = plan.outputs.get(index)?;
    let is_active = |output: &Output| output.layer.is_none_or(|own| own == layer);
    if !is_active(output) {
        let twin = |other: &Output| other.panel == output.panel && other.name == output.name;
        let replaced = plan
            .outputs
            .iter()
            .any(|other| twin(other) && is_active(other));
        return (!replaced).then(render::dark);
    }
    let Source::Point(id) = output.source else {
        return Some(render::link(link, &output.render));
    };
    let index = usize::from(id.0);
    let (spec, point) = (plan.points.get(index)?, points.get(index)?);
    let scene = Scene {
        condition: point.condition(),
        value: point.value(),
        traits: point.traits.as_deref(),
        name: &spec.device,
    };
    Some(render::point(&scene, &output.render))
}

impl Plan {
    /// A point in words, for notices.
    pub(super) fn point_name(&self, point: PointId) -> String {
        match self.points.get(usize::from(point.0)) {
            Some(point) => format!("{} {}", point.device, point.capability),
            None => "unknown point".to_owned(),
        }
    }

    /// A start in words, for notices.
    pub(super) fn start_name(&self, start: StartId) -> String {
        match self.starts.get(usize::from(start.0)) {
            Some(start) => start.name.clone(),
            None => "unknown start".to_owned(),
        }
    }
}
