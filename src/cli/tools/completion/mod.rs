// SPDX-License-Identifier: MIT OR Apache-2.0
//! `completion bash`: a script of a few lines that asks this program what may stand at the cursor. So what completes is
//! what this program takes, and names are those of the home.
//!
//! - [`line`]: the words of a command line as bash sees them, and a word as bash reads it back;
//! - [`choices`]: what may stand in a place, from the table of the commands' words;
//! - [`names`]: devices, flows and the like, asked of the hub for at most two seconds and kept for two minutes.

mod choices;
mod line;
mod names;

use std::path::PathBuf;

use crate::cli::{Common, help, print};
use crate::failure::Failure;
use crate::letters::small_text;

use choices::{Choice, Place};
use line::Line;

const HELP: &str = "\
usage: homey-panel completion bash

Prints a script that completes commands, options and the names of devices, flows, moods, variables, alarms and zones:

  source <(homey-panel completion bash)                 in this shell
  homey-panel completion bash > /etc/bash_completion.d/homey-panel
                                                        in every shell

Names come from the hub that the configuration (or the -c FILE of the line) names. They are asked for with a time limit
of two seconds and kept for two minutes in $XDG_CACHE_HOME/homey-panel (else ~/.cache/homey-panel), readable by you alone.
";

/// The first word of a line that says that file names may stand there. No name has a tab.
const FILES: &str = "\tfiles\n";

const BASH: &str = r#"# bash completion for homey-panel, made by: homey-panel completion bash
_homey_panel() {
    local line program=${1/#\~\//$HOME/}
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
        $'\tfiles') compopt -o default ;;
        *) COMPREPLY+=("$line") ;;
        esac
    done < <("$program" completion reply "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null </dev/null)
}
complete -F _homey_panel homey-panel
"#;

/// `completion bash`; `completion reply LINE BREAKS` is what the script asks.
pub(in crate::cli) fn completion(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    let words = parser.raw_args()?.map(|word| word.into_string());
    let words: Result<Vec<String>, _> = words.collect();
    let words = words.map_err(|_| Failure::usage("completion: an argument is not UTF-8 text"))?;
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bash"] => print(BASH),
        ["-h" | "--help"] | [_, "-h" | "--help"] => help(HELP),
        ["reply", line, breaks] => reply(common, line, breaks),
        [] => Err(Failure::usage("completion: for which shell? bash")),
        [other, ..] => Err(Failure::usage(format!(
            "completion: {other:?}: only bash is known"
        ))),
    }
}

/// Writes what may stand at the end of `line`, one a line. Whatever goes wrong, nothing is what may stand there:
/// a shell that waits for a completion has no place for errors.
fn reply(common: &Common, line: &str, breaks: &str) -> Result<(), Failure> {
    let line = Line::split(line, breaks);
    let Place {
        before,
        choice,
        config,
    } = choices::at(&line.words, &line.current);
    let config = config.map(home).or(common.config.clone());
    // `--zone=` of `--zone=Kit` is settled.
    let (settled, begun) = line.current.split_at_checked(before).unwrap_or_default();
    let candidates = match choice {
        Choice::Files => return print(FILES),
        Choice::Words(words) => words,
        Choice::Names(list, words) => {
            let mut all = words;
            all.extend(names::all(list, begun, config));
            all
        }
        Choice::Of { list, name, value } => names::about(list, &name, value.as_deref(), config),
    };
    let mut out = String::new();
    for candidate in fitting(&candidates, begun) {
        out.push_str(&line.quoted(&format!("{settled}{candidate}")));
        out.push('\n');
    }
    print(&out)
}

/// Those that begin with `begun`; where there are none, those that do but for capitals.
fn fitting<'c>(candidates: &'c [String], begun: &str) -> Vec<&'c String> {
    let exact: Vec<&String> = candidates.iter().filter(|c| c.starts_with(begun)).collect();
    if !exact.is_empty() {
        return exact;
    }
    let begun = small_text(begun);
    let folded = candidates.iter();
    folded
        .filter(|c| small_text(c).starts_with(&begun))
        .collect()
}

/// What the shell would make of a `~` at the beginning.
fn home(file: String) -> PathBuf {
    match (file.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => file.into(),
    }
}
