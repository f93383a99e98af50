// SPDX-License-Identifier: MIT OR Apache-2.0
//! A directory of its own for each test, and the program run in it with nothing of the machine's environment.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::Process;
use crate::beds::program;

/// What stands in key files; to be found nowhere else.
pub const KEY: &str = "11111111-2222-4333-8444-555555555555:66666666-7777-4888-9999-aaaaaaaaaaaa:0123456789abcdef0123456789abcdef01234567";

/// No run takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A directory that goes away with its test.
pub struct Bed {
    /// Its path.
    pub dir: PathBuf,
}

impl Bed {
    /// An empty one.
    pub fn new() -> Bed {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("homey-panel-bed-{}-{number}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        fs::create_dir_all(&dir).unwrap();
        Bed { dir }
    }

    /// Writes a file; its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// A file that only its owner can read.
    pub fn secret(&self, name: &str, content: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.file(name, content);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// A configuration for the hub at `address` with [`KEY`] as its bearer, and `rest` after `[hub]`'s lines.
    pub fn config(&self, address: &str, rest: &str) -> PathBuf {
        let key = self.secret("key", KEY);
        let key = key.display();
        let text = format!("[hub]\naddress = \"{address}\"\napi_key_file = \"{key}\"\n{rest}\n");
        self.file("panel.toml", text)
    }

    /// The program with `args`, run in this directory.
    pub fn run(&self, args: &[&str]) -> Ended {
        self.prepare(args).run()
    }

    /// The same, for further changes before it runs.
    pub fn prepare(&self, args: &[&str]) -> Run {
        let mut command = Command::new(program());
        command.args(args).current_dir(&self.dir).env_clear();
        command.env("HOME", &self.dir).env("TZ", "UTC");
        // Under the fault wrapper (tests/shim) the program has to be under it, too.
        command.envs(std::env::vars_os().filter(|(name, _)| {
            name.to_str()
                .is_some_and(|n| n == "LD_PRELOAD" || n.starts_with("HOMEY_SHIM_"))
        }));
        Run {
            command,
            stdin: Vec::new(),
        }
    }

    /// As [`Bed::run`] with the configuration that [`Bed::config`] wrote.
    pub fn with_config(&self, args: &[&str]) -> Ended {
        self.run(&[&["-c", "panel.toml"], args].concat())
    }

    /// The names of the files here, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.dir).unwrap();
        let name = |e: std::io::Result<fs::DirEntry>| e.unwrap().file_name();
        let mut names: Vec<String> = entries
            .map(|e| name(e).to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

impl Default for Bed {
    fn default() -> Bed {
        Bed::new()
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// A run that is being set up.
pub struct Run {
    /// The program, its arguments and its environment.
    pub command: Command,
    /// What is typed.
    pub stdin: Vec<u8>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; -1 where a signal ended it.
    pub code: i32,
    /// What it wrote on standard output.
    pub out: Vec<u8>,
    /// What it wrote on standard error.
    pub err: String,
    /// From before its start to its end.
    pub took: Duration,
    /// The most memory that it had at any time, in KiB; 0 for runs too short to be seen.
    pub peak_kib: u64,
}

impl Run {
    /// One variable more.
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Run {
        self.command.env(name, value);
        self
    }

    /// What is typed.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Run {
        self.stdin = bytes.into();
        self
    }

    /// Standard output goes to `to`, and [`Ended::out`] stays empty.
    pub fn stdout(mut self, to: Stdio) -> Ended {
        self.command.stdout(to);
        self.go(false)
    }

    /// Runs it to its end.
    pub fn run(mut self) -> Ended {
        self.command.stdout(Stdio::piped());
        self.go(true)
    }

    fn go(mut self, piped: bool) -> Ended {
        let began = Instant::now();
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let typed = self.stdin;
        thread::spawn(move || stdin.write_all(&typed));
        let out = piped.then(|| drain(child.stdout.take().unwrap()));
        let err = drain(child.stderr.take().unwrap());
        let (code, peak_kib) = wait(&mut child, began);
        let took = began.elapsed();
        let err = String::from_utf8_lossy(&err.join().unwrap()).into_owned();
        assert!(!err.contains("panicked"), "{err}");
        Ended {
            code,
            out: out.map(|o| o.join().unwrap()).unwrap_or_default(),
            err,
            took,
            peak_kib,
        }
    }
}

fn drain(mut from: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        bytes
    })
}

fn wait(child: &mut Child, began: Instant) -> (i32, u64) {
    let mut peak = 0;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code().unwrap_or(-1), peak);
        }
        if began.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            panic!("a run took longer than {PATIENCE:?}");
        }
        peak = match Process::new(child.id()).peak() {
            0 => peak,
            seen => seen,
        };
        let nap = if began.elapsed() < Duration::from_millis(100) {
            1
        } else {
            10
        };
        thread::sleep(Duration::from_millis(nap));
    }
}

impl Ended {
    /// Its standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }

    /// It ended with `code` and one line on standard error that holds each of `words`.
    #[track_caller]
    pub fn fails(&self, code: i32, words: &[&str]) -> &Ended {
        assert_eq!(self.code, code, "{self}");
        assert_eq!(self.err.lines().count(), 1, "not one line: {self}");
        // A mistake in the configuration begins with its place, anything else with who says it.
        let digit = |part: Option<&str>| part.is_some_and(|n| n.parse::<u32>().is_ok());
        let placed = code == 78 && digit(self.err.split(':').nth(1));
        assert!(placed || self.err.starts_with("homey-panel: "), "{self}");
        for word in words {
            assert!(self.err.contains(word), "{word:?} is missing: {self}");
        }
        self
    }

    /// It ended well and said nothing on standard error.
    #[track_caller]
    pub fn is_good(&self) -> &Ended {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{self}");
        self
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let out = self.out.get(..self.out.len().min(500)).unwrap_or_default();
        write!(
            f,
            "exit {} after {:?}, {} bytes out: {}, err: {}",
            self.code,
            self.took,
            self.out.len(),
            out.escape_ascii(),
            self.err
        )
    }
}

/// Whether a program is on this machine.
pub fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| Path::new(&dir).join(program).exists())
}
