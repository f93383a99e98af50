// SPDX-License-Identifier: MIT OR Apache-2.0
//! Colours as people write them, in the two numbers that lamps take: hue and saturation (`capabilities.md` 2).
//!
//! A colour's brightness is not in them: that is the lamp's `dim`, which is left as it is.

use crate::config::nearest;

/// Hue and saturation, 0 to 1 each.
pub(super) type Colour = (f64, f64);

/// Names, their hue in degrees and their saturation in per cent.
const NAMED: [(&str, u16, u8); 15] = [
    ("red", 0, 100),
    ("orange", 30, 100),
    ("amber", 45, 100),
    ("yellow", 60, 100),
    ("lime", 90, 100),
    ("green", 120, 100),
    ("turquoise", 170, 100),
    ("cyan", 180, 100),
    ("azure", 210, 100),
    ("blue", 240, 100),
    ("purple", 275, 100),
    ("violet", 275, 70),
    ("magenta", 300, 100),
    ("pink", 330, 60),
    ("white", 0, 0),
];

/// Reads `#ff8800`, `#f80`, `ff8800` or a name.
pub(super) fn read(text: &str) -> Result<Colour, String> {
    let small = text.trim().to_ascii_lowercase();
    if let Some((_, degrees, percent)) = NAMED.iter().find(|(name, ..)| *name == small) {
        return Ok((f64::from(*degrees) / 360.0, f64::from(*percent) / 100.0));
    }
    let digits = small.strip_prefix('#').unwrap_or(&small);
    let value = |at: usize, len: usize| {
        let part = digits.get(at * len..(at + 1) * len)?;
        let number = u8::from_str_radix(part, 16).ok()?;
        // #f80 is #ff8800.
        Some(f64::from(if len == 1 { number * 17 } else { number }) / 255.0)
    };
    let len = digits.len() / 3;
    let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit()) && matches!(digits.len(), 3 | 6);
    match (value(0, len), value(1, len), value(2, len)) {
        (Some(0.0), Some(0.0), Some(0.0)) if is_hex => {
            Err("black is no colour of a lamp; set its onoff to off".into())
        }
        (Some(red), Some(green), Some(blue)) if is_hex => Ok(of_rgb(red, green, blue)),
        _ => {
            let hint = nearest(&small, NAMED.iter().map(|(name, ..)| *name))
                .map(|near| format!("; did you mean {near}"))
                .unwrap_or_default();
            Err(format!("expected #ff8800 or the name of a colour{hint}"))
        }
    }
}

fn of_rgb(red: f64, green: f64, blue: f64) -> Colour {
    let most = red.max(green).max(blue);
    let range = most - red.min(green).min(blue);
    if range <= 0.0 {
        return (0.0, 0.0);
    }
    let sixths = if most == red {
        ((green - blue) / range).rem_euclid(6.0)
    } else if most == green {
        (blue - red) / range + 2.0
    } else {
        (red - green) / range + 4.0
    };
    (sixths / 6.0, range / most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_hue_and_saturation() {
        for (text, hue, saturation) in [
            ("#ff0000", 0.0, 1.0),
            ("#F80", 32.0, 1.0),
            ("00ff00", 120.0, 1.0),
            ("#8080ff", 240.0, 0.498),
            ("#ff00ff", 300.0, 1.0),
            ("#ff0080", 329.9, 1.0),
            ("#808080", 0.0, 0.0),
            ("White", 0.0, 0.0),
            ("pink", 330.0, 0.6),
        ] {
            let (h, s) = read(text).unwrap();
            assert!((h * 360.0 - hue).abs() < 0.1, "{text}: {}", h * 360.0);
            assert!((s - saturation).abs() < 0.001, "{text}: {s}");
        }
    }

    #[test]
    fn what_is_no_colour_is_told() {
        const EXPECTED: &str = "expected #ff8800 or the name of a colour";
        for (text, hint) in [
            ("", ""),
            ("#", ""),
            ("#ff", ""),
            ("#ff88000", ""),
            ("#gg8800", ""),
            ("+f+f+f", ""),
            ("é€", ""),
            ("0.5", ""),
            ("geen", "; did you mean green"),
        ] {
            assert_eq!(
                read(text).unwrap_err(),
                format!("{EXPECTED}{hint}"),
                "{text}"
            );
        }
        assert!(read("#000").unwrap_err().starts_with("black"));
    }
}
