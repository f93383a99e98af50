// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the cloud gave out and until when it is good (api.md 8): account
//! JWTs, consent forms, codes, access and refresh tokens.
//!
//! Whatever is refused is refused with a reason of `refuse`.

use std::collections::HashMap;

use super::options::Options;
use crate::clock::now_ms;
use crate::dice::Dice;

/// Good until a time, and once.
#[derive(Clone, Copy, Debug)]
struct Once {
    until: i64,
    used: bool,
}

impl Once {
    fn check(&self, names: [&'static str; 2]) -> Result<(), &'static str> {
        match (self.used, self.until <= now_ms()) {
            (true, _) => Err(names[0]),
            (_, true) => Err(names[1]),
            _ => Ok(()),
        }
    }
}

/// A login that waits for a click.
#[derive(Clone, Debug)]
struct Form {
    /// What the form must send.
    value: String,
    /// What the request must repeat.
    asked: Asked,
}

/// What a code is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Where the login leads back to.
    pub redirect_uri: String,
    /// To come back with it.
    pub state: Option<String>,
    /// The account's JWT; none for a browser.
    pub jwt: Option<String>,
}

#[derive(Debug)]
struct Code {
    once: Once,
    redirect_uri: String,
}

#[derive(Debug)]
struct Refresh {
    until: Option<i64>,
    spent: Option<i64>,
    revoked: bool,
}

#[derive(Debug)]
struct Access {
    until: i64,
    revoked: bool,
}

/// What was given out.
#[derive(Debug, Default)]
pub struct Book {
    jwts: HashMap<String, Once>,
    forms: HashMap<String, Form>,
    codes: HashMap<String, Code>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
}

/// The tokens of a reply.
pub struct Granted {
    /// 40 hex digits.
    pub access: String,
    /// The same; not every grant has one.
    pub refresh: Option<String>,
}

impl Book {
    /// A JWT for the authorise step.
    pub fn add_jwt(&mut self, jwt: &str, options: &Options) {
        let until = now_ms() + options.jwt_ttl_ms;
        self.jwts
            .insert(jwt.to_owned(), Once { until, used: false });
    }

    /// Whether the JWT is good and gave no code yet.
    pub fn check_jwt(&self, jwt: Option<&str>) -> Result<(), &'static str> {
        let jwt = jwt.and_then(|j| self.jwts.get(j)).ok_or("jwt_unknown")?;
        jwt.check(["jwt_used", "jwt_expired"])
    }

    /// A form: what its cookie and its field hold.
    pub fn add_form(&mut self, cookie: &str, value: &str, asked: Asked) {
        let value = value.to_owned();
        self.forms.insert(cookie.to_owned(), Form { value, asked });
    }

    /// Takes the form with which a click comes.
    pub fn take_form(
        &mut self,
        cookie: Option<&str>,
        value: Option<&str>,
        asked: &Asked,
    ) -> Result<(), &'static str> {
        let cookie = cookie.ok_or("csrf_cookie")?;
        let form = self.forms.get(cookie).ok_or("csrf_cookie")?;
        if value != Some(form.value.as_str()) {
            return Err("csrf_value");
        }
        if form.asked != *asked {
            return Err("other_request");
        }
        self.forms.remove(cookie);
        Ok(())
    }

    /// A code; its JWT gives no other.
    pub fn add_code(&mut self, dice: &mut Dice, asked: &Asked, options: &Options) -> String {
        if let Some(jwt) = asked.jwt.as_ref().and_then(|j| self.jwts.get_mut(j)) {
            jwt.used = true;
        }
        let code = dice.hex(40);
        let until = now_ms() + options.code_ttl_ms;
        let held = Code {
            once: Once { until, used: false },
            redirect_uri: asked.redirect_uri.clone(),
        };
        self.codes.insert(code.clone(), held);
        code
    }

    /// Takes a code. The address need not be given, but then it must fit.
    pub fn take_code(&mut self, code: &str, uri: Option<&str>) -> Result<(), &'static str> {
        let held = self.codes.get_mut(code).ok_or("code_unknown")?;
        held.once.check(["code_used", "code_expired"])?;
        if uri.is_some_and(|uri| uri != held.redirect_uri) {
            return Err("code_redirect");
        }
        held.once.used = true;
        Ok(())
    }

    /// New tokens.
    pub fn grant(&mut self, dice: &mut Dice, options: &Options, refresh: bool) -> Granted {
        let access = dice.hex(40);
        let held = Access {
            until: now_ms() + options.access_ttl_ms,
            revoked: false,
        };
        self.access.insert(access.clone(), held);
        let refresh = refresh.then(|| {
            let token = dice.hex(40);
            let held = Refresh {
                until: options.refresh_ttl_ms.map(|ttl| now_ms() + ttl),
                spent: None,
                revoked: false,
            };
            self.refresh.insert(token.clone(), held);
            token
        });
        Granted { access, refresh }
    }

    /// New tokens for a refresh token, which is spent then if they rotate.
    pub fn renew(
        &mut self,
        token: &str,
        dice: &mut Dice,
        options: &Options,
    ) -> Result<Granted, &'static str> {
        let now = now_ms();
        let held = self.refresh.get_mut(token).ok_or("refresh_unknown")?;
        if held.revoked {
            return Err("refresh_revoked");
        }
        if held.until.is_some_and(|until| until <= now) {
            return Err("refresh_expired");
        }
        let graced = |at: i64| now < at.saturating_add(options.rotate_grace_ms);
        if held.spent.is_some_and(|at| !graced(at)) {
            return Err("refresh_spent");
        }
        if !options.rotate {
            let mut granted = self.grant(dice, options, false);
            granted.refresh = Some(token.to_owned());
            return Ok(granted);
        }
        held.spent.get_or_insert(now);
        Ok(self.grant(dice, options, true))
    }

    /// Whether an access token is good.
    pub fn check_access(&self, token: Option<&str>) -> Result<(), &'static str> {
        let held = self.access.get(token.ok_or("no_token")?);
        let held = held.ok_or("access_unknown")?;
        match (held.revoked, held.until <= now_ms()) {
            (true, _) => Err("access_revoked"),
            (_, true) => Err("access_expired"),
            _ => Ok(()),
        }
    }

    /// Ends all access tokens, all refresh tokens, or both with everything
    /// that leads to them; how many.
    pub fn revoke(&mut self, access: bool, refresh: bool) -> usize {
        let mut ended = 0;
        for held in self.access.values_mut().filter(|h| access && !h.revoked) {
            (held.revoked, ended) = (true, ended + 1);
        }
        for held in self.refresh.values_mut().filter(|h| refresh && !h.revoked) {
            (held.revoked, ended) = (true, ended + 1);
        }
        if access && refresh {
            self.jwts.clear();
            self.forms.clear();
            self.codes.clear();
        }
        ended
    }
}
