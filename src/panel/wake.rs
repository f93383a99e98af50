// SPDX-License-Identifier: MIT OR Apache-2.0
//! Panels that sleep: which of them nobody has touched for their time, and which touch woke one.
//!
//! Knows times only; what a panel does in its sleep is its device's business.

use std::time::Duration;

use super::plan::{PanelId, Plan};
use crate::time::Time;

#[derive(Debug)]
struct Sleeper {
    after: Duration,
    touched: Time,
    asleep: bool,
}

/// One entry a panel; `None` for those that never sleep.
#[derive(Debug)]
pub(super) struct Sleepers {
    panels: Vec<Option<Sleeper>>,
}

impl Sleepers {
    /// All awake, as if touched at `now`.
    pub(super) fn new(plan: &Plan, now: Time) -> Sleepers {
        let panels = plan.panels.iter().map(|panel| {
            panel.sleep.map(|after| Sleeper {
                after,
                touched: now,
                asleep: false,
            })
        });
        Sleepers {
            panels: panels.collect(),
        }
    }

    /// A hand was on a panel; `true` where that woke it.
    pub(super) fn touch(&mut self, panel: PanelId, at: Time) -> bool {
        let sleeper = self.panels.get_mut(usize::from(panel.0));
        let Some(Some(sleeper)) = sleeper else {
            return false;
        };
        sleeper.touched = sleeper.touched.max(at);
        std::mem::take(&mut sleeper.asleep)
    }

    /// A panel that falls asleep at `now`; call until there is none.
    pub(super) fn due(&mut self, now: Time) -> Option<PanelId> {
        let index = self.panels.iter().position(|panel| {
            let sleeper = panel.as_ref();
            sleeper.is_some_and(|sleeper| sleeper.next() <= now)
        })?;
        if let Some(Some(sleeper)) = self.panels.get_mut(index) {
            sleeper.asleep = true;
        }
        u8::try_from(index).ok().map(PanelId)
    }

    /// When the next one falls asleep; [`Time::NEVER`] when all do or none ever does.
    pub(super) fn poll_at(&self) -> Time {
        let next = self.panels.iter().flatten().map(Sleeper::next);
        next.min().unwrap_or(Time::NEVER)
    }

    /// Those that can sleep, and whether they do.
    pub(super) fn all(&self) -> impl Iterator<Item = (PanelId, bool)> {
        let panels = self.panels.iter().enumerate();
        panels.filter_map(|(index, panel)| {
            let asleep = panel.as_ref()?.asleep;
            Some((PanelId(u8::try_from(index).ok()?), asleep))
        })
    }
}

impl Sleeper {
    fn next(&self) -> Time {
        match self.asleep {
            true => Time::NEVER,
            false => self.touched + self.after,
        }
    }
}
