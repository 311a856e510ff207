//! `p1emeter` as built: what arrives for which telegram, and that nothing arrives without one.

use std::fs::File;
use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use p1_multicast::message::Encoder;
use p1_multicast::multicast::{Receiver, Sender};
use rustix::process::Signal;

use crate::support::{Meter, PATIENCE, Place, Running, lo, telegram, wait_for};

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

/// Sends telegrams of so many watts, not too quickly, until a datagram says so.
fn answered(meter: &mut Meter, consumer: &mut Consumer, watts: u32) {
    wait_for(&format!("{watts} W"), || {
        meter.send(&telegram(watts));
        (consumer.within(Duration::from_secs(1))?.0 == watts).then_some(())
    });
}

#[test]
fn each_telegram_is_answered_by_one_datagram_and_then_there_is_silence() {
    let place = Place::new();
    place.config();
    let mut consumer = Consumer::new(&place);
    let emeter = place.daemon("p1emeter");
    let (mut meter, mut listener) = place.listen();
    answered(&mut meter, &mut consumer, 423);
    answered(&mut meter, &mut consumer, 42);
    emeter.wait_for_logs(1, "using serial number 9");
    while consumer.within(Duration::from_secs(1)).is_some() {}
    meter.send(&telegram(43));
    assert_eq!(consumer.within(PATIENCE).map(|(watts, _)| watts), Some(43));
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
    let mut consumer = Consumer::new(&place);
    let emeter = place.daemon("p1emeter");
    let (mut meter, _listener) = place.listen();
    answered(&mut meter, &mut consumer, 423);
    emeter.signal(Signal::STOP);
    for watts in 100..103 {
        meter.send(&telegram(watts));
        std::thread::sleep(Duration::from_secs(1));
    }
    emeter.signal(Signal::CONT);
    emeter.wait_for_log("it waited here while the program or the host was asleep");
    answered(&mut meter, &mut consumer, 42);
    // Whatever came before that was neither of the three.
    assert_eq!(consumer.within(Duration::from_secs(2)), None);
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
            let (found, _) = consumer.within(Duration::from_secs(1))?;
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
    let (mut meter, mut listener) = place.listen();
    answered(&mut meter, &mut consumer, 423);
    let interval = Duration::from_secs(2);
    let before = Instant::now();
    while before.elapsed() < interval {
        consumer.within(interval.saturating_sub(before.elapsed()));
    }
    meter.send(&telegram(42));
    let (mut first, mut ticks) = (None, Vec::new());
    while let Some((watts, tick)) = consumer.within(interval) {
        if watts == 42 {
            first.get_or_insert_with(Instant::now);
            ticks.push(tick);
        }
        if ticks.len() == 1 {
            listener.signal(Signal::KILL);
        }
    }
    listener.wait();
    assert!(ticks.len() > 2 && ticks.is_sorted_by(|one, two| *two >= one + 900), "{ticks:?}");
    let held = ticks[ticks.len() - 1] - ticks[0];
    assert!(held <= 12_000, "{held} ms");
    assert_eq!(consumer.within(interval), None);
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
    wait_for("what would be sent", || {
        meter.send(&telegram(423));
        let shown = std::fs::read_to_string(&out).unwrap();
        shown.contains("  sum  import    423.0 W, export      0.0 W").then_some(())
    });
    assert_eq!(consumer.within(Duration::from_millis(200)), None);
    printer.stop();
}
