//! The files of p1reader, and of the program of 2021: the backfill of a history.
//!
//! Details become the rows that the recorder would have made of them, with all columns. Records of five minutes have
//! totals and power, weekly logs the tariffs. Lines that a power cut tore are left out. Times are local; in the hour
//! that comes twice the order of the lines tells which pass it is, and in details the meter's own clock.

use chrono::Datelike as _;

use super::entry::place;
use super::formats::Format;
use super::sheet::{Fields, ImportError, Lines};
use super::totals::Counter;
use crate::history::compose::Rows;
use crate::history::details::{DetailsReader, Line, RowClock};
use crate::history::record::Record;
use crate::history::{COLUMNS, five_minutes_of, local_text, on_the_grid, utc_text};
use crate::message::Message;
use crate::reading::Registers;
use crate::telegram::{Decimal, Timestamp};
use crate::text::{self, decimal};
use crate::zone::Zone;

/// Where rows go: the second, the local year, and the row with a field for each of [`COLUMNS`].
pub(super) type Sink<'a> = dyn FnMut(i64, i32, &[u8]) -> Result<(), ImportError> + 'a;

/// Makes rows of the lines of own files, one file after the other.
pub(super) struct Own<Z> {
    zone: Z,
    details: DetailsReader<Z>,
    clock: RowClock<Z>,
    format: Format,
    meter: String,
    rows: Rows,
    /// The last line that made a row, which a later one of the same five minutes replaces.
    open: Option<(i64, Vec<String>)>,
    /// The time of the last row that was given.
    given: Option<i64>,
    /// Lines that were torn.
    pub torn: u64,
    pub counter: Counter,
}

impl<Z: Zone + Clone> Own<Z> {
    pub fn new(zone: Z, format: Format, meter: &str) -> Self {
        Self {
            details: DetailsReader::new(zone.clone()),
            clock: RowClock::new(zone.clone()),
            zone,
            format,
            meter: meter.to_owned(),
            rows: Rows::default(),
            open: None,
            given: None,
            torn: 0,
            counter: Counter::default(),
        }
    }

    /// Reads a file.
    pub fn read(&mut self, lines: &mut Lines, sink: &mut Sink<'_>) -> Result<(), ImportError> {
        let mut fields = Fields::default();
        let mut has_row = false;
        while let Some(line) = lines.next()? {
            if line.trim().is_empty() {
                continue;
            }
            let is_row = match self.format {
                Format::Details => {
                    let is_whole = fields.split(line, ';');
                    match self.details.take(fields.iter().collect()) {
                        Line::Header => continue,
                        Line::Row(message) if is_whole => {
                            self.row(&message, sink)?;
                            true
                        }
                        _ => false,
                    }
                }
                Format::Day => self.record(line, sink)?,
                _ => self.weekly(line, sink)?,
            };
            has_row |= is_row;
            if !is_row {
                if !has_row {
                    let found = text::escaped(line);
                    return Err(
                        lines.wrong(format!("expected {}; found \"{found}\"", self.expected()))
                    );
                }
                self.torn += 1;
            }
        }
        Ok(())
    }

    /// Ends the last row.
    pub fn finish(&mut self, sink: &mut Sink<'_>) -> Result<(), ImportError> {
        if let Some(row) = self.rows.close(&self.zone) {
            give(&row.text, row.local.year(), sink)?;
        }
        self.flush(sink)
    }

    fn expected(&self) -> &'static str {
        match self.format {
            Format::Details => "the header \"datum;…\" and rows of details",
            Format::Day => "\"2025-10-26 01:55:00, 15108353, 612, 640, 811, 10642208, 0, 0, 0\"",
            _ => "\"1761436790:8820605.000:6275213.000:612.000 : 3148665.000:7488175.000:0.000\"",
        }
    }

    /// Takes a telegram of the details.
    fn row(&mut self, message: &Message, sink: &mut Sink<'_>) -> Result<(), ImportError> {
        let registers = Registers::of(message);
        self.count(message, &registers, message.meta.frame_start.seconds());
        for row in self.rows.add(message, &registers, &self.zone) {
            give(&row.text, row.local.year(), sink)?;
        }
        Ok(())
    }

    /// Counts the registers of a telegram, as the source has them.
    fn count(&mut self, message: &Message, registers: &Registers, second: i64) {
        let year = self.zone.local(Timestamp::from_seconds(second - 1)).year();
        let meter = message.raw_equipment_id().unwrap_or_default();
        for (direction, energy) in [("import", &registers.import), ("export", &registers.export)] {
            let total = (format!("energy_{direction}_kwh"), energy.total);
            let tariffs = energy.tariffs.iter().enumerate();
            let tariffs = tariffs
                .map(|(at, number)| (format!("energy_{direction}_t{}_kwh", at + 1), *number));
            for (name, number) in std::iter::once(total).chain(tariffs) {
                let number = number.and_then(|number: Decimal| number.scaled(0));
                if let (Some(number), Some(column)) = (number, place(&name)) {
                    self.counter.take(column, meter, year, number);
                }
            }
        }
    }

    /// A record of five minutes.
    fn record(&mut self, line: &str, sink: &mut Sink<'_>) -> Result<bool, ImportError> {
        const COLUMNS: [[&str; 4]; 2] = [
            [
                "energy_import_kwh",
                "power_import_min_w",
                "power_import_mean_w",
                "power_import_max_w",
            ],
            [
                "energy_export_kwh",
                "power_export_min_w",
                "power_export_mean_w",
                "power_export_max_w",
            ],
        ];
        let Some(record) = Record::parse(line) else { return Ok(false) };
        let Some(second) = self.clock.moment(record.time, None) else { return Ok(false) };
        let mut row = vec![String::new(); crate::history::COLUMNS.len()];
        let year = self.zone.local(Timestamp::from_seconds(second - 1)).year();
        let numbers = [record.import, record.export];
        for (name, number) in COLUMNS.into_iter().flatten().zip(numbers.into_iter().flatten()) {
            let Some(column) = place(name) else { continue };
            let is_energy = name.ends_with("kwh");
            row[column] = if is_energy { decimal(number, 3) } else { number.to_string() };
            if is_energy {
                self.counter.take(column, "", year, number);
            }
        }
        self.put(second, row, sink)?;
        Ok(true)
    }

    /// `1761436790:8820605.000:6275213.000:612.000 : 3148665.000:7488175.000:0.000`.
    fn weekly(&mut self, line: &str, sink: &mut Sink<'_>) -> Result<bool, ImportError> {
        const COLUMNS: [(usize, &str); 4] = [
            (1, "energy_import_t1_kwh"),
            (2, "energy_import_t2_kwh"),
            (4, "energy_export_t1_kwh"),
            (5, "energy_export_t2_kwh"),
        ];
        let fields: Vec<&str> = line.split(':').map(str::trim).collect();
        let numbers: Option<Vec<i64>> = fields
            .iter()
            .map(|field| Decimal::parse(field.as_bytes()).and_then(|number| number.scaled(0)))
            .collect();
        let Some(numbers) = numbers.filter(|all| all.len() == 7 && all[0] > 0) else {
            return Ok(false);
        };
        let second = numbers[0];
        let year = self.zone.local(Timestamp::from_seconds(second - 1)).year();
        let mut row = vec![String::new(); crate::history::COLUMNS.len()];
        let mut set = |name: &str, number: i64| {
            if let Some(column) = place(name) {
                row[column] = decimal(number, 3);
                self.counter.take(column, "", year, number);
            }
        };
        for (at, name) in COLUMNS {
            set(name, numbers[at]);
        }
        set("energy_import_kwh", numbers[1] + numbers[2]);
        set("energy_export_kwh", numbers[4] + numbers[5]);
        self.clock.set(second);
        self.put(second, row, sink)?;
        Ok(true)
    }

    /// Takes a row; of several in five minutes the last one counts, stamped with their end when it is not late.
    fn put(
        &mut self,
        second: i64,
        mut row: Vec<String>,
        sink: &mut Sink<'_>,
    ) -> Result<(), ImportError> {
        let open = self.open.as_ref().map(|(time, _)| *time);
        let multiple = on_the_grid(second);
        let time = if open.or(self.given) == Some(multiple) { second } else { multiple };
        let is_next = |open| five_minutes_of(open) != five_minutes_of(time) || open > time;
        if open.is_some_and(is_next) {
            self.flush(sink)?;
        }
        row[0] = utc_text(time);
        let local = self.zone.local(Timestamp::from_seconds(time));
        row[1] = local_text(local);
        row[2].clone_from(&self.meter);
        self.open = Some((time, row));
        // The first one is given at once: what was used is counted from it.
        if self.given.is_some() { Ok(()) } else { self.flush(sink) }
    }

    fn flush(&mut self, sink: &mut Sink<'_>) -> Result<(), ImportError> {
        match self.open.take() {
            Some((time, row)) => {
                self.given = Some(time);
                let year = self.zone.local(Timestamp::from_seconds(time)).year();
                sink(time, year, (row.join(",") + "\n").as_bytes())
            }
            None => Ok(()),
        }
    }
}

fn give(row: &[u8], year: i32, sink: &mut Sink<'_>) -> Result<(), ImportError> {
    debug_assert_eq!(row.split(|&byte| byte == b',').count(), COLUMNS.len());
    match crate::history::row::row_time(row) {
        Some(second) => sink(second, year, row),
        None => Ok(()),
    }
}
