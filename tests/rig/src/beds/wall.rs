// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rig's panel for tests: whatever does not come is a panic with everything that was said.

use std::fs;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::beds::{Dir, Sim, done, program};
use crate::{Config, Panel, SOON};

/// A configuration in the making, and its folder.
pub struct Setup {
    /// The folder, for further files.
    pub dir: Dir,
    config: Config,
}

impl Setup {
    /// The simulator over TLS, verified by its CA, with its full bearer.
    pub fn of(sim: &Sim) -> Setup {
        let dir = Dir::new();
        let config = Config::of(sim, &dir.0.join("key"));
        let setup = Setup { dir, config };
        setup.key(sim.bearer());
        setup
    }

    fn with(mut self, change: impl FnOnce(Config) -> Config) -> Setup {
        self.config = change(self.config);
        self
    }

    /// What stands under `[hub]`; KEY is the key file's path.
    pub fn hub(self, lines: &str) -> Setup {
        let key = self.dir.0.join("key");
        let lines = lines.replace("KEY", &key.display().to_string());
        self.with(|c| c.hub(&lines))
    }

    /// Further sections. A section that is there already is replaced.
    pub fn also(self, section: &str) -> Setup {
        self.with(|c| c.also(section))
    }

    /// A control: `gestures` as in the file.
    pub fn control(self, name: &str, gestures: &str) -> Setup {
        self.with(|c| c.control(name, gestures))
    }

    /// A lamp for a capability.
    pub fn lamp(self, name: &str, device: &str, capability: &str) -> Setup {
        self.with(|c| c.lamp(name, device, capability))
    }

    /// A button that toggles `device`, and its lamp, both called `name`.
    pub fn light(self, name: &str, device: &str) -> Setup {
        self.with(|c| c.light(name, device))
    }

    /// Writes another bearer.
    pub fn key(&self, bearer: &str) {
        self.dir.write("key", &format!("{bearer}\n"));
    }

    /// The configuration's path.
    pub fn file(&self) -> PathBuf {
        self.dir.0.join("panel.toml")
    }

    /// Writes the file as it stands now.
    pub fn write(&self) {
        self.dir.write("panel.toml", &self.config.text());
    }

    /// Starts the program.
    pub fn run(self) -> Wall {
        self.write();
        self.start()
    }

    /// Starts the program on `text` in place of its own.
    pub fn run_text(self, text: &str) -> Wall {
        self.dir.write("panel.toml", text);
        self.start()
    }

    fn start(self) -> Wall {
        let panel = Panel::start(Panel::command(&program(), &self.file(), "debug"));
        Wall {
            setup: self,
            panel: done(panel),
        }
    }

    /// Starts the program and waits until everything has been read.
    pub fn ready(self) -> Wall {
        let mut wall = self.run();
        wall.link("ready");
        wall
    }
}

/// The running program, seen from the wall.
pub struct Wall {
    /// What it runs on.
    pub setup: Setup,
    panel: Panel,
}

impl Wall {
    /// Sends it `signal`.
    pub fn signal(&self, signal: Signal) {
        done(self.process().signal(signal));
    }

    /// A file of its folder in /proc.
    pub fn proc(&self, file: &str) -> String {
        self.process().file(file)
    }

    /// Its open descriptors.
    pub fn fds(&self) -> u64 {
        self.process().fds()
    }

    /// Resident memory in KiB.
    pub fn rss(&self) -> u64 {
        self.process().rss()
    }

    /// Processor time used so far, in ticks of 10 ms.
    pub fn ticks(&self) -> u64 {
        self.process().ticks()
    }

    /// How often it went to sleep by itself.
    pub fn naps(&self) -> u64 {
        self.process().naps()
    }

    /// Sends one line; when it was sent.
    pub fn say(&mut self, line: &str) -> Instant {
        done(self.panel.say(line))
    }

    /// A short press.
    pub fn tap(&mut self, name: &str) -> Instant {
        done(self.panel.tap(name))
    }

    /// Waits for a line with these members that came after the last one waited for; its time.
    pub fn see(&mut self, wanted: Value) -> Instant {
        self.see_within(wanted, SOON)
    }

    /// The same for another time than [`SOON`].
    pub fn see_within(&mut self, wanted: Value, within: Duration) -> Instant {
        done(self.panel.see(&wanted, within))
    }

    /// Waits for a line whose text has `part` in it.
    pub fn see_text(&mut self, part: &str) -> String {
        done(self.panel.find(part, SOON, |line| line.contains(part))).1
    }

    /// Waits for the connection's state.
    pub fn link(&mut self, state: &str) -> Instant {
        done(self.panel.link(state, SOON))
    }

    /// Waits for the lamp's look.
    pub fn lamp(&mut self, name: &str, state: &str, on: bool) -> Instant {
        done(self.panel.lamp(name, state, on, SOON))
    }

    /// Waits for the word on a press.
    pub fn word(&mut self, control: &str, word: &str) -> Instant {
        self.see(json!({"feedback": control, "result": word}))
    }

    /// Waits until the lamp is in this state, unless it is already.
    pub fn until(&self, name: &str, state: &str) {
        let begin = Instant::now();
        while self.now(name)["state"] != state {
            assert!(
                begin.elapsed() < SOON,
                "{name} is not {state}\n{}",
                self.story()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for a line in the log, from its beginning on.
    pub fn logged(&self, part: &str) -> String {
        match self.log.find(0, SOON, |line| line.contains(part)) {
            Some(said) => said.line,
            None => panic!("{part:?} is not logged\n{}", self.story()),
        }
    }

    /// How many lines of the panel have `part`.
    pub fn times_shown(&self, part: &str) -> usize {
        let shows = self.shows.all();
        shows.iter().filter(|line| line.contains(part)).count()
    }

    /// Waits for its end.
    pub fn end(&mut self) -> ExitStatus {
        done(self.panel.end(SOON))
    }

    /// Stops it and checks that nothing is unaccounted for; the tally as logged.
    pub fn stop(mut self) -> String {
        let tally = done(self.panel.stop(SOON));
        assert!(tally.contains(" 0 open"), "{tally}\n{}", self.story());
        let bearer = fs::read_to_string(self.setup.dir.0.join("key")).unwrap_or_default();
        let story = self.story();
        assert!(!story.contains(bearer.trim()), "the bearer is shown");
        tally
    }
}

impl Deref for Wall {
    type Target = Panel;

    fn deref(&self) -> &Panel {
        &self.panel
    }
}

impl DerefMut for Wall {
    fn deref_mut(&mut self) -> &mut Panel {
        &mut self.panel
    }
}
