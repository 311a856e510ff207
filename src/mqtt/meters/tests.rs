//! What is published when, by a clock of the test's.

use super::*;
use crate::config::Discovery;
use crate::message::tests::message;
use crate::reading::VOCABULARY;
use crate::runtime::captured_log;
use crate::tests::kinds::KINDS;
use crate::zone::HostZone;

const METER: (&str, &str) = ("0-0:96.1.1", "'E1");

struct Bridge {
    meters: Meters,
    start: Instant,
}

impl Bridge {
    fn new(interval: u64, discovery: Option<&str>) -> Self {
        let discovery = discovery.map(|prefix| (Discovery::Device, prefix));
        let topics = Topics::new("p1", "me", discovery);
        let meters = Meters::new(topics, Duration::from_secs(interval), "pi".into());
        Self { meters, start: Instant::now() }
    }

    fn at(&self, millis: u64) -> Instant {
        self.start + Duration::from_millis(millis)
    }

    /// The same telegram twice: a meter is published from its second one on.
    fn take(&mut self, millis: u64, objects: &[(&str, &str)]) {
        self.take_once(millis, objects);
        self.take_once(millis, objects);
    }

    fn take_once(&mut self, millis: u64, objects: &[(&str, &str)]) {
        let now = self.at(millis);
        self.meters.update(message(1_795_330_000, objects), &HostZone, now);
    }

    fn telegram(&mut self, millis: u64, watts: &str) {
        self.take(millis, &[METER, ("1-0:1.7.0", watts)]);
    }

    fn publications(&mut self, millis: u64) -> Vec<Publication> {
        let now = self.at(millis);
        self.meters.due(now, &HostZone)
    }

    /// Topics and payloads, those of the discovery as `+`; retained ones with a `!` behind the topic.
    fn due(&mut self, millis: u64) -> Vec<String> {
        let shown = |publication: Publication| {
            let Publication { topic, payload, is_retained } = publication;
            let payload = String::from_utf8(payload).unwrap();
            let payload = if topic.ends_with("/config") { "+" } else { &payload };
            format!("{topic}{} {payload}", if is_retained { "!" } else { "" })
        };
        self.publications(millis).into_iter().map(shown).collect()
    }

    /// The powers of the states.
    fn powers(&mut self, millis: u64) -> Vec<i64> {
        let due = self.publications(millis).into_iter();
        let states = due.filter(|publication| publication.topic.ends_with("/state"));
        states
            .map(|state| {
                let state: serde_json::Value = serde_json::from_slice(&state.payload).unwrap();
                state["power_w"].as_i64().unwrap()
            })
            .collect()
    }
}

#[test]
fn a_new_meter_is_announced_and_available_and_has_a_state() {
    let mut bridge = Bridge::new(10, Some("ha"));
    assert_eq!(bridge.due(0), ["p1/bridge/me/availability! online"]);
    bridge.telegram(500, "730");
    assert_eq!(
        bridge.due(500),
        [
            "p1/E1/availability! online",
            "ha/device/p1_E1/config! +",
            r#"p1/E1/state {"unique_id":"E1","power_w":730,"power_import_w":730}"#,
        ]
    );
}

#[test]
fn every_kind_of_telegram_is_published_as_what_it_means() {
    for kind in KINDS {
        let mut bridge = Bridge::new(10, Some("ha"));
        for _ in 0..2 {
            let now = bridge.at(500);
            bridge.meters.update(kind.message(1_795_330_000), &HostZone, now);
        }
        let published = bridge.publications(500);
        let payload = |end: &str| {
            let found = published.iter().find(|found| found.topic.ends_with(end)).unwrap();
            serde_json::from_slice::<serde_json::Value>(&found.payload).unwrap()
        };
        let (state, config) = (payload("/state"), payload("/config"));
        for (name, expected) in kind.readings {
            let found = match &state[name] {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text.clone(),
                // As a consumer reads it: without the zeros at its end.
                number => number.to_string(),
            };
            let number = |text: &str| text.parse::<f64>().ok();
            assert!(
                found == *expected || number(&found) == number(expected),
                "{}: {name} {found}",
                kind.name
            );
            let id = format!("{}_{name}", config["dev"]["ids"][0].as_str().unwrap());
            let is_announced = config["cmps"].get(id).is_some();
            let is_sensor = VOCABULARY.iter().any(|it| it.name == *name && it.sensor().is_some());
            assert_eq!(is_announced, is_sensor && !expected.is_empty(), "{}: {name}", kind.name);
        }
    }
}

#[test]
fn the_newest_telegram_of_each_interval_is_published() {
    let mut bridge = Bridge::new(10, None);
    let mut published = Vec::new();
    for second in 0..=31 {
        bridge.telegram(second * 1000, &second.to_string());
        published.extend(bridge.powers(second * 1000));
    }
    assert_eq!(published, [0, 10, 20, 30]);
    // Telegrams that come late do not make the intervals longer.
    bridge.telegram(41_900, "41");
    assert_eq!(bridge.powers(41_900), [41]);
    bridge.telegram(50_100, "50");
    assert_eq!(bridge.powers(50_100), [50]);
    // Nothing is published twice.
    assert!(bridge.powers(70_000).is_empty());
}

#[test]
fn a_second_state_follows_soon_after_the_discovery() {
    let mut bridge = Bridge::new(10, Some("ha"));
    let mut published = Vec::new();
    for second in 0..15 {
        bridge.telegram(second * 1000, &second.to_string());
        published.extend(bridge.powers(second * 1000));
    }
    assert_eq!(published, [0, 2, 12]);
}

#[test]
fn the_discovery_comes_again_when_there_is_a_new_reading_and_not_when_one_is_away() {
    let mut bridge = Bridge::new(1, Some("ha"));
    let mut announced = |second: u64, objects: &[(&str, &str)]| {
        bridge.take(second * 1000, &[&[METER], objects].concat());
        bridge.publications(second * 1000).into_iter().find_map(|publication| {
            if !publication.topic.ends_with("/config") {
                return None;
            }
            let config: serde_json::Value = serde_json::from_slice(&publication.payload).unwrap();
            Some(config["cmps"].as_object().unwrap().len())
        })
    };
    let (import, export, volts) = (("1-0:1.7.0", "7"), ("1-0:2.7.0", "0"), ("1-0:32.7.0", "230.1"));
    assert_eq!(announced(0, &[import]), Some(2));
    assert_eq!(announced(3, &[import]), None);
    assert_eq!(announced(6, &[import, export]), Some(3));
    assert_eq!(announced(9, &[import]), None);
    assert_eq!(announced(12, &[volts]), Some(4), "those that are away stay announced");
    assert_eq!(announced(15, &[import, export, volts]), None);
}

#[test]
fn a_state_that_home_assistant_would_refuse_is_not_announced() {
    let mut bridge = Bridge::new(1, Some("ha"));
    let mut sensors = |second: u64, tariff: &str| {
        bridge.take(second * 1000, &[METER, ("0-0:96.14.0", tariff)]);
        let due = bridge.due(second * 1000);
        assert!(due.last().unwrap().contains("\"tariff\":"), "{due:?}");
        bridge
            .meters
            .known
            .iter()
            .next()
            .unwrap()
            .state
            .announced
            .iter()
            .any(|reading| reading.name == "tariff")
    };
    assert!(!sensors(0, "'0012"));
    assert!(sensors(3, "'0002"));
}

#[test]
fn a_meter_that_falls_silent_is_offline_and_online_with_its_next_telegram() {
    let mut bridge = Bridge::new(10, None);
    bridge.telegram(0, "1");
    bridge.due(0);
    assert_eq!(bridge.due(59_999), Vec::<String>::new());
    assert_eq!(bridge.due(60_000), ["p1/E1/availability! offline"]);
    assert_eq!(bridge.due(90_000), Vec::<String>::new());
    bridge.telegram(90_000, "2");
    assert_eq!(bridge.due(90_000)[0], "p1/E1/availability! online");
}

#[test]
fn silence_and_its_end_are_logged_also_when_the_broker_was_away_but_not_twice() {
    let mut bridge = Bridge::new(10, None);
    let lines = captured_log(|| {
        bridge.telegram(0, "1");
        bridge.due(0);
        bridge.due(60_000);
        bridge.meters.republish_all(bridge.at(70_000));
        bridge.due(70_000);
        bridge.telegram(90_000, "2");
        bridge.due(90_000);
    });
    assert_eq!(
        lines,
        [
            "publishing meter \"E1\"",
            "meter \"E1\" is offline: no telegram for 60 s",
            "meter \"E1\" is online again",
        ]
    );
}

#[test]
fn when_the_broker_is_back_only_the_newest_telegram_goes_out() {
    let mut bridge = Bridge::new(10, Some("ha"));
    bridge.telegram(0, "1");
    bridge.due(0);
    for second in 1..300 {
        bridge.telegram(second * 1000, &second.to_string());
    }
    bridge.meters.republish_all(bridge.at(300_000));
    let due = bridge.due(300_000);
    let topics: Vec<&str> = due.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(
        topics,
        [
            "p1/bridge/me/availability!",
            "p1/E1/availability!",
            "ha/device/p1_E1/config!",
            "p1/E1/state"
        ]
    );
    assert!(due[3].contains(r#""power_w":299"#), "{}", due[3]);
}

#[test]
fn when_the_broker_is_back_a_meter_that_is_silent_has_no_state() {
    let mut bridge = Bridge::new(10, Some("ha"));
    bridge.telegram(0, "1");
    bridge.meters.republish_all(bridge.at(100_000));
    let offline = ["p1/bridge/me/availability! online", "p1/E1/availability! offline"];
    assert_eq!(bridge.due(100_000), offline);
}

#[test]
fn at_the_end_all_are_offline() {
    let mut bridge = Bridge::new(10, None);
    bridge.telegram(0, "1");
    let messages = bridge.meters.offline_messages();
    let topics: Vec<&str> = messages.iter().map(|publication| &*publication.topic).collect();
    assert_eq!(topics, ["p1/E1/availability", "p1/bridge/me/availability"]);
    assert!(messages.iter().all(|p| p.is_retained && p.payload == b"offline"));
}

#[test]
fn identifiers_that_come_once_are_not_published_and_push_out_no_meter() {
    let mut bridge = Bridge::new(10, Some("ha"));
    bridge.telegram(0, "1");
    bridge.due(0);
    for number in 0..1000 {
        bridge.take_once(0, &[("0-0:96.1.1", &format!("'X{number}"))]);
    }
    assert_eq!(bridge.due(0), Vec::<String>::new());
    assert_eq!((bridge.meters.len(), bridge.meters.offline_messages().len()), (1, 2));
    bridge.telegram(10_000, "2");
    assert_eq!(bridge.powers(10_000), [2]);
}

#[test]
fn meters_are_told_apart_by_the_names_of_their_listeners_unless_that_is_the_host_itself() {
    let mut bridge = Bridge::new(10, Some("ha"));
    let mut device = |source: Option<&str>, id: Option<&str>| {
        let id = id.map(|id| ("0-0:96.1.1", id));
        let objects: Vec<_> = id.into_iter().chain([("1-0:1.7.0", "7")]).collect();
        let mut message = message(0, &objects);
        message.meta.source = source.map(str::to_owned);
        bridge.meters.update(message.clone(), &HostZone, bridge.start);
        bridge.meters.update(message, &HostZone, bridge.start);
        let mut due = bridge.meters.due(bridge.start, &HostZone);
        let config: serde_json::Value =
            serde_json::from_slice(&due.remove(due.len() - 2).payload).unwrap();
        let text = |key| config["dev"][key].as_str().map(str::to_owned);
        (text("name").unwrap(), text("sn"), config["state_topic"].as_str().unwrap().to_owned())
    };
    let expected = |name: &str, sn: Option<&str>, topic: &str| {
        (name.into(), sn.map(str::to_owned), topic.into())
    };
    assert_eq!(device(Some("pi"), Some("'E1")), expected("P1 meter", Some("E1"), "p1/E1/state"));
    assert_eq!(device(None, Some("'E2")), expected("P1 meter", Some("E2"), "p1/E2/state"));
    assert_eq!(
        device(Some("attic"), Some("'E3")),
        expected("P1 meter attic", Some("E3"), "p1/E3/state")
    );
    assert_eq!(
        device(Some("the attic"), None),
        expected("P1 meter the attic", None, "p1/the_attic/state")
    );
    assert_eq!(device(Some("cellar"), None), expected("P1 meter cellar", None, "p1/cellar/state"));
    assert_eq!(device(None, None), expected("P1 meter", None, "p1/unknown/state"));
}

#[test]
fn measurements_expire_after_three_intervals_but_not_before_the_meter_is_silent() {
    for (interval, expected) in [(10, 60), (60, 180)] {
        let mut bridge = Bridge::new(interval, Some("ha"));
        bridge.telegram(0, "1");
        let due = bridge.publications(0);
        let config: serde_json::Value = serde_json::from_slice(&due[2].payload).unwrap();
        assert_eq!(config["cmps"]["p1_E1_power_w"]["expire_after"], expected);
    }
}
