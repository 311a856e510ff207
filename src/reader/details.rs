//! The row of a telegram in the details file, and the columns that such a file begins with.
//!
//! Owns the classic columns and how values become cells. A row is written here in a form that every
//! file can take: the classic cells in their order, then code and value of each further object in
//! turn. [`table`](super::table) fits it to the columns of its file.

use chrono::NaiveDateTime;

use crate::message::{Message, Value};
use crate::telegram::Digits;

/// Code and name of the classic columns: the time of the row, then those of the program of 2021.
pub(super) const COLUMNS: [(&str, &str); 37] = [
    ("datum", "datum"),
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

/// Power from the customer: a meter that cannot measure it sends none, and 0 is written.
const POWER_OUT: &str = "1-0:2.7.0";

/// The time of a row, as chrono writes it.
pub(super) const TIME: &str = "%d-%m-%Y %H:%M:%S";

/// Longer keys are no codes, and no listener sends them; they would make headers without bound.
const LONGEST_CODE: usize = 64;

/// Adds the row of a telegram that came at this local time.
pub(super) fn write_row(out: &mut Vec<u8>, time: NaiveDateTime, message: &Message) {
    let mut classic = [None; COLUMNS.len()];
    let mut further = Vec::new();
    let mut next = 1;
    for (code, value) in &message.telegram {
        if matches!(code.as_str(), "header" | "checksum") || code.len() > LONGEST_CODE {
            continue;
        }
        // Meters send most objects in the order of the columns.
        let mut places = (next..COLUMNS.len()).chain(1..next);
        if let Some(place) = places.find(|&place| COLUMNS[place].0 == code) {
            classic[place] = Some(value);
            next = place + 1;
        } else {
            further.push((code, value));
        }
    }
    let mut row = Row::new(out);
    row.cell(time.format(TIME).to_string().as_bytes());
    for ((code, _), value) in COLUMNS.iter().zip(classic).skip(1) {
        match value {
            Some(value) => row.value(value),
            None if *code == POWER_OUT => row.cell(b"0"),
            None => row.cell(b""),
        }
    }
    for (code, value) in further {
        row.text(code);
        row.value(value);
    }
    row.end();
}

/// Writes the cells of a row of CSV to memory. Most cells are short and need no quotes: this is the
/// work of every telegram, and the quick way for that.
pub(super) struct Row<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

impl<'o> Row<'o> {
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, is_empty: true }
    }

    /// A cell, quoted where it must be.
    pub fn cell(&mut self, cell: &[u8]) {
        if !std::mem::replace(&mut self.is_empty, false) {
            self.out.push(b';');
        }
        if cell.iter().any(|byte| matches!(byte, b';' | b'"' | b'\n' | b'\r')) {
            self.out.push(b'"');
            for &byte in cell {
                self.out.extend_from_slice(if byte == b'"' {
                    b"\"\""
                } else {
                    std::slice::from_ref(&byte)
                });
            }
            self.out.push(b'"');
        } else {
            self.out.extend_from_slice(cell);
        }
    }

    /// The end of the row.
    pub fn end(self) {
        self.out.push(b'\n');
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Number(number) => self.cell(number.digits(&mut Digits::default()).as_bytes()),
            Value::Text(text) => self.text(text),
        }
    }

    /// A text as it is, but for control characters: a row is one line, so they become blanks.
    fn text(&mut self, text: &str) {
        let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if !is_plain && text.contains(char::is_control) {
            self.cell(text.replace(char::is_control, " ").as_bytes());
        } else {
            self.cell(text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::tests::message;

    fn row(objects: &[(&str, &str)]) -> String {
        let time = chrono::NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let mut out = Vec::new();
        let time = time.and_hms_opt(7, 52, 36).unwrap();
        write_row(&mut out, time, &message(0, objects));
        String::from_utf8(out).unwrap()
    }

    /// The cells of a row between its time and the further objects.
    fn classic(objects: &[(&str, &str)]) -> Vec<String> {
        let row = row(objects);
        let cells = row.trim_end().split(';').skip(1).take(36);
        cells.map(str::to_owned).collect()
    }

    #[test]
    fn values_stand_in_their_columns_whatever_the_order_of_the_meter() {
        let cells =
            classic(&[("0-1:24.2.1.B", "6135"), ("1-0:32.7.0", "226.20"), ("1-3:0.2.8", "'50")]);
        assert_eq!((&*cells[0], &*cells[20], &*cells[35]), ("50", "226.20", "6135"));
        assert_eq!(cells.iter().filter(|cell| !cell.is_empty()).count(), 4);
    }

    #[test]
    fn a_missing_power_out_is_zero_and_other_missing_values_are_empty() {
        let cells = classic(&[]);
        assert_eq!(cells[9], "0");
        assert_eq!(cells.concat(), "0");
        assert_eq!(classic(&[("1-0:2.7.0", "42")])[9], "42");
    }

    #[test]
    fn further_objects_follow_with_their_codes_in_the_order_of_the_meter() {
        let row = row(&[("1-0:99.1.0", "-5"), ("1-0:1.7.0", "1"), ("0-0:17.0.0", "'x")]);
        assert!(row.ends_with(";1-0:99.1.0;-5;0-0:17.0.0;x\n"), "{row}");
    }

    #[test]
    fn a_row_is_one_line_whatever_is_in_a_text() {
        let row = row(&[("0-0:96.13.0", "'a\r\nb\u{85}c\0;\"q\""), ("x\n", "'y")]);
        assert_eq!(row.matches('\n').count(), 1, "{row}");
        assert!(row.contains(";\"a  b c ;\"\"q\"\"\";"), "{row}");
        assert!(row.ends_with(";x ;y\n"), "{row}");
    }

    #[test]
    fn a_key_that_is_too_long_for_a_code_is_left_out() {
        let row = row(&[(&"1".repeat(65), "5"), (&"2".repeat(64), "6")]);
        assert!(!row.contains(&"1".repeat(65)), "{row}");
        assert!(row.ends_with(";6\n"), "{row}");
    }

    #[test]
    fn header_and_checksum_are_no_columns() {
        let row = row(&[("header", "'/TST5"), ("checksum", "'0281")]);
        assert!(!row.contains("TST5") && !row.contains("0281"), "{row}");
    }
}
