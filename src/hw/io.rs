// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads and writes that never block, what waits to be written, and when to try again.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd;

use crate::time::Time;

/// What one read gave.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Got {
    /// So many bytes.
    Bytes(usize),
    /// Nothing at present.
    Nothing,
    /// The other side has closed or hung up.
    End,
}

/// Reads that empty the pipe of a program that has ended: 64 KiB (pipe(7)) by 4 KiB, and as many again for reads that give
/// less. A pipe that somebody else goes on filling is left after them.
pub(super) const LAST_READS: usize = 32;

/// Reads once from a non-blocking descriptor.
pub(super) fn read(fd: BorrowedFd<'_>, buf: &mut [u8]) -> io::Result<Got> {
    loop {
        return match unistd::read(fd, buf) {
            Ok(0) => Ok(Got::End),
            Ok(len) => Ok(Got::Bytes(len)),
            Err(Errno::EINTR) => continue,
            Err(Errno::EAGAIN) => Ok(Got::Nothing),
            Err(errno) => Err(errno.into()),
        };
    }
}

/// Writes once to a non-blocking descriptor; 0 means not now.
pub(super) fn write(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    loop {
        return match unistd::write(fd, bytes) {
            Ok(len) => Ok(len),
            Err(Errno::EINTR) => continue,
            Err(Errno::EAGAIN) => Ok(0),
            Err(errno) => Err(errno.into()),
        };
    }
}

/// What of `flags`, or of error and hang-up, is true of `fd` just now.
pub(super) fn ready(fd: BorrowedFd<'_>, flags: PollFlags) -> PollFlags {
    let mut fds = [PollFd::new(fd, flags)];
    match poll(&mut fds, PollTimeout::ZERO) {
        Ok(1..) => fds[0].revents().unwrap_or(PollFlags::empty()),
        _ => PollFlags::empty(),
    }
}

/// Sets O_NONBLOCK. Of use only on a descriptor whose open file description is ours alone.
pub(super) fn set_nonblocking(fd: &OwnedFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(fd, FcntlArg::F_GETFL)?);
    fcntl(fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

/// Bytes on their way out, resumed where the last write stopped.
#[derive(Default)]
pub(super) struct Outgoing {
    buf: Vec<u8>,
    sent: usize,
}

impl Outgoing {
    /// How many bytes wait.
    pub(super) fn len(&self) -> usize {
        self.buf.len() - self.sent
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends; the caller keeps the bound.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.sent > 0 {
            self.buf.drain(..self.sent);
            self.sent = 0;
        }
        self.buf.extend_from_slice(bytes);
    }

    /// Forgets what waits.
    pub(super) fn clear(&mut self) {
        self.buf.clear();
        self.sent = 0;
    }

    /// Writes through `put` until all is out or `put` takes no more.
    pub(super) fn flush(
        &mut self,
        mut put: impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<()> {
        while !self.is_empty() {
            let len = put(&self.buf[self.sent..])?;
            if len == 0 {
                return Ok(());
            }
            self.sent += len;
        }
        self.clear();
        Ok(())
    }
}

/// When to try a lost device again: after 1, 2, 4, 8, 10, 10 ... s.
pub(super) struct Backoff {
    delay: Duration,
    retry_at: Option<Time>,
    opened: Option<Time>,
}

const FIRST: Duration = Duration::from_secs(1);
const LAST: Duration = Duration::from_secs(10);

impl Backoff {
    /// Due at once.
    pub(super) fn new() -> Backoff {
        Backoff {
            delay: FIRST,
            retry_at: None,
            opened: None,
        }
    }

    /// The device is there. Only one that stays for 10 s resets the delay: a program that ends at once
    /// is not to be started every second.
    pub(super) fn opened(&mut self, now: Time) {
        self.opened = Some(now);
        self.retry_at = None;
    }

    /// The device is away. Answers whether it had stayed, so that this is news.
    pub(super) fn failed(&mut self, now: Time) -> bool {
        let stayed = self
            .opened
            .take()
            .is_some_and(|opened| now.since(opened) >= LAST);
        if stayed {
            self.delay = FIRST;
        }
        self.retry_at = Some(now + self.delay);
        self.delay = (self.delay * 2).min(LAST);
        stayed
    }

    /// Whether a try is due.
    pub(super) fn due(&self, now: Time) -> bool {
        self.retry_at.is_none_or(|at| at <= now)
    }

    /// When the next try is due: [`Time::ZERO`] for at once.
    pub(super) fn at(&self) -> Time {
        self.retry_at.unwrap_or(Time::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_writes_resume_where_they_stopped() {
        let mut out = Outgoing::default();
        let mut wire = Vec::new();
        out.push(b"hello ");
        let mut room = 4;
        let mut put = |bytes: &[u8]| {
            let len = bytes.len().min(room);
            room -= len;
            wire.extend_from_slice(&bytes[..len]);
            Ok(len)
        };
        out.flush(&mut put).unwrap();
        assert_eq!(out.len(), 2);
        out.push(b"world");
        out.flush(|bytes| {
            wire.extend_from_slice(&bytes[..1]);
            Ok(1)
        })
        .unwrap();
        assert_eq!(wire, b"hello world");
        assert!(out.is_empty());
    }

    #[test]
    fn tries_come_one_to_ten_seconds_apart() {
        let mut backoff = Backoff::new();
        let now = Time::from_millis(5000);
        assert!(backoff.due(now));
        for seconds in [1, 2, 4, 8, 10, 10] {
            assert!(!backoff.failed(now));
            assert_eq!(backoff.at(), now + Duration::from_secs(seconds));
        }
        assert!(!backoff.due(now) && backoff.due(now + LAST));
        backoff.opened(now);
        assert!(!backoff.failed(now + FIRST), "it did not stay");
        assert_eq!(backoff.at(), now + FIRST + LAST);
        backoff.opened(now);
        assert!(backoff.failed(now + LAST));
        assert_eq!(backoff.at(), now + LAST + FIRST);
    }
}
