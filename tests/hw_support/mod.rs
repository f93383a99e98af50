// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the device tests share: a loop that keeps the panels' contract, and pseudo-terminals.
#![allow(dead_code)]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use homey_panel::hw::{ControlFace, Face, OutputFace, Panel};
use homey_panel::panel::Event;
use homey_panel::panel::plan::{ControlId, LayerId, OutputId, PanelId};
use homey_panel::time::Time;
use homey_rig::spared;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{Winsize, openpty};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::ttyname;

/// Longer than any of this takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// CLOCK_MONOTONIC.
pub fn now() -> Time {
    let now = Duration::from(clock_gettime(ClockId::CLOCK_MONOTONIC).unwrap());
    Time::from_micros(now.as_micros() as u64)
}

/// The other side of a panel's device.
pub struct Peer {
    pub file: File,
    pub seen: String,
}

impl Peer {
    pub fn new(fd: impl Into<OwnedFd>) -> Peer {
        let fd = fd.into();
        fcntl(&fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        Peer {
            file: File::from(fd),
            seen: String::new(),
        }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        let _own_side = spared();
        self.file.write_all(bytes).unwrap();
    }

    /// Reads what there is.
    pub fn read(&mut self) {
        let _own_side = spared();
        let mut buf = [0; 65536];
        while let Ok(len @ 1..) = self.file.read(&mut buf) {
            self.seen.push_str(&String::from_utf8_lossy(&buf[..len]));
        }
    }
}

impl Peer {
    /// Waits until what was seen is as it should be: a pseudo-terminal passes bytes on in its own time.
    pub fn read_until(&mut self, done: impl Fn(&str) -> bool) {
        until(|| {
            self.read();
            done(&self.seen)
        });
    }
}

/// A client's end of a socket.
pub fn dial(path: &Path) -> UnixStream {
    let _own_side = spared();
    UnixStream::connect(path).unwrap()
}

/// Waits for something that the kernel does by and by.
pub fn until(mut done: impl FnMut() -> bool) {
    let deadline = now() + PATIENCE;
    while !done() {
        assert!(now() < deadline, "waited in vain");
        std::thread::yield_now();
    }
}

/// What a run of the loop has gathered.
#[derive(Default)]
pub struct Seen {
    pub events: Vec<Event>,
    pub faults: Vec<String>,
    pub reports: Vec<String>,
}

/// Runs the loop as `run` does until `done`: a panel is serviced when one of its descriptors is ready or
/// its time has come, and never else. The clock may be ahead: `skip` is added to it.
pub fn run_ahead(
    panel: &mut dyn Panel,
    peers: &mut [&mut Peer],
    skip: Duration,
    mut done: impl FnMut(&mut dyn Panel, &mut [&mut Peer], &Seen) -> bool,
) -> Seen {
    let mut seen = Seen::default();
    let deadline = now() + PATIENCE;
    loop {
        for peer in peers.iter_mut() {
            peer.read();
        }
        if done(panel, peers, &seen) {
            return seen;
        }
        let at = now();
        assert!(
            at < deadline,
            "waited in vain; events {:?}, faults {:?}, reports {:?}, peers saw {:?}",
            seen.events,
            seen.faults,
            seen.reports,
            peers.iter().map(|peer| &peer.seen).collect::<Vec<_>>()
        );
        let due = panel.poll_at().map(|due| due.since(at + skip));
        let wait = due
            .unwrap_or(Duration::from_millis(100))
            .min(Duration::from_millis(100));
        let mut fds = Vec::new();
        panel.poll_fds(&mut fds);
        let own = fds.len();
        fds.extend(
            peers
                .iter()
                .map(|peer| PollFd::new(peer.file.as_fd(), PollFlags::POLLIN)),
        );
        // Rounded up, so that the time has come when poll returns.
        let wait = PollTimeout::try_from(wait + Duration::from_millis(1)).unwrap();
        {
            let _own_wait = spared();
            poll(&mut fds, wait).unwrap();
        }
        let ready = fds[..own].iter().any(|fd| fd.any().unwrap_or(true));
        drop(fds);
        let at = now() + skip;
        if ready || panel.poll_at().is_some_and(|due| due <= at) {
            if let Err(fault) = panel.service(at, &mut seen.events) {
                seen.faults.push(fault.to_string());
            }
            seen.reports.extend(panel.reports());
        }
    }
}

/// [`run_ahead`] by the real clock.
pub fn run(
    panel: &mut dyn Panel,
    peers: &mut [&mut Peer],
    done: impl FnMut(&mut dyn Panel, &mut [&mut Peer], &Seen) -> bool,
) -> Seen {
    run_ahead(panel, peers, Duration::ZERO, done)
}

/// A new pseudo-terminal: its master, its slave held open, and the slave's path.
pub fn pty(columns: u16, rows: u16) -> (Peer, OwnedFd, PathBuf) {
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = openpty(Some(&size), None).unwrap();
    let path = ttyname(&pty.slave).unwrap();
    (Peer::new(pty.master), pty.slave, path)
}

/// A directory of this test's own, removed with the value.
pub struct Dir(pub PathBuf);

impl Dir {
    pub fn new() -> Dir {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "hw-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Dir(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn control(id: u16, name: &str, label: &str, key: Option<char>) -> ControlFace {
    ControlFace {
        id: ControlId(id),
        name: name.into(),
        label: label.into(),
        key,
        hold_key: None,
        turn_keys: None,
        layer: None,
        turns: false,
    }
}

pub fn output(id: u16, name: &str, label: &str) -> OutputFace {
    OutputFace {
        id: OutputId(id),
        name: name.into(),
        label: label.into(),
        layer: None,
    }
}

/// Seven controls, one of them a knob, and four lamps; two layers.
pub fn face() -> Face {
    let mut dial = control(3, "dial", "Ceiling", None);
    dial.turn_keys = Some(('-', '+'));
    dial.turns = true;
    let mut night = control(7, "desk", "Night light", Some('1'));
    night.layer = Some(LayerId(1));
    Face {
        id: PanelId(0),
        controls: vec![
            control(1, "desk", "Desk", Some('1')),
            control(2, "sofa", "Reading lamp at the sofa", Some('s')),
            dial,
            control(4, "door", "Garage 🚗", Some('g')),
            control(5, "fan", "Fan", Some('f')),
            control(6, "all", "All off", Some('0')),
            night,
        ],
        outputs: vec![
            output(1, "desk", "Desk"),
            output(2, "sofa", "Sofa"),
            output(3, "dial", "Ceiling"),
            output(4, "door", "Garage"),
            output(5, "fan", "Fan"),
            output(6, "window", "Window"),
        ],
        layers: vec!["day".into(), "night".into()],
        title: "Living room".into(),
    }
}
