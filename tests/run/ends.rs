// SPDX-License-Identifier: MIT OR Apache-2.0
//! How it ends: by a signal, by the end of its standard input; and what it does while nothing happens.

use std::time::{Duration, Instant};

use homey_rig::beds::{Setup, Sim};
use nix::sys::signal::Signal;
use serde_json::json;

#[test]
fn a_signal_ends_it_cleanly() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let sim = Sim::new();
        let mut wall = Setup::of(&sim).light("desk", "Office/Desk light").ready();
        wall.tap("desk");
        wall.word("desk", "taken");
        wall.signal(signal);
        assert!(wall.end().success());
        let tally = wall.logged("stopped; ");
        assert!(
            tally.contains("1 pressed: 1 confirmed") && tally.contains("0 open"),
            "{tally}"
        );
    }
}

#[test]
fn a_signal_ends_it_while_there_is_no_hub_and_a_press_waits() {
    let mut sim = Sim::new();
    let setup = Setup::of(&sim).light("desk", "Office/Desk light");
    sim.kill();
    let mut wall = setup.run();
    wall.link("no-hub");
    wall.tap("desk");
    wall.word("desk", "taken");
    wall.signal(Signal::SIGTERM);
    let began = Instant::now();
    assert!(wall.end().success());
    assert!(began.elapsed() < Duration::from_secs(5));
    let tally = wall.logged("stopped; ");
    assert!(
        tally.contains("1 pressed") && tally.contains("1 expired") && tally.contains("0 open"),
        "{tally}"
    );
}

#[test]
fn the_end_of_its_input_lets_presses_end_first() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .light("desk", "Office/Desk light")
        .control("night", "press = { flow = \"Good night\" }")
        .ready();
    sim.post("stall", &json!({"path_prefix": "/api/manager/flow/flow/", "phase": "request", "ms": 700, "times": 1}));
    wall.tap("desk");
    wall.tap("night");
    wall.hang_up();
    assert!(wall.end().success());
    let tally = wall.logged("stopped; ");
    assert!(
        tally.contains("2 pressed: 2 confirmed") && tally.contains("0 open"),
        "{tally}\n{}",
        wall.story()
    );
    assert_eq!((sim.writes().len(), sim.starts().len()), (1, 1));
}

#[test]
fn presses_out_of_a_pipe_at_once_are_done_before_it_ends() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim).light("desk", "Office/Desk light").run();
    wall.tap("desk");
    wall.hang_up();
    assert!(wall.end().success());
    let tally = wall.logged("stopped; ");
    assert!(
        tally.contains("1 pressed: 1 confirmed"),
        "{tally}\n{}",
        wall.story()
    );
}

#[test]
fn while_nothing_happens_it_sleeps() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .also("[poll]\ninterval_ms = 1000\nidle_ms = 1000")
        .light("desk", "Office/Desk light")
        .ready();
    wall.tap("desk");
    wall.word("desk", "confirmed");
    wall.lamp("desk", "ready", true);
    let polls = |sim: &Sim| sim.counters()["requests"].as_u64().unwrap_or(0);
    let (ticks, naps, asked) = (wall.ticks(), wall.naps(), polls(&sim));
    sim.until("five more polls", |sim| {
        std::thread::sleep(Duration::from_millis(200));
        polls(sim) >= asked + 5
    });
    let (ticks, naps) = (wall.ticks() - ticks, wall.naps() - naps);
    println!("five polls: {ticks} ticks of processor time, {naps} sleeps");
    assert!(ticks <= 25, "{ticks}");
    assert!(naps <= 60, "{naps}");
    wall.stop();
}

#[test]
fn a_click_that_might_have_become_two_is_done_before_the_end() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .control(
            "night",
            "click_ms = 1000\npress = { flow = \"Good night\" }\ndouble_click = { flow = \"Panic\" }",
        )
        .ready();
    // Neither a reload nor the end of the input takes it away.
    wall.tap("night");
    wall.signal(Signal::SIGHUP);
    wall.word("night", "confirmed");
    wall.logged("panel.toml loaded");
    wall.link("ready");
    wall.tap("night");
    wall.hang_up();
    assert!(wall.end().success());
    assert_eq!(sim.starts(), ["Good night", "Good night"]);
    let tally = wall.logged("stopped; ");
    assert!(tally.contains("2 pressed: 2 confirmed"), "{tally}");
}
