// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the pressed panel is bound to, and how its doings are found again in what the hub counted.

use homey_rig::Config;
use serde_json::Value;

/// One thing that presses act on.
pub struct Target {
    /// As the hub's counters name it: `Zone/Name capability`, or the name of a flow or mood.
    pub done: &'static str,
    /// Never to be done twice for one press.
    pub one_shot: bool,
    /// What each of its controls does, as in the configuration; `{}` is a number of its own.
    gesture: &'static str,
    /// How many controls it has: presses of several can wait for it at once.
    controls: usize,
}

const fn set(done: &'static str, gesture: &'static str, controls: usize) -> Target {
    Target {
        done,
        one_shot: false,
        gesture,
        controls,
    }
}

const fn start(done: &'static str, gesture: &'static str) -> Target {
    Target {
        done,
        one_shot: true,
        gesture,
        controls: 1,
    }
}

/// A home of 12 devices has all of these. Each one-shot has one control, so that what was done can be told apart.
pub const TARGETS: &[Target] = &[
    set(
        "Office/Desk light onoff",
        "press = { toggle = \"Office/Desk light\" }",
        4,
    ),
    set(
        "Kitchen/Worktop light onoff",
        "press = { toggle = \"Kitchen/Worktop light\" }",
        4,
    ),
    set(
        "Living room/Ceiling light dim",
        "press = { set = \"Living room/Ceiling light\", capability = \"dim\", value = 0.{} }",
        6,
    ),
    set(
        "Office/Heater target_temperature",
        "turn = { step = \"Office/Heater\", capability = \"target_temperature\", by = 0.5 }",
        2,
    ),
    start("Good night", "press = { flow = \"Good night\" }"),
    start("Leave home", "press = { flow = \"Leave home\" }"),
    start("Relax", "press = { mood = \"Living room/Relax\" }"),
    start("Morning routine", "press = { flow = \"Morning routine\" }"),
    start("Panic", "press = { flow = \"Panic\" }"),
    start("Bright", "press = { mood = \"Living room/Bright\" }"),
    start(
        "Hall/Doorbell button",
        "press = { set = \"Hall/Doorbell\", capability = \"button\", value = true }",
    ),
    start(
        "Living room/Radio speaker_next",
        "press = { set = \"Living room/Radio\", capability = \"speaker_next\", value = true }",
    ),
];

/// The target whose controls turn.
pub const TURNED: usize = 3;

/// The controls of all targets: a name, and the target's number.
pub fn controls() -> Vec<(String, usize)> {
    let of = |(at, target): (usize, &Target)| {
        (0..target.controls)
            .map(move |n| (format!("t{at}-{n}"), at))
            .collect::<Vec<_>>()
    };
    TARGETS.iter().enumerate().flat_map(of).collect()
}

/// Adds all controls, and a lamp for what is toggled.
pub fn bind(mut config: Config) -> Config {
    for (n, (name, at)) in controls().iter().enumerate() {
        let gesture = TARGETS[*at].gesture.replace("{}", &(10 + n).to_string());
        config = config.control(name, &gesture);
    }
    config.lamp("desk", "Office/Desk light", "onoff").lamp(
        "heat",
        "Office/Heater",
        "target_temperature",
    )
}

/// One thing that the hub did.
pub struct Deed {
    pub target: usize,
    /// The hub's clock, which is this machine's, in milliseconds.
    pub at: u64,
    pub value: Value,
}

/// The deeds that its counters tell of, in order; what it refused is none.
pub fn deeds(counters: &Value) -> Vec<Deed> {
    let list = |key: &str| counters[key].as_array().cloned().unwrap_or_default();
    let word = |v: &Value| v.as_str().unwrap_or_default().to_string();
    let mut all = Vec::new();
    for deed in list("writes").iter().chain(&list("starts")) {
        let name = match deed["capability"].as_str() {
            Some(capability) => format!("{} {capability}", word(&deed["name"])),
            None => word(&deed["name"]),
        };
        let target = TARGETS.iter().position(|t| t.done == name);
        if let (Some(target), "ok") = (target, word(&deed["outcome"]).as_str()) {
            all.push(Deed {
                target,
                at: deed["time_ms"].as_u64().unwrap_or(0),
                value: deed["value"].clone(),
            });
        }
    }
    all.sort_by_key(|deed| deed.at);
    all
}
