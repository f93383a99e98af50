// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long the bearer is good, what renews it, and whether there is room to keep it.

use std::path::Path;

use nix::sys::statvfs::statvfs;

use crate::client::account::Store;
use crate::config::Credential;
use crate::failure::Exit;
use crate::homey::auth::Life;
use crate::homey::session::{Kind, MAX_FILE, Session};

use super::{Doctor, files, when};

const LOG_IN: &str = "homey-panel login, which keeps it renewed; or an API key, which does not end";

/// When it ends and what renews it.
pub(super) fn session(doctor: &mut Doctor<'_>) {
    let Some(config) = &doctor.config else { return };
    let credential = &config.hub.credential;
    let store = Store::of(credential);
    let held = match store.as_ref().map(Store::read) {
        Some(Err(failure)) => return doctor.fail_text(failure.exit, &failure.message),
        Some(Ok(held)) => held,
        None => None,
    };
    let told = doctor.told.as_ref();
    let is_key = match (told.and_then(|t| t.kind.as_deref()), &held) {
        (Some(kind), _) => kind == "PAT",
        (None, Some(held)) => held.kind == Kind::Key,
        (None, None) => matches!(credential, Credential::ApiKeyFile(_)),
    };
    let hub = doctor.desk.as_ref().map_or("", |desk| desk.hub_id());
    let other = held
        .as_ref()
        .filter(|s| !hub.is_empty() && !s.hub.eq_ignore_ascii_case(hub));
    if let Some(other) = other {
        let what = format!("it is of the hub {}, and this is {hub}", other.hub);
        return doctor.fail(
            what,
            "homey-panel login for this hub, or set the other's address and id under [hub]",
        );
    }
    if is_key {
        return doctor.ok("an API key does not end");
    }
    let ends = told
        .and_then(|told| told.expires)
        .or(held.as_ref().and_then(|s| s.expires))
        .map(|ms| ms / 1000);
    let renews = held
        .as_ref()
        .and_then(|held| renewed_by(held, store.as_ref()));
    let warn = config.session.warn.as_secs();
    let left = ends.map(|ends| ends.saturating_sub(files::now()));
    match (left, renews) {
        (Some(0), None) => doctor.fail("the session is over, and nothing renews it", LOG_IN),
        (Some(0), Some(by)) => doctor.warn(
            format!("the session is over; {by} renews it"),
            "homey-panel session renew",
        ),
        (Some(left), Some(by)) => {
            doctor.ok(format!("ends in {}; {by} renews it", when::span(left)))
        }
        (None, Some(by)) => doctor.ok(format!("{by} renews it")),
        (Some(left), None) if left < warn => doctor.fail(
            format!(
                "the session ends in {}, and nothing renews it",
                when::span(left)
            ),
            LOG_IN,
        ),
        (Some(left), None) => doctor.warn(
            format!(
                "a session that ends in {}, and nothing renews it",
                when::span(left)
            ),
            LOG_IN,
        ),
        (None, None) => doctor.warn(
            "a session; when it ends is not known (usually after 24 h), and nothing renews it",
            LOG_IN,
        ),
    }
}

/// Whether anything here renews the configured session.
pub(super) fn renews(credential: &Credential) -> bool {
    let store = Store::of(credential);
    let held = store.as_ref().and_then(|store| store.read().ok().flatten());
    held.is_some_and(|held| renewed_by(&held, store.as_ref()).is_some())
}

/// What renews a session, in words.
fn renewed_by(held: &Session, store: Option<&Store>) -> Option<&'static str> {
    let has_password = store.is_some_and(|s| matches!(s.password(), Ok(Some(_))));
    let refresh = held.cloud.as_ref().is_some_and(|c| c.refresh.is_some());
    let by = match refresh && held.kind != Kind::Local {
        true => "the account's refresh token",
        false => "the password that is kept",
    };
    Life::of(held, has_password).renewable().then_some(by)
}

/// Whether a new session could be kept.
pub(super) fn state(doctor: &mut Doctor<'_>) {
    let Some(config) = &doctor.config else { return };
    let Some(store) = Store::of(&config.hub.credential) else {
        return doctor.ok("nothing has to be kept: an API key needs no directory");
    };
    if let Err(failure) = store.probe() {
        let exit = match failure.exit {
            Exit::Config => Exit::Permission,
            other => other,
        };
        return doctor.fail_text(exit, &failure.message);
    }
    let dir = match store.path().parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    };
    // Both are of other types on 32 bits.
    #[allow(clippy::useless_conversion)]
    let room = statvfs(dir).map(|disk| {
        let blocks = u64::from(disk.blocks_available());
        let size = u64::from(disk.fragment_size());
        blocks.saturating_mul(size)
    });
    // Two files at a time, and something for the file system itself.
    let enough = 4 * MAX_FILE as u64;
    match room {
        Ok(room) if room < enough => doctor.fail(
            format!("{} has {} KiB of room", dir.display(), room / 1024),
            "make room: a renewed session could not be kept",
        ),
        Ok(room) => doctor.ok(format!(
            "{} can be written, {} MiB of room",
            dir.display(),
            room / 1_048_576
        )),
        Err(e) => doctor.warn(
            format!("{} can be written; its room is unknown: {e}", dir.display()),
            format!("see with df {} that there is some", dir.display()),
        ),
    }
}
