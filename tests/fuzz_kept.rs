// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fuzz targets over the inputs that once failed (`tests/data/fuzz/TARGET/`), as an ordinary test: what was mended stays so.
//!
//! `scripts/fuzz` finds such inputs, `scripts/fuzz --keep` makes them small and puts them there. Plain inputs run here too, so that a
//! target itself is never broken unnoticed.

#[path = "fuzz/src/targets/mod.rs"]
mod targets;

use std::fs;
use std::path::Path;

use targets::TARGETS;

#[global_allocator]
static HEAP: targets::bounds::Heap = targets::bounds::Heap;

#[test]
fn inputs_that_once_failed_fail_no_more() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/fuzz");
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("the kept inputs") {
        let kept = entry.expect("a folder entry").path();
        let name = kept.file_name().expect("a name").to_string_lossy();
        let target = TARGETS.iter().find(|target| target.name == name);
        let target = target.unwrap_or_else(|| panic!("no target is called {name}"));
        for input in fs::read_dir(&kept).expect("a folder of inputs") {
            let input = input.expect("a folder entry").path();
            println!("{}", input.display());
            target.run(&fs::read(&input).expect("an input"));
            count += 1;
        }
    }
    assert!(count >= 3, "only {count} kept inputs found");
}

#[test]
fn every_target_takes_plain_inputs() {
    let all: Vec<u8> = (0..=255).collect();
    for target in TARGETS {
        for input in [&b""[..], b"\0", b"{}\n\n", b"HTTP/1.1 200 OK\r\n\r\n", &all] {
            println!("{}: {} bytes", target.name, input.len());
            target.run(input);
        }
    }
}

#[test]
fn every_target_has_a_program_and_a_line_in_the_script() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = fs::read_to_string(root.join("scripts/fuzz")).expect("scripts/fuzz");
    let programs = fs::read_dir(root.join("tests/fuzz/src/bin")).expect("the programs");
    assert_eq!(programs.count(), TARGETS.len());
    for target in TARGETS {
        let name = target.name;
        let path = root.join(format!("tests/fuzz/src/bin/{name}.rs"));
        let program = fs::read_to_string(&path).expect("a program");
        let body = format!("targets::{}.run(bytes)", name.to_uppercase());
        assert!(program.contains(&body), "{name}: {program}");
        let line = format!("\n{name} ");
        assert!(script.contains(&line), "scripts/fuzz does not list {name}");
    }
}
