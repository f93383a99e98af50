// SPDX-License-Identifier: MIT OR Apache-2.0

//! Things that change by themselves: sensors drift, and now and then another
//! app switches a light.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::clock::now_ms;
use crate::dice::Dice;
use crate::home::drive::take;
use crate::home::values::drift;
use crate::state::Hub;

/// Every so many changes it is a light instead of a sensor.
const LIGHT_EVERY: u64 = 4;

/// Runs for ever, with one change per period.
pub async fn run(hub: Arc<Hub>, period: Duration) {
    let mut dice = Dice::new(hub.args.seed ^ 0xac71);
    let mut ticks = tokio::time::interval(period);
    for n in 0u64.. {
        ticks.tick().await;
        change(&hub, &mut dice, n % LIGHT_EVERY == 0);
    }
}

fn change(hub: &Hub, dice: &mut Dice, light: bool) {
    let mut home = hub.home();
    let now = now_ms();
    let fits = |d: &crate::home::Device| {
        let readings = d.caps.iter().any(|c| !c.setable && c.getable && c.insights);
        let right = if light { d.class == "light" } else { readings };
        right && d.available && !d.gone
    };
    let list: Vec<usize> = (0..home.devices.len())
        .filter(|at| fits(&home.devices[*at]))
        .collect();
    if list.is_empty() {
        return;
    }
    let device = &mut home.devices[*dice.pick(&list)];
    if light {
        if let Some(on) = device.cap("onoff").map(|c| c.value == json!(true)) {
            take(device, "onoff", &json!(!on), now);
        }
        return;
    }
    let changes: Vec<_> = device
        .caps
        .iter()
        .filter(|c| c.insights)
        .filter_map(|c| drift(c, dice).map(|v| (c.id.clone(), v)))
        .collect();
    for (id, value) in changes {
        device.report(&id, value, now);
    }
}
