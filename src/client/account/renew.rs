// SPDX-License-Identifier: MIT OR Apache-2.0
//! Renewing the stored session: one process at a time, room on the disk first, nothing lost on the way.

use std::time::Duration;

use crate::config::Config;
use crate::failure::Failure;
use crate::homey::auth::{Chain, CloudHub, Fault, Life, Login, Step, Way};
use crate::homey::session::{Cloud, Kind, Session};

use super::cloud::{client, wall_ms};
use super::drive::{Guide, Stop, drive, failure};
use super::store::{Lock, Store};

/// How long another process may hold the lock, and how long all calls together may take: less than the minute that the loop
/// gives its child.
const LOCK: Duration = Duration::from_secs(15);
const BUDGET: Duration = Duration::from_secs(35);

/// What a renewal came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Renewed {
    /// The session that is stored now.
    pub session: Session,
    /// It is another one than before; `false`: it was good still, or another process has renewed it meanwhile.
    pub renewed: bool,
}

/// Renews the session where it is due, or at any rate with `force`.
pub fn renew(config: &Config, store: &Store, force: bool) -> Result<Renewed, Failure> {
    let before = stored(store)?;
    let mut lock = store.lock_within(LOCK)?;
    let session = stored(store)?;
    let login = store.password()?.and_then(|text| Login::parse(&text));
    let login = login.filter(|login| login.kind == session.kind);
    let life = Life::of(&session, login.is_some());
    // Whoever had the lock has done it.
    let done = session.token != before.token;
    if done || !force && !life.wants_renewal(wall_ms()) {
        return match !done && !life.renewable() && life.is_over(wall_ms()) {
            true => Err(failure(&Fault::Nothing)),
            false => Ok(Renewed {
                session,
                renewed: false,
            }),
        };
    }
    if !life.renewable() {
        return Err(match session.kind {
            Kind::Key => Failure::permission(
                "an API key is not renewed: it is good until it is revoked; make a new one in the Homey web app (Settings, API Keys)",
            ),
            _ => failure(&Fault::Nothing),
        });
    }
    lock.reserve()?;
    let mut keeper = Keeper {
        session: session.clone(),
        lock,
        force,
    };
    let renewed = run(config, &session, login, &mut keeper).map_err(|stop| {
        let refused = matches!(
            stop,
            Stop::Fault(Fault::WrongPassword | Fault::LocalPassword | Fault::OtpNeeded)
        );
        if refused {
            keeper.lock.note_refusal();
        }
        stop.failure()
    })?;
    keeper.lock.write(&renewed)?;
    Ok(Renewed {
        session: renewed,
        renewed: true,
    })
}

fn stored(store: &Store) -> Result<Session, Failure> {
    store.read()?.ok_or_else(|| {
        Failure::permission(format!(
            "there is no session in {}; run homey-panel login",
            store.path().display()
        ))
    })
}

/// With the stored tokens, and where those lead nowhere, with the stored password.
fn run(
    config: &Config,
    session: &Session,
    login: Option<Login>,
    keeper: &mut Keeper<'_>,
) -> Result<Session, Stop> {
    let routes = Some(&session.routes);
    let mut left = BUDGET;
    if let (Some(login), Kind::Local) = (&login, session.kind) {
        keeper.may_send_password()?;
        let way = Way::Local {
            user: login.name.clone(),
            password: login.password.clone(),
            app: config.profile.app_name.clone(),
        };
        let wanted = Some(session.hub.clone());
        let mut chain = Chain::new(None, way, wanted, wall_ms()).map_err(Stop::Fault)?;
        let (mut renewed, _) = drive(config, &mut chain, routes, keeper, &mut left)?;
        renewed.name.clone_from(&session.name);
        renewed.routes.clone_from(&session.routes);
        return Ok(renewed);
    }
    let client = client(&config.cloud)?;
    let way = Way::Stored(Box::new(session.clone()));
    let first = Chain::new(Some(client.clone()), way, None, wall_ms())
        .map_err(Stop::Fault)
        .and_then(|mut chain| drive(config, &mut chain, routes, keeper, &mut left));
    let why = match (first, &login) {
        (Ok((renewed, _)), _) => return Ok(renewed),
        (Err(Stop::Fault(why)), Some(_)) if is_about_tokens(&why) => why,
        (Err(stop), _) => return Err(stop),
    };
    let Some(login) = login else {
        return Err(Stop::Fault(why));
    };
    keeper.may_send_password()?;
    log::warn!("{why}; trying the stored password");
    let way = Way::Password {
        email: login.name.clone(),
        password: login.password.clone(),
        otp: String::new(),
    };
    let wanted = Some(session.hub.clone());
    let mut chain = Chain::new(Some(client), way, wanted, wall_ms()).map_err(Stop::Fault)?;
    drive(config, &mut chain, routes, keeper, &mut left).map(|(renewed, _)| renewed)
}

/// Whether the stored tokens are at fault, so that a password may lead further; a page that refuses them may be the cloud's own.
fn is_about_tokens(why: &Fault) -> bool {
    match why {
        Fault::Refresh | Fault::Nothing | Fault::Access(_) => true,
        Fault::Cloud(Step::Refresh, error) => matches!(error.status, 400 | 401),
        _ => false,
    }
}

/// Keeps new tokens beside the old bearer until there is a new one.
struct Keeper<'s> {
    session: Session,
    lock: Lock<'s>,
    force: bool,
}

impl Keeper<'_> {
    /// Not over and over where it was refused: accounts are locked for that.
    fn may_send_password(&self) -> Result<(), Failure> {
        match !self.force && self.lock.refused_lately() {
            true => Err(Failure::permission(
                "the kept password was refused within the last hour, and is not sent again until then, lest the account be locked; run homey-panel login, or session renew --force",
            )),
            false => Ok(()),
        }
    }
}

impl Guide for Keeper<'_> {
    fn keep(&mut self, cloud: &Cloud) -> Result<(), Failure> {
        self.session.cloud = Some(cloud.clone());
        self.lock.write(&self.session)?;
        self.lock.reserve()
    }

    fn choose(&mut self, _: &[CloudHub]) -> Result<String, Failure> {
        Ok(self.session.hub.clone())
    }

    fn otp(&mut self) -> Result<Option<String>, Failure> {
        Ok(None)
    }
}
