// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fault matrix. Expectations come from the documents, never from a run: the conditions' table in panel/state.rs, the
//! link's rhythms in panel/render.rs, what each state of the link means in panel/mod.rs, design section 5, the field's
//! lessons N3, N10 to N20 and P19, and how hubs answer (10 and 11 of the interface's facts).

use serde_json::{Value, json};

use super::cell::{Cell, How, When, all, away, command, commands, fresh, poll, polls, unnoticed};
use crate::tier::Tier;

/// Faults that wait for a person: presses are refused at once, and somebody looks again after 5 s.
fn wrong_hub(fault: &str, phase: &str, how: How) -> Cell {
    Cell {
        link: "wrong-hub",
        set: &["refused"],
        start: &["refused"],
        within: 8000,
        ..away(fault, phase, how)
    }
}

/// The bearer is refused: presses too, and it is tried again after 60 s and a fifth (P19).
fn token(fault: &str, phase: &str, how: How) -> Cell {
    Cell {
        link: "token",
        set: &["refused"],
        start: &["refused"],
        within: 75_000,
        ..away(fault, phase, how)
    }
}

/// New connections.
fn connections() -> Vec<Cell> {
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
                json!({"kind": "refuse", "cut": true, "ms": 300}),
            ]),
        ),
    ]
}

/// The hub as a whole.
fn hub(tier: &Tier) -> Vec<Cell> {
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
            also: Some("loading"),
            set: &["expired", "unknown"],
            start: &["expired", "unknown"],
            ..away("restart", "only the ping answers", booting("ping"))
        },
        Cell {
            link: "loading",
            also: Some("no-hub"),
            // No device is known, so none can be switched; flows are there.
            set: &["refused", "expired"],
            start: &["confirmed"],
            ..away("restart", "no devices yet", booting("empty"))
        },
        Cell {
            link: "ready",
            also: Some("loading"),
            lamp: &["unavailable"],
            set: &["refused", "confirmed"],
            start: &["confirmed"],
            ..away("restart", "devices not ready", booting("unready"))
        },
    ]
}

/// Whatever is asked, pings included.
fn everything() -> Vec<Cell> {
    let ends = |kind: &str, phase: &str| all(json!({"kind": kind, "phase": phase}));
    let mut cells = vec![
        away(
            "drip, a byte a second",
            "head, all",
            all(json!({"kind": "drip", "phase": "head"})),
        ),
        away(
            "drip, a byte a second",
            "body, all",
            all(json!({"kind": "drip", "phase": "body"})),
        ),
        away(
            "wrong length, 10 more",
            "body, all",
            all(json!({"kind": "wrong_length", "delta": 10})),
        ),
        Cell {
            also: Some("loading"),
            set: &["expired", "confirmed"],
            start: &["expired", "confirmed"],
            ..away(
                "truncated JSON",
                "body, all",
                all(json!({"kind": "truncated_json"})),
            )
        },
        Cell {
            also: Some("loading"),
            set: &["expired", "confirmed"],
            start: &["expired", "confirmed"],
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

/// Polls only.
fn reads() -> Vec<Cell> {
    let status = |code: u16| json!({"kind": "status", "code": code});
    let mut once = status(401);
    once["times"] = json!(1);
    // Tries that fail at once leave less than a press's life between them, or the next one lets it through.
    let quick = |cell: Cell| Cell {
        when: When::Late,
        set: &["confirmed", "expired"],
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
            also: Some("loading"),
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
            also: Some("loading"),
            ..token("401", "reply, polls", polls(status(401)))
        },
        Cell {
            also: Some("loading"),
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

/// Commands only.
fn presses(tier: &Tier) -> Vec<Cell> {
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
            "drip, a byte a second",
            "body",
            UNKNOWN,
            json!({"kind": "drip", "phase": "body"}),
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
        command(
            "wrong length, 10 fewer",
            "body",
            CONFIRMED,
            json!({"kind": "wrong_length", "delta": -10}),
        ),
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
        command("500, executed", "reply", UNKNOWN, ran),
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

/// All rows, in the order of the table.
pub fn cells(tier: &Tier) -> Vec<Cell> {
    let mut cells = connections();
    cells.extend(hub(tier));
    cells.extend(everything());
    cells.extend(reads());
    cells.extend(presses(tier));
    cells
}
