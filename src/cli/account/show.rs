// SPDX-License-Identifier: MIT OR Apache-2.0
//! A session for people and programs, without its secrets.

use serde_json::{Value, json};

use crate::cli::{print, table::harmless};
use crate::client::account::{Store, wall_ms};
use crate::failure::Failure;
use crate::homey::auth::Life;
use crate::homey::iso;
use crate::homey::session::Session;
use crate::homey::text::one_line;

use super::kind_words;

/// What a login tells.
pub(super) fn logged_in(
    store: &Store,
    session: &Session,
    via: &str,
    has_login: bool,
) -> Result<(), Failure> {
    let until = match session.expires {
        Some(ms) => format!("good until {}", iso::show(ms)),
        None => "without an end that is known".to_owned(),
    };
    print(&harmless(&format!(
        "logged in to {} at {via}, with {}",
        hub(session),
        kind_words(session.kind)
    )))?;
    print(&format!(
        "\nsession: {}, {until}; {}\n",
        store.path().display(),
        renewal(session, has_login)
    ))
}

/// Name and id.
fn hub(session: &Session) -> String {
    match session.name.as_str() {
        "" => session.hub.clone(),
        name => format!("{} ({})", one_line(name, 64), session.hub),
    }
}

/// What renews it.
fn renewal(session: &Session, has_login: bool) -> &'static str {
    let refresh = session.cloud.as_ref().is_some_and(|c| c.refresh.is_some());
    match (Life::of(session, has_login).renewable(), refresh, has_login) {
        (false, ..) if session.expires.is_some() => {
            "nothing here can renew it: log in again before it ends"
        }
        (false, ..) => "it is never renewed",
        (true, true, true) => "renewed by the account's refresh token, else by the stored password",
        (true, true, false) => "renewed by the account's refresh token",
        (true, false, _) => "renewed by the stored password",
    }
}

/// So many days, hours or minutes.
fn span(ms: u64) -> String {
    let minutes = ms / 60_000;
    match minutes {
        0..120 => format!("{minutes} min"),
        120..2880 => format!("{} h {} min", minutes / 60, minutes % 60),
        _ => format!("{} days", minutes / 1440),
    }
}

/// What `session` tells.
pub(super) fn held(
    store: &Store,
    session: &Session,
    has_login: bool,
    as_json: bool,
) -> Result<(), Failure> {
    let now = wall_ms();
    let life = Life::of(session, has_login);
    let path = store.path().display().to_string();
    if as_json {
        let refresh = session.cloud.as_ref().is_some_and(|c| c.refresh.is_some());
        let told: Value = json!({
            "kind": session.kind.word(),
            "hub": session.hub,
            "name": session.name,
            "file": path,
            "made": session.made,
            "expires": session.expires,
            "due": life.due(now),
            "over": life.is_over(now),
            "renewable": life.renewable(),
            "refresh_token": refresh,
            "password": has_login,
        });
        return print(&format!("{told}\n"));
    }
    let made = match session.made {
        Some(made) => format!(
            "{}, {} ago",
            iso::show(made),
            span(now.saturating_sub(made))
        ),
        None => "unknown".to_owned(),
    };
    let ends = match session.expires {
        Some(ends) if now >= ends => format!("{}: it is over", iso::show(ends)),
        Some(ends) => format!("{}, in {}", iso::show(ends), span(ends - now)),
        None => "unknown, or never".to_owned(),
    };
    let text = format!(
        "hub      {}\nkind     {}\nmade     {made}\nends     {ends}\nrenewal  {}\n",
        harmless(&hub(session)),
        kind_words(session.kind),
        renewal(session, has_login)
    );
    print(&format!("{text}file     {path}\n"))
}
