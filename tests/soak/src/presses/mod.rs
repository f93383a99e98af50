// SPDX-License-Identifier: MIT OR Apache-2.0
//! Presses through a hub that is down, stalled or reset a third of the time: every one ends in one word, nothing is done
//! twice or late.

mod audit;
mod outages;
mod targets;

use std::time::{Duration, Instant, SystemTime};

use homey_rig::{Result, SOON};
use serde_json::Value;

use crate::dice::Dice;
use crate::house::{House, Programs, side_by_side};
use crate::report::{Report, table};
use crate::tier::Tier;
use audit::{Audit, WORDS};
use outages::Outages;
use targets::{TARGETS, TURNED};

/// One press from the hand to its word.
pub struct Press {
    pub target: usize,
    /// This machine's clock, in milliseconds.
    pub at: u64,
    pub said: Instant,
    /// How long until the panel acknowledged it, or ended it.
    pub taken: Option<Duration>,
    pub word: Option<String>,
}

/// Everything that happened in one house.
pub struct Story {
    pub presses: Vec<Press>,
    pub counters: Value,
    pub tally: String,
    /// When the hub could not do what had arrived: from and to, in milliseconds of this machine's clock.
    pub frozen: Vec<(u64, u64)>,
    /// When anything was wrong, the same way.
    pub ill: Vec<(u64, u64)>,
    /// The share of the time in which something was wrong.
    pub wrong: f64,
}

/// This machine's clock in milliseconds, which is the simulator's, too.
pub fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

pub fn run(programs: &Programs, tier: &Tier) -> Result<Report> {
    let houses = tier.press_houses;
    let each = tier.presses.div_ceil(houses);
    let stories = side_by_side(houses, |n| story(programs, tier, each, n as u64 + 1))?;
    let mut audit = Audit::default();
    for story in &stories {
        audit.add(story, tier);
    }
    let mut report = Report::default();
    let mut rows = Vec::new();
    for (at, target) in TARGETS.iter().enumerate() {
        rows.push(audit.row(target.done, Some(at)));
    }
    rows.push(audit.row("all", None));
    let mut heads = vec!["target", "pressed"];
    heads.extend(WORDS);
    heads.extend(["executed", "sent again"]);
    report.table = table(&heads, &rows);
    report.table.push_str(&audit.summary(tier));
    let wrong = stories.iter().map(|s| s.wrong).sum::<f64>() / stories.len() as f64;
    report.table.push_str(&format!(
        "{houses} houses of {each} presses; down, stalled or reset {:.0} % of the time\n",
        wrong * 100.0
    ));
    report.promise(wrong > 0.25, || {
        format!(
            "something was wrong only {:.0} % of the time",
            wrong * 100.0
        )
    });
    report.broken.append(&mut audit.broken);
    Ok(report)
}

fn story(programs: &Programs, tier: &Tier, count: usize, seed: u64) -> Result<Story> {
    let mut house = House::new(programs, 12, |config| {
        tier.of(targets::bind(config), 200, 200)
    })?;
    let controls = targets::controls();
    let mut dice = Dice::new(seed);
    let mut outages = Outages::new(tier, Dice::new(seed + 1000));
    let mut presses: Vec<Press> = Vec::with_capacity(count);
    // By control: its open press; by target: not to be pressed before.
    let mut open: Vec<Option<usize>> = vec![None; controls.len()];
    let mut rest: Vec<Option<Instant>> = vec![None; TARGETS.len()];
    let mut seen = house.panel.shows.len();
    let began = Instant::now();
    // A press in 200 ms: with a life of 3 s and 5 s for its command never as many are open as a panel takes.
    let mut next = Instant::now();
    while presses.len() < count {
        outages.step(&house)?;
        hear(
            &house,
            &mut seen,
            &controls,
            &mut open,
            &mut presses,
            |target, word, now| {
                // The hub's clock counts milliseconds. And what is unknown may still arrive: only after that is the next deed
                // the next press's.
                let pause = if word == "unknown" {
                    tier.time(12_000)
                } else {
                    Duration::ZERO
                };
                rest[target] = Some(now + Duration::from_millis(3) + pause);
            },
        );
        let now = Instant::now();
        if now < next {
            std::thread::sleep(Duration::from_millis(2).min(next - now));
            continue;
        }
        next = now + tier.time(dice.between(40, 360));
        let at = usize::try_from(dice.below(controls.len() as u64)).unwrap_or(0);
        let (name, target) = &controls[at];
        if open[at].is_some() || rest[*target].is_some_and(|until| now < until) {
            continue;
        }
        let (wall, said) = if *target == TURNED {
            let by = if temperature(&house) > 15.0 { -1 } else { 1 };
            (
                wall_ms(),
                house
                    .panel
                    .say(&format!("{{\"turn\":\"{name}\",\"by\":{by}}}"))?,
            )
        } else {
            (wall_ms(), house.panel.tap(name)?)
        };
        open[at] = Some(presses.len());
        presses.push(Press {
            target: *target,
            at: wall,
            said,
            taken: None,
            word: None,
        });
    }
    let wrong = outages.end(&house)?;
    let share = wrong.as_secs_f64() / began.elapsed().as_secs_f64();
    let patience = Instant::now() + tier.life() + tier.command() * 2 + SOON;
    while open.iter().any(Option::is_some) && Instant::now() < patience {
        hear(
            &house,
            &mut seen,
            &controls,
            &mut open,
            &mut presses,
            |_, _, _| {},
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    house.until_ready("desk", tier.limit(15_000))?;
    let tally = house.panel.stop(SOON)?;
    Ok(Story {
        presses,
        counters: house.sim.counters()?,
        tally,
        frozen: outages.frozen,
        ill: outages.all,
        wrong: share,
    })
}

/// Takes in what the panel has said since.
fn hear(
    house: &House,
    seen: &mut usize,
    controls: &[(String, usize)],
    open: &mut [Option<usize>],
    presses: &mut [Press],
    mut ended: impl FnMut(usize, &str, Instant),
) {
    for said in house.panel.shows.since(*seen) {
        *seen = said.at + 1;
        if !said.line.starts_with("{\"feedback\":") {
            continue;
        }
        let line: Value = serde_json::from_str(&said.line).unwrap_or_default();
        let Some(at) = controls
            .iter()
            .position(|(name, _)| line["feedback"] == **name)
        else {
            continue;
        };
        let Some(press) = open[at].and_then(|n| presses.get_mut(n)) else {
            continue;
        };
        let took = said.when.saturating_duration_since(press.said);
        press.taken = press.taken.or(Some(took));
        let word = line["result"].as_str().unwrap_or_default();
        if word != "taken" {
            press.word = Some(word.to_string());
            open[at] = None;
            ended(controls[at].1, word, said.when);
        }
    }
}

/// What the heater is set to, as the panel shows it.
fn temperature(house: &House) -> f64 {
    let text = house.panel.now("heat")["text"]
        .as_str()
        .unwrap_or_default()
        .to_string();
    let number: String = text
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    number.parse().unwrap_or(15.0)
}
