// SPDX-License-Identifier: MIT OR Apache-2.0

//! Starts the program, talks to it, and ends it with the test.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

/// A running simulator.
pub struct Sim {
    child: Child,
    /// Its ready line.
    pub ready: Value,
    /// A client with ordinary settings that takes every status as a reply.
    pub agent: Agent,
}

/// A reply, read to its end.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// "200", "204", or the status and the error code.
    pub fn outcome(&self) -> String {
        match self.status {
            200 | 204 => self.status.to_string(),
            status => format!("{status} {}", self.code()),
        }
    }

    /// Its error code.
    pub fn code(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }
}

pub fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        // A home of ten thousand devices takes its time on a busy machine.
        .timeout_global(Some(Duration::from_secs(90)))
        .build()
        .into()
}

impl Sim {
    pub fn start(args: &[&str]) -> Sim {
        let mut child = Command::new(env!("CARGO_BIN_EXE_homey-sim"))
            .args(args)
            .arg("--parent-exit")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the simulator starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("stdout is piped");
        BufReader::new(out)
            .read_line(&mut line)
            .expect("a ready line");
        Sim {
            child,
            ready: serde_json::from_str(&line).expect("the ready line is JSON"),
            agent: agent(),
        }
    }

    /// A home of so many devices whose hub takes any number of requests, as tables of them need.
    pub fn unhurried(dialect: &str, devices: &str) -> Sim {
        let (home, dialect) = (["--devices", devices], ["--dialect", dialect]);
        Sim::start(&[home, dialect, ["--rate-limit", "off"]].concat())
    }

    pub fn word(&self, key: &str) -> &str {
        self.ready[key].as_str().unwrap_or_default()
    }

    /// The bearer that may do everything.
    pub fn full(&self) -> &str {
        self.ready["api_key"]
            .as_str()
            .unwrap_or(self.word("session_token"))
    }

    /// Any request; `headers` as they are.
    pub fn send(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.try_send(method, url, headers, body).expect("a reply")
    }

    pub fn try_send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Reply, ureq::Error> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut reply = match method {
            "GET" | "HEAD" => self.agent.run(request.body(()).expect("a good request"))?,
            _ => {
                let body = body.to_owned();
                self.agent
                    .run(request.body(body).expect("a good request"))?
            }
        };
        let body = reply
            .body_mut()
            .with_config()
            .limit(1 << 30)
            .read_to_vec()?;
        Ok(Reply {
            status: reply.status().as_u16(),
            headers: reply.headers().clone(),
            body,
        })
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}/api/manager{path}", self.word("http"))
    }

    /// GET below `/api/manager` with the full bearer.
    pub fn get(&self, path: &str) -> Reply {
        let bearer = format!("Bearer {}", self.full());
        self.send("GET", &self.url(path), &[("Authorization", &bearer)], "")
    }

    /// The same with another bearer, any method, and a body unless that is empty.
    pub fn with(&self, bearer: &str, method: &str, path: &str, body: &str) -> Reply {
        let bearer = format!("Bearer {bearer}");
        let mut headers = vec![("Authorization", bearer.as_str())];
        if !body.is_empty() {
            headers.push(("Content-Type", "application/json"));
        }
        self.send(method, &self.url(path), &headers, body)
    }

    /// PUT or POST of JSON below `/api/manager` with the full bearer.
    pub fn write(&self, method: &str, path: &str, body: &str) -> Reply {
        let bearer = format!("Bearer {}", self.full());
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
        ];
        self.send(method, &self.url(path), &headers, body)
    }

    pub fn put(&self, path: &str, body: &str) -> Reply {
        self.write("PUT", path, body)
    }

    pub fn post(&self, path: &str, body: &str) -> Reply {
        self.write("POST", path, body)
    }

    /// A control call, over the control port.
    pub fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/_sim/{path}", self.word("control"));
        let reply = match body {
            Value::Null => self.send("GET", &url, &[], ""),
            body => self.send("POST", &url, &[], &body.to_string()),
        };
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    /// Id of a device given as "Zone/Name".
    pub fn id(&self, path: &str) -> String {
        let (zone, name) = path.split_once('/').expect("a zone and a name");
        let state = self.control("state", Value::Null);
        let devices = state["devices"].as_array().expect("devices").clone();
        let fits = |d: &&Value| {
            let at = d["zone"].as_str().unwrap_or_default();
            d["name"] == name && (at == zone || at.ends_with(&format!("/{zone}")))
        };
        let device = devices.iter().find(fits).expect("the device exists");
        device["id"].as_str().expect("an id").to_owned()
    }

    /// Path of a capability of a device given as "Zone/Name".
    pub fn cap(&self, path: &str, cap: &str) -> String {
        format!("/devices/device/{}/capability/{cap}", self.id(path))
    }

    /// Sends it a signal and waits for its end.
    pub fn end(&mut self, signal: &str) -> i32 {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status();
        assert!(sent.is_ok_and(|s| s.success()));
        let ended = self.child.wait().expect("it ends");
        ended.code().unwrap_or(-1)
    }

    /// Closes its standard input and waits for its end.
    pub fn abandon(&mut self) -> i32 {
        drop(self.child.stdin.take());
        self.child.wait().expect("it ends").code().unwrap_or(-1)
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A killed process leaves its temporary folder.
        let ca = std::path::Path::new(self.word("ca_file"));
        if let Some(dir) = ca.parent().filter(|d| {
            let name = d.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            name.starts_with("homey-sim-")
        }) {
            let _ = std::fs::remove_dir_all(dir);
        }
    }
}

/// Polls until something holds, at most ten seconds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(15));
    }
}
