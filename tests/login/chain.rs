// SPDX-License-Identifier: MIT OR Apache-2.0
//! The whole chain from e-mail and password, in every variant of the cloud's.

use homey_rig::beds::done;
use serde_json::{Value, json};

use crate::bed::Bed;

/// What the bearer of the session file is good for: reading the home.
#[track_caller]
fn works(bed: &Bed) {
    let devices = bed.run(&["devices", "--json"]).good();
    let list: Value = serde_json::from_str(&devices.out).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 12);
}

#[test]
fn every_variant_leads_to_a_session_with_few_requests() {
    let bed = Bed::new();
    let plain = json!({"variant": "redirect"});
    for options in [
        plain.clone(),
        json!({"variant": "form"}),
        json!({"variant": "body"}),
        json!({"variant": "form", "lower_case": true}),
        json!({"user_form": "map"}),
        json!({"user_form": "result"}),
        json!({"user_form": "array", "rotate": false}),
    ] {
        bed.options(options.clone());
        bed.sim.post("cloud/counters/reset", &json!({}));
        bed.sim.post("counters/reset", &json!({}));
        let told = bed.login(&[]).good();
        assert!(told.out.contains(bed.sim.word("hub_id")), "{told:?}");
        assert_eq!(told.err, "");
        let mut calls = bed.calls();
        calls.retain(|call| call != "POST /authorise");
        let chain = [
            "POST /login",
            "GET /oauth2/authorise",
            "POST /oauth2/token",
            "GET /user/me",
            "POST /delegation/token",
        ];
        assert_eq!(calls, chain, "{options}");
        let hub = bed.sim.counters();
        let requests = bed.calls().len() as u64 + hub["requests"].as_u64().unwrap();
        assert!(requests <= 12, "{requests} requests, {options}");
        assert_eq!(hub["logins"], 1);
        let (_, session) = bed.session();
        assert_eq!(session["version"], 2);
        assert_eq!(session["kind"], "password");
        assert_eq!(session["hub"], bed.sim.word("hub_id"));
        assert_eq!(session["name"], "Home");
        let life = session["expires"].as_u64().unwrap() - session["made"].as_u64().unwrap();
        assert_eq!(life, 24 * 3600 * 1000);
        assert!(session["cloud"]["refresh"].as_str().unwrap().len() == 40);
        assert_eq!(session["routes"]["relay"], bed.sim.word("relay"));
        assert_eq!(bed.names(), ["session.json", "session.lock"]);
        works(&bed);
    }
}

/// The names and their order, as a cloud sees them that does its work; `wire` holds their bytes.
#[test]
fn the_lines_of_every_step_are_the_forums_in_its_order() {
    let bed = Bed::new();
    bed.login(&[]).good();
    let common = [
        "host",
        "accept",
        "accept-language",
        "connection",
        "accept-encoding",
        "origin",
        "referer",
        "user-agent",
    ];
    let counters = done(bed.sim.cloud_counters());
    let mut seen = Vec::new();
    for entry in counters["log"].as_array().unwrap() {
        let names: Vec<&str> = entry["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|n| n.as_str().unwrap())
            .collect();
        let (first, rest) = names.split_at(8);
        assert_eq!(first, common);
        seen.push(format!(
            "{} {}",
            entry["path"].as_str().unwrap(),
            rest.join(" ")
        ));
    }
    assert_eq!(
        seen,
        [
            "/login content-type content-length",
            "/oauth2/authorise ",
            "/authorise content-type content-length cookie",
            "/oauth2/token content-type content-length",
            "/user/me authorization",
            "/delegation/token authorization content-type content-length",
        ]
    );
}

#[test]
fn a_hub_of_2019_is_logged_in_to_and_out_of() {
    let bed = Bed::with(&["--devices", "12", "--dialect", "v2"]);
    bed.configure(&format!("id = \"{}\"", bed.sim.word("hub_id")), "");
    bed.login(&[]).good();
    works(&bed);
    let told = bed.run(&["logout"]).good();
    assert!(told.out.contains("has ended at the hub"), "{told:?}");
    assert_eq!(bed.names(), ["session.lock"]);
    bed.run(&["token"]).failed(77, "session");
}

#[test]
fn of_several_hubs_one_is_chosen_by_name_or_id() {
    let bed = Bed::new();
    let other = done(bed.sim.beside(&["--devices", "12", "--seed", "7"]));
    done(bed.sim.add_hub(&other));
    let list = bed
        .login(&[])
        .failed(64, "several hubs; choose one with --hub");
    for id in [bed.sim.word("hub_id"), other.word("hub_id")] {
        let line = list.err.lines().find(|line| line.contains(id)).unwrap();
        assert!(
            line.contains("answers at") && line.contains("(local, "),
            "{line}"
        );
    }
    assert_eq!(bed.names(), ["session.lock"]);
    bed.login(&["--hub", bed.sim.word("hub_id")]).good();
    works(&bed);
    bed.login(&["--hub", "Cabin"])
        .failed(78, "the account has no hub Cabin; it has Home (");
    // The configured address is the other one's neighbour: it is found where the account says that it is.
    let told = bed.login(&["--hub", other.word("hub_id")]).good();
    assert!(told.out.contains(other.word("https_address")), "{told:?}");
    let wrong = format!("id = \"{}\"", other.word("hub_id"));
    bed.configure(&wrong, "");
    bed.login(&["--hub", bed.sim.word("hub_id")])
        .failed(78, "but id under [hub] is");
}

#[test]
fn a_second_factor_comes_on_standard_input() {
    let bed = Bed::new();
    bed.options(json!({"otp": "123456"}));
    bed.login(&[])
        .failed(77, "wants the code of its second factor");
    let email = bed.sim.word("email");
    let password = bed.sim.word("password");
    let args = [
        "login",
        "--password",
        "--email",
        email,
        "--password-stdin",
        "--otp-stdin",
    ];
    bed.fed(&args, &format!("{password}\n000000\n"))
        .failed(77, "does not take this code");
    bed.fed(&args, &format!("{password}\r\n123 456\n")).good();
    works(&bed);
    bed.fed(&args, &format!("{password}\n"))
        .failed(64, "standard input ended");
}
