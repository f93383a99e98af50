// SPDX-License-Identifier: MIT OR Apache-2.0

//! Changes of the home as events: the name is the URI that was subscribed to,
//! the arguments are the event and its data (api.md 12).

use serde_json::{Value, json};

use crate::home::feed::{Change, What};
use crate::shape;
use crate::state::Hub;

/// What a change is told as: URI, event, data.
pub fn events(hub: &Hub, change: &Change) -> Vec<(String, String, Value)> {
    match change {
        Change::Value {
            device,
            cap,
            value,
            transaction,
            at,
        } => {
            let data = json!({
                "capabilityId": cap, "value": value, "transactionId": transaction,
                "transactionTime": at,
            });
            vec![(
                format!("homey:device:{device}"),
                "capability".to_owned(),
                data,
            )]
        }
        Change::Item {
            manager,
            class,
            what,
            id,
        } => {
            let data = match what {
                What::Deleted => Some(json!({"id": id})),
                _ => shape::item(hub, class, id),
            };
            let Some(data) = data else {
                // Gone again before it could be told.
                return Vec::new();
            };
            let event = format!("{class}.{}", what.word());
            let mut all = vec![(format!("homey:manager:{manager}"), event, data.clone())];
            if *class == "device" && *what != What::Created {
                all.push((format!("homey:device:{id}"), what.word().to_owned(), data));
            }
            all
        }
    }
}

/// The URIs that a change could be told to, before its data is made.
pub fn concerns(change: &Change, held: impl Fn(&str) -> bool) -> bool {
    match change {
        Change::Value { device, .. } => held(&format!("homey:device:{device}")),
        Change::Item {
            manager, class, id, ..
        } => {
            let device = *class == "device" && held(&format!("homey:device:{id}"));
            device || held(&format!("homey:manager:{manager}"))
        }
    }
}
