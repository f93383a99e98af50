// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the wrapped program's connections wait for, and what becomes of them while the network is away.
//!
//! Only connected Internet sockets count, from connect(2) to close(2), each by its number. Knows what was sent and
//! received, not what it means: encrypted bytes say nothing of a reply's end.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::SeqCst};

use libc::{c_int, sockaddr, socklen_t};

use crate::clock;
use crate::layout::{NEVER, NO_HOST, NO_NETWORK, SILENT, UP};
use crate::real;

const MOST: usize = 1024;

/// Not one of these sockets.
const NONE: u8 = 0;
/// Nothing is expected of the other side.
const IDLE: u8 = 1;
/// Something was sent, or a connection begun, and nothing has come since.
const ASKED: u8 = 2;
/// Something has come; there may be more.
const ANSWERED: u8 = 3;

/// What is sent while the network is away is acknowledged by nobody: TCP_USER_TIMEOUT, as the program sets it (N16).
const USER_TIMEOUT: u64 = 5_000_000_000;

struct Socket {
    state: AtomicU8,
    /// When the kernel gives the connection up, since what was sent on it got lost; 0: it is well.
    dies: AtomicU64,
}

static SOCKETS: [Socket; MOST] = [const {
    Socket {
        state: AtomicU8::new(NONE),
        dies: AtomicU64::new(0),
    }
}; MOST];

fn of(fd: c_int) -> Option<&'static Socket> {
    let socket = SOCKETS.get(usize::try_from(fd).ok()?)?;
    (socket.state.load(SeqCst) != NONE).then_some(socket)
}

/// Whether nothing goes through it now.
pub fn is_silent(fd: c_int) -> bool {
    of(fd).is_some_and(|socket| socket.dies.load(SeqCst) != 0 || clock::network() != UP)
}

/// When it ends with ETIMEDOUT.
pub fn dies(fd: c_int) -> Option<u64> {
    of(fd)
        .map(|socket| socket.dies.load(SeqCst))
        .filter(|at| *at != 0 && *at != NEVER)
}

fn is_dead(fd: c_int) -> bool {
    dies(fd).is_some_and(|at| at <= clock::mono())
}

/// Whether a reply, or more of one, may be on its way.
pub fn is_owed(fd: c_int) -> bool {
    of(fd).is_some_and(|socket| socket.state.load(SeqCst) >= ASKED) && !is_silent(fd)
}

/// It was waited for long enough; answers whether nothing at all has come.
pub fn settle(fd: c_int) -> bool {
    let Some(socket) = of(fd) else { return false };
    socket.state.swap(IDLE, SeqCst) == ASKED
}

/// The answer to a read, where it is not for the kernel to give.
pub fn before_read(fd: c_int) -> Option<isize> {
    if !is_silent(fd) {
        return None;
    }
    Some(real::fail(if is_dead(fd) {
        libc::ETIMEDOUT
    } else {
        libc::EAGAIN
    }))
}

/// A read gave this.
pub fn after_read(fd: c_int, got: isize) {
    if let (Some(socket), 0..) = (of(fd), got) {
        socket
            .state
            .store(if got > 0 { ANSWERED } else { IDLE }, SeqCst);
    }
}

/// The answer to a write of `len` bytes, where it is not for the kernel to give: they are lost.
pub fn before_write(fd: c_int, len: usize) -> Option<isize> {
    if !is_silent(fd) {
        return None;
    }
    if is_dead(fd) {
        return Some(real::fail(libc::ETIMEDOUT));
    }
    let dies = clock::mono().saturating_add(USER_TIMEOUT);
    let _ = of(fd)?.dies.compare_exchange(0, dies, SeqCst, SeqCst);
    Some(len as isize)
}

/// A write gave this.
pub fn after_write(fd: c_int, got: isize) {
    if let (Some(socket), 1..) = (of(fd), got) {
        socket.state.store(ASKED, SeqCst);
    }
}

fn begin(fd: c_int, dies: u64) {
    if let Some(socket) = usize::try_from(fd).ok().and_then(|fd| SOCKETS.get(fd)) {
        socket.dies.store(dies, SeqCst);
        socket.state.store(ASKED, SeqCst);
    }
}

/// connect(2), by way of a network that may be away.
///
/// # Safety
/// `to` is an address of `size` bytes.
pub unsafe fn connect(fd: c_int, to: *const sockaddr, size: socklen_t) -> isize {
    // SAFETY: the caller's; an address that is long enough begins with its family.
    let family = if size >= 2 && !to.is_null() {
        unsafe { (*to).sa_family }
    } else {
        0
    };
    let inet = matches!(c_int::from(family), libc::AF_INET | libc::AF_INET6);
    // SAFETY: the caller's.
    let go = || unsafe { real::connect(fd, to, size) };
    if !inet || !clock::is_on() {
        return go();
    }
    match clock::network() {
        NO_HOST => return real::fail(libc::EHOSTUNREACH),
        NO_NETWORK => return real::fail(libc::ENETUNREACH),
        SILENT => {
            begin(fd, NEVER);
            return real::fail(libc::EINPROGRESS);
        }
        _ => {}
    }
    let got = go();
    if got == 0 || real::errno() == libc::EINPROGRESS {
        begin(fd, 0);
    }
    got
}

/// The number is free.
pub fn close(fd: c_int) {
    if let Some(socket) = of(fd) {
        socket.state.store(NONE, SeqCst);
    }
}
