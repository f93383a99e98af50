// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rows about what a poll asks.

use serde_json::{Value, json};

use super::cell::{Cell, When, poll, polls, unnoticed};
use super::whole::{token, wrong_hub};
use crate::tier::Tier;

/// Polls only.
pub fn reads(tier: &Tier) -> Vec<Cell> {
    let status = |code: u16| json!({"kind": "status", "code": code});
    let mut once = status(401);
    once["times"] = json!(1);
    // Tries that fail at once leave less than a press's life between them, or the next one lets it through.
    let quick = |cell: Cell| Cell {
        when: When::Late,
        // A toggle reads first, and that meets the same fault.
        set: &["confirmed", "expired", "refused"],
        start: &["confirmed", "expired"],
        ..cell
    };
    let busy = |fault: &str, mut body: Value, after: Option<Value>| {
        if let Some(after) = after {
            body["retry_after"] = after;
        }
        Cell {
            // Obeyed: presses wait with the polls; nothing is wrong with the link.
            link: "ready",
            lamp: &["ready"],
            within: 5000,
            paused: true,
            ..quick(poll(fault, "reply", body))
        }
    };
    let mut cells = vec![
        quick(poll(
            "drip, a byte a second",
            "body",
            json!({"kind": "drip", "phase": "body"}),
        )),
        quick(poll(
            "truncated JSON",
            "body",
            json!({"kind": "truncated_json"}),
        )),
        quick(poll(
            "wrong length, 10 more",
            "body",
            json!({"kind": "wrong_length", "delta": 10}),
        )),
        quick(poll(
            "wrong length, 10 fewer",
            "body",
            json!({"kind": "wrong_length", "delta": -10}),
        )),
        Cell {
            also: &["loading"],
            set: &["refused", "confirmed"],
            start: &["refused", "confirmed"],
            ..wrong_hub("portal", "reply, polls", polls(json!({"kind": "portal"})))
        },
        Cell {
            quiet: false,
            // A first refusal is not believed (keys are refused for moments at night).
            ..unnoticed("401 once", "reply, polls", polls(once))
        },
        Cell {
            also: &["loading"],
            ..token("401", "reply, polls", polls(status(401)))
        },
        Cell {
            also: &["loading"],
            ..token(
                "403 scopes",
                "reply, polls",
                polls(json!({"kind": "status", "code": 403, "scopes": true})),
            )
        },
        quick(poll("403 licence", "reply", status(403))),
        quick(poll("404", "reply", status(404))),
        quick(poll("500", "reply", status(500))),
        quick(poll("502 page", "reply", status(502))),
        quick(poll("503 page", "reply", status(503))),
        quick(poll("504 page", "reply", status(504))),
        busy("429", status(429), None),
        Cell {
            asked: 2000,
            // Two seconds are longer than readings are good, where that is divided.
            lamp: if tier.time(30_000).as_millis() > 2000 {
                &["ready"]
            } else {
                &["stale"]
            },
            ..busy("429, Retry-After: 2", status(429), Some(json!(2)))
        },
        busy(
            "429, Retry-After: a date",
            status(429),
            Some(json!("Wed, 21 Oct 2026 07:28:00 GMT")),
        ),
        Cell {
            lasts: 40_000,
            lamp: &["stale"],
            ..busy("429, longer than readings are good", status(429), None)
        },
    ];
    for phase in ["request", "head", "body"] {
        cells.push(poll(
            "stall",
            phase,
            json!({"kind": "stall", "phase": phase}),
        ));
        for kind in ["close", "rst"] {
            cells.push(quick(poll(
                kind,
                phase,
                json!({"kind": kind, "phase": phase}),
            )));
        }
    }
    cells
}
