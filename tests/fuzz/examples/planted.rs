// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mistakes that `scripts/fuzz --self-test` must find: each behind four bytes that no blind guessing meets.
#![no_main]

use std::sync::LazyLock;

use homey_fuzz::targets::Target;

const PLANTED: Target = Target::new("planted", planted);

/// Which mistake, from the environment: `panic`, `memory`, `time`, or none.
static MISTAKE: LazyLock<String> = LazyLock::new(|| std::env::var("PLANTED").unwrap_or_default());

fn planted(bytes: &[u8]) {
    let mistake = MISTAKE.as_str();
    // Byte by byte, so that only the coverage of the lines before leads to the last one.
    if bytes.first() == Some(&b'D')
        && bytes.get(1) == Some(&b'E')
        && bytes.get(2) == Some(&b'A')
        && bytes.get(3) == Some(&b'F')
    {
        match mistake {
            "panic" => panic!("the planted panic"),
            "memory" => drop(std::hint::black_box(vec![1u8; (1 << 20) + 1])),
            "time" => loop {
                std::hint::black_box(mistake);
            },
            _ => {}
        }
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| PLANTED.run(bytes));
