// SPDX-License-Identifier: MIT OR Apache-2.0
//! `request`: one raw request, byte for byte as told, and its reply as it comes.
//!
//! ```text
//!   args    the command line            target  what it is aimed at
//!   plan    profile, bearer, way there  head    the bytes of the head
//!   send    out, and the reply in       output  stdout, or a file that is whole or not there
//!   cure    what a refusal or a broken reply means, in one line
//! ```

mod args;
mod cure;
mod head;
mod output;
mod plan;
mod send;
mod target;

use std::io::{self, Write};

use crate::failure::Failure;
use crate::http::{Check, redacted};

use super::Common;
use args::Args;
pub(super) use output::Output;
use plan::Plan;
use target::Target;

/// `request [OPTIONS] PATH|URL`
pub(super) fn request(parser: &mut lexopt::Parser, common: &mut Common) -> Result<(), Failure> {
    let Some(mut args) = Args::parse(parser)? else {
        return super::help(args::HELP);
    };
    if let Some(file) = args.config.take() {
        common.config = Some(file);
    }
    let target = target::parse(&args.target)?;
    // A full URL needs no configuration unless something of it is asked for; one that was named must be good.
    let wanted = matches!(target, Target::Hub(_)) || args.bearer || common.config.is_some();
    let config = if wanted || common.file().exists() {
        Some(common.load()?)
    } else {
        None
    };
    let plan = Plan::new(&args, target, config.as_ref())?;
    let head = head::build(&args, plan.profile.as_ref(), &plan.fill)?;
    let body_len = args.body.as_ref().map(|b| b.len() as u64);
    let check = if args.unchecked {
        Check::Unchecked
    } else {
        Check::Framing
    };
    let mut bytes = head.finish(body_len, check).map_err(|e| {
        Failure::usage_plain(format!("request: {e}; --unchecked sends the head as it is"))
    })?;
    // A place that cannot be written to is found before anything is done to the hub.
    let output = Output::open(args.output.as_deref())?;
    if args.verbose {
        show(&bytes, args.show_secrets);
    }
    bytes.extend_from_slice(args.body.as_deref().unwrap_or_default());
    send::exchange(&args, plan, head.method(), bytes, output)
}

/// Shows a head on stderr, byte for byte but for secrets.
fn show(head: &[u8], secrets: bool) {
    let mut err = io::stderr().lock();
    // A closed stderr is no reason not to send.
    let _ = if secrets {
        err.write_all(head)
    } else {
        err.write_all(&redacted(head))
    };
}
