//! Signed datagrams, forged and replayed ones, with the clocks passed in.

use super::*;
use crate::message::Encoder;
use crate::runtime::captured_log;

fn key(byte: u8) -> SigningKey {
    SigningKey::new([byte; 32])
}

const FROM: ([u8; 4], u16) = ([192, 0, 2, 1], 1);
const RAW: &[u8] = b"/T\r\n\r\n1-0:1.7.0(00.100*kW)\r\n!\r\n";

fn second(second: i64) -> Timestamp {
    Timestamp::from_seconds(second)
}

fn telegram(watts: u32) -> Vec<u8> {
    format!("/T\r\n\r\n1-0:1.7.0(00.{watts:03}*kW)\r\n!\r\n").into_bytes()
}

/// A guard whose clock is at `wall`, and datagrams of a listener whose clock is at `end`, in seconds.
struct Scene {
    guard: Guard,
    encoder: Encoder,
    start: Instant,
}

impl Scene {
    fn new() -> Self {
        let mut encoder = Encoder::new(Some("pi".to_owned()));
        encoder.set_key(Some(key(1)));
        Self { guard: Guard::new(key(1), second(1000), false), encoder, start: Instant::now() }
    }

    fn datagram(&mut self, end: i64) -> Vec<u8> {
        self.datagram_of(RAW, end)
    }

    fn datagram_of(&mut self, raw: &[u8], end: i64) -> Vec<u8> {
        self.encoder.encode(raw, second(end), second(end)).0.json.to_vec()
    }

    fn arrival(&self, wall: i64) -> Arrival {
        Arrival { from: FROM.into(), wall: second(wall), now: self.start }
    }

    fn admits(&mut self, datagram: &[u8], wall: i64) -> bool {
        self.guard.admits(datagram, self.arrival(wall), || None)
    }

    fn admits_raw(&mut self, raw: &[u8], wall: i64) -> bool {
        self.guard.admits_raw(raw, self.arrival(wall))
    }
}

#[test]
fn signed_telegrams_are_taken_once_and_in_their_order() {
    let mut scene = Scene::new();
    let datagrams: Vec<_> = (1000..1010).map(|end| scene.datagram(end)).collect();
    for (wall, datagram) in (1000..).zip(&datagrams) {
        assert!(scene.admits(datagram, wall));
        assert!(!scene.admits(datagram, wall), "it is here by another way");
    }
    assert_eq!(scene.guard.refused(), 0);
    for datagram in &datagrams[..9] {
        assert!(!scene.admits(datagram, 1010));
    }
    assert_eq!(scene.guard.refused(), 9);
}

#[test]
fn what_was_recorded_before_the_start_is_not_taken() {
    let mut scene = Scene::new();
    let datagram = scene.datagram(1000);
    let lines = captured_log(|| assert!(!scene.admits(&datagram, 1000 + 7200)));
    let expected = "refused a datagram from 192.0.2.1:1, 1 so far: its time is 2 h behind the clock \
                    of this host";
    assert_eq!(lines, [expected]);
    assert!(!scene.admits(&datagram, 1061) && scene.admits(&datagram, 1060));
}

#[test]
fn what_was_sent_in_the_minute_before_the_start_is_not_taken_either() {
    let mut scene = Scene::new();
    let [before, just_before, after] = [990, 999, 1000].map(|end| scene.datagram(end));
    let lines = captured_log(|| {
        assert!(!scene.admits(&just_before, 1000) && !scene.admits(&before, 1000));
    });
    assert!(lines[0].ends_with(": it is from before this program started"), "{lines:?}");
    assert_eq!((lines.len(), scene.guard.refused()), (1, 1));
    assert!(scene.admits(&after, 1000) && !scene.admits(&just_before, 1000));
    // The program was started while the clock of this host was wrong.
    scene.guard = Guard::new(key(1), second(100_000), false);
    assert!(scene.admits(&after, 1000));
}

#[test]
fn unsigned_forged_and_altered_datagrams_are_refused_and_logged_once() {
    let mut scene = Scene::new();
    let mut altered = scene.datagram(1000);
    let at = altered.windows(3).position(|digits| digits == b"100").unwrap();
    altered[at] = b'9';
    scene.encoder.set_key(Some(key(2)));
    let forged = scene.datagram(1001);
    scene.encoder.set_key(None);
    let unsigned = scene.datagram(1002);
    let lines = captured_log(|| {
        for datagram in [&altered, &forged, &unsigned] {
            assert!(!scene.admits(datagram, 1000));
        }
    });
    assert_eq!(lines, ["refused a datagram from 192.0.2.1:1, 1 so far: its signature is wrong"]);
    assert_eq!(scene.guard.refused(), 3);
}

#[test]
fn a_clock_that_is_set_back_on_this_host_is_followed() {
    let mut scene = Scene::new();
    let [before, after] = [100_000, 50_000].map(|end| scene.datagram(end));
    assert!(scene.admits(&before, 100_000) && scene.admits(&after, 50_000));
}

#[test]
fn telegrams_that_end_within_one_millisecond_are_told_by_their_numbers() {
    let mut scene = Scene::new();
    let [first, second] = [scene.datagram(1000), scene.datagram(1000)];
    assert!(scene.admits(&first, 1000) && scene.admits(&second, 1000));
    assert!(!scene.admits(&first, 1000) && !scene.admits(&second, 1000));
}

#[test]
fn a_listener_that_restarts_goes_on_and_its_old_numbers_do_not() {
    let mut scene = Scene::new();
    let old: Vec<_> = (1000..1010).map(|end| scene.datagram(end)).collect();
    assert!(scene.admits(&old[8], 1008));
    let mut encoder = Encoder::new(Some("pi".to_owned()));
    encoder.set_key(Some(key(1)));
    scene.encoder = encoder;
    let new = scene.datagram(1012);
    assert!(scene.admits(&new, 1012));
    assert!(!scene.admits(&old[9], 1013), "it has a higher number");
}

#[test]
fn another_key_is_taken_from_then_on() {
    let mut scene = Scene::new();
    scene.encoder.set_key(Some(key(2)));
    let datagram = scene.datagram(1000);
    assert!(!scene.admits(&datagram, 1000));
    scene.guard.set_key(key(2));
    assert!(scene.admits(&datagram, 1000));
}

#[test]
fn a_key_in_the_place_of_ours_is_read_when_a_signature_is_wrong_and_not_each_time() {
    let mut scene = Scene::new();
    scene.encoder.set_key(Some(key(2)));
    let datagrams: Vec<_> = (1000..1004).map(|end| scene.datagram(end)).collect();
    let mut readings = 0;
    let mut admits = |datagram: &[u8], seconds, key: Option<SigningKey>| {
        let mut arrival = scene.arrival(1003);
        arrival.now += Duration::from_secs(seconds);
        scene.guard.admits(datagram, arrival, || {
            readings += 1;
            key
        })
    };
    // The file is away, has the old key, and has the new one.
    assert!(!admits(&datagrams[0], 0, None) && !admits(&datagrams[0], 9, Some(key(2))));
    assert!(!admits(&datagrams[1], 10, Some(key(1))));
    assert!(admits(&datagrams[2], 20, Some(key(2))) && admits(&datagrams[3], 40, None));
    assert!(!admits(b"{}", 60, Some(key(3))), "it has no signature");
    assert_eq!(readings, 3);
}

#[test]
fn a_raw_telegram_is_taken_once_for_each_time_that_its_json_came() {
    let mut scene = Scene::new();
    assert!(!scene.admits_raw(RAW, 1000));
    let datagram = scene.datagram(1000);
    assert!(scene.admits(&datagram, 1000));
    assert!(!scene.admits_raw(&RAW[1..], 1000));
    assert!(scene.admits_raw(RAW, 1000));
    let refused = scene.guard.refused();
    assert!(!scene.admits_raw(RAW, 1000), "it is here by another way");
    assert_eq!(scene.guard.refused(), refused);
}

#[test]
fn a_raw_telegram_that_was_lost_is_not_taken_later() {
    let mut scene = Scene::new();
    let telegrams: Vec<_> = (1..=4).map(telegram).collect();
    for (end, raw) in (1000..).zip(&telegrams) {
        let datagram = scene.datagram_of(raw, end);
        assert!(scene.admits(&datagram, end));
    }
    assert!(scene.admits_raw(&telegrams[2], 1004));
    for lost in &telegrams[..3] {
        assert!(!scene.admits_raw(lost, 1004));
    }
    assert!(!scene.admits_raw(&telegrams[3], 1064), "it is too old");
    // The one that was taken last is no fault.
    assert_eq!(scene.guard.refused(), 3);
}

#[test]
fn a_raw_telegram_of_one_meter_does_not_end_those_of_another() {
    let mut scene = Scene::new();
    let [ours, other] = [telegram(1), telegram(2)];
    let mut neighbour = Encoder::new(Some("other".to_owned()));
    neighbour.set_key(Some(key(1)));
    let datagrams = [
        scene.datagram_of(&ours, 1000),
        neighbour.encode(&other, second(1001), second(1001)).0.json.to_vec(),
    ];
    assert!(datagrams.iter().all(|datagram| scene.admits(datagram, 1001)));
    assert!(scene.admits_raw(&other, 1001) && scene.admits_raw(&ours, 1001));
}
