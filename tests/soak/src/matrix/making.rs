// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a fault is made and taken back. It does not know what the panel owes anybody.

use std::time::{Duration, Instant};

use homey_rig::{Result, SOON};
use nix::sys::signal::Signal;
use serde_json::Value;

use super::cell::{Cell, How, When};
use crate::house::House;

/// Makes the fault.
pub fn inject(house: &mut House, cell: &Cell) -> Result<()> {
    match &cell.how {
        How::Fault(faults) => {
            for fault in faults {
                house.sim.post("fault", fault)?;
            }
        }
        How::Fresh(faults) => {
            for fault in faults {
                house.sim.post("fault", fault)?;
            }
            house.sim.post("cut", &serde_json::json!({}))?;
        }
        How::Restart(body) | How::Booting(body, _) => {
            house.sim.post("restart", body)?;
        }
        How::Device(path, body, ..) => {
            house.sim.post(path, body)?;
        }
        How::Frozen => house.sim.process().signal(Signal::SIGSTOP)?,
        How::Killed => house.sim.kill(),
    }
    // The phases of a boot follow one another.
    if let How::Booting(body, phase) = &cell.how {
        let step = Duration::from_millis(body["boot_ms"].as_u64().unwrap_or(0));
        let down = Duration::from_millis(body["down_ms"].as_u64().unwrap_or(0));
        std::thread::sleep(match *phase {
            "ping" => down,
            "empty" => down + step,
            _ => down + step * 2,
        });
    }
    Ok(())
}

/// Takes the fault back, or waits until it is over where it ends by itself.
pub fn recover(house: &mut House, cell: &Cell) -> Result<()> {
    match &cell.how {
        How::Device(_, _, path, body) => {
            house.sim.post(path, body)?;
        }
        How::Frozen => house.sim.process().signal(Signal::SIGCONT)?,
        How::Killed => house.sim.revive()?,
        How::Restart(body) => {
            // It comes back by itself; where that is over, it is over.
            let down = Duration::from_millis(body["down_ms"].as_u64().unwrap_or(0));
            let up = |house: &House| {
                let address = house.sim.word("https_address");
                std::net::TcpStream::connect(address).is_ok()
            };
            return wait(house, down + SOON, up);
        }
        _ => {}
    }
    house.clear()
}

/// Waits until the fault has been met often enough to show, where the simulator counts that.
pub fn met(house: &House, cell: &Cell, within: Duration) -> Result<()> {
    let How::Fault(faults) = &cell.how else {
        if let How::Fresh(_) = &cell.how {
            return wait(house, within, |house| {
                count(house, |f| f["kind"] != "refuse").is_ok_and(|n| n >= 1)
            })
            .map_err(|_| "the fault was never met".to_string());
        }
        return Ok(());
    };
    let polled = faults
        .iter()
        .any(|f| f["method"] != "PUT" && f["method"] != "POST");
    if !polled {
        return Ok(());
    }
    let once = faults.iter().any(|f| f["times"] == 1);
    let enough = if once || cell.when == When::Early {
        1
    } else {
        2
    };
    wait(house, within, |house| {
        count(house, |_| true).is_ok_and(|n| n >= enough)
    })
    .map_err(|_| "the fault was never met".to_string())
}

fn count(house: &House, which: impl Fn(&Value) -> bool) -> Result<u64> {
    let faults = house.sim.get("faults")?;
    let list = faults.as_array().cloned().unwrap_or_default();
    Ok(list
        .iter()
        .filter(|f| which(f))
        .filter_map(|f| f["met"].as_u64())
        .sum())
}

/// Waits until `test` holds.
pub fn wait(house: &House, within: Duration, test: impl Fn(&House) -> bool) -> Result<()> {
    let end = Instant::now() + within;
    while !test(house) {
        if Instant::now() > end {
            return Err("it did not come".into());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
