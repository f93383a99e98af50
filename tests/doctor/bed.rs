// SPDX-License-Identifier: MIT OR Apache-2.0
//! A simulated hub, a directory with a configuration for it, and the program run there with nothing of the machine's
//! environment. Every run is searched for the bearers that exist.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use homey_rig::beds::{done, simulator};
use homey_rig::{Config, Dir, Sim};
use serde_json::{Value, json};

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_homey-panel");
/// What every configuration of [`Bed`] binds.
pub const LAMP: &str = "Office/Desk light";

/// A hub and a configuration for it.
pub struct Bed {
    pub dir: Dir,
    pub sim: Sim,
}

impl Bed {
    /// A hub of 2023 with a small home.
    pub fn v3() -> Bed {
        Bed::with(&["--devices", "12"])
    }

    pub fn v2() -> Bed {
        Bed::with(&["--devices", "12", "--dialect", "v2"])
    }

    /// With these options, and a configuration under which nothing fails.
    pub fn with(options: &[&str]) -> Bed {
        let bed = Bed {
            dir: done(Dir::new()),
            sim: done(Sim::start(&simulator(), options)),
        };
        if bed.sim.word("api_key").is_empty() {
            bed.session(json!({}));
        }
        bed.key(bed.sim.bearer());
        bed.write(&bed.config());
        bed
    }

    /// The hub over TLS, its id, a button with its lamp.
    pub fn config(&self) -> Config {
        let key = self.dir.join("key");
        Config::of(&self.sim, &key)
            .hub(&self.hub_lines(&self.credential()))
            .control(
                "desk",
                &format!("panel = \"wall\"\npress = {{ toggle = \"{LAMP}\" }}"),
            )
            .also(&format!(
                "[[output]]\nname = \"desk\"\npanel = \"wall\"\nshow = \"{LAMP}\""
            ))
    }

    /// What stands under `[hub]` where the bearer is given so.
    pub fn hub_lines(&self, credential: &str) -> String {
        let (address, id) = (self.sim.word("https_address"), self.sim.word("hub_id"));
        format!("address = \"{address}\"\nid = \"{id}\"\n{credential}")
    }

    /// API key or, where the hub has none, session file.
    pub fn credential(&self) -> String {
        match self.sim.word("api_key") {
            "" => self.file_line("session_file", "session.json"),
            _ => self.file_line("api_key_file", "key"),
        }
    }

    pub fn file_line(&self, key: &str, file: &str) -> String {
        format!("{key} = \"{}\"", self.dir.join(file).display())
    }

    pub fn write(&self, config: &Config) {
        self.text(&config.text());
    }

    /// The configuration as text.
    pub fn text(&self, text: &str) {
        done(self.dir.write("panel.toml", text));
    }

    /// What stands in the key file.
    pub fn key(&self, text: &str) -> PathBuf {
        done(self.dir.write("key", text))
    }

    /// The session file: the hub's session with these members in place of its own.
    pub fn session(&self, members: Value) -> PathBuf {
        let mut session = json!({
            "version": 2, "kind": "bearer", "hub": self.sim.word("hub_id"), "name": "Home",
            "token": self.sim.word("session_token"), "made": null, "expires": null,
        });
        if let (Some(all), Some(new)) = (session.as_object_mut(), members.as_object()) {
            all.extend(new.clone());
        }
        done(self.dir.write("session.json", &session.to_string()))
    }

    /// As another app, or as the weather.
    pub fn control(&self, path: &str, body: Value) -> Value {
        done(self.sim.post(path, &body))
    }

    /// The program with `args` in this directory.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(["-c", "panel.toml"]).args(args);
        command.current_dir(&*self.dir).env_clear();
        command.env("HOME", &*self.dir).env("PATH", "/usr/bin:/bin");
        command
    }

    pub fn run(&self, args: &[&str]) -> Ended {
        self.finish(self.command(args))
    }

    /// Runs it and looks for bearers in what it says.
    pub fn finish(&self, mut command: Command) -> Ended {
        let ended = Ended::of(command.output().expect("the program runs"));
        for word in ["api_key", "api_key_readonly", "session_token"] {
            let secret = self.sim.word(word);
            // Its last part alone would do for a thief.
            let part = secret.rsplit(':').next().unwrap_or_default();
            let hidden = part.is_empty() || !ended.all().contains(part);
            assert!(hidden, "{word} is told: {ended}");
        }
        // Of a login's session everything that renews it, too.
        let session = std::fs::read_to_string(self.dir.join("session.json")).unwrap_or_default();
        let session: Value = serde_json::from_str(&session).unwrap_or_default();
        for path in ["/token", "/cloud/access", "/cloud/refresh"] {
            let secret = session.pointer(path).and_then(Value::as_str);
            assert!(
                secret.is_none_or(|s| !ended.all().contains(s)),
                "{path}: {ended}"
            );
        }
        ended
    }

    /// `doctor --json`: how it ended and what it found.
    pub fn doctor(&self) -> Findings {
        Findings::of(self.run(&["doctor", "--json"]))
    }
}

/// How a run ended.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn of(output: Output) -> Ended {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let ended = Ended {
            code: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        };
        assert!(!ended.err.contains("panicked"), "{ended}");
        ended
    }

    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit {}\n{}\n--- err\n{}", self.code, self.out, self.err)
    }
}

/// What the doctor found.
pub struct Findings {
    pub ended: Ended,
    pub rows: Vec<Value>,
}

impl Findings {
    #[track_caller]
    pub fn of(ended: Ended) -> Findings {
        let rows = serde_json::from_str(&ended.out);
        let rows: Vec<Value> = rows.unwrap_or_else(|e| panic!("{e}: {ended}"));
        // Whatever is wrong has a cure.
        for row in &rows {
            let is_wrong = row["state"] == "fail" || row["state"] == "warn";
            assert!(!is_wrong || row["cure"].is_string(), "{row}: {ended}");
        }
        Findings { ended, rows }
    }

    /// Whether `id` ended in `state` with all these words in what was found or in the cure.
    pub fn has(&self, id: &str, state: &str, words: &[&str]) -> bool {
        self.rows.iter().any(|row| {
            let text = format!("{} > {}", row["what"], row["cure"]).replace("\\\"", "\"");
            row["id"] == id && row["state"] == state && words.iter().all(|w| text.contains(w))
        })
    }

    #[track_caller]
    pub fn says(&self, id: &str, state: &str, words: &[&str]) -> &Findings {
        let found = self.has(id, state, words);
        assert!(found, "no {state} {id} with {words:?}: {}", self.ended);
        self
    }

    #[track_caller]
    pub fn ends(&self, code: i32) -> &Findings {
        assert_eq!(self.ended.code, code, "{}", self.ended);
        self
    }

    /// The ids of those in a state, each once.
    pub fn ids(&self, state: &str) -> Vec<&str> {
        let of_state = self.rows.iter().filter(|row| row["state"] == state);
        let mut ids: Vec<&str> = of_state.filter_map(|row| row["id"].as_str()).collect();
        ids.dedup();
        ids
    }
}

/// Files and devices that only some may touch.
pub fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("chmod");
}
