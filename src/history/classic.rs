//! The files that p1reader wrote before it kept a history: details of each telegram, and records of five minutes.
//!
//! Owns the way from one day's file to rows like those of a history. Details have everything; records have totals
//! only. Their times are local and without an offset: in the hour that the clock shows twice the order of the lines
//! tells which pass it is. Of the details one telegram each five minutes counts, the first at or after the multiple.

use std::path::{Path, PathBuf};

use chrono::{NaiveDate, NaiveDateTime};

use super::field::thousandths;
use super::record::Record;
use super::register::Reading;
use super::row::{EXPORT, IMPORT, Row, Selection};
use super::{PERIOD_SECONDS, details, on_the_grid};
use crate::message::decode_identifier;
use crate::telegram::{MeterZone, Timestamp};

/// Both moments of a local time, the earlier one first: [`crate::zone::Zone::moments`].
pub(crate) type Moments = fn(NaiveDateTime) -> [Option<Timestamp>; 2];

/// The channels of M-Bus devices.
const CHANNELS: std::ops::RangeInclusive<u8> = 1..=4;

/// The file of one day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DayFile {
    pub date: NaiveDate,
    pub is_details: bool,
    pub is_compressed: bool,
    pub path: PathBuf,
}

impl DayFile {
    /// The file of this name, where `pattern` has `DAY` in the place of its date.
    pub fn of(folder: &Path, name: &str, pattern: &str, is_details: bool) -> Option<Self> {
        let plain = name.strip_suffix(".gz").unwrap_or(name);
        let (before, after) = pattern.split_once("DAY")?;
        let date = plain.strip_prefix(before)?.strip_suffix(after)?;
        let is_date = date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit());
        let date = NaiveDate::parse_from_str(date, "%Y%m%d").ok().filter(|_| is_date)?;
        let is_compressed = plain.len() < name.len();
        Some(Self { date, is_details, is_compressed, path: folder.join(name) })
    }
}

/// The column of each number in the details.
#[derive(Clone, Debug, Default)]
struct Columns {
    meter: Option<usize>,
    import: [Option<usize>; 3],
    export: [Option<usize>; 3],
    voltage: [Option<usize>; 3],
    /// Type, time and reading of each device.
    devices: Vec<[usize; 3]>,
    count: usize,
}

impl Columns {
    fn of(header: &[u8]) -> Option<Self> {
        let codes: Vec<&[u8]> = header.split(|&byte| byte == b';').collect();
        if codes.first() != Some(&&b"datum"[..]) {
            return None;
        }
        let place = |code: &str| codes.iter().position(|known| *known == code.as_bytes());
        let energy =
            |direction: u8| [0, 1, 2].map(|tariff| place(&format!("1-0:{direction}.8.{tariff}")));
        let device = |channel: u8| {
            let part = |rest: &str| place(&format!("0-{channel}:{rest}"));
            Some([part("24.1.0")?, part("24.2.1.A")?, part("24.2.1.B")?])
        };
        Some(Self {
            meter: place("0-0:96.1.1"),
            import: energy(1),
            export: energy(2),
            voltage: [32, 52, 72].map(|phase| place(&format!("1-0:{phase}.7.0"))),
            devices: CHANNELS.filter_map(device).collect(),
            count: codes.iter().filter(|code| !code.is_empty()).count(),
        })
    }
}

/// The voltages since the last row, in thousandths of a volt.
#[derive(Clone, Copy, Debug, Default)]
struct Voltages {
    sums: [i64; 3],
    counts: [i64; 3],
    telegrams: i64,
}

impl Voltages {
    fn add(&mut self, voltages: [Option<i64>; 3]) {
        self.telegrams += 1;
        for (phase, voltage) in voltages.into_iter().enumerate() {
            self.sums[phase] += voltage.unwrap_or(0);
            self.counts[phase] += i64::from(voltage.is_some());
        }
    }

    fn means(&self) -> [Option<i64>; 3] {
        [0, 1, 2].map(|phase| self.sums[phase].checked_div(self.counts[phase]))
    }
}

/// Reads the lines of one day's file.
#[derive(Debug)]
pub(super) struct DayReader<'s> {
    selection: &'s Selection,
    moments: Moments,
    is_details: bool,
    columns: Columns,
    /// The time of the last line, and of the last row.
    last: i64,
    row: i64,
    voltages: Voltages,
}

impl<'s> DayReader<'s> {
    /// A reader; the details need their header. `None` when that is of another file.
    pub fn new(
        selection: &'s Selection,
        moments: Moments,
        header: &[u8],
        is_details: bool,
    ) -> Option<Self> {
        let columns = if is_details { Columns::of(header)? } else { Columns::default() };
        let (last, row) = (i64::MIN, i64::MIN);
        let voltages = Voltages::default();
        Some(Self { selection, moments, is_details, columns, last, row, voltages })
    }

    /// Reads a line into `row`. `None` for a line that is none; false for one that is no row.
    pub fn read(&mut self, line: &[u8], row: &mut Row) -> Option<bool> {
        let line = std::str::from_utf8(line).ok()?.trim_end_matches('\r');
        if self.is_details { self.details(line, row) } else { self.record(line, row) }
    }

    fn record(&mut self, line: &str, row: &mut Row) -> Option<bool> {
        let record = Record::parse(line)?;
        let [import, export] = record.energy();
        let time = self.moment(record.time)?;
        self.begin(row, time);
        self.put(row, IMPORT, Some(import), row.time);
        self.put(row, EXPORT, Some(export), row.time);
        Some(true)
    }

    fn details(&mut self, line: &str, row: &mut Row) -> Option<bool> {
        let fields = details::cells(line);
        // The second header.
        if fields[0] == "datum" {
            return Some(false);
        }
        if !details::is_whole(self.columns.count, fields.len(), fields.last().copied()) {
            return None;
        }
        // A row from before an object was seen has no cell for it.
        let cell = |at: usize| fields.get(at).copied().unwrap_or_default();
        let local = NaiveDateTime::parse_from_str(fields[0], details::TIME).ok()?;
        let time = self.moment(local)?;
        if self.selection.has_voltage {
            let voltage = |at: Option<usize>| thousandths(cell(at?).as_bytes());
            self.voltages.add(self.columns.voltage.map(voltage));
        }
        if time.div_euclid(PERIOD_SECONDS) == self.row.div_euclid(PERIOD_SECONDS) {
            return Some(false);
        }
        let is_first = self.row == i64::MIN;
        self.row = time;
        self.begin(row, time);
        let voltages = std::mem::take(&mut self.voltages);
        // What the first row ends is in the file of the day before.
        if !is_first {
            row.voltage = voltages.means();
            row.telegrams = voltages.telegrams;
        }
        let time = row.time;
        let columns = self.columns.clone();
        let field = |at: Option<usize>| cell(at?).parse::<i64>().ok();
        let total = |[total, t1, t2]: [Option<usize>; 3]| {
            let tariffs = [field(t1), field(t2)].into_iter().flatten().reduce(|a, b| a + b);
            field(total).or(tariffs)
        };
        if let Some(at) = columns.meter {
            row.set_meter(decode_identifier(cell(at)).as_bytes());
        }
        for (name, places) in [("import", columns.import), ("export", columns.export)] {
            self.put(row, &format!("energy_{name}_kwh"), total(places), time);
            for (tariff, place) in places.into_iter().enumerate().skip(1) {
                self.put(row, &format!("energy_{name}_t{tariff}_kwh"), field(place), time);
            }
        }
        for [kind, read, value] in columns.devices {
            let name = match cell(kind).trim_start_matches('0') {
                "3" => "gas_m3",
                "7" => "water_m3",
                _ => continue,
            };
            let told = Timestamp::parse_meter_time(cell(read).as_bytes(), MeterZone::Central);
            let told = told.map_or(time, Timestamp::seconds).min(time);
            self.put(row, name, field(Some(value)), told);
        }
        Some(true)
    }

    /// The moment of a local time: not before that of the line before.
    fn moment(&mut self, local: NaiveDateTime) -> Option<i64> {
        let [first, second] = (self.moments)(local).map(|time| time.map(Timestamp::seconds));
        let time = match (first?, second) {
            (first, Some(second)) if first < self.last => second,
            (first, _) => first,
        };
        self.last = time;
        Some(time)
    }

    fn begin(&self, row: &mut Row, time: i64) {
        row.time = on_the_grid(time);
        row.set_meter(b"");
        row.telegrams = 0;
        row.voltage = [None; 3];
        row.registers.clear();
        row.registers.resize(self.selection.registers.len(), None);
    }

    /// Which device was read is left open: the history that follows knows it by its identifier.
    fn put(&self, row: &mut Row, name: &str, value: Option<i64>, time: i64) {
        let at = self.selection.registers.iter().position(|known| known == name);
        if let (Some(at), Some(value)) = (at, value) {
            row.registers[at] = Some(Reading { time, value, device: 0 });
        }
    }
}
