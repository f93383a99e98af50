// SPDX-License-Identifier: MIT OR Apache-2.0
//! `api`: any operation of the hub, by the names that its API has for managers, operations and parameters.
//!
//! ```text
//!   args    the command line               table   what operations there are, packed
//!   call    words to one form's parameters values  their types; path, query and body
//!   send    the call, its reply out, refusals in words        pretty  JSON for a terminal, as it streams
//! ```

mod args;
mod call;
mod pretty;
mod send;
mod table;
mod values;

use std::io;

use serde_json::json;

use crate::cli::table::Table as Rows;
use crate::cli::{Common, help, print, written};
use crate::failure::{Exit, Failure};
use crate::letters::small_text;

use args::{Args, hint};
use table::{Operation, Table};

/// `api --list [WORD]...`, `api MANAGER [OPERATION ...]`
pub(in crate::cli) fn api(parser: &mut lexopt::Parser, common: &mut Common) -> Result<(), Failure> {
    let args = Args::parse(parser, common)?;
    if args.help && args.words.is_empty() {
        return help(args::HELP);
    }
    let table = Table::load()?;
    if args.list {
        return list(table, &args, "");
    }
    match args.words.as_slice() {
        [] => Err(Failure::usage("api: MANAGER is missing, or --list")),
        [word] => list(table, &args, manager(table, word)?),
        [word, name, ..] => {
            let forms = operation(table, manager(table, word)?, name)?;
            match args.help {
                true => print(&show(&forms)),
                false => call::call(&args, common, &forms),
            }
        }
    }
}

/// Without case, `-`, `_` and the `Manager` that Athom's own clients put before it.
fn folded(word: &str) -> String {
    let kept = word.chars().filter(|c| !matches!(c, '-' | '_'));
    let word: String = kept.map(|c| c.to_ascii_lowercase()).collect();
    match word.strip_prefix("manager").unwrap_or(&word) {
        // Its segment of the path is another word than its name.
        "virtualdevice" => "vdevice".into(),
        bare => bare.into(),
    }
}

fn manager(table: Table, word: &str) -> Result<&'static str, Failure> {
    let wanted = folded(word);
    let found = table.managers().find(|name| folded(name) == wanted);
    found.ok_or_else(|| {
        let hint = hint(&wanted, table.managers());
        Failure::usage_plain(format!(
            "api: there is no manager {word:?}{hint}; homey-panel api --list shows all operations"
        ))
    })
}

/// The forms of an operation: usually one.
fn operation(table: Table, manager: &str, name: &str) -> Result<Vec<Operation>, Failure> {
    let all: Vec<Operation> = table
        .operations()
        .filter(|o| o.manager == manager)
        .collect();
    let forms: Vec<Operation> = all
        .iter()
        .filter(|o| o.name.eq_ignore_ascii_case(name))
        .copied()
        .collect();
    if forms.is_empty() {
        let hint = hint(name, all.iter().map(|o| o.name));
        return Err(Failure::usage_plain(format!(
            "api: {manager} has no operation {name:?}{hint}; homey-panel api {manager} shows those that there are"
        )));
    }
    Ok(forms)
}

/// The rows that hold every word, of one manager or of all.
fn list(table: Table, args: &Args, of: &str) -> Result<(), Failure> {
    if let Some((name, _)) = args.named.first() {
        return Err(Failure::usage(format!("api: --{name} needs an operation")));
    }
    let words: &[String] = if args.list { &args.words } else { &[] };
    let words: Vec<String> = words.iter().map(|w| small_text(w)).collect();
    let mut rows = Rows::new(&[
        "manager",
        "operation",
        "method",
        "path",
        "parameters",
        "scope",
        "hubs",
        "yes",
    ]);
    let mut found = false;
    for o in table.operations() {
        let (parameters, hubs) = (o.shown(), o.hubs());
        let all = [
            o.manager,
            o.name,
            o.method,
            o.path,
            &parameters,
            o.scope,
            &hubs,
        ];
        let text = small_text(&all.join(" "));
        let fits = words.iter().all(|word| text.contains(word));
        if !fits || !of.is_empty() && of != o.manager {
            continue;
        }
        found = true;
        let path = format!("/api/manager/{}{}", o.manager, o.path);
        let texts = [
            o.manager,
            o.name,
            o.method,
            &path,
            &parameters,
            o.scope,
            &hubs,
        ];
        let mut cells: Vec<serde_json::Value> = texts.iter().map(|text| json!(text)).collect();
        cells.push(if o.destroys() {
            json!("--yes")
        } else {
            json!("")
        });
        rows.row(cells);
    }
    if !found && of.is_empty() {
        return Err(Failure::new(
            Exit::Failed,
            format!("api: no operation has {}", args.words.join(" and ")),
        ));
    }
    written(rows.write(&mut io::stdout().lock(), args.json))
}

/// All about one operation, form by form.
fn show(forms: &[Operation]) -> String {
    let mut text = String::new();
    for o in forms {
        let scopes = o.scopes();
        let mut line = |name: &str, value: &str| text.push_str(&format!("{name:<10}{value}\n"));
        line("operation", &format!("{} {}", o.manager, o.name));
        line(
            "request",
            &format!("{} /api/manager/{}{}", o.method, o.manager, o.path),
        );
        for p in o.parameters() {
            let place = match p.place {
                table::Place::Path => "path",
                table::Place::Query => "query",
                table::Place::Member => "body",
                table::Place::Whole => "the body",
            };
            let optional = if p.optional { ", optional" } else { "" };
            let kind = p.kind.replace('/', " or ");
            line("", &format!("--{} {kind} ({place}{optional})", p.name));
        }
        line("scope", if o.scope.is_empty() { "none" } else { &scopes });
        line("hubs", &o.hubs());
        if o.private {
            line("", "Athom keeps it to itself: it may change without a word");
        }
        if o.destroys() {
            line("", "asks for --yes");
        }
        text.push('\n');
    }
    text.pop();
    text
}
