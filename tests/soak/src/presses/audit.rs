// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether what the panel said of its presses, what its tally says and what the hub did are one story.

use std::time::Duration;

use super::targets::{Deed, TARGETS, deeds};
use super::{Press, Story};
use crate::tier::Tier;

/// How a press may end.
pub const WORDS: [&str; 5] = ["confirmed", "refused", "superseded", "expired", "unknown"];

/// Between the hand's clock and the panel's: a pipe, and a machine that does other things.
const SLACK: u64 = 150;

#[derive(Copy, Clone, Default)]
struct Count {
    pressed: usize,
    words: [usize; 5],
    executed: usize,
    /// An absolute value that was sent again on a fresh connection, as it may be.
    again: usize,
}

#[derive(Default)]
pub struct Audit {
    counts: Vec<Count>,
    acks: Vec<Duration>,
    late: usize,
    excused: usize,
    doubled: usize,
    unaccounted: usize,
    pub broken: Vec<String>,
}

impl Audit {
    /// Takes in the story of one house.
    pub fn add(&mut self, story: &Story, tier: &Tier) {
        let deeds = deeds(&story.counters);
        self.counts.resize(TARGETS.len(), Count::default());
        let mut words = [0; 5];
        for press in &story.presses {
            self.acks.extend(press.taken);
            let count = &mut self.counts[press.target];
            count.pressed += 1;
            let word = press.word.as_deref().unwrap_or_default();
            match WORDS.iter().position(|w| *w == word) {
                Some(at) => {
                    count.words[at] += 1;
                    words[at] += 1;
                }
                None => {
                    self.unaccounted += 1;
                    let name = TARGETS[press.target].done;
                    self.broken
                        .push(format!("a press of {name} never ended: {word:?}"));
                }
            }
        }
        for (at, target) in TARGETS.iter().enumerate() {
            let presses: Vec<&Press> = story.presses.iter().filter(|p| p.target == at).collect();
            let done: Vec<&Deed> = deeds.iter().filter(|d| d.target == at).collect();
            self.counts[at].executed += done.len();
            self.late(target.done, &presses, &done, story, tier);
            if target.one_shot {
                self.one_shots(target.done, &presses, &done);
            } else {
                let pairs = done.windows(2);
                let window = u64::try_from(tier.command().as_millis()).unwrap_or(u64::MAX);
                // The same value, a command's time apart at most, and something was wrong between the two.
                let again = |pair: &&[&Deed]| {
                    let (one, two) = (pair[0], pair[1]);
                    let ill = |w: &(u64, u64)| w.0 <= two.at + SLACK && one.at <= w.1 + SLACK;
                    one.value == two.value && two.at - one.at <= window && story.ill.iter().any(ill)
                };
                self.counts[at].again += pairs.filter(again).count();
            }
        }
        self.tally(story, words);
    }

    /// Nothing is done after the life of the press that asked for it.
    fn late(&mut self, name: &str, presses: &[&Press], done: &[&Deed], story: &Story, tier: &Tier) {
        let life = u64::try_from(tier.life().as_millis()).unwrap_or(u64::MAX);
        for deed in done {
            // Begun before it, and the newest of those: its life ends last.
            let press = presses.iter().rev().find(|p| p.at <= deed.at);
            let Some(press) = press else {
                self.broken
                    .push(format!("{name} was done before anyone pressed"));
                continue;
            };
            let end = press.at + life + SLACK;
            if deed.at <= end {
                continue;
            }
            // Sent in time to a hub that did it when it could.
            let held = |(from, to): &&(u64, u64)| *from <= end && deed.at <= *to + SLACK;
            if story.frozen.iter().any(|window| held(&window)) {
                self.excused += 1;
                continue;
            }
            self.late += 1;
            self.broken.push(format!(
                "{name} was done {} ms after its press ({}), whose life is {life} ms",
                deed.at - press.at,
                press.word.as_deref().unwrap_or("no word")
            ));
        }
    }

    /// One press, one deed at most; and exactly as many as its word says.
    fn one_shots(&mut self, name: &str, presses: &[&Press], done: &[&Deed]) {
        for (n, press) in presses.iter().enumerate() {
            let next = presses.get(n + 1).map_or(u64::MAX, |p| p.at);
            let mine = done
                .iter()
                .filter(|d| (press.at..next).contains(&d.at))
                .count();
            let word = press.word.as_deref().unwrap_or_default();
            let allowed = match word {
                "confirmed" => 1..=1,
                "unknown" => 0..=1,
                _ => 0..=0,
            };
            if mine > 1 {
                self.doubled += 1;
            }
            if !allowed.contains(&mine) {
                self.broken
                    .push(format!("{name}: {word}, but done {mine} times"));
            }
        }
    }

    /// The log's own count is ours.
    fn tally(&mut self, story: &Story, words: [usize; 5]) {
        let tally = &story.tally;
        let told = |word: &str| {
            let parts: Vec<&str> = tally
                .split([' ', ',', ':'])
                .filter(|p| !p.is_empty())
                .collect();
            let at = parts.iter().position(|p| *p == word)?;
            parts.get(at.checked_sub(1)?)?.parse::<usize>().ok()
        };
        let all = story.presses.len();
        let same = told("pressed") == Some(all)
            && told("open") == Some(0)
            && WORDS
                .iter()
                .zip(words)
                .all(|(word, count)| told(word) == Some(count));
        if !same {
            self.broken.push(format!(
                "the lines say {all} pressed, {words:?} of {WORDS:?}; the log: {tally}"
            ));
        }
    }

    /// The counts of one target, or of all.
    pub fn row(&mut self, name: &str, target: Option<usize>) -> Vec<String> {
        let mut sum = Count::default();
        for (at, count) in self.counts.iter().enumerate() {
            if target.is_none_or(|t| t == at) {
                sum.pressed += count.pressed;
                sum.executed += count.executed;
                sum.again += count.again;
                for (total, n) in sum.words.iter_mut().zip(count.words) {
                    *total += n;
                }
            }
        }
        let [confirmed, _, _, _, unknown] = sum.words;
        let least = confirmed;
        if !(least..=confirmed + unknown + sum.again).contains(&sum.executed) {
            self.broken.push(format!(
                "{name}: {} done, not between {confirmed} confirmed and {unknown} unknown more ({} sent again)",
                sum.executed, sum.again
            ));
        }
        let mut row = vec![name.to_string(), sum.pressed.to_string()];
        row.extend(sum.words.iter().map(ToString::to_string));
        row.extend([sum.executed.to_string(), sum.again.to_string()]);
        row
    }

    /// The counts of what must not be, and how soon presses were acknowledged.
    pub fn summary(&mut self, tier: &Tier) -> String {
        self.acks.sort();
        let at = |share: usize| {
            let last = self.acks.len().saturating_sub(1);
            self.acks
                .get(last * share / 1000)
                .copied()
                .unwrap_or_default()
        };
        let ms = |d: Duration| d.as_secs_f64() * 1000.0;
        let text = format!(
            "{} unaccounted, {} doubled one-shots, {} after their life of {} ms ({} sent in time to a hub that held them)\n\
             acknowledged after {:.1} ms (median), {:.1} ms (99 %), {:.1} ms (worst)\n",
            self.unaccounted,
            self.doubled,
            self.late,
            tier.life().as_millis(),
            self.excused,
            ms(at(500)),
            ms(at(990)),
            ms(at(1000)),
        );
        if at(990) > Duration::from_millis(50) {
            self.broken.push(format!(
                "presses are acknowledged after {:.1} ms (99 %), 50 at most",
                ms(at(990))
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use serde_json::{Value, json};

    use super::*;
    use crate::tier::FULL;

    const TOGGLE: usize = 0;
    const FLOW: usize = 4;

    fn press(target: usize, at: u64, word: &str) -> Press {
        Press {
            target,
            at,
            said: Instant::now(),
            taken: Some(Duration::from_millis(1)),
            word: Some(word.into()),
        }
    }

    fn flow(at: u64) -> Value {
        json!({"name": TARGETS[FLOW].done, "outcome": "ok", "time_ms": at})
    }

    fn write(at: u64, value: bool) -> Value {
        json!({"name": "Office/Desk light", "capability": "onoff", "value": value, "outcome": "ok", "time_ms": at})
    }

    /// The broken promises of a story whose tally agrees with its presses.
    fn broken(
        presses: Vec<Press>,
        starts: Vec<Value>,
        writes: Vec<Value>,
        frozen: Vec<(u64, u64)>,
    ) -> Vec<String> {
        let count = |word: &str| {
            presses
                .iter()
                .filter(|p| p.word.as_deref() == Some(word))
                .count()
        };
        let words: Vec<String> = WORDS.iter().map(|w| format!("{} {w}", count(w))).collect();
        let tally = format!("{} pressed: {}, 0 open", presses.len(), words.join(", "));
        let story = Story {
            presses,
            counters: json!({"starts": starts, "writes": writes}),
            tally,
            ill: frozen.clone(),
            frozen,
            wrong: 0.3,
        };
        let mut audit = Audit::default();
        audit.add(&story, &FULL);
        for at in [TOGGLE, FLOW] {
            audit.row(TARGETS[at].done, Some(at));
        }
        audit.broken
    }

    #[test]
    fn a_true_story_breaks_nothing() {
        let presses = vec![
            press(TOGGLE, 1000, "confirmed"),
            press(FLOW, 1000, "confirmed"),
            press(FLOW, 2000, "unknown"),
        ];
        let found = broken(
            presses,
            vec![flow(1010), flow(2010)],
            vec![write(1010, true)],
            vec![],
        );
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn what_must_not_be_is_found() {
        let one = |word| vec![press(FLOW, 1000, word)];
        let doubled = broken(
            one("confirmed"),
            vec![flow(1010), flow(1020)],
            vec![],
            vec![],
        );
        assert!(doubled[0].contains("done 2 times"), "{doubled:?}");
        let refused = broken(one("refused"), vec![flow(1010)], vec![], vec![]);
        assert!(
            refused[0].contains("refused, but done 1 times"),
            "{refused:?}"
        );
        let idle = broken(one("confirmed"), vec![], vec![], vec![]);
        assert!(idle[0].contains("done 0 times"), "{idle:?}");
        let late = broken(one("unknown"), vec![flow(4500)], vec![], vec![]);
        assert!(late[0].contains("3500 ms after its press"), "{late:?}");
        let held = broken(one("unknown"), vec![flow(4500)], vec![], vec![(1100, 4490)]);
        assert_eq!(held, Vec::<String>::new());
        let endless = broken(one("taken"), vec![], vec![], vec![]);
        assert!(endless[0].contains("never ended"), "{endless:?}");
    }

    #[test]
    fn a_value_may_be_sent_again_only_where_something_was_wrong() {
        let twice = || vec![write(1010, true), write(1400, true)];
        let presses = || vec![press(TOGGLE, 1000, "confirmed")];
        let well = broken(presses(), vec![], twice(), vec![]);
        assert!(well[0].contains("2 done"), "{well:?}");
        assert_eq!(
            broken(presses(), vec![], twice(), vec![(1005, 1390)]),
            Vec::<String>::new()
        );
    }
}
