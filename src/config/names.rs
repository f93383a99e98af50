// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names that the file gives and other parts of it use: panels and layers.

use super::problem::{Report, choices, quoted};
use super::section::{Keys, Section};
use super::suggest::nearest;
use super::value::{Text, text_of};
use crate::panel::plan::{LayerId, PanelId, PanelPlan};

pub(super) const LAYERS: Keys = Keys {
    known: &["names"],
    later: &["timeout_s"],
    cures: &[],
};
const MAX_LAYERS: usize = 16;
pub(super) const NAME_FORM: &str = "1 to 32 letters, digits, \"-\", \"_\", \".\" and \":\"";

/// Whether `text` may name a panel, layer, control or output. No blanks: names travel in line protocols.
pub(super) fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.chars().count())
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'))
}

#[derive(Default)]
pub(super) struct Names {
    /// Name, and whether it is a terminal; `None` where its kind is wrong.
    pub(super) panels: Vec<(String, Option<bool>)>,
    pub(super) layers: Vec<String>,
    /// Parallel to `panels`: how each sleeps.
    pub(super) sleeps: Vec<PanelPlan>,
}

impl Names {
    /// The panel that `owner`, a control or output, belongs to; the only one where it names none.
    pub(super) fn panel(&self, report: &mut Report<'_>, owner: &Section<'_>) -> Option<PanelId> {
        let title = owner.title();
        let known = self
            .panels
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| !name.is_empty());
        let known: Vec<&str> = known.collect();
        if self.panels.is_empty() {
            let what = format!("{title} stands here, but there is no [[panel]]");
            report
                .error(owner.at, what)
                .expected("a [[panel]] with name = \"wall\" and kind = \"terminal\"");
            return None;
        }
        if !owner.has("panel") {
            if self.panels.len() == 1 {
                return Some(PanelId(0));
            }
            if !owner.flawed {
                let what = format!("{title} does not say on which panel it is");
                report
                    .error(owner.at, what)
                    .expected(format!("panel = {}", quoted_choices(&known)));
            }
            return None;
        }
        let name = owner.text(report, "panel", "a panel's name")?;
        let index = self.panels.iter().position(|(known, _)| known == name.text);
        if let Some(id) = index.and_then(|index| u8::try_from(index).ok()) {
            return Some(PanelId(id));
        }
        report
            .error(name.at, format!("there is no panel {}", quoted(name.text)))
            .expected(quoted_choices(&known))
            .meant(nearest(name.text, known).map(quoted));
        None
    }

    /// Whether `panel` is a terminal; `None` where that is not known.
    pub(super) fn is_terminal(&self, panel: PanelId) -> Option<bool> {
        self.panels
            .get(usize::from(panel.0))
            .and_then(|(_, terminal)| *terminal)
    }

    /// The layer that `owner` names by its key `layer`. `Err` where it names none that exists (reported).
    pub(super) fn layer(
        &self,
        report: &mut Report<'_>,
        owner: &Section<'_>,
    ) -> Result<Option<LayerId>, ()> {
        if !owner.has("layer") {
            return Ok(None);
        }
        let name = owner.text(report, "layer", "a layer's name").ok_or(())?;
        self.find_layer(report, name.at, name.text, &[])
            .map(Some)
            .ok_or(())
    }

    /// The layer called `text`; `others` are words that could stand in its place.
    pub(super) fn find_layer(
        &self,
        report: &mut Report<'_>,
        at: usize,
        text: &str,
        others: &[&str],
    ) -> Option<LayerId> {
        let index = self.layers.iter().position(|name| name == text);
        if let Some(id) = index.and_then(|index| u8::try_from(index).ok()) {
            return Some(LayerId(id));
        }
        let known: Vec<&str> = self
            .layers
            .iter()
            .map(String::as_str)
            .chain(others.iter().copied())
            .collect();
        let expected = match self.layers.is_empty() {
            true => "it among the names of a section [layers]".to_owned(),
            false => quoted_choices(&known),
        };
        report
            .error(at, format!("there is no layer {}", quoted(text)))
            .expected(expected)
            .meant(nearest(text, known).map(quoted));
        None
    }
}

fn quoted_choices(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    choices(words.iter().map(String::as_str))
}

/// Reads `[layers]`: the names, first one shown at start.
pub(super) fn read_layers(report: &mut Report<'_>, root: &Section<'_>) -> Vec<String> {
    let section = Section::child(report, root, "layers", "[layers]", &LAYERS);
    let expected = "names = [\"day\", \"night\"]";
    let mut names: Vec<String> = Vec::new();
    for value in section
        .list(report, "names", MAX_LAYERS, expected)
        .unwrap_or_default()
    {
        let Some(Text { at, text }) = text_of(report, value, "a layer's name", expected) else {
            continue;
        };
        if matches!(text, "next" | "previous") {
            let what = format!("a layer cannot be called {}", quoted(text));
            report
                .error(at, what)
                .expected("a name other than next and previous");
        } else if names.iter().any(|name| name == text) {
            let what = format!("layer {} is named a second time", quoted(text));
            report.error(at, what).expected("each layer once");
        } else if !is_name(text) {
            let what = format!("{} is not a layer's name", quoted(text));
            report.error(at, what).expected(NAME_FORM);
        }
        names.push(text.to_owned());
    }
    if section.written() && !section.has("names") && !section.flawed {
        report
            .error(section.at, "[layers] has no names")
            .expected(expected);
    }
    names
}
