//! A line over a port that does what the test wants, on a clock that the test moves.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::rc::Rc;

use super::*;
use crate::runtime::captured_log;
use crate::runtime::outage_log::{MAX_OUTAGES, PERIOD};

/// A port that is there or not, counts its openings, and whose sources give what is queued.
#[derive(Clone, Default)]
struct FakePort {
    there: Rc<Cell<bool>>,
    refusal: Rc<RefCell<Option<String>>>,
    attempts: Rc<Cell<u32>>,
    reads: Rc<RefCell<VecDeque<io::Result<ReadOutcome>>>>,
    max_silence: Option<Duration>,
    wants_another_speed: Rc<Cell<bool>>,
}

impl Port for FakePort {
    fn open(&mut self) -> Result<Option<Box<dyn Source>>, String> {
        self.attempts.set(self.attempts.get() + 1);
        match &*self.refusal.borrow() {
            Some(reason) => Err(reason.clone()),
            None if self.there.get() => Ok(Some(Box::new(self.clone()))),
            None => Err("there is none".into()),
        }
    }

    fn is_there(&self) -> bool {
        self.there.get()
    }

    fn description(&self) -> String {
        "the port".into()
    }

    fn on_bytes(&mut self, _: Instant) -> bool {
        self.wants_another_speed.take()
    }
}

impl Source for FakePort {
    fn read(&mut self, _: &mut [u8]) -> io::Result<ReadOutcome> {
        self.reads.borrow_mut().pop_front().unwrap_or(Ok(ReadOutcome::Nothing))
    }

    fn max_silence(&self) -> Option<Duration> {
        self.max_silence
    }
}

impl FakePort {
    fn will_read(&self, outcome: io::Result<ReadOutcome>) {
        self.reads.borrow_mut().push_back(outcome);
    }

    fn will_hang_up(&self) {
        self.will_read(Err(ErrorKind::BrokenPipe.into()));
    }
}

fn line_of(port: &FakePort) -> (Line, Instant) {
    let start = Instant::now();
    (Line::new(Box::new(port.clone()), start), start)
}

/// Steps until `time` has gone by, as the loop would.
fn run(line: &mut Line, now: &mut Instant, time: Duration) {
    let end = *now + time;
    while *now < end {
        *now += match line.step(&mut [], *now) {
            Event::Wait(pause) => pause.max(Duration::from_millis(1)),
            Event::Silence => Duration::from_millis(500),
            _ => Duration::from_millis(1),
        };
    }
}

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_line_is_opened_and_read_to_its_end() {
    let port = FakePort::default();
    let (mut line, now) = line_of(&port);
    port.there.set(true);
    port.will_read(Ok(ReadOutcome::Bytes(5)));
    port.will_read(Ok(ReadOutcome::Nothing));
    port.will_read(Ok(ReadOutcome::End));
    let events = [(); 4].map(|()| line.step(&mut [], now));
    assert_eq!(events, [Event::Changed, Event::Bytes(5), Event::Silence, Event::End]);
}

#[test]
fn attempts_become_rare_while_there_is_no_port() {
    let port = FakePort::default();
    let (mut line, mut now) = line_of(&port);
    run(&mut line, &mut now, HOUR);
    assert!((100..150).contains(&port.attempts.get()), "{}", port.attempts.get());
    assert_eq!(line.trouble(), Some("there is none"));
}

#[test]
fn a_port_that_appears_is_opened_at_the_next_probe() {
    let port = FakePort::default();
    let (mut line, mut now) = line_of(&port);
    run(&mut line, &mut now, HOUR);
    port.there.set(true);
    assert_eq!(line.step(&mut [], now + PROBE_INTERVAL), Event::Changed);
    assert_eq!(line.trouble(), None);
}

#[test]
fn a_port_that_appears_and_cannot_be_opened_yet_is_tried_again_soon() {
    let port = FakePort::default();
    let (mut line, mut now) = line_of(&port);
    run(&mut line, &mut now, HOUR);
    // The node is made first, and its permissions a moment later.
    port.there.set(true);
    *port.refusal.borrow_mut() = Some("no permission".into());
    run(&mut line, &mut now, PROBE_INTERVAL * 2);
    assert_eq!(line.trouble(), Some("no permission"));
    *port.refusal.borrow_mut() = None;
    run(&mut line, &mut now, MIN_BACKOFF);
    assert_eq!(line.trouble(), None);
}

#[test]
fn a_port_that_could_not_be_opened_is_tried_at_once_when_it_is_plugged_in_again() {
    let port = FakePort::default();
    let (mut line, mut now) = line_of(&port);
    port.there.set(true);
    *port.refusal.borrow_mut() = Some("in use".into());
    run(&mut line, &mut now, HOUR);
    *port.refusal.borrow_mut() = None;
    port.there.set(false);
    assert_eq!(line.step(&mut [], now), Event::Wait(PROBE_INTERVAL));
    port.there.set(true);
    assert_eq!(line.step(&mut [], now + PROBE_INTERVAL), Event::Changed);
}

#[test]
fn a_hang_up_closes_the_line_and_does_not_spin() {
    let port = FakePort::default();
    let (mut line, start) = line_of(&port);
    port.there.set(true);
    assert_eq!(line.step(&mut [], start), Event::Changed);
    port.will_hang_up();
    assert_eq!(line.step(&mut [], start), Event::Changed);
    assert!(line.trouble().is_some());
    assert_eq!(
        line.step(&mut [], start),
        Event::Wait(PROBE_INTERVAL),
        "the node is still there: no hurry"
    );
    assert_eq!(line.step(&mut [], start + MIN_BACKOFF), Event::Changed);
    assert_eq!(port.attempts.get(), 2);
}

#[test]
fn an_hour_without_the_cable_is_logged_at_the_loss_and_at_the_return_only() {
    let port = FakePort::default();
    let (mut line, mut now) = line_of(&port);
    port.there.set(true);
    let lines = captured_log(|| {
        line.step(&mut [], now);
        line.on_telegram(now);
        line.on_telegram(now);
        port.will_read(Err(io::Error::from_raw_os_error(5)));
        line.step(&mut [], now);
        port.there.set(false);
        run(&mut line, &mut now, HOUR);
        port.there.set(true);
        run(&mut line, &mut now, Duration::from_secs(1));
        line.on_telegram(now);
    });
    assert_eq!(
        lines,
        [
            "the port is open",
            "the port is gone: Input/output error (os error 5); trying again",
            "the port is open after 60 min; 2 telegrams since the start",
        ]
    );
}

#[test]
fn a_port_that_opens_and_fails_again_and_again_neither_spins_nor_fills_the_log() {
    let port = FakePort::default();
    let (mut line, mut now) = line_of(&port);
    port.there.set(true);
    let lines = captured_log(|| {
        while port.attempts.get() < 100 {
            port.will_hang_up();
            run(&mut line, &mut now, Duration::from_millis(100));
        }
        port.reads.borrow_mut().clear();
        run(&mut line, &mut now, Duration::from_secs(60));
        line.on_telegram(now);
    });
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert!(lines[4].contains("is open after 4"), "{lines:?}");
}

#[test]
fn the_last_message_about_a_port_that_is_lost_again_and_again_is_not_that_it_is_open() {
    let port = FakePort::default();
    let (mut line, mut now) = line_of(&port);
    port.there.set(true);
    let lines = captured_log(|| {
        while port.attempts.get() < 20 {
            port.will_hang_up();
            run(&mut line, &mut now, Duration::from_millis(100));
        }
    });
    assert_eq!(lines[2], "the port is open after 1 s; 0 telegrams since the start");
    let last =
        "the port is gone: broken pipe, before a telegram came; trying again until one comes";
    assert_eq!(lines[3..], [last]);
}

#[test]
fn a_peer_that_hangs_up_after_each_telegram_does_not_fill_the_log() {
    let port = FakePort::default();
    let (mut line, mut now) = line_of(&port);
    port.there.set(true);
    run(&mut line, &mut now, MIN_BACKOFF);
    let mut an_hour_of_it = || {
        captured_log(|| {
            for _ in 0..1800 {
                line.on_telegram(now);
                port.will_hang_up();
                run(&mut line, &mut now, MIN_BACKOFF * 2);
                assert_eq!(line.trouble(), None);
            }
        })
    };
    let lines = an_hour_of_it();
    assert_eq!(lines.len(), 20, "{lines:?}");
    assert!(lines[18].contains("10th time this hour"), "{lines:?}");
    assert_eq!(an_hour_of_it().len(), 20, "in the next hour it is logged again");
}

#[test]
fn an_outage_that_began_among_too_many_is_logged_when_it_outlasts_them() {
    let port = FakePort::default();
    let (mut line, mut now) = line_of(&port);
    port.there.set(true);
    run(&mut line, &mut now, MIN_BACKOFF);
    for _ in 0..MAX_OUTAGES {
        port.will_hang_up();
        run(&mut line, &mut now, MIN_BACKOFF * 2);
        line.on_telegram(now);
    }
    let lines = captured_log(|| {
        port.will_hang_up();
        run(&mut line, &mut now, Duration::from_millis(1));
        port.there.set(false);
        run(&mut line, &mut now, PERIOD * 24);
        port.there.set(true);
        run(&mut line, &mut now, MIN_BACKOFF);
        line.on_telegram(now);
    });
    let back = "the port is open after 24 h; 10 telegrams since the start";
    assert_eq!(lines, ["there is none; trying again", back]);
}

#[test]
fn only_the_first_reason_of_an_outage_is_logged_and_the_status_has_the_latest() {
    let port = FakePort::default();
    let (mut line, mut now) = line_of(&port);
    port.there.set(true);
    let lines = captured_log(|| {
        for number in 1..=5 {
            *port.refusal.borrow_mut() = Some(format!("reason {number}"));
            run(&mut line, &mut now, Duration::from_secs(100));
        }
    });
    assert_eq!(lines, ["reason 1; trying again"]);
    assert_eq!(line.trouble(), Some("reason 5"));
}

#[test]
fn another_speed_is_tried_at_once_and_without_a_message() {
    let port = FakePort::default();
    let (mut line, now) = line_of(&port);
    port.there.set(true);
    line.step(&mut [], now);
    let lines = captured_log(|| {
        port.will_read(Ok(ReadOutcome::Bytes(7)));
        port.wants_another_speed.set(true);
        assert_eq!([(); 2].map(|()| line.step(&mut [], now)), [Event::Changed; 2]);
    });
    assert_eq!((port.attempts.get(), lines), (2, vec![]));
}

const MAX_SILENCE: Duration = Duration::from_secs(60);

/// A port that has been silent for so long that it was opened again.
fn mute_port() -> (FakePort, Line, Instant) {
    let port = FakePort { max_silence: Some(MAX_SILENCE), ..FakePort::default() };
    let (mut line, mut now) = line_of(&port);
    port.there.set(true);
    run(&mut line, &mut now, Duration::from_secs(59));
    port.will_read(Ok(ReadOutcome::Bytes(1)));
    run(&mut line, &mut now, Duration::from_secs(59));
    assert_eq!(port.attempts.get(), 1);
    run(&mut line, &mut now, Duration::from_secs(5));
    assert_eq!(port.attempts.get(), 2);
    (port, line, now)
}

#[test]
fn a_port_that_has_gone_mute_is_opened_again_and_the_log_has_it_when_that_helped() {
    let lines = captured_log(|| {
        let (_, mut line, now) = mute_port();
        line.on_telegram(now + Duration::from_secs(10));
        line.on_telegram(now + Duration::from_secs(11));
    });
    let helped = "the port had gone mute, and sends again since it was closed and opened again";
    assert_eq!(lines, ["the port is open", helped]);
}

#[test]
fn a_silent_port_stays_closed_long_enough_for_its_cable_to_lose_power() {
    let port = FakePort { max_silence: Some(MAX_SILENCE), ..FakePort::default() };
    let (mut line, now) = line_of(&port);
    port.there.set(true);
    let events = [(); 2].map(|()| line.step(&mut [], now + MAX_SILENCE));
    assert_eq!(events[0], Event::Changed);
    let later = now + MAX_SILENCE * 2;
    assert_eq!((line.step(&mut [], later), line.is_open()), (Event::Changed, false));
    assert_eq!(line.step(&mut [], later), Event::Wait(PROBE_INTERVAL));
    assert_eq!((line.step(&mut [], later + REOPEN_PAUSE), line.is_open()), (Event::Changed, true));
}

#[test]
fn a_meter_that_is_silent_for_an_hour_is_no_reason_to_log_anything() {
    let lines = captured_log(|| {
        let (port, mut line, mut now) = mute_port();
        run(&mut line, &mut now, HOUR);
        assert!((55..70).contains(&port.attempts.get()), "{}", port.attempts.get());
        assert_eq!(line.trouble(), None);
        run(&mut line, &mut now, Duration::from_secs(30));
        line.on_telegram(now);
    });
    assert_eq!(lines, ["the port is open"]);
}
