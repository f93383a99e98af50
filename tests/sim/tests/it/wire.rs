// SPDX-License-Identifier: MIT OR Apache-2.0

//! Ping, routes, errors, lists, ETags, compression, the rate limit.

use serde_json::json;

use crate::sim::Sim;

#[test]
fn ping_needs_no_bearer_and_tells_hubs_apart() {
    for dialect in ["v2", "v3"] {
        let sim = Sim::unhurried(dialect, "0");
        let own = sim.word("hub_id").to_owned();
        for (path, body) in [
            ("/system/ping".to_owned(), "true"),
            ("/system/ping/".to_owned(), "true"),
            (format!("/system/ping?id={own}"), "true"),
            (
                "/system/ping?id=000000000000000000000000".to_owned(),
                "false",
            ),
            ("/webserver/ping".to_owned(), "true"),
        ] {
            let reply = sim.send("GET", &sim.url(&path), &[], "");
            assert_eq!((reply.status, reply.text().as_str()), (200, body), "{path}");
            let id = (dialect == "v3").then_some(own.as_str());
            assert_eq!(reply.header("x-homey-id"), id, "{path}");
        }
        sim.control("options", json!({"licence": "Subscription Inactive"}));
        let reply = sim.send("GET", &sim.url("/system/ping"), &[], "");
        assert_eq!(reply.status, 403);
        assert_eq!(
            reply.json(),
            json!({"error": "Subscription Inactive", "statusCode": 403})
        );
    }
}

#[test]
fn unknown_routes_differ_by_dialect() {
    for (dialect, status, code) in [("v2", 500, "missing_api_method"), ("v3", 404, "not_found")] {
        let sim = Sim::unhurried(dialect, "3");
        for (method, path) in [
            ("GET", "/system/info"),
            ("POST", "/devices/device"),
            ("GET", "/nothing/at/all"),
        ] {
            let reply = sim.send(method, &sim.url(path), &[], "");
            assert_eq!(
                (reply.status, reply.code().as_str()),
                (status, code),
                "{path}"
            );
            assert_eq!(reply.header("allow"), None);
        }
        let reply = sim.send("POST", &format!("{}/", sim.word("http")), &[], "");
        assert_eq!(reply.status, 404);
        assert_eq!(
            reply.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert!(reply.text().contains("Cannot POST /"), "{}", reply.text());
        let missing = sim.get("/devices/device/no-such-id");
        assert_eq!(
            (missing.status, missing.code().as_str()),
            (404, "not_found")
        );
    }
}

#[test]
fn error_texts_follow_the_household_language() {
    let sim = Sim::start(&["--devices", "0"]);
    let mut texts = Vec::new();
    for language in ["nl", "en", "de", "fr"] {
        sim.control("options", json!({"language": language}));
        let reply = sim.send("GET", &sim.url("/system"), &[], "");
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (401, "not_logged_in")
        );
        let text = reply.json()["error_description"].to_string();
        assert!(text.contains("[not_logged_in]"), "{text}");
        texts.push(text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 4);
}

#[test]
fn lists_are_maps_or_arrays() {
    let sim = Sim::start(&["--devices", "12"]);
    for path in [
        "/devices/device",
        "/devices/device/",
        "/zones/zone",
        "/flow/flow",
    ] {
        let map = sim.get(path).json();
        for (key, item) in map.as_object().expect("a map") {
            assert_eq!(item["id"], json!(key), "{path}");
        }
    }
    sim.control("options", json!({"lists": "array"}));
    let array = sim.get("/devices/device?zone=whatever").json();
    assert_eq!(array.as_array().map(Vec::len), Some(12));
}

#[test]
fn etag_and_not_modified() {
    let sim = Sim::start(&["--devices", "12"]);
    let bearer = format!("Bearer {}", sim.full());
    let url = sim.url("/zones/zone");
    let first = sim.get("/zones/zone");
    let tag = first.header("etag").expect("an etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("If-None-Match", tag.as_str()),
    ];
    let same = sim.send("GET", &url, &headers, "");
    assert_eq!((same.status, same.body.len()), (304, 0));
    sim.control("options", json!({"etag": false}));
    let off = sim.send("GET", &url, &headers, "");
    assert_eq!((off.status, off.header("etag")), (200, None));
    let old = Sim::start(&["--devices", "12", "--dialect", "v2"]);
    assert_eq!(old.get("/zones/zone").header("etag"), None);
}

#[test]
fn compression_follows_accept_encoding_and_the_option() {
    for (option, offered, used) in [
        ("auto", "br, gzip, deflate", Some("br")),
        ("auto", "gzip,deflate", Some("gzip")),
        ("auto", "identity", None),
        ("off", "br, gzip, deflate", None),
        ("gzip", "br, gzip, deflate", Some("gzip")),
        ("br", "br, gzip, deflate", Some("br")),
        ("deflate", "br, gzip, deflate", Some("deflate")),
    ] {
        let sim = Sim::start(&["--devices", "12", "--compress", option]);
        let bearer = format!("Bearer {}", sim.full());
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Accept-Encoding", offered),
        ];
        let reply = sim.send("GET", &sim.url("/devices/device"), &headers, "");
        assert_eq!(reply.header("content-encoding"), used, "{option} {offered}");
    }
}

#[test]
fn fourth_quick_request_of_v2_is_refused_before_execution() {
    let sim = Sim::start(&["--devices", "12", "--dialect", "v2"]);
    let path = sim.cap("Kitchen/Worktop light", "onoff");
    // The fourth, unless the machine is so busy that it comes late.
    let statuses: Vec<u16> = (0..12)
        .map(|_| sim.put(&path, "{\"value\":true}").status)
        .collect();
    assert_eq!(statuses[..3], [200; 3]);
    let (good, refused): (Vec<u16>, Vec<u16>) = statuses.iter().partition(|s| **s == 200);
    assert!(refused.contains(&429), "{statuses:?}");
    let counters = sim.control("counters", json!(null));
    let writes = counters["writes"].as_array().map(Vec::len);
    assert_eq!(writes, Some(good.len()));
    assert_eq!(counters["rate_limited"], refused.len());
    crate::sim::until("a pause helps", || {
        let reply = sim.get("/zones/zone");
        assert!(matches!(reply.status, 200 | 429));
        std::thread::sleep(std::time::Duration::from_millis(150));
        reply.status == 200
    });
    let v3 = Sim::start(&["--devices", "12"]);
    let path = v3.cap("Kitchen/Worktop light", "onoff");
    assert!((0..20).all(|_| v3.put(&path, "{\"value\":true}").status == 200));
}

#[test]
fn same_seed_same_home_and_other_seed_other_home() {
    let state = |seed: &str| {
        let sim = Sim::start(&["--devices", "60", "--seed", seed]);
        let mut state = sim.control("state", json!(null));
        state["key"] = sim.ready["api_key"].clone();
        state
    };
    let (one, again, other) = (state("7"), state("7"), state("8"));
    assert_eq!(one, again);
    assert_ne!(one["devices"], other["devices"]);
    assert_ne!(one["key"], other["key"]);
}

#[test]
fn a_home_of_ten_thousand_devices_is_served() {
    let sim = Sim::start(&["--devices", "10000"]);
    let list = sim.get("/devices/device");
    let each = list.body.len() / 10_000;
    assert!((3000..8000).contains(&each), "{each} bytes per device");
    assert_eq!(
        list.json().as_object().map(serde_json::Map::len),
        Some(10_000)
    );
}
