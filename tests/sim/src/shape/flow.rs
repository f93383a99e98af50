// SPDX-License-Identifier: MIT OR Apache-2.0

//! Flows, advanced flows, flow cards and flow tokens (objects.md 5, 6).

use serde_json::{Map, Value, json};

use crate::home::caps::{Capability, Kind};
use crate::home::values::num;
use crate::home::{Flow, Folder, Home, Variable, cards};

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
    let mut object = json!({
        "id": flow.id,
        "name": flow.name,
        "enabled": flow.enabled,
        "folder": flow.folder,
        "order": order,
        "trigger": trigger,
        "conditions": [card(v2, "homey:manager:presence", "noone_athome", &condition)],
        "actions": actions,
        "broken": flow.broken,
        "triggerable": flow.triggerable,
        "triggerCount": flow.count,
    });
    own(&mut object, flow);
    object
}

/// What a client wrote of the cards takes the place of what is made up.
fn own(object: &mut Value, flow: &Flow) {
    for (key, value) in flow.own.iter().flatten() {
        object[key.as_str()] = value.clone();
    }
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
    let mut object = json!({
        "id": flow.id,
        "name": flow.name,
        "enabled": flow.enabled,
        "broken": flow.broken,
        "triggerable": flow.triggerable,
        "folder": flow.folder,
        "cards": cards,
    });
    own(&mut object, flow);
    object
}

/// The three kinds of flow card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardKind {
    Trigger,
    Condition,
    Action,
}

/// A card in both forms (objects.md 5.5): list key and object.
fn listed(
    v2: bool,
    (uri, owner): (&str, &str),
    id: &str,
    title: &str,
    args: &Value,
) -> (String, Value) {
    let key = format!("{uri}:{id}");
    let (_, rest) = uri.split_once(':').unwrap_or_default();
    let (class, owner_id) = rest.split_once(':').unwrap_or_default();
    let object = match v2 {
        true => json!({
            "uri": uri,
            "uriObj": {
                "type": class, "id": owner_id, "name": owner, "color": "#3aa0d8", "iconObj": null,
            },
            "id": id, "title": title, "titleFormatted": null, "hint": null, "args": args,
        }),
        false => json!({
            "id": key, "ownerId": owner_id, "ownerUri": uri, "ownerName": owner,
            "title": title, "titleFormatted": null, "hint": null, "args": args,
            "droptoken": null, "deprecated": null, "highlight": null, "duration": false,
            "durationMin": null, "durationMax": null, "tokens": null, "advanced": false,
        }),
    };
    (key, object)
}

/// The argument of an action card that takes one.
fn argument(cap: &Capability, name: &str) -> Value {
    if name.is_empty() {
        return json!([]);
    }
    let mut object = match cap.kind {
        Kind::Enum => {
            let each = |(id, title): &(&str, &str)| json!({"id": id, "title": title});
            let values: Value = cap.values.iter().map(each).collect();
            json!({"name": name, "type": "dropdown", "values": values})
        }
        _ => json!({"name": name, "type": "range"}),
    };
    for (key, value) in [("min", cap.min), ("max", cap.max), ("step", cap.step)] {
        if let Some(value) = value {
            object[key] = num(value);
        }
    }
    json!([object])
}

/// All cards of a kind. The trigger that tells the dialects apart is the first
/// of its kind (api.md 3.7).
pub fn cards(home: &Home, kind: CardKind, v2: bool) -> Vec<(String, Value)> {
    let none = json!([]);
    let flow = ("homey:manager:flow", "Flow");
    let presence = ("homey:manager:presence", "Presence");
    let notes = ("homey:manager:notifications", "Notifications");
    let text = json!([{"name": "text", "type": "text", "placeholder": "Your message"}]);
    let mut list = match kind {
        CardKind::Trigger => vec![
            listed(
                v2,
                flow,
                "programmatic_trigger",
                "This Flow is started",
                &none,
            ),
            listed(
                v2,
                ("homey:manager:cron", "Date & Time"),
                "time_exactly",
                "The time is",
                &json!([{"name": "time", "type": "time"}]),
            ),
        ],
        CardKind::Condition => vec![listed(
            v2,
            presence,
            "noone_athome",
            "Nobody is home",
            &none,
        )],
        CardKind::Action => vec![
            listed(
                v2,
                notes,
                "create_notification",
                "Write a notification",
                &text,
            ),
            listed(v2, presence, "set_present", "I am home", &none),
            listed(v2, presence, "set_absent", "I am away", &none),
        ],
    };
    for device in home.devices.iter().filter(|d| !d.gone) {
        let uri = format!("homey:device:{}", device.id);
        let owner = (uri.as_str(), device.name.as_str());
        match kind {
            CardKind::Action => {
                for (cap, id, name) in cards::actions(device) {
                    list.push(listed(v2, owner, id, &cap.title, &argument(cap, name)));
                }
            }
            CardKind::Trigger => {
                for cap in &device.caps {
                    for id in cards::triggers(cap) {
                        list.push(listed(v2, owner, &id, &cap.title, &none));
                    }
                }
            }
            CardKind::Condition => {
                for cap in device.caps.iter().filter(|c| cards::condition(c)) {
                    list.push(listed(v2, owner, &cap.id, &cap.title, &none));
                }
            }
        }
    }
    list
}

/// A folder (objects.md 5.4).
pub fn folder(folder: &Folder, order: usize, v2: bool) -> Value {
    match v2 {
        true => json!({
            "id": folder.id, "name": folder.name, "order": order, "parent": folder.parent,
        }),
        false => json!({"id": folder.id, "name": folder.name, "parent": folder.parent}),
    }
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
