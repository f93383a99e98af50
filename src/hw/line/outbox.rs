// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a line panel shows, and what of it each connection has still to be told. Pure.
//!
//! Nothing is queued: the [`Mirror`] holds the newest state, an [`Outbox`] one mark for each part that has
//! changed since it was last written. A device that does not read costs the same memory after a year.

use super::protocol::{LineError, Output, emit};
use crate::hw::face::Face;
use crate::hw::io::Outgoing;
use crate::panel::plan::LayerId;
use crate::panel::{Feedback, Link, Look};

/// The newest state of everything that the panel shows.
pub(super) struct Mirror {
    pub(super) face: Face,
    pub(super) layer: LayerId,
    pub(super) link: Link,
    /// `None`: it never sleeps.
    pub(super) asleep: Option<bool>,
    pub(super) looks: Vec<Look>,
}

impl Mirror {
    /// Nothing is known yet: every output is shown as unknown, which is not off.
    pub(super) fn new(face: Face) -> Mirror {
        let looks = vec![Look::default(); face.outputs.len()];
        Mirror {
            face,
            layer: LayerId(0),
            link: Link::default(),
            asleep: None,
            looks,
        }
    }

    /// Keeps the look of output `index`.
    pub(super) fn look(&mut self, index: usize, look: &Look) {
        if let Some(slot) = self.looks.get_mut(index) {
            slot.clone_from(look);
        }
    }

    /// The line for output `index`; none where another output speaks for its name.
    fn line(&self, index: usize) -> Option<String> {
        let output = self.face.outputs.get(index)?;
        let name = output.name.as_str();
        match self.face.output_named(name, self.layer) {
            Some(shown) if shown == index => Some(emit(&Output::Show {
                name,
                look: self.looks.get(index)?,
            })),
            Some(_) => None,
            None => Some(emit(&Output::Blank { name })),
        }
    }
}

/// What one connection has still to be told.
pub(super) struct Outbox {
    greeting: bool,
    link: bool,
    layer: bool,
    sleep: bool,
    looks: Vec<bool>,
    feedback: Vec<Option<Feedback>>,
    notice: Option<String>,
    error: Option<(LineError, String)>,
    pub(super) out: Outgoing,
}

/// No more lines are made while this many bytes wait, so that what waits is never old.
const ENOUGH: usize = 512;

impl Outbox {
    /// Everything, for a device that has just come.
    pub(super) fn new(face: &Face) -> Outbox {
        Outbox {
            greeting: true,
            link: true,
            layer: !face.layers.is_empty(),
            sleep: true,
            looks: vec![true; face.outputs.len()],
            feedback: vec![None; face.controls.len()],
            notice: None,
            error: None,
            out: Outgoing::default(),
        }
    }

    /// Everything again, for a device that asks. A line that is half out is finished first.
    pub(super) fn restart(&mut self, face: &Face) {
        let out = std::mem::take(&mut self.out);
        *self = Outbox {
            out,
            ..Outbox::new(face)
        };
    }

    /// Output `index` has changed.
    pub(super) fn look(&mut self, index: usize) {
        if let Some(changed) = self.looks.get_mut(index) {
            *changed = true;
        }
    }

    /// The link's state has changed.
    pub(super) fn link(&mut self) {
        self.link = true;
    }

    /// The layer has changed: its outputs are shown, those of other layers go dark.
    pub(super) fn layer(&mut self, face: &Face) {
        self.layer = !face.layers.is_empty();
        for (changed, output) in self.looks.iter_mut().zip(&face.outputs) {
            *changed |= output.layer.is_some();
        }
    }

    /// The panel went to sleep, or woke.
    pub(super) fn sleep(&mut self) {
        self.sleep = true;
    }

    /// News of the press on control `index`; the newest wins.
    pub(super) fn feedback(&mut self, index: usize, feedback: Feedback) {
        if let Some(slot) = self.feedback.get_mut(index) {
            *slot = Some(feedback);
        }
    }

    /// A line for a person; the newest wins.
    pub(super) fn notice(&mut self, text: &str) {
        self.notice = Some(text.to_string());
    }

    /// A line was skipped; the newest wins.
    pub(super) fn error(&mut self, why: LineError, line: String) {
        self.error = Some((why, line));
    }

    /// Whether there is anything to write.
    pub(super) fn pending(&self) -> bool {
        !self.out.is_empty()
            || self.greeting
            || self.link
            || self.layer
            || self.sleep
            || self.looks.contains(&true)
            || self.feedback.iter().any(Option::is_some)
            || self.notice.is_some()
            || self.error.is_some()
    }

    /// Makes lines of what has changed, the most urgent first, until enough wait or nothing is left.
    pub(super) fn fill(&mut self, mirror: &Mirror) {
        while self.out.len() < ENOUGH {
            let Some(line) = self.next(mirror) else {
                return;
            };
            self.out.push(line.as_bytes());
            self.out.push(b"\n");
        }
    }

    fn next(&mut self, mirror: &Mirror) -> Option<String> {
        let face = &mirror.face;
        if std::mem::take(&mut self.greeting) {
            return Some(emit(&Output::Greeting {
                title: &face.title,
                layers: &face.layers,
            }));
        }
        for (slot, control) in self.feedback.iter_mut().zip(&face.controls) {
            // Also when the press has changed the layer: the hand is still at the same button.
            if let Some(feedback) = slot.take() {
                return Some(emit(&Output::Feedback {
                    name: &control.name,
                    feedback,
                }));
            }
        }
        if let (true, Some(asleep)) = (std::mem::take(&mut self.sleep), mirror.asleep) {
            return Some(emit(&Output::Sleep(asleep)));
        }
        if std::mem::take(&mut self.layer) {
            return Some(emit(&Output::Layer(face.layer_name(mirror.layer))));
        }
        if std::mem::take(&mut self.link) {
            return Some(emit(&Output::Link(mirror.link)));
        }
        while let Some(index) = self.looks.iter().position(|changed| *changed) {
            self.looks[index] = false;
            if let Some(line) = mirror.line(index) {
                return Some(line);
            }
        }
        if let Some(text) = self.notice.take() {
            return Some(emit(&Output::Notice(&text)));
        }
        let (why, line) = self.error.take()?;
        Some(emit(&Output::Error { why, line: &line }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hw::face::tests::{control, output};
    use crate::panel::Condition;
    use crate::panel::plan::PanelId;

    fn face() -> Face {
        Face {
            id: PanelId(0),
            controls: vec![control(1, "a", None, None)],
            outputs: vec![
                output(1, "a", Some(0)),
                output(2, "a", Some(1)),
                output(3, "b", Some(0)),
            ],
            layers: vec!["day".into(), "night".into()],
            title: "Hall".into(),
        }
    }

    fn drain(outbox: &mut Outbox, mirror: &Mirror) -> Vec<String> {
        let mut wire = Vec::new();
        while outbox.pending() {
            outbox.fill(mirror);
            let put = |bytes: &[u8]| {
                wire.extend_from_slice(bytes);
                Ok(bytes.len())
            };
            outbox.out.flush(put).unwrap();
        }
        String::from_utf8(wire)
            .unwrap()
            .lines()
            .map(|line| line.replace('"', ""))
            .collect()
    }

    fn lit(text: &str) -> Look {
        Look {
            condition: Condition::Ready,
            on: true,
            level: 1.0,
            text: text.into(),
            ..Look::default()
        }
    }

    #[test]
    fn a_new_device_is_told_everything_once() {
        let mut mirror = Mirror::new(face());
        let mut outbox = Outbox::new(&mirror.face);
        mirror.look(0, &lit("on"));
        let want = [
            "{panel:homey-panel,protocol:1,title:Hall,layers:[day,night]}",
            "{layer:day}",
            "{link:down}",
            "{show:a,state:ready,on:true,level:1,blink:steady,text:on}",
            "{show:b,state:unknown,on:false,level:0,blink:steady,text:}",
        ];
        assert_eq!(drain(&mut outbox, &mirror), want);
        assert!(!outbox.pending());
        outbox.restart(&mirror.face);
        assert_eq!(drain(&mut outbox, &mirror), want);
    }

    #[test]
    fn a_panel_that_sleeps_says_so_to_whoever_comes() {
        let mut mirror = Mirror::new(face());
        let mut outbox = Outbox::new(&mirror.face);
        drain(&mut outbox, &mirror);
        for asleep in [true, false] {
            mirror.asleep = Some(asleep);
            outbox.sleep();
            assert_eq!(drain(&mut outbox, &mirror), [format!("{{sleep:{asleep}}}")]);
        }
        outbox.restart(&mirror.face);
        assert_eq!(drain(&mut outbox, &mirror)[1], "{sleep:false}");
    }

    #[test]
    fn a_layer_shows_its_outputs_and_darkens_the_others() {
        let mut mirror = Mirror::new(face());
        let mut outbox = Outbox::new(&mirror.face);
        drain(&mut outbox, &mirror);
        mirror.layer = LayerId(1);
        outbox.layer(&mirror.face);
        let want = [
            "{layer:night}",
            "{show:a,state:unknown,on:false,level:0,blink:steady,text:}",
            "{show:b,state:none,on:false,level:0,blink:steady,text:}",
        ];
        assert_eq!(drain(&mut outbox, &mirror), want);
    }

    #[test]
    fn a_device_that_does_not_read_costs_no_memory_and_gets_the_newest() {
        let mut mirror = Mirror::new(face());
        let mut outbox = Outbox::new(&mirror.face);
        drain(&mut outbox, &mirror);
        for i in 0..100_000 {
            mirror.look(0, &lit(&i.to_string()));
            outbox.look(0);
            outbox.feedback(
                0,
                if i % 2 == 0 {
                    Feedback::Taken
                } else {
                    Feedback::Confirmed
                },
            );
            outbox.notice(&format!("notice {i}"));
            outbox.error(LineError::Syntax, i.to_string());
            outbox.fill(&mirror);
            assert!(outbox.out.len() < ENOUGH + 1024);
        }
        let lines = drain(&mut outbox, &mirror);
        assert!(lines.len() < 20, "{lines:?}");
        let last = |what: &str| {
            lines
                .iter()
                .rfind(|line| line.contains(what))
                .cloned()
                .unwrap_or_default()
        };
        assert!(last("show:a").contains("text:99999"));
        assert_eq!(last("feedback"), "{feedback:a,result:confirmed}");
        assert_eq!(last("notice"), "{notice:notice 99999}");
    }
}
