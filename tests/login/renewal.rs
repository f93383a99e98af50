// SPDX-License-Identifier: MIT OR Apache-2.0
//! Staying in: rotation, revocation, the last way, and one renewal at a time.

use homey_rig::beds::done;
use serde_json::{Value, json};

use crate::bed::{Bed, Out};

const REFRESH: &str = "POST /oauth2/token";

/// Access tokens that are never good for another renewal.
fn short_lived(bed: &Bed) {
    bed.options(json!({"access_ttl_ms": 30_000}));
}

#[test]
fn refresh_tokens_rotate_and_each_is_spent_once() {
    let bed = Bed::new();
    short_lived(&bed);
    bed.login(&[]).good();
    let mut tokens = vec![bed.session().1];
    for _ in 0..3 {
        let told = bed.run(&["session", "renew", "--force"]).good();
        let told: Value = serde_json::from_str(&told.out).unwrap();
        let (_, session) = bed.session();
        assert_eq!(
            told,
            json!({"renewed": true, "expires": session["expires"], "hub": bed.sim.word("hub_id")})
        );
        assert_eq!(
            (&session["kind"], &session["name"]),
            (&"password".into(), &"Home".into())
        );
        tokens.push(session);
    }
    for key in ["/token", "/cloud/refresh", "/cloud/access"] {
        let mut seen: Vec<&Value> = tokens.iter().map(|one| one.pointer(key).unwrap()).collect();
        seen.sort_by_key(|value| value.to_string());
        seen.dedup();
        assert_eq!(seen.len(), 4, "{key}");
    }
    assert_eq!(bed.count(REFRESH), 4);
    let counters = done(bed.sim.cloud_counters());
    assert_eq!(
        counters["refused"],
        json!({}),
        "no spent token was ever sent"
    );
    bed.run(&["devices"]).good();
    // Not due, so nothing is asked.
    let told = bed.run(&["session", "renew"]).good();
    assert!(told.out.starts_with("{\"renewed\":false,"), "{told:?}");
    assert_eq!(bed.count(REFRESH), 4);
}

#[test]
fn an_access_token_that_is_still_good_spares_the_refresh() {
    let bed = Bed::new();
    bed.login(&[]).good();
    bed.run(&["session", "renew", "--force"]).good();
    assert_eq!(bed.count(REFRESH), 1, "the login's own");
    // The cloud has forgotten it: refreshed once, and gone on.
    bed.revoke("access");
    bed.run(&["session", "renew", "--force"]).good();
    assert_eq!(bed.count(REFRESH), 2);
    assert_eq!(bed.count("GET /user/me"), 4, "two, and one twice");
}

#[test]
fn two_at_once_renew_once() {
    let bed = Bed::new();
    short_lived(&bed);
    bed.login(&[]).good();
    // Slow enough that all of them are there before the first has done.
    bed.sim.post("cloud/fault", &json!({"kind": "stall", "phase": "request", "path_prefix": "/oauth2/token", "ms": 1500, "times": 1}));
    let children: Vec<_> = (0..4)
        .map(|_| bed.start(&["session", "renew", "--force"]))
        .collect();
    let mut renewed = 0;
    for child in children {
        let told = Out::of(child.wait_with_output().unwrap()).good();
        renewed += usize::from(told.out.contains("\"renewed\":true"));
    }
    assert_eq!((renewed, bed.count(REFRESH)), (1, 2));
    bed.run(&["devices"]).good();
    assert_eq!(bed.names(), ["session.json", "session.lock"]);
}

#[test]
fn a_revoked_refresh_token_is_final_unless_a_password_is_kept() {
    let bed = Bed::new();
    short_lived(&bed);
    bed.login(&[]).good();
    let (before, session) = bed.session();
    bed.revoke("all");
    bed.run(&["session", "renew", "--force"])
        .failed(77, "run homey-panel login once more");
    assert_eq!(bed.session().0, before, "nothing is lost");
    assert_eq!(bed.names(), ["session.json", "session.lock"]);
    // The hub's session lives on, and so does its bearer.
    let token = session["token"].as_str().unwrap();
    assert_eq!(bed.run(&["token"]).good().out, format!("{token}\n"));
    bed.run(&["devices"]).good();

    bed.login(&["--keep-password"]).good();
    bed.revoke("all");
    let told = bed.run(&["session", "renew", "--force"]).good();
    assert!(told.out.contains("\"renewed\":true"), "{told:?}");
    bed.run(&["session", "renew", "--force"]).good();
    bed.run(&["devices"]).good();
    // A password that was changed meanwhile ends that way too.
    bed.revoke("all");
    bed.options(json!({"password": "another"}));
    bed.run(&["session", "renew", "--force"])
        .failed(77, "does not take this e-mail and password");
    bed.options(json!({"password": bed.sim.word("password"), "otp": "123456"}));
    bed.run(&["session", "renew", "--force"])
        .failed(77, "second factor");
}

#[test]
fn a_cloud_that_is_away_leaves_everything_as_it_is() {
    let bed = Bed::new();
    short_lived(&bed);
    bed.login(&[]).good();
    let token = || bed.session().1["token"].clone();
    let before = token();
    bed.options(json!({"down": true}));
    bed.run(&["session", "renew", "--force"])
        .failed(69, "the cloud or the way to it is away");
    bed.options(json!({"down": false, "rate_limit": 1}));
    bed.run(&["session", "renew", "--force"])
        .failed(69, "wants fewer requests");
    bed.options(json!({"rate_limit": null}));
    for kind in [
        json!({"kind": "status", "code": 503, "path_prefix": "/oauth2/token", "times": 1}),
        json!({"kind": "portal", "path_prefix": "/oauth2/token", "times": 1}),
    ] {
        bed.sim.post("cloud/fault", &kind);
        let failed = bed.run(&["session", "renew", "--force"]);
        assert_eq!(failed.code, Some(69), "{kind}: {failed:?}");
    }
    assert_eq!(token(), before);
    bed.run(&["devices"]).good();
    bed.run(&["session", "renew", "--force"]).good();
}

/// The reply to a refresh gets lost: the token is spent, and nobody has the new one.
#[test]
fn a_refresh_whose_reply_is_lost_says_what_to_do() {
    let bed = Bed::new();
    short_lived(&bed);
    bed.login(&[]).good();
    let lost =
        json!({"kind": "close", "phase": "head", "path_prefix": "/oauth2/token", "times": 1});
    bed.sim.post("cloud/fault", &lost);
    bed.run(&["session", "renew", "--force"])
        .failed(69, "refreshing the access token");
    bed.run(&["session", "renew", "--force"])
        .failed(77, "spent by a renewal whose reply got lost");
    bed.run(&["devices"]).good();
    bed.login(&["--keep-password"]).good();
    bed.sim.post("cloud/fault", &lost);
    bed.run(&["session", "renew", "--force"])
        .failed(69, "refreshing the access token");
    bed.run(&["session", "renew", "--force"]).good();
}

#[test]
fn a_renewal_that_gets_no_further_than_new_tokens_keeps_them() {
    let bed = Bed::new();
    short_lived(&bed);
    bed.login(&[]).good();
    let before = bed.session().1;
    let stop = json!({"kind": "status", "code": 503, "path_prefix": "/delegation", "times": 1});
    bed.sim.post("cloud/fault", &stop);
    bed.run(&["session", "renew", "--force"])
        .failed(69, "asking for a token for the hub");
    let after = bed.session().1;
    assert_ne!(after["cloud"]["refresh"], before["cloud"]["refresh"]);
    assert_eq!(after["token"], before["token"]);
    bed.run(&["session", "renew", "--force"]).good();
    bed.run(&["devices"]).good();
}
