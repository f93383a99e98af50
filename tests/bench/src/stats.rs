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

/// Samples, and apart from them those during which the machine was busy with something else.
#[derive(Clone, Debug, Default)]
pub struct Sifted {
    calm: Samples,
    all: Samples,
}

impl Sifted {
    pub fn push_time(&mut self, time: Duration, disturbed: bool) {
        self.all.push_time(time);
        if !disturbed {
            self.calm.push_time(time);
        }
    }

    /// Whether there are fewer than `count` undisturbed ones, though it was tried twice as often.
    pub fn lacks(&self, count: usize) -> bool {
        self.calm.len() < count && self.all.len() < 2 * count
    }

    /// Those that count: the undisturbed ones where most are such, else all.
    pub fn counted(&self) -> &Samples {
        match 2 * self.calm.len() > self.all.len() {
            true => &self.calm,
            false => &self.all,
        }
    }

    /// What is to be said of the rest.
    pub fn note(&self) -> String {
        match self.all.len() - self.counted().len() {
            0 if self.calm.len() < self.all.len() => "the machine was busy".into(),
            0 => String::new(),
            n => format!("{n} more while the machine was busy"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disturbed_samples_count_only_where_most_are_such() {
        let time = Duration::from_millis;
        let mut sifted = Sifted::default();
        sifted.push_time(time(1), false);
        sifted.push_time(time(9), true);
        assert_eq!(
            (sifted.counted().most(), sifted.note().as_str()),
            (9.0, "the machine was busy")
        );
        sifted.push_time(time(2), false);
        assert_eq!((sifted.counted().most(), sifted.counted().len()), (2.0, 2));
        assert_eq!(sifted.note(), "1 more while the machine was busy");
        assert_eq!([2, 1].map(|n| sifted.lacks(n)), [false, false]);
        assert!(sifted.lacks(3));
    }

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
