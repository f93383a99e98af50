// SPDX-License-Identifier: MIT OR Apache-2.0

use super::*;
use crate::config::Config;

fn at_ms(ms: u64) -> Time {
    Time::ZERO + Duration::from_millis(ms)
}

/// A hub that is gone to at `present` now, and that may be at the ways of `[hub]`.
fn hub(lines: &str, present: &str) -> Hub {
    let text = format!(
        "[hub]\nid = \"5f00aa11bb22cc33dd44ee55\"\napi_key_file = \"/nowhere/key\"\n{lines}"
    );
    let mut hub = Hub::new(&Config::parse("test", &text).unwrap()).unwrap();
    let present = hub.known.at(Via::Mdns, present.parse().unwrap(), 443);
    hub.follow(present).unwrap();
    hub
}

#[test]
fn each_trouble_is_told_once_whatever_comes_between() {
    let mut routes = Routes::new();
    for text in ["a", "b", "a", "b", "c", "a"] {
        routes.tell(text.into());
    }
    assert_eq!(routes.told, ["c", "b", "a"]);
    for n in 0..40 {
        routes.tell(n.to_string());
    }
    assert_eq!(
        (routes.told.len(), routes.told[0].as_str()),
        (MAX_TOLD, "39")
    );
}

#[test]
fn pings_of_a_search_have_the_time_of_their_ways() {
    for (scheme, local) in [("https", 1200), ("http", 1000)] {
        let hub = hub(
            &format!("address = \"{scheme}://127.0.0.1:9\""),
            "127.0.0.2",
        );
        let mut routes = Routes::new();
        routes.begin(&hub, at_ms(10));
        let search = routes.search.as_mut().unwrap();
        let told = hub.known.at(Via::Mdns, "127.0.0.3".parse().unwrap(), 443);
        search.ping(&hub, told, at_ms(10));
        let ends: Vec<Time> = search.probes.iter().map(|(_, p)| p.deadline()).collect();
        assert_eq!(ends, [at_ms(10 + local), at_ms(3010)], "{scheme}");
    }
}

#[test]
fn of_ways_that_answer_at_once_the_houses_own_over_tls_goes_first() {
    let way = |text: &str| Way::parse(text).unwrap();
    let [plain, own, told] = [
        r#"{"via":"local","ip":"192.168.1.2","port":80,"tls":null,"host":"a"}"#,
        r#"{"via":"local","ip":"192.168.1.2","port":443,"tls":"a","host":"a"}"#,
        r#"{"via":"mdns","ip":"192.168.1.2","port":443,"tls":"a","host":"a"}"#,
    ]
    .map(way);
    assert!(rank(&own) < rank(&plain) && rank(&plain) < rank(&told));
}

#[test]
fn searches_begin_at_the_second_miss_and_their_pauses_grow() {
    let mut timing = Timing::new();
    timing.missed(false);
    assert_eq!(timing.next(), None);
    timing.missed(false);
    assert!(timing.next().is_some_and(|at| at <= at_ms(500)));
    let mut now = 3500;
    let mut pauses = Vec::new();
    for _ in 0..8 {
        timing.in_vain(at_ms(now));
        timing.missed(false);
        let pause = timing.next().map(|at| at.since(at_ms(now)).as_secs());
        pauses.extend(pause);
        now += 1000 * pause.unwrap_or_default() + 3000;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    // Met once, everything is as at first.
    timing.met(false, at_ms(now));
    assert_eq!(timing.next(), None);
    timing.missed(false);
    assert_eq!(timing.next(), None);
    timing.missed(false);
    assert!(timing.next().is_some_and(|at| at <= at_ms(now)));
}

#[test]
fn a_way_that_was_taken_is_tried_before_the_next_search() {
    let mut timing = Timing::new();
    timing.missed(true);
    timing.taken(false, at_ms(0));
    assert_eq!(timing.next(), None);
    timing.missed(true);
    assert_eq!(timing.next(), Some(at_ms(1000)));
    timing.taken(true, at_ms(1000));
    assert_eq!(timing.next(), Some(at_ms(31_000)));
    timing.missed(true);
    assert_eq!(timing.next(), Some(at_ms(3000)));
    timing.met(true, at_ms(4000));
    assert_eq!(timing.next(), Some(at_ms(31_000)));
}

#[test]
fn another_hub_is_reason_enough_at_once() {
    let mut timing = Timing::new();
    timing.missed(true);
    assert!(timing.next().is_some_and(|at| at <= at_ms(0)));
}

#[test]
fn the_way_home_is_tried_every_half_minute_from_outside_only() {
    let mut timing = Timing::new();
    timing.met(false, at_ms(1000));
    assert_eq!(timing.home_at, Time::NEVER);
    for now in [2000, 3000, 31_000] {
        timing.met(true, at_ms(now));
        assert_eq!(timing.home_at, at_ms(32_000));
    }
    timing.in_vain(at_ms(35_000));
    assert_eq!(timing.home_at, at_ms(65_000));
    timing.met(false, at_ms(66_000));
    assert_eq!(timing.home_at, Time::NEVER);
}
