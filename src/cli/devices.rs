// SPDX-License-Identifier: MIT OR Apache-2.0
//! `devices` and `zones`: what the home holds.

use std::io;

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::homey::call::Call;
use crate::homey::reply::{self, Zones};

use super::desk::Desk;
use super::table::Table;
use super::{Common, Json, positionals, written};

/// `devices [--json]`
pub(super) fn devices(parser: &mut lexopt::Parser, common: &mut Common) -> Result<(), Failure> {
    let (_, as_json) = positionals(parser, common, &[], 0, Json::Yes)?;
    let mut desk = Desk::open(common)?;
    let zones = read_zones(&mut desk)?;
    let mut table = Table::new(&["zone", "name", "class", "available", "id", "capabilities"]);
    desk.read(&Call::Devices, &mut |body| {
        reply::devices_full(body, &mut |device| {
            let zone = device.zone.as_deref().and_then(|id| zones.name(id));
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
    written(table.write(&mut io::stdout().lock(), as_json))
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
    written(table.write(&mut io::stdout().lock(), as_json))
}

fn read_zones(desk: &mut Desk) -> Result<Zones, Failure> {
    desk.read(&Call::Zones, &mut |body| Ok(reply::zones(body)?))
}
