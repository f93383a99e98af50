// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerEnergy and ManagerWeather (objects.md 9, 10). The forms of energy
//! reports are told by no source.

use std::collections::HashMap;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;

use super::Shared;
use super::body::ok;
use super::operations::Operation;
use crate::shape::{energy, system};

type Asked = Query<HashMap<String, String>>;

/// `GET /live[?zone=]`.
pub async fn live(State(hub): Shared, Query(asked): Asked) -> Response {
    let zone = asked.get("zone").map(String::as_str);
    let report = energy::live(&hub.home(), zone);
    ok(&report)
}

/// `GET /report/day?date=`, and the others with their own parameter.
pub async fn report(
    State(hub): Shared,
    Extension(operation): Extension<&'static Operation>,
    Query(asked): Asked,
) -> Response {
    let name = operation.query.first().copied().unwrap_or_default();
    let Some(period) = asked.get(name) else {
        return hub.refuse("missing_value");
    };
    let report = energy::report(&hub.home(), name, period);
    report.map_or_else(|| hub.refuse("invalid_body"), |r| ok(&r))
}

/// `GET /reports/available`.
pub async fn available(State(hub): Shared) -> Response {
    let list = energy::available(&hub.home());
    ok(&list)
}

/// `GET /weather/weather`.
pub async fn weather() -> Response {
    ok(&system::weather())
}

/// `GET /weather/forecast/hourly` (V3).
pub async fn hourly() -> Response {
    ok(&system::hourly(24))
}
