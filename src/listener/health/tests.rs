//! The warnings and the status of the listener, with the clock passed in.

use super::*;
use crate::runtime::captured_log;

const MAX_SILENCE: Duration = Duration::from_secs(30);
const METER: &[u8] = b"/TST5\\2M";

fn check(health: &mut Health, has_line: bool, now: Instant) {
    health.check(has_line, Vec::new, now);
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

#[test]
fn a_silence_is_logged_after_its_time_then_hourly_and_so_is_its_end() {
    let start = Instant::now();
    let mut health = Health::new(MAX_SILENCE, start);
    let lines = captured_log(|| {
        health.on_telegram(METER, start);
        for second in 1..=7300 {
            check(&mut health, true, start + Duration::from_secs(second));
        }
        health.on_telegram(METER, start + Duration::from_secs(7300));
        health.on_telegram(METER, start + Duration::from_secs(7301));
    });
    assert_eq!(lines[0], "first telegram from /TST5\\2M");
    assert!(lines[1].starts_with("no telegram for 30 s; on the wire: nothing"), "{lines:?}");
    assert!(lines[2].starts_with("no telegram for 60 min"), "{lines:?}");
    assert!(lines[3].starts_with("no telegram for 2 h"), "{lines:?}");
    assert_eq!(lines[4..], ["receiving telegrams again after 2 h"]);
}

#[test]
fn a_meter_that_is_always_a_little_late_does_not_fill_the_log() {
    let start = Instant::now();
    let mut health = Health::new(MAX_SILENCE, start);
    let lines = captured_log(|| {
        for second in 0..3600 {
            let now = start + Duration::from_secs(second);
            check(&mut health, true, now);
            if second % 31 == 0 {
                health.on_telegram(METER, now);
            }
        }
    });
    assert_eq!(lines.len(), 21, "{lines:?}");
    assert!(lines[19].ends_with("further messages suppressed)"), "{lines:?}");
}

#[test]
fn while_the_line_is_lost_there_is_no_warning_about_telegrams() {
    let start = Instant::now();
    let mut health = Health::new(MAX_SILENCE, start);
    let lines = captured_log(|| {
        for second in 0..3600 {
            check(&mut health, false, start + Duration::from_secs(second));
        }
        check(&mut health, true, start + Duration::from_secs(3600));
    });
    assert_eq!(lines, Vec::<String>::new());
}

#[test]
fn the_next_reminder_comes_an_hour_after_the_line_is_back() {
    let start = Instant::now();
    let mut health = Health::new(MAX_SILENCE, start);
    let lines = captured_log(|| {
        check(&mut health, true, start + MAX_SILENCE);
        check(&mut health, false, start + minutes(1));
        check(&mut health, false, start + minutes(120));
        check(&mut health, true, start + minutes(121));
        check(&mut health, true, start + minutes(179));
        check(&mut health, true, start + minutes(180));
        health.on_telegram(METER, start + minutes(180));
    });
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[1].starts_with("no telegram for 3 h"), "{lines:?}");
}

/// The warning after these bytes, while these programs have the port open.
fn warning(bytes: &[u8], holders: &[&str]) -> String {
    let start = Instant::now();
    let mut health = Health::new(MAX_SILENCE, start);
    let holders = holders.iter().map(ToString::to_string).collect();
    let mut lines = captured_log(|| {
        health.on_bytes(bytes, start);
        health.check(true, || holders, start + MAX_SILENCE);
    });
    lines.remove(0)
}

#[test]
fn the_warning_names_what_is_on_the_wire() {
    let noise = warning(&[0xFE; 100], &[]);
    assert!(noise.starts_with("no telegram for 30 s; on the wire: noise, 100 bytes"), "{noise}");
    assert!(noise.ends_with("(p1listener --probe tells more)"), "{noise}");
    let damaged = warning(b"/TST5\r\n\r\n1-0:1.7.0(1*kW)\r\n!0000\r\n", &[]);
    assert!(damaged.contains("1 telegram with a wrong checksum; a bad cable"), "{damaged}");
    let sml = warning(b"\x1B\x1B\x1B\x1B\x01\x01\x01\x01", &["cat (pid 7)"]);
    assert!(sml.contains("SML") && sml.contains("the cable is well"), "{sml}");
}

#[test]
fn another_program_at_the_port_is_named_before_all_else() {
    let said = warning(b"", &["cat (pid 7)", "agetty (pid 9)"]);
    let expected = "no telegram for 30 s; on the wire: nothing; \
                    another program has the port open: cat (pid 7) and agetty (pid 9)";
    assert_eq!(said, expected);
}

#[test]
fn bytes_of_an_hour_ago_are_nothing_and_the_memory_for_them_is_bounded() {
    let start = Instant::now();
    let mut health = Health::new(MAX_SILENCE, start);
    for _ in 0..1000 {
        health.on_bytes(&[0xFE; 100], start);
    }
    assert!(health.recent.len() >= MAX_RECENT && health.recent.capacity() <= 4 * MAX_RECENT);
    check(&mut health, true, start + minutes(60));
    let status = health.status("/dev/x", &Counts::default(), 0, &[], start + minutes(60));
    assert!(status.contains("on the wire: nothing"), "{status}");
}

#[test]
fn rejected_telegrams_are_logged_every_ten_minutes_at_most() {
    let start = Instant::now();
    let mut health = Health::new(MAX_SILENCE, start);
    let lines = captured_log(|| {
        for minute in 0..=10 {
            health.on_rejection(&Rejection::Missing, b"/x", start + minutes(minute));
        }
    });
    assert_eq!(lines.len(), 2);
    assert!(
        lines[1].starts_with("telegram rejected (9 more since the last message):"),
        "{lines:?}"
    );
}

#[test]
fn telegrams_whose_checksum_is_never_right_are_logged_once_with_the_key_to_set() {
    let start = Instant::now();
    let mut health = Health::new(MAX_SILENCE, start);
    let wrong = |is_intact| Rejection::Wrong { sent: "ABCD".into(), computed: 0x1234, is_intact };
    let lines = captured_log(|| {
        for is_intact in [true, true, true, false, true, true, true] {
            health.on_rejection(&wrong(is_intact), b"", start);
        }
        assert!(health.intact < MIN_INTACT);
        (0..1000).for_each(|_| health.on_rejection(&wrong(true), b"", start));
    });
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].contains("`checksum: ignore`"), "{lines:?}");
}

#[test]
fn an_unusual_checksum_is_logged_once() {
    let mut health = Health::new(MAX_SILENCE, Instant::now());
    let lines = captured_log(|| {
        for with_x25 in 0..3 {
            health.on_counts(&Counts { with_x25, ..Counts::default() });
        }
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[test]
fn the_status_names_meter_line_age_counts_and_what_is_wrong_now() {
    let start = Instant::now();
    let mut health = Health::new(MAX_SILENCE, start);
    let counts = Counts { telegrams: 17, rejected: 2, ..Counts::default() };
    let none = health.status("/dev/x", &Counts::default(), 0, &[None, None], start);
    assert_eq!(none, "/dev/x: no telegram yet");
    health.on_telegram(METER, start);
    let troubles = [None, Some("no route".to_owned())];
    let status = health.status("/dev/x at 9600 baud", &counts, 3, &troubles, start + minutes(3));
    assert_eq!(
        status,
        "/TST5\\2M on /dev/x at 9600 baud: 17 telegrams, the last 3 min ago; 2 rejected; \
         3 not sent; no route"
    );
    check(&mut health, true, start + MAX_SILENCE);
    let status = health.status("/dev/x", &counts, 0, &[], start + MAX_SILENCE);
    assert!(status.contains("; on the wire: nothing; is the cable"), "{status}");
}

#[test]
fn a_first_line_without_an_end_is_shown_in_part() {
    let start = Instant::now();
    let mut health = Health::new(MAX_SILENCE, start);
    let lines = captured_log(|| health.on_telegram(&[0xFF; 5000], start));
    let status = health.status("/dev/x", &Counts::default(), 0, &[], start);
    assert!(lines[0].len() < 300 && status.len() < 400, "{lines:?} {status}");
}

#[test]
fn every_counter_is_in_the_summary() {
    let dropped = crate::telegram::Dropped { stray_bytes: 9, incomplete: 3, oversize: 4 };
    let counts = Counts { telegrams: 1, rejected: 2, dropped, ..Counts::default() };
    let said = counters(&counts, 5);
    let expected = "1 good, 2 rejected, 3 incomplete, 4 oversize, 5 not sent";
    assert_eq!(said, expected);
}
