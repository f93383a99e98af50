// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cases of `tests/data/replies` as a whole client sees them. The format stands in `tests/http_replies.rs`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use homey_panel::http::Limits;
use homey_panel::net::{Error, Reply, collect};

use crate::support::{case_files, unescape};

/// What a server sends, and how that must end.
pub struct Case {
    pub name: String,
    pub head_only: bool,
    pub sent: Vec<u8>,
    /// The server closes the connection after the last byte; else it stays silent.
    pub closes: bool,
    pub limits: Limits,
    pub ending: String,
    /// More follows the reply, which makes the connection unusable.
    pub has_more: bool,
}

/// All of them, in order.
pub fn all_cases() -> Vec<Case> {
    let files = case_files("replies");
    let blocks = files.iter().flat_map(|(name, text)| {
        let cases = text.split("\ncase: ").skip(1);
        cases.map(move |case| parse(name, case))
    });
    let cases: Vec<Case> = blocks.collect();
    assert!(cases.len() >= 200, "only {} reply cases found", cases.len());
    cases
}

fn parse(file: &str, block: &str) -> Case {
    let (name, rest) = block.split_once('\n').expect("a case with lines");
    let mut case = Case {
        name: format!("{file}: {name}"),
        head_only: false,
        sent: Vec::new(),
        closes: true,
        limits: Limits::RUN,
        ending: String::new(),
        has_more: false,
    };
    let (mut status, mut body, mut keeps, mut error) = ("", String::new(), false, None);
    for line in rest.lines().filter(|l| !l.starts_with('#')) {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.strip_prefix(' ').unwrap_or(value);
        let number = || value.parse::<u64>().expect("a number");
        match key {
            "method" => case.head_only = value == "HEAD",
            "send" => case.sent.extend(unescape(value)),
            "repeat" => {
                let (times, bytes) = value.split_once(' ').expect("a number and bytes");
                let times = times.parse().expect("a number");
                case.sent.extend(unescape(bytes).repeat(times));
            }
            "base64" => case.sent.extend(STANDARD.decode(value).expect("base64")),
            "end" => case.closes = value != "open",
            "max-output" => case.limits.max_output = number(),
            "window" => case.limits.max_window_bits = number() as u8,
            "status" => status = value,
            "connection" => keeps = value == "Keep",
            "body" => body = summary(&unescape(value)),
            "body-sum" => body = value.to_string(),
            "left" => case.has_more = true,
            "error" => error = Some(value),
            _ => {}
        }
    }
    case.ending = match error {
        Some(error) => error.to_string(),
        None => ending_of(
            status.parse().expect("a status"),
            &body,
            keeps && !case.has_more,
        ),
    };
    case
}

fn ending_of(status: u16, body: &str, keeps: bool) -> String {
    let connection = if keeps { "kept" } else { "closed" };
    format!("{status} {body} {connection}")
}

/// Length and CRC-32.
fn summary(content: &[u8]) -> String {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    format!("{} {:08x}", content.len(), crc.sum())
}

/// Reads the body of `reply`; its status and what the body was.
pub fn read_out(reply: Result<Reply<'_>, Error>, limits: Limits) -> Result<(u16, String), Error> {
    let reply = reply?;
    let status = reply.head.status();
    let content = collect(&mut reply.decoded(limits)?, 64 << 20)?;
    Ok((status, summary(&content)))
}

/// How it ended, in the words of the case files.
pub fn ending(result: Result<(u16, String), Error>, is_warm: bool) -> String {
    match result {
        Ok((status, body)) => ending_of(status, &body, is_warm),
        Err(Error::Head { source, .. }) => format!("head {source:?}"),
        Err(Error::Framing { source, .. }) => format!("framing {source:?}"),
        Err(Error::Body { source, .. }) => format!("body {source:?}"),
        Err(Error::Coding { source, .. }) => format!("coding {source:?}"),
        Err(Error::Deadline { .. }) => "waits".to_string(),
        Err(Error::Closed { source: None, .. }) => "head closed".to_string(),
        Err(other) => format!("{other:?}"),
    }
}
