// SPDX-License-Identifier: MIT OR Apache-2.0
//! The guided login, on a terminal of its own: questions, and secrets that are not shown.

use std::fs::File;
use std::io::{Read, Write};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use homey_rig::SOON;
use homey_rig::beds::done;
use nix::fcntl::{Flock, FlockArg};
use nix::pty::openpty;
use nix::sys::signal::Signal;
use nix::sys::termios::{LocalFlags, tcgetattr};
use serde_json::json;

use crate::bed::Bed;

/// A terminal with somebody before it.
struct Terminal {
    master: File,
    slave: File,
    shown: String,
    more: Receiver<Vec<u8>>,
}

impl Terminal {
    fn new() -> Terminal {
        let pair = openpty(None, None).unwrap();
        let master = File::from(pair.master);
        let mut reader = master.try_clone().unwrap();
        let (send, more) = channel();
        thread::spawn(move || {
            let mut chunk = [0; 1024];
            while let Ok(n @ 1..) = reader.read(&mut chunk) {
                if send.send(chunk[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        Terminal {
            master,
            slave: File::from(pair.slave),
            shown: String::new(),
            more,
        }
    }

    fn end(&self) -> Stdio {
        Stdio::from(self.slave.try_clone().unwrap())
    }

    /// Waits for a question.
    #[track_caller]
    fn see(&mut self, words: &str) {
        while !self.shown.contains(words) {
            let more = self.more.recv_timeout(SOON);
            let more = more.unwrap_or_else(|_| panic!("{words:?} does not come: {:?}", self.shown));
            self.shown.push_str(&String::from_utf8_lossy(&more));
        }
        let at = self.shown.find(words).unwrap() + words.len();
        self.shown.drain(..at);
    }

    fn say(&mut self, line: &str) {
        writeln!(self.master, "{line}").unwrap();
    }

    fn echoes(&self) -> bool {
        let settings = tcgetattr(&self.slave).unwrap();
        settings.local_flags.contains(LocalFlags::ECHO)
    }
}

#[test]
fn somebody_is_asked_for_what_is_not_given_and_secrets_are_not_shown() {
    let bed = Bed::new();
    let other = done(bed.sim.beside(&["--devices", "12", "--seed", "7"]));
    done(bed.sim.add_hub(&other));
    bed.options(json!({"otp": "123456"}));
    let mut terminal = Terminal::new();
    let mut command = bed.command(&["login"]);
    let mut child = command
        .stdin(terminal.end())
        .stderr(terminal.end())
        .spawn()
        .unwrap();
    terminal.see("1 e-mail and password");
    terminal.see("log in with (1 to 5): ");
    assert!(terminal.echoes());
    terminal.say("1");
    terminal.see("e-mail: ");
    terminal.say(bed.sim.word("email"));
    terminal.see("password (not shown): ");
    assert!(!terminal.echoes());
    terminal.say(bed.sim.word("password"));
    terminal.see("code of the second factor (not shown): ");
    terminal.say("123 456");
    terminal.see("the account has several hubs:");
    terminal.see("answers at");
    terminal.see("which (number, name or id): ");
    assert!(terminal.echoes());
    // Somebody who thinks about it keeps no panel from renewing.
    let lock = File::open(bed.file("session.lock")).unwrap();
    let free = Flock::lock(lock, FlockArg::LockExclusiveNonblock);
    drop(free.map_err(|(_, e)| e).expect("the lock is free"));
    terminal.say("1");
    let status = child.wait().unwrap();
    assert!(status.success(), "{status}");
    while let Ok(more) = terminal.more.try_recv() {
        terminal.shown.push_str(&String::from_utf8_lossy(&more));
    }
    for secret in [bed.sim.word("password"), "123 456"] {
        assert!(!terminal.shown.contains(secret), "{}", terminal.shown);
    }
    assert_eq!(bed.session().1["hub"], bed.sim.word("hub_id"));
    bed.run(&["devices"]).good();
}

#[test]
fn the_echo_comes_back_when_somebody_gives_up() {
    let bed = Bed::new();
    let mut terminal = Terminal::new();
    let mut command = bed.command(&["login", "--local", "--user", "x"]);
    let mut child = command
        .stdin(terminal.end())
        .stderr(terminal.end())
        .spawn()
        .unwrap();
    terminal.see("password (not shown): ");
    assert!(!terminal.echoes());
    done(homey_rig::Process::new(child.id()).signal(Signal::SIGINT));
    let status = child.wait().unwrap();
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&status),
        Some(2),
        "{status}"
    );
    assert!(terminal.echoes());
    assert_eq!(bed.names(), [""; 0]);
}
