// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rows about connections, the hub as a whole, and whatever is asked of it.

use serde_json::{Value, json};

use super::cell::{Cell, How, When, all, away, fresh, unnoticed};
use crate::tier::Tier;

/// Faults that wait for a person: presses are refused at once, and somebody looks again after 5 s.
pub fn wrong_hub(fault: &str, phase: &str, how: How) -> Cell {
    Cell {
        link: "wrong-hub",
        set: &["refused"],
        start: &["refused"],
        within: 8000,
        ..away(fault, phase, how)
    }
}

/// The bearer is refused: presses too, and it is tried again after 60 s and a fifth (P19).
pub fn token(fault: &str, phase: &str, how: How) -> Cell {
    Cell {
        link: "token",
        set: &["refused"],
        start: &["refused"],
        within: 75_000,
        ..away(fault, phase, how)
    }
}

/// New connections.
pub fn connections(tier: &Tier) -> Vec<Cell> {
    // Longer than from one poll to the next.
    let missed = u64::try_from(tier.time(7000).as_millis()).unwrap_or(u64::MAX);
    let certificate = |which: &str| fresh(json!({"kind": "certificate", "which": which}));
    vec![
        away(
            "refuse",
            "connect",
            How::Fault(vec![json!({"kind": "refuse", "cut": true})]),
        ),
        Cell {
            lasts: 30_000,
            ..away(
                "refuse, 30 s",
                "connect",
                How::Fault(vec![json!({"kind": "refuse", "cut": true})]),
            )
        },
        Cell {
            lasts: 30_000,
            hand: true,
            within: 2000,
            ..away(
                "refuse, 30 s, found by a press",
                "connect",
                How::Fault(vec![json!({"kind": "refuse", "cut": true})]),
            )
        },
        away("silent", "accept", fresh(json!({"kind": "silent"}))),
        away(
            "stall",
            "handshake",
            fresh(json!({"kind": "stall", "phase": "handshake"})),
        ),
        away(
            "close",
            "accept",
            fresh(json!({"kind": "close", "phase": "accept"})),
        ),
        away(
            "close",
            "handshake",
            fresh(json!({"kind": "close", "phase": "handshake"})),
        ),
        away(
            "close, no close_notify",
            "handshake",
            fresh(json!({"kind": "close", "phase": "handshake", "close_notify": false})),
        ),
        away(
            "rst",
            "accept",
            fresh(json!({"kind": "rst", "phase": "accept"})),
        ),
        away(
            "rst",
            "handshake",
            fresh(json!({"kind": "rst", "phase": "handshake"})),
        ),
        wrong_hub(
            "certificate of another host",
            "handshake",
            certificate("swapped"),
        ),
        wrong_hub(
            "certificate self-signed",
            "handshake",
            certificate("self_signed"),
        ),
        wrong_hub("certificate expired", "handshake", certificate("expired")),
        unnoticed(
            "certificate with another key",
            "handshake",
            certificate("same_name_other_key"),
        ),
        Cell {
            pinned: true,
            ..wrong_hub(
                "certificate with another key than the pin",
                "handshake",
                certificate("same_name_other_key"),
            )
        },
        Cell {
            pinned: true,
            // A pin replaces chain, name and dates.
            ..unnoticed(
                "certificate expired, pinned",
                "handshake",
                certificate("expired"),
            )
        },
        Cell {
            link: "clock",
            // Looked at every 2 s (N3).
            within: 4000,
            ..wrong_hub(
                "certificate not yet valid",
                "handshake",
                certificate("not_yet_valid"),
            )
        },
        // The id is asked for before a bearer leaves for an address that was away (N10).
        wrong_hub(
            "wrong id",
            "reply to the ping",
            How::Fresh(vec![
                json!({"kind": "wrong_id", "path_prefix": "/api/manager/system/ping"}),
                json!({"kind": "refuse", "cut": true, "ms": missed}),
            ]),
        ),
    ]
}

/// The hub as a whole.
pub fn hub(tier: &Tier) -> Vec<Cell> {
    let ms = |ms: u64| u64::try_from(tier.time(ms).as_millis()).unwrap_or(u64::MAX);
    // Long enough for a phase to be seen, whatever the tier.
    let boot = ms(20_000).max(1500);
    let booting = |phase| {
        How::Booting(
            json!({"down_ms": 100, "boot": true, "boot_ms": boot}),
            phase,
        )
    };
    vec![
        away("frozen", "any", How::Frozen),
        away("killed", "any", How::Killed),
        away(
            "restart",
            "down",
            How::Restart(json!({"down_ms": ms(20_000).max(1500)})),
        ),
        Cell {
            // Connected, but nothing can be read: a relay's 503, and writes under it are ambiguous.
            also: &["loading"],
            set: &["expired", "unknown"],
            start: &["expired", "unknown"],
            ..away("restart", "only the ping answers", booting("ping"))
        },
        Cell {
            link: "loading",
            also: &["no-hub"],
            // No device is known, so none can be switched; flows are there.
            set: &["refused", "expired"],
            start: &["confirmed"],
            ..away("restart", "no devices yet", booting("empty"))
        },
        Cell {
            link: "ready",
            also: &["loading"],
            lamp: &["unavailable"],
            set: &["refused", "confirmed"],
            start: &["confirmed"],
            ..away("restart", "devices not ready", booting("unready"))
        },
    ]
}

/// The lamp's device.
pub fn device() -> Vec<Cell> {
    let of = |more: Value| {
        let mut body = json!({"device": "Office/Desk light"});
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
        body
    };
    vec![
        Cell {
            link: "ready",
            when: When::Early,
            lamp: &["pending", "unknown", "ready"],
            set: &["unknown"],
            // One device that never answers its command delays no other.
            start: &["confirmed"],
            ..away(
                "device never answers a write",
                "any",
                How::Device(
                    "hang",
                    of(json!({"on": true})),
                    "hang",
                    of(json!({"on": false})),
                ),
            )
        },
        Cell {
            link: "ready",
            lamp: &["blocked"],
            set: &["refused"],
            start: &["confirmed"],
            // Its name is looked up again after a minute at the latest.
            within: 60_000,
            ..away(
                "device removed",
                "any",
                How::Device("gone", of(json!({})), "return", of(json!({}))),
            )
        },
        Cell {
            link: "ready",
            lamp: &["blocked"],
            set: &["refused"],
            start: &["confirmed"],
            within: 60_000,
            ..away(
                "device removed, paired anew",
                "any",
                How::Device("gone", of(json!({})), "return", of(json!({"new_id": true}))),
            )
        },
        Cell {
            link: "ready",
            lamp: &["unavailable"],
            set: &["refused", "confirmed", "unknown"],
            start: &["confirmed"],
            within: 7000,
            ..away(
                "device unavailable",
                "any",
                How::Device(
                    "available",
                    of(json!({"available": false})),
                    "available",
                    of(json!({"available": true})),
                ),
            )
        },
    ]
}

/// Whatever is asked, pings included.
pub fn everything() -> Vec<Cell> {
    let ends = |kind: &str, phase: &str| all(json!({"kind": kind, "phase": phase}));
    let mut cells = vec![
        away(
            "drip, a byte a second",
            "head, all",
            all(json!({"kind": "drip", "phase": "head"})),
        ),
        away(
            // The four bytes of a ping's reply take longer than a poll may.
            "drip, a byte in 3 s",
            "body, all",
            all(json!({"kind": "drip", "phase": "body", "ms": 3000})),
        ),
        away(
            "wrong length, 10 more",
            "body, all",
            all(json!({"kind": "wrong_length", "delta": 10})),
        ),
        Cell {
            also: &["loading"],
            set: &["expired", "confirmed"],
            start: &["expired", "confirmed"],
            ..away(
                "truncated JSON",
                "body, all",
                all(json!({"kind": "truncated_json"})),
            )
        },
        Cell {
            // What is left over may be read as the start of the next reply, which then looks like no hub's.
            also: &["loading", "wrong-hub"],
            set: &["expired", "confirmed", "refused"],
            start: &["expired", "confirmed", "refused"],
            ..away(
                "wrong length, 10 fewer",
                "body, all",
                all(json!({"kind": "wrong_length", "delta": -10})),
            )
        },
        wrong_hub("portal", "reply, all", all(json!({"kind": "portal"}))),
        away(
            "502 page",
            "reply, all",
            all(json!({"kind": "status", "code": 502})),
        ),
        away(
            "503 page",
            "reply, all",
            all(json!({"kind": "status", "code": 503})),
        ),
        away(
            "504 page",
            "reply, all",
            all(json!({"kind": "status", "code": 504})),
        ),
        away(
            "500",
            "reply, all",
            all(json!({"kind": "status", "code": 500})),
        ),
    ];
    for phase in ["request", "head", "body"] {
        for kind in ["stall", "close", "rst"] {
            cells.push(away(kind, &format!("{phase}, all"), ends(kind, phase)));
        }
    }
    for kind in ["close", "rst"] {
        cells.push(unnoticed(kind, "idle, all", ends(kind, "idle")));
    }
    cells.push(unnoticed(
        "close, no close_notify",
        "idle, all",
        all(json!({"kind": "close", "phase": "idle", "close_notify": false})),
    ));
    for coding in [
        "chunked",
        "gzip",
        "br",
        "deflate",
        "raw_deflate",
        "identity",
    ] {
        cells.push(unnoticed(
            &format!("coding {coding}"),
            "body, all",
            all(json!({"kind": "coding", "as": coding})),
        ));
    }
    cells
}
