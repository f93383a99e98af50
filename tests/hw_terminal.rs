// SPDX-License-Identifier: MIT OR Apache-2.0
//! The terminal panel on a pseudo-terminal, read back by a small interpreter of what it draws.
//!
//! The screens are in `tests/data/hw`. To write them anew after a change: `UPDATE=1 cargo test --test hw_terminal`,
//! then look at the difference. A test that fails gives back the terminals of the others too (the panic
//! hook's job): believe the first failure.

mod hw_support;

use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use homey_panel::hw::terminal::{Colours, Style, TerminalPanel};
use homey_panel::hw::{Face, OpenError, Panel};
use homey_panel::panel::plan::{ControlId, LayerId, OutputId, Rgb};
use homey_panel::panel::{Condition, Edge, Feedback, Link, Look, Show};
use hw_support::{Peer, face, now, pty, run, run_ahead};
use nix::libc;
use nix::sys::termios::{LocalFlags, tcgetattr};

const FULL: Style = Style {
    escapes: true,
    colours: Colours::True,
    utf8: true,
    symbols: true,
};
const PLAIN: Style = Style {
    escapes: true,
    colours: Colours::None,
    utf8: false,
    symbols: false,
};
const DUMB: Style = Style {
    escapes: false,
    colours: Colours::None,
    utf8: true,
    symbols: true,
};

nix::ioctl_write_ptr_bad!(tiocswinsz, libc::TIOCSWINSZ, libc::winsize);

/// A screen as a terminal would show it: as much of ECMA-48 as the panel uses, and no more.
struct Screen {
    columns: usize,
    cells: Vec<Vec<String>>,
    at: (usize, usize),
    cursor: bool,
    alternate: bool,
}

impl Screen {
    fn new(columns: usize, rows: usize) -> Screen {
        let cells = vec![vec![" ".to_string(); columns]; rows];
        Screen {
            columns,
            cells,
            at: (0, 0),
            cursor: true,
            alternate: false,
        }
    }

    fn feed(&mut self, bytes: &str) -> &mut Screen {
        let mut rest = bytes.chars();
        while let Some(c) = rest.next() {
            match c {
                '\u{1b}' => {
                    assert_eq!(rest.next(), Some('['));
                    let sequence: String = rest
                        .by_ref()
                        .take_while(|c| !c.is_ascii_alphabetic())
                        .collect();
                    let end = bytes[..bytes.len() - rest.as_str().len()]
                        .chars()
                        .last()
                        .unwrap();
                    self.obey(&sequence, end);
                }
                '\u{18}' => {}
                c if c.is_control() => panic!("a bare control {c:?}"),
                c => self.print(c),
            }
        }
        self
    }

    fn obey(&mut self, numbers: &str, end: char) {
        match (numbers, end) {
            ("", 'H') => self.at = (0, 0),
            ("2", 'J') => self
                .cells
                .iter_mut()
                .flatten()
                .for_each(|cell| *cell = " ".into()),
            ("?25", on) => self.cursor = on == 'h',
            ("?1049", on) => self.alternate = on == 'h',
            ("?7" | "?2004", 'h' | 'l') | (_, 'm') => {}
            ("", 'K') => self.cells[self.at.0][self.at.1..]
                .iter_mut()
                .for_each(|cell| *cell = " ".into()),
            (place, 'H') => {
                let (row, column) = place.split_once(';').unwrap();
                self.at = (
                    row.parse::<usize>().unwrap() - 1,
                    column.parse::<usize>().unwrap() - 1,
                );
            }
            other => panic!("not understood: {other:?}"),
        }
    }

    fn print(&mut self, c: char) {
        let wide = if ('\u{1f300}'..='\u{1faff}').contains(&c) {
            2
        } else {
            1
        };
        assert!(
            self.at.1 + wide <= self.columns,
            "over the edge: {:?} {c:?}",
            self.at
        );
        self.cells[self.at.0][self.at.1] = c.to_string();
        if wide == 2 {
            self.cells[self.at.0][self.at.1 + 1].clear();
        }
        self.at.1 += wide;
    }

    fn text(&self) -> String {
        let rows = self
            .cells
            .iter()
            .map(|row| row.concat().trim_end().to_string() + "\n");
        rows.collect()
    }
}

struct Rig {
    panel: TerminalPanel,
    peer: Peer,
    slave: OwnedFd,
}

fn rig(columns: u16, rows: u16, style: Style) -> Rig {
    let (peer, slave, path) = pty(columns, rows);
    let panel = TerminalPanel::open_at("tty", &path, style, face(), now()).unwrap();
    Rig { panel, peer, slave }
}

impl Rig {
    /// Runs until nothing is left to draw, and answers what was drawn.
    fn drawn(&mut self) -> String {
        self.peer.seen.clear();
        let mut quiet = 0;
        run(&mut self.panel, &mut [&mut self.peer], |panel, _, _| {
            let mut fds = Vec::new();
            panel.poll_fds(&mut fds);
            quiet += usize::from(!fds[0].events().contains(nix::poll::PollFlags::POLLOUT));
            quiet > 1
        });
        self.peer.read();
        std::mem::take(&mut self.peer.seen)
    }

    fn look(&mut self, output: u16, condition: Condition, on: bool, level: f32, text: &str) {
        let look = Look {
            condition,
            on,
            level,
            text: text.into(),
            ..Look::default()
        };
        self.panel.show(
            &Show::Look {
                output: OutputId(output),
                look,
            },
            now(),
        );
    }

    fn news(&mut self, control: u16, feedback: Feedback) {
        self.panel.show(
            &Show::Feedback {
                control: ControlId(control),
                feedback,
            },
            now(),
        );
    }

    /// One of everything.
    fn fill(&mut self) {
        let colour = Some(Rgb(255, 170, 0));
        let look = Look {
            condition: Condition::Ready,
            on: true,
            level: 0.6,
            colour,
            ..Look::default()
        };
        self.panel.show(
            &Show::Look {
                output: OutputId(1),
                look,
            },
            now(),
        );
        self.look(2, Condition::Pending, true, 1.0, "");
        self.look(3, Condition::Ready, true, 0.6, "60 %");
        self.look(4, Condition::Blocked, false, 0.0, "closed");
        self.look(
            5,
            Condition::Stale,
            true,
            1.0,
            "1200 rpm, and rising\u{1b}[2J",
        );
        self.news(2, Feedback::Taken);
        self.news(6, Feedback::Superseded);
        self.panel.show(&Show::Link(Link::NoHub), now());
        let notice =
            "Garage: refused: \u{1b}]0;x\u{7}the API key lacks the scope homey.device.control";
        self.panel.show(&Show::Notice(notice.into()), now());
    }
}

fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/hw")
        .join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, text).unwrap();
    }
    let want = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, want, "{name} differs:\n{text}");
}

#[test]
fn the_screen_is_drawn_whole_at_every_size_and_style() {
    let table = [
        (40, 12, FULL, "screen-40x12.txt"),
        (80, 24, FULL, "screen-80x24.txt"),
        (40, 12, PLAIN, "screen-40x12-plain.txt"),
        (40, 6, FULL, "screen-40x6.txt"),
        (20, 6, FULL, "screen-20x6.txt"),
    ];
    for (columns, rows, style, name) in table {
        let mut rig = rig(columns, rows, style);
        rig.fill();
        let drawn = rig.drawn();
        assert!(style != PLAIN || drawn.is_ascii());
        let mut screen = Screen::new(columns.into(), rows.into());
        screen.feed(&drawn);
        assert!(screen.alternate && !screen.cursor, "{drawn:?}");
        check(name, &screen.text());
    }
    for (columns, rows) in [
        (1, 1),
        (2, 2),
        (5, 3),
        (19, 4),
        (38, 5),
        (39, 7),
        (300, 120),
    ] {
        let mut rig = rig(columns, rows, FULL);
        rig.fill();
        Screen::new(columns.into(), rows.into()).feed(&rig.drawn());
    }
}

#[test]
fn only_what_has_changed_is_drawn() {
    let mut rig = rig(40, 12, FULL);
    rig.fill();
    let mut screen = Screen::new(40, 12);
    screen.feed(&rig.drawn());
    rig.fill();
    assert_eq!(rig.drawn(), "", "nothing has changed");
    rig.look(5, Condition::Ready, false, 0.0, "");
    let drawn = rig.drawn();
    assert!(drawn.len() < 120, "{drawn:?}");
    assert!(
        screen
            .feed(&drawn)
            .text()
            .contains("[f]  Fan         ○ off"),
        "{}",
        screen.text()
    );
    rig.panel.show(&Show::Layer(LayerId(1)), now());
    let text = screen.feed(&rig.drawn()).text();
    assert!(
        text.contains("Night light") && text.contains("night\n"),
        "{text}"
    );
}

#[test]
fn news_of_a_press_goes_by_itself() {
    let mut rig = rig(40, 12, FULL);
    rig.drawn();
    rig.news(1, Feedback::Confirmed);
    assert!(rig.drawn().contains("✓ confirmed"));
    let due = rig.panel.poll_at().unwrap().since(now());
    assert!(due > Duration::from_secs(1) && due <= Duration::from_secs(2));
    let later = Duration::from_secs(3);
    run_ahead(
        &mut rig.panel,
        &mut [&mut rig.peer],
        later,
        |panel, peers, _| panel.poll_at().is_none() && peers[0].seen.contains("? unknown"),
    );
}

#[test]
fn keys_become_events_at_once() {
    let mut rig = rig(40, 12, FULL);
    rig.drawn();
    let mut events = Vec::new();
    rig.peer
        .send("1S+++-x\u{1b}[A\u{1b}[200~0g0g\u{1b}[201~0".as_bytes());
    rig.panel.service(now(), &mut events).unwrap();
    let edges: Vec<_> = events
        .iter()
        .map(|event| (event.control.0, event.edge))
        .collect();
    assert_eq!(
        edges,
        [
            (1, Edge::Tap),
            (2, Edge::Held),
            (3, Edge::Turn(2)),
            (6, Edge::Tap)
        ]
    );
    events.clear();
    rig.peer.send(&[b'1'; 500]);
    rig.panel.service(now(), &mut events).unwrap();
    assert!(events.len() <= 10, "a flood of keys is no flood of presses");
    let later = Duration::from_secs(2);
    let seen = run_ahead(&mut rig.panel, &mut [], later, |_, _, seen| {
        !seen.reports.is_empty()
    });
    assert!(
        seen.reports[0].contains("keys ignored"),
        "{:?}",
        seen.reports
    );
}

#[test]
fn help_quit_and_redraw() {
    for keys in ["q", "\u{3}", "\u{1c}"] {
        let mut rig = rig(40, 12, FULL);
        rig.drawn();
        rig.peer.send(b"?");
        run(&mut rig.panel, &mut [&mut rig.peer], |_, peers, _| {
            peers[0]
                .seen
                .contains("key press, CAPS hold, ^L redraw, q quit")
        });
        rig.peer.send(b"\x0c");
        run(&mut rig.panel, &mut [&mut rig.peer], |_, peers, _| {
            peers[0].seen.contains("\u{1b}[2J")
        });
        assert!(!rig.panel.quit_requested());
        rig.peer.send(keys.as_bytes());
        run(&mut rig.panel, &mut [&mut rig.peer], |panel, _, _| {
            panel.quit_requested()
        });
    }
}

#[test]
fn another_size_is_drawn_anew() {
    let mut rig = rig(80, 24, FULL);
    rig.fill();
    rig.drawn();
    let size = libc::winsize {
        ws_row: 12,
        ws_col: 40,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: TIOCSWINSZ reads the winsize that it is given, which outlives the call.
    unsafe { tiocswinsz(std::os::fd::AsRawFd::as_raw_fd(&rig.slave), &size) }.unwrap();
    rig.panel.resized();
    let mut screen = Screen::new(40, 12);
    check("screen-40x12.txt", &screen.feed(&rig.drawn()).text());
}

#[test]
fn a_terminal_that_does_not_read_costs_no_memory_and_gets_the_newest() {
    let mut rig = rig(80, 24, FULL);
    for round in 0..5000 {
        for output in 1..=6 {
            rig.look(output, Condition::Ready, true, 1.0, &format!("r{round}"));
        }
        rig.panel.service(now(), &mut Vec::new()).unwrap();
    }
    let drawn = rig.drawn();
    assert!(drawn.len() < 40_000, "{} bytes waited", drawn.len());
    let mut screen = Screen::new(80, 24);
    assert_eq!(screen.feed(&drawn).text().matches("r4999").count(), 6);
}

#[test]
fn a_terminal_without_escape_sequences_gets_lines() {
    let mut rig = rig(80, 24, DUMB);
    rig.fill();
    let drawn = rig.drawn();
    assert!(
        !drawn.contains('\u{1b}') && drawn.contains("● ON"),
        "{drawn}"
    );
    rig.look(5, Condition::Ready, false, 0.0, "");
    assert_eq!(rig.drawn().matches("\r\n").count(), 1);
}

#[test]
fn the_terminal_is_given_back_as_it_was() {
    let (mut peer, slave, path) = pty(40, 12);
    let before = tcgetattr(&slave).unwrap();
    let mut panel = TerminalPanel::open_at("tty", &path, FULL, face(), now()).unwrap();
    assert!(
        !tcgetattr(&slave)
            .unwrap()
            .local_flags
            .intersects(LocalFlags::ISIG | LocalFlags::ICANON)
    );
    match TerminalPanel::open_at("twin", &path, FULL, face(), now()) {
        Err(OpenError::Taken { panel }) => assert_eq!(panel, "twin"),
        _ => panic!("one terminal for two panels"),
    }
    panel.service(now(), &mut Vec::new()).unwrap();
    drop(panel);
    assert_eq!(tcgetattr(&slave).unwrap(), before);
    peer.read_until(|seen| seen.ends_with("\u{1b}[?1049l"));
    let mut screen = Screen::new(40, 12);
    screen.feed(&peer.seen);
    assert!(!screen.alternate && screen.cursor);
    assert_eq!(
        screen.text().trim(),
        "",
        "nothing is left on a console without a second screen"
    );
    // And it can be had again.
    TerminalPanel::open_at("tty", &path, FULL, Face::default(), now()).unwrap();
}

#[test]
fn a_terminal_that_hangs_up_asks_to_quit_once() {
    let mut rig = rig(40, 12, FULL);
    rig.drawn();
    drop(std::mem::replace(
        &mut rig.peer,
        Peer::new(OwnedFd::from(fs::File::open("/dev/null").unwrap())),
    ));
    let seen = run(&mut rig.panel, &mut [], |panel, _, _| {
        panel.quit_requested()
    });
    assert_eq!(seen.faults.len(), 1, "{:?}", seen.faults);
    let mut fds = Vec::new();
    rig.panel.poll_fds(&mut fds);
    assert!(fds.is_empty() && rig.panel.service(now(), &mut Vec::new()).is_ok());
}

#[test]
fn what_is_no_terminal_is_refused_with_the_cure() {
    let error = TerminalPanel::open_at("tty", Path::new("/dev/null"), FULL, face(), now());
    let message = error.err().unwrap().to_string();
    assert!(
        message.contains("needs a terminal") && message.contains("kind = \"line\""),
        "{message}"
    );
}
