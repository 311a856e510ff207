//! Numbers large enough to read from the sofa.
//!
//! Owns two fonts: dots, three by five for a digit, and strokes for terminals that have only ASCII, or too few rows for
//! dots of whole blocks.

use super::glyphs::{BLOCKS, CONSOLE, Canvas, Glyphs};

/// Rows of dots of a digit.
const DOTS_HIGH: usize = 5;

/// `number` in the largest size that fits into so many cells; `None` when none does.
///
/// Known characters are digits, `-`, `+` and `.`; any other leaves a gap.
#[must_use]
pub fn large(glyphs: &Glyphs, number: &str, width: usize, height: usize) -> Option<Vec<String>> {
    if glyphs.ascii || (*glyphs == CONSOLE && height < DOTS_HIGH) {
        let rows: Vec<String> = (0..3)
            .map(|row| number.chars().map(|c| strokes(c)[row]).collect::<Vec<_>>().join(" "))
            .collect();
        return (rows[0].len() <= width && height >= 3).then_some(rows);
    }
    let mut scales = (1..=4).rev();
    if *glyphs == CONSOLE {
        // A cell is twice as high as it is wide.
        let scales = scales.flat_map(|scale| [(2 * scale, scale), (scale, scale)]);
        return scales.into_iter().find_map(|scale| scaled(&CONSOLE, number, scale, width, height));
    }
    scales.find_map(|scale| scaled(&BLOCKS, number, (scale, scale), width, height))
}

/// The number with dots of this size, across and down.
fn scaled(
    glyphs: &Glyphs,
    number: &str,
    (across, down): (usize, usize),
    width: usize,
    height: usize,
) -> Option<Vec<String>> {
    let advance = |c| if c == '.' { 2 } else { 4 };
    let cells = (number.chars().map(advance).sum::<usize>() - 1) * across;
    let rows = (DOTS_HIGH * down).div_ceil(glyphs.dots().1);
    if cells > width || rows > height {
        return None;
    }
    let mut canvas = Canvas::new(glyphs, cells, rows);
    let mut left = 0;
    for c in number.chars() {
        for (row, bits) in dots(c).into_iter().enumerate() {
            for column in (0..3).filter(|column| bits & (4 >> column) != 0) {
                let (x, y) = ((left + column) * across, row * down);
                (y..y + down).for_each(|y| (x..x + across).for_each(|x| canvas.set(x, y)));
            }
        }
        left += advance(c);
    }
    Some(canvas.rows().collect())
}

/// A character as rows of dots, each three bits wide.
fn dots(c: char) -> [u8; DOTS_HIGH] {
    match c {
        '0' => [7, 5, 5, 5, 7],
        '1' => [2, 6, 2, 2, 7],
        '2' => [7, 1, 7, 4, 7],
        '3' => [7, 1, 7, 1, 7],
        '4' => [5, 5, 7, 1, 1],
        '5' => [7, 4, 7, 1, 7],
        '6' => [7, 4, 7, 5, 7],
        '7' => [7, 1, 1, 1, 1],
        '8' => [7, 5, 7, 5, 7],
        '9' => [7, 5, 7, 1, 7],
        '-' => [0, 0, 7, 0, 0],
        '+' => [0, 2, 7, 2, 0],
        '.' => [0, 0, 0, 0, 4],
        _ => [0; DOTS_HIGH],
    }
}

/// A character as strokes.
fn strokes(c: char) -> [&'static str; 3] {
    match c {
        '0' => [" _ ", "| |", "|_|"],
        '1' => ["   ", "  |", "  |"],
        '2' => [" _ ", " _|", "|_ "],
        '3' => [" _ ", " _|", " _|"],
        '4' => ["   ", "|_|", "  |"],
        '5' => [" _ ", "|_ ", " _|"],
        '6' => [" _ ", "|_ ", "|_|"],
        '7' => [" _ ", "  |", "  |"],
        '8' => [" _ ", "|_|", "|_|"],
        '9' => [" _ ", "|_|", " _|"],
        '-' => ["   ", " _ ", "   "],
        '+' => ["   ", "_|_", " | "],
        '.' => [" ", " ", "."],
        _ => ["   ", "   ", "   "],
    }
}

#[cfg(test)]
mod tests {
    use super::super::glyphs::{ASCII, UNICODE};
    use super::*;

    #[test]
    fn digits_are_drawn_with_half_blocks() {
        let drawn = large(&UNICODE, "-12", 11, 3).unwrap();
        assert_eq!(drawn, ["    ▄█  ▀▀█", "▀▀▀  █  █▀▀", "    ▀▀▀ ▀▀▀"]);
        assert_eq!(large(&UNICODE, "-12", 10, 3), None);
        assert_eq!(large(&UNICODE, "-12", 22, 5).unwrap().len(), 5);
        assert_eq!(large(&UNICODE, "-12", 22, 4).unwrap().len(), 3);
    }

    #[test]
    fn a_console_has_whole_blocks_or_strokes() {
        let drawn = large(&CONSOLE, "-1", 7, 5).unwrap();
        assert_eq!(drawn, ["     █ ", "    ██ ", "███  █ ", "     █ ", "    ███"]);
        assert_eq!(large(&CONSOLE, "7", 6, 5).unwrap()[0], "██████");
        assert_eq!(large(&CONSOLE, "4.2", 9, 3), large(&ASCII, "4.2", 9, 3));
    }

    #[test]
    fn ascii_has_strokes() {
        assert_eq!(large(&ASCII, "4.2", 9, 3).unwrap(), ["       _ ", "|_|    _|", "  | . |_ "]);
    }
}
