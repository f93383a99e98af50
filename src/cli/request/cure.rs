// SPDX-License-Identifier: MIT OR Apache-2.0
//! One line for a reply that says no and for one that is none: what came back, and what to do about it.
//!
//! The mistakes are those that people made with hubs (`api.md` 15).

use std::net::Ipv4Addr;

use serde::de::IgnoredAny;

use crate::config::dashed_name;
use crate::failure::{Exit, Failure};
use crate::homey::error::{HubError, Kind, classify};
use crate::homey::secret::Secret;
use crate::homey::text::one_line;
use crate::http::CodingError;
use crate::net::{Error, Phase, TlsFault};

use super::args::{Args, JSON};
use super::head::name;
use super::target::{Target, parse};

/// More of a server's own words than this nobody reads.
const MAX_WORDS: usize = 160;

/// A complete reply of status 400 or above.
pub struct Refused<'a> {
    pub status: u16,
    pub reason: &'a str,
    pub content_type: Option<&'a str>,
    /// Its beginning.
    pub body: &'a [u8],
    pub is_hub: bool,
    /// The bearer that went along.
    pub token: Option<&'a Secret>,
}

impl Refused<'_> {
    /// The line.
    pub fn words(&self, args: &Args) -> String {
        let told = classify(self.status, self.content_type, self.body);
        let line = if self.is_hub {
            told.to_string()
        } else {
            self.status_line(&told)
        };
        match self.cure(args, &told) {
            // The cure stands in the place of the general words for this status.
            Some(cure) if self.is_hub => {
                let code = told.code.map(|c| format!(" {c}")).unwrap_or_default();
                format!("the hub answers {}{code}: {cure}", self.status)
            }
            Some(cure) => format!("{line}: {cure}"),
            None => line,
        }
    }

    fn status_line(&self, told: &HubError) -> String {
        let line = format!("status {} {}", self.status, one_line(self.reason, 80));
        let line = line.trim_end();
        match (&told.code, told.kind) {
            (Some(code), _) => format!("{line}, {code}"),
            _ => line.to_string(),
        }
    }

    fn cure(&self, args: &Args, told: &HubError) -> Option<String> {
        if let Some(route) = self.unknown_route() {
            return Some(format!(
                "it has no {route}; a hub's paths begin with /api/manager/, as /api/manager/devices/device"
            ));
        }
        if told.kind == Kind::NoSuchRoute && path(args).contains("/capability/") {
            return Some(
                "hubs of 2016 to 2019 have no single values; read the whole device, /api/manager/devices/device/ID".into(),
            );
        }
        match self.status {
            400 | 415 | 422 => body_mistake(args, told.kind == Kind::InvalidJson)
                .or_else(|| percent(args)),
            401 if self.token.is_none() && !self.is_hub && !typed(args, "authorization") => {
                Some("no bearer went along; give the path alone for the configured hub, or --bearer, or -H @FILE".into())
            }
            401 => match self.token {
                Some(token) => token.looks_like().complaint().map(str::to_string),
                None => typed_bearer(args),
            },
            _ => None,
        }
    }

    /// What Express says to a path that it does not know.
    fn unknown_route(&self) -> Option<String> {
        let start = self.body.get(..self.body.len().min(2048))?;
        let text = String::from_utf8_lossy(start);
        let (_, rest) = text.split_once("Cannot ")?;
        let route = rest.split(['<', '\n']).next().unwrap_or_default();
        let is_route = self.status == 404 && route.contains(" /");
        is_route.then(|| one_line(route, MAX_WORDS))
    }
}

fn typed(args: &Args, field: &str) -> bool {
    typed_value(args, field).is_some()
}

/// What stands behind the colon of the first `-H` line of this name.
fn typed_value<'a>(args: &'a Args, field: &str) -> Option<&'a [u8]> {
    let is_it = |l: &&Vec<u8>| name(l).eq_ignore_ascii_case(field.as_bytes());
    let line = args.lines.iter().find(is_it)?;
    line.get(name(line).len() + 1..)
}

/// What is wrong with a bearer that was typed as a header line, if that is to be seen from here. Never shows it.
fn typed_bearer(args: &Args) -> Option<String> {
    let value = typed_value(args, "authorization")?;
    let value = std::str::from_utf8(value).ok()?.trim();
    let word = value.split_ascii_whitespace().next()?;
    if !word.eq_ignore_ascii_case("bearer") {
        return Some("the word Bearer stands before the token: Authorization: Bearer TOKEN".into());
    }
    let token = value.get(word.len()..)?.trim();
    if token.starts_with(['"', '\'', '\u{201c}', '\u{201d}']) {
        return Some("the bearer went with the quotes that it has as JSON; leave them out".into());
    }
    match Secret::parse(token) {
        Ok(secret) => secret.looks_like().complaint().map(str::to_string),
        Err(error) => Some(error.to_string()),
    }
}

/// The path that was asked for, of a URL too.
fn path(args: &Args) -> String {
    match parse(&args.target) {
        Ok(Target::Url(url)) => url.path,
        Ok(Target::Hub(path)) => path,
        Err(_) => String::new(),
    }
}

/// A percentage where a share is due, the most usual of refused values.
fn percent(args: &Args) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(args.body.as_deref()?).ok()?;
    let value = body.get("value")?.as_f64()?;
    let is_percent = value > 1.0 && value <= 100.0;
    (is_percent && path(args).contains("/capability/")).then(|| {
        format!(
            "is this one from 0 to 1, as dim is? then {value} % is {{\"value\":{}}}; homey-panel get DEVICE shows the range",
            value / 100.0
        )
    })
}

/// What is wrong with the body that was sent, if that is to be seen from here. `told`: the hub says that it is no JSON.
fn body_mistake(args: &Args, told: bool) -> Option<String> {
    let body = args.body.as_deref()?;
    let text = String::from_utf8_lossy(body);
    let is_json = serde_json::from_slice::<IgnoredAny>(body);
    let looks_json = text.trim_start().starts_with(['{', '[']);
    let as_json = args.media_type == JSON || args.lines.iter().any(|l| says_json(l));
    if let (Some(quote), Err(_)) = (text.chars().find(is_curly), &is_json) {
        return Some(format!(
            "the body has the typographic quote {quote}; write plain \" quotes"
        ));
    }
    match is_json {
        Ok(_) if looks_json && !as_json => Some(format!(
            "the JSON body went as another media type; use --json DATA, or -H 'Content-Type: {JSON}'"
        )),
        Err(e) if as_json || (told && looks_json) => Some(format!(
            "the body is no JSON ({}); keep it in single quotes, as --json '{{\"value\":true}}', or the shell eats its own",
            one_line(&e.to_string(), MAX_WORDS)
        )),
        _ => None,
    }
}

fn is_curly(c: &char) -> bool {
    matches!(c, '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}')
}

fn says_json(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line).to_ascii_lowercase();
    line.starts_with("content-type") && line.contains("json")
}

/// A reply that did not come or broke off. What never began is 69; what began and cannot be used is 1.
pub fn broken(args: &Args, peer: &str, error: Error) -> Failure {
    let exit = match &error {
        Error::Head { .. } | Error::Framing { .. } => Exit::Failed,
        Error::Body { .. } | Error::Coding { .. } | Error::TooLarge { .. } => Exit::Failed,
        Error::Closed { phase, .. } | Error::Deadline { phase, .. }
            if matches!(phase, Phase::Head | Phase::Body) =>
        {
            Exit::Failed
        }
        Error::Trust(_) => Exit::Config,
        _ => Exit::Unavailable,
    };
    let words = match error {
        Error::Coding { source, .. } => {
            let cure = match source {
                CodingError::TooLarge { .. } => {
                    "; raise max_reply_mb under [limits], or take it as it is with --raw"
                }
                CodingError::Unknown(_) => "; --raw takes it as it is",
                _ => "",
            };
            format!("body from {peer}: {source}{cure}")
        }
        Error::Closed {
            phase,
            source: Some(e),
            ..
        } => format!("{phase} ({peer}): the connection broke: {e}; the reply is not complete"),
        Error::Deadline { phase, after, .. } if matches!(phase, Phase::Head | Phase::Body) => {
            format!(
                "{phase} ({peer}): not complete after {:.1} s; give it longer with -m",
                after.as_secs_f64()
            )
        }
        Error::Tls {
            fault: TlsFault::Alert(alert),
            ..
        } if dashed(args).is_some() => format!(
            "TLS to {peer}: the other side refused the handshake ({alert}); a hub needs its dashed name: https://{}",
            dashed(args).unwrap_or_default()
        ),
        other => other.to_string(),
    };
    Failure::new(exit, format!("request: {}", one_line(&words, 600)))
}

/// The dashed name of a hub at the bare address that the URL has.
fn dashed(args: &Args) -> Option<String> {
    let Ok(Target::Url(url)) = parse(&args.target) else {
        return None;
    };
    let ip = url.host.parse::<Ipv4Addr>().ok()?;
    let place = url.authority.replacen(&url.host, &dashed_name(ip), 1);
    Some(format!("{place}{}", url.path))
}
