// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a panel costs by the number of its bindings, in a home of 1,000 devices.

use std::time::Duration;

use homey_rig::Result;

use crate::cpu::per_poll;
use crate::home::{Bench, Home, LIST};
use crate::memory::LIMITS;
use crate::row::{Report, Row};
use crate::tools::busy_ms;

pub fn run(bench: &Bench, report: &mut Report) -> Result<()> {
    let home = Home::new(bench, 1000, &[])?;
    for bindings in [1, 10, 100, 1000] {
        report.add(row(bench, &home, bindings)?);
    }
    Ok(())
}

fn row(bench: &Bench, home: &Home, bindings: usize) -> Result<Row> {
    let config = home
        .bound(home.config(home.address()?), bindings)
        .also("[poll]\ninterval_ms = 1000\nidle_ms = 1000")
        .also(LIMITS);
    let mut panel = home.panel(bench, &config)?;
    let process = panel.process();
    std::thread::sleep(Duration::from_millis(1500));
    let listed = home.asked(LIST)?;
    std::thread::sleep(Duration::from_millis(2500));
    let by_list = home.asked(LIST)? > listed;
    let requests = if by_list { 1 } else { bindings as u64 };
    let poll = per_poll(
        home,
        process,
        requests,
        Duration::from_secs(bench.count(10, 4) as u64),
    )?;
    // Presses in between: what the polls cost meanwhile is taken off.
    let presses = bench.count(100, 30);
    let before = (busy_ms(process), home.polls()?);
    for n in 0..presses {
        let name = format!("c{}", n % bindings);
        panel.tap(&name)?;
        panel.word(&name, "confirmed", Duration::from_secs(10))?;
    }
    let after = (busy_ms(process), home.polls()?);
    let polls = (after.1 - before.1) as f64 / requests as f64;
    let press = (after.0 - before.0 - polls * poll).max(0.0) / presses as f64;
    let way = if by_list {
        "the list"
    } else {
        "single devices"
    };
    Ok(Row::new(
        "growth",
        format!("{bindings} bindings of 1,000 devices"),
        "",
    )
    .value("rss-KiB", process.rss() as f64)
    .value("peak-KiB", process.peak() as f64)
    .value("ms-a-poll", poll)
    .value("ms-a-press", press)
    .note(format!("polls read {way}")))
}
