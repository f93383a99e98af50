// SPDX-License-Identifier: MIT OR Apache-2.0

//! What every hub request passes: counting, the V2 rate limit, the boot, the
//! faults, the bearer check, ETags and the hub's own headers.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ring::digest;

use crate::auth::{Bearer, Kind};
use crate::exchange::{self, ByHand};
use crate::pki::base64;
use crate::shape::version;
use crate::state::{Hub, Via};
use crate::wire::link::Link;

/// Largest request body that is read.
const LIMIT: usize = 1024 * 1024;

/// Gives the place among the requests in flight back, also when the client
/// goes away and the request is dropped.
struct Flight(Option<Arc<Hub>>);

impl Drop for Flight {
    fn drop(&mut self) {
        if let Some(hub) = &self.0 {
            hub.rate().done();
        }
    }
}

/// Around everything: reads the request whole, as Express does. hyper ends a
/// connection whose request was answered before its body came, and unread
/// bytes turn the FIN of a fault into a RST.
pub async fn whole(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    match to_bytes(body, LIMIT).await {
        Ok(body) => next.run(Request::from_parts(head, Body::from(body))).await,
        Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
    }
}

/// Outermost of the hub: counts, limits, faults.
pub async fn outer(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("unknown", MatchedPath::as_str).to_owned();
    hub.counters().request(method.as_str(), &route);
    let reply = limited(&hub, &path, request, next).await;
    let shown = match reply.extensions().get::<ByHand>() {
        Some(ByHand(status)) => *status,
        None => Some(reply.status()),
    };
    match shown {
        Some(status) => hub.counters().reply(status.as_u16()),
        None => hub.counters().no_reply(),
    }
    if hub.args.verbose {
        let shown = shown.map_or("nothing".to_owned(), |s| s.as_u16().to_string());
        eprintln!("{method} {path} -> {shown}");
    }
    reply
}

async fn limited(hub: &Arc<Hub>, path: &str, request: Request, next: Next) -> Response {
    let link = request.extensions().get::<Arc<Link>>().cloned();
    if let Some(link) = &link {
        link.request();
    }
    let mut flight = Flight(None);
    if hub.v2() && hub.switches().rate {
        if !hub.rate().start(Instant::now()) {
            hub.counters().rate_limited();
            let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            return (StatusCode::TOO_MANY_REQUESTS, kind, "Too many requests").into_response();
        }
        flight.0 = Some(hub.clone());
    }
    let booting = hub.boot().is_some_and(|b| Instant::now() < b.ping_only);
    if booting && !path.trim_end_matches('/').ends_with("/ping") {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let via = link.as_ref().map_or(Via::Http, |l| l.via());
    let plan = hub.faults().meet(via, request.method().as_str(), path);
    match (plan, link) {
        (Some(plan), Some(link)) => exchange::faulted(hub, plan, &link, request, next).await,
        _ => next.run(request).await,
    }
}

/// Another hub's id, which a fault makes this one show.
#[derive(Clone, Debug)]
pub struct OtherId(pub String);

impl Hub {
    /// The headers that say which hub this is; V2 hubs have none.
    pub fn sign(&self, headers: &mut HeaderMap, other: Option<&OtherId>) {
        if self.v2() {
            return;
        }
        if let Ok(id) = HeaderValue::from_str(other.map_or(&self.id, |o| &o.0)) {
            headers.insert("x-homey-id", id);
        }
        headers.insert("x-homey-version", HeaderValue::from_static(version(false)));
    }

    /// An id that is certainly not the hub's own.
    pub fn other_id(&self) -> String {
        let other = |d: char| char::from_digit(15 - d.to_digit(16).unwrap_or(0), 16);
        self.id.chars().filter_map(other).collect()
    }
}

/// Innermost around the routes: hub headers, ETag, Express's 404 instead of 405.
pub async fn inner(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let other = request.extensions().get::<OtherId>().cloned();
    let mut reply = next.run(request).await;
    if reply.status() == StatusCode::METHOD_NOT_ALLOWED {
        reply = hub.no_route(method.as_str(), &path);
    }
    let etag = hub.switches().etag;
    if etag && reply.status() == StatusCode::OK {
        reply = tagged(reply, known.as_ref(), &method).await;
    }
    hub.sign(reply.headers_mut(), other.as_ref());
    reply
}

/// Adds the weak ETag of Express, `W/"<length>-<hash>"`, and answers 304 to a
/// client that has that version already.
async fn tagged(reply: Response, known: Option<&HeaderValue>, method: &Method) -> Response {
    let (mut head, body) = reply.into_parts();
    let Ok(whole) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &whole);
    let hash = base64(hash.as_ref());
    let tag = format!("W/\"{:x}-{}\"", whole.len(), hash.trim_end_matches('='));
    let safe = matches!(*method, Method::GET | Method::HEAD);
    let same = known.and_then(|k| k.to_str().ok()).is_some_and(|k| {
        k.split(',')
            .any(|one| one.trim() == tag || one.trim() == "*")
    });
    if let Ok(value) = HeaderValue::from_str(&tag) {
        head.headers.insert(header::ETAG, value);
    }
    if safe && same {
        head.status = StatusCode::NOT_MODIFIED;
        head.headers.remove(header::CONTENT_TYPE);
        head.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(head, Body::empty());
    }
    Response::from_parts(head, Body::from(whole))
}

/// Who asks; put into the request once the bearer is found good.
#[derive(Clone, Debug)]
pub struct Caller(pub Bearer);

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug)]
pub enum Needs {
    /// Nobody in particular.
    Nothing,
    /// Any good bearer.
    Bearer,
    /// A bearer with this scope, or these joined by `+`.
    Scope(&'static str),
    /// The owner's session, not a key (api.md 8).
    Session,
}

/// Around each route: the bearer check.
pub async fn check(
    State((hub, needs)): State<(Arc<Hub>, Needs)>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Needs::Nothing = needs {
        return next.run(request).await;
    }
    let header = request.headers().get(header::AUTHORIZATION);
    let header = header.and_then(|h| h.to_str().ok());
    let via = request.extensions().get::<Via>().copied();
    let caller = hub.auth().check_at(via, header).cloned();
    let bearer = match caller {
        Ok(bearer) => bearer,
        Err(code) => return hub.refuse(code),
    };
    match needs {
        Needs::Scope(scopes) if !scopes.split('+').all(|s| bearer.may(s)) => {
            return hub.refuse("Missing Scopes");
        }
        Needs::Session if bearer.kind != Kind::Session => {
            return hub.refuse("Invalid Session Type");
        }
        _ => {}
    }
    request.extensions_mut().insert(Caller(bearer));
    next.run(request).await
}
