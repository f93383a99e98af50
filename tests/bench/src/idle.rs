// SPDX-License-Identifier: MIT OR Apache-2.0
//! How often a panel that nobody touches wakes up, beside how often it is to poll.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use homey_rig::{Panel, Result};

use crate::home::{Bench, Home, PATIENCE};
use crate::row::{Report, Row};
use crate::tools::has;

const CONTROLS: usize = 16;
/// Built in: `idle_ms` of 5 s.
const POLLS_A_MINUTE: f64 = 12.0;

pub fn run(bench: &Bench, report: &mut Report) -> Result<()> {
    let home = Home::new(bench, 120, &[])?;
    let config = home.bound(home.config(home.address()?), CONTROLS);
    let log = home.dir().join("strace");
    let shown = log.display().to_string();
    let traced = has("strace");
    let wrapper: &[&str] = if traced {
        &[
            "strace",
            "-f",
            "-ttt",
            "-e",
            "trace=poll,ppoll",
            "-o",
            &shown,
        ]
    } else {
        &[]
    };
    let mut panel = Panel::start(home.command(bench, &config, wrapper)?)?;
    panel.link("ready", PATIENCE)?;
    std::thread::sleep(Duration::from_secs(2));
    let length = bench.count(120, 30);
    let process = panel.process();
    let before = (process.naps(), home.polls()?, now());
    std::thread::sleep(Duration::from_secs(length as u64));
    let after = (process.naps(), home.polls()?, now());
    let minutes = (after.2 - before.2) / 60.0;
    let requests = (after.1 - before.1) as f64;
    let row = Row::new("idle", "wake-ups", "a minute").value("requests", requests / minutes);
    if !traced {
        let naps = (after.0 - before.0) as f64 / minutes;
        report.add(
            row.value("all", naps)
                .note("strace is missing: timers and sockets are not told apart"),
        );
        return Ok(());
    }
    drop(panel);
    let text = std::fs::read_to_string(&log).map_err(|e| format!("{shown}: {e}"))?;
    let woken = Woken::of(&text, before.2, after.2);
    report.add(
        row.value("timer", woken.timer / minutes)
            .value("socket", woken.socket / minutes)
            // The window may begin right before a poll.
            .limit("timer", POLLS_A_MINUTE + 1.0 / minutes)
            .note(format!(
                "{POLLS_A_MINUTE} polls a minute are configured; {length} s"
            )),
    );
    Ok(())
}

fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |s| s.as_secs_f64())
}

/// Returns of poll(2) that had been asleep, by what ended the sleep.
#[derive(Debug, PartialEq)]
struct Woken {
    timer: f64,
    socket: f64,
}

impl Woken {
    /// From strace's lines between two times.
    fn of(text: &str, from: f64, to: f64) -> Woken {
        let mut woken = Woken {
            timer: 0.0,
            socket: 0.0,
        };
        for line in text.lines() {
            let at = line
                .split_whitespace()
                .find_map(|w| w.parse::<f64>().ok().filter(|t| *t > 1e9));
            if !at.is_some_and(|at| (from..to).contains(&at)) {
                continue;
            }
            let Some((call, result)) = line.rsplit_once(" = ") else {
                continue;
            };
            // A look without waiting wakes nobody.
            let looked = call.ends_with(", 0)");
            match result.split_whitespace().next() {
                Some("0") if !looked => woken.timer += 1.0,
                Some(n) if !looked && n.parse::<u32>().is_ok() => woken.socket += 1.0,
                _ => {}
            }
        }
        woken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_and_sockets_are_told_apart() {
        let text = "7 1700000000.5 poll([{fd=3, events=POLLIN}], 1, 4989) = 0 (Timeout)\n\
            7 1700000001.5 poll([{fd=3, events=POLLIN}], 1, 4989) = 1 ([{fd=3, revents=POLLIN}])\n\
            7 1700000002.5 poll([{fd=3, events=POLLIN}], 1, 0) = 0 (Timeout)\n\
            7 1700000009.5 poll([{fd=3, events=POLLIN}], 1, 9) = 0 (Timeout)\n";
        let woken = Woken::of(text, 1_700_000_000.0, 1_700_000_009.0);
        assert_eq!(
            woken,
            Woken {
                timer: 1.0,
                socket: 1.0
            }
        );
    }
}
