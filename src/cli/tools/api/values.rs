// SPDX-License-Identifier: MIT OR Apache-2.0
//! Typed values, and what an operation makes of them: its path, its query and its body.
//!
//! Must not know where they were typed.

use serde_json::{Map, Value};

use crate::homey::call::path_segment;
use crate::homey::text::percent;

use super::args::hint;
use super::table::{Operation, Parameter, Place, members};

/// Members of arrays and objects in a query beyond this number are refused.
const MAX_QUERY: usize = 1000;

/// What leaves for the hub.
#[derive(Debug, PartialEq)]
pub struct Filled {
    /// Path and query.
    pub target: String,
    pub body: Option<Vec<u8>>,
}

/// A text from the command line as a value of this type.
pub fn typed(kind: &str, text: &str) -> Result<Value, String> {
    if kind == "str" {
        return Ok(text.into());
    }
    let takes = |one: &str| alternatives(kind).any(|k| k == one);
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        // A bare word is never JSON, so only quotes make a text here.
        if !value.is_null() && fits(kind, &value) {
            return Ok(value);
        }
    }
    match text {
        "on" | "yes" if takes("bool") => Ok(true.into()),
        "off" | "no" if takes("bool") => Ok(false.into()),
        _ if takes("str") || takes("any") => Ok(text.into()),
        _ => Err(format!("expected {}", expected(kind))),
    }
}

fn alternatives(kind: &str) -> impl Iterator<Item = &str> {
    kind.split('{').next().unwrap_or_default().split('/')
}

fn fits(kind: &str, value: &Value) -> bool {
    alternatives(kind).any(|one| match one {
        "str" => value.is_string(),
        "num" => value.is_number(),
        "bool" => value.is_boolean(),
        "obj" => value.is_object(),
        "arr" => value.is_array(),
        _ => true,
    })
}

/// A type in words.
fn expected(kind: &str) -> String {
    let words: Vec<&str> = alternatives(kind)
        .map(|one| match one {
            "str" => "a text",
            "num" => "a number",
            "bool" => "true or false",
            "obj" => "a JSON object",
            "arr" => "a JSON array",
            _ => "JSON",
        })
        .collect();
    words.join(" or ")
}

/// Whether JSON has the parameter's type and, where these are known, its members. `null` unsets a member on many calls.
pub fn check(p: &Parameter, value: &Value) -> Result<(), String> {
    if value.is_null() {
        return Ok(());
    }
    if !fits(p.kind, value) {
        return Err(format!("{}: expected {}", p.name, expected(p.kind)));
    }
    match (members(p.kind), value) {
        (Some(known), Value::Object(given)) => {
            let known: Vec<Parameter> = known.collect();
            check_members(&known, given).map_err(|why| format!("{}: {why}", p.name))
        }
        _ => Ok(()),
    }
}

/// The same for a whole object: required members are there, and no others than known ones.
pub fn check_members(known: &[Parameter], given: &Map<String, Value>) -> Result<(), String> {
    for p in known.iter().filter(|p| !p.optional) {
        if !given.contains_key(p.name) {
            return Err(format!("{} is missing: {}", p.name, expected(p.kind)));
        }
    }
    for (name, value) in given {
        match known.iter().find(|p| p.name == name) {
            Some(p) => check(p, value)?,
            None => {
                let hint = hint(name, known.iter().map(|p| p.name));
                return Err(format!("there is no member {name:?}{hint}"));
            }
        }
    }
    Ok(())
}

/// Puts checked values into their places. `whole`: a body that was given as one.
pub fn fill(
    operation: &Operation,
    given: &[(Parameter, Value)],
    whole: Option<&Value>,
) -> Result<Filled, String> {
    let of = |place: Place| given.iter().filter(move |(p, _)| p.place == place);
    let mut target = format!("/api/manager/{}", operation.manager);
    // `/` alone is the manager itself.
    for part in operation.path.split('/').filter(|part| !part.is_empty()) {
        target.push('/');
        let Some(name) = part.strip_prefix(':') else {
            target.push_str(part);
            continue;
        };
        let value = of(Place::Path).find(|(p, _)| p.name == name);
        let text = value.and_then(|(_, v)| v.as_str()).unwrap_or_default();
        target.push_str(&path_segment("id", text).map_err(|e| format!("{name}: {e}"))?);
    }
    let mut pairs = Vec::new();
    for (p, value) in of(Place::Query) {
        flatten(p.name.to_owned(), value, &mut pairs);
    }
    if pairs.len() > MAX_QUERY {
        return Err(format!("the query has more than {MAX_QUERY} values"));
    }
    for (i, (key, value)) in pairs.iter().enumerate() {
        target.push(if i == 0 { '?' } else { '&' });
        component(key, &mut target);
        target.push('=');
        component(value, &mut target);
    }
    // Only POST and PUT carry a body, and always one (`operations.md` 2 rule 3).
    if !matches!(operation.method, "POST" | "PUT") {
        return Ok(Filled { target, body: None });
    }
    let body = match (whole, of(Place::Whole).next()) {
        (Some(whole), _) | (None, Some((_, whole))) => whole.to_string(),
        (None, None) => {
            let mut body = Map::new();
            for (p, value) in of(Place::Member) {
                body.insert(p.name.into(), value.clone());
            }
            Value::Object(body).to_string()
        }
    };
    Ok(Filled {
        target,
        body: Some(body.into_bytes()),
    })
}

/// `key[]=v` for scalars in an array, `key[0][prop]=v` for objects in one, `key[prop]=v` for objects (`operations.md` 2
/// rule 2); null is an empty text.
fn flatten(key: String, value: &Value, out: &mut Vec<(String, String)>) {
    if out.len() > MAX_QUERY {
        return;
    }
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                let place = match item {
                    Value::Array(_) | Value::Object(_) => format!("{key}[{i}]"),
                    _ => format!("{key}[]"),
                };
                flatten(place, item, out);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                flatten(format!("{key}[{name}]"), member, out);
            }
        }
        Value::Null => out.push((key, String::new())),
        Value::String(text) => out.push((key, text.clone())),
        other => out.push((key, other.to_string())),
    }
}

/// As JavaScript's encodeURIComponent, which the official client uses.
fn component(text: &str, out: &mut String) {
    percent(out, text, b"!*'()");
}

#[cfg(test)]
mod tests {
    use super::super::table::Table;
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_become_what_the_type_says() {
        for (kind, text, want) in [
            ("str", "5", Ok(json!("5"))),
            ("str", "\"5\"", Ok(json!("\"5\""))),
            ("num", "5", Ok(json!(5))),
            ("num", "-0.5", Ok(json!(-0.5))),
            ("num", "much", Err("expected a number")),
            ("num", "NaN", Err("expected a number")),
            ("num", "null", Err("expected a number")),
            ("bool", "true", Ok(json!(true))),
            ("bool", "off", Ok(json!(false))),
            ("bool", "1", Err("expected true or false")),
            ("obj", "{\"a\":1}", Ok(json!({"a": 1}))),
            ("obj", "[1]", Err("expected a JSON object")),
            ("arr", "[1]", Ok(json!([1]))),
            ("str/num/bool", "0.6", Ok(json!(0.6))),
            ("str/num/bool", "true", Ok(json!(true))),
            ("str/num/bool", "\"0.6\"", Ok(json!("0.6"))),
            ("str/num/bool", "heat", Ok(json!("heat"))),
            ("any", "[1]", Ok(json!([1]))),
            ("any", "nl", Ok(json!("nl"))),
            ("obj{a:str}", "x", Err("expected a JSON object")),
        ] {
            let got = typed(kind, text);
            assert_eq!(got, want.map_err(str::to_owned), "{kind} {text}");
        }
    }

    fn find(manager: &str, name: &str) -> Operation {
        let all = Table::load().unwrap();
        let mut found = all
            .operations()
            .filter(|o| (o.manager, o.name) == (manager, name));
        found.next().unwrap()
    }

    fn filled(o: &Operation, values: &[(&str, Value)]) -> Result<(String, String), String> {
        let value = |name: &str| values.iter().find(|(n, _)| *n == name);
        let given: Vec<(Parameter, Value)> = o
            .parameters()
            .filter_map(|p| Some((p, value(p.name)?.1.clone())))
            .collect();
        let filled = fill(o, &given, None)?;
        let body = filled.body.map(|b| String::from_utf8(b).unwrap());
        Ok((filled.target, body.unwrap_or_default()))
    }

    #[test]
    fn rows_become_bytes() {
        for (manager, name, values, target, body) in [
            ("system", "getInfo", vec![], "/api/manager/system", ""),
            ("zones", "getZones", vec![], "/api/manager/zones/zone", ""),
            (
                "flow",
                "triggerFlow",
                vec![("id", json!("a/b"))],
                "/api/manager/flow/flow/a%2Fb/trigger",
                "{}",
            ),
            (
                "insights",
                "getLogEntries",
                vec![
                    ("uri", json!("homey:device:1")),
                    ("id", json!("homey:device:1:x|y")),
                    ("resolution", json!("last24Hours")),
                ],
                "/api/manager/insights/log/homey:device:1/homey:device:1:x%7Cy/entry?resolution=last24Hours",
                "",
            ),
            (
                "dashboards",
                "getAppWidgetAutocomplete",
                vec![
                    ("id", json!("1")),
                    ("query", json!("a b&c=ü")),
                    ("settings", json!({"l": [1, {"m": null}], "t": true})),
                ],
                "/api/manager/dashboards/appwidget/1/autocomplete?query=a%20b%26c%3D%C3%BC&settings%5Bl%5D%5B%5D=1&settings%5Bl%5D%5B1%5D%5Bm%5D=&settings%5Bt%5D=true",
                "",
            ),
            (
                "logic",
                "updateVariable",
                vec![("id", json!("1")), ("value", json!(0.5))],
                "/api/manager/logic/variable/1",
                r#"{"value":0.5}"#,
            ),
            (
                "rf",
                "emulate",
                vec![("frequency", json!("433")), ("data", json!([1, 0]))],
                "/api/manager/rf/433/emulate",
                "[1,0]",
            ),
            (
                "devices",
                "setDeviceSettings",
                vec![("id", json!("1")), ("settings", json!({"a": 1}))],
                "/api/manager/devices/device/1/settings",
                r#"{"a":1}"#,
            ),
        ] {
            let got = filled(&find(manager, name), &values).unwrap();
            assert_eq!(got, (target.to_owned(), body.to_owned()));
        }
        let device = find("devices", "getDevice");
        for id in ["", "..", "."] {
            assert!(filled(&device, &[("id", json!(id))]).is_err(), "{id:?}");
        }
        let flood = json!({"a": vec![1; MAX_QUERY + 1]});
        let widget = find("dashboards", "getAppWidgetAutocomplete");
        let why = filled(&widget, &[("id", json!("1")), ("settings", flood)]).unwrap_err();
        assert_eq!(why, "the query has more than 1000 values");
    }

    #[test]
    fn bodies_are_checked_member_by_member() {
        let alarm: Vec<Parameter> = find("alarms", "updateAlarm").parameters().skip(1).collect();
        let zone: Vec<Parameter> = find("zones", "createZone").parameters().collect();
        let report: Vec<Parameter> = find("energy", "resetReportDayCategories")
            .parameters()
            .collect();
        for (known, body, want) in [
            (&alarm, json!({}), ""),
            (&alarm, json!({"time": "07:30", "repetition": null}), ""),
            (&alarm, json!({"time": 7}), "time: expected a text"),
            (
                &alarm,
                json!({"tme": "7"}),
                "there is no member \"tme\"; did you mean time",
            ),
            (
                &zone,
                json!({"icon": "x", "parent": "y"}),
                "name is missing: a text",
            ),
            (&report, json!({"options": {"deviceIds": []}}), ""),
            (
                &report,
                json!({"options": {"deviceId": []}}),
                "options: there is no member \"deviceId\"; did you mean deviceIds",
            ),
        ] {
            let got = check_members(known, body.as_object().unwrap());
            assert_eq!(got.err().unwrap_or_default(), want);
        }
    }
}
