// SPDX-License-Identifier: MIT OR Apache-2.0
//! Scenario runs of `homey-panel` against the simulated hub, through every fault that it has.
//!
//! Each scenario prints one table and names every promise that was broken. `scripts/soak` builds what it needs and runs it.
//! It knows what the documents promise; it never learns what to expect from what it sees.

mod dice;
mod explain;
mod house;
mod matrix;
mod polls;
mod presses;
mod reconnects;
mod reloads;
mod report;
mod tier;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use homey_rig::{Result, binaries};
use house::Programs;
use report::Report;
use tier::Tier;

const USAGE: &str = "usage: homey-soak [--tier ci|full] [--bin DIR] [--only PART] [SCENARIO...]\n\
    scenarios: matrix presses polls reconnects reloads; none: all of them\n\
    --bin DIR    where homey-panel and homey-sim are; else beside this program\n\
    --only PART  of the matrix, the rows whose fault or phase has PART in it";

type Scenario = fn(&Programs, &Tier) -> Result<Report>;

const SCENARIOS: [(&str, Scenario); 5] = [
    ("matrix", matrix::run),
    ("presses", presses::run),
    ("polls", polls::run),
    ("reconnects", reconnects::run),
    ("reloads", reloads::run),
];

struct Args {
    tier: Tier,
    folder: Option<PathBuf>,
    chosen: Vec<(&'static str, Scenario)>,
}

fn args() -> std::result::Result<Option<Args>, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value, ValueExt};
    let mut args = Args {
        tier: tier::CI,
        folder: None,
        chosen: Vec::new(),
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("tier") => {
                args.tier = match parser.value()?.string()?.as_str() {
                    "ci" => tier::CI,
                    "full" => tier::FULL,
                    other => return Err(format!("no tier is called {other}: ci or full").into()),
                }
            }
            Long("bin") => args.folder = Some(parser.value()?.into()),
            Long("only") => args.tier.only = Some(parser.value()?.string()?.leak()),
            Long("help") | Short('h') => return Ok(None),
            Value(name) => {
                let name = name.string()?;
                let found = SCENARIOS.iter().find(|(known, _)| *known == name);
                args.chosen
                    .push(*found.ok_or(format!("no scenario is called {name}"))?);
            }
            other => return Err(other.unexpected()),
        }
    }
    if args.chosen.is_empty() {
        args.chosen = SCENARIOS.to_vec();
    }
    Ok(Some(args))
}

fn main() -> ExitCode {
    let args = match args() {
        Ok(Some(args)) => args,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(e) => {
            eprintln!("homey-soak: {e}\n{USAGE}");
            return ExitCode::from(64);
        }
    };
    let programs = match binaries(args.folder.as_deref()) {
        Ok((panel, sim)) => Programs { panel, sim },
        Err(e) => {
            eprintln!("homey-soak: {e}");
            return ExitCode::from(69);
        }
    };
    let mut broken = 0;
    for (name, scenario) in args.chosen {
        println!("== {name} ({})", args.tier.name);
        let began = Instant::now();
        let report = scenario(&programs, &args.tier).unwrap_or_else(|e| Report {
            broken: vec![e],
            ..Report::default()
        });
        print!("{}", report.table);
        for line in &report.broken {
            println!("BROKEN {line}");
        }
        println!(
            "== {name}: {} broken, {} s\n",
            report.broken.len(),
            began.elapsed().as_secs()
        );
        broken += report.broken.len();
    }
    println!("{broken} promises broken");
    if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
