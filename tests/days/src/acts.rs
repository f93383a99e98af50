// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each thing that happens, from its beginning to where all is well again.

use std::time::{Duration, Instant};

use homey_rig::Result;
use serde_json::json;

use crate::clock::{MILLI, SECOND, layout};
use crate::home::{BUTTONS, DOOR, IDLE, START, WHEEL};
use crate::kinds::Act;
use crate::month::Month;

impl Month {
    /// Lets it happen; how many presses were part of it.
    pub fn happen(&mut self, act: Act) -> Result<u64> {
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
            Act::LostReply => self.lost_reply(),
            Act::SessionEnds | Act::CloudAway | Act::Revoked => {
                let presses = self.session_act(act)?;
                self.talk.explained(&mut self.home, act)?;
                Ok(presses)
            }
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

    /// The hub starts what it is asked to, or does not get to it, and the connection ends without a reply.
    fn lost_reply(&mut self) -> Result<u64> {
        let (done, ends) = (self.dice.below(3) > 0, *self.dice.one_of(&["close", "rst"]));
        let phase = if done { "head" } else { "request" };
        let fault = json!({"kind": ends, "phase": phase, "method": "POST", "times": 1});
        self.home.sim.post("fault", &fault)?;
        let button = BUTTONS[3 + self.dice.below(3) as usize];
        self.press(button)?;
        self.settle()?;
        self.home.sim.post("clear", &json!({}))?;
        self.after(Act::LostReply)?;
        Ok(1)
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
