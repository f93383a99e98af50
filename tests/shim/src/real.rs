// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel itself. syscall(2) sets errno as the C library's own functions do, and is not wrapped.

use libc::{c_int, c_void, iovec, msghdr, nfds_t, off_t, pollfd, size_t, ssize_t, timespec};

/// What the last call failed with.
pub fn errno() -> c_int {
    // SAFETY: the C library's errno of this thread is always there.
    unsafe { *libc::__errno_location() }
}

/// Sets errno and answers -1.
pub fn fail(errno: c_int) -> isize {
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
    -1
}

macro_rules! calls {
    ($($name:ident = $number:ident ( $($arg:ident : $type:ty),* );)*) => {$(
        /// The system call of that name.
        ///
        /// # Safety
        /// That of the C function: pointers are valid for what the kernel does with them.
        pub unsafe fn $name($($arg: $type),*) -> ssize_t {
            // SAFETY: the caller's; the number and the arguments are those of this call.
            unsafe { libc::syscall(libc::$number, $($arg),*) as ssize_t }
        }
    )*};
}

calls! {
    read = SYS_read(fd: c_int, buf: *mut c_void, len: size_t);
    write = SYS_write(fd: c_int, buf: *const c_void, len: size_t);
    readv = SYS_readv(fd: c_int, iov: *const iovec, count: c_int);
    writev = SYS_writev(fd: c_int, iov: *const iovec, count: c_int);
    pread = SYS_pread64(fd: c_int, buf: *mut c_void, len: size_t, at: off_t);
    recvfrom = SYS_recvfrom(fd: c_int, buf: *mut c_void, len: size_t, flags: c_int, from: *mut libc::sockaddr, size: *mut libc::socklen_t);
    sendto = SYS_sendto(fd: c_int, buf: *const c_void, len: size_t, flags: c_int, to: *const libc::sockaddr, size: libc::socklen_t);
    recvmsg = SYS_recvmsg(fd: c_int, msg: *mut msghdr, flags: c_int);
    sendmsg = SYS_sendmsg(fd: c_int, msg: *const msghdr, flags: c_int);
    connect = SYS_connect(fd: c_int, to: *const libc::sockaddr, size: libc::socklen_t);
    accept4 = SYS_accept4(fd: c_int, from: *mut libc::sockaddr, size: *mut libc::socklen_t, flags: c_int);
    openat = SYS_openat(dir: c_int, path: *const libc::c_char, flags: c_int, mode: libc::mode_t);
    close = SYS_close(fd: c_int);
    ppoll = SYS_ppoll(fds: *mut pollfd, count: nfds_t, timeout: *mut timespec, mask: *const libc::sigset_t, size: size_t);
    clock_gettime = SYS_clock_gettime(id: libc::clockid_t, to: *mut timespec);
    clock_nanosleep = SYS_clock_nanosleep(id: libc::clockid_t, flags: c_int, time: *const timespec, left: *mut timespec);
    getdents64 = SYS_getdents64(fd: c_int, buf: *mut u8, len: size_t);
}

/// Bytes of a signal mask, as the kernel counts them.
const MASK: size_t = 8;

/// poll(2) for `nanos` nanoseconds; `None` has no end.
///
/// # Safety
/// `fds` holds `count` entries; `mask` is null or a mask.
pub unsafe fn poll(
    fds: *mut pollfd,
    count: nfds_t,
    nanos: Option<u64>,
    mask: *const libc::sigset_t,
) -> c_int {
    let mut time = timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let timeout = nanos.map_or(std::ptr::null_mut(), |nanos| {
        time = of_nanos(nanos);
        &raw mut time
    });
    // SAFETY: the caller's; `time` outlives the call.
    unsafe { ppoll(fds, count, timeout, mask, MASK) as c_int }
}

/// Nanoseconds as the kernel has them.
pub fn of_nanos(nanos: u64) -> timespec {
    timespec {
        tv_sec: (nanos / 1_000_000_000) as libc::time_t,
        tv_nsec: (nanos % 1_000_000_000) as libc::c_long,
    }
}

/// Nanoseconds of a time that is not negative; else 0.
pub fn nanos_of(time: &timespec) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

/// One of the machine's own clocks.
pub fn now(id: libc::clockid_t) -> u64 {
    let mut time = timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the kernel fills in the timespec that it is given.
    unsafe { clock_gettime(id, &mut time) };
    nanos_of(&time)
}
