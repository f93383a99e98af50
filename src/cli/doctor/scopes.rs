// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which scopes a configuration needs, and what does not work without each (`api.md` 8, `operations.md` 1).

use crate::cli::check::target;
use crate::config::Config;
use crate::panel::plan::{Action, StartKind};

/// A scope and what needs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Need {
    pub(super) scope: &'static str,
    /// What does not work without it: `2 controls start flows`.
    pub(super) what: String,
}

/// All that this configuration needs, in the order in which a person would give them.
pub(super) fn needs(config: &Config) -> Vec<Need> {
    let plan = &config.plan;
    let controls = |uses: &dyn Fn(&Action) -> bool| {
        let used = plan.controls.iter().filter(|control| {
            let mut actions = control.bindings.iter().flat_map(|(_, actions)| actions);
            actions.any(uses)
        });
        used.count()
    };
    let starts = |wanted: StartKind| {
        controls(&|action| {
            let Action::Start(id) = action else {
                return false;
            };
            let start = plan.starts.get(usize::from(id.0));
            start.is_some_and(|start| start.kind == wanted)
        })
    };
    let has = |wanted: StartKind| plan.starts.iter().filter(|s| s.kind == wanted).count();
    let (flows, moods) = (has(StartKind::Flow), has(StartKind::Mood));
    let devices = plan.points.len();
    let in_zones = plan
        .points
        .iter()
        .filter(|p| p.device.contains('/'))
        .count();
    let written = controls(&|action| target(action).is_some());
    let kept = usize::from(config.session.store_in.is_some());
    let rows = [
        (
            "homey.device.readonly",
            devices,
            "values of devices are shown or toggled",
        ),
        (
            "homey.zone.readonly",
            in_zones,
            "devices are named with their zone",
        ),
        ("homey.device.control", written, "controls set devices"),
        ("homey.flow.readonly", flows, "flows are looked up by name"),
        (
            "homey.flow.start",
            starts(StartKind::Flow),
            "controls start flows",
        ),
        ("homey.mood.readonly", moods, "moods are looked up by name"),
        (
            "homey.mood.set",
            starts(StartKind::Mood),
            "controls set moods",
        ),
        ("homey.logic", kept, "variable keeps the bearer"),
    ];
    let needed = rows.into_iter().filter(|(_, count, _)| *count > 0);
    needed
        .map(|(scope, count, what)| Need {
            scope,
            what: format!("{count} {what}"),
        })
        .collect()
}

/// Whether one of the scopes `held` is, or contains, `wanted`: `homey` > `homey.device` > `homey.device.control`.
pub(super) fn covers(held: &[Box<str>], wanted: &str) -> bool {
    held.iter().any(|held| {
        let rest = wanted.strip_prefix(&**held);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// What to do for a scope that this bearer lacks. `is_key`: it is an API key, else it came by a login.
pub(super) fn cure(is_key: bool, scope: &str) -> String {
    match is_key {
        true => format!("make an API key with {scope} too (Homey web app: Settings, API Keys)"),
        false => format!(
            "give the client {scope} in the developer tools, then homey-panel login; or take an API key that has it"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "[hub]\naddress = \"10.0.0.2\"\n[[panel]]\nname = \"w\"\nkind = \"line\"\nstdio = true\n";

    fn needed(rest: &str) -> Vec<(&'static str, String)> {
        let config = Config::parse("f", &format!("{HEAD}{rest}")).unwrap();
        needs(&config)
            .into_iter()
            .map(|n| (n.scope, n.what))
            .collect()
    }

    #[test]
    fn a_configuration_needs_what_it_binds() {
        assert_eq!(needed(""), []);
        let lamp = needed("[[output]]\nname = \"a\"\nshow = \"Lamp\"\n");
        assert_eq!(lamp.len(), 1);
        assert_eq!(lamp[0].0, "homey.device.readonly");
        let all = needed(
            "[[control]]\nname = \"a\"\npress = { toggle = \"Hall/Lamp\" }\nhold = { set = \"Hall/Lamp\", capability = \"dim\", value = 0.5 }\n\
             [[control]]\nname = \"b\"\nturn = { step = \"Desk\", capability = \"dim\" }\npress = [{ flow = \"F\" }, { mood = \"M\" }]\n\
             [[control]]\nname = \"c\"\npress = { flow = \"F\" }\n",
        );
        let scopes: Vec<&str> = all.iter().map(|(scope, _)| *scope).collect();
        assert_eq!(
            scopes,
            [
                "homey.device.readonly",
                "homey.zone.readonly",
                "homey.device.control",
                "homey.flow.readonly",
                "homey.flow.start",
                "homey.mood.readonly",
                "homey.mood.set"
            ]
        );
        assert_eq!(all[2].1, "2 controls set devices");
        assert_eq!(all[4].1, "2 controls start flows");
        assert_eq!(all[6].1, "1 controls set moods");
        let kept = needed("[session]\nstore_in = \"Bearer\"\n");
        assert_eq!(
            kept,
            [("homey.logic", "1 variable keeps the bearer".into())]
        );
    }

    #[test]
    fn wide_scopes_contain_narrow_ones() {
        let covers = |held: &str, wanted| covers(&[held.into()], wanted);
        for (held, wanted, want) in [
            ("homey", "homey.device.control", true),
            ("homey.device", "homey.device.control", true),
            ("homey.device.control", "homey.device.control", true),
            ("homey.device.readonly", "homey.device.control", false),
            ("homey.dev", "homey.device.control", false),
            ("homey.device.control", "homey.device", false),
            ("", "homey", false),
        ] {
            assert_eq!(covers(held, wanted), want, "{held} {wanted}");
        }
        assert!(!super::covers(&[], "homey"));
    }

    #[test]
    fn a_session_is_not_cured_by_a_key_alone() {
        let key = cure(true, "homey.mood.set");
        assert!(
            key.starts_with("make an API key with homey.mood.set"),
            "{key}"
        );
        let session = cure(false, "homey.mood.set");
        assert!(
            session.contains("homey.mood.set") && session.contains("homey-panel login"),
            "{session}"
        );
    }
}
