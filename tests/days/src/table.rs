// SPDX-License-Identifier: MIT OR Apache-2.0
//! The summary.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use crate::clock::SECOND;
use crate::ledger::WORDS;
use crate::month::{Month, Sample, name};

/// What a panel may grow by after its second day: pages that it touches for the first time, late.
const SLACK: u64 = 64;

/// Memory and descriptors do not grow from a panel's second day on.
pub fn flat(samples: &[Sample]) -> Result<(), String> {
    for (number, _, kib, fds) in samples {
        let first = samples.iter().find(|s| s.0 == *number && s.1 >= 1);
        if let Some((_, age, before, open)) = first {
            if *kib > before + SLACK || fds > open {
                return Err(format!(
                    "panel {number} grew after day {age}: {before} KiB and {open} descriptors, then {kib} and {fds}"
                ));
            }
        }
    }
    Ok(())
}

pub fn print(month: &Month, days: u64, seed: u64, took: Duration) {
    println!(
        "{:32} {:>5} {:>8} {:>14} {:>8}",
        "what happened", "times", "presses", "ready again, s", "median"
    );
    for (act, row) in &month.rows {
        let mut recoveries = row.recoveries.clone();
        recoveries.sort();
        let seconds = |at: usize| {
            recoveries
                .get(at)
                .map_or(0.0, |t| *t as f64 / SECOND as f64)
        };
        let shown = |at: usize| {
            if recoveries.is_empty() {
                "-".into()
            } else {
                format!("{:.2}", seconds(at))
            }
        };
        println!(
            "{:32} {:>5} {:>8} {:>14} {:>8}",
            name(*act),
            row.times,
            row.presses,
            shown(recoveries.len().saturating_sub(1)),
            shown(recoveries.len() / 2)
        );
    }
    let ledger = &month.ledger;
    let words: Vec<String> = WORDS
        .iter()
        .map(|word| format!("{} {word}", ledger.count(word)))
        .collect();
    println!(
        "presses: {} = {}; executed {}, of these {} by a hub that thawed",
        ledger.pressed,
        words.join(" + "),
        ledger.executed,
        ledger.late_thawed
    );
    let lives = month.samples.iter().map(|s| s.0).max().unwrap_or(0);
    for number in 1..=lives {
        let own: Vec<&Sample> = month.samples.iter().filter(|s| s.0 == number).collect();
        if let (Some(first), Some(last)) =
            (own.iter().find(|s| s.1 >= 1).or(own.first()), own.last())
        {
            println!(
                "panel {number}: day {} {} KiB, {} descriptors; day {} {} KiB, {} descriptors",
                first.1, first.2, first.3, last.1, last.2, last.3
            );
        }
    }
    let shared = month.home.clock.shared();
    println!(
        "{days} days, seed {seed}: {} requests, {} waits, {} without a reply, {} warnings explained, {} times without a clock; {:.1} s",
        month.requests,
        shared.waits.load(SeqCst),
        shared.unanswered.load(SeqCst),
        month.talk.warnings,
        month.clock_states,
        took.as_secs_f64()
    );
}
