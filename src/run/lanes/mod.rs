// SPDX-License-Identifier: MIT OR Apache-2.0
//! EDGE. Commands on their own warm connections, beside whatever a poll is doing.
//!
//! A lane is one connection that carries one command at a time. All of them are stepped from inside every wait,
//! none of them ever blocks, and at most one command for a device is in flight: a device that never answers
//! costs one lane for the command's deadline and delays nobody else.

use std::os::fd::BorrowedFd;
use std::rc::Rc;
use std::time::Duration;

use crate::client::Hub;
use crate::config::Config;
use crate::http::ResponseHead;
use crate::net::{self, Deadlines, Error, Interest, Session, Whole};
use crate::panel::{PollId, Ticket};
use crate::time::Time;

use super::directory::Directory;

/// No reply to a command is longer than this, before and after decoding.
const MAX_REPLY: usize = 64 * 1024;

/// A connection that nothing was sent on is not made again sooner than this after the server closed it.
const REWARM: Duration = Duration::from_secs(30);

/// A command without a reply after this is its device's trouble, not the hub's load.
const HUNG: Duration = Duration::from_secs(1);

/// Connections of lanes without a command; more are let go, so that a bad hour leaves nothing behind.
const KEPT: usize = 2;

/// Two commands in flight (design section 5), one more while no poll is, and the rest for devices that hang: so many dead
/// ones delay no other. A lane that is not used is a few hundred bytes.
const LANES: usize = 16;

/// What a read is of.
pub struct Asked {
    /// The directory of the time when it was asked: names may be looked up anew meanwhile.
    pub directory: Rc<Directory>,
    /// The device in that directory.
    pub index: usize,
    /// Which read it is, in the order of our own requests.
    pub poll: PollId,
}

/// What a lane carries.
pub struct Job {
    /// The controller's call; `None` for one of the loop's own.
    pub ticket: Option<Ticket>,
    /// The device or flow that it is for; no two jobs in flight share one.
    pub target: String,
    /// In words, for messages.
    pub doing: String,
    /// The scope that it needs.
    pub scope: Option<&'static str>,
    pub read: Option<Asked>,
    /// No byte of it leaves from this instant on.
    pub life: Time,
    /// It is sent again only if the hub said that it did not run for want of a bearer or of time.
    pub once: bool,
    /// Whether the controller has been told that it may have left.
    pub departed: bool,
    /// Which bearer it carries, by number.
    pub bearer: u32,
}

/// What became of a job.
pub struct Finished {
    pub job: Job,
    pub end: End,
}

/// How its exchange ended.
pub enum End {
    /// A complete reply.
    Reply {
        head: Box<ResponseHead>,
        body: Vec<u8>,
    },
    /// No complete reply. `may_have_left`: some of the request may have reached the hub.
    Broken { error: Error, may_have_left: bool },
}

struct Lane {
    session: Session,
    job: Option<Job>,
    started: Time,
    reply: Whole,
    warmed: Option<Time>,
    /// Takes the session's place when the command that is under way has ended: the hub is reached another way now.
    next: Option<Box<Session>>,
}

/// All lanes.
pub struct Lanes {
    lanes: Vec<Lane>,
    deadlines: Deadlines,
    /// Commands that were taken back unsent.
    withdrawn: Vec<Finished>,
}

impl Lanes {
    /// All lanes, not dialled yet: one that is not used costs nothing.
    pub fn for_hub(hub: &Hub, config: &Config) -> Lanes {
        let limits = &config.limits;
        let deadlines = Deadlines {
            connect: limits.connect,
            handshake: limits.tls,
            // A driver may take all the time there is.
            first_byte: limits.command,
            whole: limits.command,
        };
        let lane = |_| Lane {
            session: hub.session(),
            job: None,
            started: Time::ZERO,
            reply: Whole::default(),
            warmed: None,
            next: None,
        };
        Lanes {
            lanes: (0..LANES).map(lane).collect(),
            deadlines,
            withdrawn: Vec::new(),
        }
    }

    /// From now on everything goes over sessions that `make` makes. A command of which nothing has left is given back unsent; one
    /// that may have left ends where it is.
    pub fn redirect(&mut self, make: &mut dyn FnMut() -> Session) {
        for lane in &mut self.lanes {
            let unsent = lane.session.reclaim().is_some();
            match lane.job.take_if(|_| unsent) {
                None if lane.job.is_some() => lane.next = Some(Box::new(make())),
                job => {
                    lane.session = make();
                    lane.warmed = None;
                    lane.next = None;
                    let end = End::Broken {
                        error: Error::Cancelled,
                        may_have_left: false,
                    };
                    self.withdrawn.extend(job.map(|job| Finished { job, end }));
                }
            }
        }
    }

    /// How many commands are in flight.
    pub fn in_flight(&self) -> usize {
        self.lanes.iter().filter(|l| l.job.is_some()).count()
    }

    /// Whether a command for `target` could start now.
    pub fn has_room_for(&self, target: &str) -> bool {
        let busy_with_it = self
            .lanes
            .iter()
            .filter_map(|l| l.job.as_ref())
            .any(|j| j.target == target);
        !busy_with_it && self.lanes.iter().any(|l| l.job.is_none())
    }

    /// How many commands have had no reply for so long that they are their devices' trouble.
    pub fn hung(&self, now: Time) -> usize {
        let hung = |l: &&Lane| l.job.is_some() && now >= l.started + HUNG;
        self.lanes.iter().filter(hung).count()
    }

    /// When the next command in flight will count as hung.
    pub fn hung_at(&self, now: Time) -> Option<Time> {
        let busy = self.lanes.iter().filter(|l| l.job.is_some());
        busy.map(|l| l.started + HUNG).filter(|at| *at > now).min()
    }

    /// Sends a command on a free lane, over a connection that stands if there is one; gives the job back if no lane is free.
    ///
    /// `idle` is the poll's connection while it has nothing to do: a hub that closes idle connections after seconds leaves
    /// that one standing, from the last poll, when the lanes' own are long gone. The lane takes it and gives its own for it.
    pub fn start(
        &mut self,
        job: Job,
        request: net::Request,
        now: Time,
        idle: Option<&mut Session>,
    ) -> Result<(), Job> {
        let free = |l: &&mut Lane| l.job.is_none();
        let warm = self
            .lanes
            .iter_mut()
            .filter(free)
            .position(|l| l.session.may_carry(now));
        let Some(lane) = self
            .lanes
            .iter_mut()
            .filter(free)
            .nth(warm.unwrap_or_default())
        else {
            return Err(job);
        };
        if let (None, Some(idle)) = (warm, idle) {
            idle.drop_dead_link();
            if idle.may_carry(now) {
                // The poll keeps no connection that is still on its way: nobody would see to it.
                lane.session.close();
                std::mem::swap(&mut lane.session, idle);
            }
        }
        lane.begin(job, request, self.deadlines, now);
        Ok(())
    }

    /// Keeps a free lane connected, so that a press costs one round trip (P2), also beside a command that is never answered.
    /// `often`: even where the last connection made for this came to nothing a moment ago.
    pub fn warm(&mut self, now: Time, often: bool) {
        let free = || self.lanes.iter().filter(|l| l.job.is_none());
        if free().any(|l| l.session.may_carry(now) || l.session.is_dialling()) {
            return;
        }
        if let Some(lane) = self.lanes.iter_mut().find(|l| l.job.is_none()) {
            lane.session.drop_dead_link();
            if often || lane.warmed.is_none_or(|at| now >= at + REWARM) {
                // One that stands and may carry nothing any more is about to be closed from the other side.
                lane.session.close();
                lane.warmed = Some(now);
                // Whether it comes about is seen by the first command; a poll reports what is wrong.
                let _ = lane.session.warm(self.deadlines, now);
            }
        }
    }

    /// Lets go of every idle connection, since whatever it was connected to is gone.
    pub fn hang_up(&mut self) {
        for lane in self.lanes.iter_mut().filter(|l| l.job.is_none()) {
            lane.session.close();
            lane.warmed = None;
        }
    }

    /// Moves everything on as far as it goes now; what ended is appended to `finished`.
    pub fn step(&mut self, now: Time, finished: &mut Vec<Finished>) {
        finished.append(&mut self.withdrawn);
        self.step_each(now, finished);
        if self.hand_over(now) {
            self.step_each(now, finished);
        }
    }

    /// Gives commands that wait for a connection one that stands and has nothing to do any more: a command must not wait
    /// for an address that answers no SYN while the lane beside it has become free. Whether there was any.
    fn hand_over(&mut self, now: Time) -> bool {
        let mut any = false;
        loop {
            let free = |l: &Lane| l.job.is_none() && l.session.may_carry(now);
            let Some(free) = self.lanes.iter().position(free) else {
                return any;
            };
            let waiting = self.lanes.iter_mut().filter(|l| l.job.is_some());
            let mut taken = waiting.filter_map(|l| {
                let request = l.session.reclaim()?;
                Some((l.job.take()?, l.started, request))
            });
            let (Some((job, started, request)), Some(lane)) =
                (taken.next(), self.lanes.get_mut(free))
            else {
                return any;
            };
            lane.begin(job, request, self.deadlines, now);
            lane.started = started;
            any = true;
        }
    }

    fn step_each(&mut self, now: Time, finished: &mut Vec<Finished>) {
        let mut kept = 0;
        for lane in &mut self.lanes {
            if lane.job.is_none() {
                if kept == KEPT {
                    lane.session.close();
                } else if lane.session.is_dialling() {
                    let _ = lane.session.warm(self.deadlines, now);
                } else {
                    lane.session.drop_dead_link();
                }
                kept += usize::from(lane.session.is_warm() || lane.session.is_dialling());
            } else if let Some(end) = lane.advance(now) {
                if let Some(next) = lane.next.take() {
                    lane.session = *next;
                    lane.warmed = None;
                }
                if let Some(job) = lane.job.take() {
                    finished.push(Finished { job, end });
                }
            }
        }
    }

    /// Descriptors to wait for.
    pub fn wants(&self) -> impl Iterator<Item = (BorrowedFd<'_>, Interest)> {
        self.lanes.iter().filter_map(|l| l.session.wants())
    }

    /// When the next deadline of any of them is.
    pub fn deadline(&self) -> Option<Time> {
        let waiting = |l: &&Lane| l.job.is_some() || l.session.is_dialling();
        self.lanes
            .iter()
            .filter(waiting)
            .map(|l| l.session.deadline())
            .min()
    }

    /// The next command of which some byte may have left since this was last asked; each once.
    pub fn next_departed(&mut self) -> Option<Ticket> {
        let mut left = self.lanes.iter_mut().filter(|l| l.session.may_have_left());
        let untold = |j: &&mut Job| !j.departed && j.ticket.is_some();
        let job = left.find_map(|l| l.job.as_mut().filter(untold))?;
        job.departed = true;
        job.ticket
    }
}

impl Lane {
    fn begin(&mut self, job: Job, request: net::Request, deadlines: Deadlines, now: Time) {
        self.session.start(request, deadlines, now);
        self.session.begin_by(job.life);
        self.job = Some(job);
        self.started = now;
        self.reply = Whole::default();
    }

    fn advance(&mut self, now: Time) -> Option<End> {
        Some(
            match self.reply.advance(&mut self.session, now, MAX_REPLY)? {
                Ok((head, body)) => End::Reply { head, body },
                Err(error) => End::Broken {
                    error,
                    may_have_left: self.session.may_have_left(),
                },
            },
        )
    }
}

#[cfg(test)]
mod tests;
