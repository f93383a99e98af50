// SPDX-License-Identifier: MIT OR Apache-2.0
//! The terminal panel: a keyboard for the controls and an ANSI screen for the outputs, for a demo, over
//! SSH, on a console. From 40 columns by 12 rows.
//!
//! Raw mode takes the signals from the keyboard, so that no key can leave the terminal raw: Ctrl-C asks
//! the program to quit, Ctrl-Z gives the terminal back and stops. What is drawn is the difference to what
//! was drawn; while the terminal does not take it, nothing more is made.

mod draw;
pub mod keys;
mod model;
mod style;
mod tty;

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags};

use self::draw::Row;
use self::keys::{Key, Keys};
use self::model::Model;
use self::tty::{NoTty, Tty};
use super::face::Face;
use super::io::{self as edge, Got, Outgoing};
use super::report::{Reports, Throttle};
use super::{OpenError, Panel, PanelFault, Trouble};
use crate::panel::{Edge, Event, Show};
use crate::time::Time;

pub use self::style::{Colours, Style};
pub use self::tty::{columns, restore_terminals};

/// A panel on a terminal.
pub struct TerminalPanel {
    name: String,
    tty: Tty,
    style: Style,
    model: Model,
    keys: Keys,
    screen: Vec<Row>,
    size: (usize, usize),
    out: Outgoing,
    /// The model may differ from the screen.
    dirty: bool,
    /// Keys held down, or pasted on a terminal that does not mark pastes.
    flood: Throttle,
    reports: Reports,
    gone: bool,
    quit: bool,
}

/// No hand presses more often in a second.
const MOST: u32 = 10;

impl TerminalPanel {
    /// Takes the terminal that we run in. See [`open`](super::open).
    pub fn open(name: &str, face: Face, now: Time) -> Result<TerminalPanel, OpenError> {
        let path = tty::find().ok_or_else(|| OpenError::NoTerminal {
            panel: name.to_string(),
        })?;
        TerminalPanel::open_at(
            name,
            &path,
            Style::from_env(|name| std::env::var(name).ok()),
            face,
            now,
        )
    }

    /// Takes the terminal `path`.
    pub fn open_at(
        name: &str,
        path: &Path,
        style: Style,
        face: Face,
        _now: Time,
    ) -> Result<TerminalPanel, OpenError> {
        let panel = name.to_string();
        let tty = Tty::take(path, style.escapes).map_err(|why| match why {
            NoTty::NotATerminal => OpenError::NoTerminal { panel },
            NoTty::Background => OpenError::Background { panel },
            NoTty::Taken => OpenError::Taken { panel },
            NoTty::System(source) => {
                let trouble = Trouble {
                    attempt: "open",
                    on: path.display().to_string(),
                    source,
                };
                OpenError::System { panel, trouble }
            }
        })?;
        let mut panel = TerminalPanel {
            name: name.to_string(),
            size: tty.size(),
            tty,
            style,
            model: Model::new(face),
            keys: Keys::default(),
            screen: Vec::new(),
            out: Outgoing::default(),
            dirty: true,
            flood: Throttle::new(MOST, Duration::from_secs(1)),
            reports: Reports::new(),
            gone: false,
            quit: false,
        };
        panel.redraw();
        Ok(panel)
    }

    /// Forgets what is on the screen.
    fn redraw(&mut self) {
        if self.out.is_empty() {
            self.out.push(self.tty.opening().as_bytes());
            self.screen.clear();
            self.dirty = true;
        } else {
            // Half a row is out: when the rest is, size and screen differ and all is drawn.
            self.size = (0, 0);
        }
    }

    fn read(&mut self, now: Time, events: &mut Vec<Event>) -> io::Result<()> {
        let mut buf = [0; 1024];
        let len = match edge::read(self.tty.as_fd(), &mut buf)? {
            Got::Bytes(len) => len,
            Got::Nothing => return Ok(()),
            Got::End => return Err(io::ErrorKind::UnexpectedEof.into()),
        };
        let mut pressed = Vec::new();
        self.keys.feed(&buf[..len], now, |key| pressed.push(key));
        let start = events.len();
        for key in pressed {
            self.key(key, now, events, start);
        }
        Ok(())
    }

    fn key(&mut self, key: Key, now: Time, events: &mut Vec<Event>, start: usize) {
        match key {
            Key::Char(c) => match (self.model.key(c), c) {
                (Some((control, edge)), _) => {
                    // A knob's key repeats, and its turns become one.
                    if matches!(edge, Edge::Turn(_)) || self.flood.allow(now) {
                        super::push(
                            events,
                            start,
                            Event {
                                at: now,
                                control,
                                edge,
                            },
                        );
                    }
                }
                (None, '?') => {
                    self.model.help = !self.model.help;
                    self.dirty = true;
                }
                (None, 'q') => self.quit = true,
                (None, _) => {}
            },
            Key::Ctrl('C' | '\\') => self.quit = true,
            Key::Ctrl('L') => self.redraw(),
            Key::Ctrl('Z') => {
                if self.tty.stop() {
                    self.out.clear();
                    self.redraw();
                }
            }
            Key::Ctrl(_) => {}
        }
    }

    /// Makes the bytes that bring the screen up to date, once the last ones are out.
    fn draw(&mut self) {
        if !self.out.is_empty() {
            return;
        }
        let size = self.tty.size();
        if size != self.size {
            self.size = size;
            self.redraw();
        }
        if !std::mem::take(&mut self.dirty) {
            return;
        }
        let rows = draw::draw(&self.model, &self.style, size.0, size.1);
        self.screen.resize(rows.len(), Row::default());
        for (index, (row, shown)) in rows.iter().zip(&self.screen).enumerate() {
            if row == shown {
                continue;
            }
            if !self.style.escapes {
                self.out.push(row.text.trim_end().as_bytes());
                self.out.push(b"\r\n");
                continue;
            }
            self.out.push(format!("\x1b[{};1H", index + 1).as_bytes());
            self.out.push(row.text.as_bytes());
            // In the last column the cursor stays on the character, and this would take it away.
            if row.width < size.0 {
                self.out.push(b"\x1b[K");
            }
        }
        self.screen = rows;
    }

    fn serve(&mut self, now: Time, events: &mut Vec<Event>) -> io::Result<()> {
        self.read(now, events)?;
        self.dirty |= self.model.expire(now);
        if let Some(count) = self.flood.overdue(now) {
            self.reports
                .say(format!("{count} keys ignored: more than {MOST} a second"));
        }
        // Twice: what was half out may end now, and then the newest follows at once.
        for _ in 0..2 {
            self.draw();
            let tty = &self.tty;
            self.out.flush(|bytes| edge::write(tty.as_fd(), bytes))?;
        }
        Ok(())
    }
}

impl Panel for TerminalPanel {
    fn name(&self) -> &str {
        &self.name
    }

    fn poll_fds<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        if self.gone {
            return;
        }
        let pending = self.dirty || !self.out.is_empty() || self.size == (0, 0);
        let out = if pending {
            PollFlags::POLLOUT
        } else {
            PollFlags::empty()
        };
        fds.push(PollFd::new(self.tty.as_fd(), PollFlags::POLLIN | out));
    }

    fn service(&mut self, now: Time, events: &mut Vec<Event>) -> Result<(), PanelFault> {
        if self.gone {
            return Ok(());
        }
        self.serve(now, events).map_err(|source| {
            // A terminal that hung up does not come back to us.
            self.gone = true;
            self.quit = true;
            PanelFault {
                panel: self.name.clone(),
                trouble: Trouble {
                    attempt: "use",
                    on: "the terminal".into(),
                    source,
                },
            }
        })
    }

    fn show(&mut self, show: &Show, now: Time) {
        self.model.show(show, now);
        self.dirty = true;
    }

    fn poll_at(&self) -> Option<Time> {
        if self.gone {
            return None;
        }
        self.model
            .poll_at()
            .into_iter()
            .chain(self.flood.at())
            .min()
    }

    fn reports(&mut self) -> Vec<String> {
        self.reports.drain()
    }

    fn reload(&mut self, face: Face) {
        let (link, notice) = (self.model.link, std::mem::take(&mut self.model.notice));
        self.model = Model {
            link,
            notice,
            ..Model::new(face)
        };
        self.dirty = true;
    }

    fn quit_requested(&self) -> bool {
        self.quit
    }

    fn resized(&mut self) {
        self.tty.again();
        self.redraw();
    }
}
