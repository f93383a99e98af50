// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the panel says on its two outputs: words on presses, and whether a line of its log is explained by what was wrong.

use serde_json::Value;

use crate::home::Home;
use crate::kinds::Act;
use crate::ledger::WORDS;
use crate::session::REASONS;

/// How far each output has been read.
#[derive(Default)]
pub struct Talk {
    words: usize,
    links: usize,
    log: usize,
    pub lines: u64,
    pub warnings: u64,
}

/// Parts of warnings that an act explains.
fn reasons(act: Act) -> &'static [&'static str] {
    match act {
        Act::LostReply => &["reply lost", "not sent in time", "closed"],
        Act::HubRestart => &[
            "refused",
            "503",
            "lists no devices",
            "404 not_found",
            "no answer",
            "closed",
            "not sent in time",
            "reply lost",
        ],
        Act::HubPower => &[
            "no answer",
            "refused",
            "closed",
            "not sent in time",
            "reply lost",
            "timed out",
        ],
        Act::HubFreeze => &[
            "no answer",
            "closed",
            "not sent in time",
            "reply lost",
            "timed out",
        ],
        Act::Router => &[
            "route",
            "unreachable",
            "no answer",
            "closed",
            "not sent in time",
            "reply lost",
            "timed out",
        ],
        Act::HousePower => &[
            "route",
            "refused",
            "not valid yet",
            "clock",
            "not sent in time",
            "closed",
        ],
        Act::PanelNoClock => &["not valid yet", "clock", "not sent in time"],
        _ => &[],
    }
}

impl Talk {
    /// Its outputs begin anew.
    pub fn another_panel(&mut self) {
        (self.words, self.links, self.log) = (0, 0, 0);
    }

    /// Last words on presses since the last time, with their controls.
    pub fn words(&mut self, home: &mut Home) -> Vec<(String, String)> {
        let Some(panel) = &home.panel else {
            return Vec::new();
        };
        let new = panel.shows.since(self.words);
        self.words += new.len();
        self.lines += new.len() as u64;
        new.iter()
            .filter(|said| said.line.starts_with("{\"feedback\""))
            .filter_map(|said| serde_json::from_str::<Value>(&said.line).ok())
            .filter_map(|line| {
                Some((
                    line["feedback"].as_str()?.to_owned(),
                    line["result"].as_str()?.to_owned(),
                ))
            })
            .filter(|(_, word)| WORDS.contains(&word.as_str()))
            .collect()
    }

    /// Nothing is wrong: no change of the connection is shown, nothing is complained of.
    pub fn nothing_new(&mut self, home: &mut Home) -> Result<(), String> {
        let Some(panel) = &home.panel else {
            return Ok(());
        };
        let links = panel.shows.since(self.links);
        self.links += links.len();
        // Once a day everything is shown again.
        let link = links
            .iter()
            .find(|said| said.line.starts_with("{\"link\"") && said.line != "{\"link\":\"ready\"}");
        let log = panel.log.since(self.log);
        self.log += log.len();
        let line = log
            .iter()
            .find(|said| said.line.contains("[WARN]") || said.line.contains("[ERROR]"));
        match link.or(line) {
            Some(said) => Err(format!(
                "nothing is wrong, and it says {:?}\n{}",
                said.line,
                panel.story()
            )),
            None => Ok(()),
        }
    }

    /// Something was wrong: every warning is explained by it.
    pub fn explained(&mut self, home: &mut Home, act: Act) -> Result<(), String> {
        let Some(panel) = &home.panel else {
            return Ok(());
        };
        self.links = panel.shows.len();
        let more: &[&str] = match home.hands {
            Some(_) => &REASONS,
            None => &[],
        };
        let log = panel.log.since(self.log);
        self.log += log.len();
        for said in &log {
            let bad = said.line.contains("[ERROR]") || said.line.contains("panicked");
            let warns = said.line.contains("[WARN]");
            self.warnings += u64::from(warns);
            let mut parts = reasons(act).iter().chain(more);
            if bad || (warns && !parts.any(|part| said.line.contains(part))) {
                return Err(format!(
                    "{act:?} does not explain {:?}\n{}",
                    said.line,
                    panel.story()
                ));
            }
        }
        Ok(())
    }
}
