// SPDX-License-Identifier: MIT OR Apache-2.0
//! homey-days [--session] [--days N] [--seed N] [--binaries DIR] [--verbose]
//!
//! A month of a panel's life in virtual time: the real program under `tests/shim`, the simulated hub over real TLS,
//! presses and changes at random times, hub, router and panel that go away and come back, clocks that are set. Checks all
//! along what has to hold, and prints one table. With `--session` the panel is logged in, in place of an API key, and its
//! session is renewed in the simulated cloud, which goes away, too. The programs and the library are taken from DIR, or from beside this program.

mod acts;
mod clock;
mod dice;
mod home;
mod kinds;
mod ledger;
mod month;
mod session;
mod table;
mod talk;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use month::Month;

struct Args {
    days: u64,
    seed: u64,
    binaries: Option<PathBuf>,
    verbose: bool,
    session: bool,
}

fn args() -> Result<Args, String> {
    let mut args = Args {
        days: 30,
        seed: 1,
        binaries: None,
        verbose: false,
        session: false,
    };
    let mut given = std::env::args().skip(1);
    while let Some(option) = given.next() {
        let mut value = || {
            given
                .next()
                .ok_or_else(|| format!("{option}: expected a value"))
        };
        let number = |text: String| text.parse::<u64>().map_err(|e| format!("{text}: {e}"));
        match option.as_str() {
            "--days" => args.days = number(value()?)?.max(1),
            "--seed" => args.seed = number(value()?)?,
            "--binaries" => args.binaries = Some(value()?.into()),
            "--verbose" => args.verbose = true,
            "--session" => args.session = true,
            other => return Err(format!("unknown argument {other}")),
        }
    }
    Ok(args)
}

fn main() -> ExitCode {
    let args = match args() {
        Ok(args) => args,
        Err(why) => {
            eprintln!("homey-days: {why}");
            return ExitCode::from(64);
        }
    };
    let began = Instant::now();
    let month = Month::new(
        args.binaries.as_deref(),
        args.session,
        args.seed,
        args.verbose,
    );
    let mut month = match month {
        Ok(month) => month,
        Err(why) => {
            eprintln!("homey-days: {why}");
            return ExitCode::FAILURE;
        }
    };
    let done = month
        .run(args.days)
        .and_then(|()| month.ledger.balance())
        .and_then(|()| table::flat(&month.samples))
        .and_then(|()| match args.session {
            true => month.renewals(args.days).map(Some),
            false => Ok(None),
        });
    table::print(&month, args.days, args.seed, began.elapsed());
    match done {
        Ok(told) => {
            told.iter().for_each(|told| println!("{told}"));
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("homey-days: {why}");
            ExitCode::FAILURE
        }
    }
}
