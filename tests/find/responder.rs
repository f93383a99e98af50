// SPDX-License-Identifier: MIT OR Apache-2.0
//! Somebody in the house who answers multicast questions with whatever the test gives him, in literal bytes.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);

/// He ends with the test's process.
pub struct Responder {
    answers: Arc<Mutex<Vec<Vec<u8>>>>,
    asked: Arc<Mutex<u32>>,
}

impl Responder {
    pub fn new(answers: Vec<Vec<u8>>) -> Responder {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 5353)).expect("the port");
        socket
            .join_multicast_v4(&GROUP, &Ipv4Addr::LOCALHOST)
            .expect("the group");
        let responder = Responder {
            answers: Arc::new(Mutex::new(answers)),
            asked: Arc::default(),
        };
        let (answers, asked) = (responder.answers.clone(), responder.asked.clone());
        std::thread::spawn(move || {
            let mut packet = [0; 9000];
            while let Ok((_, from)) = socket.recv_from(&mut packet) {
                *asked.lock().unwrap() += 1;
                for answer in answers.lock().unwrap().iter() {
                    let _ = socket.send_to(answer, from);
                }
            }
        });
        responder
    }

    pub fn says(&self, answers: Vec<Vec<u8>>) {
        *self.answers.lock().unwrap() = answers;
    }

    /// Waits until so many more questions have come.
    pub fn wait_asked(&self, more: u32) {
        let until = *self.asked.lock().unwrap() + more;
        let begun = std::time::Instant::now();
        while *self.asked.lock().unwrap() < until {
            assert!(begun.elapsed() < Duration::from_secs(20), "nobody asks");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// `homey-ID.local` has this address of this kind: 1 is IPv4, 28 IPv6.
pub fn host(id: &str, kind: u8, address: &[u8]) -> Vec<u8> {
    let mut packet = b"\0\0\x84\0\0\0\0\x01\0\0\0\0".to_vec();
    let label = format!("homey-{id}");
    packet.push(label.len() as u8);
    packet.extend(label.bytes());
    packet.extend(b"\x05local\0\0");
    packet.extend([kind, 0x80, 1, 0, 0, 0, 120, 0, address.len() as u8]);
    packet.extend(address);
    packet
}
