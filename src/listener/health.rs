//! How the listener is doing.
//!
//! Owns the warnings about missing and rejected telegrams, and the text for `systemctl status` and the
//! log. [`super::line`] and [`super::publisher`] report a lost line or network.

use std::time::{Duration, Instant};

use crate::message::Counts;
use crate::runtime::{OutageLog, RateLimit};
use crate::telegram::Rejection;
use crate::text;

/// How often the warning about missing telegrams is repeated.
const REMINDER_INTERVAL: Duration = Duration::from_secs(3600);

/// How often rejected telegrams are logged at most.
const REJECTION_INTERVAL: Duration = Duration::from_secs(600);

/// How much of a telegram's first line is shown, in bytes. Meters need thirty; noise may be longer.
const MAX_HEADER: usize = 64;

/// What is known of the telegrams so far.
#[derive(Debug)]
pub struct Health {
    /// How long there may be no telegram before the warning.
    max_silence: Duration,
    /// The first line of the last telegram.
    meter: Vec<u8>,
    last_telegram: Option<Instant>,
    /// Since when no telegram came though the line is open.
    quiet_since: Instant,
    /// When the warning was due last, or, when the line was lost since, when that ended.
    warned: Option<Instant>,
    silences: OutageLog,
    /// What has come in since the last telegram.
    received: Received,
    rejections: RateLimit,
}

#[derive(Clone, Copy, Debug, Default)]
struct Received {
    bytes: u64,
    rejected: u64,
}

impl Health {
    /// No telegram yet; warns when none comes for `max_silence`.
    #[must_use]
    pub fn new(max_silence: Duration, now: Instant) -> Self {
        Self {
            max_silence,
            meter: Vec::new(),
            last_telegram: None,
            quiet_since: now,
            warned: None,
            silences: OutageLog::default(),
            received: Received::default(),
            rejections: RateLimit::new(REJECTION_INTERVAL),
        }
    }

    /// Changes how long there may be no telegram before the warning.
    pub fn set_max_silence(&mut self, max_silence: Duration) {
        self.max_silence = max_silence;
    }

    /// This many bytes have come in.
    pub fn on_bytes(&mut self, bytes: usize) {
        self.received.bytes += bytes as u64;
    }

    /// A telegram with this first line has been read.
    pub fn on_telegram(&mut self, header: &[u8], now: Instant) {
        let header = &header[..header.len().min(MAX_HEADER)];
        let was_missed = self.silences.up();
        if self.last_telegram.replace(now).is_none() {
            log::info!("first telegram from {}", text::printable(header));
        } else if was_missed {
            let silence = now.saturating_duration_since(self.quiet_since);
            log::info!("receiving telegrams again after {}", text::duration(silence));
        }
        if self.meter != header {
            self.meter = header.to_vec();
        }
        self.warned = None;
        self.quiet_since = now;
        self.received = Received::default();
    }

    /// A telegram has been rejected; the debug log shows its `bytes`.
    pub fn on_rejection(&mut self, rejection: &Rejection, bytes: &[u8], now: Instant) {
        self.received.rejected += 1;
        match self.rejections.permit(now) {
            Some(0) => log::warn!("telegram rejected: {rejection}"),
            Some(more) => {
                log::warn!("telegram rejected ({more} more since the last message): {rejection}");
            }
            None => return,
        }
        log::debug!("the rejected telegram: {}", bytes.escape_ascii());
    }

    /// Warns when no telegram has come for too long. Not while the line is lost, which is logged already.
    pub fn check(&mut self, has_line: bool, now: Instant) {
        if !has_line {
            // When it is back, the meter has its time again before the warning.
            match &mut self.warned {
                Some(warned) => *warned = now,
                None => self.quiet_since = now,
            }
            return;
        }
        let silence = now.saturating_duration_since(self.quiet_since);
        let is_due = match self.warned {
            None => silence >= self.max_silence,
            Some(warned) => now.saturating_duration_since(warned) >= REMINDER_INTERVAL,
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

    /// Why no telegrams may come.
    fn diagnosis(&self) -> String {
        match self.received {
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

    /// The status for `systemctl status`: the meter, its telegrams, and what is wrong now.
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
        parts.fold(telegrams, |status, part| status + "; " + part)
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

    const MAX_SILENCE: Duration = Duration::from_secs(30);
    const METER: &[u8] = b"/TST5\\2M";

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    #[test]
    fn a_silence_is_logged_after_its_time_then_hourly_and_so_is_its_end() {
        let start = Instant::now();
        let mut health = Health::new(MAX_SILENCE, start);
        let lines = captured_log(|| {
            health.on_telegram(METER, start);
            for second in 1..=7300 {
                health.check(true, start + Duration::from_secs(second));
            }
            health.on_telegram(METER, start + Duration::from_secs(7300));
            health.on_telegram(METER, start + Duration::from_secs(7301));
        });
        assert_eq!(lines[0], "first telegram from /TST5\\2M");
        assert!(lines[1].starts_with("no telegram for 30 s: nothing comes in"), "{lines:?}");
        assert!(lines[2].starts_with("no telegram for 60 min"), "{lines:?}");
        assert!(lines[3].starts_with("no telegram for 2 h"), "{lines:?}");
        assert_eq!(lines[4..], ["receiving telegrams again after 2 h"]);
    }

    #[test]
    fn a_meter_that_is_always_a_little_late_does_not_fill_the_log() {
        let start = Instant::now();
        let mut health = Health::new(MAX_SILENCE, start);
        let lines = captured_log(|| {
            for second in 0..3600 {
                let now = start + Duration::from_secs(second);
                health.check(true, now);
                if second % 31 == 0 {
                    health.on_telegram(METER, now);
                }
            }
        });
        assert_eq!(lines.len(), 21, "{lines:?}");
        assert!(lines[19].ends_with("further messages suppressed)"), "{lines:?}");
    }

    #[test]
    fn while_the_line_is_lost_there_is_no_warning_about_telegrams() {
        let start = Instant::now();
        let mut health = Health::new(MAX_SILENCE, start);
        let lines = captured_log(|| {
            for second in 0..3600 {
                health.check(false, start + Duration::from_secs(second));
            }
            health.check(true, start + Duration::from_secs(3600));
        });
        assert_eq!(lines, Vec::<String>::new());
    }

    #[test]
    fn the_next_reminder_comes_an_hour_after_the_line_is_back() {
        let start = Instant::now();
        let mut health = Health::new(MAX_SILENCE, start);
        let lines = captured_log(|| {
            health.check(true, start + MAX_SILENCE);
            health.check(false, start + minutes(1));
            health.check(false, start + minutes(120));
            health.check(true, start + minutes(121));
            health.check(true, start + minutes(179));
            health.check(true, start + minutes(180));
            health.on_telegram(METER, start + minutes(180));
        });
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[1].starts_with("no telegram for 3 h"), "{lines:?}");
    }

    #[test]
    fn the_warning_depends_on_what_comes_in() {
        let start = Instant::now();
        let mut health = Health::new(MAX_SILENCE, start);
        let lines = captured_log(|| {
            health.on_bytes(100);
            health.check(true, start + MAX_SILENCE);
            health.on_rejection(&Rejection::Missing, b"", start);
            health.check(true, start + MAX_SILENCE + REMINDER_INTERVAL);
        });
        assert!(
            lines[0].contains("no telegram for 30 s: 100 bytes came in without one; wrong speed"),
            "{lines:?}"
        );
        assert!(lines[2].contains(": 1 telegram rejected; a bad cable"), "{lines:?}");
    }

    #[test]
    fn rejected_telegrams_are_logged_every_ten_minutes_at_most() {
        let start = Instant::now();
        let mut health = Health::new(MAX_SILENCE, start);
        let lines = captured_log(|| {
            for minute in 0..=10 {
                health.on_rejection(&Rejection::Missing, b"/x", start + minutes(minute));
            }
        });
        assert_eq!(lines.len(), 2);
        assert!(
            lines[1].starts_with("telegram rejected (9 more since the last message):"),
            "{lines:?}"
        );
    }

    #[test]
    fn the_status_names_meter_line_age_counts_and_what_is_wrong_now() {
        let start = Instant::now();
        let mut health = Health::new(MAX_SILENCE, start);
        let counts = Counts { telegrams: 17, rejected: 2, ..Counts::default() };
        let none = health.status("/dev/x", &Counts::default(), 0, &[None, None], start);
        assert_eq!(none, "/dev/x: no telegram yet");
        health.on_telegram(METER, start);
        let troubles = [None, Some("no route".to_owned())];
        let status =
            health.status("/dev/x at 9600 baud", &counts, 3, &troubles, start + minutes(3));
        assert_eq!(
            status,
            "/TST5\\2M on /dev/x at 9600 baud: 17 telegrams, the last 3 min ago; 2 rejected; \
             3 not sent; no route"
        );
        health.check(true, start + MAX_SILENCE);
        let status = health.status("/dev/x", &counts, 0, &[], start + MAX_SILENCE);
        assert!(status.contains("; nothing comes in"), "{status}");
    }

    #[test]
    fn a_first_line_without_an_end_is_shown_in_part() {
        let start = Instant::now();
        let mut health = Health::new(MAX_SILENCE, start);
        let lines = captured_log(|| health.on_telegram(&[0xFF; 5000], start));
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
