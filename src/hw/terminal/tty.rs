// SPDX-License-Identifier: MIT OR Apache-2.0
//! The terminal device: found, made raw, and given back as it was on every way out (termios(3)).
//!
//! Every terminal that is raw stands in one list, with its settings from before. Dropping the [`Tty`]
//! gives it back; so does the panic hook, which is all that runs where panics abort; and whoever ends the
//! process by `exit` calls [`restore_terminals`]. Only SIGKILL leaves a raw terminal behind (`reset` cures).

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, TryLockError};

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, raise};
use nix::sys::stat::fstat;
use nix::sys::termios::{
    FlushArg, SetArg, SpecialCharacterIndices, Termios, cfmakeraw, tcflush, tcgetattr, tcsetattr,
};
use nix::unistd;

use crate::hw::io as edge;

nix::ioctl_read_bad!(tiocgwinsz, libc::TIOCGWINSZ, libc::winsize);

/// Alternate screen, cursor away, no wrapping, pastes marked, clear.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h\x1b[0m\x1b[H\x1b[2J";
/// All that back. CAN first, for a sequence that was cut off; cleared, for consoles without a second screen.
const LEAVE: &str = "\x18\x1b[0m\x1b[H\x1b[2J\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l";

/// Columns and rows of the terminal behind `fd`; `None` where it is no terminal or does not know, as on a serial line.
fn window(fd: BorrowedFd<'_>) -> Option<(usize, usize)> {
    let mut size = libc::winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: TIOCGWINSZ fills in the winsize that it is given, which outlives the call.
    let known = unsafe { tiocgwinsz(fd.as_raw_fd(), &mut size) }.is_ok();
    let is_known = known && size.ws_col > 0 && size.ws_row > 0;
    is_known.then(|| (usize::from(size.ws_col), usize::from(size.ws_row)))
}

/// How many columns a line written to `fd` may take; `None` where it may be of any length: a file, a pipe.
pub fn columns(fd: BorrowedFd<'_>) -> Option<usize> {
    window(fd).map(|(columns, _)| columns)
}

/// A terminal in raw mode.
pub(super) struct Tty {
    fd: OwnedFd,
    device: libc::dev_t,
    escapes: bool,
}

/// Why there is no terminal to be had.
pub(super) enum NoTty {
    NotATerminal,
    Background,
    Taken,
    System(io::Error),
}

impl From<io::Error> for NoTty {
    fn from(error: io::Error) -> NoTty {
        NoTty::System(error)
    }
}

impl From<nix::Error> for NoTty {
    fn from(errno: nix::Error) -> NoTty {
        NoTty::System(errno.into())
    }
}

struct Saved {
    fd: OwnedFd,
    termios: libc::termios,
    device: libc::dev_t,
    escapes: bool,
}

static RAW: Mutex<Vec<Saved>> = Mutex::new(Vec::new());
static HOOK: Once = Once::new();

/// Gives every terminal back as it was. For ways out that drop nothing; harmless at any time.
pub fn restore_terminals() {
    // A panic while the list was held: what it holds is whole, since it changes in single steps.
    let mut raw = match RAW.try_lock() {
        Ok(raw) => raw,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return,
    };
    raw.drain(..).for_each(give_back);
}

/// The path of our controlling terminal, else of the one on our standard input and output.
pub(super) fn find() -> Option<PathBuf> {
    let controlling = Path::new("/dev/tty");
    if open(controlling).is_ok() {
        return Some(controlling.to_owned());
    }
    let (input, output) = (io::stdin(), io::stdout());
    let both = unistd::isatty(&input).unwrap_or(false) && unistd::isatty(&output).unwrap_or(false);
    if both {
        unistd::ttyname(input).ok()
    } else {
        None
    }
}

impl Tty {
    /// Takes the terminal `path`.
    pub(super) fn take(path: &Path, escapes: bool) -> Result<Tty, NoTty> {
        // Opened anew, so that O_NONBLOCK is ours alone and not our shell's too.
        let fd = open(path)?;
        if !unistd::isatty(&fd).unwrap_or(false) {
            return Err(NoTty::NotATerminal);
        }
        if !in_foreground(&fd) {
            return Err(NoTty::Background);
        }
        let device = fstat(&fd)?.st_rdev;
        if raw().iter().any(|saved| saved.device == device) {
            return Err(NoTty::Taken);
        }
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                restore_terminals();
                before(info);
            }));
        });
        // From here on a drop gives the terminal back.
        let tty = Tty {
            fd,
            device,
            escapes,
        };
        tty.enter()?;
        Ok(tty)
    }

    /// What to send first, after [`take`](Tty::take) and after a stop.
    pub(super) fn opening(&self) -> &'static str {
        if self.escapes { ENTER } else { "" }
    }

    /// Columns and rows; 80 by 24 where the terminal does not know, as on a serial line.
    pub(super) fn size(&self) -> (usize, usize) {
        let (columns, rows) = window(self.fd.as_fd()).unwrap_or((80, 24));
        (columns.min(300), rows.min(120))
    }

    /// The shell's Ctrl-Z: gives the terminal back, stops, and takes it again when continued. Answers
    /// false where no shell would ever continue us.
    pub(super) fn stop(&self) -> bool {
        // A session's leader, or in the leader's own group, has no job control above it.
        if unistd::getsid(None).is_ok_and(|session| session == unistd::getpgrp()) {
            return false;
        }
        self.leave();
        let _ = raise(Signal::SIGSTOP);
        let _ = self.enter();
        true
    }

    /// Makes it raw once more: somebody may have changed it while we were stopped.
    pub(super) fn again(&self) {
        if in_foreground(&self.fd) {
            let _ = self.set_raw();
        }
    }

    /// Saves the settings and makes it raw.
    fn enter(&self) -> io::Result<()> {
        let termios = self.set_raw()?;
        let (device, escapes) = (self.device, self.escapes);
        raw().push(Saved {
            fd: self.fd.try_clone()?,
            termios: termios.into(),
            device,
            escapes,
        });
        Ok(())
    }

    fn leave(&self) {
        let mut raw = raw();
        if let Some(at) = raw.iter().position(|saved| saved.device == self.device) {
            give_back(raw.swap_remove(at));
        }
    }

    /// Answers the settings from before. Signals are keys to us, or Ctrl-C could leave the terminal raw.
    fn set_raw(&self) -> nix::Result<Termios> {
        let before = tcgetattr(&self.fd)?;
        let mut termios = before.clone();
        cfmakeraw(&mut termios);
        termios.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
        termios.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        tcsetattr(&self.fd, SetArg::TCSANOW, &termios)?;
        Ok(before)
    }
}

impl AsFd for Tty {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        self.leave();
    }
}

fn open(path: &Path) -> io::Result<OwnedFd> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    Ok(OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(flags)
        .open(path)?
        .into())
}

/// From the background tcsetattr would stop us (SIGTTOU). A terminal that is not our session's does not.
fn in_foreground(fd: &OwnedFd) -> bool {
    unistd::tcgetpgrp(fd).map_or(true, |group| group == unistd::getpgrp())
}

fn raw() -> MutexGuard<'static, Vec<Saved>> {
    RAW.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn give_back(saved: Saved) {
    let mut rest = if saved.escapes { LEAVE.as_bytes() } else { b"" };
    // A terminal that takes nothing for this long (a dead link) goes without.
    for _ in 0..4 {
        let mut fds = [PollFd::new(saved.fd.as_fd(), PollFlags::POLLOUT)];
        if rest.is_empty() || poll(&mut fds, PollTimeout::from(25u8)) == Ok(0) {
            continue;
        }
        match edge::write(saved.fd.as_fd(), rest) {
            Ok(len) => rest = &rest[len..],
            Err(_) => break,
        }
    }
    // Keys that we have not read are not for the shell.
    let _ = tcflush(&saved.fd, FlushArg::TCIFLUSH);
    let _ = tcsetattr(&saved.fd, SetArg::TCSANOW, &Termios::from(saved.termios));
}
