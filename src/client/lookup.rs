// SPDX-License-Identifier: MIT OR Apache-2.0
//! From names to ids: which lists have to be read for which references, whoever does the reading.

use std::fmt;
use std::io::Read;

use crate::homey::Dialect;
use crate::homey::call::Call;
use crate::homey::error::Kind;
use crate::homey::names::{ItemKind, NameError, RefKind, Reference, Resolved, Resolver};
use crate::homey::reply::{self, Zones};

use super::{Refusal, told};

/// Whoever sends the calls and waits for the replies.
pub trait Source {
    /// Sends the call and gives the body of its reply to `visit`.
    fn get(
        &mut self,
        call: &Call<'_>,
        visit: &mut dyn FnMut(&mut dyn Read) -> Result<(), Refusal>,
    ) -> Result<(), Refusal>;

    /// The list of devices told which dialect the hub speaks: the rest may be asked for at its pace.
    fn learned(&mut self, _dialect: Dialect) {}
}

/// What a look-up found.
pub struct Lookup {
    /// Parallel to the references.
    pub found: Vec<Result<Resolved, Missing>>,
    /// How many devices the hub listed; 0 also where none was asked for.
    pub devices: u32,
}

/// Why a reference stands for nothing.
#[derive(Debug)]
pub enum Missing {
    /// The lists do not have it, or have several.
    Name(NameError),
    /// A list that may have it is not for us to read.
    List(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Missing::Name(error) => error.fmt(f),
            Missing::List(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Missing {}

/// A list that the hub keeps from us (a scope is missing) or does not have (an older hub): the others are read all the same.
/// `Some`: why. Without the devices nothing works, so their refusal is never passed over.
fn passed_over(call: &Call<'_>, refusal: &Refusal) -> Option<Option<String>> {
    match (call, refusal) {
        (Call::Devices, _) => None,
        (_, Refusal::Hub { error, .. }) => match error.kind {
            Kind::MissingScopes | Kind::Forbidden => Some(Some(format!(
                "{}: {}",
                call.name(),
                told(call.scope(), error)
            ))),
            Kind::NoSuchRoute | Kind::NotFound => Some(None),
            _ => None,
        },
        _ => None,
    }
}

/// Looks every reference up, reading only the lists that some reference needs, each once and streaming.
pub fn look_up(references: &[Reference<'_>], source: &mut dyn Source) -> Result<Lookup, Refusal> {
    let needs = |kind: RefKind| references.iter().any(|r| r.kind == kind);
    let mut zones = Zones::default();
    if needs(RefKind::Device) || needs(RefKind::Mood) {
        let read = source.get(&Call::Zones, &mut |body| {
            zones = reply::zones(body)?;
            Ok(())
        });
        match read {
            // Names that only one item has, and ids, go without zones.
            Err(refusal) if passed_over(&Call::Zones, &refusal).is_some() => {}
            other => other?,
        }
    }
    let mut resolver = Resolver::new(references);
    resolver.zones(&zones);
    let mut devices = 0;
    let mut kept = Vec::new();
    for (reference, item, call) in [
        (RefKind::Device, ItemKind::Device, Call::Devices),
        (RefKind::Flow, ItemKind::Flow, Call::Flows),
        (RefKind::Flow, ItemKind::AdvancedFlow, Call::AdvancedFlows),
        (RefKind::Mood, ItemKind::Mood, Call::Moods),
        (RefKind::Variable, ItemKind::Variable, Call::Variables),
        (RefKind::Alarm, ItemKind::Alarm, Call::Alarms),
    ] {
        if !needs(reference) {
            continue;
        }
        let mut count = 0;
        let mut dialect = Dialect::Unknown;
        let read = source.get(&call, &mut |body| {
            count = reply::names(body, &mut |i| {
                if i.dialect != Dialect::Unknown {
                    dialect = i.dialect;
                }
                resolver.item(item, i.id, i.name, i.zone);
            })?;
            Ok(())
        });
        if let Err(refusal) = read {
            match passed_over(&call, &refusal) {
                Some(why) => kept.extend(why.map(|why| (reference, why))),
                None => return Err(refusal),
            }
        }
        if reference == RefKind::Device {
            devices = count;
            source.learned(dialect);
        }
    }
    let why = |kind: RefKind| {
        kept.iter()
            .find(|(k, _)| *k == kind)
            .map(|(_, why)| why.clone())
    };
    let found = resolver.finish().into_iter().zip(references);
    let found = found.map(|(found, reference)| match (found, why(reference.kind)) {
        (Ok(found), _) => Ok(found),
        // What is not found may well be in the list that was kept from us.
        (Err(NameError::NotFound { .. }), Some(why)) => Err(Missing::List(why)),
        (Err(error), _) => Err(Missing::Name(error)),
    });
    Ok(Lookup {
        found: found.collect(),
        devices,
    })
}
