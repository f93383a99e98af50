// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cards of one flow in words, as far as the hub has words for them (`objects.md` 5.1, 5.2, 5.5).
//!
//! Each different card is asked for by itself, a bounded number of them: all cards of a hub are 600 KB. What the hub
//! does not explain keeps its id.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::cli::desk::Desk;
use crate::cli::table::Table;
use crate::failure::{Exit, Failure};
use crate::homey::call::{Call, path_segment};
use crate::homey::reply;

use super::items::{self, Object, text};
use super::{card_words, put};

/// So many different cards are asked for; further ones keep their ids.
const MAX_ASKED: usize = 40;
/// Cards beyond this number are left out.
const MAX_CARDS: usize = 2000;

/// Of more followers than this of one card the first are shown.
const MAX_OUTPUTS: usize = 50;

/// What the hub has told of the cards so far.
pub(super) struct Cards {
    /// By role and full id.
    told: BTreeMap<(Role, String), Title>,
    devices: BTreeMap<String, String>,
}

/// The owner's name and the title, where the hub has a title.
type Title = Option<(String, String)>;

/// Which of the three lists a card stands in.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Trigger,
    Condition,
    Action,
}

impl Role {
    fn of(kind: &str) -> Option<Role> {
        match kind {
            "trigger" => Some(Role::Trigger),
            "condition" => Some(Role::Condition),
            "action" => Some(Role::Action),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Role::Trigger => "trigger",
            Role::Condition => "condition",
            Role::Action => "action",
        }
    }
}

/// A card's owner and its id within that: V3 writes both into one (`operations.md` 3).
fn names(card: &Object) -> (String, String) {
    let id = text(card, "id").unwrap_or_default();
    let owner = text(card, "uri").or(text(card, "ownerUri"));
    match owner {
        Some(owner) => {
            let rest = id
                .strip_prefix(owner)
                .and_then(|rest| rest.strip_prefix(':'));
            (owner.to_string(), rest.unwrap_or(id).to_string())
        }
        None => match id.match_indices(':').nth(2) {
            Some((at, _)) => (id[..at].to_string(), id[at + 1..].to_string()),
            None => (String::new(), id.to_string()),
        },
    }
}

/// The cards of a flow with their roles: of a standard flow in its order, of an advanced one as they come.
fn all(flow: &Object) -> Vec<(Option<Role>, &Object)> {
    let list = |name: &str| {
        flow.get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let mut cards = Vec::new();
    let trigger = flow.get("trigger").and_then(Value::as_object);
    cards.extend(trigger.map(|card| (Some(Role::Trigger), card)));
    for (name, role) in [("conditions", Role::Condition), ("actions", Role::Action)] {
        cards.extend(
            list(name)
                .filter_map(Value::as_object)
                .map(|card| (Some(role), card)),
        );
    }
    let nodes = flow.get("cards").and_then(Value::as_object);
    let nodes = nodes
        .into_iter()
        .flat_map(Object::values)
        .filter_map(Value::as_object);
    cards.extend(nodes.map(|card| (text(card, "type").and_then(Role::of), card)));
    cards.truncate(MAX_CARDS);
    cards
}

impl Cards {
    /// Asks the hub about the cards of `flow`; an answer that is none leaves the card its id.
    pub(super) fn of(desk: &mut Desk, flow: &Object) -> Cards {
        let mut cards = Cards {
            told: BTreeMap::new(),
            devices: BTreeMap::new(),
        };
        let (mut has_devices, mut asked) = (false, MAX_ASKED);
        for (role, card) in all(flow) {
            let (owner, short) = names(card);
            has_devices |= owner.starts_with("homey:device:");
            let Some(role) = role.filter(|_| !owner.is_empty()) else {
                continue;
            };
            let key = (role, format!("{owner}:{short}"));
            if cards.told.len() >= asked || cards.told.contains_key(&key) {
                continue;
            }
            match ask(desk, role, &owner, text(card, "id").unwrap_or_default()) {
                Ok(told) => {
                    cards.told.insert(key, told);
                }
                // The next would fare no better, and somebody waits.
                Err(_) => asked = 0,
            }
        }
        if has_devices {
            let devices = &mut cards.devices;
            let listed = desk.read(&Call::Devices, &mut |body| {
                reply::names(body, &mut |item| {
                    devices.insert(item.id.to_string(), item.name.to_string());
                })?;
                Ok(())
            });
            // Without their names devices keep their ids.
            drop(listed);
        }
        cards
    }

    /// The cards as a table: what happens when, and what comes after it.
    pub(super) fn table(&self, flow: &Object, is_advanced: bool) -> Table {
        match is_advanced {
            true => self.nodes(flow),
            false => self.rows(flow),
        }
    }

    /// A standard flow: when, and, then.
    fn rows(&self, flow: &Object) -> Table {
        let mut table = Table::new(&["part", "what", "card"]);
        let mut group = None;
        for (role, card) in all(flow) {
            let own = text(card, "group");
            let part = match role {
                Some(Role::Trigger) => "when",
                // Within a group all must hold, of the groups any (`objects.md` 5.1).
                Some(Role::Condition) if group.is_some() && group != own => "or",
                Some(Role::Condition) => "and",
                _ if own == Some("else") => "else",
                _ => "then",
            };
            if role == Some(Role::Condition) {
                group = own.or(group);
            }
            let (owner, short) = names(card);
            table.row(vec![
                json!(part),
                json!(self.words(role, card)),
                json!(format!("{owner}:{short}")),
            ]);
        }
        table
    }

    /// An advanced flow: numbered from its beginnings, each card with those that follow it.
    fn nodes(&self, flow: &Object) -> Table {
        let mut table = Table::new(&["number", "kind", "what", "next", "card"]);
        let Some(cards) = flow.get("cards").and_then(Value::as_object) else {
            return table;
        };
        let order = order(cards);
        let places = order.iter().enumerate();
        let numbers: BTreeMap<&str, usize> = places.map(|(at, key)| (*key, at + 1)).collect();
        for (at, key) in order.iter().enumerate() {
            let Some(card) = cards.get(*key).and_then(Value::as_object) else {
                continue;
            };
            let kind = text(card, "type").unwrap_or_default();
            let mut next = Vec::new();
            for (member, word) in OUTPUTS {
                let keys = outputs(card, member);
                let found = keys.filter_map(|key| numbers.get(key).map(usize::to_string));
                let found: Vec<String> = found.take(MAX_OUTPUTS).collect();
                if !found.is_empty() {
                    next.push(format!("{word}{}", found.join(" ")));
                }
            }
            let (owner, short) = names(card);
            let id = (!short.is_empty()).then(|| format!("{owner}:{short}"));
            table.row(vec![
                json!(at + 1),
                json!(kind),
                json!(self.words(Role::of(kind), card)),
                json!((!next.is_empty()).then(|| next.join(", "))),
                json!(id),
            ]);
        }
        table
    }

    /// One card in words.
    fn words(&self, role: Option<Role>, card: &Object) -> String {
        let (owner, short) = names(card);
        let key = role.map(|role| (role, format!("{owner}:{short}")));
        let told = key
            .and_then(|key| self.told.get(&key))
            .and_then(Option::as_ref);
        let mut owner_name = self.owner(&owner);
        if let Some((name, _)) = told {
            if !owner.starts_with("homey:device:") && !name.is_empty() {
                owner_name.clone_from(name);
            }
        }
        let title = told.map(|(_, title)| title.as_str());
        card_words::of(card, &owner_name, title, &short)
    }

    /// Whose card it is, as people call it.
    fn owner(&self, uri: &str) -> String {
        let last = uri.rsplit(':').next().unwrap_or_default();
        match uri.strip_prefix("homey:device:") {
            Some(id) => match self.devices.get(id) {
                Some(name) => name.clone(),
                None => format!("device {id}"),
            },
            None => last.to_string(),
        }
    }
}

/// A node's outputs and how they are called.
const OUTPUTS: [(&str, &str); 4] = [
    ("outputSuccess", ""),
    ("outputTrue", "if so "),
    ("outputFalse", "if not "),
    ("outputError", "on error "),
];

/// The keys of the nodes that an output leads to.
fn outputs<'c>(card: &'c Object, member: &str) -> impl Iterator<Item = &'c str> {
    let keys = card.get(member).and_then(Value::as_array);
    keys.into_iter().flatten().filter_map(Value::as_str)
}

/// Node keys in the order in which things happen: from each beginning, top left first, along its outputs.
fn order(cards: &Object) -> Vec<&str> {
    let place = |key: &&str| {
        let at = |name: &str| {
            let card = cards.get(*key).and_then(Value::as_object);
            let number = card.and_then(|card| card.get(name)?.as_f64());
            number.unwrap_or(0.0) as i64
        };
        let card = cards.get(*key).and_then(Value::as_object);
        let kind = card.and_then(|card| text(card, "type"));
        let begins = matches!(kind, Some("trigger" | "start"));
        (!begins, at("y"), at("x"))
    };
    let mut keys: Vec<&str> = cards.keys().map(String::as_str).take(MAX_CARDS).collect();
    let mut left: BTreeSet<&str> = keys.iter().copied().collect();
    keys.sort_by_key(place);
    let mut order: Vec<&str> = Vec::with_capacity(keys.len());
    for key in keys {
        let mut at = order.len();
        if left.remove(key) {
            order.push(key);
        }
        while let Some(card) = order.get(at) {
            let card = cards.get(*card).and_then(Value::as_object);
            for (member, _) in OUTPUTS {
                let next = card.into_iter().flat_map(|card| outputs(card, member));
                order.extend(next.filter_map(|next| left.take(next)));
            }
            at += 1;
        }
    }
    order
}

/// What the hub says of one card: its owner's name and its title. `Err`: it says nothing of any card.
fn ask(desk: &mut Desk, role: Role, owner: &str, id: &str) -> Result<Title, Failure> {
    let parts = (path_segment("owner", owner), path_segment("card", id));
    let (Ok(owner_part), Ok(id_part)) = parts else {
        return Ok(None);
    };
    let word = role.word();
    let target = format!("/api/manager/flow/flowcard{word}/{owner_part}/{id_part}");
    let doing = "read a flow card";
    let call = put::get(&target, doing, "homey.flow.readonly");
    let card = match items::one(desk, doing, &call, "a flow card") {
        Ok(card) => card,
        Err(failure) if failure.exit == Exit::Failed => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let owner = card.get("uriObj").and_then(Value::as_object);
    let owner = owner.and_then(|owner| text(owner, "name"));
    let owner = owner.or(text(&card, "ownerName")).unwrap_or_default();
    let title = text(&card, "titleFormatted").or(text(&card, "title"));
    Ok(title.map(|title| (owner.to_string(), title.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Object {
        match value {
            Value::Object(object) => object,
            other => panic!("{other}"),
        }
    }

    fn silent() -> Cards {
        Cards {
            told: BTreeMap::new(),
            devices: BTreeMap::from([("d1".to_string(), "Lamp".to_string())]),
        }
    }

    #[test]
    fn both_dialects_name_a_card_alike() {
        for card in [
            json!({"uri": "homey:device:d1", "id": "alarm_on"}),
            json!({"id": "homey:device:d1:alarm_on"}),
            json!({"ownerUri": "homey:device:d1", "id": "alarm_on"}),
            json!({"ownerUri": "homey:device:d1", "id": "homey:device:d1:alarm_on"}),
        ] {
            let want = ("homey:device:d1".to_string(), "alarm_on".to_string());
            assert_eq!(names(&object(card)), want);
        }
        let odd = json!({"id": "a:b", "uri": 7});
        assert_eq!(names(&object(odd)), (String::new(), "a:b".into()));
        assert_eq!(names(&Object::new()), (String::new(), String::new()));
    }

    #[test]
    fn a_standard_flow_reads_from_top_to_bottom() {
        let flow = object(json!({
            "trigger": {"id": "homey:manager:cron:time_exactly", "args": {"time": "21:30"}},
            "conditions": [
                {"id": "homey:device:d1:on", "group": "group1"},
                {"id": "homey:device:d2:on", "group": "group1", "inverted": true},
                {"id": "homey:manager:logic:equal", "group": "group2"},
                null, 7,
            ],
            "actions": [
                {"id": "homey:device:d1:off", "group": "then", "delay": {"number": "2", "multiplier": 60}},
                {"id": "homey:device:d1:dim", "group": "else", "args": {"dim": 0.5}},
            ],
        }));
        let lines = silent().table(&flow, false).lines();
        let lines: Vec<&str> = lines
            .iter()
            .map(|l| l.split("  homey:").next().unwrap().trim())
            .collect();
        assert_eq!(
            lines,
            [
                "PART  WHAT                              CARD",
                "when  cron: time exactly (time: 21:30)",
                "and   Lamp: on",
                "and   device d2: not: on",
                "or    logic: equal",
                "then  Lamp: off, after 2 min",
                "else  Lamp: dim (dim: 0.5)",
            ]
        );
        assert_eq!(silent().table(&Object::new(), false).lines().len(), 1);
    }

    #[test]
    fn an_advanced_flow_is_numbered_along_its_outputs_and_circles_end() {
        let flow = object(json!({"cards": {
            "a": {"type": "action", "ownerUri": "homey:device:d1", "id": "on", "x": 9, "outputSuccess": ["c"]},
            "b": {"type": "trigger", "ownerUri": "homey:manager:cron", "id": "time", "y": 5, "outputSuccess": ["c", "gone"]},
            "c": {"type": "condition", "ownerUri": "homey:device:d1", "id": "on", "outputTrue": ["a", 7], "outputFalse": ["b"]},
            "d": {"type": "note", "value": "Hello\u{7}"},
            "e": null,
        }}));
        let table = silent().table(&flow, true).objects();
        let column = |name: &str| -> Vec<&str> {
            table
                .iter()
                .map(|row| row[name].as_str().unwrap_or("-"))
                .collect()
        };
        assert_eq!(column("kind"), ["trigger", "condition", "action", "note"]);
        assert_eq!(column("next"), ["2", "if so 3, if not 1", "2", "-"]);
        assert_eq!(column("what")[3], "Hello");
        assert!(
            silent()
                .table(&object(json!({"cards": []})), true)
                .objects()
                .is_empty()
        );
    }
}
