// SPDX-License-Identifier: MIT OR Apache-2.0
//! `get` and `set`: the values of one device.

use std::io;

use serde_json::{Value as Json, json};

use crate::config::nearest;
use crate::failure::Failure;
use crate::homey::call::Call;
use crate::homey::names::RefKind;
use crate::homey::reply::{self, DeviceRow};
use crate::homey::text::one_line;
use crate::homey::{Kind, Reading, Traits, Value};

use super::desk::Desk;
use super::table::{Table, harmless};
use super::{Common, Json as HasJson, note, positionals, print, written};

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
            json!(traits.and_then(range)),
        ]);
    }
    written(table.write(&mut io::stdout().lock(), as_json))
}

/// `set DEVICE CAPABILITY VALUE`
pub(super) fn set(parser: &mut lexopt::Parser, common: &mut Common) -> Result<(), Failure> {
    let mut values = Vec::new();
    // A negative number is a value here, not an option.
    let mut raw = parser.raw_args()?;
    while let Some(value) = raw.next() {
        if values.is_empty() && (value == "-c" || value == "--config") {
            let file = raw
                .next()
                .ok_or_else(|| Failure::usage("set: -c: the file is missing"))?;
            common.config = Some(file.into());
            continue;
        }
        values.push(
            value
                .into_string()
                .map_err(|_| Failure::usage("set: an argument is not UTF-8 text"))?,
        );
    }
    let [name, capability, text] = values.as_slice() else {
        return Err(Failure::usage("set: expected DEVICE CAPABILITY VALUE"));
    };
    let mut desk = Desk::open(common)?;
    let device = read_device(&mut desk, name)?;
    let reading = pick(&device, capability)?;
    let value = parse(text, reading.traits.as_deref()).map_err(|why| {
        Failure::usage_plain(one_line(
            &format!("setting {capability} of {} to {text}: {why}", device.name),
            1000,
        ))
    })?;
    let call = Call::SetCapability {
        device: &device.id,
        capability,
        value: &value,
        duration: None,
    };
    let doing = format!("setting {capability} of {} to {value}", device.name);
    let replied = desk.read_as(&doing, &call, &mut |body| {
        let bytes = crate::net::collect(body, 64 * 1024)?;
        Ok(reply::set_reply(&bytes))
    })?;
    let shown = replied.as_ref().unwrap_or(&value);
    print(&format!(
        "{} {capability} = {}\n",
        harmless(&device.name),
        harmless(&shown.to_string())
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

/// Reads a value as the capability's own type and checks it against the device's own range.
fn parse(text: &str, traits: Option<&Traits>) -> Result<Value, String> {
    let Some(traits) = traits else {
        return Ok(guess(text));
    };
    if !traits.setable {
        return Err("the device does not let it be set".into());
    }
    match traits.kind {
        Kind::Boolean => match text {
            "true" | "on" | "yes" | "1" => Ok(Value::Bool(true)),
            "false" | "off" | "no" | "0" => Ok(Value::Bool(false)),
            _ => Err("expected true or false".into()),
        },
        Kind::Number => {
            let number = match finite(text) {
                Some(number) => number,
                None => return Err(format!("expected a number{}", meant(text, traits))),
            };
            let (low, high) = (
                traits.min.unwrap_or(f64::MIN),
                traits.max.unwrap_or(f64::MAX),
            );
            if number < low || number > high {
                let hint = if high <= 1.0 && number > 1.0 && number <= 100.0 {
                    format!("; did you mean {}", number / 100.0)
                } else {
                    String::new()
                };
                return Err(format!(
                    "expected {}{hint}",
                    range(traits).unwrap_or_else(|| "another number".into())
                ));
            }
            Ok(Value::Number(number))
        }
        Kind::Enum
            if !traits.choices.is_empty() && !traits.choices.iter().any(|c| **c == *text) =>
        {
            let choices = traits.choices.iter().map(|c| &**c);
            let hint = nearest(text, choices)
                .map(|near| format!("; did you mean {near}"))
                .unwrap_or_default();
            Err(format!(
                "expected one of {}{hint}",
                traits.choices.join(", ")
            ))
        }
        Kind::Enum | Kind::String => Ok(Value::Text(text.into())),
        Kind::Other => Ok(guess(text)),
    }
}

fn finite(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|n| n.is_finite())
}

/// `60%` and `0,6`, as people write them.
fn meant(text: &str, traits: &Traits) -> String {
    let plain = text.trim_end_matches(['%', ' ']).replace(',', ".");
    let Some(number) = finite(&plain) else {
        return String::new();
    };
    let is_share = text.contains('%') && traits.max.is_some_and(|max| max <= 1.0);
    let number = if is_share { number / 100.0 } else { number };
    format!("; did you mean {number}")
}

fn guess(text: &str) -> Value {
    match (text, text.parse::<f64>()) {
        ("true", _) => Value::Bool(true),
        ("false", _) => Value::Bool(false),
        (_, Ok(n)) if n.is_finite() => Value::Number(n),
        _ => Value::Text(text.into()),
    }
}

/// What a capability takes, in words: `0 to 1`, `auto|heat`; `None` where it does not say.
pub(super) fn range(traits: &Traits) -> Option<String> {
    match (traits.kind, traits.min, traits.max) {
        (Kind::Enum, _, _) => Some(traits.choices.join("|")),
        (_, Some(low), Some(high)) => Some(format!("{low} to {high}")),
        (_, Some(low), None) => Some(format!("from {low}")),
        (_, None, Some(high)) => Some(format!("up to {high}")),
        (_, None, None) => None,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_the_device_means_them() {
        let dim = Traits {
            kind: Kind::Number,
            setable: true,
            min: Some(0.0),
            max: Some(1.0),
            ..Traits::default()
        };
        let onoff = Traits {
            kind: Kind::Boolean,
            setable: true,
            ..Traits::default()
        };
        let mode = Traits {
            kind: Kind::Enum,
            setable: true,
            choices: vec!["auto".into(), "off".into()],
            ..Traits::default()
        };
        let meter = Traits {
            kind: Kind::Number,
            ..Traits::default()
        };
        for (text, traits, want) in [
            ("0.6", &dim, Ok(Value::Number(0.6))),
            ("60", &dim, Err("expected 0 to 1; did you mean 0.6")),
            ("-1", &dim, Err("expected 0 to 1")),
            ("much", &dim, Err("expected a number")),
            ("NaN", &dim, Err("expected a number")),
            ("on", &onoff, Ok(Value::Bool(true))),
            ("2", &onoff, Err("expected true or false")),
            ("off", &mode, Ok(Value::Text("off".into()))),
            ("heat", &mode, Err("expected one of auto, off")),
            ("1", &meter, Err("the device does not let it be set")),
        ] {
            assert_eq!(
                parse(text, Some(traits)),
                want.map_err(str::to_string),
                "{text}"
            );
        }
    }
}
