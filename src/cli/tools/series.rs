// SPDX-License-Identifier: MIT OR Apache-2.0
//! What capabilities were: finding their logs, reading them, and the span of time that is asked for.
//!
//! Must not know how it is shown.

#[cfg(test)]
mod tests;

use crate::cli::desk::Desk;
use crate::client::Refusal;
use crate::config::nearest;
use crate::failure::Failure;
use crate::homey::Kind;
use crate::homey::call::{Call, Other, Repeat, path_segment};
use crate::homey::reply::{self, Entries, Log, SystemInfo};
use crate::homey::text::one_line;

const SCOPE: &str = "homey.insights.readonly";

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

/// The resolutions of the hub and what each covers (`objects.md` 8); those that end now, shortest first, then the others.
pub const RESOLUTIONS: [(&str, u64); 15] = [
    ("lastHour", HOUR),
    ("last6Hours", 6 * HOUR),
    ("last24Hours", DAY),
    ("last7Days", 7 * DAY),
    ("last14Days", 14 * DAY),
    ("last31Days", 31 * DAY),
    ("last2Years", 730 * DAY),
    ("today", 0),
    ("yesterday", 0),
    ("thisWeek", 0),
    ("lastWeek", 0),
    ("thisMonth", 0),
    ("lastMonth", 0),
    ("thisYear", 0),
    ("lastYear", 0),
];

/// Which part of the past is meant.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Span {
    pub resolution: &'static str,
    /// Only the last so many milliseconds of it.
    pub last: Option<u64>,
}

impl Default for Span {
    fn default() -> Span {
        Span {
            resolution: "last24Hours",
            last: Some(DAY),
        }
    }
}

impl Span {
    /// From `--last` and `--resolution`: the finest resolution that covers the time, unless one is named.
    pub fn new(last: Option<&str>, resolution: Option<&str>) -> Result<Span, String> {
        let last = match last {
            None => None,
            Some(text) => Some(duration(text)?),
        };
        let named = match resolution {
            None => None,
            Some(name) => Some(named(name)?),
        };
        match (last, named) {
            (None, None) => Ok(Span::default()),
            (last, Some(resolution)) => Ok(Span { resolution, last }),
            (Some(ms), None) => {
                let fits = RESOLUTIONS.iter().find(|(_, covers)| *covers >= ms);
                let (resolution, _) = fits.ok_or("--last: the hub remembers at most two years")?;
                Ok(Span {
                    resolution,
                    last: Some(ms),
                })
            }
        }
    }
}

/// `90m`, `24h`, `7d`, `4w` in milliseconds.
fn duration(text: &str) -> Result<u64, String> {
    let wrong = || format!("--last {text}: expected a time such as 90m, 24h, 7d or 4w");
    let unit = match text.chars().last() {
        Some('m') => 60_000,
        Some('h') => HOUR,
        Some('d') => DAY,
        Some('w') => 7 * DAY,
        _ => return Err(wrong()),
    };
    let digits = text.get(..text.len() - 1).unwrap_or_default();
    let is_plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let number = digits.parse::<u64>().ok().filter(|n| is_plain && *n > 0);
    number.and_then(|n| n.checked_mul(unit)).ok_or_else(wrong)
}

fn named(name: &str) -> Result<&'static str, String> {
    let names = || RESOLUTIONS.iter().map(|(name, _)| *name);
    // A hub takes an unknown name for the last 24 hours, without a word.
    names().find(|known| *known == name).ok_or_else(|| {
        let hint = nearest(name, names())
            .map(|near| format!("; did you mean {near}"))
            .unwrap_or_default();
        let all: Vec<&str> = names().collect();
        format!(
            "--resolution {name}: expected one of {}{hint}",
            all.join(", ")
        )
    })
}

/// A capability of a device, and the device's name for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    pub device: String,
    pub name: String,
    pub capability: String,
}

/// What a hub kept of a capability.
#[derive(Clone, PartialEq, Debug)]
pub struct Series {
    pub device: String,
    pub capability: String,
    pub units: Option<String>,
    /// Of switches and alarms: values are 0, 1, or the share of the step that it was on.
    pub is_boolean: bool,
    pub decimals: Option<u8>,
    /// The time that is asked for, as the hub's clock has it.
    pub from: i64,
    pub to: i64,
    /// Milliseconds between two values.
    pub step: i64,
    pub values: Vec<(i64, Option<f64>)>,
}

/// The least, the mean and the greatest of all values that there are.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Summary {
    pub min: f64,
    pub mean: f64,
    pub max: f64,
    pub count: usize,
}

impl Series {
    /// A log's entries, cut to the span and to what has passed by the hub's clock: `today` ends at midnight.
    pub fn new(
        wanted: &Wanted,
        log: &Log,
        entries: Entries,
        span: Span,
        now: Option<u64>,
    ) -> Series {
        let signed = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        let last = entries.values.last().map(|(t, _)| *t);
        let step = entries.step.unwrap_or_else(|| usual_step(&entries.values));
        let end = entries.end.max(last).unwrap_or(0);
        let to = match now {
            Some(now) => end.min(now.saturating_add(step)),
            None => end,
        };
        let first = entries.values.first().map(|(t, _)| *t);
        let start = entries.start.or(first).unwrap_or(to).min(to);
        let from = match span.last {
            Some(ms) => to.saturating_sub(ms),
            None => start,
        };
        let kept = entries
            .values
            .iter()
            .filter(|(t, _)| (from..=to).contains(t));
        // A dim of 0.6 has the units % on hubs, and means 60 %; it is shown as `set` takes it.
        let is_small = |v: &Option<f64>| v.is_none_or(|v| (0.0..=1.0).contains(&v));
        let is_fraction = log.units.as_deref() == Some("%")
            && !wanted.capability.starts_with("measure_")
            && entries.values.iter().all(|(_, v)| is_small(v));
        let is_boolean = log.kind == Kind::Boolean;
        let share = |v: f64| if is_boolean { v.clamp(0.0, 1.0) } else { v };
        Series {
            device: wanted.name.clone(),
            capability: wanted.capability.clone(),
            units: log
                .units
                .as_deref()
                .filter(|_| !is_fraction)
                .map(String::from),
            is_boolean,
            decimals: log.decimals,
            from: signed(from),
            to: signed(to),
            step: signed(step),
            values: kept.map(|(t, v)| (signed(*t), v.map(share))).collect(),
        }
    }

    /// Runs of values without a gap: a missing value ends one, and so does a missing entry.
    pub fn runs(&self) -> Vec<Vec<(i64, f64)>> {
        let mut runs: Vec<Vec<(i64, f64)>> = Vec::new();
        let mut last: Option<i64> = None;
        for (t, v) in &self.values {
            let Some(v) = v else {
                last = None;
                continue;
            };
            let goes_on = last.is_some_and(|last| t.saturating_sub(last) <= self.longest_step());
            last = Some(*t);
            match runs.last_mut() {
                Some(run) if goes_on => run.push((*t, *v)),
                _ => runs.push(vec![(*t, *v)]),
            }
        }
        runs
    }

    /// What is longer than this is a gap.
    fn longest_step(&self) -> i64 {
        self.step.saturating_add(self.step / 2)
    }

    /// Where nothing is known, within the span: from the last value before to the first one after. What the newest step
    /// does not have yet is no gap.
    pub fn gaps(&self) -> Vec<(i64, i64)> {
        let runs = self.runs();
        let mut gaps = Vec::new();
        let mut known = self.from;
        for run in &runs {
            if let (Some((first, _)), Some((last, _))) = (run.first(), run.last()) {
                if first.saturating_sub(known) > self.longest_step() {
                    gaps.push((known, *first));
                }
                known = *last;
            }
        }
        // Two steps: the newest value mostly is missing (`objects.md` 8).
        if self.to.saturating_sub(known) > self.step.saturating_mul(2) {
            gaps.push((known, self.to));
        }
        gaps
    }

    /// `None` where there is no value at all.
    pub fn summary(&self) -> Option<Summary> {
        let mut values = self.values.iter().filter_map(|(_, v)| *v);
        let first = values.next()?;
        let mut s = Summary {
            min: first,
            mean: first,
            max: first,
            count: 1,
        };
        for v in values {
            s.count += 1;
            s.min = s.min.min(v);
            s.max = s.max.max(v);
            s.mean += (v - s.mean) / s.count as f64;
        }
        Some(s)
    }

    /// The newest value.
    pub fn newest(&self) -> Option<f64> {
        self.values.iter().rev().find_map(|(_, v)| *v)
    }

    /// A value as people read it, without units.
    pub fn shown(&self, value: f64) -> String {
        match (self.is_boolean, value) {
            (true, 1.0) => "on".into(),
            (true, 0.0) => "off".into(),
            (true, share) => format!("on {} %", number(share * 100.0, Some(0))),
            (false, value) => number(value, self.decimals),
        }
    }

    /// The same with units.
    pub fn with_units(&self, value: f64) -> String {
        match &self.units {
            Some(units) if !self.is_boolean => format!("{} {units}", self.shown(value)),
            _ => self.shown(value),
        }
    }

    /// `Kitchen thermostat measure_temperature`
    pub fn title(&self) -> String {
        format!("{} {}", self.device, self.capability)
    }
}

/// A number with so many digits after the point, or up to 2 where nobody says how many.
pub fn number(value: f64, decimals: Option<u8>) -> String {
    // A driver's absurd number must not fill a line with zeros.
    if value.abs() >= 1e12 {
        return format!("{value:.2e}");
    }
    let count = usize::from(decimals.unwrap_or(2).min(6));
    let text = format!("{value:.count$}");
    let text = match decimals {
        None => text.trim_end_matches('0').trim_end_matches('.'),
        Some(_) => &text,
    };
    // "-0" and "-0.00" are nothing but rounding.
    match text.bytes().any(|b| matches!(b, b'1'..=b'9')) {
        true => text.to_owned(),
        false => text.trim_start_matches('-').to_owned(),
    }
}

/// The shortest distance between two entries, for hubs that do not say the step.
fn usual_step(values: &[(u64, Option<f64>)]) -> u64 {
    let next = values.iter().skip(1);
    let apart = values.iter().zip(next).map(|((a, _), (b, _))| b - a);
    apart.min().unwrap_or(DAY)
}

/// Asks the hub what it is; a key that may not is no reason to stop.
pub fn about(desk: &mut Desk) -> SystemInfo {
    let asked = desk.read(&Call::System, &mut |body| Ok(reply::system(body)?));
    asked.unwrap_or_default()
}

fn ask(
    desk: &mut Desk,
    target: &str,
    name: &str,
    visit: &mut dyn FnMut(&mut dyn std::io::Read) -> Result<(), Refusal>,
) -> Result<(), Failure> {
    let call = Call::Other(Other {
        method: "GET",
        target,
        body: None,
        bearer: true,
        scope: Some(SCOPE),
        name,
        repeat: Repeat::Safe,
    });
    desk.read_as(name, &call, visit)
}

/// The log of each wanted capability, or what the device has instead.
pub fn find_logs(desk: &mut Desk, wanted: &[Wanted]) -> Result<Vec<Result<Log, String>>, Failure> {
    /// More logs of one device than this are not listed in an error.
    const MAX_NAMED: usize = 64;
    let mut found: Vec<Option<Log>> = vec![None; wanted.len()];
    let mut others: Vec<Vec<String>> = vec![Vec::new(); wanted.len()];
    ask(
        desk,
        "/api/manager/insights/log",
        "list the logs",
        &mut |body| {
            reply::logs(body, &mut |log| {
                let Some(device) = log.owner.strip_prefix("homey:device:") else {
                    return;
                };
                let places = wanted.iter().zip(found.iter_mut().zip(others.iter_mut()));
                for (wanted, (found, others)) in places {
                    if wanted.device != device {
                        continue;
                    }
                    if *wanted.capability == *log.id {
                        *found = Some(log.clone());
                    } else if others.len() < MAX_NAMED {
                        others.push(log.id.to_string());
                    }
                }
            })?;
            Ok(())
        },
    )?;
    let all = wanted.iter().zip(found.into_iter().zip(others));
    let one = |(wanted, (found, others)): (&Wanted, (Option<Log>, Vec<String>))| {
        found.ok_or_else(|| {
            let hint = nearest(&wanted.capability, others.iter().map(String::as_str))
                .map(|near| format!("; did you mean {near}"))
                .unwrap_or_default();
            let known = match others.is_empty() {
                true => "none".to_owned(),
                false => others.join(", "),
            };
            let words = format!(
                "the hub keeps no log of {} of {}{hint}; of this device it keeps {known}",
                wanted.capability, wanted.name
            );
            one_line(&words, 2000)
        })
    };
    Ok(all.map(one).collect())
}

/// Reads one log.
pub fn read(
    desk: &mut Desk,
    wanted: &Wanted,
    log: &Log,
    span: Span,
    now: Option<u64>,
) -> Result<Series, Failure> {
    let segment = |text: &str| {
        path_segment("id of the log", text).map_err(|e| Failure::unavailable(e.to_string()))
    };
    let target = format!(
        "/api/manager/insights/log/{}/{}/entry?resolution={}",
        segment(&log.owner)?,
        segment(&log.wire_id)?,
        span.resolution
    );
    let name = format!("read the log of {} of {}", wanted.capability, wanted.name);
    let name = one_line(&name, 200);
    let mut entries = Entries::default();
    ask(desk, &target, &name, &mut |body| {
        entries = reply::entries(body)?;
        Ok(())
    })?;
    if entries.dropped > 0 {
        log::warn!(
            "{name}: {} entries make no sense and are left out",
            entries.dropped
        );
    }
    Ok(Series::new(wanted, log, entries, span, now))
}
