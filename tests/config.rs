// SPDX-License-Identifier: MIT OR Apache-2.0
//! Configuration files as test cases: `tests/data/config/good/*.toml` must be read, with the warnings in the `.expect` beside
//! (none: no warnings); `bad/*.toml` must give exactly the lines of their `.expect`.
//!
//! A new case is a new file. `BLESS=1 cargo test --test config` writes the `.expect` files anew; read the difference before it is kept.

use std::fs;
use std::path::{Path, PathBuf};

use homey_panel::config::{Config, Problem};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config")
}

/// The cases of a directory by name, with their texts.
fn cases(directory: &str) -> Vec<(PathBuf, String, String)> {
    let mut cases: Vec<(PathBuf, String, String)> = fs::read_dir(data().join(directory))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            (path, name, text)
        })
        .collect();
    cases.sort();
    cases
}

/// Compares with the `.expect` beside `path`, or writes it.
fn compare(path: &Path, problems: &[Problem], differences: &mut Vec<String>) {
    let found: String = problems
        .iter()
        .map(|problem| format!("{problem}\n"))
        .collect();
    let expect = path.with_extension("expect");
    if std::env::var_os("BLESS").is_some() {
        match found.is_empty() {
            true => drop(fs::remove_file(&expect)),
            false => fs::write(&expect, &found).unwrap(),
        }
    }
    let wanted = fs::read_to_string(&expect).unwrap_or_default();
    if found != wanted {
        differences.push(format!(
            "{}\nfound:\n{found}wanted:\n{wanted}",
            path.display()
        ));
    }
}

#[test]
fn good_files_are_read_with_their_warnings() {
    let mut differences = Vec::new();
    for (path, name, text) in cases("good") {
        match Config::parse(&name, &text) {
            Ok(config) => compare(&path, &config.warnings, &mut differences),
            Err(problems) => differences.push(format!("{name}: {problems:#?}")),
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn bad_files_give_exactly_their_problems() {
    let cases = cases("bad");
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    let mut differences = Vec::new();
    for (path, name, text) in cases {
        match Config::parse(&name, &text) {
            Ok(_) => differences.push(format!("{name} was read")),
            Err(problems) => {
                assert!(!problems.is_empty(), "{name}");
                let secret = problems
                    .iter()
                    .any(|problem| problem.to_string().contains("s3cret"));
                assert!(!secret, "{name}: {problems:#?}");
                compare(&path, &problems, &mut differences);
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Reads `text`, whatever it is, and checks what must hold of every result.
fn survive(text: &str) {
    let check = |problems: &[Problem]| {
        let lines: Vec<&str> = text
            .strip_prefix('\u{feff}')
            .unwrap_or(text)
            .split('\n')
            .collect();
        let places: Vec<(u32, u32)> = problems.iter().map(|p| (p.line, p.column)).collect();
        assert!(places.is_sorted(), "{places:?}");
        for problem in problems {
            let line = lines
                .get(problem.line as usize - 1)
                .expect("a line of the file");
            assert!(
                problem.column as usize <= line.chars().count() + 1,
                "{problem}"
            );
            assert_eq!(problem.to_string().lines().count(), 1, "{problem}");
            assert!(problem.to_string().len() < 2000, "{problem}");
        }
    };
    match Config::parse("f", text) {
        Ok(config) => {
            check(&config.warnings);
            assert_eq!(config.plan.controls.len(), config.control_faces.len());
            assert_eq!(config.plan.controls.len(), config.sources.controls.len());
            assert_eq!(config.plan.outputs.len(), config.output_faces.len());
            assert_eq!(config.plan.outputs.len(), config.sources.outputs.len());
            assert_eq!(config.plan.points.len(), config.sources.points.len());
            assert_eq!(config.plan.starts.len(), config.sources.starts.len());
            assert_eq!(config.panels.len(), config.sources.panels.len());
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            check(&problems);
        }
    }
}

#[test]
fn every_beginning_of_a_file_is_survived() {
    for (_, _, text) in cases("good").iter().chain(&cases("bad")) {
        // The long sample in coarser steps, or the test takes a minute.
        let step = text.len() / 2000 + 1;
        for end in (0..=text.len())
            .step_by(step)
            .filter(|end| text.is_char_boundary(*end))
        {
            survive(&text[..end]);
        }
    }
}

#[test]
fn every_changed_byte_is_survived() {
    let sets: [(&str, &[u8]); 2] = [("good", b"\"[{=.0\n\0"), ("bad", b"\"")];
    for (directory, bytes) in sets {
        for (_, _, text) in cases(directory)
            .iter()
            .filter(|(.., text)| text.len() < 1500)
        {
            for (at, byte) in
                (0..text.len()).flat_map(|at| bytes.iter().map(move |byte| (at, *byte)))
            {
                let mut changed = text.as_bytes().to_vec();
                changed[at] = byte;
                if let Ok(text) = String::from_utf8(changed) {
                    survive(&text);
                }
            }
        }
    }
}

#[test]
fn words_out_of_place_are_survived() {
    // Every value of a good file in the place of every other: all types under all keys.
    let values = [
        "1",
        "-1",
        "1e300",
        "nan",
        "true",
        "\"\"",
        "\"x\"",
        "\"/\"",
        "\"{\"",
        "[]",
        "[[]]",
        "{}",
        "{ a.b = 1 }",
        "[{}]",
    ];
    for (_, _, text) in cases("good") {
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let Some((key, _)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
                continue;
            };
            for value in values {
                let changed = format!("{key}= {value}");
                let mut lines = lines.clone();
                lines[index] = &changed;
                survive(&lines.join("\n"));
            }
        }
    }
}

#[test]
fn hostile_sizes_end_soon() {
    survive(&"[".repeat(1 << 19));
    survive(&"a.".repeat(1 << 19));
    survive(&"{".repeat(1 << 19));
    survive(&format!("a = {}", "[".repeat(1 << 19)));
    survive(&"\"".repeat(1 << 19));
    survive(&"[[control]]\n".repeat((1 << 20) / 12));
    survive(&"x".repeat((1 << 20) + 1));
    let keys: String = (0..60_000).map(|n| format!("key{n} = 1\n")).collect();
    survive(&keys);
    let same = "[[control]]\nname='x'\npress={toggle='a'}\n".repeat(2000);
    survive(&format!("[[panel]]\nname='p'\nkind='terminal'\n{same}"));
}
