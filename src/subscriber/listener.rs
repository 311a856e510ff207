//! Which listener a meter is followed by, when several send its telegrams.
//!
//! Owns the rule: `multicast.source`, else the first one received, until it has been silent for a minute and
//! another one has sent two telegrams. A telegram that both sent is used once. So a second listener, a
//! replay or a forged telegram does not get between the real ones. A listener that is restarted or whose host
//! has another network is the same one.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::filter::{Selection, quoted};
use crate::message::Meta;
use crate::meter::{Meters, REPLACED_AFTER};
use crate::multicast;
use crate::runtime::RateLimit;
use crate::telegram::Timestamp;
use crate::text;

/// A listener that is silent for so long gives its place to another one that sends the same meter.
const LISTENER_TIMEOUT: Duration = Duration::from_secs(60);

/// The same for one that goes on from another address, in intervals between its telegrams: its host has another
/// network. It is also the shortest time, in seconds.
const MOVE_TIMEOUT: u8 = 3;

/// How long we remember the telegrams of a meter, by its own clock: a second listener may be as late.
const OWN_TIMES_KEPT: Duration = Duration::from_secs(120);

/// The most of them. Meters send one a second.
const MAX_OWN_TIMES: usize = 128;

/// The most that two frame numbers of one listener differ, when telegrams are lost or out of order. A listener whose
/// number is not higher than this may just have restarted.
pub(super) const MAX_NUMBER_STEP: u64 = 60;

/// How often the log names another listener of a meter, or one that takes over.
const LOG_INTERVAL: Duration = Duration::from_secs(600);

/// How the log says which listener can be chosen.
const HINT: &str = " (`multicast.source` names the listener to follow)";

/// Who sends telegrams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listener {
    pub address: SocketAddr,
    source: Option<String>,
}

impl Listener {
    pub fn of(meta: &Meta, address: SocketAddr) -> Self {
        Self { address, source: meta.source.clone() }
    }

    /// Whether this is its name or the address of its host.
    fn is_called(&self, name: &str) -> bool {
        self.source.as_deref() == Some(name) || self.address.ip().to_string() == name
    }

    /// Whether both may be one listener that has another port since it was restarted.
    pub fn may_be(&self, other: &Self) -> bool {
        self.address.ip() == other.address.ip() && self.source == other.source
    }

    /// Whether both may be one listener whose host has another address: it sends from one socket all the time.
    pub fn may_have_moved_to(&self, other: &Self) -> bool {
        let is_elsewhere = self.address.ip() != other.address.ip();
        is_elsewhere && self.address.port() == other.address.port() && self.source == other.source
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(f, "{} ({})", text::escaped(source), self.address),
            None => self.address.fmt(f),
        }
    }
}

/// Lets the telegrams of one listener of each meter through.
#[derive(Debug)]
pub(super) struct ListenerFilter {
    selection: Selection,
    /// Raw telegrams have neither a number nor the name of their listener.
    is_raw: bool,
    configured: Option<String>,
    meters: Meters<Followed>,
    /// The last listener that is not the configured one.
    stranger: Option<(Listener, Instant)>,
    strangers_log: RateLimit,
    rivals_log: RateLimit,
    takeovers_log: RateLimit,
}

/// The listener that a meter is followed by.
#[derive(Clone, Debug)]
struct Followed {
    listener: Listener,
    /// It is on this host.
    is_ours: bool,
    last: Instant,
    /// The time between the last two telegrams.
    interval: Duration,
    number: u64,
    /// The last telegrams by the meter's own clock, and when they arrived.
    own_times: VecDeque<(Timestamp, Instant)>,
    rival: Option<Rival>,
    is_warned: bool,
}

/// Another listener that sends the same meter.
#[derive(Clone, Debug)]
struct Rival {
    listener: Listener,
    since: Instant,
    last: Instant,
    telegrams: u64,
}

/// What happens to a telegram.
#[derive(Debug)]
enum Verdict {
    Accepted,
    /// Its listener takes the place of this one.
    TakenOver(Listener),
    Refused,
}

impl ListenerFilter {
    pub fn new(configured: Option<&str>, selection: Selection, is_raw: bool) -> Self {
        Self {
            selection,
            is_raw,
            configured: configured.map(str::to_owned),
            meters: Meters::default(),
            stranger: None,
            strangers_log: RateLimit::new(Duration::MAX),
            rivals_log: RateLimit::new(LOG_INTERVAL),
            takeovers_log: RateLimit::new(LOG_INTERVAL),
        }
    }

    /// Applies other settings. The listeners that are followed stay, if they are chosen as before.
    pub fn reconfigure(&mut self, configured: Option<&str>, selection: Selection) {
        if self.configured.as_deref() == configured {
            self.selection = selection;
        } else {
            *self = Self::new(configured, selection, self.is_raw);
        }
    }

    /// Whether to let this telegram through.
    pub fn accepts(&mut self, meter: &str, meta: &Meta, from: SocketAddr, now: Instant) -> bool {
        let listener = Listener::of(meta, from);
        if !self.may_follow(&listener, now) {
            return false;
        }
        let first = || Followed::new(listener.clone(), meta, now);
        // There are too many meters: this one has one listener for all that we know.
        let Ok(member) = self.meters.hear(meter, now, first) else { return true };
        if member.telegrams == 1 {
            return true;
        }
        let (followed, doing) = (&mut member.state, self.selection.doing);
        match followed.judge(listener.clone(), meta, self.is_raw, now) {
            Verdict::Accepted => true,
            Verdict::TakenOver(old) => {
                if self.takeovers_log.permit(now).is_some() {
                    log::warn!(
                        "listener {old} is silent; {doing} meter {} from {listener}",
                        quoted(meter)
                    );
                }
                true
            }
            Verdict::Refused => {
                if !followed.is_warned
                    && !followed.may_be_moving()
                    && self.rivals_log.permit(now).is_some()
                {
                    followed.is_warned = true;
                    let old = &followed.listener;
                    log::warn!(
                        "meter {} is sent by {old} and by {listener}; {doing} {old}{HINT}",
                        quoted(meter)
                    );
                }
                false
            }
        }
    }

    /// What is worth knowing about other listeners that were received lately.
    pub fn problems(&self, now: Instant) -> impl Iterator<Item = String> {
        let doing = self.selection.doing;
        let rivals = self.meters.iter().filter_map(move |member| {
            let rival = member.state.rival.as_ref().filter(|rival| is_recent(rival.last, now))?;
            Some(format!("meter {} is also sent by {}", quoted(&member.key), rival.listener))
        });
        let stranger = self.recent_stranger(now).into_iter();
        stranger.map(move |listener| format!("not {doing} listener {listener}")).chain(rivals)
    }

    /// The listener that was received lately and is not the configured one, and the configured name, fit for a message.
    pub fn instead_of_configured(&self, now: Instant) -> Option<String> {
        let (listener, name) = (self.recent_stranger(now)?, self.configured.as_deref()?);
        Some(format!("listener {listener} instead of {}", text::escaped(name)))
    }

    fn recent_stranger(&self, now: Instant) -> Option<&Listener> {
        let (listener, last) = self.stranger.as_ref()?;
        is_recent(*last, now).then_some(listener)
    }

    /// Whether this is the configured listener, if one is configured.
    fn may_follow(&mut self, listener: &Listener, now: Instant) -> bool {
        let Some(name) = &self.configured else { return true };
        // A raw telegram can only be told by the address of its host.
        if listener.is_called(name) || self.is_raw && name.parse::<std::net::IpAddr>().is_err() {
            return true;
        }
        if self.strangers_log.permit(now).is_some() {
            let doing = self.selection.doing;
            log::warn!("also receiving listener {listener}; {doing} only {}", text::escaped(name));
        }
        self.stranger = Some((listener.clone(), now));
        false
    }
}

impl Followed {
    fn new(listener: Listener, meta: &Meta, now: Instant) -> Self {
        let mut followed = Self {
            is_ours: multicast::is_ours(listener.address),
            listener,
            last: now,
            interval: Duration::ZERO,
            number: meta.frame_number,
            own_times: VecDeque::new(),
            rival: None,
            is_warned: false,
        };
        followed.note(meta, now);
        followed
    }

    fn judge(&mut self, from: Listener, meta: &Meta, is_raw: bool, now: Instant) -> Verdict {
        let is_repeat = self.has_own_time(meta, now);
        let is_same = self.listener == from
            || !is_repeat
                && (self.has_moved_to(&from, meta, is_raw)
                    || self.has_new_address(&from, meta, is_raw, now));
        if is_same {
            self.follow(from);
            self.note(meta, now);
            return Verdict::Accepted;
        }
        let telegrams = self.rival.as_ref().map_or(0, |rival| rival.telegrams) + 1;
        let since = self.rival.as_ref().filter(|rival| rival.listener == from);
        let since = since.map_or(now, |rival| rival.since);
        let silence = now.saturating_duration_since(self.last);
        if silence >= LISTENER_TIMEOUT && telegrams > 1 && !is_repeat {
            self.note(meta, now);
            return Verdict::TakenOver(self.follow(from));
        }
        self.rival = Some(Rival { listener: from, since, last: now, telegrams });
        Verdict::Refused
    }

    /// Follows this listener, and gives the one before.
    fn follow(&mut self, listener: Listener) -> Listener {
        if listener.address != self.listener.address {
            self.is_ours = multicast::is_ours(listener.address);
            self.rival.take_if(|rival| rival.listener == listener);
        }
        std::mem::replace(&mut self.listener, listener)
    }

    /// Remembers a telegram that was accepted.
    fn note(&mut self, meta: &Meta, now: Instant) {
        self.interval = now.saturating_duration_since(self.last);
        (self.last, self.number) = (now, meta.frame_number);
        if let Some(time) = meta.meter_time {
            if self.own_times.len() == MAX_OWN_TIMES {
                self.own_times.pop_front();
            }
            self.own_times.push_back((time, now));
        }
    }

    /// Whether the telegram with this own time of the meter was accepted lately. If several were, the clock
    /// stands still, or is too coarse to tell telegrams apart.
    fn has_own_time(&self, meta: &Meta, now: Instant) -> bool {
        let is_it = |&(time, arrival): &(Timestamp, Instant)| {
            Some(time) == meta.meter_time && now.saturating_duration_since(arrival) < OWN_TIMES_KEPT
        };
        self.own_times.iter().filter(|known| is_it(known)).count() == 1
    }

    /// Whether this is the same listener with another port or another name: it was restarted, its network has
    /// changed, or it was given a name. A new name does not interrupt the numbers of its telegrams.
    fn has_moved_to(&self, from: &Listener, meta: &Meta, is_raw: bool) -> bool {
        let goes_on = self.goes_on(meta);
        let is_renamed = from.address == self.listener.address && goes_on;
        let fits = is_raw || meta.frame_number <= MAX_NUMBER_STEP || goes_on;
        is_renamed || fits && from.may_be(&self.listener)
    }

    /// Whether this is the same listener, whose host has joined or left a network. On our own host nobody else can
    /// send from its addresses. Elsewhere, anybody could send what goes on from there, so the old address must have
    /// been silent for a few telegrams.
    fn has_new_address(&self, from: &Listener, meta: &Meta, is_raw: bool, now: Instant) -> bool {
        if !self.listener.may_have_moved_to(from) {
            return false;
        }
        if self.is_ours && multicast::is_ours(from.address) {
            return is_raw || meta.frame_number > self.number;
        }
        let silence = now.saturating_duration_since(self.last);
        let min_timeout = Duration::from_secs(MOVE_TIMEOUT.into());
        let timeout = (self.interval * MOVE_TIMEOUT.into()).max(min_timeout);
        silence >= timeout && (is_raw || self.goes_on(meta))
    }

    /// Whether the rival may be the same listener: it sends only since the old address is silent.
    fn may_be_moving(&self) -> bool {
        let is_it = |rival: &Rival| {
            self.last < rival.since && self.listener.may_have_moved_to(&rival.listener)
        };
        self.rival.as_ref().is_some_and(is_it)
    }

    /// Whether a telegram follows the last one, as far as one listener counts.
    fn goes_on(&self, meta: &Meta) -> bool {
        (1..=MAX_NUMBER_STEP).contains(&meta.frame_number.wrapping_sub(self.number))
    }
}

fn is_recent(last: Instant, now: Instant) -> bool {
    now.saturating_duration_since(last) < REPLACED_AFTER
}

#[cfg(test)]
mod tests;
