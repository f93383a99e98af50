// SPDX-License-Identifier: MIT OR Apache-2.0

//! Answers of which no source shows the form, and states and options that
//! nothing depends on.

use serde_json::{Value, json};

/// A manager's `getState`.
pub fn state(manager: &str) -> Value {
    match manager {
        "zigbee" => json!({
            "zigbee_ready": true,
            "controllerState": {"ieeeAddress": "00:00:00:00:00:00:00:01", "nodes": {}},
        }),
        "zwave" => json!({"zwave_ready": true, "zw_state": {"noAckNodes": [], "nodes": [1]}}),
        "ledring" => json!({"animation": "default"}),
        "cloud" => json!({"connected": true}),
        "updates" => json!({"downloading": false, "installing": false}),
        "users" => json!({"localLoginEnabled": true}),
        "clock" | "cron" => json!({"timezone": "Europe/Amsterdam"}),
        _ => json!({}),
    }
}

/// The default of an option; its type is the one that can be set.
pub fn option(manager: &str, name: &str) -> Value {
    match (manager, name) {
        ("backup", "automaticBackupsEnabled") | ("updates", "autoupdate") => json!(true),
        ("backup", "lastSuccessfulBackup") => json!("2026-02-28T02:00:00.000Z"),
        ("energy", "electricityPriceFixed") => json!({"costs": {"default": 0.25}}),
        ("energy", "kWhCost") => json!(0.25),
        ("energy", "currency") => json!("EUR"),
        ("geolocation", "location") => {
            json!({"latitude": 52.0, "longitude": 6.9, "accuracy": 10})
        }
        ("geolocation", "address") => json!("Town"),
        ("geolocation", "mode") => json!("auto"),
        ("google-assistant", "enabled") => json!(false),
        ("i18n", "language") => json!("nl"),
        ("i18n", "units") => json!("metric"),
        ("ledring", "screensaver") => json!("default"),
        ("ledring", "brightness") => json!(0.6),
        ("updates", "channel") => json!("stable"),
        ("updates", "updateNotifications") => json!([]),
        ("audio", "volume") => json!(0.5),
        ("speech-output", "speed") => json!("normal"),
        ("speech-output", "voice") => json!("nl-1"),
        _ => Value::Null,
    }
}

/// What an operation answers that only reads.
pub fn answer(manager: &str, operation: &str) -> Option<Value> {
    Some(match (manager, operation) {
        ("experiments", "getExperiments") => json!({
            "ssh": {"id": "ssh", "name": "SSH", "enabled": false},
            "poweruser": {"id": "poweruser", "name": "Power User", "enabled": false},
        }),
        ("ledring", "getScreensavers") => json!([
            {"uri": "homey:manager:ledring", "id": "default", "title": "Rainbow"},
        ]),
        ("coprocessor", "getBridges") | ("matter", "getFabrics") => json!([]),
        ("system", "getMemoryInfo") => json!({
            "total": 1_040_000_000u64, "free": 410_000_000u64, "swap": 0,
            "types": {"system": {"size": 210_000_000}},
        }),
        ("system", "getStorageInfo") => json!({
            "total": 7_600_000_000u64, "free": 4_100_000_000u64, "types": {},
        }),
        ("system", "getMemoryInfoTotal") => json!({"total": 1_040_000_000u64}),
        ("system", "getStorageInfoTotal") => json!({"total": 7_600_000_000u64}),
        ("insights", "getStorageInfo") => json!({"total": 52_000_000u64}),
        ("updates", "getUpdates") => json!([]),
        ("updates", "getWhatsNew") => json!([]),
        ("energy", "getCurrency") => json!("EUR"),
        ("energy", "getElectricityPriceType") => json!("fixed"),
        ("energy", "getDynamicPricesElectricityZones") => json!([]),
        ("energy", "getDynamicElectricityPriceUserCosts") => Value::Null,
        ("energy", "getDynamicPricesElectricityZone") => Value::Null,
        ("energy", "fetchDynamicElectricityPrices") => json!([]),
        ("thread", "getNetworkTopology") => json!({"nodes": []}),
        ("zwave", "getLog") => json!([]),
        ("reports", "getMonthlyReportSummary") => json!([]),
        ("devkit", "getUsbMode") => json!("linux"),
        ("speech-output", "getVoices") => json!({
            "nl-1": {"id": "nl-1", "name": "Anna", "language": "nl", "installed": true},
        }),
        // What only takes note of something.
        ("system", "setDebug")
        | ("flow", "testFlow")
        | ("google-assistant", "sync")
        | ("speech-output", "say") => json!(true),
        _ => return None,
    })
}
