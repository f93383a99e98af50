// SPDX-License-Identifier: MIT OR Apache-2.0
//! The session file: where it is, one writer at a time, and whole or not at all.
//!
//! ```text
//!   session.json       the session, 0600                written by: a new file beside it, fsync, rename, fsync of the directory
//!   session.lock       held by flock(2) while a session is being got or renewed; never deleted.
//!                      Not empty where the kept password was refused, since it was written
//!   password.json      what logs in again, 0600, only where it was asked for
//! ```
//!
//! Beside a session file of another name, NAME, they are NAME.lock and NAME.password.
//!
//! A refresh token that is spent and not stored is lost, so [`Lock::reserve`] takes the room on the disk before anything is
//! asked of the cloud: a full disk and a directory that cannot be written are found while nothing has happened yet.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use ring::rand::{SecureRandom, SystemRandom};

use crate::client::bearer::{expand, given_key, session_places};
use crate::config::Credential;
use crate::failure::{Exit, Failure};
use crate::homey::session::{MAX_FILE, Session, parse_session};

/// How long another process may hold the lock: longer than a whole renewal over a slow line.
const PATIENCE: Duration = Duration::from_secs(75);
/// Between two looks at the lock.
const LOOK: Duration = Duration::from_millis(20);
/// How long a kept password that was refused is not sent again.
const REST: Duration = Duration::from_secs(3600);
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
    held: Flock<File>,
}

impl Store {
    /// A session file at exactly this place.
    pub fn at(path: impl Into<PathBuf>) -> Store {
        Store { path: path.into() }
    }

    /// The session file that the configuration reads; where it names none, the first that exists among the usual places.
    /// `None`: an API key is configured or given by the service manager, or there is no session yet.
    pub fn of(credential: &Credential) -> Option<Store> {
        match credential {
            Credential::ApiKeyFile(_) => None,
            Credential::SessionFile(path) => Some(Store::at(expand(path))),
            Credential::Default if given_key().is_some() => None,
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
        if let Some(path) = given_key() {
            return Err(Failure::config(format!(
                "the service manager gives a key, {}, so a session would never be used; take it away, or set session_file under [hub]",
                path.display()
            )));
        }
        let mut last = None;
        for path in login_places() {
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

    /// A file beside the session's: of the usual name where that has its own, so that several sessions can share a directory.
    fn beside(&self, usual: &str, ending: &str) -> PathBuf {
        match self.path.file_name() {
            Some(name) if name == "session.json" => self.directory().join(usual),
            _ => self.new_path(ending),
        }
    }

    fn lock_path(&self) -> PathBuf {
        self.beside("session.lock", "lock")
    }

    /// Where the password is kept, if that was asked for.
    pub fn password_path(&self) -> PathBuf {
        self.beside("password.json", "password")
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

    /// Whether the directory can be written, and the lock taken where there is one. Leaves nothing behind.
    pub fn probe(&self) -> Result<(), Failure> {
        if self.lock_path().exists() {
            self.open_lock().map(drop)?;
        }
        let new = self.new_path("probe");
        let written = self.make_anew(&new).map(drop);
        // Whether it was made or not, nothing of it is to stay.
        let _ = fs::remove_file(&new);
        written.map_err(|e| self.failed("writing beside", &self.path, &e))
    }

    fn open_lock(&self) -> Result<File, Failure> {
        let path = self.lock_path();
        let opened = match self.make(&path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(nix::libc::O_NOFOLLOW)
                .open(&path),
            made => made,
        };
        opened.map_err(|e| self.failed("opening", &path, &e))
    }

    /// Makes a file, 0600, that was not there. Root's belongs to the owner of the session, else of the directory: the service
    /// that goes on with it is another user.
    fn make(&self, path: &Path) -> io::Result<File> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        if nix::unistd::geteuid().is_root() {
            let session = fs::metadata(&self.path).ok().filter(|meta| meta.uid() != 0);
            let like = match session {
                Some(meta) => meta,
                None => fs::metadata(self.directory())?,
            };
            fchown(&file, Some(like.uid()), Some(like.gid())).inspect_err(|_| {
                // It would only be in the service's way.
                let _ = fs::remove_file(path);
            })?;
        }
        Ok(file)
    }

    /// The same in the place of a leftover, so that nobody else has it open.
    fn make_anew(&self, path: &Path) -> io::Result<File> {
        match fs::remove_file(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => self.make(path),
        }
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
                        held,
                    });
                }
                Err((given_back, Errno::EAGAIN | Errno::EINTR)) => file = given_back,
                Err((_, e)) => {
                    let path = self.lock_path();
                    return Err(self.failed("locking", &path, &e.into()));
                }
            }
            if begun.elapsed() >= patience {
                return Err(Failure::unavailable(format!(
                    "another homey-panel has held {} for {} s, so the session is being renewed there; try again, or end that process",
                    self.lock_path().display(),
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
        self.text(&self.password_path(), MAX_PASSWORD)
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

/// What takes its room on a file system that compresses, too.
fn incompressible() -> Vec<u8> {
    let mut bytes = vec![b' '; MAX_FILE];
    // Without randomness it takes its room on all others.
    let _ = SystemRandom::new().fill(&mut bytes);
    bytes
}

/// Where a login looks for a place, in this order. Root logs in for the service, whose state directory has been made.
fn login_places() -> Vec<PathBuf> {
    let mut places = session_places();
    let last = places.last().filter(|path| {
        let service = path.parent().is_some_and(Path::is_dir);
        service && nix::unistd::geteuid().is_root() && std::env::var_os("STATE_DIRECTORY").is_none()
    });
    if let Some(last) = last.cloned() {
        places.insert(0, last);
    }
    places
}

impl Lock<'_> {
    /// Takes the room for the next [`Lock::write`] on the disk, so that it cannot fail for want of it.
    pub fn reserve(&mut self) -> Result<(), Failure> {
        let new = self.store.new_path("new");
        let taken = self.store.make_anew(&new).and_then(|mut file| {
            file.write_all(&incompressible())?;
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

    /// Notes that the kept password was refused just now.
    pub fn note_refusal(&self) {
        // Without the note it is only sent once more.
        let _ = self.held.write_at(b"refused\n", 0);
    }

    /// Whether the kept password was refused within the last hour, and is the same still.
    pub fn refused_lately(&self) -> bool {
        let written = |meta: fs::Metadata| meta.modified().ok();
        let noted = self.held.metadata().ok().filter(|meta| meta.len() > 0);
        let noted = noted.and_then(written);
        let kept = fs::metadata(self.store.password_path());
        let kept = kept.ok().and_then(written);
        // A time to come is a clock's that was set back.
        let lately = |at: SystemTime| at.elapsed().is_ok_and(|since| since < REST);
        // The disk's time goes by the kernel's ticks: one written in the tick of the refusal may be another one.
        noted.is_some_and(|at| lately(at) && kept.is_none_or(|kept| kept < at))
    }

    /// Puts a session in the place of what is there: after this returns it survives a power cut, and until then the old one
    /// does.
    pub fn write(&mut self, session: &Session) -> Result<(), Failure> {
        // Whatever was refused before, this one has been let in.
        let _ = self.held.set_len(0);
        let reserved = self.reserved.take();
        self.put(&self.store.path, reserved, session.emit().as_bytes())
    }

    /// Stores what logs in again.
    pub fn write_password(&self, text: &[u8]) -> Result<(), Failure> {
        self.put(&self.store.password_path(), None, text)
    }

    fn put(&self, path: &Path, reserved: Option<File>, text: &[u8]) -> Result<(), Failure> {
        let store = self.store;
        let new = store.new_path("new");
        let had_room = reserved.is_some();
        let write = |reserved: Option<File>| {
            let mut file = match reserved {
                Some(file) => file,
                None => store.make_anew(&new)?,
            };
            file.rewind()?;
            file.write_all(text)?;
            file.set_len(text.len() as u64)?;
            file.sync_all()?;
            fs::rename(&new, path)?;
            File::open(store.directory())?.sync_all()
        };
        let full = |e: &io::Error| e.raw_os_error() == Some(Errno::ENOSPC as i32);
        let written = write(reserved).or_else(|e| match had_room && full(&e) {
            // A file system that writes nothing in its old place needs the room that was taken free again.
            true => write(None),
            false => Err(e),
        });
        written.map_err(|e| {
            // Gone already where the rename was done.
            let _ = fs::remove_file(&new);
            store.failed("writing", path, &e)
        })
    }

    /// Forgets the session and what logs in again; what is not there is no error.
    pub fn remove(&self) -> Result<(), Failure> {
        for path in [&self.store.password_path(), &self.store.path] {
            self.delete(path)?;
        }
        Ok(())
    }

    /// Forgets what logs in again.
    pub fn remove_password(&self) -> Result<(), Failure> {
        self.delete(&self.store.password_path())
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

#[cfg(test)]
mod tests;
