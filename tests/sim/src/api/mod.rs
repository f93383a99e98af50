// SPDX-License-Identifier: MIT OR Apache-2.0

//! The hub's HTTP API: every route with the scope it needs (operations.md).
//!
//! The parts below know their manager; what all requests pass is `gate`.

mod alarms;
mod apps;
mod body;
mod capability;
mod cards;
mod devices;
mod edit;
mod energy;
mod flows;
mod folders;
mod logic;
mod moods;
mod notices;
pub mod operations;
mod pairing;
mod readings;
mod rest;
mod sessions;
mod system;
mod users;
mod zones;

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
fn routes(t: Table) -> Table {
    let t = t.open(
        Needs::Nothing,
        "/api/manager/webserver/ping",
        get(system::ping),
    );
    home(household(t))
}

/// The hub, who uses it, and what it tells of itself.
#[rustfmt::skip]
fn household(t: Table) -> Table {
    t
        .on("system.ping", system::ping)
        .on("system.getInfo", system::info)
        .on("system.getSystemName", system::name)
        .on("system.setSystemName", system::rename)
        .on("system.reboot", system::reboot)
        .on("system.rebootOTA", system::reboot)
        .on("system.rebootRecovery", system::reboot)
        .on("mobile.getSummary", system::summary)
        .on("logic.triggerWebhook", system::webhook)
        .on("users.login", sessions::login)
        .on("users.loginLocal", sessions::login_local)
        .on("sessions.getSessionMe", sessions::me)
        .on("sessions.getSessions", sessions::list)
        .on("sessions.deleteSession", sessions::logout)
        .on("users.getPersonalAccessTokens", sessions::keys)
        .on("users.createPersonalAccessToken", sessions::make_key)
        .on("users.deletePersonalAccessToken", sessions::delete_key)
        .on("users.getUserMe", users::me)
        .on("users.updateUserMe", users::update_me)
        .on("users.deleteUserMe", users::delete_me)
        .on("users.getUsers", users::list)
        .on("users.getUser", users::one)
        .on("users.createUser", users::create)
        .on("users.updateUser", users::update)
        .on("users.deleteUser", users::delete)
        .on("users.updateUserMeProperties", users::set_property)
        .on("users.deleteUserMeProperties", users::unset_property)
        .on("presence.setPresentMe", users::present_me)
        .on("presence.setAsleepMe", users::asleep_me)
        .on("presence.setPresent", users::present)
        .on("presence.setAsleep", users::asleep)
        .on("presence.getPresent", users::is_present)
        .on("presence.getAsleep", users::is_asleep)
        .on("apps.getApps", apps::list)
        .on("apps.getApp", apps::one)
        .on("apps.installFromAppStore", apps::install)
        .on("apps.uninstallApp", apps::uninstall)
        .on("apps.updateApp", apps::update)
        .on("apps.enableApp", apps::enable)
        .on("apps.disableApp", apps::disable)
        .on("apps.restartApp", apps::restart)
        .on("apps.getAppUsage", apps::usage)
        .on("apps.getAppSettings", apps::settings)
        .on("apps.getAppSetting", apps::setting)
        .on("apps.setAppSetting", apps::set)
        .on("apps.unsetAppSetting", apps::unset)
        .on("notifications.getNotifications", notices::list)
        .on("notifications.getNotification", notices::one)
        .on("notifications.setNotificationRead", notices::read)
        .on("notifications.deleteNotification", notices::delete)
        .on("notifications.deleteNotifications", notices::clear)
        .on("notifications.getOwners", notices::owners)
        .on("notifications.setOwnerEnabled", notices::enabled)
        .on("notifications.setOwnerPush", notices::push)
}

/// What is in the home and what can be done with it.
#[rustfmt::skip]
fn home(t: Table) -> Table {
    t
        .on("devices.getDevices", devices::list)
        .on("devices.getDevice", devices::one)
        .on("devices.getDeviceSettingsObj", devices::settings)
        .on("devices.setDeviceSettings", edit::settings)
        .on("devices.updateDevice", edit::update)
        .on("devices.deleteDevice", edit::delete)
        .on("devices.createGroup", edit::group)
        .on("devices.updateGroup", edit::update_group)
        .on("devices.deleteDeviceFromGroup", edit::leave_group)
        .on("devices.getCapabilityValue", capability::get)
        .on("devices.setCapabilityValue", capability::set)
        .on("devices.getCapabilities", pairing::capabilities)
        .on("devices.getCapability", pairing::capability)
        .on("drivers.getDrivers", pairing::list)
        .on("drivers.getDriver", pairing::one)
        .on("drivers.getPairSessions", pairing::sessions)
        .on("drivers.getPairSession", pairing::get)
        .on("drivers.createPairSession", pairing::start)
        .on("drivers.deletePairSession", pairing::end)
        .on("drivers.emitPairingHeartbeat", pairing::heartbeat)
        .on("drivers.createPairSessionDevice", pairing::make)
        .on("zones.getZones", zones::list)
        .on("zones.getZone", zones::one)
        .on("zones.createZone", zones::create)
        .on("zones.updateZone", zones::update)
        .on("zones.deleteZone", zones::delete)
        .on("flow.getFlows", flows::list)
        .on("flow.getFlow", flows::one)
        .on("flow.createFlow", flows::create)
        .on("flow.updateFlow", flows::update)
        .on("flow.deleteFlow", flows::delete)
        .on("flow.triggerFlow", flows::trigger)
        .on("flow.getAdvancedFlows", flows::list_advanced)
        .on("flow.getAdvancedFlow", flows::one_advanced)
        .on("flow.createAdvancedFlow", flows::create_advanced)
        .on("flow.updateAdvancedFlow", flows::update_advanced)
        .on("flow.deleteAdvancedFlow", flows::delete_advanced)
        .on("flow.triggerAdvancedFlow", flows::trigger_advanced)
        .on("flow.getFlowFolders", folders::list)
        .on("flow.getFlowFolder", folders::one)
        .on("flow.createFlowFolder", folders::create)
        .on("flow.updateFlowFolder", folders::update)
        .on("flow.deleteFlowFolder", folders::delete)
        .on("flow.getFlowCardTriggers", cards::triggers)
        .on("flow.getFlowCardTrigger", cards::trigger)
        .on("flow.getFlowCardConditions", cards::conditions)
        .on("flow.getFlowCardCondition", cards::condition)
        .on("flow.getFlowCardActions", cards::actions)
        .on("flow.getFlowCardAction", cards::action)
        .on("flow.runFlowCardCondition", cards::test)
        .on("flow.runFlowCardAction", cards::run)
        .on("flowtoken.getFlowTokens", cards::tokens)
        .on("flowtoken.getFlowToken", cards::token)
        .on("flowtoken.getFlowTokenValue", cards::token_value)
        .on("moods.getMoods", moods::list)
        .on("moods.getMood", moods::one)
        .on("moods.createMood", moods::create)
        .on("moods.updateMood", moods::update)
        .on("moods.deleteMood", moods::delete)
        .on("moods.setMood", moods::set)
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
        .on("insights.getLogs", readings::logs)
        .on("insights.getLog", readings::log)
        .on("insights.getLogEntries", readings::entries)
        .on("insights.deleteLogEntries", readings::clear)
        .on("insights.deleteLog", readings::delete)
        .on("insights.deleteLogs", readings::delete_all)
        .on("energy.getLiveReport", energy::live)
        .on("energy.getReportDay", energy::report)
        .on("energy.getReportWeek", energy::report)
        .on("energy.getReportMonth", energy::report)
        .on("energy.getReportYear", energy::report)
        .on("energy.getReportsAvailable", energy::available)
        .on("weather.getWeather", energy::weather)
        .on("weather.getWeatherHourly", energy::hourly)
}
