// SPDX-License-Identifier: MIT OR Apache-2.0
//! The simulated hub as a process of its own, and a configuration for it.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::Value;

use crate::beds::{Bed, Ended, simulator};

/// A running hub; it ends with this value.
pub struct Hub {
    child: Child,
    /// Its end is what the hub waits for, so that it outlives no test.
    _alive: ChildStdin,
    /// Its ready line.
    pub ready: Value,
    /// Its configuration's directory.
    pub bed: Bed,
}

impl Hub {
    /// Starts one with these options and writes `panel.toml` for its plain port, `rest` at the end of it.
    pub fn start(options: &[&str], rest: &str) -> Hub {
        let mut child = Command::new(simulator())
            .arg("--parent-exit")
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let hub = Hub {
            _alive: child.stdin.take().unwrap(),
            child,
            ready: serde_json::from_str(&line).unwrap(),
            bed: Bed::new(),
        };
        hub.configure(rest);
        hub
    }

    /// A hub of 2023 that speaks English.
    pub fn v3() -> Hub {
        Hub::start(&["--language", "en"], "")
    }

    /// An older one.
    pub fn v2() -> Hub {
        Hub::start(&["--dialect", "v2", "--language", "en"], "")
    }

    /// Writes `panel.toml` again.
    pub fn configure(&self, rest: &str) {
        let token = if self.ready["api_key"].is_string() {
            self.bed.secret("key", self.at("api_key"));
            "api_key_file = \"key\""
        } else {
            let session = format!(
                "{{\"version\":1,\"hub\":\"{}\",\"token\":\"{}\"}}",
                self.at("hub_id"),
                self.at("session_token")
            );
            self.bed.secret("session.json", &session);
            "session_file = \"session.json\""
        };
        let (http, id) = (self.at("http"), self.at("hub_id"));
        let text = format!("[hub]\naddress = \"{http}\"\nid = \"{id}\"\n{token}\n{rest}\n");
        self.bed.file("panel.toml", text);
    }

    /// A text of the ready line.
    pub fn at(&self, name: &str) -> &str {
        self.ready[name].as_str().unwrap()
    }

    /// The program on this hub.
    pub fn run(&self, args: &[&str]) -> Ended {
        self.bed.with_config(args)
    }

    /// The control API: POST with this body, GET without.
    pub fn control(&self, what: &str, body: &str) -> String {
        let url = format!("{}/_sim/{what}", self.at("control"));
        let mut args = vec!["request", url.as_str()];
        if !body.is_empty() {
            args.extend(["--json", body]);
        }
        let ended = self.bed.run(&args);
        ended.is_good().text()
    }

    /// What was written or started, in order.
    pub fn counters(&self) -> Value {
        serde_json::from_str(&self.control("counters", "")).unwrap()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
