// SPDX-License-Identifier: MIT OR Apache-2.0
//! `flows`, `flow NAME` and `flow enable|disable NAME` (`objects.md` 5).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cli::desk::Desk;
use crate::cli::table::{Table, harmless, put_lines};
use crate::cli::{Common, Json, positionals, print, written};
use crate::failure::{Exit, Failure};
use crate::homey::call::Call;
use crate::homey::names::{ItemKind, RefKind, Resolved};
use crate::homey::text::one_line;

use super::cards::Cards;
use super::items::{self, Object, first, text};
use super::put;
use super::record::{Record, show_json};

const FOLDERS: &str = "/api/manager/flow/flowfolder";
const READS: &str = "homey.flow.readonly";

/// Names and parents of flow folders by their ids.
type Folders = BTreeMap<String, (String, Option<String>)>;

/// `flows [--json]`
pub(in crate::cli) fn flows(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    let (_, as_json) = positionals(parser, common, &[], 0, Json::Yes)?;
    let mut desk = Desk::open(common)?;
    let folders = folders(&mut desk)?;
    let mut table = Table::new(&[
        "folder",
        "name",
        "kind",
        "enabled",
        "startable",
        "broken",
        "id",
    ]);
    for (call, kind) in [(Call::Flows, "flow"), (Call::AdvancedFlows, "advanced")] {
        let sink = &mut |id: &str, flow: Object| {
            table.row(vec![
                json!(folder(&flow, &folders)),
                first(&flow, &["name"]),
                json!(kind),
                first(&flow, &["enabled"]),
                startable(&flow),
                first(&flow, &["broken"]),
                json!(id),
            ]);
        };
        items::each(&mut desk, &call, "a list of flows", sink)?;
    }
    table.sort();
    table.show(as_json)
}

/// `flow FLOW [--json]`
pub(in crate::cli) fn show(common: &Common, name: &str, as_json: bool) -> Result<(), Failure> {
    let mut desk = Desk::open(common)?;
    let found = desk.find(RefKind::Flow, name)?;
    let flow = read(&mut desk, &found)?;
    let folders = folders(&mut desk)?;
    let mut record = Record::new();
    record.put("id", json!(found.id));
    record.put("name", first(&flow, &["name"]));
    record.put("kind", json!(kind(&found)));
    record.put("folder", json!(folder(&flow, &folders)));
    record.put("enabled", first(&flow, &["enabled"]));
    record.put("startable", startable(&flow));
    record.put("broken", first(&flow, &["broken"]));
    record.put("started", first(&flow, &["triggerCount"]));
    let is_advanced = found.kind == ItemKind::AdvancedFlow;
    let table = Cards::of(&mut desk, &flow).table(&flow, is_advanced);
    if as_json {
        record.put("cards", Value::Array(table.objects()));
        return show_json(&record.object());
    }
    let mut lines = record.lines();
    lines.push(String::new());
    lines.extend(table.lines());
    written(put_lines(&mut std::io::stdout().lock(), &lines))
}

/// `flow enable FLOW`, `flow disable FLOW`
pub(in crate::cli) fn switch(common: &Common, name: &str, on: bool) -> Result<(), Failure> {
    let mut desk = Desk::open(common)?;
    let found = desk.find(RefKind::Flow, name)?;
    let (verb, state) = match on {
        true => ("enabling", "enabled"),
        false => ("disabling", "disabled"),
    };
    let doing = format!("{verb} the flow {}", found.name);
    let target = target(&found)?;
    let members = json!({ "enabled": on });
    let told =
        put::send(&mut desk, &doing, &target, "homey.flow", &members).map_err(|mut failure| {
            // Whether hubs take a part of an advanced flow no source tells.
            if found.kind == ItemKind::AdvancedFlow && failure.exit == Exit::Failed {
                failure.message +=
                    "; this hub lets advanced flows be switched in the Homey app only";
            }
            failure
        })?;
    let is = |flow: &Object| flow.get("enabled").and_then(Value::as_bool);
    // A reply that does not show the flow says only that the hub took the call.
    let is = match told.as_ref().and_then(is) {
        Some(is) => Some(is),
        None => is(&read(&mut desk, &found)?),
    };
    if is == Some(!on) {
        let why = format!("{doing}: the hub said yes, but it is still not {state}");
        return Err(Failure::new(Exit::Failed, one_line(&why, 400)));
    }
    print(&format!("{state} flow {}\n", harmless(&found.name)))
}

fn kind(found: &Resolved) -> &'static str {
    match found.kind {
        ItemKind::AdvancedFlow => "advanced",
        _ => "flow",
    }
}

fn target(found: &Resolved) -> Result<String, Failure> {
    let list = match found.kind {
        ItemKind::AdvancedFlow => "/api/manager/flow/advancedflow",
        _ => "/api/manager/flow/flow",
    };
    put::target(list, "flow id", &found.id)
}

fn read(desk: &mut Desk, found: &Resolved) -> Result<Object, Failure> {
    let target = target(found)?;
    let doing = format!("reading flow {}", found.name);
    items::one(desk, &doing, &put::get(&target, &doing, READS), "a flow")
}

/// A broken flow cannot be started even where the hub forgets to say so.
fn startable(flow: &Object) -> Value {
    let told = flow.get("triggerable").and_then(Value::as_bool);
    let is_broken = flow.get("broken") == Some(&json!(true));
    json!(told.map(|is| is && !is_broken))
}

/// All folders; none where the hub keeps them to itself, for they are only names around names.
fn folders(desk: &mut Desk) -> Result<Folders, Failure> {
    let mut folders = Folders::new();
    let sink = &mut |id: &str, one: Object| {
        let name = text(&one, "name").unwrap_or_default().to_string();
        let parent = text(&one, "parent").map(str::to_string);
        folders.insert(id.to_string(), (name, parent));
    };
    let call = put::get(FOLDERS, "list the flow folders", READS);
    match items::each(desk, &call, "a list of flow folders", sink) {
        Err(failure) if !matches!(failure.exit, Exit::Permission | Exit::Failed) => Err(failure),
        _ => Ok(folders),
    }
}

/// The path of the folder that a flow lies in, from the outside in.
fn folder(flow: &Object, folders: &Folders) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    let mut next = text(flow, "folder");
    // As many steps as there are folders, so that a circle ends too.
    for _ in 0..folders.len() {
        let Some((name, parent)) = next.and_then(|id| folders.get(id)) else {
            break;
        };
        names.push(name);
        next = parent.as_deref();
    }
    names.reverse();
    (!names.is_empty()).then(|| names.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_paths_and_circles_end() {
        let mut folders = Folders::new();
        for (id, name, parent) in [
            ("f1", "Lighting", None),
            ("f2", "Night", Some("f1")),
            ("f3", "Ring", Some("f4")),
            ("f4", "Ring", Some("f3")),
        ] {
            folders.insert(id.into(), (name.into(), parent.map(str::to_string)));
        }
        for (id, want) in [
            ("f1", Some("Lighting")),
            ("f2", Some("Lighting/Night")),
            ("f3", Some("Ring/Ring/Ring/Ring")),
            ("gone", None),
        ] {
            let flow = Object::from_iter([("folder".to_string(), json!(id))]);
            assert_eq!(folder(&flow, &folders).as_deref(), want);
        }
        assert_eq!(folder(&Object::new(), &folders), None);
    }
}
