// SPDX-License-Identifier: MIT OR Apache-2.0

//! Faults of reply bodies: codings, chunks, cut JSON, wrong lengths, and all
//! of them together.

use std::io::Read;

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use serde_json::json;

use crate::raw::{BOTH, Ended, Over, Parts, Raw};
use crate::sim::Sim;

const LIST: &str = "/devices/device";

fn whole(mut from: impl Read) -> Vec<u8> {
    let mut out = Vec::new();
    from.read_to_end(&mut out).expect("a good coding");
    out
}

/// Takes chunks apart; panics when they are not right.
fn joined(mut rest: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let (mut out, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let end = rest.windows(2).position(|w| w == b"\r\n").expect("a line");
        let size = std::str::from_utf8(&rest[..end]).expect("text");
        let size = usize::from_str_radix(size, 16).expect("a size");
        let chunk = &rest[end + 2..];
        assert_eq!(&chunk[size..size + 2], b"\r\n");
        if size == 0 {
            assert_eq!(chunk.len(), 2, "nothing after the last chunk");
            return (out, sizes);
        }
        out.extend_from_slice(&chunk[..size]);
        sizes.push(size);
        rest = &chunk[size + 2..];
    }
}

#[test]
fn codings_are_forced() {
    let sim = Sim::start(&["--devices", "12"]);
    let plain = sim.raw_get(Over::Tcp, LIST, "").body;
    for over in BOTH {
        for (word, shown) in [
            ("gzip", Some("gzip")),
            ("br", Some("br")),
            ("deflate", Some("deflate")),
            ("raw_deflate", Some("deflate")),
            ("identity", None),
        ] {
            for offered in ["", "Accept-Encoding: gzip, br, deflate\r\n"] {
                sim.fault(json!({"kind": "coding", "as": word, "times": 1}));
                let parts = sim.raw_get(over, LIST, offered);
                assert_eq!(parts.header("Content-Encoding"), shown, "{word}");
                assert_eq!(parts.length(), parts.body.len());
                let body = parts.body.as_slice();
                let decoded = match word {
                    "gzip" => whole(GzDecoder::new(body)),
                    "br" => whole(brotli::Decompressor::new(body, 4096)),
                    "deflate" => whole(ZlibDecoder::new(body)),
                    "raw_deflate" => whole(DeflateDecoder::new(body)),
                    _ => body.to_vec(),
                };
                assert_eq!(decoded, plain, "{word} {offered}");
            }
        }
        sim.fault(json!({"kind": "coding", "as": "chunked", "bytes": 1777, "times": 1}));
        let parts = sim.raw_get(over, LIST, "");
        assert_eq!(parts.header("Transfer-Encoding"), Some("chunked"));
        assert_eq!(parts.header("Content-Length"), None);
        let (body, sizes) = joined(&parts.body);
        assert_eq!(body, plain);
        assert!(
            sizes[..sizes.len() - 1].iter().all(|s| *s == 1777),
            "{sizes:?}"
        );
    }
}

#[test]
fn json_is_cut_and_framed_rightly() {
    let sim = Sim::start(&["--devices", "12"]);
    let plain = sim.raw_get(Over::Tcp, LIST, "").body;
    sim.fault(json!({"kind": "truncated_json"}));
    let parts = sim.raw_get(Over::Tls, LIST, "Accept-Encoding: gzip\r\n");
    assert_eq!(parts.length(), parts.body.len());
    assert_eq!(parts.body, plain[..plain.len() / 2]);
    let ping = sim.raw_get(Over::Tcp, "/system/ping", "");
    assert_eq!((ping.length(), ping.body.as_slice()), (2, b"tr".as_slice()));
    // Half of a number is a number.
    sim.control(
        "value",
        json!({"device": "Office/Heater", "capability": "measure_temperature", "value": 2150}),
    );
    let path = sim.cap("Office/Heater", "measure_temperature");
    assert_eq!(sim.raw_get(Over::Tcp, &path, "").body, b"");
}

#[test]
fn content_length_is_wrong() {
    let sim = Sim::start(&["--devices", "3"]);
    for over in BOTH {
        sim.fault(json!({"kind": "wrong_length", "delta": 3, "times": 1}));
        let mut raw = Raw::open(&sim, over).expect("a connection");
        raw.send("GET", "/system/ping", "", "").expect("sent");
        let got = raw.rest();
        let parts = Parts::of(&got.bytes);
        assert_eq!(
            (parts.length(), parts.body.as_slice()),
            (7, b"true".as_slice())
        );
        assert_eq!(got.ended, Ended::Fin);

        for (delta, said, junk) in [(-3, 1, "rue"), (-9, 0, "true")] {
            sim.fault(json!({"kind": "wrong_length", "delta": delta, "times": 1}));
            let mut raw = Raw::open(&sim, over).expect("a connection");
            raw.send("GET", "/system/ping", "", "").expect("sent");
            let parts = raw.reply();
            assert_eq!(parts.length(), said);
            raw.send("GET", "/system/ping", "Connection: close\r\n", "")
                .expect("sent");
            let next = raw.rest().bytes;
            let text = String::from_utf8(next).expect("text");
            assert!(
                text.starts_with(&format!("{junk}HTTP/1.1 200 OK")),
                "{text}"
            );
        }
    }
}

#[test]
fn a_fault_of_the_body_leaves_no_304() {
    let sim = Sim::start(&["--devices", "3"]);
    let tag = sim.raw_get(Over::Tcp, LIST, "");
    let tag = tag.header("Etag").expect("a tag").to_owned();
    let known = format!("If-None-Match: {tag}\r\n");
    assert_eq!(sim.raw_get(Over::Tcp, LIST, &known).status(), 304);
    for fault in [
        json!({"kind": "truncated_json", "times": 1}),
        json!({"kind": "coding", "as": "chunked", "times": 1}),
        json!({"kind": "stall", "phase": "body", "ms": 1, "times": 1}),
        json!({"kind": "close", "phase": "body", "times": 1}),
        json!({"kind": "drip", "bytes": 1000, "ms": 0, "times": 1}),
        json!({"kind": "wrong_length", "delta": 1, "times": 1}),
    ] {
        sim.fault(fault.clone());
        let got = sim.raw(Over::Tcp, "GET", LIST, &known, "");
        assert_eq!(Parts::of(&got.bytes).status(), 200, "{fault}");
    }
    sim.fault(json!({"kind": "close", "phase": "idle", "times": 1}));
    assert_eq!(
        sim.raw_get(Over::Tcp, LIST, &known).status(),
        304,
        "framed without a body"
    );
}

#[test]
fn faults_compose() {
    let sim = Sim::start(&["--devices", "12"]);
    let plain = sim.raw_get(Over::Tcp, LIST, "").body;
    for over in BOTH {
        for fault in [
            json!({"kind": "coding", "as": "gzip"}),
            json!({"kind": "coding", "as": "chunked", "bytes": 100}),
            json!({"kind": "truncated_json"}),
            json!({"kind": "drip", "ms": 0, "bytes": 97, "phase": "head"}),
            json!({"kind": "stall", "phase": "request", "ms": 5}),
            json!({"kind": "stall", "phase": "head", "ms": 5}),
            json!({"kind": "stall", "phase": "body", "ms": 5}),
            json!({"kind": "rst", "phase": "idle", "ms": 5}),
            json!({"kind": "wrong_id", "id": "0123456789abcdef01234567"}),
            // Their places are taken.
            json!({"kind": "coding", "as": "br"}),
            json!({"kind": "wrong_length", "delta": 9}),
            json!({"kind": "close", "phase": "request"}),
        ] {
            sim.fault(fault);
        }
        let mut raw = Raw::open(&sim, over).expect("a connection");
        raw.send("GET", LIST, "", "").expect("sent");
        let got = raw.rest();
        assert_eq!(got.ended, Ended::Rst);
        let parts = Parts::of(&got.bytes);
        assert_eq!(parts.header("X-Homey-Id"), Some("0123456789abcdef01234567"));
        assert_eq!(parts.header("Content-Encoding"), Some("gzip"));
        let (body, sizes) = joined(&parts.body);
        assert!(sizes.len() > 2);
        assert_eq!(
            whole(GzDecoder::new(body.as_slice())),
            plain[..plain.len() / 2]
        );
        let faults = sim.control("faults", json!(null));
        let met: Vec<u64> = faults
            .as_array()
            .expect("a list")
            .iter()
            .map(|f| f["met"].as_u64().expect("a count"))
            .collect();
        assert_eq!(met, [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
        sim.control("clear", json!({}));
        assert_eq!(sim.control("faults", json!(null)), json!([]));
    }
}
