// SPDX-License-Identifier: MIT OR Apache-2.0
//! A month: when something happens, and what has to hold all along and after each of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use homey_rig::Result;
use serde_json::{Value, json};

use crate::clock::{DAY, HOUR, MILLI, MINUTE, Nanos, SECOND};
use crate::dice::Dice;
use crate::home::{BUTTONS, Home, IDLE, LIFE};
use crate::kinds::{Act, OFTEN, Row, SESSION, Sample, name};
use crate::ledger::{Deed, Ledger};
use crate::session::Sums;
use crate::talk::Talk;

/// A fault has to be over for the panel, too, after so much time (N13, N14).
const RECOVERY: Nanos = 15 * SECOND;

/// After a press: its life, a command's deadline, and a look that follows it.
const SETTLED: Nanos = 12 * SECOND;

/// A month under way.
pub struct Month {
    pub home: Home,
    pub ledger: Ledger,
    pub talk: Talk,
    pub rows: BTreeMap<Act, Row>,
    pub samples: Vec<Sample>,
    pub requests: u64,
    pub clock_states: u64,
    pub sums: Sums,
    pub dice: Dice,
    /// Which panel it is, and since when.
    panel: (u32, Nanos),
    pub began: Nanos,
    tell: bool,
}

impl Month {
    pub fn new(folder: Option<&Path>, session: bool, seed: u64, tell: bool) -> Result<Month> {
        let home = Home::new(folder, session)?;
        let began = home.clock.now();
        Ok(Month {
            home,
            ledger: Ledger::default(),
            talk: Talk::default(),
            rows: BTreeMap::new(),
            samples: Vec::new(),
            requests: 0,
            clock_states: 0,
            sums: Sums::default(),
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
    pub fn when(&self) -> String {
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
        let session = SESSION.into_iter().filter(|_| self.home.hands.is_some());
        for (act, often, _) in OFTEN.into_iter().chain(session) {
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
        // In steps, so that hub and cloud know the hour.
        while self.home.clock.now() < at {
            let left = at - self.home.clock.now();
            let step = self.home.hands.as_ref().map_or(left, |_| 15 * MINUTE);
            self.home.go(left.min(step))?;
            self.home.keep_time()?;
        }
        // Between two acts nothing is wrong, so nothing is to be said.
        self.hear()?;
        self.talk.nothing_new(&mut self.home)
    }

    /// Takes in what the panel has said and the hub has done.
    pub fn hear(&mut self) -> Result<()> {
        for (control, word) in self.talk.words(&mut self.home) {
            self.ledger.word(&control, &word)?;
        }
        Ok(())
    }

    /// What the hub has done since the last look.
    pub fn deeds(&mut self) -> Result<()> {
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
                let shown = deed["time_ms"].as_u64().unwrap_or(0);
                let hands = self.home.hands.as_ref();
                let real = hands.map_or(shown, |hands| hands.real(shown)) * MILLI;
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
    pub fn settle(&mut self) -> Result<()> {
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

    pub fn press(&mut self, (control, _, does): (&str, &str, &str)) -> Result<()> {
        self.ledger.press(control, does, self.home.clock.now());
        self.home.panel()?.tap(control)?;
        self.home.go(MILLI)
    }

    /// Different buttons, one after the other.
    pub fn burst(&mut self, most: u64) -> Result<u64> {
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
    pub fn recover(&mut self, what: &str, from: Nanos) -> Result<Nanos> {
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
    pub fn truthful(&mut self) -> Result<()> {
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

    pub fn start(&mut self) -> Result<()> {
        self.home.start()?;
        self.talk.another_panel();
        self.ledger.of_this_panel = 0;
        self.panel = (self.panel.0 + 1, self.home.clock.now());
        Ok(())
    }

    pub fn stop_panel(&mut self) -> Result<()> {
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
    pub fn stretch(&mut self) -> Result<()> {
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
    pub fn after(&mut self, act: Act) -> Result<()> {
        let took = self.recover(name(act), 0)?;
        self.rows.entry(act).or_default().recoveries.push(took);
        self.settle()?;
        self.truthful()?;
        self.talk.explained(&mut self.home, act)
    }

    /// While something is wrong: hands do not know it. Answers how many presses there were.
    pub fn meanwhile(&mut self, time: Nanos) -> Result<u64> {
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
}
