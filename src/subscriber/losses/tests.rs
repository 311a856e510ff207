//! What is counted of the telegrams of one sender and of several, with the clocks passed in.

use super::*;
use crate::runtime::captured_log;

const START: i64 = 1_795_330_800;

/// Meta data of this frame number, begun this many seconds after the start.
fn meta(number: u64, second: i64) -> Meta {
    let start = Timestamp::from_seconds(START + second);
    Meta::new(number, start, start, None)
}

fn address(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

/// Which of these frame numbers of one sender are new, and the counts. Number 1 begins at second 1, …
fn receive(numbers: &[u64]) -> (Vec<bool>, LossCounts) {
    let mut tracker = LossTracker::new(false);
    let now = Instant::now();
    let mut is_new = |&number: &u64| {
        let second = i64::try_from(number).unwrap();
        tracker.is_new(&meta(number, second), address(5000), now + Duration::from_secs(number))
    };
    let new = numbers.iter().map(&mut is_new).collect();
    (new, tracker.counts())
}

#[test]
fn telegrams_in_order_are_no_loss() {
    assert_eq!(receive(&[17, 18, 19]), (vec![true; 3], LossCounts::default()));
}

#[test]
fn gaps_are_counted() {
    assert_eq!(receive(&[1, 2, 5, 45]).1, LossCounts { lost: 41, ..LossCounts::default() });
}

#[test]
fn a_telegram_that_arrives_twice_is_new_once() {
    let (new, counts) = receive(&[1, 2, 2, 3, 1, 3]);
    assert_eq!(new, [true, true, false, true, false, false]);
    assert_eq!(counts, LossCounts { duplicates: 3, ..LossCounts::default() });
}

#[test]
fn a_late_telegram_is_new_and_no_longer_lost() {
    let (new, counts) = receive(&[1, 4, 3, 2, 3]);
    assert_eq!(new, [true, true, true, true, false]);
    assert_eq!(counts, LossCounts { duplicates: 1, late: 2, ..LossCounts::default() });
}

#[test]
fn forged_telegrams_with_the_next_numbers_do_not_silence_the_real_ones() {
    let mut tracker = LossTracker::new(false);
    let now = Instant::now();
    let mut is_new = |number, second| tracker.is_new(&meta(number, second), address(5000), now);
    assert!(is_new(7, 0));
    for number in 8..=38 {
        assert!(is_new(number, 1000), "nothing tells a forged telegram");
    }
    for number in 8..=60 {
        let second = i64::try_from(number).unwrap() - 7;
        assert!(is_new(number, second), "real telegram {number}");
        assert!(!is_new(number, second), "real telegram {number}, again");
    }
}

#[test]
fn a_sender_that_begins_at_one_again_has_restarted_whatever_its_port() {
    let mut tracker = LossTracker::new(false);
    let now = Instant::now();
    for (port, number, second) in [(5000, 3, 0), (5000, 1, 5), (5000, 2, 6), (5001, 1, 9)] {
        assert!(tracker.is_new(&meta(number, second), address(port), now));
    }
    assert_eq!(tracker.counts(), LossCounts { restarts: 2, ..LossCounts::default() });
}

#[test]
fn a_sender_that_restarts_after_one_telegram_loses_none() {
    let mut tracker = LossTracker::new(false);
    let now = Instant::now();
    for second in [0, 5] {
        assert!(tracker.is_new(&meta(1, second), address(5000), now));
    }
    assert_eq!(tracker.counts(), LossCounts { restarts: 1, ..LossCounts::default() });
}

#[test]
fn a_clock_that_is_set_jumps_once_and_small_steps_and_long_silences_are_no_jumps() {
    let mut tracker = LossTracker::new(false);
    let start = Instant::now();
    for (number, by_its_clock, by_ours, jumps) in [
        (1, 0, 0, 0),
        (2, 59, 0, 0),
        (3, 1, 1, 0),
        (4, 86_401, 86_401, 0),
        (5, 90_002, 86_402, 1),
        (6, 90_003, 86_403, 1),
        (7, -80_000_000, 86_404, 2),
    ] {
        let now = start + Duration::from_secs(by_ours);
        assert!(tracker.is_new(&meta(number, by_its_clock), address(5000), now));
        assert_eq!(tracker.counts().jumps, jumps, "{number}");
    }
}

#[test]
fn forged_numbers_and_times_do_no_harm() {
    let mut tracker = LossTracker::new(false);
    let now = Instant::now();
    for number in [1, u64::MAX, 2, u64::MAX, 3, 0, u64::MAX] {
        for micros in [i64::MIN, i64::MAX, 0] {
            let mut meta = meta(number, 0);
            meta.frame_start = Timestamp::from_micros(micros);
            tracker.is_new(&meta, address(5000), now);
        }
    }
    assert_eq!(tracker.counts().lost, u64::MAX);
}

#[test]
fn each_sender_has_its_own_counts() {
    let mut tracker = LossTracker::new(false);
    let [one, other] = [5000, 5001].map(address);
    for (from, number) in [(one, 1), (other, 107), (one, 4), (other, 108), (other, 108)] {
        tracker.is_new(&meta(number, 0), from, Instant::now());
    }
    let counts = |lost, duplicates| LossCounts { lost, duplicates, ..LossCounts::default() };
    assert_eq!(tracker.counts_of(one), counts(2, 0));
    assert_eq!(tracker.counts_of(other), counts(0, 1));
    assert_eq!(tracker.counts(), counts(2, 1));
}

#[test]
fn a_flood_of_senders_takes_no_more_memory_and_what_was_counted_stays() {
    let mut tracker = LossTracker::new(false);
    let start = Instant::now();
    for port in 1..=500 {
        let now = start + Duration::from_secs(60) * port.into();
        for number in [100, 102] {
            assert!(tracker.is_new(&meta(number, 0), address(port), now));
        }
    }
    assert_eq!(tracker.senders.len(), MAX_METERS);
    assert_eq!(tracker.counts().lost, 500);
    assert_eq!(tracker.counts_of(address(1)), LossCounts::default());
}

#[test]
fn counts_are_displayed_if_there_is_anything_to_display() {
    assert_eq!(LossCounts::default().to_string(), "");
    let counts = LossCounts { lost: 2, late: 1, restarts: 1, jumps: 2, ..LossCounts::default() };
    assert_eq!(counts.to_string(), ", 2 lost, 1 out of order, 1 listener restart, 2 clock jumps");
}

#[test]
fn each_kind_of_event_is_logged_at_most_once_in_ten_minutes_and_duplicates_once() {
    let mut tracker = LossTracker::new(false);
    let start = Instant::now();
    let lines = captured_log(|| {
        for minute in 0..=10u64 {
            let number = 1 + 2 * minute;
            let meta = meta(number, 60 * i64::try_from(minute).unwrap());
            for _ in 0..2 {
                tracker.is_new(&meta, address(5000), start + Duration::from_secs(60 * minute));
            }
        }
        for port in [1, 2] {
            let mut meta = meta(1, 0);
            meta.source = Some("pi".into());
            tracker.is_new(&meta, address(port), start);
        }
    });
    let expected = [
        "receiving from listener 127.0.0.1:5000",
        "duplicate telegram from listener 127.0.0.1:5000 (1 since the start)",
        "1 telegram from listener 127.0.0.1:5000 lost (1 since the start)",
        "receiving from listener pi (127.0.0.1:1)",
        "listener pi (127.0.0.1:2) restarted (1 since the start)",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_quiet_program_logs_nothing() {
    let lines = captured_log(|| {
        let mut tracker = LossTracker::new(true);
        for number in [1, 5, 5, 3] {
            let second = i64::try_from(number).unwrap();
            tracker.is_new(&meta(number, second), address(5000), Instant::now());
        }
    });
    assert_eq!(lines, [""; 0]);
}

#[test]
fn a_sender_whose_host_gets_another_address_and_the_old_one_again_goes_on_counting() {
    let mut tracker = LossTracker::new(false);
    let start = Instant::now();
    let lines = captured_log(|| {
        for (number, host) in [(1, 1), (2, 1), (5, 2), (80, 2), (81, 1), (82, 1), (83, 2)] {
            let now = start + Duration::from_secs(number);
            let from = ([10, 0, 0, host], 5000).into();
            assert!(tracker.is_new(&meta(number, number.try_into().unwrap()), from, now));
        }
    });
    assert_eq!(tracker.counts(), LossCounts { lost: 2 + 74, ..LossCounts::default() });
    assert_eq!(lines.len(), 2, "one sender, and what was lost: {lines:?}");
}
