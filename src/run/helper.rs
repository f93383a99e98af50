// SPDX-License-Identifier: MIT OR Apache-2.0
//! EDGE. Short-lived children of the same program, for work that may block outside our control: name look-ups, the Athom
//! cloud. The loop goes on meanwhile; their pipes join its poll(2).
//!
//! A child gets no input, has a deadline, and says what it has to say in text. Must not know what that means.

use std::ffi::{CString, OsStr};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags};
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::signal::{SigSet, Signal, killpg};
use nix::sys::stat::Mode;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{self, Pid};

use crate::homey::text::one_line;
use crate::time::Time;

/// This program as it was started, also where its file has been replaced since.
const SELF: &str = "/proc/self/exe";

/// How long a child may take. What it does has shorter deadlines of its own, 55 s in all for a renewal: one that is over this
/// hangs, and has nothing to lose.
const LIFE: Duration = Duration::from_secs(90);

/// How long after SIGKILL the kernel is asked again whether it is gone.
const LOOK: Duration = Duration::from_secs(1);

/// The most of its standard output that is kept.
const MAX_OUTPUT: usize = 64 * 1024;

/// How much of the end of its standard error is kept: the last line is wanted.
const MAX_TAIL: usize = 2048;

/// Reads in one turn, of both pipes together: presses wait for no more than that.
const READS: usize = 16;

/// What a child is for. There is one of each at a time.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Errand {
    /// `session renew`
    Renew,
    /// `discover --for-run`
    Discover,
}

/// What became of a child.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ended {
    /// Its exit code; `None` where a signal ended it, ours or another's, or where nobody knows.
    pub code: Option<i32>,
    /// All of its standard output; what is beyond 64 KiB or not UTF-8 was replaced or cut.
    pub output: String,
    /// The last line of its standard error, fit for a log: why it failed.
    pub why: String,
}

/// All children that run.
pub struct Helpers {
    config: PathBuf,
    running: Vec<(Errand, Helper)>,
}

impl Helpers {
    /// None yet. They will be given `config` as their configuration.
    pub fn new(config: &Path) -> Helpers {
        Helpers {
            config: config.to_path_buf(),
            running: Vec::new(),
        }
    }

    /// Whether there is none, or none for this errand.
    pub fn is_free(&self, errand: Option<Errand>) -> bool {
        !self
            .running
            .iter()
            .any(|(other, _)| errand.is_none_or(|errand| errand == *other))
    }

    /// Starts a child, unless one is on that errand already. `arguments`: the command and what belongs to it, no secrets.
    pub fn start(&mut self, errand: Errand, arguments: &[&str], now: Time) -> io::Result<()> {
        if self.is_free(Some(errand)) {
            let helper = Helper::start(SELF, &self.arguments(arguments), now)?;
            self.running.push((errand, helper));
        }
        Ok(())
    }

    fn arguments<'a>(&'a self, arguments: &'a [&str]) -> Vec<&'a OsStr> {
        let config = self.config.as_os_str();
        let log = ["--log", "error"].map(OsStr::new);
        let all = [OsStr::new("homey-panel"), OsStr::new("-c"), config];
        let all = all.into_iter().chain(log);
        all.chain(arguments.iter().map(|word| OsStr::new(*word)))
            .collect()
    }

    /// Reads what they say, ends those that hang; the next one that has ended. Never blocks.
    pub fn next_ended(&mut self, now: Time) -> Option<(Errand, Ended)> {
        let ended = |(at, (_, helper)): (usize, &mut (Errand, Helper))| {
            helper.service(now).map(|ended| (at, ended))
        };
        let (at, ended) = self.running.iter_mut().enumerate().find_map(ended)?;
        Some((self.running.swap_remove(at).0, ended))
    }

    /// Ends all of them, whatever they do.
    pub fn end(&mut self) {
        self.running.clear();
    }

    /// Their descriptors to wait for. SIGCHLD has to wake the loop, too.
    pub fn poll_fds<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        let pipes = self.running.iter().flat_map(|(_, h)| [&h.out, &h.errors]);
        let wanted = pipes.flatten();
        fds.extend(wanted.map(|fd| PollFd::new(fd.as_fd(), PollFlags::POLLIN)));
    }

    /// When one of them is to be looked at though no descriptor is ready.
    pub fn poll_at(&self) -> Option<Time> {
        self.running.iter().map(|(_, h)| h.kill_at).min()
    }
}

/// One child.
struct Helper {
    pid: Pid,
    out: Option<OwnedFd>,
    errors: Option<OwnedFd>,
    output: Vec<u8>,
    tail: Vec<u8>,
    /// When it is killed, or looked at again after it was.
    kill_at: Time,
    reaped: bool,
}

impl Helper {
    fn start(program: &str, arguments: &[&OsStr], now: Time) -> io::Result<Helper> {
        let (pid, out, errors) = spawn(program, arguments)?;
        Ok(Helper {
            pid,
            out: Some(out),
            errors: Some(errors),
            output: Vec::new(),
            tail: Vec::new(),
            kill_at: now + LIFE,
            reaped: false,
        })
    }

    fn service(&mut self, now: Time) -> Option<Ended> {
        // Asked before the last read, so that nothing is missed that it said at its end.
        let status = waitpid(self.pid, Some(WaitPidFlag::WNOHANG));
        for _ in 0..READS {
            let output = keep(&mut self.out, &mut self.output, first);
            let errors = keep(&mut self.errors, &mut self.tail, last);
            if !output && !errors {
                break;
            }
        }
        if now >= self.kill_at {
            // Gone already is as good.
            let _ = killpg(self.pid, Signal::SIGKILL);
            self.kill_at = now + LOOK;
        }
        let code = match status {
            Ok(WaitStatus::Exited(_, code)) => Some(code),
            Ok(WaitStatus::Signaled(..)) => None,
            // Whoever started us may have had SIGCHLD ignored: the kernel keeps no status then.
            Err(Errno::ECHILD) => None,
            _ => return None,
        };
        self.reaped = true;
        let tail = String::from_utf8_lossy(&self.tail);
        let line = tail.lines().rev().find(|line| !line.trim().is_empty());
        let line = line.map(|line| line.strip_prefix("homey-panel: ").unwrap_or(line));
        Some(Ended {
            code,
            output: String::from_utf8_lossy(&self.output).into_owned(),
            why: one_line(line.unwrap_or_default(), 300),
        })
    }
}

impl Drop for Helper {
    /// Nothing stays behind, neither it nor its place in the kernel's table.
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        let _ = killpg(self.pid, Signal::SIGKILL);
        while waitpid(self.pid, None) == Err(Errno::EINTR) {}
    }
}

/// Keeps the beginning.
fn first(kept: &mut Vec<u8>, bytes: &[u8]) {
    let room = MAX_OUTPUT.saturating_sub(kept.len()).min(bytes.len());
    kept.extend_from_slice(bytes.get(..room).unwrap_or_default());
}

/// Keeps the end.
fn last(kept: &mut Vec<u8>, bytes: &[u8]) {
    kept.extend_from_slice(bytes);
    kept.drain(..kept.len().saturating_sub(MAX_TAIL));
}

/// Reads once from `pipe`, which is let go of at its end; whether there may be more.
fn keep(pipe: &mut Option<OwnedFd>, kept: &mut Vec<u8>, how: fn(&mut Vec<u8>, &[u8])) -> bool {
    let Some(fd) = pipe else { return false };
    let mut buf = [0; 4096];
    match unistd::read(fd, &mut buf) {
        Ok(0) => *pipe = None,
        Ok(len) => how(kept, buf.get(..len).unwrap_or_default()),
        Err(Errno::EINTR) => {}
        Err(Errno::EAGAIN) => return false,
        Err(_) => *pipe = None,
    }
    pipe.is_some()
}

/// Starts `program`; its process id, and what it says on standard output and standard error, to be read without blocking.
///
/// By posix_spawn(3): the kernel copies no page table for it, so it costs the same however large we are. It is in a process
/// group of its own, where no key of a terminal ends it, and takes all signals as usual: the loop blocks those that it reads.
fn spawn(program: &str, arguments: &[&OsStr]) -> io::Result<(Pid, OwnedFd, OwnedFd)> {
    let (out, its_out) = unistd::pipe2(OFlag::O_CLOEXEC)?;
    let (errors, its_errors) = unistd::pipe2(OFlag::O_CLOEXEC)?;
    for fd in [&out, &errors] {
        fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    }
    let mut files = PosixSpawnFileActions::init()?;
    // The standard streams are open here, if only on /dev/null, so no pipe has one of their numbers.
    files.add_open(0, "/dev/null", OFlag::O_RDONLY, Mode::empty())?;
    files.add_dup2(its_out.as_raw_fd(), 1)?;
    files.add_dup2(its_errors.as_raw_fd(), 2)?;
    let mut how = PosixSpawnAttr::init()?;
    how.set_sigmask(&SigSet::empty())?;
    how.set_pgroup(Pid::from_raw(0))?;
    how.set_flags(
        PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK | PosixSpawnFlags::POSIX_SPAWN_SETPGROUP,
    )?;
    let text = |bytes: &[u8]| CString::new(bytes).map_err(|_| io::ErrorKind::InvalidInput);
    let arguments = arguments.iter().map(|word| text(word.as_bytes()));
    let arguments: Vec<CString> = arguments.collect::<Result<_, _>>()?;
    let variables = std::env::vars_os().map(|(name, value)| {
        let pair = [name.as_bytes(), b"=", value.as_bytes()].concat();
        text(&pair)
    });
    let variables: Vec<CString> = variables.collect::<Result<_, _>>()?;
    let pid = posix_spawn(program, &files, &how, &arguments, &variables)?;
    Ok((pid, out, errors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::monotonic;
    use nix::poll::{PollTimeout, poll};

    /// Runs a shell's script as a child to its end, as the loop does: waiting for its pipes; what comes between is `look`'s.
    fn run(script: &str, look: impl Fn(&mut Helper, Time)) -> Ended {
        let words = ["sh", "-c", script].map(OsStr::new);
        let helper = Helper::start("/bin/sh", &words, monotonic()).unwrap();
        let mut helpers = Helpers::new(Path::new("x"));
        helpers.running.push((Errand::Renew, helper));
        let end = monotonic() + Duration::from_secs(20);
        loop {
            let now = monotonic();
            assert!(now < end, "it does not end");
            if let Some((errand, ended)) = helpers.next_ended(now) {
                assert_eq!(errand, Errand::Renew);
                assert!(helpers.is_free(None));
                return ended;
            }
            for (_, helper) in &mut helpers.running {
                look(helper, now);
            }
            let mut fds = Vec::new();
            helpers.poll_fds(&mut fds);
            let _ = poll(&mut fds, PollTimeout::from(20_u8));
        }
    }

    #[test]
    fn says_how_it_ended_and_what_it_said() {
        let ended = |code, output: &str, why: &str| Ended {
            code,
            output: output.into(),
            why: why.into(),
        };
        for (script, want) in [
            ("exit 0", ended(Some(0), "", "")),
            ("echo '{}'; exit 69", ended(Some(69), "{}\n", "")),
            (
                "echo one >&2; echo 'homey-panel: two\x1b[31m' >&2; echo >&2; exit 77",
                ended(Some(77), "", "two [31m"),
            ),
            ("printf '\\377'; kill -9 $$", ended(None, "\u{fffd}", "")),
            ("exec >&- 2>&-; sleep 0.1; exit 3", ended(Some(3), "", "")),
            ("read x && echo input", ended(Some(1), "", "")),
            // It leaves somebody behind who holds its pipes.
            ("sleep 3 & echo here; exit 0", ended(Some(0), "here\n", "")),
            (
                // No signal is blocked, and it leads a process group of its own.
                "grep SigBlk /proc/$$/status | tr -d '\\t'; ps -o pgid= -p $$ >/dev/null; kill -TERM 0; echo lives",
                ended(None, "SigBlk:0000000000000000\n", ""),
            ),
        ] {
            assert_eq!(run(script, |_, _| ()), want, "{script}");
        }
    }

    #[test]
    fn keeps_the_beginning_of_its_output_and_the_end_of_its_errors() {
        let ended = run(
            "yes 2>/dev/null | head -c 300000; yes no 2>/dev/null | head -n 100000 >&2; echo last >&2",
            |_, _| (),
        );
        assert_eq!(ended.code, Some(0));
        assert_eq!(ended.output, "y\n".repeat(MAX_OUTPUT / 2));
        assert_eq!(ended.why, "last");
        let ended = run(
            "yes x 2>/dev/null | tr -d '\\n' 2>/dev/null | head -c 5000 >&2 2>/dev/null",
            |_, _| (),
        );
        assert_eq!(ended.why, "x".repeat(300));
    }

    #[test]
    fn is_killed_at_its_deadline_and_leaves_no_zombie() {
        let ended = run(
            "trap '' TERM; echo hangs; while :; do sleep 1; done",
            |helper, now| {
                if !helper.output.is_empty() {
                    helper.kill_at = now;
                }
            },
        );
        assert_eq!((ended.code, ended.output.as_str()), (None, "hangs\n"));
        let words = ["sh", "-c", "sleep 60"].map(OsStr::new);
        let helper = Helper::start("/bin/sh", &words, monotonic()).unwrap();
        let pid = helper.pid;
        drop(helper);
        assert_eq!(waitpid(pid, None), Err(Errno::ECHILD));
    }

    #[test]
    fn is_given_the_configuration_and_tells_errors_only() {
        let mut helpers = Helpers::new(Path::new("/etc/x y.toml"));
        assert_eq!(
            helpers.arguments(&["session", "renew"]),
            [
                "homey-panel",
                "-c",
                "/etc/x y.toml",
                "--log",
                "error",
                "session",
                "renew"
            ]
        );
        let now = monotonic();
        let words = ["sh", "-c", "sleep 60"].map(OsStr::new);
        let helper = Helper::start("/bin/sh", &words, now).unwrap();
        helpers.running.push((Errand::Renew, helper));
        assert!(!helpers.is_free(None) && !helpers.is_free(Some(Errand::Renew)));
        // A second one of the kind is not started.
        helpers
            .start(Errand::Renew, &["session", "renew"], now)
            .unwrap();
        assert_eq!(helpers.running.len(), 1);
        assert_eq!(helpers.poll_at(), Some(now + LIFE));
        helpers.end();
        assert!(helpers.is_free(None));
    }

    #[test]
    fn what_cannot_be_started_is_an_error() {
        let error = Helper::start("/nowhere/x", &[OsStr::new("x")], monotonic());
        assert_eq!(error.err().map(|e| e.kind()), Some(io::ErrorKind::NotFound));
    }
}
