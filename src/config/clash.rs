// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two things in one place: a gesture bound twice, an output shown twice, a terminal key for two controls.
//!
//! Two layers overlap when they are the same, or when one of the two is "every layer". A control of one layer takes the place of
//! its namesake of every layer, so these two do not clash; lamps and different controls on one key do.

use std::collections::HashMap;

use super::problem::{Report, quoted};
use crate::panel::plan::{Gesture, LayerId, PanelId};

/// Whose name, key or gesture it is.
#[derive(Clone)]
pub(super) struct Owner {
    pub(super) panel: PanelId,
    /// `None`: in every layer.
    pub(super) layer: Option<LayerId>,
    /// Where its name stands.
    pub(super) at: usize,
    pub(super) name: String,
}

impl Owner {
    fn overlaps(&self, other: &Owner) -> bool {
        match (self.layer, other.layer) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        }
    }

    /// Whether the two cannot share a key: namesakes take each other's place where one is of every layer.
    fn takes_key_of(&self, other: &Owner) -> bool {
        self.layer == other.layer || (self.name != other.name && self.overlaps(other))
    }
}

type Gestures = Vec<(Gesture, usize)>;

/// What was seen so far. Reports at the second of two, with the line of the first.
#[derive(Default)]
pub(super) struct Clashes {
    controls: HashMap<(PanelId, String), Vec<(Owner, Gestures)>>,
    outputs: HashMap<(PanelId, String), Vec<Owner>>,
    keys: HashMap<(PanelId, char), Vec<Owner>>,
}

impl Clashes {
    /// Takes a control with its gestures and their places.
    pub(super) fn control(&mut self, report: &mut Report<'_>, owner: Owner, gestures: Gestures) {
        let known = self
            .controls
            .entry((owner.panel, owner.name.clone()))
            .or_default();
        let clash = known.iter().find(|(other, _)| other.layer == owner.layer);
        if let Some((_, before)) = clash {
            let twice = gestures.iter().filter_map(|(gesture, at)| {
                let (_, first) = before.iter().find(|(other, _)| other == gesture)?;
                Some((word(*gesture), *at, *first))
            });
            let twice: Vec<_> = twice.collect();
            for (gesture, at, first) in &twice {
                let line = report.line(*first);
                let what = format!(
                    "{gesture} of control {} is bound already in line {line}",
                    quoted(&owner.name)
                );
                report
                    .error(*at, what)
                    .expected("one binding for each gesture and layer; several actions are a list: [ {…}, {…} ]");
            }
            if let (true, Some((other, _))) = (twice.is_empty(), clash) {
                let what = format!(
                    "control {} stands already in line {}",
                    quoted(&owner.name),
                    report.line(other.at)
                );
                report
                    .error(owner.at, what)
                    .expected("all its gestures of a layer in one [[control]]");
            }
        }
        known.push((owner, gestures));
    }

    /// Takes an output.
    pub(super) fn output(&mut self, report: &mut Report<'_>, owner: Owner) {
        let known = self
            .outputs
            .entry((owner.panel, owner.name.clone()))
            .or_default();
        if let Some(other) = known.iter().find(|other| other.overlaps(&owner)) {
            let what = format!(
                "output {} shows something already in line {}",
                quoted(&owner.name),
                report.line(other.at)
            );
            report
                .error(owner.at, what)
                .expected("one [[output]] for each name and layer");
        }
        known.push(owner);
    }

    /// Takes a terminal's key at `at`, of the control `owner`.
    pub(super) fn key(
        &mut self,
        report: &mut Report<'_>,
        owner: &Owner,
        at: usize,
        key: Option<char>,
    ) {
        let Some(key) = key else { return };
        let known = self.keys.entry((owner.panel, key)).or_default();
        if let Some(other) = known.iter().find(|other| other.takes_key_of(owner)) {
            let (key, name) = (quoted(&key.to_string()), quoted(&other.name));
            let what = format!(
                "the key {key} belongs to control {name} of line {} already",
                report.line(other.at)
            );
            report
                .error(at, what)
                .expected("a key of its own for each gesture");
        }
        known.push(owner.clone());
    }
}

const fn word(gesture: Gesture) -> &'static str {
    match gesture {
        Gesture::Press => "press",
        Gesture::Hold => "hold",
        Gesture::Turn => "turn",
    }
}
