// SPDX-License-Identifier: MIT OR Apache-2.0
//! `login`: what is given and asked for becomes a session in its file.

use std::time::Duration;

use crate::cli::{Common, help, note};
use crate::client::account::{Lock, Stop, Store, client, drive, reach, wall_ms};
use crate::config::Config;
use crate::failure::Failure;
use crate::homey::auth::{Chain, Client, Login, Way};
use crate::homey::session::Kind;

use super::args::{self, Args, HELP};
use super::guide::Asks;
use super::{browser, secrets, show, terminal};

/// What all calls of a login may take together, without the questions between them.
const BUDGET: Duration = Duration::from_secs(120);

/// `login`
pub(in crate::cli) fn login(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    let Some(mut args) = args::parse(parser, common)? else {
        return help(HELP);
    };
    let config = common.load()?;
    let way = match args.way {
        Some(way) => way,
        None if terminal::is_there() => menu()?,
        None => {
            return Err(Failure::usage(
                "login: say how: --password, --browser, --key, --local or --bearer; on a terminal it asks",
            ));
        }
    };
    // A menu has chosen after the options were read.
    args.way = Some(way);
    args::check(&args)?;
    // A place that cannot be written is found before anybody types a password.
    let store = Store::for_login(&config.hub.credential)?;
    store.probe()?;
    let needs_client = matches!(way, Kind::Password | Kind::OAuth);
    let client = needs_client.then(|| client(&config.cloud)).transpose()?;
    if way == Kind::OAuth {
        look_for_hub(&config)?;
    }
    let (way, kept) = prepare(&config, &mut args, way, client.as_ref())?;
    // So is a full disk. The lock goes free meanwhile: questions take their time, and a panel may have to renew its session.
    store.lock()?.reserve()?;
    let wanted = args.hub.clone().or_else(|| config.hub.id.clone());
    let mut chain =
        Chain::new(client, way, wanted, wall_ms()).map_err(|fault| Stop::Fault(fault).failure())?;
    let mut guide = Asks { config: &config };
    let mut left = BUDGET;
    let driven = drive(&config, &mut chain, None, &mut guide, &mut left);
    let (session, via) = driven.map_err(Stop::failure)?;
    let mut lock = store.lock()?;
    lock.write(&session)?;
    keep(&lock, kept.filter(|_| args.keep))?;
    drop(lock);
    show::logged_in(&store, &session, &via, args.keep)
}

/// A consent and its code are spent before the hub is asked for anything: better to know beforehand whether it is there.
fn look_for_hub(config: &Config) -> Result<(), Failure> {
    let id = config.hub.id.as_deref().unwrap_or_default();
    if config.hub.address.is_none() {
        return Ok(());
    }
    match reach(config, id, None, &mut 0, BUDGET) {
        Err(failure) if config.hub.relay => {
            note(&format!(
                "{failure}; the account's own ways to it are tried after the consent"
            ));
            Ok(())
        }
        looked => looked.map(drop),
    }
}

fn menu() -> Result<Kind, Failure> {
    let ways = [
        ("e-mail and password of the Athom account", Kind::Password),
        ("consent in a browser", Kind::OAuth),
        ("an API key (Homey Pro of 2023 and later)", Kind::Key),
        ("a local user of the hub", Kind::Local),
        ("a bearer from elsewhere", Kind::Bearer),
    ];
    for (at, (words, _)) in ways.iter().enumerate() {
        note(&format!("{} {words}", at + 1));
    }
    let chosen = terminal::ask("log in with (1 to 5)")?;
    let number = chosen.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    match number.and_then(|at| ways.get(at)) {
        Some((_, way)) => Ok(*way),
        None => Err(Failure::usage("login: expected a number from 1 to 5")),
    }
}

/// Gathers the secrets of a way; also what would log in again.
fn prepare(
    config: &Config,
    args: &mut Args,
    way: Kind,
    client: Option<&Client>,
) -> Result<(Way, Option<Login>), Failure> {
    let app = config.profile.app_name.clone();
    match way {
        Kind::Password | Kind::Local => {
            let name = match way {
                Kind::Local => named(args.user.take(), "user name", "--user")?,
                _ => named(args.email.take(), "e-mail", "--email")?,
            };
            let password = secrets::password(&args.password)?;
            let login = Login {
                kind: way,
                name: name.clone(),
                password: password.clone(),
            };
            let way = match way {
                Kind::Local => Way::Local {
                    user: name,
                    password,
                    app,
                },
                _ => Way::Password {
                    email: name,
                    password,
                    otp: secrets::early_otp(&args.otp)?,
                },
            };
            Ok((way, Some(login)))
        }
        Kind::OAuth => {
            let id = client.map_or("", |client| &client.id);
            Ok((Way::Code(browser::code(config, id, args)?), None))
        }
        Kind::Key | Kind::Bearer => {
            let (what, name) = match way {
                Kind::Key => ("API key", "homey-panel.key"),
                _ => ("bearer", "homey-panel.bearer"),
            };
            let token = secrets::token(&args.token, what, name)?;
            if let Some(complaint) = token.looks_like().complaint() {
                note(complaint);
            }
            Ok((Way::Given { kind: way, token }, None))
        }
    }
}

fn named(given: Option<String>, what: &str, option: &str) -> Result<String, Failure> {
    let name = match given {
        Some(name) => name,
        None if terminal::is_there() => terminal::ask(what)?,
        None => {
            return Err(Failure::usage(format!(
                "login: no {what}; give it with {option}"
            )));
        }
    };
    match (1..=1024).contains(&name.len()) && !name.contains(char::is_control) {
        true => Ok(name),
        false => Err(Failure::usage(format!("login: this is no {what}"))),
    }
}

/// Keeps what logs in again where that was asked for, and nothing from another login.
fn keep(lock: &Lock<'_>, login: Option<Login>) -> Result<(), Failure> {
    match login {
        Some(login) => lock.write_password(login.emit().as_bytes()),
        None => lock.remove_password(),
    }
}
