// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is on this machine alone: the configuration with the files that it names, and the clock.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::client::Bearer;
use crate::client::account::Store;
use crate::client::account::wall_ms;
use crate::config::Trust;
use crate::failure::Exit;
use crate::hw::clock::synchronised;
use crate::net::BUILT;
use crate::run;

use super::{Doctor, when};

/// systemd-timesyncd keeps this file from its first success on.
const TIMESYNC: &str = "/run/systemd/timesync/synchronized";

/// The file is read, all of its mistakes and oddities are told, and who else can read or write it.
pub(super) fn config(doctor: &mut Doctor<'_>) {
    let file = doctor.common.file();
    let config = match run::load(&file) {
        Ok(config) => config,
        Err(failure) => {
            for line in failure.message.lines() {
                doctor.fail_text(failure.exit, line);
            }
            return;
        }
    };
    doctor.ok(config.file.clone());
    for warning in &config.warnings {
        doctor.warn_text(&warning.to_string());
    }
    // Whoever can write it can have the bearer sent to a place of his own.
    others_may(doctor, &file, 0o022, "written", "go-w");
    if let Ok(bearer) = Bearer::load(&config.hub.credential) {
        others_may(doctor, &bearer.file, 0o077, "read", "600");
        let beside = Store::at(&bearer.file).password_path();
        others_may(doctor, &beside, 0o077, "read", "600");
    }
    if let Some(path) = &config.cloud.client_secret_file {
        others_may(doctor, Path::new(path), 0o077, "read", "600");
    }
    if let Trust::CaFile(path) = &config.trust {
        others_may(doctor, Path::new(path), 0o022, "written", "go-w");
    }
    doctor.config = Some(config);
}

/// Warns where the group or others may do with a file what only its owner should.
fn others_may(doctor: &mut Doctor<'_>, path: &Path, bits: u32, what: &str, mode: &str) {
    let open = |meta: Metadata| meta.is_file() && meta.mode() & bits != 0;
    if path.metadata().is_ok_and(open) {
        let path = path.display();
        doctor.warn(
            format!("{path} can be {what} by other users of this machine"),
            format!("chmod {mode} {path}"),
        );
    }
}

/// A clock that is wrong makes good certificates bad, and sessions end at a wrong time.
pub(super) fn clock(doctor: &mut Doctor<'_>) {
    let now = now();
    let kept = if Path::new(TIMESYNC).exists() {
        Some(true)
    } else {
        synchronised()
    };
    let shown = when::minute(now);
    let cure = "set the clock: start a time service (systemd-timesyncd, chrony, ntpd), and let UDP 123 pass";
    if now < BUILT {
        let built = when::day(BUILT);
        let what = format!("it shows {shown}, but this program was made on {built}");
        return doctor.fail_as(Exit::Failed, what, cure);
    }
    match kept {
        Some(true) => doctor.ok(format!("{shown}, synchronised")),
        Some(false) => doctor.warn(format!("{shown}, not synchronised"), cure),
        None => doctor.ok(format!(
            "{shown}; whether it is synchronised is unknown here"
        )),
    }
}

/// The clock here, in seconds since 1970.
pub(super) fn now() -> u64 {
    wall_ms() / 1000
}
