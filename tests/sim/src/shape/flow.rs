// SPDX-License-Identifier: MIT OR Apache-2.0

//! Flows, advanced flows, flow cards and flow tokens (objects.md 5, 6).

use serde_json::{Map, Value, json};

use crate::home::{Flow, Home, Variable};

/// A card's id members: V2 has `uri` and a short id, V3 a full id.
fn card(v2: bool, uri: &str, id: &str, extra: &Value) -> Value {
    let mut map = Map::new();
    if v2 {
        map.insert("uri".into(), json!(uri));
        map.insert("id".into(), json!(id));
    } else {
        map.insert("id".into(), json!(format!("{uri}:{id}")));
    }
    for (key, value) in extra.as_object().into_iter().flatten() {
        map.insert(key.clone(), value.clone());
    }
    Value::Object(map)
}

/// A standard flow (objects.md 5.1).
pub fn standard(flow: &Flow, order: usize, v2: bool) -> Value {
    let trigger = match flow.triggerable {
        true => card(
            v2,
            "homey:manager:flow",
            "programmatic_trigger",
            &json!({"args": {}}),
        ),
        false => {
            let uri = "homey:device:00000000-0000-4000-8000-000000000000";
            card(v2, uri, "alarm_contact_true", &json!({"args": {}}))
        }
    };
    let condition = json!({"args": {}, "group": "group1", "inverted": true});
    let action = |(device, cap, value): &(String, String, Value)| {
        let args = json!({cap.as_str(): value.to_string()});
        let extra = json!({"args": args, "group": "then", "delay": null, "duration": null});
        card(v2, &format!("homey:device:{device}"), cap, &extra)
    };
    let mut actions: Vec<Value> = flow.effects.iter().map(action).collect();
    let note = json!({
        "args": {"text": "Started at [[homey:manager:cron|time]]"}, "group": "then",
        "delay": {"number": "2", "multiplier": 60}, "duration": null,
    });
    actions.push(card(
        v2,
        "homey:manager:notifications",
        "create_notification",
        &note,
    ));
    json!({
        "id": flow.id,
        "name": flow.name,
        "enabled": flow.enabled,
        "folder": null,
        "order": order,
        "trigger": trigger,
        "conditions": [card(v2, "homey:manager:presence", "noone_athome", &condition)],
        "actions": actions,
        "broken": flow.broken,
        "triggerable": flow.triggerable,
        "triggerCount": flow.count,
    })
}

/// An advanced flow (objects.md 5.2). Card keys are made from the flow's id.
pub fn advanced(flow: &Flow, v2: bool) -> Value {
    let stem = flow.id.get(..34).unwrap_or_default();
    let key = |n: usize| format!("{stem}{n:02x}");
    let node = |uri: &str, id: &str, extra: Value| -> Value {
        let id = match v2 {
            true => id.to_owned(),
            false => format!("{uri}:{id}"),
        };
        let mut map = Map::new();
        map.insert("ownerUri".into(), json!(uri));
        map.insert("id".into(), json!(id));
        for (key, value) in extra.as_object().into_iter().flatten() {
            map.insert(key.clone(), value.clone());
        }
        Value::Object(map)
    };
    let mut cards = Map::new();
    let start = json!({"type": "start", "x": 40, "y": 200, "outputSuccess": [key(1)]});
    cards.insert(key(0), start);
    let delay = json!({
        "type": "delay", "args": {"delay": {"number": "1", "multiplier": 1}},
        "x": 440, "y": 200, "outputSuccess": [key(2)],
    });
    cards.insert(key(1), delay);
    for (n, (device, cap, value)) in flow.effects.iter().enumerate() {
        let extra = json!({
            "args": {cap.as_str(): value}, "type": "action", "x": 840 + 400 * n, "y": 200,
            "outputSuccess": [key(n + 3)],
        });
        cards.insert(
            key(n + 2),
            node(&format!("homey:device:{device}"), cap, extra),
        );
    }
    let last = flow.effects.len() + 2;
    let extra = json!({"args": {"text": "…"}, "type": "action", "x": 840 + 400 * last, "y": 200});
    let note = node("homey:manager:notifications", "create_notification", extra);
    cards.insert(key(last), note);
    json!({
        "id": flow.id,
        "name": flow.name,
        "enabled": flow.enabled,
        "broken": flow.broken,
        "triggerable": flow.triggerable,
        "folder": null,
        "cards": cards,
    })
}

/// The card that tells the dialects apart (api.md 3.7, objects.md 5.5).
pub fn trigger_card(v2: bool) -> Value {
    let (uri, id) = ("homey:manager:flow", "programmatic_trigger");
    let title = "This Flow is started";
    if v2 {
        return json!({
            "uri": uri,
            "uriObj": {"type": "manager", "id": "flow", "name": "Flow", "color": "#3aa0d8", "iconObj": null},
            "id": id, "title": title, "titleFormatted": null, "hint": null, "args": [],
        });
    }
    json!({
        "id": format!("{uri}:{id}"), "ownerId": "flow", "ownerUri": uri, "ownerName": "Flow",
        "title": title, "titleFormatted": null, "hint": null, "args": [], "droptoken": null,
        "deprecated": null, "highlight": null, "duration": false, "durationMin": null,
        "durationMax": null, "tokens": null, "advanced": false,
    })
}

/// A readable value: list key, object, value.
pub type Token = (String, Value, Value);

/// Flow tokens: every logic variable and the readings of devices (objects.md 6).
pub fn tokens(home: &Home, v2: bool) -> Vec<Token> {
    let mut list = Vec::new();
    for Variable { id, name, value } in &home.variables {
        let logic = ("homey:manager:logic", "logic", "Logic");
        list.push(token(v2, logic, id, name, value));
    }
    for device in home.devices.iter().filter(|d| !d.gone) {
        let uri = format!("homey:device:{}", device.id);
        let owner = (uri.as_str(), device.id.as_str(), device.name.as_str());
        for cap in device.caps.iter().filter(|c| c.getable && c.insights) {
            list.push(token(v2, owner, &cap.id, &cap.title, &cap.value));
        }
    }
    list
}

fn token(v2: bool, owner: (&str, &str, &str), id: &str, title: &str, value: &Value) -> Token {
    let (uri, owner_id, owner_name) = owner;
    let kind = kind_of(value);
    if v2 {
        let class = uri.split(':').nth(1).unwrap_or_default();
        let object = json!({
            "uri": uri, "id": id, "title": title, "type": kind, "value": value,
            "uriObj": {"type": class, "id": owner_id, "name": owner_name, "iconObj": null},
        });
        return (format!("{uri}:{id}"), object, value.clone());
    }
    let full = format!("{uri}|{id}");
    let object = json!({
        "id": full, "ownerId": owner_id, "ownerUri": uri, "ownerName": owner_name,
        "type": kind, "title": title, "example": null,
    });
    (full, object, value.clone())
}

/// The logic type of a value (objects.md 6).
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        _ => "string",
    }
}
