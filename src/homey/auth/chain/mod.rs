// SPDX-License-Identifier: MIT OR Apache-2.0
//! The machine: what is due now, and what an answer changes.

mod judge;
#[cfg(test)]
mod tests;

use super::answers::{self, CloudHub};
use super::ask::{Ask, Client};
use super::fault::Fault;
use super::{CODE_LIFE, MAX_ASKS, Password, Step, life};
use crate::homey::error::{HubError, classify};
use crate::homey::reply::{self, SessionInfo};
use crate::homey::secret::Secret;
use crate::homey::session::{Cloud, Kind, Routes, Session};
use crate::http::ResponseHead;
use crate::letters::small_text;
use judge::{is_access, refused_access, refused_token, unknown};

/// An access token that ends within this is not used any more, in milliseconds.
const ABOUT_TO_END: u64 = 60_000;

/// How it begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Way {
    Password {
        email: String,
        password: Password,
        /// The second factor's code; empty where there is none.
        otp: String,
    },
    /// A code that a browser brought.
    Code(Secret),
    /// What a session holds already.
    Stored(Box<Session>),
    /// The hub's own user; `app` is told to the hub as the client's name.
    Local {
        user: String,
        password: Password,
        app: String,
    },
    /// A bearer from outside: it is only tried.
    Given { kind: Kind, token: Secret },
}

/// What is to be done next.
pub enum Due<'c> {
    /// A call; its reply goes to [`Chain::answer`].
    Ask(Box<Ask>),
    /// These are to be on the disk, where there is a session to keep, before [`Chain::kept`].
    Keep(&'c Cloud),
    /// One of these, by [`Chain::choose`].
    Choose(&'c [CloudHub]),
    /// The hub is to be found, and asked who it is, before it gets anything: [`Chain::reached`]. The id is empty where none is
    /// known; `None` for a local login.
    Reach {
        id: &'c str,
        hub: Option<&'c CloudHub>,
    },
    Done(&'c Session),
}

enum State {
    Login,
    Authorise(Secret),
    Consent {
        jwt: Secret,
        csrf: String,
        cookie: String,
        hubs: Vec<String>,
    },
    Exchange {
        code: Secret,
        until: u64,
    },
    Refresh,
    Keep,
    Hubs,
    Choose(Vec<CloudHub>),
    Delegation,
    Reach(Option<Secret>),
    HubLogin(Secret),
    LocalLogin,
    Session(Secret),
    Done(Box<Session>),
}

/// See the module's docs.
pub struct Chain {
    client: Option<Client>,
    way: Way,
    /// The hub that is wanted, by id or name.
    wanted: Option<String>,
    state: State,
    cloud: Option<Cloud>,
    hub: Option<CloudHub>,
    refreshed: bool,
    asked: u32,
}

impl Chain {
    /// A way in that begins at `now`, milliseconds since 1970. `client` may be missing for a local login only.
    pub fn new(
        client: Option<Client>,
        way: Way,
        wanted: Option<String>,
        now: u64,
    ) -> Result<Chain, Fault> {
        let mut chain = Chain {
            client,
            way,
            wanted,
            state: State::LocalLogin,
            cloud: None,
            hub: None,
            refreshed: false,
            asked: 0,
        };
        chain.state = match &chain.way {
            Way::Password { .. } => State::Login,
            Way::Code(code) => State::Exchange {
                code: code.clone(),
                until: now.saturating_add(CODE_LIFE),
            },
            Way::Local { .. } | Way::Given { .. } => State::Reach(None),
            Way::Stored(session) => {
                chain.cloud.clone_from(&session.cloud);
                chain.wanted = Some(session.hub.clone());
                let Some(cloud) = &session.cloud else {
                    return Err(Fault::Nothing);
                };
                let good = cloud.access_expires > now.saturating_add(ABOUT_TO_END);
                match (&cloud.access, &cloud.refresh) {
                    (Some(_), _) if good => State::Hubs,
                    (_, Some(_)) => State::Refresh,
                    _ => return Err(Fault::Nothing),
                }
            }
        };
        Ok(chain)
    }

    /// How many calls it has asked for.
    pub fn asked(&self) -> u32 {
        self.asked
    }

    /// The call or decision that is due at `now`. To be called once for each step: calls are counted.
    pub fn due(&mut self, now: u64) -> Result<Due<'_>, Fault> {
        if let State::Exchange { until, .. } = &self.state {
            if now > *until {
                return Err(Fault::Code);
            }
        }
        if let Some(ask) = self.ask() {
            self.asked += 1;
            if self.asked > MAX_ASKS {
                return Err(Fault::Circles);
            }
            return Ok(Due::Ask(Box::new(ask)));
        }
        match (&self.state, &self.cloud) {
            (State::Keep, Some(cloud)) => Ok(Due::Keep(cloud)),
            (State::Choose(hubs), _) => Ok(Due::Choose(hubs)),
            (State::Reach(_), _) => Ok(Due::Reach {
                id: self.hub_id(),
                hub: self.hub.as_ref(),
            }),
            (State::Done(session), _) => Ok(Due::Done(session)),
            _ => Err(Fault::Nothing),
        }
    }

    fn hub_id(&self) -> &str {
        let wanted = self.wanted.as_deref().unwrap_or_default();
        self.hub.as_ref().map_or(wanted, |hub| &hub.id)
    }

    fn ask(&self) -> Option<Ask> {
        let client = self.client.as_ref();
        let cloud = self.cloud.as_ref();
        let access = cloud.and_then(|cloud| cloud.access.as_ref());
        match (&self.state, &self.way) {
            (
                State::Login,
                Way::Password {
                    email,
                    password,
                    otp,
                },
            ) => Some(Ask::login(email, password, otp)),
            (State::Authorise(jwt), _) => Some(Ask::authorise(client?, jwt)),
            (
                State::Consent {
                    jwt,
                    csrf,
                    cookie,
                    hubs,
                },
                _,
            ) => Some(Ask::consent(client?, jwt, hubs, csrf, cookie)),
            (State::Exchange { code, .. }, _) => Some(Ask::exchange(client?, code)),
            (State::Refresh, _) => Some(Ask::refresh(client?, cloud?.refresh.as_ref()?)),
            (State::Hubs, _) => Some(Ask::hubs(access?)),
            (State::Delegation, _) => Some(Ask::delegation(access?)),
            (State::HubLogin(delegation), _) => Some(Ask::hub_login(self.hub_id(), delegation)),
            (
                State::LocalLogin,
                Way::Local {
                    user,
                    password,
                    app,
                },
            ) => Some(Ask::local_login(self.hub_id(), user, password, app)),
            (State::Session(token), _) => Some(Ask::session(self.hub_id(), token)),
            _ => None,
        }
    }

    /// The second factor's code, after [`Fault::OtpNeeded`].
    pub fn give_otp(&mut self, code: &str) {
        if let Way::Password { otp, .. } = &mut self.way {
            code.clone_into(otp);
        }
    }

    /// The tokens of [`Due::Keep`] are on the disk.
    pub fn kept(&mut self) {
        if matches!(self.state, State::Keep) {
            self.state = State::Hubs;
        }
    }

    /// The hub of [`Due::Choose`], by id or name.
    pub fn choose(&mut self, wanted: &str) -> Result<(), Fault> {
        if let State::Choose(hubs) = &self.state {
            let hubs = hubs.clone();
            self.wanted = Some(wanted.to_owned());
            return self.take_hubs(hubs);
        }
        Ok(())
    }

    /// The hub answers, and says that it is the one; `id` where it had to say which.
    pub fn reached(&mut self, id: &str) {
        if self.hub_id().is_empty() {
            self.wanted = Some(id.to_owned());
        }
        self.state = match std::mem::replace(&mut self.state, State::LocalLogin) {
            State::Reach(Some(delegation)) => State::HubLogin(delegation),
            State::Reach(None) => match &self.way {
                Way::Given { token, .. } => State::Session(token.clone()),
                _ => State::LocalLogin,
            },
            other => other,
        };
    }

    /// The reply to the last [`Due::Ask`], which came at `now`. `body` is decoded, and at most [`answers::MAX_REPLY`] bytes.
    pub fn answer(&mut self, now: u64, head: &ResponseHead, body: &[u8]) -> Result<(), Fault> {
        let status = head.status();
        let good = (200..300).contains(&status);
        let kind = head
            .get("content-type")
            .and_then(|v| std::str::from_utf8(v).ok());
        let error = || classify(status, kind, body);
        match &self.state {
            State::Login if good => {
                let jwt = answers::token(body)
                    .ok_or(Fault::Odd(Step::Login, "the reply has no token"))?;
                self.state = State::Authorise(jwt);
            }
            State::Login => return Err(judge::refused_login(&self.way, error())),
            State::Authorise(jwt) => {
                let jwt = jwt.clone();
                self.state =
                    judge::authorised(self.wanted.as_deref(), now, head, body, Some(jwt), error)?;
            }
            State::Consent { .. } => {
                self.state = judge::authorised(None, now, head, body, None, error)?
            }
            State::Exchange { .. } | State::Refresh => {
                let (step, spent) = match self.state {
                    State::Refresh => (Step::Refresh, Fault::Refresh),
                    _ => (Step::Exchange, Fault::Code),
                };
                if !good {
                    return Err(refused_token(step, spent, error()));
                }
                let old = self.cloud.as_ref().and_then(|cloud| cloud.refresh.as_ref());
                let cloud = answers::cloud(body, now, old);
                self.cloud = Some(cloud.ok_or(Fault::Odd(step, "the reply has no access token"))?);
                self.state = State::Keep;
            }
            State::Hubs if good => match answers::hubs(body) {
                Some(hubs) => {
                    if let Err(fault) = self.take_hubs(hubs) {
                        self.without_hubs(fault)?;
                    }
                }
                None => self.without_hubs(Fault::Odd(Step::Hubs, "the reply has no hubs"))?,
            },
            State::Hubs => {
                let error = error();
                if !self.try_refresh(&error) {
                    self.without_hubs(refused_access(Step::Hubs, error))?;
                }
            }
            State::Delegation if good => {
                let jwt = answers::token(body);
                let jwt = jwt.ok_or(Fault::Odd(Step::Delegation, "the reply is no token"))?;
                self.state = State::Reach(Some(jwt));
            }
            State::Delegation => {
                let error = error();
                if !self.try_refresh(&error) {
                    return Err(refused_access(Step::Delegation, error));
                }
            }
            State::HubLogin(_) | State::LocalLogin => {
                let step = match self.state {
                    State::LocalLogin => Step::LocalLogin,
                    _ => Step::HubLogin,
                };
                if !good {
                    let error = error();
                    return Err(match (step, status) {
                        (Step::LocalLogin, 400 | 401 | 403) if !error.is_page() => {
                            Fault::LocalPassword
                        }
                        // The delegation is seconds old, so it is the hub that is not well.
                        (Step::HubLogin, 401) => Fault::Fresh(step, status),
                        _ => Fault::Hub(step, error),
                    });
                }
                let token = answers::token(body);
                let token = token.ok_or(Fault::Odd(step, "the hub's reply is no token"))?;
                self.state = State::Session(token);
            }
            State::Session(token) => {
                match (&self.way, error()) {
                    // Nothing but this reply tells whether it is good at all.
                    (Way::Given { .. }, error)
                        if status == 401 || status >= 429 && error.kind.passes() =>
                    {
                        return Err(Fault::Hub(Step::Session, error));
                    }
                    (_, _) if status == 401 => return Err(Fault::Fresh(Step::Session, status)),
                    _ => {}
                }
                // A hub that does not tell, or not in this form, gives the usual life.
                let info = reply::session(body).ok().filter(|_| good);
                let token = token.clone();
                let session = self.session(token, now, &info.unwrap_or_default());
                self.state = State::Done(Box::new(session));
            }
            State::Keep | State::Choose(_) | State::Reach(_) | State::Done(_) => {}
        }
        Ok(())
    }

    /// Once: a refresh in the place of an access token that the cloud does not take.
    fn try_refresh(&mut self, error: &HubError) -> bool {
        let can = self
            .cloud
            .as_ref()
            .is_some_and(|cloud| cloud.refresh.is_some());
        if !can || !is_access(error) || std::mem::replace(&mut self.refreshed, true) {
            return false;
        }
        self.state = State::Refresh;
        true
    }

    /// A renewal knows its hub; the list only tells where it answers now.
    fn without_hubs(&mut self, fault: Fault) -> Result<(), Fault> {
        match (&self.way, &fault) {
            (_, Fault::Access(_)) => Err(fault),
            (Way::Stored(_), _) => {
                self.state = State::Delegation;
                Ok(())
            }
            _ => Err(fault),
        }
    }

    fn take_hubs(&mut self, hubs: Vec<CloudHub>) -> Result<(), Fault> {
        let chosen = match &self.wanted {
            Some(wanted) => {
                let by_id = hubs.iter().find(|hub| hub.id == *wanted);
                let mut named = hubs
                    .iter()
                    .filter(|hub| small_text(&hub.name) == small_text(wanted));
                let by_name = named.next().filter(|_| named.next().is_none());
                Some(by_id.or(by_name).ok_or_else(|| unknown(wanted, &hubs))?)
            }
            None => match &hubs[..] {
                [] => return Err(Fault::NoHub),
                [only] => Some(only),
                _ => None,
            },
        };
        self.state = match chosen.cloned() {
            Some(hub) => {
                self.hub = Some(hub);
                State::Delegation
            }
            None => State::Choose(hubs),
        };
        Ok(())
    }

    fn session(&self, token: Secret, now: u64, info: &SessionInfo) -> Session {
        let ends = Some(life::ends(now, info.created, info.expires));
        let (kind, stored, made, expires) = match &self.way {
            Way::Password { .. } => (Kind::Password, None, Some(now), ends),
            Way::Code(_) => (Kind::OAuth, None, Some(now), ends),
            Way::Local { .. } => (Kind::Local, None, Some(now), ends),
            Way::Stored(session) => (session.kind, Some(session), Some(now), ends),
            Way::Given { kind, .. } => match info.kind.as_deref() {
                Some("PAT") => (Kind::Key, None, Some(now), None),
                // When it was made only the hub knows.
                _ => (*kind, None, info.created, info.expires),
            },
        };
        let hub = self.hub.as_ref();
        let name = hub.map(|hub| &hub.name).or(stored.map(|old| &old.name));
        let routes = hub.map(|hub| &hub.routes).or(stored.map(|old| &old.routes));
        Session {
            kind,
            hub: self.hub_id().to_owned(),
            name: name.cloned().unwrap_or_default(),
            token,
            made,
            expires,
            cloud: self.cloud.clone(),
            routes: routes.cloned().unwrap_or_else(Routes::default),
        }
    }
}
