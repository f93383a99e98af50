// SPDX-License-Identifier: MIT OR Apache-2.0
//! What keeps the running program small: fixed bounds for the allocator, a start of its own, and no unwinder; and to itself.
//!
//! Must not know what the program does.

/// Fixes what glibc's allocator would else learn from the largest reply: what is freed at the end of the heap goes back to
/// the kernel, and a br window has a mapping of its own. So one list of a large home does not stay in memory for ever.
pub fn give_memory_back() {
    #[cfg(target_env = "gnu")]
    for (option, bytes) in [
        (nix::libc::M_MMAP_THRESHOLD, 128 * 1024),
        (nix::libc::M_TRIM_THRESHOLD, 32 * 1024),
        (nix::libc::M_TOP_PAD, 16 * 1024),
    ] {
        // SAFETY: mallopt takes any two numbers; nothing else runs yet that could allocate meanwhile.
        unsafe { nix::libc::mallopt(option, bytes) };
    }
}

/// Keeps what is in memory out of core files and from other programs of the same user: bearers and passwords are among it.
pub fn keep_to_ourselves() {
    use nix::sys::prctl::set_dumpable;
    use nix::sys::resource::{Resource, setrlimit};
    // Either alone is enough; a kernel that refuses both is no reason not to run.
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    let _ = set_dumpable(false);
}

/// Makes `$program`, a function that returns the exit code, the start of a release program. The standard library's own start
/// looks for the end of the stack, by reading /proc/self/maps with scanf, so that it can say more than "segmentation fault"
/// when a stack runs over: that maps 280 KB of libc which nothing else here uses. What else it does is done here.
#[cfg(all(panic = "abort", target_os = "linux", target_env = "gnu"))]
macro_rules! start_with {
    ($program:ident) => {
        // SAFETY: the name that the C library calls, with what it passes; `std::env::args_os` has got the arguments before.
        #[unsafe(no_mangle)]
        extern "C" fn main(
            _count: std::ffi::c_int,
            _arguments: *const *const std::ffi::c_char,
        ) -> std::ffi::c_int {
            footprint::start::prepare();
            // Writes out what standard output holds back.
            std::process::exit($program().into())
        }
    };
}

/// What has to be done before anything else.
#[cfg(all(panic = "abort", target_os = "linux", target_env = "gnu"))]
pub mod start {
    use std::os::fd::BorrowedFd;

    use nix::errno::Errno;
    use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
    use nix::libc;
    use nix::sys::stat::Mode;

    /// Opens standard streams that are closed, and ignores SIGPIPE.
    pub fn prepare() {
        open_standard_files();
        // SAFETY: no handler is installed. A pipe that nobody reads is an error of write(2), not the end of the program.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    }

    /// A file or socket that gets the number of a closed standard stream would be written to by whatever prints.
    fn open_standard_files() {
        for number in 0..3 {
            // SAFETY: only looked at; where it is not open, this says so.
            let fd = unsafe { BorrowedFd::borrow_raw(number) };
            if fcntl(fd, FcntlArg::F_GETFD) == Err(Errno::EBADF) {
                match open("/dev/null", OFlag::O_RDWR, Mode::empty()) {
                    // The lowest free number, so this one; it stays open to the end.
                    Ok(null) => std::mem::forget(null),
                    Err(_) => std::process::abort(),
                }
            }
        }
    }
}

/// Stands in for libgcc_s, which would be loaded (100 KB) for backtraces alone: with `panic = "abort"` nothing unwinds. The
/// standard library asks for these names; with a backtrace that is always empty, the linker also leaves out what would read
/// debug information (170 KB). A panic still says its message, file and line.
#[cfg(all(panic = "abort", target_os = "linux", target_env = "gnu"))]
mod unwinder {
    use std::ffi::{c_int, c_void};

    /// `_URC_END_OF_STACK`: there is no frame to see.
    const END_OF_STACK: c_int = 5;

    // SAFETY: the name is libgcc's, and so is what it promises: it calls `see` for no frame at all.
    #[unsafe(no_mangle)]
    extern "C" fn _Unwind_Backtrace(_see: *const c_void, _argument: *mut c_void) -> c_int {
        END_OF_STACK
    }

    /// Functions that are called from frames under unwinding only, of which there is none: whatever they are given, they
    /// end the program.
    macro_rules! never {
        ($($name:ident)*) => {$(
            // SAFETY: the name is libgcc's; it never returns, so it owes no caller a value.
            #[unsafe(no_mangle)]
            extern "C" fn $name() -> ! {
                std::process::abort()
            }
        )*};
    }

    never! {
        _Unwind_GetDataRelBase _Unwind_GetIP _Unwind_GetIPInfo _Unwind_GetLanguageSpecificData
        _Unwind_GetRegionStart _Unwind_GetTextRelBase _Unwind_Resume _Unwind_SetGR _Unwind_SetIP
    }
    #[cfg(target_arch = "arm")]
    never! {
        _Unwind_VRS_Get _Unwind_VRS_Set __gnu_unwind_frame
        __aeabi_unwind_cpp_pr0 __aeabi_unwind_cpp_pr1 __aeabi_unwind_cpp_pr2
    }
}
