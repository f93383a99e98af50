// SPDX-License-Identifier: MIT OR Apache-2.0
//! What anybody in the network may answer to a question by multicast: hubs come out of it within bounds, or nothing does.

use homey_panel::homey::mdns::{Answers, is_id};

use super::input::assert_line;

const ID: &str = "5f00aa11bb22cc33dd44ee55";

/// The input's last byte says after how many bytes a second packet begins, counted from its end.
pub fn run(bytes: &[u8]) {
    let (packets, split) = match bytes.split_last() {
        Some((split, packets)) => (packets, usize::from(*split)),
        None => (bytes, 0),
    };
    let (first, second) = packets.split_at(packets.len().saturating_sub(split));
    for id in ["", ID] {
        let mut answers = Answers::new(id);
        let taken = [first, second].map(|packet| answers.take(packet));
        let hubs = answers.hubs();
        assert!(taken != [false, false] || hubs.is_empty());
        assert!(hubs.len() <= 33 && answers.wanted().len() <= 8);
        for hub in &hubs {
            assert!(hub.ips.len() <= 16);
            assert!(hub.id.as_deref().is_none_or(is_id));
            for text in [&hub.name, &hub.model, &hub.version].into_iter().flatten() {
                assert_line(&format!("a {text}"));
            }
        }
        for question in answers.missing() {
            // Fit to be sent, and no answer to itself.
            assert!(question.len() <= 12 + 255 + 4);
            assert!(!Answers::new(id).take(&question));
        }
        // What was said once more changes nothing.
        answers.take(first);
        assert_eq!(answers.hubs().len(), hubs.len());
    }
}
