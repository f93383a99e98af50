// SPDX-License-Identifier: MIT OR Apache-2.0
//! `logout`: ends the session at the hub, where the hub can do that, and forgets it here with all that could renew it.

use crate::cli::desk::Desk;
use crate::cli::{Common, Json, note, positionals, print};
use crate::client::MAX_ERROR_BODY;
use crate::config::Config;
use crate::failure::Failure;
use crate::homey::call::{Call, Other, Repeat, path_segment};
use crate::homey::session::Kind;
use crate::homey::{Dialect, reply};

use super::store;

/// `logout`
pub(in crate::cli) fn logout(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    positionals(parser, common, &[], 0, Json::No)?;
    let config = common.load()?;
    let store = store(&config)?;
    // Nobody may renew it while it is being ended.
    let lock = store.lock()?;
    let held = store.read();
    let is_there = !matches!(held, Ok(None));
    let kind = held.ok().flatten().map(|session| session.kind);
    let ended = match kind {
        // A key is revoked in the web app; a file that cannot be read names nothing to end.
        Some(Kind::Key) | None => Ok(false),
        Some(_) => end(&config),
    };
    lock.remove()?;
    match (ended, kind) {
        _ if !is_there => print("there is no session\n"),
        (Ok(true), _) => print("the session has ended at the hub, and is forgotten here\n"),
        (Ok(false), Some(Kind::Key)) => print(
            "the API key is forgotten here; it stays good until it is revoked in the Homey web app (Settings, API Keys)\n",
        ),
        (Ok(false), _) => print(
            "the session is forgotten here; this hub ends it by itself when its day is over\n",
        ),
        (Err(failure), _) => {
            note(&format!("the session was not ended at the hub: {failure}"));
            print("the session is forgotten here; it stays good at the hub until its day is over\n")
        }
    }
}

/// Ends it at a hub of 2016 to 2019; later ones have no call for that (`operations.md` 3). `false`: there is none.
fn end(config: &Config) -> Result<bool, Failure> {
    let mut desk = Desk::of(config)?;
    let dialect = desk.read(&Call::System, &mut |body| Ok(reply::system(body)?.dialect))?;
    if dialect != Dialect::V2 {
        return Ok(false);
    }
    let id = desk.read(&Call::Session, &mut |body| Ok(reply::session(body)?.id))?;
    let id = id.unwrap_or_default();
    let segment = path_segment("session id", &id);
    let segment = segment.map_err(|e| Failure::unavailable(e.to_string()))?;
    let target = format!("/api/manager/sessions/session/{segment}");
    let call = Call::Other(Other {
        method: "DELETE",
        target: &target,
        body: None,
        bearer: true,
        scope: Some("homey.user.readonly"),
        name: "end the session",
        repeat: Repeat::OneShot,
    });
    desk.read(&call, &mut |body| {
        crate::net::collect(body, MAX_ERROR_BODY)?;
        Ok(())
    })?;
    Ok(true)
}
