// SPDX-License-Identifier: MIT OR Apache-2.0
//! EDGE. The poll's readings: the whole list or each bound device, only if changed where the hub can tell, and what they
//! lack that they should have.
//!
//! Which of the ways is taken, `cadence` decides by what was measured here. Must not know links, pauses or names.

use crate::client::Refusal;
use crate::homey::Reading;
use crate::homey::error::Kind;
use crate::net::{Session, monotonic};
use crate::panel::PollId;
use crate::panel::cadence::{Measured, Reading as Way, choose};
use crate::panel::plan::PointId;

use super::fetches::{self, Fetched};
use super::life::Life;

/// What one round of reading leaves for the next.
#[derive(Default)]
pub struct Readings {
    measured: Measured,
    /// The entity tag of the list as last read; empty: ask for all of it.
    list_tag: String,
    /// The same of each bound device's own reply.
    single_tags: Vec<String>,
    /// By bound device: complete lists in a row that did not have it.
    missed: Vec<u8>,
    /// By point: complete readings of its device in a row that did not have it.
    lacking: Vec<u8>,
    /// A device was not found by itself since all of them were last read: its name has been looked up for that.
    not_found: bool,
}

impl Readings {
    /// The bound devices were looked up anew: nothing that was counted by their numbers holds.
    pub fn begin_again(&mut self) {
        self.missed.clear();
        self.lacking.clear();
        self.measured.singles = 0;
        self.forget_tags();
    }

    /// Asks for everything the next time, whatever the hub says has not changed.
    pub fn forget_tags(&mut self) {
        self.list_tag.clear();
        self.single_tags.clear();
    }

    /// Reads the state of what is bound. `false`: the hub lists no devices at all, as it does while it starts.
    pub fn read(&mut self, life: &mut Life, session: &mut Session) -> Result<bool, Refusal> {
        // While a command's effect has not been seen, or another read may have got ahead of these tags, "unchanged" would
        // confirm what is not known.
        if std::mem::take(&mut life.read_aside) || life.controller.is_unsettled() {
            self.forget_tags();
        }
        if life.directory.len() == 0 {
            return fetches::probe(session, life).map(|()| true);
        }
        // A tag is good for the way that it came by, as long as that is the only one: in between the home may have
        // changed and changed back.
        match choose(life.directory.len(), &self.measured, life.pacer.hub()) {
            Way::List => {
                self.single_tags.clear();
                self.read_list(life, session)
            }
            Way::Singles => {
                self.list_tag.clear();
                self.read_singles(life, session).map(|()| true)
            }
        }
    }

    fn read_list(&mut self, life: &mut Life, session: &mut Session) -> Result<bool, Refusal> {
        let poll = life.controller.poll_started(monotonic());
        let etag = std::mem::take(&mut self.list_tag);
        let result = fetches::list(session, life, &etag);
        let now = monotonic();
        let mut complete = result.is_ok();
        match result {
            Err(refusal) => {
                life.controller.poll_ended(poll, now, false);
                return Err(refusal);
            }
            Ok(Fetched::Unchanged) => {
                self.list_tag = etag;
                confirm(life, poll, |_| true);
            }
            Ok(Fetched::Whole { what, .. }) if what.items == 0 => {
                complete = false;
            }
            Ok(Fetched::Whole { what, etag, bytes }) => {
                self.measured.items = what.items;
                self.measured.list = bytes;
                life.learn(what.dialect);
                let lacks = self.find_lacking(life, &what.readings, |index| {
                    what.present.get(index).copied().unwrap_or(false)
                });
                // A list that lacks something of ours must come again whole: it is counted, and never confirmed.
                if !lacks && what.present.iter().all(|present| *present) {
                    self.list_tag = etag;
                }
                self.missed.resize(what.present.len(), 0);
                for (misses, present) in self.missed.iter_mut().zip(&what.present) {
                    *misses = if *present {
                        0
                    } else {
                        misses.saturating_add(1)
                    };
                    // One list without a device means nothing; three ask for its name again (it was re-paired).
                    life.names_in_doubt |= *misses >= 3;
                }
                tell(life, poll, what.readings);
            }
        }
        life.controller.poll_ended(poll, now, complete);
        Ok(complete)
    }

    fn read_singles(&mut self, life: &mut Life, session: &mut Session) -> Result<(), Refusal> {
        self.single_tags.resize(life.directory.len(), String::new());
        let (mut bytes_of_all, mut measured) = (0, true);
        for index in 0..life.directory.len() {
            let poll = life.controller.poll_started(monotonic());
            let tag = self.single_tags.get_mut(index);
            let etag = tag.map(std::mem::take).unwrap_or_default();
            let result = fetches::single(session, life, index, &etag);
            life.controller
                .poll_ended(poll, monotonic(), result.is_ok());
            let tag = match result {
                Err(Refusal::Hub { error, .. }) if error.kind == Kind::NotFound => {
                    measured = false;
                    if self.not_found {
                        // Looked up, found in the list, and again not found by itself: then the list it is.
                        self.measured.singles = u64::MAX;
                    } else {
                        self.not_found = true;
                        life.names_in_doubt = true;
                    }
                    continue;
                }
                Err(refusal) => return Err(refusal),
                Ok(Fetched::Unchanged) => {
                    measured = false;
                    confirm(life, poll, |of| of == index);
                    etag
                }
                Ok(Fetched::Whole { what, etag, bytes }) => {
                    bytes_of_all += bytes;
                    let lacks = self.find_lacking(life, &what.0, |of| of == index);
                    tell(life, poll, what.0);
                    if lacks { String::new() } else { etag }
                }
            };
            if let Some(slot) = self.single_tags.get_mut(index) {
                *slot = tag;
            }
        }
        if measured {
            self.measured.singles = bytes_of_all;
            self.not_found = false;
        }
        Ok(())
    }

    /// Tells of points whose device is there and has no such capability, over and over: a device that starts may show
    /// its capabilities late. `read`: whether these are complete readings of the nth bound device. `true`: something lacks.
    fn find_lacking(
        &mut self,
        life: &mut Life,
        readings: &[(u16, Reading)],
        read: impl Fn(usize) -> bool,
    ) -> bool {
        let mut lacks = false;
        self.lacking.resize(life.plan.points.len(), 0);
        for (point, count) in (0_u16..).map(PointId).zip(&mut self.lacking) {
            if !life.directory.index_of(point).is_some_and(&read) {
                continue;
            }
            if readings.iter().any(|(slot, _)| *slot == point.0) {
                *count = 0;
                continue;
            }
            lacks = true;
            *count = count.saturating_add(1);
            let spec = life.plan.points.get(usize::from(point.0));
            if let (3, Some(spec)) = (*count, spec) {
                let why = format!("the device has no capability {:?}", spec.capability);
                life.controller.missing(point, why);
            }
        }
        lacks
    }
}

fn tell(life: &mut Life, poll: PollId, readings: Vec<(u16, Reading)>) {
    let now = monotonic();
    for (slot, reading) in readings {
        life.controller.update(poll, PointId(slot), reading, now);
    }
}

/// Nothing has changed about the points of these bound devices.
fn confirm(life: &mut Life, poll: PollId, of: impl Fn(usize) -> bool) {
    let now = monotonic();
    for point in (0..life.plan.points.len()).filter_map(|i| u16::try_from(i).ok().map(PointId)) {
        if life.directory.index_of(point).is_some_and(&of) {
            life.controller.unchanged(poll, point, now);
        }
    }
}
