// SPDX-License-Identifier: MIT OR Apache-2.0
//! A device that was paired anew has a new id, and the old one says nothing of its name (`api.md` 15 no. 14). What it was
//! called the configuration itself may tell: people give its button or lamp the same name.

use crate::client::Missing;
use crate::config::Config;
use crate::failure::Failure;
use crate::homey::names::{NameError, RefKind, Reference, Resolved};
use crate::panel::plan::Source;

use super::check::target;
use super::desk::Desk;

/// What is expected in the place of the id that a point has and the hub does not know, and what is probably meant.
pub(super) fn meant(
    desk: &mut Desk,
    config: &Config,
    point: usize,
) -> Result<(Option<String>, Option<String>), Failure> {
    let written = config.plan.points.get(point).map_or("", |p| &*p.device);
    if !is_id(written) {
        return Ok((None, None));
    }
    let expected = "a device that is there: this one was removed or paired anew, which gives it another id; \"Zone/Name\" outlives that";
    let names = called(config, point);
    let references: Vec<Reference<'_>> = names
        .iter()
        .map(|text| Reference {
            text,
            kind: RefKind::Device,
        })
        .collect();
    let found = desk.look_up(&references)?.found;
    let exact = found.iter().find_map(|f| f.as_ref().ok());
    let near = found.iter().find_map(|f| match f {
        Err(Missing::Name(NameError::NotFound { nearest, .. })) => nearest.first(),
        _ => None,
    });
    let hint = exact
        .or(near)
        .map(|device| format!("{:?} ({})", full_name(device), device.id));
    Ok((Some(expected.into()), hint))
}

fn full_name(device: &Resolved) -> String {
    match &device.zone {
        Some(zone) => format!("{zone}/{}", device.name),
        None => device.name.clone(),
    }
}

/// Whether a text is an id, as devices have them, and no name.
fn is_id(text: &str) -> bool {
    text.len() >= 20 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// What the configuration calls whatever drives or shows a point: labels first, names after them.
fn called(config: &Config, point: usize) -> Vec<String> {
    let is_ours = |id: usize| id == point;
    let mut labels = Vec::new();
    let mut names = Vec::new();
    for (control, face) in config.plan.controls.iter().zip(&config.control_faces) {
        let mut actions = control.bindings.iter().flat_map(|(_, actions)| actions);
        if actions.any(|a| target(a).is_some_and(|p| is_ours(p.0.into()))) {
            labels.push(face.label.clone());
            names.push(control.name.clone());
        }
    }
    for (output, face) in config.plan.outputs.iter().zip(&config.output_faces) {
        if matches!(output.source, Source::Point(p) if is_ours(p.0.into())) {
            labels.push(face.label.clone());
            names.push(output.name.clone());
        }
    }
    labels.append(&mut names);
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_from_names() {
        assert!(is_id("3b0e6c7a-51d4-4f7e-8a90-2c6d1f4b7e01"));
        assert!(is_id("5f00aa11bb22cc33dd44ff66"));
        for name in ["Office/Desk light", "Lamp", "", "deadbeef"] {
            assert!(!is_id(name), "{name}");
        }
    }

    #[test]
    fn the_configuration_tells_what_a_device_was_called() {
        let id = "3b0e6c7a-51d4-4f7e-8a90-2c6d1f4b7e01";
        let text = format!(
            "[hub]\naddress = \"10.0.0.2\"\n[[panel]]\nname = \"w\"\nkind = \"line\"\nstdio = true\n\
             [[control]]\nname = \"k1\"\nlabel = \"Desk light\"\npress = {{ toggle = \"{id}\" }}\n\
             [[control]]\nname = \"k2\"\npress = {{ toggle = \"Hall/Lamp\" }}\n\
             [[output]]\nname = \"desk\"\nshow = \"{id}\"\n"
        );
        let config = Config::parse("f", &text).unwrap();
        assert_eq!(called(&config, 0), ["Desk light", "desk", "k1", "desk"]);
    }
}
