// SPDX-License-Identifier: MIT OR Apache-2.0
//! A heap that counts, so that bytes of a stranger that ask for too much memory are a finding like any other.
//!
//! libFuzzer's own limit on one allocation works only with a sanitizer's allocator, which safe code does not need.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write;

/// The system's allocator with a count for each thread.
pub struct Heap;

/// What this thread holds and may hold, in bytes.
#[derive(Copy, Clone)]
struct Count {
    held: usize,
    largest: usize,
    most: usize,
}

const FREE: Count = Count {
    held: 0,
    largest: usize::MAX,
    most: usize::MAX,
};

thread_local! {
    // Const, and nothing to drop: using it allocates nothing.
    static COUNT: Cell<Count> = const { Cell::new(FREE) };
}

/// Runs `body`, in which no allocation may have more than `largest` bytes and no more than `most` be held at once,
/// above what is held already. What breaks that aborts the process with a line on stderr.
pub fn within(largest: usize, most: usize, body: impl FnOnce()) {
    struct Reset(Count);
    impl Drop for Reset {
        fn drop(&mut self) {
            COUNT.set(self.0);
        }
    }
    let _reset = Reset(COUNT.replace(Count {
        held: 0,
        largest,
        most,
    }));
    body();
}

fn take(size: usize) {
    let mut count = COUNT.get();
    count.held = count.held.saturating_add(size);
    COUNT.set(count);
    // A panic is told with as much memory as that takes.
    let over = size > count.largest || count.held > count.most;
    if over && !std::thread::panicking() {
        COUNT.set(FREE);
        let _ = writeln!(
            std::io::stderr(),
            "too much memory: {size} bytes at once (at most {}), {} held (at most {})",
            count.largest,
            count.held,
            count.most
        );
        std::process::abort();
    }
}

fn give(size: usize) {
    // What was taken before the target began may be given back while it runs.
    let mut count = COUNT.get();
    count.held = count.held.saturating_sub(size);
    COUNT.set(count);
}

// SAFETY: every call goes to the system's allocator with the same arguments; counting touches no memory of the heap.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: the caller's duties are the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: the caller's duties are the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        give(layout.size());
        // SAFETY: the caller's duties are the same.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        give(layout.size());
        take(size);
        // SAFETY: the caller's duties are the same.
        unsafe { System.realloc(at, layout, size) }
    }
}
