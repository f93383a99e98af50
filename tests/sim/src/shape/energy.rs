// SPDX-License-Identifier: MIT OR Apache-2.0

//! Live power (objects.md 9), and reports made of the past of the meters.

use serde_json::{Value, json};
use time::{Date, Duration, Month, Weekday};

use super::series::Past;
use super::series::range::Range;
use crate::clock::now_ms;
use crate::home::Home;
use crate::home::values::num;
use crate::local;

/// Live power of a zone, or of the whole home (objects.md 9).
pub fn live(home: &Home, zone: Option<&str>) -> Value {
    let root = home.zones.first();
    let zone = home
        .zones
        .iter()
        .find(|z| Some(z.id.as_str()) == zone)
        .or(root);
    let whole = zone.is_none_or(|z| z.parent.is_none());
    let mut total = 0.0;
    let mut items = Vec::new();
    for device in home.devices.iter().filter(|d| !d.gone) {
        let inside = whole || zone.is_some_and(|z| z.id == device.zone);
        let watts = device.cap("measure_power").and_then(|c| c.value.as_f64());
        if let Some(watts) = watts.filter(|_| inside) {
            total += watts;
            items.push(json!({
                "type": "device", "id": device.id, "name": device.name,
                "values": price(watts), "isHomeBattery": false, "isEVCharger": false,
                "approximated": false, "canApproximate": true,
            }));
        }
    }
    json!({
        "zoneId": zone.map(|z| &z.id), "zoneName": zone.map(|z| &z.name), "currency": "EUR",
        "totalConsumed": price(total), "totalCumulative": price(total),
        "totalGenerated": {"W": 0, "cost": 0}, "items": items,
    })
}

/// Power with what an hour of it costs.
fn price(watts: f64) -> Value {
    let watts = (watts * 100.0).round() / 100.0;
    json!({"W": num(watts), "cost": num((watts * 0.25).round() / 1000.0)})
}

/// First and last day of a period: `2026-03-01`, `2026-W09`, `2026-03`, `2026`.
fn days(name: &str, period: &str) -> Option<(Date, Date)> {
    let mut parts = period.split('-');
    let year: i32 = parts.next()?.parse().ok()?;
    let rest: Vec<&str> = parts.collect();
    let month = |text: &str| Month::try_from(text.parse::<u8>().ok()?).ok();
    match (name, rest.as_slice()) {
        ("date", [m, d]) => {
            let day = Date::from_calendar_date(year, month(m)?, d.parse().ok()?).ok()?;
            Some((day, day))
        }
        ("isoWeek", [week]) => {
            let week = week.trim_start_matches('W').parse().ok()?;
            let day = Date::from_iso_week_date(year, week, Weekday::Monday).ok()?;
            Some((day, day + Duration::days(6)))
        }
        ("yearMonth", [m]) => {
            let first = Date::from_calendar_date(year, month(m)?, 1).ok()?;
            let length = first.month().length(year);
            Some((first, first.replace_day(length).ok()?))
        }
        ("year", []) => {
            let first = Date::from_calendar_date(year, Month::January, 1).ok()?;
            Some((
                first,
                Date::from_calendar_date(year, Month::December, 31).ok()?,
            ))
        }
        _ => None,
    }
}

/// What the meters counted in a period, by device; none when it is no period.
pub fn report(home: &Home, name: &str, period: &str) -> Option<Value> {
    const HOUR: i64 = 3_600_000;
    let (first, last) = days(name, period)?;
    let start = local::at(first, 0, 0)?;
    let end = local::at(last + Duration::days(1), 0, 0)?;
    let now = now_ms();
    let mut total = 0.0;
    let mut devices = Vec::new();
    for device in home.devices.iter().filter(|d| !d.gone) {
        let Some(cap) = device.cap("meter_power") else {
            continue;
        };
        let range = Range {
            start,
            end: end - HOUR,
            step: HOUR,
        };
        let values = Past::new(home, device, cap).values(range, now);
        let mut known = values.iter().filter_map(|v| v.1);
        let from = known.next();
        let used = match (from, known.next_back()) {
            (Some(from), Some(to)) => ((to - from) * 1000.0).round() / 1000.0,
            _ => 0.0,
        };
        total += used;
        devices.push(json!({"id": device.id, "name": device.name, "electricity": num(used)}));
    }
    Some(json!({
        name: period, "electricity": {"consumed": num((total * 1000.0).round() / 1000.0)},
        "devices": devices, "currency": "EUR",
    }))
}

/// The last days of which there are reports.
pub fn available(home: &Home) -> Value {
    let today = local::local(now_ms()).date();
    let meters = home.devices.iter().any(|d| d.cap("meter_power").is_some());
    let back = if meters { 31 } else { 0 };
    let day = |n: i64| {
        let day = today - Duration::days(n);
        format!(
            "{}-{:02}-{:02}",
            day.year(),
            u8::from(day.month()),
            day.day()
        )
    };
    json!({"days": (0..back).map(day).collect::<Vec<String>>()})
}
