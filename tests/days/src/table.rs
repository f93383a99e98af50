// SPDX-License-Identifier: MIT OR Apache-2.0
//! The summary.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use crate::clock::SECOND;
use crate::kinds::{Sample, name};
use crate::ledger::WORDS;
use crate::month::Month;

/// What a panel may keep more than on its first day, in KiB: the C library gives the top of the heap back only when so much
/// of it is free (mallopt(3), M_TRIM_THRESHOLD). Three bytes lost with each request would be more by the end of a month.
const SLACK: u64 = 128;

/// One for the poll, and a command lane each (`LANES` of the product's `run::lanes`).
const CONNECTIONS: usize = 7;

/// A panel's memory and descriptors do not grow after its first day.
pub fn flat(samples: &[Sample]) -> Result<(), String> {
    for sample in samples {
        let first = samples
            .iter()
            .find(|s| s.panel == sample.panel && s.age >= 1);
        let grown = first.is_some_and(|first| {
            sample.age > first.age
                && (sample.kib > first.kib + SLACK || sample.others != first.others)
        });
        if grown || sample.sockets > CONNECTIONS {
            return Err(format!(
                "a panel has grown: {sample:?}, on its first whole day {first:?}"
            ));
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
        "presses: {} = {}; {} executed, of these {} by a hub that thawed",
        ledger.pressed,
        words.join(" + "),
        ledger.executed,
        ledger.late_thawed
    );
    let [confirmed, maybe, done] = ledger.sure;
    println!(
        "on different controls: {confirmed} confirmed, {maybe} unknown or killed, {done} executed"
    );
    for sample in &month.samples {
        let same = |s: &&Sample| s.panel == sample.panel;
        let own: Vec<&Sample> = month.samples.iter().filter(same).collect();
        let last = own
            .last()
            .filter(|last| last.age == sample.age && last.age > 1);
        if let (Some(last), Some(first)) = (last, own.iter().find(|s| s.age >= 1)) {
            println!(
                "panel {}: day {} {} KiB, {} descriptors; day {} {} KiB, {} descriptors, and at most {} connections",
                first.panel,
                first.age,
                first.kib,
                first.others,
                last.age,
                last.kib,
                last.others,
                own.iter().map(|s| s.sockets).max().unwrap_or(0)
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
