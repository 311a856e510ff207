//! A row of the history file: which of its columns a report needs, and what they say.
//!
//! A row that has not the number of fields of its header, or no time, is none. Numbers are exact, in thousandths of
//! their unit.

use memchr::{memchr, memchr_iter, memrchr};

use super::field::{Times, thousandths};
use super::register::Reading;
use super::time_column;
use crate::meter::DeviceRegister;

/// Rows of a clock that was not yet set, before 2000-01-01, are left out.
pub(crate) const FIRST_SECOND: i64 = 946_684_800;

/// How far from its own time the row with a device's reading may be, in seconds: devices are read once a day or more often,
/// and a day has up to 25 hours.
pub(crate) const DEVICE_LAG: i64 = 26 * 3600;

/// A device whose clock is further off than this has no sensible clock, in seconds.
const SENSIBLE: i64 = 86_400;

/// Columns of the rows themselves.
pub(crate) const TIME: &str = "time_utc";
pub(crate) const METER: &str = "unique_id";
pub(crate) const TELEGRAMS: &str = "telegrams";

/// The electric registers: total and tariffs.
pub(crate) const IMPORT: &str = "energy_import_kwh";
pub(crate) const EXPORT: &str = "energy_export_kwh";

/// What a report needs of each row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// The names of registers.
    pub registers: Vec<String>,
    /// The mean voltage of each phase.
    pub has_voltage: bool,
}

/// What a report needs of one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// The end of the row's five minutes, in Unix seconds.
    pub time: i64,
    meter: Vec<u8>,
    /// The fingerprint of the meter; 0 when it has no identifier.
    pub device: u64,
    /// In the order of the selection.
    pub registers: Vec<Option<Reading>>,
    /// The mean voltage of each phase, in thousandths of a volt.
    pub voltage: [Option<i64>; 3],
    pub telegrams: i64,
}

/// The most fields that are found from the right end of a row.
const MAX_RIGHT: usize = 16;

/// What a column is for.
#[derive(Clone, Copy, Debug)]
enum Slot {
    Meter,
    Telegrams,
    Register(usize),
    DeviceTime(usize),
    Device(usize),
    Voltage(usize),
}

/// Reads the rows below one header.
#[derive(Clone, Debug)]
pub(crate) struct RowReader {
    /// Fields that are found from the left, behind the time: how many fields are passed before each, and what it is
    /// for. `None` is the field before it once more: registers of one device share its time.
    left: Vec<(Option<usize>, Slot)>,
    /// Fields that are found from the right end, the last one first.
    right: Vec<(Option<usize>, Slot)>,
    commas: usize,
    times: Times,
    row: Row,
}

impl RowReader {
    /// Reads a header; `None` when it is not that of a history file.
    pub fn new(header: &[u8], selection: &Selection) -> Option<Self> {
        let names: Vec<&[u8]> = header.split(|&byte| byte == b',').map(unquoted).collect();
        if *names.first()? != TIME.as_bytes() {
            return None;
        }
        let commas = names.len() - 1;
        let slots = slots(&names, selection)?;
        let (left, right) = slots.split_at(split(&slots, commas));
        let passed = |first: usize, places: &mut dyn Iterator<Item = (usize, Slot)>| {
            let mut next = first;
            let fields = places.map(|(place, slot)| {
                let passed = place.checked_sub(next);
                next = place + 1;
                (passed, slot)
            });
            fields.collect()
        };
        Some(Self {
            left: passed(1, &mut left.iter().copied()),
            right: passed(
                0,
                &mut right.iter().rev().map(|(column, slot)| (commas - column, *slot)),
            ),
            commas,
            times: Times::default(),
            row: Row { registers: vec![None; selection.registers.len()], ..Row::default() },
        })
    }

    /// The time of a row, without reading the rest.
    pub fn time(&mut self, line: &[u8]) -> Option<i64> {
        self.times.seconds(time_field(line)?.0)
    }

    /// Reads a row of this time; `None` when it is none.
    pub fn read(&mut self, line: &[u8], time: i64) -> Option<&Row> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if memchr_iter(b',', line).count() != self.commas {
            return None;
        }
        self.row.time = time;
        let mut start = time_field(line)?.1 + 1;
        if line.get(start - 1) != Some(&b',') {
            return None;
        }
        let mut field = &line[..0];
        for (passed, slot) in &self.left {
            if let Some(passed) = passed {
                for _ in 0..*passed {
                    start += memchr(b',', line.get(start..)?)? + 1;
                }
                let rest = line.get(start..)?;
                field = &rest[..memchr(b',', rest).unwrap_or(rest.len())];
                start += field.len() + 1;
            }
            self.row.take(*slot, field, &mut self.times);
        }
        // A register comes before its time and its device, so the fields are found first and read then.
        let mut found = [&line[..0]; MAX_RIGHT];
        let mut rest = line;
        for ((passed, _), place) in self.right.iter().zip(&mut found) {
            if let Some(passed) = passed {
                for _ in 0..*passed {
                    rest = &rest[..memrchr(b',', rest)?];
                }
                let before = memrchr(b',', rest)?;
                field = &rest[before + 1..];
                rest = &rest[..before];
            }
            *place = field;
        }
        for ((_, slot), field) in self.right.iter().zip(&found).rev() {
            self.row.take(*slot, field, &mut self.times);
        }
        Some(&self.row)
    }
}

/// What to read, in the order of the columns. `None` when the names are not those of a history file.
fn slots(names: &[&[u8]], selection: &Selection) -> Option<Vec<(usize, Slot)>> {
    let place = |name: &str| names.iter().position(|known| *known == name.as_bytes());
    let mut slots = vec![(place(METER)?, Slot::Meter)];
    for (at, name) in selection.registers.iter().enumerate() {
        slots.extend(place(name).map(|column| (column, Slot::Register(at))));
        if let Some(register) = DeviceRegister::named(name) {
            // In files of other programs it is `gas_timestamp`.
            let time = place(&time_column(register)).or_else(|| place(register.time));
            slots.extend(time.map(|column| (column, Slot::DeviceTime(at))));
            slots.extend(place(register.id).map(|column| (column, Slot::Device(at))));
        }
    }
    if selection.has_voltage {
        slots.extend(place(TELEGRAMS).map(|at| (at, Slot::Telegrams)));
        let name = |phase| format!("voltage_l{phase}_mean_v");
        slots.extend((0..3).filter_map(|at| Some((place(&name(at + 1))?, Slot::Voltage(at)))));
    }
    slots.sort_by_key(|(column, _)| *column);
    Some(slots)
}

/// How many of the slots are found from the left, so that the fewest commas are passed.
fn split(slots: &[(usize, Slot)], commas: usize) -> usize {
    let passed = |left: usize| {
        let from_left = left.checked_sub(1).map_or(0, |last| slots[last].0 + 1);
        // The first column has no comma before it.
        let from_right = slots.get(left).map_or(0, |(column, _)| commas + 1 - column.max(&1));
        from_left + from_right
    };
    let least = slots.len().saturating_sub(MAX_RIGHT).max(1);
    (least..=slots.len()).min_by_key(|left| passed(*left)).unwrap_or(slots.len())
}

/// The time of a row, without reading the rest.
pub(crate) fn row_time(line: &[u8]) -> Option<i64> {
    Times::default().seconds(time_field(line)?.0)
}

/// The text of the time at the beginning of a row, and the length of its field.
fn time_field(line: &[u8]) -> Option<(&[u8], usize)> {
    let length = if line.first() == Some(&b'"') { 22 } else { 20 };
    line.get(..length).map(|field| (unquoted(field), length))
}

impl Row {
    /// A row of this meter.
    #[cfg(test)]
    pub fn of(time: i64, meter: &str, registers: Vec<Option<Reading>>) -> Self {
        let mut row = Self { time, registers, ..Self::default() };
        row.set_meter(meter.as_bytes());
        row
    }

    /// The identifier of the meter; empty when it has none.
    pub fn meter(&self) -> &[u8] {
        &self.meter
    }

    pub fn set_meter(&mut self, meter: &[u8]) {
        if meter != self.meter {
            self.meter.clear();
            self.meter.extend_from_slice(meter);
            self.device = if meter.is_empty() { 0 } else { fingerprint(meter) };
        }
    }

    /// Takes a field, also an empty one: what it is for has no value then.
    fn take(&mut self, slot: Slot, field: &[u8], times: &mut Times) {
        match slot {
            Slot::Meter => self.set_meter(unquoted(field)),
            Slot::Telegrams => self.telegrams = thousandths(field).unwrap_or(0) / 1000,
            Slot::Register(at) => {
                let (time, device) = (self.time, 0);
                self.registers[at] =
                    thousandths(field).map(|value| Reading { time, value, device });
            }
            Slot::DeviceTime(at) => {
                let now = self.time;
                let told = times.seconds(field).filter(|told| (now - told).abs() <= SENSIBLE);
                if let (Some(reading), Some(told)) = (&mut self.registers[at], told) {
                    reading.time = told.min(now);
                }
            }
            Slot::Device(at) => {
                let device = Some(unquoted(field)).filter(|device| !device.is_empty());
                if let (Some(reading), Some(device)) = (&mut self.registers[at], device) {
                    reading.device = fingerprint(device);
                }
            }
            Slot::Voltage(at) => self.voltage[at] = thousandths(field),
        }
    }
}

/// Tells one identifier from another: FNV-1a, and never 0.
pub(crate) fn fingerprint(identifier: &[u8]) -> u64 {
    let hash = identifier.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    hash | 1
}

fn unquoted(field: &[u8]) -> &[u8] {
    field.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\"")).unwrap_or(field)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: &[u8] = b"time_utc,time_local,unique_id,telegrams,energy_import_kwh,voltage_l1_mean_v,gas_m3,gas_time_utc,gas_unique_id";

    fn selection() -> Selection {
        let registers = [IMPORT, EXPORT, "gas_m3"].map(str::to_owned).into();
        Selection { registers, has_voltage: true }
    }

    fn row(line: &str) -> Option<Row> {
        let mut reader = RowReader::new(HEADER, &selection()).unwrap();
        let time = reader.time(line.as_bytes())?;
        reader.read(line.as_bytes(), time).cloned()
    }

    #[test]
    fn a_row_has_the_registers_with_their_own_times() {
        let row = row(
            "2026-11-25T13:10:00Z,2026-11-25T14:10:00,E1,30,12.345,230.1,5,2026-11-25T13:05:00Z,G1",
        )
        .unwrap();
        assert_eq!((row.time, row.meter(), row.telegrams), (1_795_612_200, &b"E1"[..], 30));
        assert_eq!(row.registers[0], Some(Reading { time: row.time, value: 12_345, device: 0 }));
        assert_eq!(row.registers[1], None, "the file has no such column");
        let device = fingerprint(b"G1");
        assert_eq!(row.registers[2], Some(Reading { time: row.time - 300, value: 5000, device }));
        assert_eq!(row.voltage, [Some(230_100), None, None]);
    }

    #[test]
    fn registers_of_one_device_share_its_time() {
        let header =
            b"time_utc,time_local,unique_id,telegrams,heat_gj,heat_m3,heat_time_utc,heat_unique_id";
        let registers = ["heat_gj", "heat_m3"].map(str::to_owned).into();
        let selection = Selection { registers, has_voltage: false };
        let mut reader = RowReader::new(header, &selection).unwrap();
        let line = b"2026-11-25T13:10:00Z,x,E1,30,1.5,2.5,2026-11-25T13:00:00Z,H1";
        let time = reader.time(line).unwrap();
        let (found, device) = (&reader.read(line, time).unwrap().registers, fingerprint(b"H1"));
        let expected = [1500, 2500].map(|value| Some(Reading { time: time - 600, value, device }));
        assert_eq!(found[..], expected);
    }

    #[test]
    fn an_empty_field_is_missing_and_never_zero() {
        let row = row("2026-11-25T13:10:00Z,2026-11-25T14:10:00,,30,,,,,").unwrap();
        assert_eq!((row.registers, row.voltage), (vec![None; 3], [None; 3]));
    }

    #[test]
    fn a_torn_row_is_none() {
        for line in [
            "",
            "\0\0\0",
            "2026-11-25T13:10:0",
            "2026-11-25T13:10:00Z,2026-11-25T14:10:00,E1,30,12.3",
        ] {
            assert_eq!(row(line), None, "{line}");
        }
        assert_eq!(row("2026-13-25T13:10:00Z,2026-11-25T14:10:00,,30,,,,,"), None);
    }

    #[test]
    fn a_clock_of_a_device_that_is_days_off_does_not_count() {
        let row = row("2026-11-25T13:10:00Z,2026-11-25T14:10:00,E1,30,1,2,5,2000-01-01T00:00:00Z,")
            .unwrap();
        assert_eq!(row.registers[2].unwrap().time, row.time);
    }

    #[test]
    fn only_the_header_of_a_history_file_is_one() {
        for header in ["", "datum;version", "time,unique_id", "time_utc,time_local"] {
            assert!(RowReader::new(header.as_bytes(), &selection()).is_none(), "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_a_row_or_none(line in "[0-9A-Z,.:\"-]{0,120}") {
            row(&line);
        }
    }
}
