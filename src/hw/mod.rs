// SPDX-License-Identifier: MIT OR Apache-2.0
//! The device edge: what a hand touches and what shines back.
//!
//! Each device is a [`Panel`]. It turns what its hardware says into [`Event`]s and brings [`Show`]s to
//! its lamps and fields, and it knows neither the hub nor what a control is bound to. The loop owns the
//! one `poll(2)`: it asks every panel for its descriptors, waits, and calls [`Panel::service`].
//!
//! ```text
//!   kernel, tty, pipe --> service() --> Event --> Controller
//!   kernel, tty, pipe <-- service() <-- show()  <-- Show
//! ```
//!
//! The contract that every panel keeps:
//! - nothing in it blocks: no read, no write, no open; what does not go out now waits for POLLOUT;
//! - output is state, not a queue: of each output only the newest look is kept, so nothing grows when
//!   a device does not read;
//! - a device that goes away is reported once and tried again for ever, 1 to 10 s apart.

pub mod clock;
pub mod code;
mod face;
mod io;
pub mod line;
mod probe;
mod report;
pub mod terminal;
mod text;
pub mod wifi;

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use nix::poll::PollFd;

use crate::panel::{Edge, Event, Show};
use crate::time::Time;

pub use face::{ControlFace, Face, OutputFace};
pub use probe::{Ill, probe};
pub use terminal::{columns, restore_terminals, window};
pub use text::{cut as cut_columns, fit as fit_columns, width as text_columns};

/// What kind of device a panel is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A keyboard and an ANSI screen: for a demo, over SSH, or on a console.
    Terminal,
    /// One JSON object a line; see [`line::protocol`].
    Line(Transport),
}

/// How the lines of the line protocol travel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Transport {
    /// Our own standard input and output. Their end asks the program to quit.
    Stdio,
    /// A program of the user's, spoken to over pipes; started again when it ends. The words are argv.
    Command(Vec<String>),
    /// Named pipes that exist already; without `output` the panel only listens.
    Fifo {
        /// We read events here.
        input: PathBuf,
        /// We write shows here, while somebody reads.
        output: Option<PathBuf>,
    },
    /// A serial line, 8N1, no flow control.
    Serial {
        /// Best by `/dev/serial/by-id/...`, which survives replugging.
        path: PathBuf,
        /// One of the usual speeds, 1200 to 921600.
        baud: u32,
    },
    /// A UNIX stream socket that we listen on, for up to four clients.
    Socket(PathBuf),
}

/// One connected panel device.
pub trait Panel {
    /// The name that the configuration gives it.
    fn name(&self) -> &str;

    /// Appends the descriptors to wait for, each with what to wait for.
    ///
    /// Ask again before every wait: they change with each [`service`](Panel::service) and
    /// [`show`](Panel::show).
    fn poll_fds<'a>(&'a self, fds: &mut Vec<PollFd<'a>>);

    /// Reads, writes and reopens as far as goes without blocking; appends what was pressed to `events`.
    ///
    /// Due when one of its descriptors is ready (errors and hang-ups too) or [`poll_at`](Panel::poll_at)
    /// has passed; harmless at any other time. An error is news for the log, told once when the device
    /// goes away: the panel goes on trying by itself.
    fn service(&mut self, now: Time, events: &mut Vec<Event>) -> Result<(), PanelFault>;

    /// Takes what is to be shown; it goes out with the next [`service`](Panel::service). Outputs and
    /// controls of other panels are ignored.
    fn show(&mut self, show: &Show, now: Time);

    /// When it wants to be serviced though none of its descriptors is ready.
    fn poll_at(&self) -> Option<Time>;

    /// Takes the one-line reports for the log that have gathered; bounded and rate-limited.
    fn reports(&mut self) -> Vec<String>;

    /// Takes another set of controls and outputs over the same device, and shows everything anew.
    fn reload(&mut self, face: Face);

    /// The person at this panel wants the program to end.
    fn quit_requested(&self) -> bool;

    /// The terminal's size may have changed (SIGWINCH), or we were continued (SIGCONT).
    fn resized(&mut self) {}
}

/// Opens the panel `name`.
///
/// A device that is merely away is no error: its panel starts by trying again.
pub fn open(name: &str, kind: Kind, face: Face, now: Time) -> Result<Box<dyn Panel>, OpenError> {
    Ok(match kind {
        Kind::Terminal => Box::new(terminal::TerminalPanel::open(name, face, now)?),
        Kind::Line(transport) => Box::new(line::LinePanel::open(name, transport, face, now)?),
    })
}

/// Appends `event`; turns of one knob that follow each other from `start` on become one.
fn push(events: &mut Vec<Event>, start: usize, event: Event) {
    if let (Some(last), Edge::Turn(more)) = (
        events.get_mut(start..).and_then(<[Event]>::last_mut),
        event.edge,
    ) {
        if let (true, Edge::Turn(by)) = (last.control == event.control, last.edge) {
            *last = Event {
                edge: Edge::Turn(by.saturating_add(more)),
                ..event
            };
            return;
        }
    }
    events.push(event);
}

/// A system call that failed, and on what.
#[derive(Debug)]
pub struct Trouble {
    /// What was attempted: `open`, `read`, `start`.
    pub attempt: &'static str,
    /// The path or program that it was attempted on.
    pub on: String,
    /// The kernel's answer.
    pub source: std::io::Error,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}: {}", self.attempt, self.on, self.source)?;
        let denied = self.source.kind() == std::io::ErrorKind::PermissionDenied;
        if denied && self.attempt == "open" {
            f.write_str(" (is this user in the device's group, such as dialout?)")?;
        }
        Ok(())
    }
}

/// Why a panel cannot be opened as configured. Trying again would not help.
#[derive(Debug)]
pub enum OpenError {
    /// There is no terminal to draw on.
    NoTerminal {
        /// The panel's name.
        panel: String,
    },
    /// We run in the background of the terminal's shell.
    Background {
        /// The panel's name.
        panel: String,
    },
    /// Another terminal panel has this terminal.
    Taken {
        /// The panel's name.
        panel: String,
    },
    /// No such speed.
    Baud {
        /// The panel's name.
        panel: String,
        /// As configured.
        baud: u32,
    },
    /// The command has no words.
    NoCommand {
        /// The panel's name.
        panel: String,
    },
    /// The path exists and is something else.
    NotA {
        /// The panel's name.
        panel: String,
        /// As configured.
        path: PathBuf,
        /// What it should be: `FIFO`, `socket`, `serial device`.
        wanted: &'static str,
    },
    /// Somebody else listens on the socket.
    InUse {
        /// The panel's name.
        panel: String,
        /// As configured.
        path: PathBuf,
    },
    /// The system refused.
    System {
        /// The panel's name.
        panel: String,
        /// What it refused.
        trouble: Trouble,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::NoTerminal { panel } => write!(
                f,
                "panel {panel:?}: the terminal panel needs a terminal; run it in one, or use kind = \"line\""
            ),
            OpenError::Background { panel } => write!(
                f,
                "panel {panel:?}: the terminal panel needs the foreground of its terminal; start it without &"
            ),
            OpenError::Taken { panel } => write!(
                f,
                "panel {panel:?}: another terminal panel has this terminal"
            ),
            OpenError::Baud { panel, baud } => write!(
                f,
                "panel {panel:?}: no such speed: {baud} baud; usual ones are 9600, 19200, 57600 and 115200"
            ),
            OpenError::NoCommand { panel } => {
                write!(f, "panel {panel:?}: the command is empty; name a program")
            }
            OpenError::NotA {
                panel,
                path,
                wanted,
            } => {
                write!(f, "panel {panel:?}: {} is not a {wanted}", path.display())
            }
            OpenError::InUse { panel, path } => {
                write!(
                    f,
                    "panel {panel:?}: another program listens on {}",
                    path.display()
                )
            }
            OpenError::System { panel, trouble } => {
                write!(f, "panel {panel:?}: {trouble}")?;
                if trouble.attempt == "open FIFO"
                    && trouble.source.kind() == std::io::ErrorKind::NotFound
                {
                    f.write_str("; make it first, with mkfifo")?;
                }
                Ok(())
            }
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            OpenError::System { trouble, .. } => Some(&trouble.source),
            _ => None,
        }
    }
}

/// A device went away, or was not there. The panel tries again by itself, 1 to 10 s apart.
#[derive(Debug)]
pub struct PanelFault {
    /// The panel's name.
    pub panel: String,
    /// What failed.
    pub trouble: Trouble,
}

impl fmt::Display for PanelFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panel {:?}: {}; trying again", self.panel, self.trouble)
    }
}

impl Error for PanelFault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.trouble.source)
    }
}
