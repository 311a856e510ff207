//! What is known of each meter, and what of it is published when.
//!
//! Owns the interval, the silence after which a meter is offline, and which readings have been announced. It
//! does no I/O: the session publishes what is due, and says when the broker knows nothing. Of each meter only
//! the newest telegram is kept.

use std::time::{Duration, Instant};

use super::Publication;
use super::discovery::{self, DeviceInfo};
use super::topics::{OFFLINE, ONLINE, Topics};
use crate::history::today::DayRecords;
use crate::message::Message;
use crate::meter::{self, Tracker};
use crate::reading::{Derived, Reading, Readings, VOCABULARY, write_json};
use crate::runtime::OutageLog;
use crate::telegram::maker;
use crate::text;
use crate::zone::Zone;

/// A meter that has sent nothing for this long is offline.
const OFFLINE_AFTER: Duration = Duration::from_secs(60);

/// Home Assistant subscribes to the state only when it has read the discovery, and may miss the first state.
/// The second follows after this.
const SECOND_STATE_AFTER: Duration = Duration::from_secs(2);

/// All meters.
#[derive(Debug)]
pub(super) struct Meters {
    topics: Topics,
    interval: Duration,
    /// The name of this host.
    host: String,
    /// How the day began, for meters that are heard in the middle of it.
    records: DayRecords,
    known: meter::Meters<Meter>,
    /// The broker knows that this program is online.
    is_bridge_published: bool,
}

#[derive(Debug)]
struct Meter {
    name: String,
    /// The newest telegram.
    message: Message,
    /// The day so far and the running quarter-hour.
    tracker: Tracker,
    /// What the newest telegram tells together with those before it.
    derived: Derived,
    /// Whether that telegram is still to be published.
    is_new: bool,
    /// When the next state may go out.
    due: Instant,
    /// The readings that have been announced, in the order of the vocabulary.
    announced: Vec<&'static Reading>,
    /// Whether it is online, as the broker knows it.
    published_online: Option<bool>,
    /// From when to when it was offline, for the log.
    silence_log: OutageLog,
}

impl Meters {
    /// No meter yet. The state of each is published once in `interval`. A listener that is called like this
    /// host has no name of its own.
    pub fn new(topics: Topics, interval: Duration, host: String) -> Self {
        Self {
            topics,
            interval,
            host,
            records: DayRecords::default(),
            known: meter::Meters::default(),
            is_bridge_published: false,
        }
    }

    /// The same with what was recorded of today.
    pub fn continuing(self, records: DayRecords) -> Self {
        Self { records, ..self }
    }

    /// Remembers a telegram. A meter is published from its second one on, because what the broker retains would
    /// outlast an identifier that was made up, or damaged.
    pub fn update(&mut self, message: Message, zone: &impl Zone, now: Instant) {
        let id = meter::id(&message).into_owned();
        let name = message.meter_or_source_name();
        match self.known.hear(&*id, now, || {
            let tracker = self.records.tracker(&message, |time| zone.local(time));
            Meter::new(message.clone(), tracker, now)
        }) {
            Ok(member) => {
                member.state.derived = member.state.tracker.take(&message, |time| zone.local(time));
                member.state.message = message;
                member.state.is_new = true;
                if member.telegrams == 2 {
                    log::info!(meter = name.as_str(); "publishing meter {name:?}");
                }
            }
            Err(full) => {
                if full.is_news {
                    log::warn!(meter = name.as_str();
                        "too many meters: not publishing {name:?} and further ones \
                         (`multicast.meter` names the one to publish)");
                }
            }
        }
    }

    /// Makes everything due, for a broker or a Home Assistant that knows nothing yet.
    pub fn republish_all(&mut self, now: Instant) {
        self.is_bridge_published = false;
        for member in self.known.iter_mut() {
            member.state.is_new = true;
            member.state.due = now;
            member.state.announced.clear();
            member.state.published_online = None;
        }
    }

    /// What to publish at this time. The caller publishes all of it.
    pub fn due(&mut self, now: Instant, zone: &impl Zone) -> Vec<Publication> {
        let mut out = Vec::new();
        if !self.is_bridge_published {
            self.is_bridge_published = true;
            out.push(availability(self.topics.bridge(), true));
        }
        for member in self.known.iter_mut().filter(|member| member.is_confirmed()) {
            let is_online = now.saturating_duration_since(member.heard) < OFFLINE_AFTER;
            let (topics, meter) = (&self.topics, &mut member.state);
            meter.publish_availability(is_online, topics, now, &mut out);
            if is_online {
                meter.due(now, topics, self.interval, &self.host, zone, &mut out);
            }
        }
        out
    }

    /// What to publish before the end.
    pub fn offline_messages(&self) -> Vec<Publication> {
        let published = self.known.iter().filter(|member| member.is_confirmed());
        let meters = published.map(|member| self.topics.availability(&member.state.name));
        meters.chain([self.topics.bridge()]).map(|topic| availability(topic, false)).collect()
    }

    /// How many meters there are, those that have fallen silent included.
    pub fn len(&self) -> usize {
        self.known.iter().filter(|member| member.is_confirmed()).count()
    }
}

impl Meter {
    fn new(message: Message, tracker: Tracker, now: Instant) -> Self {
        let name = message.meter_or_source_name();
        Self {
            name,
            message,
            tracker,
            derived: Derived::default(),
            is_new: true,
            due: now,
            announced: Vec::new(),
            published_online: None,
            silence_log: OutageLog::default(),
        }
    }

    fn due(
        &mut self,
        now: Instant,
        topics: &Topics,
        interval: Duration,
        host: &str,
        zone: &impl Zone,
        out: &mut Vec<Publication>,
    ) {
        if !self.is_new || now < self.due {
            return;
        }
        self.is_new = false;
        // At regular times, however late telegrams come, unless one was missed.
        let next = self.due + interval;
        self.due = if next > now { next } else { now + interval };
        let readings = Readings::with(&self.message, &self.derived);
        if topics.discovery().is_some() {
            if let Some(all) = to_announce(&self.announced, &readings) {
                let info = device_info(&self.name, self.listener(host), &readings, interval);
                out.extend(discovery::publications(info, &all, topics));
                self.announced = all;
                self.due = now + SECOND_STATE_AFTER.min(interval);
            }
        }
        let mut payload = Vec::new();
        let members = readings.iter().map(|(reading, value)| (reading.name, value));
        write_json(members, zone, &mut payload);
        out.push(Publication { topic: topics.state(&self.name), payload, is_retained: false });
    }

    /// The name of its listener, if it has one of its own.
    fn listener(&self, host: &str) -> Option<&str> {
        self.message.meta.source.as_deref().filter(|source| !source.is_empty() && *source != host)
    }

    /// Publishes whether the meter is online, if that has changed, and logs it.
    fn publish_availability(
        &mut self,
        is_online: bool,
        topics: &Topics,
        now: Instant,
        out: &mut Vec<Publication>,
    ) {
        if self.published_online.replace(is_online) == Some(is_online) {
            return;
        }
        out.push(availability(topics.availability(&self.name), is_online));
        let name = &*self.name;
        if is_online {
            if self.silence_log.up() {
                log::info!(meter = name; "meter {name:?} is online again");
            }
        } else if let Some(end) = self.silence_log.down(now) {
            let time = text::duration(OFFLINE_AFTER);
            log::warn!(meter = name; "meter {name:?} is offline: no telegram for {time}{end}");
        }
    }
}

fn availability(topic: String, is_online: bool) -> Publication {
    let payload = if is_online { ONLINE } else { OFFLINE };
    Publication { topic, payload: payload.into(), is_retained: true }
}

/// The readings to announce, if some are new: those that were announced, and those that are there now.
fn to_announce(
    announced: &[&'static Reading],
    readings: &Readings,
) -> Option<Vec<&'static Reading>> {
    let was = |name| announced.iter().any(|reading| reading.name == name);
    let are = readings.iter().filter(|(reading, value)| reading.accepts(value));
    if are.clone().all(|(reading, _)| was(reading.name)) {
        return None;
    }
    let is = |name| are.clone().any(|(reading, _)| reading.name == name);
    Some(VOCABULARY.iter().filter(|reading| was(reading.name) || is(reading.name)).collect())
}

/// The maker of a meter of this model, which begins with its letters.
fn maker_of(model: &str) -> Option<&'static str> {
    maker(model.as_bytes().first_chunk().copied()?)
}

/// What Home Assistant shows of this meter, whose owner gave it `name`.
fn device_info<'a>(
    meter: &'a str,
    name: Option<&'a str>,
    readings: &'a Readings,
    interval: Duration,
) -> DeviceInfo<'a> {
    let model = readings.text("meter_model");
    DeviceInfo {
        meter,
        name,
        serial: readings.text("unique_id"),
        model,
        version: readings.text("protocol_version"),
        maker: model.and_then(maker_of),
        expire_after: OFFLINE_AFTER.max(interval * 3).as_secs(),
    }
}

#[cfg(test)]
mod tests;
