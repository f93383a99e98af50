// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sessions, exchanges and fetches against servers in memory that follow a script (`script.rs`), under a clock that
//! moves only while somebody waits. Runs under qemu too: nothing here touches the network.

#[path = "../support/replies.rs"]
mod replies;
#[path = "../support/mod.rs"]
mod support;

mod bounds;
mod breath;
mod cuts;
mod deadlines;
mod early;
mod retry;
mod reuse;
mod script;

use std::io::Read;
use std::time::Duration;

use homey_panel::http::Limits;
use homey_panel::net::{Deadlines, Error, Repeat, Request, Session, Wait, fetch};

pub const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

/// 2, 5, 3 and 10 seconds.
pub const LIMITS: Deadlines = Deadlines::POLL;

pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub fn request(text: &str, repeat: Repeat) -> Request {
    Request {
        bytes: text.as_bytes().to_vec(),
        head_only: text.starts_with("HEAD"),
        repeat,
    }
}

pub fn get() -> Request {
    request(GET, Repeat::Once)
}

/// One request and its whole body, in a word or two.
pub fn exchange(session: &mut Session, request: Request, wait: &mut dyn Wait) -> String {
    let result = fetch(session, request, LIMITS, wait).and_then(|reply| {
        let status = reply.head.status();
        let mut content = String::new();
        let mut body = reply.decoded(Limits::RUN)?;
        body.read_to_string(&mut content).map_err(Error::from_io)?;
        Ok(format!("{status} {content}").trim_end().to_string())
    });
    result.unwrap_or_else(|error| short(&error))
}

/// What an error is, and where it happened, as tables write it.
pub fn short(error: &Error) -> String {
    match error {
        Error::Connect { .. } => "connect".into(),
        Error::Deadline { phase, after, .. } => format!("deadline {phase:?} after {after:?}"),
        Error::Closed { phase, source, .. } => match source {
            Some(source) => format!("broken {phase:?} {:?}", source.kind()),
            None => format!("closed {phase:?}"),
        },
        Error::Head { source, .. } => format!("head {source:?}"),
        Error::Framing { source, .. } => format!("framing {source:?}"),
        Error::Body { source, .. } => format!("body {source:?}"),
        Error::Coding { source, .. } => format!("coding {source:?}"),
        other => format!("{other:?}"),
    }
}
