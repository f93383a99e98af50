// SPDX-License-Identifier: MIT OR Apache-2.0
//! The line protocol panel: any microcontroller or script that speaks one JSON object a line.
//!
//! [`protocol`] is the language. The bytes travel over one of five transports ([`Transport`]); each
//! connection has its own reader and its own list of what it has still to be told, and a new one is told
//! everything. What is not understood is counted, answered and skipped, and never more than that.

mod child;
mod conn;
mod emit;
mod outbox;
pub mod protocol;
pub mod reader;
mod serial;
mod socket;
mod source;
mod wire;

use std::io;

use nix::poll::PollFd;

use self::conn::Conn;
use self::outbox::{Mirror, Outbox};
use self::source::Source;
use self::wire::Wire;
use super::face::Face;
use super::io::{self as edge, Backoff, Got};
use super::report::Reports;
use super::{OpenError, Panel, PanelFault, Transport, Trouble};
use crate::panel::{Event, Show};
use crate::time::Time;

/// A panel that speaks the line protocol.
pub struct LinePanel {
    name: String,
    mirror: Mirror,
    source: Source,
    conns: Vec<Conn>,
    backoff: Backoff,
    reports: Reports,
    /// The loss of the device has been told; not again before it has come back and stayed.
    told: bool,
    fault: Option<Trouble>,
    quit: bool,
    /// The newest event's time: device clocks may not turn the order round.
    last: Time,
}

impl LinePanel {
    /// Opens the panel `name` over `transport`. See [`open`](super::open).
    pub fn open(
        name: &str,
        transport: Transport,
        face: Face,
        now: Time,
    ) -> Result<LinePanel, OpenError> {
        let may_come_later = matches!(transport, Transport::Serial { .. });
        let mut panel = LinePanel {
            name: name.to_string(),
            mirror: Mirror::new(face),
            source: Source::new(name, transport)?,
            conns: Vec::new(),
            backoff: Backoff::new(),
            reports: Reports::new(),
            told: false,
            fault: None,
            quit: false,
            last: Time::ZERO,
        };
        panel.connect(now);
        match panel.fault.take() {
            Some(trouble) if !may_come_later => Err(OpenError::System {
                panel: name.to_string(),
                trouble,
            }),
            fault => Ok(LinePanel { fault, ..panel }),
        }
    }

    /// Opens the connection, where one is due.
    fn connect(&mut self, now: Time) {
        if self.quit || !self.conns.is_empty() || !self.source.can_open() || !self.backoff.due(now)
        {
            return;
        }
        match self.source.open(now) {
            Ok(Some(wire)) => {
                self.backoff.opened(now);
                if self.told {
                    self.reports
                        .chatter(format!("{} is there again", self.source.place()), now);
                }
                self.admit(wire);
            }
            Ok(None) => {}
            Err(trouble) => self.lost(trouble, now),
        }
    }

    fn admit(&mut self, wire: Wire) {
        self.conns.push(Conn::new(wire, &self.mirror.face));
    }

    /// Takes clients of a socket.
    fn accept(&mut self, now: Time) {
        loop {
            match self.source.accept(now) {
                Ok(Some(wire)) if self.conns.len() < socket::MAX_CLIENTS => self.admit(wire),
                Ok(Some(_)) => self
                    .reports
                    .malformed("one client too many was turned away".into(), now),
                Ok(None) => return,
                Err(trouble) => return self.reports.malformed(trouble.to_string(), now),
            }
        }
    }

    /// The device is away: tells it once and tries again later.
    fn lost(&mut self, trouble: Trouble, now: Time) {
        if self.backoff.failed(now) {
            self.told = false;
        }
        if !self.told {
            self.told = true;
            self.fault = Some(trouble);
        }
    }

    /// A connection has ended, with `error` where it was not in order.
    fn close(&mut self, index: usize, attempt: &'static str, error: Option<io::Error>, now: Time) {
        self.conns.remove(index);
        self.source.closed(now);
        match self.source {
            Source::Socket(_) => {}
            Source::Stdio => self.quit = true,
            _ => {
                let source = error.unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into());
                self.lost(
                    Trouble {
                        attempt,
                        on: self.source.place(),
                        source,
                    },
                    now,
                );
            }
        }
    }

    /// Reads once from connection `index`. An error or the end is the answer's business.
    fn read(
        &mut self,
        index: usize,
        now: Time,
        events: &mut Vec<Event>,
        start: usize,
    ) -> io::Result<Got> {
        let Some(conn) = self.conns.get_mut(index) else {
            return Ok(Got::Nothing);
        };
        let last = &mut self.last;
        conn.read(
            &self.mirror,
            &mut self.reports,
            now,
            |control, edge, age| {
                let at = now.as_micros().saturating_sub(age.as_micros() as u64);
                *last = Time::from_micros(at).max(*last);
                super::push(
                    events,
                    start,
                    Event {
                        at: *last,
                        control,
                        edge,
                    },
                );
            },
        )
    }

    /// Reads what a program said before it ended. A child of it that holds the pipe and is silent does not keep us.
    fn last_words(&mut self, now: Time, events: &mut Vec<Event>, start: usize) {
        for _ in 0..edge::LAST_READS {
            if !self.conns.first().is_some_and(|conn| conn.wire.has_input()) {
                return;
            }
            if let Ok(Got::End) | Err(_) = self.read(0, now, events, start) {
                return;
            }
        }
    }

    /// Reads from and writes to connection `index`. Answers whether it is still there.
    fn serve(&mut self, index: usize, now: Time, events: &mut Vec<Event>, start: usize) -> bool {
        match self.read(index, now, events, start) {
            Ok(Got::End) => {
                self.close(index, "read", None, now);
                return false;
            }
            Ok(_) => {}
            Err(error) => {
                self.close(index, "read", Some(error), now);
                return false;
            }
        }
        if let Some(conn) = self.conns.get_mut(index) {
            match self.source.reader_came(&mut conn.wire, now) {
                Ok(true) => conn.outbox = Outbox::new(&self.mirror.face),
                Ok(false) => {}
                Err(trouble) => self.reports.malformed(trouble.to_string(), now),
            }
        }
        let conn = self.conns.get_mut(index);
        if let Some(Err(error)) = conn.map(|conn| conn.write(&self.mirror)) {
            self.quit |= matches!(self.source, Source::Stdio);
            let conn = self.conns.get_mut(index);
            if conn.is_none_or(|conn| self.source.write_failed(&mut conn.wire, now)) {
                self.close(index, "write", Some(error), now);
                return false;
            }
        }
        true
    }
}

impl Panel for LinePanel {
    fn name(&self) -> &str {
        &self.name
    }

    fn poll_fds<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        for conn in &self.conns {
            conn.wire
                .poll_fds(conn.outbox.pending(), self.source.watches_outlet(), fds);
        }
        self.source.poll_fds(fds);
    }

    fn service(&mut self, now: Time, events: &mut Vec<Event>) -> Result<(), PanelFault> {
        let start = events.len();
        self.connect(now);
        self.accept(now);
        let mut index = 0;
        while index < self.conns.len() {
            if self.serve(index, now, events, start) {
                index += 1;
            }
        }
        if self.source.program_ended(now, &mut self.reports) && !self.conns.is_empty() {
            self.last_words(now, events, start);
            self.close(0, "read", None, now);
        }
        self.reports.tick(now);
        match self.fault.take() {
            Some(trouble) => Err(PanelFault {
                panel: self.name.clone(),
                trouble,
            }),
            None => Ok(()),
        }
    }

    fn show(&mut self, show: &Show, _now: Time) {
        match show {
            Show::Look { output, look } => {
                if let Some(index) = self.mirror.face.output(*output) {
                    self.mirror.look(index, look);
                    self.conns
                        .iter_mut()
                        .for_each(|conn| conn.outbox.look(index));
                }
            }
            Show::Feedback { control, feedback } => {
                let index = self
                    .mirror
                    .face
                    .controls
                    .iter()
                    .position(|known| known.id == *control);
                if let Some(index) = index {
                    self.conns
                        .iter_mut()
                        .for_each(|conn| conn.outbox.feedback(index, *feedback));
                }
            }
            Show::Link(link) => {
                self.mirror.link = *link;
                self.conns.iter_mut().for_each(|conn| conn.outbox.link());
            }
            Show::Layer(layer) => {
                self.mirror.layer = *layer;
                self.conns
                    .iter_mut()
                    .for_each(|conn| conn.outbox.layer(&self.mirror.face));
            }
            Show::Sleep { panel, asleep } => {
                if *panel == self.mirror.face.id {
                    self.mirror.asleep = Some(*asleep);
                    self.conns.iter_mut().for_each(|conn| conn.outbox.sleep());
                }
            }
            Show::Notice(text) => self
                .conns
                .iter_mut()
                .for_each(|conn| conn.outbox.notice(text)),
        }
    }

    fn poll_at(&self) -> Option<Time> {
        let retry = (!self.quit && self.conns.is_empty() && self.source.can_open())
            .then(|| self.backoff.at());
        let fault = self.fault.as_ref().map(|_| Time::ZERO);
        let source = self
            .source
            .poll_at(self.conns.first().map(|conn| &conn.wire));
        [retry, fault, source, self.reports.poll_at()]
            .into_iter()
            .flatten()
            .min()
    }

    fn reports(&mut self) -> Vec<String> {
        self.reports.drain()
    }

    fn reload(&mut self, face: Face) {
        self.mirror = Mirror {
            link: self.mirror.link,
            ..Mirror::new(face)
        };
        for conn in &mut self.conns {
            conn.restart(&self.mirror.face);
        }
    }

    fn quit_requested(&self) -> bool {
        self.quit
    }
}
