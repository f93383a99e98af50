// SPDX-License-Identifier: MIT OR Apache-2.0

//! The past of a capability: what was reported since the hub started, and
//! before that what its model would have measured, with gaps where the device
//! was away.
//!
//! It knows no wire format and keeps nothing: the same question about the same
//! moments gives the same answer.

pub mod model;
pub mod noise;
pub mod range;

use serde_json::Value;

use crate::home::caps::{Capability, Kind};
use crate::home::{Device, Home};
use model::{Meets, Model, Moment};
use noise::Noise;
use range::Range;

const MINUTE: i64 = 60_000;
/// How long a jumping signal stays at the value it meets.
const JUMP: i64 = 15 * MINUTE;
/// How fast a bending one gives up its distance, milliseconds to 1/e.
const BEND: f64 = 6.0 * 3_600_000.0;

/// One log's past.
pub struct Past<'a> {
    device: &'a Device,
    cap: &'a Capability,
    noise: Noise,
    model: Model,
    started: i64,
    /// Its value when the hub started, if that was one to draw.
    anchor: Option<f64>,
}

/// A value as a point of a chart.
fn point(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(on) => Some(f64::from(*on)),
        other => other.as_f64(),
    }
}

#[allow(clippy::cast_precision_loss)]
impl<'a> Past<'a> {
    /// The past of a device's capability.
    pub fn new(home: &Home, device: &'a Device, cap: &'a Capability) -> Past<'a> {
        Past {
            device,
            cap,
            noise: Noise::new(home.seed, &device.id, &cap.id),
            model: model::model(cap),
            started: home.started,
            anchor: point(cap.first.as_ref().unwrap_or(&cap.value)),
        }
    }

    /// Whether anything ever reached the hub.
    fn reported(&self) -> bool {
        !self.cap.past.is_empty() || !self.cap.value.is_null()
    }

    fn signal(&self, t: i64) -> f64 {
        let raw = |t: i64| (self.model.at)(&Moment::new(self.noise, &self.cap.id, t));
        let Some(anchor) = self.anchor else {
            return raw(t);
        };
        let far = (t - self.started).abs();
        match self.model.meets {
            Meets::Jump if far < JUMP => anchor,
            Meets::Jump => raw(t),
            Meets::Shift => raw(t) + anchor - raw(self.started),
            Meets::Bend => {
                let distance = anchor - raw(self.started);
                raw(t) + distance * (-(far as f64) / BEND).exp()
            }
        }
    }

    /// The value at a time, none in a gap.
    fn at(&self, t: i64) -> Option<f64> {
        if t < self.cap.cleared || !self.device.available && t > self.device.seen {
            return None;
        }
        let known = self.cap.past.partition_point(|(when, _)| *when <= t);
        if let Some((_, value)) = self.cap.past[..known].last() {
            return point(value);
        }
        if !self.reported() || self.noise.away(t) {
            return None;
        }
        let value = self.signal(t);
        let (low, high) = match self.cap.units {
            Some("°C") => (f64::MIN, f64::MAX),
            Some("%") if self.cap.max.is_none() => (0.0, 100.0),
            _ => (
                self.cap.min.unwrap_or(0.0),
                self.cap.max.unwrap_or(f64::MAX),
            ),
        };
        Some(value.clamp(low, high))
    }

    /// The values of a range: the mean of each step, none where nothing was
    /// measured or where the step is not over yet.
    pub fn values(&self, range: Range, now: i64) -> Vec<(i64, Option<f64>)> {
        let grain = match self.cap.kind {
            Kind::Boolean => MINUTE,
            _ => 5 * MINUTE,
        };
        let samples = (range.step / grain).clamp(1, 60);
        let decimals = match self.cap.kind {
            Kind::Boolean => 2,
            _ => self.cap.decimals.unwrap_or(2),
        };
        let scale = 10f64.powi(decimals);
        let mean = |t: i64| {
            if t + range.step > now {
                return None;
            }
            let (mut sum, mut count) = (0.0, 0u32);
            for n in 0..samples {
                if let Some(value) = self.at(t + n * range.step / samples) {
                    (sum, count) = (sum + value, count + 1);
                }
            }
            (count > 0).then(|| (sum / f64::from(count) * scale).round() / scale)
        };
        let count = (range.end - range.start) / range.step;
        let times = (0..=count).map(|n| range.start + n * range.step);
        times.map(|t| (t, mean(t))).collect()
    }
}
