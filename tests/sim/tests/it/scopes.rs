// SPDX-License-Identifier: MIT OR Apache-2.0

//! Every operation of both dialects exists, asks for a bearer, and for the
//! scope that the table tells.

use serde_json::{Value, json};

use crate::sim::{Reply, Sim};

struct Operation {
    dialects: &'static str,
    manager: &'static str,
    name: &'static str,
    method: &'static str,
    path: String,
    scope: &'static str,
}

fn operations() -> Vec<Operation> {
    let table = include_str!("../../src/api/operations.txt");
    let one = |line: &'static str| {
        let words: Vec<&str> = line.split(' ').collect();
        let [dialects, manager, name, method, path, scope, ..] = words[..] else {
            panic!("a short line: {line}");
        };
        // Nothing has such an id.
        let path: Vec<&str> = path
            .split('/')
            .map(|p| if p.starts_with(':') { "none" } else { p })
            .collect();
        let path = format!("/{manager}{}", path.join("/"));
        Operation {
            dialects,
            manager,
            name,
            method,
            path: path.trim_end_matches('/').to_owned(),
            scope,
        }
    };
    table.lines().map(one).collect()
}

fn ask(sim: &Sim, o: &Operation, bearer: Option<&str>) -> Reply {
    let header = bearer.map(|b| format!("Bearer {b}"));
    let mut headers = vec![];
    if let Some(header) = &header {
        headers.push(("Authorization", header.as_str()));
    }
    let body = match o.method {
        "POST" | "PUT" => {
            headers.push(("Content-Type", "application/json"));
            "{}"
        }
        _ => "",
    };
    sim.send(o.method, &sim.url(&o.path), &headers, body)
}

/// Ends the hub, or waits for what never comes.
fn drastic(o: &Operation) -> bool {
    matches!(o.name, "reboot" | "rebootOTA" | "rebootRecovery")
}

fn public(o: &Operation) -> bool {
    matches!(o.name, "ping" | "login" | "loginLocal" | "triggerWebhook")
}

fn is_missing(reply: &Reply) -> bool {
    reply.status == 403 && reply.code() == "Missing Scopes"
}

#[test]
fn every_operation_of_v3_asks_for_its_scope() {
    let sim = Sim::start(&["--devices", "3"]);
    let key = |scopes: &[String]| {
        let made = sim.control("keys", json!({"scopes": scopes}));
        made["token"].as_str().expect("a token").to_owned()
    };
    let (mut with_scope, mut without) = (0, 0);
    for o in operations().iter().filter(|o| o.dialects.contains('3')) {
        let label = format!("{}.{}", o.manager, o.name);
        if public(o) {
            assert!(!is_missing(&ask(&sim, o, None)), "{label}");
            continue;
        }
        assert_eq!(ask(&sim, o, None).code(), "not_logged_in", "{label}");
        if o.scope == "-" {
            without += 1;
            let reply = ask(&sim, o, Some(sim.word("api_key")));
            match o.name {
                "getSessionMe" => assert_eq!(reply.status, 200, "{label}"),
                _ => assert_eq!(reply.code(), "Invalid Session Type", "{label}"),
            }
            continue;
        }
        with_scope += 1;
        let held = format!("homey.{}", o.scope);
        let (wide, last) = held.rsplit_once('.').expect("a scope has a part");
        // What is beside it does not help, nor does what is narrower.
        let beside = match last {
            "readonly" | "self" => format!("{wide}.control"),
            "control" | "start" | "set" => format!("{wide}.readonly"),
            _ => format!("{held}.readonly"),
        };
        let other = if o.scope.starts_with("zone") {
            "homey.mood"
        } else {
            "homey.zone"
        };
        let reply = ask(&sim, o, Some(&key(&[beside, other.to_owned()])));
        assert!(
            is_missing(&reply),
            "{label}: {} {}",
            reply.status,
            reply.text()
        );
        if drastic(o) {
            continue;
        }
        let reply = ask(&sim, o, Some(&key(&[held])));
        assert!(
            !matches!(reply.status, 401 | 403),
            "{label}: {}",
            reply.text()
        );
    }
    assert_eq!((with_scope, without), (333, 16));
}

#[test]
fn every_operation_of_v2_exists_and_asks_for_a_bearer() {
    let sim = Sim::unhurried("v2", "3");
    let table = operations();
    for o in &table {
        let label = format!("{}.{} {} {}", o.manager, o.name, o.method, o.path);
        let here = o.dialects.contains('2');
        let twin =
            |p: &&Operation| (p.method, &p.path) == (o.method, &o.path) && p.dialects.contains('2');
        if !here && table.iter().any(|p| twin(&p)) {
            continue;
        }
        if here && !public(o) {
            assert_eq!(ask(&sim, o, None).status, 401, "{label}");
        }
        if o.name == "deleteSession" || drastic(o) {
            continue;
        }
        let reply = ask(&sim, o, Some(sim.word("session_token")));
        assert!(
            !matches!(reply.status, 401 | 403) || public(o),
            "{label}: {}",
            reply.text()
        );
        let missing = reply.status == 500 && reply.code() == "missing_api_method";
        // Where a parameter stands in the place of a word, something else is asked.
        if missing == here && here {
            panic!("{label}: {}", reply.text());
        }
    }
    for path in [
        "/users/pat",
        "/matter/nodes",
        "/devices/device/none/capability/onoff",
        "/system/info",
    ] {
        let reply = sim.get(path);
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (500, "missing_api_method"),
            "{path}"
        );
    }
    let new = Sim::start(&["--devices", "3"]);
    for path in [
        "/audio/option/volume",
        "/mobile/summary",
        "/system/info",
        "/none",
    ] {
        let reply = new.get(path);
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (404, "not_found"),
            "{path}"
        );
    }
    assert_eq!(new.control("counters", Value::Null)["statuses"]["404"], 4);
}
