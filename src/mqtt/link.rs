//! Whether the broker is there.
//!
//! Owns when it is tried (for ever, each time after a longer wait), how it is known to be gone (what
//! cannot be sent, pings without an answer), and what is said of it: a line when it is lost, one when it
//! is back, and between them one for each fault that somebody has to mend; of a broker that comes and
//! goes all the time, not all of this. Nothing is kept for a broker that is away.

use std::time::{Duration, Instant};

use super::Publication;
use super::failure::Failure;
use super::packets::{self, Incoming, ONLINE};
use super::topics::BIRTH;
use crate::runtime::{OutageLog, RateLimit};
use crate::text;

/// What the broker is promised: to hear something within one and a half times as many seconds.
pub(super) const KEEP_ALIVE: u16 = 30;

/// How often it is asked whether it is there.
const PING_PERIOD: Duration = Duration::from_secs(15);

/// How long it may take to say so.
const PONG_TIME: Duration = Duration::from_secs(10);

/// The wait after the first failure, doubled with each one up to the longest.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A connection that lasted so long was a good one: the waits begin anew.
const GOOD: Duration = Duration::from_secs(60);

/// A broker that ends two connections in a row so soon has something against us: a client with the same
/// id, mostly. That one is thrown out by us in turn, and may take its time to come back.
const SOON: Duration = Duration::from_secs(180);

/// That is told no more often than this: it goes on until somebody mends it.
const SOON_PERIOD: Duration = Duration::from_secs(3600);

/// How many troubles are told of one outage.
const MOST_TROUBLES: usize = 3;

/// Home Assistant is answered no more often than this.
const BIRTH_PERIOD: Duration = Duration::from_secs(5);

/// A broker that can be connected to.
pub(super) trait Broker {
    /// Begins an attempt, or looks what has become of it: `None` while it goes on. Does not wait.
    fn open(&mut self) -> Option<Result<Box<dyn Connection>, Failure>>;

    /// What it is called in the log.
    fn address(&self) -> String;

    /// What we are called there.
    fn client(&self) -> &str;
}

/// A connection that the broker has accepted. After an error it is of no use any more.
pub(super) trait Connection {
    /// Sends packets; gives up after a few seconds.
    fn send(&mut self, packets: &[u8]) -> Result<(), Failure>;

    /// Adds the packets that have come, and tells whether there was anything. Does not wait.
    fn receive(&mut self, packets: &mut Vec<Incoming>) -> Result<bool, Failure>;
}

/// The way to the broker.
pub(super) struct Link<B> {
    broker: B,
    /// Whether Home Assistant is listened to.
    minds_births: bool,
    /// Whether the broker has refused that, which is said once.
    is_refused: bool,
    state: State,
    wait: Duration,
    /// From the first failure on, as long as there is no connection.
    outage: Option<Outage>,
    /// The broker has ended the last connection soon.
    was_closed_soon: bool,
    /// Which outages are told,
    outages: OutageLog,
    /// and which of those that come of a broker that ends each connection soon.
    soon: RateLimit,
    /// Home Assistant has started, and is answered from then on.
    birth: Option<Instant>,
    answered: Option<Instant>,
    published: u64,
}

struct Outage {
    since: Instant,
    trouble: Trouble,
    /// What was told of this outage, if anything was.
    told: Vec<Trouble>,
}

#[derive(Clone)]
struct Trouble {
    reason: String,
    is_absence: bool,
    is_closed_soon: bool,
}

enum State {
    Away { until: Instant },
    Opening,
    Online(Online),
}

struct Online {
    connection: Box<dyn Connection>,
    since: Instant,
    next_ping: Instant,
    /// When the ping was sent that has no answer yet.
    asked: Option<Instant>,
}

impl<B: Broker> Link<B> {
    /// A link that is tried at once. With `minds_births` Home Assistant is listened to.
    pub fn new(broker: B, minds_births: bool, now: Instant) -> Self {
        Self {
            broker,
            minds_births,
            is_refused: false,
            state: State::Away { until: now },
            wait: FIRST_WAIT,
            outage: None,
            was_closed_soon: false,
            outages: OutageLog::default(),
            soon: RateLimit::new(SOON_PERIOD),
            birth: None,
            answered: None,
            published: 0,
        }
    }

    /// Does what there is to do at this time. `true`: everything must be published anew, for the
    /// broker has just been connected to, or Home Assistant has started.
    pub fn step(&mut self, now: Instant) -> bool {
        match &mut self.state {
            State::Away { until } if now < *until => false,
            State::Away { .. } | State::Opening => {
                self.state = State::Opening;
                match self.broker.open() {
                    None => false,
                    Some(Ok(connection)) => self.connected(connection, now),
                    Some(Err(failure)) => self.failed(failure, now),
                }
            }
            State::Online(online) => {
                let mut packets = Vec::new();
                match online.step(now, &mut packets) {
                    Ok(()) => self.mind(&packets, now),
                    Err(failure) => self.failed(failure, now),
                }
            }
        }
    }

    /// Whether there is a connection.
    pub fn is_online(&self) -> bool {
        matches!(self.state, State::Online(_))
    }

    /// Whether an attempt is under way.
    pub fn is_opening(&self) -> bool {
        matches!(self.state, State::Opening)
    }

    /// Sends messages, if there is a connection. All of them together have the time of one packet: a
    /// broker that is slow must not hold up the loop for each.
    pub fn publish(&mut self, publications: &[Publication], now: Instant) {
        let State::Online(online) = &mut self.state else { return };
        if publications.is_empty() {
            return;
        }
        let packets: Vec<u8> = publications.iter().flat_map(packets::publish).collect();
        match online.connection.send(&packets) {
            Ok(()) => self.published += publications.len() as u64,
            Err(failure) => {
                self.failed(failure, now);
            }
        }
    }

    /// Ends the connection in good order: there will be no last will.
    pub fn close(&mut self, now: Instant) {
        if let State::Online(online) = &mut self.state {
            if let Err(failure) = online.connection.send(&packets::disconnect()) {
                log::debug!("the broker could not be told that this is the end: {failure}");
            }
        }
        self.state = State::Away { until: now };
    }

    /// How it is going, for `systemctl status`.
    pub fn status(&self) -> String {
        let (broker, published) = (self.broker.address(), self.published);
        match (&self.state, &self.outage) {
            (State::Online(_), _) => {
                format!("{} to the broker {broker}", text::count(published, "message"))
            }
            (_, Some(outage)) => {
                format!("no connection to the broker {broker}: {}", outage.trouble.reason)
            }
            (_, None) => format!("connecting to the broker {broker}"),
        }
    }

    fn connected(&mut self, mut connection: Box<dyn Connection>, now: Instant) -> bool {
        if self.minds_births {
            if let Err(failure) = connection.send(&packets::subscribe(BIRTH)) {
                return self.failed(failure, now);
            }
        }
        let broker = self.broker.address();
        let _ = self.outages.up();
        match self.outage.take() {
            None => log::info!("connected to the broker {broker}"),
            Some(Outage { since, told, .. }) if !told.is_empty() => {
                let seconds = now.saturating_duration_since(since).as_secs();
                log::info!("connected to the broker {broker}, after {seconds} s without");
            }
            Some(_) => {}
        }
        self.state = State::Online(Online {
            connection,
            since: now,
            next_ping: now + PING_PERIOD,
            asked: None,
        });
        self.birth = None;
        true
    }

    /// The connection is lost, or could not be made. Always `false`: there is nothing to publish.
    fn failed(&mut self, failure: Failure, now: Instant) -> bool {
        if let State::Online(online) = &self.state {
            let lasted = now.saturating_duration_since(online.since);
            if lasted >= GOOD {
                self.wait = FIRST_WAIT;
            }
            let is_soon = lasted < SOON && matches!(failure, Failure::Closed);
            let again = std::mem::replace(&mut self.was_closed_soon, is_soon) && is_soon;
            let soon = || Failure::ClosedSoon { client: self.broker.client().to_owned() };
            let trouble = Trouble::of(&if again { soon() } else { failure });
            self.tell("lost the connection to the broker", trouble, now);
        } else {
            self.tell("no connection to the broker", Trouble::of(&failure), now);
        }
        self.state = State::Away { until: now + self.wait };
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        false
    }

    /// Says what the trouble is, if that is news and there was not too much of it of late.
    fn tell(&mut self, what: &str, trouble: Trouble, now: Instant) {
        let fresh = Outage { since: now, trouble: trouble.clone(), told: Vec::new() };
        let outage = self.outage.get_or_insert(fresh);
        let end = if trouble.is_closed_soon {
            self.soon.permit(now).map(|_| " (which is told once an hour)")
        } else if outage.told.is_empty() {
            self.outages.down(now)
        } else {
            outage.is_news(&trouble).then_some("")
        };
        if let Some(end) = end {
            let broker = self.broker.address();
            log::warn!("{what} {broker}: {}; trying again{end}", trouble.reason);
            outage.told.push(trouble.clone());
        }
        outage.trouble = trouble;
    }

    /// Looks at what the broker has sent. `true`: Home Assistant has started.
    fn mind(&mut self, packets: &[Incoming], now: Instant) -> bool {
        for packet in packets {
            match packet {
                Incoming::Subscribed(false) if !std::mem::replace(&mut self.is_refused, true) => {
                    log::warn!(
                        "the broker {} does not let us read {BIRTH}: after a restart of Home \
                         Assistant its sensors have values at the next state of the meter",
                        self.broker.address()
                    );
                }
                // What is retained tells of a start in the past: all was published when we connected.
                Incoming::Message { topic, payload, is_retained: false }
                    if topic == BIRTH && payload == ONLINE =>
                {
                    let again = self.answered.map_or(now, |answered| answered + BIRTH_PERIOD);
                    self.birth = Some(now.max(again));
                }
                _ => {}
            }
        }
        if self.birth.is_none_or(|birth| now < birth) {
            return false;
        }
        log::debug!("Home Assistant has started");
        self.birth = None;
        self.answered = Some(now);
        true
    }
}

impl Trouble {
    fn of(failure: &Failure) -> Self {
        Self {
            reason: failure.to_string(),
            is_absence: failure.is_absence(),
            is_closed_soon: matches!(failure, Failure::ClosedSoon { .. }),
        }
    }
}

impl Outage {
    /// Whether this is worth one more line: that a broker is not there is told once, however it is noticed.
    fn is_news(&self, trouble: &Trouble) -> bool {
        let is_it = |told: &Trouble| {
            told.reason == trouble.reason || (told.is_absence && trouble.is_absence)
        };
        self.told.len() < MOST_TROUBLES && !self.told.iter().any(is_it)
    }
}

impl Online {
    /// Reads what has come, and asks for an answer now and then.
    fn step(&mut self, now: Instant, packets: &mut Vec<Incoming>) -> Result<(), Failure> {
        if self.connection.receive(packets)? {
            self.asked = None;
        }
        if self.asked.is_some_and(|asked| now.saturating_duration_since(asked) >= PONG_TIME) {
            return Err(Failure::Stalled);
        }
        if now >= self.next_ping {
            self.next_ping = now + PING_PERIOD;
            self.connection.send(&packets::ping())?;
            self.asked.get_or_insert(now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
