// SPDX-License-Identifier: MIT OR Apache-2.0
//! One open byte channel to a device: an input, perhaps an output, neither of which ever blocks.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use nix::poll::{PollFd, PollFlags};

use crate::hw::io::{self as edge, Got};

/// Where output goes.
pub(super) enum Outlet {
    /// Out by the input's descriptor.
    Same,
    /// Out by its own.
    Own(OwnedFd),
    /// There is none, or nobody reads it now.
    Absent,
}

/// A channel's descriptors.
pub(super) struct Wire {
    pub(super) input: OwnedFd,
    pub(super) outlet: Outlet,
    /// The open file description may be shared with other programs, so O_NONBLOCK is not ours to set: ask
    /// before each call, and write little.
    guarded: bool,
}

/// What a pipe takes at once after POLLOUT is at least PIPE_BUF (pipe(7)); terminals and sockets take this.
const LITTLE: usize = 512;

impl Wire {
    /// Over descriptors that are non-blocking already.
    pub(super) fn new(input: OwnedFd, outlet: Outlet) -> Wire {
        Wire {
            input,
            outlet,
            guarded: false,
        }
    }

    /// Our standard input and output.
    pub(super) fn stdio() -> io::Result<Wire> {
        let own = (reopen(0, libc::O_RDONLY), reopen(1, libc::O_WRONLY));
        if let (Some(input), Some(output)) = own {
            return Ok(Wire::new(input, Outlet::Own(output)));
        }
        let input = io::stdin().as_fd().try_clone_to_owned()?;
        let output = io::stdout().as_fd().try_clone_to_owned()?;
        Ok(Wire {
            input,
            outlet: Outlet::Own(output),
            guarded: true,
        })
    }

    /// A FIFO's reading end. Open for writing too, so that it does not end when a writer leaves.
    pub(super) fn fifo(path: &Path) -> io::Result<Wire> {
        let input = open(path, OpenOptions::new().read(true).write(true))?;
        Ok(Wire::new(input, Outlet::Absent))
    }

    /// Opens a FIFO's writing end, if somebody reads it by now.
    ///
    /// Without a reader nothing is written: a pipe would keep old states for whoever comes tomorrow.
    pub(super) fn open_outlet(&mut self, path: &Path) -> io::Result<bool> {
        match open(path, OpenOptions::new().write(true)) {
            Ok(fd) => {
                shrink(&fd);
                self.outlet = Outlet::Own(fd);
                Ok(true)
            }
            Err(error) if error.raw_os_error() == Some(Errno::ENXIO as i32) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The descriptor that output goes to.
    pub(super) fn output(&self) -> Option<BorrowedFd<'_>> {
        match &self.outlet {
            Outlet::Same => Some(self.input.as_fd()),
            Outlet::Own(fd) => Some(fd.as_fd()),
            Outlet::Absent => None,
        }
    }

    /// Whether the outlet is a pipe whose readers have all gone.
    pub(super) fn unread(&self) -> bool {
        matches!(&self.outlet, Outlet::Own(fd) if edge::ready(fd.as_fd(), PollFlags::empty()).contains(PollFlags::POLLERR))
    }

    /// Whether there is something to read, or the end.
    pub(super) fn has_input(&self) -> bool {
        !edge::ready(self.input.as_fd(), PollFlags::POLLIN).is_empty()
    }

    /// Reads once.
    pub(super) fn read(&self, buf: &mut [u8]) -> io::Result<Got> {
        if self.guarded && !self.has_input() {
            return Ok(Got::Nothing);
        }
        edge::read(self.input.as_fd(), buf)
    }

    /// Writes once; 0 means not now.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let Some(fd) = self.output() else {
            return Ok(0);
        };
        if !self.guarded {
            return edge::write(fd, bytes);
        }
        if edge::ready(fd, PollFlags::POLLOUT).is_empty() {
            return Ok(0);
        }
        edge::write(fd, &bytes[..bytes.len().min(LITTLE)])
    }

    /// Appends the descriptors to wait for. With `watch` an idle outlet is waited for too, for its errors.
    pub(super) fn poll_fds<'a>(&'a self, pending: bool, watch: bool, fds: &mut Vec<PollFd<'a>>) {
        let out = if pending {
            PollFlags::POLLOUT
        } else {
            PollFlags::empty()
        };
        match &self.outlet {
            Outlet::Same => fds.push(PollFd::new(self.input.as_fd(), PollFlags::POLLIN | out)),
            Outlet::Own(fd) => {
                fds.push(PollFd::new(self.input.as_fd(), PollFlags::POLLIN));
                if pending || watch {
                    fds.push(PollFd::new(fd.as_fd(), out));
                }
            }
            Outlet::Absent => fds.push(PollFd::new(self.input.as_fd(), PollFlags::POLLIN)),
        }
    }
}

/// Opens without blocking, without becoming our controlling terminal; closed on exec.
pub(super) fn open(path: &Path, how: &mut OpenOptions) -> io::Result<OwnedFd> {
    let file: File = how
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)?;
    Ok(file.into())
}

/// Makes a pipe's buffer as small as it gets, so that what lies in it is not old. Only a wish.
pub(super) fn shrink(fd: &OwnedFd) {
    let _ = fcntl(fd, FcntlArg::F_SETPIPE_SZ(4096));
}

/// Opens descriptor `number` anew, with flags of its own. Only pipes and terminals: a file would begin at
/// its start again, a socket cannot be opened.
fn reopen(number: u8, access: i32) -> Option<OwnedFd> {
    let path = format!("/proc/self/fd/{number}");
    let kind = fs::metadata(&path).ok()?.file_type();
    if !kind.is_fifo() && !kind.is_char_device() {
        return None;
    }
    let mut how = OpenOptions::new();
    how.read(access == libc::O_RDONLY)
        .write(access == libc::O_WRONLY);
    open(Path::new(&path), &mut how).ok()
}
