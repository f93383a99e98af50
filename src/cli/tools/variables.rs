// SPDX-License-Identifier: MIT OR Apache-2.0
//! `variables`, `variable NAME` and `variable set NAME VALUE` (`objects.md` 6).

use serde_json::{Value as Json, json};

use crate::cli::desk::Desk;
use crate::cli::table::{Table, harmless};
use crate::cli::{Common, Json as HasJson, parse, positionals, print, raw_words};
use crate::failure::Failure;
use crate::homey::call::Call;
use crate::homey::names::RefKind;
use crate::homey::text::one_line;
use crate::homey::{Kind, Traits, Value};

use super::items::{self, Object, first, text};
use super::put;
use super::record::Record;

const TARGET: &str = "/api/manager/logic/variable";

/// `variables [--json]`
pub(in crate::cli) fn variables(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    let (_, as_json) = positionals(parser, common, &[], 0, HasJson::Yes)?;
    let mut desk = Desk::open(common)?;
    let mut table = Table::new(&["name", "type", "value", "id"]);
    let sink = &mut |id: &str, one: Object| {
        table.row(vec![
            first(&one, &["name"]),
            first(&one, &["type"]),
            first(&one, &["value"]),
            json!(id),
        ]);
    };
    items::each(&mut desk, &Call::Variables, "a list of variables", sink)?;
    table.sort();
    table.show(as_json)
}

/// `variable VARIABLE [--json]`, `variable set VARIABLE VALUE`
pub(in crate::cli) fn variable(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    let (words, _) = raw_words(parser, common, "variable", None)?;
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["set", name, value] => set(common, name, value),
        ["set"] | ["set", _] => Err(Failure::usage("variable set: expected VARIABLE VALUE")),
        ["set", ..] => Err(Failure::usage(
            "variable set: more than VARIABLE VALUE; put a value with spaces in quotes",
        )),
        [name, "--json"] | ["--json", name] => show(common, name, true),
        [] | ["--json"] => Err(Failure::usage(
            "variable: expected VARIABLE, or set VARIABLE VALUE",
        )),
        [name] => show(common, name, false),
        [_, other, ..] => Err(Failure::usage(format!(
            "variable: unexpected {:?}; expected VARIABLE, or set VARIABLE VALUE",
            one_line(other, 80)
        ))),
    }
}

fn show(common: &Common, name: &str, as_json: bool) -> Result<(), Failure> {
    let mut desk = Desk::open(common)?;
    let (id, one) = read(&mut desk, name)?;
    let mut record = Record::new();
    record.put("id", json!(id));
    for member in ["name", "type", "value"] {
        record.put(member, first(&one, &[member]));
    }
    record.show(as_json)
}

fn set(common: &Common, name: &str, words: &str) -> Result<(), Failure> {
    let mut desk = Desk::open(common)?;
    let (id, one) = read(&mut desk, name)?;
    let name = text(&one, "name").unwrap_or(name);
    let doing = format!("setting variable {name} to {words}");
    let wrong = |why: String| Failure::usage_plain(one_line(&format!("{doing}: {why}"), 1000));
    let traits = Traits {
        kind: kind(&one).ok_or_else(|| wrong("the hub does not say what type it has".into()))?,
        setable: true,
        ..Traits::default()
    };
    let value = parse::value(words, Some(&traits)).map_err(wrong)?;
    let target = put::target(TARGET, "variable id", &id)?;
    let sent = to_json(&value);
    let members = json!({ "value": sent });
    let told = put::send(&mut desk, &doing, &target, "homey.logic", &members)?;
    let is = told.and_then(|told| told.get("value").cloned());
    let shown = match is.unwrap_or(sent) {
        Json::String(text) => text,
        other => other.to_string(),
    };
    print(&format!("{} = {}\n", harmless(name), harmless(&shown)))
}

fn read(desk: &mut Desk, name: &str) -> Result<(String, Object), Failure> {
    let found = desk.find(RefKind::Variable, name)?;
    let doing = format!("reading variable {}", found.name);
    let target = put::target(TARGET, "variable id", &found.id)?;
    let call = put::get(&target, &doing, "homey.logic.readonly");
    let one = items::one(desk, &doing, &call, "a variable")?;
    Ok((found.id, one))
}

/// What it says that it is, else what it holds.
fn kind(one: &Object) -> Option<Kind> {
    match (text(one, "type"), one.get("value")) {
        (Some("boolean"), _) | (None, Some(Json::Bool(_))) => Some(Kind::Boolean),
        (Some("number"), _) | (None, Some(Json::Number(_))) => Some(Kind::Number),
        (Some("string"), _) | (None, Some(Json::String(_))) => Some(Kind::String),
        _ => None,
    }
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(is) => json!(is),
        // Whole numbers as such: 3, not 3.0.
        Value::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => json!(*n as i64),
        Value::Number(n) => json!(n),
        Value::Text(text) => json!(&**text),
    }
}
