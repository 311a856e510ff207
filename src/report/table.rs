//! Tables as text: columns, rules, bars in what is left of the line, and notes below.
//!
//! Owns the layout. A column has a fixed number of decimals, so that numbers can be compared down the column. Where
//! the line is too short, the columns that matter least are left out.

use crate::text::decimal;

/// How text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub width: usize,
    pub is_ascii: bool,
    pub has_color: bool,
}

/// A column.
#[derive(Clone, Debug, Default)]
pub(super) struct Column {
    pub head: String,
    pub unit: String,
    /// The least width.
    pub width: usize,
    pub is_left: bool,
    /// Columns with the highest number are left out first, all of one number together; those with 0 never are.
    pub rank: u8,
}

impl Column {
    /// A column of numbers.
    pub fn number(head: &str, unit: &str, width: usize, rank: u8) -> Self {
        Self { head: head.to_owned(), unit: unit.to_owned(), width, is_left: false, rank }
    }

    /// A column of text.
    pub fn text(head: &str, width: usize) -> Self {
        Self { head: head.to_owned(), width, is_left: true, ..Self::default() }
    }
}

/// A bar behind a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bar {
    pub value: i64,
    /// What it is compared with.
    pub mark: Option<i64>,
    /// A paler part behind it, up to here.
    pub pale: Option<i64>,
}

/// A table.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub title: String,
    /// What stands at the right end of the title.
    pub right: String,
    pub columns: Vec<Column>,
    /// Names above the columns from one to another, both included.
    pub groups: Vec<(String, usize, usize)>,
    pub rows: Vec<Vec<String>>,
    /// A bar for each row, or none at all.
    pub bars: Vec<Bar>,
    /// Rows below the rule.
    pub foot: Vec<Vec<String>>,
    pub notes: Vec<String>,
}

/// The widest bar.
const MAX_BAR: usize = 40;

/// A bar needs so much room.
const MIN_BAR: usize = 6;

/// Between two columns.
const SPACE: usize = 2;

impl Table {
    /// The table as lines of text, each with its end.
    pub fn render(&self, style: Style) -> String {
        let (kept, widths) = self.fitting(style.width);
        let mut out = Painter { style, out: String::new() };
        if !self.title.is_empty() {
            out.title(&self.title, &self.right);
        }
        self.heads(&mut out, &kept, &widths);
        out.rule();
        let used: usize = 1 + kept.iter().map(|&at| widths[at] + SPACE).sum::<usize>();
        let room = style.width.saturating_sub(used + SPACE).min(MAX_BAR);
        let bars = if room >= MIN_BAR { self.bars.as_slice() } else { &[] };
        let ends = |bar: &Bar| [Some(bar.value), bar.mark, bar.pale].into_iter().flatten().max();
        let highest = bars.iter().filter_map(ends).max().unwrap_or(0);
        for (at, row) in self.rows.iter().enumerate() {
            let mut line = self.line(row, &kept, &widths);
            if let Some(bar) = bars.get(at) {
                line += "  ";
                line += &bar.text(highest, room, style.is_ascii);
            }
            out.line(&line);
        }
        out.rule();
        for row in &self.foot {
            let line = self.line(row, &kept, &widths);
            out.line(&line);
        }
        for note in &self.notes {
            out.note(note);
        }
        out.out
    }

    /// The columns that fit, and the width of each.
    fn fitting(&self, width: usize) -> (Vec<usize>, Vec<usize>) {
        let rows = || self.rows.iter().chain(&self.foot);
        let of = |at: usize, column: &Column| {
            let cells = rows().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
            let heads = [column.head.chars().count(), column.unit.chars().count(), column.width];
            cells.chain(heads).max().unwrap_or(0)
        };
        let widths: Vec<usize> =
            self.columns.iter().enumerate().map(|(at, column)| of(at, column)).collect();
        let mut kept: Vec<usize> = (0..self.columns.len()).collect();
        let used = |kept: &[usize]| 1 + kept.iter().map(|&at| widths[at] + SPACE).sum::<usize>();
        while used(&kept) > width {
            let worst = kept.iter().map(|&at| self.columns[at].rank).max().unwrap_or(0);
            if worst == 0 {
                break;
            }
            kept.retain(|&at| self.columns[at].rank != worst);
        }
        (kept, widths)
    }

    fn heads(&self, out: &mut Painter, kept: &[usize], widths: &[usize]) {
        if !self.groups.is_empty() {
            let mut line = String::new();
            let mut at = 1;
            for &column in kept {
                let end = at + SPACE + widths[column];
                // A group's name ends where its first column that is there ends.
                let group = self.groups.iter().find(|(_, from, to)| {
                    let first = kept.iter().find(|kept| (*from..=*to).contains(kept));
                    first == Some(&column)
                });
                if let Some((name, from, to)) = group {
                    let last: usize = kept
                        .iter()
                        .filter(|kept| (*from..=*to).contains(kept))
                        .map(|&kept| widths[kept] + SPACE)
                        .sum();
                    let middle = (last + name.chars().count()).div_ceil(2);
                    let target = at + middle;
                    let fill = target.saturating_sub(line.chars().count() + name.chars().count());
                    line += &" ".repeat(fill);
                    line += name;
                }
                at = end;
            }
            out.quiet(&line);
        }
        let cells = |text: fn(&Column) -> &String| -> Vec<String> {
            self.columns.iter().map(|column| text(column).clone()).collect()
        };
        let (names, units) = (cells(|column| &column.head), cells(|column| &column.unit));
        out.quiet(&self.line(&names, kept, widths));
        if units.iter().any(|unit| !unit.is_empty()) {
            out.quiet(&self.line(&units, kept, widths));
        }
    }

    fn line(&self, cells: &[String], kept: &[usize], widths: &[usize]) -> String {
        let mut line = " ".to_owned();
        for &at in kept {
            let cell = cells.get(at).map_or("", String::as_str);
            let fill = " ".repeat(widths[at].saturating_sub(cell.chars().count()));
            line += &" ".repeat(SPACE);
            if self.columns[at].is_left {
                line += cell;
                line += &fill;
            } else {
                line += &fill;
                line += cell;
            }
        }
        line
    }
}

impl Bar {
    fn text(self, highest: i64, room: usize, is_ascii: bool) -> String {
        let (full, pale, mark) = if is_ascii { ('#', '-', '|') } else { ('█', '░', '│') };
        // The longest bar and its mark fill the room.
        let length = |value: i64| {
            let room = i64::try_from(room).unwrap_or(0) - 1;
            let place = (value.max(0) * room * 2 + highest) / (highest * 2).max(1);
            usize::try_from(place).unwrap_or(0)
        };
        let (value, behind) = (length(self.value), self.pale.map_or(0, length));
        let mut text: Vec<char> = vec![full; value];
        text.resize(value.max(behind), pale);
        if let Some(place) = self.mark.map(length) {
            text.resize(text.len().max(place + 1), ' ');
            text[place] = mark;
        }
        text.into_iter().collect()
    }
}

/// Writes lines in a style.
struct Painter {
    style: Style,
    out: String,
}

impl Painter {
    fn title(&mut self, title: &str, right: &str) {
        let room =
            self.style.width.saturating_sub(title.chars().count() + right.chars().count() + 3);
        let line = format!(" {title}{}{right}", " ".repeat(room.max(2)));
        self.painted("1", &line);
        self.out.push('\n');
    }

    fn rule(&mut self) {
        let dash = if self.style.is_ascii { "-" } else { "─" };
        let line = format!(" {}", dash.repeat(self.style.width.saturating_sub(2)));
        self.quiet(&line);
    }

    fn line(&mut self, line: &str) {
        self.painted("", line);
    }

    fn quiet(&mut self, line: &str) {
        self.painted("2", line);
    }

    /// A sentence below the table, on lines of the style's width.
    fn note(&mut self, note: &str) {
        let mut line = String::from("  ");
        for word in note.split(' ') {
            if line.chars().count() + 1 + word.chars().count() > self.style.width
                && line.trim() != ""
            {
                self.line(&line);
                line.truncate(2);
            }
            if !line.ends_with("  ") || word.is_empty() {
                line.push(' ');
            }
            line += word;
        }
        self.line(&line);
    }

    fn painted(&mut self, color: &str, line: &str) {
        let line = line.trim_end();
        let line = if self.style.is_ascii { ascii(line) } else { line.to_owned() };
        if self.style.has_color && !color.is_empty() && !line.is_empty() {
            for part in ["\x1b[", color, "m", &line, "\x1b[0m\n"] {
                self.out.push_str(part);
            }
        } else {
            self.out += &line;
            self.out.push('\n');
        }
    }
}

/// The text without characters that are not ASCII.
fn ascii(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for character in line.chars() {
        match character {
            '…' => text += "..",
            '³' => text.push('3'),
            '–' | '−' => text.push('-'),
            '·' => text.push('*'),
            '≤' => text += "<=",
            '±' => text += "+-",
            other if other.is_ascii() => text.push(other),
            _ => text.push('?'),
        }
    }
    text
}

/// A number that may be unknown: nothing then.
pub(super) fn known(thousandths: Option<i64>, decimals: u32) -> String {
    thousandths.map_or(String::new(), |number| decimal(number, decimals))
}

/// An estimate beside numbers of so many decimals: it has fewer.
pub(super) fn estimated(thousandths: Option<i64>, decimals: u32) -> String {
    known(thousandths, u32::from(decimals == 3))
}

/// [`percent`] of numbers that may be unknown.
pub(super) fn change(now: Option<i64>, then: Option<i64>) -> String {
    now.zip(then).map_or(String::new(), |(now, then)| percent(now, then))
}

/// By how much `now` is more than `then`, in per cent: `+4%`; nothing where there is nothing to compare with.
pub(super) fn percent(now: i64, then: i64) -> String {
    if then == 0 {
        return String::new();
    }
    let difference = (now - then) * 100;
    let half = then.abs() / 2 * difference.signum();
    let rounded = (difference + half) / then.abs();
    let sign = if difference < 0 { '-' } else { '+' };
    if rounded.abs() > 999 { format!("{sign}>999%") } else { format!("{sign}{}%", rounded.abs()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style { width: 40, is_ascii: false, has_color: false };

    fn table() -> Table {
        Table {
            title: "days".into(),
            right: "2026".into(),
            columns: vec![
                Column::text("day", 3),
                Column::number("import", "kWh", 8, 0),
                Column::number("base", "W", 6, 1),
            ],
            groups: Vec::new(),
            rows: vec![
                vec!["mo".into(), "1.5".into(), "100".into()],
                vec!["tu".into(), "3.0".into(), "80".into()],
            ],
            bars: vec![
                Bar { value: 15, ..Bar::default() },
                Bar { value: 30, mark: Some(15), ..Bar::default() },
            ],
            foot: Vec::new(),
            notes: vec!["One two three four five six seven eight nine.".into()],
        }
    }

    #[test]
    fn bars_fill_what_is_left_of_the_line() {
        let text = table().render(STYLE);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], " days                             2026");
        assert_eq!(lines[4].chars().count(), 39, "the rule");
        assert_eq!(lines[5], "   mo        1.5     100  ███████");
        assert_eq!(lines[6], "   tu        3.0      80  ███████│█████");
        assert_eq!(lines[8..], ["  One two three four five six seven", "  eight nine."]);
    }

    #[test]
    fn a_short_line_loses_bars_first_and_then_columns() {
        let text = table().render(Style { width: 26, ..STYLE });
        assert!(text.contains("80\n") && !text.contains('█'), "{text}");
        let text = table().render(Style { width: 20, ..STYLE });
        assert!(text.contains("3.0\n") && !text.contains("80"), "{text}");
    }

    #[test]
    fn ascii_is_ascii_and_color_is_only_where_it_is_wanted() {
        let text = table().render(Style { is_ascii: true, ..STYLE });
        assert!(text.is_ascii() && text.contains("###|"), "{text}");
        assert!(!text.contains('\x1b'));
        assert!(table().render(Style { has_color: true, ..STYLE }).contains("\x1b[1m"));
    }

    #[test]
    fn numbers_are_rounded_to_the_nearest() {
        for (number, decimals, expected) in [
            (1499, 0, "1"),
            (1500, 0, "2"),
            (-1500, 0, "-2"),
            (-49, 1, "0.0"),
            (12_345, 3, "12.345"),
            (950, 1, "1.0"),
        ] {
            assert_eq!(decimal(number, decimals), expected);
        }
        assert_eq!(
            [percent(104, 100), percent(99, 100), percent(5, 0), percent(20_000, 1)],
            ["+4%", "-1%", "", "+>999%"]
        );
    }
}
