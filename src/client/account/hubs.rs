// SPDX-License-Identifier: MIT OR Apache-2.0
//! The account's hubs, asked for with what is held: nothing is renewed for it, and nothing written.

use crate::config::Config;
use crate::failure::Failure;
use crate::homey::auth::{Ask, CloudHub, Step, hubs_of};
use crate::homey::error::{classify, expect_json};

use super::Store;
use super::cloud::{Host, PATIENCE, trust, wall_ms};

/// Lists them. `Ok(None)`: no session with an account is held; an error says why they could not be had.
pub fn hubs(config: &Config) -> Result<Option<Vec<CloudHub>>, Failure> {
    let session = match Store::of(&config.hub.credential) {
        Some(store) => store.read()?,
        None => None,
    };
    let Some(cloud) = session.and_then(|session| session.cloud) else {
        return Ok(None);
    };
    let access = cloud.access.filter(|_| cloud.access_expires > wall_ms());
    let Some(access) = access else {
        return Err(Failure::permission(format!(
            "{}: the account's access token has ended; homey-panel session renew gets a new one",
            Step::Hubs
        )));
    };
    let mut host = Host::new(&config.cloud.api, &trust(&config.cloud), PATIENCE)?;
    let (head, body) = host.send(&Ask::hubs(&access), &config.profile.app_name, PATIENCE)?;
    let content_type = head
        .get("content-type")
        .and_then(|v| std::str::from_utf8(v).ok());
    let failed = |e: &dyn std::fmt::Display| Failure::unavailable(format!("{}: {e}", Step::Hubs));
    if !(200..300).contains(&head.status()) {
        let error = classify(head.status(), content_type, &body);
        return Err(failed(&error));
    }
    expect_json(head.status(), content_type, &body).map_err(|e| failed(&e))?;
    match hubs_of(&body) {
        Some(hubs) => Ok(Some(hubs)),
        None => Err(failed(&"the reply has no hubs")),
    }
}
