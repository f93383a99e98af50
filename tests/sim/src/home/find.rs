// SPDX-License-Identifier: MIT OR Apache-2.0

//! Finds a device the way the control API names it.

use super::Home;

/// Why no single device was found.
#[derive(Debug, PartialEq, Eq)]
pub enum Miss {
    /// Nothing has that id or name.
    Unknown,
    /// Several have it: their ids.
    Ambiguous(Vec<String>),
}

impl Home {
    /// Position of the device with this id, this "Zone/Name" or this name.
    /// Devices that are gone are found too: they can be brought back.
    pub fn find(&self, wanted: &str) -> Result<usize, Miss> {
        if let Some(at) = self.devices.iter().position(|d| d.id == wanted) {
            return Ok(at);
        }
        let mut named = self.positions(|_, name| name == wanted);
        if named.is_empty() {
            // Zone and device names may hold slashes themselves, so compare whole.
            named = self.positions(|zone, name| {
                wanted
                    .strip_prefix(zone)
                    .and_then(|rest| rest.strip_prefix('/'))
                    == Some(name)
            });
        }
        match named.as_slice() {
            [] => Err(Miss::Unknown),
            [one] => Ok(*one),
            many => Err(Miss::Ambiguous(
                many.iter().map(|i| self.devices[*i].id.clone()).collect(),
            )),
        }
    }

    fn positions(&self, fits: impl Fn(&str, &str) -> bool) -> Vec<usize> {
        let devices = self.devices.iter().enumerate();
        devices
            .filter(|(_, d)| fits(self.zone_name(&d.zone), &d.name))
            .map(|(i, _)| i)
            .collect()
    }

    /// Name of a zone, empty for an unknown one.
    pub fn zone_name(&self, id: &str) -> &str {
        self.zones
            .iter()
            .find(|z| z.id == id)
            .map_or("", |z| z.name.as_str())
    }

    /// Names from the root down to the zone, joined by slashes.
    pub fn zone_path(&self, id: &str) -> String {
        let mut names = Vec::new();
        let mut next = Some(id.to_owned());
        // At most as many steps as zones: a cycle must not hang.
        for _ in 0..self.zones.len() {
            let zone = self.zones.iter().find(|z| Some(&z.id) == next.as_ref());
            let Some(zone) = zone else { break };
            names.push(zone.name.as_str());
            next.clone_from(&zone.parent);
        }
        names.reverse();
        names.join("/")
    }
}
