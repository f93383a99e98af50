// SPDX-License-Identifier: MIT OR Apache-2.0
//! Presses that find no connection, and presses behind a command that is never answered.

use std::time::Duration;

use homey_rig::Result;

use super::stall::hang;
use super::{BYTE_V3, CONTROLS, Volley, Wall, ack_row};
use crate::home::{Bench, Home};
use crate::row::{Report, Row};
use crate::stats::Samples;

/// Nothing but presses makes this panel ask anything.
pub const QUIET: &str = "[poll]\ninterval_ms = 60000\nidle_ms = 60000\n[timing]\nstale_ms = 600000";

pub fn hard(bench: &Bench, report: &mut Report) -> Result<()> {
    let mut home = Home::new(bench, 120, &[])?;
    cut(bench, &home, report)?;
    gone(bench, &mut home, report)?;
    other_device(bench, &home, report)?;
    same_device(bench, &home, report)
}

/// Full and resumed handshakes so far; the hub counts both since it started.
fn handshakes(home: &Home) -> Result<(u64, u64)> {
    let counters = home.sim.counters()?;
    let count = |key: &str| counters[key].as_u64().unwrap_or(0);
    Ok((
        count("tls_handshakes") - count("tls_resumed"),
        count("tls_resumed"),
    ))
}

fn rows(case: &str, volley: &Volley, note: String, report: &mut Report) {
    report.add(volley.ack("reconnect", case));
    report.add(volley.byte("reconnect", case).also(&note));
}

/// All connections have just ended: the session is resumed.
fn cut(bench: &Bench, home: &Home, report: &mut Report) -> Result<()> {
    let mut wall = Wall::new(bench, home, |config| config.also(QUIET))?;
    let (before, mut volley) = (handshakes(home)?, Volley::default());
    let (count, mut n) = (bench.count(100, 15), 0);
    while volley.lacks(count) {
        // The poll that the last press brought is over by then.
        std::thread::sleep(Duration::from_millis(1200));
        wall.relay.cut(None);
        std::thread::sleep(Duration::from_millis(20));
        one(&mut wall, n, &mut volley)?;
        n += 1;
    }
    let after = handshakes(home)?;
    let note = format!(
        "{} full, {} resumed",
        after.0 - before.0,
        after.1 - before.1
    );
    rows("connection gone, session resumed", &volley, note, report);
    Ok(())
}

/// The hub was started anew and knows no session.
fn gone(bench: &Bench, home: &mut Home, report: &mut Report) -> Result<()> {
    let mut wall = Wall::new(bench, home, |config| config.also(QUIET))?;
    let (mut full, mut volley) = (0, Volley::default());
    let (count, mut n) = (bench.count(30, 5), 0);
    while volley.lacks(count) {
        std::thread::sleep(Duration::from_millis(1200));
        home.sim.kill();
        home.sim.revive()?;
        std::thread::sleep(Duration::from_millis(50));
        one(&mut wall, n, &mut volley)?;
        n += 1;
        full += handshakes(home)?.0;
    }
    let note = format!("{full} full");
    rows("connection gone, full handshake", &volley, note, report);
    Ok(())
}

fn one(wall: &mut Wall, n: usize, volley: &mut Volley) -> Result<()> {
    let name = format!("c{}", n % CONTROLS);
    wall.measure(&name, volley)?;
    wall.end(&name, &["confirmed"])?;
    Ok(())
}

/// A command for one device is never answered; other devices are pressed.
fn other_device(bench: &Bench, home: &Home, report: &mut Report) -> Result<()> {
    let mut wall = Wall::new(bench, home, |config| config)?;
    hang(home, &home.lights[0], true)?;
    let (count, mut volley) = (bench.count(200, 40), Volley::default());
    while volley.lacks(count) {
        wall.press("c0")?;
        std::thread::sleep(Duration::from_millis(20));
        // Its command is in flight for 5 s.
        for n in 0..count.min(40) {
            one(&mut wall, 1 + n % (CONTROLS - 1), &mut volley)?;
            std::thread::sleep(Duration::from_millis(20));
        }
        wall.end("c0", &["unknown", "refused", "confirmed"])?;
    }
    hang(home, &home.lights[0], false)?;
    let case = "another device's command unanswered";
    report.add(volley.ack("reconnect", case));
    report.add(volley.byte("reconnect", case).limit("p99", BYTE_V3));
    Ok(())
}

/// A command for the same device is never answered: the next one waits for its end, or for its own.
fn same_device(bench: &Bench, home: &Home, report: &mut Report) -> Result<()> {
    let mut wall = Wall::new(bench, home, |config| config)?;
    hang(home, &home.lights[0], true)?;
    let (mut ack, mut first, mut last) =
        (Samples::default(), Samples::default(), Samples::default());
    let (rounds, mut left) = (bench.count(5, 2), 0);
    for _ in 0..rounds {
        wall.press("c0")?;
        std::thread::sleep(Duration::from_millis(200));
        let from = wall.relay.mark();
        let (began, acknowledged) = wall.press("c0")?;
        ack.push_time(acknowledged);
        // One word for each of the two presses.
        let words = ["expired", "refused", "superseded", "unknown", "confirmed"];
        for samples in [&mut first, &mut last] {
            samples.push_time(wall.end("c0", &words)?.saturating_duration_since(began));
        }
        let records = wall.relay.since(from);
        left += records.iter().filter(|r| wall.is_command(r)).count();
        std::thread::sleep(Duration::from_secs(3));
    }
    hang(home, &home.lights[0], false)?;
    let case = "same device's command unanswered";
    report.add(ack_row("reconnect", case, &ack));
    report.add(
        Row::new("reconnect", format!("end: {case}"), "ms")
            .value("first-word", first.median())
            .value("second-word", last.median())
            .note(format!("{left} of {rounds} second commands left")),
    );
    Ok(())
}
