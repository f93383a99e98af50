// SPDX-License-Identifier: MIT OR Apache-2.0

//! The one source of randomness: the same seed always gives the same home.
//!
//! It knows nothing of what is generated with it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A seeded random source with the few draws that the simulator needs.
#[derive(Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// A source that repeats itself for the same seed.
    pub fn new(seed: u64) -> Self {
        Dice(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A whole number below `limit` (0 when `limit` is 0).
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.0.next_u64() % limit).unwrap_or(0)
    }

    /// True in `percent` of a hundred draws.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// True with this probability, 0 to 1.
    pub fn hits(&mut self, probability: f64) -> bool {
        f64::from(self.0.next_u32()) < probability * 4_294_967_296.0
    }

    /// A number from `low` to `high`, rounded to `decimals`.
    pub fn between(&mut self, low: f64, high: f64, decimals: i32) -> f64 {
        let unit = f64::from(self.0.next_u32()) / f64::from(u32::MAX);
        let scale = 10f64.powi(decimals);
        ((low + unit * (high - low)) * scale).round() / scale
    }

    /// One of the items. The list must not be empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// Lower-case hex digits.
    pub fn hex(&mut self, digits: usize) -> String {
        (0..digits)
            .map(|_| char::from(b"0123456789abcdef"[self.below(16)]))
            .collect()
    }

    /// Characters of the URL-safe base64.
    pub fn base64url(&mut self, length: usize) -> String {
        const SET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        (0..length)
            .map(|_| char::from(SET[self.below(64)]))
            .collect()
    }

    /// A lower-case UUID of version 4, the form of most ids (objects.md, rules).
    pub fn uuid(&mut self) -> String {
        let h = self.hex(31);
        let variant = ["8", "9", "a", "b"][self.below(4)];
        let (a, b, c) = (&h[0..8], &h[8..12], &h[12..15]);
        format!("{a}-{b}-4{c}-{variant}{}-{}", &h[15..18], &h[18..30])
    }

    /// A hub bearer: uuid, colon, uuid, colon, 40 hex digits (objects.md 2.1).
    pub fn bearer(&mut self) -> String {
        format!("{}:{}:{}", self.uuid(), self.uuid(), self.hex(40))
    }
}
