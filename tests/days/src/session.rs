// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same month with a session in place of an API key: the cloud goes away for hours or a day, the hub ends the session,
//! the account's tokens are revoked until somebody logs in again. Hub and cloud have one clock, which is kept at the virtual
//! day and hour: always the right ones, whatever the panel's own wall clock shows.

use std::fs;
use std::process::Command;

use homey_rig::{Config, Dir, Result, Sim};
use serde_json::{Value, json};

use crate::clock::{HOUR, MILLI, MINUTE, Nanos};
use crate::home::{Home, START};
use crate::kinds::Act;
use crate::month::Month;

/// What is kept of the simulator's clock: from which of its times on it is how far ahead of the machine's.
pub struct Hands {
    ahead: Vec<(u64, i64)>,
}

impl Hands {
    /// Moves the simulator's clock to the first hour of the month.
    pub fn new(sim: &Sim) -> Result<Hands> {
        let by = START as i64 * 1000 - sim.clock()?;
        sim.clock_advance(by)?;
        let mut hands = Hands { ahead: Vec::new() };
        hands.moved(START * 1000, by);
        Ok(hands)
    }

    fn moved(&mut self, to: u64, by: i64) {
        let before = self.ahead.last().map_or(0, |(_, ahead)| *ahead);
        self.ahead.push((to, before + by));
    }

    /// The machine's time in milliseconds when the simulator's clock showed `ms`.
    pub fn real(&self, ms: u64) -> u64 {
        let after = self.ahead.partition_point(|(from, _)| *from <= ms);
        let by = after.checked_sub(1).and_then(|at| self.ahead.get(at));
        ms.saturating_add_signed(-by.map_or(0, |(_, by)| *by))
    }
}

/// How often what, for the table and the checks.
#[derive(Default)]
pub struct Sums {
    /// The session ended before it could be renewed.
    pub ended: u64,
    /// And the panel had said before that it would.
    pub warned: u64,
    pub logins: u64,
}

/// The text of a session file: of this bearer, fresh tokens of the cloud, made now.
fn file(sim: &Sim, bearer: &str, made: u64) -> Result<String> {
    let (access, refresh) = sim.cloud_tokens()?;
    let session = json!({
        "version": 2, "kind": "oauth", "hub": sim.word("hub_id"), "name": "Home", "token": bearer,
        "made": made, "expires": made + 24 * HOUR / MILLI,
        "cloud": {"access": access, "access_expires": made + HOUR / MILLI, "refresh": refresh},
    });
    Ok(session.to_string())
}

/// The configuration with a session, and its first file.
pub fn config(sim: &Sim, dir: &Dir, config: Config) -> Result<Config> {
    dir.write("client-secret", sim.word("client_secret"))?;
    // The token of the ready line was of the machine's today, so it is over long since, and the file does not know it: the
    // hub will say so.
    let bearer = sim.word("session_token");
    dir.write("session.json", &file(sim, bearer, START * 1000)?)?;
    let (address, cloud) = (sim.word("https_address"), sim.word("cloud"));
    let (ca, client) = (sim.word("ca_file"), sim.word("client_id"));
    let folder = dir.display();
    Ok(config
        .hub(&format!(
            "address = \"{address}\"\nsession_file = \"{folder}/session.json\""
        ))
        .also(&format!(
            "[cloud]\nclient_id = \"{client}\"\nclient_secret_file = \"{folder}/client-secret\"\n\
             accounts = \"{cloud}\"\napi = \"{cloud}\"\nca_file = \"{ca}\""
        ))
        .also("[[output]]\nname = \"login\"\nshow_link = \"session\""))
}

impl Home {
    /// Sets the clock of hub and cloud to the virtual day and hour.
    pub fn keep_time(&mut self) -> Result<()> {
        let Some(hands) = &mut self.hands else {
            return Ok(());
        };
        let wanted = START * 1000 + (self.clock.now() - self.clock.began) / MILLI;
        let shown = u64::try_from(self.sim.clock()?).unwrap_or(0);
        if wanted <= shown {
            return Ok(());
        }
        let by = i64::try_from(wanted - shown).unwrap_or(0);
        self.sim.clock_advance(by)?;
        hands.moved(wanted, by);
        Ok(())
    }

    /// What the session's lamp shows.
    fn login(&self) -> Value {
        let panel = self.panel.as_ref();
        panel.map_or(Value::Null, |panel| panel.now("login")["text"].clone())
    }

    /// Somebody logs in at the panel's machine: with fresh tokens of the cloud, for a new session.
    fn log_in(&mut self) -> Result<()> {
        let path = self.dir.join("session.json");
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut session: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
        let (access, refresh) = self.sim.cloud_tokens()?;
        session["cloud"] = json!({"access": access, "access_expires": 0, "refresh": refresh});
        self.dir.write("session.json", &session.to_string())?;
        let mut command = Command::new(&self.binary);
        command.arg("-c").arg(&self.config);
        self.shimmed(&mut command);
        let done = command.args(["session", "renew", "--force"]).output();
        let done = done.map_err(|e| format!("session renew: {e}"))?;
        match done.status.success() {
            true => Ok(()),
            false => Err(format!(
                "session renew: {}: {}",
                done.status,
                String::from_utf8_lossy(&done.stderr)
            )),
        }
    }
}

impl Month {
    /// What happens to sessions only.
    pub fn session_act(&mut self, act: Act) -> Result<u64> {
        let presses = match act {
            Act::SessionEnds => {
                self.home.sim.post("sessions/expire", &json!({}))?;
                let presses = self.burst(4)?;
                self.settle()?;
                presses
            }
            Act::CloudAway => {
                self.home.sim.cloud_options(&json!({"down": true}))?;
                let time = self.dice.between(2, 32) * HOUR;
                let presses = self.hours(time, false)?;
                self.home.sim.cloud_options(&json!({"down": false}))?;
                presses
            }
            _ => {
                self.home
                    .sim
                    .post("cloud/revoke", &json!({"what": "all"}))?;
                let presses = self.hours(40 * HOUR, true)?;
                let later = self.dice.between(1, 6) * HOUR;
                let presses = presses + self.hours(later, false)?;
                self.home.log_in()?;
                self.sums.logins += 1;
                presses
            }
        };
        self.well_again()?;
        Ok(presses)
    }

    /// Hours in which the session cannot be renewed, with hands at the panel; with `to_the_end` no longer than until it is over.
    fn hours(&mut self, time: Nanos, to_the_end: bool) -> Result<u64> {
        let until = self.home.clock.now() + time;
        let (mut presses, mut warned, mut over) = (0, false, self.home.link() == "token");
        while self.home.clock.now() < until {
            let pause = self.dice.between(5, 40) * MINUTE;
            self.home.go(pause)?;
            self.home.keep_time()?;
            // The look that finds out what the hub's clock says now.
            self.home.go(6 * MINUTE)?;
            warned |= self.home.login() == "ending";
            let (link, login) = (self.home.link(), self.home.login());
            match (link.as_str(), over) {
                ("ready", _) => {
                    presses += self.burst(3)?;
                    self.settle()?;
                    self.truthful()?;
                }
                ("token", true) => {
                    presses += self.burst(3)?;
                    self.settle()?;
                }
                ("token", false) => {
                    over = true;
                    self.sums.ended += 1;
                    self.sums.warned += u64::from(warned);
                    if !warned || login != "ended" {
                        let story = self.home.panel()?.story();
                        return Err(format!("it ended, warned {warned}, shown {login}\n{story}"));
                    }
                    if to_the_end {
                        break;
                    }
                }
                _ => {
                    return Err(format!(
                        "the link is {link}\n{}",
                        self.home.panel()?.story()
                    ));
                }
            }
        }
        Ok(presses)
    }

    /// Nothing keeps it from renewing any more: it does so within its longest pause, and says that all is well.
    fn well_again(&mut self) -> Result<()> {
        let began = self.home.clock.now();
        let well = |home: &mut Home| home.link() == "ready" && home.login() == "good";
        while !well(&mut self.home) {
            let late = self.home.clock.now() - began > 40 * MINUTE;
            if late && !self.home.soon(well) {
                let story = self.home.panel()?.story();
                return Err(format!("not renewed 40 min after it could be\n{story}"));
            }
            self.home.go(MINUTE)?;
            self.home.keep_time()?;
        }
        self.settle()?;
        self.truthful()
    }

    /// The renewals of the month: about one in 19 hours, and never many at once.
    pub fn renewals(&self, days: u64) -> Result<String> {
        let counters = self.home.sim.cloud_counters()?;
        let log = counters["log"].as_array().cloned().unwrap_or_default();
        let granted = |entry: &&Value| {
            let path = entry["path"].as_str().unwrap_or_default();
            path.contains("delegation") && entry["status"] == 200
        };
        let times: Vec<u64> = log
            .iter()
            .filter(granted)
            .filter_map(|entry| entry["time_ms"].as_u64())
            .collect();
        let count = times.len() as u64;
        let times_of = |act| self.rows.get(&act).map_or(0, |row| row.times);
        // Each of these may bring one more: an end, a login, a wall clock that jumps by a decade.
        let more: u64 = [
            Act::SessionEnds,
            Act::CloudAway,
            Act::Revoked,
            Act::StepInHold,
            Act::WallStep,
            Act::PanelNoClock,
            Act::HousePower,
        ]
        .into_iter()
        .map(times_of)
        .sum();
        let most = days * 24 / 19 + 1 + 2 * more;
        let least = days * 24 / 26;
        let nearest = times.windows(2).map(|two| two[1] - two[0]).min();
        let reuse = &counters["refresh_reuse"];
        let told = format!(
            "session: {count} renewals, two of them {} s apart at least; {} refreshes; it ended {} times, warned of {} times; {} logins by hand",
            nearest.unwrap_or(0) / 1000,
            counters["refreshes"],
            self.sums.ended,
            self.sums.warned,
            self.sums.logins
        );
        if !(least..=most).contains(&count) {
            return Err(format!("{told}: not between {least} and {most}"));
        }
        if *reuse != json!(0) {
            return Err(format!(
                "{told}: a spent refresh token was used {reuse} times"
            ));
        }
        Ok(told)
    }
}

/// Parts of warnings that such an act explains, and others that meet a renewal.
pub const REASONS: [&str; 6] = [
    "token refused",
    "renewing the session",
    "the session ",
    "session_expired",
    "invalid_token",
    "not sent in time",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simulators_times_are_told_from_the_machines() {
        let hands = Hands {
            ahead: vec![(5000, 1000), (9000, 3000)],
        };
        for (shown, real) in [
            (4000, 4000),
            (5000, 4000),
            (8999, 7999),
            (9000, 6000),
            (9500, 6500),
        ] {
            assert_eq!(hands.real(shown), real);
        }
    }
}
