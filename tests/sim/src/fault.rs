// SPDX-License-Identifier: MIT OR Apache-2.0

//! Faults on purpose. So far: stalls. This is where the full matrix of api.md
//! 16 will grow (close without reply, truncated body, 502 pages, …): a new
//! fault is a new `Phase` and what `gate.rs` does with it.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use serde::Deserialize;
use tokio::time::Sleep;

/// Where in the exchange the hub stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Before the request is executed.
    Request,
    /// After it was executed, before the reply's head: an ambiguous write.
    Head,
    /// In the middle of the reply's body.
    Body,
}

/// One stall.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stall {
    /// Requests whose path starts so are stalled.
    pub path_prefix: String,
    /// Where.
    pub phase: Phase,
    /// How long.
    pub ms: u64,
    /// Only for so many requests; for all when absent.
    pub times: Option<u32>,
}

/// The faults in force.
#[derive(Debug, Default)]
pub struct Faults {
    stalls: Vec<Stall>,
}

impl Faults {
    /// Adds a stall.
    pub fn add(&mut self, stall: Stall) {
        self.stalls.push(stall);
    }

    /// Removes all faults.
    pub fn clear(&mut self) {
        self.stalls.clear();
    }

    /// How long a request for this path stalls in each phase it stalls in.
    /// Counts as one use of every stall that fits.
    pub fn meet(&mut self, path: &str) -> Vec<(Phase, Duration)> {
        let mut met = Vec::new();
        for stall in &mut self.stalls {
            if path.starts_with(&stall.path_prefix) && stall.times != Some(0) {
                stall.times = stall.times.map(|n| n - 1);
                met.push((stall.phase, Duration::from_millis(stall.ms)));
            }
        }
        met
    }
}

/// A body that is sent in two halves with a pause between them.
pub struct Halting {
    first: Option<Bytes>,
    rest: Option<Bytes>,
    pause: Pin<Box<Sleep>>,
}

impl Halting {
    /// The reply body `whole`, paused in its middle.
    pub fn body(mut whole: Bytes, pause: Duration) -> Body {
        let rest = whole.split_off(whole.len() / 2);
        Body::new(Halting {
            first: Some(whole),
            rest: Some(rest),
            pause: Box::pin(tokio::time::sleep(pause)),
        })
    }
}

impl HttpBody for Halting {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if self.pause.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(self.rest.take().map(|rest| Ok(Frame::data(rest))))
    }

    fn size_hint(&self) -> SizeHint {
        let part = |p: &Option<Bytes>| p.as_ref().map_or(0, |b| b.len() as u64);
        SizeHint::with_exact(part(&self.first) + part(&self.rest))
    }
}
