// SPDX-License-Identifier: MIT OR Apache-2.0
//! Virtual time: it stands still while the program runs, and a wait in which nothing can happen any more ends at once, with
//! the clock at its deadline, but never past the limit that the driver has set.
//!
//! What can still happen is a reply of the real server. While something was asked on a connection and a request may be under
//! way (`Shared::long`), the wait sleeps in real time until the reply is there, or until the server is seen to sleep in all
//! its threads, or for `Shared::patience`.

use std::sync::atomic::{AtomicI64, AtomicPtr, Ordering::SeqCst};

use libc::{c_int, clockid_t, pollfd, sigset_t};

use crate::layout::{MAGIC, NEVER, Shared, Slot, UP};
use crate::{quiet, real, sockets};

static SHARED: AtomicPtr<Shared> = AtomicPtr::new(std::ptr::null_mut());
static SLOT: AtomicPtr<Slot> = AtomicPtr::new(std::ptr::null_mut());

/// Between two looks at what another process may have changed.
const SLICE: u64 = 1_000_000;
const PATIENCE: u64 = 300_000_000;
const LONG: u64 = 10_000_000_000;

/// Descriptors in one wait; more are waited for in real time.
const MOST: usize = 128;

fn shared() -> Option<&'static Shared> {
    // SAFETY: null, or a mapping of that type that is never undone; all in it are atomics.
    unsafe { SHARED.load(SeqCst).as_ref() }
}

fn slot() -> Option<&'static Slot> {
    // SAFETY: as above.
    unsafe { SLOT.load(SeqCst).as_ref() }
}

/// Whether time is virtual.
pub fn is_on() -> bool {
    !SHARED.load(SeqCst).is_null()
}

/// The virtual CLOCK_MONOTONIC, or 0.
pub fn mono() -> u64 {
    shared().map_or(0, |shared| shared.mono.load(SeqCst))
}

/// What is wrong with the network.
pub fn network() -> u64 {
    shared().map_or(UP, |shared| shared.network.load(SeqCst))
}

/// Takes the file at `path` for the clock. Errors are a word for what is wrong.
pub fn attach(path: *const libc::c_char) -> Result<(), &'static str> {
    let size = size_of::<Shared>();
    // SAFETY: a C string; the mapping is checked before it is used, and stays.
    let map = unsafe {
        let fd = real::openat(libc::AT_FDCWD, path, libc::O_RDWR | libc::O_CLOEXEC, 0) as c_int;
        let mut stat = std::mem::zeroed::<libc::stat>();
        if fd < 0 || libc::fstat(fd, &mut stat) < 0 {
            return Err("cannot be opened");
        }
        if (stat.st_size as usize) < size {
            return Err("is too short");
        }
        let how = libc::PROT_READ | libc::PROT_WRITE;
        let map = libc::mmap(std::ptr::null_mut(), size, how, libc::MAP_SHARED, fd, 0);
        real::close(fd);
        map
    };
    if map == libc::MAP_FAILED {
        return Err("cannot be mapped");
    }
    // SAFETY: the mapping has that size and is aligned to a page.
    let shared = unsafe { &*map.cast::<Shared>() };
    if shared.magic.load(SeqCst) != MAGIC || shared.mono.load(SeqCst) == 0 {
        return Err("is not a clock of this layout");
    }
    let place = shared
        .attach(u64::from(std::process::id()))
        .ok_or("is full")?;
    SLOT.store(std::ptr::from_ref(place).cast_mut(), SeqCst);
    SHARED.store(map.cast(), SeqCst);
    Ok(())
}

/// Around the start of a child: until it is loaded and waits for itself, no time passes.
pub fn with_child(start: impl FnOnce() -> Option<u64>) {
    let own = u64::from(std::process::id());
    let kept = shared().and_then(|shared| Some((shared, shared.keep(own)?)));
    match (start(), kept) {
        (Some(pid), Some((shared, place))) => shared.hand_over(place, pid),
        (None, Some((_, place))) => place.free(),
        _ => {}
    }
}

/// The program ends.
pub fn detach() {
    if let Some(slot) = slot().filter(|slot| slot.pid.load(SeqCst) == u64::from(std::process::id()))
    {
        slot.free();
    }
}

fn shifted(mono: u64, by: &AtomicI64) -> u64 {
    mono.saturating_add_signed(by.load(SeqCst))
}

/// What a clock shows; `None` for those that are not virtual.
pub fn now(id: clockid_t) -> Option<u64> {
    let shared = shared()?;
    let mono = shared.mono.load(SeqCst);
    match id {
        libc::CLOCK_MONOTONIC | libc::CLOCK_MONOTONIC_RAW | libc::CLOCK_MONOTONIC_COARSE => {
            Some(mono)
        }
        libc::CLOCK_BOOTTIME => Some(shifted(mono, &shared.boot)),
        libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE | libc::CLOCK_TAI => {
            Some(shifted(mono, &shared.wall))
        }
        _ => None,
    }
}

/// One look at the descriptors, for `nanos` of real time; those without a network are not looked at.
///
/// # Safety
/// `mask` is null or a mask.
unsafe fn look(fds: &mut [pollfd], nanos: u64, mask: *const sigset_t) -> c_int {
    let mut copy = [pollfd {
        fd: -1,
        events: 0,
        revents: 0,
    }; MOST];
    for (copy, own) in copy.iter_mut().zip(fds.iter()) {
        *copy = *own;
        if sockets::is_silent(own.fd) {
            copy.fd = -1;
        }
    }
    // SAFETY: `copy` has as many entries; the caller's mask.
    let got = unsafe {
        real::poll(
            copy.as_mut_ptr(),
            fds.len() as libc::nfds_t,
            Some(nanos),
            mask,
        )
    };
    if got < 0 {
        return got;
    }
    let mut ready = 0;
    for (copy, own) in copy.iter().zip(fds) {
        own.revents = copy.revents;
        if copy.fd != own.fd {
            let dead = sockets::dies(own.fd).is_some_and(|at| at <= mono());
            let all = libc::POLLERR | libc::POLLHUP | own.events & (libc::POLLIN | libc::POLLOUT);
            own.revents = if dead { all } else { 0 };
        }
        ready += c_int::from(own.revents != 0);
    }
    ready
}

fn is_alive(pid: u64) -> bool {
    if pid == u64::from(std::process::id()) {
        return true;
    }
    // SAFETY: signal 0 is only a question.
    let got = unsafe { libc::kill(pid as libc::pid_t, 0) };
    got == 0 || real::errno() != libc::ESRCH
}

/// Waits in real time for a reply that is on its way. `Some`: what came of it. Nothing any more: `None`.
///
/// # Safety
/// That of [`look`].
unsafe fn await_reply(
    shared: &Shared,
    fds: &mut [pollfd],
    left: u64,
    mask: *const sigset_t,
) -> Option<c_int> {
    if !fds.iter().any(|entry| sockets::is_owed(entry.fd)) {
        return None;
    }
    let or = |word: u64, default| if word == 0 { default } else { word };
    let patience = or(shared.patience.load(SeqCst), PATIENCE);
    let began = real::now(libc::CLOCK_MONOTONIC);
    let mut quiet = 0;
    while left <= or(shared.long.load(SeqCst), LONG) {
        let server = shared.server.load(SeqCst);
        quiet = if server != 0 && quiet::is_quiet(server) {
            quiet + 1
        } else {
            0
        };
        // Twice, with a look between: what it said before it fell asleep is there by then.
        let over = quiet == 2 || real::now(libc::CLOCK_MONOTONIC) - began >= patience;
        // SAFETY: the caller's.
        match unsafe { look(fds, if over { 0 } else { SLICE }, mask) } {
            0 if over => break,
            0 => {}
            got => return Some(got),
        }
    }
    for entry in fds.iter() {
        if sockets::settle(entry.fd) {
            shared.unanswered.fetch_add(1, SeqCst);
        }
    }
    None
}

/// poll(2) in virtual time. `None` where time is real, or there are too many descriptors.
///
/// # Safety
/// `mask` is null or a mask.
pub unsafe fn wait(
    fds: &mut [pollfd],
    timeout: Option<u64>,
    mask: *const sigset_t,
) -> Option<c_int> {
    let (shared, slot) = (shared()?, slot()?);
    if fds.len() > MOST {
        return None;
    }
    let target = timeout.map_or(NEVER, |timeout| {
        shared.mono.load(SeqCst).saturating_add(timeout)
    });
    shared.waits.fetch_add(1, SeqCst);
    let got = loop {
        // Before the look: what the driver did before it raised the limit is seen before the clock moves.
        let limit = shared.limit.load(SeqCst);
        // SAFETY: the caller's.
        let got = unsafe { look(fds, 0, mask) };
        let now = shared.mono.load(SeqCst);
        if got != 0 || now >= target {
            break got;
        }
        // SAFETY: the caller's.
        if let Some(got) = unsafe { await_reply(shared, fds, target - now, mask) } {
            break got;
        }
        let deaths = fds.iter().filter_map(|entry| sockets::dies(entry.fd));
        slot.until
            .store(deaths.fold(target, u64::min).max(now + 1), SeqCst);
        match shared.next(is_alive) {
            Some(first) if first <= limit => {
                shared.advance(now, first, real::now(libc::CLOCK_REALTIME));
                continue;
            }
            Some(_) => {
                shared.advance(now, limit, real::now(libc::CLOCK_REALTIME));
                shared.parked.store(limit, SeqCst);
            }
            None => {}
        }
        // SAFETY: the caller's.
        let got = unsafe { look(fds, SLICE, mask) };
        if got != 0 {
            break got;
        }
    };
    slot.until.store(0, SeqCst);
    Some(got)
}
