// SPDX-License-Identifier: MIT OR Apache-2.0
//! `[poll]`, `[limits]` and `[timing]`: numbers, each with its unit in its name.

use std::time::Duration;

use super::problem::Report;
use super::section::{Keys, Section};
use crate::panel::plan::Timing;

pub(super) const POLL: Keys = Keys {
    known: &["interval_ms", "idle_ms", "idle_after_s", "retry_ms"],
    later: &["list_from"],
    cures: &[],
};
pub(super) const LIMITS: Keys = Keys {
    known: &[
        "max_reply_mb",
        "connect_ms",
        "tls_ms",
        "first_byte_ms",
        "poll_ms",
        "command_ms",
    ],
    later: &[],
    cures: &[],
};
pub(super) const TIMING: Keys = Keys {
    known: &[
        "hold_ms",
        "click_ms",
        "repeat_ms",
        "press_life_ms",
        "merge_ms",
        "settle_ms",
        "stale_ms",
        "reassert_s",
    ],
    later: &[],
    cures: &[],
};

/// What a hold may take, in milliseconds.
pub(super) const HOLD_MS: core::ops::RangeInclusive<u64> = 100..=5000;
/// From an up edge to the next down edge of several clicks, in milliseconds.
pub(super) const CLICK_MS: core::ops::RangeInclusive<u64> = 100..=1000;
/// Between two repeats of a hold, in milliseconds.
pub(super) const REPEAT_MS: core::ops::RangeInclusive<u64> = 50..=5000;
/// How long a press that cannot be sent may wait, in milliseconds.
pub(super) const PRESS_LIFE_MS: core::ops::RangeInclusive<u64> = 100..=30_000;

/// `[poll]`: how often the hub is asked.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Poll {
    /// From one poll's start to the next while the panel is in use; 100 ms to 600 s, default 1 s.
    pub interval: Duration,
    /// The same while nobody touches the panel; at least `interval`, at most 3600 s, default 5 s.
    pub idle: Duration,
    /// How long after the last touch the panel counts as in use; 0 to 86400 s, default 60 s.
    pub idle_after: Duration,
    /// The first pause after a try that failed, from which all of `panel::cadence`'s pauses follow; 25 to 10000 ms, default 500.
    pub retry: Duration,
}

impl Default for Poll {
    fn default() -> Poll {
        Poll {
            interval: Duration::from_secs(1),
            idle: Duration::from_secs(5),
            idle_after: Duration::from_secs(60),
            retry: Duration::from_millis(500),
        }
    }
}

/// `[limits]`: where waiting and reading end.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// A poll's reply, decoded, in bytes; 1 to 1024 MiB, default 64 MiB. It is streamed, never held.
    pub max_reply: u64,
    /// Until a TCP connection stands; default 2 s. This and the next four: 100 ms to 60 s.
    pub connect: Duration,
    /// Until TLS is agreed; default 5 s.
    pub tls: Duration,
    /// Until a reply's first byte; default 3 s.
    pub first_byte: Duration,
    /// A whole poll; default 10 s.
    pub poll: Duration,
    /// A whole command; default 5 s.
    pub command: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_reply: 64 << 20,
            connect: Duration::from_secs(2),
            tls: Duration::from_secs(5),
            first_byte: Duration::from_secs(3),
            poll: Duration::from_secs(10),
            command: Duration::from_secs(5),
        }
    }
}

/// Reads `[poll]`.
pub(super) fn read_poll(report: &mut Report<'_>, root: &Section<'_>) -> Poll {
    let section = Section::child(report, root, "poll", "[poll]", &POLL);
    let default = Poll::default();
    let interval = millis(
        report,
        &section,
        "interval_ms",
        100..=600_000,
        default.interval,
    );
    let idle = millis(
        report,
        &section,
        "idle_ms",
        100..=3_600_000,
        default.idle.max(interval),
    );
    if idle < interval {
        let at = section.at_value(report, "idle_ms");
        let interval = interval.as_millis();
        report
            .error(
                at,
                format!("idle_ms is {}, shorter than interval_ms", idle.as_millis()),
            )
            .expected(format!(
                "at least {interval}: an idle panel asks less often"
            ));
    }
    let idle_after = seconds(
        report,
        &section,
        "idle_after_s",
        0..=86_400,
        default.idle_after,
    );
    Poll {
        interval,
        idle,
        idle_after,
        retry: millis(report, &section, "retry_ms", 25..=10_000, default.retry),
    }
}

/// Reads `[limits]`.
pub(super) fn read_limits(report: &mut Report<'_>, root: &Section<'_>) -> Limits {
    let section = Section::child(report, root, "limits", "[limits]", &LIMITS);
    let default = Limits::default();
    let mut deadline = |key, default| millis(report, &section, key, 100..=60_000, default);
    Limits {
        connect: deadline("connect_ms", default.connect),
        tls: deadline("tls_ms", default.tls),
        first_byte: deadline("first_byte_ms", default.first_byte),
        poll: deadline("poll_ms", default.poll),
        command: deadline("command_ms", default.command),
        max_reply: section.whole(
            report,
            "max_reply_mb",
            1..=1024,
            "MiB",
            default.max_reply >> 20,
        ) << 20,
    }
}

/// Reads `[timing]`; `poll` because a reading must live longer than the pause between two.
pub(super) fn read_timing(report: &mut Report<'_>, root: &Section<'_>, poll: &Poll) -> Timing {
    let section = Section::child(report, root, "timing", "[timing]", &TIMING);
    let default = Timing::default();
    let stale = millis(
        report,
        &section,
        "stale_ms",
        1000..=7_200_000,
        default.stale,
    );
    if stale <= poll.idle {
        let at = match section.has("stale_ms") {
            true => section.at_value(report, "stale_ms"),
            false => root.at_child_value(report, "poll", "idle_ms"),
        };
        let idle = poll.idle.as_millis();
        report
            .error(
                at,
                format!(
                    "readings are stale after {} ms, before the next poll",
                    stale.as_millis()
                ),
            )
            .expected(format!(
                "stale_ms in [timing] above {idle}, the idle_ms of [poll]"
            ));
    }
    Timing {
        stale,
        hold: millis(report, &section, "hold_ms", HOLD_MS, default.hold),
        click: millis(report, &section, "click_ms", CLICK_MS, default.click),
        repeat: millis(report, &section, "repeat_ms", REPEAT_MS, default.repeat),
        press_life: millis(
            report,
            &section,
            "press_life_ms",
            PRESS_LIFE_MS,
            default.press_life,
        ),
        merge: millis(report, &section, "merge_ms", 0..=2000, default.merge),
        settle: millis(report, &section, "settle_ms", 0..=30_000, default.settle),
        reassert: seconds(
            report,
            &section,
            "reassert_s",
            10..=86_400,
            default.reassert,
        ),
    }
}

fn millis(
    report: &mut Report<'_>,
    section: &Section<'_>,
    key: &str,
    range: core::ops::RangeInclusive<u64>,
    default: Duration,
) -> Duration {
    let default = u64::try_from(default.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(section.whole(report, key, range, "milliseconds", default))
}

fn seconds(
    report: &mut Report<'_>,
    section: &Section<'_>,
    key: &str,
    range: core::ops::RangeInclusive<u64>,
    default: Duration,
) -> Duration {
    Duration::from_secs(section.whole(report, key, range, "seconds", default.as_secs()))
}
