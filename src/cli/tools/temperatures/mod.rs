// SPDX-License-Identifier: MIT OR Apache-2.0
//! `temperatures`: all temperature sensors by zone, how old their values are, and the average of each zone.

use serde_json::{Value, json};

use crate::cli::desk::Desk;
use crate::cli::devices::read_zones;
use crate::cli::table::Table;
use crate::cli::{Common, Json, positionals};
use crate::client::account::wall_ms;
use crate::failure::{Exit, Failure};
use crate::homey::call::Call;
use crate::homey::reply::{self, DeviceRow, Zones};
use crate::homey::text::one_line;

use super::age::age;
use super::record::{Record, show_json};
use super::series::{self, number};

/// What a sensor says of the temperature.
#[derive(Clone, PartialEq, Debug)]
pub struct Sensor {
    pub zone: String,
    /// Several zones may have one name.
    pub zone_id: String,
    pub name: String,
    pub device: String,
    pub capability: String,
    /// `None` where it never said one, or said something else than a number.
    pub value: Option<f64>,
    pub units: String,
    pub decimals: Option<u8>,
    /// Milliseconds of the hub's clock.
    pub updated: Option<u64>,
    /// Why it is not to be reached; empty where the hub does not say.
    pub unavailable: Option<String>,
}

/// `measure_temperature` and `measure_temperature.outside`, but not `measure_temperature_outside`.
pub fn is_temperature(capability: &str) -> bool {
    let rest = capability.strip_prefix("measure_temperature");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// All of them, zone by zone, sorted by zone and name.
pub fn sensors(desk: &mut Desk) -> Result<Vec<Sensor>, Failure> {
    let zones = read_zones(desk)?;
    let mut found = Vec::new();
    desk.read(&Call::Devices, &mut |body| {
        reply::devices_full(body, &mut |device| of_device(device, &zones, &mut found))?;
        Ok(())
    })?;
    Ok(found)
}

fn of_device(device: DeviceRow, zones: &Zones, found: &mut Vec<Sensor>) {
    let zone = device.zone.as_deref().and_then(|id| zones.name(id));
    let message = device.message.as_deref().unwrap_or_default();
    let unavailable = (!device.available).then(|| one_line(message, 80));
    for (id, reading) in &device.capabilities {
        if !is_temperature(id) {
            continue;
        }
        let traits = reading.traits.as_deref();
        let units = traits.and_then(|t| t.units.as_deref()).unwrap_or("°C");
        let sensor = Sensor {
            zone: zone.unwrap_or_default().into(),
            zone_id: device.zone.clone().unwrap_or_default(),
            name: device.name.clone(),
            device: device.id.clone(),
            capability: id.clone(),
            value: match reading.value {
                crate::homey::Value::Number(n) => Some(n),
                _ => None,
            },
            units: units.into(),
            decimals: traits.and_then(|t| t.decimals),
            updated: reading.updated,
            unavailable: unavailable.clone(),
        };
        place(found, sensor);
    }
}

fn place(found: &mut Vec<Sensor>, sensor: Sensor) {
    // std's sort would be 8 KiB of code for some dozen rows.
    let at = found.partition_point(|other| other.key() <= sensor.key());
    found.insert(at, sensor);
}

impl Sensor {
    fn key(&self) -> (String, &str, String, &str) {
        let small = crate::letters::small_text;
        (
            small(&self.zone),
            &self.zone_id,
            small(&self.name),
            &self.capability,
        )
    }
}

/// The mean of those in a zone that can be reached and say something.
#[derive(Clone, PartialEq, Debug)]
struct Average {
    zone: String,
    zone_id: String,
    units: String,
    value: f64,
    count: usize,
    of: usize,
}

/// For each zone and unit; `sensors` are sorted by zone.
fn averages(sensors: &[Sensor]) -> Vec<Average> {
    let mut all: Vec<Average> = Vec::new();
    for sensor in sensors {
        let same = |a: &Average| a.zone_id == sensor.zone_id && a.units == sensor.units;
        let at = match all.iter().position(same) {
            Some(at) => at,
            None => {
                all.push(Average {
                    zone: sensor.zone.clone(),
                    zone_id: sensor.zone_id.clone(),
                    units: sensor.units.clone(),
                    value: 0.0,
                    count: 0,
                    of: 0,
                });
                all.len() - 1
            }
        };
        let Some(average) = all.get_mut(at) else {
            continue;
        };
        average.of += 1;
        if let (Some(value), None) = (sensor.value, &sensor.unavailable) {
            average.count += 1;
            average.value += (value - average.value) / average.count as f64;
        }
    }
    all.retain(|a| a.count > 0);
    all
}

/// `temperatures [--json]`
pub(in crate::cli) fn temperatures(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    let (_, as_json) = positionals(parser, common, &[], 0, Json::Yes)?;
    let mut desk = Desk::open(common)?;
    let sensors = sensors(&mut desk)?;
    // The hub's own clock where it says it: the one that stamped the values.
    let newest = sensors.iter().filter_map(|s| s.updated).max();
    let now = match series::about(&mut desk).now {
        Some(now) => now,
        None => wall_ms().max(newest.unwrap_or(0)),
    };
    if as_json {
        return show_json(&object(&sensors, now).object());
    }
    if sensors.is_empty() {
        return Err(Failure::new(
            Exit::Failed,
            "no device of this home measures a temperature",
        ));
    }
    table(&sensors, now).show(false)
}

fn table(sensors: &[Sensor], now: u64) -> Table {
    let mut table = Table::new(&["zone", "name", "temperature", "age", "state"]);
    let averages = averages(sensors);
    let mut rest = sensors.iter().peekable();
    while let Some(sensor) = rest.next() {
        let with_units = |value: f64, decimals: Option<u8>| {
            format!("{} {}", number(value, decimals.or(Some(1))), sensor.units)
        };
        let name = match sensor.capability.split_once('.') {
            Some((_, which)) => format!("{} ({which})", sensor.name),
            None => sensor.name.clone(),
        };
        let state = sensor.unavailable.as_ref().map(|why| match why.as_str() {
            "" => "unavailable".to_owned(),
            why => format!("unavailable: {why}"),
        });
        table.row(vec![
            json!(sensor.zone),
            json!(name),
            json!(sensor.value.map(|v| with_units(v, sensor.decimals))),
            json!(sensor.updated.map(|then| age(then, now))),
            json!(state.unwrap_or_default()),
        ]);
        if rest
            .peek()
            .is_some_and(|next| next.zone_id == sensor.zone_id)
        {
            continue;
        }
        // One sensor is its own average.
        for a in averages
            .iter()
            .filter(|a| a.zone_id == sensor.zone_id && a.of > 1)
        {
            let value = format!("{} {}", number(a.value, Some(1)), a.units);
            let words = format!("average of {} of {}", a.count, a.of);
            table.row(vec![
                json!(a.zone),
                json!(words),
                json!(value),
                json!(""),
                json!(""),
            ]);
        }
    }
    table
}

fn object(sensors: &[Sensor], now: u64) -> Record {
    let all: Vec<Value> = sensors
        .iter()
        .map(|s| {
            json!({
                "zone": s.zone,
                "zone_id": s.zone_id,
                "name": s.name,
                "id": s.device,
                "capability": s.capability,
                "value": s.value,
                "units": s.units,
                "age_s": s.updated.map(|then| now.saturating_sub(then) / 1000),
                "available": s.unavailable.is_none(),
                "message": s.unavailable.as_deref().filter(|why| !why.is_empty()),
            })
        })
        .collect();
    let zones: Vec<Value> = averages(sensors)
        .iter()
        .map(|a| {
            json!({
                "zone": a.zone,
                "zone_id": a.zone_id,
                "average": a.value,
                "units": a.units,
                "sensors": a.count,
                "of": a.of,
            })
        })
        .collect();
    let mut record = Record::new();
    record.put("sensors", json!(all));
    record.put("zones", json!(zones));
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sensor(zone: &str, name: &str, value: Option<f64>, units: &str) -> Sensor {
        Sensor {
            zone: zone.into(),
            zone_id: zone.into(),
            name: name.into(),
            device: "1".into(),
            capability: "measure_temperature".into(),
            value,
            units: units.into(),
            decimals: None,
            updated: Some(1000),
            unavailable: None,
        }
    }

    #[test]
    fn a_zones_average_is_of_what_can_be_reached() {
        let mut away = sensor("Hall", "Door", Some(-40.0), "°C");
        away.unavailable = Some(String::new());
        let mut outside = sensor("Hall", "Lamp", Some(19.04), "°C");
        outside.capability = "measure_temperature.outside".into();
        let all = [
            sensor("Attic", "Only", None, "°C"),
            away,
            outside,
            sensor("Hall", "New", None, "°C"),
            sensor("Hall", "Stove", Some(21.0), "°C"),
            sensor("Hall", "Old", Some(70.0), "°F"),
        ];
        let lines = table(&all, 61_000).lines();
        assert_eq!(
            lines,
            [
                "ZONE   NAME               TEMPERATURE  AGE    STATE",
                "Attic  Only               -            1 min",
                "Hall   Door               -40.0 °C     1 min  unavailable",
                "Hall   Lamp (outside)     19.0 °C      1 min",
                "Hall   New                -            1 min",
                "Hall   Stove              21.0 °C      1 min",
                "Hall   Old                70.0 °F      1 min",
                "Hall   average of 2 of 4  20.0 °C",
            ]
        );
        let got: Vec<(f64, usize, usize)> = averages(&all)
            .iter()
            .map(|a| (a.value, a.count, a.of))
            .collect();
        assert_eq!(got, [(20.02, 2, 4), (70.0, 1, 1)]);
    }

    #[test]
    fn zones_of_one_name_are_two_zones() {
        let one = |zone: &str, id: &str, name: &str, value: f64| {
            let mut one = sensor(zone, name, Some(value), "°C");
            one.zone_id = id.into();
            one
        };
        let mut all = Vec::new();
        for sensor in [
            one("Bedroom", "b", "Window", 15.0),
            one("Bedroom", "a", "Door", 20.0),
            one("Bedroom", "b", "Door", 17.0),
            one("Bedroom", "a", "Stove", 22.0),
            one("hall", "d", "Lamp", 1.0),
            one("Hall", "c", "Attic", 2.0),
            one("Hall", "c", "Stairs", 4.0),
            one("hall", "d", "Cellar", 3.0),
        ] {
            place(&mut all, sensor);
        }
        assert_eq!(
            table(&all, 61_000).lines(),
            [
                "ZONE     NAME               TEMPERATURE  AGE    STATE",
                "Bedroom  Door               20.0 °C      1 min",
                "Bedroom  Stove              22.0 °C      1 min",
                "Bedroom  average of 2 of 2  21.0 °C",
                "Bedroom  Door               17.0 °C      1 min",
                "Bedroom  Window             15.0 °C      1 min",
                "Bedroom  average of 2 of 2  16.0 °C",
                "Hall     Attic              2.0 °C       1 min",
                "Hall     Stairs             4.0 °C       1 min",
                "Hall     average of 2 of 2  3.0 °C",
                "hall     Cellar             3.0 °C       1 min",
                "hall     Lamp               1.0 °C       1 min",
                "hall     average of 2 of 2  2.0 °C",
            ]
        );
    }

    #[test]
    fn sub_capabilities_are_temperatures_and_others_are_not() {
        for (id, want) in [
            ("measure_temperature", true),
            ("measure_temperature.outside", true),
            ("measure_temperature_probe", false),
            ("target_temperature", false),
        ] {
            assert_eq!(is_temperature(id), want, "{id}");
        }
    }
}
