// SPDX-License-Identifier: MIT OR Apache-2.0
//! `token`: a bearer that is good, for other programs; or written to a variable of the hub.

use lexopt::prelude::*;

use crate::cli::desk::Desk;
use crate::cli::{Common, help, note, print};
use crate::client::Bearer;
use crate::client::account::{Store, renew, wall_ms};
use crate::config::Config;
use crate::failure::Failure;
use crate::homey::Value as Held;
use crate::homey::auth::{Life, Login};
use crate::homey::call::{Call, Other, Repeat, path_segment};
use crate::homey::names::RefKind;
use crate::homey::secret::Secret;
use crate::homey::session::Kind;
use crate::homey::text::one_line;

const HELP: &str = "\
usage: homey-panel [-c FILE] token [--store-in VARIABLE]

Prints a bearer for the hub, renewed first where 80 % of its life are over:

    curl -H \"Authorization: Bearer $(homey-panel token)\" ...

      --store-in VARIABLE  writes it to this logic variable of the hub (of type text) instead, for flows and scripts there;
                           needs the scope homey.logic

Exit codes: 0; 1 the hub says no, or the disk is full; 64 no such variable, or not of type text; 69 the cloud or the hub is
not there, or the clock here is wrong; 77 refused for good, or a scope is missing; 78 the configuration is wrong.
";

/// `token [--store-in VARIABLE]`
pub(in crate::cli) fn token(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    let mut variable = None;
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return help(HELP),
            Short('c') | Long("config") => common.config = Some(parser.value()?.into()),
            Long("store-in") => variable = Some(parser.value()?.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let config = common.load()?;
    let secret = good(&config)?;
    match variable {
        None => print(&format!("{}\n", secret.expose())),
        Some(name) => store_in(&config, &secret, &name),
    }
}

/// The configured bearer, renewed where that is due. While it is good still, a renewal that fails is no reason to keep it back.
fn good(config: &Config) -> Result<Secret, Failure> {
    if let Some(store) = Store::of(&config.hub.credential) {
        if let Some(session) = store.read()? {
            let login = store.password()?.and_then(|text| Login::parse(&text));
            let has_login = login.is_some_and(|login| login.kind == session.kind);
            let life = Life::of(&session, has_login);
            let over = life.is_over(wall_ms());
            // Of a bearer that was given only the hub's clock tells when it is over, and nothing here renews it.
            let is_ours = session.kind != Kind::Bearer;
            if is_ours && (over || life.wants_renewal(wall_ms())) {
                match renew(config, &store, false) {
                    Ok(renewed) => return Ok(renewed.session.token),
                    Err(failure) if over => return Err(failure),
                    Err(failure) => note(&format!("the session is not renewed yet: {failure}")),
                }
            }
        }
    }
    Ok(Bearer::load(&config.hub.credential)?.secret)
}

fn store_in(config: &Config, secret: &Secret, name: &str) -> Result<(), Failure> {
    let mut desk = Desk::of(config)?;
    let variable = desk.find(RefKind::Variable, name)?;
    let shown = one_line(&variable.name, 100);
    if !matches!(desk.variable(&variable.id)?, Held::Text(_) | Held::Null) {
        return Err(Failure::usage_plain(format!(
            "the variable {shown} holds no text; make one of type text"
        )));
    }
    let segment = path_segment("variable id", &variable.id);
    let segment = segment.map_err(|e| Failure::unavailable(e.to_string()))?;
    let body = format!("{{\"value\":{}}}", serde_json::Value::from(secret.expose()));
    let target = format!("/api/manager/logic/variable/{segment}");
    let call = Call::Other(Other {
        method: "PUT",
        target: &target,
        body: Some(body.as_bytes()),
        bearer: true,
        scope: Some("homey.logic"),
        name: "write the bearer to the variable",
        repeat: Repeat::AbsolutePut,
    });
    desk.read(&call, &mut |body| {
        // Whatever it says, the status has told.
        crate::net::collect(body, crate::client::MAX_ERROR_BODY)?;
        Ok(())
    })?;
    print(&format!("the variable {shown} holds the bearer\n"))
}
