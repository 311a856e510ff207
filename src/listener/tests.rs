//! The whole listener, on a port and a clock of the test; datagrams go to `lo`.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::rc::Rc;

use proptest::prelude::*;

use super::source::{ReadOutcome, Source};
use std::time::Duration;

use super::*;
use crate::message::Message;
use crate::multicast::{Receiver, Sender};
use crate::runtime::captured_log;
use crate::telegram::with_checksum;

/// A group of this process's own: tests of another may be running too.
fn group() -> IpAddr {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(239, 254, high, low).into()
}

type Queue = VecDeque<Vec<u8>>;

/// A port that gives what is queued, and takes this long for a byte; without a queue there is no port.
#[derive(Clone, Default)]
struct Wire(Rc<RefCell<Option<Queue>>>, Option<Duration>);

impl Wire {
    fn plug_in(&self) {
        *self.0.borrow_mut() = Some(Queue::new());
    }

    fn give(&self, bytes: &[u8]) {
        self.0.borrow_mut().as_mut().unwrap().push_back(bytes.to_vec());
    }
}

impl Port for Wire {
    fn open(&mut self) -> Result<Option<Box<dyn Source>>, String> {
        if self.is_there() { Ok(Some(Box::new(self.clone()))) } else { Err("no wire".into()) }
    }

    fn is_there(&self) -> bool {
        self.0.borrow().is_some()
    }

    fn description(&self) -> String {
        "the wire".into()
    }
}

impl Source for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<ReadOutcome> {
        let mut wire = self.0.borrow_mut();
        let Some(queue) = &mut *wire else { return Err(ErrorKind::BrokenPipe.into()) };
        let Some(bytes) = queue.pop_front() else { return Ok(ReadOutcome::Nothing) };
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(ReadOutcome::Bytes(bytes.len()))
    }

    fn byte_time(&self) -> Option<Duration> {
        self.1
    }
}

fn telegram(number: u32) -> Vec<u8> {
    with_checksum(format!("/TST5METER\r\n\r\n1-0:1.7.0(00.{number:03}*kW)\r\n!"))
}

/// A listener on this source, and who hears its raw datagrams on this port.
fn listener(source: Box<dyn Port>, port: u16, now: Instant) -> (Listener, Receiver) {
    let multicast = config::Multicast {
        address: group(),
        port: port + 1,
        raw_port: Some(port),
        ttl: 0,
        interface: Some("lo".parse().unwrap()),
        ..Config::default().multicast
    };
    let config = Config { multicast, ..Config::default() };
    let lo = "lo".parse().unwrap();
    let receiver = Receiver::open(group(), port, Some(&lo)).unwrap();
    (Listener::new(config, source, None, now), receiver)
}

/// A step of the loop, in which the clock of the test does the waiting.
fn simulate_step(listener: &mut Listener, now: &mut Instant) {
    if let Some(pause) = listener.delivery.admission.pause(*now) {
        *now += pause;
    }
    if !listener.waiting.is_empty() {
        listener.watch_group(*now);
        return listener.decode(*now);
    }
    match listener.line.step(&mut listener.buffer[..], *now) {
        Event::Bytes(length) => listener.process(length, *now),
        Event::Changed => listener.finish_stream(*now),
        Event::Wait(pause) => *now += pause,
        Event::Silence => *now += source::READ_TIMEOUT,
        Event::End => panic!("a port has no end"),
    }
    listener.delivery.health.check(listener.line.trouble().is_none(), Vec::new, *now);
}

fn next(receiver: &Receiver) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 65_536];
    // What was sent on `lo` before has come in already.
    let datagram = receiver.receive(&mut buffer, Duration::ZERO).unwrap()?;
    Some(buffer[..datagram.len].to_vec())
}

/// Gives these pieces to a listener that has just opened its port; the raw datagrams that come of it.
fn heard_of(pieces: &[&[u8]], port: u16) -> (Vec<Vec<u8>>, Listener) {
    let (wire, now) = (Wire::default(), Instant::now());
    wire.plug_in();
    for piece in pieces {
        piece.chunks(BUFFER).for_each(|chunk| wire.give(chunk));
    }
    let (mut listener, receiver) = listener(Box::new(wire.clone()), port, now);
    let mut heard = Vec::new();
    while wire.0.borrow().as_ref().is_some_and(|queue| !queue.is_empty()) {
        assert!(listener.step(now).is_continue());
        heard.extend(std::iter::from_fn(|| next(&receiver)));
    }
    (heard, listener)
}

#[test]
fn telegrams_come_through_whole_however_the_bytes_are_cut() {
    let two = [telegram(1), telegram(2)].concat();
    let single: Vec<&[u8]> = two.chunks(1).collect();
    assert_eq!(heard_of(&single, 26_101).0, [telegram(1), telegram(2)]);
    assert_eq!(heard_of(&[&two], 26_103).0, [telegram(1), telegram(2)]);
}

#[test]
fn noise_before_between_and_inside_costs_the_telegram_that_it_hits_only() {
    let mut hit = telegram(2);
    hit.splice(20..20, *b"\xFF/\0!");
    let pieces: [&[u8]; 7] =
        [b"\xFE\0no", &telegram(1), b"\n!noise\r\n", &hit, &telegram(3), &[0; 5000], &telegram(4)];
    let (heard, listener) = heard_of(&pieces, 26_105);
    assert_eq!(heard, [telegram(1), telegram(3), telegram(4)]);
    assert!(listener.counters().starts_with("3 good, "), "{}", listener.counters());
}

#[test]
fn bytes_without_an_end_are_dropped_and_counted_and_the_next_telegram_is_whole() {
    let endless = [b"/TST5\r\n".to_vec(), vec![b'x'; 80_000]].concat();
    let (heard, listener) = heard_of(&[&endless, &telegram(1)], 26_107);
    assert_eq!(heard, [telegram(1)]);
    assert!(listener.counters().contains(" 1 oversize"), "{}", listener.counters());
}

#[test]
fn a_telegram_whose_line_end_the_port_has_taken_with_it_is_sent_and_counted_all_the_same() {
    let (wire, now) = (Wire::default(), Instant::now());
    wire.plug_in();
    let mut without_end = telegram(1);
    without_end.truncate(without_end.len() - 2);
    wire.give(&without_end);
    let (mut listener, receiver) = listener(Box::new(wire.clone()), 26_119, now);
    for _ in 0..2 {
        assert!(listener.step(now).is_continue());
    }
    assert_eq!(next(&receiver), None);
    wire.0.take();
    assert!(listener.step(now).is_continue());
    assert_eq!(next(&receiver), Some(without_end));
    assert!(listener.status(now).contains("1 telegram, "), "{}", listener.status(now));
    assert!(listener.status(now).contains("the last 0 s ago"), "{}", listener.status(now));
}

/// A listener that has sent one telegram of a line, and sleeps for some ms in the middle of the next; the time then.
fn listener_in_mid_telegram(wire: &Wire, port: u16) -> (Listener, Receiver, Timestamp) {
    let now = Instant::now();
    wire.plug_in();
    let (mut listener, receiver) = listener(Box::new(wire.clone()), port, now);
    wire.give(&telegram(1));
    wire.give(&telegram(2)[..12]);
    for _ in 0..3 {
        assert!(listener.step(now).is_continue());
    }
    assert_eq!(next(&receiver), Some(telegram(1)));
    assert_eq!(listener.waiting, 0..12);
    (listener, receiver, SystemTime::now().into())
}

#[test]
fn the_beginning_of_a_telegram_waits_for_its_rest_and_tells_when_it_began() {
    let wire = Wire(Rc::default(), Some(Duration::from_micros(87)));
    let lo = "lo".parse().unwrap();
    let json = Receiver::open(group(), 26_128, Some(&lo)).unwrap();
    let (mut listener, receiver, time) = listener_in_mid_telegram(&wire, 26_127);
    wire.give(&telegram(2)[12..]);
    assert!(listener.step(Instant::now()).is_continue());
    assert_eq!(next(&receiver), Some(telegram(2)));
    let meta = [next(&json), next(&json)].map(|json| Message::parse(&json.unwrap()).unwrap().meta);
    assert!(meta[0].frame_end <= meta[1].frame_start && meta[1].frame_start <= time, "{meta:?}");
    assert!(listener.waiting.is_empty());
}

#[test]
fn what_waits_for_the_rest_of_its_telegram_is_not_mixed_with_what_comes_after_a_loss() {
    let wire = Wire(Rc::default(), Some(Duration::from_micros(87)));
    let (mut listener, receiver, _) = listener_in_mid_telegram(&wire, 26_129);
    wire.0.take();
    let mut now = Instant::now();
    assert!(listener.step(now).is_continue());
    assert!(listener.waiting.is_empty());
    wire.plug_in();
    wire.give(&[&telegram(2)[12..], &telegram(3)].concat());
    for _ in 0..3 {
        now += Duration::from_secs(2);
        assert!(listener.step(now).is_continue());
    }
    assert_eq!(next(&receiver), Some(telegram(3)));
    assert_eq!(listener.delivery.translator.counts().dropped.incomplete, 1);
}

#[test]
fn what_waits_for_the_rest_of_its_telegram_is_recorded_when_the_listener_stops() {
    let wire = Wire(Rc::default(), Some(Duration::from_micros(87)));
    let (mut listener, ..) = listener_in_mid_telegram(&wire, 26_131);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("raw.log");
    listener.raw_log = Some(RawLog::open(&path, Path::new("/dev/null")).unwrap());
    listener.finish(Instant::now());
    assert_eq!(std::fs::read(path).unwrap(), telegram(2)[..12]);
}

#[test]
fn an_hour_without_the_cable_takes_no_more_than_five_lines() {
    let (wire, mut now) = (Wire::default(), Instant::now());
    wire.plug_in();
    let (mut listener, receiver) = listener(Box::new(wire.clone()), 26_109, now);
    let mut run = |time: Duration| {
        let end = now + time;
        while now < end {
            simulate_step(&mut listener, &mut now);
        }
    };
    let lines = captured_log(|| {
        wire.give(&telegram(1));
        wire.give(&telegram(2)[..20]);
        run(Duration::from_secs(10));
        wire.0.take();
        run(Duration::from_secs(3600));
        wire.plug_in();
        wire.give(&[&telegram(2)[20..], &telegram(3)].concat());
        run(Duration::from_secs(10));
    });
    assert_eq!(
        std::iter::from_fn(|| next(&receiver)).collect::<Vec<_>>(),
        [telegram(1), telegram(3)]
    );
    let told = ["is open", "first telegram", "is gone", "is open after 60 min; 1 telegram since"];
    assert_eq!(lines.len(), told.len(), "{lines:?}");
    for (line, told) in lines.iter().zip(told) {
        assert!(line.contains(told), "{lines:?}");
    }
}

#[test]
fn other_settings_of_the_network_leave_the_port_open() {
    let (wire, now) = (Wire::default(), Instant::now());
    wire.plug_in();
    let (mut listener, _receiver) = listener(Box::new(wire.clone()), 26_111, now);
    let lines = captured_log(|| {
        assert!(listener.step(now).is_continue());
        let mut config = listener.delivery.config.clone();
        config.multicast.raw_port = Some(26_113);
        listener.reconfigure(config, now);
        wire.give(&telegram(1));
        let lo = "lo".parse().unwrap();
        let receiver = Receiver::open(group(), 26_113, Some(&lo)).unwrap();
        assert!(listener.step(now).is_continue());
        assert_eq!(next(&receiver), Some(telegram(1)));
    });
    assert_eq!(lines.iter().filter(|line| line.contains("is open")).count(), 1, "{lines:?}");
}

#[test]
fn a_telegram_that_the_group_has_carried_is_not_sent_again_and_the_log_says_what_to_change() {
    let (wire, now) = (Wire::default(), Instant::now());
    wire.plug_in();
    let (mut listener, receiver) = listener(Box::new(wire.clone()), 26_123, now);
    let lo = "lo".parse().unwrap();
    let other = Sender::open(group(), 0, Some(&lo)).unwrap();
    let lines = captured_log(|| {
        assert!(listener.step(now).is_continue());
        for number in [1, 2, 3] {
            if number == 2 {
                other.send(26_123, &telegram(2)).unwrap();
            }
            wire.give(&telegram(number));
            assert!(listener.step(now).is_continue());
        }
    });
    // The second is that of the other listener.
    let carried: Vec<_> = std::iter::from_fn(|| next(&receiver)).collect();
    assert_eq!(carried, [telegram(1), telegram(2), telegram(3)]);
    assert_eq!(lines.iter().filter(|line| line.contains("`multicast.interface: lo`")).count(), 1);
    let status = listener.status(now);
    assert!(status.contains(": 2 telegrams,"), "{status}");
    assert!(status.contains("; 1 telegram came back: not sent again"), "{status}");
}

#[test]
fn a_storm_of_telegrams_is_bounded_and_logged() {
    let (wire, mut now) = (Wire::default(), Instant::now());
    wire.plug_in();
    let (mut listener, receiver) = listener(Box::new(wire.clone()), 26_125, now);
    let mut sent = 0;
    let lines = captured_log(|| {
        assert!(listener.step(now).is_continue());
        for number in 0..3000 {
            wire.give(&telegram(number % 1000));
            simulate_step(&mut listener, &mut now);
            now += Duration::from_millis(1);
            sent += usize::from(next(&receiver).is_some());
        }
    });
    assert!((150..200).contains(&sent), "{sent}");
    let warnings = lines.iter().filter(|line| line.contains("more than 12 telegrams a second"));
    assert_eq!(warnings.count(), 1, "{lines:?}");
    assert!(listener.status(now).contains("not sent: more than any meter"), "{lines:?}");
}

#[test]
fn a_clock_that_stays_an_hour_ahead_is_logged_and_shown_with_the_key_to_set() {
    let (wire, mut now) = (Wire::default(), Instant::now());
    wire.plug_in();
    let (mut listener, _receiver) = listener(Box::new(wire.clone()), 26_121, now);
    let lines = captured_log(|| {
        for _ in 0..40 {
            let ahead = chrono::Utc::now() + chrono::TimeDelta::hours(2);
            let clock = ahead.format("%y%m%d%H%M%SW");
            wire.give(format!("/TST5METER\r\n\r\n0-0:1.0.0({clock})\r\n!\r\n").as_bytes());
            assert!(listener.step(now).is_continue());
            now += Duration::from_secs(10);
        }
    });
    let hint = "the meter's clock is 1 hour ahead: if it shows Eastern European time, set \
                `p1_listener.time_zone: EET`";
    assert_eq!(lines.iter().filter(|line| **line == hint).count(), 1, "{lines:?}");
    assert!(listener.status(now).ends_with(&format!("; {hint}")), "{}", listener.status(now));
}

/// A meter that sends every ten seconds and can be read at one speed only.
#[derive(Clone)]
struct OldMeter {
    search: Rc<RefCell<Search>>,
    speed: u32,
    reads: u64,
}

impl Port for OldMeter {
    fn open(&mut self) -> Result<Option<Box<dyn Source>>, String> {
        self.search.borrow_mut().opened();
        Ok(Some(Box::new(self.clone())))
    }

    fn is_there(&self) -> bool {
        true
    }

    fn description(&self) -> String {
        format!("the meter at {} baud", self.search.borrow().speed())
    }

    fn on_bytes(&mut self, now: Instant) -> bool {
        self.search.borrow_mut().on_bytes(now)
    }

    fn on_telegram(&mut self) -> Option<u32> {
        self.search.borrow_mut().on_telegram()
    }
}

impl Source for OldMeter {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<ReadOutcome> {
        self.reads += 1;
        if self.reads % 20 != 0 {
            return Ok(ReadOutcome::Nothing);
        }
        let mut bytes = b"/TST5METER\r\n\r\n1-0:1.7.0(00.329*kW)\r\n!\r\n".to_vec();
        if self.search.borrow().speed() != self.speed {
            bytes = bytes.iter().map(|byte| byte.rotate_left(3) ^ 0xB5).collect();
        }
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(ReadOutcome::Bytes(bytes.len()))
    }
}

#[test]
fn the_speed_of_a_meter_is_found_and_logged_once() {
    for (speed, port) in [(9600, 26_115), (115_200, 26_117)] {
        let search = Search::new(None, config::LineFormat::Ten);
        let meter = OldMeter { search: Rc::new(RefCell::new(search)), speed, reads: 0 };
        let mut now = Instant::now();
        let (mut listener, receiver) = listener(Box::new(meter), port, now);
        let lines = captured_log(|| {
            for _ in 0..7200 {
                simulate_step(&mut listener, &mut now);
            }
        });
        let telegrams = std::iter::from_fn(|| next(&receiver)).count();
        assert!(telegrams > 100, "{telegrams}");
        let found = format!("meter found at {speed} baud");
        assert_eq!(lines.iter().filter(|line| **line == found).count(), 1, "{lines:?}");
        assert!(lines.len() <= 5, "{lines:?}");
    }
}

/// What a hostile port gives: the beginning of a telegram, its clock, and how often it comes.
#[derive(Clone, Debug)]
enum Piece {
    Telegram { clock: Option<u32>, watts: u32 },
    Tiny,
    Noise(Vec<u8>),
}

impl Piece {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Telegram { clock, watts } => {
                let clock = clock.map(|second| format!("0-0:1.0.0(2611260400{second:02}W)\r\n"));
                let clock = clock.unwrap_or_default();
                with_checksum(format!("/TST5METER\r\n\r\n{clock}1-0:1.7.0(00.{watts:03}*kW)\r\n!"))
            }
            Self::Tiny => b"/A\n1-0:1.7.0(1*W)\n!\n".repeat(50),
            Self::Noise(noise) => noise.clone(),
        }
    }
}

fn piece() -> impl Strategy<Value = Piece> {
    let telegram = (proptest::option::of(0..60_u32), 0..1000_u32);
    prop_oneof![
        8 => telegram.prop_map(|(clock, watts)| Piece::Telegram { clock, watts }),
        1 => Just(Piece::Tiny),
        1 => proptest::collection::vec(any::<u8>(), 0..200).prop_map(Piece::Noise),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn whatever_a_port_gives_no_more_is_sent_than_a_meter_can_send(
        pieces in proptest::collection::vec((piece(), 0..40_u64), 1..40),
        rounds in 1..60_usize,
    ) {
        let (wire, start) = (Wire::default(), Instant::now());
        wire.plug_in();
        let (mut listener, receiver) = listener(Box::new(wire.clone()), 26_127, start);
        let (mut now, mut sent) = (start, 0_u32);
        let lines = captured_log(|| {
            for (piece, millis) in pieces.iter().cycle().take(pieces.len() * rounds) {
                piece.bytes().chunks(BUFFER).for_each(|chunk| wire.give(chunk));
                while wire.0.borrow().as_ref().is_some_and(|queue| !queue.is_empty())
                    || !listener.waiting.is_empty()
                {
                    simulate_step(&mut listener, &mut now);
                    while next(&receiver).is_some() {
                        sent += 1;
                    }
                }
                now += Duration::from_millis(*millis);
            }
        });
        // A burst, 12 in each second, and 12 for each second of the clock.
        let bound = 120.0 + 12.0 * ((now - start).as_secs_f64() + 1.0 + 60.0);
        prop_assert!(f64::from(sent) <= bound, "{sent} > {bound}");
        prop_assert!(lines.len() <= 10, "{lines:?}");
    }
}
