//! Which of several listeners of a meter is followed, with the clock passed in.

use super::*;
use crate::message::tests::message;
use crate::meter;
use crate::runtime::captured_log;

const SELECTION: Selection = Selection {
    all_meters: true,
    doing: "recording",
    hint: "",
    is_quiet: false,
    keeps_first: false,
};

fn filter(configured: Option<&str>) -> ListenerFilter {
    ListenerFilter::new(configured, SELECTION, false)
}

/// A telegram of the meter A: when it arrives, the second of the meter's own clock, its number, and
/// host, port and name of its listener.
type Sent = (u32, i64, u64, u8, u16, &'static str);

fn accepts(filter: &mut ListenerFilter, start: Instant, sent: Sent) -> bool {
    let (second, own_time, number, host, port, source) = sent;
    let mut message = message(0, &[("0-0:96.1.1", "'A")]);
    message.meta.meter_time = (own_time >= 0).then(|| Timestamp::from_seconds(own_time));
    message.meta.frame_number = number;
    message.meta.source = (!source.is_empty()).then(|| source.to_owned());
    let from = ([10, 0, 0, host], port).into();
    filter.accepts(
        &meter::id(&message),
        &message.meta,
        from,
        start + Duration::from_secs(second.into()),
    )
}

fn accepted(filter: &mut ListenerFilter, telegrams: &[Sent]) -> Vec<bool> {
    let start = Instant::now();
    telegrams.iter().map(|&sent| accepts(filter, start, sent)).collect()
}

#[test]
fn of_two_listeners_of_one_meter_the_first_is_followed_and_the_other_is_named() {
    let mut filter = filter(None);
    let start = Instant::now();
    let lines = captured_log(|| {
        for second in 0..300 {
            let (number, own_time) = (u64::from(second) + 1000, i64::from(second));
            assert!(accepts(&mut filter, start, (second, own_time, number, 1, 1, "pi")));
            // The same telegram, and one of the same number with other values.
            assert!(!accepts(&mut filter, start, (second, own_time, number, 2, 1, "attic")));
            assert!(!accepts(&mut filter, start, (second, -1, number, 2, 1, "attic")));
        }
    });
    let expected = "meter \"A\" is sent by pi (10.0.0.1:1) and by attic (10.0.0.2:1); \
                    recording pi (10.0.0.1:1) (`multicast.source` names the listener to follow)";
    assert_eq!(lines, [expected]);
    let problems = |minute: u64| filter.problems(start + Duration::from_secs(60 * minute));
    let problem = "meter \"A\" is also sent by attic (10.0.0.2:1)";
    assert_eq!(problems(14).collect::<Vec<_>>(), [problem]);
    assert_eq!(problems(15).count(), 0, "it has been silent for ten minutes");
}

#[test]
fn a_listener_that_is_silent_for_a_minute_is_replaced_by_the_one_that_sends_two_telegrams() {
    let mut filter = filter(None);
    let telegrams = [
        (0, 0, 500, 1, 1, "pi"),
        (59, 59, 900, 2, 1, "attic"),
        (60, 60, 901, 2, 1, "attic"),
        (61, 61, 700, 1, 1, "pi"),
        (62, 62, 902, 2, 1, "attic"),
    ];
    let lines = captured_log(|| {
        assert_eq!(accepted(&mut filter, &telegrams), [true, false, true, false, true]);
    });
    let takeover =
        "listener pi (10.0.0.1:1) is silent; recording meter \"A\" from attic (10.0.0.2:1)";
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1], takeover);
    let mut filter = self::filter(None);
    let single = [(0, 0, 500, 1, 1, "pi"), (90, 90, 7, 2, 1, "forged"), (91, 91, 591, 1, 1, "pi")];
    assert_eq!(accepted(&mut filter, &single), [true, false, true]);
}

#[test]
fn a_telegram_that_both_listeners_sent_is_used_once_when_one_takes_over() {
    // The second listener is 70 s late.
    let sent = |second: u32| match second {
        ..100 => (second, second.into(), 500, 1, 1, "pi"),
        _ => (second, i64::from(second) - 70, 500, 2, 1, "attic"),
    };
    let telegrams: Vec<Sent> = (0..200).map(sent).collect();
    let result = accepted(&mut filter(None), &telegrams);
    // The first listener is silent from 159 on, and the telegrams of the second are new from 170 on.
    let expected: Vec<bool> = (0..200).map(|second| !(100..170).contains(&second)).collect();
    assert_eq!(result, expected);
}

#[test]
fn a_listener_that_restarts_or_gets_another_port_is_the_same_one() {
    let telegrams = [
        (0, 0, 500, 1, 1, "pi"),
        (3, 3, 1, 1, 2, "pi"),
        (4, 4, 2, 1, 2, "pi"),
        (5, 5, 4, 1, 3, "pi"),
    ];
    assert_eq!(accepted(&mut filter(None), &telegrams), [true; 4]);
}

#[test]
fn a_listener_whose_host_gets_another_address_is_the_same_one_after_three_telegrams() {
    let moved = |number: u32| (number, i64::from(number), number.into(), 2, 1, "pi");
    let telegrams = [
        (500, 500, 500, 1, 1, "pi"),
        (501, 501, 501, 1, 1, "pi"),
        moved(502),
        moved(503),
        moved(504),
        moved(505),
    ];
    let lines = captured_log(|| {
        let expected = [true, true, false, false, true, true];
        assert_eq!(accepted(&mut filter(None), &telegrams), expected);
    });
    assert!(lines.is_empty(), "{lines:?}");
    // Another listener, and one that only claims to go on while the real one does.
    for (port, number, source) in [(2, 510, "pi"), (1, 600, "pi"), (1, 510, "attic")] {
        let telegrams = [
            (500, 500, 500, 1, 1, "pi"),
            (501, 501, 501, 1, 1, "pi"),
            (510, 510, number, 2, port, source),
        ];
        assert_eq!(accepted(&mut filter(None), &telegrams), [true, true, false]);
    }
    let forged = (502, 502, 503, 2, 1, "pi");
    let telegrams = [
        (501, 501, 501, 1, 1, "pi"),
        forged,
        (503, 503, 502, 1, 1, "pi"),
        (504, 504, 504, 2, 1, "pi"),
        (504, 504, 503, 1, 1, "pi"),
    ];
    let lines = captured_log(|| {
        let expected = [true, false, true, false, true];
        assert_eq!(accepted(&mut filter(None), &telegrams), expected);
    });
    assert_eq!(lines.len(), 1, "both send: {lines:?}");
}

#[test]
fn a_listener_of_this_host_is_followed_at_once_when_the_network_comes_or_goes() {
    for is_raw in [false, true] {
        let mut filter = ListenerFilter::new(None, SELECTION, is_raw);
        let start = Instant::now();
        for (second, host) in [(1, 1), (2, 1), (3, 2), (4, 2), (5, 1), (6, 2)] {
            let mut message = message(0, &[("0-0:96.1.1", "'A")]);
            message.meta.frame_number = if is_raw { 1 } else { second };
            message.meta.meter_time = Some(Timestamp::from_seconds(second.try_into().unwrap()));
            message.meta.source = (!is_raw).then(|| "pi".to_owned());
            let from = ([127, 0, 0, host], 5000).into();
            let now = start + Duration::from_secs(second);
            assert!(
                filter.accepts(&meter::id(&message), &message.meta, from, now),
                "at {second} s"
            );
        }
    }
}

#[test]
fn a_listener_that_gets_another_name_is_the_same_one() {
    let telegrams =
        [(0, 0, 500, 1, 1, "pi"), (1, 1, 501, 1, 1, "attic"), (2, 2, 502, 1, 1, "attic")];
    let lines = captured_log(|| assert_eq!(accepted(&mut filter(None), &telegrams), [true; 3]));
    assert!(lines.is_empty(), "{lines:?}");
}

#[test]
fn two_listeners_that_one_relay_passes_on_are_two() {
    let telegrams = [
        (0, 0, 500, 1, 1, "pi"),
        (0, 0, 7, 1, 1, "attic"),
        (1, 1, 501, 1, 1, "pi"),
        (1, 1, 8, 1, 1, "attic"),
        (2, 2, 502, 1, 1, "pi"),
    ];
    assert_eq!(accepted(&mut filter(None), &telegrams), [true, false, true, false, true]);
}

#[test]
fn a_listener_of_a_meter_whose_clock_stands_still_may_restart() {
    let telegrams = [(0, 7, 500, 1, 1, "pi"), (1, 7, 501, 1, 1, "pi"), (2, 7, 1, 1, 2, "pi")];
    assert_eq!(accepted(&mut filter(None), &telegrams), [true; 3]);
}

#[test]
fn two_listeners_on_one_host_are_two() {
    let telegrams = [
        (0, 0, 500, 1, 1, "pi"),
        (0, 0, 1, 1, 2, "pi"),
        (1, 1, 501, 1, 1, "pi"),
        (1, 1, 2, 1, 2, "pi"),
        (2, 2, 502, 1, 1, "pi"),
        (2, 2, 502, 1, 3, "other"),
    ];
    assert_eq!(accepted(&mut filter(None), &telegrams), [true, false, true, false, true, false]);
}

#[test]
fn the_configured_listener_is_followed_by_its_name_or_address_however_silent_it_is() {
    for name in ["attic", "10.0.0.2"] {
        let mut filter = filter(Some(name));
        let telegrams = [
            (0, 0, 1, 1, 1, "pi"),
            (1, 1, 1, 2, 1, "attic"),
            (100, 100, 100, 1, 1, "pi"),
            (101, 101, 101, 1, 1, "pi"),
            (102, 102, 102, 2, 1, "attic"),
        ];
        let lines = captured_log(|| {
            let result = accepted(&mut filter, &telegrams);
            assert_eq!(result, [false, true, false, false, true], "{name}");
        });
        let expected = format!("also receiving listener pi (10.0.0.1:1); recording only {name}");
        assert_eq!(lines, [expected]);
        let problems: Vec<_> = filter.problems(Instant::now()).collect();
        assert_eq!(problems, ["not recording listener pi (10.0.0.1:1)"]);
    }
}

#[test]
fn raw_telegrams_are_told_by_the_address_of_the_host() {
    let mut filter = ListenerFilter::new(Some("attic"), SELECTION, true);
    let telegrams = [
        (0, 0, 1, 1, 1, ""),
        (1, 1, 1, 1, 2, ""),
        (1, 1, 1, 2, 1, ""),
        (2, -1, 1, 2, 1, ""),
        (3, 3, 1, 1, 2, ""),
    ];
    assert_eq!(accepted(&mut filter, &telegrams), [true, true, false, false, true]);
}

#[test]
fn made_up_meters_take_no_more_memory_and_do_not_disturb_a_real_one() {
    let mut filter = filter(None);
    let (start, real) = (Instant::now(), message(0, &[("0-0:96.1.1", "'A")]));
    for second in 0..1000 {
        let now = start + Duration::from_secs(second);
        assert!(filter.accepts(&meter::id(&real), &real.meta, ([10, 0, 0, 1], 1).into(), now));
        let made_up = message(0, &[("0-0:96.1.1", &format!("'made up {second}"))]);
        filter.accepts(&meter::id(&made_up), &made_up.meta, ([10, 0, 0, 2], 1).into(), now);
        assert!(!filter.accepts(&meter::id(&real), &real.meta, ([10, 0, 0, 2], 1).into(), now));
    }
    assert_eq!(filter.meters.len(), meter::MAX_METERS);
}
