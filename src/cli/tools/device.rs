// SPDX-License-Identifier: MIT OR Apache-2.0
//! `device`: all about one device, but for what may be a secret: of its settings only their names, of `data` nothing.

use serde_json::{Value, json};

use crate::cli::desk::Desk;
use crate::cli::table::{Table, put_lines};
use crate::cli::{Common, Json, devices, positionals, written};
use crate::client::account::wall_ms;
use crate::failure::{Exit, Failure};
use crate::homey::call::Call;
use crate::homey::iso;
use crate::homey::names::RefKind;
use crate::homey::reply::Zones;

use super::age::age;
use super::items::{self, Object, first, text};
use super::record::{Record, show_json};

/// More are left out, as everywhere; the most seen is about 40.
const MAX_CAPABILITIES: usize = 256;

/// `device DEVICE [--json]`
pub(in crate::cli) fn device(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    let (values, as_json) = positionals(parser, common, &["DEVICE"], 1, Json::Yes)?;
    let name = values.first().map_or("", String::as_str);
    let mut desk = Desk::open(common)?;
    let found = desk.find(RefKind::Device, name)?;
    let doing = format!("reading device {}", found.name);
    let device = items::one(&mut desk, &doing, &Call::Device(&found.id), "a device")?;
    let zones = match devices::read_zones(&mut desk) {
        Ok(zones) => zones,
        // A key without the scope for zones still tells of devices.
        Err(failure) if failure.exit == Exit::Permission => Zones::default(),
        Err(failure) => return Err(failure),
    };
    let now = wall_ms();
    let mut record = about(&found.id, &device, &zones, now);
    let capabilities = capabilities(&device);
    let settings = device.get("settings").and_then(Value::as_object);
    if as_json {
        let names = settings.map(|settings| settings.keys().collect::<Vec<_>>());
        record.put("setting_names", json!(names));
        let rows = capabilities.iter().map(|(id, one)| object(id, one, now));
        record.put("capabilities", Value::Array(rows.collect()));
        return show_json(&record.object());
    }
    if let Some(count) = settings.map(Object::len).filter(|count| *count > 0) {
        let why = "not shown: they may hold passwords; their names are in --json";
        record.put("settings", json!(format!("{count}, {why}")));
    }
    let mut table = Table::new(&[
        "capability",
        "title",
        "value",
        "units",
        "takes",
        "access",
        "age",
    ]);
    for (id, one) in &capabilities {
        table.row(vec![
            json!(id),
            first(one, &["title"]),
            first(one, &["value"]),
            first(one, &["units"]),
            json!(takes(one)),
            json!(access(one)),
            json!(updated(one).map(|then| age(then, now))),
        ]);
    }
    let mut lines = record.lines();
    lines.push(String::new());
    lines.extend(table.lines());
    written(put_lines(&mut std::io::stdout().lock(), &lines))
}

/// Everything but the capabilities.
fn about(id: &str, device: &Object, zones: &Zones, now: u64) -> Record {
    let zone = text(device, "zone");
    let mut path: Vec<&str> = zone
        .map(|id| zones.outward(id).collect())
        .unwrap_or_default();
    path.reverse();
    let virtual_class = text(device, "virtualClass");
    let energy = device.get("energyObj").and_then(Value::as_object);
    let energy = |name| {
        energy
            .map(|energy| first(energy, &[name]))
            .unwrap_or_default()
    };
    let mut record = Record::new();
    record.put("id", json!(id));
    record.put("name", first(device, &["name"]));
    record.put(
        "zone",
        match zone.and_then(|id| zones.name(id)) {
            Some(name) => json!(name),
            None => first(device, &["zoneName", "zone"]),
        },
    );
    record.put(
        "zone_path",
        json!((!path.is_empty()).then(|| path.join("/"))),
    );
    record.put("class", json!(virtual_class.or(text(device, "class"))));
    record.put("driver", json!(driver(device)));
    record.put(
        "available",
        json!(device.get("available") != Some(&json!(false))),
    );
    record.put("message", first(device, &["unavailableMessage"]));
    record.put("warning", first(device, &["warningMessage"]));
    record.put("note", first(device, &["note"]));
    record.put("flags", first(device, &["flags"]));
    record.put("power_w", energy("W"));
    record.put("batteries", energy("batteries"));
    let seen = text(device, "lastSeenAt");
    record.put("last_seen", json!(seen));
    let since = seen.and_then(iso::parse).map(|then| age(then, now));
    record.put("last_seen_age", json!(since));
    record
}

/// The driver's full id, on both dialects.
fn driver(device: &Object) -> Option<String> {
    let id = text(device, "driverId")?;
    match text(device, "driverUri") {
        Some(owner) if !id.contains(':') => Some(format!("{owner}:{id}")),
        _ => Some(id.to_string()),
    }
}

/// The capabilities in the device's own order, whether they come as a map or as an array.
fn capabilities(device: &Object) -> Vec<(String, Object)> {
    let mut found: Vec<(String, Object)> = Vec::new();
    match device.get("capabilitiesObj") {
        Some(Value::Object(map)) => {
            let objects = map
                .iter()
                .filter_map(|(id, one)| Some((id.clone(), one.as_object()?)));
            found.extend(objects.map(|(id, one)| (id, one.clone())));
        }
        Some(Value::Array(list)) => {
            let objects = list.iter().filter_map(Value::as_object);
            found.extend(
                objects.filter_map(|one| Some((text(one, "id")?.to_string(), one.clone()))),
            );
        }
        _ => {}
    }
    let order = device.get("capabilities").and_then(Value::as_array);
    let place = |id: &str| {
        let at = order.and_then(|ids| ids.iter().position(|known| known == id));
        at.unwrap_or(usize::MAX)
    };
    found.truncate(MAX_CAPABILITIES);
    // std's sorts are 5 KiB of code for each kind of thing.
    let mut sorted: Vec<(usize, (String, Object))> = Vec::with_capacity(found.len());
    for one in found {
        let place = place(&one.0);
        let at = sorted.partition_point(|(other, _)| *other <= place);
        sorted.insert(at, (place, one));
    }
    sorted.into_iter().map(|(_, one)| one).collect()
}

fn flag(one: &Object, name: &str) -> bool {
    one.get(name).and_then(Value::as_bool).unwrap_or(true)
}

fn updated(one: &Object) -> Option<u64> {
    match one.get("lastUpdated") {
        Some(Value::String(text)) => iso::parse(text),
        Some(number) => number.as_u64(),
        None => None,
    }
}

fn access(one: &Object) -> &'static str {
    match (flag(one, "getable"), flag(one, "setable")) {
        (true, true) => "get set",
        (true, false) => "get",
        (false, true) => "set",
        (false, false) => "-",
    }
}

/// The ids of an enum's choices.
fn choices<'o>(one: &'o Object) -> Vec<&'o str> {
    let values = one.get("values").and_then(Value::as_array);
    let values = values.map(Vec::as_slice).unwrap_or_default();
    let id = |choice: &'o Value| match choice {
        Value::Object(choice) => text(choice, "id"),
        _ => choice.as_str(),
    };
    values.iter().filter_map(id).collect()
}

/// What a capability takes, in words: `0 to 1, 2 decimals`, `heat|cool|off`.
fn takes(one: &Object) -> Option<String> {
    let number = |name: &str| one.get(name).and_then(Value::as_f64);
    match text(one, "type")? {
        "boolean" => Some("yes or no".into()),
        "enum" => Some(choices(one).join("|")),
        "number" => {
            let mut words = Vec::new();
            match (number("min"), number("max")) {
                (Some(low), Some(high)) => words.push(format!("{low} to {high}")),
                (Some(low), None) => words.push(format!("from {low}")),
                (None, Some(high)) => words.push(format!("up to {high}")),
                (None, None) => words.push("a number".into()),
            }
            words.extend(number("step").map(|step| format!("steps of {step}")));
            words.extend(number("decimals").map(|digits| match digits {
                1.0 => "1 decimal".to_string(),
                digits => format!("{digits} decimals"),
            }));
            Some(words.join(", "))
        }
        "string" => Some("text".into()),
        _ => None,
    }
}

/// A capability for a program.
fn object(id: &str, one: &Object, now: u64) -> Value {
    let then = updated(one);
    let is_enum = text(one, "type") == Some("enum");
    json!({
        "id": id,
        "title": first(one, &["title"]),
        "type": first(one, &["type"]),
        "value": first(one, &["value"]),
        "units": first(one, &["units"]),
        "min": first(one, &["min"]),
        "max": first(one, &["max"]),
        "step": first(one, &["step"]),
        "decimals": first(one, &["decimals"]),
        "values": is_enum.then(|| choices(one)),
        "gettable": flag(one, "getable"),
        "settable": flag(one, "setable"),
        "updated": first(one, &["lastUpdated"]),
        "age_s": then.map(|then| now.saturating_sub(then) / 1000),
    })
}
