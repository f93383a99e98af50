// SPDX-License-Identifier: MIT OR Apache-2.0

//! homey-sim: a simulated Homey hub for tests and demos.
//!
//! It is written from the facts in the project's notes on the hub's interface
//! ("api.md", "objects.md", "capabilities.md", "operations.md" in comments),
//! never from the client under test: a client that shares a mistake with its
//! simulator would pass every test.

mod activity;
mod api;
mod args;
mod auth;
mod clock;
mod cloud;
mod connection;
mod counters;
mod dice;
mod exchange;
mod fault;
mod forge;
mod gate;
mod home;
mod listen;
mod local;
mod mdns;
mod pki;
mod rate;
mod realtime;
mod refuse;
mod shape;
mod sim_control;
mod state;
mod wire;

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use args::Args;
use listen::Port;
use pki::Pki;
use state::{Hub, Life, Via};

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let ended = runtime
        .map_err(|e| format!("cannot start: {e}"))
        .and_then(|runtime| {
            let ended = runtime.block_on(run(args));
            // Requests that hang on purpose must not keep the process.
            runtime.shutdown_timeout(Duration::from_millis(200));
            ended
        });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("homey-sim: {text}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), String> {
    // Before the ready line: who reads it may send a signal at once.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|e| e.to_string())?;
    let mut terminate = signal(SignalKind::terminate()).map_err(|e| e.to_string())?;
    let (pki, certs) = Pki::open(args.pki.as_deref(), &args.relay_name)?;
    let hub = Arc::new(Hub::new(args, certs));
    let app = api::app(&hub);
    let ports = [
        (hub.args.http, Via::Http, app.clone()),
        (hub.args.https, Via::Https, app),
        (hub.args.relay, Via::Relay, cloud::relay::app(&hub)),
        (hub.args.cloud, Via::Cloud, cloud::app(&hub)),
        (hub.args.control, Via::Control, sim_control::app(&hub)),
    ];
    let mut addresses = Vec::new();
    let mut tasks = Vec::new();
    for (address, via, app) in ports {
        let (listener, address) = listen::open(address).await?;
        let port = Port { via, address, app };
        tasks.push(tokio::spawn(listen::serve(hub.clone(), port, listener)));
        addresses.push(address);
    }
    if let Some(seconds) = hub.args.activity {
        tokio::spawn(activity::run(hub.clone(), Duration::from_secs_f64(seconds)));
    }
    if let [http, https, relay, cloud, _] = addresses[..] {
        let _ = hub.opened.set([http, https, relay, cloud]);
    }
    if let Some(interface) = hub.args.mdns {
        let socket = mdns::open(interface)?;
        tokio::spawn(mdns::run(hub.clone(), socket));
    }
    let parent = parent_gone(hub.args.parent_exit);
    announce(&hub, &pki, &addresses)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = parent => {}
    }
    hub.life.send_replace(Life::End);
    for task in tasks {
        let _ = task.await;
    }
    Ok(())
}

/// Ends when standard input does; never when that was not asked for.
async fn parent_gone(wanted: bool) {
    if !wanted {
        return std::future::pending().await;
    }
    let (gone, told) = tokio::sync::oneshot::channel();
    // A thread of its own: a blocking read would hold up the runtime's end.
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut bytes = [0u8; 64];
        while matches!(input.read(&mut bytes), Ok(n) if n > 0) {}
        let _ = gone.send(());
    });
    let _ = told.await;
}

/// Prints the ready line.
fn announce(hub: &Hub, pki: &Pki, addresses: &[SocketAddr]) -> Result<(), String> {
    let [http, https, relay, cloud, control] = addresses else {
        return Err("a port is missing".to_owned());
    };
    let dashed = https.ip().to_string().replace(['.', ':'], "-");
    let local = (!hub.v2()).then_some(auth::LOCAL);
    let line = json!({
        "http": format!("http://{http}"),
        "https": format!("https://{dashed}.homey.homeylocal.com:{}", https.port()),
        "https_address": https.to_string(),
        "control": format!("http://{control}"),
        "hub_id": hub.id,
        "ca_file": pki.ca_file,
        "api_key": hub.tokens.full,
        "api_key_readonly": hub.tokens.readonly,
        "session_token": hub.tokens.session,
        "spki_pin": pki.spki_pin,
        "dialect": hub.args.dialect.word(),
        "devices": hub.home().devices.len(),
        "cloud": format!("https://localhost:{}", cloud.port()),
        "cloud_address": cloud.to_string(),
        "relay": format!("https://{}:{}", hub.args.relay_name, relay.port()),
        "relay_address": relay.to_string(),
        "email": cloud::EMAIL,
        "password": cloud::PASSWORD,
        "local_user": local.map(|l| l.0),
        "local_password": local.map(|l| l.1),
        "client_id": hub.cloud.client_id,
        "client_secret": hub.cloud.client_secret,
    });
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{line}").and_then(|()| out.flush());
    written.map_err(|e| format!("cannot print the ready line: {e}"))
}
