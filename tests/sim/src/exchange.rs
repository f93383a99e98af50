// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a request goes through that met faults: pauses, replies that are not
//! the hub's own, replies by hand, the end of its connection.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body::Body as _;

use crate::fault::kind::{End, Phase};
use crate::fault::plan::{Drip, Plan};
use crate::forge;
use crate::gate::OtherId;
use crate::state::Hub;
use crate::wire::Step;
use crate::wire::link::Link;
use crate::wire::render::{self, Framing};

/// Marks the reply that is swallowed, with the status that the client saw of
/// the one in its place; none when it saw none.
#[derive(Clone, Copy, Debug)]
pub struct ByHand(pub Option<StatusCode>);

/// Steps instead of a reply.
fn by_hand(link: &Link, steps: Vec<Step>, status: Option<StatusCode>) -> Response {
    link.play(steps);
    let mut reply = StatusCode::NO_CONTENT.into_response();
    reply.extensions_mut().insert(ByHand(status));
    reply
}

async fn pause(time: Option<Duration>) {
    if let Some(time) = time {
        tokio::time::sleep(time).await;
    }
}

fn asks_to_close(headers: &HeaderMap, version: Version) -> bool {
    let said = headers.get(header::CONNECTION);
    let said = said.and_then(|v| v.to_str().ok()).unwrap_or_default();
    let close = said
        .split(',')
        .any(|w| w.trim().eq_ignore_ascii_case("close"));
    close || version < Version::HTTP_11
}

/// Lets a request through its faults.
pub async fn faulted(
    hub: &Arc<Hub>,
    plan: Plan,
    link: &Link,
    request: Request,
    next: Next,
) -> Response {
    let (mut head, body) = request.into_parts();
    let method = head.method.clone();
    let close = asks_to_close(&head.headers, head.version);
    if plan.wants_plain_body() {
        head.headers.remove(header::ACCEPT_ENCODING);
    }
    if plan.wants_body() {
        head.headers.remove(header::IF_NONE_MATCH);
    }
    if let Some(id) = &plan.wrong_id {
        let id = id.clone().unwrap_or_else(|| hub.other_id());
        head.extensions.insert(OtherId(id));
    }
    let other = head.extensions.get::<OtherId>().cloned();
    let request = Request::from_parts(head, body);

    let [before, between, _] = plan.stalls;
    pause(before).await;
    if let Some(end) = plan.ends(Phase::Request) {
        return by_hand(link, vec![Step::End(end)], None);
    }
    let reply = match &plan.instead {
        None => next.run(request).await,
        Some(instead) => {
            if plan.executes() {
                next.run(request).await;
            }
            let (mut reply, own) = hub.forged(instead, link.via());
            if own {
                hub.sign(reply.headers_mut(), other.as_ref());
            }
            reply
        }
    };
    pause(between).await;
    if let Some(end) = plan.ends(Phase::Head) {
        return by_hand(link, vec![Step::End(end)], None);
    }
    if !plan.wants_plain_body() && !plan.by_hand() || method == Method::HEAD {
        return reply;
    }
    match reworked(&plan, reply, close).await {
        Ok((reply, None)) => reply,
        Ok((reply, Some(steps))) => by_hand(link, steps, Some(reply.status())),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The reply with what the plan does to it; its steps when it is to be written
/// by hand.
async fn reworked(
    plan: &Plan,
    reply: Response,
    close: bool,
) -> Result<(Response, Option<Vec<Step>>), axum::BoxError> {
    let (mut head, body) = reply.into_parts();
    // hyper would chunk it.
    let unsized_body = body.size_hint().exact().is_none();
    let mut body = to_bytes(body, usize::MAX).await?;
    if plan.truncated {
        body = forge::truncated(&body);
        head.headers.remove(header::CONTENT_LENGTH);
    }
    if let Some(coding) = plan.coding.filter(|_| !body.is_empty()) {
        let (coded, word) = forge::coded(&body, coding)?;
        body = coded;
        head.headers.remove(header::CONTENT_LENGTH);
        if let Some(word) = word {
            let word = HeaderValue::from_static(word);
            head.headers.insert(header::CONTENT_ENCODING, word);
        }
    }
    if !plan.by_hand() {
        return Ok((Response::from_parts(head, Body::from(body)), None));
    }
    let size = plan.chunked.or(unsized_body.then_some(16 * 1024));
    let mut framing = Framing::of(head.status, &body, size);
    let mut end = plan.end;
    if let Some(delta) = plan.wrong_length {
        let real = body.len() as u64;
        framing = Framing::Length(real.saturating_add_signed(delta));
        if delta > 0 && end.is_none() {
            // What was promised never comes.
            let how = End::Close { notify: true };
            end = Some((Phase::Idle, how, Duration::ZERO));
        }
    }
    let top = render::head(&head, framing, close);
    let body = render::body(body, framing);
    let steps = steps(plan, top, body, end);
    Ok((Response::from_parts(head, Body::empty()), Some(steps)))
}

fn steps(plan: &Plan, head: Bytes, body: Bytes, end: Option<(Phase, End, Duration)>) -> Vec<Step> {
    let sent = |bytes: Bytes, drip: Option<Drip>| match drip {
        Some(d) => Step::Drip(bytes, d.size, d.every),
        None => Step::Send(bytes),
    };
    let cut = matches!(end, Some((Phase::Body, ..)));
    let (mut steps, mut rest) = (Vec::new(), body);
    let halved = plan.stalls[2].is_some() || cut;
    let first = match halved {
        true => rest.split_to(rest.len() / 2),
        false => rest.split_to(rest.len()),
    };
    match plan.drip {
        None => steps.push(Step::Send([head, first].concat().into())),
        Some(_) => {
            steps.push(sent(head, plan.drip.filter(|d| d.head)));
            steps.push(sent(first, plan.drip));
        }
    }
    steps.extend(plan.stalls[2].map(Step::Pause));
    match end {
        Some((Phase::Body, how, _)) => steps.push(Step::End(how)),
        Some((_, how, delay)) => {
            steps.push(sent(rest, plan.drip));
            steps.extend([Step::Idle(delay), Step::End(how)]);
        }
        None => steps.push(sent(rest, plan.drip)),
    }
    steps
}
