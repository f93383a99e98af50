// SPDX-License-Identifier: MIT OR Apache-2.0
//! A network of a test's own: the loopback interface alone, which takes multicast there, and a resolver that the test may be.

use std::process::Command;

/// Set inside.
const INSIDE: &str = "HOMEY_PANEL_IN_NETNS";

/// Names are asked of 127.0.0.53 there, which refuses unless the test listens.
const SCRIPT: &str = "ip link set lo up && ip link set lo multicast on && ip route add 224.0.0.0/4 dev lo && \
                      mount -t tmpfs none /mnt && echo nameserver 127.0.0.53 > /mnt/resolv.conf && \
                      mount --bind /mnt/resolv.conf /etc/resolv.conf && echo ready && exec \"$0\" \"$@\"";

/// `true` inside such a network. Outside it runs the test `name` there to its end, passes on what it said, and gives `false`.
pub fn alone(name: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let own = std::env::current_exe().expect("the test's path");
    let output = Command::new("unshare")
        .args(["-rnm", "sh", "-c", SCRIPT])
        .arg(own)
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .output();
    let (made, passed, text) = match output {
        Ok(output) => {
            let out = String::from_utf8_lossy(&output.stdout).into_owned();
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            let passed = output.status.success() && out.contains("1 passed");
            (out.starts_with("ready"), passed, out + &errors)
        }
        Err(e) => (false, false, e.to_string()),
    };
    if made {
        assert!(passed, "{text}");
        println!("{text}");
    } else {
        let required = std::env::var_os("HOMEY_PANEL_REQUIRE_NETNS").is_some();
        assert!(!required, "no network of its own (unshare -rnm): {text}");
        println!("skipped: no network of its own (unshare -rnm)");
    }
    false
}
