// SPDX-License-Identifier: MIT OR Apache-2.0
//! A panic gives the terminal back, also where panics abort and nothing is dropped. A file of its own:
//! the hook gives back every terminal of the process.

mod hw_support;

use homey_panel::hw::restore_terminals;
use homey_panel::hw::terminal::{Colours, Style, TerminalPanel};
use hw_support::{face, now, pty};
use nix::sys::termios::tcgetattr;

#[test]
fn a_panic_and_an_exit_give_the_terminal_back() {
    let style = Style {
        escapes: true,
        colours: Colours::None,
        utf8: true,
        symbols: true,
    };
    type WayOut = fn();
    let ways: [WayOut; 2] = [
        || assert!(std::panic::catch_unwind(|| panic!("on purpose")).is_err()),
        restore_terminals,
    ];
    for way_out in ways {
        let (mut peer, slave, path) = pty(40, 12);
        let before = tcgetattr(&slave).unwrap();
        let panel = TerminalPanel::open_at("tty", &path, style, face(), now()).unwrap();
        assert_ne!(tcgetattr(&slave).unwrap(), before);
        way_out();
        assert_eq!(tcgetattr(&slave).unwrap(), before);
        peer.read_until(|seen| seen.ends_with("\u{1b}[?1049l"));
        drop(panel);
        assert_eq!(tcgetattr(&slave).unwrap(), before);
    }
}
