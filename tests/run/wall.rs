// SPDX-License-Identifier: MIT OR Apache-2.0
//! `homey-panel run` as a child process with a wall panel on its standard input and output.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::sim::{Dir, SOON, Sim};

/// Lines of a pipe with the time at which each came.
#[derive(Clone, Default)]
pub struct Lines(Arc<(Mutex<Timed>, Condvar)>);

type Timed = Vec<(Instant, String)>;

impl Lines {
    /// Reads `pipe` to its end, on a thread of its own.
    pub fn of(pipe: impl Read + Send + 'static) -> Lines {
        let lines = Lines::default();
        let own = lines.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines() {
                let Ok(line) = line else { return };
                own.0.0.lock().unwrap().push((Instant::now(), line));
                own.0.1.notify_all();
            }
        });
        lines
    }

    pub fn len(&self) -> usize {
        self.0.0.lock().unwrap().len()
    }

    pub fn all(&self) -> Vec<String> {
        let lines = self.0.0.lock().unwrap();
        lines.iter().map(|(_, line)| line.clone()).collect()
    }

    /// The first line from number `from` on that passes `test`, with its number.
    fn find(
        &self,
        from: usize,
        within: Duration,
        test: impl Fn(&str) -> bool,
    ) -> Option<(usize, Instant, String)> {
        let end = Instant::now() + within;
        let mut lines = self.0.0.lock().unwrap();
        let mut at = from;
        loop {
            while let Some((when, line)) = lines.get(at) {
                if test(line) {
                    return Some((at, *when, line.clone()));
                }
                at += 1;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            lines = self.0.1.wait_timeout(lines, left).unwrap().0;
        }
    }
}

/// A configuration in the making.
pub struct Setup {
    pub dir: Dir,
    hub: String,
    rest: String,
}

impl Setup {
    /// The simulator over TLS, verified by its CA, with its full bearer.
    pub fn of(sim: &Sim) -> Setup {
        let setup = Setup {
            dir: Dir::new(),
            hub: String::new(),
            rest: "[[panel]]\nname = \"wall\"\nkind = \"line\"\nstdio = true\n".into(),
        };
        setup.key(sim.bearer());
        setup
            .hub(&format!(
                "address = \"{}\"\napi_key_file = \"KEY\"",
                sim.word("https_address")
            ))
            .also(&format!("[trust]\nca_file = \"{}\"", sim.word("ca_file")))
            .also("[poll]\ninterval_ms = 200\nidle_ms = 200")
    }

    /// What stands under `[hub]`; KEY is the key file's path.
    pub fn hub(mut self, lines: &str) -> Setup {
        self.hub = lines.into();
        self
    }

    /// Further sections. A section that is there already is replaced.
    pub fn also(mut self, section: &str) -> Setup {
        let head = section.lines().next().unwrap_or_default();
        if !head.starts_with("[[") {
            if let Some(start) = self.rest.find(&format!("{head}\n")) {
                let end = self.rest[start + 1..]
                    .find("\n[")
                    .map_or(self.rest.len(), |e| start + 1 + e + 1);
                self.rest.replace_range(start..end, "");
            }
        }
        self.rest.push_str(section);
        self.rest.push('\n');
        self
    }

    /// A control: `gestures` as in the file.
    pub fn control(self, name: &str, gestures: &str) -> Setup {
        self.also(&format!("[[control]]\nname = \"{name}\"\n{gestures}"))
    }

    /// A lamp for a capability.
    pub fn lamp(self, name: &str, device: &str, capability: &str) -> Setup {
        self.also(&format!(
            "[[output]]\nname = \"{name}\"\nshow = \"{device}\"\ncapability = \"{capability}\""
        ))
    }

    /// A button that toggles `device`, and its lamp, both called `name`.
    pub fn light(self, name: &str, device: &str) -> Setup {
        self.control(name, &format!("press = {{ toggle = \"{device}\" }}"))
            .lamp(name, device, "onoff")
    }

    /// Writes another bearer.
    pub fn key(&self, bearer: &str) {
        self.dir.write("key", &format!("{bearer}\n"));
    }

    pub fn file(&self) -> PathBuf {
        self.dir.0.join("panel.toml")
    }

    /// Writes the file as it stands now.
    pub fn write(&self) {
        let key = self.dir.0.join("key");
        let hub = self.hub.replace("KEY", &key.display().to_string());
        self.dir
            .write("panel.toml", &format!("[hub]\n{hub}\n{}", self.rest));
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
        let mut child = Command::new(env!("CARGO_BIN_EXE_homey-panel"))
            .arg("-c")
            .arg(self.file())
            .args(["--log", "debug", "run"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("homey-panel starts");
        Wall {
            stdin: child.stdin.take(),
            shows: Lines::of(child.stdout.take().expect("piped")),
            log: Lines::of(child.stderr.take().expect("piped")),
            child,
            seen: 0,
            setup: self,
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
    pub setup: Setup,
    pub child: Child,
    stdin: Option<ChildStdin>,
    pub shows: Lines,
    pub log: Lines,
    /// Shows before this one have been looked at.
    seen: usize,
}

/// Whether `line` has all members of `wanted`.
fn has(line: &str, wanted: &Value) -> bool {
    let Ok(line) = serde_json::from_str::<Value>(line) else {
        return false;
    };
    wanted
        .as_object()
        .is_some_and(|w| w.iter().all(|(key, value)| line.get(key) == Some(value)))
}

impl Wall {
    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a pid"))
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("it is running");
    }

    /// Sends one line; when it was sent.
    pub fn say(&mut self, line: &str) -> Instant {
        let stdin = self.stdin.as_mut().expect("open");
        stdin
            .write_all(format!("{line}\n").as_bytes())
            .expect("it reads");
        Instant::now()
    }

    /// A short press.
    pub fn tap(&mut self, name: &str) -> Instant {
        self.say(&format!("{{\"tap\":\"{name}\"}}"))
    }

    /// The end of its standard input.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// Waits for a line with these members that came after the last one waited for; its time.
    pub fn see(&mut self, wanted: Value) -> Instant {
        self.see_within(wanted, SOON)
    }

    pub fn see_within(&mut self, wanted: Value, within: Duration) -> Instant {
        match self
            .shows
            .find(self.seen, within, |line| has(line, &wanted))
        {
            Some((at, when, _)) => {
                self.seen = at + 1;
                when
            }
            None => panic!("waited for {wanted} in vain\n{}", self.story()),
        }
    }

    /// Waits for a line whose text has `part` in it.
    pub fn see_text(&mut self, part: &str) -> String {
        match self.shows.find(self.seen, SOON, |line| line.contains(part)) {
            Some((at, _, line)) => {
                self.seen = at + 1;
                line
            }
            None => panic!("waited for {part:?} in vain\n{}", self.story()),
        }
    }

    /// Waits for the connection's state.
    pub fn link(&mut self, state: &str) -> Instant {
        self.see(serde_json::json!({"link": state}))
    }

    /// Waits for the lamp's look.
    pub fn lamp(&mut self, name: &str, state: &str, on: bool) -> Instant {
        self.see(serde_json::json!({"show": name, "state": state, "on": on}))
    }

    /// Waits for the word on a press.
    pub fn word(&mut self, control: &str, word: &str) -> Instant {
        self.see(serde_json::json!({"feedback": control, "result": word}))
    }

    /// What the lamp shows at present.
    pub fn now(&self, name: &str) -> Value {
        let lines = self.shows.all();
        let newest = lines.iter().rev().find_map(|line| {
            serde_json::from_str(line)
                .ok()
                .filter(|v: &Value| v["show"] == name)
        });
        newest.unwrap_or(Value::Null)
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
            Some((_, _, line)) => line,
            None => panic!("{part:?} is not logged\n{}", self.story()),
        }
    }

    /// How many lines of the log have `part`.
    pub fn times_logged(&self, part: &str) -> usize {
        let log = self.log.all();
        log.iter().filter(|line| line.contains(part)).count()
    }

    /// Everything it said, for a failing test.
    pub fn story(&self) -> String {
        format!(
            "--- panel, {} seen\n{}\n--- log\n{}",
            self.seen,
            self.shows.all().join("\n"),
            self.log.all().join("\n")
        )
    }

    /// Waits for its end.
    pub fn end(&mut self) -> ExitStatus {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                return status;
            }
            assert!(begin.elapsed() < SOON, "it does not end\n{}", self.story());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Stops it and checks that nothing is unaccounted for; the tally as logged.
    pub fn stop(mut self) -> String {
        self.signal(Signal::SIGTERM);
        let status = self.end();
        assert!(status.success(), "{status}\n{}", self.story());
        let tally = self.logged("stopped; ");
        assert!(tally.contains(" 0 open"), "{tally}\n{}", self.story());
        let bearer = fs::read_to_string(self.setup.dir.0.join("key")).unwrap_or_default();
        let story = self.story();
        assert!(!story.contains(bearer.trim()), "the bearer is shown");
        tally
    }
}

impl Drop for Wall {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
