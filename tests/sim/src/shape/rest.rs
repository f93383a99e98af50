// SPDX-License-Identifier: MIT OR Apache-2.0

//! Zones, moods, alarms, variables, notifications, the user and sessions
//! (objects.md 2, 4, 6).

use std::collections::HashSet;

use serde_json::{Map, Value, json};
use time::Duration;

use super::flow::kind_of;
use super::time_or_null;
use crate::auth::{Bearer, Kind};
use crate::clock::{iso, now_ms};
use crate::home::{Alarm, Home, Mood, Notice, User, Variable, Zone};
use crate::local;

/// All zones; active ones have motion or an open contact in them.
pub fn zones(home: &Home, v2: bool) -> Vec<(String, Value)> {
    let mut active: HashSet<&str> = HashSet::new();
    let mut origins: Vec<(&str, String, i64)> = Vec::new();
    for device in home.devices.iter().filter(|d| !d.gone) {
        for id in ["alarm_motion", "alarm_contact"] {
            let cap = device.cap(id).filter(|c| c.value == json!(true));
            if let Some(cap) = cap {
                active.insert(&device.zone);
                let uri = format!("homey:device:{}", device.id);
                origins.push((&device.zone, uri, cap.updated.unwrap_or(0)));
            }
        }
    }
    let each = |zone: &Zone| {
        let inside: Vec<&(&str, String, i64)> = origins.iter().filter(|o| o.0 == zone.id).collect();
        let since = inside.iter().map(|o| o.2).max();
        let uris: Vec<&str> = inside.iter().map(|o| o.1.as_str()).collect();
        let on = active.contains(zone.id.as_str());
        let object = match v2 {
            true => json!({
                "id": zone.id, "name": zone.name, "order": zone.order, "parent": zone.parent,
                "active": on, "activeLastUpdated": time_or_null(since), "icon": zone.icon,
            }),
            false => json!({
                "id": zone.id, "name": zone.name, "parent": zone.parent, "sortIndex": null,
                "active": on, "activeOrigins": uris, "activeLastUpdated": time_or_null(since),
                "icon": zone.icon,
            }),
        };
        (zone.id.clone(), object)
    };
    home.zones.iter().map(each).collect()
}

/// A mood; the inner shape of `devices` is a guess of objects.md 6.
pub fn mood(mood: &Mood) -> Value {
    let mut devices: Map<String, Value> = Map::new();
    for (device, cap, value) in &mood.effects {
        let entry = devices
            .entry(device.clone())
            .or_insert_with(|| json!({"state": {}}));
        entry["state"][cap.as_str()] = value.clone();
    }
    json!({"id": mood.id, "name": mood.name, "preset": null, "zone": mood.zone, "devices": devices})
}

const DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Position of a day name in the week.
pub fn day(name: &str) -> Option<usize> {
    DAYS.iter().position(|d| *d == name)
}

/// An alarm; `nextOccurance` is misspelt on the real hub too (objects.md 6).
pub fn alarm(alarm: &Alarm) -> Value {
    let days: Map<String, Value> = DAYS
        .iter()
        .zip(alarm.days)
        .map(|(day, on)| ((*day).to_owned(), json!(on)))
        .collect();
    json!({
        "id": alarm.id, "name": alarm.name, "time": alarm.time, "enabled": alarm.enabled,
        "repetition": days, "nextOccurance": next(alarm),
    })
}

/// When it rings next; null when it is switched off. Without any day it rings
/// once, the next time it can.
fn next(alarm: &Alarm) -> Value {
    let (hour, minute) = alarm.time.split_once(':').unwrap_or(("0", "0"));
    let (Ok(hour), Ok(minute)) = (hour.parse::<u8>(), minute.parse::<u8>()) else {
        return Value::Null;
    };
    let now = now_ms();
    let once = alarm.days.iter().all(|d| !d);
    for ahead in 0..8 {
        let date = local::local(now).date() + Duration::days(ahead);
        let Some(at) = local::at(date, hour, minute) else {
            return Value::Null;
        };
        let today = usize::from(date.weekday().number_days_from_monday());
        if alarm.enabled && at > now && (once || alarm.days[today]) {
            return json!(iso(at));
        }
    }
    Value::Null
}

/// A logic variable.
pub fn variable(v: &Variable) -> Value {
    json!({"id": v.id, "name": v.name, "type": kind_of(&v.value), "value": v.value})
}

/// A notification; V2 has more members.
pub fn notice(n: &Notice, v2: bool) -> Value {
    let mut object = json!({
        "id": n.id, "ownerUri": "homey:manager:flow", "ownerName": "Flow",
        "dateCreated": iso(n.date), "excerpt": n.excerpt, "meta": {},
    });
    if v2 {
        object["dateExpires"] = json!(iso(n.date + 30 * 86_400_000));
        object["icon"] = Value::Null;
        object["iconObj"] = Value::Null;
        object["priority"] = json!(1);
        object["readBy"] = json!([]);
        object["roles"] = json!(["owner"]);
    }
    object
}

/// The owner (objects.md 2.3).
pub fn user(u: &User, v2: bool) -> Value {
    let properties = json!({
        "favoriteDevices": u.favorite_devices, "favoriteFlows": u.favorite_flows,
    });
    let athom = "5f00aa11bb22cc33dd44ee55";
    if v2 {
        return json!({
            "id": u.id, "name": "Pat", "role": "owner", "athomId": athom, "enabled": true,
            "present": u.present, "asleep": u.asleep, "verified": true, "properties": properties,
        });
    }
    json!({
        "id": u.id, "name": "Pat", "role": "owner", "athomId": athom, "enabled": true,
        "enabledUntil": null, "present": u.present, "asleep": u.asleep, "avatar": null,
        "verified": true, "inviteUrl": null, "localUsername": null, "properties": properties,
    })
}

/// The caller's own session (objects.md 2.2).
pub fn session(b: &Bearer, v2: bool) -> Value {
    if v2 {
        return json!({
            "id": b.id, "type": "OAUTH", "agent": "Anyname/1.0", "clientName": b.name,
            "scopes": b.scopes, "intersectedScopes": b.scopes, "createdAt": iso(b.created),
            "expiresAt": time_or_null(b.expires), "lastUsed": iso(now_ms()),
        });
    }
    let kind = match b.kind {
        Kind::Session => "OAUTH",
        Kind::Key => "PAT",
    };
    json!({"id": b.id, "type": kind, "scopes": b.scopes, "intersectedScopes": b.scopes})
}
