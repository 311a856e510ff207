//! When rows of the history end, and what they have; not in which file they come.

use super::*;
use crate::message::tests::message;
use crate::zone::Zone;
use crate::zone::tests::Amsterdam;

/// 2026-11-23 09:00:00 UTC, 10:00:00 local time.
const TEN: i64 = 1_795_424_400;

/// The rows of these telegrams of second and energy, the last one that of the stop.
fn rows(telegrams: &[(i64, i64)]) -> Vec<String> {
    let mut rows = Rows::default();
    let mut found = Vec::new();
    for &(second, energy) in telegrams {
        let energy = energy.to_string();
        found.extend(add(&mut rows, second, &[("1-0:1.8.1", &energy), ("1-0:1.7.0", "5")]));
    }
    found.extend(rows.close(&Amsterdam));
    found.iter().map(|row| short(&row.text)).collect()
}

fn add(rows: &mut Rows, second: i64, objects: &[(&str, &str)]) -> Vec<Row> {
    let message = message(second, objects);
    rows.add(&message, &Registers::of(&message), &Amsterdam)
}

/// Time, telegrams and energy of a row of 2026-11-23.
fn short(row: &[u8]) -> String {
    let time = field(row, "time_utc");
    let time = time.strip_prefix("2026-11-23T").unwrap_or(&time);
    let energy = field(row, "energy_import_kwh");
    format!("{} {} {energy}", time.trim_end_matches('Z'), field(row, "telegrams"))
}

fn field(row: &[u8], column: &str) -> String {
    let place = COLUMNS.iter().position(|known| known.name == column).expect(column);
    let row = std::str::from_utf8(row).unwrap().strip_suffix('\n').unwrap();
    assert_eq!(row.split(',').count(), COLUMNS.len());
    row.split(',').nth(place).unwrap().to_owned()
}

#[test]
fn a_row_ends_at_each_multiple_of_five_minutes_and_one_at_the_start() {
    let seconds = (TEN + 200..TEN + 602).map(|second| (second, second - TEN)).collect::<Vec<_>>();
    let expected =
        ["09:03:20 1 0.200", "09:05:00 100 0.300", "09:10:00 300 0.600", "09:10:01 1 0.601"];
    assert_eq!(rows(&seconds), expected);
}

#[test]
fn a_telegram_that_comes_an_interval_after_the_multiple_has_the_time_of_the_multiple() {
    let each = |step: i64, first: i64| -> Vec<String> {
        rows(&(0..700 / step).map(|n| (TEN + first + n * step, n)).collect::<Vec<_>>())
    };
    let times = |rows: Vec<String>| {
        rows.iter().map(|row| row.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(times(each(10, 3)), ["09:00:03", "09:05:00", "09:10:00", "09:11:33"]);
    assert_eq!(times(each(60, 40)), ["09:00:40", "09:05:00", "09:10:00"]);
    assert_eq!(times(each(100, 90)), ["09:01:30", "09:06:30", "09:11:30"], "too late");
}

#[test]
fn a_telegram_after_a_short_loss_over_the_multiple_has_its_own_time() {
    let telegrams = [(250, 1), (251, 2), (340, 3), (341, 4)].map(|(at, energy)| (TEN + at, energy));
    let expected = ["09:04:10 1 0.001", "09:05:40 2 0.003", "09:05:41 1 0.004"];
    assert_eq!(rows(&telegrams), expected);
}

#[test]
fn registers_are_known_on_both_sides_of_a_gap() {
    let telegrams =
        [(0, 1), (301, 2), (320, 3), (9_000_000, 4), (9_000_100, 5)].map(|(at, it)| (TEN + at, it));
    assert_eq!(
        rows(&telegrams),
        [
            "09:00:00 1 0.001",
            "09:05:00 1 0.002",
            "09:05:20 1 0.003",
            "2027-03-07T13:00:00 1 0.004",
            "2027-03-07T13:01:40 1 0.005",
        ]
    );
}

#[test]
fn late_and_doubled_telegrams_do_not_count_and_a_step_back_ends_a_row() {
    let telegrams = [(100, 1), (110, 2), (110, 2), (105, 1), (0, 9)].map(|(at, it)| (TEN + at, it));
    let expected = ["09:01:40 1 0.001", "09:01:50 1 0.002", "09:00:00 1 0.009"];
    assert_eq!(rows(&telegrams), expected);
}

#[test]
fn the_old_and_the_new_meter_have_rows_of_their_own() {
    let mut rows = Rows::default();
    let of = |id, energy| [("0-0:96.1.1", id), ("1-0:1.8.1", energy), ("1-0:1.7.0", "5")];
    let mut found = add(&mut rows, TEN + 10, &of("'4530303437", "7000"));
    found.extend(add(&mut rows, TEN + 20, &of("'4530303437", "7001")));
    found.extend(add(&mut rows, TEN + 30, &of("'4530303438", "3")));
    let rows: Vec<_> =
        found.iter().map(|row| (field(&row.text, "unique_id"), short(&row.text))).collect();
    let expected = [
        ("E0047", "09:00:10 1 7.000"),
        ("E0047", "09:00:20 1 7.001"),
        ("E0048", "09:00:30 1 0.003"),
    ];
    assert_eq!(rows, expected.map(|(id, row)| (id.to_owned(), row.to_owned())));
}

#[test]
fn a_telegram_without_registers_does_not_end_a_row_of_a_meter_that_has_some() {
    let mut rows = Rows::default();
    let full = [("1-0:1.8.1", "7000"), ("1-0:1.7.0", "5")];
    add(&mut rows, TEN, &full);
    assert!(add(&mut rows, TEN + 300, &[("1-0:1.7.0", "5")]).is_empty());
    let row = add(&mut rows, TEN + 310, &full);
    assert_eq!(short(&row[0].text), "09:05:00 1 7.000");
}

#[test]
fn a_meter_without_electricity_has_rows_too_and_one_without_registers_none() {
    let mut rows = Rows::default();
    let heat =
        [("0-1:24.1.0", "'004"), ("0-1:24.2.1.A", "'261123093000W"), ("0-1:24.2.1.B", "6135")];
    let row = add(&mut rows, TEN, &heat);
    assert_eq!(field(&row[0].text, "heat_gj"), "6.135");
    assert_eq!(field(&row[0].text, "heat_time_utc"), "2026-11-23T08:30:00Z");
    assert!(add(&mut Rows::default(), TEN, &[("1-0:1.7.0", "5")]).is_empty());
}

#[test]
fn the_time_of_an_old_gas_meter_is_settled_in_the_hour_that_comes_twice() {
    // 2026-10-25 02:00 summer time.
    const TWO: i64 = 1_792_886_400;
    let read = |second: i64, digits: &str| {
        let digits = format!("'{digits}");
        let gas = [
            ("1-0:1.8.1", "7000"),
            ("0-1:24.1.0", "3"),
            ("0-1:24.2.1.A", &digits),
            ("0-1:24.2.1.B", "6135"),
        ];
        field(&add(&mut Rows::default(), second, &gas)[0].text, "gas_time_utc")
    };
    assert_eq!(read(TWO + 300, "261025020000"), "2026-10-25T00:00:00Z");
    assert_eq!(read(TWO + 3900, "261025020000"), "2026-10-25T01:00:00Z");
    assert_eq!(read(TWO + 7500, "261025030000"), "2026-10-25T02:00:00Z");
    assert_eq!(read(TWO, "700101000000"), "", "no sensible clock");
}

#[test]
fn what_changes_slowly_is_that_of_the_telegram_that_ends_the_row() {
    let mut rows = Rows::default();
    let gas = |gas| [("1-0:1.8.1", "7"), ("0-1:24.1.0", "3"), ("0-1:24.2.1.B", gas)];
    let text = |row: &Row| format!("{} {}", short(&row.text), field(&row.text, "gas_m3"));
    let mut found = Vec::new();
    for (second, value) in [(100, "1"), (290, "2"), (300, "3"), (310, "4"), (330, "5"), (400, "6")]
    {
        found.extend(add(&mut rows, TEN + second, &gas(value)).iter().map(text));
    }
    add(&mut rows, TEN + 420, &gas("7"));
    found.extend(rows.close(&Amsterdam).iter().map(text));
    let expected = ["09:01:40 1 0.007 0.001", "09:05:00 2 0.007 0.003", "09:07:00 4 0.007 0.006"];
    assert_eq!(found, expected);
}

#[test]
fn local_time_is_that_of_the_stamp() {
    let mut rows = Rows::default();
    add(&mut rows, TEN - 9, &[("1-0:1.8.1", "7")]);
    let row = &add(&mut rows, TEN + 1, &[("1-0:1.8.1", "7")])[0];
    assert_eq!(field(&row.text, "time_local"), "2026-11-23T10:00:00");
    assert_eq!(row.local, Amsterdam.local(Timestamp::from_seconds(TEN)));
}

#[test]
fn an_identifier_of_odd_characters_stays_in_its_field() {
    let objects = [("0-0:96.1.1", "'a,\"b\nc"), ("1-0:1.8.1", "7")];
    let row = &add(&mut Rows::default(), TEN, &objects)[0];
    assert_eq!(field(&row.text, "unique_id"), "a__b_c");
}
