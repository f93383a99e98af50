// SPDX-License-Identifier: MIT OR Apache-2.0
//! `flow` and `mood`: lists of what can be started, and starting it.

use std::io;

use serde_json::json;

use crate::failure::Failure;
use crate::homey::call::Call;
use crate::homey::names::{ItemKind, RefKind};
use crate::homey::reply::{self, Zones};

use super::desk::Desk;
use super::table::{Table, harmless};
use super::{Common, Json, positionals, print};

/// `flow list [--json]`, `flow start FLOW`; at the installer's desk also `flow FLOW [--json]`, `flow enable|disable FLOW`
pub(super) fn flow(parser: &mut lexopt::Parser, common: &mut Common) -> Result<(), Failure> {
    let (values, as_json) = positionals(
        parser,
        common,
        &["a flow, list or start", "the flow's name"],
        1,
        Json::Yes,
    )?;
    match values.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["list"] => flow_list(common, as_json),
        ["start", name] => {
            let mut desk = Desk::open(common)?;
            let flow = desk.find(RefKind::Flow, name)?;
            start(
                &mut desk,
                &format!("starting the flow {}", flow.name),
                &Call::TriggerFlow {
                    id: &flow.id,
                    advanced: flow.kind == ItemKind::AdvancedFlow,
                },
            )?;
            print(&format!("started flow {}\n", harmless(&flow.name)))
        }
        ["start"] => Err(Failure::usage("flow start: the flow's name is missing")),
        ref other => flow_more(common, other, as_json),
    }
}

/// What only the installer's desk does with a flow.
#[cfg(feature = "tools")]
fn flow_more(common: &Common, words: &[&str], as_json: bool) -> Result<(), Failure> {
    use super::tools::flows;
    match words {
        [verb @ ("enable" | "disable"), name] => flows::switch(common, name, *verb == "enable"),
        [verb @ ("enable" | "disable")] => Err(Failure::usage(format!(
            "flow {verb}: the flow's name is missing"
        ))),
        [name] => flows::show(common, name, as_json),
        _ => Err(Failure::usage(
            "flow: expected a flow's name, or list, start, enable or disable before it",
        )),
    }
}

#[cfg(not(feature = "tools"))]
fn flow_more(_: &Common, _: &[&str], _: bool) -> Result<(), Failure> {
    Err(Failure::usage(format!(
        "flow: expected list, or start NAME{}",
        super::LACK
    )))
}

/// `mood list [--json]`, `mood set NAME`
pub(super) fn mood(parser: &mut lexopt::Parser, common: &mut Common) -> Result<(), Failure> {
    let (values, as_json) = positionals(
        parser,
        common,
        &["list or set", "the mood's name"],
        1,
        Json::Yes,
    )?;
    match values.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["list"] => mood_list(common, as_json),
        ["set", name] => {
            let mut desk = Desk::open(common)?;
            let mood = desk.find(RefKind::Mood, name)?;
            let doing = format!("setting the mood {}", mood.name);
            start(&mut desk, &doing, &Call::SetMood(&mood.id))?;
            print(&format!("set mood {}\n", harmless(&mood.name)))
        }
        ["set"] => Err(Failure::usage("mood set: the mood's name is missing")),
        _ => Err(Failure::usage("mood: expected list, or set NAME")),
    }
}

fn start(desk: &mut Desk, doing: &str, call: &Call<'_>) -> Result<(), Failure> {
    // Whatever a 2xx brings as body means yes (`objects.md` 5.3); it only has to be complete.
    desk.read_as(doing, call, &mut |body| {
        io::copy(body, &mut io::sink()).map_err(crate::net::Error::from_io)?;
        Ok(())
    })
}

fn flow_list(common: &Common, as_json: bool) -> Result<(), Failure> {
    let mut desk = Desk::open(common)?;
    let mut table = Table::new(&["name", "kind", "enabled", "startable", "id"]);
    for (call, kind) in [(Call::Flows, "flow"), (Call::AdvancedFlows, "advanced")] {
        desk.read(&call, &mut |body| {
            reply::names(body, &mut |item| {
                // A broken flow cannot be started even where the hub forgets to say so.
                let startable = item.triggerable.map(|t| t && item.broken != Some(true));
                table.row(vec![
                    json!(item.name),
                    json!(kind),
                    json!(item.enabled),
                    json!(startable),
                    json!(item.id),
                ]);
            })?;
            Ok(())
        })?;
    }
    table.sort();
    table.show(as_json)
}

fn mood_list(common: &Common, as_json: bool) -> Result<(), Failure> {
    let mut desk = Desk::open(common)?;
    let zones: Zones = desk.read(&Call::Zones, &mut |body| Ok(reply::zones(body)?))?;
    let mut table = Table::new(&["zone", "name", "id"]);
    desk.read(&Call::Moods, &mut |body| {
        reply::names(body, &mut |item| {
            let zone = item.zone.and_then(|id| zones.name(id));
            table.row(vec![json!(zone), json!(item.name), json!(item.id)]);
        })?;
        Ok(())
    })?;
    table.sort();
    table.show(as_json)
}
