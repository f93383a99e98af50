// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loading and unloading: which program this is, what the environment asks for, the report at the end.

use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::text::{Line, number, variable};
use crate::{clock, faults, kill, real};

/// Whether this is the program to work in.
static WORKS: AtomicBool = AtomicBool::new(false);

/// Whether a program of that path is meant by `only`: names with commas between them, each of a program, or of a test
/// binary without cargo's hash.
fn is_meant(path: &[u8], only: &[u8]) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    only.split(|byte| *byte == b',')
        .any(|one| match name.strip_prefix(one) {
            Some([]) => true,
            Some([b'-', hash @ ..]) => hash.len() == 16 && hash.iter().all(u8::is_ascii_hexdigit),
            _ => false,
        })
}

fn program(path: &mut [u8; 4096]) -> &[u8] {
    // SAFETY: readlink writes no more than it is told, and is not wrapped.
    let len = unsafe {
        libc::readlink(
            c"/proc/self/exe".as_ptr(),
            path.as_mut_ptr().cast(),
            path.len(),
        )
    };
    path.get(..usize::try_from(len).unwrap_or(0))
        .unwrap_or_default()
}

/// A mistake in the environment must not look like a passed test.
fn refuse(name: &str, why: &str) -> ! {
    let mut line = Line::<256>::new();
    for part in ["homey-shim: ", name, " ", why, "\n"] {
        line.push(part.as_bytes());
    }
    // SAFETY: the text is there; _exit ends the process without running anything of it.
    unsafe {
        real::write(2, line.text().as_ptr().cast(), line.text().len());
        libc::_exit(70);
    }
}

extern "C" fn load() {
    let mut path = [0; 4096];
    let path = program(&mut path);
    if variable(c"HOMEY_SHIM_ONLY").is_some_and(|only| !is_meant(path, only)) {
        return;
    }
    let given = |name, shown: &str, most: u64| {
        variable(name).map(|text| match number(text) {
            Some(n) if n <= most => n,
            _ => refuse(shown, "is not a number in its range"),
        })
    };
    let clock = variable(c"HOMEY_SHIM_CLOCK");
    let at = given(c"HOMEY_SHIM_KILL", "HOMEY_SHIM_KILL", u64::MAX).unwrap_or(0);
    let usual = if clock.is_some() || at > 0 { 0 } else { 10 };
    let percent = given(c"HOMEY_SHIM_FAULTS", "HOMEY_SHIM_FAULTS", 100).unwrap_or(usual);
    let seed = given(c"HOMEY_SHIM_SEED", "HOMEY_SHIM_SEED", u64::MAX).unwrap_or(1);
    if let Some(file) = clock {
        if let Err(why) = clock::attach(file.as_ptr().cast()) {
            refuse("HOMEY_SHIM_CLOCK", why);
        }
    }
    faults::set_up(percent as u32, seed);
    kill::set_up(at);
    WORKS.store(true, SeqCst);
}

extern "C" fn unload() {
    if !WORKS.swap(false, SeqCst) {
        return;
    }
    clock::detach();
    let Some(file) = variable(c"HOMEY_SHIM_REPORT") else {
        return;
    };
    let how = libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND | libc::O_CLOEXEC;
    let mut path = [0; 4096];
    let path = program(&mut path);
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    // SAFETY: getenv's text has its end; the descriptor is ours, the lines are there.
    unsafe {
        let fd = real::openat(libc::AT_FDCWD, file.as_ptr().cast(), how, 0o600) as libc::c_int;
        faults::report(name, u64::from(std::process::id()), |line| {
            real::write(fd, line.as_ptr().cast(), line.len());
        });
        if let Some(steps) = kill::steps() {
            let mut line = Line::<256>::new();
            line.push(name);
            // Never an error: what does not fit is cut off.
            let _ = writeln!(line, " {} steps {steps}", std::process::id());
            real::write(fd, line.text().as_ptr().cast(), line.text().len());
        }
        real::close(fd);
    }
}

#[cfg(not(test))]
#[used]
#[unsafe(link_section = ".init_array")]
static LOAD: extern "C" fn() = load;

#[cfg(not(test))]
#[used]
#[unsafe(link_section = ".fini_array")]
static UNLOAD: extern "C" fn() = unload;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_meant_by_its_name_or_a_test_by_its_name_and_hash() {
        for (path, only, want) in [
            ("/t/debug/homey-panel", "homey-panel", true),
            ("/t/debug/homey-panel", "run,homey-panel", true),
            ("/t/debug/homey-panel2", "homey-panel", false),
            ("/t/debug/homey-sim", "homey-panel", false),
            ("/t/debug/deps/hw_line-0123456789abcdef", "hw_line", true),
            ("/t/debug/deps/homey-panel-old", "homey-panel", false),
            ("", "homey-panel", false),
        ] {
            assert_eq!(
                is_meant(path.as_bytes(), only.as_bytes()),
                want,
                "{path} {only}"
            );
        }
    }
}
