// SPDX-License-Identifier: MIT OR Apache-2.0
//! Replies that are cut, dripped, too deep, too long or of the wrong kind: errors with names, never a panic.

use std::io::{self, Read};

use homey_panel::homey::Value;
use homey_panel::homey::error::{classify, expect_json};
use homey_panel::homey::reply::{self, BoundDevice, ReplyError};

const LIGHT: &str = "3b0e6c7a-51d4-4f7e-8a90-2c6d1f4b7e01";

const FILES: [&[u8]; 8] = [
    include_bytes!("data/homey/devices-v3.json"),
    include_bytes!("data/homey/devices-v2.json"),
    include_bytes!("data/homey/devices-array.json"),
    include_bytes!("data/homey/devices-odd.json"),
    include_bytes!("data/homey/zones-v3.json"),
    include_bytes!("data/homey/flows-v2.json"),
    include_bytes!("data/homey/advancedflows.json"),
    include_bytes!("data/homey/moods.json"),
];

/// Gives one byte at a time, with an interruption before each.
struct Drip<'a>(&'a [u8], bool);

impl Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let n = self.0.len().min(out.len()).min(1);
        out[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

/// Every list reader over the same bytes; what they made of it, as text.
fn read_all(mut make: impl FnMut() -> Box<dyn Read>) -> [Result<String, ReplyError>; 5] {
    let capabilities = [("onoff", 0), ("dim", 1), ("target_temperature", 2)];
    let bound = ["bound", "last", LIGHT].map(|id| BoundDevice {
        id,
        capabilities: &capabilities,
    });
    let mut readings = Vec::new();
    let devices = reply::devices(make(), &bound, &mut |slot, r| readings.push((slot, r)));
    let mut rows = Vec::new();
    let full = reply::devices_full(make(), &mut |row| rows.push(row));
    let mut items = Vec::new();
    let names = reply::names(make(), &mut |item| items.push(format!("{item:?}")));
    let mut logs = Vec::new();
    let all = reply::logs(make(), &mut |log| logs.push(log));
    [
        all.map(|n| format!("{n} {logs:?}")),
        devices.map(|outcome| format!("{outcome:?} {readings:?}")),
        full.map(|n| format!("{n} {rows:?}")),
        names.map(|n| format!("{n} {items:?}")),
        reply::zones(make()).map(|zones| format!("{zones:?}")),
    ]
}

#[test]
fn a_list_cut_at_any_byte_is_truncated() {
    for file in FILES {
        let whole = file.trim_ascii_end();
        for end in 0..whole.len() {
            for result in read_all(|| Box::new(&file[..end])) {
                let error = result.expect_err("a cut list is no list");
                assert!(matches!(error, ReplyError::Truncated), "{end}: {error}");
            }
        }
    }
}

#[test]
fn how_a_list_arrives_makes_no_difference() {
    for file in FILES {
        let whole = read_all(|| Box::new(file)).map(Result::unwrap);
        let dripped = read_all(|| Box::new(Drip(file, false))).map(Result::unwrap);
        assert_eq!(whole, dripped);
    }
}

#[test]
fn any_byte_changed_is_an_error_or_a_list() {
    for file in FILES {
        for at in 0..file.len() {
            let mut bytes = file.to_vec();
            bytes[at] = b"\0\"\\{]9\xff"[at % 7];
            let _ = reply::devices_full(&bytes[..], &mut |_| {});
            let _ = reply::zones(&bytes[..]);
        }
    }
}

#[test]
fn what_is_no_list_is_named() {
    let deep = "[".repeat(1000);
    let deep_in = format!("{{\"a\":{{\"settings\":{}", "{\"x\":".repeat(1000));
    let deep_after = format!("}}{deep}");
    let long = format!("{{\"{}\":1}}", "x".repeat(2 << 20));
    for (body, want) in [
        ("", "the reply ends in the middle of its JSON"),
        (" \n", "the reply ends in the middle of its JSON"),
        ("true", "the reply is not a list of devices"),
        ("null", "the reply is not a list of devices"),
        ("\"secret\"", "the reply is not a list of devices"),
        ("12", "the reply is not a list of devices"),
        ("1e999", "the reply is not a list of devices"),
        ("<html>", "the reply is no JSON at line 1 column 1"),
        ("{} {}", "the reply goes on after its JSON"),
        ("[]x", "the reply goes on after its JSON"),
        ("{\"a\":}", "the reply is no JSON at line 1 column 6"),
        ("{\"a\":{},}", "the reply is no JSON at line 1 column 9"),
        (&deep, "the reply is nested deeper than 100 levels"),
        (&deep_in, "the reply is nested deeper than 100 levels"),
        (&deep_after, "the reply is no JSON at line 1 column 1"),
        (&long, "the reply holds a text longer than 1 MiB"),
    ] {
        let error = reply::devices(body.as_bytes(), &[], &mut |_, _| {}).unwrap_err();
        let shown = &body[..body.len().min(20)];
        assert_eq!(error.to_string(), want, "{shown}");
    }
}

#[test]
fn the_streams_own_error_comes_through() {
    struct Broken(bool);
    impl Read for Broken {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "first byte"));
            }
            out[0] = b'{';
            Ok(1)
        }
    }
    let error = reply::zones(Broken(false)).unwrap_err();
    let ReplyError::Read(source) = error else {
        panic!("{error}");
    };
    assert_eq!(source.kind(), io::ErrorKind::TimedOut);
    assert_eq!(source.to_string(), "first byte");
}

#[test]
fn every_type_in_every_place_is_taken() {
    let values = [
        "null",
        "true",
        "-0",
        "1e999",
        "1e-999",
        "99999999999999999999",
        "\"x\"",
        "\"\\ud800\"",
        "[]",
        "[{}]",
        "{}",
        "{\"id\":1}",
    ];
    let members = [
        "id",
        "name",
        "zone",
        "zoneName",
        "parent",
        "class",
        "virtualClass",
        "available",
        "unavailableMessage",
        "enabled",
        "triggerable",
        "broken",
        "capabilitiesObj",
        "driverId",
        "ownerUri",
        "other",
    ];
    let inner = [
        "id",
        "value",
        "lastUpdated",
        "type",
        "getable",
        "setable",
        "min",
        "max",
        "step",
        "decimals",
        "units",
        "values",
    ];
    let bound = [BoundDevice {
        id: "d",
        capabilities: &[("onoff", 0)],
    }];
    for value in values {
        for member in members {
            for list in [
                format!("{{\"d\":{{\"{member}\":{value}}}}}"),
                format!("[{{\"id\":\"d\",\"{member}\":{value}}}]"),
            ] {
                for result in read_all(|| Box::new(io::Cursor::new(list.clone().into_bytes()))) {
                    result.unwrap_or_else(|e| panic!("{list}: {e}"));
                }
            }
        }
        for member in inner {
            let list =
                format!("{{\"d\":{{\"capabilitiesObj\":{{\"onoff\":{{\"{member}\":{value}}}}}}}}}");
            let mut readings = Vec::new();
            reply::devices(list.as_bytes(), &bound, &mut |_, r| readings.push(r)).unwrap();
            assert_eq!(readings.len(), 1, "{list}");
            if let Value::Number(n) = readings[0].value {
                assert!(n.is_finite());
            }
        }
    }
}

#[test]
fn no_error_body_is_too_odd() {
    let bodies: [&[u8]; 8] = [
        b"",
        b"\xff\xfe",
        b"{\"error\":",
        b"{\"error\":{\"a\":[",
        b"[[[[",
        b"\"\\ud800",
        b"<",
        b"{\"error\":\"[[]]\"}",
    ];
    for status in [0, 100, 200, 302, 400, 401, 404, 429, 500, 503, 65535] {
        for body in bodies {
            for content_type in [
                None,
                Some(""),
                Some(";;;"),
                Some("text/html"),
                Some("application/json"),
            ] {
                let line = classify(status, content_type, body).to_string();
                assert!(!line.is_empty() && !line.contains(['\n', '\r']));
                let _ = expect_json(status, content_type, body);
            }
        }
    }
}
