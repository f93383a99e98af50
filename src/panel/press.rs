// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ledger of presses: each one that begins ends in exactly one of five words.
//!
//! A press has one part for each command that it caused. It ends when its last part has ended, and the
//! worst of their words is its word. Knows nothing of what the parts are.

use std::fmt;

use super::Feedback;
use super::plan::ControlId;

/// Presses that may be open at once. A hand cannot get there; a broken input could, and is refused visibly.
const MAX_OPEN: usize = 64;

/// How a press, or a part of it, ended; from best to worst. A press of several parts ends in its worst.
///
/// `Unknown` is worse than `Refused`: of a refused command one knows that it did not run.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Word {
    Confirmed,
    Superseded,
    Expired,
    Refused,
    Unknown,
}

impl Word {
    pub(super) fn feedback(self) -> Feedback {
        match self {
            Word::Confirmed => Feedback::Confirmed,
            Word::Superseded => Feedback::Superseded,
            Word::Expired => Feedback::Expired,
            Word::Refused => Feedback::Refused,
            Word::Unknown => Feedback::Unknown,
        }
    }
}

/// How many presses began, and how many ended in which word.
///
/// A press is one gesture that something is bound to: some clicks, a release, a hold with all that a ramp does while it lasts, one
/// repeat of a hold, or one report of turning. A touch that only wakes its panel is none. `pressed` is always the sum of the five words and [`Tally::open`].
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Begun.
    pub pressed: u64,
    /// The hub answered yes to all of it.
    pub confirmed: u64,
    /// The hub or the panel said no, and why was shown.
    pub refused: u64,
    /// A newer press on the same target took its place before it was sent.
    pub superseded: u64,
    /// Never sent within its life.
    pub expired: u64,
    /// Sent, and its reply was lost.
    pub unknown: u64,
}

impl Tally {
    /// Presses that have not ended yet; never negative, for a press ends once.
    pub fn open(&self) -> u64 {
        let ended = self.confirmed + self.refused + self.superseded + self.expired + self.unknown;
        self.pressed.saturating_sub(ended)
    }

    fn count(&mut self, word: Word) {
        match word {
            Word::Confirmed => self.confirmed += 1,
            Word::Superseded => self.superseded += 1,
            Word::Expired => self.expired += 1,
            Word::Refused => self.refused += 1,
            Word::Unknown => self.unknown += 1,
        }
    }
}

impl fmt::Display for Tally {
    /// One line for a log: `3 pressed: 2 confirmed, 1 refused, 0 superseded, 0 expired, 0 unknown, 0 open`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} pressed: {} confirmed, {} refused, {} superseded, {} expired, {} unknown, {} open",
            self.pressed,
            self.confirmed,
            self.refused,
            self.superseded,
            self.expired,
            self.unknown,
            self.open()
        )
    }
}

/// Names an open press; every holder of one owes the ledger one [`Ledger::end`].
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Key(usize);

#[derive(Debug)]
struct Press {
    control: ControlId,
    /// Parts that have not ended.
    parts: u16,
    worst: Word,
}

/// The open presses and the count of all.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    slots: Vec<Option<Press>>,
    pub(super) tally: Tally,
}

impl Ledger {
    /// Begins a press with one part, which stands for the handling of its actions; `None` when too many are open, and
    /// then it has ended already, as refused.
    pub(super) fn begin(&mut self, control: ControlId) -> Option<Key> {
        self.tally.pressed += 1;
        let press = Press {
            control,
            parts: 1,
            worst: Word::Confirmed,
        };
        if let Some(free) = self.slots.iter().position(Option::is_none) {
            self.slots[free] = Some(press);
            return Some(Key(free));
        }
        if self.slots.len() < MAX_OPEN {
            self.slots.push(Some(press));
            return Some(Key(self.slots.len() - 1));
        }
        self.tally.count(Word::Refused);
        None
    }

    /// One more part of an open press.
    pub(super) fn add(&mut self, key: Key) {
        if let Some(Some(press)) = self.slots.get_mut(key.0) {
            press.parts = press.parts.saturating_add(1);
        }
    }

    /// Ends one part. Gives the control and the press's word where that was the last one.
    pub(super) fn end(&mut self, key: Key, word: Word) -> Option<(ControlId, Word)> {
        let slot = self.slots.get_mut(key.0)?;
        let press = slot.as_mut()?;
        press.worst = press.worst.max(word);
        press.parts -= 1;
        if press.parts > 0 {
            return None;
        }
        let over = (press.control, press.worst);
        *slot = None;
        self.tally.count(over.1);
        Some(over)
    }

    /// Takes over the counts of a ledger that is given up, with `sent` of its open presses lost and the rest expired.
    pub(super) fn inherit(&mut self, old: &Ledger, sent: u64) {
        self.tally = old.tally;
        let open = self.tally.open();
        self.tally.unknown += sent.min(open);
        self.tally.expired += open.saturating_sub(sent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_part_names_the_press() {
        let mut ledger = Ledger::default();
        let key = ledger.begin(ControlId(7)).unwrap();
        ledger.add(key);
        ledger.add(key);
        assert_eq!(ledger.end(key, Word::Expired), None);
        assert_eq!(ledger.end(key, Word::Confirmed), None);
        assert_eq!(ledger.tally.open(), 1);
        assert_eq!(
            ledger.end(key, Word::Superseded),
            Some((ControlId(7), Word::Expired))
        );
        assert_eq!((ledger.tally.expired, ledger.tally.open()), (1, 0));
    }

    #[test]
    fn the_ledger_is_bounded_and_says_so() {
        let mut ledger = Ledger::default();
        let keys: Vec<Key> = (0..MAX_OPEN)
            .filter_map(|_| ledger.begin(ControlId(0)))
            .collect();
        assert_eq!(keys.len(), MAX_OPEN);
        assert_eq!(ledger.begin(ControlId(0)), None);
        assert_eq!(ledger.tally.refused, 1);
        for key in keys {
            ledger.end(key, Word::Confirmed);
        }
        assert_eq!(ledger.tally.open(), 0);
        assert!(ledger.begin(ControlId(0)).is_some());
    }
}
