// SPDX-License-Identifier: MIT OR Apache-2.0
//! A simulated cloud with its hub, a configuration for it, and the program run to its end.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use homey_rig::beds::{Dir, Sim, done};
use serde_json::{Value, json};

/// What a run of the program came to.
#[derive(Debug)]
pub struct Out {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Out {
    pub fn of(output: Output) -> Out {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Out {
            code: output.status.code(),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// It went well.
    #[track_caller]
    pub fn good(self) -> Out {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// It failed with this code, and one line that has these words.
    #[track_caller]
    pub fn failed(self, code: i32, words: &str) -> Out {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.err.contains(words), "{words}: {self:?}");
        assert!(self.err.starts_with("homey-panel: "), "{self:?}");
        self
    }
}

/// The program, far from this machine's own settings.
pub fn program(config: &Path, home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_homey-panel"));
    command.arg("-c").arg(config).args(args);
    for name in [
        "https_proxy",
        "http_proxy",
        "all_proxy",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ] {
        command.env_remove(name);
    }
    for name in ["CREDENTIALS_DIRECTORY", "STATE_DIRECTORY", "XDG_STATE_HOME"] {
        command.env_remove(name);
    }
    command.env("HOME", home);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub struct Bed {
    pub sim: Sim,
    pub dir: Dir,
    pub config: PathBuf,
}

impl Bed {
    pub fn new() -> Bed {
        Bed::with(&["--devices", "12"])
    }

    pub fn with(args: &[&str]) -> Bed {
        let sim = Sim::with(args);
        let dir = Dir::new();
        fs::create_dir(dir.0.join("state")).unwrap();
        dir.write("secret", sim.word("client_secret"));
        dir.write("password", sim.word("password"));
        let mut bed = Bed {
            config: PathBuf::new(),
            sim,
            dir,
        };
        bed.config = bed.configure("", "");
        bed
    }

    /// Writes the configuration with further lines under `[hub]` and `[cloud]`; a key there takes the place of the usual one.
    pub fn configure(&self, hub: &str, cloud: &str) -> PathBuf {
        let word = |key| self.sim.word(key).to_owned();
        let file = |name: &str| self.dir.0.join(name).display().to_string();
        let usual = |own: &str, keys: &[(&str, String)]| {
            let has = |key: &str| {
                own.lines()
                    .any(|line| line.starts_with(&format!("{key} =")))
            };
            let kept = keys.iter().filter(|(key, _)| !has(key));
            let lines = kept.map(|(key, value)| format!("{key} = \"{value}\"\n"));
            format!("{}{own}\n", lines.collect::<String>())
        };
        let hub = usual(
            hub,
            &[
                ("address", word("https_address")),
                ("session_file", file("state/session.json")),
            ],
        );
        let cloud = usual(
            cloud,
            &[
                ("client_id", word("client_id")),
                ("client_secret_file", file("secret")),
                ("accounts", word("cloud")),
                ("api", word("cloud")),
                ("ca_file", word("ca_file")),
            ],
        );
        let text = format!(
            "[hub]\n{hub}[trust]\nca_file = \"{}\"\n[cloud]\n{cloud}",
            word("ca_file")
        );
        self.dir.write("panel.toml", &text)
    }

    /// The program with its configuration.
    pub fn command(&self, args: &[&str]) -> Command {
        program(&self.config, &self.dir.0, args)
    }

    pub fn run(&self, args: &[&str]) -> Out {
        Out::of(self.command(args).output().unwrap())
    }

    /// The same with this on standard input.
    pub fn fed(&self, args: &[&str], input: &str) -> Out {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A program that reads nothing closes it early.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        Out::of(child.wait_with_output().unwrap())
    }

    pub fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }

    /// Logs in with e-mail and password and these options.
    pub fn login(&self, options: &[&str]) -> Out {
        let file = self.dir.0.join("password").display().to_string();
        let mut args = vec!["login", "--password", "--email", self.sim.word("email")];
        if !options.contains(&"--password-stdin") {
            args.extend(["--password-file", &file]);
        }
        args.extend(options);
        self.run(&args)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.0.join("state").join(name)
    }

    /// The session file's text and what it says.
    pub fn session(&self) -> (String, Value) {
        let text = fs::read_to_string(self.file("session.json")).unwrap();
        let value = serde_json::from_str(&text).unwrap();
        (text, value)
    }

    /// Names in the state's directory, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.0.join("state")).unwrap();
        let names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    pub fn options(&self, options: Value) {
        done(self.sim.cloud_options(&options));
    }

    pub fn revoke(&self, what: &str) {
        self.sim.post("cloud/revoke", &json!({"what": what}));
    }

    /// What the cloud has got so far: `METHOD path`, in order.
    pub fn calls(&self) -> Vec<String> {
        let counters = done(self.sim.cloud_counters());
        let log = counters["log"].as_array().unwrap();
        let call = |entry: &Value| {
            let text = |key: &str| entry[key].as_str().unwrap().to_owned();
            format!("{} {}", text("method"), text("path"))
        };
        log.iter().map(call).collect()
    }

    pub fn count(&self, call: &str) -> usize {
        self.calls().iter().filter(|one| *one == call).count()
    }
}
