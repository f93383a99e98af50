// SPDX-License-Identifier: MIT OR Apache-2.0
//! One connection to a device: lines in, what is still to be told out, and which buttons are down.

use std::io;
use std::time::Duration;

use super::outbox::{Mirror, Outbox};
use super::protocol::{self, Act, LineError, Message};
use super::reader::LineReader;
use super::wire::{Outlet, Wire};
use crate::hw::face::{Face, Found};
use crate::hw::io::Got;
use crate::hw::report::{Reports, Throttle};
use crate::hw::text::clean;
use crate::panel::Edge;
use crate::panel::plan::ControlId;
use crate::time::Time;

/// A connection.
pub(super) struct Conn {
    pub(super) wire: Wire,
    pub(super) outbox: Outbox,
    reader: LineReader,
    /// Buttons that are down, and as which control: the layer may have changed when they come up.
    held: Vec<(String, ControlId)>,
    /// Answers to lines that were not understood.
    replies: Throttle,
}

/// Read at one go; the rest waits for the next turn of the loop.
const CHUNK: usize = 4096;

impl Conn {
    /// A new connection, to be told everything.
    pub(super) fn new(wire: Wire, face: &Face) -> Conn {
        Conn {
            wire,
            outbox: Outbox::new(face),
            reader: LineReader::default(),
            held: Vec::new(),
            replies: Throttle::new(8, Duration::from_secs(2)),
        }
    }

    /// The device has started again, or there is another face: nothing is down, everything is told.
    pub(super) fn restart(&mut self, face: &Face) {
        self.held.clear();
        self.outbox.restart(face);
    }

    /// Reads once, and calls `take` with control, edge and age of each event in it.
    pub(super) fn read(
        &mut self,
        mirror: &Mirror,
        reports: &mut Reports,
        now: Time,
        mut take: impl FnMut(ControlId, Edge, Duration),
    ) -> io::Result<Got> {
        let mut buf = [0; CHUNK];
        let mut lines = Vec::new();
        let parse = |line: &[u8], why: Option<LineError>| {
            let message = why.map_or_else(|| protocol::parse(line), Err);
            lines.push(message.map_err(|why| (why, quoted(line))));
        };
        let got = self.wire.read(&mut buf)?;
        match got {
            Got::Bytes(len) => self.reader.feed(&buf[..len], parse),
            Got::End => self.reader.finish(parse),
            Got::Nothing => {}
        }
        for line in lines {
            match line {
                Ok(Message::Refresh) => self.restart(&mirror.face),
                Ok(Message::Control { name, act, age }) => match self.control(mirror, &name, act) {
                    Found::Control(control) => {
                        if let Some(edge) = edge(act) {
                            take(control, edge, age);
                        }
                    }
                    Found::Elsewhere => {}
                    Found::Nothing => self.refuse(reports, LineError::Unknown, name, now),
                },
                Err((why, line)) => self.refuse(reports, why, line, now),
            }
        }
        Ok(got)
    }

    /// Writes what the device takes.
    pub(super) fn write(&mut self, mirror: &Mirror) -> io::Result<()> {
        let Conn { wire, outbox, .. } = self;
        while !matches!(wire.outlet, Outlet::Absent) && outbox.pending() {
            outbox.fill(mirror);
            outbox.out.flush(|bytes| wire.write(bytes))?;
            if !outbox.out.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// The control that the device means. What went down as one control comes up as the same.
    fn control(&mut self, mirror: &Mirror, name: &str, act: Act) -> Found {
        if !matches!(act, Act::Press | Act::Release) {
            return mirror.face.control(name, mirror.layer);
        }
        let held = self.held.iter().position(|(held, _)| held == name);
        let held = held.map(|at| self.held.swap_remove(at));
        if let (Act::Release, Some((_, control))) = (act, held) {
            return Found::Control(control);
        }
        let found = mirror.face.control(name, mirror.layer);
        if let (Act::Press, Found::Control(control)) = (act, found) {
            self.held.push((name.to_string(), control));
        }
        found
    }

    /// Counts and reports a line that is skipped, and answers it unless it is our own: two programs that
    /// answer each other would never stop.
    fn refuse(&mut self, reports: &mut Reports, why: LineError, line: String, now: Time) {
        let quote = clean(&line, 40);
        reports.malformed(format!("skipped a line: {why}: {quote}"), now);
        if why != LineError::Echo && self.replies.allow(now) {
            self.outbox.error(why, quote);
        }
    }
}

fn edge(act: Act) -> Option<Edge> {
    Some(match act {
        Act::Press => Edge::Down,
        Act::Release => Edge::Up,
        Act::Tap => Edge::Tap,
        Act::Hold => Edge::Held,
        Act::Turn(0) => return None,
        Act::Turn(by) => Edge::Turn(by),
    })
}

/// The beginning of a line that is not trusted.
fn quoted(line: &[u8]) -> String {
    clean(&String::from_utf8_lossy(&line[..line.len().min(160)]), 40)
}
