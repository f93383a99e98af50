// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether the kernel's clock is kept right by somebody (adjtimex(2)). It reads only, which needs no privilege.

use nix::libc;

/// `Some`: whether a time service keeps the clock, by its own word. `None`: the kernel does not tell, as in some containers.
pub fn synchronised() -> Option<bool> {
    // SAFETY: timex holds integers only, for each of which zero is a value; no modes are asked for.
    let mut clock: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: adjtimex fills in the timex that it is given, which outlives the call.
    let state = unsafe { libc::adjtimex(&mut clock) };
    if state < 0 {
        return None;
    }
    Some(state != libc::TIME_ERROR && clock.status & libc::STA_UNSYNC == 0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn asking_harms_nobody_and_gives_the_same_twice() {
        assert_eq!(super::synchronised(), super::synchronised());
    }
}
