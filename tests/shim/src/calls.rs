// SPDX-License-Identifier: MIT OR Apache-2.0
//! The C functions that are wrapped: those by which homey-panel, and the crates and the standard library in it, reach
//! the kernel (`nm -D --undefined-only`), and their near relatives.
//!
//! # Safety
//! Of all of them: that of the function of the C library of the same name.
#![allow(clippy::missing_safety_doc)]

use libc::{
    c_char, c_int, c_void, iovec, mode_t, msghdr, nfds_t, off_t, pollfd, sigset_t, size_t,
    sockaddr, socklen_t,
};
use libc::{ssize_t, timespec, timeval};

use crate::faults::{self, Call, Fault};
use crate::vector::{Vector, length, message, vector};
use crate::{clock, kill, real, sockets};

/// A call that moves `len` bytes at most: `run` does it for as many as it is told.
fn moved(
    call: Call,
    fd: c_int,
    len: usize,
    dontwait: bool,
    run: impl FnOnce(usize) -> ssize_t,
) -> ssize_t {
    let cut = match faults::decide(call, fd, len, dontwait) {
        Fault::None => len,
        Fault::Short(less) => less,
        Fault::Eintr => return real::fail(libc::EINTR),
        Fault::Eagain => return real::fail(libc::EAGAIN),
    };
    let writes = matches!(
        call,
        Call::Write | Call::Writev | Call::Send | Call::Sendmsg
    );
    let kept = if writes {
        sockets::before_write(fd, cut)
    } else {
        sockets::before_read(fd)
    };
    if let Some(answer) = kept {
        return answer;
    }
    let got = run(cut);
    if writes {
        sockets::after_write(fd, got)
    } else {
        sockets::after_read(fd, got)
    }
    got
}

/// Not of the C library: with 1 the calling thread gets no faults until as many calls with -1 have followed. A test that runs
/// under this library keeps its own side of a connection out of them so.
#[unsafe(no_mangle)]
pub extern "C" fn homey_shim_spare(by: c_int) {
    faults::spare(by);
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn read(fd: c_int, buf: *mut c_void, len: size_t) -> ssize_t {
    // SAFETY: the caller's.
    moved(Call::Read, fd, len, false, |len| unsafe {
        real::read(fd, buf, len)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pread64(fd: c_int, buf: *mut c_void, len: size_t, at: off_t) -> ssize_t {
    // SAFETY: the caller's.
    moved(Call::Pread, fd, len, false, |len| unsafe {
        real::pread(fd, buf, len, at)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(fd: c_int, buf: *const c_void, len: size_t) -> ssize_t {
    // SAFETY: the caller's.
    moved(Call::Write, fd, len, false, |len| unsafe {
        real::write(fd, buf, len)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn readv(fd: c_int, iov: *const iovec, count: c_int) -> ssize_t {
    // SAFETY: the caller's.
    let whole = unsafe { vector(iov, usize::try_from(count).unwrap_or(0)) };
    let len = length(whole);
    moved(Call::Readv, fd, len, false, |cut| {
        if cut == len {
            // SAFETY: the caller's.
            return unsafe { real::readv(fd, iov, count) };
        }
        let part = Vector::cut(whole, cut);
        // SAFETY: parts of the caller's buffers.
        unsafe { real::readv(fd, part.0.as_ptr(), part.1 as c_int) }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn writev(fd: c_int, iov: *const iovec, count: c_int) -> ssize_t {
    // SAFETY: the caller's.
    let whole = unsafe { vector(iov, usize::try_from(count).unwrap_or(0)) };
    let len = length(whole);
    moved(Call::Writev, fd, len, false, |cut| {
        if cut == len {
            // SAFETY: the caller's.
            return unsafe { real::writev(fd, iov, count) };
        }
        let part = Vector::cut(whole, cut);
        // SAFETY: parts of the caller's buffers.
        unsafe { real::writev(fd, part.0.as_ptr(), part.1 as c_int) }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn recv(fd: c_int, buf: *mut c_void, len: size_t, flags: c_int) -> ssize_t {
    let none = std::ptr::null_mut();
    // SAFETY: the caller's.
    unsafe { recvfrom(fd, buf, len, flags, none, none.cast()) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn recvfrom(
    fd: c_int,
    buf: *mut c_void,
    len: size_t,
    flags: c_int,
    from: *mut sockaddr,
    size: *mut socklen_t,
) -> ssize_t {
    // SAFETY: the caller's.
    let run = |len| unsafe { real::recvfrom(fd, buf, len, flags, from, size) };
    moved(Call::Recv, fd, len, flags & libc::MSG_DONTWAIT != 0, run)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn send(fd: c_int, buf: *const c_void, len: size_t, flags: c_int) -> ssize_t {
    // SAFETY: the caller's.
    unsafe { sendto(fd, buf, len, flags, std::ptr::null(), 0) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn sendto(
    fd: c_int,
    buf: *const c_void,
    len: size_t,
    flags: c_int,
    to: *const sockaddr,
    size: socklen_t,
) -> ssize_t {
    // SAFETY: the caller's.
    let run = |len| unsafe { real::sendto(fd, buf, len, flags, to, size) };
    moved(Call::Send, fd, len, flags & libc::MSG_DONTWAIT != 0, run)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn recvmsg(fd: c_int, msg: *mut msghdr, flags: c_int) -> ssize_t {
    // SAFETY: the caller's.
    let len = unsafe { message(msg) };
    moved(
        Call::Recvmsg,
        fd,
        len,
        flags & libc::MSG_DONTWAIT != 0,
        |cut| {
            // SAFETY: the caller's; where it is cut, no more than the caller's buffers for the length of the call.
            unsafe {
                if cut == len {
                    return real::recvmsg(fd, msg, flags);
                }
                let (iov, count) = ((*msg).msg_iov, (*msg).msg_iovlen);
                let mut part = Vector::cut(vector(iov, count), cut);
                ((*msg).msg_iov, (*msg).msg_iovlen) = (part.0.as_mut_ptr(), part.1);
                let got = real::recvmsg(fd, msg, flags);
                ((*msg).msg_iov, (*msg).msg_iovlen) = (iov, count);
                got
            }
        },
    )
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn sendmsg(fd: c_int, msg: *const msghdr, flags: c_int) -> ssize_t {
    // SAFETY: the caller's.
    let len = unsafe { message(msg) };
    moved(
        Call::Sendmsg,
        fd,
        len,
        flags & libc::MSG_DONTWAIT != 0,
        |cut| {
            // SAFETY: the caller's; where it is cut, a copy with parts of the caller's buffers.
            unsafe {
                if cut == len {
                    return real::sendmsg(fd, msg, flags);
                }
                let mut copy = *msg;
                let mut part = Vector::cut(vector(copy.msg_iov, copy.msg_iovlen), cut);
                (copy.msg_iov, copy.msg_iovlen) = (part.0.as_mut_ptr(), part.1);
                real::sendmsg(fd, &raw const copy, flags)
            }
        },
    )
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn connect(fd: c_int, to: *const sockaddr, size: socklen_t) -> c_int {
    if faults::decide(Call::Connect, fd, 1, false) == Fault::Eintr {
        // Interrupted, it goes on by itself (connect(2), EINTR): so it is begun without waiting.
        // SAFETY: the caller's; the flags are given back.
        let got = unsafe {
            let flags = libc::fcntl(fd, libc::F_GETFL);
            libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK);
            let got = sockets::connect(fd, to, size);
            let errno = real::errno();
            libc::fcntl(fd, libc::F_SETFL, flags);
            if got < 0 { real::fail(errno) } else { got }
        };
        let begun = got == 0 || real::errno() == libc::EINPROGRESS;
        return if begun {
            real::fail(libc::EINTR) as c_int
        } else {
            got as c_int
        };
    }
    // SAFETY: the caller's.
    unsafe { sockets::connect(fd, to, size) as c_int }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn accept(fd: c_int, from: *mut sockaddr, size: *mut socklen_t) -> c_int {
    // SAFETY: the caller's.
    unsafe { accept4(fd, from, size, 0) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn accept4(
    fd: c_int,
    from: *mut sockaddr,
    size: *mut socklen_t,
    flags: c_int,
) -> c_int {
    match faults::decide(Call::Accept, fd, 1, false) {
        Fault::Eintr => real::fail(libc::EINTR) as c_int,
        Fault::Eagain => real::fail(libc::EAGAIN) as c_int,
        // SAFETY: the caller's.
        _ => unsafe { real::accept4(fd, from, size, flags) as c_int },
    }
}

/// Opening sleeps only where there is somebody to wait for (open(2), EINTR): the other end of a FIFO, a terminal.
///
/// # Safety
/// A path as the caller gave it.
unsafe fn sleeps(dir: c_int, path: *const c_char, flags: c_int) -> bool {
    // SAFETY: zeros are a stat; fstatat fills it in and is not wrapped; the path is the caller's.
    let (got, stat) = unsafe {
        let mut stat = std::mem::zeroed::<libc::stat>();
        (libc::fstatat(dir, path, &mut stat, 0), stat)
    };
    got == 0
        && match stat.st_mode & libc::S_IFMT {
            libc::S_IFIFO => flags & libc::O_NONBLOCK == 0,
            libc::S_IFCHR => true,
            _ => false,
        }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat64(
    dir: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> c_int {
    // SAFETY: the caller's.
    unsafe {
        let errno = real::errno();
        if sleeps(dir, path, flags) && faults::interrupts(Call::Open) {
            return real::fail(libc::EINTR) as c_int;
        }
        *libc::__errno_location() = errno;
        real::openat(dir, path, flags, mode) as c_int
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat(
    dir: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> c_int {
    // SAFETY: the caller's.
    unsafe { openat64(dir, path, flags, mode) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller's.
    unsafe { openat64(libc::AT_FDCWD, path, flags, mode) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller's.
    unsafe { openat64(libc::AT_FDCWD, path, flags, mode) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn close(fd: c_int) -> c_int {
    sockets::close(fd);
    // SAFETY: the caller's.
    unsafe { real::close(fd) as c_int }
}

/// # Safety
/// `fds` holds `count` entries, `mask` is null or a mask.
unsafe fn waited(
    fds: *mut pollfd,
    count: nfds_t,
    nanos: Option<u64>,
    mask: *const sigset_t,
) -> c_int {
    // SAFETY: the caller's.
    unsafe {
        let list = std::slice::from_raw_parts_mut(
            if count == 0 {
                std::ptr::dangling_mut()
            } else {
                fds
            },
            count as usize,
        );
        if faults::are_on() {
            // What is ready wins over a signal.
            let ready = match clock::wait(list, Some(0), mask) {
                Some(got) => got,
                None => real::poll(fds, count, Some(0), mask),
            };
            if ready != 0 {
                return ready;
            }
            if faults::interrupts(Call::Poll) {
                return real::fail(libc::EINTR) as c_int;
            }
        }
        match clock::wait(list, nanos, mask) {
            Some(got) => got,
            None => real::poll(fds, count, nanos, mask),
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn poll(fds: *mut pollfd, count: nfds_t, timeout: c_int) -> c_int {
    let nanos = u64::try_from(timeout).ok().map(|millis| millis * 1_000_000);
    // SAFETY: the caller's.
    unsafe { waited(fds, count, nanos, std::ptr::null()) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn ppoll(
    fds: *mut pollfd,
    count: nfds_t,
    timeout: *const timespec,
    mask: *const sigset_t,
) -> c_int {
    // SAFETY: the caller's.
    unsafe { waited(fds, count, timeout.as_ref().map(real::nanos_of), mask) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(id: libc::clockid_t, to: *mut timespec) -> c_int {
    match clock::now(id) {
        // SAFETY: the caller's.
        Some(nanos) if !to.is_null() => unsafe { *to = real::of_nanos(nanos) },
        // SAFETY: the caller's.
        _ => return unsafe { real::clock_gettime(id, to) as c_int },
    }
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn gettimeofday(to: *mut timeval, _zone: *mut c_void) -> c_int {
    let nanos = clock::now(libc::CLOCK_REALTIME).unwrap_or_else(|| real::now(libc::CLOCK_REALTIME));
    // SAFETY: the caller's.
    if let Some(to) = unsafe { to.as_mut() } {
        to.tv_sec = (nanos / 1_000_000_000) as libc::time_t;
        to.tv_usec = (nanos % 1_000_000_000 / 1000) as libc::suseconds_t;
    }
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn time(to: *mut libc::time_t) -> libc::time_t {
    let nanos = clock::now(libc::CLOCK_REALTIME).unwrap_or_else(|| real::now(libc::CLOCK_REALTIME));
    let seconds = (nanos / 1_000_000_000) as libc::time_t;
    // SAFETY: the caller's.
    if let Some(to) = unsafe { to.as_mut() } {
        *to = seconds;
    }
    seconds
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_nanosleep(
    id: libc::clockid_t,
    flags: c_int,
    time: *const timespec,
    left: *mut timespec,
) -> c_int {
    // SAFETY: the caller's.
    unsafe {
        if let (Some(now), Some(time)) = (clock::now(id), time.as_ref()) {
            let nanos = real::nanos_of(time);
            let nanos = if flags == 0 {
                nanos
            } else {
                nanos.saturating_sub(now)
            };
            // Unlike the others it answers the error, and sets no errno.
            return match clock::wait(&mut [], Some(nanos), std::ptr::null()) {
                Some(0) => 0,
                _ => real::errno(),
            };
        }
        if real::clock_nanosleep(id, flags, time, left) == 0 {
            0
        } else {
            real::errno()
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanosleep(time: *const timespec, left: *mut timespec) -> c_int {
    // SAFETY: the caller's.
    match unsafe { clock_nanosleep(libc::CLOCK_MONOTONIC, 0, time, left) } {
        0 => 0,
        errno => real::fail(errno) as c_int,
    }
}

/// Calls that only count as moments: files take and change their names, and reach the disk.
macro_rules! moments {
    ($($name:ident($($arg:ident: $type:ty),*) = $number:ident($($given:expr),*);)*) => {$(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $type),*) -> c_int {
            kill::step();
            // SAFETY: the caller's; the number and the arguments are those of this call.
            unsafe { libc::syscall(libc::$number, $($given),*) as c_int }
        }
    )*};
}

moments! {
    rename(from: *const c_char, to: *const c_char) = SYS_renameat(libc::AT_FDCWD, from, libc::AT_FDCWD, to);
    unlink(path: *const c_char) = SYS_unlinkat(libc::AT_FDCWD, path, 0);
    fsync(fd: c_int) = SYS_fsync(fd);
    ftruncate64(fd: c_int, len: off_t) = SYS_ftruncate(fd, len);
    flock(fd: c_int, how: c_int) = SYS_flock(fd, how);
}
