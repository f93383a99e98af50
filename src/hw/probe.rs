// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looks whether a panel's device could be opened, without taking it: for `check` and `doctor`.

use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::libc::{O_NOCTTY, O_NONBLOCK};
use nix::unistd::{AccessFlags, Gid, Group, Uid, User, access};

use super::{Kind, Transport};

/// What is wrong with a panel's device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ill {
    /// In words.
    pub what: String,
    /// What to do.
    pub cure: String,
    /// It is there, and not for this user.
    pub denied: bool,
}

impl fmt::Display for Ill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what, self.cure)
    }
}

/// What is good about it in a few words, or what is wrong and what to do.
pub fn probe(kind: &Kind) -> Result<String, Ill> {
    match kind {
        // Whether there is a terminal is seen when the panel runs, which may be elsewhere.
        Kind::Terminal => Ok("a terminal, looked for when the panel runs".into()),
        Kind::Line(Transport::Stdio) => Ok("standard input and output".into()),
        Kind::Line(Transport::Command(argv)) => match argv.first() {
            Some(program) => program_exists(program),
            None => Err(ill("the command is empty", "name a program")),
        },
        Kind::Line(Transport::Fifo { input, output }) => {
            fifo(input, AccessFlags::R_OK)?;
            if let Some(output) = output {
                fifo(output, AccessFlags::W_OK)?;
            }
            Ok(format!("{} is a FIFO", input.display()))
        }
        Kind::Line(Transport::Serial { path, .. }) => {
            // Non-blocking, or a modem without carrier would hold us here.
            let opened = OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(O_NOCTTY | O_NONBLOCK)
                .open(path);
            match opened {
                Ok(_) => Ok(format!("{} opens; it is {}", path.display(), owner(path))),
                Err(e) => Err(trouble("opening", path, &e)),
            }
        }
        Kind::Line(Transport::Socket(path)) => {
            let dir = path
                .parent()
                .filter(|d| !d.as_os_str().is_empty())
                .unwrap_or(Path::new("."));
            match access(dir, AccessFlags::W_OK) {
                Ok(()) => Ok(format!(
                    "{} can be made; its directory is {}",
                    path.display(),
                    owner(dir)
                )),
                Err(e) => Err(trouble("making a socket in", dir, &e.into())),
            }
        }
    }
}

fn ill(what: impl Into<String>, cure: impl Into<String>) -> Ill {
    Ill {
        what: what.into(),
        cure: cure.into(),
        denied: false,
    }
}

fn fifo(path: &Path, flags: AccessFlags) -> Result<(), Ill> {
    let meta = std::fs::metadata(path).map_err(|e| trouble("opening", path, &e))?;
    if !meta.file_type().is_fifo() {
        let shown = path.display();
        return Err(ill(
            format!("{shown} is no FIFO"),
            format!("make one with mkfifo {shown}"),
        ));
    }
    access(path, flags).map_err(|e| trouble("opening", path, &e.into()))
}

fn program_exists(program: &str) -> Result<String, Ill> {
    let runs = |path: &PathBuf| {
        path.metadata()
            .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = if program.contains('/') {
        Some(PathBuf::from(program)).filter(runs)
    } else {
        let all = std::env::split_paths(&path);
        all.map(|d: PathBuf| d.join(program)).find(runs)
    };
    match found {
        Some(path) => Ok(format!("the program is {}", path.display())),
        None => Err(ill(
            format!("there is no program {program}"),
            "install it, or give its full path",
        )),
    }
}

fn trouble(doing: &str, path: &Path, error: &io::Error) -> Ill {
    let denied = error.kind() == io::ErrorKind::PermissionDenied;
    let shown = path.display();
    let (more, cure) = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            let (user, group) = (user(Uid::effective()), group_of(path));
            let shared = path
                .metadata()
                .is_ok_and(|m| m.gid() != 0 && m.mode() & 0o060 == 0o060);
            let cure = if shared {
                format!("usermod -aG {group} {user}, then log in anew or restart the service")
            } else {
                "let its group have it (for a device by a udev rule with GROUP and MODE=\"0660\"), and this user be in that group".into()
            };
            (
                format!("; it is {}, this user is {user}", owner(path)),
                cure,
            )
        }
        io::ErrorKind::NotFound => (String::new(), "is it plugged in? is the path right?".into()),
        io::ErrorKind::ResourceBusy => (String::new(), "end the other program that has it".into()),
        _ => (String::new(), "check the device and its path".into()),
    };
    Ill {
        denied,
        ..ill(format!("{doing} {shown}: {error}{more}"), cure)
    }
}

/// `root:dialout 660`, as ls(1) and chmod(1) have them.
fn owner(path: &Path) -> String {
    match path.metadata() {
        Ok(meta) => {
            let (user, group) = (user(Uid::from_raw(meta.uid())), group_of(path));
            format!("{user}:{group} {:03o}", meta.mode() & 0o7777)
        }
        Err(e) => e.to_string(),
    }
}

fn user(uid: Uid) -> String {
    let known = User::from_uid(uid).ok().flatten();
    known.map_or_else(|| uid.to_string(), |user| user.name)
}

fn group_of(path: &Path) -> String {
    let Ok(meta) = path.metadata() else {
        return "its group".into();
    };
    let gid = Gid::from_raw(meta.gid());
    let known = Group::from_gid(gid).ok().flatten();
    known.map_or_else(|| gid.to_string(), |group| group.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_named() {
        let line = Kind::Line;
        for (kind, word) in [
            (
                line(Transport::Command(vec!["/no/such/program".into()])),
                Some("/no/such/program"),
            ),
            (line(Transport::Command(vec!["sh".into()])), None),
            (
                line(Transport::Fifo {
                    input: "/dev/null".into(),
                    output: None,
                }),
                Some("mkfifo"),
            ),
            (
                line(Transport::Serial {
                    path: "/dev/no-such-tty".into(),
                    baud: 9600,
                }),
                Some("plugged in"),
            ),
            (
                line(Transport::Socket("/no/such/dir/sock".into())),
                Some("/no/such/dir"),
            ),
            (Kind::Terminal, None),
        ] {
            match (probe(&kind), word) {
                (Ok(_), None) => {}
                (Err(ill), Some(word)) => assert!(ill.to_string().contains(word), "{ill}"),
                (got, want) => panic!("{kind:?}: {got:?}, expected {want:?}"),
            }
        }
    }
}
