//! The years as a whole: whatever happens to meters and files, periods and gaps add up to the registers.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::calendar::{Calendar, Unit};
use super::files::{History, HistoryError};
use super::register::Step;
use super::row::{EXPORT, IMPORT, Row, Selection};
use super::tally::{Ledger, Limits, Tally};
use super::utc_text;
use crate::telegram::Timestamp;
use crate::zone::Zone as _;
use crate::zone::tests::Amsterdam;

/// 2026-10-20 and 2026-03-24, 00:00 in Amsterdam: days before the clock changes.
const BEFORE_AUTUMN: i64 = 1_792_447_200;
const BEFORE_SPRING: i64 = 1_774_306_800;

/// A house, its meters, and what became of their rows.
#[derive(Clone, Debug)]
struct House {
    start: i64,
    /// Wh and dm³ of each five minutes.
    import: Vec<i64>,
    gas: Vec<i64>,
    /// What the registers show at first.
    first: i64,
    /// How often the gas meter is read, in rows.
    gas_every: usize,
    /// The row with which another meter begins.
    swap: usize,
    /// Rows that are missing: from, and how many.
    gaps: Vec<(usize, usize)>,
}

/// Registers of this size start again at zero.
const FULL: i64 = 1_000_000_000;

impl House {
    fn has(&self, at: usize) -> bool {
        !self.gaps.iter().any(|(from, count)| (*from..from + count).contains(&at))
    }

    fn meter(&self, at: usize) -> &'static str {
        if at < self.swap { "E1" } else { "E2" }
    }

    /// Until which row the gas meter has been read at this row.
    fn gas_read(&self, at: usize) -> usize {
        at / self.gas_every * self.gas_every
    }

    fn sum(series: &[i64], from: usize, to: usize) -> i64 {
        series[from..to].iter().sum()
    }

    /// Every file of these rows, and a header.
    fn csv(&self) -> String {
        let mut text = "time_utc,time_local,unique_id,telegrams,energy_import_kwh,energy_export_kwh,gas_m3,gas_time_utc,gas_unique_id\n".to_owned();
        // What was used until each row.
        let until = |series: &[i64]| {
            let sums = series.iter().scan(0, |sum, used| Some(std::mem::replace(sum, *sum + used)));
            sums.collect::<Vec<i64>>()
        };
        let (import_until, gas_until) = (until(&self.import), until(&self.gas));
        for at in (0..self.import.len()).filter(|at| self.has(*at)) {
            let second = |at: usize| self.start + 300 * i64::try_from(at).unwrap();
            let begin = if at < self.swap { 0 } else { self.swap };
            let import = (self.first + import_until[at] - import_until[begin]) % FULL;
            let read = self.gas_read(at);
            let gas = gas_until[read];
            let utc = |at| utc_text(second(at));
            let local =
                Amsterdam.local(Timestamp::from_seconds(second(at))).format("%Y-%m-%dT%H:%M:%S");
            let decimal = |number: i64| format!("{}.{:03}", number / 1000, number % 1000);
            writeln!(
                text,
                "{},{local},{},30,{},0.000,{},{},G1",
                utc(at),
                self.meter(at),
                decimal(import),
                decimal(gas),
                utc(read)
            )
            .unwrap();
        }
        text
    }

    /// What the first row of each meter and its last one differ by.
    fn difference(&self) -> (i64, i64) {
        let rows = |meter: &str| {
            let rows =
                (0..self.import.len()).filter(|at| self.has(*at) && self.meter(*at) == meter);
            let rows: Vec<usize> = rows.collect();
            rows.first().copied().zip(rows.last().copied())
        };
        let import = ["E1", "E2"].into_iter().filter_map(rows);
        let import = import.map(|(from, to)| Self::sum(&self.import, from, to)).sum();
        let all: Vec<usize> = (0..self.import.len()).filter(|at| self.has(*at)).collect();
        let ends = all.first().zip(all.last());
        let gas = ends
            .map_or(0, |(from, to)| Self::sum(&self.gas, self.gas_read(*from), self.gas_read(*to)));
        (import, gas)
    }
}

fn names() -> Vec<String> {
    [IMPORT, EXPORT, "gas_m3"].map(str::to_owned).into()
}

fn tally_of(path: &Path, unit: Unit, limits: Limits) -> Tally<Amsterdam> {
    let mut history = History::open(path, None).unwrap();
    let mut tally = Tally::new(Calendar::new(Amsterdam, unit), &names(), limits);
    let mut ledger = Ledger::new(&names());
    let selection = Selection { registers: names(), has_voltage: false };
    let mut take = |row: &Row| ledger.take(row, |at, step| tally.add(at, step));
    history.read(&selection, limits.from, limits.to, &mut take).unwrap();
    tally
}

fn all() -> Limits {
    Limits { from: 0, to: i64::MAX / 2, cut: None }
}

fn houses() -> impl Strategy<Value = House> {
    let rows = 1500usize;
    (
        prop_oneof![Just(BEFORE_AUTUMN), Just(BEFORE_SPRING), Just(BEFORE_AUTUMN + 1234 * 300)],
        prop::collection::vec(0i64..300, rows),
        prop::collection::vec(0i64..50, rows),
        prop_oneof![Just(0i64), Just(FULL - 50_000), Just(12_345_678)],
        prop_oneof![Just(1usize), Just(12), Just(288)],
        0usize..2 * rows,
        prop::collection::vec((0usize..rows, 1usize..200), 0..5),
    )
        .prop_map(|(start, import, gas, first, gas_every, swap, gaps)| House {
            start,
            import,
            gas,
            first,
            gas_every,
            swap,
            gaps,
        })
}

fn written(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("h-2026.csv"), text).unwrap();
    let pattern = folder.path().join("h-YEAR.csv");
    (folder, pattern)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn periods_and_gaps_are_the_difference_of_the_registers(house in houses()) {
        let (_folder, pattern) = written(&house.csv());
        let (import, gas) = house.difference();
        for unit in [Unit::Hour, Unit::Day, Unit::Week, Unit::Month] {
            let tally = tally_of(&pattern, unit, all());
            for (register, expected) in [(0, import), (2, gas)] {
                let periods = tally.periods.iter().filter_map(|period| period.used[register]);
                let gaps = tally.gaps.iter().filter_map(|gap| gap.outside[register]);
                prop_assert_eq!(periods.sum::<i64>() + gaps.sum::<i64>(), expected, "{:?} {}", unit, register);
            }
        }
    }

    #[test]
    fn a_day_without_a_gap_has_what_was_used_from_midnight_to_midnight(mut house in houses()) {
        house.gaps.clear();
        house.swap = usize::MAX;
        // The gas meter is read at midnight.
        house.gas_every = if house.start == BEFORE_AUTUMN { house.gas_every.min(12) } else { 1 };
        let (_folder, pattern) = written(&house.csv());
        let tally = tally_of(&pattern, Unit::Day, all());
        let index = |second: i64| usize::try_from((second - house.start) / 300).unwrap();
        for period in tally.periods.iter().filter(|period| period.is_complete()) {
            let (from, to) = (index(period.span.start), index(period.span.end));
            prop_assert_eq!(period.used[0], Some(House::sum(&house.import, from, to)));
        }
        // The last gas of the last day comes with a row that is not there.
        let days = tally.periods.iter().filter(|period| period.is_complete());
        for period in days.rev().skip(1) {
            let (from, to) = (index(period.span.start), index(period.span.end));
            prop_assert_eq!(period.used[2], Some(House::sum(&house.gas, from, to)));
        }
        prop_assert!(tally.periods.iter().filter(|period| period.is_complete()).count() >= 3);
    }

    #[test]
    fn a_report_from_any_time_has_the_same_days(house in houses(), skipped in 1usize..5) {
        let (_folder, pattern) = written(&house.csv());
        let whole = tally_of(&pattern, Unit::Day, all());
        let days = Calendar::new(Amsterdam, Unit::Day);
        let from = days.away(days.at(house.start), i32::try_from(skipped).unwrap()).start;
        let part = tally_of(&pattern, Unit::Day, Limits { from, ..all() });
        for period in &part.periods {
            let same = whole.periods.iter().find(|known| known.span == period.span).unwrap();
            prop_assert_eq!(period.used[0], same.used[0]);
        }
    }
}

fn house() -> House {
    House {
        start: BEFORE_AUTUMN,
        import: vec![10; 600],
        gas: vec![1; 600],
        first: 0,
        gas_every: 1,
        swap: usize::MAX,
        gaps: Vec::new(),
    }
}

#[test]
fn what_was_used_over_midnight_without_rows_is_in_no_day_and_in_a_gap() {
    let (_folder, pattern) = written(&House { gaps: vec![(280, 20)], ..house() }.csv());
    let tally = tally_of(&pattern, Unit::Day, all());
    let [gap] = &tally.gaps[..] else { panic!("{:?}", tally.gaps) };
    let minutes = |second: i64| (second - BEFORE_AUTUMN) / 60;
    assert_eq!((minutes(gap.from), minutes(gap.to)), (279 * 5, 300 * 5));
    assert_eq!((gap.outside[0], gap.outside[2], gap.is_exchange), (Some(210), Some(21), false));
    let complete: Vec<bool> = tally.periods.iter().map(super::tally::Period::is_complete).collect();
    assert_eq!(complete, [false, false, false], "and the last day is not over");
    assert_eq!(tally.periods[0].used[0], Some(2790));
}

#[test]
fn missing_rows_within_a_day_cost_nothing() {
    let (_folder, pattern) = written(&House { gaps: vec![(100, 50)], ..house() }.csv());
    let tally = tally_of(&pattern, Unit::Day, all());
    assert!(tally.periods[0].is_complete());
    assert_eq!(tally.periods[0].used[0], Some(2880));
    assert_eq!((tally.gaps.len(), tally.gaps[0].is_outside()), (1, false));
    assert_eq!(tally.gaps[0].used[0], Some(510));
}

#[test]
fn an_exchange_of_the_meter_is_a_gap_of_unknown_energy() {
    let (_folder, pattern) = written(&House { swap: 100, ..house() }.csv());
    let tally = tally_of(&pattern, Unit::Day, all());
    let [gap] = &tally.gaps[..] else { panic!("{:?}", tally.gaps) };
    assert!(gap.is_exchange && gap.used[0].is_none() && !gap.is_outside());
    assert!(!tally.periods[0].is_complete());
    assert_eq!(tally.periods[0].used[0], Some(2870));
}

#[test]
fn the_same_part_of_a_period_is_added_up() {
    let (_folder, pattern) = written(&house().csv());
    let cut = Some(BEFORE_AUTUMN + 86_400 + 36_000);
    let tally = tally_of(&pattern, Unit::Day, Limits { cut, ..all() });
    assert_eq!(tally.periods[0].part[0], Some(1200), "until 10:00");
    assert_eq!(tally.periods[1].part[0], Some(1200));
}

/// The times of the rows in these files, and what is odd about them.
fn read(folder: &Path, from: i64) -> (Vec<i64>, Vec<String>) {
    let mut history = History::open(&folder.join("h-YEAR.csv"), None).unwrap();
    let mut times = Vec::new();
    history.read(&Selection::default(), from, i64::MAX, &mut |row| times.push(row.time)).unwrap();
    (times, history.findings.warnings)
}

const HEADER: &str = "time_utc,time_local,unique_id,telegrams\n";

fn line(second: i64, meter: &str) -> String {
    format!("{},x,{meter},30\n", utc_text(second))
}

#[test]
fn files_are_read_in_the_order_of_their_rows_plain_or_compressed() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let zip = |name: &str, text: &str| {
        let file = fs::File::create(folder.path().join(name)).unwrap();
        let mut zip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        zip.write_all(text.as_bytes()).unwrap();
        zip.finish().unwrap();
    };
    let at = |number: i64| BEFORE_AUTUMN + 300 * number;
    zip("h-2025.csv.gz", &(HEADER.to_owned() + &line(at(0), "E1") + &line(at(1), "E1")));
    write("h-2026.csv", &(HEADER.to_owned() + &line(at(2), "E1")));
    zip("h-2026.csv.gz", "not even a header\n");
    write("h-2026b.csv", &(HEADER.to_owned() + &line(at(3), "E1") + "2026-10-2"));
    write("h-1970.csv", &(HEADER.to_owned() + &line(300, "E1")));
    write("h-2027.csv", "datum;version\n");
    write("h-other.csv", &(HEADER.to_owned() + &line(at(9), "E1")));
    write("h-2028.csv", HEADER);
    let (times, warnings) = read(folder.path(), 0);
    assert_eq!(times, [at(0), at(1), at(2), at(3)]);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("h-1970.csv: its rows are of a clock that was not yet set"));
    assert!(warnings[1].contains("h-2027.csv: no history file"));
    assert_eq!(
        History::open(&folder.path().join("h-YEAR.csv"), None).unwrap().last().unwrap(),
        Some(at(3))
    );
}

#[test]
fn torn_lines_are_counted_and_a_clock_that_went_back_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |number: i64| line(BEFORE_AUTUMN + 300 * number, "E1");
    let text = [HEADER, &at(1), "\0\0\0\n", &at(2), &at(2), &at(1), "2026,1\n", &at(3)].concat();
    fs::write(folder.path().join("h-2026.csv"), text).unwrap();
    let (times, warnings) = read(folder.path(), 0);
    assert_eq!(times.len(), 3);
    assert!(
        warnings[0].ends_with("h-2026.csv: 2 lines left out: torn, or of another program"),
        "{warnings:?}"
    );
    assert!(warnings[1].starts_with("2 rows left out"), "{warnings:?}");
}

#[test]
fn two_meters_at_the_same_time_are_refused_unless_one_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let at = |number: i64, meter| line(BEFORE_AUTUMN + 300 * number, meter);
    let pattern = folder.path().join("h-YEAR.csv");
    for text in [
        [HEADER, &at(1, "E1"), &at(1, "E2"), &at(2, "E1")].concat(),
        [HEADER, &at(1, "E1"), &at(2, "E2"), &at(3, "E1")].concat(),
    ] {
        fs::write(folder.path().join("h-2026.csv"), text).unwrap();
        let mut history = History::open(&pattern, None).unwrap();
        let read = history.read(&Selection::default(), 0, i64::MAX, &mut |_| {});
        assert!(matches!(read, Err(HistoryError::TwoMeters(..))), "{read:?}");
        let mut history = History::open(&pattern, Some("E1")).unwrap();
        let mut rows = 0;
        history.read(&Selection::default(), 0, i64::MAX, &mut |_| rows += 1).unwrap();
        assert_eq!(rows, 2);
    }
}

#[test]
fn reading_begins_at_the_row_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..20_000).map(|at| line(BEFORE_AUTUMN + 300 * at, "E1")).collect();
    fs::write(folder.path().join("h-2026.csv"), HEADER.to_owned() + &rows).unwrap();
    for first in [0, 1, 77, 9_999, 19_999, 20_000] {
        let (times, warnings) = read(folder.path(), BEFORE_AUTUMN + 300 * first);
        assert_eq!(i64::try_from(times.len()).unwrap(), 20_000 - first);
        assert_eq!(times.first().copied(), (first < 20_000).then_some(BEFORE_AUTUMN + 300 * first));
        assert_eq!(warnings, [""; 0]);
    }
}

#[test]
fn names_of_other_files_are_none_of_the_history() {
    let folder = tempfile::tempdir().unwrap();
    for (name, pattern, fits) in [
        ("h-2026.csv", "h-YEAR.csv", true),
        ("h-2026c.csv", "h-YEAR.csv", true),
        ("h-2026cc.csv", "h-YEAR.csv", false),
        ("h-26.csv", "h-YEAR.csv", false),
        ("h-E1-2026.csv", "h-YEAR.csv", false),
        ("h-E1-2026.csv", "h-METER-YEAR.csv", true),
        ("2026-E1.csv", "YEAR-METER.csv", true),
        ("h-2026.csv", "h-METER-YEAR.csv", false),
        ("h-\u{e9}2026.csv", "h-YEAR.csv", false),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, HEADER.to_owned() + &line(BEFORE_AUTUMN, "E1")).unwrap();
        let history = History::open(&folder.path().join(pattern), None).unwrap();
        assert_eq!(history.first().is_some(), fits, "{name} {pattern}");
        fs::remove_file(path).unwrap();
    }
}

/// A history with the days before it.
fn history_of_days(folder: &Path) -> History {
    let mut history = History::open(&folder.join("h-YEAR.csv"), None).unwrap();
    history
        .add_days(&folder.join("details-DAY.csv"), &folder.join("day-DAY.csv"), |local| {
            Amsterdam.moments(local)
        })
        .unwrap();
    history
}

/// Rows of the days, with import and gas: minutes since the autumn day began, Wh and dm³. No meter was exchanged.
fn days(folder: &Path) -> Vec<(i64, i64, Option<i64>)> {
    let mut history = history_of_days(folder);
    let selection = Selection { registers: names(), has_voltage: false };
    let mut rows = Vec::new();
    let mut ledger = Ledger::new(&names());
    let mut take = |row: &Row| {
        let value = |at: usize| row.registers[at].map(|reading| reading.value);
        rows.push(((row.time - AUTUMN) / 60, value(0).unwrap(), value(2)));
        ledger.take(row, |at, step| assert!(step.amount.is_some(), "register {at} {step:?}"));
    };
    history.read(&selection, 0, i64::MAX, &mut take).unwrap();
    rows
}

/// 2026-10-25 00:00 in Amsterdam.
const AUTUMN: i64 = 1_792_879_200;

#[test]
fn days_before_the_history_are_read_from_the_records_in_the_hour_that_comes_twice_by_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let record = |time: &str, import: i64| {
        format!("2026-10-25 {time}, {import},  612,  640,  811,    10642208,    0,    0,    0\n")
    };
    let text = [
        ("01:55:00", 100),
        ("02:00:03", 110),
        ("02:55:00", 170),
        ("02:00:00", 180),
        ("02:55:00", 240),
        ("03:00:00", 250),
    ];
    let text: Vec<String> = text.into_iter().map(|(time, import)| record(time, import)).collect();
    fs::write(folder.path().join("day-20261025.csv"), text.concat() + "2026-10-25 03:0").unwrap();
    let rows: Vec<(i64, i64)> =
        days(folder.path()).into_iter().map(|(minutes, import, _)| (minutes, import)).collect();
    assert_eq!(rows, [(115, 100), (120, 110), (175, 170), (180, 180), (235, 240), (240, 250)]);
}

#[test]
fn details_come_before_records_and_the_history_before_both() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let codes =
        "datum;0-0:96.1.1;1-0:1.8.1;1-0:1.8.2;1-0:2.8.1;0-1:24.1.0;0-1:24.2.1.A;0-1:24.2.1.B;\n";
    let row = |time: &str, import: i64, gas: i64| {
        format!("25-10-2026 {time};4531;{import};1000;0;003;261025000000S;{gas};\n")
    };
    let details = [
        codes,
        "datum;id;t1;t2;out;type;time;gas;\n",
        &row("00:00:02", 1, 7),
        &row("00:00:12", 2, 7),
        "torn\n",
        &row("00:05:01", 5, 7),
        &row("00:10:00", 9, 8),
    ];
    write("details-20261025.csv", &details.concat());
    write(
        "day-20261025.csv",
        "2026-10-25 00:00:00, 999999,  612,  640,  811,    1,    0,    0,    0\n",
    );
    let (time, read) = (utc_text(AUTUMN + 600), utc_text(AUTUMN + 300));
    write("h-2026.csv", &format!("{HISTORY}{time},x,E1,30,1.020,0,0.009,{read},G1\n"));
    assert_eq!(days(folder.path()), [(0, 1001, Some(7)), (5, 1005, Some(7)), (10, 1020, Some(9))]);
}

#[test]
fn details_have_the_mean_voltage_of_the_telegrams_since_the_row_before() {
    let folder = tempfile::tempdir().unwrap();
    let row = |time: &str, voltage: &str| format!("25-10-2026 {time};1;{voltage};\n");
    let text = [
        "datum;1-0:1.8.0;1-0:32.7.0;\n",
        &row("00:00:02", "250.0"),
        &row("00:00:12", "230.1"),
        &row("00:02:00", ""),
        &row("00:05:01", "230.4"),
        &row("00:10:00", "240"),
    ];
    fs::write(folder.path().join("details-20261025.csv"), text.concat()).unwrap();
    let mut history = history_of_days(folder.path());
    let selection = Selection { has_voltage: true, ..Selection::default() };
    let mut rows = Vec::new();
    let each = &mut |row: &Row| rows.push((row.time - AUTUMN, row.voltage[0], row.telegrams));
    history.read(&selection, i64::MIN, i64::MAX, each).unwrap();
    let expected = [(0, None, 0), (300, Some(230_250), 3), (600, Some(240_000), 1)];
    assert_eq!(rows, expected, "what the first row ends is in another file");
}

/// The recorder gives a file that has rows a header with more columns when the meter sends a new object.
#[test]
fn details_from_before_a_device_was_seen_and_with_a_separator_in_a_text_count_too() {
    let folder = tempfile::tempdir().unwrap();
    let others = "0-9:1.0.0;".repeat(35);
    let row = |time: &str, import: i64, further: &str| {
        format!("25-10-2026 {time};{import};{}{further}\n", ";".repeat(35))
    };
    let text = [
        &format!("datum;1-0:1.8.0;{others}0-2:24.1.0;0-2:24.2.1.A;0-2:24.2.1.B\n"),
        &row("00:00:02", 1, ""),
        &row("00:05:01", 5, ""),
        // A text may have a separator in it.
        &row("00:10:00", 9, "007;261025001000S;70;").replacen(";;", ";\"a \"\"b\"\"; c\";", 1),
        "25-10-2026 00:15:00;1",
    ];
    fs::write(folder.path().join("details-20261025.csv"), text.concat() + "\n").unwrap();
    let mut history = history_of_days(folder.path());
    let registers = ["energy_import_kwh", "water_m3"].map(str::to_owned).to_vec();
    let mut rows = Vec::new();
    let each = &mut |row: &Row| {
        let values = [0, 1].map(|at: usize| row.registers[at].map(|reading| reading.value));
        rows.push((row.time - AUTUMN, values));
    };
    let selection = Selection { registers, has_voltage: false };
    history.read(&selection, i64::MIN, i64::MAX, each).unwrap();
    assert_eq!(rows, [(0, [Some(1), None]), (300, [Some(5), None]), (600, [Some(9), Some(70)])]);
}

const HISTORY: &str = "time_utc,time_local,unique_id,telegrams,energy_import_kwh,energy_export_kwh,gas_m3,gas_time_utc,gas_unique_id\n";

#[test]
fn the_part_of_a_device_ends_as_long_before_the_cut_as_its_last_reading_was_taken() {
    let calendar = Calendar::new(Amsterdam, Unit::Day);
    let day = 86_400;
    let limits = Limits {
        from: BEFORE_AUTUMN,
        to: BEFORE_AUTUMN + 2 * day,
        cut: Some(BEFORE_AUTUMN + day + 600),
    };
    let mut tally = Tally::new(calendar, &[IMPORT, "gas_m3"].map(str::to_owned), limits);
    tally.set_lags(vec![0, 300]);
    for from in (BEFORE_AUTUMN..BEFORE_AUTUMN + 1200).step_by(300) {
        let step = Step { from, to: from + 300, amount: Some(5), is_regular: true };
        tally.add(0, step);
        tally.add(1, step);
    }
    assert_eq!(tally.periods[0].used, [Some(20), Some(20)]);
    assert_eq!(tally.periods[0].part, [Some(10), Some(5)]);
}
