// SPDX-License-Identifier: MIT OR Apache-2.0
//! A plain stop in the middle of a renewal, as a service manager sends it to the whole control group.

use std::os::unix::process::ExitStatusExt;

use homey_rig::beds::done;
use nix::sys::signal::Signal;
use serde_json::json;

use crate::bed::Bed;

#[test]
fn a_stop_waits_until_the_new_refresh_token_is_on_the_disk() {
    let bed = Bed::new();
    bed.options(json!({"access_ttl_ms": 30_000, "rotate": true}));
    bed.login(&[]).good();
    let refreshes = || bed.count("POST /oauth2/token");
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let before = bed.session().1;
        // The old token is spent by then, and the new one on its way.
        let stall = json!({"kind": "stall", "phase": "head", "path_prefix": "/oauth2/token", "ms": 700, "times": 1});
        bed.sim.post("cloud/fault", &stall);
        let sent = refreshes();
        let mut child = bed.start(&["session", "renew", "--force"]);
        bed.sim.until("the refresh", |_| refreshes() > sent);
        done(homey_rig::Process::new(child.id()).signal(signal));
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(signal as i32), "it does stop");
        let after = bed.session().1;
        assert_ne!(after["cloud"]["refresh"], before["cloud"]["refresh"]);
        assert_eq!(after["token"], before["token"]);
        bed.run(&["session", "renew", "--force"]).good();
        assert_eq!(bed.names(), ["session.json", "session.lock"]);
    }
}
