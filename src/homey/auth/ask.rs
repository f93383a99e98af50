// SPDX-License-Identifier: MIT OR Apache-2.0
//! The calls of the way in as bytes (`api.md` 5 to 7), under a header profile.

use super::percent::form;
use super::{Password, Step};
use crate::homey::profile::{Holes, Profile};
use crate::homey::secret::Secret;
use crate::http::{Check, RequestHead};

/// Who we are to the cloud: `[cloud]` of the configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Client {
    pub id: String,
    /// Needed for tokens; not for the consent page.
    pub secret: Secret,
    pub redirect: String,
}

/// To whom a call goes.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Site {
    /// `accounts.athom.com`.
    Accounts,
    /// `api.athom.com`.
    Api,
    /// The hub that [`super::Due::Reach`] found.
    Hub,
}

/// One call. Its target and body hold secrets, hence no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Ask {
    pub step: Step,
    pub site: Site,
    method: &'static str,
    target: String,
    body: Option<(&'static str, Vec<u8>)>,
    bearer: Option<Secret>,
    cookie: Option<String>,
    hub: String,
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

impl Ask {
    fn new(step: Step, site: Site, method: &'static str, target: impl Into<String>) -> Ask {
        Ask {
            step,
            site,
            method,
            target: target.into(),
            body: None,
            bearer: None,
            cookie: None,
            hub: String::new(),
        }
    }

    pub(super) fn login(email: &str, password: &Password, otp: &str) -> Ask {
        let pairs = [
            ("email", email),
            ("password", password.expose()),
            ("otptoken", otp),
        ];
        let body = Some((FORM, form(&pairs).into_bytes()));
        Ask {
            body,
            ..Ask::new(Step::Login, Site::Accounts, "POST", "/login")
        }
    }

    pub(super) fn authorise(client: &Client, jwt: &Secret) -> Ask {
        let target = format!("/oauth2/authorise?{}", client.query(jwt));
        Ask::new(Step::Authorise, Site::Accounts, "GET", target)
    }

    /// `hubs` are the ids that are consented to.
    pub(super) fn consent(
        client: &Client,
        jwt: &Secret,
        hubs: &[String],
        csrf: &str,
        cookie: &str,
    ) -> Ask {
        let resources: Vec<String> = hubs
            .iter()
            .map(|id| format!("resource.homey.{id}"))
            .collect();
        let mut pairs: Vec<(&str, &str)> = resources
            .iter()
            .map(|id| ("resource", id.as_str()))
            .collect();
        pairs.extend([("_csrf", csrf), ("allow", "Allow")]);
        let target = format!("/authorise?{}", client.query(jwt));
        Ask {
            body: Some((FORM, form(&pairs).into_bytes())),
            cookie: Some(format!("_csrf={cookie}")),
            ..Ask::new(Step::Consent, Site::Accounts, "POST", target)
        }
    }

    /// `grant` and what it needs, beside the client's own credentials, which go into the form: so no header line is needed
    /// that the profile does not have.
    fn token(step: Step, client: &Client, grant: &str, name: &str, value: &Secret) -> Ask {
        let pairs = [
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.expose()),
            ("grant_type", grant),
            (name, value.expose()),
        ];
        Ask {
            body: Some((FORM, form(&pairs).into_bytes())),
            ..Ask::new(step, Site::Api, "POST", "/oauth2/token")
        }
    }

    pub(super) fn exchange(client: &Client, code: &Secret) -> Ask {
        Ask::token(Step::Exchange, client, "authorization_code", "code", code)
    }

    pub(super) fn refresh(client: &Client, refresh: &Secret) -> Ask {
        Ask::token(
            Step::Refresh,
            client,
            "refresh_token",
            "refresh_token",
            refresh,
        )
    }

    /// The account's hubs.
    pub fn hubs(access: &Secret) -> Ask {
        Ask {
            bearer: Some(access.clone()),
            ..Ask::new(Step::Hubs, Site::Api, "GET", "/user/me")
        }
    }

    pub(super) fn delegation(access: &Secret) -> Ask {
        Ask {
            bearer: Some(access.clone()),
            body: Some((JSON, b"{}".to_vec())),
            ..Ask::new(
                Step::Delegation,
                Site::Api,
                "POST",
                "/delegation/token?audience=homey",
            )
        }
    }

    /// No bearer goes along, even where an old one is known.
    pub(super) fn hub_login(hub: &str, delegation: &Secret) -> Ask {
        let body = format!("{{\"token\":{}}}", json(delegation.expose()));
        Ask {
            body: Some((JSON, body.into_bytes())),
            hub: hub.to_owned(),
            ..Ask::new(
                Step::HubLogin,
                Site::Hub,
                "POST",
                "/api/manager/users/login",
            )
        }
    }

    pub(super) fn local_login(hub: &str, user: &str, password: &Password, name: &str) -> Ask {
        let body = format!(
            "{{\"username\":{},\"password\":{},\"clientId\":\"homey-panel\",\"clientName\":{}}}",
            json(user),
            json(password.expose()),
            json(name)
        );
        let target = "/api/manager/users/login-local";
        Ask {
            body: Some((JSON, body.into_bytes())),
            hub: hub.to_owned(),
            ..Ask::new(Step::LocalLogin, Site::Hub, "POST", target)
        }
    }

    pub(super) fn session(hub: &str, token: &Secret) -> Ask {
        Ask {
            bearer: Some(token.clone()),
            hub: hub.to_owned(),
            ..Ask::new(
                Step::Session,
                Site::Hub,
                "GET",
                "/api/manager/sessions/session/me",
            )
        }
    }

    /// The whole request. `host` is the authority of its site, `name` the application's own. The one line that no profile has,
    /// the cookie of the consent form, comes last.
    pub fn bytes(&self, profile: &Profile, host: &str, name: &str) -> Result<Vec<u8>, String> {
        let body = self.body.as_ref();
        let holes = Holes {
            host,
            token: self.bearer.as_ref(),
            hub: &self.hub,
            length: body.map(|(_, bytes)| bytes.len() as u64),
            content_type: body.map_or("", |(kind, _)| kind),
            etag: "",
            name,
        };
        let wrong = |e: &dyn std::fmt::Display| format!("{}: {e}", self.step);
        let mut head = RequestHead::new(self.method, &self.target).map_err(|e| wrong(&e))?;
        for line in profile.render(&holes).map_err(|e| wrong(&e))? {
            head.line(&line).map_err(|e| wrong(&e))?;
        }
        if let Some(cookie) = &self.cookie {
            head.field("Cookie", cookie.as_bytes())
                .map_err(|e| wrong(&e))?;
        }
        let length = body.map(|(_, bytes)| bytes.len() as u64);
        let mut bytes = head.finish(length, Check::Strict).map_err(|e| wrong(&e))?;
        bytes.extend_from_slice(body.map_or(&[], |(_, bytes)| bytes));
        Ok(bytes)
    }
}

impl Client {
    fn query(&self, jwt: &Secret) -> String {
        form(&[
            ("client_id", &self.id),
            ("redirect_uri", &self.redirect),
            ("response_type", "code"),
            ("user_token", jwt.expose()),
        ])
    }
}

/// Where a browser is sent for consent. `api` is the scheme and authority of the cloud's API.
pub fn consent_url(api: &str, client_id: &str, redirect: &str, state: &str) -> String {
    let query = form(&[
        ("client_id", client_id),
        ("redirect_uri", redirect),
        ("response_type", "code"),
        ("state", state),
    ]);
    format!("{api}/oauth2/authorise?{query}")
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests;
