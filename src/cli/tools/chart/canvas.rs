// SPDX-License-Identifier: MIT OR Apache-2.0
//! A field of characters to draw lines on: eight dots a cell in Braille, or one mark a cell in ASCII.

/// How a cell is drawn.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Cell {
    /// Braille dots, as Unicode counts them.
    dots: u8,
    /// A character in place of the dots.
    pub mark: Option<char>,
    /// Whose it is.
    pub owner: Option<usize>,
}

impl Cell {
    /// The character.
    pub fn shown(&self) -> char {
        let dots = || char::from_u32(0x2800 + u32::from(self.dots));
        match self.mark {
            Some(mark) => mark,
            None if self.dots == 0 => ' ',
            None => dots().unwrap_or(' '),
        }
    }
}

/// The field, row by row from the top.
pub struct Canvas {
    columns: usize,
    rows: usize,
    cells: Vec<Cell>,
    /// Dots a cell is wide and high.
    fine: (usize, usize),
}

impl Canvas {
    /// An empty field; `braille` or ASCII.
    pub fn new(columns: usize, rows: usize, braille: bool) -> Canvas {
        Canvas {
            columns,
            rows,
            cells: vec![Cell::default(); columns * rows],
            fine: if braille { (2, 4) } else { (1, 1) },
        }
    }

    /// The rows, from the top.
    pub fn rows(&self) -> impl Iterator<Item = &[Cell]> {
        self.cells.chunks(self.columns.max(1))
    }

    /// The dot nearest to a place; both from 0 to 1, `y` from the bottom.
    pub fn dot(&self, x: f64, y: f64) -> (usize, usize) {
        let at = |share: f64, count: usize| {
            let last = count.saturating_sub(1);
            ((share * last as f64 + 0.5) as usize).min(last)
        };
        let (wide, high) = (self.columns * self.fine.0, self.rows * self.fine.1);
        (at(x, wide), at(1.0 - y, high))
    }

    /// The column and row of the cell around a dot.
    pub fn cell_of(&self, dot: (usize, usize)) -> (usize, usize) {
        (dot.0 / self.fine.0, dot.1 / self.fine.1)
    }

    /// A character over whatever is there.
    pub fn mark(&mut self, column: usize, row: usize, mark: char, owner: usize) {
        if let Some(cell) = self.at(column, row) {
            cell.mark = Some(mark);
            cell.owner = Some(owner);
        }
    }

    /// A straight line between two dots. In ASCII it is drawn with `mark`.
    pub fn line(&mut self, from: (usize, usize), to: (usize, usize), mark: char, owner: usize) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
        let between = |a: usize, b: usize, i: usize| match steps {
            0 => a,
            _ => (a * (steps - i) + b * i + steps / 2) / steps,
        };
        for i in 0..=steps {
            let dot = (between(from.0, to.0, i), between(from.1, to.1, i));
            self.put(dot, mark, owner);
        }
    }

    fn put(&mut self, dot: (usize, usize), mark: char, owner: usize) {
        /// By column and row of the dot.
        const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
        let (column, row) = self.cell_of(dot);
        let fine = self.fine;
        let Some(cell) = self.at(column, row) else {
            return;
        };
        cell.owner = Some(owner);
        if fine == (1, 1) {
            cell.mark = Some(mark);
            return;
        }
        let bits = BITS.get(dot.0 % 2).and_then(|column| column.get(dot.1 % 4));
        cell.dots |= bits.copied().unwrap_or(0);
    }

    fn at(&mut self, column: usize, row: usize) -> Option<&mut Cell> {
        if column >= self.columns {
            return None;
        }
        self.cells.get_mut(row * self.columns + column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(canvas: &Canvas) -> Vec<String> {
        let row = |row: &[Cell]| row.iter().map(Cell::shown).collect();
        canvas.rows().map(row).collect()
    }

    #[test]
    fn lines_are_dots_or_marks() {
        for (braille, want) in [(true, ["⠀⢀⠎", "⡰⠁⠀"]), (false, ["  *", "** "])] {
            let mut canvas = Canvas::new(3, 2, braille);
            let (from, to) = (canvas.dot(0.0, 0.0), canvas.dot(1.0, 1.0));
            canvas.line(from, to, '*', 0);
            let rows: Vec<String> = drawn(&canvas);
            let want = want.map(|row| row.replace('\u{2800}', " "));
            assert_eq!(rows, want);
        }
        let mut canvas = Canvas::new(2, 1, true);
        canvas.line((0, 0), (0, 0), '*', 0);
        canvas.mark(1, 0, '●', 1);
        canvas.mark(9, 9, '●', 1);
        canvas.line((7, 9), (7, 9), '*', 0);
        assert_eq!(drawn(&canvas), ["⠁●"]);
        for (x, y, dot) in [
            (0.0, 1.0, (0, 0)),
            (1.0, 0.0, (3, 3)),
            (f64::NAN, f64::NAN, (0, 0)),
        ] {
            assert_eq!(canvas.dot(x, y), dot);
        }
        assert!(drawn(&Canvas::new(0, 0, true)).is_empty());
    }
}
