// SPDX-License-Identifier: MIT OR Apache-2.0

//! What only one dialect has, reports, logs that end, a reboot.

use serde_json::{Value, json};

use crate::raw::Over;
use crate::sim::{Sim, until};
use crate::socket::Frames;

#[test]
fn reports_follow_the_meters() {
    let sim = Sim::start(&["--devices", "12"]);
    let day = sim.get("/energy/reports/available").json()["days"][1].clone();
    let day = day.as_str().expect("a day").to_owned();
    let month = &day[..7];
    for (path, status) in [
        (format!("/energy/report/day?date={day}"), 200),
        (format!("/energy/report/month?yearMonth={month}"), 200),
        (format!("/energy/report/year?year={}", &day[..4]), 200),
        ("/energy/report/week?isoWeek=2026-W09".to_owned(), 200),
        ("/energy/report/day".to_owned(), 400),
        ("/energy/report/day?date=2026-02-30".to_owned(), 400),
        ("/energy/report/week?isoWeek=2026-W60".to_owned(), 400),
    ] {
        assert_eq!(sim.get(&path).status, status, "{path}");
    }
    let used = |path: &str| {
        sim.get(path).json()["electricity"]["consumed"]
            .as_f64()
            .expect("kWh")
    };
    let one = used(&format!("/energy/report/day?date={day}"));
    let all = used(&format!("/energy/report/month?yearMonth={month}"));
    assert!(one > 0.05 && all >= one, "{one} of {all}");
}

#[test]
fn a_cleared_log_is_empty_and_a_deleted_one_is_gone() {
    let sim = Sim::start(&["--devices", "12"]);
    let uri = format!("homey:device:{}", sim.id("Office/Heater"));
    let log = format!("/insights/log/{uri}/{uri}:measure_temperature");
    assert_eq!(
        sim.write("DELETE", &format!("{log}/entry"), "").outcome(),
        "204"
    );
    let series = sim.get(&format!("{log}/entry")).json();
    assert!(
        series["values"]
            .as_array()
            .expect("values")
            .iter()
            .all(|v| v["v"].is_null())
    );
    assert_eq!(sim.write("DELETE", &log, "").outcome(), "204");
    assert_eq!(sim.get(&format!("{log}/entry")).outcome(), "404 not_found");
    assert_eq!(sim.write("DELETE", &log, "").outcome(), "404 not_found");
}

#[test]
fn what_only_old_hubs_have() {
    let sim = Sim::unhurried("v2", "12");
    let uri = format!("homey:device:{}", sim.id("Office/Heater"));
    let note = sim.get("/notifications/notification").json();
    let note = note
        .as_object()
        .and_then(|m| m.keys().next())
        .expect("one")
        .clone();
    for path in [
        format!("/insights/log/{uri}/measure_temperature"),
        "/insights/storage".to_owned(),
        "/devices/capability".to_owned(),
        "/devices/capability/homey:manager:devices/measure_temperature".to_owned(),
        format!("/notifications/notification/{note}"),
        "/mobile/summary".to_owned(),
        "/audio/option/volume".to_owned(),
        "/speech-output/voice".to_owned(),
        "/updates/whatsnew".to_owned(),
        "/reports/monthlyreportsummary".to_owned(),
    ] {
        assert_eq!(sim.get(&path).status, 200, "{path}");
    }
    let url = sim.url("/logic/webhook/bell?tag=front");
    assert_eq!(sim.send("GET", &url, &[], "").status, 200, "no login");
    let start = sim.control("counters", Value::Null)["starts"][0].clone();
    assert_eq!(
        (&start["kind"], &start["id"]),
        (&json!("webhook"), &json!("bell"))
    );
    let path = format!("/insights/log/{uri}/measure_temperature");
    assert_eq!(sim.write("DELETE", &path, "").outcome(), "204");
    assert_eq!(sim.get(&path).status, 404);
    assert_eq!(sim.write("DELETE", "/insights/log/", "").outcome(), "204");
    assert_eq!(sim.get("/insights/log").json(), json!({}));
}

#[test]
fn a_reboot_by_the_api_goes_through_its_phases() {
    let sim = Sim::start(&["--devices", "3"]);
    let mut frames = Frames::open(&sim, Over::Tcp, "3");
    assert_eq!(sim.post("/system/reboot", "{}").json(), true);
    frames.hear();
    frames.hear();
    assert_eq!(frames.hear(), "cut");
    until("ping answers", || {
        crate::sim::agent()
            .get(sim.url("/system/ping"))
            .call()
            .is_ok()
    });
    assert_eq!(sim.get("/zones/zone").status, 503, "nothing else does");
    until("all answers", || sim.get("/zones/zone").status == 200);
}
