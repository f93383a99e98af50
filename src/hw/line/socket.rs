// SPDX-License-Identifier: MIT OR Apache-2.0
//! A UNIX socket that panels connect to (unix(7)).

use std::fs::{self, Permissions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, connect, listen, setsockopt,
    socket, sockopt,
};

use super::wire::{Outlet, Wire};
use crate::time::Time;

/// The most clients at a time.
pub(super) const MAX_CLIENTS: usize = 4;

/// What stands in the way of a socket.
pub(super) enum Blocked {
    /// The path is something else.
    NotASocket,
    /// Somebody answers there.
    InUse,
    /// The system refuses.
    System(io::Error),
}

impl From<io::Error> for Blocked {
    fn from(error: io::Error) -> Blocked {
        Blocked::System(error)
    }
}

impl From<Errno> for Blocked {
    fn from(errno: Errno) -> Blocked {
        Blocked::System(errno.into())
    }
}

/// A bound socket; its file goes with it.
pub(super) struct Listener {
    listener: UnixListener,
    path: PathBuf,
    file: (u64, u64),
    /// Accepting failed for want of descriptors or memory: not again before.
    pause: Option<Time>,
}

impl Listener {
    /// Binds `path`, for the owner and the group (0660). A socket that nobody answers on any more, left by
    /// a power cut, is replaced; anything else is left alone.
    pub(super) fn bind(path: &Path) -> Result<Listener, Blocked> {
        clear(path)?;
        let fd = stream_socket()?;
        bind(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
        // Nobody can connect before listen, so the permissions are in time.
        fs::set_permissions(path, Permissions::from_mode(0o660))?;
        let file = fs::symlink_metadata(path)?;
        listen(&fd, Backlog::new(MAX_CLIENTS as i32)?)?;
        let listener = UnixListener::from(fd);
        Ok(Listener {
            listener,
            path: path.to_owned(),
            file: (file.dev(), file.ino()),
            pause: None,
        })
    }

    /// The next client that waits.
    pub(super) fn accept(&mut self, now: Time) -> io::Result<Option<Wire>> {
        if self.pause.is_some_and(|until| now < until) {
            return Ok(None);
        }
        self.pause = None;
        loop {
            let fd = match self.listener.accept() {
                Ok((stream, _)) => OwnedFd::from(stream),
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted => continue,
                    io::ErrorKind::WouldBlock => return Ok(None),
                    _ => {
                        self.pause = Some(now + Duration::from_secs(1));
                        return Err(error);
                    }
                },
            };
            crate::hw::io::set_nonblocking(&fd)?;
            // What lies in a small buffer is not old. Only a wish.
            let _ = setsockopt(&fd, sockopt::SndBuf, &4096);
            return Ok(Some(Wire::new(fd, Outlet::Same)));
        }
    }

    /// Where it is bound.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// When it accepts again.
    pub(super) fn poll_at(&self) -> Option<Time> {
        self.pause
    }

    /// The listening descriptor, unless it pauses.
    pub(super) fn poll_fds<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        if self.pause.is_none() {
            fds.push(PollFd::new(self.listener.as_fd(), PollFlags::POLLIN));
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|file| (file.dev(), file.ino()) == self.file);
        if ours {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn stream_socket() -> nix::Result<OwnedFd> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    socket(AddressFamily::Unix, SockType::Stream, flags, None)
}

/// Removes a socket that nobody listens on.
fn clear(path: &Path) -> Result<(), Blocked> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
        Ok(file) if !file.file_type().is_socket() => return Err(Blocked::NotASocket),
        Ok(_) => {}
    }
    let probe = stream_socket()?;
    match connect(probe.as_raw_fd(), &UnixAddr::new(path)?) {
        Err(Errno::ECONNREFUSED) => Ok(fs::remove_file(path)?),
        // EAGAIN: its queue is full, so it has an owner.
        Ok(()) | Err(Errno::EAGAIN) => Err(Blocked::InUse),
        Err(errno) => Err(errno.into()),
    }
}
