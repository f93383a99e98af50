// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a press to its acknowledgement on the panel and to the first byte of its command on the wire.
//!
//! Both ends are seen by this process: the line that says `taken`, and the command's TLS record as it passes the relay.

mod hard;
mod renew;
mod stall;

use std::time::{Duration, Instant};

use homey_rig::{Config, Panel, Process, Result, SOON};

use crate::home::{Bench, Home, PATIENCE};
use crate::relay::{Record, Relay};
use crate::row::{Report, Row};
use crate::stats::{Samples, Sifted};
use crate::tools::kept_waiting;

pub use hard::{QUIET, hard};
pub use renew::renew;

/// Bindings of the panel that is pressed.
const CONTROLS: usize = 16;

/// Between two presses: the panel holds commands 8 ms apart, so that those of one press stay in their order.
const APART: Duration = Duration::from_millis(15);

/// A stalled poll stays so for as long as a volley takes.
pub const PATIENT: &str =
    "[limits]\nconnect_ms = 60000\ntls_ms = 60000\nfirst_byte_ms = 60000\npoll_ms = 60000";

/// Milliseconds, of all states.
const ACK_P99: f64 = 5.0;
const ACK_MAX: f64 = 50.0;
/// Milliseconds until the first byte, towards each dialect.
const BYTE_V3: f64 = 10.0;
const BYTE_V2: f64 = 160.0;

/// A home, a panel in it, and the relay between them.
pub struct Wall {
    pub panel: Panel,
    pub relay: Relay,
    /// Bytes of a command's record at least; everything else that is asked is shorter.
    command: usize,
}

/// What presses came to: until they were acknowledged, until their commands left.
#[derive(Default)]
pub struct Volley {
    ack: Sifted,
    byte: Sifted,
}

/// Milliseconds: a time in which panel and bench together waited longer than this for a processor measures the machine.
const DISTURBED: f64 = 2.0;

impl Wall {
    /// A panel with 16 controls that is ready, all its connections through a relay.
    pub fn new(bench: &Bench, home: &Home, shape: impl Fn(Config) -> Config) -> Result<Wall> {
        let relay = Relay::new(home.address()?)?;
        let config = home.bound(home.config(relay.address), CONTROLS);
        let panel = home.panel(bench, &shape(config))?;
        let mut wall = Wall {
            panel,
            relay,
            command: 0,
        };
        // Nothing that a panel asks is as long as a command.
        for n in 0..2 {
            wall.press(&format!("c{n}"))?;
            wall.end(&format!("c{n}"), &["confirmed"])?;
            std::thread::sleep(Duration::from_millis(200));
        }
        let data = wall.relay.since(0).into_iter().filter(|r| r.data);
        // `false` is one letter longer than `true`, and so may its length be.
        wall.command = data.map(|r| r.len).max().unwrap_or(0).saturating_sub(2);
        Ok(wall)
    }

    /// Whether a record is that of a command.
    pub fn is_command(&self, record: &Record) -> bool {
        // A child's login, which passes here too, is longer.
        record.data && (self.command..self.command + 64).contains(&record.len)
    }

    /// Presses; when that was, and until it was acknowledged.
    pub fn press(&mut self, name: &str) -> Result<(Instant, Duration)> {
        let began = Instant::now();
        self.panel.tap(name)?;
        let taken = self.panel.word(name, "taken", SOON)?;
        Ok((began, taken.saturating_duration_since(began)))
    }

    /// Waits for the end of a press, in one of these words.
    pub fn end(&mut self, name: &str, words: &[&str]) -> Result<Instant> {
        let feedback = format!("\"feedback\":\"{name}\"");
        let ended = |line: &str| {
            line.contains(&feedback) && words.iter().any(|w| line.contains(&format!("\"{w}\"")))
        };
        let found = self
            .panel
            .find(&format!("{words:?} of {name}"), PATIENCE, ended);
        found.map(|(when, _)| when)
    }

    /// Presses once, and takes the times; the press has not ended then.
    pub fn measure(&mut self, name: &str, volley: &mut Volley) -> Result<()> {
        let both = [self.panel.process(), Process::new(std::process::id())];
        let (kept, from) = (kept_waiting(&both), self.relay.mark());
        let (began, ack) = self.press(name)?;
        volley
            .ack
            .push_time(ack, kept_waiting(&both) - kept > DISTURBED);
        let left = self.relay.find(from, SOON, |r| self.is_command(r));
        let left = left.ok_or_else(|| format!("no command left\n{}", self.panel.story()))?;
        let byte = left.when.saturating_duration_since(began);
        volley
            .byte
            .push_time(byte, kept_waiting(&both) - kept > DISTURBED);
        Ok(())
    }

    /// Presses one control after the other, each when the one before has ended.
    pub fn volley(&mut self, count: usize, pause: Duration) -> Result<Volley> {
        let mut volley = Volley::default();
        self.go_on(&mut volley, count, pause, None)?;
        Ok(volley)
    }

    /// The same, going on with a volley; no longer than `most`.
    pub fn go_on(
        &mut self,
        volley: &mut Volley,
        count: usize,
        pause: Duration,
        most: Option<Duration>,
    ) -> Result<()> {
        let began = Instant::now();
        let mut n = 0;
        while volley.lacks(count) && most.is_none_or(|most| began.elapsed() < most) {
            let name = format!("c{}", n % CONTROLS);
            self.measure(&name, volley)?;
            self.end(&name, &["confirmed"])?;
            n += 1;
            // Not in step with anything that the panel does in milliseconds.
            std::thread::sleep(pause + Duration::from_micros(n as u64 * 137 % 1900));
        }
        Ok(())
    }
}

impl Volley {
    /// Whether it needs more presses.
    pub fn lacks(&self, count: usize) -> bool {
        self.ack.lacks(count) || self.byte.lacks(count)
    }

    /// The row of the acknowledgements, with the promise that holds in every state.
    pub fn ack(&self, figure: &'static str, case: &str) -> Row {
        ack_row(figure, case, self.ack.counted()).note(self.ack.note())
    }

    /// The row of the first bytes.
    pub fn byte(&self, figure: &'static str, case: &str) -> Row {
        let row = Row::new(figure, format!("byte: {case}"), "ms");
        row.samples(self.byte.counted()).note(self.byte.note())
    }

    /// Its two rows; `byte`: the limit of the second.
    pub fn report(&self, case: &str, byte: f64, report: &mut Report) {
        report.add(self.ack("press", case));
        report.add(self.byte("press", case).limit("p99", byte));
    }
}

/// The promise on acknowledgements holds in every state.
fn ack_row(figure: &'static str, case: &str, ack: &Samples) -> Row {
    Row::new(figure, format!("ack: {case}"), "ms")
        .samples(ack)
        .limit("p99", ACK_P99)
        .limit("max", ACK_MAX)
}

/// In every state of the poll, towards a V3 hub.
pub fn v3(bench: &Bench, report: &mut Report) -> Result<()> {
    states(bench, report, "v3", (bench.count(400, 60), APART), BYTE_V3)
}

/// The same towards a V2 hub, which bears one start in 150 ms.
pub fn v2(bench: &Bench, report: &mut Report) -> Result<()> {
    let pause = Duration::from_millis(200);
    states(bench, report, "v2", (bench.count(200, 15), pause), BYTE_V2)
}

fn states(
    bench: &Bench,
    report: &mut Report,
    dialect: &str,
    (count, pause): (usize, Duration),
    limit: f64,
) -> Result<()> {
    let home = Home::new(bench, 120, &["--dialect", dialect])?;
    let mut wall = Wall::new(bench, &home, |config| config)?;
    let volley = wall.volley(count, pause)?;
    volley.report(&format!("{dialect}, warm, idle"), limit, report);
    drop(wall);
    for state in stall::STATES {
        let volley = stall::volley(bench, &home, state, count, pause)?;
        volley.report(&format!("{dialect}, poll {}", state.name), limit, report);
    }
    Ok(())
}

/// Presses while a list of 10,000 devices comes in and is decoded.
pub fn decoding(bench: &Bench, report: &mut Report) -> Result<()> {
    let home = Home::new(bench, 10_000, &["--compress", "off", "--etag", "off"])?;
    // More devices than are read singly.
    let points = home.points()?;
    let mut wall = Wall::new(bench, &home, |mut config| {
        for (n, (device, capability)) in points.iter().take(80).enumerate() {
            config = config.lamp(&format!("p{n}"), device, capability);
        }
        config
            .also(PATIENT)
            .also("[poll]\ninterval_ms = 100\nidle_ms = 100")
    })?;
    let mut volley = Volley::default();
    let (count, began, mut n) = (bench.count(200, 40), Instant::now(), 0);
    while volley.lacks(count) {
        if began.elapsed() > Duration::from_secs(240) {
            return Err("the list hardly ever came in".into());
        }
        let lately = |at: Instant| at.elapsed() < Duration::from_millis(2);
        if !wall.relay.last_reply().is_some_and(lately) {
            std::thread::sleep(Duration::from_micros(200));
            continue;
        }
        let name = format!("c{}", n % CONTROLS);
        n += 1;
        wall.measure(&name, &mut volley)?;
        wall.end(&name, &["confirmed"])?;
        std::thread::sleep(APART);
    }
    volley.report("v3, list of 10,000 coming in", BYTE_V3, report);
    Ok(())
}
