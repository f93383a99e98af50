// SPDX-License-Identifier: MIT OR Apache-2.0
//! EDGE. Where the bearer comes from: a key file, a session file, the service manager's credentials.
//!
//! Never argv, never an environment variable's value, never the configuration itself.

use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::config::Credential;
use crate::failure::Failure;
use crate::homey::secret::Secret;
use crate::homey::session::{self, Kind, parse_session};

/// Nothing that is a bearer is longer; a file given by mistake is not read to its end.
const MAX_FILE: u64 = session::MAX_FILE as u64 + 1;

/// The name under which `LoadCredential=` is looked for in `$CREDENTIALS_DIRECTORY`.
const CREDENTIAL: &str = "homey-panel.key";

/// A bearer and the file that it came from.
pub struct Bearer {
    /// To be sent; shown nowhere.
    pub secret: Secret,
    /// Named in messages.
    pub file: PathBuf,
    /// Set where other users of this machine can read the file, or the token looks like the wrong kind.
    pub warning: Option<String>,
    /// What a session file says of it; `None` for an API key's file.
    pub held: Option<Held>,
    stamp: Stamp,
}

/// How a session was got, and how long it is good.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Held {
    pub kind: Kind,
    /// When it was made, in milliseconds since 1970.
    pub made: Option<u64>,
    /// When it ends, by the same clock.
    pub expires: Option<u64>,
}

/// What of a file changes when it is written or replaced: when, which file, how long.
type Stamp = Option<(SystemTime, u64, u64)>;

impl Bearer {
    /// Reads the bearer as configured. Errors name the file and the cure; exit code 77.
    pub fn load(credential: &Credential) -> Result<Bearer, Failure> {
        match credential {
            Credential::ApiKeyFile(path) => key_file(&expand(path)),
            Credential::SessionFile(path) => session_file(&expand(path)),
            Credential::Default => {
                if let Some(path) = given_key() {
                    return key_file(&path);
                }
                let places = session_places();
                match places.iter().find(|p| p.exists()) {
                    Some(path) => session_file(path),
                    None => Err(Failure::permission(format!(
                        "no bearer: set api_key_file under [hub] to a file with an API key (Homey web app: Settings, API Keys), or run homey-panel login; looked for a session in {}",
                        places
                            .iter()
                            .map(|p| p.display().to_string())
                            .collect::<Vec<_>>()
                            .join(", ")
                    ))),
                }
            }
        }
    }

    /// Whether the file has changed since it was read, so that a new key works without a restart (P19).
    pub fn has_changed(&self) -> bool {
        stamp(std::fs::metadata(&self.file)) != self.stamp
    }
}

fn stamp(meta: std::io::Result<Metadata>) -> Stamp {
    let meta = meta.ok()?;
    Some((meta.modified().ok()?, meta.ino(), meta.len()))
}

/// Whether an API key is what [`Bearer::load`] finds, as far as that is seen from the place: the relay takes none.
pub(super) fn is_key(credential: &Credential) -> bool {
    match credential {
        Credential::ApiKeyFile(_) => true,
        Credential::SessionFile(_) => false,
        Credential::Default => given_key().is_some(),
    }
}

/// The key that the service manager gave, where it did.
pub fn given_key() -> Option<PathBuf> {
    let dir = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    Some(PathBuf::from(dir).join(CREDENTIAL)).filter(|path| path.exists())
}

/// Fills in the two directories that a service manager names: `$CREDENTIALS_DIRECTORY`, `$STATE_DIRECTORY`.
pub(super) fn expand(path: &str) -> PathBuf {
    for name in ["CREDENTIALS_DIRECTORY", "STATE_DIRECTORY"] {
        for prefix in [format!("${{{name}}}/"), format!("${name}/")] {
            if let (Some(rest), Some(dir)) = (path.strip_prefix(&prefix), std::env::var_os(name)) {
                return PathBuf::from(dir).join(rest);
            }
        }
    }
    PathBuf::from(path)
}

/// Where a session is looked for when the configuration names none, in this order.
pub(super) fn session_places() -> Vec<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let mut places = Vec::new();
    places.extend(variable("STATE_DIRECTORY").map(|d| d.join("session.json")));
    let state =
        variable("XDG_STATE_HOME").or_else(|| variable("HOME").map(|h| h.join(".local/state")));
    places.extend(state.map(|d| d.join("homey-panel/session.json")));
    places.push(PathBuf::from("/var/lib/homey-panel/session.json"));
    places
}

/// The file's text, what is wrong with its mode, and which file it was: of the one that is open, since another may
/// take its place at any moment.
fn read(path: &Path, cure: &str) -> Result<(String, Option<String>, Stamp), Failure> {
    let shown = path.display();
    let failed = |e: std::io::Error| {
        Failure::permission(format!("reading the bearer from {shown}: {e}; {cure}"))
    };
    let mut file = File::open(path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    let warning = (meta.is_file() && meta.mode() & 0o077 != 0)
        .then(|| format!("{shown} can be read by other users of this machine; chmod 600 {shown}"));
    let mut text = String::new();
    file.by_ref()
        .take(MAX_FILE)
        .read_to_string(&mut text)
        .map_err(failed)?;
    Ok((text, warning, stamp(Ok(meta))))
}

fn key_file(path: &Path) -> Result<Bearer, Failure> {
    let cure = "check that it exists and that this user may read it";
    let (text, mut warning, stamp) = read(path, cure)?;
    let secret = Secret::parse(&text)
        .map_err(|e| Failure::permission(format!("the API key in {}: {e}", path.display())))?;
    if let Some(complaint) = secret.looks_like().complaint() {
        warning = Some(format!("{}: {complaint}", path.display()));
    }
    Ok(Bearer {
        secret,
        file: path.to_path_buf(),
        warning,
        held: None,
        stamp,
    })
}

fn session_file(path: &Path) -> Result<Bearer, Failure> {
    let cure = "where there is no session yet, run homey-panel login; else check that this user may read it";
    let (text, warning, stamp) = read(path, cure)?;
    let session = parse_session(text.as_bytes())
        .map_err(|e| Failure::permission(format!("the session file {}: {e}", path.display())))?;
    Ok(Bearer {
        held: Some(Held {
            kind: session.kind,
            made: session.made,
            expires: session.expires,
        }),
        secret: session.token,
        file: path.to_path_buf(),
        warning,
        stamp,
    })
}
