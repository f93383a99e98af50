// SPDX-License-Identifier: MIT OR Apache-2.0
//! The session file: where it is, one writer at a time, and whole or not at all.
//!
//! ```text
//!   session.json       the session, 0600                written by: a new file beside it, fsync, rename, fsync of the directory
//!   session.lock       held by flock(2) while a session is being got or renewed; never deleted
//!   password.json      what logs in again, 0600, only where it was asked for
//! ```
//!
//! A refresh token that is spent and not stored is lost, so [`Lock::reserve`] takes the room on the disk before anything is
//! asked of the cloud: a full disk and a directory that cannot be written are found while nothing has happened yet.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::client::bearer::{expand, session_places};
use crate::config::Credential;
use crate::failure::{Exit, Failure};
use crate::homey::session::{MAX_FILE, Session, parse_session};

/// How long another process may hold the lock: longer than a whole renewal over a slow line.
const PATIENCE: Duration = Duration::from_secs(75);
/// Between two looks at the lock.
const LOOK: Duration = Duration::from_millis(20);
/// No stored password is longer, in bytes.
const MAX_PASSWORD: usize = 8 * 1024;

/// A session file's place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Store {
    path: PathBuf,
}

/// The right to write there. Goes with the value, or with the process.
pub struct Lock<'s> {
    store: &'s Store,
    reserved: Option<File>,
    _held: Flock<File>,
}

impl Store {
    /// A session file at exactly this place.
    pub fn at(path: impl Into<PathBuf>) -> Store {
        Store { path: path.into() }
    }

    /// The session file that the configuration reads; where it names none, the first that exists among the usual places.
    /// `None`: an API key file is configured, or there is no session yet.
    pub fn of(credential: &Credential) -> Option<Store> {
        match credential {
            Credential::ApiKeyFile(_) => None,
            Credential::SessionFile(path) => Some(Store::at(expand(path))),
            Credential::Default => session_places()
                .into_iter()
                .find(|path| path.exists())
                .map(Store::at),
        }
    }

    /// Where a login puts its session: as [`Store::of`], else the first of the usual places that can be written. A directory
    /// of ours that is missing there is made.
    pub fn for_login(credential: &Credential) -> Result<Store, Failure> {
        if let Credential::ApiKeyFile(path) = credential {
            return Err(Failure::config(format!(
                "api_key_file = {path:?} stands under [hub], so a session would never be used; remove it, or set session_file in its place"
            )));
        }
        if let Some(store) = Store::of(credential) {
            return Ok(store);
        }
        let mut last = None;
        for path in session_places() {
            let store = Store::at(path);
            match store.make_directory().and_then(|()| store.probe()) {
                Ok(()) => return Ok(store),
                Err(failure) => last = Some(failure),
            }
        }
        Err(last.unwrap_or_else(|| Failure::config("there is no place for a session file")))
    }

    /// The session file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn directory(&self) -> &Path {
        match self.path.parent() {
            Some(dir) if dir != Path::new("") => dir,
            _ => Path::new("."),
        }
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }

    /// Makes the directory, 0700, where only it and ours above it are missing.
    fn make_directory(&self) -> Result<(), Failure> {
        let dir = self.directory();
        if dir.is_dir() {
            return Ok(());
        }
        let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|e| self.failed("making the directory of", &self.path, &e))
    }

    /// Whether the directory can be written: the lock is opened, as every renewal does.
    pub fn probe(&self) -> Result<(), Failure> {
        self.open_lock().map(drop)?;
        let new = self.new_path("probe");
        let written = create(&new).map(drop);
        // Whether it was made or not, nothing of it is to stay.
        let _ = fs::remove_file(&new);
        written.map_err(|e| self.failed("writing beside", &self.path, &e))
    }

    fn open_lock(&self) -> Result<File, Failure> {
        let path = self.beside("session.lock");
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(nix::libc::O_NOFOLLOW)
            .open(&path)
            .map_err(|e| self.failed("opening", &path, &e))
    }

    /// Waits for the right to write, up to 75 s. What a writer that was killed left behind is cleaned up.
    pub fn lock(&self) -> Result<Lock<'_>, Failure> {
        self.lock_within(PATIENCE)
    }

    /// The same with another bound.
    pub fn lock_within(&self, patience: Duration) -> Result<Lock<'_>, Failure> {
        let begun = Instant::now();
        let mut file = self.open_lock()?;
        loop {
            match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(held) => {
                    let leftover = self.new_path("new");
                    // There is none, but for a writer that was killed.
                    let _ = fs::remove_file(leftover);
                    return Ok(Lock {
                        store: self,
                        reserved: None,
                        _held: held,
                    });
                }
                Err((given_back, Errno::EAGAIN | Errno::EINTR)) => file = given_back,
                Err((_, e)) => {
                    let path = self.beside("session.lock");
                    return Err(self.failed("locking", &path, &e.into()));
                }
            }
            if begun.elapsed() >= patience {
                return Err(Failure::unavailable(format!(
                    "another homey-panel has held {} for {} s, so the session is being renewed there; try again, or end that process",
                    self.beside("session.lock").display(),
                    patience.as_secs()
                )));
            }
            thread::sleep(LOOK);
        }
    }

    /// The session as it is now; `None` where there is no file.
    pub fn read(&self) -> Result<Option<Session>, Failure> {
        let Some(text) = self.text(&self.path, MAX_FILE)? else {
            return Ok(None);
        };
        let session = parse_session(&text).map_err(|e| {
            Failure::permission(format!("the session file {}: {e}", self.path.display()))
        })?;
        Ok(Some(session))
    }

    /// The text of `password.json`; `None` where nobody asked for one.
    pub fn password(&self) -> Result<Option<Vec<u8>>, Failure> {
        self.text(&self.beside("password.json"), MAX_PASSWORD)
    }

    fn text(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, Failure> {
        let failed = |e: io::Error| {
            Failure::permission(format!(
                "reading {}: {e}; check that this user may read it",
                path.display()
            ))
        };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(failed(e)),
        };
        let mut text = Vec::new();
        let bound = limit as u64 + 1;
        file.take(bound).read_to_end(&mut text).map_err(failed)?;
        Ok(Some(text))
    }

    /// `session.json.new`: where a file is written before it takes its name.
    fn new_path(&self, ending: &str) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_os_string();
        name.push(".");
        name.push(ending);
        self.directory().join(name)
    }

    /// What could not be done to a file, with the cure and the exit code: 78 where the place is wrong, 1 where the disk is full.
    fn failed(&self, doing: &str, path: &Path, error: &io::Error) -> Failure {
        let dir = self.directory().display();
        let (exit, cure) = match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::ENOSPC | Errno::EDQUOT) => (
                Exit::Failed,
                format!("make room on the disk of {dir}; the session that was there is kept"),
            ),
            Some(Errno::EROFS) => (
                Exit::Config,
                format!(
                    "{dir} is read-only; set session_file under [hub] to a place that can be written, or use an API key (api_key_file), which needs none"
                ),
            ),
            Some(Errno::EACCES | Errno::EPERM) => (
                Exit::Config,
                format!(
                    "this user may not write in {dir}; give it to this user, set session_file under [hub], or use an API key (api_key_file), which needs none"
                ),
            ),
            Some(Errno::ENOENT | Errno::ENOTDIR) => (
                Exit::Config,
                format!(
                    "{dir} is no directory; make it, set session_file under [hub], or use an API key (api_key_file), which needs none"
                ),
            ),
            _ => (Exit::Failed, format!("check {dir} and its disk")),
        };
        Failure::new(exit, format!("{doing} {}: {error}; {cure}", path.display()))
    }
}

impl Lock<'_> {
    /// Takes the room for the next [`Lock::write`] on the disk, so that it cannot fail for want of it.
    pub fn reserve(&mut self) -> Result<(), Failure> {
        let new = self.store.new_path("new");
        let taken = create(&new).and_then(|mut file| {
            // Made here: as a constant it would stand in the program at its full length.
            file.write_all(&vec![b' '; MAX_FILE])?;
            file.sync_all()?;
            Ok(file)
        });
        match taken {
            Ok(file) => {
                self.reserved = Some(file);
                Ok(())
            }
            Err(e) => {
                // What was written of it would only fill the disk further.
                let _ = fs::remove_file(&new);
                Err(self.store.failed("making room for", &self.store.path, &e))
            }
        }
    }

    /// Puts a session in the place of what is there: after this returns it survives a power cut, and until then the old one
    /// does.
    pub fn write(&mut self, session: &Session) -> Result<(), Failure> {
        let reserved = self.reserved.take();
        self.put(&self.store.path, reserved, session.emit().as_bytes())
    }

    /// Stores what logs in again.
    pub fn write_password(&self, text: &[u8]) -> Result<(), Failure> {
        self.put(&self.store.beside("password.json"), None, text)
    }

    fn put(&self, path: &Path, reserved: Option<File>, text: &[u8]) -> Result<(), Failure> {
        let store = self.store;
        let new = store.new_path("new");
        let written = || {
            let mut file = match reserved {
                Some(file) => file,
                None => create(&new)?,
            };
            file.rewind()?;
            file.write_all(text)?;
            file.set_len(text.len() as u64)?;
            file.sync_all()?;
            fs::rename(&new, path)?;
            File::open(store.directory())?.sync_all()
        };
        written().map_err(|e| {
            // Gone already where the rename was done.
            let _ = fs::remove_file(&new);
            store.failed("writing", path, &e)
        })
    }

    /// Forgets the session and what logs in again; what is not there is no error.
    pub fn remove(&self) -> Result<(), Failure> {
        for path in [&self.store.beside("password.json"), &self.store.path] {
            self.delete(path)?;
        }
        Ok(())
    }

    /// Forgets what logs in again.
    pub fn remove_password(&self) -> Result<(), Failure> {
        self.delete(&self.store.beside("password.json"))
    }

    fn delete(&self, path: &Path) -> Result<(), Failure> {
        let gone = match fs::remove_file(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => File::open(self.store.directory()).and_then(|dir| dir.sync_all()),
        };
        gone.map_err(|e| self.store.failed("removing", path, &e))
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        if self.reserved.take().is_some() {
            // Room that was not needed.
            let _ = fs::remove_file(self.store.new_path("new"));
        }
    }
}

/// A new file, 0600, that nobody else has open; one of that name is a leftover.
fn create(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests;
