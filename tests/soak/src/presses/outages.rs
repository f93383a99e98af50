// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is wrong with the hub, a third of the time.

use std::time::{Duration, Instant};

use homey_rig::Result;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::wall_ms;
use crate::dice::Dice;
use crate::house::House;
use crate::tier::Tier;

const EVERY: &str = "/api/";
const COMMANDS: &str = "PUT";
const STARTS: &str = "POST";

/// A hub that goes from well to ill and back.
pub struct Outages<'a> {
    tier: &'a Tier,
    dice: Dice,
    /// Since when something is wrong, and with what.
    ill: Option<(Instant, Illness)>,
    until: Instant,
    wrong: Duration,
    /// When the hub could not do what had arrived.
    pub frozen: Vec<(u64, u64)>,
    /// When anything was wrong.
    pub all: Vec<(u64, u64)>,
}

#[derive(Clone)]
enum Illness {
    /// Ports closed.
    Down,
    /// The process is stopped: the kernel still takes connections.
    Frozen(u64),
    /// Holds requests before it does them.
    Late(u64),
    /// Something else.
    Fault,
}

impl<'a> Outages<'a> {
    pub fn new(tier: &'a Tier, dice: Dice) -> Outages<'a> {
        Outages {
            tier,
            dice,
            ill: None,
            until: Instant::now() + tier.time(3000),
            wrong: Duration::ZERO,
            frozen: Vec::new(),
            all: Vec::new(),
        }
    }

    /// Changes what is due.
    pub fn step(&mut self, house: &House) -> Result<()> {
        if Instant::now() < self.until {
            return Ok(());
        }
        if self.ill.is_some() {
            return self.recover(house);
        }
        // Long enough for the pauses between two tries to be seen, and half as long as it is well.
        let ms = self.dice.between(1000, 7000);
        let length = self.tier.time(ms);
        let illness = self.fall_ill(house, length)?;
        self.ill = Some((Instant::now(), illness));
        self.until = Instant::now() + length;
        Ok(())
    }

    fn fall_ill(&mut self, house: &House, length: Duration) -> Result<Illness> {
        let ms = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        let fault = |body: Value| house.sim.post("fault", &body).map(|_| Illness::Fault);
        match self.dice.below(14) {
            0 | 1 => {
                house.sim.post("restart", &json!({"down_ms": ms}))?;
                Ok(Illness::Down)
            }
            2 => {
                house.sim.process().signal(Signal::SIGSTOP)?;
                Ok(Illness::Frozen(wall_ms()))
            }
            3 => {
                fault(
                    json!({"kind": "stall", "phase": "request", "path_prefix": EVERY, "ms": ms}),
                )?;
                Ok(Illness::Late(wall_ms()))
            }
            4 => {
                // Connections that stand are cut, new ones hang in their handshake.
                fault(json!({"kind": "stall", "phase": "handshake", "ms": ms}))?;
                house.sim.post("cut", &json!({"rst": true}))?;
                Ok(Illness::Fault)
            }
            5 => fault(json!({"kind": "stall", "phase": "head", "path_prefix": EVERY, "ms": ms})),
            6 => fault(json!({"kind": "stall", "phase": "head", "method": COMMANDS, "ms": ms})),
            7 => fault(json!({"kind": "stall", "phase": "body", "path_prefix": EVERY, "ms": ms})),
            8 => fault(
                json!({"kind": "rst", "phase": "head", "path_prefix": EVERY, "probability": 0.7, "seed": ms}),
            ),
            9 => fault(
                json!({"kind": "rst", "phase": "request", "path_prefix": EVERY, "probability": 0.7, "seed": ms}),
            ),
            10 => fault(json!({"kind": "close", "phase": "head", "method": STARTS})),
            11 => fault(
                json!({"kind": "close", "phase": "body", "path_prefix": EVERY, "probability": 0.7, "seed": ms}),
            ),
            12 => {
                fault(json!({"kind": "rst", "phase": "accept"}))?;
                house.sim.post("cut", &json!({"rst": true}))?;
                Ok(Illness::Fault)
            }
            _ => fault(
                json!({"kind": "status", "code": 500, "executed": true, "path_prefix": EVERY, "probability": 0.7, "seed": ms}),
            ),
        }
    }

    fn recover(&mut self, house: &House) -> Result<()> {
        let Some((since, illness)) = self.ill.take() else {
            return Ok(());
        };
        if let Illness::Frozen(from) = illness {
            house.sim.process().signal(Signal::SIGCONT)?;
            self.frozen.push((from, wall_ms()));
        }
        house.clear()?;
        if let Illness::Late(from) = illness {
            // What was held when the fault ended is still held for as long.
            let held = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.frozen.push((from, wall_ms() + held));
        }
        let length = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.all.push((wall_ms().saturating_sub(length), wall_ms()));
        self.wrong += since.elapsed();
        let length = self.dice.between(4000, 12_000);
        self.until = Instant::now() + self.tier.time(length);
        Ok(())
    }

    /// Makes the hub well; how long it was ill in all.
    pub fn end(&mut self, house: &House) -> Result<Duration> {
        self.recover(house)?;
        Ok(self.wrong)
    }
}
