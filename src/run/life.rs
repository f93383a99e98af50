// SPDX-License-Identifier: MIT OR Apache-2.0
//! EDGE. What lives during every wait: panels, controller, commands, signals.
//!
//! [`Life`] is the loop's [`Wait`]. Whoever waits for a poll's socket waits here, in one poll(2) over everything,
//! so a press is seen, shown and sent whatever that poll is doing. Nothing in here ever waits for anything else.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::signalfd::SignalFd;

use crate::client::Hub;
use crate::config::Config;
use crate::homey::Dialect;
use crate::hw::Panel;
use crate::net::{Deadlines, Error, Interest, Ready, Session, Wait, monotonic};
use crate::panel::cadence::Pacer;
use crate::panel::plan::Plan;
use crate::panel::{Call, Controller, Event, Link, Show};
use crate::time::Time;

use super::directory::Directory;
use super::lanes::{Finished, Lanes};

/// The most that a poll sleeps while it waits for its turn.
const LONG: Duration = Duration::from_secs(1);

/// How long a stop waits for replies to commands that have left.
const LAST_REPLIES: Duration = Duration::from_secs(3);

/// How long presses may take to end after a panel has asked for the end: a press's life and a round trip.
const LAST_PRESSES: Duration = Duration::from_secs(5);

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
    pub wish: Wish,
    /// Of a poll.
    pub deadlines: Deadlines,
    /// A hand was on a panel since this was last cleared: worth one immediate try (N13).
    pub touched: bool,
    /// A command found the hub gone, or its bearer refused: worth a look by the poll at once.
    pub trouble: bool,
    /// The hub has told who it is since the address was last in doubt; before that no bearer is sent.
    pub identified: bool,
    /// Names may have changed: a command was answered with 404.
    pub names_in_doubt: bool,
    pub(super) waiting: VecDeque<Call>,
    /// A panel has asked for the end, which comes when no press is open, or at this instant.
    leaving: Option<Time>,
    /// What was last wrong with the bearer's file, so that it is said once.
    bearer_fault: String,
    signals: SignalFd,
    events: Vec<Event>,
    pub(super) finished: Vec<Finished>,
}

/// Which descriptors were ready, by what they belong to; panels are at most 8.
#[derive(Default)]
struct Awake {
    watched: bool,
    signals: bool,
    panels: u32,
}

impl Life {
    /// `signals` must be blocked already, or they would end the program.
    pub fn new(
        controller: Controller,
        hub: Hub,
        panels: Vec<Box<dyn Panel>>,
        signals: SignalFd,
        config: &Config,
    ) -> Life {
        let plan = Rc::new(config.plan.clone());
        let directory = Rc::new(Directory::new(&plan));
        let lanes = Lanes::for_hub(&hub, config);
        Life {
            controller,
            panels,
            hub,
            plan,
            directory,
            lanes,
            pacer: Pacer::default(),
            wish: Wish::GoOn,
            deadlines: poll_deadlines(config),
            touched: false,
            trouble: false,
            identified: false,
            names_in_doubt: false,
            waiting: VecDeque::new(),
            leaving: None,
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
        let place = |hub: &Hub| (hub.address.ip, hub.address.port);
        if place(&hub) == place(&self.hub) && hub.id.is_empty() {
            // Learned once, it stays: whoever answers there later has to be the same.
            hub.id.clone_from(&self.hub.id);
        }
        if place(&hub) != place(&self.hub) || hub.id != self.hub.id {
            // What the old hub said is no news of the new one.
            controller.link(now, Link::Down);
        }
        self.controller = controller;
        self.plan = Rc::new(config.plan.clone());
        self.directory = Rc::new(Directory::new(&self.plan));
        self.lanes = Lanes::for_hub(&hub, config);
        self.hub = hub;
        self.deadlines = poll_deadlines(config);
        self.pacer = Pacer::default();
        self.waiting.clear();
        self.identified = false;
    }

    /// Lives on until no command is under way, or until `deadline`: before a reload, so that none is lost.
    pub fn settle_commands(&mut self, deadline: Time) {
        while monotonic() < deadline && self.wish != Wish::Stop {
            self.turn(monotonic(), 0);
            if self.lanes.in_flight() == 0 && self.waiting.is_empty() {
                return;
            }
            match self.sleep(None, deadline) {
                Ok(awake) => self.handle(&awake),
                Err(_) => return,
            }
        }
    }

    /// The end: commands that are under way get their replies, panels their last word.
    pub fn finish(&mut self, now: Time) {
        self.wish = Wish::GoOn;
        self.settle_commands(now + LAST_REPLIES);
        let now = monotonic();
        self.controller.give_up(now);
        self.turn(now, u32::MAX);
        let tally = self.controller.tally();
        log::info!("stopped; {tally}");
    }

    /// Tells the controller how the connection is; unchanged news costs nothing.
    pub fn link(&mut self, link: Link, now: Time) {
        self.controller.link(now, link);
        self.turn(now, u32::MAX);
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

    /// Reads the bearer's file again; `true` where it held another one than before.
    pub fn reload_bearer(&mut self) -> bool {
        match self.hub.reload_bearer() {
            Ok(changed) => {
                self.bearer_fault.clear();
                changed
            }
            Err(failure) => {
                let text = failure.to_string();
                if text != self.bearer_fault {
                    log::warn!("{text}");
                    self.bearer_fault = text;
                }
                false
            }
        }
    }

    /// Waits until a request of the poll may start.
    pub fn await_turn(&mut self, idle: &mut Session) -> Result<(), Error> {
        loop {
            let now = monotonic();
            self.turn(now, 0);
            if self.wish != Wish::GoOn {
                return Err(Error::Cancelled);
            }
            let free = self.pacer.may_start(now);
            // Presses go first: those that may start by now have, in this turn.
            if free.is_some_and(|at| at <= now) {
                return Ok(());
            }
            // A command that ends wakes the sleep by itself; the second is for whatever else holds it up.
            let until = free
                .filter(|at| *at > now)
                .unwrap_or(now + LONG)
                .min(now + LONG);
            let watch = idle.wants().map(|(fd, _)| (fd, Interest::Read));
            let awake = self
                .sleep(watch, until)
                .map_err(|e| Error::Route(format!("waiting: {e}")))?;
            if awake.watched {
                idle.drop_dead_link();
            }
            self.handle(&awake);
        }
    }

    /// Waits until `until`, or until something happened that the poll should know: a touch, trouble, a wish.
    /// `idle` is a connection to let go of when its other end does.
    pub fn idle(&mut self, until: Time, idle: &mut Session) -> io::Result<()> {
        loop {
            let now = monotonic();
            self.turn(now, 0);
            if self.wish != Wish::GoOn || self.trouble || self.touched || now >= until {
                return Ok(());
            }
            let awake = self.sleep(idle.wants().map(|(fd, _)| (fd, Interest::Read)), until)?;
            if awake.watched {
                idle.drop_dead_link();
            }
            self.handle(&awake);
        }
    }

    /// Everything that can be done now without waiting. `panels`: a bit for each that has something to read.
    pub(super) fn turn(&mut self, now: Time, panels: u32) {
        self.service(now, panels);
        if self.controller.poll_at().is_some_and(|at| at <= now) {
            self.controller.timeout(now);
        }
        self.step_commands(now);
        if self.bring_shows(now, true) {
            // What is new goes out in the same turn: the acknowledgement of a press must not wait for a poll(2).
            self.service(now, u32::MAX);
        }
        if self
            .leaving
            .is_some_and(|at| now >= at || self.controller.is_idle())
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

    fn handle(&mut self, awake: &Awake) {
        if awake.signals {
            self.read_signals();
        }
        self.turn(monotonic(), awake.panels);
    }

    fn read_signals(&mut self) {
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

    /// When something here wants its turn though no descriptor is ready.
    fn next_turn(&self) -> Time {
        let panels = self.panels.iter().filter_map(|p| p.poll_at()).min();
        // A command that could start by now waits for another one to end, which wakes by itself; its life ends, too.
        let now = monotonic();
        let lives = self.waiting.iter().map(|call| call.life).min();
        let queued = lives.and(self.pacer.may_start(now)).filter(|at| *at > now);
        let all = [
            self.controller.poll_at(),
            self.lanes.deadline(),
            panels,
            queued,
            lives,
            self.leaving,
        ];
        all.into_iter().flatten().min().unwrap_or(Time::NEVER)
    }

    /// One poll(2) over everything.
    fn sleep(&self, watch: Option<(BorrowedFd<'_>, Interest)>, until: Time) -> io::Result<Awake> {
        let mut fds: Vec<PollFd<'_>> = Vec::with_capacity(16);
        fds.push(PollFd::new(self.signals.as_fd(), PollFlags::POLLIN));
        if let Some((fd, interest)) = watch {
            fds.push(PollFd::new(fd, interest.poll_flags()));
        }
        let lanes_at = fds.len();
        fds.extend(
            self.lanes
                .wants()
                .map(|(fd, interest)| PollFd::new(fd, interest.poll_flags())),
        );
        let mut ends = [0_usize; 32];
        let panels_at = fds.len();
        for (panel, end) in self.panels.iter().zip(&mut ends) {
            panel.poll_fds(&mut fds);
            *end = fds.len();
        }
        let left = until
            .min(self.next_turn())
            .since(monotonic())
            .as_micros()
            .div_ceil(1000);
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut fds, timeout) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(Awake::default()),
            Err(e) => return Err(e.into()),
        }
        let ready = |i: usize| {
            fds.get(i)
                .is_some_and(|f| f.revents().is_some_and(|r| !r.is_empty()))
        };
        let mut awake = Awake {
            signals: ready(0),
            watched: lanes_at == 2 && ready(1),
            panels: 0,
        };
        let mut start = panels_at;
        for (i, end) in ends.iter().take(self.panels.len()).enumerate() {
            if (start..*end).any(ready) {
                awake.panels |= 1 << i;
            }
            start = *end;
        }
        Ok(awake)
    }
}

impl Wait for Life {
    fn now(&self) -> Time {
        monotonic()
    }

    fn wait(
        &mut self,
        fd: BorrowedFd<'_>,
        interest: Interest,
        deadline: Time,
    ) -> io::Result<Ready> {
        self.turn(monotonic(), 0);
        loop {
            if self.wish != Wish::GoOn {
                return Ok(Ready::Cancelled);
            }
            let awake = self.sleep(Some((fd, interest)), deadline)?;
            self.handle(&awake);
            if awake.watched {
                return Ok(Ready::Fd);
            }
            if monotonic() >= deadline {
                return Ok(Ready::Deadline);
            }
        }
    }

    fn breathe(&mut self) -> bool {
        // With a deadline in the past the poll(2) only looks; it must still see every panel.
        if let Ok(awake) = self.sleep(None, Time::ZERO) {
            self.handle(&awake);
        }
        self.wish == Wish::GoOn
    }
}
