//! What the meter promises, judged by its telegrams.

use super::super::calendar::parse_local;
use super::*;
use crate::telegram::crc16;

/// The telegrams of `seconds` seconds from local time `start`, each handed to `judge` as text.
fn telegrams(start: &str, seconds: u64, mut judge: impl FnMut(&str)) {
    let mut meter = Meter::new(1, parse_local(start).unwrap());
    let mut telegram = Vec::new();
    for _ in 0..seconds {
        telegram.clear();
        meter.next_telegram(&mut telegram);
        judge(std::str::from_utf8(&telegram).unwrap());
    }
}

fn field<'a>(telegram: &'a str, code: &str) -> &'a str {
    let at = telegram.find(&format!("\n{code}(")).unwrap() + code.len() + 2;
    telegram[at..].split_once(')').unwrap().0
}

/// The digits of a value as an integer of its last decimal.
fn number(telegram: &str, code: &str) -> i64 {
    let value = field(telegram, code).split('*').next().unwrap();
    value.replace('.', "").parse().unwrap()
}

#[test]
fn every_telegram_of_a_day_has_the_right_checksum() {
    telegrams("2026-11-21 12:00:00", 86_400, |telegram| {
        let (body, sent) = telegram.rsplit_once('!').unwrap();
        let covered = &telegram.as_bytes()[..=body.len()];
        assert_eq!(sent, format!("{:04X}\r\n", crc16(covered)));
    });
}

#[test]
fn a_telegram_has_the_customary_lines_in_the_customary_order() {
    let customary = "1-3:0.2.8;0-0:1.0.0;0-0:96.1.1;1-0:1.8.1;1-0:1.8.2;1-0:2.8.1;1-0:2.8.2;0-0:96.14.0;\
        1-0:1.7.0;1-0:2.7.0;0-0:96.7.21;0-0:96.7.9;1-0:99.97.0;1-0:32.32.0;1-0:52.32.0;1-0:72.32.0;\
        1-0:32.36.0;1-0:52.36.0;1-0:72.36.0;0-0:96.13.0;1-0:32.7.0;1-0:52.7.0;1-0:72.7.0;1-0:31.7.0;\
        1-0:51.7.0;1-0:71.7.0;1-0:21.7.0;1-0:41.7.0;1-0:61.7.0;1-0:22.7.0;1-0:42.7.0;1-0:62.7.0;\
        0-1:24.1.0;0-1:96.1.0;0-1:24.2.1";
    telegrams("2026-11-22 12:00:00", 1, |telegram| {
        let mut lines = telegram.split("\r\n");
        assert_eq!(lines.next(), Some(r"/SIM5\2P1MULTI-1000"));
        assert_eq!(lines.next(), Some(""));
        let codes: Vec<&str> = lines.filter_map(|line| Some(line.split_once('(')?.0)).collect();
        assert_eq!(codes.join(";"), customary);
        assert_eq!(field(telegram, "0-0:1.0.0"), "261122120000W");
    });
}

#[test]
fn the_same_seed_and_start_give_the_same_bytes() {
    let hour = |seed, start| {
        let mut meter = Meter::new(seed, start);
        let mut bytes = Vec::new();
        (0..3600).for_each(|_| meter.next_telegram(&mut bytes));
        bytes
    };
    assert_eq!(hour(1, 1_795_302_000), hour(1, 1_795_302_000));
    assert_ne!(hour(1, 1_795_302_000), hour(2, 1_795_302_000));
    assert_ne!(hour(1, 1_795_302_000), hour(1, 1_795_302_001));
}

#[test]
fn registers_rise_by_exactly_the_reported_power() {
    let registers = ["1-0:1.8.1", "1-0:1.8.2", "1-0:2.8.1", "1-0:2.8.2"];
    let mut first: Option<[i64; 4]> = None;
    let mut last = [0; 4];
    let mut reported = [0_i64; 2];
    telegrams("2026-06-12 16:00:00", 86_400, |telegram| {
        let now = registers.map(|code| number(telegram, code));
        assert!(now.iter().zip(last).all(|(now, last)| *now >= last));
        last = now;
        if first.is_none() {
            first = Some(now);
        } else {
            reported[0] += number(telegram, "1-0:1.7.0");
            reported[1] += number(telegram, "1-0:2.7.0");
        }
    });
    let risen =
        |a: usize| (last[a] + last[a + 1] - first.unwrap()[a] - first.unwrap()[a + 1]) * 3600;
    // Each of the two registers shows whole Wh only, at both ends.
    assert!(
        (risen(0) - reported[0]).abs() < 2 * 3600,
        "import {} Ws, reported {}",
        risen(0),
        reported[0]
    );
    assert!(
        (risen(2) - reported[1]).abs() < 2 * 3600,
        "export {} Ws, reported {}",
        risen(2),
        reported[1]
    );
    assert!(reported[0] > 0 && reported[1] > 0);
}

#[test]
fn the_counted_watt_seconds_are_the_sum_of_the_powers() {
    let mut meter = Meter::new(3, parse_local("2026-03-28 20:00:00").unwrap());
    let before = meter.registers.clone();
    let mut sum = 0;
    for _ in 0..40_000 {
        let (_, flows) = meter.tick();
        sum += flows.power.iter().sum::<i64>();
    }
    let risen =
        |now: [u64; 2], then: [u64; 2]| i64::try_from(now[0] + now[1] - then[0] - then[1]).unwrap();
    let import = risen(meter.registers.import, before.import);
    assert_eq!(import - risen(meter.registers.export, before.export), sum);
}

#[test]
fn totals_are_the_net_of_the_phases_and_never_both() {
    telegrams("2026-06-13 10:00:00", 6 * 3600, |telegram| {
        let sum = |codes: [&str; 3]| codes.map(|code| number(telegram, code)).iter().sum::<i64>();
        let (taken, given) = (number(telegram, "1-0:1.7.0"), number(telegram, "1-0:2.7.0"));
        assert!(taken == 0 || given == 0);
        let phases = sum(["1-0:21.7.0", "1-0:41.7.0", "1-0:61.7.0"]);
        assert_eq!(taken - given, phases - sum(["1-0:22.7.0", "1-0:42.7.0", "1-0:62.7.0"]));
    });
}

#[test]
fn currents_follow_from_power_and_voltage() {
    telegrams("2026-11-22 18:00:00", 3600, |telegram| {
        let watts = number(telegram, "1-0:41.7.0");
        let error = watts * 10 - number(telegram, "1-0:51.7.0") * number(telegram, "1-0:52.7.0");
        assert!(error.abs() <= 1300, "half an ampere at most: {telegram}");
    });
}

/// The tariff in the telegrams one second before and at local time `moment`, in winter time.
fn tariff_around(moment: &str) -> [String; 2] {
    let at = parse_local(moment).unwrap();
    [at - 1, at].map(|second| {
        let mut telegram = Vec::new();
        Meter::new(1, second).next_telegram(&mut telegram);
        field(std::str::from_utf8(&telegram).unwrap(), "0-0:96.14.0").to_owned()
    })
}

#[test]
fn the_tariff_changes_at_seven_and_twenty_three_on_working_days() {
    assert_eq!(tariff_around("2026-11-20 07:00:00"), ["0001", "0002"]);
    assert_eq!(tariff_around("2026-11-20 23:00:00"), ["0002", "0001"]);
    assert_eq!(tariff_around("2026-11-23 07:00:00"), ["0001", "0002"]);
}

#[test]
fn weekends_are_low_tariff_throughout() {
    assert_eq!(tariff_around("2026-11-21 07:00:00"), ["0001", "0001"]);
    assert_eq!(tariff_around("2026-11-22 23:00:00"), ["0001", "0001"]);
}

#[test]
fn energy_goes_to_the_register_of_the_reported_tariff() {
    let mut last = None;
    telegrams("2026-11-20 22:30:00", 3600, |telegram| {
        let now = (number(telegram, "1-0:1.8.1"), number(telegram, "1-0:1.8.2"));
        let (low, normal) = last.replace(now).unwrap_or(now);
        let idle =
            if field(telegram, "0-0:96.14.0") == "0001" { (now.1, normal) } else { (now.0, low) };
        assert_eq!(idle.0, idle.1, "only the running tariff counts");
    });
    assert!(last.is_some());
}

#[test]
fn clocks_change_as_the_law_says() {
    let mut shown = Vec::new();
    telegrams("2026-03-29 01:59:59", 2, |telegram| {
        shown.push(field(telegram, "0-0:1.0.0").to_owned());
    });
    assert_eq!(shown, ["260329015959W", "260329030000S"]);

    let mut hour = Vec::new();
    telegrams("2026-10-25 02:00:00", 7201, |telegram| {
        hour.push(field(telegram, "0-0:1.0.0").to_owned());
    });
    assert_eq!([&hour[0], &hour[3599]], ["261025020000S", "261025025959S"]);
    assert_eq!([&hour[3600], &hour[7199]], ["261025020000W", "261025025959W"]);
    assert_eq!(hour[7200], "261025030000W");
}

#[test]
fn gas_is_read_every_five_minutes_and_never_falls() {
    let (mut stamps, mut last) = (Vec::new(), 0);
    telegrams("2026-01-10 05:58:10", 7200, |telegram| {
        let stamp = field(telegram, "0-1:24.2.1").to_owned();
        let minute: u32 = stamp[8..10].parse().unwrap();
        assert_eq!((minute % 5, &stamp[10..12]), (0, "00"));
        assert!(stamp[..12] <= field(telegram, "0-0:1.0.0")[..12]);
        let value = telegram.rsplit_once("W)(").unwrap().1.split_once("*m3)").unwrap().0;
        let value: i64 = value.replace('.', "").parse().unwrap();
        assert!(value >= last);
        last = value;
        stamps.push(stamp);
    });
    stamps.dedup();
    assert_eq!(stamps.len(), 25);
    assert_eq!(stamps[0], "260110055500W");
}

#[test]
fn skipped_time_is_counted_like_time_with_telegrams() {
    let start = parse_local("2026-11-22 16:00:00").unwrap();
    let (mut whole, mut skipped) = (Meter::new(1, start), Meter::new(1, start));
    let (mut one, mut other) = (Vec::new(), Vec::new());
    (0..7200).for_each(|_| whole.next_telegram(&mut one));
    skipped.skip(7199);
    skipped.next_telegram(&mut other);
    assert!(one.ends_with(&other));
}

#[test]
fn a_telegram_fits_into_one_packet_and_ten_of_them_a_second_on_the_line() {
    telegrams("2026-11-22 16:00:00", 1, |telegram| {
        assert!(telegram.len() < 1152, "{}", telegram.len());
    });
}
