// SPDX-License-Identifier: MIT OR Apache-2.0

//! What every request to the cloud passes: counting, the rate limit, faults,
//! the right host.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use serde_json::json;

use super::ask::{Host, Members};
use super::{Shared, page};
use crate::exchange::{self, ByHand};
use crate::state::Via;
use crate::wire::link::Link;

/// Outermost.
pub async fn outer(State(hub): Shared, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let known = request.extensions().get::<MatchedPath>().is_some();
    let route = format!("{method} {}", if known { &path } else { "unknown" });
    let header = request.headers();
    let query = Members::of(request.uri().query().unwrap_or_default().as_bytes());
    let entry = json!({
        "method": method.as_str(), "path": path, "host": header.get("host").map(|h| h.to_str().unwrap_or_default()),
        "query": query.names().collect::<Vec<_>>(),
        "headers": header.keys().map(|k| k.as_str()).collect::<Vec<_>>(),
        "body": [],
    });
    let at = hub.cloud.counters().request(&route, entry);
    let reply = limited(&hub, &path, request, next).await;
    let shown = match reply.extensions().get::<ByHand>() {
        Some(ByHand(status)) => *status,
        None => Some(reply.status()),
    };
    hub.cloud.counters().reply(at, shown.map(|s| s.as_u16()));
    if hub.args.verbose {
        let shown = shown.map_or("nothing".to_owned(), |s| s.as_u16().to_string());
        eprintln!("cloud {method} {path} -> {shown}");
    }
    reply
}

async fn limited(
    hub: &Arc<crate::state::Hub>,
    path: &str,
    request: Request,
    next: Next,
) -> Response {
    let limit = hub.cloud.options().rate_limit;
    if limit.is_some_and(|n| !hub.cloud.counters().within(n)) {
        return hub.cloud_busy();
    }
    let link = request.extensions().get::<Arc<Link>>().cloned();
    let plan = hub
        .faults()
        .meet(Via::Cloud, request.method().as_str(), path);
    match (plan, link) {
        (Some(plan), Some(link)) => exchange::faulted(hub, plan, &link, request, next).await,
        _ => next.run(request).await,
    }
}

/// Innermost: each host knows its own paths, and Express no 405.
pub async fn inner(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if !Host::of(request.headers()).answers(&path) {
        return page::no_route(method.as_str(), &path);
    }
    let reply = next.run(request).await;
    match reply.status() {
        StatusCode::METHOD_NOT_ALLOWED => page::no_route(method.as_str(), &path),
        _ => reply,
    }
}
