// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Wi-Fi between this machine and its access point.

use std::path::Path;

use crate::hw::wifi::saves_power;

use super::{Doctor, proc};

/// A signal below this, in dBm, loses packets.
const WEAK: i32 = -75;

/// A Wi-Fi that sleeps between packets makes every press late by a beacon or more (field lessons N19).
pub(super) fn wifi(doctor: &mut Doctor<'_>) {
    let Some(name) = doctor.interface.clone() else {
        return doctor.skip("no interface leads to the hub");
    };
    let table = std::fs::read_to_string("/proc/net/wireless").unwrap_or_default();
    let listed = proc::signal(&table, &name);
    let is_wifi = Path::new("/sys/class/net")
        .join(&name)
        .join("phy80211")
        .exists();
    if listed.is_none() && !is_wifi {
        return doctor.ok(format!("{name} is no Wi-Fi"));
    }
    match saves_power(&name) {
        Ok(true) => doctor.warn(
            format!("{name} saves power: presses can come late by 100 ms and more"),
            format!("iw dev {name} set power_save off, at every start"),
        ),
        Ok(false) => doctor.ok(format!("{name} does not save power")),
        Err(e) => doctor.skip(format!("whether {name} saves power is unknown: {e}")),
    }
    if let Some(Some(level)) = listed.filter(|level| level.is_some_and(|dbm| dbm < WEAK)) {
        doctor.warn(
            format!("{name} has a weak signal: {level} dBm"),
            "bring an access point nearer, or use a cable",
        );
    }
}
