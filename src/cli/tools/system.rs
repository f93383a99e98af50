// SPDX-License-Identifier: MIT OR Apache-2.0
//! `system`: the hub itself (`objects.md` 7, both dialects).

use serde_json::{Value, json};

use crate::cli::desk::Desk;
use crate::cli::{Common, Json, positionals};
use crate::failure::Failure;
use crate::homey::call::Call;

use super::items::{self, Object, first};
use super::record::Record;

/// What is shown under which name, and the hub's members that hold it, V3's before V2's.
const SHOWN: &[(&str, &[&str])] = &[
    ("id", &["cloudId"]),
    ("model", &["homeyModelName"]),
    ("model_id", &["homeyModelId"]),
    ("version", &["homeyVersion"]),
    ("platform", &["homeyPlatform", "platform"]),
    ("platform_version", &["homeyPlatformVersion"]),
    ("language", &["language"]),
    ("country", &["country"]),
    ("timezone", &["timezone"]),
    ("time", &["date"]),
    ("local_time", &["dateHuman"]),
    ("boot_time", &["bootDate"]),
    ("reboot_reason", &["rebootReason"]),
    ("hostname", &["hostname"]),
    ("network_address", &["address", "wifiAddress"]),
    ("mac", &["mac", "wifiMac"]),
    ("wifi", &["wifiSsid"]),
    ("uptime_s", &["uptime"]),
    ("load", &["loadavg"]),
    ("memory_bytes", &["totalmem"]),
    ("memory_free_bytes", &["freemem", "freememMachine"]),
    ("node", &["nodeVersion"]),
    ("developer_mode", &["devmode"]),
];

/// `system [--json]`
pub(in crate::cli) fn system(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    let (_, as_json) = positionals(parser, common, &[], 0, Json::Yes)?;
    let mut desk = Desk::open(common)?;
    let doing = Call::System.name();
    let told = items::one(&mut desk, &doing, &Call::System, "the system information")?;
    let mut record = Record::new();
    record.put("answers_at", json!(desk.shown()));
    record.put("dialect", json!(dialect(&told)));
    for (name, members) in SHOWN {
        record.put(name, first(&told, members));
    }
    record.show(as_json)
}

/// `homeyPlatformVersion` is there on V3 and absent on V2; without a version nothing is said of either.
fn dialect(told: &Object) -> Option<&'static str> {
    let has = |name: &str| told.get(name).is_some_and(|value| *value != Value::Null);
    match (has("homeyPlatformVersion"), has("homeyVersion")) {
        (true, _) => Some("v3"),
        (false, true) => Some("v2"),
        (false, false) => None,
    }
}
