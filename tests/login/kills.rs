// SPDX-License-Identifier: MIT OR Apache-2.0
//! kill -9 at every kind of moment of a login and a renewal: an old or a new session file, never none and never half of
//! one, and whatever comes next works: a panel gets its link, and without a kept password too. What a kill can cost is the
//! refresh token, where it hits between the cloud's reply and the disk; then the hub's session goes on and the next renewal
//! says what to do.
//!
//! The preloaded library kills before the nth call, so a moment that fails can be met again: `HOMEY_KILLS_AT=login:123`.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

use homey_rig::Panel;
use homey_rig::SOON;
use homey_rig::beds::done;
use serde_json::{Value, json};

use crate::bed::{Bed, Out, program};

/// Moments of logins and renewals; `HOMEY_KILLS` says otherwise (500 in the long run of `scripts/test --all`). Half as many
/// again are of renewals without a kept password.
const MOMENTS: u64 = 30;

fn library() -> PathBuf {
    static BUILT: Once = Once::new();
    let path = Path::new(env!("CARGO_BIN_EXE_homey-panel")).with_file_name("libhomey_shim.so");
    BUILT.call_once(|| {
        if !path.exists() {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["build", "--package", "homey-shim", "--locked"]);
            let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
            assert!(built.is_ok_and(|s| s.success()), "building homey-shim");
        }
    });
    path
}

/// Runs a command that is killed before its nth call; `None`: it came to its end before.
fn killed(bed: &Bed, args: &[&str], at: u64) -> Option<()> {
    let mut command = bed.command(args);
    command.env("LD_PRELOAD", library());
    command.env("HOMEY_SHIM_ONLY", "homey-panel");
    command.env("HOMEY_SHIM_KILL", at.to_string());
    command.env("HOMEY_SHIM_REPORT", bed.dir.0.join("report"));
    let output = command.output().unwrap();
    match output.status.signal() {
        Some(9) => Some(()),
        None => {
            Out::of(output).good();
            None
        }
        other => panic!("{other:?}"),
    }
}

/// How many calls the newest run under the library made.
fn steps(bed: &Bed) -> u64 {
    let text = fs::read_to_string(bed.dir.0.join("report")).unwrap();
    let last = text
        .lines()
        .rev()
        .find_map(|line| line.split_once(" steps "));
    last.unwrap().1.parse().unwrap()
}

/// Moments spread over all of them: evenly, each with a share of chance.
fn moments(all: u64, count: u64, word: &str) -> Vec<u64> {
    if let Ok(text) = std::env::var("HOMEY_KILLS_AT") {
        let (which, at) = text.split_once(':').expect("WHICH:N");
        let at: u64 = at.parse().expect("a number");
        return if which == word { vec![at] } else { vec![] };
    }
    let mut seed = u64::from(std::process::id()) << 7 | 1;
    (0..count)
        .map(|n| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (n * all + seed % all) / count + 1
        })
        .collect()
}

/// What is there now: the state's files but the lock and leftovers, and the session. Leftovers must be no file that anybody
/// reads, and go with the next writer.
fn state(bed: &Bed) -> Option<Value> {
    for name in bed.names() {
        let known = [
            "session.json",
            "session.lock",
            "password.json",
            "session.json.new",
            "session.json.probe",
        ];
        assert!(known.contains(&name.as_str()), "{name}");
    }
    let text = fs::read(bed.file("session.json")).ok()?;
    Some(serde_json::from_slice(&text).expect("a whole session"))
}

/// Starts the program on what is there, until its panel has the link.
fn starts(bed: &Bed) {
    let text = fs::read_to_string(&bed.config).unwrap();
    let panel = "[[panel]]\nname = \"wall\"\nkind = \"line\"\nstdio = true\n";
    let file = bed.dir.write("run.toml", &format!("{text}{panel}"));
    let mut panel = done(Panel::start(program(&file, &bed.dir.0, &["run"])));
    done(panel.link("ready", SOON));
    done(panel.stop(SOON));
}

fn count() -> u64 {
    let given = std::env::var("HOMEY_KILLS").ok();
    given.map_or(MOMENTS, |n| n.parse().expect("HOMEY_KILLS is a number"))
}

#[test]
fn a_login_that_is_killed_leaves_the_old_session_or_the_new() {
    let bed = Bed::new();
    let file = bed.dir.0.join("password").display().to_string();
    let email = bed.sim.word("email");
    let login = [
        "login",
        "--password",
        "--email",
        email,
        "--password-file",
        &file,
        "--keep-password",
    ];
    assert_eq!(killed(&bed, &login, u64::MAX), None);
    let all = steps(&bed);
    let mut deaths = 0;
    for at in moments(all, count().div_ceil(2), "login") {
        // Once with a session that is there already, once without.
        for fresh in [true, false] {
            if fresh {
                bed.run(&["logout"]).good();
            }
            let before = state(&bed);
            let was_killed = killed(&bed, &login, at);
            let after = state(&bed);
            deaths += usize::from(was_killed.is_some());
            match (&before, &after) {
                (None, None) if was_killed.is_some() => {}
                (None, None) => panic!("login:{at}: no session"),
                (Some(_), None) => panic!("login:{at}: the session is lost"),
                (_, Some(after)) => assert!(after["token"].is_string(), "login:{at}"),
            }
            // Whatever is there works.
            if after.is_some() {
                starts(&bed);
                bed.run(&["devices"]).good();
                bed.run(&["session", "renew"]).good();
            } else {
                bed.run(&["run"])
                    .failed(77, "no session yet, run homey-panel login");
            }
        }
        bed.run(&login).good();
        assert_eq!(
            bed.names(),
            ["password.json", "session.json", "session.lock"],
            "login:{at}"
        );
    }
    let asked = std::env::var("HOMEY_KILLS_AT").is_ok();
    assert!(asked || deaths > 0, "nobody was killed");
}

#[test]
fn a_renewal_that_is_killed_leaves_the_old_session_or_the_new() {
    let bed = Bed::new();
    // A refresh in every renewal, and a spent token that is good no more.
    bed.options(json!({"access_ttl_ms": 30_000, "rotate": true}));
    bed.login(&["--keep-password"]).good();
    let renew = ["session", "renew", "--force"];
    assert_eq!(killed(&bed, &renew, u64::MAX), None);
    let all = steps(&bed);
    let mut kept = 0;
    let moments = moments(all, count().div_ceil(2), "renewal");
    let number = moments.len();
    for at in moments {
        let before = state(&bed).unwrap();
        killed(&bed, &renew, at);
        let after = state(&bed).unwrap();
        kept += usize::from(after == before);
        starts(&bed);
        bed.run(&["devices"]).good();
        let told = bed.run(&renew).good();
        assert!(
            told.out.contains("\"renewed\":true"),
            "renewal:{at}: {told:?}"
        );
        assert_eq!(
            bed.names(),
            ["password.json", "session.json", "session.lock"],
            "renewal:{at}"
        );
        bed.run(&["devices"]).good();
    }
    // Both ends of it were met, unless one moment was asked for.
    assert!(
        number < 10 || kept > 0 && kept < number,
        "{kept} of {number} kept the old one"
    );
}

/// Of a renewal that was killed: what of the old session is in the file still.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Left {
    /// All of it.
    Old,
    /// The hub's bearer, beside new tokens of the cloud.
    Bearer,
    /// Nothing.
    New,
}

fn left(before: &Value, after: &Value) -> Left {
    let differ: Vec<&str> = ["token", "made", "expires", "cloud"]
        .into_iter()
        .filter(|key| before[key] != after[key])
        .collect();
    for key in ["version", "kind", "hub", "name", "routes"] {
        assert_eq!(before[key], after[key], "{key}");
    }
    assert!(after["cloud"]["refresh"].is_string(), "{differ:?}");
    match &differ[..] {
        [] => Left::Old,
        ["cloud"] => Left::Bearer,
        ["token", "made", "expires", "cloud"] => Left::New,
        mixed => panic!("half of two sessions: {mixed:?}"),
    }
}

#[test]
fn a_renewal_that_is_killed_without_a_password_keeps_the_hub_session() {
    let bed = Bed::new();
    bed.options(json!({"access_ttl_ms": 30_000, "rotate": true}));
    bed.login(&[]).good();
    let renew = ["session", "renew", "--force"];
    assert_eq!(killed(&bed, &renew, u64::MAX), None);
    let all = steps(&bed);
    let reused = || done(bed.sim.cloud_counters())["refresh_reuse"].clone();
    let mut met = Vec::new();
    let mut lost = 0;
    let moments = moments(all, count().div_ceil(2), "bare");
    let number = moments.len();
    for at in moments {
        let before = state(&bed).unwrap();
        let refused = reused();
        let was_killed = killed(&bed, &renew, at).is_some();
        let after = state(&bed).unwrap();
        let left = left(&before, &after);
        assert!(was_killed || left == Left::New, "bare:{at}: {left:?}");
        starts(&bed);
        bed.run(&["devices"]).good();
        let told = bed.run(&renew);
        if told.code == Some(0) {
            assert!(told.out.contains("\"renewed\":true"), "bare:{at}: {told:?}");
            assert_eq!(reused(), refused, "bare:{at}");
        } else {
            // The cloud has given a new token for the old one, and nobody has it.
            told.failed(
                77,
                "spent by a renewal whose reply got lost; run homey-panel login",
            );
            assert_eq!(left, Left::Old, "bare:{at}");
            assert_ne!(reused(), refused, "bare:{at}");
            assert_eq!(state(&bed).unwrap(), after, "bare:{at}");
            starts(&bed);
            bed.login(&[]).good();
            lost += 1;
        }
        met.push(left);
        assert_eq!(bed.names(), ["session.json", "session.lock"], "bare:{at}");
        bed.run(&["devices"]).good();
    }
    let times = [Left::Old, Left::Bearer, Left::New]
        .map(|left| met.iter().filter(|one| **one == left).count());
    let [old, bearer, new] = times;
    println!(
        "{number} kills in {all} calls left {old} old, {bearer} with the bearer alone, {new} new; {lost} tokens lost"
    );
    // Both ends were met, and by many kills the short stretches between them too, unless one moment was asked for.
    assert!(number < 10 || old > 0 && old < number, "{times:?}");
    assert!(
        number < 100 || bearer > 0 && new > 0 && lost > 0,
        "{times:?}, {lost} lost"
    );
}
