// SPDX-License-Identifier: MIT OR Apache-2.0

//! Chance that is a function of a name and a time: whoever asks for the same
//! moment again, from whatever range, gets the same answer.

const HOUR_MS: i64 = 3_600_000;

/// The chance of one log.
#[derive(Clone, Copy, Debug)]
pub struct Noise(u64);

/// SplitMix64's finaliser.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// What happens now and then: in each slot of `slot` milliseconds at most
/// once, with a length between `short` and `long`.
#[derive(Clone, Copy, Debug)]
pub struct Burst {
    pub lane: u64,
    pub slot: i64,
    pub short: i64,
    pub long: i64,
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
impl Noise {
    /// From the home's seed and the log's full name.
    pub fn new(seed: u64, uri: &str, id: &str) -> Noise {
        let bytes = uri.bytes().chain([b':']).chain(id.bytes());
        let hash = bytes.fold(seed ^ 0x6c6f_6773, |h, b| mix(h ^ u64::from(b)));
        Noise(hash)
    }

    /// 0 to 1 for a number; lanes are independent of each other.
    pub fn unit(self, lane: u64, n: i64) -> f64 {
        let n = u64::from_ne_bytes(n.to_ne_bytes());
        let bits = mix(self.0 ^ mix(n.wrapping_add(lane << 48)));
        (bits >> 11) as f64 / (1u64 << 53) as f64
    }

    /// What is the same for the log at all times, 0 to 1.
    pub fn own(self, lane: u64) -> f64 {
        self.unit(lane, i64::MIN)
    }

    /// -1 to 1, wandering slowly: about one bend per period.
    pub fn wander(self, lane: u64, t: i64, period: i64) -> f64 {
        let (n, rest) = (t.div_euclid(period), t.rem_euclid(period));
        let part = rest as f64 / period as f64;
        let ease = (1.0 - (part * std::f64::consts::PI).cos()) / 2.0;
        let (from, to) = (self.unit(lane, n), self.unit(lane, n + 1));
        (from + (to - from) * ease) * 2.0 - 1.0
    }

    /// Whether such a thing goes on at a time; `often` is its probability per
    /// slot, asked for at the slot's middle.
    pub fn burst(self, t: i64, b: Burst, often: impl Fn(i64) -> f64) -> bool {
        let n = t.div_euclid(b.slot);
        let from = n * b.slot;
        if self.unit(b.lane, n) >= often(from + b.slot / 2) {
            return false;
        }
        let length = b.short + (self.unit(b.lane + 1, n) * (b.long - b.short) as f64) as i64;
        let start = (self.unit(b.lane + 2, n) * (b.slot - length).max(0) as f64) as i64;
        (from + start..from + start + length).contains(&t)
    }

    /// Whether the device is out of reach at a time: for a while on some days,
    /// and for hours now and then.
    pub fn away(self, t: i64) -> bool {
        let brief = Burst {
            lane: 100,
            slot: 24 * HOUR_MS,
            short: HOUR_MS / 4,
            long: 2 * HOUR_MS,
        };
        let long = Burst {
            lane: 110,
            slot: 9 * 24 * HOUR_MS,
            short: 3 * HOUR_MS,
            long: 9 * HOUR_MS,
        };
        self.burst(t, brief, |_| 0.4) || self.burst(t, long, |_| 0.5)
    }
}
