// SPDX-License-Identifier: MIT OR Apache-2.0
//! `discover`: which hubs there are, and by which ways they answer.
//!
//! Works without any configuration, by multicast alone; with one, or with a session, their ways are tried too. Every ping
//! goes without a bearer.

use std::io;

use lexopt::prelude::*;
use serde_json::{Value, json};

use crate::cli::table::Table;
use crate::cli::{Common, help, note, print, written};
use crate::client::Hub;
use crate::client::account::hubs;
use crate::client::route::{Attempt, Known, Outcome, Race, Sought, WHAT_TO_CHECK};
use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::homey::mdns::is_id;
use crate::homey::route::Via;

const HELP: &str = "\
usage: homey-panel [-c FILE] discover [--json] [--id ID]

Looks for hubs: by multicast in this network, at the configured address, and on every way that the session knows. Each is
asked who it is, without a bearer. Needs no configuration.

      --json       for programs
      --id ID      only this hub
      --for-run    ways that the panel may take to the configured hub, one a line as JSON, best first

VIA      local      the configured address, or what the account has for this house
         mdns       an address that was told by multicast; http:// is only shown, never used for a bearer
         forwarded  a port of the house's own router
         relay      through Athom; takes no API keys

Exit codes: 0 a hub answered; 69 none did; 77 it may not serve (licence); 78 configuration.
";

/// `discover [--json] [--id ID] [--for-run]`
pub(in crate::cli) fn discover(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    let (mut as_json, mut for_run, mut id) = (false, false, String::new());
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return help(HELP),
            Short('c') | Long("config") => common.config = Some(parser.value()?.into()),
            Long("json") => as_json = true,
            Long("for-run") => for_run = true,
            Long("id") => id = parser.value()?.string()?,
            other => return Err(other.unexpected().into()),
        }
    }
    if !id.is_empty() && !is_id(&id) {
        return Err(Failure::usage(format!(
            "discover: --id {id:?}: expected a hub's id, 8 to 64 letters, digits and dashes"
        )));
    }
    if for_run {
        return ways(&common.load()?);
    }
    let named = common.config.is_some() || common.file().exists();
    let config = if named { common.load()? } else { bare()? };
    let hub = Hub::new(&config)?;
    let mut race = Race::new(&hub, true);
    let mut known = hub.known.clone();
    if known.id.is_empty() && known.configured().is_none() {
        known.id.clone_from(&id);
    }
    let wanted = id.is_empty() || known.id.is_empty() || known.id.eq_ignore_ascii_case(&id);
    if wanted && (known.configured().is_some() || !known.id.is_empty()) {
        race.seek(&known, None);
    }
    seek_account(&mut race, &config, &known, &id);
    race.listen(if id.is_empty() { &known.id } else { &id });
    race.run()?;
    race.unite();
    show(race, &id, as_json)
}

/// Takes in the hubs of the account, but for the one that is known better already.
fn seek_account(race: &mut Race<'_>, config: &Config, known: &Known, id: &str) {
    let hubs = match hubs(config) {
        Ok(hubs) => hubs.unwrap_or_default(),
        // The others are worth showing all the same.
        Err(failure) => return note(&failure.message),
    };
    for hub in hubs {
        let is_known = hub.id.eq_ignore_ascii_case(&known.id);
        if !is_known && (id.is_empty() || hub.id.eq_ignore_ascii_case(id)) {
            race.seek(&known.of_account(&hub), None);
        }
    }
}

/// What there is to start from where nothing is configured: a session at its usual place.
fn bare() -> Result<Config, Failure> {
    let mut config = Config::parse("built in", "[hub]\nid = \"00000000\"\n")
        .map_err(|problems| Failure::config(format!("{problems:?}")))?;
    config.hub.id = None;
    Ok(config)
}

fn show(mut race: Race<'_>, id: &str, as_json: bool) -> Result<(), Failure> {
    let mut table = Table::new(&[
        "name", "id", "model", "version", "via", "address", "ms", "note",
    ]);
    let mut answered = false;
    let mut rows: Vec<(usize, Via, bool, Vec<Value>)> = Vec::new();
    for (at, sought) in race.sought.iter().enumerate() {
        if !id.is_empty() && !sought.id.eq_ignore_ascii_case(id) {
            continue;
        }
        let attempts = race.attempts.iter().filter(|a| a.hub == at);
        let before = rows.len();
        for attempt in attempts {
            let good = matches!(attempt.outcome, Outcome::Good(..));
            answered |= good;
            rows.push((at, attempt.via, !good, row(sought, attempt)));
        }
        if rows.len() == before {
            let mut cells = about(sought);
            cells.extend([json!("mdns"), Value::Null, Value::Null]);
            cells.push(json!("announced without an address"));
            rows.push((at, Via::Mdns, true, cells));
        }
    }
    rows.sort_by_key(|(hub, via, bad, _)| (*hub, *via, *bad));
    let is_empty = rows.is_empty();
    rows.into_iter().for_each(|(.., cells)| table.row(cells));
    if as_json || !is_empty {
        written(table.write(&mut io::stdout().lock(), as_json))?;
    }
    if answered {
        return Ok(());
    }
    let is_meant = |s: &Sought| id.is_empty() || s.id.eq_ignore_ascii_case(id);
    let meant: Vec<bool> = race.sought.iter().map(is_meant).collect();
    let of_it = |a: &&mut Attempt| meant.get(a.hub) == Some(&true);
    let mut attempts = race.attempts.iter_mut().filter(of_it);
    if let Some(refusal) = attempts.find_map(Attempt::licence) {
        return Err(refusal.failure("asking the hub who it is"));
    }
    let who = if id.is_empty() {
        "no hub"
    } else {
        "that hub was not found: it"
    };
    Err(Failure::unavailable(format!(
        "{who} answered; {WHAT_TO_CHECK}"
    )))
}

fn about(sought: &Sought) -> Vec<Value> {
    [&sought.name, &sought.id, &sought.model, &sought.version]
        .into_iter()
        .map(|text| {
            if text.is_empty() {
                Value::Null
            } else {
                json!(text)
            }
        })
        .collect()
}

fn row(sought: &Sought, attempt: &Attempt) -> Vec<Value> {
    let mut cells = about(sought);
    cells.push(json!(attempt.via.word()));
    cells.push(match attempt.shown.as_str() {
        "" => Value::Null,
        shown => json!(shown),
    });
    cells.push(match &attempt.outcome {
        Outcome::Good(after, _) => json!(u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
        _ => Value::Null,
    });
    cells.push(match (attempt.why(), attempt.usable) {
        (Some(why), _) => json!(why),
        (None, false) => json!("plain http: seen, not used for a bearer"),
        (None, true) => Value::Null,
    });
    cells
}

/// `discover --for-run`: what a child of the panel finds out for it.
fn ways(config: &Config) -> Result<(), Failure> {
    let hub = Hub::new(config)?;
    if hub.id.is_empty() {
        return Err(Failure::config(
            "discover --for-run: no id is known of the configured hub, so nobody can be told apart from it",
        ));
    }
    let mut race = Race::new(&hub, false);
    race.seek(&hub.known, None);
    race.listen(&hub.id);
    let won = race
        .run()?
        .and_then(|at| race.attempts.get(at)?.way.clone());
    let Some(won) = won else {
        return Err(Failure::new(
            Exit::Unavailable,
            format!("the hub {} was not found: {}", hub.id, race.failures(0)),
        ));
    };
    let mut lines = format!("{}\n", won.emit());
    for way in race.ways(0).iter().filter(|way| **way != won) {
        lines.push_str(&way.emit());
        lines.push('\n');
    }
    print(&lines)
}
