// SPDX-License-Identifier: MIT OR Apache-2.0
//! A hub that answers what a test says, by path.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use homey_rig::beds::{Bed, Ended};

/// What a path is answered with: status and body.
pub type Answer = dyn Fn(&str) -> (u16, String) + Send + Sync;

/// One request, as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Method and target.
    pub line: String,
    pub head: String,
    pub body: String,
}

pub struct Fake {
    pub bed: Bed,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    /// Answers the ping itself and everything else by `answer`.
    pub fn new(answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = asked.clone();
        let answer: Arc<Answer> = Arc::new(answer);
        // Ends with the test process.
        thread::spawn(move || {
            for peer in listener.incoming().flatten() {
                let (record, answer) = (record.clone(), answer.clone());
                thread::spawn(move || serve(peer, &record, &*answer));
            }
        });
        let bed = Bed::new();
        bed.config(&address, "");
        Fake { bed, asked }
    }

    /// The program on this hub.
    pub fn run(&self, args: &[&str]) -> Ended {
        self.bed.with_config(args)
    }

    /// What came so far, pings aside.
    pub fn asked(&self) -> Vec<Asked> {
        let all = self.asked.lock().unwrap();
        all.iter()
            .filter(|a| !a.line.contains("/ping"))
            .cloned()
            .collect()
    }
}

fn serve(peer: TcpStream, record: &Mutex<Vec<Asked>>, answer: &Answer) -> Option<()> {
    let mut out = peer.try_clone().ok()?;
    let mut input = BufReader::new(peer);
    loop {
        let mut line = String::new();
        input.read_line(&mut line).ok().filter(|n| *n > 0)?;
        let mut head = String::new();
        let mut length = 0;
        loop {
            let mut field = String::new();
            input.read_line(&mut field).ok().filter(|n| *n > 0)?;
            if field.trim().is_empty() {
                break;
            }
            let lower = field.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            head.push_str(&field);
        }
        let mut body = vec![0; length];
        input.read_exact(&mut body).ok()?;
        let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
        let target = line.split_once(' ')?.1.to_owned();
        record.lock().unwrap().push(Asked {
            line,
            head,
            body: String::from_utf8_lossy(&body).into_owned(),
        });
        let (status, text) = match target.contains("/system/ping") {
            true => (200, "true".to_owned()),
            false => answer(&target),
        };
        let length = text.len();
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nX-Homey-ID: 5f00aa11bb22cc33dd44ff66\r\nContent-Length: {length}\r\n\r\n"
        );
        out.write_all(head.as_bytes()).ok()?;
        out.write_all(text.as_bytes()).ok()?;
    }
}
