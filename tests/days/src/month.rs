// SPDX-License-Identifier: MIT OR Apache-2.0
//! What happens in a month, when, and what has to hold all along.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use homey_rig::Result;
use serde_json::{Value, json};

use crate::clock::{DAY, HOUR, MILLI, MINUTE, Nanos, SECOND, layout};
use crate::dice::Dice;
use crate::home::{BUTTONS, DOOR, Home, IDLE, LIFE, START, WHEEL};
use crate::ledger::{Deed, Ledger};
use crate::talk::Talk;

/// A fault has to be over for the panel, too, after so much time (N13, N14).
const RECOVERY: Nanos = 15 * SECOND;

/// After a press: its life, a command's deadline, and a look that follows it.
const SETTLED: Nanos = 12 * SECOND;

/// What happens.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Act {
    Press,
    Burst,
    SameButton,
    Hold,
    Turns,
    OtherApp,
    WallStep,
    StepInHold,
    StepInPoll,
    HubRestart,
    HubPower,
    HubFreeze,
    Router,
    HousePower,
    PanelKill,
    PanelNoClock,
    PanelStop,
}

/// How often each happens in thirty days, and what it is called.
const OFTEN: [(Act, u64, &str); 17] = [
    (Act::Press, 180, "press"),
    (Act::Burst, 45, "burst on several buttons"),
    (Act::SameButton, 20, "burst on one button"),
    (Act::Hold, 30, "hold"),
    (Act::Turns, 30, "knob turned"),
    (Act::OtherApp, 90, "value changed by another app"),
    (Act::WallStep, 12, "wall clock stepped"),
    (Act::StepInHold, 8, "stepped during a hold"),
    (Act::StepInPoll, 8, "stepped during a poll"),
    (Act::HubRestart, 14, "hub restarts, with boot phases"),
    (Act::HubPower, 8, "hub loses its power"),
    (Act::HubFreeze, 8, "hub freezes"),
    (Act::Router, 14, "router reboots"),
    (Act::HousePower, 3, "power cut in the house"),
    (Act::PanelKill, 3, "panel killed and started"),
    (Act::PanelNoClock, 3, "panel starts in 1970"),
    (Act::PanelStop, 2, "panel stopped and started"),
];

/// What came of all of one kind.
#[derive(Clone, Default)]
pub struct Row {
    pub times: u64,
    pub presses: u64,
    pub recoveries: Vec<Nanos>,
}

/// What a panel costs at the end of a day.
#[derive(Copy, Clone, Debug)]
pub struct Sample {
    /// Which one since the start of the month.
    pub panel: u32,
    /// In days.
    pub age: u64,
    /// Memory of its own.
    pub kib: u64,
    /// Connections.
    pub sockets: usize,
    /// Other descriptors.
    pub others: usize,
}

/// A month under way.
pub struct Month {
    pub home: Home,
    pub ledger: Ledger,
    pub talk: Talk,
    pub rows: BTreeMap<Act, Row>,
    pub samples: Vec<Sample>,
    pub requests: u64,
    pub clock_states: u64,
    dice: Dice,
    /// Which panel it is, and since when.
    panel: (u32, Nanos),
    began: Nanos,
    tell: bool,
}

pub fn name(act: Act) -> &'static str {
    OFTEN.iter().find(|o| o.0 == act).map_or("", |o| o.2)
}

impl Month {
    pub fn new(folder: Option<&Path>, seed: u64, tell: bool) -> Result<Month> {
        let home = Home::new(folder)?;
        let began = home.clock.now();
        Ok(Month {
            home,
            ledger: Ledger::default(),
            talk: Talk::default(),
            rows: BTreeMap::new(),
            samples: Vec::new(),
            requests: 0,
            clock_states: 0,
            dice: Dice::new(seed),
            panel: (0, began),
            began,
            tell,
        })
    }

    /// `days` days.
    pub fn run(&mut self, days: u64) -> Result<()> {
        self.start()?;
        self.recover("start", 0)?;
        self.stretch()?;
        self.talk.explained(&mut self.home, Act::Press)?;
        for (at, act) in self.calendar(days) {
            let midnight = |now: Nanos, began: Nanos| (now - began) / DAY;
            while midnight(at.max(self.home.clock.now()), self.began) > self.samples.len() as u64 {
                self.until(self.began + (self.samples.len() as u64 + 1) * DAY)?;
                self.sample()?;
            }
            self.until(at)?;
            let told = self.when();
            if self.tell {
                eprintln!("{told} {act:?}");
            }
            self.act(act)
                .map_err(|why| format!("{told}, {}: {why}", name(act)))?;
        }
        while (self.samples.len() as u64) < days {
            self.until(self.began + (self.samples.len() as u64 + 1) * DAY)?;
            self.sample()?;
        }
        self.stop_panel()
    }

    /// The day and the time of day.
    fn when(&self) -> String {
        let since = self.home.clock.now() - self.began;
        let (day, rest) = (since / DAY + 1, since % DAY);
        format!(
            "day {day} {:02}:{:02}:{:02}",
            rest / HOUR,
            rest % HOUR / MINUTE,
            rest % MINUTE / SECOND
        )
    }

    fn calendar(&mut self, days: u64) -> Vec<(Nanos, Act)> {
        let mut all = Vec::new();
        for (act, often, _) in OFTEN {
            // Panels start anew in the first third only, so that one of them lives through the rest of the month.
            let lasting = matches!(
                act,
                Act::PanelKill | Act::PanelNoClock | Act::PanelStop | Act::HousePower
            );
            let span = if lasting { days * DAY / 3 } else { days * DAY };
            for _ in 0..(often * days).div_ceil(30) {
                all.push((
                    self.began + HOUR + self.dice.below((span - 3 * HOUR) / MILLI) * MILLI,
                    act,
                ));
            }
        }
        all.sort();
        all
    }

    fn until(&mut self, at: Nanos) -> Result<()> {
        let now = self.home.clock.now();
        if at > now {
            self.home.go(at - now)?;
        }
        // Between two acts nothing is wrong, so nothing is to be said.
        self.hear()?;
        self.talk.nothing_new(&mut self.home)
    }

    /// Takes in what the panel has said and the hub has done.
    fn hear(&mut self) -> Result<()> {
        for (control, word) in self.talk.words(&mut self.home) {
            self.ledger.word(&control, &word)?;
        }
        Ok(())
    }

    /// What the hub has done since the last look.
    fn deeds(&mut self) -> Result<()> {
        let counted = self.home.counted()?;
        self.requests += counted["requests"].as_u64().unwrap_or(0);
        let list = |key: &str| counted[key].as_array().cloned().unwrap_or_default();
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let done = |v: &&Value| v["outcome"] == "ok";
        let mut deeds = Vec::new();
        for (key, one_shot) in [("writes", false), ("starts", true)] {
            for deed in list(key).iter().filter(done) {
                let mut does = text(&deed["name"]);
                if !one_shot {
                    does = format!("{does} {}", text(&deed["capability"]));
                }
                let real = deed["time_ms"].as_u64().unwrap_or(0) * MILLI;
                let clock = &self.home.clock;
                let at = (clock.at_real(real), clock.at_real(real + MILLI - 1));
                deeds.push(Deed { does, at, one_shot });
            }
        }
        deeds.sort_by_key(|deed| deed.at);
        for deed in deeds {
            self.ledger.deed(&deed, LIFE)?;
        }
        Ok(())
    }

    /// Lets what was pressed come to its end, and checks it.
    fn settle(&mut self) -> Result<()> {
        self.home.go(SETTLED)?;
        let began = Instant::now();
        loop {
            self.hear()?;
            if self.ledger.waiting().is_empty() || began.elapsed() > Duration::from_millis(500) {
                break;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        self.deeds()?;
        let story = |m: &mut Month| m.home.panel().map(|p| p.story()).unwrap_or_default();
        self.ledger
            .close()
            .map_err(|why| format!("{why}\n{}", story(self)))
    }

    fn press(&mut self, (control, _, does): (&str, &str, &str)) -> Result<()> {
        self.ledger.press(control, does, self.home.clock.now());
        self.home.panel()?.tap(control)?;
        self.home.go(MILLI)
    }

    /// Different buttons, one after the other.
    fn burst(&mut self, most: u64) -> Result<u64> {
        let mut all = BUTTONS;
        self.dice.shuffle(&mut all);
        let count = self.dice.between(2, most.max(2)) as usize;
        for button in all.iter().take(count) {
            self.press(*button)?;
            let pause = self.dice.below(400) * MILLI;
            self.home.go(pause)?;
        }
        Ok(count as u64)
    }

    /// Waits for the panel to be ready again.
    fn recover(&mut self, what: &str, from: Nanos) -> Result<Nanos> {
        let from = if from == 0 {
            self.home.clock.now()
        } else {
            from
        };
        loop {
            self.home.go(SECOND / 4)?;
            let took = self.home.clock.now() - from;
            let late = took >= RECOVERY;
            let ready = if late {
                self.home.soon(|h| h.link() == "ready")
            } else {
                self.home.link() == "ready"
            };
            if ready {
                return Ok(took);
            }
            if late {
                let story = self.home.panel()?.story();
                return Err(format!(
                    "not ready {} s after {what}\n{story}",
                    took / SECOND
                ));
            }
        }
    }

    /// Lamps show what the hub has, at the latest after one poll.
    fn truthful(&mut self) -> Result<()> {
        self.home.go(IDLE + 5 * SECOND)?;
        if self
            .home
            .soon(|home| home.lies().is_ok_and(|lies| lies.is_empty()))
        {
            return Ok(());
        }
        let lies = self.home.lies()?;
        Err(format!("{lies:?}\n{}", self.home.panel()?.story()))
    }

    fn start(&mut self) -> Result<()> {
        self.home.start()?;
        self.talk.another_panel();
        self.ledger.of_this_panel = 0;
        self.panel = (self.panel.0 + 1, self.home.clock.now());
        Ok(())
    }

    fn stop_panel(&mut self) -> Result<()> {
        self.hear()?;
        let wanted = format!("stopped; {} pressed: ", self.ledger.of_this_panel);
        // Ending, it waits for replies, so time has to go on.
        let at = self.home.clock.now() + MINUTE;
        self.home
            .clock
            .shared()
            .limit
            .store(at, std::sync::atomic::Ordering::SeqCst);
        let panel = self.home.panel()?;
        let tally = panel.stop(Duration::from_secs(10))?;
        if !tally.contains(&wanted) || !tally.contains(" 0 open") {
            return Err(format!(
                "the panel counted {tally:?}, and it was {wanted:?}\n{}",
                panel.story()
            ));
        }
        self.home.cut_panel();
        Ok(())
    }

    /// End of a day: what the panel costs.
    fn sample(&mut self) -> Result<()> {
        let (number, since) = self.panel;
        let age = (self.home.clock.now() - since) / DAY;
        let process = self.home.panel()?.process();
        // Not VmRSS: pages of the clock's file count there, and it is written to with every advance.
        let status = process.file("status");
        let anon = status.lines().find_map(|l| l.strip_prefix("RssAnon:"));
        let kib = anon.and_then(|l| l.split_whitespace().next()?.parse().ok());
        let kib = kib.ok_or("the kernel does not tell RssAnon")?;
        let links = std::fs::read_dir(format!("/proc/{}/fd", process.pid()));
        let links = links.map_err(|e| format!("descriptors: {e}"))?.flatten();
        let links = links.filter_map(|entry| std::fs::read_link(entry.path()).ok());
        let (sockets, others): (Vec<_>, Vec<_>) =
            links.partition(|link| link.to_string_lossy().starts_with("socket:"));
        let sample = Sample {
            panel: number,
            age,
            kib,
            sockets: sockets.len(),
            others: others.len(),
        };
        if self.tell {
            eprintln!("{sample:?} {others:?}");
        }
        self.samples.push(sample);
        Ok(())
    }

    /// All connections of the panel in their handshake at once, commands on each: the most that it ever needs at a time, so
    /// that memory is compared with that and not with a quiet day's.
    fn stretch(&mut self) -> Result<()> {
        self.deeds()?;
        self.home.sim.post("cut", &json!({}))?;
        self.home.freeze_hub(true)?;
        for button in [BUTTONS[0], BUTTONS[2], BUTTONS[3], BUTTONS[5], BUTTONS[6]] {
            self.press(button)?;
        }
        self.home.go(SECOND)?;
        self.home.freeze_hub(false)?;
        self.recover("a stretch", 0)?;
        self.settle()
    }

    /// Something was wrong and is over: the panel gets well, says the truth, and explains itself.
    fn after(&mut self, act: Act) -> Result<()> {
        let took = self.recover(name(act), 0)?;
        self.rows.entry(act).or_default().recoveries.push(took);
        self.settle()?;
        self.truthful()?;
        self.talk.explained(&mut self.home, act)
    }

    /// While something is wrong: hands do not know it. Answers how many presses there were.
    fn meanwhile(&mut self, time: Nanos) -> Result<u64> {
        let end = self.home.clock.now() + time;
        let mut presses = 0;
        if self.dice.below(3) > 0 {
            let early = self.dice.below(time / 2 / MILLI) * MILLI;
            self.home.go(early.max(MILLI))?;
            presses = self.burst(4)?;
        }
        let left = end.saturating_sub(self.home.clock.now());
        self.home.go(left.max(MILLI))?;
        if presses > 0 && self.dice.below(2) == 0 {
            // And just before the end, on buttons that are at rest.
            let used: Vec<String> = self
                .ledger
                .waiting()
                .iter()
                .map(|p| p.control.clone())
                .collect();
            self.hear()?;
            if let Some(button) = BUTTONS.iter().find(|b| !used.iter().any(|u| u == b.0)) {
                self.press(*button)?;
                presses += 1;
            }
        }
        Ok(presses)
    }

    fn act(&mut self, act: Act) -> Result<()> {
        let presses = self.happen(act)?;
        let row = self.rows.entry(act).or_default();
        row.times += 1;
        row.presses += presses;
        Ok(())
    }

    fn happen(&mut self, act: Act) -> Result<u64> {
        match act {
            Act::Press => {
                let button = *self.dice.one_of(&BUTTONS);
                self.press(button)?;
                self.settle()?;
                Ok(1)
            }
            Act::Burst => {
                let presses = self.burst(8)?;
                self.settle()?;
                Ok(presses)
            }
            Act::SameButton => self.same_button(),
            Act::Hold => self.hold(0),
            Act::StepInHold => {
                let step = *self.dice.one_of(&[3600, -3600, 315_360_000, -315_360_000]);
                self.hold(step)?;
                self.home.clock.step_wall(-step);
                self.talk.nothing_new(&mut self.home)?;
                Ok(1)
            }
            Act::Turns => self.turns(),
            Act::OtherApp => {
                self.other_app()?;
                self.truthful()?;
                Ok(0)
            }
            Act::WallStep => {
                // The hour of a summer time comes and goes; a clock is set a little.
                for seconds in [3600, -3600, 1, -1] {
                    self.home.clock.step_wall(seconds);
                    let time = self.dice.between(1, 90) * SECOND;
                    self.home.go(time)?;
                    self.talk.nothing_new(&mut self.home)?;
                }
                self.truthful()?;
                Ok(0)
            }
            Act::StepInPoll => self.step_in_poll(),
            Act::HubRestart | Act::HubPower | Act::HubFreeze | Act::Router => {
                let presses = self.outage(act)?;
                self.after(act)?;
                Ok(presses)
            }
            Act::HousePower | Act::PanelKill | Act::PanelNoClock | Act::PanelStop => {
                let presses = self.panel_anew(act)?;
                self.after(act)?;
                self.stretch()?;
                self.talk.explained(&mut self.home, act)?;
                Ok(presses)
            }
        }
    }

    /// One button again and again: toggles that join while they wait; each has its word all the same.
    fn same_button(&mut self) -> Result<u64> {
        let button = BUTTONS[2];
        let count = self.dice.between(2, 6);
        for _ in 0..count {
            self.ledger
                .press_again(button.0, button.2, self.home.clock.now());
            self.home.panel()?.tap(button.0)?;
            self.home.go(MILLI)?;
            let pause = self.dice.between(20, 400) * MILLI;
            self.home.go(pause)?;
        }
        self.settle()?;
        Ok(count)
    }

    /// A long or a short press of the button with a hold; the wall clock is stepped while it is down.
    fn hold(&mut self, step: i64) -> Result<u64> {
        let long = self.dice.below(2) == 0;
        let time = if long {
            self.dice.between(600, 2000)
        } else {
            self.dice.between(50, 450)
        } * MILLI;
        let down = self.home.clock.now();
        self.home.panel()?.say("{\"press\":\"door\"}")?;
        self.home.go(40 * MILLI)?;
        if step != 0 {
            self.home.clock.step_wall(step);
        }
        self.home.go(time - 40 * MILLI)?;
        // A hold counts from when it is one, a press of such a button from when it comes up.
        let hold = 500 * MILLI;
        let (does, at) = if long {
            (DOOR.2, down + hold)
        } else {
            (DOOR.1, down + time)
        };
        self.ledger.press(DOOR.0, does, at);
        self.home.panel()?.say("{\"release\":\"door\"}")?;
        self.settle()?;
        Ok(1)
    }

    fn turns(&mut self) -> Result<u64> {
        let count = self.dice.between(1, 8);
        for _ in 0..count {
            let by = *self.dice.one_of(&[-3, -2, -1, 1, 2, 3]);
            self.ledger
                .press_again(WHEEL.0, WHEEL.1, self.home.clock.now());
            self.home
                .panel()?
                .say(&format!("{{\"turn\":\"wheel\",\"by\":{by}}}"))?;
            self.home.go(MILLI)?;
            let pause = self.dice.below(300) * MILLI;
            self.home.go(pause)?;
        }
        self.settle()?;
        Ok(count)
    }

    fn other_app(&mut self) -> Result<()> {
        let chance = self.dice.below(100);
        let (device, capability, value) = match self.dice.below(4) {
            0 => ("Office/Desk light", "onoff", json!(chance < 50)),
            1 => ("Kitchen/Worktop light", "onoff", json!(chance < 50)),
            2 => (
                "Office/Heater",
                "target_temperature",
                json!(5.0 + (chance % 40) as f64 / 2.0),
            ),
            _ => ("Hall/Motion sensor", "alarm_motion", json!(chance < 50)),
        };
        self.home.sim.set(device, capability, value)
    }

    /// The hub takes its time for a reply, and the wall clock is set meanwhile.
    fn step_in_poll(&mut self) -> Result<u64> {
        let step = *self.dice.one_of(&[3600, -3600]);
        let real = 40;
        let stall = json!({"kind": "stall", "phase": "head", "path_prefix": "/api/manager/devices", "method": "GET",
                           "ms": real, "times": 1});
        self.home.sim.post("fault", &stall)?;
        // Up to the next poll, and into it.
        let waits = self
            .home
            .clock
            .shared()
            .unanswered
            .load(std::sync::atomic::Ordering::SeqCst);
        let end = self.home.clock.now() + IDLE + 5 * SECOND;
        while self
            .home
            .clock
            .shared()
            .unanswered
            .load(std::sync::atomic::Ordering::SeqCst)
            == waits
        {
            if self.home.clock.now() > end {
                return Err("no poll met the stall".into());
            }
            self.home.go(SECOND / 2)?;
        }
        self.home.clock.step_wall(step);
        std::thread::sleep(Duration::from_millis(real));
        self.home.hub_settles();
        self.home.go(SECOND)?;
        self.home.clock.step_wall(-step);
        self.home.sim.post("clear", &json!({}))?;
        self.truthful()?;
        self.talk.nothing_new(&mut self.home)?;
        Ok(0)
    }

    fn outage(&mut self, act: Act) -> Result<u64> {
        self.deeds()?;
        let step = *self.dice.one_of(&[0, 3600, -3600]);
        let presses = match act {
            Act::HubRestart => {
                let (down, boot) = (20, if self.dice.below(3) > 0 { 25 } else { 0 });
                let ask = json!({"down_ms": down, "boot": boot > 0, "boot_ms": boot});
                let began = Instant::now();
                self.home.sim.post("restart", &ask)?;
                let mut presses = 0;
                while began.elapsed() < Duration::from_millis(down + 3 * boot + 5) {
                    presses += self.meanwhile(6 * SECOND)?;
                    self.settle()?;
                    std::thread::sleep(Duration::from_millis(5));
                }
                presses
            }
            Act::HubPower => {
                self.home.network(layout::SILENT);
                self.home.kill_hub();
                let time = self.dice.between(10, 240) * SECOND;
                let presses = self.meanwhile(time)?;
                self.home.revive_hub()?;
                presses
            }
            Act::HubFreeze => {
                self.home.freeze_hub(true)?;
                let time = self.dice.between(3, 60) * SECOND;
                let presses = self.meanwhile(time)?;
                self.ledger.freeze();
                self.home.freeze_hub(false)?;
                self.home.hub_settles();
                presses
            }
            _ => {
                let how = *self
                    .dice
                    .one_of(&[layout::NO_HOST, layout::NO_NETWORK, layout::SILENT]);
                self.home.network(how);
                let time = self.dice.between(60, 180) * SECOND;
                self.meanwhile(time)?
            }
        };
        // While it waits for its next try.
        self.home.clock.step_wall(step);
        self.home.clock.step_wall(-step);
        self.home.repair();
        Ok(presses)
    }

    /// The panel ends in some way and is started again.
    fn panel_anew(&mut self, act: Act) -> Result<u64> {
        let mut presses = 0;
        if act == Act::PanelStop {
            self.stop_panel()?;
        } else {
            // A hub that says nothing leaves presses open.
            let open = self.dice.below(2) == 0;
            if open {
                self.home.freeze_hub(true)?;
                presses = self.burst(4)?;
            }
            self.hear()?;
            self.home.cut_panel();
            self.ledger.kill();
            if open {
                self.ledger.freeze();
                self.home.freeze_hub(false)?;
                self.home.hub_settles();
            }
        }
        let mut wall = 0;
        if matches!(act, Act::PanelNoClock | Act::HousePower) {
            wall = START + (self.home.clock.now() - self.began) / SECOND;
            self.home.clock.set_wall(20);
        }
        self.deeds()?;
        if act == Act::HousePower {
            self.home.network(layout::NO_HOST);
            self.home.kill_hub();
        }
        let dark = self.dice.between(3, 20) * SECOND;
        self.home.go(dark)?;
        self.start()?;
        if act == Act::HousePower {
            let router = self.dice.between(60, 180) * SECOND;
            presses += self.meanwhile(router)?;
            self.home.repair();
            let hub = self.dice.between(60, 400) * SECOND;
            presses += self.meanwhile(hub)?;
            self.home.revive_hub()?;
        }
        if wall > 0 {
            let unset = self.dice.between(20, 90) * SECOND;
            presses += self.meanwhile(unset)?;
            if !self.home.soon(|home| home.link() == "clock") {
                return Err(format!(
                    "not in state clock\n{}",
                    self.home.panel()?.story()
                ));
            }
            self.clock_states += 1;
            self.home.clock.set_wall(wall);
        }
        Ok(presses)
    }
}
