//! The lines of the window that looks back: days, months and years, each with a bar of the import.

use super::figures;
use super::page::{Line, Style};
use super::{DisplayOptions, Glyphs};
use crate::dashboard::past::{Entry, Past, REGISTERS};
use crate::text::decimal;
use crate::words::Words;

/// The width of the labels, of a number, and of the narrowest bar.
const LABEL: usize = 11;
const NUMBER: usize = 10;
const MIN_BAR: usize = 6;

/// The tables in lines of at most `width` cells, the newest period first.
#[must_use]
pub fn tables(past: &Past, display: &DisplayOptions, width: usize) -> Vec<Line> {
    let words = display.words;
    let entries = || past.tables.iter().flatten();
    let is_used = |&register: &usize| entries().any(|entry| entry.used[register].is_some());
    let room = width.saturating_sub(LABEL) / NUMBER;
    let registers: Vec<usize> = (0..REGISTERS.len()).filter(is_used).take(room).collect();
    let table = Table { display, registers, width };
    let mut lines = Vec::new();
    let titles = [words.past_days, words.past_months, words.past_years];
    for (kind, (title, entries)) in titles.into_iter().zip(&past.tables).enumerate() {
        if entries.is_empty() {
            continue;
        }
        lines.extend(table.head(title));
        let highest = entries.iter().filter_map(|entry| entry.used[0]).max().unwrap_or(0);
        lines.extend(entries.iter().rev().map(|entry| table.row(kind, entry, highest)));
        lines.push(Line::new());
    }
    if entries().any(|entry| !entry.is_complete) {
        lines.push(Line::of(Style::Faint, words.past_incomplete));
    }
    lines
}

/// What the tables have in common.
struct Table<'a> {
    display: &'a DisplayOptions,
    /// The columns, by their places in [`REGISTERS`].
    registers: Vec<usize>,
    width: usize,
}

impl Table<'_> {
    /// The names of the columns, and their units.
    fn head(&self, title: &str) -> [Line; 2] {
        let mut names = Line::of(Style::Title, title);
        let mut units = Line::new();
        for (at, &register) in self.registers.iter().enumerate() {
            let (name, unit) = column(register, self.display.words, self.display.glyphs);
            names = names.right(end(at), Style::Faint, name);
            units = units.right(end(at), Style::Faint, unit);
        }
        [names, units]
    }

    fn row(&self, kind: usize, entry: &Entry, highest: i64) -> Line {
        let label = match kind {
            0 => figures::day(entry.date, self.display.words),
            1 => figures::month_and_year(entry.date, self.display.words),
            _ => entry.date.format("%Y").to_string(),
        };
        let mark = if entry.is_complete { "" } else { "*" };
        let mut line = Line::of(Style::Text, label).text(Style::Faint, mark);
        // Days with two decimals, months with one, years with none.
        let decimals = [2, 1, 0][kind];
        for (at, &register) in self.registers.iter().enumerate() {
            let style = match register {
                0 => Style::Import,
                1 => Style::Export,
                _ => Style::Text,
            };
            let number = entry.used[register].map(|used| decimal(used, decimals));
            line = line.right(end(at), style, number.unwrap_or_else(|| "-".to_owned()));
        }
        let begin = end(self.registers.len().max(1) - 1) + 2;
        match (entry.used[0], self.width.checked_sub(begin)) {
            (Some(import), Some(room)) if room >= MIN_BAR => {
                let bar = self.display.glyphs.bar(room, import, highest, Style::Import);
                line.at(begin).join(bar)
            }
            _ => line,
        }
    }
}

/// Where a column ends.
fn end(at: usize) -> usize {
    LABEL + (at + 1) * NUMBER
}

fn column(
    register: usize,
    words: &'static Words,
    glyphs: &'static Glyphs,
) -> (&'static str, &'static str) {
    match register {
        0 => (words.import, "kWh"),
        1 => (words.export_short, "kWh"),
        2 => (words.gas_name, glyphs.cubic_metre),
        3 => (words.water_name, glyphs.cubic_metre),
        4 => (words.heat, "GJ"),
        _ => (words.cooling, "GJ"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::dashboard::layout::{ASCII, UNICODE};
    use crate::dashboard::state::Window;
    use crate::words::{DUTCH, ENGLISH};

    fn entry((year, month, day): (i32, u32, u32), used: [Option<i64>; 3], whole: bool) -> Entry {
        let [import, export, gas] = used;
        let date = NaiveDate::from_ymd_opt(year, month, day).unwrap();
        Entry { date, used: [import, export, gas, None, None, None], is_complete: whole }
    }

    fn past() -> Past {
        let days = vec![
            entry((2026, 11, 24), [Some(28_333), Some(24), Some(5213)], true),
            entry((2026, 11, 25), [Some(11_941), Some(189), None], false),
        ];
        let months = vec![entry((2026, 10, 1), [Some(435_049), Some(98_400), Some(69_400)], true)];
        let years = vec![entry((2025, 1, 1), [Some(5_583_500), Some(0), Some(1_021_000)], true)];
        Past { has_files: true, tables: [days, months, years] }
    }

    fn text(display: &DisplayOptions, width: usize) -> Vec<String> {
        let lines = tables(&past(), display, width);
        let text = |line: &Line| line.spans().map(|(_, text)| text.as_str()).collect::<String>();
        lines.iter().map(|line| text(line).trim_end().to_owned()).collect()
    }

    fn display(words: &'static Words, glyphs: &'static Glyphs) -> DisplayOptions {
        let window = Window::default();
        DisplayOptions { words, glyphs, kilowatts: false, window, fuse: None }
    }

    #[test]
    fn days_months_and_years_are_tables_with_a_bar_of_the_import() {
        let lines = text(&display(&ENGLISH, &UNICODE), 60);
        let expected = [
            "Days           import    export       Gas",
            "                  kWh       kWh        m³",
            "Wed 25 Nov*     11.94      0.19         -  ███████░░░░░░░░░░",
            "Tue 24 Nov      28.33      0.02      5.21  █████████████████",
            "",
            "Months         import    export       Gas",
            "                  kWh       kWh        m³",
            "Oct 2026        435.0      98.4      69.4  █████████████████",
            "",
            "Years          import    export       Gas",
            "                  kWh       kWh        m³",
            "2025             5584         0      1021  █████████████████",
            "",
            "* not all of it was recorded, or it is not over",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_narrow_window_has_fewer_columns_and_no_bar() {
        let lines = text(&display(&DUTCH, &ASCII), 34);
        assert_eq!(lines[2], "wo 25 nov*      11.94      0.19");
        assert!(lines.iter().all(|line| line.is_ascii()));
    }
}
