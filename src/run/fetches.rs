// SPDX-License-Identifier: MIT OR Apache-2.0
//! EDGE. The poll's requests, each from call to checked result, waiting through [`Life`].

use std::io::{self, Read};
use std::rc::Rc;

use crate::client::{Accepted, MAX_ERROR_BODY, Refusal, accept, read_ping};
use crate::homey::call::Call;
use crate::homey::error::Kind;
use crate::homey::reply;
use crate::homey::{Dialect, Reading};
use crate::http::entity_tag;
use crate::net::{self, Session, monotonic};

use super::directory::Directory;
use super::life::Life;

/// RFC 9110 §15.4.5.
const NOT_MODIFIED: u16 = 304;

/// A reply to a request that may have been conditional.
pub enum Fetched<T> {
    /// 304: nothing has changed since the reply whose entity tag was sent.
    Unchanged,
    /// A whole reply.
    Whole {
        what: T,
        /// Its entity tag; empty where it has none, or the profile no line to send it.
        etag: String,
        /// Its body's size, decoded.
        bytes: u64,
    },
}

/// What a list told of the bound devices.
pub struct List {
    pub readings: Vec<(u16, Reading)>,
    /// By bound device: whether the list had it.
    pub present: Vec<bool>,
    /// Devices in the list, bound or not.
    pub items: usize,
    pub dialect: Dialect,
}

/// Asks whoever answers for its id; `Some` where it told one.
pub fn ping(session: &mut Session, life: &mut Life) -> Result<Option<String>, Refusal> {
    let expected = life.hub.id.clone();
    let limits = life.hub.limits;
    paced(
        session,
        life,
        &Call::Ping { hub_id: &expected },
        "",
        |reply| read_ping(reply, limits, &expected),
    )
}

/// Reads the whole list, keeping what is bound; nothing where its entity tag is still `etag`.
pub fn list(session: &mut Session, life: &mut Life, etag: &str) -> Result<Fetched<List>, Refusal> {
    let directory = Rc::clone(&life.directory);
    get_if(session, life, &Call::Devices, etag, |body| {
        let mut readings = Vec::new();
        let outcome = directory.visit(None, |bound| {
            reply::devices(body, bound, &mut |slot, r| readings.push((slot, r)))
        })?;
        let items = usize::try_from(outcome.items).unwrap_or(usize::MAX);
        Ok(List {
            readings,
            present: outcome.seen,
            items,
            dialect: outcome.dialect,
        })
    })
}

/// What one device's reply told of its points.
pub type Single = (Vec<(u16, Reading)>, Dialect);

/// Reads the nth bound device; nothing where its entity tag is still `etag`.
pub fn single(
    session: &mut Session,
    life: &mut Life,
    index: usize,
    etag: &str,
) -> Result<Fetched<Single>, Refusal> {
    let directory = Rc::clone(&life.directory);
    let id = directory.id(index).unwrap_or_default();
    get_if(session, life, &Call::Device(id), etag, |body| {
        device_readings(&directory, index, body)
    })
}

/// Asks for something small that needs the bearer: whether hub and bearer are still good, where no device is bound.
pub fn probe(session: &mut Session, life: &mut Life) -> Result<(), Refusal> {
    let answer = get(session, life, &Call::FlowCardProbe, |body| {
        let body = net::collect(body, MAX_ERROR_BODY)?;
        Ok(reply::probe_dialect(200, &body))
    });
    match answer {
        Ok(dialect) => life.learn(dialect),
        // It may lack the scope or the card, and has said so as a hub does.
        Err(Refusal::Hub { error, .. })
            if matches!(
                error.kind,
                Kind::NotFound | Kind::NoSuchRoute | Kind::MissingScopes
            ) => {}
        Err(refusal) => return Err(refusal),
    }
    Ok(())
}

/// What the reply about the nth bound device says of its points.
pub fn device_readings(
    directory: &Directory,
    index: usize,
    body: impl Read,
) -> Result<Single, Refusal> {
    let mut readings = Vec::new();
    let outcome = directory.visit(Some(index), |bound| {
        bound
            .first()
            .map(|device| reply::device(body, device, &mut |slot, r| readings.push((slot, r))))
    });
    match outcome {
        Some(outcome) => Ok((readings, outcome?.dialect)),
        None => Ok((Vec::new(), Dialect::Unknown)),
    }
}

/// A GET whose accepted body `visit` reads as it comes.
pub fn get<T>(
    session: &mut Session,
    life: &mut Life,
    call: &Call<'_>,
    visit: impl FnOnce(&mut Accepted<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let limits = life.hub.limits;
    paced(session, life, call, "", |reply| {
        visit(&mut accept(reply, limits)?)
    })
}

/// The same, to be answered whole only if its entity tag is not `etag`.
fn get_if<T>(
    session: &mut Session,
    life: &mut Life,
    call: &Call<'_>,
    etag: &str,
    visit: impl FnOnce(&mut Counting<Accepted<'_>>) -> Result<T, Refusal>,
) -> Result<Fetched<T>, Refusal> {
    let limits = life.hub.limits;
    let keeps = life.hub.is_conditional();
    paced(session, life, call, etag, |reply| {
        if !etag.is_empty() && reply.head.status() == NOT_MODIFIED {
            return Ok(Fetched::Unchanged);
        }
        let etag = entity_tag(&reply.head).filter(|_| keeps);
        let etag = etag.unwrap_or_default().to_owned();
        let mut body = Counting {
            inner: accept(reply, limits)?,
            bytes: 0,
        };
        let what = visit(&mut body)?;
        let bytes = body.bytes;
        Ok(Fetched::Whole { what, etag, bytes })
    })
}

/// One request of the poll, when its turn has come.
fn paced<T>(
    session: &mut Session,
    life: &mut Life,
    call: &Call<'_>,
    etag: &str,
    visit: impl FnOnce(net::Reply<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    life.await_turn(session)?;
    let request = life
        .hub
        .request_if(call, etag)
        .map_err(|e| Refusal::Local(e.message))?;
    life.pacer.started(monotonic());
    let result = net::fetch(session, request, life.deadlines, life)
        .map_err(Refusal::from)
        .and_then(visit);
    life.pacer.ended();
    result
}

/// Counts what is read through it.
struct Counting<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.bytes += u64::try_from(n).unwrap_or(0);
        Ok(n)
    }
}
