// SPDX-License-Identifier: MIT OR Apache-2.0
//! What was pressed, in which word each press ended, and what the hub was made to do by it.

use std::collections::BTreeMap;

use crate::clock::{MILLI, Nanos};

/// The five words; what the driver did to a panel that can say none any more; and a word that was not shown, since the next
/// one on the same control came with it (newest states only are told). The panel's own sum has those at its end.
pub const WORDS: [&str; 7] = [
    "confirmed",
    "refused",
    "superseded",
    "expired",
    "unknown",
    "killed",
    "overtaken",
];

/// One press.
#[derive(Clone, Debug)]
pub struct Press {
    pub control: String,
    /// What the hub executes by it: the name of a flow or mood, or `Zone/Name capability`.
    pub does: String,
    pub at: Nanos,
    pub word: Option<&'static str>,
    /// How often the hub executed it.
    pub executed: u32,
    /// The hub was frozen while it was under way: what it had received it may do when it thaws.
    pub frozen: bool,
    /// One of several on the same control, whose words may overtake each other.
    pub grouped: bool,
}

/// Something that the hub did.
#[derive(Clone, Debug)]
pub struct Deed {
    pub does: String,
    /// Earliest and latest virtual time of it: the simulator's stamps are whole milliseconds of real time.
    pub at: (Nanos, Nanos),
    /// Started, rather than set to a value.
    pub one_shot: bool,
}

/// The open presses and the sums of the others.
#[derive(Default)]
pub struct Ledger {
    open: Vec<Press>,
    /// By word.
    pub words: BTreeMap<&'static str, u64>,
    pub pressed: u64,
    pub executed: u64,
    /// Of the presses that were not one of several on one control: confirmed, unknown or killed, done by the hub.
    pub sure: [u64; 3],
    /// By a hub that had been frozen, after the press's life.
    pub late_thawed: u64,
    /// Of the panel that runs: for its own sum when it ends.
    pub of_this_panel: u64,
}

impl Ledger {
    pub fn press(&mut self, control: &str, does: &str, at: Nanos) {
        self.pressed += 1;
        self.of_this_panel += 1;
        self.open.push(Press {
            control: control.into(),
            does: does.into(),
            at,
            word: None,
            executed: 0,
            frozen: false,
            grouped: false,
        });
    }

    /// The panel said a word on a control: it is the oldest one's there that has none.
    pub fn word(&mut self, control: &str, word: &str) -> Result<(), String> {
        let Some(word) = WORDS.iter().find(|known| **known == word) else {
            return Ok(()); // taken
        };
        let open = self
            .open
            .iter_mut()
            .find(|p| p.control == control && p.word.is_none());
        let press =
            open.ok_or_else(|| format!("{word} is said of {control}, where no press is open"))?;
        press.word = Some(word);
        Ok(())
    }

    /// As [`Ledger::press`], for one of several on one control.
    pub fn press_again(&mut self, control: &str, does: &str, at: Nanos) {
        self.press(control, does, at);
        if let Some(press) = self.open.last_mut() {
            press.grouped = true;
        }
    }

    /// Presses without a word.
    pub fn waiting(&self) -> Vec<&Press> {
        let waits = |p: &&Press| p.word.is_none() && !p.grouped;
        self.open.iter().filter(waits).collect()
    }

    /// The hub is frozen from now on.
    pub fn freeze(&mut self) {
        self.open.iter_mut().for_each(|p| p.frozen = true);
    }

    /// The panel is killed: nobody says how its open presses end.
    pub fn kill(&mut self) {
        self.open
            .iter_mut()
            .filter(|p| p.word.is_none())
            .for_each(|p| p.word = Some("killed"));
        self.of_this_panel = 0;
    }

    /// The hub did something: it is the doing of the newest press before it that says nothing else and has not been done
    /// yet, or else of the newest.
    pub fn deed(&mut self, deed: &Deed, life: Nanos) -> Result<(), String> {
        self.executed += 1;
        let before = |p: &Press| p.does == deed.does && p.at <= deed.at.1;
        let in_life = |p: &Press| deed.at.0 <= p.at + life + MILLI;
        let undone = |p: &Press| {
            let other = matches!(p.word, Some("refused" | "superseded" | "expired"));
            before(p) && p.executed == 0 && !other && (in_life(p) || p.frozen)
        };
        let nobody = || {
            format!(
                "{} was executed at {:?}, and nobody pressed",
                deed.does, deed.at
            )
        };
        let newest = self.open.iter().rposition(before).ok_or_else(nobody)?;
        let cause = self.open.iter().rposition(undone).unwrap_or(newest);
        let press = &mut self.open[cause];
        if !in_life(press) {
            if !press.frozen {
                return Err(format!(
                    "{press:?} was executed after its life, at {:?}",
                    deed.at
                ));
            }
            self.late_thawed += 1;
        }
        press.executed += 1;
        if deed.one_shot && press.executed > 1 {
            return Err(format!("{press:?} was executed twice"));
        }
        Ok(())
    }

    /// Everything has had its time: each press has its word, and the hub did what the words say.
    pub fn close(&mut self) -> Result<(), String> {
        for press in self.open.drain(..) {
            let overtaken = press.grouped.then_some("overtaken");
            let Some(word) = press.word.or(overtaken) else {
                return Err(format!("{press:?} has no word"));
            };
            *self.words.entry(word).or_default() += 1;
            if !press.grouped {
                self.sure[0] += u64::from(word == "confirmed");
                self.sure[1] += u64::from(word == "unknown" || word == "killed");
                self.sure[2] += u64::from(press.executed > 0);
            }
            let fits = match word {
                _ if press.grouped => true,
                "confirmed" => press.executed > 0,
                "unknown" | "killed" => true,
                // Another press on the same target may be the one that was found to have caused it.
                _ => press.executed == 0,
            };
            if !fits {
                return Err(format!("{press:?} was executed {} times", press.executed));
            }
        }
        Ok(())
    }

    /// What was done lies between what was confirmed and that with what may have been done.
    pub fn balance(&self) -> Result<(), String> {
        let [confirmed, maybe, done] = self.sure;
        match (confirmed..=confirmed + maybe).contains(&done) {
            true => Ok(()),
            false => Err(format!(
                "{done} presses were executed: {confirmed} confirmed, {maybe} unknown"
            )),
        }
    }

    pub fn count(&self, word: &str) -> u64 {
        self.words.get(word).copied().unwrap_or(0)
    }
}
