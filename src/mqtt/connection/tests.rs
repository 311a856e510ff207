//! Outages by a clock of the test's, with a broker that does what the test wants.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{Error, ErrorKind};
use std::rc::Rc;
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Mutex};

use rumqttc::ConnectReturnCode;

use super::*;
use crate::runtime::captured_log;

/// What became of each message, and of the connection.
#[derive(Default)]
struct Sent {
    messages: Vec<Publication>,
    is_full: bool,
    is_disconnected: bool,
}

struct FakePublisher(Arc<Mutex<Sent>>, SyncSender<Event>);

impl Publisher for FakePublisher {
    fn publish(&self, publication: Publication) -> bool {
        let mut sent = self.0.lock().unwrap();
        if !sent.is_full {
            sent.messages.push(publication);
        }
        !sent.is_full
    }
}

impl Drop for FakePublisher {
    fn drop(&mut self) {
        self.0.lock().unwrap().is_disconnected = true;
        let _ = self.1.try_send(Event::Lost(Failure::Closed));
    }
}

#[derive(Default)]
struct Broker {
    /// What the next attempts lead to. Without any more, they go on.
    attempts: VecDeque<Result<(), Failure>>,
    attempted: usize,
    /// The events of the current connection.
    events: Option<SyncSender<Event>>,
    sent: Arc<Mutex<Sent>>,
}

impl Broker {
    fn start(&mut self) -> Receiver<Event> {
        let (sender, receiver) = mpsc::sync_channel(8);
        self.attempted += 1;
        match self.attempts.pop_front() {
            None => {}
            Some(Err(failure)) => sender.send(Event::Lost(failure)).unwrap(),
            Some(Ok(())) => {
                let publisher = FakePublisher(Arc::clone(&self.sent), sender.clone());
                sender.send(Event::Connected(Box::new(publisher))).unwrap();
            }
        }
        self.events = Some(sender);
        receiver
    }

    fn send(&self, event: Event) {
        self.events.as_ref().unwrap().send(event).unwrap();
    }
}

struct Test {
    broker: Rc<RefCell<Broker>>,
    connection: BrokerConnection,
    start: Instant,
}

impl Test {
    fn new(attempts: impl IntoIterator<Item = Result<(), Failure>>) -> Self {
        let attempts = attempts.into_iter().collect();
        let broker = Rc::new(RefCell::new(Broker { attempts, ..Broker::default() }));
        let (start, started) = (Instant::now(), Rc::clone(&broker));
        let connection = BrokerConnection::with_start(
            "test:1883".into(),
            "me".into(),
            move || Ok(started.borrow_mut().start()),
            start,
        );
        Self { broker, connection, start }
    }

    fn step(&mut self, second: u64) -> bool {
        self.connection.step(self.start + Duration::from_secs(second))
    }

    fn receive(&self, event: Event) {
        self.broker.borrow().send(event);
    }

    fn lose(&self, failure: Failure) {
        self.receive(Event::Lost(failure));
    }
}

fn refused() -> Result<(), Failure> {
    Err(Failure::Connect(Error::from(ErrorKind::ConnectionRefused)))
}

fn wrong_login() -> Result<(), Failure> {
    Err(Failure::Refused { code: ConnectReturnCode::NotAuthorized, login: None })
}

fn state() -> Publication {
    Publication { topic: "t".into(), payload: b"x".to_vec(), is_retained: false }
}

#[test]
fn everything_is_published_again_after_each_connect() {
    let mut test = Test::new([Ok(()), Ok(())]);
    assert!(test.step(0));
    assert!(test.connection.is_online());
    assert!(!test.step(1));
    test.lose(Failure::Closed);
    assert!(!test.step(2));
    assert!(!test.connection.is_online());
    assert!(test.step(3));
}

#[test]
fn waits_grow_to_a_minute_and_never_end() {
    let mut test = Test::new((0..100).map(|_| refused()));
    let mut attempts = Vec::new();
    for second in 0..400 {
        let before = test.broker.borrow().attempted;
        test.step(second);
        if test.broker.borrow().attempted > before {
            attempts.push(second);
        }
    }
    assert_eq!(attempts, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363]);
    let status = test.connection.status();
    assert!(status.starts_with("no connection to the broker test:1883: refused"), "{status}");
}

#[test]
fn a_connection_that_lasted_resets_the_wait_and_one_that_did_not_does_not() {
    for (lasted, next) in [(59, 59 + 4), (60, 60 + 1)] {
        let mut test = Test::new([refused(), refused(), Ok(()), Ok(())]);
        for second in 0..=3 {
            test.step(second);
        }
        assert!(test.connection.is_online());
        test.lose(Failure::Closed);
        test.step(3 + lasted);
        assert!(!test.step(3 + next - 1));
        assert!(test.step(3 + next), "{lasted}");
    }
}

#[test]
fn nothing_is_kept_for_a_broker_that_is_away_and_one_that_takes_nothing_is_given_up() {
    let mut test = Test::new([Ok(()), Ok(())]);
    test.step(0);
    test.broker.borrow().sent.lock().unwrap().is_full = true;
    test.connection.publish(vec![state(), state()], test.start);
    assert!(!test.connection.is_online());
    test.broker.borrow().sent.lock().unwrap().is_full = false;
    test.connection.publish(vec![state()], test.start);
    assert!(test.step(1));
    assert_eq!(test.broker.borrow().sent.lock().unwrap().messages, []);
    test.connection.publish(vec![state()], test.start);
    assert_eq!(test.broker.borrow().sent.lock().unwrap().messages, [state()]);
    assert_eq!(test.connection.status(), "1 message to the broker test:1883");
}

#[test]
fn a_worker_that_panics_is_a_lost_connection() {
    let mut test = Test::new([Ok(())]);
    test.step(0);
    // The publisher of the fake holds a sender as well.
    test.broker.borrow_mut().events = None;
    let (_, events) = mpsc::sync_channel(1);
    test.connection.state = State::Connecting { events };
    test.step(1);
    let status = test.connection.status();
    assert!(status.ends_with("the worker thread ended without a result"), "{status}");
}

#[test]
fn home_assistant_is_answered_but_not_too_often_and_in_the_end() {
    let mut test = Test::new([Ok(())]);
    test.step(0);
    let mut answers = Vec::new();
    for second in 1..=12 {
        if second <= 9 {
            test.receive(Event::HomeAssistantStarted);
        }
        if test.step(second) {
            answers.push(second);
        }
    }
    assert_eq!(answers, [1, 6, 11]);
}

#[test]
fn a_refused_subscription_is_logged_once() {
    let mut test = Test::new([Ok(())]);
    let lines = captured_log(|| {
        for second in 0..9 {
            test.step(second);
            test.receive(Event::SubscriptionRefused);
        }
    });
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[1].contains("does not allow us to subscribe to homeassistant/status"),
        "{lines:?}"
    );
}

#[test]
fn an_outage_is_logged_at_its_start_its_end_and_when_something_must_be_repaired() {
    let gone = Err(Failure::Closed);
    let attempts = [gone, refused(), wrong_login(), wrong_login(), refused(), Ok(())];
    let mut test = Test::new(attempts);
    let lines = captured_log(|| (0..=31).for_each(|second| _ = test.step(second)));
    let broker = "the broker test:1883";
    assert_eq!(
        lines,
        [
            format!("no connection to {broker}: it closed the connection; trying again"),
            format!(
                "no connection to {broker}: it requires a user and a password: set p1_mqtt.user; trying again"
            ),
            format!("connected to {broker} after 31 s without a connection"),
        ]
    );
}

/// What is logged of a broker that closes each connection after `lasted` seconds, for so many hours.
fn flapping(lasted: u64, hours: u64) -> Vec<String> {
    let mut test = Test::new((0..3600 * hours).map(|_| Ok(())));
    let mut online = 0;
    captured_log(|| {
        for second in 0..3600 * hours {
            online = if test.connection.is_online() { online + 1 } else { 0 };
            if online > lasted {
                test.lose(Failure::Closed);
            }
            test.step(second);
        }
    })
}

#[test]
fn two_clients_with_one_id_are_logged_with_that_id_and_do_not_fill_the_log() {
    for lasted in [0, 1, 30, 61, 170] {
        let lines = flapping(lasted, 10);
        let hint = "is there another client with the id \"me\" (set p1_mqtt.client_id)";
        assert!(lines[1].contains(hint), "{lines:?}");
        assert!((200..=202).contains(&lines.len()), "{} {lines:?}", lines.len());
    }
}

#[test]
fn a_broker_that_comes_and_goes_all_the_time_does_not_fill_the_log() {
    let lines = flapping(200, 10);
    assert!((190..=202).contains(&lines.len()), "{lines:?}");
    assert!(lines[19].contains("10th time this hour"), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("another client")), "{lines:?}");
}

#[test]
fn faults_that_take_turns_do_not_fill_the_log() {
    let faults = (0..2000).map(|n| if n % 2 == 0 { wrong_login() } else { refused() });
    let mut test = Test::new(faults);
    let lines = captured_log(|| (0..60 * 2000).for_each(|second| _ = test.step(second)));
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[test]
fn an_outage_that_began_among_too_many_is_logged_when_it_outlasts_them() {
    let mut test = Test::new((0..30).map(|_| Ok(())).chain((0..100).map(|_| refused())));
    let lines = captured_log(|| {
        for second in 0..7200 {
            if test.connection.is_online() {
                test.lose(Failure::Closed);
            }
            test.step(second);
        }
    });
    let last = lines.last().unwrap();
    assert!(last.starts_with("no connection to the broker test:1883: refused"), "{lines:?}");
}

#[test]
fn the_connection_is_closed_in_good_order() {
    let mut test = Test::new([Ok(())]);
    test.step(0);
    test.connection.close(test.start);
    assert!(test.broker.borrow().sent.lock().unwrap().is_disconnected);
    assert!(!test.connection.is_online());
}
