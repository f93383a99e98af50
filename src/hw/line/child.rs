// SPDX-License-Identifier: MIT OR Apache-2.0
//! A program of the user's as a panel: started over pipes in a process group of its own, ended with us,
//! reaped always.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, killpg, sigprocmask};
use nix::unistd::Pid;

use super::reader::LineReader;
use super::wire::{Outlet, Wire, shrink};
use crate::hw::io::{self as edge, Got};
use crate::hw::report::Reports;
use crate::hw::text::clean;
use crate::time::Time;

/// A program that runs, or that has been asked to end.
pub(super) struct Program {
    child: Child,
    errors: Option<OwnedFd>,
    lines: LineReader,
    /// When it is killed, after it was asked to end.
    kill_at: Option<Time>,
    /// When to look whether it has ended, though its pipes are still open: a child of it may hold them.
    look_at: Time,
    reaped: bool,
}

/// Between being asked to end and being killed.
const GRACE: Duration = Duration::from_secs(1);
/// The same while we end ourselves.
const LAST_GRACE: Duration = Duration::from_millis(40);
const LOOK: Duration = Duration::from_secs(5);

impl Program {
    /// Starts it.
    pub(super) fn start(argv: &[String], now: Time) -> io::Result<(Wire, Program)> {
        let (program, arguments) = argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        // SAFETY: between fork and exec only async-signal-safe calls are made: sigprocmask and prctl.
        unsafe {
            command.pre_exec(|| {
                // The loop blocks the signals that it takes by signalfd; exec would hand that on, and the
                // program could not be asked to end.
                sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
                // Even when we are killed it does not stay behind.
                prctl::set_pdeathsig(Signal::SIGTERM)?;
                Ok(())
            });
        }
        let mut child = command.spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let errors = pipes.2.map(OwnedFd::from);
        let program = Program {
            child,
            errors,
            lines: LineReader::default(),
            kill_at: None,
            look_at: now + LOOK,
            reaped: false,
        };
        let (Some(stdin), Some(stdout)) = (pipes.0, pipes.1) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let (stdin, stdout) = (OwnedFd::from(stdin), OwnedFd::from(stdout));
        shrink(&stdin);
        for fd in [&stdin, &stdout].into_iter().chain(&program.errors) {
            edge::set_nonblocking(fd)?;
        }
        Ok((Wire::new(stdout, Outlet::Own(stdin)), program))
    }

    /// Asks it to end.
    pub(super) fn stop(&mut self, now: Time) {
        if self.kill_at.is_none() {
            self.signal(Signal::SIGTERM);
            self.kill_at = Some(now + GRACE);
        }
    }

    /// Passes on what it says on its standard error; answers its exit status once it has ended.
    pub(super) fn service(
        &mut self,
        now: Time,
        reports: &mut Reports,
    ) -> io::Result<Option<ExitStatus>> {
        self.read_errors(now, reports);
        self.look_at = now + LOOK;
        if self.kill_at.is_some_and(|at| at <= now) {
            self.signal(Signal::SIGKILL);
            self.kill_at = Some(now + GRACE);
        }
        let status = self.child.try_wait()?;
        if status.is_some() {
            for _ in 0..edge::LAST_READS {
                let errors = self.errors.as_ref();
                if errors.is_none_or(|fd| edge::ready(fd.as_fd(), PollFlags::POLLIN).is_empty()) {
                    break;
                }
                self.read_errors(now, reports);
            }
            // What it started and left behind, in its process group.
            self.signal(Signal::SIGTERM);
            self.reaped = true;
        }
        Ok(status)
    }

    /// When it wants to be looked at though nothing was read.
    pub(super) fn poll_at(&self) -> Time {
        // An asked program's end is noticed by its pipes' end or, in small steps, by time.
        self.kill_at.map_or(self.look_at, |at| at.min(self.look_at))
    }

    /// The descriptor of its standard error.
    pub(super) fn poll_fds<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        fds.extend(
            self.errors
                .iter()
                .map(|fd| PollFd::new(fd.as_fd(), PollFlags::POLLIN)),
        );
    }

    fn read_errors(&mut self, now: Time, reports: &mut Reports) {
        let Some(fd) = &self.errors else { return };
        let mut buf = [0; 4096];
        let say = |line: &[u8], _| reports.chatter(clean(&String::from_utf8_lossy(line), 200), now);
        match edge::read(fd.as_fd(), &mut buf) {
            Ok(Got::Bytes(len)) => self.lines.feed(&buf[..len], say),
            Ok(Got::Nothing) => {}
            Ok(Got::End) | Err(_) => {
                self.lines.finish(say);
                self.errors = None;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        if let (false, Ok(pid)) = (self.reaped, i32::try_from(self.child.id())) {
            // Gone already is as good.
            let _ = killpg(Pid::from_raw(pid), signal);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        self.signal(Signal::SIGTERM);
        let steps = 8;
        for _ in 0..steps {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(LAST_GRACE / steps);
        }
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }
}
