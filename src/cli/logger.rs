// SPDX-License-Identifier: MIT OR Apache-2.0
//! The log: one line a record, to standard error or to a file, in one write so that lines of several programs do not mix.
//!
//! Must not know what is logged. Only this program's own records are taken: what a library says is not meant for its users.

use std::fs::File;
use std::io::{self, Write};
use std::time::SystemTime;

use log::{LevelFilter, Log, Metadata, Record};

/// Where the lines go.
pub(super) enum Out {
    Stderr,
    File(File),
}

struct Lines {
    level: LevelFilter,
    /// Each line begins with the time of day.
    stamped: bool,
    out: Out,
}

/// Starts the log. A second one in one process happens only in tests, and harms nothing: the first stays.
pub(super) fn start(level: LevelFilter, stamped: bool, out: Out) {
    log::set_max_level(level);
    let lines = Lines {
        level,
        stamped,
        out,
    };
    let _ = log::set_logger(Box::leak(Box::new(lines)));
}

impl Log for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= self.level && metadata.target().starts_with("homey_panel")
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let stamp = if self.stamped {
            time_of_day(SystemTime::now())
        } else {
            String::new()
        };
        let line = format!("{stamp}[{}] {}\n", record.level(), record.args());
        // Nobody to tell if it fails.
        let _ = match &self.out {
            Out::Stderr => io::stderr().write_all(line.as_bytes()),
            Out::File(file) => (&*file).write_all(line.as_bytes()),
        };
    }

    fn flush(&self) {}
}

/// `HH:MM:SS `, UTC; a clock before 1970 stands at its start.
fn time_of_day(now: SystemTime) -> String {
    let seconds = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
        % 86_400;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{hour:02}:{minute:02}:{second:02} ")
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};
    use std::time::Duration;

    use log::Level;

    use super::*;

    /// What the file holds after records of these targets and levels.
    fn logged(stamped: bool, records: &[(&str, Level)]) -> String {
        let path = std::env::temp_dir().join(format!("homey-panel-log-{}", std::process::id()));
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .expect("a file");
        std::fs::remove_file(&path).expect("made above");
        let lines = Lines {
            level: LevelFilter::Warn,
            stamped,
            out: Out::File(file.try_clone().expect("a descriptor")),
        };
        for (target, level) in records {
            lines.log(
                &Record::builder()
                    .target(target)
                    .level(*level)
                    .args(format_args!("what {target} says"))
                    .build(),
            );
        }
        let (mut file, mut text) = (file, String::new());
        file.rewind().expect("a file");
        file.read_to_string(&mut text).expect("text");
        text
    }

    #[test]
    fn own_records_of_the_level_are_lines() {
        let records = [
            ("homey_panel::run", Level::Error),
            ("homey_panel", Level::Warn),
            ("homey_panel::net", Level::Info),
            ("ureq", Level::Error),
            ("rustls::homey_panel", Level::Error),
        ];
        assert_eq!(
            logged(false, &records),
            "[ERROR] what homey_panel::run says\n[WARN] what homey_panel says\n"
        );
        let stamped = logged(true, &records[..1]);
        let (stamp, rest) = stamped.split_at(9);
        assert_eq!(rest, "[ERROR] what homey_panel::run says\n");
        let form: Vec<bool> = stamp.bytes().map(|b| b.is_ascii_digit()).collect();
        assert_eq!(
            form,
            [true, true, false, true, true, false, true, true, false]
        );
    }

    #[test]
    fn the_time_of_day_is_utc() {
        let at = |seconds| time_of_day(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "00:00:00 ");
        assert_eq!(at(86_399), "23:59:59 ");
        assert_eq!(at(1_772_370_367), "13:06:07 ");
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(5);
        assert_eq!(time_of_day(before), "00:00:00 ");
    }
}
