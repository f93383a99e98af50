// SPDX-License-Identifier: MIT OR Apache-2.0
//! Panels in a process of their own: standard input and output, and the terminal's job control.
//!
//! The process is this very test binary: with `HW_CHILD` set, its test `child` runs a panel.

mod hw_support;

use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use homey_panel::hw::{Kind, Transport, open};
use hw_support::{Peer, face, now, pty, run};
use nix::libc;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::setsid;

nix::ioctl_write_int_bad!(tiocsctty, libc::TIOCSCTTY);

#[test]
fn child() {
    let kind = match std::env::var("HW_CHILD").as_deref() {
        Ok("stdio") => Kind::Line(Transport::Stdio),
        Ok("terminal") => Kind::Terminal,
        _ => return,
    };
    let mut panel = open("child", kind, face(), now()).unwrap();
    let seen = run(panel.as_mut(), &mut [], |panel, _, _| {
        panel.quit_requested()
    });
    drop(panel);
    let edges: Vec<_> = seen
        .events
        .iter()
        .map(|event| (event.control.0, event.edge))
        .collect();
    println!("events {edges:?}");
}

fn child_process(what: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child", "--nocapture"])
        .env("HW_CHILD", what);
    command
}

#[test]
fn stdio_over_pipes_ends_with_its_input() {
    let mut child = child_process("stdio")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut peer = Peer::new(OwnedFd::from(child.stdin.take().unwrap()));
    peer.send(b"{\"tap\":\"desk\"}\n{\"turn\":\"dial\",\"by\":4}");
    drop(peer);
    let mut out = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    assert!(child.wait().unwrap().success());
    assert!(
        out.contains("{\"panel\":\"homey-panel\"") && out.contains("\"window\""),
        "{out}"
    );
    assert!(out.contains("events [(1, Tap), (3, Turn(4))]"), "{out}");
}

#[test]
fn stdio_over_a_socket_that_others_may_share_works_without_its_flags() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let theirs = OwnedFd::from(theirs);
    let mut command = child_process("stdio");
    command
        .stdin(theirs.try_clone().unwrap())
        .stdout(theirs.try_clone().unwrap());
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut peer = Peer::new(OwnedFd::from(ours));
    peer.send(b"{\"hold\":\"fan\"}\n");
    peer.read_until(|seen| seen.contains("\"window\""));
    let flags = nix::fcntl::fcntl(&theirs, nix::fcntl::FcntlArg::F_GETFL).unwrap();
    assert_eq!(flags & libc::O_NONBLOCK, 0, "not ours to set");
    UnixStream::from(peer.file.try_clone().map(OwnedFd::from).unwrap())
        .shutdown(std::net::Shutdown::Write)
        .unwrap();
    assert!(child.wait().unwrap().success());
    peer.read_until(|seen| seen.contains("events [(5, Held)]"));
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_takes_it_again() {
    let (mut peer, slave, _) = pty(80, 24);
    let exe = std::env::current_exe().unwrap();
    // A shell with job control; the program is its foreground job.
    let script = "set -m; \"$0\" --exact child --nocapture; \
                  stty -a | tr ';' '\\n' | grep -qw -e '-icanon' || echo it is cooked; fg; echo it ended";
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", script])
        .arg(exe)
        .env("HW_CHILD", "terminal")
        .env("TERM", "xterm");
    let stdio = || Stdio::from(slave.try_clone().unwrap());
    command.stdin(stdio()).stdout(stdio()).stderr(stdio());
    // SAFETY: between fork and exec only setsid and ioctl are called, which are async-signal-safe.
    unsafe {
        command.pre_exec(|| {
            setsid()?;
            tiocsctty(0, 0)?;
            Ok(())
        });
    }
    let mut shell = command.spawn().unwrap();
    assert!(slave.as_raw_fd() > 2);
    let (enter, leave) = ("\u{1b}[?1049h", "\u{1b}[?1049l");
    peer.read_until(|seen| seen.contains("Living room"));
    peer.send(b"1\x1a");
    peer.read_until(|seen| seen.contains("it is cooked"));
    peer.read_until(|seen| seen.matches(enter).count() == 2);
    peer.read_until(|seen| {
        seen.rsplit(enter)
            .next()
            .is_some_and(|last| last.contains("Living room"))
    });
    peer.send(b"sq");
    peer.read_until(|seen| seen.contains("it ended"));
    assert!(
        peer.seen.contains("events [(1, Tap), (2, Tap)]"),
        "{}",
        peer.seen
    );
    assert_eq!(peer.seen.matches(leave).count(), 2);
    assert!(shell.wait().unwrap().success());
}

#[test]
fn a_program_starts_with_no_signal_blocked() {
    // As the loop does, for its signalfd.
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.thread_block().unwrap();
    let script = "grep SigBlk /proc/self/status >&2; cat >/dev/null";
    let argv = ["/bin/sh", "-c", script].map(String::from).into();
    let mut panel = open("wall", Kind::Line(Transport::Command(argv)), face(), now()).unwrap();
    let seen = run(panel.as_mut(), &mut [], |_, _, seen| {
        !seen.reports.is_empty()
    });
    assert_eq!(seen.reports, ["SigBlk: 0000000000000000"]);
}
