// SPDX-License-Identifier: MIT OR Apache-2.0
//! Replies that no hub should send, to every command that reads one: control characters, huge texts, wrong types, null
//! members, no JSON at all. The command ends with what can be shown or with one line, and steers no terminal.

use crate::odd::{Odd, Reply};
use homey_rig::beds::Ended;

/// The whole program, a debug build at that.
const MOST_KIB: u64 = 64 * 1024;

/// A command, what it reads last, and what is to be found for it to get there.
struct Reader {
    args: &'static [&'static str],
    path: &'static str,
    before: &'static [(&'static str, &'static str)],
}

const fn reader(
    args: &'static [&'static str],
    path: &'static str,
    before: &'static [(&'static str, &'static str)],
) -> Reader {
    Reader { args, path, before }
}

const DEVICE: Reader = reader(
    &["device", "x"],
    "GET /api/manager/devices/device/x",
    &[
        ("GET /api/manager/zones/zone", "{}"),
        ("GET /api/manager/devices/device", r#"{"x":{"name":"X"}}"#),
    ],
);

const LISTS: [Reader; 4] = [
    reader(&["alarms"], "GET /api/manager/alarms/alarm", &[]),
    reader(&["variables"], "GET /api/manager/logic/variable", &[]),
    reader(
        &["flows"],
        "GET /api/manager/flow/advancedflow",
        &[("GET /api/manager/flow/flow", "{}")],
    ),
    reader(
        &["devices", "--zone", "Hall"],
        "GET /api/manager/devices/device",
        &[(
            "GET /api/manager/zones/zone",
            r#"{"z":{"name":"Hall","parent":"z"}}"#,
        )],
    ),
];

const THINGS: [Reader; 5] = [
    DEVICE,
    reader(&["system"], "GET /api/manager/system", &[]),
    reader(
        &["alarm", "x"],
        "GET /api/manager/alarms/alarm/x",
        &[("GET /api/manager/alarms/alarm", r#"[{"id":"x"}]"#)],
    ),
    reader(
        &["variable", "x"],
        "GET /api/manager/logic/variable/x",
        &[("GET /api/manager/logic/variable", r#"[{"id":"x"}]"#)],
    ),
    reader(
        &["flow", "x"],
        "GET /api/manager/flow/advancedflow/x",
        &[
            ("GET /api/manager/flow/flow", "[]"),
            ("GET /api/manager/flow/advancedflow", r#"[{"id":"x"}]"#),
        ],
    ),
];

fn readers() -> impl Iterator<Item = &'static Reader> {
    LISTS.iter().chain(&THINGS)
}

fn run(reader: &Reader, body: &str, json: bool) -> Ended {
    let Reader { args, path, before } = *reader;
    let mut script: Vec<(&str, Reply)> = Vec::new();
    script.extend(before.iter().map(|(path, body)| (*path, Reply::ok(*body))));
    script.push((path, Reply::ok(body)));
    let odd = Odd::new(script);
    let json: &[&str] = if json { &["--json"] } else { &[] };
    let ended = odd.run(&[args, json].concat());
    assert!(
        ended.peak_kib < MOST_KIB,
        "{} KiB: {args:?} {ended}",
        ended.peak_kib
    );
    let seen = ended.text() + &ended.err;
    let is_steering =
        |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    if json.is_empty() {
        assert!(
            !seen.contains(is_steering),
            "{args:?}: {}",
            seen.escape_debug()
        );
    }
    ended
}

/// Members of every reader here, each with this in its place.
fn all_as(value: &str) -> String {
    let names = "id name time enabled repetition nextOccurance type value folder triggerable broken triggerCount trigger \
        conditions actions cards zone zoneName class virtualClass driverId driverUri available unavailableMessage note flags \
        energyObj lastSeenAt settings capabilities capabilitiesObj cloudId homeyModelName homeyVersion homeyPlatformVersion \
        date uptime loadavg totalmem address parent";
    let members: Vec<String> = names
        .split_whitespace()
        .map(|name| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn odd_members_are_shown_or_left_out() {
    let texts = r#""\u001b[2J\u0007\u202eevil\r\nline\ud83d""#;
    let many = format!("\"{}\"", "°x".repeat(24_000));
    for value in [
        "null",
        "true",
        "-1e308",
        "1e999",
        "[]",
        "{}",
        "[null,7,[{}]]",
        "\"\"",
        texts,
        &many,
    ] {
        let one = all_as(value);
        // As the thing itself, in a map, in an array, and deep in what holds things.
        let nested = format!(
            r#"{{"name":"N","repetition":{one},"settings":{one},"trigger":{one},"conditions":[{one},{one}],"actions":{one},
            "cards":{{"a":{one}}},"capabilitiesObj":{{"a":{one},"b":{value}}},"energyObj":{one}}}"#
        );
        let bodies = [
            &one,
            &format!("{{\"x\":{one}}}"),
            &format!("[{one},{value}]"),
            &nested,
        ];
        // Megabytes are read once only.
        let bodies = if value.len() > 1000 {
            &bodies[..1]
        } else {
            &bodies
        };
        for body in bodies {
            for reader in readers() {
                let ended = run(reader, body, false);
                let args = reader.args;
                match ended.code {
                    0 => assert_eq!(ended.err, "", "{args:?}: {ended}"),
                    69 => assert_eq!(ended.err.lines().count(), 1, "{args:?}: {ended}"),
                    code => panic!("{args:?} ends with {code}: {ended}"),
                }
            }
        }
    }
}

#[test]
fn what_is_no_reply_is_one_line() {
    let deep = "[".repeat(200);
    let long = format!("{{\"x\":{{\"name\":\"{}\"}}}}", "y".repeat(2 << 20));
    for (body, word) in [
        ("", "the middle of its JSON"),
        ("true", "the reply is not"),
        ("\"secret\"", "the reply is not"),
        ("7", "the reply is not"),
        ("null", "the reply is not"),
        ("{\"x\":{", "the middle of its JSON"),
        ("{} {}", "goes on after its JSON"),
        ("{\"x\":nul,\"y\":[1,2,3]}", "no JSON at line 1"),
        (&deep, "nested deeper"),
        (&long, "longer than 1 MiB"),
    ] {
        for reader in readers() {
            let args = reader.args;
            let ended = run(reader, body, true);
            assert!(!ended.err.contains("secret"), "{ended}");
            assert_eq!(
                (ended.code, ended.err.lines().count()),
                (69, 1),
                "{args:?} {body:.40}: {ended}"
            );
            assert!(ended.err.contains(word), "{args:?} {body:.40}: {ended}");
        }
    }
}

#[test]
fn secrets_in_a_device_are_not_shown() {
    let device = r#"{"id":"x","name":"X","data":{"token":"SECRET-1"},"store":{"k":"SECRET-2"},
        "settings":{"password":"SECRET-3","pin":424242,"user":{"key":"SECRET-4"}},
        "settingsObj":{"a":"SECRET-5"},"capabilitiesObj":{"onoff":{"type":"boolean","value":true,"options":{"k":"SECRET-6"}}}}"#;
    for json in [true, false] {
        let ended = run(&DEVICE, device, json);
        let text = ended.is_good().text();
        assert!(
            !text.contains("SECRET") && !text.contains("424242"),
            "{text}"
        );
        assert_eq!(
            text.contains("password\""),
            json,
            "its name alone, for programs: {text}"
        );
    }
}

#[test]
fn a_list_without_end_takes_no_memory_of_it() {
    let item = all_as("\"a text of some length that is not kept\"");
    let many: Vec<String> = (0..3000).map(|n| format!("\"i{n}\":{item}")).collect();
    let body = format!("{{{}}}", many.join(","));
    for reader in &LISTS {
        let ended = run(reader, &body, true);
        assert_eq!(ended.code, 0, "{ended}");
    }
}

#[test]
fn a_flow_of_many_cards_asks_for_some_of_them() {
    let cards: Vec<String> = (0..500)
        .map(|n| format!(r#""c{n}":{{"type":"action","ownerUri":"homey:app:a{n}","id":"do","outputSuccess":["c{}"]}}"#, (n + 1) % 500))
        .collect();
    let flow = format!(r#"{{"id":"x","cards":{{{}}}}}"#, cards.join(","));
    let odd = Odd::new(vec![
        ("GET /api/manager/flow/flow", Reply::ok("[]")),
        (
            "GET /api/manager/flow/advancedflow",
            Reply::ok(r#"[{"id":"x","name":"X"}]"#),
        ),
        ("GET /api/manager/flow/advancedflow/x", Reply::ok(flow)),
    ]);
    let text = odd.run(&["flow", "X"]).is_good().text();
    assert!(text.contains("a499: do"), "{text}");
    let asked = odd.asked();
    let cards = asked
        .iter()
        .filter(|line| line.contains("/flowcardaction/"))
        .count();
    assert_eq!(cards, 40);
}
