// SPDX-License-Identifier: MIT OR Apache-2.0
//! Seeds for what has no file of its own in the test data.

use super::{SIZES, Seeds};

const REPLIES: [&str; 9] = [
    r#"{"homeyVersion":"10.3.1","homeyPlatformVersion":2,"homeyModelId":"homey4d","homeyModelName":"Homey Pro","cloudId":"5f00aa11bb22cc33dd44ee55","timezone":"Europe/Amsterdam"}"#,
    r#"{"id":"a1","type":"PAT","scopes":["homey"],"intersectedScopes":["homey.device.readonly",7],"expiresAt":"2026-03-01T18:22:05.123Z","createdAt":1772389325123}"#,
    r#"{"id":"homey:manager:flow:programmatic_trigger","uri":"homey:manager:flow","ownerUri":"homey:manager:flow"}"#,
    r#"{"value":0.6,"transactionId":"5d1c7a52"}"#,
    r#"[{"id":"a","name":"cut \ud83d","zone":"z","enabled":true,"triggerable":false,"broken":null}]"#,
    "-1.5e-3",
    "1e999",
    "\"auto\"",
    " true\n",
];

const REFUSALS: [&str; 8] = [
    r#"{"error":"Missing Scopes","error_description":"Missing Scopes","statusCode":403}"#,
    r#"{"error":"session_expired","message":"Session Expired"}"#,
    r#"{"error":{"code":"not_found","message":"Not Found: Device"},"status":404}"#,
    r#""Unauthorized""#,
    "<!DOCTYPE html><html><body>Cannot POST /api</body></html>",
    "5f00aa11bb22cc33dd44ee55\n10.3.1\nshs\ntrue",
    "\n\n\nfalse",
    "120",
];

const STORED: [&str; 4] = [
    r#"{"version":1,"hub":"5f00aa11bb22cc33dd44ee55","token":"0b2c8a9e-1111-2222-3333-444455556666:0b2c8a9e-1111-2222-3333-444455556666:0123456789abcdef0123456789abcdef01234567","expires":1772389325123}"#,
    r#"{"version":1,"hub":"a","token":"eyJhbGciOi.eyJzdWIi.c2ln","expires":null}"#,
    "0123456789abcdef0123456789abcdef01234567\r\n",
    "\u{feff}\"Bearer abc\"",
];

const NAMES: [&str; 3] = [
    "Kitchen/Lamp\nLamp\nid3\nup/stairs/lamp \nKitchen\nHouse\nup/stairs\nLamp\nLeave\nLEAVE\nParty\nLamp\nlamp",
    "a\na/a\na/a/a\na\na\na/a\na",
    "Straße\nSTRASSE\nİ\nGarage\nStraße\nstrasse\nI\ni\u{307}",
];

const ISO: [&str; 5] = [
    "2026-03-01T18:22:05.123Z",
    "2024-02-29 23:59:60,5+14:00",
    "1970-01-01T00:00:00-0030",
    "9999-12-31T23:59:59.999999-23:59",
    "2026-03-01t18:22:05z",
];

const LINES: [&str; 4] = [
    "{\"press\":\"desk\"}\n{\"release\":\"desk\",\"ms\":40}\r\n{\"turn\":\"dim\",\"by\":-3.0}\n{\"hello\":true}\n",
    "{\"tap\":\"a\\u0000\",\"hold\":\"a\"}\n\n  \n{\"show\":\"a\"}\n{\"turn\":\"a\",\"by\":1e3,\"ms\":1e300}\n",
    "{\"hold\":7}\n[]\nnull\n{\"press\":\"\u{202e}x\",\"x\":{\"y\":[1]}}",
    "{\"error\":\"why\",\"line\":\"{\"}\n{}\n",
];

const KEYS: [&str; 4] = [
    "dDñ€😀\u{1b}[A\u{1b}OP\u{1b}[200~pasted\u{3}\u{1b}[201~q",
    "\u{1b}]0;title\u{7}a\u{1b}P1$r\u{1b}\\b\u{1b}[1;5C\u{3}",
    "\u{1b}[38:2:1:2:3m\u{1b}x\u{1b}\u{1b}[Z\u{7f}\u{1}",
    "\u{1b}[99999999999999~\u{1b}[200",
];

/// A service with its place, its texts and its address, names compressed; an address of a hub's own name; an answer's start.
const MDNS: [&[u8]; 3] = [
    b"\0\0\x84\0\0\0\0\x01\0\0\0\x03\x06_homey\x04_tcp\x05local\0\0\x0c\x80\x01\0\0\0\x78\0\x07\x04Home\xc0\x0c\
      \xc0\x29\0\x21\x80\x01\0\0\0\x78\0\x0f\0\0\0\0\0\x50\x06Homey-\xc0\x18\
      \xc0\x29\0\x10\x80\x01\0\0\0\x78\0\x1c\x1bid=5f00aa11bb22cc33dd44ee55\
      \xc0\x42\0\x01\x80\x01\0\0\0\x78\0\x04\x0a\0\0\x02\0",
    b"\0\0\x84\0\0\0\0\x01\0\0\0\0\x1ehomey-5f00aa11bb22cc33dd44ee55\x05local\0\0\x01\x80\x01\0\0\0\x78\0\x04\x0a\0\0\x02\0",
    b"\0\0\x84\0\0\x01\0\0\0\0\0\0\x06_homey\x04_tcp\x05local\0\0\x0c\x80\x01\0",
];

pub fn put(seeds: &mut Seeds) {
    for text in REPLIES {
        seeds.put("replies", &[text.as_bytes(), &[0], &SIZES]);
        seeds.put("devices", &[text.as_bytes(), &SIZES]);
    }
    for text in REFUSALS {
        for status in 0..16 {
            seeds.put(
                "refusals",
                &[text.as_bytes(), &[status & 1, status % 5, status]],
            );
        }
    }
    for text in STORED {
        seeds.put("stored", &[text.as_bytes()]);
    }
    for text in NAMES {
        seeds.put("names", &[text.as_bytes(), &[3, 4]]);
    }
    for text in ISO {
        seeds.put("iso", &[text.as_bytes()]);
    }
    for text in LINES {
        seeds.put("line", &[text.as_bytes(), &SIZES]);
    }
    for text in KEYS {
        seeds.put("keys", &[text.as_bytes(), &SIZES]);
    }
    for packet in MDNS {
        seeds.put("mdns", &[packet]);
    }
    // A controller's input is a plan and what happens to it, in bytes that mean something everywhere: any will do.
    let mut dice = 1u64;
    for length in (100..1300).step_by(50) {
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (dice >> 56) as u8
        })
        .take(length)
        .collect();
        seeds.put("controller", &[&bytes]);
    }
}
