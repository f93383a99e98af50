// SPDX-License-Identifier: MIT OR Apache-2.0
//! `alarms` and `alarm NAME`: the hub's alarm clocks, shown and changed (`objects.md` 6).

use lexopt::prelude::{Long, Short, Value as Word, ValueExt as _};
use serde_json::{Value, json};

use crate::cli::desk::Desk;
use crate::cli::table::Table;
use crate::cli::{Common, Json, help, positionals};
use crate::config::nearest;
use crate::failure::{Exit, Failure};
use crate::homey::call::Call;
use crate::homey::names::RefKind;
use crate::homey::text::one_line;

use super::items::{self, Object, first, text};
use super::put;
use super::record::Record;

const TARGET: &str = "/api/manager/alarms/alarm";

const HELP: &str = "\
usage: homey-panel [-c FILE] alarm ALARM [--json]
       homey-panel [-c FILE] alarm ALARM [--time HH:MM] [--days DAYS] [--on|--off] [--json]

Shows one alarm clock, after it was changed where an option says how. Only what differs from what the hub has is sent.

      --time HH:MM   when it rings, in the hub's own time zone: 07:30
      --days DAYS    the days of the week it rings on: mon,tue,sat or weekdays, weekend, daily;
                     none: once, the next time it can
      --on, --off    switch it on or off
      --json         as a JSON object
";

const DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// The days of a week, from Monday.
type Week = [bool; 7];

/// `alarms [--json]`
pub(in crate::cli) fn alarms(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    let (_, as_json) = positionals(parser, common, &[], 0, Json::Yes)?;
    let mut desk = Desk::open(common)?;
    let mut table = Table::new(&["name", "time", "days", "enabled", "next", "id"]);
    let sink = &mut |id: &str, one: Object| {
        table.row(vec![
            first(&one, &["name"]),
            first(&one, &["time"]),
            days(&one),
            first(&one, &["enabled"]),
            next(&one),
            json!(id),
        ]);
    };
    items::each(&mut desk, &Call::Alarms, "a list of alarms", sink)?;
    table.sort();
    table.show(as_json)
}

/// What is to be changed; `None` stays as it is.
#[derive(Debug, Default, PartialEq)]
struct Change {
    time: Option<String>,
    days: Option<Week>,
    enabled: Option<bool>,
}

/// `alarm ALARM [--time HH:MM] [--days DAYS] [--on|--off] [--json]`
pub(in crate::cli) fn alarm(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    let (mut name, mut change, mut as_json) = (None, Change::default(), false);
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return help(HELP),
            Short('c') | Long("config") => common.config = Some(parser.value()?.into()),
            Long("json") => as_json = true,
            Long("time") => change.time = Some(read_time(&parser.value()?.string()?)?),
            Long("days") => change.days = Some(read_days(&parser.value()?.string()?)?),
            Long("on") if change.enabled != Some(false) => change.enabled = Some(true),
            Long("off") if change.enabled != Some(true) => change.enabled = Some(false),
            Long("on" | "off") => {
                return Err(Failure::usage("alarm: --on and --off exclude each other"));
            }
            Word(word) if name.is_none() => name = Some(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let name = name.ok_or_else(|| Failure::usage("alarm: the alarm's name is missing"))?;
    let mut desk = Desk::open(common)?;
    let found = desk.find(RefKind::Alarm, &name)?;
    let target = put::target(TARGET, "alarm id", &found.id)?;
    let mut one = read(&mut desk, &target, &found.name)?;
    let members = change.members(&one);
    if !members.is_empty() {
        let doing = format!("changing alarm {}", found.name);
        let members = Value::Object(members);
        put::send(&mut desk, &doing, &target, "homey.alarm", &members)?;
        one = read(&mut desk, &target, &found.name)?;
        if let Some((member, _)) = change.members(&one).iter().next() {
            let is = plain_member(&one, member);
            let why = format!("{doing}: the hub said yes, but its {member} is still {is}");
            return Err(Failure::new(Exit::Failed, one_line(&why, 400)));
        }
    }
    let mut record = Record::new();
    record.put("id", json!(found.id));
    record.put("name", first(&one, &["name"]));
    record.put("time", first(&one, &["time"]));
    record.put("days", days(&one));
    record.put("enabled", first(&one, &["enabled"]));
    record.put("next", next(&one));
    record.show(as_json)
}

fn read(desk: &mut Desk, target: &str, name: &str) -> Result<Object, Failure> {
    let doing = format!("reading alarm {name}");
    let call = put::get(target, &doing, "homey.alarm.readonly");
    items::one(desk, &doing, &call, "an alarm")
}

impl Change {
    /// The members of `alarm` that have to become others.
    fn members(&self, alarm: &Object) -> Object {
        let mut members = Object::new();
        if let Some(time) = self
            .time
            .as_deref()
            .filter(|t| text(alarm, "time") != Some(t))
        {
            members.insert("time".into(), json!(time));
        }
        if let Some(days) = self.days.filter(|days| week(alarm) != Some(*days)) {
            let mut week = Object::new();
            for (day, is) in DAYS.iter().zip(days) {
                week.insert(day.to_string(), json!(is));
            }
            members.insert("repetition".into(), Value::Object(week));
        }
        if let Some(enabled) = self
            .enabled
            .filter(|is| alarm.get("enabled") != Some(&json!(is)))
        {
            members.insert("enabled".into(), json!(enabled));
        }
        members
    }
}

fn plain_member(alarm: &Object, member: &str) -> String {
    match member {
        "repetition" => days(alarm).to_string(),
        _ => first(alarm, &[member]).to_string(),
    }
}

/// `None` where the hub tells no day at all.
fn week(alarm: &Object) -> Option<Week> {
    let told = alarm.get("repetition").and_then(Value::as_object)?;
    Some(DAYS.map(|day| told.get(day) == Some(&json!(true))))
}

/// The short names of the days it rings on.
fn days(alarm: &Object) -> Value {
    match week(alarm) {
        None => Value::Null,
        Some(week) => {
            let named = DAYS.iter().zip(week).filter(|(_, is)| *is);
            json!(named.map(|(day, _)| &day[..3]).collect::<Vec<_>>())
        }
    }
}

/// When it rings next; the hub's own spelling first.
fn next(alarm: &Object) -> Value {
    first(alarm, &["nextOccurance", "nextOccurrence"])
}

/// `07:30`, and `7:30` as the same.
fn read_time(written: &str) -> Result<String, Failure> {
    let two = |part: &str, below: u8| {
        let is_short = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        let number = part.parse::<u8>().ok().filter(|n| *n < below && is_short);
        number.map(|n| format!("{n:02}"))
    };
    let parts = |mark: char| {
        let (hour, minute) = written.trim().split_once(mark)?;
        let minute = Some(minute).filter(|minute| minute.len() == 2)?;
        Some(format!("{}:{}", two(hour, 24)?, two(minute, 60)?))
    };
    if let Some(time) = parts(':') {
        return Ok(time);
    }
    let hint = ['.', 'h', ',', '-'].into_iter().find_map(parts);
    let hint = hint
        .map(|time| format!("; did you mean {time}"))
        .unwrap_or_default();
    let shown = one_line(written, 40);
    let why = format!("--time {shown}: expected hours and minutes from 00:00 to 23:59{hint}");
    Err(Failure::usage_plain(why))
}

fn read_days(written: &str) -> Result<Week, Failure> {
    const SETS: [(&str, Week); 4] = [
        ("weekdays", [true, true, true, true, true, false, false]),
        ("weekend", [false, false, false, false, false, true, true]),
        ("daily", [true; 7]),
        ("none", [false; 7]),
    ];
    let mut week = [false; 7];
    for word in written.split([',', ' ']).filter(|word| !word.is_empty()) {
        let small = word.to_ascii_lowercase();
        if let Some((_, days)) = SETS.iter().find(|(name, _)| *name == small) {
            for (is, also) in week.iter_mut().zip(days) {
                *is |= also;
            }
            continue;
        }
        // mon, tues, wednesday: enough letters to know it.
        let day = DAYS
            .iter()
            .position(|day| small.len() >= 3 && day.starts_with(&*small));
        match day.and_then(|day| week.get_mut(day)) {
            Some(is) => *is = true,
            None => {
                let names = SETS.iter().map(|(name, _)| *name);
                let hint = nearest(&small, DAYS.into_iter().chain(names))
                    .map(|near| format!("; did you mean {near}"))
                    .unwrap_or_default();
                return Err(Failure::usage_plain(format!(
                    "--days {}: expected mon,tue,… or weekdays, weekend, daily, none{hint}",
                    one_line(word, 40)
                )));
            }
        }
    }
    if written.split([',', ' ']).all(str::is_empty) {
        return Err(Failure::usage_plain(
            "--days: expected mon,tue,… or weekdays, weekend, daily, none",
        ));
    }
    Ok(week)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_a_day() {
        for (written, want) in [
            ("07:30", Ok("07:30")),
            ("7:30", Ok("07:30")),
            (" 00:00", Ok("00:00")),
            ("23:59", Ok("23:59")),
            ("24:00", Err("")),
            ("7:60", Err("")),
            ("7:3", Err("")),
            ("007:30", Err("")),
            ("+7:30", Err("")),
            ("", Err("")),
            (":", Err("")),
            ("7.30", Err("; did you mean 07:30")),
            ("19h45", Err("; did you mean 19:45")),
            ("07:30:00", Err("")),
        ] {
            let read = read_time(written).map_err(|e| {
                let (_, hint) = e.message.split_once("23:59").unwrap();
                hint.to_string()
            });
            assert_eq!(
                read.as_deref(),
                want.map_err(str::to_string).as_deref(),
                "{written}"
            );
        }
    }

    #[test]
    fn days_are_words() {
        let week = |text: &str| {
            let mut week = [false; 7];
            text.bytes()
                .for_each(|b| week[usize::from(b - b'1')] = true);
            week
        };
        for (written, want) in [
            ("mon", "1"),
            ("mon,tue", "12"),
            ("Sunday, saturday", "67"),
            ("weekdays", "12345"),
            ("weekend,wed", "367"),
            ("daily", "1234567"),
            ("none", ""),
            ("thurs", "4"),
        ] {
            assert_eq!(
                read_days(written).map_err(|e| e.message),
                Ok(week(want)),
                "{written}"
            );
        }
        for (written, hint) in [
            ("mo", ""),
            ("weekday", "did you mean weekdays"),
            ("mon;tue", ""),
            ("tuesdy", "did you mean tuesday"),
            ("", "--days: expected"),
            (",", "--days: expected"),
        ] {
            let error = read_days(written).unwrap_err().message;
            assert!(
                error.contains(hint) && error.contains("weekdays"),
                "{written}: {error}"
            );
        }
    }

    #[test]
    fn only_what_differs_is_sent() {
        let alarm = json!({"time": "06:45", "enabled": true, "repetition": {"monday": true, "sunday": false}});
        let Value::Object(alarm) = alarm else {
            unreachable!();
        };
        let monday = [true, false, false, false, false, false, false];
        let same = Change {
            time: Some("06:45".into()),
            days: Some(monday),
            enabled: Some(true),
        };
        assert_eq!(same.members(&alarm), Object::new());
        assert_eq!(Change::default().members(&Object::new()), Object::new());
        let members = Value::Object(same.members(&Object::new()));
        assert_eq!(members["repetition"]["monday"], json!(true));
        assert_eq!(members["repetition"].as_object().unwrap().len(), 7);
        let off = Change {
            enabled: Some(false),
            ..Change::default()
        };
        assert_eq!(
            Value::Object(off.members(&alarm)),
            json!({"enabled": false})
        );
    }
}
