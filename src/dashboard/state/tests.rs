//! What the state promises: totals, ages, losses and several meters, with the clock passed in.

use std::time::Duration;

use chrono::DateTime;

use super::*;
use crate::meter::MAX_METERS;

/// A message of 2026-11-22 11:00:00 UTC, number 1, with these objects: codes, and values in JSON.
pub(crate) fn message(objects: &[(&str, &str)]) -> Message {
    numbered(1, objects)
}

/// The same, a second later for each higher number.
fn numbered(number: u64, objects: &[(&str, &str)]) -> Message {
    let time = 1_795_345_199 + number;
    let objects: Vec<String> =
        objects.iter().map(|(code, value)| format!("{code:?}:{value}")).collect();
    let json = format!(
        "{{\"meta\":{{\"frame-start-time\":{time}.25,\"frame-number\":{number},\
         \"frame-end-time\":{time}.328,\"frame-time-duration\":78}},\
         \"telegram\":{{{}}}}}",
        objects.join(",")
    );
    Message::parse(json.as_bytes()).unwrap()
}

fn utc(time: Timestamp) -> NaiveDateTime {
    DateTime::from_timestamp(time.seconds(), 0).unwrap_or_default().naive_utc()
}

fn of_meter(number: u64, id: &str) -> Message {
    numbered(number, &[("0-0:96.1.1", &format!("{id:?}")), ("1-0:1.7.0", "100")])
}

fn sender(port: u16) -> Sender {
    Sender { address: ([127, 0, 0, 1], port).into(), lost: 0, duplicates: 0 }
}

fn shown(state: &State) -> Option<&str> {
    state.meter().map(|meter| meter.name.as_str())
}

#[test]
fn the_first_meter_is_shown_and_a_key_goes_round() {
    let now = Instant::now();
    let mut state = State::new(None, utc, now);
    assert_eq!((shown(&state), state.place()), (None, (0, 0)));
    for (port, id) in (1..).zip(["one", "two", "three"]) {
        state.take(of_meter(1, id), Some(sender(port)), now);
    }
    assert_eq!((shown(&state), state.place()), (Some("one"), (1, 3)));
    state.next_meter();
    assert_eq!(shown(&state), Some("two"));
    state.next_meter();
    state.next_meter();
    assert_eq!(shown(&state), Some("one"));
}

#[test]
fn a_meter_that_is_wanted_is_waited_for_and_may_be_named_in_hexadecimal() {
    let now = Instant::now();
    for wanted in ["E0044", "4530303434"] {
        let mut state = State::new(Some(wanted.into()), utc, now);
        state.take(of_meter(1, "other"), Some(sender(1)), now);
        assert_eq!((shown(&state), state.place()), (None, (0, 1)));
        state.take(of_meter(2, "4530303434"), Some(sender(2)), now);
        assert_eq!(shown(&state), Some("E0044"));
    }
    let mut state = State::new(Some("never".into()), utc, now);
    state.take(of_meter(1, "other"), Some(sender(1)), now);
    state.next_meter();
    assert_eq!(shown(&state), Some("other"), "the key takes what there is");
}

#[test]
fn meters_without_an_identifier_are_told_by_their_first_line() {
    let now = Instant::now();
    let mut state = State::new(None, utc, now);
    for (port, header) in (1..).zip(["\"/ADN9 6534\"", "\"/KFM5\""]) {
        state.take(numbered(1, &[("header", header)]), Some(sender(port)), now);
        state.take(numbered(2, &[("header", header)]), Some(sender(port)), now);
    }
    assert_eq!(state.place(), (1, 2));
}

#[test]
fn a_thousand_meters_take_no_more_memory_and_the_shown_one_stays() {
    let now = Instant::now();
    let mut state = State::new(None, utc, now);
    state.take(of_meter(1, "mine"), Some(sender(1)), now);
    for number in 0..1000 {
        state.take(of_meter(1, &number.to_string()), Some(sender(number)), now);
    }
    assert_eq!((shown(&state), state.place()), (Some("mine"), (1, MAX_METERS)));
}

#[test]
fn age_turns_to_late_and_lost_by_how_often_the_meter_speaks() {
    let start = Instant::now();
    let at = |second| start + Duration::from_secs(second);
    for (interval, late, lost) in [(1, 5, 30), (10, 23, 84)] {
        let mut state = State::new(None, utc, start);
        state.take(of_meter(1, "one"), Some(sender(1)), at(0));
        state.take(of_meter(2, "one"), Some(sender(1)), at(interval));
        let meter = state.meter().unwrap();
        let freshness = |age| meter.freshness(at(interval + age));
        assert_eq!(meter.age(at(interval + 3)), Duration::from_secs(3));
        assert_eq!(freshness(late - 1), Freshness::Fresh, "{interval}");
        assert_eq!(freshness(late), Freshness::Late, "{interval}");
        assert_eq!(freshness(lost - 1), Freshness::Late, "{interval}");
        assert_eq!(freshness(lost), Freshness::Lost, "{interval}");
    }
}

#[test]
fn the_present_goes_on_when_no_telegram_comes() {
    let start = Instant::now();
    let mut state = State::new(None, utc, start);
    state.take(of_meter(1, "one"), Some(sender(1)), start);
    let meter = state.meter().unwrap();
    let later = |seconds| start + Duration::from_secs(seconds);
    assert_eq!(meter.series(Window::Minutes, 300, start)[299], Some(100));
    assert_eq!(meter.series(Window::Minutes, 300, later(61))[299 - 61], Some(100));
    assert_eq!(meter.summary(Window::Minutes, later(299)).unwrap().high, 100);
    assert_eq!(meter.summary(Window::Minutes, later(300)), None);
}
