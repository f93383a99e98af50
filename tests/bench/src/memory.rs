// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory by size of the home and coding of its list: what stays between polls, and the most there ever was.

use std::time::{Duration, Instant};

use homey_rig::{Process, Result};

use crate::home::{Bench, Home};
use crate::row::{Report, Row};
use crate::stats::Samples;

/// KiB that may stay, with up to 120 devices: 4 MiB.
const STEADY: f64 = 4096.0;
/// KiB at most: what stays, and a list's reader with its tables. It was 4,608 before the program learned to log in and to find
/// its hub; runs of a br-coded list have been seen between 4,330 and 4,560.
const PEAK: f64 = 4736.0;
/// KiB more with any number of devices.
const GROWTH: f64 = 256.0;
/// KiB of a br window with its tables.
const WINDOW: f64 = 4608.0;

const CONTROLS: usize = 16;

/// The configuration of all rows: large homes take their time before the first byte.
pub const LIMITS: &str = "[limits]\nfirst_byte_ms = 60000\npoll_ms = 60000";

pub fn run(bench: &Bench, report: &mut Report) -> Result<()> {
    let sizes: &[usize] = if bench.quick {
        &[120, 10_000]
    } else {
        &[30, 120, 1000, 10_000]
    };
    for &devices in sizes {
        for (coding, option) in [("identity", "off"), ("gzip", "gzip"), ("br", "br")] {
            report.add(row(bench, devices, coding, option)?);
        }
    }
    Ok(())
}

fn row(bench: &Bench, devices: usize, coding: &str, option: &str) -> Result<Row> {
    let home = Home::new(bench, devices, &["--compress", option])?;
    let (mut steady, mut peak) = (Samples::default(), Samples::default());
    // Where the kernel lays the program changes how much of it is mapped around what is used: the worst of several counts.
    for _ in 0..bench.count(5, 2) {
        let (rss, most) = once(bench, &home)?;
        steady.push(rss);
        peak.push(most);
    }
    let is_large = devices > 120;
    let growth = if is_large { GROWTH } else { 0.0 };
    let window = if is_large && coding == "br" {
        WINDOW
    } else {
        0.0
    };
    Ok(
        Row::new("memory", format!("{devices} devices, {coding}"), "KiB")
            .value("rss", steady.most())
            .value("peak", peak.most())
            .value("rss-p50", steady.median())
            .value("peak-p50", peak.median())
            .limit("rss", STEADY + growth)
            .limit("peak", PEAK + growth.max(window)),
    )
}

/// One panel with 16 controls, both kinds of connection warm, after some polls.
fn once(bench: &Bench, home: &Home) -> Result<(f64, f64)> {
    let config = home
        .bound(home.config(home.address()?), CONTROLS)
        .also("[poll]\ninterval_ms = 500\nidle_ms = 500")
        .also(LIMITS);
    let mut panel = home.panel(bench, &config)?;
    for n in 0..4 {
        let name = format!("c{n}");
        panel.tap(&name)?;
        panel.word(&name, "confirmed", Duration::from_secs(10))?;
    }
    home.polled(3 * CONTROLS as u64)?;
    Ok((steady(panel.process()), panel.process().peak() as f64))
}

/// What is resident most of the time, in KiB: polls are short.
pub fn steady(process: Process) -> f64 {
    let (mut rss, began) = (Samples::default(), Instant::now());
    while began.elapsed() < Duration::from_secs(2) {
        rss.push(process.rss() as f64);
        std::thread::sleep(Duration::from_millis(50));
    }
    rss.median()
}
