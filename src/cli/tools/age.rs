// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long ago the hub says that something was, by this machine's clock. Both clocks are taken to be set, as they are
//! where somebody sits and reads a table.

/// A time that has passed, in its largest unit and the next: `12 s`, `5 min`, `3 h 20 min`, `40 d`. What is said to be
/// in the future by no more than clocks differ is now.
pub(in crate::cli) fn age(then_ms: u64, now_ms: u64) -> String {
    /// Two clocks that are set still differ by so much.
    const SLACK_MS: u64 = 60_000;
    if then_ms > now_ms.saturating_add(SLACK_MS) {
        return format!("in {}", span(then_ms - now_ms));
    }
    span(now_ms.saturating_sub(then_ms))
}

fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, 1..=9, _) if minutes % 60 != 0 => format!("{hours} h {} min", minutes % 60),
        (0, _, _) => format!("{hours} h"),
        (1..=3, _, _) if hours % 24 != 0 => format!("{days} d {} h", hours % 24),
        _ => format!("{days} d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short() {
        const NOW: u64 = 1_772_389_325_123;
        for (seconds, want) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3599, "59 min"),
            (3600, "1 h"),
            (3600 * 3 + 61, "3 h 1 min"),
            (3600 * 11 + 61, "11 h"),
            (86_400 * 2 + 3600, "2 d 1 h"),
            (86_400 * 40, "40 d"),
            (-30, "0 s"),
            (-7200, "in 2 h"),
        ] {
            let then = NOW.saturating_add_signed(-seconds * 1000);
            assert_eq!(age(then, NOW), want, "{seconds}");
        }
        assert_eq!(age(0, u64::MAX), "213503982334 d");
    }
}
