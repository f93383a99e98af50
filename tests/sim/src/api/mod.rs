// SPDX-License-Identifier: MIT OR Apache-2.0

//! The hub's HTTP API: every route with the scope it needs (operations.md).
//!
//! The parts below know their manager; what all requests pass is `gate`.

mod alarms;
mod body;
mod capability;
mod cards;
mod devices;
mod flows;
mod household;
mod lists;
mod logic;
mod sessions;
mod system;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, post, put};
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;

use crate::args::Compress;
use crate::gate::{self, Needs};
use crate::state::Hub;

/// A route's state.
type Shared = State<Arc<Hub>>;

/// Collects the routes, each behind its bearer check.
struct Table {
    hub: Arc<Hub>,
    router: Router<Arc<Hub>>,
}

impl Table {
    /// A route for anybody or any bearer.
    fn open(mut self, needs: Needs, path: &str, methods: MethodRouter<Arc<Hub>>) -> Self {
        let check = from_fn_with_state((self.hub.clone(), needs), gate::check);
        let path = format!("/api/manager{path}");
        self.router = self.router.route(&path, methods.route_layer(check));
        self
    }

    /// A route for bearers with a scope.
    fn on(self, scope: &'static str, path: &str, methods: MethodRouter<Arc<Hub>>) -> Self {
        self.open(Needs::Scope(scope), path, methods)
    }
}

/// Everything the hub ports answer.
pub fn app(hub: &Arc<Hub>) -> Router {
    let table = Table {
        hub: hub.clone(),
        router: Router::new(),
    };
    let table = routes(table);
    let table = if hub.v2() { old(table) } else { new(table) };
    let routes = table
        .router
        .fallback(unknown)
        .layer(from_fn_with_state(hub.clone(), gate::inner))
        .with_state(hub.clone());
    let routes = compressed(routes, hub.args.compress)
        // Browser dashboards on other origins call the hub (api.md 14).
        .layer(CorsLayer::permissive())
        .layer(from_fn_with_state(hub.clone(), gate::outer));
    crate::sim_control::routes(hub)
        .fallback_service(routes)
        .layer(map_response(disallow))
        .layer(from_fn(gate::whole))
}

fn compressed(routes: Router, choice: Compress) -> Router {
    let all = choice == Compress::Auto;
    let layer = CompressionLayer::new()
        .gzip(all || choice == Compress::Gzip)
        .br(all || choice == Compress::Br)
        .deflate(all || choice == Compress::Deflate);
    match choice {
        // Even an idle layer would add a Vary header.
        Compress::Off => routes,
        _ => routes.layer(layer),
    }
}

/// Express knows no 405 and so sends no `Allow`, but axum adds one to what
/// `gate::inner` made of its 405.
pub async fn disallow(mut reply: Response) -> Response {
    reply.headers_mut().remove(header::ALLOW);
    reply
}

async fn unknown(State(hub): Shared, request: Request) -> Response {
    hub.no_route(request.method().as_str(), request.uri().path())
}

/// Routes of both dialects (operations.md 3 and 4).
#[rustfmt::skip]
fn routes(t: Table) -> Table {
    t
        .open(Needs::Nothing, "/system/ping", get(system::ping))
        .open(Needs::Nothing, "/webserver/ping", get(system::ping))
        .open(Needs::Nothing, "/users/login", post(sessions::login))
        .open(Needs::Bearer, "/sessions/session/me", get(sessions::me))
        .on("system.readonly", "/system", get(system::info))
        .on("system.readonly", "/system/name", get(system::name))
        .on("user.self", "/users/user/me", get(sessions::user_me))
        .on("user.readonly", "/users/user", get(sessions::users))
        .on("device.readonly", "/devices/device", get(devices::list))
        .on("device.readonly", "/devices/device/:id", get(devices::one))
        .on("device.readonly", "/devices/device/:id/settings_obj", get(devices::settings))
        .on("device.control", "/devices/device/:id/capability/:cap", put(capability::set))
        .on("zone.readonly", "/zones/zone", get(household::zones))
        .on("zone.readonly", "/zones/zone/:id", get(household::zone))
        .on("flow.readonly", "/flow/flow", get(flows::list))
        .on("flow.readonly", "/flow/flow/:id", get(flows::one))
        .on("flow", "/flow/flow/:id", put(flows::update))
        .on("flow.start", "/flow/flow/:id/trigger", post(flows::trigger))
        .on("flow.readonly", "/flow/flowfolder", get(flows::folders))
        .on("flow.readonly", "/flow/advancedflow", get(flows::list_advanced))
        .on("flow.readonly", "/flow/advancedflow/:id", get(flows::one_advanced))
        .on("flow", "/flow/advancedflow/:id", put(flows::update_advanced))
        .on("flow.start", "/flow/advancedflow/:id/trigger", post(flows::trigger_advanced))
        .on("flow.readonly", "/flow/flowcardtrigger/:uri/:id", get(cards::trigger))
        .on("flow", "/flow/flowcardaction/:uri/:id/run", post(cards::run))
        .on("flow.readonly", "/flowtoken/flowtoken", get(cards::tokens))
        .on("mood.readonly", "/moods/mood", get(household::moods))
        .on("mood.readonly", "/moods/mood/:id", get(household::mood))
        .on("mood.set", "/moods/mood/:id/set", post(household::set_mood))
        .on("alarm.readonly", "/alarms/alarm", get(alarms::list))
        .on("alarm", "/alarms/alarm", post(alarms::create))
        .on("alarm.readonly", "/alarms/alarm/:id", get(alarms::one))
        .on("alarm", "/alarms/alarm/:id", put(alarms::update).delete(alarms::delete))
        .on("logic.readonly", "/logic/variable", get(logic::list))
        .on("logic", "/logic/variable", post(logic::create))
        .on("logic.readonly", "/logic/variable/:id", get(logic::one))
        .on("logic", "/logic/variable/:id", put(logic::update).delete(logic::delete))
        .on("presence.self", "/presence/me/present", put(household::present))
        .on("presence.self", "/presence/me/asleep", put(household::asleep))
        .on("insights.readonly", "/insights/log", get(lists::logs))
        .on("insights.readonly", "/insights/log/:uri/:id/entry", get(lists::entries))
        .on("geolocation.readonly", "/weather/weather", get(lists::weather))
        .on("notifications.readonly", "/notifications/notification", get(lists::notifications))
        .on("app.readonly", "/apps/app", get(lists::apps))
        .on("app.readonly", "/apps/app/:id", get(lists::app))
}

/// Routes that only hubs of 2016 to 2019 have (operations.md 5).
#[rustfmt::skip]
fn old(t: Table) -> Table {
    t
        .on("insights.readonly", "/energy/live", get(lists::live))
        .on("flow.readonly", "/flowtoken/flowtoken/:uri/:id", get(cards::old_token))
        .on("user.readonly", "/sessions/session", get(sessions::list))
        .on("user.readonly", "/sessions/session/:id", delete(sessions::logout))
}

/// Routes that only hubs of 2023 and later have (operations.md 4).
#[rustfmt::skip]
fn new(t: Table) -> Table {
    t
        .on("device.readonly", "/devices/device/:id/capability/:cap", get(capability::get))
        .on("energy.readonly", "/energy/live", get(lists::live))
        .on("flow.readonly", "/flowtoken/flowtoken/:id", get(cards::token))
        .on("flow.readonly", "/flowtoken/flowtoken/:id/value", get(cards::token_value))
        .on("insights.readonly", "/insights/log/:id", get(lists::log))
        .open(Needs::Session, "/users/pat", get(sessions::keys).post(sessions::make_key))
        .open(Needs::Session, "/users/pat/:id", delete(sessions::delete_key))
}
