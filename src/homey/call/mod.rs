// SPDX-License-Identifier: MIT OR Apache-2.0
//! The calls that a panel makes (`operations.md` 3), as method, target and body. Both dialects take the same ones, but
//! for [`Call::Capability`], which only V3 knows.
//!
//! Knows nothing of headers: `profile` writes those. What comes from outside — ids, above all — goes
//! into the target percent-encoded, so that no id can reach another route or another header line.

#[cfg(test)]
mod tests;

use std::fmt;

use super::text::{one_line, percent};
use super::{MAX_TEXT, Value};

/// One call to the hub.
#[derive(Copy, Clone, PartialEq, Debug)]
pub enum Call<'a> {
    /// Is it there, and is it the right one (`api.md` 3). Without a bearer. An empty `hub_id` asks whoever answers for its own id.
    Ping { hub_id: &'a str },
    /// Version, model, time zone (`objects.md` 7).
    System,
    /// What the bearer may do and, on V2, until when (`objects.md` 2.2).
    Session,
    /// All devices, with their values (`objects.md` 3).
    Devices,
    /// One device: the only way to one value on V2.
    Device(&'a str),
    /// One value, as a bare JSON scalar. V3 only; V2 answers 500 `missing_api_method`.
    Capability {
        device: &'a str,
        capability: &'a str,
    },
    /// Sets a capability to an absolute value (`objects.md` 3.3). `duration` is a transition in milliseconds (`capabilities.md` 1 rule 7).
    SetCapability {
        device: &'a str,
        capability: &'a str,
        value: &'a Value,
        duration: Option<u32>,
    },
    /// All zones (`objects.md` 4).
    Zones,
    /// All standard flows (`objects.md` 5.1).
    Flows,
    /// All advanced flows (`objects.md` 5.2).
    AdvancedFlows,
    /// Starts a flow (`objects.md` 5.3).
    TriggerFlow { id: &'a str, advanced: bool },
    /// All moods (`objects.md` 6).
    Moods,
    /// Sets a mood (`objects.md` 6).
    SetMood(&'a str),
    /// A small call whose reply tells the dialect (`api.md` 3 rule 7).
    FlowCardProbe,
    /// All logic variables (`objects.md` 6).
    Variables,
    /// All alarm clocks (`objects.md` 6).
    Alarms,
    /// A call of the account or of an installer's command, which makes its target and body itself.
    Other(Other<'a>),
}

/// A call in the caller's own words. Every part of `target` that comes from outside must have gone through [`path_segment`].
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Other<'a> {
    /// `GET`, `PUT`, `POST` or `DELETE`.
    pub method: &'static str,
    /// Path and query, percent-encoded.
    pub target: &'a str,
    /// JSON; POST and PUT always have one, `{}` at least (`operations.md` 2 rule 3).
    pub body: Option<&'a [u8]>,
    /// Whether it carries the bearer; `users/login` must not (`api.md` 7).
    pub bearer: bool,
    /// The scope that it needs (`operations.md`), for the words of a refusal.
    pub scope: Option<&'static str>,
    /// What it does, for an error line: `list the alarms`.
    pub name: &'a str,
    /// Whether it may be sent twice.
    pub repeat: Repeat,
}

/// Whether a call may be sent a second time after its first sending got no complete reply (`api.md` 11).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Repeat {
    /// Reads only.
    Safe,
    /// Sets an absolute value: a second time changes nothing more.
    AbsolutePut,
    /// Starts something: a second time may open the garage twice.
    OneShot,
}

/// Why a call cannot be put into bytes.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum CallError {
    /// An id that is empty, `.`, `..` or longer than [`MAX_TEXT`] bytes: it would name another route.
    Id { what: &'static str },
    /// NaN or infinite.
    NotFinite,
}

/// Capabilities that act on every write (`capabilities.md` 1 rule 6), compared without their suffix. An app's own ones are
/// known by `getable: false` in their [`super::Traits`] only; the caller holds those.
const PULSES: [&str; 10] = [
    "button",
    "channel_down",
    "channel_up",
    "speaker_next",
    "speaker_prev",
    "speaker_stop",
    "volume_down",
    "volume_up",
    "windowcoverings_tilt_down",
    "windowcoverings_tilt_up",
];

impl Call<'_> {
    /// `GET`, `PUT` or `POST`.
    pub fn method(&self) -> &'static str {
        match self {
            Call::SetCapability { .. } => "PUT",
            Call::TriggerFlow { .. } | Call::SetMood(_) => "POST",
            Call::Other(other) => other.method,
            _ => "GET",
        }
    }

    /// The request target: path and query, percent-encoded.
    pub fn path(&self) -> Result<String, CallError> {
        const DEVICES: &str = "/api/manager/devices/device";
        let path = match *self {
            Call::Ping { hub_id: "" } => "/api/manager/system/ping".to_owned(),
            Call::Ping { hub_id } => {
                format!(
                    "/api/manager/system/ping?id={}",
                    segment("hub id", hub_id, false)?
                )
            }
            Call::System => "/api/manager/system".to_owned(),
            Call::Session => "/api/manager/sessions/session/me".to_owned(),
            Call::Devices => DEVICES.to_owned(),
            Call::Device(id) => format!("{DEVICES}/{}", segment("device id", id, true)?),
            Call::Capability { device, capability }
            | Call::SetCapability {
                device, capability, ..
            } => format!(
                "{DEVICES}/{}/capability/{}",
                segment("device id", device, true)?,
                segment("capability id", capability, true)?
            ),
            Call::Zones => "/api/manager/zones/zone".to_owned(),
            Call::Flows => "/api/manager/flow/flow".to_owned(),
            Call::AdvancedFlows => "/api/manager/flow/advancedflow".to_owned(),
            Call::TriggerFlow { id, advanced } => format!(
                "/api/manager/flow/{}/{}/trigger",
                if advanced { "advancedflow" } else { "flow" },
                segment("flow id", id, true)?
            ),
            Call::Moods => "/api/manager/moods/mood".to_owned(),
            Call::SetMood(id) => format!(
                "/api/manager/moods/mood/{}/set",
                segment("mood id", id, true)?
            ),
            Call::FlowCardProbe => {
                "/api/manager/flow/flowcardtrigger/homey:manager:flow/programmatic_trigger"
                    .to_owned()
            }
            Call::Variables => "/api/manager/logic/variable".to_owned(),
            Call::Alarms => "/api/manager/alarms/alarm".to_owned(),
            Call::Other(other) => other.target.to_owned(),
        };
        Ok(path)
    }

    /// The JSON body; `None` for a call that carries none. POST and PUT always carry one (`operations.md` 2 rule 3).
    pub fn body(&self) -> Result<Option<Vec<u8>>, CallError> {
        match *self {
            Call::SetCapability {
                value, duration, ..
            } => {
                let value = json(value)?;
                let body = match duration {
                    Some(ms) => format!("{{\"value\":{value},\"opts\":{{\"duration\":{ms}}}}}"),
                    None => format!("{{\"value\":{value}}}"),
                };
                Ok(Some(body.into_bytes()))
            }
            Call::TriggerFlow { .. } | Call::SetMood(_) => Ok(Some(b"{}".to_vec())),
            Call::Other(other) => Ok(other.body.map(<[u8]>::to_vec)),
            _ => Ok(None),
        }
    }

    /// Whether the call carries the bearer. The ping does not: it is there to find out who would get it.
    pub fn needs_bearer(&self) -> bool {
        match self {
            Call::Ping { .. } => false,
            Call::Other(other) => other.bearer,
            _ => true,
        }
    }

    /// The scope that a bearer needs for it (`operations.md`); `None` where everybody may.
    pub fn scope(&self) -> Option<&'static str> {
        Some(match self {
            Call::Ping { .. } | Call::Session | Call::FlowCardProbe => return None,
            Call::System => "homey.system.readonly",
            Call::Devices | Call::Device(_) | Call::Capability { .. } => "homey.device.readonly",
            Call::SetCapability { .. } => "homey.device.control",
            Call::Zones => "homey.zone.readonly",
            Call::Flows | Call::AdvancedFlows => "homey.flow.readonly",
            Call::TriggerFlow { .. } => "homey.flow.start",
            Call::Moods => "homey.mood.readonly",
            Call::SetMood(_) => "homey.mood.set",
            Call::Variables => "homey.logic.readonly",
            Call::Alarms => "homey.alarm.readonly",
            Call::Other(other) => return other.scope,
        })
    }

    /// Whether the call may be repeated blindly. A write to a button-like capability is a [`Repeat::OneShot`].
    pub fn may_repeat(&self) -> Repeat {
        match self {
            Call::SetCapability { capability, .. } => {
                let base = capability.split('.').next().unwrap_or(capability);
                if PULSES.contains(&base) {
                    Repeat::OneShot
                } else {
                    Repeat::AbsolutePut
                }
            }
            Call::TriggerFlow { .. } | Call::SetMood(_) => Repeat::OneShot,
            Call::Other(other) => other.repeat,
            _ => Repeat::Safe,
        }
    }

    /// Whether a second sending changes nothing more than the first.
    pub fn is_idempotent(&self) -> bool {
        self.may_repeat() != Repeat::OneShot
    }

    /// What the call does, in words for an error line: `set capability onoff of 3b0e…`.
    pub fn name(&self) -> String {
        let id = |text: &str| one_line(text, 64);
        match *self {
            Call::Ping { .. } => "ping the hub".to_owned(),
            Call::System => "read the system information".to_owned(),
            Call::Session => "read the session".to_owned(),
            Call::Devices => "list the devices".to_owned(),
            Call::Device(device) => format!("read device {}", id(device)),
            Call::Capability { device, capability } => {
                format!("read capability {} of {}", id(capability), id(device))
            }
            Call::SetCapability {
                device, capability, ..
            } => format!("set capability {} of {}", id(capability), id(device)),
            Call::Zones => "list the zones".to_owned(),
            Call::Flows => "list the flows".to_owned(),
            Call::AdvancedFlows => "list the advanced flows".to_owned(),
            Call::TriggerFlow {
                id: flow,
                advanced: false,
            } => format!("start flow {}", id(flow)),
            Call::TriggerFlow { id: flow, .. } => format!("start advanced flow {}", id(flow)),
            Call::Moods => "list the moods".to_owned(),
            Call::SetMood(mood) => format!("set mood {}", id(mood)),
            Call::FlowCardProbe => "ask for the hub's dialect".to_owned(),
            Call::Variables => "list the variables".to_owned(),
            Call::Alarms => "list the alarms".to_owned(),
            Call::Other(other) => one_line(other.name, 200),
        }
    }
}

/// One path segment of an [`Other`]'s target, percent-encoded; `what` names it in the error.
pub fn path_segment(what: &'static str, id: &str) -> Result<String, CallError> {
    segment(what, id, true)
}

/// One path segment or query value. The official client pastes ids in raw (`operations.md` 2 rule 1); what real ids consist
/// of leaves here unchanged (`:` in paths, `.` in capabilities), everything else outside RFC 3986's unreserved set is encoded.
fn segment(what: &'static str, id: &str, raw_colon: bool) -> Result<String, CallError> {
    // `..` would climb on any hop that normalises paths, encoded or not; an empty id names the whole list.
    if matches!(id, "" | "." | "..") || id.len() > MAX_TEXT {
        return Err(CallError::Id { what });
    }
    let mut out = String::with_capacity(id.len());
    percent(&mut out, id, if raw_colon { b":" } else { b"" });
    Ok(out)
}

/// A value as JSON: whole numbers without a fraction, others in the shortest form that reads back the same.
fn json(value: &Value) -> Result<String, CallError> {
    /// Below this, every whole number is exact in an f64 (2^53).
    const EXACT: f64 = 9_007_199_254_740_992.0;
    Ok(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) if !n.is_finite() => return Err(CallError::NotFinite),
        Value::Number(n) if n.fract() == 0.0 && n.abs() < EXACT => (*n as i64).to_string(),
        Value::Number(n) => serde_json::Value::from(*n).to_string(),
        Value::Text(t) => serde_json::Value::from(&**t).to_string(),
    })
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Id { what } => write!(
                f,
                "the {what} must have 1 to {MAX_TEXT} bytes and be neither \".\" nor \"..\""
            ),
            CallError::NotFinite => f.write_str("the value must be a finite number"),
        }
    }
}

impl std::error::Error for CallError {}
