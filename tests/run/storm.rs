// SPDX-License-Identifier: MIT OR Apache-2.0
//! Presses at random through restarts and stalls: every one ends in one word, no flow starts twice, nothing leaks.

use std::time::{Duration, Instant};

use homey_rig::beds::{Setup, Sim};
use serde_json::json;

/// The number before `word` in a tally.
fn count(tally: &str, word: &str) -> usize {
    let words: Vec<&str> = tally.split([' ', ',']).filter(|w| !w.is_empty()).collect();
    let at = words.iter().position(|w| w.trim_end_matches(':') == word);
    at.and_then(|at| words.get(at.checked_sub(1)?)?.parse().ok())
        .unwrap_or_else(|| panic!("no {word} in {tally}"))
}

#[test]
fn through_restarts_and_stalls_every_press_ends_in_one_word() {
    let sim = Sim::new();
    let mut setup = Setup::of(&sim)
        .also("[timing]\npress_life_ms = 800")
        .also("[limits]\ncommand_ms = 900\nfirst_byte_ms = 600")
        .light("desk", "Office/Desk light")
        .light("work", "Kitchen/Worktop light")
        .control(
            "wheel",
            "turn = { step = \"Living room/Ceiling light\", capability = \"dim\" }",
        );
    // Many buttons, so that no word on one is overtaken by the next word on it: a panel keeps the newest only.
    for n in 0..32 {
        setup = setup.control(&format!("n{n}"), "press = { flow = \"Good night\" }");
    }
    let mut wall = setup.ready();
    let fds = wall.fds();
    let mut dice: u32 = 0x9e37_79b9;
    let mut roll = |n: u32| {
        dice ^= dice << 13;
        dice ^= dice >> 17;
        dice ^= dice << 5;
        dice % n
    };
    let (mut presses, mut nights, mut turns) = (0, 0, 0);
    let mut up = Instant::now();
    let end = up + Duration::from_secs(12);
    while Instant::now() < end {
        match roll(40) {
            0 if Instant::now() >= up => {
                let down = roll(1500);
                sim.post("restart", &json!({"down_ms": down}));
                up = Instant::now() + Duration::from_millis(u64::from(down) + 1000);
            }
            1 | 2 => {
                let phase = ["request", "head", "body"][roll(3) as usize];
                let path = ["/api/manager/devices", "/api/manager/flow"][roll(2) as usize];
                let ask =
                    json!({"path_prefix": path, "phase": phase, "ms": roll(1500), "times": 1});
                sim.post("stall", &ask);
            }
            3..=12 => {
                wall.tap(&format!("n{}", nights % 32));
                (presses, nights) = (presses + 1, nights + 1);
            }
            13..=20 => {
                wall.say("{\"turn\":\"wheel\",\"by\":1}");
                turns += 1;
            }
            n => {
                wall.tap(if n % 2 == 0 { "desk" } else { "work" });
                presses += 1;
            }
        }
        std::thread::sleep(Duration::from_millis(u64::from(roll(60))));
    }
    sim.post("clear", &json!({}));
    // Whatever was the last thing to happen, it recovers by itself.
    wall.see_text("\"state\"");
    wall.tap("work");
    presses += 1;
    wall.until("work", "ready");
    wall.until("desk", "ready");
    let words = ["confirmed", "refused", "superseded", "expired", "unknown"];
    let told = || {
        let shows = wall.shows.all();
        let nights = |l: &&String| l.contains("\"feedback\":\"n");
        words.map(|word| {
            shows
                .iter()
                .filter(nights)
                .filter(|l| l.contains(word))
                .count()
        })
    };
    sim.until("the last word", |_| told().iter().sum::<usize>() == nights);
    // Of the connections that a bad hour dialled two stay for commands, of which one may not have stood before.
    sim.until("few descriptors", |_| wall.fds() <= fds + 3);
    let told = told();
    let (story, starts) = (wall.story(), sim.starts().len());
    let tally = wall.stop();
    println!("{tally}; flows started {starts}, of {nights} pressed, told {told:?}");
    let ended: usize = words.iter().map(|word| count(&tally, word)).sum();
    let pressed = count(&tally, "pressed");
    // Turns that were read together are one.
    assert!(
        (presses..=presses + turns).contains(&pressed),
        "{presses} {turns}: {tally}"
    );
    assert_eq!(pressed, ended, "{tally}");
    // A flow that was confirmed ran once; one that is unknown ran once or not at all; no other ran.
    assert!(
        (told[0]..=told[0] + told[4]).contains(&starts),
        "{starts} {told:?}\n{story}"
    );
}
