// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether a process sleeps in all its threads: then it has answered all that it will answer by itself.
//!
//! On loopback the kernel wakes the receiver before a send returns, so a server that has something to do is never asleep.

use std::fmt::Write;

use crate::real;
use crate::text::{Line, number};

/// The state letter in /proc/PID/task/TID/stat: it stands after the name, which may hold anything but ends with the last `)`.
fn state(stat: &[u8]) -> Option<u8> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    stat.get(end + 2).copied()
}

/// Calls `take` with every name in a buffer that getdents64(2) filled; ends early where that answers false.
fn names(buf: &[u8], mut take: impl FnMut(&[u8]) -> bool) -> bool {
    let mut rest = buf;
    // struct linux_dirent64: u64 d_ino, s64 d_off, u16 d_reclen, u8 d_type, char d_name[].
    while let (Some(&low), Some(&high)) = (rest.get(16), rest.get(17)) {
        let len = usize::from(u16::from_ne_bytes([low, high]));
        let Some(name) = rest.get(19..len) else {
            return true;
        };
        let end = name
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(name.len());
        if !take(&name[..end]) {
            return false;
        }
        rest = &rest[len..];
    }
    true
}

fn open(path: &Line<64>, flags: libc::c_int) -> Option<libc::c_int> {
    // SAFETY: the path is a C string.
    let fd = unsafe { real::openat(libc::AT_FDCWD, path.as_ptr(), flags | libc::O_CLOEXEC, 0) };
    (fd >= 0).then_some(fd as libc::c_int)
}

fn asleep(pid: u64, thread: &[u8]) -> bool {
    let mut path = Line::<64>::new();
    let _ = write!(path, "/proc/{pid}/task/");
    path.push(thread);
    path.push(b"/stat");
    let Some(fd) = open(&path, libc::O_RDONLY) else {
        return true;
    };
    let mut buf = [0_u8; 256];
    // SAFETY: `buf` has that room; the descriptor is ours.
    let len = unsafe { real::read(fd, buf.as_mut_ptr().cast(), buf.len()) };
    unsafe { real::close(fd) };
    let stat = buf
        .get(..usize::try_from(len).unwrap_or(0))
        .unwrap_or_default();
    // S asleep, T stopped, Z and X ended; R runs or wants to, D waits for a disk.
    !matches!(state(stat), Some(b'R' | b'D'))
}

/// Whether no thread of `pid` runs or wants to; also where there is no such process.
pub fn is_quiet(pid: u64) -> bool {
    let mut path = Line::<64>::new();
    let _ = write!(path, "/proc/{pid}/task");
    let Some(fd) = open(&path, libc::O_RDONLY | libc::O_DIRECTORY) else {
        return true;
    };
    let mut buf = [0_u8; 2048];
    let mut quiet = true;
    while quiet {
        // SAFETY: `buf` has that room.
        let len = unsafe { real::getdents64(fd, buf.as_mut_ptr(), buf.len()) };
        let Some(filled @ [_, ..]) = usize::try_from(len).ok().and_then(|len| buf.get(..len))
        else {
            break;
        };
        quiet = names(filled, |name| number(name).is_none() || asleep(pid, name));
    }
    // SAFETY: the descriptor is ours.
    unsafe { real::close(fd) };
    quiet
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    #[test]
    fn the_state_follows_whatever_the_name_is() {
        for (stat, want) in [
            (&b"12 (homey-sim) S 1 12"[..], Some(b'S')),
            (b"12 (a) R) D) T 1", Some(b'T')),
            (b"12", None),
            (b"12 (x)", None),
        ] {
            assert_eq!(state(stat), want);
        }
    }

    #[test]
    fn a_process_is_quiet_only_while_all_its_threads_sleep() {
        let me = u64::from(std::process::id());
        assert!(!is_quiet(me), "the caller runs");
        assert!(is_quiet(u64::from(u32::MAX)), "nobody");
        let mut child = std::process::Command::new("sleep")
            .arg("30")
            .spawn()
            .unwrap();
        let end = Instant::now() + Duration::from_secs(10);
        while !is_quiet(u64::from(child.id())) {
            assert!(Instant::now() < end, "sleep never sleeps");
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        static STOP: AtomicBool = AtomicBool::new(false);
        let thread = std::thread::spawn(|| {
            while !STOP.load(Ordering::Relaxed) {
                std::hint::spin_loop()
            }
        });
        assert!(!is_quiet(me));
        STOP.store(true, Ordering::Relaxed);
        thread.join().unwrap();
    }
}
