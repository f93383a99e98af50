// SPDX-License-Identifier: MIT OR Apache-2.0
//! The call out, its reply to stdout as it comes, and refusals in the table's words.

use std::io::{self, IsTerminal, Write};

use crate::cli::desk::Desk;
use crate::cli::{progress, written};
use crate::client::{Refusal, Source, told};
use crate::failure::{Exit, Failure};
use crate::homey::Dialect;
use crate::homey::call::{Call, Other, Repeat};
use crate::homey::error::Kind as Error;
use crate::homey::reply;
use crate::net;

use super::pretty::Pretty;
use super::table::{Kind, Operation};
use super::values::Filled;

/// Which of the table's hubs this one is.
pub fn kind_of(desk: &mut Desk) -> Result<Kind, Failure> {
    let mut about = reply::SystemInfo::default();
    let asked = desk.get(&Call::System, &mut |body| {
        about = reply::system(body)?;
        Ok(())
    });
    let dialect = match asked {
        Ok(()) if about.dialect != Dialect::Unknown => about.dialect,
        // A key without that scope still sees how a flow card looks.
        _ => {
            let mut dialect = Dialect::Unknown;
            desk.read(&Call::FlowCardProbe, &mut |body| {
                let bytes = net::collect(body, 64 * 1024)?;
                dialect = reply::probe_dialect(200, &bytes);
                Ok(())
            })?;
            dialect
        }
    };
    match dialect {
        Dialect::V2 => Ok(Kind::V2),
        Dialect::V3 if about.is_cloud() => Ok(Kind::Cloud),
        Dialect::V3 => Ok(Kind::Local),
        Dialect::Unknown => Err(Failure::unavailable(
            "api: the hub does not say which of the operation's forms it has; say --hub local, v2 or cloud",
        )),
    }
}

/// Sends the call and writes what comes back.
pub fn send(desk: &mut Desk, form: &Operation, filled: &Filled) -> Result<(), Failure> {
    let name = format!("{} {}", form.manager, form.name);
    let call = Call::Other(Other {
        method: form.method,
        target: &filled.target,
        body: filled.body.as_deref(),
        bearer: form.needs_bearer(),
        // The words of a refusal are made here.
        scope: None,
        name: &name,
        repeat: match form.method {
            "GET" => Repeat::Safe,
            _ => Repeat::OneShot,
        },
    });
    let mut out = io::stdout().lock();
    let terminal = out.is_terminal();
    let mut failed = None;
    let asked = desk.get(&call, &mut |body| {
        let mut chunk = vec![0; 16 * 1024];
        let mut pretty = Pretty::default();
        let mut shown = Vec::new();
        let mut last = b'\n';
        loop {
            let n = match body.read(&mut chunk) {
                Ok(n) => n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(net::Error::from_io(e).into()),
            };
            let mut piece = chunk.get(..n).unwrap_or_default();
            if terminal {
                progress::give_way();
                shown.clear();
                if n == 0 {
                    pretty.end(&mut shown);
                } else {
                    pretty.push(piece, &mut shown);
                }
                piece = &shown;
            }
            last = piece.last().copied().unwrap_or(last);
            let mut done = out.write_all(piece);
            if n == 0 {
                if terminal && last != b'\n' {
                    done = done.and_then(|()| out.write_all(b"\n"));
                }
                done = done.and_then(|()| out.flush());
            }
            if let Err(e) = done {
                failed = Some(e);
                return Err(Refusal::Local(String::new()));
            }
            if n == 0 {
                return Ok(());
            }
        }
    });
    match (failed, asked) {
        (Some(e), _) => written(Err(e)),
        (None, Ok(())) => Ok(()),
        (None, Err(refusal)) => Err(refused(form, &name, refusal)),
    }
}

/// What the hub's no means for this operation.
fn refused(form: &Operation, name: &str, refusal: Refusal) -> Failure {
    let words = match &refusal {
        Refusal::Hub { error, .. } => match error.kind {
            Error::MissingScopes if !form.scope.is_empty() => {
                Some(told(Some(&form.scopes()), error))
            }
            Error::NoSuchRoute if error.code.as_deref() == Some("missing_api_method") => {
                Some(format!(
                    "this hub (2016-2019) has no {name}; hubs that have it: {}",
                    form.hubs()
                ))
            }
            Error::NoSuchRoute => Some(format!(
                "this hub has no {name}; its firmware is older or newer than the table"
            )),
            Error::NotFound => {
                let id = if form.path.contains(':') {
                    "does not know this id, or this operation"
                } else {
                    "does not know this operation"
                };
                Some(format!(
                    "the hub answers {}: it {id}; hubs that have it: {}",
                    error.status,
                    form.hubs()
                ))
            }
            _ => None,
        },
        _ => None,
    };
    let failure = refusal.failure(name);
    match words {
        Some(words) => Failure::new(failure.exit, format!("{name}: {words}")),
        None if failure.exit == Exit::Config => {
            Failure::config(format!("api: {}", failure.message))
        }
        None => failure,
    }
}
