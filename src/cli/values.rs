// SPDX-License-Identifier: MIT OR Apache-2.0
//! `get` and `set`: the values of one device.

use serde_json::{Value as Json, json};

use crate::config::nearest;
use crate::failure::Failure;
use crate::homey::call::{Call, CallError, Other, Repeat};
use crate::homey::names::RefKind;
use crate::homey::reply::{self, DeviceRow};
use crate::homey::text::one_line;
use crate::homey::{Kind, Reading, Traits, Value};

use super::desk::Desk;
use super::table::{Table, harmless};
use super::{Common, Json as HasJson, colour, note, parse, positionals, print, raw_words};

/// `get DEVICE [CAPABILITY] [--json]`
pub(super) fn get(parser: &mut lexopt::Parser, common: &mut Common) -> Result<(), Failure> {
    let (values, as_json) =
        positionals(parser, common, &["DEVICE", "CAPABILITY"], 1, HasJson::Yes)?;
    let mut desk = Desk::open(common)?;
    let name = values.first().map_or("", String::as_str);
    let device = read_device(&mut desk, name)?;
    if !device.available {
        let why = device.message.as_deref().unwrap_or_default();
        let why = one_line(why, 160);
        let colon = if why.is_empty() { "" } else { ": " };
        note(&format!(
            "{} is unavailable{colon}{why}; its values are the last ones known",
            device.name
        ));
    }
    if let Some(capability) = values.get(1) {
        let reading = pick(&device, capability)?;
        let shown = if as_json {
            to_json(&reading.value).to_string()
        } else {
            with_units(reading)
        };
        return print(&format!("{}\n", harmless(&shown)));
    }
    let mut table = Table::new(&["capability", "value", "units", "type", "settable", "range"]);
    for (id, reading) in &device.capabilities {
        let traits = reading.traits.as_deref();
        table.row(vec![
            json!(id),
            to_json(&reading.value),
            json!(traits.and_then(|t| t.units.as_deref())),
            json!(traits.map(|t| kind_word(t.kind))),
            json!(traits.is_some_and(|t| t.setable)),
            json!(traits.and_then(parse::range)),
        ]);
    }
    table.show(as_json)
}

/// `set DEVICE CAPABILITY VALUE [--duration TIME]`
pub(super) fn set(parser: &mut lexopt::Parser, common: &mut Common) -> Result<(), Failure> {
    let (words, duration) = raw_words(parser, common, "set", Some("--duration"))?;
    let [name, capability, text] = words.as_slice() else {
        return Err(Failure::usage("set: expected DEVICE CAPABILITY VALUE"));
    };
    let duration = match duration {
        Some(time) => Some(parse::duration(&time).map_err(|why| {
            Failure::usage_plain(one_line(&format!("--duration {time}: {why}"), 200))
        })?),
        None => None,
    };
    let mut desk = Desk::open(common)?;
    let device = read_device(&mut desk, name)?;
    let is_own = |name: &str| device.capabilities.iter().any(|(id, _)| id == name);
    let wrong = |why: String| {
        let doing = format!("setting {capability} of {} to {text}", device.name);
        Failure::usage_plain(one_line(&format!("{doing}: {why}"), 1000))
    };
    if matches!(capability.as_str(), "colour" | "color") && !is_own(capability) {
        let steps = colour_steps(&device, text).map_err(wrong)?;
        for (capability, value) in &steps {
            let shown = put(&mut desk, &device, capability, value, duration)?;
            say(&device, capability, &shown)?;
        }
        return Ok(());
    }
    let reading = pick(&device, capability)?;
    let value = parse::value(text, reading.traits.as_deref()).map_err(wrong)?;
    let shown = put(&mut desk, &device, capability, &value, duration)?;
    say(&device, capability, &shown)
}

/// What a lamp is to be told one after the other for a colour, each as its own capability takes it.
fn colour_steps(device: &DeviceRow, text: &str) -> Result<Vec<(&'static str, Value)>, String> {
    let (hue, saturation) = colour::read(text)?;
    let traits = |id: &str| {
        let found = device.capabilities.iter().find(|(known, _)| known == id);
        let traits = found.and_then(|(_, reading)| reading.traits.as_deref());
        traits.filter(|traits| traits.setable)
    };
    if traits("light_hue").is_none() {
        return Err("the device has no light_hue that could be set".into());
    }
    let mut steps = Vec::new();
    // Some lamps stay white until they are told to show colours.
    if traits("light_mode").is_some_and(|mode| mode.choices.iter().any(|c| &**c == "color")) {
        steps.push(("light_mode", Value::Text("color".into())));
    }
    for (id, number) in [("light_saturation", saturation), ("light_hue", hue)] {
        if let Some(traits) = traits(id) {
            let number = parse::on_grid(number, traits);
            steps.push((id, parse::value(&number.to_string(), Some(traits))?));
        }
    }
    Ok(steps)
}

/// Writes one value; what the device has now, as far as the reply tells.
fn put(
    desk: &mut Desk,
    device: &DeviceRow,
    capability: &str,
    value: &Value,
    duration: Option<u32>,
) -> Result<Value, Failure> {
    let doing = format!("setting {capability} of {} to {value}", device.name);
    let set = Call::SetCapability {
        device: &device.id,
        capability,
        value,
        duration,
    };
    let wrong = |e: CallError| Failure::usage_plain(one_line(&format!("{doing}: {e}"), 1000));
    let (target, body) = (set.path().map_err(wrong)?, set.body().map_err(wrong)?);
    let found = device.capabilities.iter().find(|(id, _)| id == capability);
    let traits = found.and_then(|(_, reading)| reading.traits.as_deref());
    // What cannot be read acts on every write: an app's own button may not be pressed twice.
    let call = match traits.is_some_and(|traits| !traits.getable) {
        true => Call::Other(Other {
            method: "PUT",
            target: &target,
            body: body.as_deref(),
            bearer: true,
            scope: set.scope(),
            name: &doing,
            repeat: Repeat::OneShot,
        }),
        false => set,
    };
    let replied = desk.read_as(&doing, &call, &mut |body| {
        let bytes = crate::net::collect(body, 64 * 1024)?;
        Ok(reply::set_reply(&bytes))
    })?;
    Ok(replied.unwrap_or_else(|| value.clone()))
}

fn say(device: &DeviceRow, capability: &str, value: &Value) -> Result<(), Failure> {
    print(&format!(
        "{} {capability} = {}\n",
        harmless(&device.name),
        harmless(&value.to_string())
    ))
}

fn read_device(desk: &mut Desk, name: &str) -> Result<DeviceRow, Failure> {
    let found = desk.find(RefKind::Device, name)?;
    let row = desk.read(&Call::Device(&found.id), &mut |body| {
        Ok(reply::device_row(body)?)
    })?;
    Ok(row)
}

fn pick<'d>(device: &'d DeviceRow, capability: &str) -> Result<&'d Reading, Failure> {
    let found = device.capabilities.iter().find(|(id, _)| id == capability);
    found.map(|(_, reading)| reading).ok_or_else(|| {
        let ids: Vec<&str> = device
            .capabilities
            .iter()
            .map(|(id, _)| id.as_str())
            .collect();
        let known = if ids.is_empty() {
            "none".to_string()
        } else {
            ids.join(", ")
        };
        let hint = nearest(capability, ids)
            .map(|near| format!("; did you mean {near}"))
            .unwrap_or_default();
        Failure::usage_plain(one_line(
            &format!(
                "{} has no capability {capability:?}{hint}; it has {known}",
                device.name
            ),
            2000,
        ))
    })
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Boolean => "boolean",
        Kind::Number => "number",
        Kind::Enum => "enum",
        Kind::String => "string",
        Kind::Other => "other",
    }
}

fn with_units(reading: &Reading) -> String {
    let traits = reading.traits.as_deref();
    // A dim of 0.6 has the units % on hubs, and means 60 %. What is shown is what `set` takes.
    let is_share = |t: &&Traits| t.units.as_deref() == Some("%") && t.max.is_some_and(|m| m <= 1.0);
    let units = traits
        .filter(|t| !is_share(t))
        .and_then(|t| t.units.as_deref());
    match (units, &reading.value) {
        (Some(units), Value::Number(n)) => format!("{n} {units}"),
        (_, value) => value.to_string(),
    }
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(b) => json!(b),
        Value::Number(n) => json!(n),
        Value::Text(t) => json!(&**t),
    }
}
