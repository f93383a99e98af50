// SPDX-License-Identifier: MIT OR Apache-2.0
//! One row of the matrix, tried: the fault is made, looked at, pressed through, taken back, and recovered from.

use std::time::{Duration, Instant};

use homey_rig::{Config, Result, SOON};
use serde_json::Value;

use super::cell::{Cell, How, When, rhythm};
use super::making::{inject, met, recover, wait};
use crate::house::{House, Programs};
use crate::tier::Tier;

/// The lamp and its button, the button of a flow, and the connection's LED.
const LAMP: &str = "desk";
const FLOW: &str = "night";
const LED: &str = "net";

/// What was seen of one row.
#[derive(Default)]
pub struct Trial {
    /// Each state that was shown, once, and its LED's rhythm.
    pub link: Vec<String>,
    pub rhythm: Vec<String>,
    pub lamp: Vec<String>,
    pub set: String,
    pub start: String,
    pub acks: Vec<Duration>,
    pub recovery: Option<Duration>,
    pub limit: Duration,
    pub problems: Vec<String>,
}

/// A house that is used for row after row; it is built anew after one that went wrong.
pub struct Bench<'a> {
    programs: &'a Programs,
    tier: &'a Tier,
    house: Option<House>,
    pinned: bool,
}

fn shape(config: Config) -> Config {
    config
        .light(LAMP, "Office/Desk light")
        .control(FLOW, "press = { flow = \"Good night\" }")
        .also(&format!("[[output]]\nname = \"{LED}\"\nshow_link = true"))
}

impl<'a> Bench<'a> {
    pub fn new(programs: &'a Programs, tier: &'a Tier) -> Bench<'a> {
        Bench {
            programs,
            tier,
            house: None,
            pinned: false,
        }
    }

    /// Tries one row.
    pub fn run(&mut self, cell: &Cell) -> Trial {
        let mut trial = Trial {
            limit: self.tier.limit(cell.within) + Duration::from_millis(cell.asked),
            ..Trial::default()
        };
        if let Err(e) = self.attempt(cell, &mut trial) {
            trial.problems.push(e);
        }
        if !trial.problems.is_empty() {
            // What it said, for whoever looks into it.
            if let (Some(house), Ok(folder)) = (&self.house, std::env::var("HOMEY_SOAK_STORIES")) {
                let name = format!("{}-{}", cell.fault, cell.phase).replace([' ', ',', '/'], "_");
                let text = format!("{:?}\n{}", trial.problems, house.panel.story());
                let _ = std::fs::write(format!("{folder}/{name}.txt"), text);
            }
            self.house = None;
        }
        trial
    }

    fn house(&mut self, cell: &Cell) -> Result<&mut House> {
        let fits = self.house.is_some() && self.pinned == cell.pinned;
        match (&mut self.house, fits) {
            (Some(house), true) => house.renew_panel(self.programs)?,
            _ => {
                let tier = self.tier;
                let ms = |ms| {
                    u64::try_from(tier.time(ms).as_millis())
                        .unwrap_or(ms)
                        .max(100)
                };
                self.house = None;
                let mut house = House::new(self.programs, 12, |config| {
                    tier.of(shape(config), ms(1000), ms(5000))
                })?;
                if cell.pinned {
                    let pin = format!("[trust]\npin = \"{}\"", house.sim.word("spki_pin"));
                    house.config = house.config.clone().also(&pin);
                    house.renew_panel(self.programs)?;
                }
                self.house = Some(house);
                self.pinned = cell.pinned;
            }
        }
        self.house.as_mut().ok_or_else(|| "no house".into())
    }

    fn attempt(&mut self, cell: &Cell, trial: &mut Trial) -> Result<()> {
        let tier = self.tier;
        let house = self.house(cell)?;
        house.sim.post("counters/reset", &serde_json::json!({}))?;
        house.until_ready(LAMP, SOON)?;
        // Warm, as it is most of its life.
        press(house, LAMP, SOON, &mut Vec::new())?;
        house.until_ready(LAMP, SOON)?;
        let (from, logged) = (house.panel.shows.len(), house.panel.log.len());
        let began = Instant::now();
        inject(house, cell)?;

        let notice = tier.limit(5000 + 10_000 + 3000) + Duration::from_millis(cell.asked * 2);
        if cell.when == When::Early {
            met(house, cell, notice)?;
            both(house, cell, tier, trial)?;
        }
        if cell.link == "ready" {
            met(house, cell, notice)?;
        } else {
            let line = format!("{{\"link\":\"{}\"}}", cell.link);
            let shown = house.panel.shows.find(from, notice, |l| l == line);
            shown.ok_or_else(|| format!("{} is shown, not {}", house.link(), cell.link))?;
        }
        if cell.when == When::Late {
            let lamp = cell.lamp.last().copied().unwrap_or_default();
            wait(house, notice + tier.time(cell.lasts), |house| {
                house.panel.now(LAMP)["state"] == lamp
            })
            .map_err(|_| format!("the lamp is {}, not {lamp}", house.panel.now(LAMP)["state"]))?;
        }
        if cell.when == When::Late {
            both(house, cell, tier, trial)?;
        }
        while began.elapsed() < tier.time(cell.lasts) {
            std::thread::sleep(Duration::from_millis(5));
        }
        if cell.when == When::Early {
            // What the press left behind is read again before the fault is over, or it is stale.
            let lamp = cell.lamp.last().copied().unwrap_or_default();
            let _ = wait(house, notice, |house| {
                house.panel.now(LAMP)["state"] == lamp
            });
        }
        shown(house, cell, from, trial);
        if cell.quiet && house.panel.log.len() > logged {
            let said = house.panel.log.since(logged).into_iter().map(|s| s.line);
            trial
                .problems
                .push(format!("logged: {}", said.collect::<Vec<_>>().join(" / ")));
        }

        recover(house, cell)?;
        let over = Instant::now();
        if cell.hand {
            house.panel.tap(FLOW)?;
        }
        match house.until_ready(LAMP, trial.limit.max(SOON) + tier.time(75_000)) {
            Ok(_) => trial.recovery = Some(over.elapsed()),
            Err(e) => return Err(e),
        }
        let late = trial.recovery.filter(|took| *took > trial.limit);
        if let Some(took) = late {
            trial
                .problems
                .push(format!("ready again after {} ms", took.as_millis()));
        }
        // It works again, not only says so; a hub that asked for whole seconds gets them.
        std::thread::sleep(Duration::from_millis(cell.asked));
        let mut word = press(house, LAMP, SOON, &mut trial.acks)?;
        if cell.hand {
            // The press that found it may still be under way.
            word = if word == "superseded" {
                press(house, LAMP, SOON, &mut trial.acks)?
            } else {
                word
            };
        }
        while cell.paused && word == "expired" && over.elapsed() < trial.limit {
            word = press(house, LAMP, SOON, &mut trial.acks)?;
        }
        if word != "confirmed" {
            trial.problems.push(format!("a press after it: {word}"));
        }
        Ok(())
    }
}

/// Presses once and waits for the word.
fn press(
    house: &mut House,
    name: &str,
    within: Duration,
    acks: &mut Vec<Duration>,
) -> Result<String> {
    let from = house.panel.shows.len();
    let said = house.panel.tap(name)?;
    let mine = format!("{{\"feedback\":\"{name}\"");
    let first = house
        .panel
        .shows
        .find(from, within, |line| line.starts_with(&mine));
    let Some(first) = first else {
        return Err(format!("a press of {name} was never acknowledged"));
    };
    acks.push(first.when.saturating_duration_since(said));
    let over = |line: &str| line.starts_with(&mine) && !line.contains("\"taken\"");
    let ended = house.panel.shows.find(from, within, over);
    let ended = ended.ok_or_else(|| format!("a press of {name} never ended"))?;
    let line: Value = serde_json::from_str(&ended.line).unwrap_or_default();
    Ok(line["result"].as_str().unwrap_or_default().to_string())
}

/// Both presses, and whether the hub did what their words say.
fn both(house: &mut House, cell: &Cell, tier: &Tier, trial: &mut Trial) -> Result<()> {
    let within = tier.limit(3000 + 5000 + 2000);
    trial.set = press(house, LAMP, within, &mut trial.acks)?;
    trial.start = press(house, FLOW, within, &mut trial.acks)?;
    for (what, word, allowed) in [
        ("toggle", &trial.set, cell.set),
        ("flow", &trial.start, cell.start),
    ] {
        if !allowed.contains(&word.as_str()) {
            trial.problems.push(format!(
                "the {what} ended as {word}, not {}",
                allowed.join(" or ")
            ));
        }
    }
    if matches!(cell.how, How::Frozen | How::Killed) {
        return Ok(());
    }
    let ran = house.sim.starts()?.len();
    let fits = match trial.start.as_str() {
        "confirmed" => ran == 1,
        "unknown" => ran <= 1,
        _ => ran == 0,
    };
    if !fits {
        trial.problems.push(format!(
            "the flow that ended as {} ran {ran} times",
            trial.start
        ));
    }
    Ok(())
}

fn note(trial: &mut Trial, link: &str) {
    if !trial.link.iter().any(|l| l == link) {
        trial.link.push(link.to_string());
        trial.rhythm.push(rhythm(link).to_string());
    }
}

/// What was shown since the fault began: no state that it must not take, and the lamp's conditions in their order.
fn shown(house: &House, cell: &Cell, from: usize, trial: &mut Trial) {
    let mut lamp: Vec<String> = Vec::new();
    let mut now = "ready".to_string();
    if cell.link == "ready" {
        note(trial, "ready");
    }
    for said in house.panel.shows.since(from) {
        let line: Value = serde_json::from_str(&said.line).unwrap_or_default();
        if let Some(link) = line["link"].as_str() {
            now = link.to_string();
            note(trial, link);
            let boots = matches!(cell.how, How::Booting(..) | How::Restart(_));
            // Between down and what it is about, a hub that starts is away and comes up.
            let passing = boots && matches!(link, "no-hub" | "loading");
            let wrong_id = cell.fault == "wrong id" && link == "no-hub";
            if link != cell.link && !cell.also.contains(&link) && !passing && !wrong_id {
                let problem = format!("{link} is shown");
                if !trial.problems.contains(&problem) {
                    trial.problems.push(problem);
                }
            }
        }
        if line["show"] == LED && (line["blink"] != rhythm(&now) || line["on"] != (now == "ready"))
        {
            let problem = format!("{now} is shown as {}", said.line);
            trial.problems.push(problem);
        }
        if line["show"] == LAMP {
            let state = line["state"].as_str().unwrap_or_default().to_string();
            if lamp.last() != Some(&state) {
                lamp.push(state);
            }
        }
    }
    let mut left = lamp.iter();
    let starts_ready = cell.lamp == ["ready"];
    let in_order =
        cell.lamp.iter().all(|state| left.any(|s| s == state)) || starts_ready && lamp.is_empty();
    if !in_order {
        let all = if lamp.is_empty() {
            "ready".to_string()
        } else {
            lamp.join(", ")
        };
        trial
            .problems
            .push(format!("the lamp was {all}, not {}", cell.lamp.join(", ")));
    }
    if starts_ready {
        if let Some(bad) = lamp
            .iter()
            .find(|s| !matches!(s.as_str(), "ready" | "pending"))
        {
            trial.problems.push(format!("the lamp was {bad}"));
        }
    }
    trial.lamp = if lamp.is_empty() {
        vec!["ready".into()]
    } else {
        lamp
    };
    trial.lamp.truncate(6);
}
