// SPDX-License-Identifier: MIT OR Apache-2.0
//! Over the relay, while the hub is not in this network.

use serde_json::json;

use crate::bed::Bed;

#[test]
fn a_renewal_reaches_the_hub_over_the_relay() {
    let bed = Bed::new();
    bed.login(&[]).good();
    let token = bed.session().1["token"].clone();
    bed.sim
        .post("fault", &json!({"kind": "refuse", "cut": true}));
    let out = bed.run(&["session", "renew", "--force"]).good();
    assert!(out.out.contains("\"renewed\":true"), "{out:?}");
    assert_ne!(bed.session().1["token"], token);
    let told = bed.login(&[]).good();
    assert!(told.out.contains("(the relay)"), "{told:?}");
    bed.configure("relay = false", "");
    bed.run(&["session", "renew", "--force"])
        .failed(69, "nothing listens there");
}
