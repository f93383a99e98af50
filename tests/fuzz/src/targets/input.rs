// SPDX-License-Identifier: MIT OR Apache-2.0
//! Taking an input apart: numbers from either end, and the rest in pieces as a network would bring it.

use std::io::{self, Read};

/// An input that is being used up. Numbers that are not there are 0.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// Whether all of it is used up.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The last byte.
    pub fn last(&mut self) -> u8 {
        let Some((last, rest)) = self.0.split_last() else {
            return 0;
        };
        self.0 = rest;
        *last
    }

    /// The first byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    /// A number from 0 to `count`, which it does not reach; 0 where that is 0. From one byte: `count` is small.
    pub fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count.max(1)
    }

    /// One of `choices`, which are not empty.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// True once in `count` times.
    pub fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    /// How what remains is to be cut: the last byte says how many sizes (at most 7) stand before it.
    pub fn sizes(&mut self) -> &'a [u8] {
        let count = usize::from(self.last() % 8).min(self.0.len());
        let (rest, sizes) = self.0.split_at(self.0.len() - count);
        self.0 = rest;
        sizes
    }
}

/// Bytes as they arrive: pieces of the given sizes, over and over; without sizes, all in one.
pub struct Pieces<'a> {
    rest: &'a [u8],
    sizes: &'a [u8],
    at: usize,
    /// A reader is interrupted before the next piece.
    interrupt: bool,
}

impl<'a> Pieces<'a> {
    pub fn new(bytes: &'a [u8], sizes: &'a [u8]) -> Pieces<'a> {
        Pieces {
            rest: bytes,
            sizes,
            at: 0,
            interrupt: !sizes.is_empty(),
        }
    }

    fn next_size(&mut self) -> usize {
        if self.sizes.is_empty() {
            return usize::MAX;
        }
        let size = self.sizes[self.at % self.sizes.len()];
        self.at += 1;
        match size {
            0..128 => usize::from(size) + 1,
            _ => usize::from(size - 127) * 64,
        }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let size = self.next_size().min(self.rest.len());
        let (piece, rest) = self.rest.split_at(size);
        self.rest = rest;
        Some(piece)
    }
}

impl Read for Pieces<'_> {
    /// In pieces, with an interruption before each.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if std::mem::replace(&mut self.interrupt, false) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        self.interrupt = !self.sizes.is_empty();
        let size = self.next_size().min(self.rest.len()).min(out.len());
        let (piece, rest) = self.rest.split_at(size);
        out[..size].copy_from_slice(piece);
        self.rest = rest;
        Ok(size)
    }
}

/// Asserts that `text` is fit for one line of a log: no control character.
pub fn assert_line(text: &str) {
    assert!(!text.contains(char::is_control), "not one line: {text:?}");
}
