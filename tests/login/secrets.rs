// SPDX-License-Identifier: MIT OR Apache-2.0
//! Marked secrets: they are in the session's files and nowhere else.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::json;

use crate::bed::Bed;

const MARK: &str = "mArKeD";

/// The files under a folder that hold one of these texts.
fn holding(dir: &Path, secrets: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, secrets));
        } else {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            if secrets.iter().any(|secret| text.contains(secret.as_str())) {
                found.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn no_secret_is_in_an_argument_a_log_a_message_or_another_file() {
    let bed = Bed::new();
    let password = format!("{MARK} p&ss é%");
    bed.options(json!({"password": password, "access_ttl_ms": 30_000}));
    bed.dir.write("password", &password);
    let log = bed.dir.0.join("log").display().to_string();
    let stop = AtomicBool::new(false);
    let mut outs = Vec::new();
    let mut secrets = vec![MARK.to_owned(), bed.sim.word("client_secret").to_owned()];
    thread::scope(|scope| {
        // Arguments of every process, all the while.
        let watch = scope.spawn(|| {
            let mut lines = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                for entry in fs::read_dir("/proc").unwrap().flatten() {
                    let text = fs::read(entry.path().join("cmdline")).unwrap_or_default();
                    let text = String::from_utf8_lossy(&text).into_owned();
                    if text.contains("panel.toml")
                        && text.contains(&*bed.dir.0.to_string_lossy())
                        && !lines.contains(&text)
                    {
                        lines.push(text);
                    }
                }
            }
            lines
        });
        let mut note = |out: crate::bed::Out| outs.push(format!("{}\n{}", out.out, out.err));
        let mut run = |args: &[&str]| {
            let args = [&["--log", "info", "--log-file", log.as_str()], args].concat();
            let out = bed.run(&args);
            if let Ok(text) = fs::read_to_string(bed.file("session.json")) {
                let session: serde_json::Value = serde_json::from_str(&text).unwrap();
                for key in ["/token", "/cloud/access", "/cloud/refresh"] {
                    let secret = session
                        .pointer(key)
                        .and_then(|s| s.as_str())
                        .unwrap()
                        .to_owned();
                    if !secrets.contains(&secret) {
                        secrets.push(secret);
                    }
                }
            }
            note(out);
        };
        let file = bed.dir.0.join("password").display().to_string();
        let email = bed.sim.word("email");
        run(&[
            "login",
            "--password",
            "--email",
            email,
            "--password-file",
            &file,
            "--keep-password",
        ]);
        run(&["session"]);
        run(&["session", "renew", "--force"]);
        bed.revoke("all");
        run(&["session", "renew", "--force"]);
        bed.options(json!({"password": "another"}));
        bed.revoke("all");
        run(&["session", "renew", "--force"]);
        run(&[
            "login",
            "--password",
            "--email",
            email,
            "--password-file",
            &file,
        ]);
        bed.options(json!({"down": true}));
        run(&["session", "renew", "--force"]);
        run(&["check", "--offline"]);
        run(&["token", "--store-in", "nothing"]);
        stop.store(true, Ordering::Relaxed);
        let lines = watch.join().unwrap();
        assert!(!lines.is_empty(), "no process was seen at all");
        outs.extend(lines);
    });
    assert!(
        secrets.len() >= 2 + 9,
        "login and two renewals: {}",
        secrets.len()
    );
    for out in &outs {
        for secret in &secrets {
            assert!(!out.contains(secret.as_str()), "{out}");
        }
    }
    let found = holding(&bed.dir.0, &secrets);
    assert_eq!(
        found,
        ["password", "password.json", "secret", "session.json"]
    );
    bed.run(&["logout"]);
    let found = holding(&bed.dir.0.join("state"), &secrets);
    assert_eq!(found, [""; 0]);
}

/// What a process is that has secrets: no core, no other program of the same user that reads its memory.
#[test]
fn memory_is_kept_from_cores_and_other_programs() {
    let bed = Bed::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    bed.configure("", &format!("redirect_uri = \"http://localhost:{port}\""));
    let mut child = bed.start(&["login", "--browser"]);
    let mut line = String::new();
    let out = child.stdout.as_mut().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
    let proc = Path::new("/proc").join(child.id().to_string());
    let limits = fs::read_to_string(proc.join("limits")).unwrap();
    let core = limits
        .lines()
        .find(|l| l.starts_with("Max core file size"))
        .unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    // The kernel gives the entries of a process that is not dumpable to root, whoever runs it.
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(proc.join("environ")).unwrap());
    assert_eq!(owner, 0);
    child.kill().unwrap();
    child.wait().unwrap();
}
