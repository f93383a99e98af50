// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a plan is looked up by, made once: a press or a reading costs the same however much else is bound.

use std::time::Duration;

use super::plan::{
    Action, Control, ControlId, Gesture, LayerId, LocalId, PanelId, Plan, PointId, Source,
};
use super::series::Bound;

/// The least time between two repeats.
const LEAST: Duration = Duration::from_millis(10);

/// Lists of small numbers, one after the other in one piece of memory.
#[derive(Debug, Default)]
struct Lists {
    /// Where each list begins; one more for the end of the last.
    starts: Vec<u32>,
    items: Vec<u16>,
}

impl Lists {
    /// `count` lists from pairs of (list, item); each keeps its items in their order.
    fn new(count: usize, pairs: &[(usize, usize)]) -> Lists {
        let mut starts = vec![0_u32; count + 1];
        for (list, _) in pairs {
            if let Some(size) = starts.get_mut(list + 1) {
                *size += 1;
            }
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let (mut next, mut items) = (starts.clone(), vec![0; pairs.len()]);
        for (list, item) in pairs {
            let Some(at) = next.get_mut(*list) else {
                continue;
            };
            if let (Some(slot), Ok(item)) = (items.get_mut(*at as usize), u16::try_from(*item)) {
                *slot = item;
            }
            *at += 1;
        }
        Lists { starts, items }
    }

    fn get(&self, list: usize) -> &[u16] {
        let ends = (self.starts.get(list), self.starts.get(list + 1));
        let (Some(start), Some(end)) = ends else {
            return &[];
        };
        self.items
            .get(*start as usize..*end as usize)
            .unwrap_or(&[])
    }
}

/// For each of `names` the place of the first one like it.
fn firsts(names: &[(PanelId, &str)]) -> Vec<usize> {
    // Places of the different names, sorted by them: std's maps and sorts would be some KiB of code each.
    let mut sorted: Vec<usize> = Vec::new();
    let found = names.iter().enumerate().map(|(index, name)| {
        match sorted.binary_search_by(|at| names[*at].cmp(name)) {
            Ok(known) => sorted[known],
            Err(free) => {
                sorted.insert(free, index);
                index
            }
        }
    });
    found.collect()
}

fn pairs(keys: &[usize]) -> Vec<(usize, usize)> {
    keys.iter().copied().zip(0..).collect()
}

/// The look-ups.
#[derive(Debug)]
pub(super) struct Tables {
    /// Per control: the first one of the same panel and name, which stands for the key itself.
    keys: Vec<usize>,
    controls: Lists,
    bounds: Vec<Bound>,
    lives: Vec<Duration>,
    /// Per point: its outputs.
    outputs: Lists,
    /// Per local output: where it is shown.
    locals: Lists,
    /// Per output: the first one of the same panel and name.
    names: Vec<usize>,
    namesakes: Lists,
}

impl Tables {
    pub(super) fn new(plan: &Plan) -> Tables {
        let keys = plan.controls.iter().map(|c| (c.panel, c.name.as_str()));
        let keys = firsts(&keys.collect::<Vec<_>>());
        let names = plan.outputs.iter().map(|o| (o.panel, o.name.as_str()));
        let names = firsts(&names.collect::<Vec<_>>());
        let shown = plan.outputs.iter().enumerate();
        let shown: Vec<(usize, usize)> = shown
            .filter_map(|(index, output)| match output.source {
                Source::Point(point) => Some((usize::from(point.0), index)),
                Source::Link | Source::Session | Source::Route | Source::Local(_) => None,
            })
            .collect();
        let driven = plan.outputs.iter().enumerate();
        let driven: Vec<(usize, usize)> = driven
            .filter_map(|(index, output)| match output.source {
                Source::Local(local) => Some((usize::from(local.0), index)),
                Source::Link | Source::Session | Source::Route | Source::Point(_) => None,
            })
            .collect();
        let life = |control: &Control| control.times.press_life.unwrap_or(plan.timing.press_life);
        Tables {
            controls: Lists::new(keys.len(), &pairs(&keys)),
            keys,
            bounds: plan
                .controls
                .iter()
                .zip(0..)
                .map(|(control, id)| bound(plan, control, ControlId(id)))
                .collect(),
            lives: plan.controls.iter().map(life).collect(),
            outputs: Lists::new(plan.points.len(), &shown),
            locals: Lists::new(plan.locals.len(), &driven),
            namesakes: Lists::new(names.len(), &pairs(&names)),
            names,
        }
    }

    pub(super) fn key(&self, control: ControlId) -> Option<usize> {
        self.keys.get(usize::from(control.0)).copied()
    }

    /// What is bound to a key in `layer`: the layer's own control before one of all layers.
    pub(super) fn bound(&self, plan: &Plan, key: usize, layer: LayerId) -> Option<Bound> {
        let mut found = None;
        for index in self.controls.get(key) {
            let index = usize::from(*index);
            match plan.controls.get(index)?.layer {
                Some(own) if own == layer => return self.bounds.get(index).copied(),
                Some(_) => {}
                None => found = found.or(self.bounds.get(index).copied()),
            }
        }
        found
    }

    /// How long a press of this control lives.
    pub(super) fn life(&self, control: ControlId) -> Duration {
        let life = self.lives.get(usize::from(control.0));
        life.copied().unwrap_or_default()
    }

    /// Between two repeats of this control's hold.
    pub(super) fn repeat(&self, control: ControlId) -> Duration {
        let bound = self.bounds.get(usize::from(control.0));
        bound.and_then(|bound| bound.repeat).unwrap_or(LEAST)
    }

    /// The outputs that show a point.
    pub(super) fn outputs(&self, point: PointId) -> &[u16] {
        self.outputs.get(usize::from(point.0))
    }

    /// Where a local output is shown.
    pub(super) fn local(&self, local: LocalId) -> &[u16] {
        self.locals.get(usize::from(local.0))
    }

    /// The outputs that share an output's panel and name, itself among them.
    pub(super) fn namesakes(&self, output: usize) -> &[u16] {
        let first = self.names.get(output).copied();
        self.namesakes.get(first.unwrap_or(usize::MAX - 1))
    }
}

fn bound(plan: &Plan, control: &Control, id: ControlId) -> Bound {
    let (times, timing) = (&control.times, &plan.timing);
    let has = |wanted: Gesture| {
        control
            .bindings
            .iter()
            .any(|(gesture, _)| *gesture == wanted)
    };
    let clicks = control.bindings.iter().map(|(gesture, _)| match gesture {
        Gesture::Click(count) => *count,
        _ => 1,
    });
    let (hold, repeats) = (has(Gesture::Hold), has(Gesture::HoldRepeat));
    let actions = control.bindings.iter().flat_map(|(_, actions)| actions);
    let ramps = actions
        .into_iter()
        .any(|action| matches!(action, Action::Ramp { .. }));
    Bound {
        control: id,
        clicks: clicks.max().unwrap_or(1),
        long: match (hold, repeats) {
            (true, _) => Some(Gesture::Hold),
            (false, true) => Some(Gesture::HoldRepeat),
            (false, false) => None,
        },
        // Never zero, or it would never be through with what was missed.
        repeat: (repeats || (hold && ramps))
            .then(|| times.repeat.unwrap_or(timing.repeat).max(LEAST)),
        hold: times.hold.unwrap_or(timing.hold),
        window: times.click.unwrap_or(timing.click),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_keep_their_items_apart_and_in_order() {
        let lists = Lists::new(4, &[(2, 7), (0, 1), (2, 3), (9, 9), (3, 4)]);
        let all: Vec<&[u16]> = (0..6).map(|list| lists.get(list)).collect();
        assert_eq!(all, [&[1_u16][..], &[], &[7, 3], &[4], &[], &[]]);
        assert_eq!(lists.get(usize::MAX - 1), [0_u16; 0]);
    }

    #[test]
    fn the_first_of_a_name_stands_for_all() {
        let names =
            [(0, "a"), (1, "a"), (0, "b"), (0, "a")].map(|(panel, name)| (PanelId(panel), name));
        assert_eq!(firsts(&names), [0, 1, 2, 0]);
    }
}
