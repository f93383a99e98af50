// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long a press takes, on this machine, over real TLS on the loopback. Printed (`--nocapture`); bounds are generous.

use std::time::Duration;

use homey_rig::beds::{Setup, Sim};

fn row(what: &str, mut times: Vec<Duration>, most: Duration) {
    times.sort();
    let (middle, last) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "{what}: median {middle:?}, worst {last:?} of {}",
        times.len()
    );
    assert!(middle < most, "{what}: {times:?}");
}

#[test]
fn a_press_is_quick() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .also("[poll]\ninterval_ms = 1000\nidle_ms = 1000")
        .light("desk", "Office/Desk light")
        .ready();
    wall.tap("desk");
    wall.word("desk", "confirmed");
    let (mut taken, mut done) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let sent = wall.tap("desk");
        taken.push(wall.word("desk", "taken") - sent);
        done.push(wall.word("desk", "confirmed") - sent);
    }
    row(
        "press to acknowledgement",
        taken,
        Duration::from_millis(100),
    );
    row("press to confirmation", done, Duration::from_millis(300));
    assert_eq!(sim.writes().len(), 21);
    println!("resident: {} KiB, {} descriptors", wall.rss(), wall.fds());
    wall.stop();
}
