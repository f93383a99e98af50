// SPDX-License-Identifier: MIT OR Apache-2.0
//! EDGE. The wait itself: one poll(2) over panels, commands, children, searches, signals and whatever the poll waits for.
//!
//! [`Life`] says what is done with what came; here stands when to wake for it. Must not know what a byte means.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::net::{Interest, Ready, Session, Wait, monotonic};
use crate::time::Time;

use super::life::{Life, Wish};

/// How long a command waits for room that only the poll takes up, before the poll gives way. A V2 hub takes two requests at a
/// time (`api.md` 11): beside a device that never answers, a stalled poll would hold up every press.
const CROWDED: Duration = Duration::from_millis(150);

/// Which descriptors were ready, by what they belong to; panels are at most 8.
#[derive(Default)]
pub(super) struct Awake {
    pub(super) watched: bool,
    pub(super) signals: bool,
    pub(super) panels: u32,
}

impl Life {
    /// Takes in what has woken the sleep, and does what comes of it.
    pub(super) fn handle(&mut self, awake: &Awake, idle: Option<&mut Session>) {
        if awake.signals {
            self.read_signals();
        }
        self.turn(monotonic(), awake.panels, idle);
    }

    /// When something here wants its turn though no descriptor is ready.
    fn next_turn(&self) -> Time {
        let panels = self.panels.iter().filter_map(|p| p.poll_at()).min();
        // A command that could start by now waits for another one to end, which wakes by itself; its life ends, too.
        let now = monotonic();
        let lives = self.waiting.iter().map(|call| call.life).min();
        let queued = lives
            .and(self.may_start_command(now))
            .filter(|at| *at > now);
        let (crowded, broken_off) = self.breaks();
        let all = [
            self.controller.poll_at(),
            self.lanes.deadline(),
            self.helpers.poll_at(),
            self.renewal.poll_at(),
            self.routes.poll_at(),
            panels,
            queued,
            lives,
            lives.and(self.lanes.hung_at(now)),
            crowded.filter(|at| *at > now),
            broken_off.filter(|at| *at > now),
            self.leaving,
        ];
        all.into_iter().flatten().min().unwrap_or(Time::NEVER)
    }

    /// When the poll's request is to give way: to a command that waits for room, and to a hand while the hub is away.
    fn breaks(&self) -> (Option<Time>, Option<Time>) {
        let hand = self.touched && self.patience != Time::NEVER;
        (
            self.crowded.map(|since| since + CROWDED),
            hand.then_some(self.patience),
        )
    }

    /// Whether the poll's request is to be broken off now; the poll starts anew at once.
    pub(super) fn breaks_off(&self, now: Time) -> bool {
        let (crowded, hand) = self.breaks();
        let due = [crowded, hand].into_iter().flatten().any(|at| at <= now);
        due || self.routes.is_urgent()
    }

    /// One poll(2) over everything.
    pub(super) fn sleep(
        &self,
        watch: Option<(BorrowedFd<'_>, Interest)>,
        until: Time,
    ) -> io::Result<Awake> {
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
        // Whether these were ready is asked of the children and the search themselves, in every turn.
        self.helpers.poll_fds(&mut fds);
        fds.extend(
            self.routes
                .wants()
                .map(|(fd, interest)| PollFd::new(fd, interest.poll_flags())),
        );
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
        self.turn(monotonic(), 0, None);
        loop {
            if self.wish != Wish::GoOn || self.breaks_off(monotonic()) {
                return Ok(Ready::Cancelled);
            }
            let awake = self.sleep(Some((fd, interest)), deadline)?;
            self.handle(&awake, None);
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
            self.handle(&awake, None);
        }
        self.wish == Wish::GoOn && !self.breaks_off(monotonic())
    }
}
