// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hub's times: any text is one or is not, and every time that can be written is read as itself.

use homey_panel::homey::iso::parse;

use super::input::Input;

/// 9999-12-31T23:59:59.999Z.
const LAST: u64 = 253_402_300_799_999;

pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(millis) = parse(&text) {
        // An offset may carry a year 9999 into the next one.
        assert!(millis <= LAST + 86_400_000);
        if millis <= LAST {
            assert_eq!(parse(&written(millis)), Some(millis), "{text}");
        }
    }
    let mut input = Input(bytes);
    let millis = u64::from_le_bytes([0; 8].map(|_: u8| input.last())) % (LAST + 1);
    assert_eq!(parse(&written(millis)), Some(millis));
}

/// By counting years and months, unlike the parser.
fn written(millis: u64) -> String {
    let leap = |year: u64| u64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
    let (mut days, mut year, mut month) = (millis / 86_400_000, 1970, 1);
    while days >= 365 + leap(year) {
        days -= 365 + leap(year);
        year += 1;
    }
    for length in [31, 28 + leap(year), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let second = millis / 1000 % 86_400;
    let (hour, minute) = (second / 3600, second / 60 % 60);
    let (day, second, fraction) = (days + 1, second % 60, millis % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:03}Z")
}
