// SPDX-License-Identifier: MIT OR Apache-2.0
//! Order statistics of samples. Plain numbers in, plain numbers out.

use std::time::Duration;

/// Samples of one thing.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
        self.0.sort_by(f64::total_cmp);
    }

    /// In milliseconds.
    pub fn push_time(&mut self, time: Duration) {
        self.push(time.as_secs_f64() * 1000.0);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest value that at least `part` (0 to 1) of the samples do not exceed; 0 of none.
    pub fn quantile(&self, part: f64) -> f64 {
        let rank = (part * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.max(1) - 1).copied().unwrap_or(0.0)
    }

    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    pub fn most(&self) -> f64 {
        self.quantile(1.0)
    }

    /// For a row: p50, p99, max.
    pub fn spread(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("p50", self.median()),
            ("p99", self.quantile(0.99)),
            ("max", self.most()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples() {
        let mut samples = Samples::default();
        assert_eq!(samples.quantile(0.5), 0.0);
        for n in (1..=200).rev() {
            samples.push(f64::from(n));
        }
        for (part, want) in [
            (0.0, 1.0),
            (0.5, 100.0),
            (0.99, 198.0),
            (0.991, 199.0),
            (1.0, 200.0),
        ] {
            assert_eq!(samples.quantile(part), want, "{part}");
        }
    }
}
