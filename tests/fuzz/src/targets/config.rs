// SPDX-License-Identifier: MIT OR Apache-2.0
//! Configuration files: every problem has a place inside the text, and what is taken can be run and means the same when it is
//! written a little differently.

use homey_panel::config::{Config, Place, Problem};
use homey_panel::panel::{Controller, Show};
use homey_panel::time::Time;

use super::input::assert_line;

pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Config::parse("a.toml", &text) {
        Ok(config) => {
            config
                .warnings
                .iter()
                .for_each(|warning| judge(&text, warning));
            survive(&text, config);
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason");
            problems.iter().for_each(|problem| judge(&text, problem));
            let places: Vec<_> = problems.iter().map(|p| (p.line, p.column)).collect();
            assert!(places.is_sorted());
        }
    }
}

fn judge(text: &str, problem: &Problem) {
    assert_eq!(problem.file, "a.toml");
    let (line, column) = (problem.line, problem.column);
    assert_inside(text, Place { line, column });
    assert_line(&problem.to_string());
    assert!(!problem.what.is_empty() && problem.to_string().len() <= 4096);
}

/// One past the end of a line is a place too.
fn assert_inside(text: &str, place: Place) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let line = place
        .line
        .checked_sub(1)
        .and_then(|line| text.split('\n').nth(line as usize));
    let columns = line.map(|line| line.chars().count() as u32 + 1);
    assert!(
        columns.is_some_and(|columns| (1..=columns).contains(&place.column)),
        "{place:?} is not in the text"
    );
}

fn survive(text: &str, config: Config) {
    let sources = &config.sources;
    let points = sources
        .points
        .iter()
        .flat_map(|point| [point.device, point.capability]);
    let single = [
        sources.hub_address,
        sources.hub_id,
        sources.credential,
        sources.trust,
    ];
    let lists = [
        &sources.panels,
        &sources.starts,
        &sources.controls,
        &sources.outputs,
    ];
    let places = single
        .into_iter()
        .chain(points)
        .chain(lists.into_iter().flatten().copied());
    places.for_each(|place| assert_inside(text, place));
    let plan = &config.plan;
    assert_eq!(sources.points.len(), plan.points.len());
    assert_eq!(sources.starts.len(), plan.starts.len());
    assert!(plan.controls.len() <= 1024 && plan.outputs.len() <= 1024 && config.panels.len() <= 8);
    assert_eq!(config.control_faces.len(), plan.controls.len());
    assert_eq!(config.output_faces.len(), plan.outputs.len());
    let panels = config.panels.len();
    assert!(
        plan.controls
            .iter()
            .all(|control| usize::from(control.panel.0) < panels)
    );
    assert!(
        plan.outputs
            .iter()
            .all(|output| usize::from(output.panel.0) < panels)
    );

    let mark = if text.starts_with('\u{feff}') {
        ""
    } else {
        "\u{feff}"
    };
    let again = Config::parse("a.toml", &format!("{mark}{text}\n# the end\n"));
    assert_eq!(
        again.as_ref(),
        Ok(&config),
        "a mark, a line and a comment change it"
    );

    let mut controller = Controller::new(config.plan, Time::ZERO);
    controller.timeout(Time::from_millis(1));
    while let Some(show) = controller.next_show() {
        if let Show::Look { look, .. } = show {
            assert!((0.0..=1.0).contains(&look.level));
        }
    }
    assert!(controller.next_call(Time::from_millis(1)).is_none());
}
