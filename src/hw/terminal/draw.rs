// SPDX-License-Identifier: MIT OR Apache-2.0
//! The picture: rows of cells between a title and two lines of news, for 40 columns and up. Pure.
//!
//! ```text
//! Hall                              day
//! [1]  Desk         ● ON      60 %  ███░░
//! [2]  Sofa         ◐ on…     taken …
//!      Window       ? unknown
//! hub: ready
//! ```
//!
//! Every state has a mark and a word besides its colour.

use super::model::{Cell, Model};
use super::style::Style;
use crate::hw::text::{char_width, cut, fit, width};
use crate::panel::plan::{Blink, Rgb};
use crate::panel::{Condition, Feedback, Link, Look};

/// One row of the screen, with its graphic renditions in it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Row {
    pub(super) text: String,
    pub(super) width: usize,
}

/// Columns of a state: a mark, a space and a word such as `unknown`.
const STATE: usize = 9;
/// Columns of a value or of the longest news, `» superseded`.
const TAIL: usize = 12;
/// Columns of a knob's bar.
const BAR: usize = 5;
/// A cell narrower than this has no room for words.
const WIDE: usize = 34;
const NARROWEST: usize = 19;
const WIDEST: usize = 60;

impl Row {
    /// Appends `text` in rendition `sgr`.
    fn put(&mut self, style: &Style, sgr: &str, text: &str) {
        let plain: String;
        let text = if style.utf8 {
            text
        } else {
            plain = ascii(text);
            &plain
        };
        self.width += width(text);
        if sgr.is_empty() || !style.escapes || text.trim().is_empty() {
            self.text.push_str(text);
        } else {
            self.text.push_str(&format!("\x1b[{sgr}m{text}\x1b[0m"));
        }
    }
}

/// The whole screen, `rows` rows of at most `columns` columns.
pub(super) fn draw(model: &Model, style: &Style, columns: usize, rows: usize) -> Vec<Row> {
    let cells = model.cells();
    let (title, news, link) = (rows >= 6, rows >= 4, rows >= 2);
    let room = rows.saturating_sub(usize::from(title) + usize::from(news) + usize::from(link));
    let mut screen = Vec::with_capacity(rows);
    if title {
        screen.push(title_row(model, style, columns));
    }
    screen.extend(cell_rows(model, style, &cells, columns, room));
    screen.resize(
        rows.saturating_sub(usize::from(news) + usize::from(link)),
        Row::default(),
    );
    if link {
        let (sgr, words) = link_words(model, style);
        screen.push(line(style, sgr, words, columns));
    }
    if news {
        screen.push(match model.help {
            true => line(
                style,
                "",
                "key press, CAPS hold, ^L redraw, q quit",
                columns,
            ),
            false => line(style, "", &model.notice, columns),
        });
    }
    screen.truncate(rows);
    screen
}

fn line(style: &Style, sgr: &str, text: &str, columns: usize) -> Row {
    let mut row = Row::default();
    row.put(style, sgr, &cut(text, columns, style.more()));
    row
}

fn title_row(model: &Model, style: &Style, columns: usize) -> Row {
    let layer = model.face.layer_name(model.layer);
    let words = match (model.asleep, layer) {
        (false, layer) => layer.to_owned(),
        (true, "") => "asleep".to_owned(),
        (true, layer) => format!("{layer}, asleep"),
    };
    let layer = cut(&words, columns / 3, style.more());
    let mut row = Row::default();
    row.put(
        style,
        "1",
        &fit(
            &model.face.title,
            columns.saturating_sub(width(&layer) + 1),
            style.more(),
        ),
    );
    row.put(style, "", " ");
    row.put(style, "1", &layer);
    row
}

/// The cells in as many columns as they need, filled from the top.
fn cell_rows(
    model: &Model,
    style: &Style,
    cells: &[Cell],
    columns: usize,
    room: usize,
) -> Vec<Row> {
    if room == 0 || cells.is_empty() {
        return Vec::new();
    }
    let most = (columns / NARROWEST).max(1);
    let across = cells.len().div_ceil(room).clamp(1, most);
    let down = cells.len().div_ceil(across).min(room);
    let wide = (columns / across).min(WIDEST);
    let keys = cells
        .iter()
        .map(|cell| width(&key_text(model, cell, wide)))
        .max()
        .unwrap_or(0);
    let fits = across * down;
    let mut rows = vec![Row::default(); down];
    for (index, cell) in cells.iter().take(fits).enumerate() {
        let row = &mut rows[index % down];
        if index + 1 == fits && cells.len() > fits {
            let more = format!("{} more: enlarge the window", cells.len() - fits + 1);
            row.put(style, "", &cut(&more, wide, style.more()));
        } else {
            cell_into(row, model, style, cell, wide, keys);
        }
    }
    rows
}

fn cell_into(row: &mut Row, model: &Model, style: &Style, cell: &Cell, wide: usize, keys: usize) {
    let control = cell
        .control
        .and_then(|index| model.face.controls.get(index));
    let output = cell.output.and_then(|index| model.face.outputs.get(index));
    let label = control
        .map(|control| &control.label)
        .or(output.map(|output| &output.label));
    let label = label.map_or("", String::as_str);
    let full = wide >= WIDE;
    let state = if full { STATE } else { 1 };
    // Between key, label, state, tail and the next cell one column each.
    let Some(free) = wide.checked_sub(keys + state + 4) else {
        return row.put(style, "", &fit(label, wide, style.more()));
    };
    let tail = free.div_ceil(2).min(if full { TAIL } else { 5 });
    let fit = |text: &str, columns| fit(text, columns, style.more());
    let words = |mark: char, word| match full {
        true => format!("{mark} {word}"),
        false => mark.to_string(),
    };
    row.put(style, "1", &fit(&key_text(model, cell, wide), keys + 1));
    row.put(style, "", &fit(label, free - tail));
    row.put(style, "", " ");
    let look = cell.output.and_then(|index| model.look(index));
    if let Some(look) = look {
        let (mark, word, sgr) = state_words(look, style);
        row.put(style, &sgr, &fit(&words(mark, word), state));
    } else {
        row.put(style, "", &fit("", state));
    }
    row.put(style, "", " ");
    match (cell.control.and_then(|index| model.feedback(index)), look) {
        (Some(feedback), _) => {
            let (mark, word, sgr) = feedback_words(feedback, style);
            row.put(style, sgr, &fit(&words(mark, word), tail));
        }
        // A value is worth showing unless it was never read.
        (None, Some(look)) if look.condition != Condition::Unknown => {
            let knob = control.is_some_and(|control| control.turns);
            value_into(row, style, look, knob && full, tail);
        }
        _ => row.put(style, "", &fit("", tail)),
    }
    row.put(style, "", " ");
}

/// For a terminal without UTF-8: a question mark for each column.
fn ascii(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            ' '..='~' => out.push(c),
            c => out.push_str(&"??"[..char_width(c).min(2)]),
        }
    }
    out
}

fn value_into(row: &mut Row, style: &Style, look: &Look, knob: bool, tail: usize) {
    let bar = knob && tail > BAR;
    let room = if bar { tail - BAR } else { tail };
    let sgr = if look.condition == Condition::Ready {
        ""
    } else {
        "2"
    };
    row.put(style, sgr, &fit(&look.text, room, style.more()));
    if bar {
        let lit = (look.level.clamp(0.0, 1.0) * BAR as f32).round() as usize;
        let (full, empty) = style.pick(("█", "░"), ("#", "."));
        row.put(
            style,
            sgr,
            &(full.repeat(lit) + &empty.repeat(BAR - lit.min(BAR))),
        );
    }
}

/// The keys of a control: `[1]`, `[-+]`, `[1-+]`; without brackets where there is no room.
fn key_text(model: &Model, cell: &Cell, wide: usize) -> String {
    let Some(control) = cell
        .control
        .and_then(|index| model.face.controls.get(index))
    else {
        return String::new();
    };
    let mut keys: String = control.key.into_iter().collect();
    if let Some((down, up)) = control.turn_keys {
        keys.extend([down, up]);
    }
    if keys.is_empty() || wide < WIDE {
        keys
    } else {
        format!("[{keys}]")
    }
}

/// Mark, word and rendition of a state.
fn state_words(look: &Look, style: &Style) -> (char, &'static str, String) {
    let lamp = style.pick(
        if look.on { '●' } else { '○' },
        if look.on { '*' } else { '.' },
    );
    let words = |on, off| if look.on { on } else { off };
    let (mark, word, sgr) = match look.condition {
        Condition::Ready => {
            let colour = style.lamp(look.colour.unwrap_or(Rgb(255, 220, 0)));
            let blink = if look.blink == Blink::Steady {
                ""
            } else {
                ";5"
            };
            let sgr = if look.on {
                format!("{colour}{blink}")
            } else {
                "2".into()
            };
            return (lamp, words("ON", "off"), sgr);
        }
        Condition::Pending => (
            style.pick('◐', '~'),
            style.pick(words("on…", "off…"), words("on..", "off..")),
            "33",
        ),
        Condition::Stale => (lamp, words("on~", "off~"), "2"),
        Condition::Unknown => ('?', "unknown", "2"),
        Condition::Unavailable => ('x', "away", style.tint("31", "2")),
        Condition::Blocked => ('!', "blocked", style.tint("1;31", "1")),
    };
    (
        mark,
        word,
        if sgr == "33" {
            style.tint("33", "")
        } else {
            sgr
        }
        .into(),
    )
}

fn feedback_words(feedback: Feedback, style: &Style) -> (char, &'static str, &'static str) {
    match feedback {
        Feedback::Taken => (style.pick('…', '.'), "taken", style.tint("33", "")),
        Feedback::Confirmed => (style.pick('✓', '+'), "confirmed", style.tint("32", "")),
        Feedback::Refused => (style.pick('✗', 'x'), "refused", style.tint("1;31", "7")),
        Feedback::Superseded => (style.pick('»', '>'), "superseded", ""),
        Feedback::Expired => (style.pick('✗', 'x'), "expired", style.tint("31", "7")),
        Feedback::Unknown => ('?', "unknown", style.tint("35", "7")),
    }
}

/// The state of the connection as a person says it.
fn link_words(model: &Model, style: &Style) -> (&'static str, &'static str) {
    let words = match model.link {
        Link::Down => "no network: waiting for an address",
        Link::NoHub => "hub not answering: trying again",
        Link::WrongHub => "another machine answers, not the hub",
        Link::Clock => "waiting for the time to be set",
        Link::Token => "token refused: check the API key",
        Link::Loading => "hub found: loading names and states",
        Link::Ready => "hub: ready",
    };
    let sgr = match model.link {
        Link::Ready => style.tint("32", ""),
        Link::Loading | Link::Clock => style.tint("33", "7"),
        _ => style.tint("1;31", "7"),
    };
    (sgr, words)
}

#[cfg(test)]
mod tests {
    use super::super::style::Colours;
    use super::*;
    use crate::hw::face::Face;
    use crate::panel::Show;
    use crate::panel::plan::PanelId;
    use crate::time::Time;

    #[test]
    fn the_title_says_when_this_panel_sleeps() {
        let style = Style {
            escapes: false,
            colours: Colours::None,
            utf8: true,
            symbols: true,
        };
        let title = |layers: &[&str], of: u8, asleep| {
            let mut model = Model::new(Face {
                id: PanelId(1),
                layers: layers.iter().map(|name| (*name).to_owned()).collect(),
                title: "Hall".into(),
                ..Face::default()
            });
            let panel = PanelId(of);
            model.show(&Show::Sleep { panel, asleep }, Time::ZERO);
            draw(&model, &style, 60, 8)[0].text.trim_end().to_owned()
        };
        let squeezed = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeezed(title(&["day"], 1, true)), "Hall day, asleep");
        assert_eq!(squeezed(title(&[], 1, true)), "Hall asleep");
        assert_eq!(squeezed(title(&["day"], 1, false)), "Hall day");
        assert_eq!(squeezed(title(&["day"], 0, true)), "Hall day");
    }
}
