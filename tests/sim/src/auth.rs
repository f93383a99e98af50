// SPDX-License-Identifier: MIT OR Apache-2.0

//! Who may do what: session tokens, API keys, scopes and delegation tokens
//! (api.md 4, 7, 8).
//!
//! It knows nothing of routes: these say which scope they need.

use std::collections::HashMap;

use crate::clock::now_ms;
use crate::cloud::jwt;
use crate::dice::Dice;
use crate::state::Via;

/// A hub session lives exactly 24 h (api.md 8).
pub const SESSION_MS: i64 = 24 * 3600 * 1000;
/// The local credentials that a user set on a V3 hub (api.md 4 F): name and
/// password, whose every character has broken a program.
pub const LOCAL: (&str, &str) = ("pat.local", "l&cal p+ss 5% \u{fc}\"=");

/// What kind of bearer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Made by `users/login`.
    Session,
    /// An API key, also called personal access token.
    Key,
}

/// A bearer that the hub once gave out.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// UUID of the session or key.
    pub id: String,
    /// Session or key.
    pub kind: Kind,
    /// Name given to a key.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created: i64,
    /// When it ends; keys never do by themselves.
    pub expires: Option<i64>,
    /// Key revoked or session ended.
    pub revoked: bool,
}

impl Bearer {
    /// Wider scopes contain narrower ones: `homey` > `homey.device` >
    /// `homey.device.control` (operations.md 1).
    pub fn may(&self, scope: &str) -> bool {
        let wanted = format!("homey.{scope}");
        self.scopes.iter().any(|held| {
            wanted
                .strip_prefix(held.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// Word for the counters.
    pub fn word(&self) -> &'static str {
        match self.kind {
            Kind::Session => "session",
            Kind::Key => "key",
        }
    }
}

/// Every bearer by token, and what makes delegation tokens good.
#[derive(Debug, Default)]
pub struct Auth {
    bearers: HashMap<String, Bearer>,
    account_key: String,
    /// How long new sessions live.
    pub session_ms: i64,
    keys_refused: bool,
}

/// Scopes that have a `.readonly` form (api.md 8).
pub const READONLY: &[&str] = &[
    "alarm",
    "app",
    "dashboard",
    "energy",
    "system",
    "user",
    "updates",
    "geolocation",
    "device",
    "flow",
    "insights",
    "logic",
    "mood",
    "notifications",
    "reminder",
    "presence",
    "zone",
];

/// The other scopes of api.md 8.
const NARROW: &[&str] = &[
    "speech",
    "app.control",
    "device.control",
    "flow.start",
    "mood.set",
    "user.self",
    "presence.self",
];

/// Whether a key can have this scope.
pub fn is_scope(scope: &str) -> bool {
    let Some(rest) = scope.strip_prefix("homey") else {
        return false;
    };
    let Some(rest) = rest.strip_prefix('.') else {
        return rest.is_empty();
    };
    let wide = rest.strip_suffix(".readonly").unwrap_or(rest);
    READONLY.contains(&wide) || NARROW.contains(&rest)
}

impl Auth {
    /// An empty book; a V2 hub has no API keys and refuses them (api.md 4).
    pub fn new(keys_refused: bool, account_key: &str) -> Self {
        Auth {
            keys_refused,
            session_ms: SESSION_MS,
            account_key: account_key.to_owned(),
            ..Auth::default()
        }
    }

    /// Adds an API key.
    pub fn add_key(&mut self, token: &str, id: &str, name: &str, scopes: Vec<String>) {
        self.add(token, id, name, scopes, Kind::Key, None);
    }

    /// Adds a session of a client, which ends after 24 h.
    pub fn add_session(&mut self, token: &str, id: &str, client: &str) {
        let scopes = vec!["homey".to_owned()];
        let end = now_ms() + self.session_ms;
        self.add(token, id, client, scopes, Kind::Session, Some(end));
    }

    fn add(
        &mut self,
        token: &str,
        id: &str,
        name: &str,
        scopes: Vec<String>,
        kind: Kind,
        expires: Option<i64>,
    ) {
        let bearer = Bearer {
            id: id.to_owned(),
            kind,
            name: name.to_owned(),
            scopes,
            created: now_ms(),
            expires,
            revoked: false,
        };
        self.bearers.insert(token.to_owned(), bearer);
    }

    /// The bearer behind an Authorization header, or the error code of api.md 10.
    pub fn check(&self, header: Option<&str>) -> Result<&Bearer, &'static str> {
        let header = header.ok_or("not_logged_in")?;
        let (scheme, token) = header.split_once(' ').ok_or("not_logged_in")?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err("not_logged_in");
        }
        let bearer = self.bearers.get(token.trim()).ok_or("invalid_token")?;
        if bearer.revoked || (bearer.kind == Kind::Key && self.keys_refused) {
            return Err("invalid_token");
        }
        match bearer.expires {
            Some(end) if end <= now_ms() => Err("session_expired"),
            _ => Ok(bearer),
        }
    }

    /// The same at a port: the cloud's host knows no keys (api.md 4).
    pub fn check_at(
        &self,
        via: Option<Via>,
        header: Option<&str>,
    ) -> Result<&Bearer, &'static str> {
        match self.check(header) {
            Ok(bearer) if bearer.kind == Kind::Key && via == Some(Via::Relay) => {
                Err("invalid_token")
            }
            checked => checked,
        }
    }

    /// Turns a delegation token into a session token; none for a bad one.
    pub fn login(&mut self, delegation: &str, dice: &mut Dice) -> Option<String> {
        jwt::check(&self.account_key, delegation).ok()?;
        Some(self.open_session("Homey Web App", dice))
    }

    /// Turns local credentials into a session token; none for bad ones.
    pub fn login_local(
        &mut self,
        user: &str,
        password: &str,
        client: &str,
        dice: &mut Dice,
    ) -> Option<String> {
        let good = (user, password) == LOCAL;
        good.then(|| self.open_session(client, dice))
    }

    fn open_session(&mut self, client: &str, dice: &mut Dice) -> String {
        let token = dice.bearer();
        let id = token.split(':').nth(1).unwrap_or_default().to_owned();
        self.add_session(&token, &id, client);
        token
    }

    /// Ends every session as if its 24 h were over.
    pub fn expire_sessions(&mut self) -> usize {
        let mut ended = 0;
        for bearer in self.bearers.values_mut() {
            if bearer.kind == Kind::Session {
                (bearer.expires, ended) = (Some(0), ended + 1);
            }
        }
        ended
    }

    /// Revokes API keys or sessions: that with this token or id, or all of them.
    pub fn revoke(&mut self, kind: Kind, which: Option<&str>) -> usize {
        let mut ended = 0;
        for (token, bearer) in &mut self.bearers {
            let meant = which.is_none_or(|w| w == token || w == bearer.id);
            if bearer.kind == kind && meant && !bearer.revoked {
                (bearer.revoked, ended) = (true, ended + 1);
            }
        }
        ended
    }

    /// The keys that are good, oldest first.
    pub fn keys(&self) -> Vec<&Bearer> {
        let good = |b: &&Bearer| b.kind == Kind::Key && !b.revoked;
        let mut list: Vec<&Bearer> = self.bearers.values().filter(good).collect();
        list.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        list
    }
}
