// SPDX-License-Identifier: MIT OR Apache-2.0
//! EDGE. The configured hub as the commands and the loop see it: calls in, checked replies out.
//!
//! Puts `homey`'s calls under the header profile, sends them through `net`, and turns what comes back into
//! either a body to read or a [`Refusal`] that says which of the two sides is at odds. Must not know panels.

pub mod account;
mod bearer;
mod lookup;
mod refusal;
pub mod route;

use std::cell::OnceCell;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;

use crate::config::{Config, Credential, ProfileName};
use crate::failure::Failure;
use crate::homey::call::{Call, Repeat as CallRepeat};
use crate::homey::error::{Kind, classify, expect_json, retry_after};
use crate::homey::profile::{Holes, Profile};
use crate::homey::reply::{self, PingError, PingParts, PingReply};
use crate::homey::route::{Via, Way};
use crate::http::{Check, Limits, RequestHead, ResponseHead};
use crate::net::{self, Address, Body, Deadlines, Reply, Session, Trust, Wait};
use route::Known;

pub use bearer::{Bearer, Held, given_key};
pub use lookup::{Lookup, Missing, Source, look_up};
pub use refusal::{Refusal, told};

/// No error body that matters is longer.
pub const MAX_ERROR_BODY: usize = 64 * 1024;

/// How much of a body is looked at before it is believed to be JSON.
const FIRST: usize = 64;

/// How long a one-shot command may take in all.
pub const ONE_SHOT: Duration = Duration::from_secs(30);

/// What every request to the configured hub has in common.
pub struct Hub {
    /// Where it is dialled; `None` while it has to be found first.
    pub address: Option<Address>,
    /// The way that `address` stands for.
    pub way: Option<Way>,
    /// Where else it may be.
    pub known: Known,
    /// Its id; empty while unknown.
    pub id: String,
    /// `None` only for commands that need none.
    pub bearer: Option<Bearer>,
    credential: Option<Credential>,
    /// Bounds for decoding its replies.
    pub limits: Limits,
    /// `None`: plain http.
    tls: Option<Arc<ClientConfig>>,
    relay_trust: Trust,
    relay_tls: OnceCell<Arc<ClientConfig>>,
    app_name: String,
    profile: Profile,
}

impl Hub {
    /// Prepares trust, profile and address; reads no bearer and connects to nothing.
    pub fn new(config: &Config) -> Result<Hub, Failure> {
        let tls = if config.hub.is_plain() {
            None
        } else {
            let made = net::client_config(&trust(config));
            Some(made.map_err(|e| Failure::config(e.to_string()))?)
        };
        let known = Known::of(config);
        let mut hub = Hub {
            address: None,
            way: None,
            id: known.id.clone(),
            bearer: None,
            credential: None,
            limits: Limits {
                max_output: config.limits.max_reply,
                ..Limits::default()
            },
            tls,
            relay_trust: route::trust(config, Via::Relay),
            relay_tls: OnceCell::new(),
            app_name: config.profile.app_name.clone(),
            profile: profile(&config.profile.name)?,
            known,
        };
        if let Some(way) = hub.known.configured() {
            hub.follow(way)?;
        }
        Ok(hub)
    }

    /// Reads the bearer as configured; warnings go to the log.
    pub fn load_bearer(&mut self, config: &Config) -> Result<(), Failure> {
        let bearer = Bearer::load(&config.hub.credential)?;
        if let Some(warning) = &bearer.warning {
            log::warn!("{warning}");
        }
        self.bearer = Some(bearer);
        self.credential = Some(config.hub.credential.clone());
        Ok(())
    }

    /// Whether the bearer's file is another one than the one that was read.
    pub fn bearer_changed(&self) -> bool {
        self.bearer.as_ref().is_some_and(Bearer::has_changed)
    }

    /// Reads the bearer's file again where it has changed; `true`: there is another bearer now.
    pub fn reload_bearer(&mut self) -> Result<bool, Failure> {
        let (Some(bearer), Some(credential)) = (&self.bearer, &self.credential) else {
            return Ok(false);
        };
        if !bearer.has_changed() {
            return Ok(false);
        }
        let renewed = Bearer::load(credential)?;
        let changed = renewed.secret.expose() != bearer.secret.expose();
        self.bearer = Some(renewed);
        self.known.reload();
        Ok(changed)
    }

    /// Takes in what an accepted ping told. Without TLS and without an id to compare, a web server that says yes to
    /// everything would pass for a hub and get the bearer: then the hub has to tell its id.
    pub fn recognise(&mut self, told: Option<String>) -> Result<(), Refusal> {
        if told.is_none() && self.id.is_empty() && self.tls.is_none() {
            return Err(Refusal::WrongHub(PingError::NoId.to_string()));
        }
        if self.id.is_empty() {
            self.id = told.unwrap_or_default();
        }
        Ok(())
    }

    /// Whether the header profile can ask for a reply only if something has changed.
    pub fn is_conditional(&self) -> bool {
        self.profile.is_conditional()
    }

    /// The bytes of a call under the header profile.
    pub fn request(&self, call: &Call<'_>) -> Result<net::Request, Failure> {
        self.request_if(call, "")
    }

    /// As [`Hub::request`], to be answered with 304 where the reply would have this entity tag; an empty one asks for all.
    pub fn request_if(&self, call: &Call<'_>, etag: &str) -> Result<net::Request, Failure> {
        // Without a way nothing is sent; the dialer says why.
        let host = self.way.as_ref().map_or("homey", |way| &way.host);
        self.request_at(host, &self.id, call, etag)
    }

    /// The bytes of a ping to whoever answers as `host`; `id` may be empty.
    pub fn ping_at(&self, host: &str, id: &str) -> Result<net::Request, Failure> {
        self.request_at(host, id, &Call::Ping { hub_id: id }, "")
    }

    fn request_at(
        &self,
        host: &str,
        id: &str,
        call: &Call<'_>,
        etag: &str,
    ) -> Result<net::Request, Failure> {
        let token = if call.needs_bearer() {
            self.bearer.as_ref().map(|b| &b.secret)
        } else {
            None
        };
        let holes = Holes {
            host,
            token,
            hub: id,
            length: None,
            content_type: "",
            etag,
            name: &self.app_name,
        };
        let wrong = |e: &dyn std::fmt::Display| Failure::config(format!("{}: {e}", call.name()));
        let request = self.profile.request(call, &holes).map_err(|e| wrong(&e))?;
        let mut head = RequestHead::new(request.method, &request.target).map_err(|e| wrong(&e))?;
        for line in &request.lines {
            head.line(line).map_err(|e| wrong(&e))?;
        }
        let body_len = request.body.as_ref().map(|b| b.len() as u64);
        let mut bytes = head
            .finish(body_len, Check::Strict)
            .map_err(|e| wrong(&e))?;
        bytes.extend_from_slice(request.body.as_deref().unwrap_or_default());
        let repeat = match call.may_repeat() {
            CallRepeat::OneShot => net::Repeat::Never,
            CallRepeat::Safe | CallRepeat::AbsolutePut => net::Repeat::Once,
        };
        Ok(net::Request {
            bytes,
            head_only: false,
            repeat,
        })
    }

    /// Sends a call and lets `visit` read the body as it comes, with a wait and a time limit of the caller's.
    pub fn read_within<T>(
        &self,
        session: &mut Session,
        call: &Call<'_>,
        limit: Duration,
        wait: &mut dyn Wait,
        visit: &mut dyn FnMut(&mut dyn Read) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let request = self.request(call).map_err(|e| Refusal::Local(e.message))?;
        let reply = net::fetch(session, request, Deadlines::all(limit), wait)?;
        visit(&mut accept(reply, self.limits)?)
    }
}

/// A reply's body that begins as JSON does, or is empty.
pub struct Accepted<'a> {
    first: [u8; FIRST],
    len: usize,
    at: usize,
    body: Body<'a>,
}

impl Read for Accepted<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut first = self.first.get(self.at..self.len).unwrap_or_default();
        if first.is_empty() {
            return self.body.read(out);
        }
        let n = first.read(out)?;
        self.at += n;
        Ok(n)
    }
}

/// Hands out the body of a reply that says yes with JSON (or with nothing); anything else is a [`Refusal`].
pub fn accept(reply: Reply<'_>, limits: Limits) -> Result<Accepted<'_>, Refusal> {
    let status = reply.head.status();
    let field = |name| {
        reply
            .head
            .get(name)
            .map(|v| String::from_utf8_lossy(v).into_owned())
    };
    let (content_type, told) = (field("content-type"), field("retry-after"));
    let mut body = reply.decoded(limits)?;
    if !(200..300).contains(&status) {
        let mut text = Vec::new();
        // A broken error body is no reason to forget the status that came before it.
        let _ = body.take(MAX_ERROR_BODY as u64).read_to_end(&mut text);
        let error = classify(status, content_type.as_deref(), &text);
        return Err(Refusal::Hub {
            error,
            retry_after: told.as_deref().and_then(retry_after),
        });
    }
    let mut first = [0; FIRST];
    let mut len = 0;
    while len < FIRST {
        match body.read(first.get_mut(len..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(n) => len += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(net::Error::from_io(e).into()),
        }
    }
    if len > 0 {
        // A captive portal answers 200 with HTML; nothing of it is to be trusted (N20).
        expect_json(
            status,
            content_type.as_deref(),
            first.get(..len).unwrap_or_default(),
        )?;
    }
    Ok(Accepted {
        first,
        len,
        at: 0,
        body,
    })
}

/// Judges the reply to a ping; `expected` may be empty. `Some`: the id that the hub told.
pub fn read_ping(
    reply: Reply<'_>,
    limits: Limits,
    expected: &str,
) -> Result<Option<String>, Refusal> {
    let head = reply.head.clone();
    let body = net::collect(&mut reply.decoded(limits)?, MAX_ERROR_BODY)?;
    Ok(judge_ping(&head, &body, expected)?.hub_id)
}

/// The same of a reply that is here whole, with all that the hub told of itself.
pub fn judge_ping(head: &ResponseHead, body: &[u8], expected: &str) -> Result<PingReply, Refusal> {
    let text = |name| head.get(name).and_then(|v| std::str::from_utf8(v).ok());
    let parts = PingParts {
        status: head.status(),
        hub_id: text("x-homey-id"),
        version: text("x-homey-version"),
        tier: text("x-homey-tier"),
        content_type: text("content-type"),
        body,
    };
    match reply::ping(&parts, Some(expected).filter(|id| !id.is_empty())) {
        Ok(known) => Ok(known),
        // Old hubs do not say who they are; with no id configured there is nothing to compare.
        Err(PingError::NoId) => Ok(PingReply::default()),
        // Every hub answers a ping, so whatever has none is something else: a router, a printer, a portal.
        Err(PingError::Hub(error)) if matches!(error.kind, Kind::NoSuchRoute | Kind::NotFound) => {
            Err(Refusal::WrongHub(format!(
                "whatever answers has no ping ({}), so it is no Homey; check the address",
                error.status
            )))
        }
        Err(PingError::Hub(error)) => Err(error.into()),
        Err(other) => Err(Refusal::WrongHub(other.to_string())),
    }
}

/// The configured trust, in `net`'s words.
pub fn trust(config: &Config) -> Trust {
    match &config.trust {
        crate::config::Trust::System => Trust::System,
        crate::config::Trust::CaFile(path) => Trust::CaFile(path.into()),
        crate::config::Trust::Pin(pin) => Trust::Pin(*pin),
    }
}

/// A header profile by its configured name.
pub fn profile(name: &ProfileName) -> Result<Profile, Failure> {
    Ok(match name {
        ProfileName::Forum => Profile::forum(),
        ProfileName::Minimal => Profile::minimal(),
        ProfileName::Own(lines) => {
            Profile::custom("own", lines).map_err(|e| Failure::config(e.to_string()))?
        }
    })
}
