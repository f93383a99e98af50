// SPDX-License-Identifier: MIT OR Apache-2.0

//! Insight logs and their series.

use serde_json::{Value, json};

use crate::sim::{Reply, Sim};

fn entry(sim: &Sim, device: &str, cap: &str, resolution: &str) -> Value {
    let reply = ask(sim, device, cap, &format!("entry?resolution={resolution}"));
    assert_eq!(reply.status, 200, "{device} {cap}: {}", reply.text());
    reply.json()
}

fn ask(sim: &Sim, device: &str, cap: &str, rest: &str) -> Reply {
    let uri = format!("homey:device:{}", sim.id(device));
    let id = match sim.word("dialect") {
        "v2" => cap.to_owned(),
        _ => format!("{uri}:{cap}"),
    };
    sim.get(&format!("/insights/log/{uri}/{id}/{rest}"))
}

fn numbers(series: &Value) -> Vec<f64> {
    let values = series["values"].as_array().expect("values");
    values.iter().filter_map(|v| v["v"].as_f64()).collect()
}

#[test]
fn both_id_rules_and_both_trailing_forms() {
    for dialect in ["v2", "v3"] {
        let sim = Sim::unhurried(dialect, "12");
        let uri = format!("homey:device:{}", sim.id("Office/Heater"));
        let short = "measure_temperature".to_owned();
        let full = format!("{uri}:{short}");
        let (right, wrong) = match dialect {
            "v2" => (short, full),
            _ => (full, short),
        };
        let path = |id: &str, rest: &str| format!("/insights/log/{uri}/{id}/{rest}");
        let coded = |path: String| path.replace(':', "%3A");
        for path in [
            path(&right, "entry"),
            path(&right, "entry/"),
            path(&right, "entry?resolution=last24Hours"),
            path(&right, "entry/?resolution=last24Hours"),
            coded(path(&right, "entry?resolution=last24Hours")),
        ] {
            let reply = sim.get(&path);
            assert_eq!(reply.status, 200, "{dialect} {path}");
            assert_eq!(
                reply.json()["values"].as_array().map(Vec::len),
                Some(289),
                "{path}"
            );
        }
        assert_eq!(sim.get(&path(&wrong, "entry")).status, 404, "{dialect}");
        for path in ["/insights/log", "/insights/log/"] {
            let logs = sim.get(path).json();
            let log = &logs[format!("{uri}:measure_temperature")];
            assert_eq!(log["lastValue"], 19.4, "{dialect} {path}");
            assert_eq!(
                (log["type"].as_str(), log["units"].as_str()),
                (Some("number"), Some("°C"))
            );
        }
        sim.control("options", json!({"lists": "array"}));
        assert!(sim.get("/insights/log").json().is_array());
    }
}

#[test]
fn series_look_like_what_they_measure() {
    let sim = Sim::start(&["--devices", "40", "--seed", "5"]);
    let week = entry(&sim, "Office/Heater", "measure_temperature", "last7Days");
    assert_eq!(
        (
            week["step"].as_i64(),
            week["values"].as_array().map(Vec::len)
        ),
        (Some(3_600_000), Some(169))
    );
    let week = numbers(&week);
    assert!(week.iter().all(|t| (12.0..30.0).contains(t)), "{week:?}");
    let spread =
        week.iter().fold(f64::MIN, |a, b| a.max(*b)) - week.iter().fold(f64::MAX, |a, b| a.min(*b));
    assert!((1.0..8.0).contains(&spread), "{spread}");

    let month = numbers(&entry(
        &sim,
        "Hall/Front door",
        "measure_battery",
        "last31Days",
    ));
    assert!(
        month.windows(2).all(|w| w[1] <= w[0]),
        "a battery only empties: {month:?}"
    );
    let meter = numbers(&entry(
        &sim,
        "Kitchen/Coffee machine",
        "meter_power",
        "last31Days",
    ));
    assert!(
        meter.windows(2).all(|w| w[1] >= w[0]),
        "a meter only grows: {meter:?}"
    );
    assert!(*meter.last().expect("values") <= 214.703);

    let power = numbers(&entry(
        &sim,
        "Kitchen/Coffee machine",
        "measure_power",
        "last7Days",
    ));
    let busy = power.iter().filter(|w| **w > 20.0).count();
    assert!(
        busy > 3 && busy < power.len() / 2,
        "bursts: {busy} of {}",
        power.len()
    );

    // Several, as one sensor may see nothing for a day.
    let mut switched = Vec::new();
    for (device, cap) in [
        ("Hall/Motion sensor", "alarm_motion"),
        ("Hall/Front door", "alarm_contact"),
        ("Living room/Ceiling light", "onoff"),
        ("Kitchen/Worktop light", "onoff"),
        ("Office/Desk light", "onoff"),
        ("Bedroom/Bedside lamp", "onoff"),
    ] {
        switched.extend(numbers(&entry(&sim, device, cap, "last24Hours")));
    }
    assert!(switched.iter().all(|v| (0.0..=1.0).contains(v)));
    for some in [
        |v: f64| v == 0.0,
        |v: f64| v == 1.0,
        |v: f64| v > 0.0 && v < 1.0,
    ] {
        assert!(switched.iter().any(|v| some(*v)), "off, on, partly on");
    }

    let never = entry(
        &sim,
        "Kitchen/New sensor",
        "measure_temperature",
        "last24Hours",
    );
    assert_eq!(
        (numbers(&never).len(), &never["lastValue"]),
        (0, &Value::Null)
    );
}

#[test]
fn there_are_gaps_and_the_same_moment_has_the_same_value() {
    let sim = Sim::start(&["--devices", "12"]);
    let caps = [
        ("Office/Heater", "measure_temperature"),
        ("Hall/Motion sensor", "measure_luminance"),
        ("Hall/Front door", "alarm_contact"),
        ("Kitchen/Coffee machine", "measure_power"),
    ];
    let mut gaps = 0;
    for (device, cap) in caps {
        let long = entry(&sim, device, cap, "last14Days");
        let short = entry(&sim, device, cap, "last7Days");
        let all = long["values"].as_array().expect("values");
        let (last, before) = all.split_last().expect("values");
        assert_eq!(last["v"], Value::Null, "the last step is not over");
        gaps += before.iter().filter(|v| v["v"].is_null()).count();
        let short = short["values"].as_array().expect("values");
        // The last hour may have ended between the two.
        for value in &short[..short.len() - 2] {
            let same = all.iter().find(|v| v["t"] == value["t"]);
            assert_eq!(same, Some(value), "{device} {cap}");
        }
    }
    assert!(gaps > 5, "{gaps} gaps");
}

#[test]
fn what_is_reported_is_recorded() {
    let sim = Sim::start(&["--devices", "12"]);
    let report = |value: f64| {
        let ask = json!({"device": "Heater", "capability": "measure_temperature", "value": value});
        sim.control("value", ask);
    };
    report(31.5);
    report(33.5);
    let series = || entry(&sim, "Office/Heater", "measure_temperature", "lastHour");
    assert_eq!(series()["lastValue"], 33.5);
    let before = numbers(&series());
    assert!(
        before.iter().all(|t| *t < 30.0),
        "the past is as it was: {before:?}"
    );
    let path = "/insights/log/none/none:onoff/entry";
    assert_eq!(sim.get(path).status, 404);
    let gone = ask(&sim, "Office/Heater", "thermostat_mode", "entry");
    assert_eq!(gone.status, 404, "not recorded");
}

/// 2026-03-28T22:00:00Z, the evening before the clock is put forward.
const EVENING: i64 = 1_774_735_200_000;

#[test]
fn series_and_alarms_follow_the_clock_and_the_seed() {
    let series = |seed: &str| {
        let sim = Sim::start(&["--devices", "12", "--seed", seed]);
        sim.control("clock", json!({"freeze": true}));
        sim.control("clock", json!({"set_ms": EVENING}));
        let meter = entry(&sim, "Kitchen/Coffee machine", "meter_power", "last31Days");
        let last = numbers(&meter).pop().expect("a value");
        assert!(
            (212.0..214.703).contains(&last),
            "it ends at what the device shows: {last}"
        );
        let yesterday = entry(&sim, "Office/Heater", "measure_temperature", "yesterday");
        let day = entry(&sim, "Office/Heater", "measure_temperature", "last24Hours");
        (day, yesterday, meter)
    };
    let (one, yesterday, meter) = series("1");
    assert_eq!(
        (one.clone(), yesterday.clone(), meter),
        series("1"),
        "the same in another process"
    );
    assert_ne!(
        one["values"],
        series("2").0["values"],
        "another seed, another past"
    );
    for (key, wanted) in [
        ("start", json!("2026-03-27T22:00:00.000Z")),
        ("end", json!("2026-03-28T22:00:00.000Z")),
        ("step", json!(300_000)),
        ("updatesIn", json!(300_000)),
    ] {
        assert_eq!(one[key], wanted, "{key}");
    }
    // A local day, which begins an hour before that of UTC.
    assert_eq!(yesterday["start"], "2026-03-26T23:00:00.000Z");
    assert_eq!(yesterday["end"], "2026-03-27T23:00:00.000Z");

    let sim = Sim::start(&["--devices", "12"]);
    sim.control("clock", json!({"freeze": true}));
    sim.control("clock", json!({"set_ms": EVENING}));
    let next =
        |sim: &Sim, body: &str| sim.post("/alarms/alarm", body).json()["nextOccurance"].clone();
    for (body, wanted) in [
        (r#"{"time":"23:30"}"#, "2026-03-28T22:30:00.000Z"),
        // Summer time by then.
        (r#"{"time":"07:00"}"#, "2026-03-29T05:00:00.000Z"),
        (r#"{"time":"23:00"}"#, "2026-03-29T21:00:00.000Z"),
        (
            r#"{"time":"06:45","repetition":{"friday":true}}"#,
            "2026-04-03T04:45:00.000Z",
        ),
        (
            r#"{"time":"22:30","repetition":{"saturday":true}}"#,
            "2026-04-04T20:30:00.000Z",
        ),
    ] {
        assert_eq!(next(&sim, body), wanted, "{body}");
    }
    assert_eq!(next(&sim, r#"{"enabled":false}"#), Value::Null);
    let system = sim.get("/system").json();
    assert_eq!(system["dateHuman"], "Saturday 28 March 2026 23:00:00");
    sim.control("clock", json!({"advance_ms": 3 * 3_600_000}));
    let system = sim.get("/system").json();
    assert_eq!(system["dateHuman"], "Sunday 29 March 2026 03:00:00");
    assert_eq!(system["dateDst"], true);
    // Back again: what was reported in the future is forgotten.
    let report = json!({"device": "Heater", "capability": "measure_temperature", "value": 35});
    sim.control("value", report.clone());
    sim.control("clock", json!({"set_ms": EVENING}));
    sim.control("value", report);
    let day = numbers(&entry(
        &sim,
        "Office/Heater",
        "measure_temperature",
        "last24Hours",
    ));
    assert!(day.iter().all(|t| *t < 30.0), "{day:?}");
}
