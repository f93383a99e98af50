// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a panel costs by the number of its bindings, in a home of 1,000 devices.

use std::time::Duration;

use homey_rig::{Panel, Result};

use crate::cpu::per_poll;
use crate::home::{Bench, Home, LIST};
use crate::memory::{LIMITS, steady};
use crate::press::QUIET;
use crate::row::{Report, Row};
use crate::stats::Samples;
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
        .also(LIMITS);
    let often = "[poll]\ninterval_ms = 1000\nidle_ms = 1000";
    let panel = home.panel(bench, &config.clone().also(often))?;
    let process = panel.process();
    std::thread::sleep(Duration::from_millis(1500));
    let listed = home.asked(LIST)?;
    std::thread::sleep(Duration::from_millis(2500));
    let by_list = home.asked(LIST)? > listed;
    let requests = if by_list { 1 } else { bindings as u64 };
    let window = Duration::from_secs(bench.count(10, 4) as u64);
    let poll = per_poll(home, process, requests, window)?;
    let (rss, peak) = (steady(process), process.peak() as f64);
    drop(panel);
    let mut panel = home.panel(bench, &config.also(QUIET))?;
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
    .value("rss-KiB", rss)
    .value("peak-KiB", peak)
    .value("ms-a-poll", poll)
    .value("ms-a-press", per_press(bench, home, &mut panel, bindings)?)
    .note(format!("polls read {way}")))
}

/// Processor time of a press with its command, in milliseconds, from bursts that no poll fell into.
fn per_press(bench: &Bench, home: &Home, panel: &mut Panel, bindings: usize) -> Result<f64> {
    let process = panel.process();
    let (mut samples, burst, mut next) = (Samples::default(), 20, 0);
    let mut press = |panel: &mut Panel| -> Result<()> {
        let name = format!("c{}", next % bindings);
        next += 1;
        panel.tap(&name)?;
        panel
            .word(&name, "confirmed", Duration::from_secs(10))
            .map(drop)
    };
    for _ in 0..3 * bench.count(10, 4) {
        // The first press after a while brings a poll with it; the ones after it, within a second, do not.
        std::thread::sleep(Duration::from_millis(1100));
        press(panel)?;
        std::thread::sleep(Duration::from_millis(500));
        let before = (busy_ms(process), home.polls()?);
        for _ in 0..burst {
            press(panel)?;
        }
        let after = (busy_ms(process), home.polls()?);
        if after.1 == before.1 {
            samples.push((after.0 - before.0) / f64::from(burst));
        }
        if samples.len() >= bench.count(10, 4) {
            return Ok(samples.median());
        }
    }
    Err("polls fell into every burst of presses".into())
}
