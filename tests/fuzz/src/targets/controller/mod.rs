// SPDX-License-Identifier: MIT OR Apache-2.0
//! The panel's behaviour under any plan, hand, hub, network and clock. Whatever happened, once a fair hub answers:
//! every press has ended in one word, every point shows what the hub has, and the last wish is what the hub got.
//!
//! All along: `poll_at` lies ahead, at most one set of a point is under way, nothing starts after its life, a one-shot goes
//! out again only where it did not run, an older read overwrites nothing, and what belongs to an older plan does nothing.

mod hub;
mod net;
mod plans;
mod world;

use std::time::Duration;

use homey_panel::homey::Value;
use homey_panel::panel::plan::{Action, ControlId, Gesture, PointId, StartId};
use homey_panel::panel::{Edge, Link};

use super::input::Input;
use world::World;

/// Longer inputs say nothing new.
const MAX_STEPS: usize = 400;

pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let mut world = World::new(&mut input);
    for _ in 0..MAX_STEPS {
        if input.is_empty() {
            break;
        }
        step(&mut world, &mut input);
    }
    if bytes.len() % 4 == 0 {
        world.give_up();
        return;
    }
    world.settle();
    last_wishes(&mut world);
}

/// Some time passes, then one thing of many happens.
fn step(world: &mut World, input: &mut Input<'_>) {
    const SECOND: u64 = 1_000_000;
    let micros = match input.below(16) {
        0..3 => 0,
        3 => 1,
        4..11 => u64::from(input.byte()) * 1500,
        11..13 => u64::from(input.byte()) * 20_000,
        13 => input.pick(&[SECOND, 3 * SECOND, 10 * SECOND, 30 * SECOND]),
        14 => u64::from(input.byte()) * SECOND,
        _ => input.pick(&[0, 3600 * SECOND, 86_400 * SECOND, 30 * 86_400 * SECOND]),
    };
    world.now += Duration::from_micros(micros);
    let control = ControlId(input.below(9) as u16);
    // Events are read late, sometimes very late.
    let ago = match input.below(8) {
        0..6 => 0,
        6 => u64::from(input.byte()),
        _ => u64::from(input.byte()) * 60,
    };
    match input.below(32) {
        0..6 => world.event(control, Edge::Down, ago),
        6..11 => world.event(control, Edge::Up, ago),
        11 => world.event(control, Edge::Tap, ago),
        12 => world.event(control, Edge::Held, ago),
        13..15 => {
            let count = match input.below(8) {
                0 => input.pick(&[0, i32::MAX, i32::MIN, 1001]),
                _ => i32::from(input.byte() as i8),
            };
            world.event(control, Edge::Turn(count), ago);
        }
        15 => {
            let states = [
                Link::Down,
                Link::NoHub,
                Link::WrongHub,
                Link::Clock,
                Link::Token,
                Link::Loading,
                Link::Ready,
                Link::Ready,
            ];
            world.link(input.pick(&states));
        }
        16..18 => world.start_poll(),
        18..21 => world.end_poll(input),
        21..25 => world.answer(input),
        25 => world.stray(input),
        26 => world.change_home(input),
        27 => match input.below(4) {
            0 => world.missing(PointId(input.below(9) as u16)),
            1 => world.start_missing(StartId(input.below(4) as u16), true),
            2 => world.start_missing(StartId(input.below(4) as u16), false),
            _ => world.unchanged(),
        },
        28 if input.once_in(4) => world.reload(input),
        _ => {}
    }
    if input.below(4) > 0 {
        world.timeout();
    } else {
        world.pull();
    }
}

/// After all is quiet: a tap on a button that sets something sets it.
fn last_wishes(world: &mut World) {
    for index in 0..world.plan().controls.len() {
        let control = &world.plan().controls[index];
        let key = |index: usize| {
            let control = &world.plan().controls[index];
            (control.panel, &control.name)
        };
        let lone = (0..world.plan().controls.len()).filter(|other| key(*other) == key(index));
        let [(Gesture::Press, actions)] = control.bindings.as_slice() else {
            continue;
        };
        if lone.count() > 1 || control.layer.is_some() {
            continue;
        }
        let mut wishes: Vec<(PointId, Option<Value>)> = Vec::new();
        for action in actions {
            let (point, value) = match action {
                Action::Set { point, value } => (point, Some(value.clone())),
                Action::Toggle { point }
                | Action::Step { point, .. }
                | Action::Cycle { point, .. }
                | Action::Ramp { point, .. } => (point, None),
                _ => continue,
            };
            wishes.retain(|(other, _)| other != point);
            wishes.push((*point, value));
        }
        // A panel that sleeps is woken first, by a knob that did not move.
        world.event(ControlId(index as u16), Edge::Turn(0), 0);
        world.event(ControlId(index as u16), Edge::Tap, 0);
        world.timeout();
        world.settle();
        for (point, value) in wishes {
            if let Some(value) = value {
                world.assert_has(point, &value);
            }
        }
    }
}
