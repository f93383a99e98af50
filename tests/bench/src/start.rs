// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the start of the program to the first press that counts, and to everything shown.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use homey_rig::{Panel, Result, has};
use serde_json::{Value, json};

use crate::home::{Bench, Home, PATIENCE};
use crate::row::{Report, Row};
use crate::stats::Samples;

const CONTROLS: usize = 16;

pub fn run(bench: &Bench, report: &mut Report) -> Result<()> {
    let home = Home::new(bench, 120, &[])?;
    let config = home.bound(home.config(home.address()?), CONTROLS);
    let (mut inputs, mut link, mut shown) =
        (Samples::default(), Samples::default(), Samples::default());
    for _ in 0..bench.count(40, 8) {
        let command = home.command(bench, &config, &[])?;
        let began = Instant::now();
        let mut panel = Panel::start(command)?;
        // It is there before anybody reads.
        panel.tap("c0")?;
        let since = |when: Instant| when.saturating_duration_since(began);
        inputs.push_time(since(panel.word("c0", "taken", PATIENCE)?));
        link.push_time(since(first(&panel, &json!({"link": "ready"}))?));
        shown.push_time(since(all_ready(&panel)?));
    }
    for (case, samples) in [
        ("inputs live", &inputs),
        ("link ready", &link),
        ("16 outputs ready", &shown),
    ] {
        report.add(Row::new("start", case, "ms").samples(samples));
    }
    Ok(())
}

fn first(panel: &Panel, wanted: &Value) -> Result<Instant> {
    let found = panel.shows.find(0, PATIENCE, |line| has(line, wanted));
    found
        .map(|said| said.when)
        .ok_or_else(|| format!("no {wanted}\n{}", panel.story()))
}

/// When the last of all outputs had something true to show.
fn all_ready(panel: &Panel) -> Result<Instant> {
    let began = Instant::now();
    loop {
        let mut ready = HashSet::new();
        for said in panel.shows.since(0) {
            let line: Value = serde_json::from_str(&said.line).unwrap_or_default();
            // A press is under way for one of them.
            if line["state"] == "ready" || line["state"] == "pending" {
                ready.insert(line["show"].as_str().unwrap_or_default().to_string());
            }
            if ready.len() == CONTROLS {
                return Ok(said.when);
            }
        }
        if began.elapsed() > PATIENCE {
            return Err(format!("outputs stay unknown\n{}", panel.story()));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
