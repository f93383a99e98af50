// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line of `api`: words in, in their order, before it is known what they mean.

use std::fs::File;
use std::io::{self, Read};

use lexopt::prelude::*;

use crate::cli::Common;
use crate::config::nearest;
use crate::failure::Failure;

use super::table::Kind;

/// Bodies that are longer are refused: 16 MiB.
const MAX_BODY: u64 = 16 << 20;

pub const HELP: &str = "\
usage: homey-panel [-c FILE] api MANAGER OPERATION [--PARAMETER VALUE]... [--json MEMBER=JSON]...
       homey-panel api MANAGER OPERATION --help
       homey-panel api MANAGER [--json]
       homey-panel api --list [WORD]... [--json]

Any operation of the hub's API: 352 of a Homey Pro of 2023 and later, 259 of one of 2016-2019, 260 of Homey Cloud.
--list shows all of them, or those in whose row every WORD stands; MANAGER alone shows its own. PARAMETER is one of the
path, the query or the body; those of the path may stand without their names, in their order. VALUE is text, a
number, true or false, or JSON, as the parameter's type says.

  --list              all operations, or those with every WORD
  --json MEMBER=JSON  a member of the body, or a parameter of the query, as JSON, null too
  --data JSON|@FILE|- the whole body, from a file, or from stdin. Where the operation has a parameter of this name,
                      it is that one
  --yes               do it although it deletes, resets, restarts, installs or switches off something; --list shows
                      which operations ask for this
  --hub KIND          local, v2 or cloud: take the operation in this hub's form; otherwise the hub is asked where the
                      forms differ

A password, a token or a PIN is never an argument: such an operation takes its body with --data @FILE or --data -.
The reply is indented on a terminal, else as the hub sends it. What apps offer under /api/app goes by request.
";

/// What was typed.
#[derive(Default)]
pub struct Args {
    pub list: bool,
    pub help: bool,
    pub yes: bool,
    /// `--json` without a value.
    pub json: bool,
    pub hub: Option<Kind>,
    pub words: Vec<String>,
    /// `--NAME VALUE`, in their order.
    pub named: Vec<(String, String)>,
    /// `--json NAME=JSON`.
    pub members: Vec<(String, String)>,
}

impl Args {
    /// Reads the rest of the command line.
    pub fn parse(parser: &mut lexopt::Parser, common: &mut Common) -> Result<Args, Failure> {
        let mut args = Args::default();
        while let Some(arg) = parser.next()? {
            match arg {
                Short('h') | Long("help") => args.help = true,
                Short('c') => common.config = Some(parser.value()?.into()),
                Long("list") => args.list = true,
                Long("yes") => args.yes = true,
                Long("hub") => args.hub = Some(kind(&parser.value()?.string()?)?),
                Long("json") if args.list || args.words.len() < 2 => args.json = true,
                Long("json") => {
                    let given = parser.value()?.string()?;
                    let (name, json) = given.split_once('=').ok_or_else(|| {
                        Failure::usage(format!("api: --json {given}: expected MEMBER=JSON"))
                    })?;
                    args.members.push((name.into(), json.into()));
                }
                Long(name) => {
                    let name = name.to_owned();
                    args.named.push((name, parser.value()?.string()?));
                }
                Value(word) => args.words.push(word.string()?),
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(args)
    }
}

fn kind(word: &str) -> Result<Kind, Failure> {
    let found = Kind::WORDS.iter().find(|(name, _)| *name == word);
    found.map(|(_, kind)| *kind).ok_or_else(|| {
        let hint = hint(word, Kind::WORDS.iter().map(|(name, _)| *name));
        Failure::usage(format!(
            "api: --hub {word}: expected local, v2 or cloud{hint}"
        ))
    })
}

/// `; did you mean X`, or nothing.
pub fn hint<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> String {
    nearest(word, known)
        .map(|near| format!("; did you mean {near}"))
        .unwrap_or_default()
}

/// The text that `--data` means.
pub fn data(given: &str) -> Result<String, Failure> {
    let failed = |e: io::Error| Failure::usage_plain(format!("api: --data {given}: {e}"));
    let mut bytes = Vec::new();
    let read = match given.strip_prefix('@') {
        Some(path) => File::open(path)
            .map_err(failed)?
            .take(MAX_BODY + 1)
            .read_to_end(&mut bytes),
        None if given == "-" => io::stdin()
            .lock()
            .take(MAX_BODY + 1)
            .read_to_end(&mut bytes),
        None => return Ok(given.to_owned()),
    };
    if u64::try_from(read.map_err(failed)?).unwrap_or(u64::MAX) > MAX_BODY {
        return Err(failed(io::Error::other("longer than 16 MiB")));
    }
    String::from_utf8(bytes).map_err(|_| failed(io::Error::other("it is not UTF-8 text")))
}
