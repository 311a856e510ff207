//! A row of the history file: which of its columns a report needs, and what they say.
//!
//! Owns the parsing. A row that has not the number of fields of its header, or no time, is none. Numbers are exact, in
//! thousandths of their unit.

use memchr::{memchr_iter, memrchr_iter};

use super::register::Reading;
use crate::meter::DEVICES;

/// Rows of a clock that was not yet set, before 2000-01-01, are left out.
pub(crate) const FIRST_SECOND: i64 = 946_684_800;

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
    /// The identifier of the meter; empty when it has none.
    pub meter: Vec<u8>,
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

/// How rows below one header are read.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// What to read, in the order of the columns.
    slots: Vec<(usize, Slot)>,
    /// How many of them are found from the left; the others are nearer to the right end.
    left: usize,
    commas: usize,
    registers: usize,
}

impl Layout {
    /// Reads a header; `None` when it is not that of a history file.
    pub fn of(header: &[u8], selection: &Selection) -> Option<Self> {
        let names: Vec<&[u8]> = header.split(|&byte| byte == b',').map(unquoted).collect();
        if *names.first()? != TIME.as_bytes() {
            return None;
        }
        let place = |name: &str| names.iter().position(|known| *known == name.as_bytes());
        let mut slots = vec![(place(METER)?, Slot::Meter)];
        slots.extend(place(TELEGRAMS).map(|at| (at, Slot::Telegrams)));
        for (at, name) in selection.registers.iter().enumerate() {
            slots.extend(place(name).map(|column| (column, Slot::Register(at))));
            if let Some([_, time, device]) = DEVICES.iter().find(|[device, ..]| device == name) {
                // `gas_time_utc`, and in files of other programs `gas_timestamp`.
                let utc = time.replace("_timestamp", "_time_utc");
                let time = place(&utc).or_else(|| place(time));
                slots.extend(time.map(|column| (column, Slot::DeviceTime(at))));
                slots.extend(place(device).map(|column| (column, Slot::Device(at))));
            }
        }
        if selection.has_voltage {
            let name = |phase| format!("voltage_l{phase}_mean_v");
            let columns = (0..3).filter_map(|at| Some((place(&name(at + 1))?, Slot::Voltage(at))));
            slots.extend(columns);
        }
        slots.sort_by_key(|(column, _)| *column);
        let commas = names.len() - 1;
        Some(Self {
            left: split(&slots, commas),
            slots,
            commas,
            registers: selection.registers.len(),
        })
    }

    /// Reads a row into `row`; false when it is none.
    pub fn read(&self, line: &[u8], time: i64, row: &mut Row) -> bool {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if memchr_iter(b',', line).count() != self.commas {
            return false;
        }
        row.time = time;
        row.registers.clear();
        row.registers.resize(self.registers, None);
        row.voltage = [None; 3];
        row.telegrams = 0;
        let (left, right) = self.slots.split_at(self.left);
        let (mut column, mut start) = (0, 0);
        let mut slots = left.iter().peekable();
        for end in memchr_iter(b',', line).chain([line.len()]) {
            while let Some((_, slot)) = slots.next_if(|(at, _)| *at == column) {
                take(row, *slot, &line[start..end]);
            }
            if slots.peek().is_none() {
                break;
            }
            column += 1;
            start = end + 1;
        }
        // A register comes before its time and its device, so the fields are found first and read then.
        let mut found = [(0, 0); MAX_RIGHT];
        let (mut column, mut end) = (self.commas, line.len());
        let mut slots = right.iter().zip(&mut found).rev().peekable();
        for comma in memrchr_iter(b',', line) {
            while let Some((_, place)) = slots.next_if(|((at, _), _)| *at == column) {
                *place = (comma + 1, end);
            }
            if slots.peek().is_none() {
                break;
            }
            column -= 1;
            end = comma;
        }
        for ((_, slot), (start, end)) in right.iter().zip(found) {
            take(row, *slot, &line[start..end]);
        }
        true
    }
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
    let length = if line.first() == Some(&b'"') { 22 } else { 20 };
    seconds(unquoted(line.get(..length)?))
}

fn take(row: &mut Row, slot: Slot, field: &[u8]) {
    if field.is_empty() {
        if matches!(slot, Slot::Meter) {
            row.meter.clear();
        }
        return;
    }
    match slot {
        Slot::Meter => {
            row.meter.clear();
            row.meter.extend_from_slice(unquoted(field));
        }
        Slot::Telegrams => row.telegrams = thousandths(field).unwrap_or(0) / 1000,
        Slot::Register(at) => {
            let (time, device) = (row.time, 0);
            row.registers[at] = thousandths(field).map(|value| Reading { time, value, device });
        }
        Slot::DeviceTime(at) => {
            let now = row.time;
            let told = seconds(field).filter(|told| (now - told).abs() <= SENSIBLE);
            if let (Some(reading), Some(told)) = (&mut row.registers[at], told) {
                reading.time = told.min(now);
            }
        }
        Slot::Device(at) => {
            if let Some(reading) = &mut row.registers[at] {
                reading.device = fingerprint(unquoted(field));
            }
        }
        Slot::Voltage(at) => row.voltage[at] = thousandths(field),
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

/// A decimal number in thousandths, cut off beyond; `None` for anything else.
pub(crate) fn thousandths(field: &[u8]) -> Option<i64> {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    // 15 digits and three more fit in an i64.
    if digits.is_empty() || digits.len() > 19 || !digits[0].is_ascii_digit() {
        return None;
    }
    let (mut number, mut decimals) = (0i64, None);
    for &byte in digits {
        match (byte, &mut decimals) {
            (b'.', None) => decimals = Some(0u8),
            (b'0'..=b'9', Some(3..)) => {}
            (b'0'..=b'9', decimals) => {
                number = number.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
                if let Some(decimals) = decimals {
                    *decimals += 1;
                }
            }
            _ => return None,
        }
    }
    let missing = 3 - decimals.unwrap_or(0);
    let number = number.checked_mul([1, 10, 100, 1000][usize::from(missing)])?;
    Some(if digits.len() < field.len() { -number } else { number })
}

/// Unix seconds of `YYYY-MM-DDThh:mm:ss` with `Z` or an offset such as `+01:00`.
pub(crate) fn seconds(text: &[u8]) -> Option<i64> {
    let (clock, offset) = text.split_at_checked(19)?;
    let digit = |at: usize| {
        let digit = clock[at].wrapping_sub(b'0');
        if digit < 10 { Some(i64::from(digit)) } else { None }
    };
    let pair = |at: usize| Some(digit(at)? * 10 + digit(at + 1)?);
    let separators = [clock[4], clock[7], clock[10], clock[13], clock[16]];
    if separators != *b"--T::" {
        return None;
    }
    let (year, month, day) = (pair(0)? * 100 + pair(2)?, pair(5)?, pair(8)?);
    let (hour, minute, second) = (pair(11)?, pair(14)?, pair(17)?);
    if !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    let offset = match offset {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), h1, h0, b':', m1, m0] => {
            let number = |tens: &u8, ones: &u8| {
                let is_digit = tens.is_ascii_digit() && ones.is_ascii_digit();
                is_digit.then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
            };
            let seconds = number(h1, h0)? * 3600 + number(m1, m0)? * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    Some(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset)
}

/// Days from 1970-01-01 to this date of the Gregorian calendar (Howard Hinnant, `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
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
        let mut row = Row::default();
        let layout = Layout::of(HEADER, &selection()).unwrap();
        let time = row_time(line.as_bytes())?;
        layout.read(line.as_bytes(), time, &mut row).then_some(row)
    }

    #[test]
    fn a_row_has_the_registers_with_their_own_times() {
        let row = row(
            "2026-11-25T13:10:00Z,2026-11-25T14:10:00,E1,30,12.345,230.1,5,2026-11-25T13:05:00Z,G1",
        )
        .unwrap();
        assert_eq!((row.time, &*row.meter, row.telegrams), (1_795_612_200, &b"E1"[..], 30));
        assert_eq!(row.registers[0], Some(Reading { time: row.time, value: 12_345, device: 0 }));
        assert_eq!(row.registers[1], None, "the file has no such column");
        let device = fingerprint(b"G1");
        assert_eq!(row.registers[2], Some(Reading { time: row.time - 300, value: 5000, device }));
        assert_eq!(row.voltage, [Some(230_100), None, None]);
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
            assert!(Layout::of(header.as_bytes(), &selection()).is_none(), "{header}");
        }
    }

    #[test]
    fn numbers_are_cut_to_thousandths() {
        for (text, expected) in [
            ("12", Some(12_000)),
            ("-0.5", Some(-500)),
            ("1.23456", Some(1234)),
            ("000001.230", Some(1230)),
            ("", None),
            (".5", None),
            ("1e3", None),
            ("1.2.3", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(thousandths(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_time_with_an_offset_is_the_same_moment() {
        assert_eq!(seconds(b"2026-11-25T14:10:00+01:00"), seconds(b"2026-11-25T13:10:00Z"));
        assert_eq!(seconds(b"2026-11-25T14:10:00"), None);
    }

    proptest! {
        #[test]
        fn times_are_those_of_chrono(second in 0i64..4_000_000_000) {
            let time = chrono::DateTime::from_timestamp(second, 0).unwrap();
            let text = time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
            prop_assert_eq!(seconds(text.as_bytes()), Some(second));
        }

        #[test]
        fn any_line_is_a_row_or_none(line in "[0-9A-Z,.:\"-]{0,120}") {
            row(&line);
        }
    }
}
