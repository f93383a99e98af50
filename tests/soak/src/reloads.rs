// SPDX-License-Identifier: MIT OR Apache-2.0
//! SIGHUP over and over, good files and bad ones in turn: a bad one changes nothing, and nothing is left behind.

use std::time::Instant;

use homey_rig::{Result, SOON, has};
use nix::sys::signal::Signal;
use serde_json::json;

use crate::house::{House, Programs};
use crate::report::{Report, table};
use crate::tier::Tier;

/// What memory may have grown by in the end, in KiB.
const GROWTH: u64 = 64;

/// What makes a good file bad, in turn.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("an unknown action", "toggle", "toggel"),
    (
        "a word where a truth value is due",
        "stdio = true",
        "stdio = maybe",
    ),
    ("a number out of its range", "retry_ms = ", "retry_ms = 9"),
    ("a bracket too few", "[trust]", "[trust"),
    (
        "a key file that is not there",
        "api_key_file = \"",
        "api_key_file = \"/nowhere",
    ),
    (
        "an authority that is not there",
        "ca_file = \"",
        "ca_file = \"/nowhere",
    ),
    ("an address that is none", "address = \"", "address = \"no "),
    ("nothing at all", "", ""),
];

pub fn run(programs: &Programs, tier: &Tier) -> Result<Report> {
    let mut house = House::new(programs, 12, |config| {
        // After a reload names are looked up at the pace of the oldest hubs, until this one's is known: a press needs its life.
        tier.of(config.light("desk", "Office/Desk light"), 200)
            .also("[timing]\npress_life_ms = 3000")
    })?;
    let plain = house.config.clone();
    let more = plain.clone().light("work", "Kitchen/Worktop light");
    let ghost = plain.clone().light("ghost", "Bedroom/Bedside lamp");
    let began = Instant::now();
    let mut settled = (0, 0);
    let (mut presses, mut worst) = (0, 0);
    let mut report = Report::default();
    let (mut good, mut bad) = (0_usize, 0_usize);
    for round in 1..=tier.reloads {
        let from = house.panel.shows.len();
        let is_good = round % 2 == 0;
        let with_more = round / 2 % 2 == 0;
        let text = if is_good {
            if with_more { more.text() } else { plain.text() }
        } else {
            let (what, good, bad) = MISTAKES[round / 2 % MISTAKES.len()];
            if what == "nothing at all" {
                String::new()
            } else {
                ghost.text().replace(good, bad)
            }
        };
        house.dir.write("panel.toml", &text)?;
        let sent = Instant::now();
        house.panel.process().signal(Signal::SIGHUP)?;
        if is_good {
            good += 1;
            house.panel.link("ready", SOON)?;
            // The second control is there with its file and gone with the other.
            let tap = if with_more { "work" } else { "desk" };
            house.panel.tap(tap)?;
            let ended = house.panel.word(tap, "confirmed", SOON)?;
            presses += 1;
            worst = worst.max((ended - sent).as_millis());
            let refused = unknown(&mut house, if with_more { "ghost" } else { "work" })?;
            report.promise(refused, || {
                format!("reload {round}: a control of another file works")
            });
        } else {
            bad += 1;
            house
                .panel
                .find("not loaded", SOON, |line| line.contains("not loaded"))?;
            house.panel.tap("desk")?;
            house.panel.word("desk", "confirmed", SOON)?;
            presses += 1;
            let refused = unknown(&mut house, "ghost")?;
            report.promise(refused, || format!("reload {round}: a bad file was taken"));
            let links = house.panel.shows.since(from);
            let moved = links.iter().any(|said| said.line.starts_with("{\"link\":"));
            report.promise(!moved, || {
                format!("reload {round}: a bad file moved the connection")
            });
        }
        if round == tier.reloads.div_ceil(10) {
            settled = house.figures();
        }
    }
    let end = house.figures();
    let took = began.elapsed();
    let loaded = house.panel.times_logged("loaded") - house.panel.times_logged("not loaded");
    let tally = house.panel.stop(SOON)?;
    report.promise(loaded == good, || {
        format!("{loaded} files loaded, of {good} good ones")
    });
    report.promise(
        tally.contains(&format!("{presses} pressed: {presses} confirmed")),
        || format!("{presses} presses between the reloads: {tally}"),
    );
    report.promise(end.0 <= settled.0 + GROWTH, || {
        format!("{} KiB resident in the end, {} before", end.0, settled.0)
    });
    report.promise(end.1 == settled.1, || {
        format!("{} descriptors in the end, {} before", end.1, settled.1)
    });
    let heads = [
        "good",
        "bad",
        "presses",
        "KiB settled",
        "KiB end",
        "fds settled",
        "fds end",
        "reload to a press done, worst ms",
        "s",
    ];
    let numbers = [
        good as u64,
        bad as u64,
        presses,
        settled.0,
        end.0,
        settled.1,
        end.1,
        u64::try_from(worst).unwrap_or(u64::MAX),
        took.as_secs(),
    ];
    report.table = table(&heads, &[numbers.iter().map(ToString::to_string).collect()]);
    report
        .table
        .push_str("settled is after a tenth of them; bad files, in turn:");
    for (what, ..) in MISTAKES {
        report.table.push_str(&format!(" {what};"));
    }
    report.table.push('\n');
    Ok(report)
}

/// Whether the panel has no such control.
fn unknown(house: &mut House, name: &str) -> Result<bool> {
    house.panel.tap(name)?;
    let error = json!({"error": "no such control"});
    let wait = |line: &str| has(line, &error) || line.contains(&format!("\"feedback\":\"{name}\""));
    let (_, line) = house.panel.find("an answer", SOON, wait)?;
    Ok(has(&line, &error))
}
