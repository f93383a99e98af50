// SPDX-License-Identifier: MIT OR Apache-2.0
//! The decisions of a login: which of several hubs, and the second factor's code.

use crate::cli::note;
use crate::cli::table::harmless;
use crate::client::Hub;
use crate::client::account::Guide;
use crate::client::route::{Outcome, Race};
use crate::config::Config;
use crate::failure::Failure;
use crate::homey::auth::CloudHub;
use crate::homey::session::Cloud;
use crate::homey::text::one_line;

use super::{secrets, terminal};

pub(super) struct Asks<'c> {
    pub(super) config: &'c Config,
}

impl Guide for Asks<'_> {
    /// There is no session yet that could be lost.
    fn keep(&mut self, _: &Cloud) -> Result<(), Failure> {
        Ok(())
    }

    fn choose(&mut self, hubs: &[CloudHub]) -> Result<String, Failure> {
        let lines = answers(self.config, hubs)?;
        if !terminal::is_there() {
            return Err(Failure::usage_plain(format!(
                "login: the account has several hubs; choose one with --hub, or id under [hub]:\n{}",
                lines.join("\n")
            )));
        }
        note("the account has several hubs:");
        for (at, line) in lines.iter().enumerate() {
            note(&format!("{} {line}", at + 1));
        }
        let chosen = terminal::ask("which (number, name or id)")?;
        let number = chosen.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let by_number = number.and_then(|at| hubs.get(at));
        Ok(by_number.map_or(chosen, |hub| hub.id.clone()))
    }

    fn otp(&mut self) -> Result<Option<String>, Failure> {
        if !terminal::is_there() {
            return Ok(None);
        }
        let code = terminal::ask_hidden("code of the second factor")?;
        secrets::otp(&code).map(Some)
    }
}

/// A line for each hub: its name and id, and where it answered just now.
fn answers(config: &Config, hubs: &[CloudHub]) -> Result<Vec<String>, Failure> {
    let hub = Hub::new(config)?;
    let mut race = Race::new(&hub, true);
    for one in hubs {
        let mut known = hub.known.clone();
        known.learn(&one.id, &one.routes);
        known.name.clone_from(&one.name);
        race.seek(&known, None);
    }
    race.run()?;
    let line = |(at, one): (usize, &CloudHub)| {
        let of_it = race.attempts.iter().filter(|a| a.hub == at);
        let best = of_it.filter_map(|a| match &a.outcome {
            Outcome::Good(after, _) => Some((a.via, *after, &a.shown)),
            _ => None,
        });
        let told = match best.min() {
            Some((via, after, shown)) => {
                format!(
                    "answers at {shown} ({}, {} ms)",
                    via.word(),
                    after.as_millis()
                )
            }
            None => "does not answer".to_owned(),
        };
        harmless(&format!("{} {} {told}", one_line(&one.name, 64), one.id))
    };
    Ok(hubs.iter().enumerate().map(line).collect())
}
