// SPDX-License-Identifier: MIT OR Apache-2.0
//! Other programs that measure, and what they say: perf or valgrind, strace, curl, jq.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use homey_rig::{Process, Result};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// Whether `program` can be started.
pub fn has(program: &str) -> bool {
    let probe = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    probe.is_ok()
}

/// Runs it to its end; its failure with what it said.
pub fn output(command: &mut Command) -> Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|e| format!("{name}: {e}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{name}: {}: {said}", output.status));
    }
    Ok(output)
}

/// Processor time of all children that have ended, user and system, in milliseconds.
pub fn children_ms() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|e| format!("getrusage: {e}"))?;
    let time = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(time as f64 / 1000.0)
}

/// Processor time of a process so far in milliseconds: exact where the kernel keeps it, else in its ticks of 10 ms.
pub fn busy_ms(process: Process) -> f64 {
    let stat = process.file("schedstat");
    let exact = stat
        .split_whitespace()
        .next()
        .and_then(|n| n.parse::<f64>().ok());
    match exact.filter(|n| *n > 0.0) {
        Some(nanoseconds) => nanoseconds / 1e6,
        None => process.ticks() as f64 * 10.0,
    }
}

/// Milliseconds that all threads of these processes were ready to run and had no processor; 0 where the kernel keeps no count.
pub fn kept_waiting(processes: &[Process]) -> f64 {
    let mut sum = 0.0;
    for process in processes {
        let threads = std::fs::read_dir(format!("/proc/{}/task", process.pid()));
        for thread in threads.into_iter().flatten().flatten() {
            let stat = std::fs::read_to_string(thread.path().join("schedstat"));
            let waited = stat
                .ok()
                .and_then(|s| s.split_whitespace().nth(1)?.parse::<f64>().ok());
            sum += waited.unwrap_or(0.0) / 1e6;
        }
    }
    sum
}

/// What counts the instructions of a program in user mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counter {
    Perf,
    Callgrind,
}

impl Counter {
    /// The one that works here.
    pub fn here(folder: &Path) -> Option<Counter> {
        let works = |counter: &Counter| {
            let file = folder.join("probe");
            let words = counter.words(&file);
            let mut probe = Command::new(&words[0]);
            let ran = probe
                .args(&words[1..])
                .arg("true")
                .stderr(Stdio::null())
                .status();
            ran.is_ok_and(|s| s.success()) && counter.read(&file).is_ok()
        };
        [Counter::Perf, Counter::Callgrind].into_iter().find(works)
    }

    pub fn name(self) -> &'static str {
        match self {
            Counter::Perf => "perf",
            Counter::Callgrind => "callgrind",
        }
    }

    /// The words before a command line whose count shall be in `file` afterwards.
    pub fn words(self, file: &Path) -> Vec<String> {
        let file = file.display();
        let words = match self {
            Counter::Perf => format!("perf stat -x, -e instructions:u -o {file} --"),
            Counter::Callgrind => {
                format!("valgrind --quiet --tool=callgrind --callgrind-out-file={file} --")
            }
        };
        words
            .split(' ')
            .filter(|w| *w != "--" || self == Counter::Perf)
            .map(str::to_string)
            .collect()
    }

    /// The count.
    pub fn read(self, file: &Path) -> Result<f64> {
        let shown = file.display();
        let text = std::fs::read_to_string(file).map_err(|e| format!("{shown}: {e}"))?;
        let found = match self {
            Counter::Perf => text
                .lines()
                .find(|l| l.contains("instructions"))
                .and_then(|l| l.split(',').next()?.parse().ok()),
            Counter::Callgrind => text
                .lines()
                .find_map(|l| l.strip_prefix("totals: ").or(l.strip_prefix("summary: ")))
                .and_then(|n| n.split_whitespace().next()?.parse().ok()),
        };
        found.ok_or_else(|| format!("{}: no count in {shown}", self.name()))
    }
}
