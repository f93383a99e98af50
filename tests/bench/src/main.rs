// SPDX-License-Identifier: MIT OR Apache-2.0
//! Figures of `homey-panel`, measured against the simulated hub: one line each, and what is promised of it beside it.
//!
//! A program, not a test: what it prints depends on the machine and on what else runs there. Whatever is a ratio is
//! measured side by side in the same run. `scripts/bench` builds what it needs and runs it.

mod cpu;
mod cycle;
mod growth;
mod home;
mod idle;
mod memory;
mod press;
mod relay;
mod row;
mod start;
mod stats;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use home::Bench;
use homey_rig::{Result, binaries};
use row::{Report, Row};

const USAGE: &str = "usage: homey-bench [--quick] [--json] [--check] [--bin DIR] [FIGURE...]\n\
    --list       the figures; without FIGURE all of them are measured\n\
    --quick      fewer samples and smaller homes\n\
    --json       one JSON array of all rows on standard output; the lines for people go to standard error\n\
    --check      exit code 1 where a limit is missed\n\
    --bin DIR    where homey-panel and homey-sim are; else beside this program";

type Measure = fn(&Bench, &mut Report) -> Result<()>;

/// Name, what it is, and how it is measured.
const FIGURES: [(&str, &str, Measure); 11] = [
    (
        "memory",
        "peak and steady memory by size of the home and coding of its list",
        memory::run,
    ),
    (
        "cpu",
        "processor time and instructions per poll beside curl and jq",
        cpu::run,
    ),
    (
        "press",
        "press to acknowledgement and to the first byte of its command, in every state of the poll; V3",
        press::v3,
    ),
    ("press-v2", "the same towards a V2 hub", press::v2),
    (
        "press-list",
        "the same while a list of 10,000 devices comes in and is decoded",
        press::decoding,
    ),
    (
        "reconnect",
        "the same where the connection is gone, and behind a command that is never answered",
        press::hard,
    ),
    (
        "renew",
        "the same while the session is renewed again and again, and memory over that",
        press::renew,
    ),
    (
        "start",
        "start to inputs live, and to everything shown",
        start::run,
    ),
    (
        "idle",
        "wake-ups of a panel that nobody touches, against its cadence",
        idle::run,
    ),
    (
        "cycle",
        "bytes and requests per poll cycle, both ways of reading, both dialects",
        cycle::run,
    ),
    (
        "growth",
        "memory, and processor time per press and per poll, as bindings grow",
        growth::run,
    ),
];

struct Args {
    quick: bool,
    json: bool,
    check: bool,
    folder: Option<PathBuf>,
    chosen: Vec<(&'static str, Measure)>,
}

fn args() -> std::result::Result<Option<Args>, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value, ValueExt};
    let mut args = Args {
        quick: false,
        json: false,
        check: false,
        folder: None,
        chosen: Vec::new(),
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("quick") => args.quick = true,
            Long("json") => args.json = true,
            Long("check") => args.check = true,
            Long("bin") => args.folder = Some(parser.value()?.into()),
            Long("list") => {
                for (name, what, _) in FIGURES {
                    println!("{name:10} {what}");
                }
                return Ok(None);
            }
            Long("help") | Short('h') => {
                println!("{USAGE}");
                return Ok(None);
            }
            Value(name) => {
                let name = name.string()?;
                let found = FIGURES.iter().find(|(known, ..)| *known == name);
                let (name, _, measure) = found.ok_or(format!("no figure is called {name}"))?;
                args.chosen.push((name, *measure));
            }
            other => return Err(other.unexpected()),
        }
    }
    if args.chosen.is_empty() {
        args.chosen = FIGURES.map(|(name, _, measure)| (name, measure)).into();
    }
    Ok(Some(args))
}

fn main() -> ExitCode {
    let args = match args() {
        Ok(Some(args)) => args,
        Ok(None) => return ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("homey-bench: {e}\n{USAGE}");
            return ExitCode::from(64);
        }
    };
    let bench = match binaries(args.folder.as_deref()) {
        Ok((panel, sim)) => Bench {
            panel,
            sim,
            quick: args.quick,
        },
        Err(e) => {
            eprintln!("homey-bench: {e}");
            return ExitCode::from(69);
        }
    };
    let mut report = Report::new(args.json);
    for (name, measure) in args.chosen {
        if let Err(e) = measure(&bench, &mut report) {
            report.add(Row::failed(name, &e));
        }
    }
    report.end();
    let (missed, broken) = (report.missed(), report.broken());
    if broken > 0 || (args.check && missed > 0) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
