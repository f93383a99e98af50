// SPDX-License-Identifier: MIT OR Apache-2.0
//! A home of eight capabilities, with everything that devices say of themselves, sense or nonsense.

use homey_panel::homey::{Kind, Reading, Traits, Value};

use super::plans::{number, value};
use crate::targets::input::Input;

/// How many there are.
pub const SPECS: usize = 8;

/// One capability of the home.
#[derive(Clone, Debug)]
pub struct Spec {
    pub traits: Traits,
    pub value: Value,
    /// The hub's time of the value.
    pub stamp: u64,
    pub available: bool,
    /// The driver keeps one digit after the point.
    pub rounds: bool,
}

impl Spec {
    /// The value as the device keeps it: a pulse keeps none.
    pub fn kept(&self, value: &Value) -> Value {
        match value {
            _ if !self.traits.getable => Value::Null,
            Value::Number(number) if self.rounds && number.abs() < 1e9 => {
                Value::Number((number * 10.0).round() / 10.0)
            }
            value => value.clone(),
        }
    }

    /// What a reply tells of it.
    pub fn reading(&self, traits: bool, stamp: bool) -> Reading {
        Reading {
            value: self.value.clone(),
            available: self.available,
            updated: stamp.then_some(self.stamp),
            traits: traits.then(|| Box::new(self.traits.clone())),
        }
    }
}

/// The state of the home.
#[derive(Clone, Debug)]
pub struct Hub {
    pub specs: Vec<Spec>,
    clock: u64,
}

impl Hub {
    pub fn new(input: &mut Input<'_>) -> Hub {
        let specs = (0..SPECS).map(|_| spec(input)).collect();
        Hub { specs, clock: 1 }
    }

    pub fn write(&mut self, spec: usize, value: &Value) {
        self.clock += 1;
        let spec = &mut self.specs[spec];
        spec.value = spec.kept(value);
        spec.stamp = self.clock;
    }
}

fn spec(input: &mut Input<'_>) -> Spec {
    let kinds = [
        Kind::Boolean,
        Kind::Number,
        Kind::Number,
        Kind::Enum,
        Kind::String,
        Kind::Other,
    ];
    let said = input.byte();
    let mut limit = |bit: u8| (said & bit == bit).then(|| number(input));
    let (min, max, step) = (limit(1), limit(2), limit(4));
    let kind = input.pick(&kinds);
    let mut spec = Spec {
        traits: Traits {
            kind,
            getable: !input.once_in(8),
            setable: !input.once_in(8),
            min,
            max,
            // The readers of replies let no other through.
            step: step.filter(|step| *step > 0.0),
            decimals: (said & 8 == 8).then(|| input.byte() % 16),
            units: (said & 16 == 16).then(|| "%".into()),
            choices: vec!["auto".into(), "heat".into()],
        },
        value: Value::Null,
        stamp: 1,
        available: !input.once_in(8),
        rounds: said & 32 == 32,
    };
    let first = match kind {
        Kind::Boolean => Value::Bool(input.once_in(2)),
        Kind::Number => Value::Number(number(input)),
        _ => value(input),
    };
    spec.value = spec.kept(&first);
    spec
}
