// SPDX-License-Identifier: MIT OR Apache-2.0
//! A kept password that was refused is not sent over and over: that locks accounts.

use std::fs;

use serde_json::json;

use crate::bed::Bed;

const LOGIN: &str = "POST /login";

#[test]
fn a_kept_password_that_was_refused_rests_for_an_hour() {
    let bed = Bed::new();
    bed.login(&["--keep-password"]).good();
    // As if its day were over.
    let end = || {
        let (text, session) = bed.session();
        let made = session["made"].as_u64().unwrap();
        let moved = [made, session["expires"].as_u64().unwrap()]
            .iter()
            .fold(text, |text, ms| {
                text.replace(&ms.to_string(), &(ms - 90_000_000).to_string())
            });
        fs::write(bed.file("session.json"), moved).unwrap();
        bed.revoke("all");
    };
    end();
    let kept = fs::read(bed.file("password.json")).unwrap();
    bed.options(json!({"password": "another"}));
    let before = bed.count(LOGIN);
    bed.run(&["token"])
        .failed(77, "does not take this e-mail and password");
    for command in [&["token"][..], &["session", "renew"]] {
        bed.run(command)
            .failed(77, "the kept password was refused within the last hour");
    }
    assert_eq!(bed.count(LOGIN), before + 1);
    bed.run(&["session", "renew", "--force"])
        .failed(77, "does not take this e-mail and password");
    assert_eq!(bed.count(LOGIN), before + 2);
    // Another file may hold another password.
    bed.options(json!({"password": bed.sim.word("password")}));
    fs::write(bed.file("password.json"), kept).unwrap();
    bed.run(&["token"]).good();
    assert_eq!(bed.count(LOGIN), before + 3);
    end();
    bed.run(&["token"]).good();
    assert_eq!(
        bed.count(LOGIN),
        before + 4,
        "what let in is not held against it"
    );
}
