// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why there is no session, in words with a cure, and what sort of failure it is.

use std::fmt;

use super::Step;
use crate::homey::error::{HubError, Kind};
use crate::homey::text::one_line;

/// What ended a way in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The account does not take e-mail and password.
    WrongPassword,
    /// The account wants the code of its second factor. Not the end: [`super::Chain::give_otp`] goes on.
    OtpNeeded,
    /// It does not take the code that was given.
    OtpWrong,
    /// Client id, secret or redirect URI are not those of a registered client; in the cloud's words.
    Client(String),
    /// The person said no, or another error that the consent page reports by its name.
    Consent(String),
    /// The code has expired, or was used before.
    Code,
    /// The cloud does not take the refresh token any more.
    Refresh,
    /// There is nothing that could renew the session.
    Nothing,
    /// The cloud does not take its own access token, not even a fresh one.
    Access(Step),
    /// No hub is on the account.
    NoHub,
    /// The hub that was asked for is not on the account, and those that are.
    UnknownHub { wanted: String, known: Vec<String> },
    /// The consent form is for a hub that has to be named, and none was.
    WhichHub,
    /// The hub does not take the local user and password.
    LocalPassword,
    /// The hub says no.
    Hub(Step, HubError),
    /// The hub does not take what it, or the cloud for it, has just given out; its status.
    Fresh(Step, u16),
    /// The cloud says no, or is not itself.
    Cloud(Step, HubError),
    /// A reply that is not what was asked for.
    Odd(Step, &'static str),
    /// More requests than any way in takes: something goes in circles.
    Circles,
}

/// What to do about a fault.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Sort {
    /// Trying again may help: the other side is not there, or not well.
    Away,
    /// For good: something else has to be given.
    Credentials,
    /// For good: the configuration is wrong.
    Configuration,
}

impl Fault {
    /// Whether trying the same again can help.
    pub fn sort(&self) -> Sort {
        match self {
            Fault::Client(_) | Fault::UnknownHub { .. } | Fault::WhichHub => Sort::Configuration,
            Fault::Hub(_, error) | Fault::Cloud(_, error) => match error.kind {
                _ if error.is_page() || error.status == 408 => Sort::Away,
                kind if kind.passes() || kind == Kind::NotJson => Sort::Away,
                Kind::NoSuchRoute => Sort::Away,
                _ => Sort::Credentials,
            },
            Fault::Fresh(..) | Fault::Odd(..) | Fault::Circles => Sort::Away,
            _ => Sort::Credentials,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::WrongPassword => {
                "the account does not take this e-mail and password; check both, and type the password as on my.homey.app"
            }
            Fault::OtpNeeded => {
                "the account wants the code of its second factor; give the present one with --otp-stdin, or log in on a terminal, which asks for it"
            }
            Fault::OtpWrong => {
                "the account does not take this code of the second factor; wait for the next one and log in again"
            }
            Fault::Client(text) => {
                return write!(
                    f,
                    "the cloud does not know this client ({text}); check client_id, the client secret and redirect_uri under [cloud] against the developer tools"
                );
            }
            Fault::Consent(error) => {
                return write!(
                    f,
                    "the consent page says {}; log in again and allow it",
                    one_line(error, 64)
                );
            }
            Fault::Code => {
                "the cloud does not take the code: it is good for 30 s and once; log in again, without a pause"
            }
            Fault::Refresh => {
                "the cloud does not take the stored refresh token: it was revoked, or spent by a renewal whose reply got lost; run homey-panel login once more"
            }
            Fault::Nothing => {
                "nothing here can renew this session: no refresh token and no stored password; run homey-panel login"
            }
            Fault::Access(step) => {
                return write!(
                    f,
                    "{step}: the cloud does not take the access token that it has just given; run homey-panel login"
                );
            }
            Fault::NoHub => "there is no hub on this account; add it in the Homey app, or log in with the account that has it",
            Fault::UnknownHub { wanted, known } => {
                return write!(
                    f,
                    "the account has no hub {}; it has {}: check id under [hub], or --hub",
                    one_line(wanted, 64),
                    known.join(", ")
                );
            }
            Fault::WhichHub => {
                "the consent form names no hub: the account may have none; if it has one, set its id under [hub], or give --hub ID"
            }
            Fault::LocalPassword => {
                "the hub does not take this local user and password; set them in the Homey app under the user's local credentials"
            }
            Fault::Hub(step, error) => return write!(f, "{step}: {error}"),
            Fault::Fresh(step, status) => {
                return write!(
                    f,
                    "{step}: the hub answers {status} to what it has just been given; after a restart its clock may not be set yet: try again in a minute"
                );
            }
            Fault::Cloud(step, error) => return cloud_words(f, *step, error),
            Fault::Odd(step, what) => {
                return write!(
                    f,
                    "{step}: {what}; the cloud may have changed, or something answers in its place (a proxy, a login page)"
                );
            }
            Fault::Circles => "the way in goes in circles; try again later",
        })
    }
}

/// A refusal by the cloud. `HubError`'s own words speak of a hub.
fn cloud_words(f: &mut fmt::Formatter<'_>, step: Step, error: &HubError) -> fmt::Result {
    write!(f, "{step}: the cloud answers {}", error.status)?;
    if let Some(code) = &error.code {
        write!(f, " {code}")?;
    }
    let cure = match error.kind {
        Kind::TooManyRequests => "it wants fewer requests; wait some minutes",
        kind if kind.passes() || error.status == 408 => "it is not well; try again later",
        Kind::MissingScopes => {
            "the client or account lacks a scope; give the client the scopes of a panel in the developer tools"
        }
        kind if error.is_page() || matches!(kind, Kind::NotJson | Kind::NoSuchRoute) => {
            "something else answers in its place, or accounts and api under [cloud] are wrong"
        }
        _ if error.text.is_empty() => "it gives no reason",
        _ => return write!(f, ": \"{}\"", one_line(&error.text, 120)),
    };
    write!(f, ": {cure}")
}

impl std::error::Error for Fault {}
