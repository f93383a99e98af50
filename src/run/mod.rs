// SPDX-License-Identifier: MIT OR Apache-2.0
//! EDGE. `homey-panel run`: the loop.
//!
//! ```text
//!   mod       configuration in, panels open, signals; reload
//!    └ poll   the straight line: ping, names, read, pause, again
//!       └ life   what lives in every wait of it: panels, controller, commands, signals
//!          ├ wait       the one poll(2)
//!          ├ lanes      command connections, resumable
//!          ├ helper     children for what may block
//!          ├ route      the hub again where it has moved, and home again from the relay
//!          ├ renewal    the session's: when, and what comes of it; by `term`'s reckoning
//!          └ commands   calls to requests, replies to outcomes
//!   variable                              the one that holds the bearer (store_in)
//!   directory, names, readings, fetches   what is bound, and how it is read
//! ```
//!
//! It never ends because of the hub (P14): it ends on SIGTERM, SIGINT, a person's wish, or a configuration
//! that cannot be used at start.

mod commands;
mod directory;
mod faces;
mod fetches;
mod helper;
mod lanes;
mod life;
mod names;
mod poll;
mod readings;
mod renewal;
mod route;
mod term;
mod variable;
mod wait;

use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{SigSet, SigmaskHow, Signal, pthread_sigmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::client::Hub;
use crate::config::Config;
use crate::failure::Failure;
use crate::hw;
use crate::net::monotonic;
use crate::panel::cadence::Rhythm;
use crate::panel::{Controller, Link};

pub use faces::panel_kind;
use helper::Helpers;
use life::{Life, Wish};
use poll::Poller;

/// Unknown names are looked up again after so many units of `retry_ms` at the latest, since devices get added.
const NAMES_AGAIN: u32 = 120;

/// A reload waits at most this long for presses to end.
const RELOAD_PATIENCE: Duration = Duration::from_secs(5);

/// The first and the last of what only a start and a reload need, as cross/layout.ld lays it.
const START: [*const (); 2] = [Config::parse as *const (), faces::open_panels as *const ()];

/// Runs the panel until it is told to stop. `config` is what `file` held.
pub fn run(file: &Path, config: Config) -> Result<(), Failure> {
    // Before anything is opened, so that no signal finds a terminal half set up.
    let signals = signals()?;
    let mut hub = Hub::new(&config)?;
    hub.load_bearer(&config)?;
    hub.check_is_named()?;
    let now = monotonic();
    let panels = faces::open_panels(&config, now)?;
    let mut controller = Controller::new(config.plan.clone(), now);
    controller.link(now, Link::Down);
    let mut poller = Poller::new(hub.session(), rhythm(&config), seed());
    let helpers = Helpers::new(file);
    let mut life = Life::new(controller, hub, panels, signals, &config, helpers);
    let mut present = config;
    loop {
        hw::code::hand_back(&START);
        poller
            .run(&mut life)
            .map_err(|e| Failure::unavailable(format!("waiting for events: {e}")))?;
        match life.wish {
            Wish::Stop => break,
            Wish::Reload | Wish::GoOn => {
                life.wish = Wish::GoOn;
                if let Some(config) = reload(file, &mut life, &present) {
                    poller = Poller::new(life.hub.session(), rhythm(&config), seed());
                    present = config;
                }
            }
        }
    }
    life.finish(monotonic());
    Ok(())
}

/// Reads a configuration file. All its problems come in one failure, one a line; exit code 78.
pub fn load(file: &Path) -> Result<Config, Failure> {
    let shown = file.display();
    let text = std::fs::read(file).map_err(|e| {
        Failure::config(format!(
            "reading the configuration {shown}: {e}; give another with -c FILE"
        ))
    })?;
    let text = String::from_utf8(text).map_err(|e| {
        let line = 1 + e
            .as_bytes()
            .iter()
            .take(e.utf8_error().valid_up_to())
            .filter(|b| **b == b'\n')
            .count();
        Failure::config(format!(
            "{shown}:{line}:1: not UTF-8 text; expected a TOML file"
        ))
    })?;
    Config::parse(&shown.to_string(), &text).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Failure::config(lines.join("\n"))
    })
}

/// Where the configuration is when nobody says: `$HOMEY_PANEL_CONFIG`, the user's own, the system's.
pub fn usual_file() -> PathBuf {
    if let Some(file) = std::env::var_os("HOMEY_PANEL_CONFIG") {
        return PathBuf::from(file);
    }
    let home = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|h| PathBuf::from(h).join(".config")));
    let own = home
        .map(|d| d.join("homey-panel.toml"))
        .filter(|f| f.exists());
    own.unwrap_or_else(|| PathBuf::from("/etc/homey-panel.toml"))
}

/// Loads, checks and swaps. A bad file changes nothing and is told on the panel.
fn reload(file: &Path, life: &mut Life, present: &Config) -> Option<Config> {
    let now = monotonic();
    let prepared = load(file).and_then(|config| {
        let mut hub = Hub::new(&config)?;
        hub.load_bearer(&config)?;
        hub.check_is_named()?;
        Ok((config, hub))
    });
    let (config, hub) = match prepared {
        Ok(prepared) => prepared,
        Err(failure) => {
            let first = failure.message.lines().next().unwrap_or_default();
            for line in failure.message.lines().skip(1) {
                log::warn!("{line}");
            }
            life.notice(
                &format!("configuration not loaded, the old one stays: {first}"),
                now,
            );
            return None;
        }
    };
    life.settle_presses(now + RELOAD_PATIENCE);
    match faces::swap_panels(&mut life.panels, present, &config, now) {
        Ok(()) => {}
        Err(failure) => {
            life.notice(
                &format!("configuration not loaded, the old one stays: {failure}"),
                now,
            );
            return None;
        }
    }
    for warning in &config.warnings {
        log::warn!("{warning}");
    }
    life.swap(hub, &config, monotonic());
    log::info!("configuration {} loaded", file.display());
    Some(config)
}

fn signals() -> Result<SignalFd, Failure> {
    let mut set = SigSet::empty();
    for signal in [
        Signal::SIGHUP,
        Signal::SIGINT,
        Signal::SIGTERM,
        Signal::SIGQUIT,
        Signal::SIGWINCH,
        Signal::SIGCONT,
        Signal::SIGCHLD,
    ] {
        set.add(signal);
    }
    let failed = |e: nix::Error| Failure::unavailable(format!("setting up signals: {e}"));
    pthread_sigmask(SigmaskHow::SIG_BLOCK, Some(&set), None).map_err(failed)?;
    SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC).map_err(failed)
}

fn rhythm(config: &Config) -> Rhythm {
    Rhythm {
        active: config.poll.interval,
        idle: config.poll.idle,
        idle_after: config.poll.idle_after,
        names: config.poll.retry * NAMES_AGAIN,
        retry: config.poll.retry,
    }
}

/// Differs from panel to panel and start to start, which is all that backoff asks of it.
fn seed() -> u64 {
    monotonic().as_micros() ^ (u64::from(std::process::id()) << 32)
}
