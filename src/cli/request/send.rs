// SPDX-License-Identifier: MIT OR Apache-2.0
//! The request out, its reply in: the body goes on as it arrives, whatever it turns out to be.

use std::io::{self, Read, Write};
use std::time::Instant;

use crate::failure::{Exit, Failure};
use crate::http::{Codings, Limits, ResponseHead, redacted};
use crate::net::{self, Alone, Deadlines, Error, Phase, Repeat, Reply, Session};

use super::args::Args;
use super::cure;
use super::output::Output;
use super::plan::Plan;

/// How much of an error body is kept to say what it means.
const MAX_KEPT: usize = 64 * 1024;

/// Sends `bytes` and writes what comes back to `output`.
pub fn exchange(
    args: &Args,
    plan: Plan,
    method: &str,
    bytes: Vec<u8>,
    mut output: Output,
) -> Result<(), Failure> {
    let Plan {
        dialer,
        is_hub,
        max_output,
        fill,
        ..
    } = plan;
    let began = Instant::now();
    let mut session = Session::new(dialer);
    let peer = session.peer();
    let request = net::Request {
        bytes,
        head_only: method == "HEAD",
        repeat: Repeat::Never,
    };
    let broken = |error| cure::broken(args, &peer, error);
    let mut wait = Alone;
    let deadlines = Deadlines::all(args.max_time);
    let reply = net::fetch(&mut session, request, deadlines, &mut wait).map_err(broken)?;
    let head = reply.head.clone();
    if args.verbose {
        show_reply(&head, args.show_secrets);
    }
    if args.include {
        output.write(head.bytes())?;
    }
    let limits = Limits {
        max_output,
        ..Limits::ONE_SHOT
    };
    let overdue = || {
        (began.elapsed() >= args.max_time).then(|| Error::Deadline {
            peer: peer.clone(),
            phase: Phase::Body,
            after: args.max_time,
        })
    };
    let kept = copy_body(args, limits, reply, &mut output, &overdue, &broken)?;
    output.finish()?;
    if head.status() < 400 {
        return Ok(());
    }
    let refused = cure::Refused {
        status: head.status(),
        reason: head.reason(),
        content_type: text(&head, "content-type"),
        body: &kept,
        is_hub,
        token: fill.token.as_ref(),
    };
    Err(Failure::new(
        Exit::Failed,
        format!("request: {}", refused.words(args)),
    ))
}

fn text<'h>(head: &'h ResponseHead, name: &str) -> Option<&'h str> {
    head.get(name).and_then(|v| std::str::from_utf8(v).ok())
}

/// Writes the body as it arrives and keeps the beginning of one that says no.
fn copy_body(
    args: &Args,
    limits: Limits,
    reply: Reply<'_>,
    output: &mut Output,
    overdue: &dyn Fn() -> Option<Error>,
    broken: &dyn Fn(Error) -> Failure,
) -> Result<Vec<u8>, Failure> {
    let keep = if reply.head.status() >= 400 {
        MAX_KEPT
    } else {
        0
    };
    let plain = args.raw || Codings::from_head(&reply.head).is_ok_and(|c| c.is_identity());
    let mut reader: Box<dyn Read + '_> = if plain {
        Box::new(reply.raw())
    } else {
        Box::new(reply.decoded(limits).map_err(broken)?)
    };
    let mut kept = Vec::new();
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let n = match reader.read(&mut chunk) {
            Ok(0) => return Ok(kept),
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(broken(Error::from_io(e))),
        };
        let piece = chunk.get(..n).unwrap_or_default();
        output.write(piece)?;
        let room = keep.saturating_sub(kept.len()).min(n);
        kept.extend_from_slice(piece.get(..room).unwrap_or_default());
        // A server that never lets us wait would never meet the deadline of a wait.
        if let Some(error) = overdue() {
            return Err(broken(error));
        }
    }
}

fn show_reply(head: &ResponseHead, secrets: bool) {
    let bytes = if secrets {
        head.bytes().to_vec()
    } else {
        redacted(head.bytes())
    };
    let mut shown = Vec::with_capacity(bytes.len() + 64);
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        shown.extend_from_slice(b"< ");
        shown.extend_from_slice(line);
    }
    // A closed stderr is no reason to stop.
    let _ = io::stderr().lock().write_all(&shown);
}
