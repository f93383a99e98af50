// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which ids the configured names stand for at present: devices for points, flows and moods for starts.
//!
//! Small tables by point and start number; holds nothing of the home beyond what is bound.

use crate::homey::call::Call;
use crate::homey::reply::BoundDevice;
use crate::panel::plan::{Plan, PointId, StartId};

/// A flow or mood that can be started.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Starter {
    Flow { id: String, advanced: bool },
    Mood { id: String },
}

impl Starter {
    /// The flow's or mood's id.
    pub fn id(&self) -> &str {
        match self {
            Starter::Flow { id, .. } | Starter::Mood { id } => id,
        }
    }

    /// The call that starts it.
    pub fn call(&self) -> Call<'_> {
        match self {
            Starter::Flow { id, advanced } => Call::TriggerFlow {
                id,
                advanced: *advanced,
            },
            Starter::Mood { id } => Call::SetMood(id),
        }
    }
}

/// One bound device and what of it is bound.
#[derive(Clone, Debug)]
struct Device {
    id: String,
    capabilities: Vec<(String, u16)>,
}

/// The present answers.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    devices: Vec<Device>,
    /// By point: index into `devices`.
    points: Vec<Option<usize>>,
    starts: Vec<Option<Starter>>,
}

impl Directory {
    /// Nothing is known yet.
    pub fn new(plan: &Plan) -> Directory {
        Directory {
            devices: Vec::new(),
            points: vec![None; plan.points.len()],
            starts: vec![None; plan.starts.len()],
        }
    }

    /// Point `point` is a capability of the device `id`.
    pub fn bind(&mut self, plan: &Plan, point: PointId, id: &str) {
        let slot = usize::from(point.0);
        let (Some(entry), Some(place)) = (plan.points.get(slot), self.points.get_mut(slot)) else {
            return;
        };
        let index = match self.devices.iter().position(|d| d.id == id) {
            Some(index) => index,
            None => {
                self.devices.push(Device {
                    id: id.to_string(),
                    capabilities: Vec::new(),
                });
                self.devices.len() - 1
            }
        };
        *place = Some(index);
        if let Some(device) = self.devices.get_mut(index) {
            device
                .capabilities
                .push((entry.capability.clone(), point.0));
        }
    }

    /// Start `start` is this flow or mood.
    pub fn bind_start(&mut self, start: StartId, starter: Starter) {
        if let Some(place) = self.starts.get_mut(usize::from(start.0)) {
            *place = Some(starter);
        }
    }

    /// The device behind a point.
    pub fn device(&self, point: PointId) -> Option<&str> {
        let index = (*self.points.get(usize::from(point.0))?)?;
        self.devices.get(index).map(|d| d.id.as_str())
    }

    /// What a start starts.
    pub fn starter(&self, start: StartId) -> Option<&Starter> {
        self.starts.get(usize::from(start.0))?.as_ref()
    }

    /// How many devices are bound.
    pub fn len(&self) -> usize {
        self.devices.len()
    }

    /// The id of the nth bound device.
    pub fn id(&self, index: usize) -> Option<&str> {
        self.devices.get(index).map(|d| d.id.as_str())
    }

    /// The nth bound device holding `point`.
    pub fn index_of(&self, point: PointId) -> Option<usize> {
        *self.points.get(usize::from(point.0))?
    }

    /// Gives `f` what the reply visitors take; `only`: one device.
    pub fn visit<T>(&self, only: Option<usize>, f: impl FnOnce(&[BoundDevice<'_>]) -> T) -> T {
        let devices = || {
            self.devices
                .iter()
                .enumerate()
                .filter(|(i, _)| only.is_none_or(|o| o == *i))
                .map(|(_, d)| d)
        };
        let lists: Vec<Vec<(&str, u16)>> = devices()
            .map(|d| {
                d.capabilities
                    .iter()
                    .map(|(c, slot)| (c.as_str(), *slot))
                    .collect()
            })
            .collect();
        let bound: Vec<BoundDevice<'_>> = devices()
            .zip(&lists)
            .map(|(d, capabilities)| BoundDevice {
                id: &d.id,
                capabilities,
            })
            .collect();
        f(&bound)
    }

    /// Whether anything in the plan has no answer yet.
    pub fn is_incomplete(&self) -> bool {
        self.points.iter().any(Option::is_none) || self.starts.iter().any(Option::is_none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::plan::Point;

    #[test]
    fn points_of_one_device_share_it() {
        let point = |device: &str, capability: &str| Point {
            device: device.into(),
            capability: capability.into(),
        };
        let plan = Plan {
            points: vec![point("a", "onoff"), point("b", "onoff"), point("a", "dim")],
            ..Plan::default()
        };
        let mut directory = Directory::new(&plan);
        assert!(directory.is_incomplete());
        for (slot, id) in [(0, "id-a"), (1, "id-b"), (2, "id-a"), (9, "id-c")] {
            directory.bind(&plan, PointId(slot), id);
        }
        assert!(!directory.is_incomplete());
        assert_eq!(directory.len(), 2);
        assert_eq!(directory.device(PointId(2)), Some("id-a"));
        directory.visit(None, |bound| {
            assert_eq!(bound[0].capabilities, [("onoff", 0), ("dim", 2)])
        });
        directory.visit(Some(1), |bound| {
            assert_eq!((bound.len(), bound[0].id), (1, "id-b"))
        });
    }
}
