//! The day so far, over midnights, resets and meters that are replaced.

use super::*;
use crate::message::tests::message;
use crate::zone::Zone as _;
use crate::zone::tests::Amsterdam;

/// 2026-11-23, a time of the day before.
fn at(time: &str) -> NaiveDateTime {
    let (date, time) = time.split_once(' ').unwrap_or(("23", time));
    let text = format!("2026-11-{date} {time}");
    NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S").unwrap()
}

/// The day after telegrams of a time, the meter and its register.
fn energy(telegrams: &[(&str, &str, i64)]) -> Day {
    let mut day = Day::default();
    for &(time, meter, import) in telegrams {
        if day.begin(at(time)) {
            day.count(Some(meter), [Some(import), None], [0; 2], at(time));
        }
    }
    day
}

/// The day after telegrams of a time, with a device, the time of its reading, and the reading.
fn gas(telegrams: &[(&str, &str, &str, &str)]) -> Day {
    let mut day = Day::default();
    for (time, id, read, gas) in telegrams {
        let objects = [
            ("0-1:24.1.0", "'003"),
            ("0-1:96.1.0", *id),
            ("0-1:24.2.1.A", *read),
            ("0-1:24.2.1.B", *gas),
        ];
        if day.begin(at(time)) {
            day.count_devices(&Readings::of(&message(0, &objects)), at(time), |time| {
                Amsterdam.local(time)
            });
        }
    }
    day
}

/// The amount, and since when if it is not the whole day.
fn used(day: &Day, name: &str) -> (String, Option<NaiveDateTime>) {
    let used = day.used(name).unwrap();
    (used.amount.to_string(), used.since)
}

#[test]
fn the_first_day_counts_from_the_first_telegram_and_says_so() {
    let day = energy(&[("09:30:00", "E", 1500), ("09:30:05", "E", 1751)]);
    assert_eq!(used(&day, IMPORT), ("0.251".into(), Some(at("09:30:00"))));
    assert_eq!((day.used(EXPORT), day.used("gas_m3")), (None, None));
    let day = energy(&[("00:00:10", "E", 1), ("00:00:20", "E", 2)]);
    assert_eq!(used(&day, IMPORT), ("0.001".into(), None), "a meter of ten seconds");
}

#[test]
fn a_day_counts_from_the_newest_reading_that_is_not_after_midnight() {
    let evening = [("22 12:00:00", "E", 1), ("22 23:59:58", "E", 1000)];
    let on_time = [("00:00:00", "E", 1003), ("00:00:01", "E", 1004)];
    assert_eq!(used(&energy(&[evening, on_time].concat()), IMPORT), ("0.001".into(), None));
    let later = [("00:00:08", "E", 1003), ("00:00:18", "E", 1004)];
    assert_eq!(used(&energy(&[evening, later].concat()), IMPORT), ("0.004".into(), None));
}

#[test]
fn a_day_whose_beginning_was_missed_says_since_when() {
    let day =
        energy(&[("22 20:00:00", "E", 1000), ("01:00:00", "E", 9000), ("02:00:00", "E", 9500)]);
    assert_eq!(used(&day, IMPORT), ("0.500".into(), Some(at("01:00:00"))));
}

#[test]
fn what_two_meters_counted_on_the_day_of_the_swap_is_added_up() {
    let swap = [
        ("00:00:00", "OLD", 10_000_000),
        ("12:00:00", "OLD", 10_008_000),
        ("12:01:40", "NEW", 70_000_000),
        ("12:03:20", "NEW", 70_000_500),
    ];
    assert_eq!(used(&energy(&swap), IMPORT), ("8.500".into(), None));
    // Without an identifier, the falling register shows that the meter was replaced.
    let fall = [
        ("00:00:00", "E", 9000),
        ("01:00:00", "E", 9700),
        ("02:00:00", "E", 3),
        ("03:00:00", "E", 10),
    ];
    assert_eq!(used(&energy(&fall), IMPORT), ("0.707".into(), None));
    let next_day =
        [&swap[..], &[("24 00:00:00", "NEW", 70_000_600), ("24 00:01:00", "NEW", 70_000_610)]];
    assert_eq!(used(&energy(&next_day.concat()), IMPORT), ("0.010".into(), None));
}

#[test]
fn gas_that_is_read_each_hour_is_counted_from_its_reading_of_midnight() {
    let day = gas(&[
        ("22 23:58:20", "'G", "'261122230000W", "5500"),
        ("00:00:00", "'G", "'261122230000W", "5500"),
        ("00:05:00", "'G", "'261123000000W", "6000"),
    ]);
    assert_eq!(used(&day, "gas_m3"), ("0.000".into(), None));
    // Who comes later learns from the time of the reading that it is that of midnight.
    let day = gas(&[
        ("00:30:00", "'G", "'261123000000W", "6000"),
        ("01:05:00", "'G", "'261123010000W", "6250"),
    ]);
    assert_eq!(used(&day, "gas_m3"), ("0.250".into(), None));
    let day = gas(&[
        ("09:30:00", "'G", "'261123090000W", "6000"),
        ("10:05:00", "'G", "'261123100000W", "6250"),
    ]);
    assert_eq!(used(&day, "gas_m3"), ("0.250".into(), Some(at("09:00:00"))));
}

#[test]
fn a_gas_reading_whose_time_has_no_letter_counts_by_its_digits() {
    let day = gas(&[
        ("22 23:58:20", "'G", "'261122230000", "5500"),
        ("00:05:00", "'G", "'261123000000", "6000"),
        ("01:05:00", "'G", "'261123010000", "6100"),
    ]);
    assert_eq!(used(&day, "gas_m3"), ("0.100".into(), None));
}

#[test]
fn gas_that_had_been_stuck_before_midnight_is_counted_from_its_first_reading() {
    let day = gas(&[
        ("22 23:58:20", "'G", "'261122130000W", "5500"),
        ("00:05:00", "'G", "'261122130000W", "5500"),
        ("14:05:00", "'G", "'261123140000W", "9000"),
        ("15:05:00", "'G", "'261123150000W", "9100"),
    ]);
    assert_eq!(used(&day, "gas_m3"), ("0.100".into(), Some(at("14:00:00"))));
}

#[test]
fn gas_of_a_device_whose_clock_is_a_year_off_is_counted_by_the_changes_of_its_time() {
    let day = gas(&[
        ("22 23:58:20", "'G", "'251122230000W", "5500"),
        ("00:05:00", "'G", "'251123000000W", "5600"),
        ("01:05:00", "'G", "'251123010000W", "5700"),
    ]);
    assert_eq!(used(&day, "gas_m3"), ("0.200".into(), None), "no better than by arrival");
    let day = gas(&[("10:00:00", "'G", "'261123110000W", "5500")]);
    assert_eq!(used(&day, "gas_m3"), ("0.000".into(), Some(at("10:00:00"))), "not the future");
}

#[test]
fn two_devices_in_turn_are_counted_each_by_itself() {
    let day = gas(&[
        ("00:05:00", "'G1", "'261123000000W", "100"),
        ("00:06:00", "'G2", "'261123000500W", "9000"),
        ("00:10:00", "'G1", "'261123001000W", "103"),
        ("00:11:00", "'G2", "'261123001500W", "9020"),
    ]);
    assert_eq!(used(&day, "gas_m3"), ("0.023".into(), None));
    let many: Vec<_> = (0..100).map(|n| format!("'G{n}")).collect();
    let many: Vec<_> = many.iter().map(|id| ("10:00:00", &**id, "'261123001000W", "1")).collect();
    assert_eq!(gas(&many).registers.len(), MAX_DEVICES);
}

#[test]
fn a_late_telegram_does_not_count_and_a_clock_that_went_back_begins_the_day_again() {
    let day =
        energy(&[("00:00:00", "E", 2000), ("22 23:59:59", "E", 1000), ("00:00:10", "E", 2100)]);
    assert_eq!(used(&day, IMPORT), ("0.100".into(), None));
    let day = energy(&[("00:00:00", "E", 2000), ("00:00:09", "E", 2005), ("00:00:08", "E", 2004)]);
    assert_eq!(used(&day, IMPORT), ("0.005".into(), None));
    let day =
        energy(&[("10:00:00", "E", 2000), ("20 10:00:00", "E", 2100), ("20 10:00:01", "E", 2101)]);
    assert_eq!(used(&day, IMPORT), ("0.001".into(), Some(at("20 10:00:00"))));
    // The hour that comes twice in autumn.
    let day = energy(&[("00:00:00", "E", 1000), ("02:59:59", "E", 1300), ("02:00:00", "E", 1301)]);
    assert_eq!(used(&day, IMPORT), ("0.301".into(), None));
}

#[test]
fn the_highest_power_is_kept_with_its_time() {
    let mut day = Day::default();
    for (time, power) in [("00:00:01", [5, 0]), ("00:00:02", [9, 7]), ("00:00:03", [9, 2])] {
        day.begin(at(time));
        day.count(None, [None; 2], power, at(time));
    }
    assert_eq!(day.peaks, [Some((9, at("00:00:02"))), Some((7, at("00:00:02")))]);
    day.begin(at("24 00:00:00"));
    assert_eq!(day.peaks, [None; 2]);
}
