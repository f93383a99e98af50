// SPDX-License-Identifier: MIT OR Apache-2.0
//! The panels' devices, and who else drives them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Exit;
use crate::hw::{self, Kind, Transport};
use crate::run::panel_kind;

use super::{Doctor, proc};

/// A running program.
struct Process {
    pid: u32,
    dir: PathBuf,
}

/// All others that /proc shows.
fn processes() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let own = std::process::id();
    let pids = entries
        .flatten()
        .filter_map(|e| e.file_name().to_str()?.parse().ok());
    pids.filter(|pid| *pid != own)
        .map(|pid: u32| Process {
            pid,
            dir: Path::new("/proc").join(pid.to_string()),
        })
        .collect()
}

impl Process {
    fn name(&self) -> String {
        let name = fs::read_to_string(self.dir.join("comm")).unwrap_or_default();
        name.trim_end().to_string()
    }

    /// The configuration of a `homey-panel run`, as its own directory and arguments have it; an empty path: the usual one.
    fn runs(&self) -> Option<PathBuf> {
        let cmdline = fs::read(self.dir.join("cmdline")).ok()?;
        let file = proc::runs(&cmdline)?.unwrap_or_default();
        if file.is_empty() {
            return Some(PathBuf::new());
        }
        // Another user's directory may be kept from us.
        let at = fs::read_link(self.dir.join("cwd")).unwrap_or_default();
        let path = at.join(file);
        Some(path.canonicalize().unwrap_or(path))
    }

    /// Whether it has the device open; other users' descriptors are kept from us unless we are root.
    fn has_open(&self, device: &Path) -> bool {
        let Ok(entries) = fs::read_dir(self.dir.join("fd")) else {
            return false;
        };
        let mut links = entries.flatten().flat_map(|e| fs::read_link(e.path()));
        links.any(|link| link == device)
    }
}

/// Each panel's device opens, or is open in the program that has to have it.
pub(super) fn panels(doctor: &mut Doctor<'_>) {
    let Some(config) = doctor.config.take() else {
        return;
    };
    if config.panels.is_empty() {
        doctor.warn("no panel is configured", "[[panel]] with name and kind");
    }
    for (index, panel) in config.panels.iter().enumerate() {
        let kind = panel_kind(&config, index);
        match holder(&kind) {
            Some((pid, name)) if name == "homey-panel" => {
                doctor.ok(format!(
                    "{}: in use by homey-panel, process {pid}",
                    panel.name
                ));
            }
            Some((pid, name)) => doctor.fail(
                format!("{}: {name}, process {pid}, has it", panel.name),
                format!("end {name}: a serial line is for one program"),
            ),
            None => look(doctor, &panel.name, &kind),
        }
    }
    doctor.config = Some(config);
}

fn look(doctor: &mut Doctor<'_>, name: &str, kind: &Kind) {
    let listening = match kind {
        Kind::Line(Transport::Socket(path)) => {
            let table = fs::read_to_string("/proc/net/unix").unwrap_or_default();
            proc::listens(&table, &path.display().to_string())
        }
        _ => false,
    };
    match hw::probe(kind) {
        Ok(_) if listening => doctor.ok(format!("{name}: a program listens on its socket already")),
        Ok(good) => doctor.ok(format!("{name}: {good}")),
        Err(ill) => {
            let exit = if ill.denied {
                Exit::Permission
            } else {
                Exit::Failed
            };
            doctor.fail_as(exit, format!("{name}: {}", ill.what), ill.cure);
        }
    }
}

/// Who has a serial line open. Opening it as well would reset many a board, and take bytes from its owner.
fn holder(kind: &Kind) -> Option<(u32, String)> {
    let Kind::Line(Transport::Serial { path, .. }) = kind else {
        return None;
    };
    let device = path.canonicalize().ok()?;
    let holder = processes().into_iter().find(|p| p.has_open(&device))?;
    Some((holder.pid, holder.name()))
}

/// Two programs on one configuration take each press twice, or each the half of them.
pub(super) fn instance(doctor: &mut Doctor<'_>) {
    let file = doctor.common.file();
    let ours = file.canonicalize().unwrap_or(file);
    let usual = crate::run::usual_file();
    let usual = usual.canonicalize().unwrap_or(usual);
    let is_ours = |runs: &PathBuf| match runs.as_os_str().is_empty() {
        true => usual == ours,
        false => *runs == ours,
    };
    let pids: Vec<String> = processes()
        .iter()
        .filter(|p| p.runs().as_ref().is_some_and(is_ours))
        .map(|p| p.pid.to_string())
        .collect();
    match pids.as_slice() {
        [] => doctor.ok("homey-panel run is not running with this configuration"),
        [pid] => doctor.ok(format!("homey-panel run is running, process {pid}")),
        [first, rest @ ..] => doctor.fail(
            format!(
                "homey-panel run is running {} times: processes {}",
                pids.len(),
                pids.join(", ")
            ),
            format!("keep {first} and end the others: kill {}", rest.join(" ")),
        ),
    }
}
