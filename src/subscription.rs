//! The membership of a program in the multicast group: joined when it can be, and again when it was lost.
//!
//! Owns the socket, its buffer, and what is said about both and about datagrams that are no telegrams.
//! What telegrams mean, and which of them are wanted, the programs know.

use std::net::SocketAddr;
use std::time::{Duration, Instant as Monotonic};

use crate::config::Multicast;
use crate::daemon::{Exit, Limiter, signals};
use crate::message::{Message, MessageError};
use crate::multicast::{Interface, Receiver};
use crate::words;

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
    next_join: Monotonic,
}

impl Membership {
    /// Joins the configured group at `port`; what goes wrong is said, and is [`Exit::Unavailable`].
    pub fn join(settings: &Multicast, port: u16, now: Monotonic) -> Result<Self, Exit> {
        let receiver = receiver(settings, port).map_err(|reason| {
            log::error!("{reason}");
            Exit::Unavailable
        })?;
        Ok(Self { receiver, next_join: now + JOIN_PERIOD })
    }

    /// Joins again when it is time to; gives the time until then.
    pub fn keep_up(&mut self, now: Monotonic) -> Duration {
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
    trouble: Option<Trouble>,
    /// What may be said of troubles.
    told: Limiter,
    next_join: Monotonic,
    buffer: Vec<u8>,
    garbage: Limiter,
    ignored: u64,
}

struct Trouble {
    reason: String,
    is_told: bool,
}

impl Subscription {
    /// Joins the group; if that fails it is said, and tried again later.
    pub fn new(settings: Multicast, now: Monotonic) -> Self {
        let mut subscription = Self {
            settings,
            receiver: None,
            trouble: None,
            told: Limiter::of_outages(),
            next_join: now,
            buffer: vec![0; LONGEST],
            garbage: Limiter::new(GARBAGE_PERIOD),
            ignored: 0,
        };
        subscription.join(now);
        subscription
    }

    /// Joins the group of other settings, if they differ.
    pub fn reconfigure(&mut self, settings: &Multicast, now: Monotonic) {
        if self.settings != *settings {
            self.settings = settings.clone();
            self.receiver = None;
            self.next_join = now;
        }
    }

    /// Waits for a datagram, no longer than `patience` or until a signal comes in.
    ///
    /// `None` when there was none, or one that is no telegram.
    pub fn next(&mut self, now: Monotonic, patience: Duration) -> Option<(Message, SocketAddr)> {
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
                self.mind(Err(format!("cannot receive: {error}")), now);
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
            .then(|| format!(", {} ignored", words::count(self.ignored, "datagram")));
        let trouble = self.trouble.as_ref().map(|trouble| format!("; {}", trouble.reason));
        ignored.into_iter().chain(trouble).collect()
    }

    fn ignore(&mut self, error: &MessageError, from: SocketAddr, now: Monotonic) {
        self.ignored += 1;
        if self.garbage.permit(now).is_some() {
            log::warn!("a datagram of {from} is ignored, {} so far: {error}", self.ignored);
        }
    }

    /// Joins the group, or joins it again where interfaces have come up since.
    fn join(&mut self, now: Monotonic) {
        self.next_join = now + JOIN_PERIOD;
        let joined = match &mut self.receiver {
            Some(receiver) => receiver.join_again().map_err(|error| error.to_string()),
            None => receiver(&self.settings, self.settings.port)
                .map(|receiver| self.receiver = Some(receiver)),
        };
        self.mind(joined, now);
    }

    /// Says what is wrong with the membership and that nothing is any more, unless that changes all the
    /// time.
    fn mind(&mut self, joined: Result<(), String>, now: Monotonic) {
        let known = self.trouble.take();
        let was_told = known.as_ref().is_some_and(|known| known.is_told);
        match joined {
            Ok(()) if was_told => log::info!("{} is joined", self.group()),
            Ok(()) => {}
            Err(reason) => {
                let is_news = !was_told || known.is_some_and(|known| known.reason != reason);
                let is_said = is_news && self.told.permit(now).is_some();
                if is_said {
                    let (group, last_word) = (self.group(), self.told.last_word());
                    log::warn!("no telegrams from {group}: {reason}; trying again{last_word}");
                }
                self.trouble = Some(Trouble { reason, is_told: was_told || is_said });
            }
        }
    }
}

/// A receiver for `port` of the configured group; an error tells what is wrong, in words.
fn receiver(settings: &Multicast, port: u16) -> Result<Receiver, String> {
    let interface = settings.interface.as_deref().map(str::parse::<Interface>).transpose()?;
    Receiver::open(settings.address, port, interface.as_ref()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::daemon::said;

    fn subscription(now: Monotonic) -> Subscription {
        let interface = Some("lo".into());
        Subscription::new(Multicast { interface, ..Config::default().multicast }, now)
    }

    #[test]
    fn a_trouble_is_told_once_and_its_end_too() {
        let now = Monotonic::now();
        let mut subscription = subscription(now);
        let lines = said::during(|| {
            for reason in ["no network", "no network", "no such interface"] {
                subscription.mind(Err(reason.into()), now);
            }
            assert_eq!(subscription.trouble(), "; no such interface");
            subscription.mind(Ok(()), now);
            subscription.mind(Ok(()), now);
        });
        let group = subscription.group();
        let wrong = ["no network", "no such interface"]
            .map(|reason| format!("no telegrams from {group}: {reason}; trying again"));
        assert_eq!(lines, [&wrong[..], &[format!("{group} is joined")]].concat());
    }

    #[test]
    fn a_network_that_comes_and_goes_all_the_time_does_not_fill_the_log() {
        let start = Monotonic::now();
        let mut subscription = subscription(start);
        let lines = said::during(|| {
            for minute in 0..60 * 24 {
                let now = start + Duration::from_secs(60 * minute);
                let outcome = if minute % 2 == 0 { Err("no network".into()) } else { Ok(()) };
                subscription.mind(outcome, now);
            }
        });
        assert_eq!(lines.len(), 20 + 2 * 23);
    }
}
