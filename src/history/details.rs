//! The rows of a details file as telegrams.
//!
//! Owns the way back: the codes of the header, numbers, and the moment of a row, whose time is local and without an
//! offset. In the hour that the clock shows twice the meter's own clock tells which pass it is, else the order of the
//! rows.

use chrono::NaiveDateTime;

use crate::message::{Message, Meta, Value};
use crate::telegram::{Decimal, Timestamp};
use crate::zone::Zone;

/// How a row writes its time, as chrono has it.
pub(crate) const TIME: &str = "%d-%m-%Y %H:%M:%S";

/// How many cells every row has, each with a `;` behind it: those of the columns of 2021. The columns of further objects
/// follow, and a row from before an object was seen has no cell for it.
const CLASSIC_CELLS: usize = 37;

/// The cells of a row, as they stand there: a `;` in double quotes is part of a text.
pub(super) fn cells(line: &str) -> Vec<&str> {
    // Nearly all lines, and the faster way.
    if !line.contains('"') {
        return line.split(';').collect();
    }
    let mut is_quoted = false;
    let is_end = |c| {
        is_quoted ^= c == '"';
        c == ';' && !is_quoted
    };
    line.split(is_end).collect()
}

/// Whether a row below a header of so many codes was written to its end, by the number of its fields and the last one,
/// which is empty. Otherwise its last number may be cut, or it goes on with the next row.
pub(super) fn is_whole(codes: usize, fields: usize, last: Option<&str>) -> bool {
    let is_ended = last.is_some_and(str::is_empty);
    is_ended && (CLASSIC_CELLS.min(codes)..=codes).contains(&(fields - 1))
}

/// What a line of a details file is.
#[derive(Clone, Debug)]
pub(crate) enum Line {
    /// One of the two headers.
    Header,
    /// A row. Its message has no header and no checksum: the file does not have them.
    Row(Box<Message>),
    /// Anything else, such as a row that a power cut has torn.
    Torn,
}

/// Reads the lines of details files, one file after the other.
#[derive(Debug)]
pub(crate) struct DetailsReader<Z> {
    codes: csv::StringRecord,
    clock: RowClock<Z>,
}

impl<Z: Zone> DetailsReader<Z> {
    pub fn new(zone: Z) -> Self {
        Self { codes: csv::StringRecord::new(), clock: RowClock::new(zone) }
    }

    /// Takes the fields of the next line.
    pub fn take(&mut self, fields: csv::StringRecord) -> Line {
        let first = fields.get(0).unwrap_or_default();
        if first == "datum" {
            // The second header has names in the place of codes.
            if fields.iter().any(|field| field.contains(':')) || self.codes.is_empty() {
                self.codes = fields;
            }
            return Line::Header;
        }
        let codes = self.codes.iter().filter(|code| !code.is_empty()).count();
        let is_whole = codes > 0 && is_whole(codes, fields.len(), fields.iter().next_back());
        let Some(local) = NaiveDateTime::parse_from_str(first, TIME).ok().filter(|_| is_whole)
        else {
            return Line::Torn;
        };
        let mut message = telegram(&self.codes, &fields);
        let told = message.get("0-0:1.0.0").and_then(Value::text);
        let told =
            told.and_then(|text| Timestamp::parse_meter_time(text.as_bytes(), message.zone()));
        let Some(second) = self.clock.moment(local, told.map(Timestamp::seconds)) else {
            return Line::Torn;
        };
        message.meta.frame_start = Timestamp::from_seconds(second);
        message.meta.frame_end = message.meta.frame_start;
        Line::Row(Box::new(message))
    }
}

/// Makes moments of the local times of rows that follow one another.
#[derive(Debug)]
pub(crate) struct RowClock<Z> {
    zone: Z,
    last: i64,
}

impl<Z: Zone> RowClock<Z> {
    pub fn new(zone: Z) -> Self {
        Self { zone, last: i64::MIN }
    }

    /// The moment of a local time: of two the one that the meter's clock is nearest to, else the one that is not
    /// before that of the row before.
    pub fn moment(&mut self, local: NaiveDateTime, told: Option<i64>) -> Option<i64> {
        let [first, second] = self.zone.moments(local).map(|time| time.map(Timestamp::seconds));
        let time = match (first?, second) {
            (first, Some(second)) => match told {
                Some(told) if (told - second).abs() < (told - first).abs() => second,
                Some(told) if (told - first).abs() < 1800 => first,
                _ if first < self.last => second,
                _ => first,
            },
            (first, None) => first,
        };
        self.last = time;
        Some(time)
    }

    /// The moment of the last row, where the file says it.
    pub fn set(&mut self, second: i64) {
        self.last = second;
    }
}

/// The telegram of a row below a header of these codes, without its meta data.
pub(crate) fn telegram(codes: &csv::StringRecord, row: &csv::StringRecord) -> Message {
    // Old meters write their times in digits only: twelve of them, which no register has.
    let is_time = |cell: &str| Timestamp::parse_approximate(cell.as_bytes()).is_some();
    // Identifiers may be digits only, too.
    let is_identifier = |code: &str| code.ends_with(":96.1.0") || code.ends_with(":96.1.1");
    let value = |code: &str, cell: &str| match Decimal::parse(cell.as_bytes()) {
        Some(number) if !is_time(cell) && !is_identifier(code) => Value::Number(number),
        _ => Value::Text(cell.to_owned()),
    };
    let objects = codes.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty());
    let telegram = objects.map(|(code, cell)| (code.to_owned(), value(code, cell))).collect();
    let unknown = Timestamp::default();
    Message { meta: Meta::new(0, unknown, unknown, None), telegram }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::tests::Amsterdam;

    /// The registers of a line below a header with the classic columns and one more.
    fn registers(line: &str) -> Option<Vec<String>> {
        let mut reader = DetailsReader::new(Amsterdam);
        let record = |line: &str| csv::StringRecord::from(line.split(';').collect::<Vec<_>>());
        let others = "0-9:1.0.0;".repeat(30);
        let header = format!("datum;1-0:1.8.1;1-0:1.8.2;{others}a;b;c;0-1:24.2.1.B;0-2:24.2.1.B");
        assert!(matches!(reader.take(record(&header)), Line::Header));
        match reader.take(record(line)) {
            Line::Row(message) => {
                let number = |code: &str| message.number(code).map(|number| number.to_string());
                let codes = ["1-0:1.8.1", "1-0:1.8.2", "0-1:24.2.1.B", "0-2:24.2.1.B"];
                Some(codes.into_iter().filter_map(number).collect())
            }
            _ => None,
        }
    }

    #[test]
    fn a_row_that_is_cut_anywhere_is_torn_unless_its_numbers_are_whole() {
        let row = format!("25-11-2026 22:37:57;7623878;6010327;{}1840683;51;", ";".repeat(33));
        let all = ["7623878", "6010327", "1840683", "51"];
        assert_eq!(registers(&row).unwrap(), all);
        for length in 0..row.len() {
            let found = registers(&row[..length]);
            // Behind the last classic cell it is a row from before the last object was seen.
            let expected = (length == row.len() - 3).then_some(&all[..3]);
            assert_eq!(
                found.as_deref().map(|found| found.iter().map(String::as_str).collect()),
                expected.map(<[&str]>::to_vec),
                "{length}"
            );
        }
        let torn = &row[..30];
        assert_eq!(registers(&format!("{torn}{row}")), None, "and the next one behind it");
    }
}
