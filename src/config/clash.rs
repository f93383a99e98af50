// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two things in one place: a gesture bound twice, an output shown twice, a terminal key for two controls.
//!
//! Two layers overlap when they are the same, or when one of the two is "every layer". A control of one layer takes the place of
//! its namesake of every layer, so these two do not clash; lamps and different controls on one key do.

use super::controls::word;
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
    fn is_named_like(&self, other: &Owner) -> bool {
        self.panel == other.panel && self.name == other.name
    }

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
    controls: Vec<(Owner, Gestures)>,
    outputs: Vec<Owner>,
    keys: Vec<(char, Owner)>,
}

impl Clashes {
    /// Takes a control with its gestures and their places.
    pub(super) fn control(&mut self, report: &mut Report<'_>, owner: Owner, gestures: Gestures) {
        let same = |other: &Owner| other.is_named_like(&owner) && other.layer == owner.layer;
        let clash = self.controls.iter().find(|(other, _)| same(other));
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
        self.controls.push((owner, gestures));
    }

    /// Takes an output.
    pub(super) fn output(&mut self, report: &mut Report<'_>, owner: Owner) {
        let same = |other: &&Owner| other.is_named_like(&owner) && other.overlaps(&owner);
        if let Some(other) = self.outputs.iter().find(same) {
            let what = format!(
                "output {} shows something already in line {}",
                quoted(&owner.name),
                report.line(other.at)
            );
            report
                .error(owner.at, what)
                .expected("one [[output]] for each name and layer");
        }
        self.outputs.push(owner);
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
        let same = |(k, other): &&(char, Owner)| {
            *k == key && other.panel == owner.panel && other.takes_key_of(owner)
        };
        if let Some((_, other)) = self.keys.iter().find(same) {
            let (key, name) = (quoted(&key.to_string()), quoted(&other.name));
            let what = format!(
                "the key {key} belongs to control {name} of line {} already",
                report.line(other.at)
            );
            report
                .error(at, what)
                .expected("a key of its own for each gesture");
        }
        self.keys.push((key, owner.clone()));
    }
}
