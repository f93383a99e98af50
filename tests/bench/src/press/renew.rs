// SPDX-License-Identifier: MIT OR Apache-2.0
//! Presses while the session is renewed again and again by a child of the panel's, and what the panel keeps of that.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use homey_rig::{Result, Sim};
use serde_json::{Value, json};

use super::{APART, BYTE_V3, Volley, Wall};
use crate::home::{Bench, Home};
use crate::memory::steady;
use crate::row::{Report, Row};

const HOUR: u64 = 3_600_000;

/// KiB that the panel may have more of after all renewals: pages that the kernel counts late, no growth.
const GROWN: f64 = 64.0;

/// A session of that age in hours, written by rename; from 20 on it is due for its renewal.
fn write(sim: &Sim, path: &Path, bearer: &str, age: u64) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_millis() as u64);
    let (access, refresh) = sim.cloud_tokens()?;
    let session = json!({
        "version": 2, "kind": "oauth", "hub": sim.word("hub_id"), "name": "Home", "token": bearer,
        "made": now - age * HOUR, "expires": now + (24 - age) * HOUR,
        "cloud": {"access": access, "access_expires": now + HOUR, "refresh": refresh},
    });
    let new = path.with_extension("new");
    let written = fs::write(&new, session.to_string()).and_then(|()| fs::rename(&new, path));
    written.map_err(|e| format!("{}: {e}", path.display()))
}

fn stored(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let session: Value = serde_json::from_str(&text).unwrap_or_default();
    session["token"].as_str().unwrap_or_default().to_owned()
}

/// Presses through renewals, towards a V3 hub over warm connections.
pub fn renew(bench: &Bench, report: &mut Report) -> Result<()> {
    let mut home = Home::new(bench, 120, &[])?;
    let path = home.file("session.json");
    home.credential = format!("session_file = \"{}\"", path.display());
    let secret = home.file("client-secret");
    let sim = &home.sim;
    fs::write(&secret, sim.word("client_secret"))
        .map_err(|e| format!("{}: {e}", secret.display()))?;
    write(sim, &path, sim.word("session_token"), 1)?;
    let cloud = format!(
        "[cloud]\nclient_id = \"{}\"\nclient_secret_file = \"{}\"\naccounts = \"{url}\"\napi = \"{url}\"\nca_file = \"{}\"",
        sim.word("client_id"),
        secret.display(),
        sim.word("ca_file"),
        url = sim.word("cloud")
    );
    let mut wall = Wall::new(bench, &home, |config| {
        // The file is looked at in steps of 120 times the first pause.
        config.also(&cloud).also("[poll]\nretry_ms = 25")
    })?;
    write(sim, &path, sim.word("session_token"), 20)?;
    let count = bench.count(100, 8);
    let mut volley = Volley::default();
    let renewed = |wall: &Wall| wall.panel.times_logged("the session was renewed");
    let (mut before, mut n) = (0.0, 0);
    for round in 0..=count {
        let began = Instant::now();
        while renewed(&wall) <= round {
            if began.elapsed() > Duration::from_secs(30) {
                return Err(format!("no renewal\n{}", wall.panel.story()));
            }
            let name = format!("c{}", n % super::CONTROLS);
            wall.measure(&name, &mut volley)?;
            wall.end(&name, &["confirmed"])?;
            n += 1;
            std::thread::sleep(APART + Duration::from_micros(n as u64 * 137 % 1900));
        }
        if round == 0 {
            // The first child leaves the code of starting one in memory.
            before = steady(wall.panel.process());
        }
        if round < count {
            write(sim, &path, &stored(&path), 20)?;
        }
    }
    let after = steady(wall.panel.process());
    volley.report("v3, warm, through renewals", BYTE_V3, report);
    report.add(
        Row::new("renew", format!("memory over {count} renewals"), "KiB")
            .value("before", before)
            .value("after", after)
            .value("grown", after - before)
            .limit("grown", GROWN),
    );
    Ok(())
}
