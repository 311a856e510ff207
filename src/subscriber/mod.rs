//! The one way in which a program receives telegrams from the network.
//!
//! ```text
//! group ──▶ membership ──▶ guard (signature), parse ──▶ filter, listener: one meter, one listener of it ──▶
//!                                    losses, repeats: each telegram once ──▶
//!                                    rates: no more than a meter can send ──▶ program
//! ```
//!
//! Owns the membership, what is received, lost and ignored, and how logs and statuses word it. What is done
//! with a telegram is up to the program. A program starts with [`Subscriber::join`] if it cannot do anything
//! without a network, and with [`Subscriber::join_when_possible`] if it waits for one.

mod filter;
mod guard;
mod listener;
mod losses;
mod membership;
mod rates;
mod repeats;
mod silence;

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use log::Level;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use filter::MeterFilter;
pub(crate) use filter::Selection;
#[cfg(fuzzing)]
pub use guard::{Arrival, Guard};
#[cfg(not(fuzzing))]
use guard::{Arrival, Guard};
use listener::ListenerFilter;
pub(crate) use losses::LossCounts;
use losses::LossTracker;
use membership::{Endpoint, Membership};
use rates::Rates;
use repeats::Repeats;
use silence::Silence;

use crate::config::Multicast;
use crate::key_files::{self, KeysError};
use crate::message::{Encoder, MAX_DATAGRAM, Message, SigningKey};
use crate::runtime::secret::credentials_directory;
use crate::runtime::{Exit, RateLimit, signals};
use crate::telegram::{Framer, Timestamp};
use crate::text;

/// At most this many datagrams are dropped in a row before the program gets to do something else.
const MAX_DROPPED: usize = 64;

/// How often ignored datagrams are logged.
const IGNORED_LOG_INTERVAL: Duration = Duration::from_secs(600);

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

/// Whose datagrams are taken.
pub(crate) enum Protection {
    /// Those of everybody.
    Open,
    /// Those of who holds the key.
    Signed(Box<Signed>),
    /// None: a key is configured, and cannot be read.
    Closed(String),
}

/// What there is with a key.
pub(crate) struct Signed {
    guard: Guard,
    /// Where the key is, unless it is a credential.
    key_file: Option<PathBuf>,
    /// Receives the JSON that announces raw telegrams, for a program that receives those.
    announcements: Option<Membership>,
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
        self.intake.filter.reconfigure(settings.meter.as_deref(), selection);
        self.intake.listeners.reconfigure(settings.source.as_deref(), selection);
    }

    /// Prefers this meter to the first one received, unless one is configured: it was followed before.
    pub fn expect_meter(&mut self, id: String, now: Instant) {
        self.intake.filter.expect(id, now);
    }

    /// Waits for a datagram, for at most `timeout` or until a signal arrives.
    pub fn wait(&self, timeout: Duration, now: Instant) {
        let timeout = timeout.min(self.time_to_work(now));
        match (self.fd(), Timespec::try_from(timeout)) {
            // Whatever poll reports, the next attempt to receive finds out.
            (Some(fd), Ok(timeout)) => {
                let _ = poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], Some(&timeout));
            }
            _ => signals::wait(timeout),
        }
    }

    /// The next telegram, if one has arrived. Never blocks. Also keeps the membership up, so call it now and
    /// then: after [`Subscriber::time_to_work`] at the latest.
    pub fn next(&mut self, now: Instant) -> Option<Telegram> {
        self.membership.keep_up(now);
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
            self.membership.renew(now);
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

    /// The socket, for a program that waits for other things as well. While there is none, such a program
    /// waits for [`Subscriber::time_to_work`].
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.membership.fd()
    }

    /// The time until there is something to do even if nothing arrives.
    pub fn time_to_work(&self, now: Instant) -> Duration {
        let next = self.membership.next_join().min(self.silence.next_renewal());
        next.saturating_duration_since(now)
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
        if let Some(problem) = self.protection.problem() {
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
        let Intake { filter, received, ignored, .. } = &self.intake;
        let has_others = meter.is_some() && *received > 0;
        let meter = meter.map(filter::quoted).or_else(|| filter.wanted());
        let meter = meter.map(|meter| format!(" of meter {meter}")).unwrap_or_default();
        let instead = match (filter.other(now), has_others, self.protection.refused(), ignored) {
            (Some(other), ..) => format!("; receiving meter {other}"),
            (None, true, ..) => "; receiving other meters".to_owned(),
            (None, _, refused @ 1.., _) => {
                format!("; refused {}", text::count(refused, "datagram"))
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

impl Protection {
    /// That of these settings, for telegrams in this form.
    pub fn load(settings: &Multicast, feed: Feed, selection: Selection, now: Instant) -> Self {
        match read_key(settings.key_file.as_deref()) {
            Ok(None) => Self::Open,
            Ok(Some(key)) => {
                let mut signed = Signed::new(settings, selection, key);
                let json = || Membership::join_when_possible(Endpoint::json(settings), now);
                signed.announcements = (feed == Feed::Raw).then(json);
                Self::Signed(Box::new(signed))
            }
            Err(error) => Self::Closed(error.to_string()),
        }
    }

    /// Reads the key again, for a program that receives JSON. One that cannot be read leaves everything as it is.
    fn reconfigure(&mut self, settings: &Multicast, selection: Selection) {
        match (read_key(settings.key_file.as_deref()), &mut *self) {
            (Ok(Some(key)), Self::Signed(signed)) => {
                signed.guard.set_key(key);
                signed.key_file.clone_from(&settings.key_file);
            }
            (Ok(Some(key)), _) => {
                *self = Self::Signed(Box::new(Signed::new(settings, selection, key)));
            }
            (Ok(None), _) => *self = Self::Open,
            (Err(error), _) => log::error!("{error}; keeping the current key"),
        }
    }

    /// Whether to take a datagram. Of raw telegrams, those that a signed one in JSON has announced.
    pub fn admits(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) -> bool {
        match self {
            Self::Open => true,
            Self::Closed(_) => false,
            Self::Signed(signed) => signed.admits(datagram, from, now),
        }
    }

    /// How many datagrams were refused for want of a right signature.
    fn refused(&self) -> u64 {
        if let Self::Signed(signed) = self { signed.guard.refused() } else { 0 }
    }

    fn problem(&self) -> Option<String> {
        match (self, self.refused()) {
            (Self::Closed(problem), _) => Some(problem.clone()),
            (_, 0) => None,
            (_, refused) => Some(format!("{} refused", text::count(refused, "datagram"))),
        }
    }
}

impl Signed {
    fn new(settings: &Multicast, selection: Selection, key: SigningKey) -> Self {
        let guard = Guard::new(key, SystemTime::now().into(), selection.is_quiet);
        Self { guard, key_file: settings.key_file.clone(), announcements: None }
    }

    fn admits(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) -> bool {
        let Self { guard, key_file, announcements } = self;
        let arrival = |from| Arrival { from, wall: SystemTime::now().into(), now };
        let read_key = || read_key(key_file.as_deref()).ok().flatten();
        let Some(announcements) = announcements else {
            return guard.admits(datagram, arrival(from), read_key);
        };
        // The JSON of a raw telegram is sent before it.
        announcements.keep_up(now);
        while let Some(from) = announcements.receive(now) {
            guard.admits(announcements.datagram(), arrival(from), read_key);
        }
        guard.admits_raw(datagram, arrival(from))
    }
}

fn read_key(file: Option<&Path>) -> Result<Option<SigningKey>, KeysError> {
    key_files::read_signing_key(file, credentials_directory().as_deref())
}

/// From datagrams to the telegrams of interest. Pure: the clock is passed in.
pub(crate) struct Intake {
    feed: Feed,
    /// Nothing but another meter is worth a line.
    is_quiet: bool,
    filter: MeterFilter,
    listeners: ListenerFilter,
    losses: LossTracker,
    repeats: Repeats,
    rates: Rates,
    received: u64,
    last: Option<Instant>,
    ignored: u64,
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
        if !self.filter.accepts(&message, now) || !self.listeners.accepts(&message, from, now) {
            return None;
        }
        let is_new = match self.feed {
            Feed::Json => self.losses.is_new(&message.meta, from, now),
            Feed::Raw => self.repeats.is_new(datagram, from, now),
        };
        if !is_new || !self.rates.permits(&message, from, now) {
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

    fn status(&self, now: Instant) -> String {
        let received = text::count(self.received, "telegram");
        let (age, losses) = (text::ago(self.last, now), self.losses.counts());
        let ignored = match self.ignored {
            0 => String::new(),
            ignored => format!(", {} ignored", text::count(ignored, "datagram")),
        };
        format!("{received}, {age}{losses}{ignored}")
    }

    /// Meters, listeners and telegrams that were received lately and not used.
    fn problems(&self, now: Instant) -> impl Iterator<Item = String> {
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

/// This level, or debug for a program whose messages would be in the way.
fn quieter(level: Level, is_quiet: bool) -> Level {
    if is_quiet { Level::Debug } else { level }
}
