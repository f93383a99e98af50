// SPDX-License-Identifier: MIT OR Apache-2.0
//! Replies of both dialects as `objects.md` shows them, through the readers' front doors.

use homey_panel::homey::reply::{self, BoundDevice, ReplyError};
use homey_panel::homey::{Dialect, Kind, Reading, Value};

const V3: &[u8] = include_bytes!("data/homey/devices-v3.json");
const V2: &[u8] = include_bytes!("data/homey/devices-v2.json");
const ARRAY: &[u8] = include_bytes!("data/homey/devices-array.json");
const ODD: &[u8] = include_bytes!("data/homey/devices-odd.json");
const ZONES: &[u8] = include_bytes!("data/homey/zones-v3.json");
const FLOWS: &[u8] = include_bytes!("data/homey/flows-v2.json");
const ADVANCED: &[u8] = include_bytes!("data/homey/advancedflows.json");
const MOODS: &[u8] = include_bytes!("data/homey/moods.json");

const LIGHT: &str = "3b0e6c7a-51d4-4f7e-8a90-2c6d1f4b7e01";
const SENSOR: &str = "7c41d2f0-1b2a-4c3d-9e8f-0a1b2c3d4e5f";
const THERMOSTAT: &str = "1f2e3d4c-5b6a-4798-8a9b-0c1d2e3f4a5b";
const LIVING: &str = "6f2a9b1c-8d3e-4750-a6b4-1e9c0d5f7a32";

fn read(body: &[u8], bound: &[BoundDevice<'_>]) -> (reply::ListOutcome, Vec<(u16, Reading)>) {
    let mut readings = Vec::new();
    let outcome = reply::devices(body, bound, &mut |slot, reading| {
        readings.push((slot, reading));
    })
    .unwrap();
    readings.sort_by_key(|(slot, _)| *slot);
    (outcome, readings)
}

fn bind<'a>(id: &'a str, capabilities: &'a [(&'a str, u16)]) -> BoundDevice<'a> {
    BoundDevice { id, capabilities }
}

#[test]
fn a_v3_list_gives_the_bound_readings() {
    let light = [
        ("dim", 1),
        ("onoff", 0),
        ("light_mode", 2),
        ("button.reset", 3),
        ("gone", 9),
    ];
    let sensor = [
        ("measure_temperature", 4),
        ("alarm_contact", 5),
        ("mystery", 6),
    ];
    let bound = [
        bind("not-there", &[("onoff", 99)]),
        bind(LIGHT, &light),
        bind(SENSOR, &sensor),
    ];
    let (outcome, readings) = read(V3, &bound);
    assert_eq!((outcome.items, outcome.dialect), (2, Dialect::V3));
    assert_eq!(outcome.seen, [false, true, true]);
    let slots: Vec<u16> = readings.iter().map(|(slot, _)| *slot).collect();
    assert_eq!(slots, [0, 1, 2, 3, 4, 5, 6]);
    let value = |i: usize| readings[i].1.value.clone();
    assert_eq!(value(0), Value::Bool(false));
    assert_eq!(value(1), Value::Number(0.6));
    assert_eq!(value(2), Value::Text("temperature".into()));
    assert_eq!(value(3), Value::Null);
    // A numeric capability that holds a text.
    assert_eq!(value(4), Value::Text("auto".into()));
    assert_eq!(readings[0].1.updated, Some(1_772_389_325_123));
    assert_eq!(readings[3].1.updated, None);
    let traits = |i: usize| readings[i].1.traits.clone().unwrap();
    let dim = traits(1);
    assert_eq!(
        (dim.kind, dim.getable, dim.setable),
        (Kind::Number, true, true)
    );
    assert_eq!((dim.min, dim.max, dim.step), (Some(0.0), Some(1.0), None));
    assert_eq!((dim.decimals, dim.units.as_deref()), (Some(2), Some("%")));
    let choices: Vec<String> = traits(2).choices.iter().map(|c| c.to_string()).collect();
    assert_eq!(choices, ["color", "temperature"]);
    assert!(!traits(3).getable && traits(3).setable);
    assert!(!traits(6).getable && !traits(6).setable);
    assert_eq!(traits(6).kind, Kind::String);
    assert!(readings[..4].iter().all(|(_, r)| r.available));
    assert!(readings[4..].iter().all(|(_, r)| !r.available));
}

#[test]
fn a_v2_list_gives_the_same_as_a_map_and_as_an_array_with_the_id_last() {
    let thermostat = [("target_temperature", 0), ("thermostat_mode", 1)];
    let bound = [bind(LIGHT, &[("dim", 2)]), bind(THERMOSTAT, &thermostat)];
    let (outcome, readings) = read(V2, &bound);
    assert_eq!((outcome.items, outcome.dialect), (2, Dialect::V2));
    assert_eq!(outcome.seen, [true, true]);
    let traits = readings[0].1.traits.clone().unwrap();
    assert_eq!(
        (traits.min, traits.max, traits.step),
        (Some(5.0), Some(25.0), Some(0.5))
    );
    assert_eq!(traits.units.as_deref(), Some("°C"));
    assert_eq!(readings[1].1.traits.clone().unwrap().units, None);
    assert_eq!(read(ARRAY, &bound), (outcome, readings));
}

#[test]
fn the_dialect_shows_without_any_binding() {
    assert_eq!(read(V3, &[]).0.dialect, Dialect::V3);
    assert_eq!(read(V2, &[]).0.dialect, Dialect::V2);
    assert_eq!(read(ARRAY, &[]).0.dialect, Dialect::V2);
    for empty in [&b"{}"[..], b"[]", b" [ ] \n"] {
        let (outcome, _) = read(empty, &[]);
        assert_eq!((outcome.items, outcome.dialect), (0, Dialect::Unknown));
    }
}

#[test]
fn odd_members_cost_no_more_than_themselves() {
    let capabilities = [
        ("onoff", 0),
        ("dim", 1),
        ("mode", 2),
        ("text", 3),
        ("temp", 4),
        ("null", 5),
        ("array", 6),
        ("dup", 7),
    ];
    let bound = [
        bind("bound", &capabilities),
        bind("last", &[("onoff", 8)]),
        bind("odd1", &[("onoff", 9)]),
        bind("odd5", &[("onoff", 9)]),
        bind("odd6", &[("onoff", 9)]),
    ];
    let (outcome, readings) = read(ODD, &bound);
    assert_eq!(outcome.items, 9);
    assert_eq!(outcome.seen, [true, true, false, true, true]);
    let values: Vec<Value> = readings.iter().map(|(_, r)| r.value.clone()).collect();
    assert_eq!(
        values,
        [
            Value::Bool(true),
            Value::Null,
            Value::Null,
            Value::Text("\u{1f600} \u{fffd}".into()),
            Value::Text("21.5".into()),
            Value::Null,
            Value::Null,
            Value::Number(2.0),
            Value::Bool(false),
        ]
    );
    assert_eq!(readings[0].1.traits, None);
    let dim = readings[1].1.traits.clone().unwrap();
    assert_eq!(
        (dim.kind, dim.getable, dim.setable),
        (Kind::Other, true, true)
    );
    assert_eq!(
        (dim.min, dim.max, dim.step, dim.decimals),
        (Some(0.0), None, None, None)
    );
    assert_eq!(dim.units.as_deref(), Some("0123456789abcde"));
    let mode = readings[2].1.clone();
    assert_eq!(mode.updated, Some(1_772_389_325_123));
    let choices: Vec<String> = mode
        .traits
        .unwrap()
        .choices
        .iter()
        .map(|c| c.to_string())
        .collect();
    assert_eq!(choices, ["a", "b", "d"]);
    assert_eq!(readings[4].1.traits.clone().unwrap().min, None);
    assert!(readings[0].1.available && !readings[8].1.available);
}

#[test]
fn one_device_must_be_the_one_asked_for() {
    let body = b"{\"id\":\"d\",\"available\":false,\"ownerUri\":null,\"capabilitiesObj\":{\"onoff\":{\"value\":true}}}";
    let mut got = Vec::new();
    let bound = bind("d", &[("onoff", 3), ("onoff", 4)]);
    let outcome = reply::device(&body[..], &bound, &mut |slot, r| got.push((slot, r))).unwrap();
    assert_eq!((outcome.available, outcome.dialect), (false, Dialect::V3));
    got.sort_by_key(|(slot, _)| *slot);
    let slots: Vec<u16> = got.iter().map(|(slot, _)| *slot).collect();
    assert_eq!(slots, [3, 4]);
    assert!(
        got.iter()
            .all(|(_, r)| !r.available && r.value == Value::Bool(true))
    );
    let other = bind("e", &[("onoff", 3)]);
    let error = reply::device(&body[..], &other, &mut |_, _| panic!("no reading")).unwrap_err();
    assert!(matches!(error, ReplyError::OtherItem));
    for body in ["true", "null", "[]", "\"d\""] {
        let error = reply::device(body.as_bytes(), &bound, &mut |_, _| {}).unwrap_err();
        assert_eq!(error.to_string(), "the reply is not a device");
    }
}

#[test]
fn rows_hold_what_a_table_shows() {
    let mut rows = Vec::new();
    assert_eq!(
        reply::devices_full(V3, &mut |row| rows.push(row)).unwrap(),
        2
    );
    let light = &rows[0];
    assert_eq!(
        (light.id.as_str(), light.name.as_str()),
        (LIGHT, "Desk light")
    );
    assert_eq!(
        (light.class.as_str(), light.zone.as_deref()),
        ("light", Some(LIVING))
    );
    let ids: Vec<&str> = light
        .capabilities
        .iter()
        .map(|(id, _)| id.as_str())
        .collect();
    assert_eq!(
        ids,
        [
            "onoff",
            "dim",
            "light_mode",
            "button.reset",
            "measure_power"
        ]
    );
    let sensor = &rows[1];
    assert_eq!(sensor.message.as_deref(), Some("Gerät nicht erreichbar"));
    assert!(!sensor.available && sensor.capabilities.iter().all(|(_, r)| !r.available));
    let mut rows = Vec::new();
    assert_eq!(
        reply::devices_full(ARRAY, &mut |row| rows.push(row)).unwrap(),
        2
    );
    assert_eq!(rows[1].class, "light");
    let mut odd = Vec::new();
    reply::devices_full(ODD, &mut |row| odd.push(row)).unwrap();
    let ids: Vec<&str> = odd.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["odd5", "odd6", "bound", "", "last"]);
    assert_eq!(odd[1].name, "cut \u{fffd}");
}

#[test]
fn names_come_from_every_list() {
    type Row = (String, String, Option<bool>, Option<bool>, Option<bool>);
    let list = |body: &[u8]| {
        let mut rows: Vec<Row> = Vec::new();
        reply::names(body, &mut |item| {
            let (id, name) = (item.id.to_owned(), item.name.to_owned());
            rows.push((id, name, item.enabled, item.triggerable, item.broken));
        })
        .unwrap();
        rows
    };
    let yes = Some(true);
    let no = Some(false);
    let flow = "9e2f7d10-6a3b-4c55-b1d7-0f8c3a5e9d";
    assert_eq!(
        list(FLOWS),
        [
            (
                format!("{flow}09"),
                "Cellar door alert".to_owned(),
                yes,
                yes,
                no
            ),
            (format!("{flow}10"), "Broken one".to_owned(), no, no, yes),
        ]
    );
    assert_eq!(list(ADVANCED)[0].1, "Cellar routine");
    assert_eq!(
        list(MOODS),
        [("m".to_owned(), "Relax".to_owned(), None, None, None)]
    );
    let mut zones = Vec::new();
    reply::names(V2, &mut |item| {
        zones.push((
            item.zone.map(str::to_owned),
            item.zone_name.map(str::to_owned),
        ));
    })
    .unwrap();
    assert_eq!(
        zones[0],
        (Some(LIVING.to_owned()), Some("Living room".to_owned()))
    );
}

#[test]
fn zones_end_at_cycles_and_missing_parents() {
    let zones = reply::zones(ZONES).unwrap();
    let path = |id: &str| zones.outward(id).collect::<Vec<_>>();
    assert_eq!(zones.len(), 5);
    assert_eq!(zones.name(LIVING), Some("Living room"));
    assert_eq!(path(LIVING), ["Living room", "Home"]);
    assert_eq!(path("c0000000-0000-4000-8000-000000000003"), ["Orphan"]);
    let ring = path("c0000000-0000-4000-8000-000000000001");
    assert_eq!(ring.len(), zones.len());
    assert_eq!(path("nowhere"), [""; 0]);
    let mut many = String::from("[");
    for i in 0..reply::MAX_ZONES + 10 {
        many.push_str(&format!("{{\"id\":\"z{i}\",\"name\":\"Zone {i}\"}},"));
    }
    many.push_str("7]");
    assert_eq!(
        reply::zones(many.as_bytes()).unwrap().len(),
        reply::MAX_ZONES
    );
}
