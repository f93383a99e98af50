// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hub, the panel on the wall, and the wires between them: started, taken away and given back.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use homey_rig::{Config, Dir, Panel, Result, Sim, binaries};
use nix::sys::signal::Signal;
use rcgen::{CertificateParams, Issuer, KeyPair};
use serde_json::{Value, json};

use crate::clock::{Clock, SECOND, layout};
use crate::session::{self, Hands};

/// The wall clock at the start: 2030-01-02T00:00:00Z, later than the day this program was built on, so that a panel whose
/// clock is not set yet finds the hub's certificate not valid yet.
pub const START: u64 = 1_893_542_400;

/// Lamps, and whose capability each shows.
pub const LAMPS: [(&str, &str, &str); 5] = [
    ("desk", "Office/Desk light", "onoff"),
    ("work", "Kitchen/Worktop light", "onoff"),
    ("ceiling", "Living room/Ceiling light", "dim"),
    ("heater", "Office/Heater", "target_temperature"),
    ("motion", "Hall/Motion sensor", "alarm_motion"),
];

/// Buttons that do one thing at once: name, what stands in the file, what the hub executes.
pub const BUTTONS: [(&str, &str, &str); 8] = [
    (
        "desk",
        "toggle = \"Office/Desk light\"",
        "Office/Desk light onoff",
    ),
    (
        "sofa",
        "toggle = \"Office/Desk light\"",
        "Office/Desk light onoff",
    ),
    (
        "work",
        "toggle = \"Kitchen/Worktop light\"",
        "Kitchen/Worktop light onoff",
    ),
    ("night", "flow = \"Good night\"", "Good night"),
    ("leave", "flow = \"Leave home\"", "Leave home"),
    ("morning", "flow = \"Morning routine\"", "Morning routine"),
    ("relax", "mood = \"Living room/Relax\"", "Relax"),
    ("bright", "mood = \"Living room/Bright\"", "Bright"),
];

/// The button with a hold, and what its press and its hold do.
pub const DOOR: (&str, &str, &str) = ("door", "Kitchen/Worktop light onoff", "Panic");

/// The knob.
pub const WHEEL: (&str, &str) = ("wheel", "Living room/Ceiling light dim");

/// How long a press lives.
pub const LIFE: u64 = 3 * SECOND;

/// How often an idle panel polls.
pub const IDLE: u64 = 240 * SECOND;

/// All of it.
pub struct Home {
    pub sim: Sim,
    pub clock: Clock,
    pub panel: Option<Panel>,
    pub binary: PathBuf,
    shim: PathBuf,
    pub config: PathBuf,
    pub dir: Dir,
    /// With a session in place of an API key: the clock of hub and cloud.
    pub hands: Option<Hands>,
}

/// Signs the hub's key anew, for dates around [`START`].
fn redate(ca_file: &Path) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let folder = ca_file.parent().ok_or("no folder")?;
    let key = KeyPair::from_pem(&fs::read_to_string(folder.join("leaf.key"))?)?;
    let (from, to) = (
        rcgen::date_time_ymd(2030, 1, 1),
        rcgen::date_time_ymd(2032, 1, 1),
    );
    let mut ca = CertificateParams::new(Vec::new())?;
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    (ca.not_before, ca.not_after) = (from, to);
    let ca_key = KeyPair::generate()?;
    fs::write(ca_file, ca.self_signed(&ca_key)?.pem())?;
    let names = ["*.homey.homeylocal.com", "127-0-0-1.homey.homeylocal.com"];
    let mut leaf = CertificateParams::new(names.map(str::to_owned).to_vec())?;
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    (leaf.not_before, leaf.not_after) = (from, to);
    let signed = leaf.signed_by(&key, &Issuer::from_params(&ca, &ca_key))?;
    fs::write(folder.join("leaf.pem"), signed.pem())?;
    let key = KeyPair::from_pem(&fs::read_to_string(folder.join("cloud.key"))?)?;
    let mut cloud = CertificateParams::new(vec!["localhost".to_owned()])?;
    cloud.extended_key_usages = leaf.extended_key_usages;
    cloud.use_authority_key_identifier_extension = true;
    (cloud.not_before, cloud.not_after) = (from, to);
    let signed = cloud.signed_by(&key, &Issuer::from_params(&ca, &ca_key))?;
    fs::write(folder.join("cloud.pem"), signed.pem())?;
    Ok(())
}

fn config(sim: &Sim, key: &Path) -> Config {
    let mut config = Config::of(sim, key)
        .also("[poll]\ninterval_ms = 5000\nidle_ms = 240000\nidle_after_s = 15")
        .also("[timing]\nstale_ms = 600000\nreassert_s = 86400");
    for (name, does, _) in BUTTONS {
        config = config.control(name, &format!("press = {{ {does} }}"));
    }
    config = config
        .control(
            DOOR.0,
            "press = { toggle = \"Kitchen/Worktop light\" }\nhold = { flow = \"Panic\" }",
        )
        .control(
            WHEEL.0,
            "turn = { step = \"Living room/Ceiling light\", capability = \"dim\", by = 0.05 }",
        );
    for (name, device, capability) in LAMPS {
        config = config.also(&format!(
            "[[output]]\nname = \"{name}\"\nshow = \"{device}\"\ncapability = \"{capability}\"\ntext = \"{{value}}\""
        ));
    }
    config
}

impl Home {
    /// A hub that runs and a panel that does not. `folder`: where the programs are; `session`: it is logged in, else it has an
    /// API key.
    pub fn new(folder: Option<&Path>, session: bool) -> Result<Home> {
        let (binary, sim) = binaries(folder)?;
        let shim = binary.with_file_name("libhomey_shim.so");
        if !shim.is_file() {
            return Err(format!("no {}: build homey-shim first", shim.display()));
        }
        let mut sim = Sim::start(&sim, &["--devices", "12"])?;
        sim.kill();
        redate(Path::new(sim.word("ca_file"))).map_err(|e| format!("certificates: {e}"))?;
        sim.revive()?;
        let dir = Dir::new()?;
        let key = dir.write("key", &format!("{}\n", sim.bearer()))?;
        let mut text = config(&sim, &key);
        let mut hands = None;
        if session {
            hands = Some(Hands::new(&sim)?);
            text = session::config(&sim, &dir, text)?;
        }
        let config = dir.write("panel.toml", &text.text())?;
        let clock = Clock::new(&dir.join("clock"), 1000 * SECOND)?;
        if session {
            // A renewal waits for a reply for longer than any request of the panel.
            clock.shared().long.store(16 * SECOND, SeqCst);
        }
        clock.set_wall(START);
        clock
            .shared()
            .server
            .store(u64::from(sim.process().pid()), SeqCst);
        Ok(Home {
            sim,
            clock,
            panel: None,
            binary,
            shim,
            config,
            dir,
            hands,
        })
    }

    /// Starts the panel.
    pub fn start(&mut self) -> Result<()> {
        let mut command = Panel::command(&self.binary, &self.config, "info");
        self.shimmed(&mut command);
        self.panel = Some(Panel::start(command)?);
        Ok(())
    }

    /// Lets a program live by the virtual clock.
    pub fn shimmed(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", &self.shim)
            .env("HOMEY_SHIM_ONLY", "homey-panel")
            .env("HOMEY_SHIM_CLOCK", &self.clock.file);
    }

    pub fn panel(&mut self) -> Result<&mut Panel> {
        self.panel
            .as_mut()
            .ok_or_else(|| "no panel runs".to_string())
    }

    /// The power of the panel is cut.
    pub fn cut_panel(&mut self) {
        self.panel = None;
    }

    /// Lets so much time pass.
    pub fn go(&mut self, time: u64) -> Result<()> {
        let at = self.clock.now() + time;
        let Some(panel) = &mut self.panel else {
            self.clock.skip_to(at);
            return Ok(());
        };
        if self.clock.run_to(at) {
            return Ok(());
        }
        match panel.end(Duration::ZERO) {
            Ok(status) => Err(format!("the panel has ended: {status}\n{}", panel.story())),
            Err(_) => Err(format!("the panel does not get on\n{}", panel.story())),
        }
    }

    /// Waits in real time until `test` holds: what a parked panel has written is read by another thread.
    pub fn soon(&mut self, test: impl Fn(&mut Home) -> bool) -> bool {
        let began = Instant::now();
        while !test(self) {
            if began.elapsed() > Duration::from_millis(500) {
                return false;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        true
    }

    /// The connection's state as the panel shows it.
    pub fn link(&self) -> String {
        let newest = self
            .panel
            .as_ref()
            .and_then(|p| p.shows.newest(|line| line.starts_with("{\"link\"")));
        let line = newest.and_then(|said| serde_json::from_str::<Value>(&said.line).ok());
        line.and_then(|line| line["link"].as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// The wires are cut in some way ([`layout`]), or whole again.
    pub fn network(&mut self, how: u64) {
        self.clock.shared().network.store(how, SeqCst);
    }

    /// The hub loses its power.
    pub fn kill_hub(&mut self) {
        if self.hands.is_some() {
            // A hub keeps its sessions over it, and the simulator would forget them: the wires are cut, which is the same.
            return;
        }
        self.clock.shared().server.store(0, SeqCst);
        self.sim.kill();
    }

    /// The hub is started again.
    pub fn revive_hub(&mut self) -> Result<()> {
        if self.hands.is_some() {
            return self.sim.post("cut", &json!({})).map(drop);
        }
        self.sim.revive()?;
        self.clock
            .shared()
            .server
            .store(u64::from(self.sim.process().pid()), SeqCst);
        Ok(())
    }

    /// The hub stops without a word, or goes on.
    pub fn freeze_hub(&mut self, frozen: bool) -> Result<()> {
        self.sim.process().signal(if frozen {
            Signal::SIGSTOP
        } else {
            Signal::SIGCONT
        })
    }

    /// The value of a lamp's capability as the hub has it, by lamp.
    pub fn truth(&self) -> Result<Vec<(&'static str, Value)>> {
        let state = self.sim.get("state")?;
        let devices = state["devices"].as_array().cloned().unwrap_or_default();
        LAMPS
            .iter()
            .map(|(lamp, device, capability)| {
                let (zone, name) = device.split_once('/').unwrap_or_default();
                let found = devices.iter().find(|d| {
                    d["name"] == name && d["zone"].as_str().is_some_and(|z| z.ends_with(zone))
                });
                let value = found.map(|d| d["values"][capability].clone());
                value
                    .map(|v| (*lamp, v))
                    .ok_or_else(|| format!("no {device} in {state}"))
            })
            .collect()
    }

    /// Lamps that show something else than the hub has.
    pub fn lies(&mut self) -> Result<Vec<String>> {
        let truth = self.truth()?;
        let panel = self.panel()?;
        let lies = truth.into_iter().filter_map(|(lamp, value)| {
            let shown = panel.now(lamp);
            let right = shown["state"] == "ready" && is_shown(lamp, &shown, &value);
            (!right).then(|| format!("{lamp} shows {shown}, and the hub has {value}"))
        });
        Ok(lies.collect())
    }

    /// Everything that the hub counted, once.
    pub fn counted(&self) -> Result<Value> {
        let counters = self.sim.counters()?;
        self.sim.post("counters/reset", &json!({}))?;
        Ok(counters)
    }

    /// Whether the hub has nothing left to do; waits for it in real time.
    pub fn hub_settles(&self) {
        std::thread::sleep(Duration::from_millis(30));
    }

    /// All wires whole, for the end of whatever was wrong.
    pub fn repair(&mut self) {
        self.network(layout::UP);
    }
}

/// Whether a lamp shows this value: a number by its level where that is all there is to it, else by its text.
fn is_shown(lamp: &str, shown: &Value, value: &Value) -> bool {
    match value {
        Value::Bool(on) => shown["on"] == *on,
        Value::Number(n) if lamp == "ceiling" => {
            let levels = shown["level"].as_f64().zip(n.as_f64());
            levels.is_some_and(|(shown, is)| (shown - is).abs() < 0.006)
        }
        Value::Number(n) => shown["text"].as_str().and_then(|text| text.parse().ok()) == n.as_f64(),
        _ => false,
    }
}
