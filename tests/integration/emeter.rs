//! `p1emeter` as built: what arrives for which telegram, and that nothing arrives without one.

use std::fs::File;
use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use p1_multicast::message::Encoder;
use p1_multicast::multicast::{Receiver, Sender};
use rustix::process::Signal;

use crate::support::{Meter, Place, Running, lo, telegram, wait_for, watts};

/// A consumer.
pub struct Consumer {
    receiver: Receiver,
    buffer: Vec<u8>,
}

impl Consumer {
    pub fn new(place: &Place) -> Self {
        let group = IpAddr::V4(place.emeter_group());
        let receiver = Receiver::open(group, place.port, Some(&lo())).unwrap();
        Self { receiver, buffer: vec![0; 2000] }
    }

    /// Import power in W and the time of the next datagram, if one arrives in this time.
    pub fn within(&mut self, time: Duration) -> Option<(u32, u32)> {
        let datagram = self.receiver.receive(&mut self.buffer, time).unwrap()?;
        assert_eq!(datagram.len, 608);
        let number = |at: usize| u32::from_be_bytes(self.buffer[at..at + 4].try_into().unwrap());
        assert_eq!(number(52), 0, "no export");
        Some((number(32) / 10, number(24)))
    }
}

/// How often a meter sends.
const INTERVAL: Duration = Duration::from_secs(1);

/// Sends telegrams of so many watts, not too quickly, until a datagram says so. Gives the powers of those before it.
fn answered(meter: &mut Meter, consumer: &mut Consumer, watts: u32) -> Vec<u32> {
    let mut before = Vec::new();
    wait_for(&format!("{watts} W"), || {
        meter.send(&telegram(watts));
        let (found, _) = consumer.within(INTERVAL)?;
        (found == watts).then_some(()).or_else(|| {
            before.push(found);
            None
        })
    });
    before
}

/// Sends a telegram of so many watts, once. Gives the powers of the datagrams until the next one is due.
fn answers(meter: &mut Meter, consumer: &mut Consumer, watts: u32) -> Vec<u32> {
    let start = Instant::now();
    meter.send(&telegram(watts));
    let left = || INTERVAL.saturating_sub(start.elapsed());
    std::iter::from_fn(|| consumer.within(left()).map(|(watts, _)| watts)).collect()
}

#[test]
fn each_telegram_is_answered_by_one_datagram_and_then_there_is_silence() {
    let place = Place::new();
    place.config();
    let mut consumer = Consumer::new(&place);
    let emeter = place.daemon("p1emeter");
    let (mut meter, mut listener) = place.listen();
    answered(&mut meter, &mut consumer, 423);
    // On a busy machine a telegram may be late, and rightly is not answered. So this ends with some that were.
    let (mut powers, mut all) = (43.., Vec::<u32>::new());
    wait_for("three telegrams that are answered in time", || {
        let sent: Vec<u32> = powers.by_ref().take(3).collect();
        let mut answers = |watts: &u32| answers(&mut meter, &mut consumer, *watts);
        let answers: Vec<u32> = sent.iter().flat_map(&mut answers).collect();
        all.extend(answers.iter().filter(|watts| **watts >= 43));
        answers.ends_with(&sent).then_some(())
    });
    assert!(all.is_sorted_by(|one, next| one < next), "each at most once: {all:?}");
    listener.signal(Signal::KILL);
    listener.wait();
    assert_eq!(consumer.within(Duration::from_secs(2)), None, "two periods later");
    let log = emeter.stopped();
    assert_eq!(log.matches("using serial number").count(), 1, "{log}");
    assert_eq!(consumer.within(Duration::from_secs(1)), None, "nothing at the end");
}

#[test]
fn after_a_stop_no_old_telegram_is_answered() {
    let place = Place::new();
    place.config();
    let (mut consumer, mut group) = (Consumer::new(&place), place.subscriber());
    let emeter = place.daemon("p1emeter");
    let (mut meter, _listener) = place.listen();
    answered(&mut meter, &mut consumer, 423);
    emeter.signal(Signal::STOP);
    for watts in 100..103 {
        meter.send(&telegram(watts));
        std::thread::sleep(INTERVAL);
    }
    // They have left p1listener, and wait at p1emeter.
    while watts(&group.message()) != 102 {}
    emeter.signal(Signal::CONT);
    emeter.wait_for_log("it waited here while the program or the host was asleep");
    let before = answered(&mut meter, &mut consumer, 42);
    assert!(before.iter().all(|watts| *watts == 423), "{before:?}");
}

#[test]
fn a_reload_applies_the_serial_number() {
    let place = Place::new();
    place.config();
    let mut consumer = Consumer::new(&place);
    let emeter = place.daemon("p1emeter");
    let (mut meter, _listener) = place.listen();
    answered(&mut meter, &mut consumer, 423);
    place.config_with("p1_emeter: {serial: 7}");
    emeter.signal(Signal::HUP);
    emeter.wait_for_log("configuration reloaded");
    answered(&mut meter, &mut consumer, 42);
    assert_eq!(consumer.buffer[20..24], [0, 0, 0, 7]);
    emeter.wait_for_log("using serial number 7 and SUSy-ID 349 for meter \"E0099000012345678\"");
}

/// Another listener in the same group, and what its meter says.
struct Neighbour {
    sender: Sender,
    encoder: Encoder,
}

impl Neighbour {
    fn new(place: &Place) -> Self {
        let sender = Sender::open(place.group.into(), 0, Some(&lo())).unwrap();
        Self { sender, encoder: Encoder::new(Some("neighbour".to_owned())) }
    }

    fn send(&mut self, place: &Place, telegram: &[u8]) {
        let now = SystemTime::now().into();
        let json = self.encoder.encode(telegram, now, now).0.json;
        self.sender.send(place.port, json).unwrap();
    }
}

/// The powers that are sent while a neighbour sends these telegrams, and our meter 100 W and a little more.
fn sent_beside(place: &Place, theirs: &[u8]) -> Vec<u32> {
    let mut consumer = Consumer::new(place);
    let emeter = place.daemon("p1emeter");
    let (mut meter, _listener) = place.listen();
    answered(&mut meter, &mut consumer, 100);
    let mut neighbour = Neighbour::new(place);
    let mut sent = Vec::new();
    for watts in 101..104 {
        wait_for(&format!("{watts} W"), || {
            neighbour.send(place, theirs);
            meter.send(&telegram(watts));
            let (found, _) = consumer.within(INTERVAL)?;
            sent.push(found);
            (found == watts).then_some(())
        });
    }
    emeter.stop();
    sent
}

#[test]
fn of_two_listeners_of_one_meter_and_of_two_meters_one_is_followed() {
    let place = Place::new();
    place.config();
    let sent = sent_beside(&place, &telegram(500));
    assert!(!sent.contains(&500) && sent.is_sorted(), "{sent:?}");
    let place = Place::new();
    place.config();
    let other = String::from_utf8(telegram(500)).unwrap();
    let other =
        other.replace("4530303939303030303132333435363738", "4530303939303030303132333435363739");
    let sent = sent_beside(&place, other.as_bytes());
    assert!(!sent.contains(&500) && sent.is_sorted(), "{sent:?}");
}

#[test]
fn a_datagram_is_held_until_two_telegrams_are_missing() {
    let place = Place::new();
    place.config_with("p1_emeter: {hold: 12}");
    let mut consumer = Consumer::new(&place);
    let _emeter = place.daemon("p1emeter");
    let (mut meter, _listener) = place.listen();
    answered(&mut meter, &mut consumer, 423);
    // A p1emeter that the machine has stopped for two seconds repeats nothing any more: then another telegram is held.
    let mut powers = 424..;
    let ticks = wait_for("a datagram that is held", || {
        let ticks = held(&mut meter, &mut consumer, powers.next()?);
        (ticks.len() > 2).then_some(ticks)
    });
    assert!(ticks.is_sorted_by(|one, two| *two >= one + 900), "{ticks:?}");
    let held = ticks[ticks.len() - 1] - ticks[0];
    assert!(held <= 12_000, "{held} ms");
}

/// Sends a telegram of so many watts two seconds after the last one, and no more. Gives the times of its datagrams.
fn held(meter: &mut Meter, consumer: &mut Consumer, watts: u32) -> Vec<u32> {
    std::thread::sleep(2 * INTERVAL);
    meter.send(&telegram(watts));
    // After such a silence p1emeter does not go on.
    let datagrams = std::iter::from_fn(|| consumer.within(4 * INTERVAL));
    datagrams.filter(|(found, _)| *found == watts).map(|(_, tick)| tick).collect()
}

#[test]
fn print_shows_what_would_be_sent_and_sends_nothing() {
    let place = Place::new();
    place.config();
    let mut consumer = Consumer::new(&place);
    let (mut meter, _listener) = place.listen();
    let out = place.path("printed");
    let mut command = place.program("p1emeter");
    command.arg("--print").stdout(File::create(&out).unwrap());
    let printer = Running::start(&place, "p1emeter", &mut command);
    meter.send_until("what would be sent", &telegram(423), || {
        let shown = std::fs::read_to_string(&out).unwrap();
        shown.contains("  sum  import    423.0 W, export      0.0 W").then_some(())
    });
    assert_eq!(consumer.within(Duration::from_millis(200)), None);
    printer.stop();
}
