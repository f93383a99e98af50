// SPDX-License-Identifier: MIT OR Apache-2.0

//! What sensors would have measured: a signal per standard capability, made of
//! the hour of the day, the season and the log's own chance.

use super::noise::{Burst, Noise};
use crate::home::caps::{Capability, Kind, base};
use crate::local;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How the signal meets the value that the capability had when the hub started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meets {
    /// It bends towards it over hours.
    Bend,
    /// It jumps there for a moment.
    Jump,
    /// It is shifted to go through it, for ever: meters, batteries.
    Shift,
}

/// A signal and how it meets known values.
#[derive(Clone, Copy)]
pub struct Model {
    pub at: fn(&Moment) -> f64,
    pub meets: Meets,
}

/// What a signal is made of.
pub struct Moment {
    noise: Noise,
    t: i64,
    suffix: &'static str,
}

#[allow(clippy::cast_precision_loss)]
impl Moment {
    /// A moment of a log.
    pub fn new(noise: Noise, id: &str, t: i64) -> Moment {
        // Of suffixes only these two mean something.
        let suffix = ["outside", "inside"];
        let suffix = suffix.into_iter().find(|s| id.ends_with(s));
        Moment {
            noise,
            t,
            suffix: suffix.unwrap_or(""),
        }
    }

    /// Local hour of the day, with its fraction.
    fn hour(&self) -> f64 {
        hour(self.t)
    }

    /// 1 at that hour of the day, -1 twelve hours off.
    fn curve(&self, peak: f64) -> f64 {
        ((self.hour() - peak) / 12.0 * std::f64::consts::PI).cos()
    }

    /// 1 in late July, -1 in late January.
    fn season(&self) -> f64 {
        let days = self.t as f64 / DAY as f64;
        ((days - 206.0) / 365.2425 * 2.0 * std::f64::consts::PI).cos()
    }

    fn own(&self, lane: u64) -> f64 {
        self.noise.own(lane)
    }

    fn wander(&self, lane: u64, period: i64) -> f64 {
        self.noise.wander(lane, self.t, period)
    }

    fn burst(&self, minutes: (i64, i64, i64), often: [f64; 4]) -> bool {
        let (slot, short, long) = minutes;
        let burst = Burst {
            lane: 10,
            slot: slot * MINUTE,
            short: short * MINUTE,
            long: long * MINUTE,
        };
        let often = |t: i64| match hour(t) {
            h if h < 6.0 => often[0],
            h if h < 9.0 => often[1],
            h if h < 17.0 => often[2],
            _ => often[3],
        };
        self.noise.burst(self.t, burst, often)
    }

    /// Grows by one a day, faster by day than by night, never backwards.
    fn used(&self) -> f64 {
        let days = self.t as f64 / DAY as f64;
        let turn = 2.0 * std::f64::consts::PI;
        days - 0.8 * ((days - 0.3) * turn).sin() / turn
    }
}

#[allow(clippy::cast_precision_loss)]
fn hour(t: i64) -> f64 {
    (t + local::offset(t)).rem_euclid(DAY) as f64 / HOUR as f64
}

fn temperature(m: &Moment) -> f64 {
    match m.suffix {
        "outside" => {
            let weather = 2.5 * m.wander(1, 20 * HOUR) + 0.5 * m.wander(2, HOUR);
            9.5 + 8.0 * m.season() + (3.0 + m.season()) * m.curve(15.0) + weather
        }
        // A fridge: its compressor, and its door.
        "inside" => 4.5 + 0.7 * m.wander(1, 25 * MINUTE) + 0.6 * m.wander(2, 5 * HOUR),
        _ => {
            let level = 18.8 + 2.4 * m.own(3);
            let drift = 0.5 * m.wander(1, 8 * HOUR) + 0.12 * m.wander(2, 40 * MINUTE);
            level + 0.9 * m.curve(16.5) + drift + 0.6 * m.season()
        }
    }
}

fn humidity(m: &Moment) -> f64 {
    let slow = 5.0 * m.wander(1, 30 * HOUR) + 0.8 * m.wander(2, HOUR);
    // Half of them hang where somebody showers.
    let wet = if m.own(3) < 0.5 { 17.0 } else { 2.0 };
    let since = |at: f64| (m.hour() - at).rem_euclid(24.0);
    let steam = wet * ((-since(7.2) / 0.7).exp() + 0.7 * (-since(21.6) / 0.7).exp());
    (49.0 + slow - 3.5 * m.curve(15.0) + steam).clamp(15.0, 99.0)
}

fn power(m: &Moment) -> f64 {
    let standby = 0.6 + 2.5 * m.own(3);
    let ripple = 1.0 + 0.06 * m.wander(1, 4 * MINUTE);
    let load = 45.0 + 1900.0 * m.own(4).powi(3);
    match m.burst((100, 6, 55), [0.06, 0.55, 0.3, 0.6]) {
        true => standby + load * ripple,
        false => standby * ripple,
    }
}

fn voltage(m: &Moment) -> f64 {
    231.0 + 2.5 * m.wander(1, 6 * HOUR) + 0.8 * m.wander(2, 10 * MINUTE)
}

fn luminance(m: &Moment) -> f64 {
    let half = 6.0 + 2.0 * m.season();
    let sun = (1.0 - ((m.hour() - 13.2) / half).powi(2)).max(0.0);
    let lamp = if (17.5..23.2).contains(&m.hour()) {
        70.0 + 25.0 * m.wander(2, 45 * MINUTE)
    } else {
        0.0
    };
    sun * (520.0 + 300.0 * m.wander(1, 50 * MINUTE)) + lamp * (1.0 - sun)
}

fn co2(m: &Moment) -> f64 {
    let people = (m.curve(22.0) + 0.6 * m.wander(1, 3 * HOUR)).max(0.0);
    420.0 + 620.0 * people + 15.0 * m.wander(2, 20 * MINUTE)
}

fn noise(m: &Moment) -> f64 {
    37.0 + 7.0 * m.curve(18.0) + 8.0 * m.wander(1, 15 * MINUTE).max(0.0)
}

fn pressure(m: &Moment) -> f64 {
    1013.0 + 13.0 * m.wander(1, 3 * DAY) + 2.0 * m.wander(2, 10 * HOUR)
}

fn target(m: &Moment) -> f64 {
    let boost = m.burst((300, 45, 150), [0.0, 0.1, 0.15, 0.35]);
    match m.hour() {
        h if !(6.0..22.5).contains(&h) => 17.0,
        _ if boost => 21.5,
        _ => 20.0,
    }
}

fn fan(m: &Moment) -> f64 {
    let steps = [0.0, 0.3, 0.6, 1.0];
    let n = (m.wander(1, 2 * HOUR) + 0.6 * m.curve(15.0) + 1.0) * 1.3;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    steps[(n.max(0.0) as usize).min(3)]
}

fn energy(m: &Moment) -> f64 {
    (0.3 + 3.5 * m.own(3)) * m.used()
}

fn water(m: &Moment) -> f64 {
    (0.06 + 0.2 * m.own(3)) * m.used()
}

#[allow(clippy::cast_precision_loss)]
fn battery(m: &Moment) -> f64 {
    -(0.08 + 0.1 * m.own(3)) * (m.t as f64 / DAY as f64)
}

fn other(m: &Moment) -> f64 {
    0.5 + 0.5 * m.wander(1, 3 * HOUR)
}

fn motion(m: &Moment) -> f64 {
    f64::from(m.burst((20, 1, 7), [0.03, 0.5, 0.3, 0.6]))
}

fn contact(m: &Moment) -> f64 {
    f64::from(m.burst((60, 1, 14), [0.02, 0.5, 0.25, 0.4]))
}

/// Nearly always locked, or closed.
fn shut(m: &Moment) -> f64 {
    1.0 - f64::from(m.burst((120, 3, 40), [0.02, 0.6, 0.3, 0.4]))
}

fn lamp(m: &Moment) -> f64 {
    f64::from(m.burst((150, 20, 130), [0.03, 0.45, 0.08, 0.85]))
}

fn seldom(m: &Moment) -> f64 {
    f64::from(m.burst((40 * 1440, 2, 25), [0.1; 4]))
}

/// The model of a capability.
pub fn model(cap: &Capability) -> Model {
    use Meets::{Bend, Jump, Shift};
    let (at, meets): (fn(&Moment) -> f64, Meets) = match base(&cap.id) {
        "measure_temperature" => (temperature, Bend),
        "measure_humidity" => (humidity, Bend),
        "measure_co2" => (co2, Bend),
        "measure_noise" => (noise, Bend),
        "measure_pressure" => (pressure, Bend),
        "measure_voltage" => (voltage, Bend),
        "measure_power" => (power, Jump),
        "measure_current" => (|m| power(m) / 230.0, Jump),
        "measure_luminance" => (luminance, Jump),
        "target_temperature" => (target, Jump),
        "fan_speed" => (fan, Jump),
        "measure_battery" => (battery, Shift),
        "meter_power" => (energy, Shift),
        "meter_water" => (water, Shift),
        "alarm_motion" => (motion, Jump),
        "alarm_contact" => (contact, Jump),
        "locked" | "garagedoor_closed" => (shut, Jump),
        "onoff" => (lamp, Jump),
        _ if cap.kind == Kind::Boolean => (seldom, Jump),
        _ => (other, Jump),
    };
    Model { at, meets }
}
