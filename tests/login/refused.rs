// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every failure by its name: one clear line, its exit code, nothing lost.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use serde_json::json;

use crate::bed::{Bed, Out};

#[test]
fn what_the_account_refuses() {
    let bed = Bed::new();
    bed.login(&[]).good();
    let before = bed.session().0;
    let email = bed.sim.word("email");
    bed.fed(
        &["login", "--password", "--email", email, "--password-stdin"],
        "wrong\n",
    )
    .failed(77, "the account does not take this e-mail and password");
    bed.options(json!({"html_errors": true}));
    bed.fed(
        &["login", "--password", "--email", email, "--password-stdin"],
        "wrong\n",
    )
    .failed(77, "the account does not take this e-mail and password");
    bed.options(json!({"html_errors": false, "code_ttl_ms": 0}));
    bed.login(&[]).failed(77, "good for 30 s and once");
    bed.options(json!({"code_ttl_ms": 30_000, "delegation_ttl_ms": 0}));
    bed.login(&[])
        .failed(69, "logging in to the hub: the hub answers 401");
    bed.options(json!({"delegation_ttl_ms": 300_000, "hubs": []}));
    bed.login(&[]).failed(78, "the consent form names no hub");
    bed.options(json!({"variant": "redirect"}));
    bed.login(&[]).failed(77, "no hub on this account");
    bed.options(json!({"hubs": null, "down": true}));
    bed.login(&[])
        .failed(69, "logging in to the account: connecting to localhost:");
    bed.options(json!({"down": false}));
    assert_eq!(bed.session().0, before, "nothing is lost");
    for (cloud, code, words) in [
        (
            "client_id = \"0000\"",
            78,
            "check client_id, the client secret and redirect_uri",
        ),
        (
            "client_secret_file = \"/nowhere/x\"",
            77,
            "reading the client secret from /nowhere/x",
        ),
        (
            "redirect_uri = \"http://example.org\"",
            78,
            "check client_id, the client secret and redirect_uri",
        ),
        ("ca_file = \"/nowhere/ca\"", 78, "/nowhere/ca"),
    ] {
        bed.configure("", cloud);
        bed.login(&[]).failed(code, words);
    }
    bed.configure("id = \"00000000000000000000ffff\"", "");
    bed.login(&[]).failed(
        78,
        "the account has no hub 00000000000000000000ffff; it has Home (",
    );
    assert_eq!(bed.session().0, before, "nothing is lost");
}

#[test]
fn a_hub_that_is_not_there_or_not_itself() {
    let bed = Bed::new();
    // Else it would be found there.
    bed.configure("relay = false", "");
    for (fault, code, words) in [
        (
            json!({"kind": "certificate", "which": "not_yet_valid"}),
            69,
            "set the clock",
        ),
        (
            json!({"kind": "certificate", "which": "expired"}),
            69,
            "has expired",
        ),
        (
            json!({"kind": "wrong_id", "id": "00000000000000000000ffff"}),
            69,
            "00000000000000000000ffff",
        ),
        (
            json!({"kind": "refuse"}),
            69,
            "refused; nothing listens there",
        ),
        (
            json!({"kind": "status", "code": 403, "path_prefix": "/api/manager/system/ping"}),
            77,
            "subscription is not active",
        ),
    ] {
        let mut fault = fault;
        if fault["kind"] != "refuse" && fault["kind"] != "certificate" {
            fault["port"] = json!("https");
        }
        let told = bed.sim.post("fault", &fault);
        let out = bed.login(&[]).failed(code, words);
        assert!(!out.err.contains("users/login"), "{out:?}");
        bed.sim.post("fault/remove", &json!({"id": told["id"]}));
        let hub = bed.sim.counters();
        assert_eq!(hub["logins"], 0, "nothing secret was sent: {fault}");
        assert_eq!(bed.names(), ["session.lock"]);
    }
    bed.login(&[]).good();
}

#[test]
fn a_place_that_cannot_be_written_is_found_before_anything_is_asked() {
    let bed = Bed::new();
    let nowhere = bed.dir.0.join("none/session.json");
    bed.configure(&format!("session_file = \"{}\"", nowhere.display()), "");
    bed.login(&[]).failed(78, "none is no directory; make it");
    bed.configure(
        &format!("session_file = \"{}\"", bed.file("session.json").display()),
        "",
    );
    bed.run(&["check", "--offline"]).good();
    bed.login(&[]).good();
    let before = bed.session().0;
    // In a mount namespace of its own, so that it holds for root too.
    let state = bed.dir.0.join("state");
    let there = state.display();
    let read_only = format!("mount --bind {there} {there} && mount -o remount,ro,bind {there}");
    let calls = bed.calls().len();
    let all = [
        ("login", 78, "Read-only file system"),
        ("session renew --force", 78, "Read-only file system"),
    ];
    for (command, code, words) in all {
        inside(&bed, &read_only, command).failed(code, words);
    }
    let told = inside(&bed, &read_only, "check --offline").good();
    assert!(
        told.out
            .contains("only an API key works for longer than a day"),
        "{told:?}"
    );
    inside(&bed, &read_only, "token").good();
    // Of a few pages, all but none of them taken.
    let full = format!(
        "cp {there}/session.json {there}/../kept && mount -t tmpfs -o size=16k none {there} && cp {there}/../kept {there}/session.json && (head -c 8k /dev/zero > {there}/fill || true)"
    );
    inside(&bed, &full, "session renew --force").failed(1, "make room on the disk");
    inside(&bed, &full, "login").failed(1, "make room on the disk");
    inside(&bed, &full, "token").good();
    assert_eq!(bed.calls().len(), calls, "the cloud was asked nothing");
    assert_eq!(bed.session().0, before, "nothing is lost");
    assert_eq!(bed.names(), ["session.json", "session.lock"]);
}

/// Runs a command where `mounts` have been done, as root of a namespace.
fn inside(bed: &Bed, mounts: &str, command: &str) -> Out {
    let login = format!(
        "login --password --email {} --password-file {}",
        bed.sim.word("email"),
        bed.dir.0.join("password").display()
    );
    let command = if command == "login" { &login } else { command };
    let script = format!(
        "{mounts} && exec {} -c {} {command}",
        env!("CARGO_BIN_EXE_homey-panel"),
        bed.config.display()
    );
    let mut unshare = Command::new("unshare");
    match fs::metadata("/proc/self").unwrap().uid() {
        0 => unshare.arg("--mount"),
        _ => unshare.args(["--map-root-user", "--mount"]),
    };
    unshare.args(["sh", "-c", &script]).env("HOME", &bed.dir.0);
    unshare
        .env_remove("STATE_DIRECTORY")
        .env_remove("XDG_STATE_HOME");
    Out::of(
        unshare
            .output()
            .expect("unshare(1), for mounts of one's own"),
    )
}

#[test]
fn a_cloud_that_is_not_trusted_is_told_in_the_clouds_words() {
    let bed = Bed::new();
    for (which, words) in [
        ("self_signed", "set ca_file under [cloud]"),
        ("expired", "check the clock here"),
        ("not_yet_valid", "set the clock"),
    ] {
        let fault = json!({"kind": "certificate", "which": which});
        let told = bed.sim.post("cloud/fault", &fault);
        let out = bed.login(&[]).failed(69, words);
        let hubs_words = ["[trust]", "pin =", "on the hub"];
        assert!(!hubs_words.iter().any(|w| out.err.contains(w)), "{out:?}");
        bed.sim.post("fault/remove", &json!({"id": told["id"]}));
    }
    bed.login(&[]).good();
}
