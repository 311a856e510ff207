//! The characters to draw with, and a canvas of dots made of them.
//!
//! Owns what a terminal can show: Braille, half blocks, the whole blocks of the Linux console, or ASCII.

use super::page::{Line, Style};

/// A set of characters to draw with.
#[derive(Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "what they are is plain")]
pub struct Glyphs {
    /// Nothing but ASCII.
    pub ascii: bool,
    dots: Dots,
    /// Top left, top right, bottom left, bottom right.
    pub corners: [char; 4],
    pub horizontal: char,
    pub vertical: char,
    pub full: char,
    pub empty: char,
    pub up: char,
    pub down: char,
    pub bullet: char,
    pub cubic_metre: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dots {
    /// Two by four dots in a cell.
    Braille,
    /// One by two.
    Halves,
    /// One.
    Whole,
    /// One by two, roughly.
    Ascii,
}

/// For terminals with UTF-8.
pub static UNICODE: Glyphs = Glyphs {
    ascii: false,
    dots: Dots::Braille,
    corners: ['╭', '╮', '╰', '╯'],
    horizontal: '─',
    vertical: '│',
    full: '█',
    empty: '░',
    up: '▲',
    down: '▼',
    bullet: '●',
    cubic_metre: "m³",
};

/// For terminals whose fonts have no Braille, on request.
pub static BLOCKS: Glyphs = Glyphs { dots: Dots::Halves, ..UNICODE };

/// For the Linux console: Debian's fonts for it (Lat15, Lat2, Uni2 …) have neither Braille nor half blocks.
pub static CONSOLE: Glyphs =
    Glyphs { dots: Dots::Whole, corners: ['┌', '┐', '└', '┘'], bullet: '■', ..UNICODE };

/// For everything else.
pub static ASCII: Glyphs = Glyphs {
    ascii: true,
    dots: Dots::Ascii,
    corners: ['+', '+', '+', '+'],
    horizontal: '-',
    vertical: '|',
    full: '#',
    empty: '.',
    up: '^',
    down: 'v',
    bullet: '*',
    cubic_metre: "m3",
};

impl Glyphs {
    /// How many dots a cell has, across and down.
    #[must_use]
    pub fn dots(&self) -> (usize, usize) {
        match self.dots {
            Dots::Braille => (2, 4),
            Dots::Halves | Dots::Ascii => (1, 2),
            Dots::Whole => (1, 1),
        }
    }

    /// A bar of `width` cells, filled to `part` of `whole`; more than the whole fills it.
    #[must_use]
    pub fn bar(&self, width: usize, part: i64, whole: i64, style: Style) -> Line {
        let cells = i64::try_from(width).unwrap_or_default();
        let whole = whole.max(1);
        let filled = part.saturating_mul(cells).saturating_add(whole / 2) / whole;
        let filled = usize::try_from(filled.clamp(i64::from(part > 0), cells)).unwrap_or_default();
        let of = |c: char, count: usize| c.to_string().repeat(count);
        Line::of(style, of(self.full, filled)).text(Style::Faint, of(self.empty, width - filled))
    }
}

/// Dots, several to a cell.
#[derive(Debug)]
pub struct Canvas<'g> {
    glyphs: &'g Glyphs,
    width: usize,
    /// For each cell a bit for each dot: Braille's own order, else 1 for the upper and 2 for the lower.
    cells: Vec<u8>,
}

/// The bits of Braille patterns, by column and row.
const BRAILLE: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

impl<'g> Canvas<'g> {
    /// An empty canvas of this many cells.
    #[must_use]
    pub fn new(glyphs: &'g Glyphs, width: usize, height: usize) -> Self {
        Self { glyphs, width, cells: vec![0; width * height] }
    }

    /// Sets a dot, counted from the top left; outside of the canvas nothing happens.
    pub fn set(&mut self, x: usize, y: usize) {
        let (across, down) = self.glyphs.dots();
        let (column, row) = (x / across, y / down);
        if column >= self.width {
            return;
        }
        let bit = match self.glyphs.dots {
            Dots::Braille => BRAILLE[x % across][y % down],
            Dots::Halves | Dots::Whole | Dots::Ascii => 1 << (y % down),
        };
        if let Some(cell) = self.cells.get_mut(row * self.width + column) {
            *cell |= bit;
        }
    }

    /// The rows, as text.
    pub fn rows(&self) -> impl Iterator<Item = String> {
        self.cells
            .chunks(self.width.max(1))
            .map(|row| row.iter().map(|&bits| self.glyph(bits)).collect())
    }

    fn glyph(&self, bits: u8) -> char {
        match (self.glyphs.dots, bits) {
            (_, 0) => ' ',
            // All patterns from U+2800 on are characters.
            (Dots::Braille, bits) => char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' '),
            (Dots::Halves, 1) => '▀',
            (Dots::Halves, 2) => '▄',
            (Dots::Halves | Dots::Whole, _) => '█',
            (Dots::Ascii, 1) => '\'',
            (Dots::Ascii, 2) => '.',
            (Dots::Ascii, _) => '#',
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_has_its_dots_and_what_is_outside_is_nothing() {
        for (glyphs, drawn) in [(&UNICODE, "⡈ "), (&BLOCKS, "█▀"), (&CONSOLE, "██"), (&ASCII, "#'")]
        {
            let (_, down) = glyphs.dots();
            let mut canvas = Canvas::new(glyphs, 2, 1);
            for (x, y) in [(0, down - 1), (1, 0), (1000, 0), (0, 1000)] {
                canvas.set(x, y);
            }
            if down == 2 {
                canvas.set(0, 0);
            }
            assert_eq!(canvas.rows().collect::<String>(), drawn);
        }
    }

    #[test]
    fn a_bar_shows_anything_above_nothing_and_no_more_than_all() {
        let filled = |part, whole| {
            let line = ASCII.bar(10, part, whole, Style::Text);
            let mut page = super::super::page::Page::new(10, 1, true);
            page.put(0, 0, 10, &line);
            page.text().matches('#').count()
        };
        assert_eq!(
            [filled(0, 25), filled(1, 2500), filled(12, 25), filled(25, 25), filled(99, 25)],
            [0, 1, 5, 10, 10]
        );
        assert_eq!(filled(i64::MAX, 1), 10);
    }
}
