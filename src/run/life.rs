// SPDX-License-Identifier: MIT OR Apache-2.0
//! EDGE. What lives during every wait: panels, controller, commands, signals.
//!
//! [`Life`] is the loop's [`Wait`]. Whoever waits for a poll's socket waits here, in one poll(2) over everything,
//! so a press is seen, shown and sent whatever that poll is doing. Nothing in here ever waits for anything else.

use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::sys::signalfd::SignalFd;

use crate::client::Hub;
use crate::config::Config;
use crate::homey::Dialect;
use crate::hw::Panel;
use crate::net::{Deadlines, Error, Interest, Session, monotonic};
use crate::panel::cadence::Pacer;
use crate::panel::plan::Plan;
use crate::panel::{Call, Controller, Event, Lease, Link, Show};
use crate::time::Time;

use super::directory::Directory;
use super::helper::{Errand, Helpers};
use super::lanes::{Finished, Lanes};
use super::renewal::Renewal;
use super::route::Routes;
use super::seed;
use super::variable::Variable;

/// The most that a poll sleeps while it waits for a request in flight to end.
const LONG: Duration = Duration::from_secs(10);

/// How long a stop waits for replies to commands that have left.
const LAST_REPLIES: Duration = Duration::from_secs(3);

/// How long a stop waits for a renewal: a call to the cloud takes 15 s at most (`client::account::cloud`), and one whose reply is
/// not written down has cost the refresh token.
const LAST_RENEWAL: Duration = Duration::from_secs(17);

/// Rounds of one turn. Each follows from something shown in the one before; a flood of input goes on after a poll(2).
const ROUNDS: usize = 8;

/// How long presses may take to end after a panel has asked for the end: a press's life and a round trip.
const LAST_PRESSES: Duration = Duration::from_secs(5);

fn renewal(hub: &Hub, config: &Config, now: Time, shown: Lease) -> Renewal {
    let held = hub.bearer.as_ref().and_then(|bearer| bearer.held);
    let retry = config.poll.retry;
    Renewal::new(held, &config.session, retry, seed(), now, shown)
}

fn poll_deadlines(config: &Config) -> Deadlines {
    let limits = &config.limits;
    Deadlines {
        connect: limits.connect,
        handshake: limits.tls,
        first_byte: limits.first_byte,
        whole: limits.poll,
    }
}

/// What a signal or a person asked for.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Wish {
    GoOn,
    Reload,
    Stop,
}

/// Everything but the poll.
pub struct Life {
    pub controller: Controller,
    pub panels: Vec<Box<dyn Panel>>,
    pub hub: Hub,
    pub plan: Rc<Plan>,
    /// Shared, so that a visitor can read by it while the rest of life is lent to the wait.
    pub directory: Rc<Directory>,
    pub lanes: Lanes,
    pub pacer: Pacer,
    pub helpers: Helpers,
    pub wish: Wish,
    /// Of a poll.
    pub deadlines: Deadlines,
    /// The pause before a 401 is answered by another try, and half of the one after a 429 that names none.
    pub retry: Duration,
    /// A hand was on a panel since this was last cleared: worth one immediate try (N13).
    pub touched: bool,
    /// A command found the hub gone, or its bearer refused: worth a look by the poll at once.
    pub trouble: bool,
    /// The hub has told who it is since the address was last in doubt; before that no bearer is sent.
    pub identified: bool,
    /// Names may have changed: a command was answered with 404.
    pub names_in_doubt: bool,
    /// Something else than the poll has read a device: that a later reply says "unchanged" proves nothing about it.
    pub read_aside: bool,
    /// From when on a touch breaks off the try to reach the hub that is under way: it may have been lost on its way
    /// before the hub came back.
    pub patience: Time,
    /// When everything here last had its turn: what was due by then has been seen to, and nothing later.
    pub(super) turned: Time,
    pub(super) waiting: VecDeque<Call>,
    /// Since when a command has waited for nothing but one of the requests in flight.
    pub(super) crowded: Option<Time>,
    /// A panel has asked for the end, which comes when no press is open, or at this instant.
    pub(super) leaving: Option<Time>,
    pub(super) renewal: Renewal,
    pub routes: Routes,
    pub(super) variable: Variable,
    /// How many bearers there were before the present one.
    pub bearers: u32,
    /// The bearer is another one, or it has turned out that it cannot be, since this was last cleared.
    pub bearer_news: bool,
    /// What was last wrong with the bearer's file, so that it is said once.
    pub(super) bearer_fault: String,
    pub(super) signals: SignalFd,
    events: Vec<Event>,
    pub(super) finished: Vec<Finished>,
}

impl Life {
    /// `signals` must be blocked already, or they would end the program. `helpers` know the file of `config`.
    pub fn new(
        controller: Controller,
        hub: Hub,
        panels: Vec<Box<dyn Panel>>,
        signals: SignalFd,
        config: &Config,
        helpers: Helpers,
    ) -> Life {
        let plan = Rc::new(config.plan.clone());
        let directory = Rc::new(Directory::new(&plan));
        let lanes = Lanes::for_hub(&hub, config);
        let renewal = renewal(&hub, config, monotonic(), Lease::Good);
        Life {
            controller,
            panels,
            hub,
            plan,
            directory,
            lanes,
            pacer: Pacer::default(),
            helpers,
            wish: Wish::GoOn,
            deadlines: poll_deadlines(config),
            retry: config.poll.retry,
            touched: false,
            trouble: false,
            identified: false,
            names_in_doubt: false,
            read_aside: false,
            patience: Time::NEVER,
            turned: Time::ZERO,
            waiting: VecDeque::new(),
            crowded: None,
            leaving: None,
            renewal,
            routes: Routes::new(),
            variable: Variable::new(config.session.store_in.as_deref()),
            bearers: 0,
            bearer_news: false,
            bearer_fault: String::new(),
            signals,
            events: Vec::new(),
            finished: Vec::new(),
        }
    }

    /// Takes a new configuration: another plan, another hub. What was read of points that stay is kept.
    pub fn swap(&mut self, mut hub: Hub, config: &Config, now: Time) {
        let mut controller = Controller::new(config.plan.clone(), now);
        controller.adopt(&self.controller);
        let place = |hub: &Hub| hub.known.configured();
        let stays = place(&hub) == place(&self.hub);
        if stays && hub.id.is_empty() {
            // Learned once, it stays: whoever answers there later has to be the same.
            hub.id.clone_from(&self.hub.id);
        }
        let (dialect, held) = (self.pacer.hub(), self.pacer.held_until());
        self.pacer = Pacer::default();
        if !stays || hub.id != self.hub.id {
            // What the old hub said is no news of the new one.
            controller.link(now, Link::Down);
        } else {
            // A hub whose pace is known need not be asked at the slowest, and a pause that it asked for holds.
            self.pacer.dialect(dialect);
            self.pacer.hold(held);
            // Where it was found last is better than where it once was, if it may still be gone to there.
            let way = self.hub.way.clone();
            let _ = way
                .filter(|way| hub.known.permits(way))
                .map(|way| hub.follow(way));
        }
        self.controller = controller;
        self.plan = Rc::new(config.plan.clone());
        self.directory = Rc::new(Directory::new(&self.plan));
        self.lanes = Lanes::for_hub(&hub, config);
        self.renewal = renewal(&hub, config, now, self.renewal.lease());
        self.variable = Variable::new(config.session.store_in.as_deref());
        self.bearers = self.bearers.wrapping_add(1);
        self.routes = Routes::new();
        self.hub = hub;
        self.deadlines = poll_deadlines(config);
        self.retry = config.poll.retry;
        self.waiting.clear();
        self.crowded = None;
        self.identified = false;
    }

    /// Lives on until every press has ended and no gesture is under way, or until `deadline`: before a reload, so that none
    /// is lost.
    pub fn settle_presses(&mut self, deadline: Time) {
        self.settle(deadline, |life| life.controller.is_at_rest());
    }

    fn settle(&mut self, deadline: Time, is_settled: impl Fn(&Life) -> bool) {
        while monotonic() < deadline && self.wish != Wish::Stop {
            self.turn(monotonic(), 0, None);
            if is_settled(self) {
                return;
            }
            match self.sleep(None, deadline) {
                Ok(awake) => self.handle(&awake, None),
                Err(_) => return,
            }
        }
    }

    /// The end: commands that are under way get their replies, panels their last word. A child that is about to write down
    /// what it was given for good has time for that; a second signal to stop takes it away.
    pub fn finish(&mut self, now: Time) {
        self.wish = Wish::GoOn;
        self.renewal.stop();
        let is_renewed = |life: &Life| life.helpers.is_free(Some(Errand::Renew));
        self.settle(now + LAST_REPLIES, |life| {
            life.lanes.in_flight() == 0 && life.waiting.is_empty() && is_renewed(life)
        });
        self.settle(now + LAST_RENEWAL, is_renewed);
        self.helpers.end();
        let now = monotonic();
        self.controller.give_up(now);
        // From here on nothing is sent any more, whatever a hand does: the last words have been said.
        self.waiting.clear();
        self.bring_shows(now, true);
        for panel in &mut self.panels {
            let _ = panel.service(now, &mut self.events);
        }
        self.events.clear();
        let tally = self.controller.tally();
        log::info!("stopped; {tally}");
    }

    /// Tells the controller how the connection is; unchanged news costs nothing.
    pub fn link(&mut self, link: Link, now: Time) {
        self.controller.link(now, link);
        self.controller.route(self.route(link));
        self.turn(now, u32::MAX, None);
    }

    /// Shows a line to whoever stands at a panel, and logs it.
    pub fn notice(&mut self, text: &str, now: Time) {
        log::warn!("{text}");
        let show = Show::Notice(text.chars().take(120).collect());
        for panel in &mut self.panels {
            panel.show(&show, now);
        }
    }

    /// A reply told the dialect: from now on requests go at its pace.
    pub fn learn(&mut self, dialect: Dialect) {
        if dialect != Dialect::Unknown && dialect != self.pacer.hub() {
            log::info!("the hub speaks {dialect:?}");
            self.pacer.dialect(dialect);
        }
    }

    /// Waits until a request of the poll may start.
    pub fn await_turn(&mut self, idle: &mut Session) -> Result<(), Error> {
        loop {
            let now = monotonic();
            self.turn(now, 0, Some(idle));
            if self.wish != Wish::GoOn || self.routes.is_urgent() {
                return Err(Error::Cancelled);
            }
            let free = self.pacer.may_start(now, self.lanes.hung(now));
            // Presses go first: those that may start by now have, in this turn.
            if free.is_some_and(|at| at <= now) {
                return Ok(());
            }
            // A command that ends wakes the sleep by itself, and one that hangs makes room when it counts as hung.
            let until = free.or(self.lanes.hung_at(now)).unwrap_or(now + LONG);
            let watch = idle.wants().map(|(fd, _)| (fd, Interest::Read));
            let awake = self
                .sleep(watch, until)
                .map_err(|e| Error::Route(format!("waiting: {e}")))?;
            if awake.watched {
                idle.drop_dead_link();
            }
            self.handle(&awake, Some(idle));
        }
    }

    /// Waits until `until`, or until something happened that the poll should know: a touch, trouble, a wish.
    /// `idle` is a connection to let go of when its other end does.
    pub fn idle(&mut self, until: Time, idle: &mut Session) -> io::Result<()> {
        loop {
            let now = monotonic();
            self.turn(now, 0, Some(idle));
            let news = self.trouble || self.touched || self.routes.is_found();
            if self.wish != Wish::GoOn || news || now >= until {
                return Ok(());
            }
            let awake = self.sleep(idle.wants().map(|(fd, _)| (fd, Interest::Read)), until)?;
            if awake.watched {
                idle.drop_dead_link();
            }
            self.handle(&awake, Some(idle));
        }
    }

    /// When a command may start: at `now`, later, or (`None`) when another request has ended.
    pub(super) fn may_start_command(&self, now: Time) -> Option<Time> {
        self.pacer.may_start_command(now, self.lanes.hung(now))
    }

    /// Everything that can be done now without waiting. `panels`: a bit for each that has something to read. `idle`: the
    /// poll's connection, where the poll does not use it.
    pub(super) fn turn(&mut self, now: Time, panels: u32, mut idle: Option<&mut Session>) {
        self.turned = now;
        // First, since a command may wait for what a child has brought.
        while let Some((errand, ended)) = self.helpers.next_ended(now) {
            match errand {
                Errand::Renew => self.renewal_ended(&ended, now),
                Errand::Discover => self.discovered(&ended),
            }
        }
        let mut which = panels;
        for _ in 0..ROUNDS {
            if self.controller.poll_at().is_some_and(|at| at <= now) {
                // An up edge that is there already must not be overtaken by its own hold.
                self.service(now, u32::MAX);
                self.controller.timeout(now);
            } else {
                self.service(now, which);
            }
            // What is new goes out in the same turn, before anything that may take long: the acknowledgement of a press waits
            // for no poll(2) and no command, and the word on a press never overtakes it.
            if self.bring_shows(now, true) {
                self.service(now, u32::MAX);
            }
            self.step_commands(now, idle.as_deref_mut());
            if !self.bring_shows(now, true) {
                break;
            }
            // Those are written now, and whatever is read beside that has its round.
            which = u32::MAX;
        }
        // After what is pressed: these may start a child.
        self.look_after_session(now);
        self.step_routes(now);
        self.keep_variable(now);
        if self
            .leaving
            .is_some_and(|at| now >= at || self.controller.is_at_rest())
        {
            self.wish = Wish::Stop;
        }
    }

    /// Brings what is to be shown to the panels; `log`: the notices to the log, too. Whether there was anything.
    pub(super) fn bring_shows(&mut self, now: Time, log: bool) -> bool {
        let mut shown = false;
        while let Some(show) = self.controller.next_show() {
            shown = true;
            if let (Show::Notice(text), true) = (&show, log) {
                log::warn!("{text}");
            }
            for panel in &mut self.panels {
                panel.show(&show, now);
            }
        }
        shown
    }

    fn service(&mut self, now: Time, which: u32) {
        for (i, panel) in self.panels.iter_mut().enumerate() {
            let due = panel.poll_at().is_some_and(|at| at <= now);
            if which & (1 << (i % 32)) == 0 && !due {
                continue;
            }
            if let Err(fault) = panel.service(now, &mut self.events) {
                log::warn!("{fault}");
            }
            for report in panel.reports() {
                log::warn!("{report}");
            }
            if panel.quit_requested() {
                // Not before the presses that came with it have ended.
                self.leaving = self.leaving.or(Some(now + LAST_PRESSES));
            }
        }
        for event in self.events.drain(..) {
            self.touched = true;
            self.controller.event(event);
        }
    }

    pub(super) fn read_signals(&mut self) {
        while let Ok(Some(info)) = self.signals.read_signal() {
            match i32::try_from(info.ssi_signo)
                .ok()
                .and_then(|n| Signal::try_from(n).ok())
            {
                Some(Signal::SIGHUP) => self.wish = self.wish.max(Wish::Reload),
                Some(Signal::SIGWINCH | Signal::SIGCONT) => {
                    self.panels.iter_mut().for_each(|p| p.resized())
                }
                Some(Signal::SIGCHLD) | None => {}
                Some(_) => self.wish = Wish::Stop,
            }
        }
    }
}

#[cfg(test)]
mod tests;
