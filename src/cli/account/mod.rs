// SPDX-License-Identifier: MIT OR Apache-2.0
//! The way in: `login`, `session`, `token`, `logout`. Asks people and files for what `client::account` needs, and tells what
//! came of it; never a secret, but for `token`.

mod args;
mod browser;
mod forget;
mod guide;
mod hold;
mod login;
mod secrets;
mod show;
mod terminal;
mod token;

use crate::client::account::Store;
use crate::client::given_key;
use crate::config::{Config, Credential};
use crate::failure::Failure;
use crate::homey::session::Kind;

pub(in crate::cli) use forget::logout;
pub(in crate::cli) use hold::session;
pub(in crate::cli) use login::login;
pub(in crate::cli) use token::token;

/// How a session was got, for people.
fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Password => "e-mail and password",
        Kind::OAuth => "a browser",
        Kind::Local => "a local user",
        Kind::Bearer => "a given bearer",
        Kind::Key => "an API key",
    }
}

/// The configured session's store; an API key's file is none, and said so.
fn store(config: &Config) -> Result<Store, Failure> {
    let key = match &config.hub.credential {
        Credential::ApiKeyFile(path) => Some(path.into()),
        Credential::SessionFile(_) => None,
        Credential::Default => given_key(),
    };
    match (Store::of(&config.hub.credential), key) {
        (Some(store), _) => Ok(store),
        (None, Some(path)) => Err(Failure::permission(format!(
            "the bearer is the API key in {}: it is good until it is revoked, and there is no session beside it",
            path.display()
        ))),
        (None, None) => Err(Failure::permission(
            "there is no session yet; run homey-panel login, or set api_key_file under [hub]",
        )),
    }
}
