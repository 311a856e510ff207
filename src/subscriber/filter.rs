//! Which meter a program follows, when several are received.
//!
//! Owns the log messages; the rule is that of [`Follower`].

use std::time::{Duration, Instant};

use log::Level;

use super::quieter;
use crate::message::Message;
use crate::meter::{self, Follower, Heard, REPLACED_AFTER};
use crate::runtime::RateLimit;
use crate::text;

/// Which meters a program follows, and what it does with their telegrams.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Selection {
    /// It takes those of all meters, unless one is configured.
    pub all_meters: bool,
    /// What it does with them, such as `recording`.
    pub doing: &'static str,
    /// Appended to the warning about other meters: how to choose another one.
    pub hint: &'static str,
    /// Nothing but the warning about other meters is worth a line in its log.
    pub is_quiet: bool,
    /// It follows the first meter received, however silent that is: another one may be that of something else.
    pub keeps_first: bool,
}

/// Lets the telegrams of one meter through, or of all.
#[derive(Debug)]
pub(super) struct MeterFilter {
    selection: Selection,
    configured: Option<String>,
    follower: Follower<Instant>,
    /// The last meter that was not let through.
    other: Option<(String, Instant)>,
    others_log: RateLimit,
}

impl MeterFilter {
    pub fn new(configured: Option<&str>, selection: Selection) -> Self {
        let configured = configured.map(str::to_owned);
        let mut follower = Follower::new(configured.clone());
        if selection.keeps_first {
            follower.never_replace();
        }
        Self {
            selection,
            follower,
            configured,
            other: None,
            others_log: RateLimit::new(Duration::MAX),
        }
    }

    /// Applies other settings. The meter that is followed stays, if it is chosen as before.
    pub fn reconfigure(&mut self, configured: Option<&str>, selection: Selection) {
        if self.configured.as_deref() == configured
            && self.selection.all_meters == selection.all_meters
        {
            self.selection = selection;
        } else {
            *self = Self::new(configured, selection);
        }
    }

    /// Waits for this meter instead of taking the first one received, unless one is configured.
    pub fn expect(&mut self, id: String, now: Instant) {
        if self.configured.is_none() {
            self.follower = Follower::expecting(id, now);
        }
    }

    /// Whether to let this telegram through.
    pub fn accepts(&mut self, message: &Message, now: Instant) -> bool {
        if self.configured.is_none() && self.selection.all_meters {
            return true;
        }
        let doing = self.selection.doing;
        let id = || meter::id(message);
        match self.follower.hear(message, now) {
            Heard::Followed => {}
            Heard::First => {
                log::log!(quieter(Level::Info, self.selection.is_quiet),
                    meter = text::escaped(&id()).as_str(); "{doing} meter {}", quoted(&id()));
            }
            Heard::Successor(old) => {
                log::warn!(meter = text::escaped(&id()).as_str();
                    "meter {} was silent for ten minutes; {doing} {} from now on",
                    quoted(&old), quoted(&id()));
            }
            Heard::Other => {
                self.note_other(id().into_owned(), now);
                return false;
            }
        }
        true
    }

    /// The meter that is let through, if it is one, fit for a message.
    pub fn wanted(&self) -> Option<String> {
        let is_all = self.configured.is_none() && self.selection.all_meters;
        self.follower.id().filter(|_| !is_all).map(quoted)
    }

    /// A meter that was received lately and not let through, fit for a message.
    pub fn other(&self, now: Instant) -> Option<String> {
        let (id, last) = self.other.as_ref()?;
        (now.saturating_duration_since(*last) < REPLACED_AFTER).then(|| quoted(id))
    }

    /// The same, for a status.
    pub fn problem(&self, now: Instant) -> Option<String> {
        self.other(now).map(|meter| format!("not {} meter {meter}", self.selection.doing))
    }

    /// Warns once that there is another meter.
    fn note_other(&mut self, other: String, now: Instant) {
        if self.others_log.permit(now).is_some() {
            let Selection { doing, hint, .. } = self.selection;
            log::warn!(meter = text::escaped(&other).as_str();
                "also receiving meter {}; {doing} only {}{hint}",
                quoted(&other), self.wanted().unwrap_or_default());
        }
        self.other = Some((other, now));
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
            Selection { all_meters, doing: "recording", hint: " (hint)", ..Selection::default() };
        MeterFilter::new(configured, selection)
    }

    /// Which of these telegrams (seconds from the start, meter) are accepted.
    fn accepted(mut filter: MeterFilter, telegrams: &[(u64, &str)]) -> Vec<bool> {
        let start = Instant::now();
        let mut accepts = |&(second, id): &(u64, &str)| {
            let id = [("0-0:96.1.1", id)];
            let message = message(0, if id[0].1.is_empty() { &[] } else { &id });
            let now = start + Duration::from_secs(second);
            filter.accepts(&message, now)
        };
        telegrams.iter().map(&mut accepts).collect()
    }

    #[test]
    fn the_first_meter_is_accepted_and_others_are_not() {
        let telegrams = [(0, "'A"), (1, "'B"), (2, "'A"), (3, "")];
        let mut result = Vec::new();
        let lines = captured_log(|| result = accepted(filter(None, false), &telegrams));
        assert_eq!(result, [true, false, true, false]);
        let expected =
            ["recording meter \"A\"", "also receiving meter \"B\"; recording only \"A\" (hint)"];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_meter_that_sends_no_identifier_is_a_meter() {
        let telegrams = [(0, ""), (1, "'A"), (2, "")];
        assert_eq!(accepted(filter(None, false), &telegrams), [true, false, true]);
        assert_eq!(quoted(""), "without an identifier");
    }

    #[test]
    fn the_configured_meter_is_accepted_by_its_identifier_as_sent_or_decoded() {
        let telegrams = [(0, "'B"), (1, "'4530303437"), (700, "'B")];
        for id in ["4530303437", "E0047"] {
            assert_eq!(accepted(filter(Some(id), true), &telegrams), [false, true, false], "{id}");
        }
    }

    #[test]
    fn all_are_accepted_where_the_program_tells_them_apart() {
        assert_eq!(accepted(filter(None, true), &[(0, "'A"), (1, "'B")]), [true, true]);
    }

    #[test]
    fn a_meter_that_is_silent_for_ten_minutes_is_replaced_and_the_log_says_so() {
        let telegrams = [(0, "'A"), (599, "'B"), (600, "'B"), (601, "'B"), (602, "'A")];
        let lines = captured_log(|| {
            let result = accepted(filter(None, false), &telegrams);
            assert_eq!(result, [true, false, false, true, false]);
        });
        assert_eq!(lines[2], "meter \"A\" was silent for ten minutes; recording \"B\" from now on");
    }

    #[test]
    fn a_meter_that_is_kept_is_not_replaced_after_a_reload_either() {
        let selection = Selection { keeps_first: true, ..filter(None, false).selection };
        let mut filter = MeterFilter::new(Some("C"), selection);
        filter.reconfigure(None, selection);
        let telegrams = [(0, "'A"), (900, "'B"), (901, "'B"), (902, "'A")];
        assert_eq!(accepted(filter, &telegrams), [true, false, false, true]);
    }

    #[test]
    fn the_expected_meter_is_waited_for_and_the_status_names_the_other_one_meanwhile() {
        let (mut filter, start) = (filter(None, false), Instant::now());
        filter.expect("A".into(), start);
        let [mine, other] = ["'A", "'B"].map(|id| message(0, &[("0-0:96.1.1", id)]));
        assert!(!filter.accepts(&other, start));
        assert_eq!(filter.problem(start).as_deref(), Some("not recording meter \"B\""));
        assert!(filter.accepts(&mine, start));
        assert_eq!(filter.problem(start + REPLACED_AFTER), None);
        let mut filter = self::filter(Some("C"), false);
        filter.expect("A".into(), start);
        assert!(!filter.accepts(&mine, start), "another one is configured");
    }

    #[test]
    fn other_settings_leave_the_followed_meter_alone_if_they_have_nothing_to_do_with_it() {
        let mut filter = filter(None, false);
        let selection = filter.selection;
        let now = Instant::now();
        let [one, other] = ["'A", "'B"].map(|id| message(0, &[("0-0:96.1.1", id)]));
        assert!(filter.accepts(&one, now));
        filter.reconfigure(None, selection);
        assert!(!filter.accepts(&other, now));
        filter.reconfigure(Some("B"), selection);
        assert!(filter.accepts(&other, now) && !filter.accepts(&one, now));
        filter.reconfigure(None, Selection { all_meters: true, ..selection });
        assert!(filter.accepts(&other, now) && filter.accepts(&one, now));
    }
}
