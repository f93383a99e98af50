// SPDX-License-Identifier: MIT OR Apache-2.0
//! `discover`, and commands that find the hub first.

use std::net::UdpSocket;
use std::process::{Command, Output};

use homey_rig::beds::{Dir, Setup, Sim};
use serde_json::{Value, json};

use super::alone::alone;
use super::moves::{hub, setup};
use super::outside::with_session;

/// Runs the program; exit code, standard output, standard error.
pub fn run(setup: Option<&Setup>, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_homey-panel"));
    // Nothing of whoever runs the tests.
    let empty = Dir::new();
    for name in [
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
        "HOMEY_PANEL_CONFIG",
    ] {
        command.env(name, empty.0.join("none"));
    }
    if let Some(setup) = setup {
        setup.write();
        command.arg("-c").arg(setup.file());
    }
    let Output {
        status,
        stdout,
        stderr,
    } = command.args(args).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

fn rows(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn without_any_configuration_hubs_in_this_network_are_shown() {
    if !alone("commands::without_any_configuration_hubs_in_this_network_are_shown") {
        return;
    }
    let (code, out, err) = run(None, &["discover"]);
    assert_eq!((code, out.as_str()), (69, ""), "{err}");
    assert!(
        err.contains("no hub answered; check that the hub has power"),
        "{err}"
    );
    assert_eq!(run(None, &["discover", "--json"]).1.trim(), "[]");
    let sim = hub(&["--hub-name", "Casa \u{1b}[2J"]);
    // Its certificate is of no authority of this system: the announced port is still seen.
    let (code, out, err) = run(None, &["discover"]);
    println!("{out}");
    assert_eq!(code, 0, "{out}{err}");
    for word in [
        "NAME",
        "homey5q",
        sim.word("hub_id"),
        "http://127.0.0.2:",
        "not used for a bearer",
    ] {
        assert!(out.contains(word), "{word}: {out}");
    }
    assert!(!out.contains('\u{1b}'));
    let (code, out, _) = run(None, &["discover", "--json", "--id", sim.word("hub_id")]);
    let rows = rows(&out);
    let good: Vec<&Value> = rows.iter().filter(|row| !row["ms"].is_null()).collect();
    assert_eq!((code, good.len()), (0, 1), "{out}");
    assert_eq!(good[0]["via"], "mdns");
    let (code, _, err) = run(None, &["discover", "--id", "00000000aaaa"]);
    assert_eq!(code, 69, "{err}");
    let (code, _, err) = run(None, &["discover", "--id", "x y"]);
    assert_eq!(code, 64, "{err}");
}

#[test]
fn with_configuration_and_session_every_way_is_shown() {
    if !alone("commands::with_configuration_and_session_every_way_is_shown") {
        return;
    }
    let sim = hub(&[]);
    let lines = format!(
        "address = \"{}\"\nsession_file = \"SESSION\"\nid = \"{}\"",
        sim.word("https_address"),
        sim.word("hub_id")
    );
    let with = with_session(&sim, setup(&sim), &lines);
    let (code, out, err) = run(Some(&with), &["discover", "--json"]);
    assert_eq!(code, 0, "{out}{err}");
    let found = rows(&out);
    let via: Vec<&str> = found
        .iter()
        .filter(|r| !r["ms"].is_null())
        .filter_map(|r| r["via"].as_str())
        .collect();
    assert_eq!(via, ["local", "mdns", "relay"], "{out}");
    assert!(
        found
            .iter()
            .all(|row| row["id"] == sim.word("hub_id") && row["name"] == "Home"),
        "{out}"
    );
    // What the panel asks for: literal ways, the best first.
    let (code, out, err) = run(Some(&with), &["discover", "--for-run"]);
    assert_eq!(code, 0, "{out}{err}");
    let first: Value = serde_json::from_str(out.lines().next().expect("a line")).expect("JSON");
    assert_eq!(
        (&first["via"], &first["ip"]),
        (&json!("local"), &json!("127.0.0.2"))
    );
    assert_eq!(first["tls"], "127-0-0-2.homey.homeylocal.com");
    sim.post("mdns", &json!({"on": false}));
    sim.post("address", &json!({"ip": "127.0.0.3"}));
    let (code, out, err) = run(Some(&with), &["discover", "--for-run"]);
    assert_eq!(code, 0, "{out}{err}");
    let first: Value = serde_json::from_str(out.lines().next().expect("a line")).expect("JSON");
    assert_eq!(
        (&first["via"], &first["tls"], &first["ip"]),
        (&json!("relay"), &json!("localhost"), &json!("127.0.0.1"))
    );
    // And why the others did not.
    let (code, out, _) = run(Some(&with), &["discover"]);
    println!("{out}");
    assert_eq!(code, 0);
    assert!(
        out.contains("refused; nothing listens there") && out.contains("no answer by multicast"),
        "{out}"
    );
}

#[test]
fn a_key_says_why_the_relay_is_not_tried() {
    if !alone("commands::a_key_says_why_the_relay_is_not_tried") {
        return;
    }
    let sim = hub(&[]);
    let with = setup(&sim);
    let (_, out, _) = run(Some(&with), &["discover"]);
    assert!(out.contains("the relay takes no API keys"), "{out}");
    sim.post("mdns", &json!({"on": false}));
    sim.post("address", &json!({"ip": "127.0.0.3"}));
    let (code, out, err) = run(Some(&with), &["zones"]);
    assert_eq!((code, out.as_str()), (69, ""), "{err}");
    assert!(
        err.contains("the relay takes no API keys") && err.contains("refused"),
        "{err}"
    );
    assert_eq!(err.lines().count(), 1, "{err}");
}

#[test]
fn commands_find_a_hub_that_has_moved_or_has_only_an_id() {
    if !alone("commands::commands_find_a_hub_that_has_moved_or_has_only_an_id") {
        return;
    }
    let sim = Sim::with(&[
        "--devices",
        "12",
        "--http",
        "127.0.0.2:80",
        "--https",
        "127.0.0.2:443",
        "--mdns",
        "127.0.0.1",
    ]);
    let only_id = setup(&sim).hub(&format!(
        "id = \"{}\"\napi_key_file = \"KEY\"",
        sim.word("hub_id")
    ));
    let (code, out, err) = run(Some(&only_id), &["zones"]);
    assert!(code == 0 && out.contains("Office"), "{out}{err}");
    let (code, out, err) = run(Some(&only_id), &["request", "/api/manager/zones/zone"]);
    assert!(code == 0 && out.contains("Office"), "{out}{err}");
    let (code, out, err) = run(Some(&only_id), &["check"]);
    assert!(
        code == 0 && out.contains("hub: answers at 127.0.0.2:443"),
        "{out}{err}"
    );
    let with = setup(&sim);
    sim.post("address", &json!({"ip": "127.0.0.3"}));
    let (code, out, err) = run(Some(&with), &["check"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("hub: answers at 127.0.0.3:443"), "{out}");
    assert!(err.contains("the hub is at 127.0.0.3:443 now"), "{err}");
}

#[test]
fn a_licence_error_ends_the_search() {
    if !alone("commands::a_licence_error_ends_the_search") {
        return;
    }
    let sim = hub(&[]);
    sim.post("options", &json!({"licence": "Subscription Inactive"}));
    let with = setup(&sim);
    let begun = std::time::Instant::now();
    let (code, out, err) = run(Some(&with), &["discover", "--for-run"]);
    assert_eq!((code, out.as_str()), (77, ""), "{err}");
    assert!(err.contains("subscription is not active"), "{err}");
    assert!(
        begun.elapsed() < std::time::Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    let (code, out, err) = run(Some(&with), &["discover"]);
    assert_eq!(code, 77, "{err}");
    assert!(out.contains("subscription is not active"), "{out}");
    assert!(err.contains("subscription is not active"), "{err}");
}

#[test]
fn a_resolver_that_does_not_answer_keeps_nobody_from_being_heard() {
    if !alone("commands::a_resolver_that_does_not_answer_keeps_nobody_from_being_heard") {
        return;
    }
    let _silent = UdpSocket::bind("127.0.0.53:53").expect("the port of resolvers");
    let sim = hub(&[]);
    let session = json!({
        "version": 2, "kind": "password", "hub": sim.word("hub_id"), "name": "Home",
        "token": sim.word("session_token"), "made": null, "expires": null,
        "routes": {"local": null, "mdns": null, "relay": "https://relay.example", "forwarded": null},
    });
    let with = setup(&sim);
    let path = with.dir.write("session.json", &session.to_string());
    let with = with.hub(&format!(
        "address = \"{}\"\nsession_file = \"{}\"",
        sim.word("https_address"),
        path.display()
    ));
    sim.post("address", &json!({"ip": "127.0.0.3"}));
    // Later than the look-up begins, earlier than it ends.
    sim.post("mdns", &json!({"delay_ms": 1500}));
    let (code, out, err) = run(Some(&with), &["zones"]);
    assert!(code == 0 && out.contains("Office"), "{code} {out}{err}");
}

#[test]
fn what_is_not_named_cannot_be_found() {
    if !alone("commands::what_is_not_named_cannot_be_found") {
        return;
    }
    let sim = hub(&[]);
    let nobody = setup(&sim).hub("session_file = \"/nowhere/session.json\"");
    let (code, _, err) = run(Some(&nobody), &["run"]);
    assert!(
        code == 77 && err.contains("/nowhere/session.json"),
        "{code} {err}"
    );
    let with = setup(&sim).hub("address = \"127.0.0.9\"\napi_key_file = \"KEY\"");
    let (code, _, err) = run(Some(&with), &["zones"]);
    // Without an id nothing is looked for: the first error stands alone.
    assert!(code == 69 && !err.contains("multicast"), "{code} {err}");
    let (code, _, err) = run(Some(&with), &["discover", "--for-run"]);
    assert_eq!(code, 78, "{err}");
}

#[test]
fn the_other_hubs_of_the_account_are_shown_with_their_ways() {
    if !alone("commands::the_other_hubs_of_the_account_are_shown_with_their_ways") {
        return;
    }
    let sim = hub(&[]);
    let cabin = sim.beside(&["--seed", "7", "--hub-name", "Cabin", "--devices", "0"]);
    let cabin = cabin.expect("another hub");
    sim.add_hub(&cabin).expect("added");
    let (access, _) = sim.cloud_tokens().expect("tokens");
    let held = |expires: u64| {
        let session = json!({
            "version": 2, "kind": "password", "hub": sim.word("hub_id"), "name": "Home",
            "token": sim.word("session_token"), "made": null, "expires": null,
            "cloud": {"access": access, "access_expires": expires, "refresh": null},
        });
        let with = setup(&sim);
        let path = with.dir.write("session.json", &session.to_string());
        with.hub(&format!("session_file = \"{}\"", path.display()))
            .also(&format!(
                "[cloud]\nca_file = \"{}\"\napi = \"{}\"",
                sim.word("ca_file"),
                sim.word("cloud")
            ))
    };
    let (code, out, err) = run(Some(&held(9_000_000_000_000)), &["discover", "--json"]);
    assert_eq!(code, 0, "{out}{err}");
    let found = rows(&out);
    let ways = |id: &str| -> Vec<(String, bool)> {
        let of_it = found.iter().filter(|row| row["id"] == id);
        let way = |row: &Value| {
            (
                row["via"].as_str().unwrap_or_default().into(),
                !row["ms"].is_null(),
            )
        };
        of_it.map(way).collect()
    };
    let cabins = ways(cabin.word("hub_id"));
    assert!(cabins.contains(&("local".into(), true)), "{out}");
    assert!(cabins.contains(&("relay".into(), true)), "{out}");
    assert!(out.contains("\"Cabin\"") && !out.contains(&access), "{out}");
    assert!(
        ways(sim.word("hub_id")).contains(&("mdns".into(), true)),
        "{out}"
    );
    // A token that has ended is no reason to show nothing.
    let (code, out, err) = run(Some(&held(1)), &["discover"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(
        err.contains("access token has ended; homey-panel session renew"),
        "{err}"
    );
}
