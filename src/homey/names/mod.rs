// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finding what a configuration calls by name: `"Zone/Name"`, `"Name"` where it is the only one, or an id.
//!
//! How a reference matches, best first; only the best that matches anything counts:
//! 1. the item's id, exactly;
//! 2. the item's name exactly, or its zone's name, a slash and its name. Since names and zones may hold slashes themselves, every
//!    slash is tried. In place of the zone's name its path is taken as well, as much of it as is needed: `Upstairs/Bathroom/Lamp`;
//! 3. the same without regard to letter case and to white space around each part.
//!
//! Two items at the best level are an ambiguity, an error that lists them. Nothing at all is an error with the
//! nearest names. Flows and moods without a zone match by name or id alone.
//!
//! The lists stream by: memory grows with the number of references, never with the home.

mod matching;
#[cfg(test)]
mod tests;

use std::fmt;

use super::reply::Zones;
use super::text::{nearness, one_line};
use matching::{Folded, Level, fold};

/// What a configuration may refer to.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum RefKind {
    Device,
    /// A standard or an advanced flow.
    Flow,
    Mood,
    /// A logic variable.
    Variable,
    /// An alarm clock.
    Alarm,
    /// A zone, by its name or by its path. Whoever has the list of zones resolves it; `client::look_up` reads other lists.
    Zone,
}

/// What an item of a list is.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum ItemKind {
    Device,
    Flow,
    AdvancedFlow,
    Mood,
    Variable,
    Alarm,
    Zone,
}

/// One reference as the configuration has it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Reference<'a> {
    pub text: &'a str,
    pub kind: RefKind,
}

/// An item that a reference means, may mean or nearly means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resolved {
    pub id: String,
    pub kind: ItemKind,
    pub name: String,
    /// The zone's name; `None` for an item without one.
    pub zone: Option<String>,
}

/// Why a reference means nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NameError {
    /// No such item; at most three with names like it, the nearest first.
    NotFound {
        text: String,
        kind: RefKind,
        nearest: Vec<Resolved>,
    },
    /// Several such items: at most five of them, and how many there are.
    Ambiguous {
        text: String,
        kind: RefKind,
        candidates: Vec<Resolved>,
        count: usize,
    },
}

const MAX_CANDIDATES: usize = 5;
const MAX_NEAREST: usize = 3;

/// Resolves references while lists stream by: [`Resolver::zones`] first, then each item once, then [`Resolver::finish`].
pub struct Resolver<'a> {
    zones: Option<&'a Zones>,
    searches: Vec<Search<'a>>,
}

/// How far one reference has got.
struct Search<'a> {
    reference: Reference<'a>,
    folded: String,
    /// The best level so far, with the first items at it and their number.
    level: Option<Level>,
    candidates: Vec<Resolved>,
    count: usize,
    /// By nearness; kept only while nothing matches.
    nearest: Vec<(usize, Resolved)>,
}

impl<'a> Resolver<'a> {
    /// A resolver for these references, in this order.
    pub fn new(references: &[Reference<'a>]) -> Resolver<'a> {
        let search = |reference: &Reference<'a>| Search {
            reference: *reference,
            folded: fold(reference.text),
            level: None,
            candidates: Vec::new(),
            count: 0,
            nearest: Vec::new(),
        };
        Resolver {
            zones: None,
            searches: references.iter().map(search).collect(),
        }
    }

    /// The home's zones; without them a zone's id stands for its name.
    pub fn zones(&mut self, zones: &'a Zones) {
        self.zones = Some(zones);
    }

    /// One item of a list. `zone` is the zone's id; a text that is no zone's id is taken as a zone's name (V2 devices
    /// carry it). One of the listed candidates that comes twice, from a list that was read again, counts once.
    pub fn item(&mut self, kind: ItemKind, id: &str, name: &str, zone: Option<&str>) {
        let zone: Vec<&str> = match (zone, self.zones) {
            (Some(id), Some(zones)) if zones.name(id).is_some() => zones.outward(id).collect(),
            (Some(text), _) => vec![text],
            (None, _) => Vec::new(),
        };
        let mut folded = None;
        for search in &mut self.searches {
            if search.reference.kind.covers(kind) {
                let folded = folded.get_or_insert_with(|| Folded::new(name, &zone));
                let item = Candidate {
                    kind,
                    id,
                    name,
                    zone: &zone,
                    folded,
                };
                search.item(&item);
            }
        }
    }

    /// What became of each reference, in the order of [`Resolver::new`].
    pub fn finish(self) -> Vec<Result<Resolved, NameError>> {
        self.searches.into_iter().map(Search::finish).collect()
    }
}

/// An item as it streams by.
struct Candidate<'c> {
    kind: ItemKind,
    id: &'c str,
    name: &'c str,
    /// The zone's name and those around it, from the inside out.
    zone: &'c [&'c str],
    folded: &'c Folded,
}

impl Candidate<'_> {
    fn level(&self, text: &str, folded: &str) -> Option<Level> {
        if self.id == text {
            return Some(Level::Id);
        }
        if matching::exact(text, self.name, self.zone) {
            return Some(Level::Exact);
        }
        self.folded.matches(folded).then_some(Level::Folded)
    }

    fn resolved(&self) -> Resolved {
        Resolved {
            id: self.id.to_owned(),
            kind: self.kind,
            name: self.name.to_owned(),
            zone: self.zone.first().map(|zone| (*zone).to_owned()),
        }
    }
}

impl Search<'_> {
    fn item(&mut self, item: &Candidate<'_>) {
        let Some(level) = item.level(self.reference.text, &self.folded) else {
            if self.level.is_none() {
                self.near(item);
            }
            return;
        };
        if self.level.is_some_and(|best| best > level) {
            return;
        }
        if self.level != Some(level) {
            self.level = Some(level);
            self.candidates.clear();
            self.nearest.clear();
            self.count = 0;
        }
        let same = |known: &Resolved| known.id == item.id && known.kind == item.kind;
        if self.candidates.iter().any(same) {
            return;
        }
        self.count += 1;
        if self.candidates.len() < MAX_CANDIDATES {
            self.candidates.push(item.resolved());
        }
    }

    /// Keeps the nearest few. The name counts against the whole reference and against what follows its last slash.
    fn near(&mut self, item: &Candidate<'_>) {
        let name = &item.folded.name;
        let tail = self.folded.rsplit('/').next().map(str::trim);
        let whole = nearness(&self.folded, name);
        let by_tail = tail.and_then(|tail| nearness(tail, name));
        let Some(score) = [whole, by_tail].into_iter().flatten().min() else {
            return;
        };
        let at = self.nearest.partition_point(|(known, _)| *known <= score);
        let known = |(_, near): &(usize, Resolved)| near.id == item.id && near.kind == item.kind;
        if at < MAX_NEAREST && !self.nearest.iter().any(known) {
            self.nearest.insert(at, (score, item.resolved()));
            self.nearest.truncate(MAX_NEAREST);
        }
    }

    fn finish(mut self) -> Result<Resolved, NameError> {
        let text = self.reference.text.to_owned();
        let kind = self.reference.kind;
        match (self.count, self.candidates.pop()) {
            (1, Some(only)) => Ok(only),
            (0, _) | (_, None) => Err(NameError::NotFound {
                text,
                kind,
                nearest: self.nearest.into_iter().map(|(_, near)| near).collect(),
            }),
            (count, Some(last)) => {
                self.candidates.push(last);
                Err(NameError::Ambiguous {
                    text,
                    kind,
                    candidates: self.candidates,
                    count,
                })
            }
        }
    }
}

impl RefKind {
    /// Whether a reference of this kind may mean such an item.
    pub fn covers(self, kind: ItemKind) -> bool {
        match self {
            RefKind::Device => kind == ItemKind::Device,
            RefKind::Flow => matches!(kind, ItemKind::Flow | ItemKind::AdvancedFlow),
            RefKind::Mood => kind == ItemKind::Mood,
            RefKind::Variable => kind == ItemKind::Variable,
            RefKind::Alarm => kind == ItemKind::Alarm,
            RefKind::Zone => kind == ItemKind::Zone,
        }
    }

    /// The word for messages.
    pub fn word(self) -> &'static str {
        match self {
            RefKind::Device => "device",
            RefKind::Flow => "flow",
            RefKind::Mood => "mood",
            RefKind::Variable => "variable",
            RefKind::Alarm => "alarm",
            RefKind::Zone => "zone",
        }
    }
}

impl fmt::Display for Resolved {
    /// `"Kitchen/Lamp" (3b0e…)`, with `advanced flow` before it where that tells two apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == ItemKind::AdvancedFlow {
            f.write_str("advanced flow ")?;
        }
        let name = one_line(&self.name, 80);
        match &self.zone {
            Some(zone) => write!(f, "\"{}/{name}\"", one_line(zone, 80))?,
            None => write!(f, "\"{name}\"")?,
        }
        write!(f, " ({})", one_line(&self.id, 64))
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, items: &[Resolved]| {
            items.iter().enumerate().try_for_each(|(i, item)| {
                let comma = if i > 0 { ", " } else { "" };
                write!(f, "{comma}{item}")
            })
        };
        match self {
            NameError::NotFound {
                text,
                kind,
                nearest,
            } => {
                write!(f, "no {} is called \"{}\"", kind.word(), one_line(text, 80))?;
                if nearest.is_empty() {
                    return Ok(());
                }
                f.write_str("; near it: ")?;
                list(f, nearest)
            }
            NameError::Ambiguous {
                text,
                kind,
                candidates,
                count,
            } => {
                let (word, text) = (kind.word(), one_line(text, 80));
                write!(
                    f,
                    "{count} {word}s are called \"{text}\", write the zone too or the id: "
                )?;
                list(f, candidates)?;
                if *count > candidates.len() {
                    write!(f, " and {} more", count - candidates.len())?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for NameError {}
