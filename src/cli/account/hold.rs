// SPDX-License-Identifier: MIT OR Apache-2.0
//! `session`: what is held; `session renew`: renews it.

use lexopt::prelude::{Long, Short};
use serde_json::Value;

use crate::cli::{Common, help, print};
use crate::client::account::renew;
use crate::config::Config;
use crate::failure::Failure;
use crate::homey::auth::Login;

use super::{show, store};

const HELP: &str = "\
usage: homey-panel [-c FILE] session [--json]
       homey-panel [-c FILE] session renew [--force]

Shows what is held: how it was got, how old it is, when it ends and what can renew it; never the bearer itself.

renew     renews it where 80 % of its life are over; one process at a time, the others take what it has got.
          Writes one line of JSON: whether it is another session now, when it ends, for which hub.
  --force renews it at any rate, as after a refusal by the hub

Exit codes: 0; 1 the disk is full; 69 the cloud or the hub is not there, or the clock here is wrong; 77 refused for good
(revoked, password wrong, second factor needed): log in again; 78 the configuration or the session's place is wrong.
";

/// `session [--json]`, `session renew [--force]`
pub(in crate::cli) fn session(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    let (mut as_json, mut renews, mut force) = (false, false, false);
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return help(HELP),
            Short('c') | Long("config") => common.config = Some(parser.value()?.into()),
            Long("json") if !renews => as_json = true,
            Long("force") if renews => force = true,
            lexopt::Arg::Value(word) if word == "renew" && !renews && !as_json => renews = true,
            other => return Err(other.unexpected().into()),
        }
    }
    let config = common.load()?;
    match renews {
        true => renew_now(&config, force),
        false => show_held(&config, as_json),
    }
}

fn renew_now(config: &Config, force: bool) -> Result<(), Failure> {
    let done = renew(config, &store(config)?, force)?;
    print(&format!(
        "{{\"renewed\":{},\"expires\":{},\"hub\":{}}}\n",
        done.renewed,
        Value::from(done.session.expires),
        Value::from(done.session.hub)
    ))
}

fn show_held(config: &Config, as_json: bool) -> Result<(), Failure> {
    let store = store(config)?;
    let Some(session) = store.read()? else {
        return Err(Failure::permission(format!(
            "there is no session in {}; run homey-panel login",
            store.path().display()
        )));
    };
    let login = store.password()?.and_then(|text| Login::parse(&text));
    let has_login = login.is_some_and(|login| login.kind == session.kind);
    show::held(&store, &session, has_login, as_json)
}
