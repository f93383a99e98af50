// SPDX-License-Identifier: MIT OR Apache-2.0
//! A simulated hub as a child process, and its control API over plain HTTP.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

/// Whatever a test waits for comes within this, or it does not come.
pub const SOON: Duration = Duration::from_secs(10);

/// A folder that goes away with the test.
pub struct Dir(pub PathBuf);

impl Dir {
    pub fn new() -> Dir {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "homey-run-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a folder in the temporary folder");
        Dir(path)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.0.join(name);
        // By rename, as an editor does it.
        let new = self.0.join(format!("{name}.new"));
        fs::write(&new, text).expect("a file in the test's folder");
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).expect("its mode");
        fs::rename(&new, &path).expect("its name");
        path
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running simulator.
pub struct Sim {
    child: Child,
    ready: Value,
    pki: Dir,
    args: Vec<String>,
}

/// The simulator's binary, beside ours; built where nobody has done so.
fn binary() -> PathBuf {
    static BUILT: Once = Once::new();
    let path = Path::new(env!("CARGO_BIN_EXE_homey-panel")).with_file_name("homey-sim");
    BUILT.call_once(|| {
        if !path.exists() {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["build", "--package", "homey-sim", "--locked"]);
            let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
            assert!(built.is_ok_and(|s| s.success()), "building homey-sim");
        }
    });
    path
}

fn start(args: &[String], pki: &Path) -> (Child, Value) {
    let mut child = Command::new(binary())
        .args(args)
        .arg("--pki")
        .arg(pki)
        .arg("--parent-exit")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the simulator starts");
    let mut line = String::new();
    let out = child.stdout.take().expect("stdout is piped");
    BufReader::new(out)
        .read_line(&mut line)
        .expect("a ready line");
    let ready = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"));
    (child, ready)
}

impl Sim {
    /// A V3 hub with a small home.
    pub fn new() -> Sim {
        Sim::with(&["--devices", "12"])
    }

    pub fn with(args: &[&str]) -> Sim {
        let args: Vec<String> = args.iter().map(|a| a.to_string()).collect();
        let pki = Dir::new();
        let (child, ready) = start(&args, &pki.0);
        Sim {
            child,
            ready,
            pki,
            args,
        }
    }

    pub fn word(&self, key: &str) -> &str {
        self.ready[key].as_str().unwrap_or_default()
    }

    /// The bearer that may do everything.
    pub fn bearer(&self) -> &str {
        self.ready["api_key"]
            .as_str()
            .unwrap_or(self.word("session_token"))
    }

    /// Kills it as a power cut would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Freezes it, as a hub that has lost its power without a word, or thaws it.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a pid");
        kill(Pid::from_raw(pid), signal).expect("it is running");
    }

    /// Starts it again on the same ports, with the same home and certificates.
    pub fn revive(&mut self) {
        let port = |url: &str| {
            url.rsplit_once(':')
                .map_or(String::new(), |(_, p)| p.to_string())
        };
        let mut args = self.args.clone();
        for (option, url) in [
            ("--http", self.word("http")),
            ("--https", self.word("https_address")),
            ("--control", self.word("control")),
        ] {
            args.push(option.into());
            args.push(format!("127.0.0.1:{}", port(url)));
        }
        let (child, ready) = start(&args, &self.pki.0);
        assert_eq!(ready, self.ready, "the same hub again");
        self.child = child;
    }

    fn exchange(&self, request: &str) -> Value {
        let address = self.word("control").trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).expect("the control port is open");
        stream.set_read_timeout(Some(SOON)).expect("a time limit");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("a reply");
        let (head, body) = reply.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.1 2"), "{request}\n{reply}");
        serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {reply}"))
    }

    pub fn get(&self, path: &str) -> Value {
        self.exchange(&format!(
            "GET /_sim/{path} HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n\r\n"
        ))
    }

    pub fn post(&self, path: &str, body: &Value) -> Value {
        let body = body.to_string();
        self.exchange(&format!(
            "POST /_sim/{path} HTTP/1.1\r\nHost: sim\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    /// As if another app had done it.
    pub fn set(&self, device: &str, capability: &str, value: Value) {
        self.post(
            "value",
            &json!({"device": device, "capability": capability, "value": value}),
        );
    }

    pub fn counters(&self) -> Value {
        self.get("counters")
    }

    /// The writes that came, as `Zone/Name capability value`.
    pub fn writes(&self) -> Vec<String> {
        let all = self.counters()["writes"].clone();
        let word = |v: &Value| v.as_str().unwrap_or_default().to_string();
        all.as_array()
            .into_iter()
            .flatten()
            .map(|w| {
                format!(
                    "{} {} {}",
                    word(&w["name"]),
                    word(&w["capability"]),
                    w["value"]
                )
            })
            .collect()
    }

    /// The names of the flows and moods that were started.
    pub fn starts(&self) -> Vec<String> {
        let all = self.counters()["starts"].clone();
        all.as_array()
            .into_iter()
            .flatten()
            .map(|s| s["name"].as_str().unwrap_or_default().to_string())
            .collect()
    }

    /// Waits until `test` holds for the counters.
    pub fn until(&self, what: &str, test: impl Fn(&Sim) -> bool) -> Duration {
        let began = Instant::now();
        while !test(self) {
            assert!(
                began.elapsed() < SOON,
                "{what} did not come: {}",
                self.counters()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        began.elapsed()
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.kill();
    }
}
