//! The membership of a program in the multicast group: joined when it can be, and again when it was lost.
//!
//! Owns the socket, its buffer, and what is said about both and about datagrams that are no telegrams.
//! What telegrams mean, and which of them are wanted, the programs know.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::config::Multicast;
use crate::message::{Message, MessageError};
use crate::multicast::Receiver;
use crate::runtime::{Exit, OutageLog, RateLimit, signals};
use crate::text;

/// The longest datagram that UDP has, in bytes.
pub(crate) const LONGEST: usize = 65_535;

/// How often the group is joined again, on interfaces that have come up since. Not in silence only:
/// telegrams of one meter may come while the interface of another is missing.
const JOIN_PERIOD: Duration = Duration::from_secs(10);

/// After a receiver has failed, how long until the next one.
const RETRY: Duration = Duration::from_secs(1);

/// How often datagrams that are no telegrams are mentioned.
const GARBAGE_PERIOD: Duration = Duration::from_secs(600);

/// The membership of a program that cannot do without it, and has datagrams of its own to read.
pub(crate) struct Membership {
    pub receiver: Receiver,
    next_join: Instant,
}

impl Membership {
    /// Joins the configured group at `port`; what goes wrong is said, and is [`Exit::Unavailable`].
    pub fn join(settings: &Multicast, port: u16, now: Instant) -> Result<Self, Exit> {
        let receiver = receiver(settings, port).map_err(|reason| {
            log::error!("{reason}");
            Exit::Unavailable
        })?;
        Ok(Self { receiver, next_join: now + JOIN_PERIOD })
    }

    /// Joins again when it is time to; gives the time until then.
    pub fn keep_up(&mut self, now: Instant) -> Duration {
        if now >= self.next_join {
            self.next_join = now + JOIN_PERIOD;
            // Interfaces that are not there yet will be; that nothing comes, the user sees.
            let _ = self.receiver.join_again();
        }
        self.next_join - now
    }
}

/// The telegrams of the group, for a program that goes on without a network.
pub(crate) struct Subscription {
    settings: Multicast,
    receiver: Option<Receiver>,
    /// Why there is no receiver, or why the group is joined nowhere.
    trouble: Option<String>,
    outages: OutageLog,
    next_join: Instant,
    buffer: Vec<u8>,
    garbage: RateLimit,
    ignored: u64,
}

impl Subscription {
    /// Joins the group; if that fails it is said, and tried again later.
    pub fn new(settings: Multicast, now: Instant) -> Self {
        let mut subscription = Self {
            settings,
            receiver: None,
            trouble: None,
            outages: OutageLog::default(),
            next_join: now,
            buffer: vec![0; LONGEST],
            garbage: RateLimit::new(GARBAGE_PERIOD),
            ignored: 0,
        };
        subscription.join(now);
        subscription
    }

    /// Joins the group of other settings, if they differ.
    pub fn reconfigure(&mut self, settings: &Multicast, now: Instant) {
        if self.settings != *settings {
            self.settings = settings.clone();
            self.receiver = None;
            self.next_join = now;
        }
    }

    /// Waits for a datagram, no longer than `patience` or until a signal comes in.
    ///
    /// `None` when there was none, or one that is no telegram.
    pub fn next(&mut self, now: Instant, patience: Duration) -> Option<(Message, SocketAddr)> {
        if now >= self.next_join {
            self.join(now);
        }
        let Some(receiver) = &self.receiver else {
            signals::wait(patience);
            return None;
        };
        match receiver.receive(&mut self.buffer, patience) {
            Ok(Some(datagram)) => match Message::parse(&self.buffer[..datagram.len]) {
                Ok(message) => return Some((message, datagram.from)),
                Err(error) => self.ignore(&error, datagram.from, now),
            },
            Ok(None) => {}
            Err(error) => {
                self.receiver = None;
                self.next_join = now + RETRY;
                self.fail(format!("cannot receive from {}: {error}", self.group()), now);
            }
        }
        None
    }

    /// Address and port of the group.
    pub fn group(&self) -> SocketAddr {
        SocketAddr::new(self.settings.address, self.settings.port)
    }

    /// What is wrong, for the end of a status: after a comma or semicolon, empty when all is well.
    pub fn trouble(&self) -> String {
        let ignored = (self.ignored > 0)
            .then(|| format!(", {} ignored", text::count(self.ignored, "datagram")));
        let trouble = self.trouble.as_ref().map(|trouble| format!("; {trouble}"));
        ignored.into_iter().chain(trouble).collect()
    }

    fn ignore(&mut self, error: &MessageError, from: SocketAddr, now: Instant) {
        self.ignored += 1;
        if self.garbage.permit(now).is_some() {
            log::warn!("a datagram of {from} is ignored, {} so far: {error}", self.ignored);
        }
    }

    /// Joins the group, or joins it again where interfaces have come up since.
    fn join(&mut self, now: Instant) {
        self.next_join = now + JOIN_PERIOD;
        let joined = match &mut self.receiver {
            Some(receiver) => receiver.join_again().map_err(|error| error.to_string()),
            None => receiver(&self.settings, self.settings.port)
                .map(|receiver| self.receiver = Some(receiver)),
        };
        match joined {
            Ok(()) => {
                self.trouble = None;
                if self.outages.up() {
                    log::info!("{} is joined", self.group());
                }
            }
            Err(reason) => self.fail(format!("cannot join {}: {reason}", self.group()), now),
        }
    }

    /// There is nothing to be heard now. Why may change each time, as interfaces come and go: the status
    /// has the latest reason.
    fn fail(&mut self, trouble: String, now: Instant) {
        if let Some(end) = self.outages.down(now) {
            log::warn!("{trouble}; trying again{end}");
        }
        self.trouble = Some(trouble);
    }
}

/// A receiver for `port` of the configured group; an error tells what is wrong, in words.
fn receiver(settings: &Multicast, port: u16) -> Result<Receiver, String> {
    Receiver::open(settings.address, port, settings.interface.as_ref())
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::runtime::captured_log;

    #[test]
    fn an_interface_that_comes_and_goes_does_not_fill_the_log_and_the_status_has_the_latest_reason()
    {
        let settings = Multicast { interface: "lo".parse().ok(), ..Config::default().multicast };
        let missing = Multicast { interface: "nosuch0".parse().ok(), ..settings.clone() };
        let start = Instant::now();
        let mut subscription = Subscription::new(missing.clone(), start);
        let lines = captured_log(|| {
            for minute in 0..60 {
                let now = start + Duration::from_secs(60 * minute);
                subscription.reconfigure(&missing, now);
                subscription.join(now);
                assert!(subscription.trouble().contains("no network interface nosuch0"));
                subscription.reconfigure(&settings, now);
                subscription.join(now);
                assert_eq!(subscription.trouble(), "");
            }
        });
        // The first one was said when it was made.
        assert_eq!(lines.len(), 19, "{lines:?}");
        assert!(
            lines[17].contains("cannot join 224.7.2.1:52001: no network interface"),
            "{lines:?}"
        );
        assert!(lines[17].ends_with("further messages suppressed)"), "{lines:?}");
        assert_eq!(lines[18], "224.7.2.1:52001 is joined");
    }
}
