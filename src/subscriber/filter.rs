//! Which meter a program follows, when several are received.
//!
//! Owns the choice: the configured meter, else the first one received, else the one that replaced it.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use log::Level;

use super::quieter;
use crate::message::Message;
use crate::runtime::RateLimit;
use crate::text;

/// A meter was replaced if it has been silent for so long while its listener sends another one's telegrams.
const REPLACED_AFTER: Duration = Duration::from_secs(600);

/// Which meters a program follows, and what it does with their telegrams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Selection {
    /// It takes those of all meters, unless one is configured.
    pub all_meters: bool,
    /// What it does with them, such as `recording`.
    pub doing: &'static str,
    /// Appended to the warning about other meters: how to choose another one.
    pub hint: &'static str,
    /// Nothing but the warning about other meters is worth a line in its log.
    pub is_quiet: bool,
}

/// Lets the telegrams of one meter through, or of all.
#[derive(Debug)]
pub(super) struct MeterFilter {
    selection: Selection,
    configured: Option<String>,
    followed: Option<Followed>,
    /// The last meter that was not let through.
    other: Option<String>,
    others_log: RateLimit,
}

/// The meter that is followed because none is configured.
#[derive(Debug)]
struct Followed {
    id: String,
    listener: Listener,
    last: Instant,
}

/// Where telegrams come from. A listener has one meter, and keeps its host and name when it restarts.
#[derive(Debug, PartialEq, Eq)]
struct Listener {
    host: IpAddr,
    source: Option<String>,
}

impl MeterFilter {
    pub fn new(configured: Option<&str>, selection: Selection) -> Self {
        Self {
            selection,
            configured: configured.map(str::to_owned),
            followed: None,
            other: None,
            others_log: RateLimit::new(Duration::MAX),
        }
    }

    /// Applies other settings. The meter that is followed stays, if it is still chosen by itself.
    pub fn reconfigure(&mut self, configured: Option<&str>, selection: Selection) {
        if self.configured.as_deref() == configured
            && self.selection.all_meters == selection.all_meters
        {
            self.selection = selection;
        } else {
            *self = Self::new(configured, selection);
        }
    }

    /// Whether to let this telegram through.
    pub fn accepts(&mut self, message: &Message, from: SocketAddr, now: Instant) -> bool {
        let is_accepted = match &self.configured {
            Some(id) => message.is_from(id),
            None => self.selection.all_meters || self.follows(message, from, now),
        };
        if !is_accepted {
            self.note_other(message, now);
        }
        is_accepted
    }

    /// The meter that is let through, if it is one, fit for a message.
    pub fn wanted(&self) -> Option<String> {
        let followed = self.followed.as_ref().map(|followed| &followed.id);
        self.configured.as_ref().or(followed).map(|id| quoted(id))
    }

    /// The last meter that was not let through, fit for a message.
    pub fn other(&self) -> Option<String> {
        self.other.as_deref().map(quoted)
    }

    fn follows(&mut self, message: &Message, from: SocketAddr, now: Instant) -> bool {
        let id = message.equipment_id().unwrap_or_default();
        let listener = Listener { host: from.ip(), source: message.meta.source.clone() };
        let doing = self.selection.doing;
        match &mut self.followed {
            None => {
                log::log!(quieter(Level::Info, self.selection.is_quiet),
                    meter = text::escaped(&id).as_str(); "{doing} meter {}", quoted(&id));
            }
            Some(followed) if followed.id == id => {}
            Some(followed) => {
                let silence = now.saturating_duration_since(followed.last);
                if silence < REPLACED_AFTER || followed.listener != listener {
                    return false;
                }
                log::warn!(meter = text::escaped(&id).as_str();
                    "meter {} was replaced by {}; {doing} that one from now on",
                    quoted(&followed.id), quoted(&id));
            }
        }
        self.followed = Some(Followed { id: id.into_owned(), listener, last: now });
        true
    }

    /// Warns once that there is another meter.
    fn note_other(&mut self, message: &Message, now: Instant) {
        let other = message.equipment_id().unwrap_or_default().into_owned();
        if self.others_log.permit(now).is_some() {
            let Selection { doing, hint, .. } = self.selection;
            log::warn!(meter = text::escaped(&other).as_str();
                "also receiving meter {}; {doing} only {}{hint}",
                quoted(&other), self.wanted().unwrap_or_default());
        }
        self.other = Some(other);
    }
}

/// An equipment identifier for the log. Swedish meters, for one, have none.
pub(super) fn quoted(id: &str) -> String {
    if id.is_empty() {
        "without an identifier".into()
    } else {
        format!("\"{}\"", text::escaped(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::message;
    use crate::runtime::captured_log;

    fn filter(configured: Option<&str>, all_meters: bool) -> MeterFilter {
        let selection =
            Selection { all_meters, doing: "recording", hint: " (hint)", is_quiet: false };
        MeterFilter::new(configured, selection)
    }

    /// Which of these telegrams (seconds from the start, meter, last byte of the listener's address) are
    /// accepted.
    fn accepted(mut filter: MeterFilter, telegrams: &[(u64, &str, u8)]) -> Vec<bool> {
        let start = Instant::now();
        let mut accepts = |&(second, id, host): &(u64, &str, u8)| {
            let id = [("0-0:96.1.1", id)];
            let message = message(0, if id[0].1.is_empty() { &[] } else { &id });
            let now = start + Duration::from_secs(second);
            filter.accepts(&message, ([10, 0, 0, host], 1).into(), now)
        };
        telegrams.iter().map(&mut accepts).collect()
    }

    #[test]
    fn the_first_meter_is_accepted_and_others_are_not() {
        let telegrams = [(0, "'A", 1), (1, "'B", 2), (2, "'A", 1), (3, "", 3)];
        let mut result = Vec::new();
        let lines = captured_log(|| result = accepted(filter(None, false), &telegrams));
        assert_eq!(result, [true, false, true, false]);
        let expected =
            ["recording meter \"A\"", "also receiving meter \"B\"; recording only \"A\" (hint)"];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_meter_that_sends_no_identifier_is_a_meter() {
        let telegrams = [(0, "", 1), (1, "'A", 2), (2, "", 1)];
        assert_eq!(accepted(filter(None, false), &telegrams), [true, false, true]);
        assert_eq!(quoted(""), "without an identifier");
    }

    #[test]
    fn the_configured_meter_is_accepted_by_its_identifier_as_sent_or_decoded() {
        let telegrams = [(0, "'B", 1), (1, "'4530303437", 1), (700, "'B", 1)];
        for id in ["4530303437", "E0047"] {
            assert_eq!(accepted(filter(Some(id), true), &telegrams), [false, true, false], "{id}");
        }
    }

    #[test]
    fn all_are_accepted_where_the_program_tells_them_apart() {
        assert_eq!(accepted(filter(None, true), &[(0, "'A", 1), (1, "'B", 2)]), [true, true]);
    }

    #[test]
    fn a_meter_that_was_replaced_is_followed_and_one_that_is_silent_is_not_mixed_with_another() {
        let telegrams =
            [(0, "'A", 1), (599, "'B", 1), (600, "'C", 2), (601, "'B", 1), (602, "'A", 1)];
        let expected = [true, false, false, true, false];
        assert_eq!(accepted(filter(None, false), &telegrams), expected);
    }

    #[test]
    fn other_settings_leave_the_followed_meter_alone_if_they_have_nothing_to_do_with_it() {
        let mut filter = filter(None, false);
        let selection = filter.selection;
        let (from, now) = (([10, 0, 0, 1], 1).into(), Instant::now());
        let [one, other] = ["'A", "'B"].map(|id| message(0, &[("0-0:96.1.1", id)]));
        assert!(filter.accepts(&one, from, now));
        filter.reconfigure(None, selection);
        assert!(!filter.accepts(&other, from, now));
        filter.reconfigure(Some("B"), selection);
        assert!(filter.accepts(&other, from, now) && !filter.accepts(&one, from, now));
        filter.reconfigure(None, Selection { all_meters: true, ..selection });
        assert!(filter.accepts(&other, from, now) && filter.accepts(&one, from, now));
    }
}
