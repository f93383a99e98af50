// SPDX-License-Identifier: MIT OR Apache-2.0
//! The [`Controller`]: everything that the loop says to the panel's behaviour and asks of it.

use std::cell::Cell;

use super::gesture::Gestures;
use super::inner::{Core, View};
use super::intent::Intent;
use super::plan::{LayerId, Plan, PointId, StartId};
use super::press::{Ledger, Tally};
use super::render::link_word;
use super::series::Bound;
use super::stage::{MAX_NOTICE, Stage};
use super::state::PointState;
use super::tables::Tables;
use super::text::clean;
use super::wake::Sleepers;
use super::{Call, Condition, Edge, Event, Lease, Link, Outcome, Route, Show, Ticket};
use crate::homey::{Reading, Value};
use crate::time::Time;

/// Names a poll or a read by its place in the order in which our requests started.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PollId(pub(super) u64);

/// The panel's behaviour as one value: events and answers in, [`Show`]s and [`Call`]s out.
///
/// The loop tells it what happened, in any order that it learns it; then it pulls until there is nothing left, and
/// waits until something else happens or [`Controller::poll_at`]:
///
/// ```text
/// for each readable input:   event(..)             // all of them, before the time: an up edge that is already
/// now = clock                                      // there must not be overtaken by its own hold
/// timeout(now)
/// while let Some(show) = next_show() { bring it to the panels }
/// while let Some(call) = next_call(now) { begin it, or answer NotSent }
/// wait until poll_at()
/// ```
///
/// It owes a press one of five words ([`Tally`]); the loop owes every [`Call`] one [`Outcome`], and as many `update`s as it
/// likes before it. All indices and tickets from outside are checked; unknown ones do nothing.
#[derive(Debug)]
pub struct Controller {
    plan: Plan,
    core: Core,
}

impl Controller {
    /// A controller that knows nothing yet: link down, first layer, every point unknown. `now` is the monotonic clock's time.
    pub fn new(plan: Plan, now: Time) -> Controller {
        let mut stage = Stage::new(plan.outputs.len(), Time::NEVER);
        stage.rearm(now, plan.timing.reassert);
        let mut core = Core {
            now,
            link: Link::Down,
            lease: Lease::Good,
            route: Route::None,
            layer: LayerId(0),
            seq: 0,
            born: 0,
            epoch: 0,
            tickets: 0,
            place: 0,
            tables: Tables::new(&plan),
            gestures: Gestures::new(plan.controls.len()),
            points: plan.points.iter().map(|_| PointState::new()).collect(),
            busy: Vec::new(),
            stale_at: Cell::new(None),
            jobs: Vec::new(),
            ramps: Vec::new(),
            locals: vec![Value::Bool(false); plan.locals.len()],
            sleepers: Sleepers::new(&plan, now),
            missing: vec![None; plan.starts.len()],
            ledger: Ledger::default(),
            stage,
            last_event: None,
            last_poll: None,
        };
        core.announce(&plan);
        Controller { plan, core }
    }

    /// Carries over what `old`, which this one replaces, knows: link, lease and route, the counts, the layer and the local outputs of the same
    /// names, and the readings of points that both plans have. Its panels are awake. Old presses that are open end in the counts, sent ones as unknown and the others as
    /// expired; old tickets and old polls do nothing here. Call it right after [`Controller::new`].
    pub fn adopt(&mut self, old: &Controller) {
        let (core, before) = (&mut self.core, &old.core);
        core.seq = before.seq;
        core.born = before.seq;
        core.epoch = before.epoch;
        core.tickets = before.tickets;
        core.link = before.link;
        core.lease = before.lease;
        core.route = before.route;
        core.last_event = before.last_event;
        core.last_poll = before.last_poll;
        core.ledger.inherit(&before.ledger, before.sent());
        for (spec, point) in self.plan.points.iter().zip(&mut core.points) {
            let same = old.plan.points.iter().position(|other| other == spec);
            if let Some(known) = same.and_then(|index| before.points.get(index)) {
                point.adopt(known, core.seq);
            }
        }
        core.stale_at.set(None);
        for (name, local) in self.plan.locals.iter().zip(&mut core.locals) {
            let same = old.plan.locals.iter().position(|other| other == name);
            if let Some(known) = same.and_then(|index| before.locals.get(index)) {
                local.clone_from(known);
            }
        }
        let name = old.plan.layers.get(usize::from(before.layer.0));
        let layer = self
            .plan
            .layers
            .iter()
            .position(|layer| Some(layer) == name);
        core.layer = LayerId(
            layer
                .and_then(|index| u8::try_from(index).ok())
                .unwrap_or(0),
        );
        core.stage.clear();
        if !old.is_idle() {
            core.stage
                .notice("panel", "new configuration, open presses given up");
        }
        core.announce(&self.plan);
    }

    /// A hand did something. Deliver what is readable before [`Controller::timeout`].
    pub fn event(&mut self, event: Event) {
        let (plan, core) = (&self.plan, &mut self.core);
        let Some(key) = core.tables.key(event.control) else {
            return;
        };
        core.last_event = core.last_event.max(Some(event.at));
        // A panel's events come in their order: what was due on it before this one is before it, however late both are.
        let panel = |key: usize| plan.controls.get(key).map(|control| control.panel);
        let panel_of = panel(key).unwrap_or_default();
        let here = |other| panel(other) == Some(panel_of);
        while let Some(fired) = core.gestures.due(event.at, here) {
            core.fire(plan, fired);
        }
        let woken = core.wake(panel_of, event.at);
        let found = core.tables.bound(plan, key, core.layer);
        if found.is_none() && !matches!(event.edge, Edge::Down | Edge::Up) {
            return;
        }
        let control = found.map_or(event.control, |bound| bound.control);
        let mute = found.is_none() || (woken && core.swallows(plan, panel_of, control));
        let bound = found.unwrap_or(Bound::nothing(event.control));
        let burst = core.gestures.edge(key, event.edge, event.at, bound, mute);
        for fired in burst.into_iter().flatten() {
            core.fire(plan, fired);
        }
    }

    /// A poll, or the read that a [`super::Order::Read`] asked for, is about to be sent. Readings are only ever as new as this call.
    pub fn poll_started(&mut self, _now: Time) -> PollId {
        self.core.seq += 1;
        PollId(self.core.seq)
    }

    /// A poll or read brought a reading of a point. A point that was missing is there again by it.
    pub fn update(&mut self, poll: PollId, point: PointId, reading: Reading, now: Time) {
        let core = &mut self.core;
        let fresh = core.is_fresh(poll);
        if !core.is_known(poll) {
            return;
        }
        let Some(state) = core.points.get_mut(usize::from(point.0)) else {
            return;
        };
        state.hear(poll.0, reading, fresh, now);
        core.stale_at.set(None);
        core.settle_want(&self.plan, point);
        core.touch_point(point);
    }

    /// A poll's reply said that nothing of this point has changed since the last full one (304): what is known and certain is
    /// fresh again. Not to be relied on while [`Controller::is_unsettled`]: then ask for the full reply.
    pub fn unchanged(&mut self, poll: PollId, point: PointId, now: Time) {
        let core = &mut self.core;
        let fresh = core.is_fresh(poll);
        if !core.is_known(poll) {
            return;
        }
        core.stale_at.set(None);
        if let Some(state) = core.points.get_mut(usize::from(point.0)) {
            state.unchanged(poll.0, fresh, now);
            core.touch_point(point);
        }
    }

    /// A poll is over. `complete`: its whole reply came. What it brought before it broke counts all the same.
    pub fn poll_ended(&mut self, _poll: PollId, now: Time, complete: bool) {
        if complete {
            self.core.last_poll = Some(now);
        }
    }

    /// The hub knows no such device or capability, or refuses us this one: presses are refused with `why`, outputs show
    /// blocked, until a reading of it comes.
    pub fn missing(&mut self, point: PointId, why: String) {
        let core = &mut self.core;
        let Some(state) = core.points.get_mut(usize::from(point.0)) else {
            return;
        };
        let why = clean(&why, MAX_NOTICE);
        let waits = state.waiting.is_some();
        // The press that waits tells it.
        if state.block(core.seq, &why) && !waits {
            core.stage.notice(&self.plan.point_name(point), &why);
        }
        core.refuse_waiting(&self.plan, Some(point), None, &why);
        core.touch_point(point);
    }

    /// The hub knows no such flow or mood, or refuses us this one: presses are refused with `why`.
    pub fn start_missing(&mut self, start: StartId, why: String) {
        let core = &mut self.core;
        let Some(slot) = core.missing.get_mut(usize::from(start.0)) else {
            return;
        };
        let why = clean(&why, MAX_NOTICE);
        let news = slot.as_deref() != Some(why.as_str());
        *slot = Some(why.as_str().into());
        if news && !core.jobs.iter().any(|job| job.waits_for(start)) {
            core.stage.notice(&self.plan.start_name(start), &why);
        }
        core.refuse_waiting(&self.plan, None, Some(start), &why);
    }

    /// A flow or mood that was missing is there.
    pub fn start_found(&mut self, start: StartId) {
        if let Some(slot) = self.core.missing.get_mut(usize::from(start.0)) {
            *slot = None;
        }
    }

    /// The connection's state changed. Say [`Link::Loading`] when it stands, before the first poll starts: only what was asked
    /// after that counts as fresh.
    pub fn link(&mut self, _now: Time, link: Link) {
        let (plan, core) = (&self.plan, &mut self.core);
        if link == core.link {
            return;
        }
        let stood = core.link >= Link::Loading;
        core.link = link;
        core.stage.push(Show::Link(link));
        if stood != (link >= Link::Loading) {
            core.epoch = core.seq;
            core.points.iter_mut().for_each(PointState::disconnect);
            core.stale_at.set(None);
        }
        if matches!(link, Link::Token | Link::Clock | Link::WrongHub) {
            core.refuse_waiting(plan, None, None, link_word(link));
        } else if link < Link::Ready {
            core.merge_waiting();
        }
        core.stage.touch_all();
    }

    /// How long the session will last has changed.
    pub fn lease(&mut self, lease: Lease) {
        self.core.lease = lease;
        self.core.stage.touch_all();
    }

    /// By which way the hub is reached has changed; unchanged news costs nothing.
    pub fn route(&mut self, route: Route) {
        if self.core.route != route {
            self.core.route = route;
            self.core.stage.touch_all();
        }
    }

    /// The bytes of this command may have left this machine.
    pub fn sent(&mut self, ticket: Ticket) {
        self.core.mark_sent(ticket);
    }

    /// A command ended. A reading that came with it goes to [`Controller::update`] first.
    pub fn outcome(&mut self, ticket: Ticket, outcome: Outcome, now: Time) {
        self.core.end_call(&self.plan, ticket, &outcome, now);
    }

    /// Does what is due at `now`: holds, expiry, staleness, reassertion. Harmless to call early.
    pub fn timeout(&mut self, now: Time) {
        let (plan, core) = (&self.plan, &mut self.core);
        core.now = now;
        while let Some(fired) = core.gestures.due(now, |_| true) {
            core.fire(plan, fired);
        }
        while let Some(panel) = core.sleepers.due(now) {
            core.stage.push(Show::Sleep {
                panel,
                asleep: true,
            });
        }
        core.expire(plan, now);
        if core.stale_at(plan) <= now {
            core.age(plan, now);
        }
        if core.stage.reassert_at <= now {
            core.stage.rearm(now, plan.timing.reassert);
            core.announce(plan);
        }
    }

    /// The next thing to bring to a panel; pull until there is none. An output comes when its look differs from the last one pulled.
    pub fn next_show(&mut self) -> Option<Show> {
        let (plan, core) = (&self.plan, &mut self.core);
        let view = View {
            plan,
            link: core.link,
            lease: core.lease,
            route: core.route,
            layer: core.layer,
            points: &core.points,
            locals: &core.locals,
            tables: &core.tables,
        };
        core.stage.pull(|index| view.look(index))
    }

    /// The next command that may start at `now`; pull until there is none, or while there is room for one.
    pub fn next_call(&mut self, now: Time) -> Option<Call> {
        self.core.pull_call(&self.plan, now)
    }

    /// When to call [`Controller::timeout`] next; later than its last `now` if nothing else was called since. Also the time at which
    /// [`Controller::next_call`] may have something that had to pause.
    pub fn poll_at(&self) -> Option<Time> {
        let (plan, core) = (&self.plan, &self.core);
        let at = core
            .stale_at(plan)
            .min(core.gestures.poll_at())
            .min(core.sleepers.poll_at())
            .min(core.command_at(plan, core.now))
            .min(core.stage.reassert_at);
        (at != Time::NEVER).then_some(at)
    }

    /// The program ends: what waits has expired, and of what is under way nothing more will be known.
    pub fn give_up(&mut self, now: Time) {
        self.core.give_up(&self.plan, now);
    }

    /// How many presses there were and how they ended.
    pub fn tally(&self) -> Tally {
        self.core.ledger.tally
    }

    /// No press is open.
    pub fn is_idle(&self) -> bool {
        self.core.ledger.tally.open() == 0
    }

    /// No press is open, and none will begin without a further edge: a click that may become two, or a press that may become a
    /// hold, is not at rest.
    pub fn is_at_rest(&self) -> bool {
        self.is_idle() && self.core.gestures.poll_at() == Time::NEVER
    }

    /// Some command ran, or may have, and no reading has shown its effect yet; or a press waits for one: poll soon.
    pub fn is_unsettled(&self) -> bool {
        let waits = |point: &PointState| {
            let want = point.waiting.as_ref();
            want.is_some_and(|want| !matches!(want.intent, Intent::Value(_)))
        };
        self.core
            .points
            .iter()
            .any(|point| point.unsettled() || waits(point))
    }

    /// When a hand last did something.
    pub fn last_event(&self) -> Option<Time> {
        self.core.last_event
    }

    /// When the last complete poll ended.
    pub fn last_poll(&self) -> Option<Time> {
        self.core.last_poll
    }

    /// What the panel shows of a point: its condition and the value, wanted or last known.
    pub fn point(&self, point: PointId) -> Option<(Condition, Option<&Value>)> {
        let point = self.core.points.get(usize::from(point.0))?;
        Some((point.condition(), point.value()))
    }

    /// The plan that it was made of.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The connection's state as last told.
    pub fn link_state(&self) -> Link {
        self.core.link
    }

    /// The layer that is shown.
    pub fn layer(&self) -> LayerId {
        self.core.layer
    }
}
