// SPDX-License-Identifier: MIT OR Apache-2.0
//! Panels in a process of their own (standard input and output, the terminal's job control), and panels
//! that are a process of their own.
//!
//! The process is this very test binary: with `HW_CHILD` set, its test `child` runs a panel.

mod hw_support;

use std::fs;
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use homey_panel::hw::{Kind, Panel, Transport, open};
use homey_panel::panel::Edge;
use homey_panel::panel::plan::ControlId;
use hw_support::{Dir, Peer, face, now, pty, run, run_ahead, until};
use nix::libc;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::{Pid, setsid};

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

fn shell(script: &str) -> Transport {
    Transport::Command(["/bin/sh", "-c", script].map(String::from).into())
}

fn wall(transport: Transport) -> Box<dyn Panel> {
    open("wall", Kind::Line(transport), face(), now()).unwrap()
}

#[test]
fn a_program_speaks_over_pipes_and_its_errors_are_reported() {
    let script = "echo hello there >&2; read greeting; echo '{\"tap\":\"desk\"}'; read x; exec cat";
    let mut panel = wall(shell(script));
    let seen = run(panel.as_mut(), &mut [], |_, _, seen| {
        !seen.events.is_empty() && !seen.reports.is_empty()
    });
    assert_eq!(
        (seen.events[0].control, seen.events[0].edge),
        (ControlId(1), Edge::Tap)
    );
    assert_eq!(seen.reports[0], "hello there");
    // `cat` echoes what we write, maybe by now: not answered, or this would never end.
    let is_echo = |line: &String| line.contains("our own line came back");
    let echoed = seen.reports.iter().any(is_echo);
    let seen = run(panel.as_mut(), &mut [], |_, _, seen| {
        echoed || seen.reports.iter().any(is_echo)
    });
    assert!(seen.faults.is_empty());
}

#[test]
fn a_program_that_ends_is_reaped_told_once_and_started_again() {
    let mut panel = wall(shell("echo '{\"tap\":\"fan\"}'; exit 3"));
    let mut skip = Duration::ZERO;
    let mut faults = Vec::new();
    let mut reports = Vec::new();
    for _ in 0..3 {
        let seen = run_ahead(panel.as_mut(), &mut [], skip, |_, _, seen| {
            !seen.events.is_empty() && seen.reports.iter().any(|line| line.contains("has ended"))
        });
        faults.extend(seen.faults);
        reports.extend(seen.reports);
        skip += Duration::from_secs(11);
    }
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(
        faults[0].contains("cannot read /bin/sh: unexpected end of file"),
        "{faults:?}"
    );
    assert!(reports[0].contains("exit status: 3"), "{reports:?}");
    assert!(reports[1].contains("is there again"), "{reports:?}");
}

#[test]
fn the_last_words_of_a_program_are_heard_though_it_has_ended() {
    // More than is read at one go, and a last line without an end, while nobody listens.
    let dir = Dir::new();
    let go = dir.path("go");
    let script = "echo $$ >&2; until [ -e GO ]; do sleep 0.01; done; \
                  i=0; while [ $i -lt 400 ]; do echo '{\"tap\":\"fan\"}'; i=$((i+1)); done; \
                  for i in 1 2 3 4 5; do printf '%01000d\\n' $i >&2; done; \
                  printf '{\"tap\":\"desk\"}'; printf 'the end' >&2";
    let mut panel = wall(shell(&script.replace("GO", &go.display().to_string())));
    let seen = run(panel.as_mut(), &mut [], |_, _, seen| {
        !seen.reports.is_empty()
    });
    let stat = format!("/proc/{}/stat", seen.reports[0].trim());
    fs::write(go, "").unwrap();
    until(|| fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") Z ")));
    let seen = run(panel.as_mut(), &mut [], |_, _, seen| {
        seen.reports.iter().any(|line| line.contains("has ended"))
    });
    let taps = |id| {
        seen.events
            .iter()
            .filter(|e| e.control == ControlId(id))
            .count()
    };
    assert_eq!((taps(5), taps(1)), (400, 1), "{:?}", seen.reports);
    assert!(
        seen.reports.iter().any(|line| line.contains("the end")),
        "{:?}",
        seen.reports
    );
}

#[test]
fn a_program_and_its_children_end_with_the_panel_and_leave_no_zombie() {
    // The shell waits for a child of its own and does not obey SIGTERM.
    let script =
        "trap '' TERM; sleep 1000 & echo \"$$ $!\" >&2; wait; wait; while :; do wait; done";
    let mut panel = wall(shell(script));
    let seen = run(panel.as_mut(), &mut [], |_, _, seen| {
        !seen.reports.is_empty()
    });
    let pids: Vec<i32> = seen.reports[0]
        .split_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect();
    assert_eq!(pids.len(), 2);
    drop(panel);
    assert!(
        kill(Pid::from_raw(pids[0]), None).is_err(),
        "the shell is reaped"
    );
    // Its child is killed too; who reaps it is its new parent's business.
    until(
        || match fs::read_to_string(format!("/proc/{}/stat", pids[1])) {
            Ok(stat) => stat.contains(") Z ") || stat.contains(") X "),
            Err(_) => true,
        },
    );
}
