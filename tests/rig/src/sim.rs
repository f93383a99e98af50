// SPDX-License-Identifier: MIT OR Apache-2.0
//! A simulated hub as a child process, and its control API over plain HTTP. It does not know what the hub does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{Dir, Process, Result, SOON};

/// A running simulator; it ends with its owner.
pub struct Sim {
    child: Child,
    binary: PathBuf,
    ready: Value,
    pki: Arc<Dir>,
    args: Vec<String>,
}

fn start(binary: &Path, args: &[String], pki: &Path) -> Result<(Child, Value)> {
    let mut child = Command::new(binary)
        .args(args)
        .arg("--pki")
        .arg(pki)
        .arg("--parent-exit")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{}: {e}", binary.display()))?;
    let mut line = String::new();
    let read = child
        .stdout
        .take()
        .map(|out| BufReader::new(out).read_line(&mut line));
    match serde_json::from_str(&line) {
        Ok(ready) => Ok((child, ready)),
        Err(e) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(format!(
                "the simulator's first line: {e}, {read:?}: {line:?}"
            ))
        }
    }
}

impl Sim {
    /// Starts `binary` with further arguments, on ports of its own choice.
    pub fn start(binary: &Path, args: &[&str]) -> Result<Sim> {
        Sim::with(binary, args, Arc::new(Dir::new()?))
    }

    /// Another hub whose certificates are by the same authority, so that one client trusts both. It is on the same account
    /// too: it takes the delegation tokens of this one's cloud, whose list of hubs `add_hub` completes. Its seed must be
    /// another, or it is the same hub.
    pub fn beside(&self, args: &[&str]) -> Result<Sim> {
        Sim::with(&self.binary, args, self.pki.clone())
    }

    fn with(binary: &Path, args: &[&str], pki: Arc<Dir>) -> Result<Sim> {
        let args: Vec<String> = args.iter().map(|a| a.to_string()).collect();
        let (child, ready) = start(binary, &args, &pki)?;
        Ok(Sim {
            child,
            binary: binary.into(),
            ready,
            pki,
            args,
        })
    }

    /// A text of its first line: `http`, `https_address`, `control`, `ca_file`, `spki_pin`, ...
    pub fn word(&self, key: &str) -> &str {
        self.ready[key].as_str().unwrap_or_default()
    }

    /// The bearer that may do everything.
    pub fn bearer(&self) -> &str {
        self.ready["api_key"]
            .as_str()
            .unwrap_or(self.word("session_token"))
    }

    /// The process: SIGSTOP freezes the hub as if it had lost its power without a word, SIGCONT thaws it.
    pub fn process(&self) -> Process {
        Process::new(self.child.id())
    }

    /// Kills it, as a power cut would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on the same ports, with the same home and certificates.
    pub fn revive(&mut self) -> Result<()> {
        let mut args = self.args.clone();
        for (option, key) in [
            ("--http", "http"),
            ("--https", "https_address"),
            ("--control", "control"),
            ("--cloud", "cloud_address"),
            ("--relay", "relay_address"),
        ] {
            let port = self
                .word(key)
                .rsplit_once(':')
                .map_or("0", |(_, port)| port);
            args.extend([option.into(), format!("127.0.0.1:{port}")]);
        }
        let (child, ready) = start(&self.binary, &args, &self.pki)?;
        self.child = child;
        match ready == self.ready {
            true => Ok(()),
            false => Err(format!(
                "another hub came back: {ready}, not {}",
                self.ready
            )),
        }
    }

    fn exchange(&self, request: &str) -> Result<Value> {
        let address = self.word("control").trim_start_matches("http://");
        let ask = || {
            let mut stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(SOON))?;
            stream.write_all(request.as_bytes())?;
            let mut reply = String::new();
            stream.read_to_string(&mut reply)?;
            Ok(reply)
        };
        let line = request.lines().next().unwrap_or_default();
        let reply: String = ask().map_err(|e: std::io::Error| format!("{line}: {e}"))?;
        let body = reply.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        if !reply.starts_with("HTTP/1.1 2") {
            return Err(format!("{line}: {reply}"));
        }
        serde_json::from_str(body).map_err(|e| format!("{line}: {e}: {reply}"))
    }

    /// GET of the control API, `path` without `/_sim/`.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.exchange(&format!(
            "GET /_sim/{path} HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n\r\n"
        ))
    }

    /// POST to the control API, `path` without `/_sim/`.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let body = body.to_string();
        self.exchange(&format!(
            "POST /_sim/{path} HTTP/1.1\r\nHost: sim\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    /// Moves the one clock of hub and cloud on, or back; pauses and delays do not follow.
    pub fn clock_advance(&self, ms: i64) -> Result<()> {
        self.post("clock", &json!({"advance_ms": ms})).map(drop)
    }

    /// What the clock of hub and cloud shows, in milliseconds since 1970.
    pub fn clock(&self) -> Result<i64> {
        let clock = self.get("clock")?;
        clock["now_ms"]
            .as_i64()
            .ok_or_else(|| format!("the clock shows {clock}"))
    }

    /// Changes the cloud's options.
    pub fn cloud_options(&self, options: &Value) -> Result<()> {
        self.post("cloud/options", options).map(drop)
    }

    /// What the cloud counted.
    pub fn cloud_counters(&self) -> Result<Value> {
        self.get("cloud/counters")
    }

    /// An access and a refresh token, as a login would have brought them.
    pub fn cloud_tokens(&self) -> Result<(String, String)> {
        let tokens = self.post("cloud/tokens", &json!({}))?;
        let word = |key: &str| tokens[key].as_str().map(str::to_owned);
        match (word("access_token"), word("refresh_token")) {
            (Some(access), Some(refresh)) => Ok((access, refresh)),
            _ => Err(format!("tokens are missing: {tokens}")),
        }
    }

    /// Puts another simulator's hub on this one's account, after its own.
    pub fn add_hub(&self, other: &Sim) -> Result<()> {
        let mut hubs = match self.get("cloud/options")?["hubs"].take() {
            Value::Array(hubs) => hubs,
            _ => vec![json!({})],
        };
        hubs.push(other.get("cloud/entry")?);
        self.cloud_options(&json!({"hubs": hubs}))
    }

    /// As if another app had set a capability of `Zone/Name`.
    pub fn set(&self, device: &str, capability: &str, value: Value) -> Result<()> {
        let body = json!({"device": device, "capability": capability, "value": value});
        self.post("value", &body).map(drop)
    }

    /// What it counted.
    pub fn counters(&self) -> Result<Value> {
        self.get("counters")
    }

    fn listed(&self, key: &str) -> Result<Vec<Value>> {
        match self.counters()?[key].take() {
            Value::Array(list) => Ok(list),
            other => Err(format!("{key} of the counters is {other}")),
        }
    }

    /// The writes that were executed, as `Zone/Name capability value`.
    pub fn writes(&self) -> Result<Vec<String>> {
        let word = |v: &Value| v.as_str().unwrap_or_default().to_string();
        let writes = self.listed("writes")?;
        let line = |w: &Value| {
            format!(
                "{} {} {}",
                word(&w["name"]),
                word(&w["capability"]),
                w["value"]
            )
        };
        Ok(writes.iter().map(line).collect())
    }

    /// The names of the flows and moods that were started.
    pub fn starts(&self) -> Result<Vec<String>> {
        let starts = self.listed("starts")?;
        let name = |s: &Value| s["name"].as_str().unwrap_or_default().to_string();
        Ok(starts.iter().map(name).collect())
    }

    /// Waits until `test` holds; how long it took.
    pub fn until(
        &self,
        what: &str,
        within: Duration,
        test: impl Fn(&Sim) -> Result<bool>,
    ) -> Result<Duration> {
        let began = Instant::now();
        while !test(self)? {
            if began.elapsed() > within {
                return Err(format!("{what} did not come: {}", self.counters()?));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(began.elapsed())
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.kill();
    }
}
