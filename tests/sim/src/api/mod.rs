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
pub mod operations;
mod rest;
mod sessions;
mod system;

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::header;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, get, on};
use axum::{Extension, Router};
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;

use crate::args::Compress;
use crate::gate::{self, Needs};
use crate::realtime::{self, Calls};
use crate::state::Hub;
use operations::Operation;

/// A route's state.
type Shared = State<Arc<Hub>>;

/// Collects the routes, each behind its bearer check.
struct Table {
    hub: Arc<Hub>,
    router: Router<Arc<Hub>>,
    /// What has a handler so far.
    done: HashSet<(&'static str, &'static str)>,
}

impl Table {
    /// A route of no operation.
    fn open(mut self, needs: Needs, path: &str, methods: MethodRouter<Arc<Hub>>) -> Self {
        let check = from_fn_with_state((self.hub.clone(), needs), gate::check);
        self.router = self.router.route(path, methods.route_layer(check));
        self
    }

    /// An operation as "manager.name"; one that this dialect lacks is left out.
    fn on<H, T>(mut self, name: &str, handler: H) -> Self
    where
        H: Handler<T, Arc<Hub>>,
        T: 'static,
    {
        let (manager, name) = name.split_once('.').unwrap_or_default();
        let known = operations::all().iter();
        let mut known = known.filter(|o| o.manager == manager && o.name == name);
        assert!(known.next().is_some(), "no operation {manager}.{name}");
        match operations::find(self.hub.v2(), manager, name) {
            Some(operation) => {
                self.done.insert((operation.manager, operation.name));
                self.add(operation, handler)
            }
            None => self,
        }
    }

    fn add<H, T>(self, operation: &'static Operation, handler: H) -> Self
    where
        H: Handler<T, Arc<Hub>>,
        T: 'static,
    {
        let method = match operation.method {
            "POST" => MethodFilter::POST,
            "PUT" => MethodFilter::PUT,
            "DELETE" => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        };
        let methods = on(method, handler).layer(Extension(operation));
        self.open(needs(operation), &operation.route(), methods)
    }

    /// Gives the operations that are left their common answers.
    fn rest(mut self) -> Self {
        for operation in operations::of(self.hub.v2()) {
            if !self.done.contains(&(operation.manager, operation.name)) {
                self = self.add(operation, rest::answer);
            }
        }
        self
    }
}

impl Hub {
    /// The scopes that read something of a manager; none for an unknown one.
    pub fn readable(&self, manager: &str) -> Option<Vec<&'static str>> {
        let own = || operations::of(self.v2()).filter(|o| o.manager == manager);
        own().next()?;
        let reads = own().filter(|o| o.method == "GET" && o.name != "getState");
        Some(reads.filter_map(|o| o.scope).collect())
    }
}

/// What an operation asks of its caller. Without a scope it is public, or not
/// open to third parties (operations.md 1).
fn needs(operation: &'static Operation) -> Needs {
    match (operation.scope, operation.name) {
        (Some(scope), _) => Needs::Scope(scope),
        (None, "ping" | "login" | "loginLocal" | "triggerWebhook") => Needs::Nothing,
        (None, "getSessionMe") => Needs::Bearer,
        (None, _) => Needs::Session,
    }
}

/// Everything the hub ports answer.
pub fn app(hub: &Arc<Hub>) -> Router {
    let table = Table {
        hub: hub.clone(),
        router: Router::new(),
        done: HashSet::new(),
    };
    let calls = routes(table)
        .rest()
        .router
        .fallback(unknown)
        .layer(from_fn_with_state(hub.clone(), gate::inner))
        .with_state(hub.clone());
    let socket = Router::new()
        .route("/socket.io", get(realtime::open))
        .layer(Extension(Calls(calls.clone())))
        .with_state(hub.clone());
    // Not nested: the counters ask which route was matched.
    let routes = calls.merge(socket);
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

/// The operations that have behaviour.
#[rustfmt::skip]
fn routes(t: Table) -> Table {
    t
        .open(Needs::Nothing, "/api/manager/webserver/ping", get(system::ping))
        .on("system.ping", system::ping)
        .on("system.getInfo", system::info)
        .on("system.getSystemName", system::name)
        .on("users.login", sessions::login)
        .on("users.loginLocal", sessions::login_local)
        .on("sessions.getSessionMe", sessions::me)
        .on("sessions.getSessions", sessions::list)
        .on("sessions.deleteSession", sessions::logout)
        .on("users.getUserMe", sessions::user_me)
        .on("users.getUsers", sessions::users)
        .on("users.getPersonalAccessTokens", sessions::keys)
        .on("users.createPersonalAccessToken", sessions::make_key)
        .on("users.deletePersonalAccessToken", sessions::delete_key)
        .on("devices.getDevices", devices::list)
        .on("devices.getDevice", devices::one)
        .on("devices.getDeviceSettingsObj", devices::settings)
        .on("devices.getCapabilityValue", capability::get)
        .on("devices.setCapabilityValue", capability::set)
        .on("zones.getZones", household::zones)
        .on("zones.getZone", household::zone)
        .on("flow.getFlows", flows::list)
        .on("flow.getFlow", flows::one)
        .on("flow.updateFlow", flows::update)
        .on("flow.triggerFlow", flows::trigger)
        .on("flow.getAdvancedFlows", flows::list_advanced)
        .on("flow.getAdvancedFlow", flows::one_advanced)
        .on("flow.updateAdvancedFlow", flows::update_advanced)
        .on("flow.triggerAdvancedFlow", flows::trigger_advanced)
        .on("flow.getFlowFolders", flows::folders)
        .on("flow.getFlowCardTrigger", cards::trigger)
        .on("flow.runFlowCardAction", cards::run)
        .on("flowtoken.getFlowTokens", cards::tokens)
        .on("flowtoken.getFlowToken", cards::token)
        .on("flowtoken.getFlowTokenValue", cards::token_value)
        .on("moods.getMoods", household::moods)
        .on("moods.getMood", household::mood)
        .on("moods.setMood", household::set_mood)
        .on("alarms.getAlarms", alarms::list)
        .on("alarms.getAlarm", alarms::one)
        .on("alarms.createAlarm", alarms::create)
        .on("alarms.updateAlarm", alarms::update)
        .on("alarms.deleteAlarm", alarms::delete)
        .on("logic.getVariables", logic::list)
        .on("logic.getVariable", logic::one)
        .on("logic.createVariable", logic::create)
        .on("logic.updateVariable", logic::update)
        .on("logic.deleteVariable", logic::delete)
        .on("presence.setPresentMe", household::present)
        .on("presence.setAsleepMe", household::asleep)
        .on("insights.getLogs", lists::logs)
        .on("insights.getLog", lists::log)
        .on("insights.getLogEntries", lists::entries)
        .on("energy.getLiveReport", lists::live)
        .on("weather.getWeather", lists::weather)
        .on("notifications.getNotifications", lists::notifications)
        .on("apps.getApps", lists::apps)
        .on("apps.getApp", lists::app)
}
