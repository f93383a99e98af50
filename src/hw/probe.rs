// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looks whether a panel's device could be opened, without taking it: for `check`.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::libc::{O_NOCTTY, O_NONBLOCK};
use nix::unistd::{AccessFlags, access};

use super::{Kind, Transport};

/// `Err` says in words what is wrong with the device and what to do.
pub fn probe(kind: &Kind) -> Result<(), String> {
    match kind {
        // Whether there is a terminal is seen when the panel runs, which may be elsewhere.
        Kind::Terminal | Kind::Line(Transport::Stdio) => Ok(()),
        Kind::Line(Transport::Command(argv)) => match argv.first() {
            Some(program) => program_exists(program),
            None => Err("the command is empty".into()),
        },
        Kind::Line(Transport::Fifo { input, output }) => {
            fifo(input)?;
            output.as_deref().map_or(Ok(()), fifo)
        }
        Kind::Line(Transport::Serial { path, .. }) => {
            // Non-blocking, or a modem without carrier would hold us here.
            let opened = OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(O_NOCTTY | O_NONBLOCK)
                .open(path);
            opened.map(drop).map_err(|e| trouble("opening", path, &e))
        }
        Kind::Line(Transport::Socket(path)) => {
            let dir = path
                .parent()
                .filter(|d| !d.as_os_str().is_empty())
                .unwrap_or(Path::new("."));
            access(dir, AccessFlags::W_OK)
                .map_err(|e| trouble("making a socket in", dir, &e.into()))
        }
    }
}

fn fifo(path: &Path) -> Result<(), String> {
    let meta = std::fs::metadata(path).map_err(|e| trouble("opening", path, &e))?;
    if meta.file_type().is_fifo() {
        Ok(())
    } else {
        Err(format!(
            "{} is no FIFO; make one with mkfifo",
            path.display()
        ))
    }
}

fn program_exists(program: &str) -> Result<(), String> {
    let runs = |path: &Path| {
        path.metadata()
            .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    };
    let found = if program.contains('/') {
        runs(Path::new(program))
    } else {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .map(|d: PathBuf| d.join(program))
            .any(|p| runs(&p))
    };
    if found {
        Ok(())
    } else {
        Err(format!("there is no program {program}; give its full path"))
    }
}

fn trouble(doing: &str, path: &Path, error: &io::Error) -> String {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            " (is this user in the device's group, such as dialout?)"
        }
        io::ErrorKind::NotFound => " (is it plugged in?)",
        _ => "",
    };
    format!("{doing} {}: {error}{hint}", path.display())
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
                (Ok(()), None) => {}
                (Err(text), Some(word)) => assert!(text.contains(word), "{text}"),
                (got, want) => panic!("{kind:?}: {got:?}, expected {want:?}"),
            }
        }
    }
}
