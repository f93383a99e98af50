// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a line panel's connections come from: one of the five transports, opened and reopened.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::poll::PollFd;

use super::child::Program;
use super::serial::{self, PortLock};
use super::socket::{Blocked, Listener};
use super::wire::{Outlet, Wire};
use crate::hw::report::Reports;
use crate::hw::{OpenError, Transport, Trouble};
use crate::time::Time;

/// A transport and what it keeps while it is open.
pub(super) enum Source {
    Stdio,
    Command {
        argv: Vec<String>,
        program: Option<Program>,
    },
    Fifo {
        input: PathBuf,
        output: Option<PathBuf>,
        look_at: Time,
    },
    Serial {
        path: PathBuf,
        baud: u32,
        lock: Option<PortLock>,
    },
    Socket(Listener),
}

/// How often to look for a reader of an output FIFO.
const LOOK: Duration = Duration::from_secs(1);

impl Source {
    /// Refuses what no second try would help.
    pub(super) fn new(panel: &str, transport: Transport) -> Result<Source, OpenError> {
        let panel = || panel.to_string();
        Ok(match transport {
            Transport::Stdio => Source::Stdio,
            Transport::Command(argv) if argv.is_empty() => {
                return Err(OpenError::NoCommand { panel: panel() });
            }
            Transport::Command(argv) => Source::Command {
                argv,
                program: None,
            },
            Transport::Fifo { input, output } => {
                for path in [Some(&input), output.as_ref()].into_iter().flatten() {
                    let is_fifo = fs::metadata(path).map(|file| file.file_type().is_fifo());
                    let is_fifo = is_fifo.map_err(|source| OpenError::System {
                        panel: panel(),
                        trouble: trouble("open FIFO", path, source),
                    })?;
                    if !is_fifo {
                        return Err(OpenError::NotA {
                            panel: panel(),
                            path: path.clone(),
                            wanted: "FIFO",
                        });
                    }
                }
                Source::Fifo {
                    input,
                    output,
                    look_at: Time::ZERO,
                }
            }
            Transport::Serial { path, baud } => {
                if serial::baud_rate(baud).is_none() {
                    return Err(OpenError::Baud {
                        panel: panel(),
                        baud,
                    });
                }
                // One that is not there yet may come.
                if fs::metadata(&path).is_ok_and(|file| !file.file_type().is_char_device()) {
                    return Err(OpenError::NotA {
                        panel: panel(),
                        path,
                        wanted: "serial device",
                    });
                }
                Source::Serial {
                    path,
                    baud,
                    lock: None,
                }
            }
            Transport::Socket(path) => {
                Source::Socket(Listener::bind(&path).map_err(|blocked| match blocked {
                    Blocked::NotASocket => OpenError::NotA {
                        panel: panel(),
                        path,
                        wanted: "socket",
                    },
                    Blocked::InUse => OpenError::InUse {
                        panel: panel(),
                        path,
                    },
                    Blocked::System(source) => OpenError::System {
                        panel: panel(),
                        trouble: trouble("listen on", &path, source),
                    },
                })?)
            }
        })
    }

    /// Whether there is a connection to open: a socket's come by themselves, and a program that has been
    /// asked to end is in the way of the next.
    pub(super) fn can_open(&self) -> bool {
        !matches!(
            self,
            Source::Socket(_)
                | Source::Command {
                    program: Some(_),
                    ..
                }
        )
    }

    /// Opens the one connection of every transport but a socket's.
    pub(super) fn open(&mut self, now: Time) -> Result<Option<Wire>, Trouble> {
        match self {
            Source::Stdio => Wire::stdio()
                .map(Some)
                .map_err(|source| trouble("open", Path::new("standard input"), source)),
            Source::Command { argv, program } => match Program::start(argv, now) {
                Ok((wire, started)) => {
                    *program = Some(started);
                    Ok(Some(wire))
                }
                Err(source) => Err(trouble(
                    "start",
                    Path::new(argv.first().map_or("", String::as_str)),
                    source,
                )),
            },
            Source::Fifo { input, .. } => Wire::fifo(input)
                .map(Some)
                .map_err(|source| trouble("open FIFO", input, source)),
            Source::Serial { path, baud, lock } => {
                let (wire, port) =
                    serial::open(path, *baud).map_err(|source| trouble("open", path, source))?;
                *lock = Some(port);
                Ok(Some(wire))
            }
            Source::Socket(_) => Ok(None),
        }
    }

    /// The connection has ended.
    pub(super) fn closed(&mut self, now: Time) {
        match self {
            Source::Command {
                program: Some(program),
                ..
            } => program.stop(now),
            Source::Serial { lock, .. } => *lock = None,
            _ => {}
        }
    }

    /// Looks after the program. Answers true when it has ended.
    pub(super) fn program_ended(&mut self, now: Time, reports: &mut Reports) -> bool {
        let Source::Command { argv, program } = self else {
            return false;
        };
        let Some(running) = program else { return false };
        let news = match running.service(now, reports) {
            Ok(None) => return false,
            Ok(Some(status)) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let name = argv.first().map_or("", String::as_str);
        reports.chatter(
            format!("{name} has ended ({news}), will be started again"),
            now,
        );
        *program = None;
        true
    }

    /// Looks after the outlet of a FIFO. Answers true when a reader has just come.
    pub(super) fn reader_came(&mut self, wire: &mut Wire, now: Time) -> Result<bool, Trouble> {
        let Source::Fifo {
            output: Some(path),
            look_at,
            ..
        } = self
        else {
            return Ok(false);
        };
        if wire.unread() {
            wire.outlet = Outlet::Absent;
            *look_at = now + LOOK;
        }
        if !matches!(wire.outlet, Outlet::Absent) || now < *look_at {
            return Ok(false);
        }
        *look_at = now + LOOK;
        wire.open_outlet(path)
            .map_err(|source| trouble("open FIFO", path, source))
    }

    /// A write has failed. Answers true when that ends the connection at once.
    ///
    /// Else its outlet only: what the other side said before it went away is still to be read.
    pub(super) fn write_failed(&mut self, wire: &mut Wire, now: Time) -> bool {
        if let Source::Serial { .. } = self {
            return true;
        }
        wire.outlet = Outlet::Absent;
        if let Source::Fifo { look_at, .. } = self {
            *look_at = now + LOOK;
        }
        false
    }

    /// Whether the outlet is watched for its reader's leaving.
    pub(super) fn watches_outlet(&self) -> bool {
        matches!(self, Source::Fifo { .. })
    }

    /// What it is, for messages.
    pub(super) fn place(&self) -> String {
        match self {
            Source::Stdio => "standard input".into(),
            Source::Command { argv, .. } => argv.first().cloned().unwrap_or_default(),
            Source::Fifo { input: path, .. } | Source::Serial { path, .. } => {
                path.display().to_string()
            }
            Source::Socket(listener) => listener.path().display().to_string(),
        }
    }

    /// A client that has connected to the socket.
    pub(super) fn accept(&mut self, now: Time) -> Result<Option<Wire>, Trouble> {
        match self {
            Source::Socket(listener) => listener
                .accept(now)
                .map_err(|source| trouble("accept on", listener.path(), source)),
            _ => Ok(None),
        }
    }

    /// Appends the descriptors that are not a connection's.
    pub(super) fn poll_fds<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        match self {
            Source::Command {
                program: Some(program),
                ..
            } => program.poll_fds(fds),
            Source::Socket(listener) => listener.poll_fds(fds),
            _ => {}
        }
    }

    /// When it wants to be looked after.
    pub(super) fn poll_at(&self, wire: Option<&Wire>) -> Option<Time> {
        match self {
            Source::Command {
                program: Some(program),
                ..
            } => Some(program.poll_at()),
            Source::Fifo {
                output: Some(_),
                look_at,
                ..
            } => wire
                .filter(|wire| matches!(wire.outlet, Outlet::Absent))
                .map(|_| *look_at),
            Source::Socket(listener) => listener.poll_at(),
            _ => None,
        }
    }
}

/// A trouble with a path.
pub(super) fn trouble(attempt: &'static str, on: &Path, source: io::Error) -> Trouble {
    Trouble {
        attempt,
        on: on.display().to_string(),
        source,
    }
}
