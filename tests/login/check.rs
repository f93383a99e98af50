// SPDX-License-Identifier: MIT OR Apache-2.0
//! `check`: where a session cannot be kept, and where none has to be.

use std::fs;

use crate::bed::Bed;

#[test]
fn a_session_that_cannot_be_kept_is_warned_of_and_a_key_is_not() {
    let bed = Bed::new();
    let nowhere = bed.dir.0.join("none");
    let line = format!("session_file = \"{}/session.json\"", nowhere.display());
    bed.configure(&line, "");
    let told = bed.run(&["check", "--offline"]).good();
    assert!(
        told.out
            .contains("warning: a session cannot be kept here, only an API key works"),
        "{told:?}"
    );
    fs::create_dir(&nowhere).unwrap();
    let told = bed.run(&["check", "--offline"]).good();
    assert!(!told.out.contains("warning: a session"), "{told:?}");
    let key = bed.dir.write("key", bed.sim.word("api_key"));
    let line = format!("api_key_file = \"{}\"", key.display());
    let config = bed.configure(&line, "");
    let text = fs::read_to_string(&config).unwrap();
    let text: String = text
        .lines()
        .filter(|l| !l.starts_with("session_file"))
        .map(|l| format!("{l}\n"))
        .collect();
    fs::write(&config, text).unwrap();
    let told = bed.run(&["check"]).good();
    assert!(!told.out.contains("warning: a session"), "{told:?}");
    bed.login(&[])
        .failed(78, "so a session would never be used");
    bed.run(&["session"])
        .failed(77, "the bearer is the API key in");
}
