// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who answers, whether it takes our bearer, and whether all that is bound is there.

use std::net::SocketAddr;
use std::time::Duration;

use crate::cli::check::check_names;
use crate::cli::desk::Desk;
use crate::client::route::Known;
use crate::client::{Bearer, Refusal};
use crate::config::Credential;
use crate::failure::{Exit, Failure};
use crate::homey::Dialect;
use crate::homey::call::Call;
use crate::homey::reply;
use crate::homey::route::{Via, Way};
use crate::net::monotonic;

use super::{Doctor, scopes, session};

/// No single reply is waited for longer; a large home's list over slow Wi-Fi takes half of it.
const EACH: Duration = Duration::from_secs(12);
const NEW_KEY: &str = "make an API key (Homey web app: Settings, API Keys) and put it alone into that file, or run homey-panel login";

/// Where the hub is: as configured, or found.
pub(super) fn address(doctor: &mut Doctor<'_>) {
    let Some(config) = &doctor.config else { return };
    if let Some(way) = Known::of(config).configured() {
        doctor.ok(format!(
            "{}, as configured",
            SocketAddr::new(way.ip, way.port)
        ));
        doctor.way = Some(way);
        return;
    }
    match open(doctor).and_then(|mut desk| desk.seek().map(|()| desk)) {
        Ok(desk) => {
            let way = desk.way().cloned();
            let via = way.as_ref().map_or("", |way| way.via.word());
            doctor.ok(format!("{}, found ({via})", desk.shown()));
            (doctor.way, doctor.desk) = (way, Some(desk));
        }
        Err(failure) => doctor.fail_text(failure.exit, &failure.message),
    }
}

/// A desk that keeps to the time that is left.
fn open(doctor: &Doctor<'_>) -> Result<Desk, Failure> {
    let by = monotonic() + doctor.left();
    match &doctor.config {
        Some(config) => Desk::unidentified(config, Some(by), EACH),
        None => Err(Failure::config("there is no configuration")),
    }
}

/// Another way, where the configured one does not lead to the hub; the desk then stands there.
pub(super) fn elsewhere(doctor: &mut Doctor<'_>) -> Option<Way> {
    let way = doctor.way.as_ref()?;
    // A hub on this machine goes nowhere.
    if way.via != Via::Local || way.ip.is_loopback() {
        return None;
    }
    let mut desk = open(doctor).ok()?;
    desk.seek().ok()?;
    let found = desk.way().cloned();
    doctor.desk = Some(desk);
    found
}

/// Asks for a ping, without the bearer.
pub(super) fn hub(doctor: &mut Doctor<'_>) {
    let opened = match doctor.desk.take() {
        Some(desk) => Ok(desk),
        None => open(doctor),
    };
    let mut desk = match opened {
        Ok(desk) => desk,
        Err(failure) => return doctor.fail_text(failure.exit, &failure.message),
    };
    // A session says so as well as the configuration.
    let config = doctor.config.as_ref();
    let named = config.is_some_and(|config| !Known::of(config).id.is_empty());
    if let Err(refusal) = desk.identify() {
        let is_other = matches!(refusal, Refusal::WrongHub(_));
        let failure = refusal.failure("ping");
        let found = if is_other { elsewhere(doctor) } else { None };
        return match found {
            Some(way) => doctor.fail_as(
                failure.exit,
                super::parted(&failure.message).0,
                format!(
                    "the right one is at {} now: address = \"{}\" under [hub]",
                    SocketAddr::new(way.ip, way.port),
                    way.ip
                ),
            ),
            None => doctor.fail_text(failure.exit, &failure.message),
        };
    }
    let id = desk.hub_id().to_string();
    match (id.as_str(), named) {
        ("", _) => doctor.ok("a hub answers; it does not tell its id, as those of 2016 to 2019"),
        (id, true) => doctor.ok(format!("the hub {id} answers")),
        (id, false) => {
            doctor.ok(format!("a hub answers, {id}"));
            doctor.warn(
                "the configuration does not say which hub is meant",
                format!("id = \"{id}\" under [hub], so that no other one gets the bearer"),
            );
        }
    }
    doctor.desk = Some(desk);
}

/// Looks at the bearer without sending it.
pub(super) fn bearer(doctor: &mut Doctor<'_>) {
    let Some(config) = &doctor.config else { return };
    let credential = &config.hub.credential;
    let bearer = match Bearer::load(credential) {
        Ok(bearer) => bearer,
        Err(failure) => {
            let (what, cure) = super::parted(&failure.message);
            let cure = if cure.is_empty() { NEW_KEY } else { cure };
            return doctor.fail_as(failure.exit, what, cure);
        }
    };
    let file = bearer.file.display().to_string();
    let kind = match bearer.held {
        None => "key",
        Some(_) => "session",
    };
    let text = std::fs::read_to_string(&bearer.file).unwrap_or_default();
    let quoted = text.trim_start_matches('\u{feff}').trim().starts_with('"');
    match bearer.secret.looks_like().complaint() {
        Some(complaint) => {
            let (what, cure) = super::parted(complaint);
            doctor.warn(format!("{file}: {what}"), cure);
        }
        None if quoted => doctor.ok(format!(
            "{kind} from {file}; the quotes around it are left out"
        )),
        None => doctor.ok(format!("{kind} from {file}")),
    }
}

/// Sends the bearer, and asks what it is.
pub(super) fn login(doctor: &mut Doctor<'_>) {
    let (Some(config), Some(desk)) = (&doctor.config, &mut doctor.desk) else {
        return;
    };
    if let Err(failure) = desk.load_bearer(config) {
        return doctor.fail_text(failure.exit, &failure.message);
    }
    let asked = desk.ask("reading the session", &Call::Session, &mut |body| {
        Ok(reply::session(body)?)
    });
    match asked {
        Ok(told) => {
            let kind = match told.kind.as_deref() {
                Some("PAT") => "an API key",
                Some(_) => "a session",
                None => "a bearer",
            };
            doctor.told = Some(told);
            doctor.ok(format!("the hub takes it as {kind}"));
        }
        Err(refusal) => refused(doctor, refusal),
    }
}

/// A bearer that the hub does not take, and why that may be.
fn refused(doctor: &mut Doctor<'_>, refusal: Refusal) {
    let status = match &refusal {
        Refusal::Hub { error, .. } => error.status,
        _ => 0,
    };
    let failure = refusal.failure("session");
    let (what, cure) = super::parted(&failure.message);
    if status != 401 {
        return doctor.fail_text(failure.exit, &failure.message);
    }
    let Some(config) = &doctor.config else { return };
    let bearer = Bearer::load(&config.hub.credential).ok();
    let complaint = bearer.and_then(|b| b.secret.looks_like().complaint());
    let cure = match (complaint, &config.hub.credential) {
        (Some(complaint), _) => complaint.to_string(),
        (None, Credential::ApiKeyFile(_)) => format!(
            "is it this hub's, and not revoked? {NEW_KEY}; hubs of 2016 to 2019 have no keys: homey-panel login"
        ),
        (None, _) if session::renews(&config.hub.credential) => "homey-panel session renew".into(),
        (None, _) => format!("homey-panel login ({cure})"),
    };
    doctor.fail_as(Exit::Permission, what, cure);
}

/// Whether the bearer may do what the configuration binds.
pub(super) fn scopes(doctor: &mut Doctor<'_>) {
    let (Some(config), Some(told)) = (&doctor.config, &doctor.told) else {
        return;
    };
    let needs = scopes::needs(config);
    if told.scopes.is_empty() {
        return doctor.skip("the hub does not tell the scopes of this bearer");
    }
    let missing: Vec<_> = needs
        .iter()
        .filter(|need| !scopes::covers(&told.scopes, need.scope))
        .cloned()
        .collect();
    if missing.is_empty() {
        return doctor.ok(format!("all {} that are needed", needs.len()));
    }
    let is_key = told.kind.as_deref() == Some("PAT");
    for need in missing {
        doctor.fail(
            format!("{} is missing: {}", need.scope, need.what),
            scopes::cure(is_key, need.scope),
        );
    }
}

/// Which of the hub's two dialects is spoken, and what it is.
pub(super) fn dialect(doctor: &mut Doctor<'_>) {
    let Some(desk) = &mut doctor.desk else { return };
    let asked = desk.ask(
        "reading the system information",
        &Call::System,
        &mut |body| Ok(reply::system(body)?),
    );
    let word = |dialect| match dialect {
        Dialect::V2 => "V2, as of 2016 to 2019: single values cannot be read, whole devices are",
        Dialect::V3 => "V3, as of 2023 and later",
        Dialect::Unknown => "unknown",
    };
    match asked {
        Ok(info) => {
            let model = info.model_name.as_deref().or(info.model_id.as_deref());
            let model = model.unwrap_or("a Homey");
            let version = info.version.as_deref().unwrap_or("?");
            doctor.ok(format!(
                "{model}, version {version}, dialect {}",
                word(info.dialect)
            ));
        }
        // It works without; the list of devices tells the dialect as well.
        Err(Refusal::Hub { error, .. }) if error.status < 500 => {
            doctor.skip(format!(
                "the hub does not tell its version to this bearer ({})",
                error.status
            ));
        }
        Err(refusal) => {
            let failure = refusal.failure("system information");
            doctor.fail_text(failure.exit, &failure.message);
        }
    }
}

/// Whether every device, flow and mood exists and can be used as it is bound.
pub(super) fn names(doctor: &mut Doctor<'_>) {
    let (Some(config), Some(desk)) = (&doctor.config, &mut doctor.desk) else {
        return;
    };
    let mut problems = Vec::new();
    let asked = check_names(desk, config, &mut problems);
    problems.sort_by_key(|p| (p.line, p.column));
    for problem in &problems {
        let text = problem.to_string();
        doctor.fail_text(Exit::Config, &text);
    }
    match asked {
        Err(failure) => doctor.fail_text(failure.exit, &failure.message),
        Ok(count) if problems.is_empty() => doctor.ok(format!(
            "all {count} exist and can be used as they are bound"
        )),
        Ok(_) => {}
    }
}
