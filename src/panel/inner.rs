// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the Controller keeps between two calls, and the way from a gesture to the actions and from a point to its outputs.

use std::cell::Cell;

use super::command::Job;
use super::controller::PollId;
use super::gesture::Gestures;
use super::plan::{
    ControlId, Gesture, LayerId, Output, PanelId, Plan, PointId, Source, StartId, Wake,
};
use super::press::{Ledger, Word};
use super::ramp::Ramp;
use super::render::{self, Scene};
use super::series::{Act, Fired};
use super::stage::Stage;
use super::state::PointState;
use super::tables::Tables;
use super::wake::Sleepers;
use super::{Condition, Feedback, Lease, Link, Look, Route, Show};
use crate::homey::Value;
use crate::time::Time;

/// What changes. Apart from the plan, so that actions can be read from the one while they act on the other.
#[derive(Debug)]
pub(super) struct Core {
    /// The last timeout's time.
    pub(super) now: Time,
    pub(super) link: Link,
    pub(super) lease: Lease,
    pub(super) route: Route,
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
    pub(super) tables: Tables,
    pub(super) gestures: Gestures,
    pub(super) points: Vec<PointState>,
    /// The points with a command that waits or is under way, and perhaps some where it has just ended.
    pub(super) busy: Vec<PointId>,
    /// When the next reading gets stale; `None`: to be found out.
    pub(super) stale_at: Cell<Option<Time>>,
    pub(super) jobs: Vec<Job>,
    pub(super) ramps: Vec<Ramp>,
    /// What the local outputs are.
    pub(super) locals: Vec<Value>,
    pub(super) sleepers: Sleepers,
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
    pub(super) fn touch_point(&mut self, point: PointId) {
        for output in self.tables.outputs(point) {
            self.stage.touch(usize::from(*output));
        }
    }

    /// When the next reading gets stale.
    pub(super) fn stale_at(&self, plan: &Plan) -> Time {
        if let Some(known) = self.stale_at.get() {
            return known;
        }
        let all = self.points.iter();
        let at = all.map(|point| point.stale_at(plan.timing.stale)).min();
        let at = at.unwrap_or(Time::NEVER);
        self.stale_at.set(Some(at));
        at
    }

    /// Lets readings get stale where that is due.
    pub(super) fn age(&mut self, plan: &Plan, now: Time) {
        for index in 0..self.points.len() {
            if self.points[index].age(plan.timing.stale, now) {
                if let Ok(id) = u16::try_from(index) {
                    self.touch_point(PointId(id));
                }
            }
        }
        self.stale_at.set(None);
    }

    pub(super) fn show_layer(&mut self, layer: usize) {
        if let Ok(layer) = u8::try_from(layer) {
            self.layer = LayerId(layer);
            self.stage.push(Show::Layer(self.layer));
            self.stage.touch_all();
        }
    }

    /// Runs what is bound to a gesture; nothing bound is no press.
    pub(super) fn fire(&mut self, plan: &Plan, fired: Fired) {
        let Act::Gesture(wanted) = fired.act else {
            return self.stop_ramps(Some(fired.control));
        };
        if wanted == Gesture::HoldRepeat {
            self.step_ramps(plan, &fired);
        }
        let control = plan.controls.get(usize::from(fired.control.0));
        let away = self.link < Link::Loading;
        let Some(actions) = control.and_then(|control| {
            if away && wanted == Gesture::Press && !control.offline.is_empty() {
                return Some(&control.offline);
            }
            let mut bindings = control.bindings.iter();
            let bound = bindings.find(|(gesture, _)| *gesture == wanted)?;
            Some(&bound.1)
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

    /// A hand was on a panel; `true` where that woke it.
    pub(super) fn wake(&mut self, panel: PanelId, at: Time) -> bool {
        let woken = self.sleepers.touch(panel, at);
        if woken {
            self.stage.push(Show::Sleep {
                panel,
                asleep: false,
            });
        }
        woken
    }

    /// Whether a gesture on this control does nothing but wake its panel.
    pub(super) fn swallows(&self, plan: &Plan, panel: PanelId, control: ControlId) -> bool {
        let control = plan.controls.get(usize::from(control.0));
        let panel = plan.panels.get(usize::from(panel.0));
        let wake = control.and_then(|control| control.wake);
        let wake = wake.or(panel.map(|panel| panel.wake));
        wake == Some(Wake::Swallow)
    }

    /// Everything is to be shown, as if the panels had just been plugged in.
    pub(super) fn announce(&mut self, plan: &Plan) {
        if !plan.layers.is_empty() {
            self.stage.push(Show::Layer(self.layer));
        }
        self.stage.push(Show::Link(self.link));
        for (panel, asleep) in self.sleepers.all() {
            self.stage.push(Show::Sleep { panel, asleep });
        }
        self.stage.forget();
    }
}

/// What looks are made from.
pub(super) struct View<'a> {
    pub(super) plan: &'a Plan,
    pub(super) link: Link,
    pub(super) lease: Lease,
    pub(super) route: Route,
    pub(super) layer: LayerId,
    pub(super) points: &'a [PointState],
    pub(super) locals: &'a [Value],
    pub(super) tables: &'a Tables,
}

impl View<'_> {
    /// What the output `index` shows now; `None` where another one shows in its place.
    pub(super) fn look(&self, index: usize) -> Option<Look> {
        let plan = self.plan;
        let output = plan.outputs.get(index)?;
        let is_active = |output: &Output| output.layer.is_none_or(|own| own == self.layer);
        if !is_active(output) {
            let others = self.tables.namesakes(index).iter();
            let mut others = others.filter_map(|other| plan.outputs.get(usize::from(*other)));
            let replaced = others.any(is_active);
            return (!replaced).then(render::dark);
        }
        let scene = match output.source {
            Source::Link => return Some(render::link(self.link, &output.render)),
            Source::Session => return Some(render::lease(self.lease, &output.render)),
            Source::Route => return Some(render::route(self.route, &output.render)),
            Source::Point(id) => {
                let index = usize::from(id.0);
                let (spec, point) = (plan.points.get(index)?, self.points.get(index)?);
                Scene {
                    condition: point.condition(),
                    value: point.value(),
                    traits: point.traits.as_deref(),
                    name: &spec.device,
                }
            }
            Source::Local(id) => Scene {
                condition: Condition::Ready,
                value: self.locals.get(usize::from(id.0)),
                traits: None,
                name: &output.name,
            },
        };
        Some(render::point(&scene, &output.render))
    }
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
