// SPDX-License-Identifier: MIT OR Apache-2.0
//! Vectors of buffers (readv(2), sendmsg(2)), and how to cut them short.

use libc::{iovec, msghdr};

/// The buffers of a vector, cut to `most` bytes in all.
pub struct Vector(pub [iovec; 16], pub usize);

impl Vector {
    /// The first of them, and of the last of those only a part.
    pub fn cut(whole: &[iovec], most: usize) -> Vector {
        let mut vector = Vector(
            [iovec {
                iov_base: std::ptr::null_mut(),
                iov_len: 0,
            }; 16],
            0,
        );
        let mut left = most;
        for (own, given) in vector.0.iter_mut().zip(whole) {
            *own = iovec {
                iov_base: given.iov_base,
                iov_len: given.iov_len.min(left),
            };
            left -= own.iov_len;
            vector.1 += 1;
        }
        vector
    }
}

/// The buffers that a call was given.
///
/// # Safety
/// `iov` has `count` entries.
pub unsafe fn vector<'a>(iov: *const iovec, count: usize) -> &'a [iovec] {
    if iov.is_null() || count > 1024 {
        return &[];
    }
    // SAFETY: the caller's.
    unsafe { std::slice::from_raw_parts(iov, count) }
}

/// The bytes of them all.
pub fn length(whole: &[iovec]) -> usize {
    // The kernel takes no more than it can tell.
    whole
        .iter()
        .fold(0_usize, |sum, one| sum.saturating_add(one.iov_len))
}

/// The bytes of a message that may be cut: none where something else travels with them.
///
/// # Safety
/// A message as the caller gave it.
pub unsafe fn message(msg: *const msghdr) -> usize {
    // SAFETY: the caller's.
    match unsafe { msg.as_ref() } {
        // SAFETY: the caller's.
        Some(msg) if msg.msg_controllen == 0 => {
            length(unsafe { vector(msg.msg_iov, msg.msg_iovlen) })
        }
        _ => 1,
    }
}
