// SPDX-License-Identifier: MIT OR Apache-2.0
//! `check`: everything that is wrong in one run, each with its place; offline and with the hub.

use crate::server::Server;
use homey_rig::beds::{Bed, Ended, Hub, KEY};

const PANEL: &str = "[[panel]]\nname = \"wall\"\nkind = \"line\"\nstdio = true\n";

/// Lines of standard error as `LINE:COLUMN words`, all for `file`.
#[track_caller]
fn problems(ended: &Ended, file: &str) -> Vec<String> {
    assert_eq!(ended.code, 78, "{ended}");
    let start = format!("{file}:");
    let line = |l: &str| l.strip_prefix(&start).unwrap_or(l).to_string();
    ended.err.lines().map(line).collect()
}

/// The problems begin with these and hold these words.
#[track_caller]
fn are(got: &[String], want: &[(&str, &str)]) {
    assert_eq!(got.len(), want.len(), "{got:#?}");
    for (line, (place, word)) in got.iter().zip(want) {
        assert!(
            line.starts_with(&format!("{place}: ")) && line.contains(word),
            "{place} {word}: {line}"
        );
    }
}

const BAD: &str = "[hub]\naddres = \"http://127.0.0.1\"\nid = 5\n[profile]\nuse = \"forrum\"\n[[panel]]\nname = \"wall\"\nkind = \"line\"\nstdio = true\n[[control]]\nname = \"a\"\npress = { togle = \"x\" }\n";

#[test]
fn a_bad_file_is_told_whole_by_every_command() {
    let bed = Bed::new();
    bed.file("panel.toml", BAD);
    let want = [
        ("2:1", "did you mean address"),
        ("3:6", "hub's id"),
        ("5:7", "did you mean \"forum\""),
        ("12:11", "did you mean toggle"),
    ];
    for args in [
        &["check"][..],
        &["check", "--offline"],
        &["run"],
        &["devices"],
        &["zones"],
        &["get", "x"],
        &["set", "x", "y", "1"],
        &["flow", "list"],
        &["mood", "list"],
        &["request", "/x"],
        &["request", "http://127.0.0.1:1/"],
    ] {
        are(&problems(&bed.with_config(args), "panel.toml"), &want);
    }
    for args in [
        &["check", "panel.toml"][..],
        &["check", "--offline", "panel.toml"],
        &["check", "-c", "panel.toml"],
        &["devices", "-c", "panel.toml"],
        &["set", "-c", "panel.toml", "x", "y", "-1"],
    ] {
        are(&problems(&bed.run(args), "panel.toml"), &want);
    }
    bed.file("latin", b"# ok\n# caf\xe9\n");
    bed.run(&["check", "latin"])
        .fails(78, &["latin:2:", "UTF-8"]);
    bed.file("empty", "");
    bed.run(&["check", "empty"])
        .fails(78, &["empty:1:1: ", "[hub]"]);
    bed.run(&["check", "absent"])
        .fails(78, &["absent", "No such file"]);
    bed.run(&["check", "."]).fails(78, &["directory"]);
    bed.run(&["check", "a", "b"]).fails(64, &["b"]);
}

#[test]
fn offline_asks_nobody() {
    let (bed, server) = (Bed::new(), Server::ok());
    bed.config(&server.address(), PANEL);
    let ended = bed.with_config(&["check", "--offline"]);
    let text = ended.is_good().text();
    assert!(
        text.contains("panel.toml: ok; 1 panel") && text.contains("panel wall: ok"),
        "{text}"
    );
    assert!(text.contains("warning: panel.toml:2:11: http://"), "{text}");
    assert_eq!(server.requests(), [""; 0]);
    // A panel that is not there is wrong offline too.
    bed.config(
        &server.address(),
        "[[panel]]\nname = \"board\"\nkind = \"line\"\nserial = \"/dev/absent\"\n",
    );
    let got = problems(&bed.with_config(&["check", "--offline"]), "panel.toml");
    are(&got, &[("5:8", "/dev/absent")]);
}

const HOUSE: &str = "[[panel]]\nname = \"wall\"\nkind = \"line\"\nserial = \"/dev/absent\"\n\
[[control]]\nname = \"a\"\npress = { toggle = \"Living room/Ceilng light\" }\n\
[[control]]\nname = \"b\"\npress = { set = \"Office/Heater\", capability = \"measure_temperature\", value = 3 }\n\
[[control]]\nname = \"c\"\npress = { flow = \"Good nigth\" }\nhold = { mood = \"Relax\" }\n\
[[control]]\nname = \"d\"\nturn = { step = \"Ceiling light\", capability = \"dimm\" }\npress = { flow = \"Broken flow\" }\n\
[[control]]\nname = \"e\"\npress = { flow = \"Disabled flow\" }\nhold = { flow = \"When the door opens\" }\n\
[[control]]\nname = \"f\"\npress = [{ flow = \"Panic\" }, { toggle = \"Office/Desk light\" }, { mood = \"Bright\" }]\n\
[[output]]\nname = \"g\"\nshow = \"Spot\"\n\
[[output]]\nname = \"h\"\nshow = \"Ceiling light\"\n";

#[test]
fn with_the_hub_every_name_is_looked_up() {
    for hub in [Hub::v3(), Hub::v2()] {
        hub.configure(HOUSE);
        let ended = hub.run(&["check"]);
        let got = problems(&ended, "panel.toml");
        are(
            &got,
            &[
                ("6:8", "/dev/absent"),
                ("11:20", "near it: \"Living room/Ceiling light\""),
                (
                    "14:47",
                    "measure_temperature of Office/Heater cannot be set",
                ),
                ("17:18", "Good night"),
                ("18:17", "Relax"),
                ("21:47", "did you mean dim"),
                ("22:18", "broken"),
                ("25:18", "disabled"),
                ("26:17", "cannot be started"),
                ("32:8", "Spot"),
            ],
        );
        assert!(
            ended.text().contains(&format!("id {}", hub.at("hub_id"))),
            "{ended}"
        );
        // And nothing was done to anything.
        let counters = hub.counters();
        assert_eq!(
            (
                counters["writes"].as_array().unwrap().len(),
                counters["starts"].as_array().unwrap().len()
            ),
            (0, 0)
        );
        hub.configure(&format!("{PANEL}[[control]]\nname = \"f\"\npress = [{{ flow = \"Panic\" }}, {{ toggle = \"Office/Desk light\" }}, {{ mood = \"Bright\" }}]\n"));
        let ended = hub.run(&["check"]);
        assert!(ended.is_good().text().contains("names: 3 of 3"), "{ended}");
    }
}

/// What was found before the hub failed is told with it.
#[test]
fn a_hub_that_is_away_hides_nothing() {
    let bed = Bed::new();
    bed.config(
        "http://127.0.0.1:1",
        "[[panel]]\nname = \"wall\"\nkind = \"line\"\nserial = \"/dev/absent\"\n",
    );
    let ended = bed.with_config(&["check"]);
    let got = problems(&ended, "panel.toml");
    assert!(
        got.len() == 2 && got[0].starts_with("5:8: ") && got[1].contains("refused"),
        "{ended}"
    );
    bed.config("http://127.0.0.1:1", PANEL);
    bed.with_config(&["check"]).fails(69, &["refused"]);
    bed.with_config(&["check", "--online"])
        .fails(69, &["refused"]);
    std::fs::remove_file(bed.dir.join("key")).unwrap();
    bed.with_config(&["check"])
        .fails(77, &["key", "No such file"]);
}

#[test]
fn checks_say_what_is_odd_about_a_key() {
    let hub = Hub::v3();
    std::fs::set_permissions(
        hub.bed.dir.join("key"),
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    let ended = hub.run(&["check"]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(
        ended.err.contains("chmod 600") && !ended.err.contains(KEY),
        "{ended}"
    );
    hub.bed
        .secret("key", "0123456789abcdef0123456789abcdef01234567");
    let ended = hub.run(&["check"]);
    // The ping needs no bearer; the first list does, where there is a name to look up.
    assert!(ended.err.contains("cloud access token"), "{ended}");
}
