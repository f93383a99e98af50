// SPDX-License-Identifier: MIT OR Apache-2.0
//! `token`, and the variable of the hub that holds one.

use serde_json::{Value, json};

use crate::bed::Bed;

#[test]
fn a_bearer_past_four_fifths_of_its_life_is_renewed_first() {
    let bed = Bed::new();
    bed.login(&[]).good();
    let (text, session) = bed.session();
    let age = |share: u64| {
        let (made, expires) = (
            session["made"].as_u64().unwrap(),
            session["expires"].as_u64().unwrap(),
        );
        let by = (expires - made) * share / 100;
        let moved = text
            .replace(&made.to_string(), &(made - by).to_string())
            .replace(&expires.to_string(), &(expires - by).to_string());
        std::fs::write(bed.file("session.json"), moved).unwrap();
    };
    let token = session["token"].as_str().unwrap();
    age(79);
    assert_eq!(bed.run(&["token"]).good().out, format!("{token}\n"));
    age(81);
    let renewed = bed.run(&["token"]).good().out;
    assert_ne!(renewed, format!("{token}\n"));
    assert_eq!(
        renewed,
        format!("{}\n", bed.session().1["token"].as_str().unwrap())
    );
    // It is good still, so that a cloud that is away is no reason to keep it back; once it has ended, it is.
    bed.options(json!({"down": true, "access_ttl_ms": 1}));
    age(81);
    bed.revoke("access");
    let kept = bed.run(&["token"]).good();
    assert_eq!(kept.out, format!("{token}\n"));
    assert!(kept.err.contains("is not renewed yet"), "{kept:?}");
    age(101);
    bed.run(&["token"])
        .failed(69, "the cloud or the way to it is away");
}

#[test]
fn a_variable_of_the_hub_holds_it() {
    let bed = Bed::new();
    bed.login(&[]).good();
    let told = bed.run(&["token", "--store-in", "Message"]).good();
    assert_eq!(told.out, "the variable Message holds the bearer\n");
    let list = bed.run(&["request", "/api/manager/logic/variable"]).good();
    let list: Value = serde_json::from_str(&list.out).unwrap();
    let held = list
        .as_object()
        .unwrap()
        .values()
        .find(|v| v["name"] == "Message")
        .unwrap();
    assert_eq!(held["value"], bed.session().1["token"]);
    for (name, words) in [
        ("Visitors", "holds no text"),
        ("Mesage", "Message"),
        ("", ""),
    ] {
        bed.run(&["token", "--store-in", name]).failed(64, words);
    }
    let key = bed.sim.post(
        "keys",
        &json!({"scopes": ["homey.logic.readonly", "homey.system.readonly"]}),
    );
    bed.fed(&["login", "--key", "-"], key["token"].as_str().unwrap())
        .good();
    bed.run(&["token", "--store-in", "Message"])
        .failed(77, "lacks the scope homey.logic;");
    bed.sim.post("keys/revoke", &json!({}));
    bed.run(&["token", "--store-in", "Message"])
        .failed(77, "the hub answers 401");
}

#[test]
fn what_is_held_is_shown_without_its_secrets() {
    let bed = Bed::new();
    bed.run(&["session"]).failed(77, "there is no session");
    let none = bed.run(&["logout"]).good();
    assert_eq!(none.out, "there is no session\n");
    bed.login(&["--keep-password"]).good();
    let (text, session) = bed.session();
    let shown = bed.run(&["session"]).good();
    for words in [
        "Home (",
        "e-mail and password",
        "in 23 h",
        "else by the stored password",
        "session.json",
    ] {
        assert!(shown.out.contains(words), "{words}: {shown:?}");
    }
    let told = bed.run(&["session", "--json"]).good();
    let told: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(
        told["due"].as_u64().unwrap() - told["made"].as_u64().unwrap(),
        24 * 3600 * 1000 / 5 * 4
    );
    assert_eq!(
        (&told["over"], &told["renewable"], &told["password"]),
        (&false.into(), &true.into(), &true.into())
    );
    for key in ["/token", "/cloud/access", "/cloud/refresh"] {
        let secret = session.pointer(key).unwrap().as_str().unwrap();
        assert!(
            text.contains(secret) && !shown.out.contains(secret),
            "{key}"
        );
    }
    bed.run(&["logout"]).good();
    assert_eq!(
        bed.names(),
        ["session.lock"],
        "the password is forgotten too"
    );
    std::fs::write(bed.file("session.json"), text.replace(":2,", ":3,")).unwrap();
    bed.run(&["session"])
        .failed(77, "a newer homey-panel wrote it");
}
