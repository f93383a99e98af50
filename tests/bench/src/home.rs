// SPDX-License-Identifier: MIT OR Apache-2.0
//! A simulated home, the configuration of a panel in it, and the panel: what every figure begins with.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use homey_rig::{Config, Dir, Panel, Result, Sim};
use serde_json::{Value, json};

/// Where distributions keep their authorities; the panel looks in the same places.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
];

/// The first start of a large home takes its time.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What all figures are told.
pub struct Bench {
    pub panel: PathBuf,
    pub sim: PathBuf,
    pub quick: bool,
}

impl Bench {
    /// `all`, or `few` where it has to be quick.
    pub fn count(&self, all: usize, few: usize) -> usize {
        if self.quick { few } else { all }
    }
}

/// A hub with its home.
pub struct Home {
    pub sim: Sim,
    /// Ids of devices that can be switched on and off.
    pub lights: Vec<String>,
    dir: Dir,
    /// The line under `[hub]` that says where the bearer is.
    pub credential: String,
    ca: PathBuf,
}

impl Home {
    /// Starts a hub with that many devices. Its own authority stands beside all of the system's, so that a panel has to
    /// look through a bundle of the real size.
    pub fn new(bench: &Bench, devices: usize, args: &[&str]) -> Result<Home> {
        let count = devices.to_string();
        let sim = Sim::start(&bench.sim, &[&["--devices", &count], args].concat())?;
        let dir = Dir::new()?;
        let read = |path: &str| fs::read_to_string(path).map_err(|e| format!("{path}: {e}"));
        let bundle = BUNDLES.iter().find(|b| Path::new(b).exists());
        let bundle = bundle.ok_or("no CA bundle here: install ca-certificates")?;
        let ca = dir.write("ca.pem", &(read(bundle)? + &read(sim.word("ca_file"))?))?;
        let credential = if sim.word("api_key").is_empty() {
            // Old hubs have no API keys: a session, as a login would have left it.
            let session = json!({
                "version": 1,
                "hub": sim.word("hub_id"),
                "token": sim.word("session_token"),
            });
            let file = dir.write("session.json", &session.to_string())?;
            format!("session_file = \"{}\"", file.display())
        } else {
            let file = dir.write("key", sim.bearer())?;
            format!("api_key_file = \"{}\"", file.display())
        };
        let lights = lights(&sim.get("state")?);
        if lights.is_empty() {
            return Err("no light in this home".into());
        }
        Ok(Home {
            sim,
            lights,
            dir,
            credential,
            ca,
        })
    }

    /// The place of a file in the panel's folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The hub's own address.
    pub fn address(&self) -> Result<SocketAddr> {
        let word = self.sim.word("https_address");
        word.parse()
            .map_err(|e| format!("the hub's address {word}: {e}"))
    }

    /// The hub at `address` (its own, or a relay's), all authorities trusted, a line panel, everything else as built in.
    pub fn config(&self, address: SocketAddr) -> Config {
        let id = self.sim.word("hub_id");
        let credential = &self.credential;
        Config::of(&self.sim, Path::new("unused"))
            .hub(&format!(
                "address = \"{address}\"\nid = \"{id}\"\n{credential}"
            ))
            .also(&format!("[trust]\nca_file = \"{}\"", self.ca.display()))
            .also("[poll]\n# as built in")
    }

    /// That many controls that toggle, `c0` and so on, and as many lamps, on as many lights as there are.
    pub fn bound(&self, mut config: Config, count: usize) -> Config {
        for (n, light) in self.lights.iter().cycle().take(count).enumerate() {
            config = config
                .control(
                    &format!("c{n}"),
                    &format!("press = {{ toggle = \"{light}\" }}"),
                )
                .lamp(&format!("l{n}"), light, "onoff");
        }
        config
    }

    /// The panel's command line, behind `wrapper`'s words.
    pub fn command(&self, bench: &Bench, config: &Config, wrapper: &[&str]) -> Result<Command> {
        let file = self.dir.write("panel.toml", &config.text())?;
        let plain = Panel::command(&bench.panel, &file, "info");
        let Some((program, arguments)) = wrapper.split_first() else {
            return Ok(plain);
        };
        let mut wrapped = Command::new(program);
        wrapped
            .args(arguments)
            .arg(plain.get_program())
            .args(plain.get_args());
        Ok(wrapped)
    }

    /// A panel that is ready.
    pub fn panel(&self, bench: &Bench, config: &Config) -> Result<Panel> {
        let mut panel = Panel::start(self.command(bench, config, &[])?)?;
        panel.link("ready", PATIENCE)?;
        Ok(panel)
    }

    /// How many requests of the route were answered.
    pub fn asked(&self, route: &str) -> Result<u64> {
        Ok(self.sim.counters()?["routes"][route].as_u64().unwrap_or(0))
    }

    /// Waits until the list was read `more` times more, or the light that is bound first, where devices are read singly.
    pub fn polled(&self, more: u64) -> Result<Duration> {
        let now = self.polls()?;
        let began = Instant::now();
        while self.polls()? < now + more {
            if began.elapsed() > PATIENCE {
                return Err("the panel does not poll".into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(began.elapsed())
    }

    /// Requests of polls so far: lists and single devices.
    pub fn polls(&self) -> Result<u64> {
        Ok(self.asked(LIST)? + self.asked(SINGLE)?)
    }

    /// A capability that has a value of each device: so many devices that they are read by the list.
    pub fn points(&self) -> Result<Vec<(String, String)>> {
        let state = self.sim.get("state")?;
        let devices = state["devices"].as_array().cloned().unwrap_or_default();
        let point = |device: &Value| {
            let values = device["values"].as_object()?;
            let (capability, _) = values.iter().find(|(_, v)| !v.is_null())?;
            Some((device["id"].as_str()?.to_string(), capability.clone()))
        };
        let available = devices.iter().filter(|d| d["available"] == true);
        Ok(available.filter_map(point).collect())
    }

    /// The folder for whatever a figure writes.
    pub fn dir(&self) -> &Dir {
        &self.dir
    }

    /// What others need to ask this hub: bearer, and the file of authorities.
    pub fn ca(&self) -> &Path {
        &self.ca
    }
}

/// The route of the whole list, as the simulator counts it.
pub const LIST: &str = "GET /api/manager/devices/device";
/// That of one device.
pub const SINGLE: &str = "GET /api/manager/devices/device/:id";

fn lights(state: &Value) -> Vec<String> {
    let devices = state["devices"].as_array().cloned().unwrap_or_default();
    let usable = |d: &&Value| d["available"] == true && d["values"]["onoff"].is_boolean();
    let id = |d: &Value| d["id"].as_str().map(str::to_string);
    devices.iter().filter(usable).filter_map(id).collect()
}
