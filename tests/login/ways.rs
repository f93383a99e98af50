// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ways in that need no account: an API key, a local user, a bearer from elsewhere.

use std::fs;

use crate::bed::Bed;

#[test]
fn an_api_key_is_kept_and_never_renewed() {
    let bed = Bed::new();
    let key = bed.sim.word("api_key").to_owned();
    let told = bed
        .fed(&["login", "--key", "-"], &format!("\"{key}\"\n"))
        .good();
    assert!(
        told.out.contains("an API key") && told.out.contains("never renewed"),
        "{told:?}"
    );
    let (_, session) = bed.session();
    assert_eq!(
        (&session["kind"], &session["token"]),
        (&"key".into(), &key.clone().into())
    );
    assert_eq!(
        (&session["hub"], &session["expires"]),
        (&bed.sim.word("hub_id").into(), &().into())
    );
    assert_eq!(bed.run(&["token"]).good().out, format!("{key}\n"));
    bed.run(&["session", "renew", "--force"])
        .failed(77, "an API key is not renewed");
    assert_eq!(bed.calls(), [""; 0]);
    bed.sim.post("keys/revoke", &serde_json::json!({}));
    bed.fed(&["login", "--key"], "").failed(64, "no API key");
    let file = bed.dir.write("key", &key).display().to_string();
    bed.run(&["login", "--key", &file])
        .failed(77, "not revoked");
    let told = bed.run(&["logout"]).good();
    assert!(told.out.contains("until it is revoked"), "{told:?}");
}

#[test]
fn a_local_user_logs_in_and_a_stored_password_renews() {
    let bed = Bed::new();
    let (user, password) = (bed.sim.word("local_user"), bed.sim.word("local_password"));
    let args = ["login", "--local", "--user", user, "--password-stdin"];
    bed.fed(&args, &format!("{password}\n")).good();
    assert_eq!(bed.names(), ["session.json", "session.lock"]);
    let (before, session) = bed.session();
    assert_eq!(session["kind"], "local");
    bed.run(&["session", "renew", "--force"])
        .failed(77, "nothing here can renew this session");
    assert_eq!(bed.session().0, before);
    let keep = [&args[..], &["--keep-password"]].concat();
    bed.fed(&keep, &format!("{password}\n")).good();
    assert_eq!(
        bed.names(),
        ["password.json", "session.json", "session.lock"]
    );
    let before = bed.session().1;
    bed.run(&["session", "renew", "--force"]).good();
    assert_ne!(bed.session().1["token"], before["token"]);
    bed.run(&["devices"]).good();
    bed.fed(&args, "wrong\n")
        .failed(77, "does not take this local user and password");
    assert_eq!(bed.calls(), [""; 0], "no cloud was asked");
    // Not asked to keep it this time: nothing of the old one stays.
    bed.fed(&args, &format!("{password}\n")).good();
    assert_eq!(bed.names(), ["session.json", "session.lock"]);
}

#[test]
fn a_given_bearer_is_tried_before_it_is_kept() {
    let bed = Bed::new();
    let token = bed.sim.word("session_token").to_owned();
    bed.fed(&["login", "--bearer", "-"], &token).good();
    let (_, session) = bed.session();
    assert_eq!(session["kind"], "bearer");
    // A hub whose clock is behind says that it is over already; nothing could renew it, and it may well be good.
    let (text, _) = bed.session();
    let ends = session["expires"].to_string();
    let over = text.replace(&ends, "1772352000000");
    fs::write(bed.file("session.json"), over).unwrap();
    assert_eq!(bed.run(&["token"]).good().out, format!("{token}\n"));
    fs::write(bed.file("session.json"), text).unwrap();
    bed.run(&["session", "renew"]).good();
    bed.run(&["session", "renew", "--force"])
        .failed(77, "nothing here can renew");
    let before = fs::read(bed.file("session.json")).unwrap();
    for (text, code, words) in [
        ("Bearer abc", 77, "leave that word out"),
        ("", 64, "standard input ended"),
        ("not-a-bearer", 77, "does not take this bearer"),
    ] {
        bed.fed(&["login", "--bearer", "-"], text)
            .failed(code, words);
    }
    assert_eq!(
        fs::read(bed.file("session.json")).unwrap(),
        before,
        "nothing is lost"
    );
}

#[test]
fn the_credentials_directory_has_what_no_option_names() {
    let bed = Bed::new();
    for (name, word) in [
        ("homey-panel.password", "password"),
        ("homey-panel.client-secret", "client_secret"),
    ] {
        bed.dir.write(name, bed.sim.word(word));
    }
    // Empty, so that only the directory can have the secret.
    let text = fs::read_to_string(&bed.config).unwrap();
    let without: String = text
        .lines()
        .filter(|l| !l.starts_with("client_secret_file"))
        .map(|l| format!("{l}\n"))
        .collect();
    fs::write(&bed.config, without).unwrap();
    let args = ["login", "--password", "--email", bed.sim.word("email")];
    bed.run(&args)
        .failed(78, "no client_secret_file under [cloud]");
    let mut command = bed.command(&args);
    command.env("CREDENTIALS_DIRECTORY", &bed.dir.0);
    crate::bed::Out::of(command.output().unwrap()).good();
    bed.run(&["devices"]).good();
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    const SLIP: &str = "11111111-2222-4333-8444-555555555555:66666666-7777-4888-9999-aaaaaaaaaaaa:0123456789abcdef0123456789abcdef01234567";
    let bed = Bed::new();
    let key = format!("--key={SLIP}");
    for (args, words) in [
        (&["login"][..], "say how: --password"),
        (&["login", "--key", "--browser"], "two ways are given"),
        (
            &["login", "--password=secret"],
            "secrets are never arguments",
        ),
        (
            &["login", "--password", SLIP],
            "secrets are never arguments",
        ),
        (
            &["login", "--password-stdin=hunter2"],
            "secrets are never arguments",
        ),
        (&["login", "--key", SLIP], "secrets are never arguments"),
        (&["login", &key], "secrets are never arguments"),
        (
            &["login", "--bearer", &SLIP[74..]],
            "secrets are never arguments",
        ),
        (
            &["login", "--key", "key", "hunter2"],
            "secrets are never arguments",
        ),
        (
            &["login", "--key", "--email", "x"],
            "--email goes with --password",
        ),
        (
            &["login", "--key", "--keep-password"],
            "--keep-password goes with",
        ),
        (
            &["login", "--browser", "--listen", "0.0.0.0:80"],
            "an address of this machine alone",
        ),
        (
            &["login", "--key", "--hub", "Home"],
            "--hub goes with --password and --browser",
        ),
        (&["login", "--password"], "no e-mail"),
        (
            &["login", "--local", "--user", "x"],
            "no password, and no terminal",
        ),
        (&["session", "x"], "unexpected argument"),
        (&["session", "--force"], "invalid option"),
        (&["token", "x"], "unexpected argument"),
    ] {
        let told = bed.run(args).failed(64, words);
        let slip = ["hunter2", &SLIP[74..]]
            .iter()
            .any(|s| told.err.contains(s));
        assert!(!slip, "{told:?}");
    }
    for command in ["login", "session", "token"] {
        let told = bed.run(&[command, "--help"]).good();
        assert!(
            told.out.starts_with("usage: homey-panel") && told.out.contains("Exit codes: 0"),
            "{told:?}"
        );
    }
}

#[test]
fn a_key_that_the_service_manager_gives_goes_before_a_session() {
    let bed = Bed::new();
    let text = fs::read_to_string(&bed.config).unwrap();
    let lines = text.lines().filter(|l| !l.starts_with("session_file"));
    fs::write(&bed.config, lines.collect::<Vec<_>>().join("\n")).unwrap();
    bed.login(&[]).good();
    let session = bed.run(&["token"]).good().out;
    let key = bed.sim.word("api_key");
    bed.dir.write("homey-panel.key", key);
    let given = |args: &[&str]| {
        let mut command = bed.command(args);
        command.env("CREDENTIALS_DIRECTORY", &bed.dir.0);
        crate::bed::Out::of(command.output().unwrap())
    };
    assert_ne!(session, format!("{key}\n"));
    assert_eq!(given(&["token"]).good().out, format!("{key}\n"));
    let words = "homey-panel.key";
    given(&["session"]).failed(77, words);
    given(&["session", "renew", "--force"]).failed(77, words);
    given(&["login", "--key", "-"]).failed(78, "would never be used");
}

#[test]
fn two_sessions_in_one_directory_have_a_password_each() {
    let bed = Bed::new();
    bed.login(&["--keep-password"]).good();
    let other = bed.file("other.json");
    bed.configure(&format!("session_file = \"{}\"", other.display()), "");
    let (user, password) = (bed.sim.word("local_user"), bed.sim.word("local_password"));
    let args = ["login", "--local", "--user", user, "--password-stdin"];
    let keep = [&args[..], &["--keep-password"]].concat();
    bed.fed(&keep, password).good();
    bed.run(&["session", "renew", "--force"]).good();
    let all = [
        "other.json",
        "other.json.lock",
        "other.json.password",
        "password.json",
        "session.json",
        "session.lock",
    ];
    assert_eq!(bed.names(), all);
    bed.run(&["logout"]).good();
    assert_eq!(
        bed.names(),
        [
            "other.json.lock",
            "password.json",
            "session.json",
            "session.lock"
        ]
    );
    bed.configure("", "");
    bed.revoke("all");
    bed.options(serde_json::json!({"access_ttl_ms": 30_000}));
    bed.run(&["session", "renew", "--force"]).good();
}
