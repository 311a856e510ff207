//! Whether the broker is connected, and when to try again.
//!
//! Owns the backoff, the log of outages (one line when the connection is lost, one when it is back, and one
//! if somebody must change something), and when Home Assistant is answered. Nothing is kept for a broker that
//! is away. Time is passed in.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use super::Publication;
use super::client::{self, Event, Publisher};
use super::failure::Failure;
use super::topics::BIRTH;
use crate::runtime::OutageLog;
use crate::runtime::background::WorkerPanicked;
use crate::text;

/// The wait before the second attempt. Each failure doubles it, up to the maximum.
const RECONNECT_MIN: Duration = Duration::from_secs(1);
const RECONNECT_MAX: Duration = Duration::from_secs(60);

/// A connection that lasted this long resets the wait.
const STABLE_AFTER: Duration = Duration::from_secs(60);

/// A broker that closes a connection before this has something against us: another client with the same id,
/// mostly. We throw that one out in turn, and it may take up to [`RECONNECT_MAX`] to come back.
const CLOSED_SOON: Duration = Duration::from_secs(180);

/// How long to wait at the end until everything is sent.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Home Assistant is answered at most this often.
const BIRTH_INTERVAL: Duration = Duration::from_secs(5);

/// The connection to one broker, made again whenever it is lost.
pub(super) struct BrokerConnection {
    /// The broker, as the log names it.
    address: String,
    client_id: String,
    start: Box<dyn Fn() -> io::Result<Receiver<Event>>>,
    state: State,
    reconnect_wait: Duration,
    /// From the first failure on, while there is no connection.
    outage: Option<Outage>,
    outage_log: OutageLog,
    is_refusal_logged: bool,
    /// When to answer Home Assistant, and when that was done last.
    birth_due: Option<Instant>,
    last_birth: Option<Instant>,
    published: u64,
}

struct Outage {
    since: Instant,
    /// The latest failure.
    reason: String,
    /// A failure that somebody must repair was logged.
    is_repair_logged: bool,
}

enum State {
    Waiting { until: Instant },
    Connecting { events: Receiver<Event> },
    Online { events: Receiver<Event>, publisher: Box<dyn Publisher>, since: Instant },
}

impl BrokerConnection {
    /// Connects at the first step.
    pub fn new(settings: client::Settings, now: Instant) -> Self {
        let (address, client_id) = (settings.address(), settings.client_id.clone());
        Self::with_start(address, client_id, move || client::start(&settings), now)
    }

    fn with_start(
        address: String,
        client_id: String,
        start: impl Fn() -> io::Result<Receiver<Event>> + 'static,
        now: Instant,
    ) -> Self {
        Self {
            address,
            client_id,
            start: Box::new(start),
            state: State::Waiting { until: now },
            reconnect_wait: RECONNECT_MIN,
            outage: None,
            outage_log: OutageLog::default(),
            is_refusal_logged: false,
            birth_due: None,
            last_birth: None,
            published: 0,
        }
    }

    /// Does what is due. True if everything must be published: the broker has just been connected, or Home
    /// Assistant has started. Does not wait.
    pub fn step(&mut self, now: Instant) -> bool {
        if matches!(self.state, State::Waiting { until } if now >= until) {
            match (self.start)() {
                Ok(events) => self.state = State::Connecting { events },
                Err(error) => self.fail(Failure::NoThread(error), now),
            }
        }
        let mut is_new = false;
        while let Some(event) = self.next_event() {
            match event {
                Event::Connected(publisher) => {
                    self.connected(publisher, now);
                    is_new = true;
                }
                Event::HomeAssistantStarted => {
                    let earliest = self.last_birth.map_or(now, |last| last + BIRTH_INTERVAL);
                    self.birth_due = Some(now.max(earliest));
                }
                Event::SubscriptionRefused => self.log_refusal(),
                Event::Lost(failure) => {
                    self.fail(failure, now);
                    is_new = false;
                }
            }
        }
        is_new || self.is_birth_due(now)
    }

    /// Whether there is a connection.
    pub fn is_online(&self) -> bool {
        matches!(self.state, State::Online { .. })
    }

    /// Whether an attempt is in progress.
    pub fn is_connecting(&self) -> bool {
        matches!(self.state, State::Connecting { .. })
    }

    /// Sends messages, if there is a connection. Does not wait.
    pub fn publish(&mut self, publications: Vec<Publication>, now: Instant) {
        let State::Online { publisher, .. } = &self.state else { return };
        for publication in publications {
            if !publisher.publish(publication) {
                self.fail(Failure::Stalled, now);
                return;
            }
            self.published += 1;
        }
    }

    /// Sends what is waiting, and disconnects: the broker will not publish the last will. Takes a few seconds
    /// at most.
    pub fn close(&mut self, now: Instant) {
        let state = std::mem::replace(&mut self.state, State::Waiting { until: now });
        let State::Online { events, publisher, .. } = state else { return };
        drop(publisher);
        let end = Instant::now() + DISCONNECT_TIMEOUT;
        loop {
            match events.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(Event::Lost(_)) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => {
                    log::debug!("the broker {} did not take the last messages", self.address);
                    return;
                }
            }
        }
    }

    /// For `systemctl status`.
    pub fn status(&self) -> String {
        let Self { address, published, .. } = self;
        match (&self.state, &self.outage) {
            (State::Online { .. }, _) => {
                format!("{} to the broker {address}", text::count(*published, "message"))
            }
            (_, Some(outage)) => {
                format!("no connection to the broker {address}: {}", outage.reason)
            }
            (_, None) => format!("connecting to the broker {address}"),
        }
    }

    fn next_event(&self) -> Option<Event> {
        let (State::Connecting { events } | State::Online { events, .. }) = &self.state else {
            return None;
        };
        match events.try_recv() {
            Ok(event) => Some(event),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Event::Lost(WorkerPanicked.into())),
        }
    }

    fn connected(&mut self, publisher: Box<dyn Publisher>, now: Instant) {
        let waiting = State::Waiting { until: now };
        if let State::Connecting { events } = std::mem::replace(&mut self.state, waiting) {
            self.state = State::Online { events, publisher, since: now };
        }
        let is_outage_logged = self.outage_log.up();
        match self.outage.take() {
            None => log::info!("connected to the broker {}", self.address),
            Some(outage) if is_outage_logged => {
                let time = text::duration(now.saturating_duration_since(outage.since));
                log::info!(
                    "connected to the broker {} after {time} without a connection",
                    self.address
                );
            }
            Some(_) => {}
        }
        self.birth_due = None;
    }

    fn fail(&mut self, failure: Failure, now: Instant) {
        let (what, failure) = match &self.state {
            State::Online { since, .. } => {
                let lasted = now.saturating_duration_since(*since);
                if lasted >= STABLE_AFTER {
                    self.reconnect_wait = RECONNECT_MIN;
                }
                ("lost the connection", self.explain(failure, lasted))
            }
            _ => ("no connection", failure),
        };
        self.state = State::Waiting { until: now + self.reconnect_wait };
        self.reconnect_wait = (self.reconnect_wait * 2).min(RECONNECT_MAX);
        self.log_failure(what, &failure, now);
    }

    /// Says more about a connection that did not last.
    fn explain(&self, failure: Failure, lasted: Duration) -> Failure {
        match failure {
            Failure::Closed if lasted < CLOSED_SOON => {
                Failure::ClosedSoon { lasted, client_id: self.client_id.clone() }
            }
            other => other,
        }
    }

    /// Logs the start of an outage, and the first failure in it that does not pass by itself.
    fn log_failure(&mut self, what: &str, failure: &Failure, now: Instant) {
        let outage = self.outage.get_or_insert_with(|| Outage {
            since: now,
            reason: String::new(),
            is_repair_logged: false,
        });
        outage.reason = failure.to_string();
        let is_first_repair = failure.needs_repair() && !outage.is_repair_logged;
        let is_in_log = self.outage_log.is_logged();
        let end = self.outage_log.down(now).or((is_first_repair && is_in_log).then_some(""));
        if let Some(end) = end {
            log::warn!("{what} to the broker {}: {failure}; trying again{end}", self.address);
            outage.is_repair_logged = failure.needs_repair();
        }
    }

    fn log_refusal(&mut self) {
        if !std::mem::replace(&mut self.is_refusal_logged, true) {
            log::warn!(
                "the broker {} does not allow us to subscribe to {BIRTH}: after a restart of Home Assistant \
                 its sensors are unknown until the next state of the meter",
                self.address
            );
        }
    }

    fn is_birth_due(&mut self, now: Instant) -> bool {
        let is_due = self.birth_due.is_some_and(|due| now >= due);
        if is_due {
            log::debug!("Home Assistant has started");
            (self.birth_due, self.last_birth) = (None, Some(now));
        }
        is_due
    }
}

#[cfg(test)]
mod tests;
