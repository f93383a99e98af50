// SPDX-License-Identifier: MIT OR Apache-2.0

//! How a fault is asked for: the JSON of `POST /_sim/fault` (README.md has the
//! table). A member that a kind does not know is refused, so that a misspelt
//! test does not pass.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::kind::{Arrived, Coding, End, Kind, Phase, Status};
use crate::pki::Which;
use crate::state::{PORTS, Via};

/// A fault with whom and how often it meets.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What it does.
    pub kind: Kind,
    /// Its kind and what tells it from others of it: `stall head`, `status 401`.
    pub word: String,
    /// Requests whose path starts so.
    pub path_prefix: String,
    /// Requests of this method only.
    pub method: Option<String>,
    /// This port only; else the hub's own two.
    pub port: Option<Via>,
    /// Only so many uses.
    pub times: Option<u32>,
    /// Only the last of each so many that fit.
    pub every: Option<u32>,
    /// 0 to 1.
    pub probability: f64,
    /// Of the draws.
    pub seed: Option<u64>,
}

/// The members that are not used yet.
struct Members(Map<String, Value>);

impl Members {
    fn take<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, String> {
        match self.0.remove(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value)
                .map(Some)
                .map_err(|e| format!("{key:?} does not fit: {e}")),
        }
    }

    fn need<T: DeserializeOwned>(&mut self, key: &str) -> Result<T, String> {
        self.take(key)?
            .ok_or_else(|| format!("the member {key:?} is missing"))
    }

    fn ms(&mut self) -> Result<Option<Duration>, String> {
        let ms: Option<u32> = self.take("ms")?;
        Ok(ms.map(|ms| Duration::from_millis(u64::from(ms))))
    }

    /// A member with one of some words.
    fn word<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> Result<Option<T>, String> {
        let Some(text) = self.take::<String>(key)? else {
            return Ok(None);
        };
        match words.iter().find(|w| w.0 == text) {
            Some(word) => Ok(Some(word.1)),
            None => {
                let known: Vec<&str> = words.iter().map(|w| w.0).collect();
                Err(format!("{key:?} is none of {}: {text:?}", known.join(", ")))
            }
        }
    }
}

/// Phases of a fault that connections and requests share.
#[derive(Clone, Copy)]
enum At {
    New(Arrived),
    In(Phase),
}

impl Fault {
    /// True when it is about this port.
    pub fn on(&self, via: Via) -> bool {
        self.port.map_or(via.at_home(), |p| p == via)
    }

    /// Reads a fault; `usual` is its port when it names none.
    pub fn read(members: Map<String, Value>, usual: Option<Via>) -> Result<Fault, String> {
        let mut m = Members(members);
        let name: String = m.need("kind")?;
        let word = word(&name, &m.0);
        let kind = kind(&name, &mut m)?;
        let fault = Fault {
            word,
            path_prefix: m.take("path_prefix")?.unwrap_or_default(),
            method: m.take("method")?,
            port: m.word("port", &PORTS.map(|p| (p.word(), p)))?.or(usual),
            times: m.take("times")?,
            every: m.take("every")?,
            probability: m.take("probability")?.unwrap_or(1.0),
            seed: m.take("seed")?,
            kind,
        };
        if let Some(key) = m.0.keys().next() {
            return Err(format!("{name} takes no {key:?}"));
        }
        if !(0.0..=1.0).contains(&fault.probability) {
            return Err("the probability is from 0 to 1".to_owned());
        }
        if fault.every == Some(0) {
            return Err("\"every\" is 1 or more".to_owned());
        }
        let drawn = fault.times.is_some() || fault.every.is_some() || fault.probability < 1.0;
        if drawn && matches!(fault.kind, Kind::Refuse { .. }) {
            // The kernel refuses, for everybody alike.
            return Err("refuse is in force or not: it takes ms, no chances".to_owned());
        }
        if fault.port == Some(Via::Http) && fault.kind.of_handshake() {
            return Err("the plain port has no handshake".to_owned());
        }
        Ok(fault)
    }
}

fn word(name: &str, members: &Map<String, Value>) -> String {
    let telling = ["phase", "as", "which", "code"];
    match telling.iter().find_map(|key| members.get(*key)) {
        Some(Value::String(text)) => format!("{name} {text}"),
        Some(Value::Number(code)) => format!("{name} {code}"),
        _ => name.to_owned(),
    }
}

fn kind(name: &str, m: &mut Members) -> Result<Kind, String> {
    Ok(match name {
        "refuse" => Kind::Refuse {
            time: m.ms()?,
            cut: m.take("cut")?.unwrap_or(false),
        },
        "silent" => Kind::Silent(m.ms()?),
        "stall" => {
            let words = [
                ("handshake", At::New(Arrived::Handshake)),
                ("request", At::In(Phase::Request)),
                ("head", At::In(Phase::Head)),
                ("body", At::In(Phase::Body)),
            ];
            match needed(m.word("phase", &words)?)? {
                At::New(_) => Kind::StallHandshake(m.ms()?),
                At::In(phase) => Kind::Stall(phase, m.ms()?),
            }
        }
        "close" => ends(m, None)?,
        "rst" => ends(m, Some(End::Rst))?,
        "certificate" => {
            let words = Which::ALL.map(|w| (w.word(), w));
            let which = m.word("which", &words)?;
            Kind::Certificate(which.ok_or("the member \"which\" is missing")?)
        }
        "drip" => Kind::Drip {
            head: m.word("phase", &[("head", true), ("body", false)])? == Some(true),
            every: m.ms()?.unwrap_or(Duration::from_secs(1)),
            size: m.take::<u32>("bytes")?.map_or(1, |n| n.max(1) as usize),
        },
        "coding" => coding(m)?,
        "truncated_json" => Kind::TruncatedJson,
        "wrong_length" => match m.need("delta")? {
            0 => return Err("a \"delta\" of 0 is no fault".to_owned()),
            delta => Kind::WrongLength(delta),
        },
        "status" => Kind::Status(status(m)?),
        "portal" => Kind::Portal,
        "wrong_id" => Kind::WrongId(other_id(m)?),
        other => return Err(format!("no fault is called {other:?}")),
    })
}

fn needed<T>(phase: Option<T>) -> Result<T, String> {
    phase.ok_or_else(|| "the member \"phase\" is missing".to_owned())
}

fn ends(m: &mut Members, rst: Option<End>) -> Result<Kind, String> {
    let words = [
        ("accept", At::New(Arrived::Accept)),
        ("handshake", At::New(Arrived::Handshake)),
        ("request", At::In(Phase::Request)),
        ("head", At::In(Phase::Head)),
        ("body", At::In(Phase::Body)),
        ("idle", At::In(Phase::Idle)),
    ];
    let at = needed(m.word("phase", &words)?)?;
    let end = match rst {
        Some(end) => end,
        None => End::Close {
            notify: m.take("close_notify")?.unwrap_or(true),
        },
    };
    Ok(match at {
        At::New(arrived) => Kind::EndArrival(arrived, end),
        At::In(Phase::Idle) => Kind::End(Phase::Idle, end, m.ms()?.unwrap_or_default()),
        At::In(phase) => Kind::End(phase, end, Duration::ZERO),
    })
}

fn coding(m: &mut Members) -> Result<Kind, String> {
    let words = [
        ("chunked", None),
        ("gzip", Some(Coding::Gzip)),
        ("br", Some(Coding::Br)),
        ("deflate", Some(Coding::Deflate)),
        ("raw_deflate", Some(Coding::RawDeflate)),
        ("identity", Some(Coding::Identity)),
    ];
    let word = m.word("as", &words)?;
    Ok(match word.ok_or("the member \"as\" is missing")? {
        Some(coding) => Kind::Coding(coding),
        None => {
            let bytes = m.take::<u32>("bytes")?;
            Kind::Chunked(bytes.map_or(1000, |n| n.max(1) as usize))
        }
    })
}

fn status(m: &mut Members) -> Result<Status, String> {
    let code = m.need("code")?;
    if !matches!(code, 401 | 403 | 404 | 429 | 500 | 502 | 503 | 504) {
        return Err(format!("a hub has no fault of status {code}"));
    }
    let retry_after = match m.take::<Value>("retry_after")? {
        None => None,
        Some(Value::Number(n)) => Some(n.to_string()),
        // What a header may hold (RFC 9110, 5.5), wrong dates included.
        Some(Value::String(s)) if s.bytes().all(|b| matches!(b, b' '..=b'~')) => Some(s),
        Some(_) => return Err("\"retry_after\" is seconds or a date".to_owned()),
    };
    let scopes = m.take("scopes")?.unwrap_or(false);
    if scopes && code != 403 {
        return Err("only a 403 is about scopes".to_owned());
    }
    Ok(Status {
        code,
        executed: m.take("executed")?.unwrap_or(false),
        retry_after,
        scopes,
        error: m.take("error")?,
    })
}

fn other_id(m: &mut Members) -> Result<Option<String>, String> {
    let id: Option<String> = m.take("id")?;
    let hex = |t: &String| t.len() == 24 && t.bytes().all(|b| b.is_ascii_hexdigit());
    match id {
        Some(id) if !hex(&id) => Err("a hub id is 24 hex digits".to_owned()),
        id => Ok(id),
    }
}
