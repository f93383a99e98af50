// SPDX-License-Identifier: MIT OR Apache-2.0
//! One kept-alive connection to one place: dialling, phases and their deadlines, and the retry rule.
//!
//! Resumable: [`Session::step`] and [`Session::body`] never block; between calls the caller waits for
//! [`Session::wants`] until [`Session::deadline`]. A server may close an idle connection at any moment (N17):
//! that is not an error and not logged.

use std::io::ErrorKind;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use crate::http::{ResponseHead, keep_alive_timeout};
use crate::time::Time;

use super::exchange::{BodyStep, Exchange, HeadStep};
use super::{Error, Interest, Link, Phase};

/// Makes connections to one place.
pub trait Dial {
    /// Starts a connection; it need not be established when this returns.
    fn dial(&mut self) -> Result<Box<dyn Link>, Error>;

    /// The place, for error texts.
    fn peer(&self) -> String;
}

/// Whether a request may be sent again when a **kept** connection dies before the first byte of the reply.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Repeat {
    /// A flow started twice opens the garage twice.
    Never,
    /// GET, and PUT of an absolute value: once, on a fresh connection.
    Once,
}

/// A whole request, ready to be sent.
pub struct Request {
    /// Head and body.
    pub bytes: Vec<u8>,
    /// The method is HEAD: the reply has no body whatever its head says.
    pub head_only: bool,
    pub repeat: Repeat,
}

/// How long each phase may take, and all of them together (N15).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Deadlines {
    pub connect: Duration,
    pub handshake: Duration,
    /// From the request being sent to the first byte of the reply.
    pub first_byte: Duration,
    pub whole: Duration,
}

impl Deadlines {
    /// For a poll: 2, 5, 3 and 10 s.
    pub const POLL: Deadlines = Deadlines {
        connect: Duration::from_secs(2),
        handshake: Duration::from_secs(5),
        first_byte: Duration::from_secs(3),
        whole: Duration::from_secs(10),
    };

    /// For a command: as a poll, but 5 s in all. Its first byte may take all of them, since a driver may.
    pub const COMMAND: Deadlines = Deadlines {
        first_byte: Duration::from_secs(5),
        whole: Duration::from_secs(5),
        ..Deadlines::POLL
    };

    /// One bound for everything, for one-shot requests with `--max-time`.
    pub const fn all(whole: Duration) -> Deadlines {
        Deadlines {
            connect: whole,
            handshake: whole,
            first_byte: whole,
            whole,
        }
    }
}

/// How far a request is.
pub enum Step {
    Wait,
    Head(Box<ResponseHead>),
}

/// One connection and the exchange on it.
pub struct Session {
    dialer: Box<dyn Dial>,
    link: Option<Box<dyn Link>>,
    established: bool,
    exchange: Option<Exchange>,
    head_only: bool,
    repeat: Repeat,
    /// The link stood before this exchange, so the server may have closed it as idle.
    reused: bool,
    deadlines: Deadlines,
    started: Time,
    phase: (Phase, Time),
    left: bool,
    /// From this instant on no request begins to leave.
    begin_by: Time,
    /// Bytes of body that were read after the deadline.
    late: usize,
    /// How long the server said that it keeps this connection, in the last reply.
    kept: Option<Duration>,
    /// From when on the idle connection is not to be used: the server is about to close it.
    spent_at: Time,
}

/// So long before a server closes an idle connection, as it announced, no request goes out on it: a one-shot whose reply is
/// lost that way would count as unknown, though it was never read.
const MARGIN: Duration = Duration::from_secs(1);

/// So much of a body is still taken after its deadline: what may have come in time and waited in the kernel while
/// this program was kept from looking. A body that goes on is given up, though it never lets the link run empty.
const LATE: usize = 256 * 1024;

impl Session {
    /// No connection is made before the first request or [`Session::warm`].
    pub fn new(dialer: Box<dyn Dial>) -> Session {
        Session {
            dialer,
            link: None,
            established: false,
            exchange: None,
            head_only: false,
            repeat: Repeat::Never,
            reused: false,
            deadlines: Deadlines::POLL,
            started: Time::ZERO,
            phase: (Phase::Connect, Time::ZERO),
            left: false,
            begin_by: Time::NEVER,
            late: 0,
            kept: None,
            spent_at: Time::NEVER,
        }
    }

    /// The place it connects to, for error texts.
    pub fn peer(&self) -> String {
        self.dialer.peer()
    }

    /// Whether a request is under way.
    pub fn is_busy(&self) -> bool {
        self.exchange.is_some()
    }

    /// Whether a connection stands ready for the next request.
    pub fn is_warm(&self) -> bool {
        self.link.is_some() && self.established
    }

    /// Whether a request that starts at `now` would go out on a connection that stands.
    pub fn may_carry(&self, now: Time) -> bool {
        self.is_warm() && !self.is_busy() && now < self.spent_at
    }

    /// Whether a connection is on its way.
    pub fn is_dialling(&self) -> bool {
        self.link.is_some() && !self.established
    }

    /// Whether any byte of the present or the last request may have left this machine.
    pub fn may_have_left(&self) -> bool {
        self.left || self.exchange.as_ref().is_some_and(Exchange::may_have_left)
    }

    /// Begins a request; give it bytes with [`Session::step`]. A request under way is given up.
    pub fn start(&mut self, request: Request, deadlines: Deadlines, now: Time) {
        if self.exchange.is_some() {
            self.close();
        }
        if now >= self.spent_at {
            self.close();
        }
        self.drop_dead_link();
        self.reused = self.established;
        self.head_only = request.head_only;
        self.repeat = request.repeat;
        self.deadlines = deadlines;
        self.started = now;
        self.left = false;
        self.begin_by = Time::NEVER;
        self.late = 0;
        self.kept = None;
        self.exchange = Some(Exchange::new(
            self.dialer.peer(),
            request.head_only,
            request.bytes,
        ));
        self.phase = (
            if self.established {
                Phase::Send
            } else {
                Phase::Connect
            },
            now,
        );
    }

    /// The request that was begun just now must not begin to leave from `at` on, however long its connection takes, nor be
    /// repeated: nobody wants any more what it asks.
    pub fn begin_by(&mut self, at: Time) {
        self.begin_by = at;
    }

    /// Gives back a request of which nothing has left, while its connection is still on its way; that goes on.
    pub fn reclaim(&mut self) -> Option<Request> {
        if !self.is_dialling() || self.may_have_left() {
            return None;
        }
        let exchange = self.exchange.take()?;
        Some(Request {
            bytes: exchange.into_request(),
            head_only: self.head_only,
            repeat: self.repeat,
        })
    }

    /// Whether there is a request of which the present connection has had no byte.
    fn is_unbegun(&self) -> bool {
        self.exchange.as_ref().is_some_and(|e| !e.may_have_left())
    }

    /// Connects without a request, so that the next one costs one round trip (P2). `true` when it stands.
    pub fn warm(&mut self, deadlines: Deadlines, now: Time) -> Result<bool, Error> {
        if self.exchange.is_some() {
            return Ok(true);
        }
        if self.link.is_none() {
            self.deadlines = deadlines;
            self.started = now;
            self.phase = (Phase::Connect, now);
        }
        self.establish(now)
    }

    /// While idle: looks whether the server has closed the connection, and lets go of it then.
    pub fn drop_dead_link(&mut self) {
        if self.exchange.is_some() || !self.established {
            return;
        }
        if let Some(link) = &mut self.link {
            // Nothing may come while no request is under way: an end, an error and stray bytes all mean that
            // this connection is not to be used again. TLS session tickets are taken in by the same read.
            link.allow(Duration::ZERO);
            let found = loop {
                match link.try_read(&mut [0_u8; 1]) {
                    Err(e) if e.kind() == ErrorKind::Interrupted => {}
                    other => break other,
                }
            };
            if !matches!(found, Err(e) if e.kind() == ErrorKind::WouldBlock) {
                self.close();
            }
        }
    }

    /// Moves the request on up to the head of its reply. Any error closes the connection and ends the request.
    pub fn step(&mut self, now: Time) -> Result<Step, Error> {
        let result = self.advance(now);
        match result {
            Err(error) if self.may_repeat(&error) => {
                self.left = self.may_have_left();
                let request = self
                    .exchange
                    .take()
                    .map(Exchange::into_request)
                    .unwrap_or_default();
                self.close();
                self.reused = false;
                self.exchange = Some(Exchange::new(self.dialer.peer(), self.head_only, request));
                self.phase = (Phase::Connect, now);
                self.advance(now).inspect_err(|_| self.fail())
            }
            Err(error) => {
                self.fail();
                Err(error)
            }
            ok => ok,
        }
    }

    /// Reads body bytes into `out`. After [`BodyStep::End`] the session is idle again, its connection kept
    /// where both sides allow it.
    pub fn body(&mut self, now: Time, out: &mut [u8]) -> Result<BodyStep, Error> {
        let allowance = self.deadline().since(now);
        let (Some(link), Some(exchange)) = (&mut self.link, &mut self.exchange) else {
            return Ok(BodyStep::End);
        };
        link.allow(allowance);
        let step = exchange.body(link.as_mut(), out);
        match step {
            Ok(BodyStep::End) => {
                if !exchange.keeps_alive() {
                    self.close();
                }
                self.left = true;
                self.exchange = None;
                if let Some(kept) = self.kept {
                    self.spent_at = now + kept.saturating_sub(MARGIN.min(kept / 2));
                }
                Ok(BodyStep::End)
            }
            Ok(step) => {
                if now >= self.deadline() {
                    if let BodyStep::Bytes(n) = step {
                        self.late += n;
                        if self.late <= LATE {
                            return Ok(step);
                        }
                    }
                    let error = self.deadline_error(Phase::Body);
                    self.close();
                    return Err(error);
                }
                Ok(step)
            }
            Err(error) => {
                self.close();
                Err(error)
            }
        }
    }

    /// When the present phase or the whole request is over.
    pub fn deadline(&self) -> Time {
        let (phase, since) = self.phase;
        let mut whole = self.started + self.deadlines.whole;
        if self.is_unbegun() {
            whole = whole.min(self.begin_by);
        }
        match phase {
            Phase::Connect => whole.min(since + self.deadlines.connect),
            Phase::Handshake => whole.min(since + self.deadlines.handshake),
            Phase::FirstByte => whole.min(since + self.deadlines.first_byte),
            Phase::Send | Phase::Head | Phase::Body => whole,
        }
    }

    /// What to wait for: an idle connection is watched for its end.
    pub fn wants(&self) -> Option<(BorrowedFd<'_>, Interest)> {
        let (fd, interest) = self.link.as_ref()?.wants()?;
        let sending = self.established && self.exchange.as_ref().is_some_and(|e| !e.is_sent());
        Some((fd, if sending { Interest::Both } else { interest }))
    }

    /// Lets go of the connection and of a request under way, keeping the record of whether it may have left.
    pub fn close(&mut self) {
        self.left = self.may_have_left();
        self.exchange = None;
        self.link = None;
        self.established = false;
        self.spent_at = Time::NEVER;
    }

    /// The same, where it is about the request.
    pub fn fail(&mut self) {
        self.close();
    }

    fn advance(&mut self, now: Time) -> Result<Step, Error> {
        if self.exchange.is_none() || !self.establish(now)? {
            return Ok(Step::Wait);
        }
        if self.is_unbegun() && now >= self.begin_by {
            return Err(self.deadline_error(Phase::Send));
        }
        let allowance = self.deadline().since(now);
        let (Some(link), Some(exchange)) = (&mut self.link, &mut self.exchange) else {
            return Ok(Step::Wait);
        };
        link.allow(allowance);
        let step = exchange.step(link.as_mut())?;
        let phase = exchange.phase();
        self.enter(phase, now);
        match step {
            HeadStep::Head(head) => {
                self.kept = keep_alive_timeout(&head);
                Ok(Step::Head(head))
            }
            HeadStep::Wait if now >= self.deadline() => Err(self.deadline_error(phase)),
            HeadStep::Wait => Ok(Step::Wait),
        }
    }

    fn establish(&mut self, now: Time) -> Result<bool, Error> {
        if self.established {
            return Ok(true);
        }
        let link = match &mut self.link {
            Some(link) => link,
            empty => empty.insert(self.dialer.dial()?),
        };
        match link.establish() {
            Ok(true) => {
                self.established = true;
                self.enter(Phase::Send, now);
                Ok(true)
            }
            Ok(false) => {
                let phase = link.phase();
                self.enter(phase, now);
                if now < self.deadline() {
                    return Ok(false);
                }
                let error = self.deadline_error(phase);
                self.close();
                Err(error)
            }
            Err(error) => {
                self.close();
                Err(error)
            }
        }
    }

    fn enter(&mut self, phase: Phase, now: Time) {
        if self.phase.0 != phase {
            self.phase = (phase, now);
        }
    }

    fn deadline_error(&self, phase: Phase) -> Error {
        let after = self.deadline().since(match phase {
            Phase::Connect | Phase::Handshake | Phase::FirstByte => self.phase.1,
            Phase::Send | Phase::Head | Phase::Body => self.started,
        });
        Error::Deadline {
            peer: self.dialer.peer(),
            phase,
            after,
        }
    }

    fn may_repeat(&self, error: &Error) -> bool {
        let died = matches!(error, Error::Closed { .. });
        let silent = self.exchange.as_ref().is_some_and(|e| !e.got_any());
        let allowed = self.repeat == Repeat::Once
            || self.exchange.as_ref().is_some_and(|e| !e.may_have_left());
        self.reused && died && silent && allowed
    }
}
