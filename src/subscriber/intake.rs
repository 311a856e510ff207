//! From datagrams to the telegrams of interest.
//!
//! Owns what was received and ignored, and the order of the judges: meter, listener, losses or repeats, rate. Pure:
//! the clock is passed in.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use log::Level;

use super::filter::MeterFilter;
use super::listener::ListenerFilter;
use super::losses::LossTracker;
use super::rates::Rates;
use super::repeats::Repeats;
use super::{Feed, Selection, Telegram, quieter};
use crate::config::Multicast;
use crate::message::{Encoder, MAX_DATAGRAM, Message};
use crate::meter;
use crate::runtime::RateLimit;
use crate::telegram::{Framer, Timestamp};
use crate::text;

/// How often ignored datagrams are logged.
const IGNORED_LOG_INTERVAL: Duration = Duration::from_secs(600);

/// Takes datagrams in, and gives the telegrams of interest.
pub(crate) struct Intake {
    feed: Feed,
    /// Nothing but another meter is worth a line.
    is_quiet: bool,
    pub(super) filter: MeterFilter,
    pub(super) listeners: ListenerFilter,
    pub(super) losses: LossTracker,
    repeats: Repeats,
    rates: Rates,
    pub(super) received: u64,
    last: Option<Instant>,
    pub(super) ignored: u64,
    ignored_log: RateLimit,
}

impl Intake {
    pub fn new(settings: &Multicast, feed: Feed, selection: Selection, now: Instant) -> Self {
        Self {
            feed,
            is_quiet: selection.is_quiet,
            filter: MeterFilter::new(settings.meter.as_deref(), selection),
            listeners: ListenerFilter::new(
                settings.source.as_deref(),
                selection,
                feed == Feed::Raw,
            ),
            losses: LossTracker::new(selection.is_quiet),
            repeats: Repeats::default(),
            rates: Rates::new(selection, now),
            received: 0,
            last: None,
            ignored: 0,
            ignored_log: RateLimit::new(IGNORED_LOG_INTERVAL),
        }
    }

    /// Applies other settings. What was counted stays.
    pub(super) fn reconfigure(&mut self, settings: &Multicast, selection: Selection) {
        self.filter.reconfigure(settings.meter.as_deref(), selection);
        self.listeners.reconfigure(settings.source.as_deref(), selection);
    }

    /// The telegram of a datagram, if it is one, of the right meter, and has not arrived before.
    pub fn take(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) -> Option<Telegram> {
        let parsed = match self.feed {
            // No listener sends one: its text would fill a disk.
            Feed::Json if datagram.len() > MAX_DATAGRAM => {
                Err(format!("longer than {MAX_DATAGRAM} bytes"))
            }
            Feed::Json => Message::parse(datagram).map_err(|error| error.to_string()),
            Feed::Raw => parse_raw(datagram).ok_or_else(|| "not one whole telegram".to_owned()),
        };
        let message = parsed.map_err(|reason| self.ignore(&reason, from, now)).ok()?;
        let meter = meter::id(&message);
        if !self.filter.accepts(&message, now)
            || !self.listeners.accepts(&meter, &message.meta, from, now)
        {
            return None;
        }
        let is_new = match self.feed {
            Feed::Json => self.losses.is_new(&message.meta, from, now),
            Feed::Raw => self.repeats.is_new(datagram, from, now),
        };
        if !is_new || !self.rates.permits(&meter, &message.meta, from, now) {
            return None;
        }
        self.received += 1;
        self.last = Some(now);
        Some(Telegram { message, from })
    }

    fn ignore(&mut self, reason: &str, from: SocketAddr, now: Instant) {
        self.ignored += 1;
        let level = quieter(Level::Warn, self.is_quiet);
        if self.ignored_log.permit(now).is_some() {
            let ignored = self.ignored;
            log::log!(level, ignored; "ignored a datagram from {from}, {ignored} so far: {reason}");
        }
    }

    pub(super) fn status(&self, now: Instant) -> String {
        let received = text::count(self.received, "telegram");
        let (age, losses) = (text::ago(self.last, now), self.losses.counts());
        let ignored = match self.ignored {
            0 => String::new(),
            ignored => format!(", {} ignored", text::count(ignored, "datagram")),
        };
        format!("{received}, {age}{losses}{ignored}")
    }

    /// Meters, listeners and telegrams that were received lately and not used.
    pub(super) fn problems(&self, now: Instant) -> impl Iterator<Item = String> {
        let problems = self.filter.problem(now).into_iter().chain(self.listeners.problems(now));
        problems.chain(self.rates.problem(now))
    }
}

/// The telegram of a raw datagram; `None` for anything but one whole telegram. We don't check its checksum:
/// the listener has.
fn parse_raw(mut datagram: &[u8]) -> Option<Message> {
    let (length, time) = (datagram.len(), Timestamp::default());
    let mut framer = Framer::default();
    let frame = framer.feed(&mut datagram, time).filter(|_| datagram.is_empty());
    let bytes = frame.map(|frame| frame.bytes()).filter(|bytes| bytes.len() == length)?;
    let mut encoder = Encoder::new(None);
    Message::parse(encoder.encode(bytes, time, time).0.json).ok()
}
