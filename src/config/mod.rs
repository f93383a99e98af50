// SPDX-License-Identifier: MIT OR Apache-2.0
//! The configuration: TOML text in, a typed [`Config`] out, or every mistake in it at once.
//!
//! Pure: it opens no file, not even those that the configuration names, and looks up no name; devices, flows and moods stay
//! as written, with the places where they were written in [`Config::sources`], so that whoever asks the hub can report a wrong
//! name as `file:line:column` too ([`Config::problem`]).
//!
//! ```text
//!   text ── toml_span ──> tree with places ── section::Section ──> typed questions ──> Config
//!             │ syntax.rs                         │ each wrong answer
//!             └────────────> problem::Report <────┘ (all of them, sorted)
//! ```
//!
//! One file for each section: `hub` and `address`, `cloud`, `session`, `profile`, `times`, `panels`, `controls` with `actions`, `moves` and `keys`, `outputs` with `colour` and `locals`; `targets` collects what they aim at, `clash` looks for
//! two things in one place. The reference for users is `tests/data/config/good/everything.toml`, which a test holds complete.

mod actions;
mod address;
mod capability;
mod clash;
mod cloud;
mod colour;
mod controls;
mod dashed;
mod holes;
mod hub;
mod keys;
mod locals;
mod moves;
mod names;
mod outputs;
mod panels;
mod problem;
mod profile;
mod section;
mod session;
mod suggest;
mod syntax;
mod targets;
mod times;
mod value;

pub use address::{Address, Scheme, is_within_reach};
pub use cloud::{Cloud, Site};
pub use controls::ControlFace;
pub use dashed::{DASHED_SUFFIX, dashed_ip, dashed_name};
pub use hub::{Credential, Hub, Trust};
pub use outputs::OutputFace;
pub use panels::{PanelConfig, PanelKind, Way};
pub use problem::Problem;
pub use profile::{ProfileChoice, ProfileName};
pub use session::Session;
pub use suggest::nearest;
pub use times::{Limits, Poll};

use crate::panel::plan::LayerChange::To;
use crate::panel::plan::{Action, LayerId, Plan};
use clash::Clashes;
use problem::Report;
use section::{Keys, Section};
use targets::Context;

/// Longer files are refused unread: 1 MiB.
pub const MAX_FILE: usize = 1 << 20;
const MAX_CONTROLS: usize = 1024;
const MAX_OUTPUTS: usize = 1024;

const ROOT: Keys = Keys {
    known: &[
        "hub", "trust", "cloud", "session", "profile", "profiles", "poll", "limits", "timing",
        "layers", "panel", "control", "output",
    ],
    later: &["discover", "log", "watchdog", "status"],
    cures: &[
        (
            "panels",
            "the section is called [[panel]]",
            "[[panel]] once for each panel",
        ),
        (
            "controls",
            "the section is called [[control]]",
            "[[control]] once for each control",
        ),
        (
            "outputs",
            "the section is called [[output]]",
            "[[output]] once for each output",
        ),
    ],
};

/// All sections with their keys, for "… in [timing]".
const HOMES: [(&str, &Keys); 11] = [
    ("[hub]", &hub::HUB),
    ("[trust]", &hub::TRUST),
    ("[cloud]", &cloud::CLOUD),
    ("[session]", &session::SESSION),
    ("[profile]", &profile::PROFILE),
    ("[poll]", &times::POLL),
    ("[limits]", &times::LIMITS),
    ("[timing]", &times::TIMING),
    ("[[panel]]", &panels::PANEL),
    ("[[control]]", &controls::CONTROL),
    ("[[output]]", &outputs::OUTPUT),
];

/// The one section that has `key`; `None` where none has it, or several.
fn home_of(key: &str) -> Option<&'static str> {
    let mut homes = HOMES
        .iter()
        .filter(|(_, keys)| keys.known.contains(&key))
        .map(|(title, _)| *title);
    homes.next().filter(|_| homes.next().is_none())
}

/// A place in the file; both numbers count from 1, columns in characters.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

impl Default for Place {
    fn default() -> Place {
        Place { line: 1, column: 1 }
    }
}

/// Where a point was first written.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct PointPlace {
    pub device: Place,
    /// The device's place where the capability was left to its default.
    pub capability: Place,
}

/// Where things were written, for problems that only the hub, the file system or the hardware can tell.
/// What was left out has the place of its section, or 1:1.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sources {
    pub hub_address: Place,
    pub hub_id: Place,
    pub credential: Place,
    pub trust: Place,
    /// The variable that holds the bearer.
    pub store_in: Place,
    /// Parallel to [`Config::panels`].
    pub panels: Vec<Place>,
    /// Parallel to [`Plan::points`].
    pub points: Vec<PointPlace>,
    /// Parallel to [`Plan::starts`].
    pub starts: Vec<Place>,
    /// Parallel to [`Plan::controls`].
    pub controls: Vec<Place>,
    /// Parallel to [`Plan::outputs`].
    pub outputs: Vec<Place>,
}

/// Everything that a configuration file says.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// The file's name as given to [`Config::parse`].
    pub file: String,
    pub hub: Hub,
    pub trust: Trust,
    pub cloud: Cloud,
    pub session: Session,
    pub profile: ProfileChoice,
    pub poll: Poll,
    pub limits: Limits,
    /// At most 8; addressed by [`crate::panel::plan::PanelId`].
    pub panels: Vec<PanelConfig>,
    /// Parallel to [`Plan::controls`], at most 1024.
    pub control_faces: Vec<ControlFace>,
    /// Parallel to [`Plan::outputs`], at most 1024.
    pub output_faces: Vec<OutputFace>,
    pub plan: Plan,
    pub sources: Sources,
    /// What is allowed but probably not meant, sorted by place.
    pub warnings: Vec<Problem>,
}

impl Config {
    /// Reads `text`; `file_name` is only repeated in problems. The errors are sorted by place and are never empty.
    ///
    /// A byte order mark and CR LF line ends are fine. After an error of TOML's syntax the rest cannot be judged, so that
    /// one stands alone; of all other errors every one is found in one run.
    pub fn parse(file_name: &str, text: &str) -> Result<Config, Vec<Problem>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.len() > MAX_FILE {
            let mut report = Report::new(file_name, "");
            let what = format!("the file is {} bytes long", text.len());
            report
                .error(0, what)
                .expected(format!("at most {MAX_FILE}"));
            return Err(report.finish().0);
        }
        let mut report = Report::new(file_name, text);
        let config = match toml_span::parse(text) {
            Ok(tree) => read(&mut report, file_name, &tree),
            Err(error) => {
                syntax::explain(&mut report, &error);
                None
            }
        };
        let (errors, warnings) = report.finish();
        match config {
            Some(config) if errors.is_empty() => Ok(Config { warnings, ..config }),
            _ => Err(errors),
        }
    }

    /// A problem at `place` of this file that was found later, such as a device that the hub does not know. `hint` is what was
    /// probably meant; see [`nearest`].
    pub fn problem(
        &self,
        place: Place,
        what: impl Into<String>,
        expected: Option<String>,
        hint: Option<String>,
    ) -> Problem {
        let Place { line, column } = place;
        Problem {
            file: self.file.clone(),
            line,
            column,
            what: what.into(),
            expected,
            hint,
        }
    }
}

fn read(report: &mut Report<'_>, file_name: &str, tree: &toml_span::Value<'_>) -> Option<Config> {
    let root = Section::open(report, tree, "the file", &ROOT)?;
    let mut sources = Sources::default();
    let hub = hub::read(report, &root, &mut sources);
    let trust = hub::read_trust(report, &root, &hub, &mut sources);
    let cloud = cloud::read(report, &root);
    let session = session::read(report, &root, &mut sources);
    let profile = profile::read(report, &root);
    let poll = times::read_poll(report, &root);
    let limits = times::read_limits(report, &root);
    let timing = times::read_timing(report, &root, &poll);
    let layers = names::read_layers(report, &root);
    let (panels, mut names) = panels::read(report, &root, &mut sources);
    names.layers.clone_from(&layers);
    let mut plan = Plan {
        layers,
        timing,
        panels: names.sleeps.clone(),
        locals: locals::names(&root),
        ..Plan::default()
    };
    let (control_faces, output_faces) = read_plan(report, &root, &names, &mut plan, &mut sources);
    check_layers(report, &root, &plan);
    locals::check(report, &root, &plan);
    Some(Config {
        file: file_name.to_owned(),
        hub,
        trust,
        cloud,
        session,
        profile,
        poll,
        limits,
        panels,
        control_faces,
        output_faces,
        plan,
        sources,
        warnings: Vec::new(),
    })
}

fn read_plan(
    report: &mut Report<'_>,
    root: &Section<'_>,
    names: &names::Names,
    plan: &mut Plan,
    sources: &mut Sources,
) -> (Vec<ControlFace>, Vec<OutputFace>) {
    let mut clashes = Clashes::default();
    let (mut control_faces, mut output_faces) = (Vec::new(), Vec::new());
    for value in section::tables(report, root, "control", MAX_CONTROLS) {
        let mut context = Context {
            names,
            plan,
            sources,
        };
        if let Some((control, face)) = controls::read(report, value, &mut context, &mut clashes) {
            sources.controls.push(report.place(value.span.start));
            plan.controls.push(control);
            control_faces.push(face);
        }
    }
    for value in section::tables(report, root, "output", MAX_OUTPUTS) {
        let mut context = Context {
            names,
            plan,
            sources,
        };
        if let Some((output, face)) = outputs::read(report, value, &mut context, &mut clashes) {
            sources.outputs.push(report.place(value.span.start));
            plan.outputs.push(output);
            output_faces.push(face);
        }
    }
    (control_faces, output_faces)
}

/// Warns of layers that no hand can reach.
fn check_layers(report: &mut Report<'_>, root: &Section<'_>, plan: &Plan) {
    let actions = plan.controls.iter().flat_map(|control| {
        let bound = control.bindings.iter().flat_map(|(_, actions)| actions);
        bound.chain(&control.offline)
    });
    let changes: Vec<_> = actions
        .filter_map(|action| match action {
            Action::Layer(change) => Some(*change),
            _ => None,
        })
        .collect();
    if changes.iter().any(|change| !matches!(change, To(_))) {
        return;
    }
    for (index, name) in plan.layers.iter().enumerate().skip(1) {
        if changes
            .iter()
            .any(|change| matches!(change, To(LayerId(id)) if usize::from(*id) == index))
        {
            continue;
        }
        let at = root.at_child_value(report, "layers", "names");
        report
            .warn(at, format!("no control leads to layer \"{name}\""))
            .expected(format!(
                "an action {{ layer = \"{name}\" }} or {{ layer = \"next\" }}"
            ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::plan::Timing;

    const SAMPLE: &str = include_str!("../../tests/data/config/good/everything.toml");

    #[test]
    fn the_sample_shows_every_key() {
        let inner: [(&str, &Keys); 5] = [
            ("[profiles.…]", &profile::OWN),
            ("[layers]", &names::LAYERS),
            ("fifo", &panels::FIFO),
            ("on", &outputs::ON),
            ("colours", &colour::STEP),
        ];
        let actions = [("an action", &actions::ACTION)];
        for (title, keys) in HOMES.iter().chain(&inner).chain(&actions) {
            for key in keys.known {
                assert!(SAMPLE.contains(&format!("{key} = ")), "{key} of {title}");
            }
        }
        for section in ROOT.known {
            let shown = [
                format!("\n[{section}]"),
                format!("\n[[{section}]]"),
                format!("[{section}."),
            ];
            assert!(shown.iter().any(|head| SAMPLE.contains(head)), "{section}");
        }
    }

    #[test]
    fn the_sample_shows_the_defaults() {
        let sample = Config::parse("everything.toml", SAMPLE).unwrap();
        assert_eq!(
            (sample.poll, sample.limits),
            (Poll::default(), Limits::default())
        );
        assert_eq!(sample.plan.timing, Timing::default());
        let bare = Config::parse("f", "[hub]\naddress = \"192.168.1.17\"").unwrap();
        assert_eq!((bare.poll, bare.limits), (sample.poll, sample.limits));
        assert_eq!((bare.trust, bare.profile), (sample.trust, sample.profile));
        assert_eq!(bare.session, Session::default());
        assert_eq!(bare.session.warn, sample.session.warn);
        assert_eq!(bare.hub.address, sample.hub.address);
        assert_eq!(bare.hub.credential, Credential::Default);
        assert_eq!(bare.plan, Plan::default());
    }

    #[test]
    fn known_and_later_keys_are_apart_and_ranges_hold_the_defaults() {
        for (title, keys) in HOMES {
            for key in keys
                .later
                .iter()
                .chain(keys.cures.iter().map(|(key, ..)| key))
            {
                assert!(!keys.known.contains(key), "{key} in {title}");
            }
        }
        // Every default written out is read, so it is in its range.
        assert!(Config::parse("f", SAMPLE).is_ok());
    }

    #[test]
    fn a_late_problem_has_the_same_form() {
        let text = "[hub]\naddress = \"10.0.0.2\"\n[[panel]]\nname = \"w\"\nkind = \"line\"\nstdio = true\n\
                    [[output]]\nname = \"a\"\nshow = \"Ofice/Lamp\"\n";
        let config = Config::parse("wall.toml", text).unwrap();
        let place = config.sources.points[0];
        assert_eq!(place.device, place.capability);
        let hint = nearest("Ofice/Lamp", ["Office/Lamp", "Hall/Lamp"]).map(str::to_owned);
        let problem = config.problem(place.device, "no such device", None, hint);
        assert_eq!(
            problem.to_string(),
            "wall.toml:9:8: no such device; did you mean Office/Lamp"
        );
    }
}
