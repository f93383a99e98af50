// SPDX-License-Identifier: MIT OR Apache-2.0
//! Questions on the terminal: a prompt on standard error, a line from standard input, secrets without an echo.

use std::io::{self, BufRead, Read, Write};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use crate::cli::table::harmless;
use crate::failure::Failure;

/// No line that is asked for is longer, in bytes.
const MAX_LINE: u64 = 16 * 1024;

/// Whether there is somebody to ask.
pub(super) fn is_there() -> bool {
    let (stdin, stderr) = (io::stdin(), io::stderr());
    nix::unistd::isatty(&stdin).unwrap_or(false) && nix::unistd::isatty(&stderr).unwrap_or(false)
}

/// One line of standard input, without its end.
pub(super) fn read_line(what: &str) -> Result<String, Failure> {
    let mut line = String::new();
    let read = io::stdin().lock().take(MAX_LINE).read_line(&mut line);
    match read {
        Ok(0) => Err(Failure::usage_plain(format!(
            "{what}: standard input ended before it came"
        ))),
        Ok(n) if n as u64 == MAX_LINE => Err(Failure::usage_plain(format!(
            "{what}: a line of {MAX_LINE} bytes on standard input is none"
        ))),
        Ok(_) => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        Err(e) => Err(Failure::usage_plain(format!(
            "{what}: reading standard input: {e}"
        ))),
    }
}

fn prompt(text: &str) {
    let mut err = io::stderr();
    // Whoever cannot see the question will not answer it.
    let _ = err.write_all(harmless(text).as_bytes());
    let _ = err.flush();
}

/// Asks for a line.
pub(super) fn ask(question: &str) -> Result<String, Failure> {
    prompt(&format!("{question}: "));
    read_line(question).map(|line| line.trim().to_owned())
}

/// Asks for a line that is not shown. The echo comes back on every way out, also by a signal that ends the program.
pub(super) fn ask_hidden(question: &str) -> Result<String, Failure> {
    let failed = |e: nix::Error| Failure::usage_plain(format!("{question}: the terminal: {e}"));
    let stdin = io::stdin();
    let fd = stdin.as_fd();
    let before = tcgetattr(fd).map_err(failed)?;
    let mut quiet = before.clone();
    quiet.local_flags.remove(LocalFlags::ECHO);
    quiet
        .local_flags
        .insert(LocalFlags::ECHONL | LocalFlags::ICANON);
    let mut ending = SigSet::empty();
    for signal in [
        Signal::SIGINT,
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGQUIT,
        Signal::SIGTSTP,
    ] {
        ending.add(signal);
    }
    ending.thread_block().map_err(failed)?;
    let line = (|| {
        let signals = SignalFd::with_flags(&ending, SfdFlags::SFD_CLOEXEC).map_err(failed)?;
        tcsetattr(fd, SetArg::TCSAFLUSH, &quiet).map_err(failed)?;
        prompt(&format!("{question} (not shown): "));
        let mut fds = [
            PollFd::new(fd, PollFlags::POLLIN),
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
        ];
        loop {
            match poll(&mut fds, PollTimeout::NONE) {
                Ok(_) => break,
                Err(nix::Error::EINTR) => {}
                Err(e) => return Err(failed(e)),
            }
        }
        match fds[1].any() {
            Some(true) => Err(Failure::usage_plain(format!("{question}: given up"))),
            _ => read_line(question),
        }
    })();
    let _ = tcsetattr(fd, SetArg::TCSADRAIN, &before);
    // A signal that came meanwhile ends the program here.
    let _ = ending.thread_unblock();
    line
}
