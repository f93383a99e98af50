// SPDX-License-Identifier: MIT OR Apache-2.0
//! homey-fuzz-seeds DATA OUT: makes first inputs for the fuzz targets out of the test data in DATA, as OUT/TARGET/NAME.
//!
//! A target's steering bytes stand at its input's end (`targets/mod.rs` of homey-fuzz), so a seed is a plain file and some bytes.
//! No library: it is built without the flags for coverage, in a second.

mod inline;
mod literal;

use std::fs;
use std::path::{Path, PathBuf};

use literal::{Case, cases};

/// How a seed arrives: two sizes, then their number.
const SIZES: [u8; 3] = [6, 40, 2];

/// Writes seeds and counts them.
struct Seeds {
    out: PathBuf,
    count: usize,
}

impl Seeds {
    fn put(&mut self, target: &str, parts: &[&[u8]]) {
        let folder = self.out.join(target);
        fs::create_dir_all(&folder).expect("a folder for seeds");
        fs::write(
            folder.join(format!("seed-{:04}", self.count)),
            parts.concat(),
        )
        .expect("a seed");
        self.count += 1;
    }
}

fn main() {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(data), Some(out), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        eprintln!("homey-fuzz-seeds: expected two folders: the test data and where seeds go");
        std::process::exit(64);
    };
    let mut seeds = Seeds { out, count: 0 };
    for (_, text) in files(&data.join("replies"), "txt") {
        cases(&text).iter().for_each(|case| reply(&mut seeds, case));
    }
    for (_, text) in files(&data.join("homey"), "json") {
        seeds.put("devices", &[text.as_bytes(), &SIZES]);
        seeds.put("replies", &[text.as_bytes(), &[0], &SIZES]);
        seeds.put("names", &[&names_in(&text), &[2, 2]]);
    }
    for folder in ["good", "bad"] {
        for (_, text) in files(&data.join("config").join(folder), "toml") {
            seeds.put("config", &[text.as_bytes()]);
        }
    }
    for (index, (_, text)) in files(&data.join("requests"), "txt").into_iter().enumerate() {
        let lines: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("line: "))
            .collect();
        let profile = format!("3b0e6c7a\n{}", lines.join("\n"));
        seeds.put("profile", &[profile.as_bytes(), &[index as u8 % 4]]);
    }
    for (_, text) in files(&data.join("demo"), "txt") {
        let lines: Vec<&str> = text
            .lines()
            .filter_map(|line| line.find('{').map(|at| &line[at..]))
            .collect();
        seeds.put("line", &[lines.join("\n").as_bytes(), &SIZES]);
    }
    inline::put(&mut seeds);
    println!("{} seeds", seeds.count);
}

/// A reply goes to the targets whose part it plays.
fn reply(seeds: &mut Seeds, case: &Case) {
    let sent = &case.sent[..case.sent.len().min(32 << 10)];
    let method = u8::from(case.head_only);
    seeds.put("head", &[sent, &SIZES]);
    seeds.put("body", &[sent, &[12, 16, method], &SIZES]);
    let Some(end) = sent.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return;
    };
    let (head, body) = sent.split_at(end + 4);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    if head.contains("chunked") {
        seeds.put("chunked", &[body, &SIZES]);
    }
    // The order of `STACKS` in the target.
    let codings = ["gzip", "deflate", "br"];
    let field = head
        .lines()
        .find_map(|line| line.strip_prefix("content-encoding: "));
    let stack = codings
        .iter()
        .position(|coding| field.is_some_and(|field| field.ends_with(coding)));
    if let Some(stack) = stack {
        seeds.put("coding", &[body, &[12, 16, stack as u8], &SIZES]);
        seeds.put("coding", &[body, &[12, 9, stack as u8], &SIZES]);
    }
}

/// The values of the members called name, a line each.
fn names_in(json: &str) -> Vec<u8> {
    let values = json
        .split("\"name\":\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    let names: Vec<&str> = values.collect();
    let asked = names.first().copied().unwrap_or_default();
    format!("{asked}\nKitchen/{asked}\n{}", names.join("\n")).into_bytes()
}

/// Name and text of every file in `folder` with that extension, sorted by name.
fn files(folder: &Path, extension: &str) -> Vec<(PathBuf, String)> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    let read = |path: PathBuf| {
        let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, String::from_utf8_lossy(&text).into_owned())
    };
    let files: Vec<_> = files.into_iter().map(read).collect();
    assert!(!files.is_empty(), "nothing in {}", folder.display());
    files
}
