// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of the home for completion: from a small file where that is fresh, else from the hub, with a time limit.
//!
//! A hub that does not answer is left alone for a quarter of a minute, and what was known of it is offered meanwhile.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::alarm;

use crate::cli::Common;
use crate::cli::desk::Desk;
use crate::cli::devices::read_zones;
use crate::cli::tools::items::{self, text};
use crate::client::account::wall_ms;
use crate::failure::Failure;
use crate::homey::call::Call;
use crate::homey::reply::{self, Zones};
use crate::homey::{Kind, Reading};
use crate::letters::small_text;
use crate::run;

/// So long a shell waits for names.
const LIMIT: Duration = Duration::from_millis(2000);
/// Finding a hub without an address may take longer; then this ends it.
const END_S: u32 = 5;
/// So long names are good.
const FRESH_MS: u64 = 120_000;
/// So long a hub that did not answer is not asked again.
const RESPITE_MS: u64 = 15_000;
/// A file of names that is longer is none of ours: 10,000 devices take less.
const MAX_FILE: u64 = 4 << 20;

/// Which names.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum List {
    Devices,
    Flows,
    Moods,
    Alarms,
    Variables,
    Zones,
}

impl List {
    fn word(self) -> &'static str {
        match self {
            List::Devices => "devices",
            List::Flows => "flows",
            List::Moods => "moods",
            List::Alarms => "alarms",
            List::Variables => "variables",
            List::Zones => "zones",
        }
    }
}

/// One thing with a name.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Named {
    /// Its zone's name, or nothing.
    zone: String,
    name: String,
    /// A device's capabilities, each with what it takes (`onoff=true|false dim`); a variable's type.
    about: String,
}

impl Named {
    fn whole(&self) -> String {
        match self.zone.is_empty() {
            true => self.name.clone(),
            false => format!("{}/{}", self.zone, self.name),
        }
    }

    fn is(&self, name: &str) -> bool {
        let name = small_text(name);
        small_text(&self.whole()) == name || small_text(&self.name) == name
    }
}

/// All names of a list, as `Zone/Name`; where none of them begins as `begun`, those that do without their zone.
pub(super) fn all(list: List, begun: &str, config: Option<PathBuf>) -> Vec<String> {
    let named = known(list, config);
    let (mut whole, mut bare) = (BTreeSet::new(), BTreeSet::new());
    for one in named {
        whole.insert(one.whole());
        bare.insert(one.name);
    }
    let begun = small_text(begun);
    let fits = |name: &&String| small_text(name).starts_with(&begun);
    let chosen = match whole.iter().any(|name| fits(&name)) {
        true => whole,
        false => bare,
    };
    chosen.into_iter().collect()
}

/// What belongs to the thing `name`: a device's capabilities, or what one of them (or a variable) takes.
pub(super) fn about(
    list: List,
    name: &str,
    value: Option<&str>,
    config: Option<PathBuf>,
) -> Vec<String> {
    let named = known(list, config);
    let Some(one) = named.iter().find(|one| one.is(name)) else {
        return Vec::new();
    };
    let choices = |takes: &str| takes.split('|').map(str::to_string).collect();
    match (list, value) {
        (List::Variables, _) if one.about == "boolean" => choices("true|false"),
        (List::Variables, _) => Vec::new(),
        (_, None) => {
            let ids = one
                .about
                .split(' ')
                .map(|part| part.split('=').next().unwrap_or(part));
            ids.filter(|id| !id.is_empty())
                .map(str::to_string)
                .collect()
        }
        (_, Some(capability)) => {
            let mut parts = one.about.split(' ').filter_map(|part| part.split_once('='));
            parts
                .find(|(id, _)| *id == capability)
                .map(|(_, takes)| choices(takes))
                .unwrap_or_default()
        }
    }
}

fn known(list: List, config: Option<PathBuf>) -> Vec<Named> {
    let config = config.unwrap_or_else(run::usual_file);
    let file = place(list, &config);
    let stamp = stamp(&config);
    let kept = file.as_deref().and_then(|file| kept(file, &stamp));
    if let Some((until, named)) = &kept {
        let now = wall_ms();
        // A time further off than any that is written is from before the clock was set back.
        if *until > now && *until <= now + FRESH_MS {
            return named.clone();
        }
    }
    let asked = ask(list, &config);
    let (named, lasts) = match asked {
        Ok(named) => (named, FRESH_MS),
        Err(_) => (kept.map(|(_, named)| named).unwrap_or_default(), RESPITE_MS),
    };
    if let Some(file) = file {
        keep(&file, &stamp, wall_ms() + lasts, &named);
    }
    named
}

/// The file for a list of the home that `config` names; `None` without a directory for such files.
fn place(list: List, config: &Path) -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let own = variable("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|dir| dir.is_absolute());
    let dir = own.or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".cache")))?;
    let config = fs::canonicalize(config).ok()?;
    // FNV-1a: one file for each configuration, by its path.
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in config.as_os_str().as_encoded_bytes() {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let name = format!("{}-{hash:016x}", list.word());
    Some(dir.join("homey-panel").join(name))
}

/// Changes with the configuration, which may name another hub now.
fn stamp(config: &Path) -> String {
    match fs::metadata(config) {
        Ok(meta) => format!("{} {} {}", meta.mtime(), meta.mtime_nsec(), meta.len()),
        Err(_) => String::new(),
    }
}

/// The names in a file, and until when they are good; `None` where it is not ours or of another configuration.
fn kept(file: &Path, stamp: &str) -> Option<(u64, Vec<Named>)> {
    let mut written = String::new();
    let file = File::open(file).ok()?;
    file.take(MAX_FILE).read_to_string(&mut written).ok()?;
    let mut lines = written.lines();
    let (until, for_stamp) = lines.next()?.split_once(' ')?;
    if for_stamp != stamp {
        return None;
    }
    let named = lines.filter_map(|line| {
        let mut parts = line.split('\t').map(str::to_string);
        Some(Named {
            zone: parts.next()?,
            name: parts.next()?,
            about: parts.next()?,
        })
    });
    Some((until.parse().ok()?, named.collect()))
}

/// Writes a file whole or not at all, for this user alone. Where that fails the hub is asked again next time.
fn keep(file: &Path, stamp: &str, until: u64, named: &[Named]) {
    let mut written = format!("{until} {stamp}\n");
    for one in named {
        written.push_str(&format!("{}\t{}\t{}\n", one.zone, one.name, one.about));
    }
    let Some(dir) = file.parent() else {
        return;
    };
    let _ = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    let new = file.with_extension(format!("{}", std::process::id()));
    let write = || {
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        options.open(&new)?.write_all(written.as_bytes())?;
        fs::rename(&new, file)
    };
    if write().is_err() {
        let _ = fs::remove_file(&new);
    }
}

fn ask(list: List, config: &Path) -> Result<Vec<Named>, Failure> {
    alarm::set(END_S);
    let common = Common {
        config: Some(config.to_path_buf()),
        ..Common::default()
    };
    let mut desk = Desk::within(&common.load()?, LIMIT)?;
    let mut named = Vec::new();
    let mut add = |zone: &str, name: &str, about: String| {
        // What holds control characters cannot be typed, and an id does as well.
        let odd = |text: &str| text.contains(char::is_control);
        if !name.is_empty() && !odd(zone) && !odd(name) && !odd(&about) {
            named.push(Named {
                zone: zone.to_string(),
                name: name.to_string(),
                about,
            });
        }
    };
    let zones = match list {
        List::Devices | List::Moods | List::Zones => read_zones(&mut desk)?,
        _ => Zones::default(),
    };
    match list {
        List::Zones => {
            for (_, name, _) in zones.iter() {
                add("", name, String::new());
            }
        }
        List::Devices => desk.read(&Call::Devices, &mut |body| {
            reply::devices_full(body, &mut |device| {
                let zone = device.zone.as_deref().and_then(|id| zones.name(id));
                let takes: Vec<String> = device.capabilities.iter().map(takes).collect();
                add(zone.unwrap_or_default(), &device.name, takes.join(" "));
            })?;
            Ok(())
        })?,
        List::Variables => {
            let sink = &mut |_: &str, one: items::Object| {
                let about = text(&one, "type").unwrap_or_default().to_string();
                add("", text(&one, "name").unwrap_or_default(), about);
            };
            items::each(&mut desk, &Call::Variables, "a list of variables", sink)?;
        }
        List::Flows | List::Moods | List::Alarms => {
            let calls: &[Call<'_>] = match list {
                List::Flows => &[Call::Flows, Call::AdvancedFlows],
                List::Moods => &[Call::Moods],
                _ => &[Call::Alarms],
            };
            for call in calls {
                desk.read(call, &mut |body| {
                    reply::names(body, &mut |item| {
                        let zone = item.zone.and_then(|id| zones.name(id));
                        add(zone.unwrap_or_default(), item.name, String::new());
                    })?;
                    Ok(())
                })?;
            }
        }
    }
    Ok(named)
}

/// A capability and, where that is a choice among words, what it takes.
fn takes((id, reading): &(String, Reading)) -> String {
    let traits = reading.traits.as_deref().filter(|traits| traits.setable);
    let choices = match traits.map(|traits| (traits.kind, &traits.choices)) {
        // A button is pressed, never let go.
        Some((Kind::Boolean, _)) if traits.is_some_and(|traits| !traits.getable) => "true".into(),
        Some((Kind::Boolean, _)) => "true|false".into(),
        Some((Kind::Enum, choices)) => choices.join("|"),
        _ => return id.clone(),
    };
    match choices.contains([' ', '=']) {
        true => id.clone(),
        false => format!("{id}={choices}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_nothing_else_is() {
        let dir = std::env::temp_dir().join(format!("homey-panel-names-{}", std::process::id()));
        let file = dir.join("deep").join("devices-0");
        let named = vec![
            Named {
                zone: "Living room".into(),
                name: "Lamp \"x\" / y".into(),
                about: "onoff=true|false dim".into(),
            },
            Named {
                zone: String::new(),
                name: "Fan".into(),
                about: String::new(),
            },
        ];
        keep(&file, "1 2 3", 77, &named);
        assert_eq!(kept(&file, "1 2 3"), Some((77, named.clone())));
        assert_eq!(kept(&file, "1 2 4"), None);
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        assert_eq!(
            fs::metadata(dir.join("deep")).unwrap().mode() & 0o777,
            0o700
        );
        keep(&file, "", 78, &[]);
        assert_eq!(kept(&file, ""), Some((78, Vec::new())));
        assert_eq!(fs::read_dir(dir.join("deep")).unwrap().count(), 1);
        for odd in ["", "x", "x y\n", "7", "\n\n", "9999999999999999999999 "] {
            fs::write(&file, odd).unwrap();
            assert_eq!(kept(&file, ""), None, "{odd:?}");
        }
        fs::write(&file, b"7 \n\xff").unwrap();
        assert_eq!(kept(&file, ""), None);
        fs::write(&file, "7 \nonly\nz\tn\ta\tmore\n").unwrap();
        assert_eq!(kept(&file, "").unwrap().1.len(), 1);
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!(kept(&file, ""), None);
    }
}
