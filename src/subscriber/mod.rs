//! The one way in which a program receives telegrams from the network.
//!
//! ```text
//! group ──▶ membership ──▶ protection, guard: signature ──▶ intake ──▶ program
//!                                                            filter, listener: one meter, one listener of it
//!                                                            losses, repeats: each telegram once
//!                                                            rates: no more than a meter can send
//! ```
//!
//! Owns the membership, what to do while nothing comes, and how logs and statuses word it. What is done
//! with a telegram is up to the program. A program starts with [`Subscriber::join`] if it cannot do anything
//! without a network, and with [`Subscriber::join_when_possible`] if it waits for one.

mod filter;
mod guard;
mod intake;
mod listener;
mod losses;
mod membership;
mod protection;
mod rates;
mod repeats;
mod silence;

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use log::Level;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub(crate) use filter::Selection;
#[cfg(fuzzing)]
pub use guard::{Arrival, Guard};
pub(crate) use intake::Intake;
pub(crate) use losses::LossCounts;
use membership::{Endpoint, Membership};
pub(crate) use protection::Protection;
use silence::Silence;

use crate::config::Multicast;
use crate::message::Message;
use crate::runtime::{Exit, signals};
use crate::text;

/// At most this many datagrams are dropped in a row before the program gets to do something else.
const MAX_DROPPED: usize = 64;

/// In which form a program receives telegrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    /// JSON, from `multicast.port`.
    Json,
    /// As the meter sent them, from `multicast.raw_port`.
    Raw,
}

/// A telegram from the network.
#[derive(Clone, Debug)]
pub struct Telegram {
    /// What it says. Of a raw telegram, the meta data say nothing.
    pub message: Message,
    /// Who sent it.
    pub from: SocketAddr,
}

/// Receives the telegrams of a group, each one once.
pub(crate) struct Subscriber {
    membership: Membership,
    protection: Protection,
    intake: Intake,
    silence: Silence,
    /// It logs that there are no telegrams.
    is_daemon: bool,
}

impl Subscriber {
    /// Joins the group now. A failure is logged, and is [`Exit::Unavailable`].
    pub fn join(
        settings: &Multicast,
        feed: Feed,
        selection: Selection,
        now: Instant,
    ) -> Result<Self, Exit> {
        let unavailable = |reason: String| {
            log::error!("{reason}");
            Exit::Unavailable
        };
        let endpoint = Endpoint::new(settings, feed)
            .ok_or_else(|| unavailable("multicast.raw_port is off".to_owned()))?;
        let protection = Protection::load(settings, feed, selection, now);
        if let Protection::Closed(problem) = protection {
            log::error!("{problem}");
            return Err(Exit::Config);
        }
        let membership = Membership::join(endpoint, now).map_err(unavailable)?;
        let intake = Intake::new(settings, feed, selection, now);
        Ok(Self { membership, protection, intake, silence: Silence::new(now), is_daemon: false })
    }

    /// Joins the group of JSON telegrams, now or later: a failure is logged, and joining is tried again.
    pub fn join_when_possible(settings: &Multicast, selection: Selection, now: Instant) -> Self {
        let protection = Protection::load(settings, Feed::Json, selection, now);
        if let Protection::Closed(problem) = &protection {
            log::error!("{problem}; taking no telegrams");
        }
        Self {
            protection,
            membership: Membership::join_when_possible(Endpoint::json(settings), now),
            intake: Intake::new(settings, Feed::Json, selection, now),
            silence: Silence::new(now),
            is_daemon: true,
        }
    }

    /// Applies other settings. What was counted stays.
    pub fn reconfigure(&mut self, settings: &Multicast, selection: Selection, now: Instant) {
        self.membership.reconfigure(Endpoint::json(settings), now);
        self.protection.reconfigure(settings, selection);
        self.intake.reconfigure(settings, selection);
    }

    /// Prefers this meter to the first one received, unless one is configured: it was followed before.
    pub fn expect_meter(&mut self, id: String, now: Instant) {
        self.intake.filter.expect(id, now);
    }

    /// Waits for a datagram, for at most `timeout` or until a signal arrives.
    pub fn wait(&self, timeout: Duration, now: Instant) {
        let timeout = timeout.min(self.time_to_work(now));
        let mut sockets: Vec<_> =
            self.fds().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        match Timespec::try_from(timeout) {
            // Whatever poll reports, the next attempt to receive finds out.
            Ok(timeout) if !sockets.is_empty() => drop(poll(&mut sockets, Some(&timeout))),
            _ => signals::wait(timeout),
        }
    }

    /// The next telegram, if one has arrived. Never blocks. Also keeps the membership up, so call it now and
    /// then: after [`Subscriber::time_to_work`] at the latest.
    pub fn next(&mut self, now: Instant) -> Option<Telegram> {
        self.membership.keep_up(now);
        self.protection.read_announcements(now);
        let telegram = self.receive(now);
        if telegram.is_none() {
            self.handle_silence(now);
        }
        telegram
    }

    fn receive(&mut self, now: Instant) -> Option<Telegram> {
        for _ in 0..MAX_DROPPED {
            let from = self.membership.receive(now)?;
            if !self.protection.admits(self.membership.datagram(), from, now) {
                continue;
            }
            let lost = self.intake.losses.counts().lost;
            let telegram = self.intake.take(self.membership.datagram(), from, now);
            if telegram.is_some() {
                if let Some(time) = self.silence.end(now) {
                    let lost = match self.intake.losses.counts().lost.saturating_sub(lost) {
                        0 => String::new(),
                        lost => format!("; {} lost", text::count(lost, "telegram")),
                    };
                    let time = text::duration(time);
                    log::info!("receiving telegrams again after {time}{lost}");
                }
                return telegram;
            }
        }
        None
    }

    /// Renews the membership when there has been no telegram for a while, and logs that.
    fn handle_silence(&mut self, now: Instant) {
        if self.silence.is_renewal_due(now) {
            self.memberships().for_each(|membership| membership.renew(now));
        } else if self.silence.has_begun(now) {
            self.memberships().for_each(|membership| membership.hurry(now));
        }
        // Without a network, that has been logged.
        if self.is_daemon && self.membership.is_joined() {
            if let Some((time, note)) = self.silence.log_due(now) {
                let time = format!("for {}", text::duration(time));
                log::warn!("{}{note}", self.silence_of(None, &time, now));
            }
        }
    }

    /// The bytes of the last telegram.
    pub fn datagram(&self) -> &[u8] {
        self.membership.datagram()
    }

    /// The sockets, for a program that waits for other things as well. While there is none, such a program
    /// waits for [`Subscriber::time_to_work`].
    pub fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.membership.fd().into_iter().chain(self.protection.fd())
    }

    fn memberships(&mut self) -> impl Iterator<Item = &mut Membership> {
        [&mut self.membership].into_iter().chain(self.protection.announcements())
    }

    /// The time until there is something to do even if nothing arrives.
    pub fn time_to_work(&self, now: Instant) -> Duration {
        let next = self.membership.next_join().min(self.silence.next_renewal());
        let overdue = self.silence.overdue().filter(|overdue| *overdue > now);
        overdue.map_or(next, |overdue| overdue.min(next)).saturating_duration_since(now)
    }

    /// Address and port of the group.
    pub fn group(&self) -> SocketAddr {
        self.membership.group()
    }

    /// How it is going: `224.7.2.1:52001: 17 telegrams, the last 1 s ago, 2 lost`, and what is wrong.
    pub fn status(&self, now: Instant) -> String {
        let mut status = format!("{}: {}", self.group(), self.intake.status(now));
        for problem in self.intake.problems(now) {
            let _ = write!(status, "; {problem}");
        }
        for problem in self.membership.problems() {
            let _ = write!(status, "; {problem}");
        }
        if let Some(problem) = self.protection.problem(now) {
            let _ = write!(status, "; {problem}");
        }
        status
    }

    /// The message that no telegram has arrived for this long: of `meter`, or else of the configured one.
    pub fn silence(&self, meter: Option<&str>, time: Duration, now: Instant) -> String {
        self.silence_of(meter, &format!("within {}", text::duration(time)), now)
    }

    /// The message that there was no telegram in this `time`, and what was received instead.
    fn silence_of(&self, meter: Option<&str>, time: &str, now: Instant) -> String {
        let Intake { filter, listeners, received, ignored, .. } = &self.intake;
        let has_others = meter.is_some() && *received > 0;
        let meter = meter.map(filter::quoted).or_else(|| filter.wanted());
        let meter = meter.map(|meter| format!(" of meter {meter}")).unwrap_or_default();
        let other = filter.other(now).map(|meter| format!("meter {meter}"));
        let other = other.or_else(|| listeners.instead_of_configured(now));
        let instead = match (other, has_others, self.protection.refused(), ignored) {
            (Some(other), ..) => format!("; receiving {other}"),
            (None, true, ..) => "; receiving other meters".to_owned(),
            (None, _, refused @ 1.., _) => {
                let refused = text::count(refused, "datagram");
                format!("; refused {refused}{}", self.protection.last_refusal(now))
            }
            (None, _, _, ignored @ 1..) => {
                format!("; ignored {}", text::count(*ignored, "datagram"))
            }
            _ => String::new(),
        };
        let group = self.group();
        format!(
            "no telegram{meter} from {group} {time}{instead} \
             (see TROUBLESHOOTING in p1-multicast(7))"
        )
    }

    /// What was counted of the sender of a telegram.
    #[cfg_attr(
        not(any(feature = "dashboard", test)),
        expect(dead_code, reason = "only p1dashboard asks")
    )]
    pub fn losses_of(&self, from: SocketAddr) -> LossCounts {
        self.intake.losses.counts_of(from)
    }

    /// The number of datagrams that were not telegrams.
    #[cfg_attr(
        not(any(feature = "dashboard", test)),
        expect(dead_code, reason = "only p1dashboard asks")
    )]
    pub fn ignored(&self) -> u64 {
        self.intake.ignored
    }
}

/// This level, or debug for a program whose messages would be in the way.
fn quieter(level: Level, is_quiet: bool) -> Level {
    if is_quiet { Level::Debug } else { level }
}
