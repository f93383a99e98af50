// SPDX-License-Identifier: MIT OR Apache-2.0
//! Folders that go away, and where the programs are. It knows files only.

use std::fs;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::Result;

/// A folder in the temporary folder that goes away with its owner.
pub struct Dir(PathBuf);

impl Dir {
    /// A new one, empty.
    pub fn new() -> Result<Dir> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("homey-rig-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Dir(path))
    }

    /// Writes a file that only its owner can read, by rename, as an editor does it; its path.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.0.join(name);
        let new = self.0.join(format!("{name}.new"));
        let write = || {
            fs::write(&new, text)?;
            fs::set_permissions(&new, fs::Permissions::from_mode(0o600))?;
            fs::rename(&new, &path)
        };
        match write() {
            Ok(()) => Ok(path),
            Err(e) => Err(format!("{}: {e}", path.display())),
        }
    }
}

impl Deref for Dir {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// `homey-panel` and `homey-sim`, in this order: in `folder`, or else beside the running program.
pub fn binaries(folder: Option<&Path>) -> Result<(PathBuf, PathBuf)> {
    let own = std::env::current_exe().map_err(|e| format!("own path: {e}"))?;
    let folder = folder.or(own.parent()).unwrap_or(Path::new("."));
    let find = |name: &str| {
        let path = folder.join(name);
        match path.is_file() {
            true => Ok(path),
            false => Err(format!("no {name} in {}: build it first", folder.display())),
        }
    };
    Ok((find("homey-panel")?, find("homey-sim")?))
}
