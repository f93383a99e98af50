// SPDX-License-Identifier: MIT OR Apache-2.0
//! posix_spawn(3): the virtual clock has to know of a child before it exists.
//!
//! # Safety
//! That of the function of the C library.
#![allow(clippy::missing_safety_doc)]

use libc::{c_char, c_int, c_void, pid_t, posix_spawn_file_actions_t, posix_spawnattr_t};

use crate::clock;

type Spawn = unsafe extern "C" fn(
    *mut pid_t,
    *const c_char,
    *const posix_spawn_file_actions_t,
    *const posix_spawnattr_t,
    *const *mut c_char,
    *const *mut c_char,
) -> c_int;

/// The C library's own: what it does between the two processes is no single system call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn posix_spawn(
    pid: *mut pid_t,
    path: *const c_char,
    files: *const posix_spawn_file_actions_t,
    how: *const posix_spawnattr_t,
    arguments: *const *mut c_char,
    environment: *const *mut c_char,
) -> c_int {
    let mut got = libc::ENOSYS;
    let mut child = 0;
    clock::with_child(|| {
        // SAFETY: the name of a function of that type in every C library that has this one's; the caller's arguments.
        unsafe {
            let found = libc::dlsym(libc::RTLD_NEXT, c"posix_spawn".as_ptr());
            if !found.is_null() {
                let own = std::mem::transmute::<*mut c_void, Spawn>(found);
                got = own(&mut child, path, files, how, arguments, environment);
            }
        }
        u64::try_from(child).ok().filter(|_| got == 0)
    });
    if got == 0 && !pid.is_null() {
        // SAFETY: the caller's.
        unsafe { *pid = child };
    }
    got
}
