// SPDX-License-Identifier: MIT OR Apache-2.0
//! A session that ends: renewed ahead of time and when the hub refuses it, by a real child against the simulated cloud, while
//! hands go on pressing; and what the panel says when it cannot be.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use homey_rig::SOON;
use homey_rig::beds::{Setup, Sim, Wall, done};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

const HOUR: i64 = 3_600_000;

/// By the clock of this machine, which the program reads.
fn now_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(now.unwrap_or_default().as_millis()).unwrap_or(0)
}

/// A session file's text: of this kind, made so many hours ago for a day.
pub fn session(sim: &Sim, kind: &str, age: f64, token: &str) -> Value {
    let made = now_ms() - (age * HOUR as f64) as i64;
    let mut session = json!({
        "version": 2, "kind": kind, "hub": sim.word("hub_id"), "name": "Home", "token": token,
        "made": made, "expires": made + 24 * HOUR,
    });
    if kind == "oauth" {
        let (access, refresh) = done(sim.cloud_tokens());
        session["cloud"] =
            json!({"access": access, "access_expires": now_ms() + HOUR, "refresh": refresh});
    }
    session
}

/// The stored bearer.
pub fn stored(folder: &Path) -> String {
    let text = fs::read_to_string(folder.join("session.json")).unwrap_or_default();
    let session: Value = serde_json::from_str(&text).unwrap_or_default();
    session["token"].as_str().unwrap_or_default().to_owned()
}

/// A hub with its cloud, and a panel that holds `session`. Pauses are 20 times shorter than usual: 3 s after a first failure.
pub fn setup(sim: &Sim, session: &Value) -> Setup {
    let setup = Setup::of(sim);
    let folder = setup.dir.0.clone();
    setup.dir.write("session.json", &session.to_string());
    setup.dir.write("client-secret", sim.word("client_secret"));
    let (address, cloud) = (sim.word("https_address"), sim.word("cloud"));
    let (ca, client) = (sim.word("ca_file"), sim.word("client_id"));
    let folder = folder.display();
    setup
        .hub(&format!(
            "address = \"{address}\"\nsession_file = \"{folder}/session.json\""
        ))
        .also(&format!(
            "[cloud]\nclient_id = \"{client}\"\nclient_secret_file = \"{folder}/client-secret\"\n\
             accounts = \"{cloud}\"\napi = \"{cloud}\"\nca_file = \"{ca}\""
        ))
        .also("[poll]\ninterval_ms = 200\nidle_ms = 200\nretry_ms = 25")
        .also("[[output]]\nname = \"login\"\nshow_link = \"session\"")
        .light("desk", "Office/Desk light")
}

pub fn folder(wall: &Wall) -> PathBuf {
    wall.setup.dir.0.clone()
}

/// Children of the program.
fn children(wall: &Wall) -> String {
    let pid = wall.process().pid();
    wall.proc(&format!("task/{pid}/children"))
}

/// Presses again and again until `test` holds; each must be confirmed. A third pause between tries to renew is 14 s.
pub fn press_until(wall: &mut Wall, what: &str, test: impl Fn(&Wall) -> bool) {
    let begin = Instant::now();
    while !test(wall) {
        assert!(
            begin.elapsed() < SOON * 3,
            "{what} does not come\n{}",
            wall.story()
        );
        wall.tap("desk");
        wall.word("desk", "confirmed");
    }
}

/// The program's connections, each by a name of its own.
fn kept(wall: &Wall) -> Vec<String> {
    let folder = format!("/proc/{}/fd", wall.process().pid());
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let targets = files.filter_map(|file| fs::read_link(file.path()).ok());
    let names = targets.map(|target| target.display().to_string());
    names.filter(|name| name.starts_with("socket:")).collect()
}

pub fn renewals(wall: &Wall) -> usize {
    wall.times_logged("the session was renewed")
}

/// Presses until the lamp of the session shows this.
fn press_until_login(wall: &mut Wall, on: bool, text: &str) {
    press_until(wall, text, |wall| {
        wall.now("login")["on"] == on && wall.now("login")["text"] == text
    });
}

/// How many requests of a kind the cloud had.
fn asked(sim: &Sim, route: &str) -> u64 {
    let counters = done(sim.cloud_counters());
    let routes = counters["routes"].as_object().cloned().unwrap_or_default();
    let of = routes.iter().filter(|(key, _)| key.contains(route));
    of.filter_map(|(_, count)| count.as_u64()).sum()
}

/// How often anybody was at the cloud's door, open or not.
fn asked_at_all(sim: &Sim) -> u64 {
    let counters = done(sim.cloud_counters());
    counters["connections"].as_u64().unwrap_or(0)
}

#[test]
fn a_session_is_renewed_ahead_of_time_while_hands_press() {
    let sim = Sim::new();
    let old = sim.word("session_token").to_owned();
    let mut wall = setup(&sim, &session(&sim, "oauth", 1.0, &old)).ready();
    press_until(&mut wall, "a press", |wall| wall.times_logged("speaks") > 0);
    let before = kept(&wall);
    assert!(!before.is_empty());
    // Another hand has logged in 19.5 h ago, says the file: in time for a renewal.
    let due = session(&sim, "oauth", 19.5, &old);
    wall.setup.dir.write("session.json", &due.to_string());
    press_until(&mut wall, "a renewal", |wall| renewals(wall) == 1);
    let new = stored(&folder(&wall));
    assert!(!new.is_empty() && new != old, "{new:?}");
    for _ in 0..20 {
        wall.tap("desk");
        wall.word("desk", "confirmed");
    }
    // The same connections as before; the child's own are closed again.
    let after = kept(&wall);
    assert!(
        before.iter().all(|one| after.contains(one)),
        "{before:?} {after:?}"
    );
    let cloud = done(sim.cloud_counters());
    assert_eq!(cloud["refresh_reuse"], 0, "{cloud}");
    assert_eq!((renewals(&wall), asked(&sim, "delegation")), (1, 1));
    assert_eq!(children(&wall), "");
    assert_eq!(wall.now("login")["text"], "good");
    let story = wall.story();
    assert!(!story.contains(&old) && !story.contains(&new), "{story}");
    assert_eq!(wall.times_logged("WARN"), 0, "{story}");
    wall.stop();
}

#[test]
fn a_press_that_meets_a_session_which_has_ended_is_not_lost() {
    let sim = Sim::new();
    let old = sim.word("session_token").to_owned();
    let mut wall = setup(&sim, &session(&sim, "oauth", 1.0, &old))
        .also("[poll]\ninterval_ms = 20000\nidle_ms = 20000\nretry_ms = 100")
        .ready();
    wall.lamp("desk", "ready", false);
    sim.post("sessions/expire", &json!({}));
    let (links, warnings) = (wall.times_shown("\"link\""), wall.times_logged("WARN"));
    wall.tap("desk");
    wall.word("desk", "confirmed");
    wall.lamp("desk", "ready", true);
    let new = stored(&folder(&wall));
    assert!(!new.is_empty() && new != old);
    // Once, whoever met the 401 beside it; and nobody has seen anything of it.
    assert_eq!((renewals(&wall), asked(&sim, "delegation")), (1, 1));
    assert_eq!(wall.times_shown("\"link\""), links, "{}", wall.story());
    assert_eq!(wall.times_logged("WARN"), warnings, "{}", wall.story());
    assert_eq!(sim.writes().len(), 1);
    wall.stop();
}

#[test]
fn a_start_with_a_session_that_has_ended_renews_it() {
    let sim = Sim::new();
    let old = sim.word("session_token").to_owned();
    sim.post("sessions/expire", &json!({}));
    for (age, why) in [(30.0, "by its own word"), (1.0, "by the hub's word")] {
        let mut wall = setup(&sim, &session(&sim, "oauth", age, &old)).ready();
        assert!(renewals(&wall) == 1, "{why}");
        wall.tap("desk");
        wall.word("desk", "confirmed");
        wall.stop();
    }
}

#[test]
fn a_session_is_renewed_beside_a_poll_that_stalls() {
    let sim = Sim::new();
    let old = sim.word("session_token").to_owned();
    let mut wall = setup(&sim, &session(&sim, "oauth", 1.0, &old))
        .also("[limits]\nfirst_byte_ms = 30000\npoll_ms = 30000")
        .ready();
    sim.post(
        "fault",
        &json!({"kind": "stall", "phase": "head", "method": "GET", "times": 1,
            "path_prefix": "/api/manager/devices/device"}),
    );
    sim.until("a stalled poll", |sim| {
        sim.get("faults")["faults"][0]["met"] == 1 || sim.get("faults")[0]["met"] == 1
    });
    let due = session(&sim, "oauth", 19.5, &old);
    wall.setup.dir.write("session.json", &due.to_string());
    press_until(&mut wall, "a renewal", |wall| renewals(wall) == 1);
    assert_eq!(
        wall.times_shown("\"link\":\"ready\""),
        1,
        "{}",
        wall.story()
    );
    wall.stop();
}

#[test]
fn while_the_cloud_is_away_the_old_session_works_and_the_panel_warns() {
    let sim = Sim::new();
    let fault = sim.post("cloud/fault", &json!({"kind": "status", "code": 503}));
    let old = sim.word("session_token").to_owned();
    let mut wall = setup(&sim, &session(&sim, "oauth", 20.5, &old)).ready();
    press_until_login(&mut wall, true, "ending");
    let notice = wall.logged("the session ends in 3 h and cannot be renewed");
    assert_eq!(
        wall.times_shown("the session ends in 3 h and cannot be renewed"),
        1
    );
    assert!(notice.len() > 60, "it says why: {notice}");
    // Tried again and again, told once.
    let tries = || asked_at_all(&sim);
    let first = tries();
    press_until(&mut wall, "another try", |_| tries() > first);
    assert_eq!(
        wall.times_logged("renewing the session: "),
        1,
        "{}",
        wall.story()
    );
    // Now nobody is there at all, and then it is back.
    sim.post("fault/remove", &json!({"id": fault["id"]}));
    done(sim.cloud_options(&json!({"down": true})));
    press_until(&mut wall, "a refusal", |wall| {
        wall.times_logged("refused;") > 0
    });
    done(sim.cloud_options(&json!({"down": false})));
    press_until_login(&mut wall, false, "good");
    assert_ne!(stored(&folder(&wall)), old);
    wall.stop();
}

#[test]
fn a_session_that_is_refused_for_good_waits_for_a_login_by_hand() {
    let sim = Sim::new();
    let old = sim.word("session_token").to_owned();
    let mut wall = setup(&sim, &session(&sim, "oauth", 20.5, &old)).run();
    sim.post("cloud/revoke", &json!({"what": "all"}));
    wall.link("ready");
    press_until_login(&mut wall, true, "ending");
    let asked_before = asked(&sim, "token");
    assert_eq!(wall.times_logged("renewing the session: "), 1);
    // The hub ends the session, too: now it is over, and no hand hurries anything.
    sim.post("sessions/expire", &json!({}));
    wall.link("token");
    assert_eq!(
        wall.times_shown("the session has ended and cannot be renewed"),
        1
    );
    for _ in 0..3 {
        wall.tap("desk");
        wall.word("desk", "refused");
    }
    assert!(
        asked(&sim, "token") <= asked_before + 2,
        "the cloud is hammered"
    );
    let key = sim.post("keys", &json!({"scopes": ["homey"]}));
    let new = key["token"].as_str().unwrap_or_default();
    let by_hand = session(&sim, "oauth", 0.0, new);
    wall.setup.dir.write("session.json", &by_hand.to_string());
    wall.link("ready");
    press_until_login(&mut wall, false, "good");
    wall.stop();
}

#[test]
fn a_short_spell_of_refusals_leaves_no_trace_where_it_cannot_be_renewed_either() {
    let sim = Sim::new();
    let old = sim.word("session_token").to_owned();
    let mut wall = setup(&sim, &session(&sim, "oauth", 1.0, &old)).ready();
    // Every renewal is refused for good.
    sim.post("cloud/revoke", &json!({"what": "all"}));
    for _ in 0..2 {
        let spell = sim.post("fault", &json!({"kind": "status", "code": 401}));
        wall.link("token");
        assert_eq!(wall.now("login")["text"], "ended", "{}", wall.story());
        sim.post("fault/remove", &json!({"id": spell["id"]}));
        wall.link("ready");
        press_until_login(&mut wall, false, "good");
    }
    assert_eq!(wall.times_logged("renewing the session: "), 1);
    assert_eq!(stored(&folder(&wall)), old);
    // A second spell within half an hour asks nobody again with what was refused for good.
    assert_eq!(asked(&sim, "oauth2/token"), 1, "{}", wall.story());
    wall.stop();
}

#[test]
fn a_child_that_hangs_harms_nobody_and_ends_with_the_program() {
    let sim = Sim::new();
    sim.post("cloud/fault", &json!({"kind": "stall", "phase": "request"}));
    let old = sim.word("session_token").to_owned();
    let mut wall = setup(&sim, &session(&sim, "oauth", 19.5, &old)).ready();
    press_until(&mut wall, "a child", |wall| !children(wall).is_empty());
    let child = children(&wall).trim().to_owned();
    for _ in 0..30 {
        wall.tap("desk");
        wall.word("desk", "confirmed");
    }
    assert_eq!(children(&wall).trim(), child, "it hangs");
    // It may be about to write down what it was given for good: it has the time that a call to the cloud may take, unless
    // somebody is in a hurry. Hands are served until then.
    let began = Instant::now();
    wall.signal(Signal::SIGTERM);
    wall.tap("desk");
    wall.word("desk", "confirmed");
    while began.elapsed() < Duration::from_secs(4) {
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(children(&wall).trim(), child, "it is given time");
    }
    wall.stop();
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    assert!(
        !Path::new("/proc").join(&child).exists(),
        "it is left behind"
    );
}

#[test]
fn a_renewal_that_is_under_way_at_the_end_is_written_down() {
    let sim = Sim::new();
    let old = sim.word("session_token").to_owned();
    sim.post(
        "cloud/fault",
        &json!({"kind": "stall", "phase": "head", "ms": 4500, "path_prefix": "/oauth2/token"}),
    );
    let mut due = session(&sim, "oauth", 19.5, &old);
    due["cloud"]["access_expires"] = json!(0);
    let mut wall = setup(&sim, &due).ready();
    sim.until("a refresh", |sim| asked(sim, "oauth2/token") == 1);
    wall.signal(Signal::SIGTERM);
    assert!(wall.end().success());
    let new = stored(&folder(&wall));
    assert!(!new.is_empty() && new != old, "{}", wall.story());
    let cloud = done(sim.cloud_counters());
    assert_eq!(cloud["refresh_reuse"], 0, "{cloud}");
}

#[test]
fn an_app_whose_own_login_died_costs_no_session() {
    let sim = Sim::new();
    let old = sim.word("session_token").to_owned();
    let mut wall = setup(&sim, &session(&sim, "oauth", 1.0, &old))
        .control("night", "press = { flow = \"Good night\" }")
        .ready();
    sim.post(
        "fault",
        &json!({"kind": "status", "code": 500, "error": "invalid_token", "executed": true, "method": "POST"}),
    );
    wall.tap("night");
    wall.word("night", "unknown");
    wall.tap("desk");
    wall.word("desk", "confirmed");
    assert_eq!(sim.starts(), ["Good night"]);
    assert_eq!((stored(&folder(&wall)), asked_at_all(&sim)), (old, 0));
    wall.stop();
}

#[test]
fn garbage_in_the_file_is_told_once_and_the_bearer_stays() {
    let sim = Sim::new();
    let old = sim.word("session_token").to_owned();
    let good = session(&sim, "oauth", 1.0, &old);
    let mut wall = setup(&sim, &good).ready();
    for (garbage, told) in [("{\"version\":2,", "damaged"), ("", "empty")] {
        wall.setup.dir.write("session.json", garbage);
        press_until(&mut wall, told, |wall| wall.times_logged(told) > 0);
    }
    wall.setup.dir.write("session.json", &good.to_string());
    let due = session(&sim, "oauth", 19.5, &old);
    wall.setup.dir.write("session.json", &due.to_string());
    press_until(&mut wall, "a renewal", |wall| renewals(wall) == 1);
    assert_eq!(wall.times_logged("damaged"), 1);
    wall.stop();
}

#[test]
fn what_nobody_can_renew_is_only_warned_of() {
    let sim = Sim::new();
    let key = sim.bearer().to_owned();
    // A bearer that was given, and an API key in a session file and in a file of its own.
    let mut wall = setup(&sim, &session(&sim, "bearer", 23.5, &key)).ready();
    press_until_login(&mut wall, true, "ending");
    wall.logged("the session ends in 29 min and cannot be renewed: log in again");
    let fresh = session(&sim, "bearer", 0.0, &key);
    wall.setup.dir.write("session.json", &fresh.to_string());
    press_until_login(&mut wall, false, "good");
    let mut endless = session(&sim, "key", 1.0, &key);
    endless["expires"] = Value::Null;
    wall.setup.dir.write("session.json", &endless.to_string());
    sim.post("keys/revoke", &json!({}));
    wall.link("token");
    assert_eq!(wall.now("login")["text"], "good");
    assert_eq!(wall.times_logged("renew"), 1, "{}", wall.story());
    assert_eq!(done(sim.cloud_counters())["requests"], 0);
    let dead_key = Setup::of(&sim)
        .also("[poll]\ninterval_ms = 200\nidle_ms = 200\nretry_ms = 25")
        .light("desk", "Office/Desk light");
    let mut other = dead_key.run();
    other.link("token");
    other.tap("desk");
    other.word("desk", "refused");
    assert_eq!(
        (children(&other).as_str(), other.times_logged("renew")),
        ("", 0)
    );
    assert_eq!(done(sim.cloud_counters())["requests"], 0);
    other.stop();
    wall.stop();
}
