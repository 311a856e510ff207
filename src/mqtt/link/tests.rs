//! Outages by a clock of the test's, with a broker that does what the test wants.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{Error, ErrorKind};
use std::rc::Rc;

use super::*;
use crate::runtime::captured_log;

/// What the broker does, and what it has got.
#[derive(Default)]
struct Play {
    /// What comes of the next attempts; without any more they go on.
    attempts: VecDeque<Result<(), Failure>>,
    tried: usize,
    sent: Vec<Vec<u8>>,
    /// What it sends.
    packets: Vec<Incoming>,
    /// What becomes of sending.
    is_stalled: bool,
    is_gone: bool,
}

#[derive(Clone, Default)]
struct Fake(Rc<RefCell<Play>>);

impl Broker for Fake {
    fn open(&mut self) -> Option<Result<Box<dyn Connection>, Failure>> {
        let mut play = self.0.borrow_mut();
        let outcome = play.attempts.pop_front()?;
        play.tried += 1;
        Some(outcome.map(|()| Box::new(self.clone()) as Box<dyn Connection>))
    }

    fn address(&self) -> String {
        "test:1883".into()
    }

    fn client(&self) -> &'static str {
        "me"
    }
}

impl Connection for Fake {
    fn send(&mut self, packet: &[u8]) -> Result<(), Failure> {
        let mut play = self.0.borrow_mut();
        if play.is_stalled {
            return Err(Failure::Stalled);
        }
        play.sent.push(packet.to_vec());
        Ok(())
    }

    fn receive(&mut self, packets: &mut Vec<Incoming>) -> Result<bool, Failure> {
        let mut play = self.0.borrow_mut();
        if play.is_gone {
            return Err(Failure::Closed);
        }
        packets.append(&mut play.packets);
        Ok(!packets.is_empty())
    }
}

struct Test {
    broker: Fake,
    link: Link<Fake>,
    start: Instant,
}

impl Test {
    fn new(attempts: impl IntoIterator<Item = Result<(), Failure>>) -> Self {
        let (broker, start) = (Fake::default(), Instant::now());
        broker.0.borrow_mut().attempts = attempts.into_iter().collect();
        Self { link: Link::new(broker.clone(), true, start), broker, start }
    }

    fn step(&mut self, second: u64) -> bool {
        self.link.step(self.start + Duration::from_secs(second))
    }

    fn says(&self, packet: Incoming) {
        self.broker.0.borrow_mut().packets.push(packet);
    }
}

fn refused() -> Result<(), Failure> {
    Err(Failure::Connect(Error::from(ErrorKind::ConnectionRefused)))
}

fn born(is_retained: bool) -> Incoming {
    Incoming::Message { topic: BIRTH.into(), payload: ONLINE.to_vec(), is_retained }
}

fn state() -> Publication {
    Publication { topic: "t".into(), payload: b"x".to_vec(), is_retained: false }
}

#[test]
fn everything_is_published_anew_once_connected() {
    let mut test = Test::new([Ok(())]);
    assert!(test.step(0));
    assert!(test.link.is_online());
    assert_eq!(test.broker.0.borrow().sent, [packets::subscribe(BIRTH)]);
    assert!(!test.step(1));
}

#[test]
fn waits_grow_to_a_minute_and_end_never() {
    let mut test = Test::new((0..100).map(|_| refused()));
    let mut tries = Vec::new();
    for second in 0..400 {
        let before = test.broker.0.borrow().tried;
        test.step(second);
        if test.broker.0.borrow().tried > before {
            tries.push(second);
        }
    }
    assert_eq!(tries, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363]);
    assert!(test.link.status().starts_with("no connection to the broker test:1883: refused"));
}

#[test]
fn a_connection_that_lasted_is_tried_again_at_once_and_one_that_did_not_is_not() {
    for (lasted, next) in [(59, 59 + 4), (60, 60 + 1)] {
        let mut test = Test::new([refused(), refused(), Ok(()), Ok(())]);
        for second in 0..=3 {
            test.step(second);
        }
        assert!(test.link.is_online());
        test.broker.0.borrow_mut().is_gone = true;
        test.step(3 + lasted);
        test.broker.0.borrow_mut().is_gone = false;
        assert!(!test.step(3 + next - 1));
        assert!(test.step(3 + next), "{lasted}");
    }
}

#[test]
fn nothing_is_kept_for_a_broker_that_is_away() {
    let mut test = Test::new([Ok(()), Ok(())]);
    test.step(0);
    let now = test.start;
    test.broker.0.borrow_mut().is_stalled = true;
    test.link.publish(&[state()], now);
    assert!(!test.link.is_online(), "a broker that takes nothing is given up");
    test.broker.0.borrow_mut().is_stalled = false;
    test.link.publish(&[state()], now);
    assert!(test.step(1));
    let subscribe = packets::subscribe(BIRTH);
    assert_eq!(test.broker.0.borrow().sent, [subscribe.clone(), subscribe]);
}

#[test]
fn a_broker_that_does_not_answer_pings_is_given_up() {
    let mut test = Test::new([Ok(())]);
    for second in 0..=15 {
        test.step(second);
    }
    assert_eq!(test.broker.0.borrow().sent.last(), Some(&packets::ping()));
    test.step(24);
    assert!(test.link.is_online());
    test.step(25);
    assert!(!test.link.is_online());
    assert!(test.link.status().contains("it does not answer"), "{}", test.link.status());
}

#[test]
fn a_broker_that_says_anything_is_there() {
    let mut test = Test::new([Ok(())]);
    for second in 0..600 {
        test.step(second);
        if second % 9 == 0 {
            test.says(Incoming::Other);
        }
    }
    assert!(test.link.is_online());
}

#[test]
fn home_assistant_is_answered_when_it_starts_and_not_when_it_has_started_before_us() {
    let mut test = Test::new([Ok(())]);
    test.step(0);
    test.says(born(true));
    let offline =
        Incoming::Message { topic: BIRTH.into(), payload: b"offline".into(), is_retained: false };
    test.says(offline);
    assert!(!test.step(1));
    test.says(born(false));
    assert!(test.step(2));
    assert!(!test.step(3));
}

#[test]
fn home_assistant_is_answered_not_too_often_and_in_the_end() {
    let mut test = Test::new([Ok(())]);
    test.step(0);
    let mut answers = Vec::new();
    for second in 1..=12 {
        if second <= 9 {
            test.says(born(false));
        }
        if test.step(second) {
            answers.push(second);
        }
    }
    assert_eq!(answers, [1, 6, 11]);
}

#[test]
fn a_fault_that_somebody_must_mend_is_news_and_another_kind_of_absence_is_not() {
    let gone = Err(Failure::Closed);
    let wrong = || Err(Failure::NotMqtt);
    let mut test = Test::new([gone, refused(), wrong(), wrong(), refused(), Ok(())]);
    let lines = captured_log(|| (0..=31).for_each(|second| _ = test.step(second)));
    let broker = "the broker test:1883";
    assert_eq!(
        lines,
        [
            format!("no connection to {broker}: it closed the connection; trying again"),
            format!(
                "no connection to {broker}: what it answers is no MQTT: is the port right?; trying again"
            ),
            format!("connected to {broker}, after 31 s without"),
        ]
    );
}

/// What is said of a broker that ends each connection after `lasted` seconds, for so many hours.
fn flapping(lasted: u64, hours: u64) -> Vec<String> {
    let mut test = Test::new((0..3600 * hours).map(|_| Ok(())));
    let mut online = 0;
    captured_log(|| {
        for second in 0..3600 * hours {
            online = if test.link.is_online() { online + 1 } else { 0 };
            test.broker.0.borrow_mut().is_gone = online > lasted;
            test.says(Incoming::Other);
            test.step(second);
        }
    })
}

#[test]
fn two_clients_of_the_same_name_are_told_with_their_name_and_then_once_an_hour() {
    for lasted in [0, 1, 30, 61, 170] {
        let (first, day) = (flapping(lasted, 1), flapping(lasted, 25));
        let lost = |line: &&String| line.starts_with("lost the connection");
        let lost = first.iter().filter(lost).collect::<Vec<_>>();
        assert!(lost[0].ends_with(": it closed the connection; trying again"), "{first:?}");
        assert!(
            lost[1].contains("does another client call itself \"me\" there (give"),
            "{first:?}"
        );
        assert!(lost[1].ends_with("trying again (which is told once an hour)"), "{first:?}");
        assert_eq!(first.len(), 5, "{first:?}");
        assert!((46..=48).contains(&(day.len() - first.len())), "{day:?}");
    }
}

#[test]
fn a_broker_that_comes_and_goes_all_the_time_does_not_fill_the_log() {
    let lines = flapping(200, 10);
    assert!((200..=202).contains(&lines.len()), "{lines:?}");
    assert!(lines[19].contains("10th time this hour"), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("another client")), "{lines:?}");
}

#[test]
fn faults_that_take_turns_do_not_fill_the_log() {
    let faults = (0..2000).map(|n| if n % 2 == 0 { Err(Failure::NotMqtt) } else { refused() });
    let mut test = Test::new(faults);
    let lines = captured_log(|| (0..60 * 2000).for_each(|second| _ = test.step(second)));
    assert_eq!(lines.len(), 2, "{lines:?}");
}

#[test]
fn an_outage_that_began_among_too_many_is_told_when_it_outlasts_them() {
    let mut test = Test::new((0..30).map(|_| Ok(())).chain((0..100).map(|_| refused())));
    let lines = captured_log(|| {
        for second in 0..7200 {
            test.broker.0.borrow_mut().is_gone = test.link.is_online();
            test.step(second);
        }
    });
    let last = lines.last().unwrap();
    assert!(last.starts_with("no connection to the broker test:1883: refused"), "{lines:?}");
}

#[test]
fn the_end_is_said_to_the_broker() {
    let mut test = Test::new([Ok(())]);
    test.step(0);
    test.link.close(test.start);
    assert_eq!(test.broker.0.borrow().sent.last(), Some(&packets::disconnect()));
    assert!(!test.link.is_online());
}
