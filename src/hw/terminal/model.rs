// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the terminal panel shows, and what its keys mean. Pure.

use std::time::Duration;

use crate::hw::face::{ControlFace, Face, Found, present};
use crate::hw::text::clean;
use crate::letters;
use crate::panel::plan::{ControlId, LayerId};
use crate::panel::{Edge, Feedback, Link, Look, Show};
use crate::time::Time;

/// The newest state of everything.
pub(super) struct Model {
    pub(super) face: Face,
    pub(super) layer: LayerId,
    pub(super) link: Link,
    pub(super) notice: String,
    pub(super) help: bool,
    pub(super) asleep: bool,
    pub(super) looks: Vec<Look>,
    pub(super) feedback: Vec<Option<(Feedback, Time)>>,
}

/// One place on the screen: a control, an output, or both under one name.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Cell {
    /// Index into the face's controls.
    pub(super) control: Option<usize>,
    /// Index into the face's outputs.
    pub(super) output: Option<usize>,
}

/// How long the news of a press stays.
const NEWS: Duration = Duration::from_secs(2);

impl Model {
    /// Nothing is known yet.
    pub(super) fn new(mut face: Face) -> Model {
        let labels = face.controls.iter_mut().map(|control| &mut control.label);
        let labels = labels.chain(face.outputs.iter_mut().map(|output| &mut output.label));
        for label in labels.chain(&mut face.layers).chain([&mut face.title]) {
            *label = clean(label, 120);
        }
        Model {
            looks: vec![Look::default(); face.outputs.len()],
            feedback: vec![None; face.controls.len()],
            face,
            layer: LayerId(0),
            link: Link::default(),
            notice: String::new(),
            help: false,
            asleep: false,
        }
    }

    /// Takes what is to be shown.
    pub(super) fn show(&mut self, show: &Show, now: Time) {
        match show {
            Show::Look { output, look } => {
                let index = self.face.output(*output);
                if let Some(slot) = index.and_then(|index| self.looks.get_mut(index)) {
                    *slot = Look {
                        text: clean(&look.text, 120),
                        ..look.clone()
                    };
                }
            }
            Show::Feedback { control, feedback } => {
                let index = self
                    .face
                    .controls
                    .iter()
                    .position(|known| known.id == *control);
                if let Some(slot) = index.and_then(|index| self.feedback.get_mut(index)) {
                    *slot = Some((*feedback, now + NEWS));
                }
            }
            Show::Link(link) => self.link = *link,
            Show::Layer(layer) => self.layer = *layer,
            Show::Sleep { panel, asleep } if *panel == self.face.id => self.asleep = *asleep,
            Show::Sleep { .. } => {}
            Show::Notice(text) => self.notice = clean(text, 120),
        }
    }

    /// Forgets news that is old. Answers whether there was any.
    pub(super) fn expire(&mut self, now: Time) -> bool {
        let mut any = false;
        for slot in &mut self.feedback {
            if slot.is_some_and(|(_, until)| until <= now) {
                *slot = None;
                any = true;
            }
        }
        any
    }

    /// When [`expire`](Model::expire) has something to do.
    pub(super) fn poll_at(&self) -> Option<Time> {
        self.feedback
            .iter()
            .flatten()
            .map(|(_, until)| *until)
            .min()
    }

    /// The look of output `index`.
    pub(super) fn look(&self, index: usize) -> Option<&Look> {
        self.looks.get(index)
    }

    /// The news at control `index`; in a layer where its name means another control, at that one.
    pub(super) fn feedback(&self, index: usize) -> Option<Feedback> {
        let name = &self.face.controls.get(index)?.name;
        let same = self
            .face
            .controls
            .iter()
            .zip(&self.feedback)
            .filter(|(control, _)| control.name == *name);
        same.filter_map(|(_, slot)| *slot)
            .max_by_key(|(_, until)| *until)
            .map(|(feedback, _)| feedback)
    }

    /// What is present in the layer shown: controls with their lamps, then the other lamps.
    pub(super) fn cells(&self) -> Vec<Cell> {
        let controls = self
            .face
            .controls
            .iter()
            .enumerate()
            .filter(|(_, control)| self.is_present(control));
        let mut cells: Vec<Cell> = controls
            .map(|(index, control)| Cell {
                control: Some(index),
                output: self.face.output_named(&control.name, self.layer),
            })
            .collect();
        for (index, output) in self.face.outputs.iter().enumerate() {
            let shown = self.face.output_named(&output.name, self.layer) == Some(index);
            if shown
                && !matches!(
                    self.face.control(&output.name, self.layer),
                    Found::Control(_)
                )
            {
                cells.push(Cell {
                    control: None,
                    output: Some(index),
                });
            }
        }
        cells
    }

    /// What the key `c` does here.
    pub(super) fn key(&self, c: char) -> Option<(ControlId, Edge)> {
        let mut found = None;
        for control in self
            .face
            .controls
            .iter()
            .filter(|control| self.is_present(control))
        {
            let edge = match control.turn_keys {
                _ if control.key == Some(c) => Edge::Tap,
                _ if control.hold_key == Some(c) => Edge::Held,
                Some((down, _)) if down == c => Edge::Turn(-1),
                Some((_, up)) if up == c => Edge::Turn(1),
                _ => continue,
            };
            // A control of this very layer wins over one of every layer.
            if control.layer.is_some() {
                return Some((control.id, edge));
            }
            found = found.or(Some((control.id, edge)));
        }
        found.or_else(|| self.capital(c))
    }

    /// The capital of a control's letter, where it means nothing else, holds it.
    fn capital(&self, c: char) -> Option<(ControlId, Edge)> {
        let small = Some(letters::small(c)).filter(|small| *small != c)?;
        let mut controls = self
            .face
            .controls
            .iter()
            .filter(|control| self.is_present(control));
        let control =
            controls.find(|control| control.key == Some(small) && control.hold_key.is_none())?;
        Some((control.id, Edge::Held))
    }

    fn is_present(&self, control: &ControlFace) -> bool {
        present(control.layer, self.layer)
            && self.face.control(&control.name, self.layer) == Found::Control(control.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hw::face::tests::{control, output};
    use crate::panel::plan::{OutputId, PanelId};

    fn face() -> Face {
        let mut dial = control(3, "dial", None, None);
        dial.turn_keys = Some(('-', '+'));
        let mut held = control(4, "b", Some('b'), None);
        held.hold_key = Some('h');
        Face {
            id: PanelId(0),
            controls: vec![
                control(1, "a", Some('a'), None),
                control(2, "a", Some('a'), Some(LayerId(1).0)),
                dial,
                held,
                control(5, "night only", Some('n'), Some(1)),
            ],
            outputs: vec![
                output(1, "a", None),
                output(2, "link", None),
                output(3, "night only", Some(1)),
            ],
            layers: vec!["day".into(), "night".into()],
            title: "Hall\u{1b}[2J".into(),
        }
    }

    #[test]
    fn keys_mean_what_is_present_in_the_layer() {
        let mut model = Model::new(face());
        let table = [
            ('a', 0, Some((1, Edge::Tap))),
            ('a', 1, Some((2, Edge::Tap))),
            ('A', 0, Some((1, Edge::Held))),
            ('A', 1, Some((2, Edge::Held))),
            ('h', 0, Some((4, Edge::Held))),
            ('B', 0, None),
            ('-', 0, Some((3, Edge::Turn(-1)))),
            ('+', 1, Some((3, Edge::Turn(1)))),
            ('n', 0, None),
            ('n', 1, Some((5, Edge::Tap))),
            ('x', 0, None),
        ];
        for (c, layer, want) in table {
            model.layer = LayerId(layer);
            let want = want.map(|(id, edge)| (ControlId(id), edge));
            assert_eq!(model.key(c), want, "{c} in layer {layer}");
        }
        assert_eq!(model.face.title, "Hall");
    }

    #[test]
    fn a_lamp_shares_its_controls_cell() {
        let mut model = Model::new(face());
        let cells = |model: &Model| -> Vec<_> {
            model
                .cells()
                .iter()
                .map(|cell| (cell.control, cell.output))
                .collect()
        };
        assert_eq!(
            cells(&model),
            [
                (Some(0), Some(0)),
                (Some(2), None),
                (Some(3), None),
                (None, Some(1))
            ]
        );
        model.layer = LayerId(1);
        assert_eq!(cells(&model)[0], (Some(1), Some(0)));
        assert_eq!(cells(&model)[3], (Some(4), Some(2)));
    }

    #[test]
    fn news_of_a_press_stays_two_seconds_also_through_a_change_of_layer() {
        let mut model = Model::new(face());
        let now = Time::from_millis(1000);
        model.show(
            &Show::Feedback {
                control: ControlId(1),
                feedback: Feedback::Taken,
            },
            now,
        );
        model.show(&Show::Layer(LayerId(1)), now);
        model.show(
            &Show::Look {
                output: OutputId(99),
                look: Look::default(),
            },
            now,
        );
        assert_eq!(model.feedback(1), Some(Feedback::Taken));
        assert_eq!(model.poll_at(), Some(Time::from_millis(3000)));
        assert!(!model.expire(Time::from_millis(2999)));
        assert!(model.expire(Time::from_millis(3000)));
        assert_eq!((model.feedback(1), model.poll_at()), (None, None));
    }
}
