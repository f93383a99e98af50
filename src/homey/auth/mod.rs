// SPDX-License-Identifier: MIT OR Apache-2.0
//! The way in: how a bearer for the hub is got and kept, as a state machine over `(now, events)` that says which call is due
//! (`api.md` 4 to 8). Knows bytes and numbers; whoever drives it has the sockets, the clock and the disk.
//!
//! ```text
//!   e-mail + password ── /login ──► JWT ── authorise ─┬─ 302 ───────────────────────► code ─┐
//!                                                     └─ 200 form ── POST /authorise ─► code ─┤ 30 s, once
//!   browser ── consent ── redirect ───────────────────────────────────────────────────► code ─┤
//!   stored refresh token ── /oauth2/token ─┐◄──────────────────────────── /oauth2/token ◄─────┘
//!                                          └► access ── [Due::Keep] ── /user/me ── [Due::Choose] ── /delegation/token
//!                                                                 [Due::Reach] ── users/login ── session/me ──► [Due::Done]
//!   local user + password ────────────────────────────────────── [Due::Reach] ── users/login-local ──┘
//! ```
//!
//! - [`Chain`] is the machine; [`Ask`] one call of it, to be sent under the header profile `forum`, in which the first client
//!   that did this sent them all. No redirect is followed. A way in takes at most 12 requests, the driver's pings included.
//! - A cloud 401 `invalid_token` refreshes once and repeats once; every other is final. Nothing else is repeated.
//! - [`Due::Keep`]: a new refresh token goes to the disk before anything is done with it.
//! - [`Life`] says when a session is due for renewal. [`Fault`] says in words why there is none.

mod answers;
mod ask;
mod chain;
mod fault;
mod life;
mod page;
mod password;
mod percent;

pub use answers::{CloudHub, MAX_REPLY, hubs as hubs_of};
pub use ask::{Ask, Client, Site, consent_url};
pub use chain::{Chain, Due, Way};
pub use fault::{Fault, Sort};
pub use life::{Life, RENEW, USUAL};
pub use page::{Redirected, hidden_input, redirected, resources};
pub use password::{Login, Password};

use std::fmt;

/// How long a code is good, in milliseconds.
pub const CODE_LIFE: u64 = 30_000;
/// The most requests of one way in.
pub const MAX_ASKS: u32 = 12;

/// A step of the way in, for messages.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Step {
    Login,
    Authorise,
    Consent,
    Exchange,
    Refresh,
    Hubs,
    Delegation,
    HubLogin,
    LocalLogin,
    Session,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Login => "logging in to the account",
            Step::Authorise => "asking the account for a code",
            Step::Consent => "consenting for the account",
            Step::Exchange => "exchanging the code for tokens",
            Step::Refresh => "refreshing the access token",
            Step::Hubs => "listing the account's hubs",
            Step::Delegation => "asking for a token for the hub",
            Step::HubLogin => "logging in to the hub",
            Step::LocalLogin => "logging in to the hub as a local user",
            Step::Session => "reading the hub session",
        })
    }
}
