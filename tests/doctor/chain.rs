// SPDX-License-Identifier: MIT OR Apache-2.0
//! The whole chain: all well on both dialects, what is skipped after what, and with which code it ends.

use serde_json::{Value, json};

use crate::bed::{Bed, LAMP};

const CHECKS: [&str; 19] = [
    "config", "clock", "network", "address", "route", "dns", "tcp", "tls", "hub", "bearer",
    "login", "scopes", "session", "dialect", "names", "panel", "wifi", "state", "instance",
];

#[test]
fn all_is_well() {
    for (bed, dialect) in [(Bed::v3(), "V3"), (Bed::v2(), "V2")] {
        let found = bed.doctor();
        found.ends(0);
        assert_eq!(found.ended.err, "");
        assert_eq!(found.ids("fail"), [""; 0], "{}", found.ended);
        let id = bed.sim.word("hub_id");
        found
            .says("config", "ok", &["panel.toml"])
            .says("route", "ok", &["this machine"])
            .says("dns", "skip", &["nothing is looked up"])
            .says("tcp", "ok", &[bed.sim.word("https_address")])
            .says(
                "tls",
                "ok",
                &["homey-sim", "*.homey.homeylocal.com", "to 20"],
            )
            .says("hub", "ok", &[id])
            .says("scopes", "ok", &["all 3"])
            .says("dialect", "ok", &[dialect])
            .says("names", "ok", &["all 1"])
            .says("panel", "ok", &["wall", "standard input"])
            .says("instance", "ok", &["not running"]);
        if dialect == "V3" {
            found
                .says("login", "ok", &["an API key"])
                .says("session", "ok", &["does not end"])
                .says("state", "ok", &["no directory"]);
        } else {
            found
                .says("login", "ok", &["a session"])
                .says(
                    "session",
                    "warn",
                    &["ends in 2", "nothing renews it", "homey-panel login"],
                )
                .says("state", "ok", &["can be written", "MiB"]);
        }
        // Nothing was done to anything.
        let counters = bed.sim.counters().unwrap();
        assert_eq!(
            (&counters["writes"], &counters["starts"]),
            (&json!([]), &json!([]))
        );
    }
}

#[test]
fn json_is_an_array_of_objects_with_four_members() {
    let bed = Bed::v3();
    let found = bed.doctor();
    let mut ids: Vec<&str> = Vec::new();
    for row in &found.rows {
        let row = row.as_object().unwrap();
        let mut members: Vec<&str> = row.keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["cure", "id", "state", "what"]);
        let state = row["state"].as_str().unwrap();
        assert!(["ok", "warn", "fail", "skip"].contains(&state));
        assert!(!row["what"].as_str().unwrap().is_empty());
        assert!(row["cure"].is_null() || !row["cure"].as_str().unwrap().is_empty());
        // Good news need no cure, bad news have one.
        match state {
            "ok" | "skip" => assert_eq!(row["cure"], Value::Null),
            _ => assert!(row["cure"].is_string(), "{row:?}"),
        }
        ids.push(row["id"].as_str().unwrap());
    }
    ids.dedup();
    assert_eq!(ids, CHECKS);
}

/// What failed, what was skipped for it, and the code.
#[test]
fn what_needs_a_broken_link_is_skipped() {
    let after_tcp = [
        "dns", "tls", "hub", "login", "scopes", "dialect", "names", "wifi",
    ];
    let bed = Bed::v3();
    bed.control("fault", json!({"kind": "refuse"}));
    let found = bed.doctor();
    assert_eq!(found.ids("fail"), ["tcp"]);
    assert_eq!(found.ids("skip"), after_tcp);
    found
        .ends(69)
        .says("tls", "skip", &["needs tcp"])
        .says("hub", "skip", &["needs tls"])
        .says("names", "skip", &["needs login"])
        .says("panel", "ok", &[])
        .says("bearer", "ok", &[]);

    // A configuration that cannot be read says all of its mistakes, and the rest waits.
    bed.text("[hub]\naddress = \"192.168.1.300\"\nkey = 1\n");
    let found = bed.doctor();
    found
        .ends(78)
        .says("config", "fail", &["panel.toml:2:11", "192.168.1.300"])
        .says("config", "fail", &["panel.toml:3:1", "key"])
        .says("clock", found.rows[2]["state"].as_str().unwrap(), &["UTC"]);
    assert_eq!(found.ids("skip").len(), CHECKS.len() - 3, "{}", found.ended);
    std::fs::remove_file(bed.dir.join("panel.toml")).unwrap();
    bed.doctor()
        .ends(78)
        .says("config", "fail", &["panel.toml", "No such file", "-c FILE"]);
}

#[test]
fn the_first_that_fails_gives_the_code() {
    let bed = Bed::v3();
    let code = |change: &dyn Fn(&Bed)| {
        change(&bed);
        let code = bed.doctor().ended.code;
        bed.write(&bed.config());
        bed.key(bed.sim.bearer());
        code
    };
    // The bearer comes before the names, the names before the panel.
    let absent = "[[panel]]\nname = \"knob\"\nkind = \"line\"\nserial = \"/dev/absent\"";
    assert_eq!(code(&|bed| bed.write(&bed.config().also(absent))), 1);
    let nowhere = "[[output]]\nname = \"x\"\npanel = \"wall\"\nshow = \"Nowhere\"";
    let wrong = bed.config().also(nowhere).also(absent);
    assert_eq!(code(&|bed| bed.write(&wrong)), 78);
    let unread = |bed: &Bed| {
        bed.write(&wrong);
        bed.key("");
    };
    assert_eq!(code(&unread), 77);
    assert_eq!(code(&|_| ()), 0);
    assert_eq!(bed.run(&["doctor", "--what"]).code, 64);
    let help = bed.run(&["doctor", "--help"]);
    assert!(help.code == 0 && help.out.contains("60 s"), "{help}");
}

#[test]
fn oddities_of_the_configuration_and_its_files_are_warnings() {
    let bed = Bed::v3();
    let config = bed.config();
    bed.write(&config.clone().hub(&format!(
        "address = \"{}\"\n{}",
        bed.sim.word("https_address"),
        bed.credential()
    )));
    let id = format!("id = \"{}\"", bed.sim.word("hub_id"));
    bed.doctor()
        .ends(0)
        .says("hub", "warn", &["which hub", &id]);
    // A session says it.
    bed.session(serde_json::json!({}));
    bed.write(&config.clone().hub(&format!(
        "address = \"{}\"\n{}",
        bed.sim.word("https_address"),
        bed.file_line("session_file", "session.json")
    )));
    let found = bed.doctor();
    found.ends(0);
    assert!(!found.ids("warn").contains(&"hub"), "{}", found.ended);
    bed.write(&config);
    crate::bed::mode(&bed.dir.join("key"), 0o640);
    crate::bed::mode(&bed.dir.join("panel.toml"), 0o664);
    bed.doctor()
        .ends(0)
        .says("config", "warn", &["key", "can be read", "chmod 600"])
        .says(
            "config",
            "warn",
            &["panel.toml", "can be written", "chmod go-w"],
        );
    bed.write(&config.clone().hub(&format!(
        "{}\nallow_public_address = true",
        bed.hub_lines(&bed.credential())
    )));
    bed.doctor()
        .says("config", "warn", &["needs no allow_public_address"]);
    // Plain http is said aloud.
    bed.key(bed.sim.bearer());
    let http = format!(
        "address = \"{}\"\n{}",
        bed.sim.word("http"),
        bed.credential()
    );
    let plain = homey_rig::Config::of(&bed.sim, &bed.dir.join("key"))
        .light("desk", LAMP)
        .hub(&http);
    bed.write(&plain);
    bed.doctor()
        .ends(0)
        .says("config", "warn", &["http:// sends the bearer in clear"])
        .says("tls", "warn", &["plain http", "https"])
        .says("dns", "skip", &["no dashed name"]);
}
