// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a body goes: stdout as it arrives, or a file that appears whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{AT_FDCWD, AtFlags, OFlag};
use nix::unistd::linkat;

use crate::failure::{Exit, Failure};

/// An open place for a body.
pub enum Output {
    Stdout(io::StdoutLock<'static>),
    /// A device or pipe, which cannot be renamed into place.
    Direct {
        file: File,
        path: PathBuf,
    },
    /// Written without a name, or beside its own where the file system knows no nameless files, and renamed at the
    /// end. A nameless file goes away even if this program is killed.
    Whole {
        file: File,
        nameless: bool,
        part: PathBuf,
        path: PathBuf,
    },
}

impl Output {
    /// `None` and `-`: stdout. A reply may hold tokens, so a new file is its owner's alone.
    pub fn open(path: Option<&Path>) -> Result<Output, Failure> {
        Output::with_mode(path, 0o600)
    }

    /// The same, with the permissions of a new file before the umask.
    pub fn with_mode(path: Option<&Path>, mode: u32) -> Result<Output, Failure> {
        let path = match path {
            None => return Ok(Output::Stdout(io::stdout().lock())),
            Some(path) if path == Path::new("-") => return Ok(Output::Stdout(io::stdout().lock())),
            Some(path) => path,
        };
        let failed = |e: io::Error| failure(path, &e);
        // /dev/stdout may be a regular file in the end, but is none to be renamed over.
        let is_kernels = path.starts_with("/dev") || path.starts_with("/proc");
        if is_kernels || fs::metadata(path).is_ok_and(|m| !m.is_file()) {
            let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
            return Ok(Output::Direct {
                file,
                path: path.to_path_buf(),
            });
        }
        // A link stays one: what it points to is replaced.
        let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let Some(name) = path.file_name() else {
            return Err(failed(io::ErrorKind::InvalidInput.into()));
        };
        let mut name = name.to_os_string();
        name.push(format!(".part{}", std::process::id()));
        let part = path.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).mode(mode);
        let (file, nameless) = match nameless(&options, &part) {
            Some(file) => (file, true),
            None => {
                let file = options.create_new(true).open(&part).map_err(failed)?;
                (file, false)
            }
        };
        Ok(Output::Whole {
            file,
            nameless,
            part,
            path: path.to_path_buf(),
        })
    }

    /// Writes on.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let (result, path) = match self {
            Output::Stdout(out) => (
                out.write_all(bytes).and_then(|()| out.flush()),
                Path::new("stdout"),
            ),
            Output::Direct { file, path } => (file.write_all(bytes), path.as_path()),
            Output::Whole { file, path, .. } => (file.write_all(bytes), path.as_path()),
        };
        result.map_err(|e| failure(path, &e))
    }

    /// The body is complete: the file takes its name.
    pub fn finish(mut self) -> Result<(), Failure> {
        match &mut self {
            Output::Stdout(out) => out.flush().map_err(|e| failure(Path::new("stdout"), &e)),
            Output::Direct { .. } => Ok(()),
            Output::Whole {
                file,
                nameless,
                part,
                path,
            } => {
                let named = if *nameless { name(file, part) } else { Ok(()) };
                let done = named
                    .and_then(|()| file.sync_all())
                    .and_then(|()| fs::rename(&*part, &*path));
                done.map_err(|e| failure(path, &e))
            }
        }
    }
}

impl Drop for Output {
    /// What did not get its name is not left behind.
    fn drop(&mut self) {
        if let Output::Whole { part, .. } = self {
            // After a rename there is nothing of that name to remove.
            let _ = fs::remove_file(part);
        }
    }
}

/// A file in `part`'s directory that has no name yet.
fn nameless(options: &OpenOptions, part: &Path) -> Option<File> {
    // Without /proc there is no way to give it a name later.
    if !Path::new("/proc/self/fd").exists() {
        return None;
    }
    let dir = part.parent().filter(|d| !d.as_os_str().is_empty());
    let mut options = options.clone();
    options.custom_flags(OFlag::O_TMPFILE.bits());
    options.open(dir.unwrap_or(Path::new("."))).ok()
}

fn name(file: &File, part: &Path) -> io::Result<()> {
    let from = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(
        AT_FDCWD,
        from.as_str(),
        AT_FDCWD,
        part,
        AtFlags::AT_SYMLINK_FOLLOW,
    )?;
    Ok(())
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("request: writing to {}: {error}", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let dir = std::env::temp_dir().join(format!("homey-panel-output-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let path = dir.join("body");
        let mut output = Output::open(Some(&path)).unwrap();
        output.write(b"half").unwrap();
        drop(output);
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
        let mut output = Output::open(Some(&path)).unwrap();
        output.write(b"who").unwrap();
        output.write(b"le").unwrap();
        assert!(!path.exists());
        output.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        fs::remove_dir_all(&dir).unwrap();
    }
}
