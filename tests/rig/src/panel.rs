// SPDX-License-Identifier: MIT OR Apache-2.0
//! `homey-panel run` as a child process with a wall panel on its standard input and output. It knows the line protocol's
//! framing; what a line should say its users know.

use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::{Lines, Process, Result, has};

/// The running program, seen from the wall; it is killed with its owner.
pub struct Panel {
    child: Child,
    stdin: Option<ChildStdin>,
    /// What it shows: its standard output.
    pub shows: Lines,
    /// What it logs: its standard error.
    pub log: Lines,
    /// Shows before this one have been looked at.
    pub seen: usize,
}

impl Panel {
    /// `binary -c config --log LEVEL run`, to be started or wrapped.
    pub fn command(binary: &Path, config: &Path, level: &str) -> Command {
        let mut command = Command::new(binary);
        command.arg("-c").arg(config).args(["--log", level, "run"]);
        command
    }

    /// Starts it with all three streams as pipes.
    pub fn start(mut command: Command) -> Result<Panel> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{}: {e}", command.get_program().to_string_lossy()))?;
        let (shows, log) = match (child.stdout.take(), child.stderr.take()) {
            (Some(shows), Some(log)) => (Lines::of(shows), Lines::of(log)),
            _ => return Err("its output is no pipe".into()),
        };
        Ok(Panel {
            stdin: child.stdin.take(),
            shows,
            log,
            child,
            seen: 0,
        })
    }

    /// The process, for signals and figures.
    pub fn process(&self) -> Process {
        Process::new(self.child.id())
    }

    /// Sends one line; when it was sent.
    pub fn say(&mut self, line: &str) -> Result<Instant> {
        let stdin = self.stdin.as_mut().ok_or("its input is closed")?;
        stdin
            .write_all(format!("{line}\n").as_bytes())
            .map_err(|e| format!("its input: {e}"))?;
        Ok(Instant::now())
    }

    /// A short press of a control.
    pub fn tap(&mut self, name: &str) -> Result<Instant> {
        self.say(&format!("{{\"tap\":\"{name}\"}}"))
    }

    /// The end of its standard input.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// Waits for a show that passes `test` and came after the last one waited for.
    pub fn find(
        &mut self,
        what: &str,
        within: Duration,
        test: impl Fn(&str) -> bool,
    ) -> Result<(Instant, String)> {
        let Some(said) = self.shows.find(self.seen, within, test) else {
            return Err(format!("waited for {what} in vain\n{}", self.story()));
        };
        self.seen = said.at + 1;
        Ok((said.when, said.line))
    }

    /// Waits for a show with these members that came after the last one waited for; its time.
    pub fn see(&mut self, wanted: &Value, within: Duration) -> Result<Instant> {
        let found = self.find(&wanted.to_string(), within, |line| has(line, wanted));
        found.map(|(when, _)| when)
    }

    /// Waits for the connection's state.
    pub fn link(&mut self, state: &str, within: Duration) -> Result<Instant> {
        self.see(&json!({"link": state}), within)
    }

    /// Waits for the lamp's look.
    pub fn lamp(&mut self, name: &str, state: &str, on: bool, within: Duration) -> Result<Instant> {
        self.see(&json!({"show": name, "state": state, "on": on}), within)
    }

    /// Waits for the word on a press.
    pub fn word(&mut self, control: &str, word: &str, within: Duration) -> Result<Instant> {
        self.see(&json!({"feedback": control, "result": word}), within)
    }

    /// What an output shows at present, or null.
    pub fn now(&self, name: &str) -> Value {
        let wanted = json!({"show": name});
        let newest = self.shows.newest(|line| has(line, &wanted));
        newest
            .and_then(|said| serde_json::from_str(&said.line).ok())
            .unwrap_or(Value::Null)
    }

    /// How many lines of the log have `part`.
    pub fn times_logged(&self, part: &str) -> usize {
        let log = self.log.all();
        log.iter().filter(|line| line.contains(part)).count()
    }

    /// Everything it said, for a failure's reader.
    pub fn story(&self) -> String {
        format!(
            "--- panel, {} seen\n{}\n--- log\n{}",
            self.seen,
            self.shows.all().join("\n"),
            self.log.all().join("\n")
        )
    }

    /// Waits for its end.
    pub fn end(&mut self, within: Duration) -> Result<ExitStatus> {
        let began = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if began.elapsed() < within => {
                    std::thread::sleep(Duration::from_millis(5))
                }
                Ok(None) => return Err(format!("it does not end\n{}", self.story())),
                Err(e) => return Err(format!("waiting for its end: {e}")),
            }
        }
    }

    /// Ends it by SIGTERM; the line with which it accounts for every press.
    pub fn stop(&mut self, within: Duration) -> Result<String> {
        self.process().signal(Signal::SIGTERM)?;
        let status = self.end(within)?;
        if !status.success() {
            return Err(format!("{status}\n{}", self.story()));
        }
        let tally = self.log.find(0, within, |line| line.contains("stopped; "));
        tally
            .map(|said| said.line)
            .ok_or_else(|| format!("no tally\n{}", self.story()))
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
