// SPDX-License-Identifier: MIT OR Apache-2.0

use super::*;
use crate::hw::{Face, PanelFault};
use crate::panel::plan::ControlId;
use crate::panel::{Edge, Feedback};
use nix::poll::PollFd;
use nix::sys::signal::SigSet;
use std::cell::RefCell;

/// A panel whose reads give these edges, once each is told to be there.
#[derive(Clone, Default)]
struct Fake(Rc<RefCell<(Vec<Event>, Vec<Show>)>>);

impl Panel for Fake {
    fn name(&self) -> &str {
        "fake"
    }
    fn poll_fds<'a>(&'a self, _: &mut Vec<PollFd<'a>>) {}
    fn service(&mut self, _: Time, events: &mut Vec<Event>) -> Result<(), PanelFault> {
        events.append(&mut self.0.borrow_mut().0);
        Ok(())
    }
    fn show(&mut self, show: &Show, _: Time) {
        self.0.borrow_mut().1.push(show.clone());
    }
    fn poll_at(&self) -> Option<Time> {
        None
    }
    fn reports(&mut self) -> Vec<String> {
        Vec::new()
    }
    fn reload(&mut self, _: Face) {}
    fn quit_requested(&self) -> bool {
        false
    }
}

/// A life with this panel, begun at `start`; it has no hub.
fn life(fake: &Fake, start: Time) -> Life {
    let text = "[hub]\naddress = \"http://127.0.0.1:9\"\n\
        [layers]\nnames = [\"day\", \"night\", \"never\"]\n\
        [[panel]]\nname = \"wall\"\nkind = \"line\"\nstdio = true\n\
        [[control]]\nname = \"key\"\npress = { layer = \"night\" }\nhold = { layer = \"never\" }\n";
    let config = Config::parse("test", text).unwrap();
    let hub = Hub::new(&config).unwrap();
    let signals = SignalFd::new(&SigSet::empty()).unwrap();
    let controller = Controller::new(config.plan.clone(), start);
    let panels: Vec<Box<dyn Panel>> = vec![Box::new(fake.clone())];
    let helpers = Helpers::new(std::path::Path::new("test"));
    Life::new(controller, hub, panels, signals, &config, helpers)
}

#[test]
fn an_up_edge_that_is_there_is_not_overtaken_by_its_own_hold() {
    let fake = Fake::default();
    let start = monotonic();
    let at = |ms| start + Duration::from_millis(ms);
    let edge = |ms, edge| {
        let control = ControlId(0);
        let event = Event {
            at: at(ms),
            control,
            edge,
        };
        fake.0.borrow_mut().0.push(event);
    };
    let mut life = life(&fake, start);
    edge(0, Edge::Down);
    life.turn(at(0), 1, None);
    // Kept from looking over the end of the hold time, the loop comes back for another reason than the panel.
    edge(480, Edge::Up);
    life.turn(at(510), 0, None);
    assert_eq!(life.controller.layer().0, 1, "a press, not a hold");
    let control = ControlId(0);
    let feedback = Feedback::Confirmed;
    assert!(
        fake.0
            .borrow()
            .1
            .contains(&Show::Feedback { control, feedback })
    );
    life.finish(at(600));
    assert_eq!(life.controller.tally().pressed, 1);
}

#[test]
fn a_command_whose_time_has_come_between_turn_and_sleep_is_not_slept_over() {
    // All of it a second ago: the sleep is always later than what it sleeps for.
    let start = Time::from_micros(monotonic().as_micros() - 1_000_000);
    let at = |ms| start + Duration::from_millis(ms);
    let mut life = life(&Fake::default(), start);
    life.turn(at(0), 0, None);
    life.waiting.push_back(Call {
        ticket: crate::panel::Ticket(1),
        order: crate::panel::Order::Start(crate::panel::plan::StartId(0)),
        life: at(3000),
    });
    life.pacer.hold(at(8));
    assert_eq!(life.next_turn(), at(8));
    // One that could have started in that turn waits for something else.
    life.pacer = Pacer::default();
    assert_eq!(life.next_turn(), at(3000));
}

#[test]
fn a_hub_without_an_id_is_not_looked_for_and_nothing_wakes_for_it() {
    let start = monotonic();
    let mut life = life(&Fake::default(), start);
    let idle = life.next_turn();
    for another in [false, false, true] {
        life.missed_hub(another);
    }
    life.turn(start, 0, None);
    assert_eq!(life.routes.poll_at(), None);
    assert_eq!(life.next_turn(), idle);
}
