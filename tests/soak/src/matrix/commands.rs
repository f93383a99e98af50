// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rows about what a press asks.

use serde_json::{Value, json};

use super::cell::{Cell, command, commands, together, unnoticed};
use crate::tier::Tier;

/// Commands only.
pub fn presses(tier: &Tier) -> Vec<Cell> {
    let status = |code: u16| json!({"kind": "status", "code": code});
    let once = |mut body: Value| {
        body["times"] = json!(1);
        body
    };
    const UNKNOWN: &[&str] = &["unknown"];
    const REFUSED: &[&str] = &["refused"];
    const CONFIRMED: &[&str] = &["confirmed"];
    const EXPIRED: &[&str] = &["expired"];
    let mut ran = status(500);
    ran["executed"] = json!(true);
    let mut later = status(429);
    later["retry_after"] = json!(1);
    // A second is within a press's life, unless that is divided.
    let after_a_second = if tier.life().as_millis() > 1000 {
        CONFIRMED
    } else {
        EXPIRED
    };
    let fewer = |coding: &str, word| {
        let coded = commands(json!({"kind": "coding", "as": coding}));
        let cut = json!({"kind": "wrong_length", "delta": -10});
        let cell = command(
            &format!("wrong length, 10 fewer, {coding}"),
            "body",
            word,
            cut,
        );
        Cell {
            how: together(cell.how.clone(), coded),
            ..cell
        }
    };
    let refused = |cell: Cell| Cell {
        lamp: &["pending", "ready"],
        ..cell
    };
    let mut cells = vec![
        command(
            "drip, a byte a second",
            "head",
            UNKNOWN,
            json!({"kind": "drip", "phase": "head"}),
        ),
        command(
            "drip, a byte in 2 s",
            "body",
            UNKNOWN,
            json!({"kind": "drip", "phase": "body", "ms": 2000}),
        ),
        command(
            "truncated JSON",
            "body",
            CONFIRMED,
            json!({"kind": "truncated_json"}),
        ),
        command(
            "wrong length, 10 more",
            "body",
            UNKNOWN,
            json!({"kind": "wrong_length", "delta": 10}),
        ),
        fewer("identity", CONFIRMED),
        // Its end is missing once it is unpacked, so it is no complete reply.
        fewer("gzip", UNKNOWN),
        refused(command(
            "portal",
            "reply",
            REFUSED,
            json!({"kind": "portal"}),
        )),
        command("401 once", "reply", CONFIRMED, once(status(401))),
        command("401", "reply", EXPIRED, status(401)),
        refused(command(
            "403 scopes",
            "reply",
            REFUSED,
            json!({"kind": "status", "code": 403, "scopes": true}),
        )),
        refused(command("403 licence", "reply", REFUSED, status(403))),
        refused(command("404", "reply", REFUSED, status(404))),
        command("429 once", "reply", CONFIRMED, once(status(429))),
        command("429", "reply", EXPIRED, status(429)),
        Cell {
            asked: 1000,
            ..command(
                "429 once, Retry-After: 1",
                "reply",
                after_a_second,
                once(later),
            )
        },
        // A reply that does not say whether it ran (api.md 10): never refused, which would mean that it did not.
        command("500, not executed", "reply", UNKNOWN, status(500)),
        command("500, executed", "reply", UNKNOWN, ran.clone()),
        command("500 invalid_token, executed", "reply", UNKNOWN, {
            ran["error"] = json!("invalid_token");
            ran
        }),
        command("502 page", "reply", UNKNOWN, status(502)),
        command("503 page", "reply", UNKNOWN, status(503)),
        command("504 page", "reply", UNKNOWN, status(504)),
    ];
    for phase in ["request", "head", "body"] {
        for kind in ["stall", "close", "rst"] {
            cells.push(command(
                kind,
                phase,
                UNKNOWN,
                json!({"kind": kind, "phase": phase}),
            ));
        }
    }
    for coding in [
        "chunked",
        "gzip",
        "br",
        "deflate",
        "raw_deflate",
        "identity",
    ] {
        let body = json!({"kind": "coding", "as": coding});
        cells.push(unnoticed(
            &format!("coding {coding}"),
            "body, commands",
            commands(body),
        ));
    }
    cells
}
