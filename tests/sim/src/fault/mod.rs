// SPDX-License-Identifier: MIT OR Apache-2.0

//! The faults in force: who meets which, how often, by what chance.
//!
//! `kind` says what there is, `ask` how it is asked for, `plan` what one
//! request or connection gets. What they do is done in `exchange`, `wire` and
//! `listen`.

pub mod ask;
pub mod kind;
pub mod plan;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::dice::Dice;
use crate::state::Via;
use ask::Fault;
use kind::Kind;
use plan::{Arrival, Plan};

/// So many used-up faults are remembered for the list.
const REMEMBERED: usize = 1000;

/// A fault in force.
#[derive(Debug)]
struct Armed {
    id: u64,
    fault: Fault,
    /// As it was asked for, for the list.
    asked: Map<String, Value>,
    dice: Dice,
    fitted: u64,
    met: u64,
}

impl Armed {
    fn spent(&self) -> bool {
        self.fault.times.is_some_and(|n| self.met >= u64::from(n))
    }

    fn fits(&self, via: Via, request: Option<(&str, &str)>) -> bool {
        let f = &self.fault;
        let here = f.on(via) && !self.spent();
        match request {
            None => here && (via.tls() || !f.kind.of_handshake()),
            Some((method, path)) => {
                here && path.starts_with(&f.path_prefix)
                    && f.method
                        .as_ref()
                        .is_none_or(|m| m.eq_ignore_ascii_case(method))
            }
        }
    }

    /// One that fits comes by: whether it meets the fault.
    fn meets(&mut self) -> bool {
        self.fitted += 1;
        let turn = self
            .fault
            .every
            .is_none_or(|n| self.fitted % u64::from(n) == 0);
        let met = turn && self.dice.hits(self.fault.probability);
        self.met += u64::from(met);
        met
    }
}

/// Different for different kinds (FNV-1a): faults of one seed must not all
/// meet the same requests.
fn mark(word: &str) -> u64 {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    word.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// The faults in force.
#[derive(Debug, Default)]
pub struct Faults {
    last: u64,
    list: Vec<Armed>,
    totals: BTreeMap<String, u64>,
}

impl Faults {
    /// Adds a fault as `POST /_sim/fault` describes it; answers its id. `usual`
    /// is its port when it names none.
    pub fn add(
        &mut self,
        asked: Map<String, Value>,
        usual: Option<Via>,
    ) -> Result<(u64, Fault), String> {
        let fault = Fault::read(asked.clone(), usual)?;
        self.last += 1;
        let spent = self.list.iter().filter(|a| a.spent()).count();
        if spent >= REMEMBERED {
            if let Some(oldest) = self.list.iter().position(Armed::spent) {
                self.list.remove(oldest);
            }
        }
        self.list.push(Armed {
            id: self.last,
            dice: Dice::new(fault.seed.unwrap_or(self.last) ^ mark(&fault.word)),
            fault: fault.clone(),
            asked,
            fitted: 0,
            met: 0,
        });
        Ok((self.last, fault))
    }

    /// Removes one; false when there is none of that id.
    pub fn remove(&mut self, id: u64) -> bool {
        let before = self.list.len();
        self.list.retain(|a| a.id != id);
        self.list.len() < before
    }

    /// Removes all.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// All, used-up ones included, with how often each was met. How many were
    /// refused only the kernel knows.
    pub fn json(&self) -> Value {
        let one = |armed: &Armed| {
            let mut value = Value::Object(armed.asked.clone());
            value["id"] = json!(armed.id);
            value["met"] = match armed.fault.kind {
                Kind::Refuse { .. } => Value::Null,
                _ => json!(armed.met),
            };
            value["fitted"] = json!(armed.fitted);
            value
        };
        self.list.iter().map(one).collect()
    }

    /// How often each kind and phase was met since the start or the last reset.
    pub fn totals(&self) -> &BTreeMap<String, u64> {
        &self.totals
    }

    /// Starts the totals anew.
    pub fn reset_totals(&mut self) {
        self.totals.clear();
    }

    /// True when a port is to be closed.
    pub fn refuses(&self, via: Via) -> bool {
        let mut faults = self.list.iter().map(|a| &a.fault);
        faults.any(|f| matches!(f.kind, Kind::Refuse { .. }) && f.on(via))
    }

    /// What a request meets. Counts as one use of each.
    pub fn meet(&mut self, via: Via, method: &str, path: &str) -> Option<Plan> {
        let mut plan = Plan::default();
        let mut any = false;
        for armed in &mut self.list {
            let kind = &armed.fault.kind;
            let fits = !kind.of_connection() && armed.fits(via, Some((method, path)));
            if fits && plan.has_place(kind) && armed.meets() {
                plan.put(&armed.fault.kind);
                *self.totals.entry(armed.fault.word.clone()).or_default() += 1;
                any = true;
            }
        }
        any.then_some(plan)
    }

    /// What a new connection meets. Counts as one use of each.
    pub fn arrive(&mut self, via: Via) -> Arrival {
        let mut arrival = Arrival::default();
        for armed in &mut self.list {
            let kind = &armed.fault.kind;
            let fits = kind.of_connection() && armed.fits(via, None);
            if fits && arrival.has_place(kind) && armed.meets() {
                arrival.put(&armed.fault.kind);
                *self.totals.entry(armed.fault.word.clone()).or_default() += 1;
            }
        }
        arrival
    }
}
