// SPDX-License-Identifier: MIT OR Apache-2.0
//! Gives back the memory of code that has done its work.
//!
//! The kernel keeps what was mapped of the program's file counted as ours for as long as we live. What only runs at the start or
//! at a reload lies together (cross/layout.ld); once it is through, its pages are handed back. Must not know what it did.

use nix::libc;

/// No more than this is handed back at once: functions farther apart than that were not laid together.
const MOST: usize = 512 * 1024;

/// Hands back the pages from the first to the last of these functions. Whatever is called of them, or lies between them, is read
/// anew from the file (the page cache, as a rule); a call of this costs some microseconds.
pub fn hand_back(functions: &[*const ()]) {
    // SAFETY: sysconf(3) takes any number.
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(0);
    let places = functions.iter().map(|function| function.addr());
    let (Some(first), Some(last)) = (places.clone().min(), places.max()) else {
        return;
    };
    if !page.is_power_of_two() || last - first > MOST {
        return;
    }
    let first = first & !(page - 1);
    let length = (last + page - first) & !(page - 1);
    let start: *mut libc::c_void = std::ptr::with_exposed_provenance_mut(first);
    // SAFETY: nothing but the program's own code lies between two of its functions, in a private mapping of its file that nobody
    // writes to: dropped pages come back as they were. An error leaves all as it is.
    unsafe { libc::madvise(start, length, libc::MADV_DONTNEED) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_runs_after_it_was_handed_back() {
        let here = code_runs_after_it_was_handed_back as *const ();
        hand_back(&[here, hand_back as *const ()]);
        hand_back(&[here]);
        hand_back(&[]);
        // Farther apart than code can lie together.
        hand_back(&[here, std::ptr::null()]);
        assert_eq!("still here".len(), 10);
    }
}
