// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the configuration's panels to opened devices: which controls and outputs each one carries.

use crate::config::{Config, PanelKind, Way};
use crate::failure::Failure;
use crate::hw::{self, ControlFace, Face, Kind, OutputFace, Panel, Transport};
use crate::panel::plan::{ControlId, Gesture, OutputId, PanelId};
use crate::time::Time;

/// Opens every configured panel. A device that is merely away is no error; a panel that can never work is.
pub fn open_panels(config: &Config, now: Time) -> Result<Vec<Box<dyn Panel>>, Failure> {
    let mut panels = Vec::with_capacity(config.panels.len());
    for (index, panel) in config.panels.iter().enumerate() {
        panels.push(
            open(config, index, now)
                .map_err(|e| Failure::config(format!("panel {}: {e}", panel.name)))?,
        );
    }
    Ok(panels)
}

fn open(config: &Config, index: usize, now: Time) -> Result<Box<dyn Panel>, hw::OpenError> {
    let name = config.panels.get(index).map_or("", |p| p.name.as_str());
    hw::open(name, panel_kind(config, index), face(config, index), now)
}

/// Gives panels that stay the new face, opens new ones and closes those that went. On an error the
/// old panels are as they were.
pub fn swap_panels(
    panels: &mut Vec<Box<dyn Panel>>,
    old: &Config,
    new: &Config,
    now: Time,
) -> Result<(), Failure> {
    let stays = |index: usize| {
        let wanted = new.panels.get(index)?;
        old.panels
            .iter()
            .position(|p| p.name == wanted.name && p.kind == wanted.kind)
    };
    let mut opened = Vec::new();
    for (index, panel) in new.panels.iter().enumerate() {
        if stays(index).is_none() {
            let fresh = open(new, index, now)
                .map_err(|e| Failure::config(format!("panel {}: {e}", panel.name)))?;
            opened.push((index, fresh));
        }
    }
    let mut before: Vec<Option<Box<dyn Panel>>> = panels.drain(..).map(Some).collect();
    for index in 0..new.panels.len() {
        let kept = stays(index)
            .and_then(|i| before.get_mut(i))
            .and_then(Option::take);
        if let Some(mut panel) = kept {
            panel.reload(face(new, index));
            panels.push(panel);
        } else if let Some(at) = opened.iter().position(|(i, _)| *i == index) {
            panels.push(opened.swap_remove(at).1);
        }
    }
    Ok(())
}

/// The panel `index` in `hw`'s words.
pub fn panel_kind(config: &Config, index: usize) -> Kind {
    match config.panels.get(index).map(|p| &p.kind) {
        None | Some(PanelKind::Terminal) => Kind::Terminal,
        Some(PanelKind::Line(way)) => Kind::Line(match way.clone() {
            Way::Stdio => Transport::Stdio,
            Way::Command(argv) => Transport::Command(argv),
            Way::Fifo { input, output } => Transport::Fifo {
                input: input.into(),
                output: output.map(Into::into),
            },
            Way::Serial { device, baud } => Transport::Serial {
                path: device.into(),
                baud,
            },
            Way::Socket(path) => Transport::Socket(path.into()),
        }),
    }
}

/// What the panel `index` has to know of its controls and outputs.
pub fn face(config: &Config, index: usize) -> Face {
    let panel = PanelId(u8::try_from(index).unwrap_or(u8::MAX));
    let id = |i: usize| u16::try_from(i).unwrap_or(u16::MAX);
    let controls = config
        .plan
        .controls
        .iter()
        .zip(&config.control_faces)
        .enumerate();
    let outputs = config
        .plan
        .outputs
        .iter()
        .zip(&config.output_faces)
        .enumerate();
    Face {
        id: panel,
        controls: controls
            .filter(|(_, (control, _))| control.panel == panel)
            .map(|(i, (control, face))| ControlFace {
                id: ControlId(id(i)),
                name: control.name.clone(),
                label: face.label.clone(),
                key: face.key,
                hold_key: face.hold_key,
                turn_keys: face.turn_keys,
                layer: control.layer,
                turns: control
                    .bindings
                    .iter()
                    .any(|(gesture, _)| *gesture == Gesture::Turn),
            })
            .collect(),
        outputs: outputs
            .filter(|(_, (output, _))| output.panel == panel)
            .map(|(i, (output, face))| OutputFace {
                id: OutputId(id(i)),
                name: output.name.clone(),
                label: face.label.clone(),
                layer: output.layer,
            })
            .collect(),
        layers: config.plan.layers.clone(),
        title: config
            .panels
            .get(index)
            .map(|p| p.name.clone())
            .unwrap_or_default(),
    }
}
