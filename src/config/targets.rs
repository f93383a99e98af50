// SPDX-License-Identifier: MIT OR Apache-2.0
//! What actions and outputs aim at: capabilities of devices, flows and moods, each kept once with the place of its first use.

use super::capability::{is_id, meant};
use super::names::Names;
use super::problem::{Report, quoted};
use super::section::Section;
use super::value::Text;
use super::{Place, PointPlace, Sources};
use crate::panel::plan::{Plan, Point, PointId, Start, StartId};

/// The number of this capability; its places are kept at its first use.
fn point_id(
    plan: &mut Plan,
    sources: &mut Sources,
    point: Point,
    place: PointPlace,
) -> Option<PointId> {
    // A panel has dozens; searching them costs less than a table beside them.
    let index = match plan.points.iter().position(|known| *known == point) {
        Some(index) => index,
        None => {
            plan.points.push(point);
            sources.points.push(place);
            plan.points.len() - 1
        }
    };
    u16::try_from(index).ok().map(PointId)
}

pub(super) fn start_id(
    plan: &mut Plan,
    sources: &mut Sources,
    start: Start,
    place: Place,
) -> Option<StartId> {
    let index = match plan.starts.iter().position(|known| *known == start) {
        Some(index) => index,
        None => {
            plan.starts.push(start);
            sources.starts.push(place);
            plan.starts.len() - 1
        }
    };
    u16::try_from(index).ok().map(StartId)
}

/// What reading an action needs beside its text.
pub(super) struct Context<'c> {
    pub(super) names: &'c Names,
    pub(super) plan: &'c mut Plan,
    pub(super) sources: &'c mut Sources,
}

impl Context<'_> {
    /// The capability that `key` (a device) and `capability` (else `default`) name together.
    pub(super) fn point<'t>(
        &mut self,
        report: &mut Report<'_>,
        table: &Section<'t>,
        key: &str,
        default: &'static str,
    ) -> Option<(PointId, Text<'t>)> {
        let expected = "a device's name as \"Zone/Name\", or its id";
        let device = table.text(report, key, expected);
        let capability = match table.has("capability") {
            true => table.text(report, "capability", "a capability's id, such as \"onoff\""),
            false => device.map(|device| Text {
                at: device.at,
                text: default,
            }),
        };
        let (device, capability) = (device?, capability?);
        if device.text.split('/').any(|part| part.trim().is_empty()) {
            let what = format!("{} has nothing on one side of the /", quoted(device.text));
            report.error(device.at, what).expected(expected);
            return None;
        }
        if !is_id(capability.text) {
            let what = format!("{} is not a capability's id", quoted(capability.text));
            report
                .error(capability.at, what)
                .expected("letters, digits, \"_\", \".\", \"-\" and \":\"")
                .meant(meant(capability.text).map(quoted));
            return None;
        }
        if let Some(common) = meant(capability.text) {
            let what = format!("{} is not a common capability", quoted(capability.text));
            report.warn(capability.at, what).meant(Some(quoted(common)));
        }
        let point = Point {
            device: device.text.to_owned(),
            capability: capability.text.to_owned(),
        };
        let place = PointPlace {
            device: report.place(device.at),
            capability: report.place(capability.at),
        };
        let id = point_id(self.plan, self.sources, point, place)?;
        Some((id, capability))
    }
}
