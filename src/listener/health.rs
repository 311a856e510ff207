//! How the listener is doing, and what is said about it.
//!
//! Owns the warnings about missing and rejected telegrams, and the words for `systemctl status` and
//! the log. A line or network that is lost is told by [`super::line`] and [`super::publisher`].

use std::time::{Duration, Instant};

use crate::message::Counts;
use crate::runtime::{OutageLog, RateLimit};
use crate::telegram::Rejection;
use crate::text;

/// How often missing telegrams are mentioned after the first time.
const REMINDER: Duration = Duration::from_secs(3600);

/// How often rejected telegrams are mentioned.
const REJECTION_PERIOD: Duration = Duration::from_secs(600);

/// How much of a telegram's first line is shown, in bytes. Meters need thirty; noise may be longer.
const LONGEST_HEADER: usize = 64;

/// What is known of the telegrams so far.
#[derive(Debug)]
pub struct Health {
    /// How long there may be no telegram before that is said.
    patience: Duration,
    /// The first line of the last telegram.
    meter: Vec<u8>,
    last_telegram: Option<Instant>,
    /// Since when there is no telegram though there is a line.
    quiet_since: Instant,
    /// When that was to be said last, or when there was no line since.
    warned: Option<Instant>,
    silences: OutageLog,
    /// What has come in since the last telegram.
    since_then: Received,
    rejections: RateLimit,
}

#[derive(Clone, Copy, Debug, Default)]
struct Received {
    bytes: u64,
    rejected: u64,
}

impl Health {
    /// No telegram yet; a warning is due when there is none for `patience`.
    #[must_use]
    pub fn new(patience: Duration, now: Instant) -> Self {
        Self {
            patience,
            meter: Vec::new(),
            last_telegram: None,
            quiet_since: now,
            warned: None,
            silences: OutageLog::default(),
            since_then: Received::default(),
            rejections: RateLimit::new(REJECTION_PERIOD),
        }
    }

    /// Takes another time after which missing telegrams are mentioned.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// So many bytes have come in.
    pub fn received(&mut self, bytes: usize) {
        self.since_then.bytes += bytes as u64;
    }

    /// A telegram with this first line has been read.
    pub fn telegram(&mut self, header: &[u8], now: Instant) {
        let header = &header[..header.len().min(LONGEST_HEADER)];
        let was_missed = self.silences.up();
        if self.last_telegram.replace(now).is_none() {
            log::info!("the first telegram is there: {}", text::printable(header));
        } else if was_missed {
            let silence = now.saturating_duration_since(self.quiet_since);
            log::info!("telegrams come again, after {}", text::duration(silence));
        }
        if self.meter != header {
            self.meter = header.to_vec();
        }
        self.warned = None;
        self.quiet_since = now;
        self.since_then = Received::default();
    }

    /// A telegram has been rejected; `bytes` are the example that the debug log shows.
    pub fn rejection(&mut self, rejection: &Rejection, bytes: &[u8], now: Instant) {
        self.since_then.rejected += 1;
        match self.rejections.permit(now) {
            Some(0) => log::warn!("a telegram is rejected: {rejection}"),
            Some(more) => {
                log::warn!("a telegram is rejected, the {more} before it too: {rejection}");
            }
            None => return,
        }
        log::debug!("the rejected telegram: {}", bytes.escape_ascii());
    }

    /// Warns when there have been no telegrams for too long. While there is no line, that has been
    /// said and nothing is to be expected.
    pub fn check(&mut self, has_line: bool, now: Instant) {
        if !has_line {
            // One that comes back has its time too, before it is said to be silent.
            match &mut self.warned {
                Some(warned) => *warned = now,
                None => self.quiet_since = now,
            }
            return;
        }
        let silence = now.saturating_duration_since(self.quiet_since);
        let is_due = match self.warned {
            None => silence >= self.patience,
            Some(warned) => now.saturating_duration_since(warned) >= REMINDER,
        };
        if is_due {
            self.warned = Some(now);
            let reminder = self.silences.is_logged().then_some("");
            if let Some(end) = reminder.or_else(|| self.silences.down(now)) {
                let silence = text::duration(silence);
                log::warn!("no telegram for {silence}: {}{end}", self.diagnosis());
            }
        }
    }

    /// Why there may be no telegrams.
    fn diagnosis(&self) -> String {
        match self.since_then {
            Received { bytes: 0, .. } => {
                "nothing comes in; is the cable in the meter, and is the meter's port on?".into()
            }
            Received { rejected: 0, bytes } => format!(
                "{} came in without one; wrong speed, an inverted signal, an encrypted meter, or another program at the port? (p1listener --probe tells more)",
                text::count(bytes, "byte")
            ),
            Received { rejected, .. } => format!(
                "{} rejected; a bad cable, wrong speed, or another program at the port? (p1listener --probe tells more)",
                text::count(rejected, "telegram")
            ),
        }
    }

    /// How it is going, for `systemctl status`: the meter, its telegrams, and what is wrong now.
    #[must_use]
    pub fn status(
        &self,
        line: &str,
        counts: &Counts,
        unsent: u64,
        troubles: &[Option<String>],
        now: Instant,
    ) -> String {
        let telegrams = match self.last_telegram {
            Some(last) => format!(
                "{} on {line}: {}, {}",
                text::printable(&self.meter),
                text::count(counts.telegrams, "telegram"),
                text::ago(Some(last), now)
            ),
            None => format!("{line}: no telegram yet"),
        };
        let rejected = counts.rejected + counts.dropped.incomplete + counts.dropped.oversize;
        let parts = [
            (rejected > 0).then(|| format!("{rejected} rejected")),
            (unsent > 0).then(|| format!("{unsent} not sent")),
            self.warned.map(|_| self.diagnosis()),
        ];
        let parts = parts.iter().chain(troubles).flatten();
        parts.fold(telegrams, |said, part| said + "; " + part)
    }
}

/// Every count since the start, for the log.
#[must_use]
pub fn counters(counts: &Counts, unsent: u64) -> String {
    format!(
        "{} good, {} with a bad checksum, {} incomplete, {} oversize, {unsent} not sent",
        counts.telegrams, counts.rejected, counts.dropped.incomplete, counts.dropped.oversize,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::captured_log;

    const PATIENCE: Duration = Duration::from_secs(30);
    const METER: &[u8] = b"/TST5\\2M";

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    #[test]
    fn silence_is_said_after_its_time_then_hourly_and_so_is_its_end() {
        let start = Instant::now();
        let mut health = Health::new(PATIENCE, start);
        let lines = captured_log(|| {
            health.telegram(METER, start);
            for second in 1..=7300 {
                health.check(true, start + Duration::from_secs(second));
            }
            health.telegram(METER, start + Duration::from_secs(7300));
            health.telegram(METER, start + Duration::from_secs(7301));
        });
        assert_eq!(lines[0], "the first telegram is there: /TST5\\2M");
        assert!(lines[1].starts_with("no telegram for 30 s: nothing comes in"), "{lines:?}");
        assert!(lines[2].starts_with("no telegram for 60 min"), "{lines:?}");
        assert!(lines[3].starts_with("no telegram for 2 h"), "{lines:?}");
        assert_eq!(lines[4..], ["telegrams come again, after 2 h"]);
    }

    #[test]
    fn a_meter_that_is_always_a_little_late_does_not_fill_the_log() {
        let start = Instant::now();
        let mut health = Health::new(PATIENCE, start);
        let lines = captured_log(|| {
            for second in 0..3600 {
                let now = start + Duration::from_secs(second);
                health.check(true, now);
                if second % 31 == 0 {
                    health.telegram(METER, now);
                }
            }
        });
        assert_eq!(lines.len(), 21, "{lines:?}");
        assert!(lines[19].ends_with("further messages suppressed)"), "{lines:?}");
    }

    #[test]
    fn without_a_line_no_telegrams_are_missed() {
        let start = Instant::now();
        let mut health = Health::new(PATIENCE, start);
        let lines = captured_log(|| {
            for second in 0..3600 {
                health.check(false, start + Duration::from_secs(second));
            }
            health.check(true, start + Duration::from_secs(3600));
        });
        assert_eq!(lines, Vec::<String>::new());
    }

    #[test]
    fn a_reminder_waits_for_the_first_hour_of_a_line_that_is_back() {
        let start = Instant::now();
        let mut health = Health::new(PATIENCE, start);
        let lines = captured_log(|| {
            health.check(true, start + PATIENCE);
            health.check(false, start + minutes(1));
            health.check(false, start + minutes(120));
            health.check(true, start + minutes(121));
            health.check(true, start + minutes(179));
            health.check(true, start + minutes(180));
            health.telegram(METER, start + minutes(180));
        });
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[1].starts_with("no telegram for 3 h"), "{lines:?}");
    }

    #[test]
    fn what_comes_in_tells_why_there_is_no_telegram() {
        let start = Instant::now();
        let mut health = Health::new(PATIENCE, start);
        let lines = captured_log(|| {
            health.received(100);
            health.check(true, start + PATIENCE);
            health.rejection(&Rejection::Missing, b"", start);
            health.check(true, start + PATIENCE + REMINDER);
        });
        assert!(
            lines[0].contains("no telegram for 30 s: 100 bytes came in without one; wrong speed"),
            "{lines:?}"
        );
        assert!(lines[2].contains(": 1 telegram rejected; a bad cable"), "{lines:?}");
    }

    #[test]
    fn rejected_telegrams_are_mentioned_every_ten_minutes_at_most() {
        let start = Instant::now();
        let mut health = Health::new(PATIENCE, start);
        let lines = captured_log(|| {
            for minute in 0..=10 {
                health.rejection(&Rejection::Missing, b"/x", start + minutes(minute));
            }
        });
        assert_eq!(lines.len(), 2);
        assert!(lines[1].starts_with("a telegram is rejected, the 9 before it too:"), "{lines:?}");
    }

    #[test]
    fn the_status_names_meter_line_age_counts_and_what_is_wrong_now() {
        let start = Instant::now();
        let mut health = Health::new(PATIENCE, start);
        let counts = Counts { telegrams: 17, rejected: 2, ..Counts::default() };
        let none = health.status("/dev/x", &Counts::default(), 0, &[None, None], start);
        assert_eq!(none, "/dev/x: no telegram yet");
        health.telegram(METER, start);
        let troubles = [None, Some("no route".to_owned())];
        let status = health.status("/dev/x at 9600 7E1", &counts, 3, &troubles, start + minutes(3));
        assert_eq!(
            status,
            "/TST5\\2M on /dev/x at 9600 7E1: 17 telegrams, the last 3 min ago; 2 rejected; \
             3 not sent; no route"
        );
        health.check(true, start + PATIENCE);
        let status = health.status("/dev/x", &counts, 0, &[], start + PATIENCE);
        assert!(status.contains("; nothing comes in"), "{status}");
    }

    #[test]
    fn a_first_line_without_an_end_is_shown_in_part() {
        let start = Instant::now();
        let mut health = Health::new(PATIENCE, start);
        let lines = captured_log(|| health.telegram(&[0xFF; 5000], start));
        let status = health.status("/dev/x", &Counts::default(), 0, &[], start);
        assert!(lines[0].len() < 300 && status.len() < 400, "{lines:?} {status}");
    }

    #[test]
    fn every_counter_is_in_the_summary() {
        let dropped = crate::telegram::Dropped { stray_bytes: 9, incomplete: 3, oversize: 4 };
        let counts = Counts { telegrams: 1, rejected: 2, dropped, ..Counts::default() };
        let said = counters(&counts, 5);
        let expected = "1 good, 2 with a bad checksum, 3 incomplete, 4 oversize, 5 not sent";
        assert_eq!(said, expected);
    }
}
