// SPDX-License-Identifier: MIT OR Apache-2.0
//! Root logs in and looks around for a service that runs as another user, and leaves nothing in its way.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use crate::bed::{Bed, Out};

#[test]
fn what_root_does_leaves_the_session_to_the_service() {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        // Nobody but root can be in the way.
        return;
    }
    let bed = Bed::new();
    let text = fs::read_to_string(&bed.config).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("session_file"));
    fs::write(&bed.config, lines.collect::<Vec<_>>().join("\n")).unwrap();
    let panel = env!("CARGO_BIN_EXE_homey-panel");
    let config = bed.config.display();
    // Where another user may look.
    let ours = bed.dir.0.display();
    let ca = std::path::Path::new(bed.sim.word("ca_file"));
    let script = format!(
        "set -e
        mount -t tmpfs none /var/lib
        install -d -o 65534 -g 65534 -m 700 /var/lib/homey-panel
        cp {panel} /var/lib/panel
        chmod -R a+rX {ours} {}
        {panel} -c {config} login --password --email {} --password-file {ours}/password --keep-password
        {panel} -c {config} session renew --force
        {panel} -c {config} token
        stat -c 'owner %u:%g %a' /var/lib/homey-panel/*
        export HOME=/nowhere
        exec setpriv --reuid 65534 --regid 65534 --clear-groups /var/lib/panel -c {config} session renew --force",
        ca.parent().unwrap().display(),
        bed.sim.word("email"),
    );
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "sh", "-c", &script]);
    unshare.env("HOME", &bed.dir.0);
    for name in ["CREDENTIALS_DIRECTORY", "STATE_DIRECTORY", "XDG_STATE_HOME"] {
        unshare.env_remove(name);
    }
    let output = unshare
        .output()
        .expect("unshare(1), for a mount of its own");
    let told = Out::of(output).good();
    let owners: Vec<&str> = told
        .out
        .lines()
        .filter(|l| l.starts_with("owner"))
        .collect();
    assert_eq!(owners, ["owner 65534:65534 600"; 3], "{told:?}");
    let last = told.out.lines().last().unwrap();
    assert!(last.starts_with("{\"renewed\":true,"), "{told:?}");
}
