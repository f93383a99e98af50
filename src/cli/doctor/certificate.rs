// SPDX-License-Identifier: MIT OR Apache-2.0
//! The TLS handshake and the certificate that is shown in it: whose, for which names, until when, and why it is not trusted.

use crate::client::route::trust;
use crate::failure::Exit;
use crate::net::{
    Address, Alone, Deadlines, Error, Phase, Session, Shown, TlsFault, TlsName, connect,
    witnessed_config,
};

use super::link::CONNECT;
use super::{Doctor, files, when};

/// A certificate that ends within this is told of, in seconds: 14 days.
const SOON: u64 = 14 * 86_400;

pub(super) fn tls(doctor: &mut Doctor<'_>) {
    let (Some(config), Some(way)) = (&doctor.config, &doctor.way) else {
        return;
    };
    let Some(name) = way.tls.clone() else {
        return doctor.warn(
            "plain http: whoever is in this network can read the bearer, and whoever answers for the hub gets it",
            "https, unless the hub has none: address without http:// under [hub]",
        );
    };
    let prepared = witnessed_config(&trust(config, way.via)).map_err(|e| e.to_string());
    let prepared = prepared.and_then(|(tls, witness)| {
        let name = TlsName::try_from(name.clone()).map_err(|e| format!("{name}: {e}"))?;
        Ok((tls, witness, name))
    });
    let (tls, witness, tls_name) = match prepared {
        Ok(prepared) => prepared,
        Err(text) => return doctor.fail_text(Exit::Config, &text),
    };
    let address = Address {
        ip: way.ip,
        port: way.port,
        tls: Some((tls, tls_name)),
    };
    let mut session = Session::new(Box::new(address));
    let limit = Deadlines {
        connect: CONNECT,
        ..Deadlines::all(2 * CONNECT.min(doctor.left()))
    };
    let done = connect(&mut session, limit, &mut Alone);
    doctor.shown = witness.shown();
    let shown = doctor.shown.clone().unwrap_or_default();
    match done {
        Ok(()) => trusted(doctor, &name, &shown),
        Err(Error::Tls { fault, .. }) => distrusted(doctor, &name, &shown, &fault),
        Err(Error::Deadline {
            phase: Phase::Handshake,
            ..
        }) => doctor.fail(
            format!("the TLS handshake with {name} does not end"),
            "whatever listens there is busy or no hub: restart the hub, check the address",
        ),
        Err(Error::Closed { phase, .. }) => doctor.fail(
            format!("the connection breaks in {phase}"),
            "whatever listens there is starting or no hub: wait, check the address",
        ),
        Err(other) => doctor.fail_text(Exit::Unavailable, &other.to_string()),
    }
}

/// Who says so, for which names, and until when.
fn describe(shown: &Shown) -> String {
    let mut words = Vec::new();
    match shown.self_signed {
        true => words.push("self-signed".to_string()),
        false if !shown.issuer.is_empty() => words.push(format!("issued by {}", shown.issuer)),
        false => {}
    }
    if !shown.names.is_empty() {
        words.push(format!("for {}", shown.names.join(", ")));
    }
    if let Some((from, to)) = shown.validity {
        words.push(format!("from {} to {}", when::day(from), when::day(to)));
    }
    words.join("; ")
}

fn trusted(doctor: &mut Doctor<'_>, name: &str, shown: &Shown) {
    let now = files::now();
    let ends = shown.validity.map(|(_, to)| to.saturating_sub(now));
    let pinned = matches!(
        doctor.config.as_ref().map(|c| &c.trust),
        Some(crate::config::Trust::Pin(_))
    );
    let by = if pinned { " by its pinned key" } else { "" };
    doctor.ok(format!("{name} is trusted{by}; {}", describe(shown)));
    match ends {
        Some(left) if left < SOON && !pinned => doctor.warn(
            format!("the certificate ends in {}", when::span(left)),
            "connect the hub to the internet, where it gets a new one, or restart it",
        ),
        _ => {}
    }
}

fn distrusted(doctor: &mut Doctor<'_>, name: &str, shown: &Shown, fault: &TlsFault) {
    let shows = describe(shown);
    let shows = if shows.is_empty() {
        String::new()
    } else {
        format!(" (shown: {shows})")
    };
    let text = fault.to_string();
    let (what, cure) = super::parted(&text);
    let what = format!("{name}: {what}{shows}");
    let cure = match fault {
        TlsFault::Alert(_) => {
            "set tls_name under [hub] to the name in the hub's certificate, or leave it out"
        }
        _ if cure.is_empty() => {
            "check the address; something between may answer in the hub's place"
        }
        _ => cure,
    };
    doctor.fail(what, cure);
}
