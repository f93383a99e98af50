// SPDX-License-Identifier: MIT OR Apache-2.0
//! A search's conversation by multicast: what is asked of the house, and what has been heard so far.
//!
//! Must not know what becomes of it.

use crate::homey::mdns::{self, Answers, Heard, MAX_PACKET};
use crate::net::{Error, Multicast};
use crate::time::Time;

/// Questions for what announcements left out are sent so often at most.
const MAX_FOLLOW_UPS: u8 = 3;

/// What is asked and heard.
pub struct Ear {
    pub multicast: Multicast,
    answers: Answers,
    questions: Vec<Vec<u8>>,
    followed: u8,
}

impl Ear {
    /// Opens the conversation: about the hub with `id`, or all of them where that is empty. Nothing is sent yet.
    pub fn open(id: &str, now: Time) -> Result<Ear, Error> {
        let mut questions = vec![mdns::service_question()];
        questions.extend(mdns::address_question(id).filter(|_| !id.is_empty()));
        Ok(Ear {
            multicast: Multicast::open(mdns::GROUP, now)?,
            answers: Answers::new(id),
            questions,
            followed: 0,
        })
    }

    /// Asks where it is time to. An error: it was, and the questions could leave by no network at all.
    pub fn ask(&mut self, now: Time) -> Result<(), Error> {
        self.multicast.step(&self.questions, now)
    }

    /// Takes in what has come, and asks for what it left out. Whether there was any of use.
    pub fn listen(&mut self) -> bool {
        let mut packet = vec![0; MAX_PACKET];
        let mut heard = false;
        self.multicast
            .receive(&mut packet, &mut |bytes| heard |= self.answers.take(bytes));
        if heard && self.followed < MAX_FOLLOW_UPS {
            let missing = self.answers.missing();
            if !missing.is_empty() {
                self.followed += 1;
                // That one question did not leave is no reason to stop listening.
                let _ = self.multicast.send(&missing);
            }
        }
        heard
    }

    /// The hubs that were heard of until now.
    pub fn hubs(&self) -> Vec<Heard> {
        self.answers.hubs()
    }
}
