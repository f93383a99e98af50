// SPDX-License-Identifier: MIT OR Apache-2.0
//! SIGHUP over and over, good files and bad ones in turn: a bad one changes nothing, and nothing is left behind.

use std::time::Instant;

use homey_rig::{Result, SOON, Sim};
use nix::sys::signal::Signal;

use crate::house::{House, Programs};
use crate::report::{Report, table};
use crate::tier::Tier;

/// What makes a good file bad, in turn.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("an unknown action", "toggle", "toggel"),
    (
        "a word where a truth value is due",
        "stdio = true",
        "stdio = maybe",
    ),
    (
        "a number out of its range",
        "retry_ms = ",
        "retry_ms = 99999",
    ),
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
        // After a reload the names are looked up first: a press has to wait for that.
        tier.of(config.light("desk", "Office/Desk light"), 200, 200)
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
            let (there, gone) = if with_more {
                ("work", "ghost")
            } else {
                ("desk", "work")
            };
            let ended = press(&mut house, there, gone)?;
            presses += 1;
            // It may be done before all else is read.
            let read = |_: &Sim| Ok(house.panel.times_logged("everything read") > good);
            house.sim.until("the state of everything", SOON, read)?;
            worst = worst.max(ended.saturating_duration_since(sent).as_millis());
            let answered = answered(&house, from, gone);
            report.promise(!answered, || {
                format!("reload {round}: a control of another file works")
            });
        } else {
            bad += 1;
            house
                .panel
                .find("not loaded", SOON, |line| line.contains("not loaded"))?;
            press(&mut house, "desk", "ghost")?;
            presses += 1;
            let answered = answered(&house, from, "ghost");
            report.promise(!answered, || {
                format!("reload {round}: a bad file was taken")
            });
            let links = house.panel.shows.since(from);
            let moved = links.iter().any(|said| said.line.starts_with("{\"link\":"));
            report.promise(!moved, || {
                format!("reload {round}: a bad file moved the connection")
            });
        }
        if round == tier.reloads.div_ceil(2) {
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
    report.promise(end.0 <= settled.0 + tier.growth, || {
        format!("{} KiB resident in the end, {} before", end.0, settled.0)
    });
    report.promise(end.1 <= settled.1, || {
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
        .push_str("settled is after half of them; bad files, in turn:");
    for (what, ..) in MISTAKES {
        report.table.push_str(&format!(" {what};"));
    }
    report.table.push('\n');
    Ok(report)
}

/// Presses a control that should not be there, and one that is; when the latter was confirmed.
fn press(house: &mut House, there: &str, gone: &str) -> Result<Instant> {
    house.panel.tap(gone)?;
    house.panel.tap(there)?;
    house.panel.word(there, "confirmed", SOON)
}

/// Whether a press of this control was so much as acknowledged.
fn answered(house: &House, from: usize, name: &str) -> bool {
    let feedback = format!("{{\"feedback\":\"{name}\"");
    let said = house.panel.shows.since(from);
    said.iter().any(|said| said.line.starts_with(&feedback))
}
