// SPDX-License-Identifier: MIT OR Apache-2.0
//! A hub that goes away and comes back, over and over: everything is read again each time, and nothing is left behind.

use std::time::{Duration, Instant};

use homey_rig::{Result, SOON};
use serde_json::json;

use crate::dice::Dice;
use crate::house::{House, Programs, side_by_side};
use crate::report::{Report, table};
use crate::tier::Tier;

struct Story {
    rounds: usize,
    settled: (u64, u64),
    end: (u64, u64),
    middle: Duration,
    worst: Duration,
    handshakes: u64,
    read: usize,
}

pub fn run(programs: &Programs, tier: &Tier) -> Result<Report> {
    let houses = tier.reconnect_houses;
    let each = tier.reconnects.div_ceil(houses);
    let stories = side_by_side(houses, |n| story(programs, tier, each, n as u64))?;
    let mut report = Report::default();
    let mut rows = Vec::new();
    for (n, s) in stories.iter().enumerate() {
        let numbers = [s.settled.0, s.end.0, s.settled.1, s.end.1, s.handshakes];
        let mut row = vec![n.to_string(), s.rounds.to_string()];
        row.extend(numbers.iter().map(ToString::to_string));
        row.extend([
            s.middle.as_millis().to_string(),
            s.worst.as_millis().to_string(),
        ]);
        rows.push(row);
        report.promise(s.end.0 <= s.settled.0 + tier.growth, || {
            format!(
                "house {n}: {} KiB resident in the end, {} before",
                s.end.0, s.settled.0
            )
        });
        report.promise(s.end.1 <= s.settled.1, || {
            format!(
                "house {n}: {} descriptors in the end, {} before",
                s.end.1, s.settled.1
            )
        });
        report.promise(s.worst <= tier.limit(15_000), || {
            format!(
                "house {n}: ready {} ms after the hub came back",
                s.worst.as_millis()
            )
        });
        report.promise(s.read > s.rounds / 2, || {
            format!(
                "house {n}: everything was read {} times in {} reconnects",
                s.read, s.rounds
            )
        });
    }
    let heads = [
        "house",
        "reconnects",
        "KiB settled",
        "KiB end",
        "fds settled",
        "fds end",
        "handshakes",
        "ready ms median",
        "worst",
    ];
    report.table = table(&heads, &rows);
    report
        .table
        .push_str("settled is after half of them; ready is from the hub's return to the lamp's\n");
    Ok(report)
}

fn story(programs: &Programs, tier: &Tier, rounds: usize, seed: u64) -> Result<Story> {
    let mut house = House::new(programs, 12, |config| {
        tier.of(config.light("desk", "Office/Desk light"), 200, 200)
    })?;
    let mut dice = Dice::new(seed + 5);
    let mut times = Vec::new();
    let mut settled = (0, 0);
    for round in 1..=rounds {
        if round % 2 == 0 {
            silent(&house, tier, round % 4 == 0)?;
        } else {
            // Longer than from poll to poll, so that it is missed; a press now and then finds out at once.
            let down = dice.between(300, 700);
            if round % 4 == 1 {
                house.panel.tap("desk")?;
            }
            times.push(away(&mut house, tier, down)?);
        }
        if round == rounds.div_ceil(2) {
            settled = calm(&house, None)?;
        }
    }
    let end = calm(&house, Some(settled.1))?;
    times.sort();
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    let handshakes = house.sim.counters()?["tls_handshakes"]
        .as_u64()
        .unwrap_or(0);
    let read = house.panel.times_logged("everything read");
    house.panel.stop(SOON)?;
    Ok(Story {
        rounds,
        settled,
        end,
        middle,
        worst: times.last().copied().unwrap_or_default(),
        handshakes,
        read,
    })
}

/// The hub goes and comes back: both are shown. From its return to the lamp's.
fn away(house: &mut House, tier: &Tier, down: u64) -> Result<Duration> {
    house.panel.seen = house.panel.shows.len();
    house.sim.post("restart", &json!({"down_ms": down}))?;
    let back = Instant::now() + Duration::from_millis(down);
    house.panel.link("no-hub", tier.limit(8000))?;
    let ready = house.panel.link("ready", tier.limit(15_000))?;
    house.until_ready("desk", tier.limit(1000))?;
    Ok(ready.saturating_duration_since(back))
}

/// Kept connections end while nothing is under way: that is no news (N17), and the next poll has another one.
fn silent(house: &House, tier: &Tier, rst: bool) -> Result<()> {
    let from = house.panel.shows.len();
    let count = |house: &House| -> Result<u64> {
        Ok(house.sim.counters()?["tls_handshakes"]
            .as_u64()
            .unwrap_or(0))
    };
    let before = count(house)?;
    house.sim.post("cut", &json!({"rst": rst}))?;
    house
        .sim
        .until("another connection", tier.limit(8000), |_| {
            Ok(count(house)? > before)
        })?;
    house.until_ready("desk", tier.limit(1000))?;
    match house
        .panel
        .shows
        .since(from)
        .iter()
        .find(|said| said.line.starts_with("{\"link\":"))
    {
        Some(said) => Err(format!("an idle connection's end was shown: {}", said.line)),
        None => Ok(()),
    }
}

/// The figures once the panel's connections stand again: a lane that the hub closed is warmed after 30 s at most.
fn calm(house: &House, fds: Option<u64>) -> Result<(u64, u64)> {
    let patience = Instant::now() + Duration::from_secs(35);
    let mut figures = house.figures();
    while fds.is_some_and(|fds| fds < figures.1) && Instant::now() < patience {
        figures = house.figures();
    }
    Ok(figures)
}
