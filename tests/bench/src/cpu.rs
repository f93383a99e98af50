// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a poll costs, beside `curl --compressed` and jq extracting the same values from the same hub in the same run.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use homey_rig::{Panel, Process, Result};

use crate::home::{Bench, Home, LIST, SINGLE};
use crate::row::{Report, Row};
use crate::stats::Samples;
use crate::tools::{Counter, busy_ms, children_ms, has, output};

const DEVICES: usize = 120;
/// A poll may cost this part of what curl and jq cost.
const PART: f64 = 0.25;

/// What is read of the home.
struct Case {
    name: &'static str,
    /// A device and a capability of it, each.
    points: Vec<(String, String)>,
    /// The route that is asked, and how often in a poll.
    route: &'static str,
    requests: u64,
}

pub fn run(bench: &Bench, report: &mut Report) -> Result<()> {
    for tool in ["curl", "jq"] {
        if !has(tool) {
            return Err(format!("{tool} is missing: apt-get install {tool}"));
        }
    }
    let home = Home::new(bench, DEVICES, &[])?;
    let few = home.lights.iter().take(16);
    let few: Vec<_> = few.map(|id| (id.clone(), "onoff".to_string())).collect();
    let cases = [
        Case {
            name: "16 of 120 devices, read singly",
            requests: few.len() as u64,
            points: few,
            route: SINGLE,
        },
        Case {
            name: "all of 120 devices, by the list",
            points: home.points()?,
            route: LIST,
            requests: 1,
        },
    ];
    let counter = Counter::here(home.dir());
    for case in &cases {
        time(bench, &home, case, report)?;
        match counter {
            Some(counter) => instructions(bench, &home, case, counter, report)?,
            None => report.add(
                Row::new("cpu", format!("{}, instructions", case.name), "")
                    .note("skipped: neither perf nor valgrind counts here"),
            ),
        }
    }
    Ok(())
}

fn start(bench: &Bench, home: &Home, case: &Case, wrapper: &[&str]) -> Result<Panel> {
    let mut config = home
        .config(home.address()?)
        .also("[poll]\ninterval_ms = 250\nidle_ms = 250");
    for (n, (device, capability)) in case.points.iter().enumerate() {
        config = config.lamp(&format!("l{n}"), device, capability);
    }
    let mut panel = Panel::start(home.command(bench, &config, wrapper)?)?;
    panel.link("ready", Duration::from_secs(60))?;
    Ok(panel)
}

/// Turns of both, so that whatever else the machine does meets both.
fn time(bench: &Bench, home: &Home, case: &Case, report: &mut Report) -> Result<()> {
    let panel = start(bench, home, case, &[])?;
    let others = Others::new(home, case)?;
    let (mut ours, mut theirs) = (Samples::default(), Samples::default());
    for _ in 0..bench.count(7, 3) {
        let before = (busy_ms(panel.process()), home.asked(case.route)?);
        std::thread::sleep(Duration::from_millis(1500));
        let after = (busy_ms(panel.process()), home.asked(case.route)?);
        let polls = (after.1 - before.1) as f64 / case.requests as f64;
        ours.push((after.0 - before.0) / polls.max(1.0));
        for _ in 0..4 {
            let before = children_ms()?;
            others.run(&[], None)?;
            theirs.push(children_ms()? - before);
        }
    }
    report.add(
        Row::new("cpu", format!("{}, time", case.name), "ms a poll")
            .value("panel", ours.median())
            .value("curl+jq", theirs.median())
            .value("ratio", ours.median() / theirs.median())
            .limit("ratio", PART)
            .note(format!("medians of {} and {}", ours.len(), theirs.len())),
    );
    Ok(())
}

fn instructions(
    bench: &Bench,
    home: &Home,
    case: &Case,
    counter: Counter,
    report: &mut Report,
) -> Result<()> {
    let file = home.dir().join("count");
    // What starting and stopping cost is in both counts.
    let counted = |polls: u64| -> Result<(f64, f64)> {
        let words = counter.words(&file);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let before = home.asked(case.route)?;
        let mut panel = start(bench, home, case, &words)?;
        home.sim.until("a poll", Duration::from_secs(60), |_| {
            Ok(home.asked(case.route)? >= before + polls * case.requests)
        })?;
        panel.stop(Duration::from_secs(20))?;
        let asked = home.asked(case.route)? - before;
        Ok((counter.read(&file)?, asked as f64 / case.requests as f64))
    };
    let (few, more) = (counted(4)?, counted(4 + bench.count(40, 12) as u64)?);
    let ours = (more.0 - few.0) / (more.1 - few.1).max(1.0) / 1e6;
    let others = Others::new(home, case)?;
    let theirs = others.run(&[counter], Some(&file))? / 1e6;
    report.add(
        Row::new(
            "cpu",
            format!("{}, instructions", case.name),
            "million a poll",
        )
        .value("panel", ours)
        .value("curl+jq", theirs)
        .value("ratio", ours / theirs)
        .limit("ratio", PART)
        .note(format!("user mode, by {}", counter.name())),
    );
    Ok(())
}

/// curl and jq on the same hub.
struct Others {
    curl: Vec<String>,
    filter: PathBuf,
    list: PathBuf,
    expected: usize,
}

impl Others {
    fn new(home: &Home, case: &Case) -> Result<Others> {
        let url = home.sim.word("https");
        let (name, port) = url
            .trim_start_matches("https://")
            .rsplit_once(':')
            .ok_or("the hub's address has no port")?;
        let bearer = format!("Authorization: Bearer {}", home.sim.bearer().trim());
        let bearer = home.dir().write("bearer", &bearer)?;
        let points: Vec<String> = case
            .points
            .iter()
            .map(|(device, capability)| format!("[\"{device}\",\"{capability}\"]"))
            .collect();
        let filter = format!(
            ". as $home | [{}] | map($home[.[0]].capabilitiesObj[.[1]].value)",
            points.join(",")
        );
        let list = home.dir().join("list.json");
        let curl = [
            "--silent",
            "--show-error",
            "--fail",
            "--compressed",
            "--cacert",
            &home.ca().display().to_string(),
            "--resolve",
            &format!("{name}:{port}:127.0.0.1"),
            "--header",
            &format!("@{}", bearer.display()),
            "--output",
            &list.display().to_string(),
            &format!("{url}/api/manager/devices/device"),
        ];
        Ok(Others {
            curl: curl.map(str::to_string).into(),
            filter: home.dir().write("filter.jq", &filter)?,
            list,
            expected: case.points.len(),
        })
    }

    /// One list, fetched and read; with a counter the instructions of both.
    fn run(&self, counter: &[Counter], file: Option<&PathBuf>) -> Result<f64> {
        let mut count = 0.0;
        let mut one = |program: &str, arguments: &[String]| -> Result<Vec<u8>> {
            let mut words = Vec::new();
            if let (Some(counter), Some(file)) = (counter.first(), file) {
                words = counter.words(file);
            }
            words.push(program.to_string());
            words.extend_from_slice(arguments);
            let mut command = Command::new(&words[0]);
            let out = output(command.args(&words[1..]).stdin(Stdio::null()))?.stdout;
            if let (Some(counter), Some(file)) = (counter.first(), file) {
                count += counter.read(file)?;
            }
            Ok(out)
        };
        one("curl", &self.curl)?;
        let jq = [
            "--compact-output".to_string(),
            "--from-file".into(),
            self.filter.display().to_string(),
            self.list.display().to_string(),
        ];
        let values = one("jq", &jq)?;
        let values: Vec<serde_json::Value> =
            serde_json::from_slice(&values).map_err(|e| format!("jq's output: {e}"))?;
        if values.len() != self.expected || values.iter().all(|v| v.is_null()) {
            return Err("curl and jq did not read what the panel reads".into());
        }
        Ok(count)
    }
}

/// Processor time of a panel that is left alone, per poll, in milliseconds; `requests` make one.
pub fn per_poll(home: &Home, process: Process, requests: u64, window: Duration) -> Result<f64> {
    let before = (busy_ms(process), home.polls()?);
    std::thread::sleep(window);
    let after = (busy_ms(process), home.polls()?);
    let polls = (after.1 - before.1) as f64 / requests.max(1) as f64;
    Ok((after.0 - before.0) / polls.max(1.0))
}
