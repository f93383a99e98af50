// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bearers of every kind and age, and what they may do.

use serde_json::json;

use crate::bed::Bed;

const CLOUD: &str = "0123456789abcdef0123456789abcdef01234567";
const JWT: &str = "eyJhbGciOiJSUzUxMiJ9.eyJhIjoxfQ.c2ln";

/// What the key file holds, what `bearer` and `login` say of it, and the code.
#[test]
fn every_kind_of_bearer_is_known() {
    let bed = Bed::v3();
    let good = bed.sim.bearer().to_string();
    let rows: [(&str, &str, &[&str], &str, i32); 9] = [
        (&format!("{good}\n"), "ok", &["key from"], "ok", 0),
        (
            &format!("\"{good}\"\n"),
            "ok",
            &["quotes around it are left out"],
            "ok",
            0,
        ),
        (
            CLOUD,
            "warn",
            &["cloud access token", "the hub needs an API key"],
            "fail",
            77,
        ),
        (JWT, "warn", &["delegation or login token"], "fail", 77),
        (&good.replace('0', "1"), "ok", &[], "fail", 77),
        ("", "fail", &["empty", "Settings, API Keys"], "skip", 77),
        (
            &format!("Bearer {good}"),
            "fail",
            &["word Bearer", "leave that word out"],
            "skip",
            77,
        ),
        (
            &format!("\u{201c}{good}\u{201d}"),
            "fail",
            &["U+201C", "copy it again"],
            "skip",
            77,
        ),
        (
            &format!("{good} {good}"),
            "fail",
            &["space", "copy it again"],
            "skip",
            77,
        ),
    ];
    for (text, state, words, login, code) in rows {
        bed.key(text);
        let found = bed.doctor();
        let shape = text.replace(&good, "GOOD");
        assert!(
            found.has("bearer", state, words),
            "{shape}: {}",
            found.ended
        );
        assert!(found.has("login", login, &[]), "{shape}: {}", found.ended);
        assert_eq!(found.ended.code, code, "{shape}");
        assert!(!found.ended.all().contains(CLOUD) && !found.ended.all().contains(JWT));
        if login == "fail" && words.len() > 1 {
            // The wrong kind is the cure there, too.
            found.says("login", "fail", &["401", words[0]]);
        }
    }
    std::fs::remove_file(bed.dir.join("key")).unwrap();
    bed.doctor().ends(77).says(
        "bearer",
        "fail",
        &["key", "No such file", "check that it exists"],
    );
    bed.write(&bed.config().hub(&bed.hub_lines("")));
    bed.doctor()
        .ends(77)
        .says("bearer", "fail", &["api_key_file", "session.json"]);
}

#[test]
fn a_key_that_was_revoked_and_one_of_another_hub() {
    let bed = Bed::v3();
    bed.control("keys/revoke", json!({}));
    bed.doctor()
        .ends(77)
        .says("login", "fail", &["401 invalid_token", "not revoked"]);
    // An old hub has no keys at all.
    let old = Bed::v2();
    old.key(bed.sim.bearer());
    old.write(
        &old.config()
            .hub(&old.hub_lines(&old.file_line("api_key_file", "key"))),
    );
    old.doctor().ends(77).says(
        "login",
        "fail",
        &["401", "2016 to 2019 have no keys", "homey-panel login"],
    );
}

/// Session files: their hub, their end, and what renews them.
#[test]
fn sessions_end_and_something_renews_them_or_not() {
    let bed = Bed::v3();
    let lines = bed.hub_lines(&bed.file_line("session_file", "session.json"));
    bed.write(&bed.config().hub(&lines));
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let hours = |h: u64| json!(u64::try_from(now.as_millis()).unwrap() + h * 3_600_000 + 60_000);
    let cloud = json!({"access": null, "access_expires": 0, "refresh": CLOUD});
    let rows = [
        (
            json!({"expires": hours(20)}),
            "warn",
            &["ends in 20 h", "nothing renews it", "homey-panel login"][..],
            0,
        ),
        (
            json!({"expires": hours(3)}),
            "fail",
            &["ends in 3 h", "nothing renews it"],
            77,
        ),
        (
            json!({"expires": 1}),
            "fail",
            &["is over", "nothing renews it"],
            77,
        ),
        (
            json!({"expires": 1, "kind": "oauth", "cloud": cloud}),
            "warn",
            &["is over", "refresh token renews it", "session renew"],
            0,
        ),
        (
            json!({"expires": hours(3), "kind": "oauth", "cloud": cloud}),
            "ok",
            &["ends in 3 h", "refresh token renews it"],
            0,
        ),
        (
            json!({"expires": null, "kind": "password", "cloud": cloud}),
            "ok",
            &["refresh token renews it"],
            0,
        ),
        (json!({"expires": null}), "warn", &["not known", "24 h"], 0),
        (
            json!({"hub": "ffffffffffffffffffffffff"}),
            "fail",
            &[
                "of the hub ffffffffffffffffffffffff",
                "homey-panel login for this hub",
            ],
            77,
        ),
    ];
    for (members, state, words, code) in rows {
        bed.session(members.clone());
        let found = bed.doctor();
        assert!(
            found.has("session", state, words),
            "{members}: {}",
            found.ended
        );
        assert_eq!(found.ended.code, code, "{members}: {}", found.ended);
        assert!(!found.ended.all().contains(CLOUD), "{members}");
    }
    bed.session(json!({"expires": hours(3), "kind": "local"}));
    std::fs::write(bed.dir.join("password.json"), "{}").unwrap();
    crate::bed::mode(&bed.dir.join("password.json"), 0o644);
    bed.doctor()
        .ends(0)
        .says("session", "ok", &["the password that is kept renews it"])
        .says(
            "config",
            "warn",
            &["password.json", "can be read", "chmod 600"],
        );
    // Ended at the hub, whatever the file thinks.
    bed.control("sessions/expire", json!({}));
    bed.doctor().ends(77).says(
        "login",
        "fail",
        &["401 session_expired", "homey-panel session renew"],
    );
    std::fs::write(bed.dir.join("session.json"), "{").unwrap();
    bed.doctor().ends(77).says(
        "bearer",
        "fail",
        &["session.json", "damaged", "log in again"],
    );
}

/// What the login keeps renews it; its files are for nobody else.
#[test]
fn a_login_keeps_itself_renewed() {
    let bed = Bed::v3();
    let ended = crate::makers::login(&bed, json!({}));
    assert_eq!(ended.code, 0, "{ended}");
    let found = bed.doctor();
    found
        .ends(0)
        .says("bearer", "ok", &["session from", "session.json"])
        .says("session", "ok", &["the account's refresh token renews it"])
        .says("state", "ok", &["can be written"]);
    crate::bed::mode(&bed.dir.join("client-secret"), 0o644);
    bed.doctor().ends(0).says(
        "config",
        "warn",
        &["client-secret", "can be read", "chmod 600"],
    );
    // Refused by the hub: what can renew it does.
    bed.control("sessions/expire", json!({}));
    bed.doctor().ends(77).says(
        "login",
        "fail",
        &["401 session_expired", "homey-panel session renew"],
    );
    assert_eq!(bed.run(&["session", "renew", "--force"]).code, 0);
    bed.doctor().ends(0).says("login", "ok", &["a session"]);
}

/// A session's token in a key file works for a day: said before the day is over.
#[test]
fn a_session_in_a_key_file_is_told_of() {
    let bed = Bed::v2();
    bed.key(bed.sim.word("session_token"));
    bed.write(
        &bed.config()
            .hub(&bed.hub_lines(&bed.file_line("api_key_file", "key"))),
    );
    bed.doctor()
        .ends(0)
        .says("login", "ok", &["a session"])
        .says(
            "session",
            "warn",
            &["ends in 2", "nothing renews it", "homey-panel login"],
        );
}

/// Each missing scope is named with what does not work; the wide ones contain the narrow ones.
#[test]
fn missing_scopes_are_named_with_what_they_are_for() {
    let bed = Bed::v3();
    let config = bed.config().control(
        "go",
        "press = [{ flow = \"Good night\" }, { mood = \"Bright\" }]",
    );
    bed.write(&config);
    bed.doctor().ends(0).says("scopes", "ok", &["all 7"]);
    let with = |scopes: &[&str]| {
        let made = bed.control("keys", json!({"scopes": scopes}));
        bed.key(made["token"].as_str().unwrap());
        bed.doctor()
    };
    with(&["homey.device", "homey.zone", "homey.flow", "homey.mood"])
        .ends(0)
        .says("scopes", "ok", &["all 7"]);
    let narrow = [
        "homey.device.readonly",
        "homey.zone.readonly",
        "homey.device.control",
        "homey.flow.readonly",
        "homey.flow.start",
        "homey.mood.readonly",
        "homey.mood.set",
    ];
    with(&narrow)
        .ends(0)
        .says("dialect", "skip", &["does not tell its version"]);
    for (missing, words) in [
        ("homey.device.readonly", "values of devices"),
        ("homey.device.control", "1 controls set devices"),
        ("homey.zone.readonly", "named with their zone"),
        ("homey.flow.readonly", "flows are looked up"),
        ("homey.flow.start", "1 controls start flows"),
        ("homey.mood.readonly", "moods are looked up"),
        ("homey.mood.set", "1 controls set moods"),
    ] {
        let rest: Vec<&str> = narrow
            .into_iter()
            .filter(|scope| *scope != missing)
            .collect();
        let found = with(&rest);
        found
            .ends(77)
            .says("scopes", "fail", &[missing, words, "make an API key"]);
        let of_scopes = found
            .rows
            .iter()
            .filter(|row| row["id"] == "scopes")
            .count();
        assert_eq!(of_scopes, 1, "{missing}: {}", found.ended);
    }
}

#[test]
fn where_a_session_is_kept_has_to_be_writable() {
    let bed = Bed::v2();
    bed.doctor()
        .ends(0)
        .says("state", "ok", &["can be written"]);
    let beside = bed.dir.join("session.lock");
    assert!(!beside.exists(), "a look leaves nothing behind");
    // Root may write anywhere; what is no file stops it, too.
    std::fs::create_dir(&beside).unwrap();
    bed.doctor()
        .ends(1)
        .says("state", "fail", &["session.lock", "check"]);
}
