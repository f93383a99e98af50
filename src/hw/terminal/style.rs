// SPDX-License-Identifier: MIT OR Apache-2.0
//! What this terminal can show, as its environment tells: escape sequences, colours, characters. Pure.

use crate::panel::plan::Rgb;

/// How many colours there are.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Colours {
    /// Only bright, dim and plain.
    None,
    /// The eight and their bright sisters.
    Sixteen,
    /// xterm's cube.
    Cube,
    /// All.
    True,
}

/// What may be sent to this terminal. Nothing is ever told by colour alone.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Style {
    /// It obeys escape sequences. Without: a line is printed for each change.
    pub escapes: bool,
    /// What colours it has, or the person wants.
    pub colours: Colours,
    /// It reads UTF-8.
    pub utf8: bool,
    /// Its font has circles, ticks and blocks.
    pub symbols: bool,
}

impl Style {
    /// From the environment: TERM, COLORTERM, NO_COLOR (<https://no-color.org>), and the locale's variables.
    pub fn from_env(var: impl Fn(&str) -> Option<String>) -> Style {
        let get = |name| var(name).filter(|value| !value.is_empty());
        let term = get("TERM").unwrap_or_default();
        let locale = get("LC_ALL")
            .or_else(|| get("LC_CTYPE"))
            .or_else(|| get("LANG"))
            .unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        let plain = ["", "dumb", "vt"].iter().any(|kind| match *kind {
            "vt" => term.starts_with("vt"),
            kind => term == kind,
        });
        let colours = if plain || get("NO_COLOR").is_some() {
            Colours::None
        } else if get("COLORTERM").is_some_and(|kind| kind == "truecolor" || kind == "24bit") {
            Colours::True
        } else if term.contains("256color") {
            Colours::Cube
        } else {
            Colours::Sixteen
        };
        // The kernel's own console has 256 or 512 glyphs; circles and ticks are seldom among them.
        Style {
            escapes: term != "dumb",
            colours,
            utf8,
            symbols: utf8 && term != "linux",
        }
    }

    /// The mark that stands for text that was cut off.
    pub(super) fn more(&self) -> char {
        if self.symbols { '…' } else { '>' }
    }

    /// The first where the font has it, else the second.
    pub(super) fn pick<T>(&self, symbol: T, plain: T) -> T {
        if self.symbols { symbol } else { plain }
    }

    /// Graphic rendition (SGR) parameters for a lamp's colour.
    pub(super) fn lamp(&self, Rgb(red, green, blue): Rgb) -> String {
        match self.colours {
            Colours::None => "1".into(),
            Colours::True => format!("38;2;{red};{green};{blue}"),
            Colours::Cube => {
                let [red, green, blue] =
                    [red, green, blue].map(|part| (u16::from(part) * 5 + 127) / 255);
                format!("38;5;{}", 16 + 36 * red + 6 * green + blue)
            }
            Colours::Sixteen => {
                let most = red.max(green).max(blue);
                let bit = |part: u8, value: u8| if part > most / 2 { value } else { 0 };
                format!("1;{}", 30 + bit(red, 1) + bit(green, 2) + bit(blue, 4))
            }
        }
    }

    /// The parameters for `colour` where there are colours, else for `plain`.
    pub(super) fn tint(&self, colour: &'static str, plain: &'static str) -> &'static str {
        if self.colours == Colours::None {
            plain
        } else {
            colour
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(vars: &[(&str, &str)]) -> Style {
        Style::from_env(|name| {
            vars.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.to_string())
        })
    }

    #[test]
    fn the_environment_says_what_may_be_sent() {
        let utf8 = ("LANG", "de_DE.UTF-8");
        let style_of = |escapes, colours, utf8, symbols| Style {
            escapes,
            colours,
            utf8,
            symbols,
        };
        let [all, cube, sixteen, none] = [
            Colours::True,
            Colours::Cube,
            Colours::Sixteen,
            Colours::None,
        ];
        let table: &[(&[(&str, &str)], Style)] = &[
            (
                &[("TERM", "xterm-256color"), utf8],
                style_of(true, cube, true, true),
            ),
            (
                &[("TERM", "xterm"), ("COLORTERM", "truecolor"), utf8],
                style_of(true, all, true, true),
            ),
            (
                &[("TERM", "xterm"), ("NO_COLOR", "1"), utf8],
                style_of(true, none, true, true),
            ),
            (
                &[("TERM", "xterm"), ("NO_COLOR", ""), utf8],
                style_of(true, sixteen, true, true),
            ),
            (
                &[("TERM", "xterm"), ("LC_ALL", "C"), utf8],
                style_of(true, sixteen, false, false),
            ),
            (
                &[("TERM", "linux"), ("LC_CTYPE", "C.utf8")],
                style_of(true, sixteen, true, false),
            ),
            (&[("TERM", "vt100")], style_of(true, none, false, false)),
            (&[("TERM", "dumb"), utf8], style_of(false, none, true, true)),
            (&[], style_of(true, none, false, false)),
        ];
        for (vars, want) in table {
            assert_eq!(style(vars), *want, "{vars:?}");
        }
    }

    #[test]
    fn a_lamp_has_the_nearest_colour_that_there_is() {
        let with = |colours| Style {
            escapes: true,
            colours,
            utf8: true,
            symbols: true,
        };
        let orange = Rgb(255, 170, 0);
        assert_eq!(with(Colours::True).lamp(orange), "38;2;255;170;0");
        assert_eq!(with(Colours::Cube).lamp(orange), "38;5;214");
        assert_eq!(with(Colours::Sixteen).lamp(orange), "1;33");
        assert_eq!(with(Colours::None).lamp(orange), "1");
        assert_eq!(with(Colours::Sixteen).lamp(Rgb(0, 0, 0)), "1;30");
    }
}
