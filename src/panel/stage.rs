// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes to the panels: a short queue of things that happened, and the outputs whose look has changed.
//!
//! An output is rendered when it is pulled, not when its point changes, so ten changes between two pulls cost one line on
//! a slow serial display. Knows no value and no rendering.

use std::collections::VecDeque;
use std::time::Duration;

use super::plan::OutputId;
use super::press::Word;
use super::{Feedback, Look, Show};
use crate::panel::plan::ControlId;
use crate::time::Time;

/// Happenings that wait for a panel that is not asking; the oldest go first.
const MAX_QUEUE: usize = 64;

/// The longest notice, in characters: what a person reads at a glance and a small display can scroll.
pub(super) const MAX_NOTICE: usize = 120;

/// The queue and the last look of each output.
#[derive(Debug)]
pub(super) struct Stage {
    queue: VecDeque<Show>,
    shown: Vec<Option<Look>>,
    changed: Vec<bool>,
    /// No output before this one has changed.
    next: usize,
    pub(super) reassert_at: Time,
}

impl Stage {
    /// A stage where everything is still to be shown.
    pub(super) fn new(outputs: usize, reassert_at: Time) -> Stage {
        Stage {
            queue: VecDeque::new(),
            shown: vec![None; outputs],
            changed: vec![true; outputs],
            next: 0,
            reassert_at,
        }
    }

    pub(super) fn push(&mut self, show: Show) {
        if self.queue.len() == MAX_QUEUE {
            self.queue.pop_front();
        }
        self.queue.push_back(show);
    }

    pub(super) fn feedback(&mut self, control: ControlId, feedback: Feedback) {
        self.push(Show::Feedback { control, feedback });
    }

    /// Tells how a press ended, where it did.
    pub(super) fn ended(&mut self, over: Option<(ControlId, Word)>) {
        if let Some((control, word)) = over {
            self.feedback(control, word.feedback());
        }
    }

    /// One line: `what: why`.
    pub(super) fn notice(&mut self, what: &str, why: &str) {
        let line = format!("{what}: {why}");
        self.push(Show::Notice(super::text::clean(&line, MAX_NOTICE)));
    }

    /// This output may look different now.
    pub(super) fn touch(&mut self, output: usize) {
        if let Some(changed) = self.changed.get_mut(output) {
            *changed = true;
            self.next = self.next.min(output);
        }
    }

    /// All outputs may look different now.
    pub(super) fn touch_all(&mut self) {
        self.changed.fill(true);
        self.next = 0;
    }

    /// Forgets what happened and was not pulled.
    pub(super) fn clear(&mut self) {
        self.queue.clear();
    }

    /// Everything is to be shown again, whatever it looked like.
    pub(super) fn forget(&mut self) {
        self.shown.fill(None);
        self.touch_all();
    }

    /// Sets the time of the next reassertion; none where `every` is zero.
    pub(super) fn rearm(&mut self, now: Time, every: Duration) {
        self.reassert_at = if every.is_zero() {
            Time::NEVER
        } else {
            now + every
        };
    }

    /// The next thing to show. `render` gives an output's look; `None` where another output shows in its place.
    pub(super) fn pull(&mut self, render: impl Fn(usize) -> Option<Look>) -> Option<Show> {
        if let Some(show) = self.queue.pop_front() {
            return Some(show);
        }
        while self.next < self.changed.len() {
            let index = self.next;
            self.next += 1;
            if !std::mem::take(&mut self.changed[index]) {
                continue;
            }
            let look = render(index);
            if look == self.shown[index] {
                continue;
            }
            self.shown[index].clone_from(&look);
            if let (Some(look), Ok(id)) = (look, u16::try_from(index)) {
                let output = OutputId(id);
                return Some(Show::Look { output, look });
            }
        }
        None
    }
}
