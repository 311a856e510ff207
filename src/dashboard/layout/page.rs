//! The screen as cells: characters with a meaning, not yet with a colour.
//!
//! Owns the grid, pieces of lines, and the places that can be clicked. The same page becomes the
//! terminal's cells and the plain text of `--once`.

use super::Action;
use crate::dashboard::printable;

/// What a character stands for; the view decides how it looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Ordinary text.
    #[default]
    Text,
    /// Labels, and what matters less.
    Faint,
    /// What matters most.
    Strong,
    /// Frames.
    Frame,
    /// Titles of panels.
    Title,
    /// Power or energy taken from the grid.
    Import,
    /// Power or energy given to the grid.
    Export,
    /// All is well.
    Good,
    /// Worth a look.
    Warning,
    /// This is wrong.
    Alarm,
    /// A key that can be pressed.
    Key,
}

/// A line of text in the making.
#[derive(Clone, Debug, Default)]
pub struct Line {
    spans: Vec<(Style, String)>,
    width: usize,
}

impl Line {
    /// An empty line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A line of one style.
    #[must_use]
    pub fn of(style: Style, text: impl Into<String>) -> Self {
        Self::new().text(style, text)
    }

    /// Adds a text.
    #[must_use]
    pub fn text(mut self, style: Style, text: impl Into<String>) -> Self {
        let text = text.into();
        self.width += text.chars().count();
        self.spans.push((style, text));
        self
    }

    /// Adds a label, and a value after a blank; nothing without a value.
    #[must_use]
    pub fn pair(self, label: &str, style: Style, value: Option<impl Into<String>>) -> Self {
        let Some(value) = value else { return self };
        let gap = if self.width > 0 { "  " } else { "" };
        let blank = if label.is_empty() { "" } else { " " };
        self.text(Style::Faint, format!("{gap}{label}{blank}")).text(style, value)
    }

    /// Fills up with blanks to this column.
    #[must_use]
    pub fn at(self, column: usize) -> Self {
        let blanks = column.saturating_sub(self.width);
        self.text(Style::Text, " ".repeat(blanks))
    }

    /// Adds a text that ends before this column; at least a blank stands before it.
    #[must_use]
    pub fn right(self, column: usize, style: Style, text: impl Into<String>) -> Self {
        let text = text.into();
        let start = column.saturating_sub(text.chars().count());
        let start = start.max(self.width + usize::from(self.width > 0));
        self.at(start).text(style, text)
    }

    /// Adds another line at its end.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.width += other.width;
        self.spans.extend(other.spans);
        self
    }

    /// The same in one style.
    #[must_use]
    pub fn styled(mut self, style: Style) -> Self {
        for span in &mut self.spans {
            span.0 = style;
        }
        self
    }

    /// Its pieces.
    pub fn spans(&self) -> impl Iterator<Item = &(Style, String)> {
        self.spans.iter()
    }

    /// How many cells it takes.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }
}

/// A rectangle of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "what they are is plain")]
pub struct Area {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

impl Area {
    fn contains(&self, x: usize, y: usize) -> bool {
        (self.x..self.x + self.width).contains(&x) && (self.y..self.y + self.height).contains(&y)
    }
}

/// A screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    width: usize,
    height: usize,
    ascii: bool,
    cells: Vec<(char, Style)>,
    click_areas: Vec<(Area, Action)>,
}

impl Page {
    /// A blank page; with `ascii` nothing else will stand on it.
    #[must_use]
    pub fn new(width: usize, height: usize, ascii: bool) -> Self {
        let cells = vec![(' ', Style::Text); width * height];
        Self { width, height, ascii, cells, click_areas: Vec::new() }
    }

    /// Its width and height in cells.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Puts a line here, cut after `room` cells and at the edge.
    pub fn put(&mut self, x: usize, y: usize, room: usize, line: &Line) {
        if y >= self.height {
            return;
        }
        let room = room.min(self.width.saturating_sub(x));
        let characters =
            line.spans.iter().flat_map(|(style, text)| text.chars().map(move |c| (c, *style)));
        for (at, (c, style)) in characters.take(room).enumerate() {
            self.cells[y * self.width + x + at] = (printable::character(c, self.ascii), style);
        }
    }

    /// Makes an area clickable.
    pub fn add_click_area(&mut self, area: Area, action: Action) {
        self.click_areas.push((area, action));
    }

    /// What a click here asks for.
    #[must_use]
    pub fn action(&self, x: usize, y: usize) -> Option<Action> {
        self.click_areas.iter().find_map(|(area, action)| area.contains(x, y).then_some(*action))
    }

    /// Each row as pieces of one style.
    pub fn rows(&self) -> impl Iterator<Item = Vec<(Style, String)>> {
        self.cells.chunks(self.width.max(1)).map(|row| {
            let mut pieces: Vec<(Style, String)> = Vec::new();
            for &(c, style) in row {
                match pieces.last_mut() {
                    Some((last, text)) if *last == style => text.push(c),
                    _ => pieces.push((style, c.to_string())),
                }
            }
            pieces
        })
    }

    /// Its rows as plain text, blanks at the ends cut off.
    #[must_use]
    pub fn text(&self) -> String {
        let row = |pieces: Vec<(Style, String)>| {
            let text: String = pieces.into_iter().map(|(_, text)| text).collect();
            text.trim_end().to_owned() + "\n"
        };
        self.rows().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_kept_and_what_is_too_long_is_cut() {
        let mut page = Page::new(12, 2, false);
        page.put(0, 0, 12, &Line::of(Style::Faint, "ab").right(8, Style::Strong, "1.5"));
        page.put(8, 1, 99, &Line::of(Style::Text, "0123456789"));
        page.put(0, 9, 99, &Line::of(Style::Text, "below"));
        assert_eq!(page.text(), "ab   1.5\n        0123\n");
    }

    #[test]
    fn a_label_without_a_value_leaves_nothing() {
        let line =
            Line::new().pair("a", Style::Text, None::<String>).pair("b", Style::Text, Some("1"));
        assert_eq!(line.width(), 3);
    }

    #[test]
    fn control_characters_never_reach_a_cell() {
        let mut page = Page::new(8, 1, true);
        page.put(0, 0, 8, &Line::of(Style::Text, "a\u{1b}[0mé"));
        assert_eq!(page.text(), "a?[0m?\n");
    }

    #[test]
    fn a_click_finds_its_action() {
        let mut page = Page::new(9, 9, false);
        page.add_click_area(Area { x: 2, y: 3, width: 2, height: 1 }, Action::Help);
        assert_eq!(page.action(3, 3), Some(Action::Help));
        assert_eq!(page.action(4, 3), None);
    }
}
