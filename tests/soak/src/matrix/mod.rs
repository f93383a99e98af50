// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fault matrix: every fault at every phase, with what the panel shows meanwhile, how a press ends, and how long it takes
//! afterwards until the lamp tells the truth again.
//!
//! Expectations come from the documents, never from a run: the conditions' table in panel/state.rs, the link's rhythms in
//! panel/render.rs, what each state of the link means in panel/mod.rs, design section 5, the field's lessons N3, N10 to N20 and
//! P19, and how hubs answer (10 and 11 of the interface's facts).

mod cell;
mod commands;
mod making;
mod reads;
mod trial;
mod whole;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use homey_rig::Result;

use crate::house::{Programs, side_by_side};
use crate::report::{Report, table};
use crate::tier::Tier;
use trial::Trial;

/// An acknowledgement is not later than this, whatever the hub does (T3).
const ACK: Duration = Duration::from_millis(100);

pub fn run(programs: &Programs, tier: &Tier) -> Result<Report> {
    let mut cells = whole::connections(tier);
    cells.extend(whole::hub(tier));
    cells.extend(whole::device());
    cells.extend(whole::everything());
    cells.extend(reads::reads(tier));
    cells.extend(commands::presses(tier));
    if let Some(part) = tier.only {
        cells.retain(|cell| cell.fault.contains(part) || cell.phase.contains(part));
    }
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<(usize, Trial)>> = Mutex::new(Vec::new());
    side_by_side(tier.matrix_houses, |_| {
        let mut bench = trial::Bench::new(programs, tier);
        while let Some((n, cell)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|n| Some((n, cells.get(n)?)))
        {
            let trial = bench.run(cell);
            if let Ok(mut found) = found.lock() {
                found.push((n, trial));
            }
        }
        Ok(())
    })?;
    let mut found = found
        .into_inner()
        .map_err(|_| "a house's thread panicked".to_string())?;
    found.sort_by_key(|(n, _)| *n);
    let mut again = Vec::new();
    if tier.scale > 1 {
        // A tenth of a second for a connection is little on a machine that does other things: once more, alone.
        let mut bench = trial::Bench::new(programs, tier);
        for (cell, (n, trial)) in cells.iter().zip(&mut found) {
            if !trial.problems.is_empty() {
                again.push(*n);
                *trial = bench.run(cell);
            }
        }
    }
    let mut report = Report::default();
    let mut rows = Vec::new();
    let mut worst = Duration::ZERO;
    for (cell, (n, trial)) in cells.iter().zip(&found) {
        let verdict = match (trial.problems.is_empty(), again.contains(n)) {
            (true, false) => "ok",
            (true, true) => "ok, second try",
            (false, _) => "BROKEN",
        };
        rows.push(vec![
            cell.fault.clone(),
            cell.phase.clone(),
            trial.link.join(" > "),
            trial.rhythm.join(" > "),
            trial.lamp.join(" > "),
            format!("{} {}", trial.set, trial.start),
            trial
                .recovery
                .map_or("never".into(), |d| d.as_millis().to_string()),
            trial.limit.as_millis().to_string(),
            verdict.to_string(),
        ]);
        worst = trial
            .acks
            .iter()
            .copied()
            .chain([worst])
            .max()
            .unwrap_or_default();
        for problem in &trial.problems {
            report
                .broken
                .push(format!("{}, {}: {problem}", cell.fault, cell.phase));
        }
    }
    let heads = [
        "fault",
        "phase",
        "link shown",
        "LED",
        "lamp",
        "press ended as (toggle, flow)",
        "recovery ms",
        "limit",
        "verdict",
    ];
    report.table = table(&heads, &rows);
    report.table.push_str(&format!(
        "{} rows; presses acknowledged after {:.1} ms at the latest\n",
        rows.len(),
        worst.as_secs_f64() * 1000.0
    ));
    report.promise(worst <= ACK, || {
        format!("a press was acknowledged after {} ms", worst.as_millis())
    });
    Ok(report)
}
