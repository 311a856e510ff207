//! A subscriber on a network of the test's own, with the clock passed in.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

use proptest::prelude::*;

use super::membership::{GroupSocket, Open};
use super::protection::Signed;
use super::*;
use crate::config::Config;
use crate::message::{MAX_DATAGRAM, SigningKey};
use crate::multicast::{self, Datagram, Joined};
use crate::runtime::captured_log;

/// What the sockets of a test do.
#[derive(Default)]
struct Network {
    /// Whether a socket can be opened.
    is_up: bool,
    datagrams: VecDeque<io::Result<Vec<u8>>>,
    /// The names of the interfaces that the kernel refuses.
    refused: Vec<&'static str>,
    opened: u32,
    joined: u32,
    left: u32,
}

struct FakeSocket(Rc<RefCell<Network>>);

impl GroupSocket for FakeSocket {
    fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<Datagram>> {
        let Some(datagram) = self.0.borrow_mut().datagrams.pop_front().transpose()? else {
            return Ok(None);
        };
        buffer[..datagram.len()].copy_from_slice(&datagram);
        Ok(Some(Datagram { len: datagram.len(), from: ([192, 0, 2, 1], 1000).into() }))
    }

    fn rejoin(&mut self) -> Result<Joined, multicast::Error> {
        let mut network = self.0.borrow_mut();
        network.joined += 1;
        let refusal = |name: &&str| ((*name).to_owned(), io::Error::from_raw_os_error(105));
        Ok(Joined { interfaces: 20, refused: network.refused.iter().map(refusal).collect() })
    }

    fn leave(&mut self) {
        self.0.borrow_mut().left += 1;
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// A subscriber that records one meter, and its network.
fn subscriber(now: Instant) -> (Subscriber, Rc<RefCell<Network>>) {
    let network = Rc::new(RefCell::new(Network { is_up: true, ..Network::default() }));
    let sockets = Rc::clone(&network);
    let open: Box<Open> = Box::new(move |_| {
        if !sockets.borrow().is_up {
            return Err("no network".to_owned());
        }
        sockets.borrow_mut().opened += 1;
        Ok(Box::new(FakeSocket(Rc::clone(&sockets))))
    });
    let settings = Config::default().multicast;
    let selection = Selection { all_meters: false, doing: "recording", ..Selection::default() };
    let membership = Membership::new(Endpoint::json(&settings), open, now);
    let intake = Intake::new(&settings, Feed::Json, selection, now);
    let silence = Silence::with_clock(now, Duration::ZERO);
    let protection = Protection::Open;
    (Subscriber { membership, protection, intake, silence, is_daemon: true }, network)
}

/// The same of raw telegrams with a key, and the network of their announcements.
fn raw_subscriber(now: Instant) -> (Subscriber, [Rc<RefCell<Network>>; 2]) {
    let ((mut raw, network), (json, announcements)) = (subscriber(now), subscriber(now));
    let selection = Selection { all_meters: true, is_quiet: true, ..Selection::default() };
    let key = SigningKey::new([7; 32]);
    let mut signed = Signed::new(&Multicast::default(), selection, key);
    signed.announcements = Some(json.membership);
    raw.protection = Protection::Signed(Box::new(signed));
    (raw, [network, announcements])
}

/// The datagram of this number, begun so many seconds after the epoch, of this meter.
fn datagram(number: u64, meter: &str) -> Vec<u8> {
    format!(
        "{{\"meta\":{{\"frame-start-time\":{number},\"frame-number\":{number},\
         \"frame-end-time\":{number},\"frame-time-duration\":0}},\
         \"telegram\":{{\"0-0:96.1.1\":\"{meter}\"}}}}"
    )
    .into_bytes()
}

/// The numbers of the telegrams that are received now.
fn receive(subscriber: &mut Subscriber, now: Instant) -> Vec<u64> {
    let next = || subscriber.next(now).map(|telegram| telegram.message.meta.frame_number);
    std::iter::from_fn(next).collect()
}

#[test]
fn each_telegram_of_the_meter_is_received_once_and_the_rest_is_counted() {
    let now = Instant::now();
    let (mut subscriber, network) = subscriber(now);
    assert_eq!(subscriber.status(now), "224.7.2.1:52001: 0 telegrams, none yet");
    let datagrams = [
        datagram(1, "A"),
        datagram(1, "A"),
        b"garbage".to_vec(),
        datagram(100, "B"),
        datagram(4, "A"),
        datagram(4, "A"),
    ];
    network.borrow_mut().datagrams.extend(datagrams.map(Ok));
    assert_eq!(receive(&mut subscriber, now), [1, 4]);
    assert_eq!(subscriber.datagram(), datagram(4, "A"));
    assert_eq!(
        subscriber.status(now + Duration::from_secs(7)),
        "224.7.2.1:52001: 2 telegrams, the last 7 s ago, 2 lost, 2 duplicates, 1 datagram ignored; \
         not recording meter \"B\""
    );
    assert_eq!(
        (subscriber.losses_of(([192, 0, 2, 1], 1000).into()).lost, subscriber.ignored()),
        (2, 1)
    );
}

#[test]
fn a_flood_of_datagrams_that_are_dropped_does_not_hold_up_the_program() {
    let now = Instant::now();
    let (mut subscriber, network) = subscriber(now);
    let flood = (0..1000).map(|_| Ok(b"garbage".to_vec()));
    network.borrow_mut().datagrams.extend(flood.chain([Ok(datagram(1, "A"))]));
    let calls = (1..100).find(|_| subscriber.next(now).is_some());
    assert_eq!(calls, Some(1001usize.div_ceil(MAX_DROPPED)));
}

#[test]
fn the_group_is_joined_again_every_ten_seconds_and_a_wait_does_not_outlast_them() {
    let start = Instant::now();
    let (mut subscriber, network) = subscriber(start);
    for second in 0..60 {
        let now = start + Duration::from_secs(second);
        subscriber.next(now);
        assert_eq!(u64::from(network.borrow().joined), 1 + second / 10);
        assert_eq!(subscriber.time_to_work(now), Duration::from_secs(10 - second % 10));
    }
    assert_eq!(network.borrow().opened, 1);
}

#[test]
fn the_group_is_joined_each_second_when_a_telegram_is_overdue_until_a_minute_is_over() {
    let start = Instant::now();
    let (mut subscriber, network) = subscriber(start);
    network.borrow_mut().datagrams.push_back(Ok(datagram(1, "A")));
    let joined: Vec<_> = (0..70)
        .map(|second| {
            let now = start + Duration::from_secs(second);
            while subscriber.next(now).is_some() {}
            assert!(subscriber.time_to_work(now) > Duration::ZERO);
            network.borrow().joined
        })
        .collect();
    assert_eq!(joined[..5], [1, 1, 1, 2, 3]);
    assert_eq!(joined[59], 58);
    assert!(joined[69] <= 62, "after that as without any telegram: {joined:?}");
}

#[test]
fn without_a_network_it_goes_on_and_joins_when_there_is_one() {
    let start = Instant::now();
    let (mut subscriber, network) = subscriber(start);
    network.borrow_mut().is_up = false;
    let lines = captured_log(|| {
        for second in 0..60 {
            assert!(subscriber.next(start + Duration::from_secs(second)).is_none());
        }
        let status = subscriber.status(start);
        assert!(status.ends_with("; cannot join 224.7.2.1:52001: no network"), "{status}");
        network.borrow_mut().is_up = true;
        network.borrow_mut().datagrams.push_back(Ok(datagram(1, "A")));
        assert_eq!(receive(&mut subscriber, start + Duration::from_secs(60)), [1]);
    });
    let status = subscriber.status(start + Duration::from_secs(60));
    assert!(status.ends_with("the last 0 s ago"), "{status}");
    let expected =
        ["cannot join 224.7.2.1:52001: no network; trying again", "joined 224.7.2.1:52001"];
    assert_eq!(lines[..2], expected);
}

#[test]
fn a_socket_that_fails_is_opened_again_a_second_later() {
    let start = Instant::now();
    let (mut subscriber, network) = subscriber(start);
    network.borrow_mut().datagrams.extend([
        Ok(datagram(1, "A")),
        Err(io::Error::other("gone")),
        Ok(datagram(2, "A")),
    ]);
    assert_eq!(receive(&mut subscriber, start), [1]);
    assert!(subscriber.status(start).ends_with("; cannot receive from 224.7.2.1:52001: gone"));
    assert_eq!(subscriber.time_to_work(start), Duration::from_secs(1));
    assert_eq!(receive(&mut subscriber, start + Duration::from_millis(999)), [0; 0]);
    assert_eq!(receive(&mut subscriber, start + Duration::from_secs(1)), [2]);
    assert_eq!(network.borrow().opened, 2);
}

#[test]
fn interfaces_that_the_kernel_refuses_are_logged_once_and_stay_in_the_status() {
    let start = Instant::now();
    let (mut subscriber, network) = subscriber(start);
    network.borrow_mut().refused = vec!["vlan21", "vlan22", "vlan23", "vlan24"];
    let lines = captured_log(|| {
        for second in 0..3600 {
            subscriber.next(start + Duration::from_secs(second));
        }
    });
    let expected = "cannot join 224.7.2.1:52001 on 4 of 24 interfaces (vlan21, vlan22, vlan23, …): \
                    No buffer space available (os error 105); raise \
                    net.ipv4.igmp_max_memberships, or name one in multicast.interface";
    assert_eq!(
        lines.iter().filter(|line| line.contains("cannot join")).collect::<Vec<_>>(),
        [expected]
    );
    assert!(subscriber.status(start).ends_with("; not joined on 4 interfaces"));
    network.borrow_mut().refused.clear();
    let lines = captured_log(|| {
        for second in 3600..3615 {
            subscriber.next(start + Duration::from_secs(second));
        }
    });
    assert_eq!(lines, ["joined 224.7.2.1:52001 on all 20 interfaces"]);
    assert!(subscriber.status(start).ends_with("none yet"));
}

#[test]
fn an_interface_that_comes_and_goes_does_not_fill_the_log_and_the_status_has_the_latest_reason() {
    let settings = Multicast { interface: "lo".parse().ok(), ..Config::default().multicast };
    let missing = Multicast { interface: "nosuch0".parse().ok(), ..settings.clone() };
    let start = Instant::now();
    let selection = Selection { all_meters: false, doing: "recording", ..Selection::default() };
    let lines = captured_log(|| {
        let mut subscriber = Subscriber::join_when_possible(&missing, selection, start);
        for minute in 0..60 {
            let now = start + Duration::from_secs(60 * minute);
            subscriber.reconfigure(&missing, selection, now);
            subscriber.next(now);
            assert!(subscriber.status(now).contains("no network interface nosuch0"));
            subscriber.reconfigure(&settings, selection, now);
            subscriber.next(now);
            assert!(subscriber.status(now).ends_with("none yet"));
        }
    });
    let is_about_joining = |line: &String| line.contains("join");
    let lines: Vec<_> = lines.into_iter().filter(is_about_joining).collect();
    assert_eq!(lines.len(), 20, "{lines:?}");
    assert!(lines[0].contains("cannot join 224.7.2.1:52001: no network interface"), "{lines:?}");
    assert!(lines[18].ends_with("further messages suppressed)"), "{lines:?}");
    assert_eq!(lines[19], "joined 224.7.2.1:52001");
}

#[test]
fn a_program_that_cannot_do_without_a_network_fails_at_once() {
    let settings = Multicast {
        interface: "nosuch0".parse().ok(),
        raw_port: None,
        ..Config::default().multicast
    };
    let selection =
        Selection { all_meters: true, doing: "printing", is_quiet: true, ..Selection::default() };
    for (feed, reason) in
        [(Feed::Json, "no network interface nosuch0"), (Feed::Raw, "multicast.raw_port is off")]
    {
        let lines = captured_log(|| {
            let joined = Subscriber::join(&settings, feed, selection, Instant::now());
            assert_eq!(joined.err(), Some(Exit::Unavailable));
        });
        assert!(lines[0].starts_with(reason), "{lines:?}");
    }
}

#[test]
fn silence_is_told_with_what_was_received_instead() {
    let now = Instant::now();
    let (mut subscriber, network) = subscriber(now);
    let silence =
        |subscriber: &Subscriber| subscriber.silence(None, Duration::from_secs(15), Instant::now());
    let end = " (see TROUBLESHOOTING in p1-multicast(7))";
    let text = silence(&subscriber);
    assert_eq!(text, format!("no telegram from 224.7.2.1:52001 within 15 s{end}"));
    network.borrow_mut().datagrams.push_back(Ok(b"garbage".to_vec()));
    subscriber.next(now);
    let text = silence(&subscriber);
    assert!(text.contains("within 15 s; ignored 1 datagram (see"), "{text}");
    let selection = Selection { all_meters: true, is_quiet: true, ..Selection::default() };
    let signed = Signed::new(&Multicast::default(), selection, SigningKey::new([7; 32]));
    subscriber.protection = Protection::Signed(Box::new(signed));
    for number in 1..=2 {
        network.borrow_mut().datagrams.push_back(Ok(datagram(number, "A")));
    }
    subscriber.next(now);
    let text = silence(&subscriber);
    let why = "refused 2 datagrams, the last 0 s ago from 192.0.2.1:1000: it is not signed";
    assert!(text.contains(&format!("within 15 s; {why} (see")), "{text}");
    subscriber.protection = Protection::Open;
    subscriber.intake.filter.reconfigure(Some("A"), selection);
    network.borrow_mut().datagrams.push_back(Ok(datagram(1, "B")));
    subscriber.next(now);
    let text = silence(&subscriber);
    assert!(text.starts_with("no telegram of meter \"A\" from 224.7.2.1:52001"), "{text}");
    assert!(text.contains("within 15 s; receiving meter \"B\" (see"), "{text}");
}

#[test]
fn silence_names_the_listener_that_is_received_instead_of_the_configured_one() {
    let start = Instant::now();
    let (mut subscriber, network) = subscriber(start);
    let settings = Multicast { source: Some("192.0.2.9".into()), ..Multicast::default() };
    let selection = Selection { all_meters: false, doing: "recording", ..Selection::default() };
    subscriber.intake.reconfigure(&settings, selection);
    let lines = captured_log(|| {
        for second in 0..=61 {
            network.borrow_mut().datagrams.push_back(Ok(datagram(second, "A")));
            subscriber.next(start + Duration::from_secs(second));
        }
    });
    let silence = "no telegram of meter \"A\" from 224.7.2.1:52001 for 60 s; receiving listener \
                   192.0.2.1:1000 instead of 192.0.2.9 (see TROUBLESHOOTING in p1-multicast(7))";
    assert_eq!(lines.last().unwrap(), silence);
    let later = start + Duration::from_secs(700);
    assert!(!subscriber.silence(None, Duration::from_secs(15), later).contains("instead"));
}

#[test]
fn in_silence_the_membership_is_renewed_and_the_group_left_for_a_second() {
    let start = Instant::now();
    let (mut subscriber, network) = subscriber(start);
    let seen: Vec<_> = (0..=180)
        .map(|second| {
            let now = start + Duration::from_secs(second);
            subscriber.next(now);
            (network.borrow().left, network.borrow().joined, subscriber.time_to_work(now).as_secs())
        })
        .collect();
    assert_eq!(seen[59..62], [(0, 6, 1), (1, 7, 1), (1, 8, 10)]);
    assert_eq!((seen[179].0, seen[180].0), (1, 2));
}

#[test]
fn in_silence_the_group_of_announcements_is_left_at_the_same_time() {
    let start = Instant::now();
    let (mut subscriber, networks) = raw_subscriber(start);
    for second in 0..=62 {
        subscriber.next(start + Duration::from_secs(second));
        let [raw, announcements] = networks.each_ref().map(|network| {
            let network = network.borrow();
            (network.left, network.joined)
        });
        assert_eq!(raw, announcements, "{second}");
    }
    assert_eq!(networks[1].borrow().left, 1);
}

#[test]
fn announcements_are_read_while_no_raw_telegram_arrives() {
    let start = Instant::now();
    let (mut subscriber, [_, announcements]) = raw_subscriber(start);
    for number in 0..1500 {
        announcements.borrow_mut().datagrams.push_back(Ok(datagram(number, "A")));
    }
    assert!(subscriber.next(start).is_none());
    assert!(announcements.borrow().datagrams.is_empty());
    assert_eq!(subscriber.protection.refused(), 1500);
}

#[test]
fn a_daemon_logs_that_telegrams_have_ceased_and_how_many_were_lost_when_they_are_back() {
    let start = Instant::now();
    let (mut subscriber, network) = subscriber(start);
    let lines = captured_log(|| {
        network.borrow_mut().datagrams.push_back(Ok(datagram(1, "A")));
        for second in 0..7300 {
            subscriber.next(start + Duration::from_secs(second));
        }
        network.borrow_mut().datagrams.push_back(Ok(datagram(7301, "A")));
        subscriber.next(start + Duration::from_secs(7300));
    });
    let silence = |time| {
        format!(
            "no telegram of meter \"A\" from 224.7.2.1:52001 for {time} \
                 (see TROUBLESHOOTING in p1-multicast(7))"
        )
    };
    let expected = [
        "recording meter \"A\"".to_owned(),
        "receiving from listener 192.0.2.1:1000".to_owned(),
        silence("60 s"),
        silence("61 min"),
        silence("2 h"),
        "7299 telegrams from listener 192.0.2.1:1000 lost (7299 since the start)".to_owned(),
        "receiving telegrams again after 2 h; 7299 telegrams lost".to_owned(),
    ];
    assert_eq!(lines, expected);
    let status = subscriber.status(start + Duration::from_secs(7300));
    assert!(status.ends_with("2 telegrams, the last 0 s ago, 7299 lost"), "{status}");
}

#[test]
fn a_network_that_forgets_the_membership_again_and_again_does_not_fill_the_log() {
    let start = Instant::now();
    let (mut subscriber, network) = subscriber(start);
    let lines = captured_log(|| {
        for second in 0..3600 {
            if second % 90 < 20 {
                network.borrow_mut().datagrams.push_back(Ok(datagram(second, "A")));
            }
            subscriber.next(start + Duration::from_secs(second));
        }
    });
    let count = |text| lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!((count("no telegram"), count("again after")), (10, 10), "{lines:?}");
}

#[test]
fn a_program_that_somebody_watches_does_not_log_silence() {
    let start = Instant::now();
    let (mut subscriber, _network) = subscriber(start);
    subscriber.is_daemon = false;
    let lines = captured_log(|| {
        (0..7300).for_each(|second| drop(subscriber.next(start + Duration::from_secs(second))));
    });
    assert_eq!(lines, [""; 0]);
}

#[test]
fn a_datagram_that_is_longer_than_any_listener_sends_is_ignored() {
    let start = Instant::now();
    let selection = Selection { all_meters: true, doing: "recording", ..Selection::default() };
    let mut intake = Intake::new(&Config::default().multicast, Feed::Json, selection, start);
    let from = ([192, 0, 2, 1], 1).into();
    let room = MAX_DATAGRAM - datagram(1, "").len();
    let lines = captured_log(|| {
        assert!(intake.take(&datagram(1, &"x".repeat(room)), from, start).is_some());
        assert!(intake.take(&datagram(2, &"x".repeat(room + 1)), from, start).is_none());
    });
    let ignored = lines.iter().filter(|line| line.contains("longer than 10240 bytes")).count();
    assert_eq!((ignored, intake.ignored), (1, 1), "{lines:?}");
}

/// A datagram of a hostile network: what it holds, who sends it, and how long after the one before.
type Hostile = (u8, u16, u16, u64, i64, u64);

fn hostile_datagram(&(kind, _, id, number, start, _): &Hostile) -> Vec<u8> {
    match kind {
        0 => b"garbage".to_vec(),
        1 => datagram(number, "the real one"),
        _ => format!(
            "{{\"meta\":{{\"frame-start-time\":{start},\"frame-number\":{number},\
             \"frame-end-time\":{start},\"frame-time-duration\":0,\"meter-time\":{start},\
             \"source\":\"source {}\"}},\"telegram\":{{\"0-0:96.1.1\":\"{id}\"}}}}",
            id % 3
        )
        .into_bytes(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn whatever_comes_from_the_network_the_log_and_the_memory_stay_bounded(
        datagrams in proptest::collection::vec(
            (0..8_u8, 0..40_u16, 0..40_u16, any::<u64>(), -9_999_999_999..99_999_999_999_i64,
             prop_oneof![20 => 0..2000_u64, 1 => 60_000..700_000_u64]),
            1..200,
        ),
        all_meters: bool,
        few: bool,
    ) {
        let start = Instant::now();
        let selection = Selection { all_meters, doing: "recording", ..Selection::default() };
        let mut intake = Intake::new(&Config::default().multicast, Feed::Json, selection, start);
        let mut now = start;
        let lines = captured_log(|| {
            for (round, hostile) in datagrams.iter().cycle().take(5000).enumerate() {
                let mut hostile = *hostile;
                if few {
                    (hostile.1, hostile.2) = (hostile.1 % 3, hostile.2 % 3);
                }
                hostile.3 = hostile.3.wrapping_add(round as u64);
                let from = ([192, 0, 2, 1], 1 + hostile.1).into();
                now += Duration::from_millis(hostile.5);
                intake.take(&hostile_datagram(&hostile), from, now);
                let _ = intake.problems(now).count();
            }
        });
        let hours = usize::try_from((now - start).as_secs() / 3600 + 1).unwrap();
        // Ten kinds of message, each six times an hour, and what is logged once of 16 senders and meters.
        prop_assert!(lines.len() <= 60 * hours + 20, "{} lines in {hours} h: {lines:#?}", lines.len());
    }
}
