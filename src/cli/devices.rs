// SPDX-License-Identifier: MIT OR Apache-2.0
//! `devices` and `zones`: what the home holds.

use lexopt::prelude::{Long, Short, ValueExt as _};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::homey::call::Call;
use crate::homey::names::{ItemKind, RefKind, Reference, Resolver};
use crate::homey::reply::{self, Zones};

use super::desk::{Desk, named};
use super::table::Table;
use super::{Common, Json, positionals};

/// `devices [--zone ZONE] [--json]`
pub(super) fn devices(parser: &mut lexopt::Parser, common: &mut Common) -> Result<(), Failure> {
    let (mut zone, mut as_json) = (None, false);
    while let Some(arg) = parser.next()? {
        match arg {
            Long("zone") => zone = Some(parser.value()?.string()?),
            Long("json") => as_json = true,
            Short('c') | Long("config") => common.config = Some(parser.value()?.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    let mut desk = Desk::open(common)?;
    let zones = read_zones(&mut desk)?;
    let within = match zone {
        Some(zone) => Some(below(&find_zone(&zone, &zones)?, &zones)),
        None => None,
    };
    let mut table = Table::new(&["zone", "name", "class", "available", "id", "capabilities"]);
    desk.read(&Call::Devices, &mut |body| {
        reply::devices_full(body, &mut |device| {
            let id = device.zone.as_deref();
            let is_in = |within: &Vec<&str>| id.is_some_and(|id| within.contains(&id));
            if !within.as_ref().is_none_or(is_in) {
                return;
            }
            let zone = id.and_then(|id| zones.name(id));
            let capabilities: Vec<Value> = device
                .capabilities
                .iter()
                .map(|(id, _)| json!(id))
                .collect();
            table.row(vec![
                json!(zone),
                json!(device.name),
                json!(device.class),
                json!(device.available),
                json!(device.id),
                Value::Array(capabilities),
            ]);
        })?;
        Ok(())
    })?;
    table.sort();
    table.show(as_json)
}

/// The id of the zone that `text` means: by name, by path or by id.
fn find_zone(text: &str, zones: &Zones) -> Result<String, Failure> {
    let references = [Reference {
        text,
        kind: RefKind::Zone,
    }];
    let mut resolver = Resolver::new(&references);
    resolver.zones(zones);
    for (id, name, parent) in zones.iter() {
        resolver.item(ItemKind::Zone, id, name, parent);
    }
    let found = resolver.finish().into_iter().next();
    let found = found.ok_or_else(|| Failure::unavailable("the look-up gave nothing"))?;
    Ok(named(found)?.id)
}

/// A zone and all those inside it, whatever circles their parents may make.
fn below<'z>(id: &str, zones: &'z Zones) -> Vec<&'z str> {
    let mut within: Vec<&str> = Vec::new();
    let mut rest: Vec<(&str, Option<&str>)> = Vec::new();
    for (zone, _, parent) in zones.iter() {
        match zone == id {
            true => within.push(zone),
            false => rest.push((zone, parent)),
        }
    }
    let mut at = 0;
    while let Some(outer) = within.get(at) {
        let outer = *outer;
        rest.retain(|(zone, parent)| {
            let is_inside = *parent == Some(outer);
            if is_inside {
                within.push(zone);
            }
            !is_inside
        });
        at += 1;
    }
    within
}

/// `zones [--json]`
pub(super) fn zones(parser: &mut lexopt::Parser, common: &mut Common) -> Result<(), Failure> {
    let (_, as_json) = positionals(parser, common, &[], 0, Json::Yes)?;
    let mut desk = Desk::open(common)?;
    let zones = read_zones(&mut desk)?;
    let mut table = Table::new(&["zone", "within", "id"]);
    for (id, name, _) in zones.iter() {
        let within: Vec<&str> = zones.outward(id).skip(1).collect();
        table.row(vec![json!(name), json!(within.join(" < ")), json!(id)]);
    }
    table.sort();
    table.show(as_json)
}

/// All zones of the home.
pub(super) fn read_zones(desk: &mut Desk) -> Result<Zones, Failure> {
    desk.read(&Call::Zones, &mut |body| Ok(reply::zones(body)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_taken_with_those_below_it_and_circles_end() {
        let mut zones = Zones::default();
        for (id, name, parent) in [
            ("z0", "Home", None),
            ("z1", "Up", Some("z0")),
            ("z2", "Bath", Some("z1")),
            ("z3", "Bath", Some("z0")),
            ("z4", "Ring", Some("z5")),
            ("z5", "Ring two", Some("z4")),
            ("z6", "Stray", Some("gone")),
        ] {
            zones.insert(id, name, parent);
        }
        assert_eq!(below("z1", &zones), ["z1", "z2"]);
        assert_eq!(below("z0", &zones), ["z0", "z1", "z3", "z2"]);
        assert_eq!(below("z4", &zones), ["z4", "z5"]);
        let find = |text| find_zone(text, &zones).map_err(|e| e.message);
        for (text, id) in [
            ("up", "z1"),
            ("Up/Bath", "z2"),
            ("z3", "z3"),
            ("Home/Bath", "z3"),
        ] {
            assert_eq!(find(text).as_deref(), Ok(id));
        }
        let error = find("Bath").unwrap_err();
        assert!(error.starts_with("2 zones are called \"Bath\""), "{error}");
        let error = find("Ringg").unwrap_err();
        assert!(
            error.contains("no zone is called \"Ringg\"; near it: "),
            "{error}"
        );
        assert!(find("").unwrap_err().contains("homey-panel zones shows"));
    }
}
