// SPDX-License-Identifier: MIT OR Apache-2.0
//! What one poll cycle puts on the wire: requests, and bytes both ways with everything that TLS adds.

use std::time::Duration;

use homey_rig::{Panel, Result};

use crate::home::{Bench, Home, LIST, PATIENCE, SINGLE};
use crate::relay::Relay;
use crate::row::{Report, Row};

pub fn run(bench: &Bench, report: &mut Report) -> Result<()> {
    for (dialect, few) in [("v3", 16), ("v2", 2)] {
        let home = Home::new(bench, 120, &["--dialect", dialect])?;
        let points = home.points()?;
        let lights = home
            .lights
            .iter()
            .map(|id| (id.clone(), "onoff".to_string()));
        let singles: Vec<_> = lights.take(few).collect();
        report.add(row(bench, &home, dialect, &singles, SINGLE)?);
        report.add(row(bench, &home, dialect, &points, LIST)?);
    }
    Ok(())
}

fn row(
    bench: &Bench,
    home: &Home,
    dialect: &str,
    points: &[(String, String)],
    route: &str,
) -> Result<Row> {
    let relay = Relay::new(home.address()?)?;
    let mut config = home
        .config(relay.address)
        .also("[poll]\ninterval_ms = 1000\nidle_ms = 1000");
    for (n, (device, capability)) in points.iter().enumerate() {
        config = config.lamp(&format!("l{n}"), device, capability);
    }
    let mut panel = Panel::start(home.command(bench, &config, &[])?)?;
    panel.link("ready", PATIENCE)?;
    std::thread::sleep(Duration::from_millis(500));
    let per_cycle = if route == LIST {
        1
    } else {
        points.len() as u64
    };
    let (before, sent) = (home.asked(route)?, relay.bytes());
    let others = home.polls()?;
    let cycles = bench.count(10, 4) as u64;
    home.sim.until("polls", PATIENCE, |_| {
        Ok(home.asked(route)? >= before + cycles * per_cycle)
    })?;
    // All of the last reply, and nothing of the next poll.
    std::thread::sleep(Duration::from_millis(300));
    let (after, now) = (home.asked(route)?, relay.bytes());
    let done = (after - before) as f64 / per_cycle as f64;
    if home.polls()? - others != after - before {
        return Err(format!("{dialect}: the panel changed its way of reading"));
    }
    let way = if route == LIST { "list" } else { "singly" };
    let case = format!("{dialect}, {} of 120 devices, {way}", points.len());
    Ok(Row::new("cycle", case, "")
        .value("requests", (after - before) as f64 / done)
        .value("bytes-out", (now.0 - sent.0) as f64 / done)
        .value("bytes-in", (now.1 - sent.1) as f64 / done)
        .note(format!("{done} cycles, codings as the panel offers them")))
}
