// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines of a pipe with the time at which each came. It does not know what they mean.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

/// One line that was said.
#[derive(Clone, Debug)]
pub struct Said {
    /// Its number, from 0.
    pub at: usize,
    /// When it was read from the pipe, by a thread that does nothing else.
    pub when: Instant,
    /// Without its line end.
    pub line: String,
}

/// All lines of a pipe so far; a handle that can be cloned.
#[derive(Clone, Default)]
pub struct Lines(Arc<(Mutex<Timed>, Condvar)>);

type Timed = Vec<(Instant, String)>;

impl Lines {
    /// Reads `pipe` to its end, on a thread of its own.
    pub fn of(pipe: impl Read + Send + 'static) -> Lines {
        let lines = Lines::default();
        let own = lines.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines() {
                let Ok(line) = line else { return };
                own.lock().push((Instant::now(), line));
                own.0.1.notify_all();
            }
        });
        lines
    }

    fn lock(&self) -> MutexGuard<'_, Timed> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether nothing was said yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them.
    pub fn all(&self) -> Vec<String> {
        self.lock().iter().map(|(_, line)| line.clone()).collect()
    }

    /// Those from number `from` on.
    pub fn since(&self, from: usize) -> Vec<Said> {
        let lines = self.lock();
        let said = lines.iter().enumerate().skip(from);
        said.map(|(at, (when, line))| Said {
            at,
            when: *when,
            line: line.clone(),
        })
        .collect()
    }

    /// The newest one that passes `test`.
    pub fn newest(&self, test: impl Fn(&str) -> bool) -> Option<Said> {
        let lines = self.lock();
        let (at, (when, line)) = lines.iter().enumerate().rev().find(|(_, (_, l))| test(l))?;
        Some(Said {
            at,
            when: *when,
            line: line.clone(),
        })
    }

    /// Waits for the first line from number `from` on that passes `test`.
    pub fn find(&self, from: usize, within: Duration, test: impl Fn(&str) -> bool) -> Option<Said> {
        let end = Instant::now() + within;
        let mut lines = self.lock();
        let mut at = from;
        loop {
            while let Some((when, line)) = lines.get(at) {
                if test(line) {
                    return Some(Said {
                        at,
                        when: *when,
                        line: line.clone(),
                    });
                }
                at += 1;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let waited = self.0.1.wait_timeout(lines, left);
            lines = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Whether `line` is a JSON object with all members of `wanted`.
pub fn has(line: &str, wanted: &Value) -> bool {
    let Ok(line) = serde_json::from_str::<Value>(line) else {
        return false;
    };
    wanted
        .as_object()
        .is_some_and(|w| w.iter().all(|(key, value)| line.get(key) == Some(value)))
}
