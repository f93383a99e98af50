// SPDX-License-Identifier: MIT OR Apache-2.0
//! The mistakes that people made with hubs (`api.md` 15), by number: which command meets each, and with which words.

use serde_json::json;

use crate::bed::{Bed, Ended};
use crate::makers::*;

/// One command that meets a mistake.
struct Meeting {
    /// Of `api.md` 15.
    number: u32,
    /// Makes the mistake and runs the command.
    make: fn(&Bed) -> Ended,
    /// The exit code.
    code: i32,
    /// What it says.
    words: &'static [&'static str],
}

const fn meets(
    number: u32,
    make: fn(&Bed) -> Ended,
    code: i32,
    words: &'static [&'static str],
) -> Meeting {
    Meeting {
        number,
        make,
        code,
        words,
    }
}

const OLD_ID: &str = "3b0e6c7a-51d4-4f7e-8a90-2c6d1f4b7e01";

const MEETINGS: &[Meeting] = &[
    // 1: the header `Content Type:` without its hyphen.
    meets(
        1,
        content_type_in_the_profile,
        78,
        &["\"Content Type\"", "did you mean \"Content-Type:\""],
    ),
    meets(
        1,
        |bed| bed.run(&["request", "/p", "-H", "Content Type: application/json"]),
        64,
        &["\"Content Type\" contains a space", "write Content-Type"],
    ),
    // 2: typographic quotes, and quotes that the shell has eaten.
    meets(
        2,
        |bed| put(bed, "onoff", "{\u{201c}value\u{201d}:true}"),
        1,
        &["400", "typographic quote \u{201c}", "plain \" quotes"],
    ),
    meets(
        2,
        |bed| put(bed, "onoff", "{value:true}"),
        1,
        &["400", "no JSON", "single quotes"],
    ),
    // 3: https to the bare address. In the configuration it becomes the dashed name by itself.
    meets(
        3,
        bare_address,
        69,
        &[
            "refused the handshake",
            "https://127-0-0-1.homey.homeylocal.com:",
        ],
    ),
    meets(
        3,
        |bed| bed.run(&["doctor"]),
        0,
        &["127-0-0-1.homey.homeylocal.com is trusted"],
    ),
    // 4: the path is left out.
    meets(
        4,
        |bed| bed.run(&["request", "-d", "{}", &format!("{}/", bed.sim.word("http"))]),
        1,
        &["404", "it has no POST /", "/api/manager/"],
    ),
    // 5: a host that never answers.
    meets(
        5,
        |bed| silent(bed, &["request", "-m", "1", "/p"]),
        69,
        &[
            "no answer within 1.0 s",
            "check that this is the hub's address",
        ],
    ),
    meets(
        5,
        |bed| silent(bed, &["doctor"]),
        69,
        &["tls: the TLS handshake", "check the address"],
    ),
    // 6: the cloud's token, and that of another hub.
    meets(
        6,
        |bed| with_key(bed, CLOUD, &["doctor"]),
        77,
        &["cloud access token", "API key or a session token"],
    ),
    meets(
        6,
        |bed| with_key(bed, CLOUD, &["devices"]),
        77,
        &["401", "this hub's"],
    ),
    meets(
        6,
        |bed| with_key(bed, CLOUD, &["request", "/api/manager/zones/zone"]),
        1,
        &["401", "cloud access token"],
    ),
    meets(
        6,
        |bed| typed(bed, &format!("Bearer {CLOUD}")),
        1,
        &["401", "cloud access token"],
    ),
    meets(
        6,
        session_of_another_hub,
        77,
        &["it is of the hub ffff", "homey-panel login for this hub"],
    ),
    // 7: a code that comes too late.
    meets(
        7,
        |bed| login(bed, json!({"code_ttl_ms": 0})),
        77,
        &[
            "does not take the code",
            "good for 30 s and once",
            "log in again",
        ],
    ),
    // 8: the cookie by its position, the redirect cut at `=`: the login takes any order and either form.
    meets(
        8,
        |bed| login(bed, json!({"variant": "redirect"})),
        0,
        &["session.json"],
    ),
    meets(
        8,
        |bed| login(bed, json!({"variant": "form"})),
        0,
        &["session.json"],
    ),
    meets(
        8,
        |bed| login(bed, json!({"variant": "form_body"})),
        0,
        &["session.json"],
    ),
    // 9: the bearer ends after a day.
    meets(
        9,
        |bed| with_session(bed, &["doctor"]),
        0,
        &["ends in 2", "nothing renews it", "homey-panel login"],
    ),
    meets(
        9,
        |bed| ended(bed, &["doctor"]),
        77,
        &[
            "401 session_expired",
            "the session is over",
            "homey-panel login",
        ],
    ),
    meets(
        9,
        |bed| ended(bed, &["devices"]),
        77,
        &["401 session_expired", "the session is over; renew it"],
    ),
    // 10: the quotes of the JSON string.
    meets(
        10,
        |bed| with_key(bed, &format!("\"{}\"", bed.sim.bearer()), &["doctor"]),
        0,
        &["the quotes around it are left out"],
    ),
    meets(
        10,
        |bed| typed(bed, &format!("Bearer \"{}\"", bed.sim.bearer())),
        1,
        &["401", "quotes", "leave them out"],
    ),
    meets(
        10,
        |bed| typed(bed, bed.sim.bearer()),
        1,
        &["401", "the word Bearer"],
    ),
    // 12: credentials where others can read them.
    meets(
        12,
        key_in_the_configuration,
        78,
        &["the key stands in the configuration itself", "api_key_file"],
    ),
    meets(
        12,
        |bed| readable(bed, &["doctor"]),
        0,
        &["can be read by other users", "chmod 600"],
    ),
    meets(
        12,
        |bed| readable(bed, &["check"]),
        0,
        &["can be read by other users", "chmod 600"],
    ),
    meets(
        12,
        bearer_in_the_profile,
        77,
        &[
            "a bearer written here is never renewed",
            "readable for all",
            "{token}",
        ],
    ),
    // 13: 60 where 0.6 is meant.
    meets(
        13,
        |bed| bed.run(&["set", "Ceiling light", "dim", "60"]),
        64,
        &["expected 0 to 1", "did you mean 0.6"],
    ),
    meets(
        13,
        |bed| {
            bound(
                bed,
                "press = { set = \"Ceiling light\", capability = \"dim\", value = 60 }",
                &["doctor"],
            )
        },
        78,
        &["dim", "60", "0.6"],
    ),
    meets(
        13,
        |bed| put(bed, "dim", "{\"value\":60}"),
        1,
        &["400", "60 % is {\"value\":0.6}"],
    ),
    // 14: an id that went with the device.
    meets(
        14,
        |bed| {
            bound(
                bed,
                &format!("label = \"Ceiling light\"\npress = {{ toggle = \"{OLD_ID}\" }}"),
                &["doctor"],
            )
        },
        78,
        &["paired anew", "did you mean \"Living room/Ceiling light\""],
    ),
    meets(
        14,
        |bed| bed.run(&["request", &format!("/api/manager/devices/device/{OLD_ID}")]),
        1,
        &["404", "paired anew"],
    ),
    meets(
        14,
        |bed| bed.run(&["get", OLD_ID]),
        64,
        &["no device is called", "homey-panel devices"],
    ),
];

/// On a hub of 2016 to 2019.
const MEETINGS_V2: &[Meeting] = &[
    // 11: single values cannot be read there.
    meets(
        11,
        get_capability,
        1,
        &[
            "500 missing_api_method",
            "no single values",
            "read the whole device",
        ],
    ),
    meets(
        11,
        |bed| bed.run(&["doctor"]),
        0,
        &["single values cannot be read"],
    ),
];

fn all_are_met(start: fn() -> Bed, meetings: &[Meeting]) {
    let mut wrong = Vec::new();
    for meeting in meetings {
        // A hub for each: one mistake is not to lean on another.
        let bed = start();
        let ended = (meeting.make)(&bed);
        let said = ended.all().split_whitespace().collect::<Vec<_>>().join(" ");
        let missing = meeting.words.iter().find(|word| !said.contains(*word));
        if ended.code != meeting.code || missing.is_some() || said.contains(CLOUD) {
            wrong.push(format!(
                "no. {}, without {missing:?}: {ended}",
                meeting.number
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn each_mistake_is_met_by_name() {
    all_are_met(Bed::v3, MEETINGS);
    all_are_met(Bed::v2, MEETINGS_V2);
    let met = |number: u32| {
        MEETINGS
            .iter()
            .chain(MEETINGS_V2)
            .any(|m| m.number == number)
    };
    let missing: Vec<u32> = (1..=14).filter(|number| !met(*number)).collect();
    assert_eq!(missing, [0; 0]);
}
