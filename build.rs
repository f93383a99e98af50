// SPDX-License-Identifier: MIT OR Apache-2.0
//! Gives the crate two values at compile time, the same on every machine that builds the same commit:
//!
//! - `BUILD_EPOCH`: seconds since 1970, `SOURCE_DATE_EPOCH` where set, else the commit's date, else 0. The floor of the
//!   TLS clock on a panel whose own clock is not set yet.
//! - `BUILD_COMMIT`: the first 12 digits of the commit, or `unknown` outside its repository (a release tarball).
//!
//! Used as `env!`; a constant needs no parsing at run time:
//!
//! ```text
//! const EPOCH: u64 = match u64::from_str_radix(env!("BUILD_EPOCH"), 10) {
//!     Ok(seconds) => seconds,
//!     Err(_) => 0,
//! };
//! const COMMIT: &str = env!("BUILD_COMMIT");
//! ```
//!
//! And with the feature `tools` it packs the table of the hub's operations into `OUT_DIR/operations.deflate`, which holds
//! `OPERATIONS_LEN` bytes of text.
//!
//! Runs again when `SOURCE_DATE_EPOCH` or the checked-out commit changes. Needs neither git nor a repository.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// As people read and redo it.
const OPERATIONS: &str = "src/cli/tools/api/operations.txt";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    // What the linker is given by scripts/build; a source tree without it is built by other means.
    for script in ["cross/layout.ld", "cross/no-unwind.ld"] {
        if Path::new(script).exists() {
            println!("cargo::rerun-if-changed={script}");
        }
    }
    let ours = is_our_repository();
    if ours {
        watch_commit();
    }
    let from_commit = |format| {
        if ours {
            git(&["log", "-1", format])
        } else {
            None
        }
    };
    let given = env::var("SOURCE_DATE_EPOCH").unwrap_or_default();
    let epoch = if given.is_empty() {
        from_commit("--format=%ct").and_then(|text| text.parse::<u64>().ok())
    } else {
        Some(
            given
                .parse()
                .expect("SOURCE_DATE_EPOCH: expected seconds since 1970"),
        )
    };
    // Not git's own short form: that grows with the number of objects in the clone.
    let commit = from_commit("--format=%H").and_then(|hash| hash.get(..12).map(str::to_owned));
    println!("cargo::rustc-env=BUILD_EPOCH={}", epoch.unwrap_or(0));
    println!(
        "cargo::rustc-env=BUILD_COMMIT={}",
        commit.as_deref().unwrap_or("unknown")
    );
    if env::var_os("CARGO_FEATURE_TOOLS").is_some() {
        pack_operations();
    }
}

/// 28 KiB of text are 7 KiB in the program, which can inflate them anyway.
fn pack_operations() {
    println!("cargo::rerun-if-changed={OPERATIONS}");
    let all = fs::read_to_string(OPERATIONS).expect(OPERATIONS);
    let lines = all.split_inclusive('\n').filter(|l| !l.starts_with('#'));
    let text: String = lines.collect();
    let best = flate2::Compression::best();
    let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), best);
    packed.write_all(text.as_bytes()).expect("memory");
    let packed = packed.finish().expect("memory");
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("operations.deflate"), packed).expect("OUT_DIR is ours");
    println!("cargo::rustc-env=OPERATIONS_LEN={}", text.len());
}

/// Whether git answers for this package and not for a tree around it, such as Buildroot's with our tarball unpacked inside.
fn is_our_repository() -> bool {
    let here = env::var_os("CARGO_MANIFEST_DIR").and_then(|dir| fs::canonicalize(dir).ok());
    let top = git(&["rev-parse", "--show-toplevel"]).and_then(|dir| fs::canonicalize(dir).ok());
    here.is_some() && here == top
}

/// Has cargo run this again after a commit or a checkout; in a worktree the two files lie in different directories.
fn watch_commit() {
    let watch = |path: &Path| println!("cargo::rerun-if-changed={}", path.display());
    if let Some(head) = git_path("HEAD") {
        watch(&head);
    }
    if let Some(packed) = git_path("packed-refs").filter(|path| path.exists()) {
        watch(&packed);
    }
    // A detached HEAD names no branch. A packed branch has no file until the next commit: then the directory that will
    // get it, since cargo takes a missing file for a changed one.
    let branch = git(&["symbolic-ref", "-q", "HEAD"]).and_then(|name| git_path(&name));
    if let Some(existing) = branch
        .as_deref()
        .and_then(|path| path.ancestors().find(|path| path.exists()))
    {
        watch(existing);
    }
}

fn git_path(name: &str) -> Option<PathBuf> {
    git(&["rev-parse", "--git-path", name]).map(PathBuf::from)
}

/// What git prints, or nothing where it is missing or fails.
fn git(arguments: &[&str]) -> Option<String> {
    // Set inside git's hooks, they would point at another repository.
    let output = Command::new("git")
        .args(arguments)
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    if text.is_empty() {
        None
    } else {
        Some(text.to_owned())
    }
}
