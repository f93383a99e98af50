// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a panel device needs to know of its controls and outputs: names, labels, keys, layers. Pure.

use crate::panel::plan::{ControlId, LayerId, OutputId, PanelId};

/// The controls and outputs of one panel.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Face {
    /// Stands in the shows that are about a whole panel.
    pub id: PanelId,
    /// What can be pressed or turned.
    pub controls: Vec<ControlFace>,
    /// What shows something.
    pub outputs: Vec<OutputFace>,
    /// The layers' names, by [`LayerId`]; the first is shown at start. May be empty.
    pub layers: Vec<String>,
    /// One line about this panel, such as the room.
    pub title: String,
}

/// One control.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ControlFace {
    /// Stands in the events.
    pub id: ControlId,
    /// By which the device calls it.
    pub name: String,
    /// For a person.
    pub label: String,
    /// The key that taps it, on a terminal.
    pub key: Option<char>,
    /// The key that holds it; without one, the capital of `key` where that is a small letter.
    pub hold_key: Option<char>,
    /// The keys that turn it: down, up.
    pub turn_keys: Option<(char, char)>,
    /// Present in this layer only.
    pub layer: Option<LayerId>,
    /// It is a knob.
    pub turns: bool,
}

/// One lamp or field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutputFace {
    /// Stands in the shows.
    pub id: OutputId,
    /// By which the device knows it.
    pub name: String,
    /// For a person.
    pub label: String,
    /// Present in this layer only.
    pub layer: Option<LayerId>,
}

/// What a name means just now.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// This control.
    Control(ControlId),
    /// A control of other layers only: nothing happens.
    Elsewhere,
    /// No control.
    Nothing,
}

/// Whether something of layer `of` is present while `current` is shown.
pub(super) fn present(of: Option<LayerId>, current: LayerId) -> bool {
    of.is_none_or(|layer| layer == current)
}

impl Face {
    /// The control called `name` in the layer shown; one of this very layer wins over one of every layer.
    pub(super) fn control(&self, name: &str, current: LayerId) -> Found {
        let mut found = Found::Nothing;
        for control in self.controls.iter().filter(|control| control.name == name) {
            if control.layer == Some(current) {
                return Found::Control(control.id);
            }
            if control.layer.is_none() {
                found = Found::Control(control.id);
            } else if found == Found::Nothing {
                found = Found::Elsewhere;
            }
        }
        found
    }

    /// The index of the output `id`, if it is this panel's.
    pub(super) fn output(&self, id: OutputId) -> Option<usize> {
        self.outputs.iter().position(|output| output.id == id)
    }

    /// The index of the output called `name` that is present in the layer shown.
    pub(super) fn output_named(&self, name: &str, current: LayerId) -> Option<usize> {
        let of = |layer: Option<LayerId>| {
            let mut outputs = self.outputs.iter();
            outputs.position(|output| output.name == name && output.layer == layer)
        };
        of(Some(current)).or_else(|| of(None))
    }

    /// The name of `layer`, empty where there is none.
    pub(super) fn layer_name(&self, layer: LayerId) -> &str {
        self.layers
            .get(usize::from(layer.0))
            .map_or("", String::as_str)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A control for tests: its label is its name.
    pub(crate) fn control(
        id: u16,
        name: &str,
        key: Option<char>,
        layer: Option<u8>,
    ) -> ControlFace {
        ControlFace {
            id: ControlId(id),
            name: name.into(),
            label: name.into(),
            key,
            hold_key: None,
            turn_keys: None,
            layer: layer.map(LayerId),
            turns: false,
        }
    }

    /// An output for tests: its label is its name.
    pub(crate) fn output(id: u16, name: &str, layer: Option<u8>) -> OutputFace {
        OutputFace {
            id: OutputId(id),
            name: name.into(),
            label: name.into(),
            layer: layer.map(LayerId),
        }
    }

    #[test]
    fn a_name_means_the_control_of_the_layer_shown() {
        let face = Face {
            controls: vec![
                control(1, "a", None, Some(0)),
                control(2, "a", None, None),
                control(3, "b", None, Some(1)),
                control(4, "a", None, Some(2)),
            ],
            outputs: vec![output(7, "a", None), output(8, "a", Some(1))],
            ..Face::default()
        };
        let table = [
            ("a", 0, Found::Control(ControlId(1))),
            ("a", 1, Found::Control(ControlId(2))),
            ("a", 2, Found::Control(ControlId(4))),
            ("b", 0, Found::Elsewhere),
            ("b", 1, Found::Control(ControlId(3))),
            ("c", 0, Found::Nothing),
        ];
        for (name, layer, found) in table {
            assert_eq!(
                face.control(name, LayerId(layer)),
                found,
                "{name} in layer {layer}"
            );
        }
        assert_eq!(face.output_named("a", LayerId(1)), Some(1));
        assert_eq!(face.output_named("a", LayerId(0)), Some(0));
    }
}
