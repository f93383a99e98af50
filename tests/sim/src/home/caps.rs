// SPDX-License-Identifier: MIT OR Apache-2.0

//! The standard capabilities that generated devices use, with their defaults
//! (capabilities.md sections 2 to 10), and the capability object itself.
//!
//! Ids with a suffix (`onoff.2`) take the defaults of the part before the dot.

use serde_json::Value;

/// The four capability types (capabilities.md 1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// true or false
    Boolean,
    /// a JSON number
    Number,
    /// free text
    Text,
    /// one of `values`
    Enum,
}

impl Kind {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Boolean => "boolean",
            Kind::Number => "number",
            Kind::Text => "string",
            Kind::Enum => "enum",
        }
    }
}

/// One capability of one device, with its present value.
#[derive(Clone, Debug)]
pub struct Capability {
    /// Full id, with suffix.
    pub id: String,
    /// Type of the value.
    pub kind: Kind,
    /// Title in the hub's language.
    pub title: String,
    /// May be read.
    pub getable: bool,
    /// May be written.
    pub setable: bool,
    /// Recorded by insights.
    pub insights: bool,
    /// A service action such as "reset meter" (objects.md 3.1).
    pub maintenance: bool,
    /// Smallest value of a number.
    pub min: Option<f64>,
    /// Largest value of a number.
    pub max: Option<f64>,
    /// Step of a number.
    pub step: Option<f64>,
    /// Decimals to show.
    pub decimals: Option<i32>,
    /// Unit to show.
    pub units: Option<&'static str>,
    /// Choices of an enum: id and title.
    pub values: Vec<(&'static str, &'static str)>,
    /// Present value, null before the first report.
    pub value: Value,
    /// Time of the last report.
    pub updated: Option<i64>,
    /// What insights recorded since the hub started.
    pub past: Vec<(i64, Value)>,
    /// The value before the first of these.
    pub first: Option<Value>,
    /// What lies before this time was deleted from insights.
    pub cleared: i64,
}

/// So many recorded values are kept.
const PAST: usize = 20_000;

impl Capability {
    /// Takes a value, and records it if insights do.
    pub fn report(&mut self, value: Value, now: i64) {
        if self.insights {
            if self.past.is_empty() {
                self.first = Some(self.value.clone());
            }
            if self.past.len() >= PAST {
                self.first = self.past.drain(..PAST / 2).next_back().map(|p| p.1);
            }
            self.past.push((now, value.clone()));
        }
        self.value = value;
        self.updated = Some(now);
    }

    /// Forgets what was recorded: the hub starts with this value.
    pub fn begin(&mut self) {
        self.past.clear();
        self.first = None;
    }
}

/// The part before the first dot, which names the standard capability.
pub fn base(id: &str) -> &str {
    id.split('.').next().unwrap_or(id)
}

type Choices = &'static [(&'static str, &'static str)];

enum Std {
    Flag(&'static str, &'static str, bool),
    Num(
        &'static str,
        &'static str,
        Option<(f64, f64)>,
        i32,
        Option<&'static str>,
        bool,
    ),
    Pick(&'static str, &'static str, Choices),
    Text(&'static str),
}
use Std::{Flag, Num, Pick, Text};

const UNIT: Option<(f64, f64)> = Some((0.0, 1.0));
const PERCENT: Option<(f64, f64)> = Some((0.0, 100.0));

/// Access, title, range, decimals, unit, recorded by insights.
fn standard(base: &str) -> Option<Std> {
    Some(match base {
        "onoff" => Flag("GS", "Turned on", true),
        "button" => Flag("-S", "Button", false),
        "locked" => Flag("GS", "Locked", true),
        "garagedoor_closed" => Flag("GS", "Closed", true),
        "speaker_playing" => Flag("GS", "Playing", false),
        "speaker_next" => Flag("-S", "Next", false),
        "speaker_prev" => Flag("-S", "Previous", false),
        "volume_mute" => Flag("GS", "Mute", false),
        "volume_up" => Flag("-S", "Volume up", false),
        "volume_down" => Flag("-S", "Volume down", false),
        "alarm_motion" => Flag("G-", "Motion alarm", true),
        "alarm_contact" => Flag("G-", "Contact alarm", true),
        "alarm_battery" => Flag("G-", "Battery alarm", true),
        "alarm_smoke" => Flag("G-", "Smoke alarm", true),
        "alarm_water" => Flag("G-", "Water alarm", true),
        "alarm_tamper" => Flag("G-", "Tamper alarm", true),
        "dim" => Num("GS", "Dim level", UNIT, 2, Some("%"), false),
        "light_hue" => Num("GS", "Hue", UNIT, 2, None, false),
        "light_saturation" => Num("GS", "Colour saturation", UNIT, 2, None, false),
        "light_temperature" => Num("GS", "Colour temperature", UNIT, 2, None, false),
        "volume_set" => Num("GS", "Volume", UNIT, 2, Some("%"), false),
        "windowcoverings_set" => Num("GS", "Position", UNIT, 2, Some("%"), false),
        "fan_speed" => Num("GS", "Fan speed", UNIT, 2, Some("%"), true),
        "target_temperature" => Num(
            "GS",
            "Target temperature",
            Some((4.0, 35.0)),
            1,
            Some("°C"),
            true,
        ),
        "measure_temperature" => Num("G-", "Temperature", None, 1, Some("°C"), true),
        "measure_humidity" => Num("G-", "Humidity", None, 2, Some("%"), true),
        "measure_luminance" => Num("G-", "Luminance", None, 2, Some("lx"), true),
        "measure_battery" => Num("G-", "Battery", PERCENT, 2, Some("%"), true),
        "measure_power" => Num("G-", "Power", None, 2, Some("W"), true),
        "measure_voltage" => Num("G-", "Voltage", None, 2, Some("V"), true),
        "measure_current" => Num("G-", "Current", None, 2, Some("A"), true),
        "measure_co2" => Num("G-", "CO2", None, 2, Some("ppm"), true),
        "measure_noise" => Num("G-", "Noise", None, 2, Some("dB"), true),
        "measure_pressure" => Num("G-", "Pressure", None, 0, Some("mbar"), true),
        "meter_power" => Num("G-", "Energy", None, 3, Some("kWh"), true),
        "meter_water" => Num("G-", "Water", None, 3, Some("m³"), true),
        "light_mode" => Pick(
            "GS",
            "Light mode",
            &[("color", "Colour"), ("temperature", "White")],
        ),
        "windowcoverings_state" => Pick(
            "GS",
            "State",
            &[("up", "Up"), ("idle", "Idle"), ("down", "Down")],
        ),
        "thermostat_mode" => Pick(
            "GS",
            "Mode",
            &[
                ("auto", "Automatic"),
                ("heat", "Heating"),
                ("cool", "Cooling"),
                ("off", "Off"),
            ],
        ),
        "homealarm_state" => Pick(
            "GS",
            "Alarm state",
            &[
                ("armed", "Armed"),
                ("disarmed", "Disarmed"),
                ("partially_armed", "Partially armed"),
            ],
        ),
        "vacuumcleaner_state" => Pick(
            "GS",
            "State",
            &[
                ("cleaning", "Cleaning"),
                ("spot_cleaning", "Spot cleaning"),
                ("docked", "Docked"),
                ("charging", "Charging"),
                ("stopped", "Stopped"),
            ],
        ),
        "speaker_track" => Text("Track"),
        "speaker_artist" => Text("Artist"),
        // App-made ids that were seen on real hubs (capabilities.md 1.3).
        "actionEvents" => Text("Action events"),
        "last_seen" => Text("Last seen"),
        "input_1" => Flag("G-", "Input 1", false),
        _ => return None,
    })
}

/// A capability with the standard defaults and no value yet. An id without a
/// standard becomes a read-only text, as apps may define any id.
pub fn capability(id: &str) -> Capability {
    let mut cap = Capability {
        id: id.to_owned(),
        kind: Kind::Text,
        title: id.to_owned(),
        getable: true,
        setable: false,
        insights: false,
        maintenance: false,
        min: None,
        max: None,
        step: None,
        decimals: None,
        units: None,
        values: Vec::new(),
        value: Value::Null,
        updated: None,
        past: Vec::new(),
        first: None,
        cleared: i64::MIN,
    };
    let (access, title) = match standard(base(id)) {
        None => ("G-", id),
        Some(Text(title)) => ("G-", title),
        Some(Flag(access, title, log)) => {
            (cap.kind, cap.insights) = (Kind::Boolean, log);
            (access, title)
        }
        Some(Num(access, title, range, decimals, units, log)) => {
            (cap.kind, cap.insights) = (Kind::Number, log);
            (cap.min, cap.max) = (range.map(|r| r.0), range.map(|r| r.1));
            (cap.decimals, cap.units) = (Some(decimals), units);
            (access, title)
        }
        Some(Pick(access, title, values)) => {
            (cap.kind, cap.values) = (Kind::Enum, values.to_vec());
            (access, title)
        }
    };
    cap.getable = access.starts_with('G') && id != "actionEvents";
    cap.setable = access.ends_with('S');
    cap.title = match id.split_once('.') {
        Some((_, suffix)) => format!("{title} {suffix}"),
        None => title.to_owned(),
    };
    cap.maintenance = id == "button.reset";
    cap
}
