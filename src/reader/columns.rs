//! The columns of a details file, and the row of a telegram in them.
//!
//! Owns the classic columns, the two header rows, and how values become cells. Columns only grow: an object
//! that appears for the first time gets one at the end, and rows that are older simply have fewer cells.

use std::borrow::Cow;

use chrono::{Datelike as _, NaiveDateTime, Timelike as _};
use rustc_hash::FxHashMap;

use crate::message::{Message, Value, code_of};
use crate::reading::Registers;
use crate::telegram::{Decimal, Digits, Obis};

/// Code and name of the classic columns: the time of the row, then those of the program of 2021.
const CLASSIC: [(&str, &str); 37] = [
    (TIME_COLUMN, "datum"),
    ("1-3:0.2.8", "version"),
    ("0-0:1.0.0", "timestamp"),
    ("0-0:96.1.1", "equipment id"),
    ("1-0:1.8.1", "elec. in, t1"),
    ("1-0:1.8.2", "elec. in, t2"),
    ("1-0:2.8.1", "elec. out, t1"),
    ("1-0:2.8.2", "elec. out, t2"),
    ("0-0:96.14.0", "tariff"),
    ("1-0:1.7.0", "power in"),
    (POWER_OUT, "power out"),
    ("0-0:96.7.21", "# power failures"),
    ("0-0:96.7.9", "# long power failures"),
    ("1-0:99.97.0", "failure timestamp - duration"),
    ("1-0:32.32.0", "voltage sags L1"),
    ("1-0:52.32.0", "voltage sags L2"),
    ("1-0:72.32.0", "voltage sags L3"),
    ("1-0:32.36.0", "voltage swells L1"),
    ("1-0:52.36.0", "voltage swells L2"),
    ("1-0:72.36.0", "voltage swells L3"),
    ("0-0:96.13.0", "text message"),
    ("1-0:32.7.0", "voltage L1"),
    ("1-0:52.7.0", "voltage L2"),
    ("1-0:72.7.0", "voltage L3"),
    ("1-0:31.7.0", "current L1"),
    ("1-0:51.7.0", "current L2"),
    ("1-0:71.7.0", "current L3"),
    ("1-0:21.7.0", "power in L1"),
    ("1-0:41.7.0", "power in L2"),
    ("1-0:61.7.0", "power in L3"),
    ("1-0:22.7.0", "power out L1"),
    ("1-0:42.7.0", "power out L2"),
    ("1-0:62.7.0", "power out L3"),
    ("0-1:24.1.0", "device type"),
    ("0-1:96.1.0", "equipment ID"),
    ("0-1:24.2.1.A", "Gas meting tijd"),
    ("0-1:24.2.1.B", "Gas meting"),
];

const TIME_COLUMN: &str = "datum";

/// Power to the grid. Where no object tells of it, 0 is written, as in 2021.
const POWER_OUT: &str = "1-0:2.7.0";

/// What else may tell of power to the grid: import and export together, and import less export.
const OTHER_EXPORT: [&str; 2] = ["1-0:15.7.0", "1-0:16.7.0"];

/// Longer keys are no codes, and no listener sends them; they would make headers without bound.
const MAX_CODE: usize = 64;

/// The most columns of a file. No meter has as many codes; a hostile sender may.
const MAX_COLUMNS: usize = 512;

/// The values of a telegram, each in its column.
#[derive(Clone, Debug)]
pub(super) struct Cells<'m> {
    message: &'m Message,
    values: Vec<Option<&'m Value>>,
}

/// The columns of a file, by the codes in its first line.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    codes: Vec<String>,
    /// The column of each code; of one that is there twice, the first.
    places: FxHashMap<String, usize>,
}

impl Columns {
    /// Those that a new file begins with.
    pub fn new() -> Self {
        Self { codes: Vec::new(), places: FxHashMap::default() }.with_classic()
    }

    /// Those of a file with these first lines; `None` if it has no header.
    pub fn parse(head: &[u8]) -> Option<Self> {
        let mut columns = Self { codes: Vec::new(), places: FxHashMap::default() };
        let codes = reader(head).into_byte_records().next()?.ok()?;
        for code in &codes {
            columns.add(&String::from_utf8_lossy(code));
        }
        Some(columns)
    }

    /// With the classic columns behind them that are not among them.
    pub fn with_classic(mut self) -> Self {
        for (code, _) in CLASSIC {
            self.find_or_add(code, usize::MAX);
        }
        self
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether these are the columns of `other` and perhaps further ones behind them.
    pub fn extend(&self, other: &Self) -> bool {
        self.codes.starts_with(&other.codes)
    }

    /// Both header rows. The first one has no `;` at its end.
    pub fn head(&self) -> Vec<u8> {
        let name = |code: &String| {
            let known = CLASSIC.iter().find(|(known, _)| known == code);
            known.map_or(code.as_bytes(), |(_, name)| name.as_bytes()).to_vec()
        };
        let mut head = Vec::new();
        let mut row = Row::new(&mut head);
        self.codes.iter().for_each(|code| row.cell(code.as_bytes()));
        row.end();
        let mut row = Row::new(&mut head);
        self.codes.iter().for_each(|code| row.cell(&name(code)));
        row.cell(b"");
        row.end();
        head
    }

    /// The column of this code, most often the `expected` one.
    fn find(&self, code: &str, expected: usize) -> Option<usize> {
        // In a file of another program a code may be there twice.
        let has_doubles = self.places.len() < self.codes.len();
        if !has_doubles && self.codes.get(expected).is_some_and(|known| known == code) {
            return Some(expected);
        }
        self.places.get(code).copied()
    }

    /// The same; a new one if there is none and there is room.
    fn find_or_add(&mut self, code: &str, expected: usize) -> Option<usize> {
        let found = self.find(code, expected);
        if found.is_some() || self.codes.len() >= MAX_COLUMNS {
            return found;
        }
        self.add(code);
        Some(self.codes.len() - 1)
    }

    fn add(&mut self, code: &str) {
        self.places.entry(code.to_owned()).or_insert(self.codes.len());
        self.codes.push(code.to_owned());
    }

    /// Puts the values of a telegram into their columns, adding one for each object that has none. Those for
    /// which there is no room are left out.
    pub fn place<'m>(&mut self, message: &'m Message) -> Cells<'m> {
        let mut values = vec![None; self.len()];
        let mut expected = 1;
        for (code, value) in objects(message) {
            // Meters send most objects in the order of the columns.
            let known = self.find(code, expected);
            let column = known.or_else(|| self.find_or_add(&without_controls(code), usize::MAX));
            if let Some(column) = column {
                values.resize(self.len(), None);
                values[column] = values[column].or(Some(value));
                expected = column + 1;
            }
        }
        Cells { message, values }
    }

    /// Adds the row of a telegram, in these columns and with its registers, that came at this local time.
    pub fn write_row(
        &self,
        out: &mut Vec<u8>,
        time: NaiveDateTime,
        cells: Cells,
        registers: &Registers,
    ) {
        let time_column = self.find(TIME_COLUMN, 0);
        let powers = powers(registers);
        let Cells { message, values: mut cells } = cells;
        cells.resize(self.len(), None);
        // Import and export of a meter that sends one signed number.
        for (code, power) in &powers {
            if let Some(column) = self.find(code, usize::MAX) {
                let is_power = |cell: &Value| cell.number().is_none_or(|cell| !cell.is_negative());
                cells[column] = cells[column].filter(|cell| is_power(cell)).or(power.as_ref());
            }
        }
        let tells_export = || OTHER_EXPORT.iter().any(|code| message.find(code).is_some());
        let mut row = Row::new(out);
        for (column, (code, cell)) in self.codes.iter().zip(cells).enumerate() {
            match cell {
                _ if Some(column) == time_column => {
                    row.plain_cell(time_cell(time).as_bytes());
                }
                Some(Value::Number(number)) => {
                    row.plain_cell(number.digits(&mut Digits::default()).as_bytes());
                }
                Some(Value::Text(text)) => row.cell(without_controls(text).as_bytes()),
                None if code == POWER_OUT && !tells_export() => row.plain_cell(b"0"),
                None => row.plain_cell(b""),
            }
        }
        row.cell(b"");
        row.end();
    }

    /// Moves rows in these columns into those of `file`, to which the columns that it lacks are added.
    pub fn fit(&self, rows: &[u8], file: &mut Self) -> Vec<u8> {
        let columns = self.codes.iter();
        let places: Vec<_> = columns.map(|code| file.find_or_add(code, usize::MAX)).collect();
        let mut fitted = Vec::with_capacity(rows.len());
        for record in reader(rows).into_byte_records().map_while(Result::ok) {
            let mut cells: Vec<&[u8]> = vec![b""; file.len()];
            for (place, cell) in places.iter().zip(&record) {
                if let Some(place) = place.filter(|&place| cells[place].is_empty()) {
                    cells[place] = cell;
                }
            }
            let mut row = Row::new(&mut fitted);
            for cell in cells {
                row.cell(cell);
            }
            row.cell(b"");
            row.end();
        }
        fitted
    }
}

/// The objects of a telegram, each by the code of its column.
fn objects(message: &Message) -> impl Iterator<Item = (&str, &Value)> {
    let is_object = |code: &str| !matches!(code, "header" | "checksum") && code.len() <= MAX_CODE;
    let objects = message.telegram.iter().filter(move |(code, _)| is_object(code));
    let main = message.main_channel();
    objects.map(move |(code, value)| match classic_code(code, main) {
        Some(classic) if message.get(classic).is_none() => (classic, value),
        _ => (code.as_str(), value),
    })
}

/// The time in the format of [`TIME`](crate::history::details::TIME), which chrono would parse for each telegram.
fn time_cell(time: NaiveDateTime) -> String {
    let (day, month, year) = (time.day(), time.month(), time.year());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    format!("{day:02}-{month:02}-{year:04} {hour:02}:{minute:02}:{second:02}")
}

/// The code of the classic column for an object whose code the meter spells in another way, such as
/// `1-1:1.8.1` or `1-0:1.8.1*255`; `main` is the channel of the main meter.
fn classic_code(key: &str, main: u8) -> Option<&'static str> {
    let code = code_of(key);
    let is_usual = ["1-0:", "0-0:", "0-1:"].iter().any(|start| code.starts_with(start));
    let is_leading_zero = |part: &[u8]| matches!(part, [b':' | b'.', b'0', b'0'..=b'9']);
    if is_usual && !code.ends_with("255") && !code.as_bytes().windows(3).any(is_leading_zero) {
        return None;
    }
    let numbers =
        |code: &str| Obis::parse(code.as_bytes()).map(|obis| obis.main_channel_from(main));
    let (obis, value) = (numbers(code)?, &key[code.len()..]);
    let is_same = |classic: &&str| {
        let classic_code = code_of(classic);
        numbers(classic_code) == Some(obis) && classic[classic_code.len()..] == *value
    };
    CLASSIC.iter().map(|(classic, _)| *classic).find(is_same)
}

/// Power from and to the grid, of all phases and of each, by the codes of their columns.
fn powers(registers: &Registers) -> [(&'static str, Option<Value>); 8] {
    let Registers { power, phases: [l1, l2, l3], .. } = registers;
    let value = |power: Option<Decimal>| power.map(Value::Number);
    [
        ("1-0:1.7.0", value(power.import)),
        (POWER_OUT, value(power.export)),
        ("1-0:21.7.0", value(l1.power.import)),
        ("1-0:22.7.0", value(l1.power.export)),
        ("1-0:41.7.0", value(l2.power.import)),
        ("1-0:42.7.0", value(l2.power.export)),
        ("1-0:61.7.0", value(l3.power.import)),
        ("1-0:62.7.0", value(l3.power.export)),
    ]
}

/// A text as it is, but for control characters: a row is one line, so they become blanks.
fn without_controls(text: &str) -> Cow<'_, str> {
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !is_plain && text.contains(char::is_control) {
        text.replace(char::is_control, " ").into()
    } else {
        text.into()
    }
}

/// Writes the cells of a row of CSV to memory. Most cells are short and need no quotes: this is the
/// work of every telegram, and the quick way for that.
struct Row<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

impl<'o> Row<'o> {
    fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, is_empty: true }
    }

    /// A cell, quoted where it must be.
    fn cell(&mut self, cell: &[u8]) {
        if !cell.iter().any(|byte| matches!(byte, b';' | b'"' | b'\n' | b'\r')) {
            return self.plain_cell(cell);
        }
        self.plain_cell(b"\"");
        for &byte in cell {
            let escaped = if byte == b'"' { b"\"\"" } else { std::slice::from_ref(&byte) };
            self.out.extend_from_slice(escaped);
        }
        self.out.push(b'"');
    }

    /// A cell that needs no quotes.
    fn plain_cell(&mut self, cell: &[u8]) {
        if !std::mem::replace(&mut self.is_empty, false) {
            self.out.push(b';');
        }
        self.out.extend_from_slice(cell);
    }

    /// The end of the row.
    fn end(self) {
        self.out.push(b'\n');
    }
}

/// A reader for files of this dialect, whose rows differ in length.
pub(super) fn reader(text: &[u8]) -> csv::Reader<&[u8]> {
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(b';').has_headers(false).flexible(true);
    builder.from_reader(text)
}

#[cfg(test)]
mod tests;
