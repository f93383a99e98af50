// SPDX-License-Identifier: MIT OR Apache-2.0
//! Single things of the hub by their id: the calls that read and change them.

use std::io::Read;

use serde_json::Value;

use crate::cli::desk::Desk;
use crate::client::Refusal;
use crate::failure::Failure;
use crate::homey::call::{Call, Other, Repeat, path_segment};
use crate::homey::reply;
use crate::net;

use super::items::{Object, Whole};

/// No reply to a change is longer.
const MAX_REPLY: usize = 1 << 20;

/// The target of one thing; `what` names its id in the error.
pub(super) fn target(list: &str, what: &'static str, id: &str) -> Result<String, Failure> {
    let id = path_segment(what, id).map_err(|e| Failure::unavailable(format!("{e}")))?;
    Ok(format!("{list}/{id}"))
}

/// The call that reads one thing.
pub(super) fn get<'a>(target: &'a str, doing: &'a str, scope: &'static str) -> Call<'a> {
    Call::Other(Other {
        method: "GET",
        target,
        body: None,
        bearer: true,
        scope: Some(scope),
        name: doing,
        repeat: Repeat::Safe,
    })
}

/// Sends changed members. `Some`: the thing as the hub has it now, where its reply shows one; any other good reply says only
/// that it was taken (`objects.md` 3.3).
pub(super) fn send(
    desk: &mut Desk,
    doing: &str,
    target: &str,
    scope: &'static str,
    members: &Value,
) -> Result<Option<Object>, Failure> {
    let members = members.to_string();
    let call = Call::Other(Other {
        method: "PUT",
        target,
        body: Some(members.as_bytes()),
        bearer: true,
        scope: Some(scope),
        name: doing,
        repeat: Repeat::AbsolutePut,
    });
    desk.read_as(doing, &call, &mut |body: &mut dyn Read| {
        let bytes = net::collect(body, MAX_REPLY)?;
        let read = reply::parse(&mut bytes.as_slice(), Whole, "a thing");
        Ok::<_, Refusal>(read.ok().flatten())
    })
}
