// SPDX-License-Identifier: MIT OR Apache-2.0
//! Arguments in, calls out, tables or JSON on stdout. No protocol knowledge: that is `client`'s and `homey`'s.
//!
//! One file a command family. Each reads its own options with lexopt and gives its help text when asked.

mod account;
mod check;
mod colour;
mod desk;
mod devices;
mod discover;
mod doctor;
mod parse;
mod progress;
mod repaired;
mod request;
mod starts;
mod table;
#[cfg(feature = "tools")]
mod tools;
mod values;
mod words;

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use lexopt::prelude::*;
use log::LevelFilter;
use simplelog::{ConfigBuilder, WriteLogger};

use crate::config::{Config, PanelKind, nearest};
use crate::failure::Failure;
use crate::run;

pub use table::harmless;

/// One command of the command line.
struct Command {
    name: &'static str,
    run: fn(&mut lexopt::Parser, &mut Common) -> Result<(), Failure>,
    /// It has a help text of its own, and gives it through [`help`] before it does anything else.
    helps: bool,
}

const fn command(
    name: &'static str,
    run: fn(&mut lexopt::Parser, &mut Common) -> Result<(), Failure>,
) -> Command {
    Command {
        name,
        run,
        helps: false,
    }
}

const fn helpful(
    name: &'static str,
    run: fn(&mut lexopt::Parser, &mut Common) -> Result<(), Failure>,
) -> Command {
    Command {
        name,
        run,
        helps: true,
    }
}

/// What is always there.
const COMMANDS: &[Command] = &[
    command("run", run_command),
    command("check", check::check),
    helpful("doctor", doctor::doctor),
    helpful("login", account::login),
    helpful("session", account::session),
    helpful("token", account::token),
    command("logout", account::logout),
    helpful("discover", discover::discover),
    command("devices", devices::devices),
    command("zones", devices::zones),
    command("get", values::get),
    command("set", values::set),
    command("flow", starts::flow),
    command("mood", starts::mood),
    helpful("request", request::request),
    command("version", version),
    command("help", |_, _| help_all()),
];

/// The installer's desk; a program for the wall goes without.
#[cfg(feature = "tools")]
const TOOLS: &[Command] = &[
    command("device", tools::device::device),
    command("flows", tools::flows::flows),
    command("temperatures", tools::temperatures::temperatures),
    helpful("insights", tools::insights::insights),
    helpful("chart", tools::chart::chart),
    command("alarms", tools::alarms::alarms),
    helpful("alarm", tools::alarms::alarm),
    command("variables", tools::variables::variables),
    command("variable", tools::variables::variable),
    command("system", tools::system::system),
    helpful("api", tools::api::api),
    helpful("completion", tools::completion::completion),
    command("manual", tools::manual::manual),
];
#[cfg(not(feature = "tools"))]
const TOOLS: &[Command] = &[];

/// What a command may be missing for.
const LACK: &str = if cfg!(feature = "tools") {
    ""
} else {
    "; this program was built without the installer's desk (feature tools)"
};

/// Every command that this program has.
fn all() -> impl Iterator<Item = &'static Command> {
    COMMANDS.iter().chain(TOOLS)
}

/// What is common to all commands.
#[derive(Default)]
pub(crate) struct Common {
    /// As given with `-c`.
    pub(crate) config: Option<PathBuf>,
    level: Option<LevelFilter>,
    log_file: Option<PathBuf>,
}

impl Common {
    /// The configuration file that is meant.
    pub(crate) fn file(&self) -> PathBuf {
        self.config.clone().unwrap_or_else(run::usual_file)
    }

    /// Reads the configuration; its warnings go to the log.
    pub(crate) fn load(&self) -> Result<Config, Failure> {
        let config = run::load(&self.file())?;
        for warning in &config.warnings {
            log::warn!("{warning}");
        }
        Ok(config)
    }
}

/// Runs the command line (without the program's name).
pub fn main(args: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    let mut parser = lexopt::Parser::from_args(args);
    let mut common = Common::default();
    let command = loop {
        match parser.next()? {
            Some(Short('c') | Long("config")) => common.config = Some(parser.value()?.into()),
            Some(Long("log")) => common.level = Some(level(&parser.value()?.string()?)?),
            Some(Long("log-file")) => common.log_file = Some(parser.value()?.into()),
            Some(Short('h') | Long("help")) => return help_all(),
            Some(Short('V') | Long("version")) => break "version".to_string(),
            Some(Value(command)) => break command.string()?,
            Some(other) => return Err(other.unexpected().into()),
            None => return Err(Failure::usage("a command is missing")),
        }
    };
    let Some(found) = all().find(|known| known.name == command) else {
        let hint = nearest(&command, all().map(|known| known.name))
            .map(|near| format!(", did you mean {near}"))
            .unwrap_or_default();
        return Err(Failure::usage(format!(
            "unknown command {command:?}{hint}{LACK}"
        )));
    };
    if !found.helps && asks_for_help(&parser) {
        return help_all();
    }
    // One-shot commands end with one line that says what is wrong; what may be wrong besides is said by `check`.
    let usual = match command.as_str() {
        "check" => LevelFilter::Warn,
        _ => LevelFilter::Error,
    };
    if command != "run" {
        start_log(&common, usual)?;
    }
    (found.run)(&mut parser, &mut common)
}

/// What all commands are.
fn help_all() -> Result<(), Failure> {
    print(&words::help())
}

/// Whether `-h` or `--help` stands anywhere among a command's arguments.
fn asks_for_help(parser: &lexopt::Parser) -> bool {
    let mut ahead = parser.clone();
    while let Ok(Some(arg)) = ahead.next() {
        if matches!(arg, Short('h') | Long("help")) {
            return true;
        }
    }
    false
}

fn run_command(parser: &mut lexopt::Parser, common: &mut Common) -> Result<(), Failure> {
    positionals(parser, common, &[], 0, Json::No)?;
    let config = run::load(&common.file())?;
    // A log on the terminal that the panel is drawn on would garble it; notices stand on the panel itself.
    let drawn = config.panels.iter().any(|p| p.kind == PanelKind::Terminal);
    if drawn && common.log_file.is_none() && nix::unistd::isatty(io::stderr()).unwrap_or(false) {
        common.level = Some(LevelFilter::Off);
    }
    start_log(common, LevelFilter::Info)?;
    for warning in &config.warnings {
        log::warn!("{warning}");
    }
    run::run(&common.file(), config)
}

fn version(parser: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    if let Some(other) = parser.next()? {
        return Err(other.unexpected().into());
    }
    print(&format!(
        "homey-panel {} ({}, built for {}-{})\n",
        env!("CARGO_PKG_VERSION"),
        env!("BUILD_COMMIT"),
        std::env::consts::ARCH,
        std::env::consts::OS
    ))
}

fn level(text: &str) -> Result<LevelFilter, Failure> {
    text.parse()
        .map_err(|_| Failure::usage(format!("--log {text}: expected off, error, warn or info")))
}

fn start_log(common: &Common, usual: LevelFilter) -> Result<(), Failure> {
    let level = common.level.unwrap_or(usual);
    // Service managers stamp lines themselves; without one the uptime-independent UTC time is the useful one.
    let mut format = ConfigBuilder::new();
    format
        .set_thread_level(LevelFilter::Off)
        .set_target_level(LevelFilter::Off)
        .add_filter_allow_str("homey_panel");
    if common.log_file.is_none() && std::env::var_os("JOURNAL_STREAM").is_some() {
        format.set_time_level(LevelFilter::Off);
    }
    // One kind of writer: the logger's code would stand in the program once for each.
    let out: Box<dyn Write + Send> = match &common.log_file {
        None => Box::new(io::stderr()),
        Some(path) => {
            let file = OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .open(path);
            let failed = |e| Failure::usage(format!("--log-file {}: {e}", path.display()));
            Box::new(file.map_err(failed)?)
        }
    };
    let started = WriteLogger::init(level, format.build(), out);
    // A second logger in one process happens only in tests, and harms nothing.
    let _ = started;
    Ok(())
}

/// Says on stderr what a reader of the result should know besides.
pub(crate) fn note(text: &str) {
    let line = format!("homey-panel: {}\n", table::harmless(text));
    // A closed stderr is no reason to stop.
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Writes to stdout; a reader that went away early is a failure without words.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    written(io::stdout().lock().write_all(text.as_bytes()))
}

/// Judges a write to stdout. `devices | head -1` went as was wished, and is told apart by its exit code alone.
pub(crate) fn written(result: io::Result<()>) -> Result<(), Failure> {
    result.map_err(|e| {
        let words = match e.kind() {
            io::ErrorKind::BrokenPipe => String::new(),
            _ => format!("writing to stdout: {e}"),
        };
        Failure::new(crate::failure::Exit::Failed, words)
    })
}

/// Writes a command's own help text.
pub(crate) fn help(text: &str) -> Result<(), Failure> {
    #[cfg(feature = "tools")]
    if tools::helps::take(text) {
        return Ok(());
    }
    print(text)
}

/// Whether a command has `--json`.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(crate) enum Json {
    Yes,
    No,
}

/// The positional arguments of a command, and whether `--json` stood among them. `-c` may stand here too.
pub(crate) fn positionals(
    parser: &mut lexopt::Parser,
    common: &mut Common,
    names: &[&str],
    least: usize,
    json: Json,
) -> Result<(Vec<String>, bool), Failure> {
    let mut values = Vec::new();
    let mut as_json = false;
    while let Some(arg) = parser.next()? {
        match arg {
            Long("json") if json == Json::Yes => as_json = true,
            Short('c') | Long("config") => common.config = Some(parser.value()?.into()),
            Value(value) if values.len() < names.len() => values.push(value.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    match names.get(values.len()) {
        Some(missing) if values.len() < least => {
            Err(Failure::usage(format!("{missing} is missing")))
        }
        _ => Ok((values, as_json)),
    }
}

/// A command's words as they are, where one of them is a value that may begin with `-` (a negative number): `-c` may
/// stand before them, `option` with its value anywhere before a `--`.
pub(crate) fn raw_words(
    parser: &mut lexopt::Parser,
    common: &mut Common,
    command: &str,
    option: Option<&str>,
) -> Result<(Vec<String>, Option<String>), Failure> {
    let mut words = Vec::new();
    let mut given = None;
    let mut is_open = true;
    let mut raw = parser.raw_args()?;
    let missing = |what: &str| Failure::usage(format!("{command}: {what}: its value is missing"));
    while let Some(word) = raw.next() {
        if is_open && words.is_empty() && (word == "-c" || word == "--config") {
            common.config = Some(raw.next().ok_or_else(|| missing("-c"))?.into());
            continue;
        }
        let text = |word: OsString| {
            word.into_string()
                .map_err(|_| Failure::usage(format!("{command}: an argument is not UTF-8 text")))
        };
        let word = text(word)?;
        let rest = option.and_then(|option| word.strip_prefix(option));
        match (rest, option) {
            _ if !is_open => words.push(word),
            _ if word == "--" => is_open = false,
            (Some(""), Some(option)) => {
                given = Some(text(raw.next().ok_or_else(|| missing(option))?)?);
            }
            (Some(rest), _) if rest.starts_with('=') => given = Some(rest[1..].to_string()),
            _ => words.push(word),
        }
    }
    Ok((words, given))
}
