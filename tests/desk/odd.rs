// SPDX-License-Identifier: MIT OR Apache-2.0
//! A hub that answers each path with what the test says, and remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use homey_rig::beds::{Bed, Ended};

/// A reply: its status line's rest (none: the connection ends), its body, and how long it is kept waiting.
#[derive(Clone)]
pub struct Reply(pub &'static str, pub String, pub Duration);

impl Reply {
    pub fn ok(body: impl Into<String>) -> Reply {
        Reply("200 OK", body.into(), Duration::ZERO)
    }

    /// Half of the body, then after `ms` the other half.
    pub fn late(body: impl Into<String>, ms: u64) -> Reply {
        Reply("200 OK", body.into(), Duration::from_millis(ms))
    }
}

/// Method and path with the reply; the last that fits counts.
pub type Script = Vec<(&'static str, Reply)>;

pub struct Odd {
    pub bed: Bed,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Odd {
    /// A hub with a ping, and these replies; anything else is no such route.
    pub fn new(script: Script) -> Odd {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (record, script) = (asked.clone(), Arc::new(script));
        // Ends with the test process.
        thread::spawn(move || {
            for peer in listener.incoming().flatten() {
                let (record, script) = (record.clone(), script.clone());
                thread::spawn(move || serve(peer, &record, &script));
            }
        });
        let bed = Bed::new();
        bed.config(
            &format!("http://127.0.0.1:{port}\"\nid = \"5f00aa11bb22cc33dd44ee55"),
            "",
        );
        Odd { bed, asked }
    }

    pub fn run(&self, args: &[&str]) -> Ended {
        self.bed.with_config(args)
    }

    /// What was asked so far, as `GET /path body`, the pings left out.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let others = asked.iter().filter(|line| !line.contains("/system/ping"));
        others.cloned().collect()
    }
}

fn serve(peer: TcpStream, record: &Mutex<Vec<String>>, script: &Script) {
    let mut lines = BufReader::new(peer.try_clone().unwrap());
    let mut peer = peer;
    loop {
        let (mut first, mut length) = (String::new(), 0);
        if lines.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let small = line.to_ascii_lowercase();
            if let Some(value) = small.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        lines.read_exact(&mut body).unwrap();
        let asked = first.trim_end().trim_end_matches(" HTTP/1.1");
        let body = String::from_utf8(body).unwrap();
        record
            .lock()
            .unwrap()
            .push(format!("{asked} {body}").trim_end().to_string());
        let pong = Reply::ok("true");
        let none = Reply(
            "404 Not Found",
            "{\"code\":404,\"error\":\"not_found\",\"error_description\":\"Cannot find it\"}"
                .into(),
            Duration::ZERO,
        );
        let found = script.iter().rev().find(|(path, _)| *path == asked);
        let Reply(status, body, wait) = match found {
            Some((_, reply)) => reply,
            None if asked.starts_with("GET /api/manager/system/ping") => &pong,
            None => &none,
        };
        // No status: the connection just ends.
        if status.is_empty() {
            return;
        }
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nX-Homey-ID: 5f00aa11bb22cc33dd44ee55\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let (one, two) = body.as_bytes().split_at(body.len() / 2);
        let mut write = || {
            peer.write_all(head.as_bytes())?;
            peer.write_all(one)?;
            thread::sleep(*wait);
            peer.write_all(two)
        };
        if write().is_err() {
            return;
        }
    }
}
