// SPDX-License-Identifier: MIT OR Apache-2.0

use std::path::{Path, PathBuf};

use nix::sys::signal::SigSet;
use nix::sys::signalfd::SignalFd;

use super::super::helper::Helpers;
use super::*;
use crate::client::Hub;
use crate::config::Config;
use crate::homey::session::Kind;
use crate::net::monotonic;
use crate::panel::Controller;

const HOUR: u64 = 3_600_000;
/// The wall clock's time at [`Time::ZERO`].
const WALL: u64 = 20_513 * 24 * HOUR;

fn held(kind: Kind, age: u64) -> Option<Held> {
    let made = WALL - age * HOUR;
    Some(Held {
        kind,
        made: Some(made),
        expires: Some(made + 24 * HOUR),
    })
}

fn renewal(held: Option<Held>) -> Renewal {
    let (session, retry) = (Session::default(), Duration::from_millis(500));
    let mut renewal = Renewal::new(held, &session, retry, 7, Time::ZERO, Lease::Good);
    renewal.shift = 0;
    renewal
}

/// A time in minutes, and the wall clock's.
fn at(minutes: u64) -> (Time, Option<u64>) {
    let ms = minutes * 60_000;
    (Time::from_millis(ms), Some(WALL + ms))
}

impl Renewal {
    fn at(&mut self, minutes: u64) -> (Lease, u64) {
        let (now, wall) = at(minutes);
        let lease = self.reckon(now, wall);
        (lease, self.due.as_micros() / 60_000_000)
    }

    fn fails(&mut self, minutes: u64, code: i32) -> u64 {
        self.why = "the cloud is away".to_owned();
        self.fail(Some(code), at(minutes).0);
        self.not_before.since(at(minutes).0).as_secs()
    }
}

#[test]
fn an_api_key_and_a_given_bearer_are_never_renewed() {
    let mut key = renewal(None);
    assert_eq!(key.at(60 * 24 * 400), (Lease::Good, u64::MAX / 60_000_000));
    assert_eq!(key.poll_at(), None);
    let mut given = renewal(held(Kind::Bearer, 0));
    for (hour, lease) in [
        (0, Lease::Good),
        (19, Lease::Good),
        (20, Lease::Ending),
        (23, Lease::Ending),
        (24, Lease::Ended),
    ] {
        assert_eq!(given.at(hour * 60).0, lease, "{hour}");
        assert_eq!(given.poll_at(), None);
    }
}

#[test]
fn it_is_renewed_ahead_of_time_and_warns_only_when_that_fails() {
    let mut one = renewal(held(Kind::OAuth, 0));
    // 80 % of a day.
    assert_eq!(one.at(0), (Lease::Good, 1152));
    assert_eq!(one.at(1152), (Lease::Good, 1152));
    assert_eq!(one.at(60 * 23), (Lease::Good, 60 * 23));
    one.fails(1152, 69);
    assert_eq!(one.at(60 * 20 - 1).0, Lease::Good, "more than 4 h left");
    assert_eq!(one.at(60 * 20).0, Lease::Ending);
    assert_eq!(one.at(60 * 24).0, Lease::Ended);
    one.adopt(held(Kind::OAuth, 0), Time::ZERO);
    assert_eq!(one.at(0), (Lease::Good, 1152));
    // As old as it was when it was read, and it has got older since.
    let mut old = renewal(held(Kind::Password, 18));
    assert_eq!(old.at(0), (Lease::Good, 72));
}

#[test]
fn failures_are_further_and_further_apart() {
    let mut one = renewal(held(Kind::Password, 20));
    assert_eq!(one.at(0), (Lease::Good, 0));
    let mut want = 60;
    for minutes in 0..8 {
        let pause = one.fails(minutes, 69);
        assert!((want..=want * 6 / 5).contains(&pause), "{pause} for {want}");
        want = (want * 2).min(1800);
    }
    let (lease, due) = one.at(8);
    assert_eq!(lease, Lease::Ending);
    assert!((7 + 30..7 + 37).contains(&due), "{due}");
    // Refused for good: tried again all the same, but no account is locked by it.
    let pause = one.fails(8, 77);
    assert!((6 * 3600..=6 * 3600 * 6 / 5).contains(&pause), "{pause}");
}

#[test]
fn while_the_hub_refuses_it_pauses_are_short_and_a_spell_that_is_over_leaves_no_trace() {
    let mut one = renewal(held(Kind::OAuth, 1));
    assert_eq!(one.at(10), (Lease::Good, 1092));
    one.refused = true;
    assert_eq!(one.at(10), (Lease::Good, 10), "at once");
    for (code, tries, least) in [(69, 8, 120), (75, 1, 120), (77, 3, 1800)] {
        for _ in 0..tries {
            one.fails(10, code);
        }
        one.refused = true;
        assert_eq!(one.at(10).0, Lease::Ended);
        let pause = one.due.since(at(10).0).as_secs();
        assert!((least..=least * 6 / 5).contains(&pause), "{code}: {pause}");
        // The hub takes it again, and nothing is wrong until it is to be renewed in any case.
        one.refused = false;
        assert_eq!(one.at(12), (Lease::Good, 1092), "{code}");
        assert_eq!(one.at(1091).0, Lease::Good);
        assert_ne!(one.at(60 * 22).0, Lease::Good);
    }
    // A first failure's minute stays one.
    let mut other = renewal(held(Kind::OAuth, 1));
    other.refused = true;
    other.fails(10, 69);
    other.at(10);
    assert!(other.due <= at(10).0 + Duration::from_secs(72));
}

#[test]
fn panels_with_one_session_do_not_renew_it_at_once() {
    let mut dues: Vec<u64> = (1..40)
        .map(|seed| {
            let (session, retry) = (Session::default(), Duration::from_millis(500));
            let held = held(Kind::OAuth, 0);
            let mut one = Renewal::new(held, &session, retry, seed * 977, Time::ZERO, Lease::Good);
            one.at(0).1
        })
        .collect();
    dues.sort_unstable();
    dues.dedup();
    assert!(dues.len() > 5, "{dues:?}");
    assert!(
        dues.iter().all(|due| (1152..=1152 + 15).contains(due)),
        "{dues:?}"
    );
}

#[test]
fn lengths_are_told_in_words() {
    for (seconds, want) in [
        (59, "0 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (90_000, "25 h"),
    ] {
        assert_eq!(told_length(Duration::from_secs(seconds)), want);
    }
}

/// A life without panels or hub, whose bearer is the session in `dir`; and its configuration.
fn life(dir: &homey_rig::Dir, token: &str, ms: u64) -> (Life, Config) {
    let file = write(dir, token, ms);
    let text = format!(
        "[hub]\naddress = \"http://127.0.0.1:9\"\nsession_file = \"{}\"\n",
        file.display()
    );
    let config = Config::parse("test", &text).unwrap();
    let controller = Controller::new(config.plan.clone(), monotonic());
    let signals = SignalFd::new(&SigSet::empty()).unwrap();
    let helpers = Helpers::new(Path::new("/nowhere/test.toml"));
    let life = Life::new(
        controller,
        hub(&config),
        Vec::new(),
        signals,
        &config,
        helpers,
    );
    (life, config)
}

fn hub(config: &Config) -> Hub {
    let mut hub = Hub::new(config).unwrap();
    hub.load_bearer(config).unwrap();
    hub
}

/// A session that was made a moment ago, for so many milliseconds.
fn write(dir: &homey_rig::Dir, token: &str, ms: u64) -> PathBuf {
    let made = wall().unwrap_or(WALL);
    let text = format!(
        "{{\"version\":2,\"kind\":\"oauth\",\"hub\":\"5f00\",\"token\":\"{token}\",\"made\":{made},\"expires\":{}}}",
        made + ms
    );
    dir.write("session.json", &text).unwrap()
}

fn ended(code: i32, output: &str) -> Ended {
    Ended {
        code: Some(code),
        output: output.to_owned(),
        why: "it was refused".to_owned(),
    }
}

#[test]
fn a_session_of_seconds_is_not_renewed_every_few_seconds() {
    let dir = homey_rig::Dir::new().unwrap();
    let now = monotonic();
    let (mut life, _) = life(&dir, "one", 10_000);
    for token in ["two", "three"] {
        life.renewal.instead_of = Some(life.bearers);
        write(&dir, token, 10_000);
        life.renewal_ended(&ended(0, "{}"), now);
        assert_eq!(life.renewal.barren, 0);
        // Nor does a refusal hurry it.
        for _ in 0..2 {
            let due = life.renewal.due.since(now);
            assert!(due >= Duration::from_secs(60), "{due:?}");
            assert_eq!(life.bearer_refused(now), None);
        }
    }
}

#[test]
fn a_child_of_another_configuration_says_nothing_of_the_session() {
    let dir = homey_rig::Dir::new().unwrap();
    let now = monotonic();
    let (mut life, config) = life(&dir, "one", 24 * HOUR);
    life.look_after_session(now);
    for code in [0, 69, 77] {
        life.renewal.instead_of = Some(life.bearers);
        life.swap(hub(&config), &config, now);
        life.renewal_ended(&ended(code, "{\"renewed\":true}"), now);
        assert_eq!((life.renewal.why.as_str(), life.renewal.failures), ("", 0));
        assert_eq!(
            life.renewal.not_before,
            Time::ZERO,
            "neither failed nor renewed"
        );
    }
    // The same child, asked for by this one.
    life.renewal.instead_of = Some(life.bearers);
    life.renewal_ended(&ended(77, ""), now);
    assert_eq!(
        (life.renewal.why.as_str(), life.renewal.failures),
        ("it was refused", 1)
    );
}

#[test]
fn what_a_child_writes_to_its_output_is_believed_by_nobody() {
    let dir = homey_rig::Dir::new().unwrap();
    let now = monotonic();
    let (mut life, _) = life(&dir, "one", 24 * HOUR);
    for garbage in [
        "{\"renewed\":true,\"expires\":99999999999999,\"hub\":\"5f00\"}\n",
        "\0\u{fffd}\u{fffd}[[[[[[{\"",
        &"x".repeat(64 * 1024),
        "",
    ] {
        for code in [0, 77, -1] {
            let before = (life.bearers, life.renewal.failures);
            life.renewal.instead_of = Some(life.bearers);
            life.renewal_ended(&ended(code, garbage), now);
            // Nothing was written, so nothing was renewed.
            assert_eq!(
                (life.bearers, life.renewal.failures),
                (before.0, before.1 + 1)
            );
            assert_eq!(life.hub.bearer.as_ref().unwrap().secret.expose(), "one");
            life.discovered(&ended(code, garbage));
            assert!(!life.routes.is_found());
        }
    }
}
