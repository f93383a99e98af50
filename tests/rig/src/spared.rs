// SPDX-License-Identifier: MIT OR Apache-2.0
//! Keeps a test's own side of a connection out of the faults of `tests/shim`, where the test runs under that library: what
//! is tried is the product, not the server or the hand that the test plays.

use std::sync::OnceLock;

use nix::libc;

type Spare = unsafe extern "C" fn(libc::c_int);

/// While it lives, its thread gets no faults.
pub struct Spared(());

fn spare(by: libc::c_int) {
    static SPARE: OnceLock<Option<Spare>> = OnceLock::new();
    let found = SPARE.get_or_init(|| {
        // SAFETY: a C string; the symbol, where there is one, is that function of `tests/shim`.
        unsafe {
            let symbol = libc::dlsym(libc::RTLD_DEFAULT, c"homey_shim_spare".as_ptr());
            (!symbol.is_null()).then(|| std::mem::transmute::<*mut libc::c_void, Spare>(symbol))
        }
    });
    if let Some(spare) = found {
        // SAFETY: it takes any number.
        unsafe { spare(by) }
    }
}

/// Begins it.
pub fn spared() -> Spared {
    spare(1);
    Spared(())
}

impl Drop for Spared {
    fn drop(&mut self) {
        spare(-1);
    }
}
