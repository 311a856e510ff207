//! How the listener is doing.
//!
//! Owns the warnings about missing and rejected telegrams, and the text for `systemctl status` and the
//! log. [`super::line`] and [`crate::publisher`] report a lost line or network.

use std::time::{Duration, Instant};

use super::diagnosis::{Finding, MIN_INTACT, examine};
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

/// How many of the last bytes are kept for the diagnosis: a few telegrams.
const MAX_RECENT: usize = 8192;

/// Bytes that came longer ago say nothing about the present.
const MAX_AGE: Duration = Duration::from_secs(60);

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
    /// The bytes since the last telegram, the last [`MAX_RECENT`] at least.
    recent: Vec<u8>,
    last_bytes: Instant,
    /// The other programs that had the port open at the last warning.
    holders: Vec<String>,
    rejections: RateLimit,
    /// Telegrams in a row that were whole but for their checksum, in number.
    intact: usize,
    /// The meter's unusual checksum has been logged.
    is_checksum_logged: bool,
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
            recent: Vec::new(),
            last_bytes: now,
            holders: Vec::new(),
            rejections: RateLimit::new(REJECTION_INTERVAL),
            intact: 0,
            is_checksum_logged: false,
        }
    }

    /// Changes how long there may be no telegram before the warning.
    pub fn set_max_silence(&mut self, max_silence: Duration) {
        self.max_silence = max_silence;
    }

    /// These bytes have come in.
    pub fn on_bytes(&mut self, bytes: &[u8], now: Instant) {
        self.last_bytes = now;
        self.recent.extend_from_slice(bytes);
        if self.recent.len() > 2 * MAX_RECENT {
            self.recent.drain(..self.recent.len() - MAX_RECENT);
        }
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
        self.recent.clear();
        self.intact = 0;
    }

    /// A telegram has been rejected; the debug log shows its `bytes`.
    pub fn on_rejection(&mut self, rejection: &Rejection, bytes: &[u8], now: Instant) {
        let is_intact = matches!(rejection, Rejection::Wrong { is_intact: true, .. });
        self.intact = if is_intact { self.intact + 1 } else { 0 };
        if self.intact == MIN_INTACT {
            log::warn!(
                "{MIN_INTACT} telegrams in a row are whole but for their checksum, which the meter seems to compute in its own way: `checksum: ignore` in p1_listener accepts them"
            );
        }
        match self.rejections.permit(now) {
            Some(0) => log::warn!("telegram rejected: {rejection}"),
            Some(more) => {
                log::warn!("telegram rejected ({more} more since the last message): {rejection}");
            }
            None => return,
        }
        log::debug!("the rejected telegram: {}", bytes.escape_ascii());
    }

    /// Logs once what is unusual about the telegrams that these counts are of.
    pub fn on_counts(&mut self, counts: &Counts) {
        if counts.with_x25 > 0 && !self.is_checksum_logged {
            self.is_checksum_logged = true;
            log::info!("the meter's checksums are CRC-16/X-25 instead of CRC-16/ARC, and right");
        }
    }

    /// Warns when no telegram has come for too long. Not while the line is lost, which is logged already.
    ///
    /// `holders` looks for the other programs that have the port open.
    pub fn check(&mut self, has_line: bool, holders: impl FnOnce() -> Vec<String>, now: Instant) {
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
                self.holders = holders();
                log::warn!("no telegram for {silence}; {}{end}", self.diagnosis(now));
            }
        }
    }

    /// Why no telegrams may come.
    fn diagnosis(&self, now: Instant) -> String {
        let is_quiet = now.saturating_duration_since(self.last_bytes) > MAX_AGE;
        let finding = if is_quiet { Finding::Nothing } else { examine(&self.recent) };
        let hint = match &self.holders[..] {
            // It is the most likely reason of all, but not of what came in whole.
            [_, ..] if finding.may_lack_bytes() => {
                &format!("another program has the port open: {}", self.holders.join(" and "))
            }
            _ => finding.hint(),
        };
        let more =
            if finding == Finding::Nothing { "" } else { " (p1listener --probe tells more)" };
        format!("on the wire: {}; {hint}{more}", finding.summary())
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
            self.warned.map(|_| self.diagnosis(now)),
        ];
        let parts = parts.iter().chain(troubles).flatten();
        parts.fold(telegrams, |status, part| status + "; " + part)
    }
}

/// Every count since the start, for the log.
#[must_use]
pub fn counters(counts: &Counts, unsent: u64) -> String {
    format!(
        "{} good, {} rejected, {} incomplete, {} oversize, {unsent} not sent",
        counts.telegrams, counts.rejected, counts.dropped.incomplete, counts.dropped.oversize,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::captured_log;

    const MAX_SILENCE: Duration = Duration::from_secs(30);
    const METER: &[u8] = b"/TST5\\2M";

    fn check(health: &mut Health, has_line: bool, now: Instant) {
        health.check(has_line, Vec::new, now);
    }

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
                check(&mut health, true, start + Duration::from_secs(second));
            }
            health.on_telegram(METER, start + Duration::from_secs(7300));
            health.on_telegram(METER, start + Duration::from_secs(7301));
        });
        assert_eq!(lines[0], "first telegram from /TST5\\2M");
        assert!(lines[1].starts_with("no telegram for 30 s; on the wire: nothing"), "{lines:?}");
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
                check(&mut health, true, now);
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
                check(&mut health, false, start + Duration::from_secs(second));
            }
            check(&mut health, true, start + Duration::from_secs(3600));
        });
        assert_eq!(lines, Vec::<String>::new());
    }

    #[test]
    fn the_next_reminder_comes_an_hour_after_the_line_is_back() {
        let start = Instant::now();
        let mut health = Health::new(MAX_SILENCE, start);
        let lines = captured_log(|| {
            check(&mut health, true, start + MAX_SILENCE);
            check(&mut health, false, start + minutes(1));
            check(&mut health, false, start + minutes(120));
            check(&mut health, true, start + minutes(121));
            check(&mut health, true, start + minutes(179));
            check(&mut health, true, start + minutes(180));
            health.on_telegram(METER, start + minutes(180));
        });
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[1].starts_with("no telegram for 3 h"), "{lines:?}");
    }

    /// The warning after these bytes, while these programs have the port open.
    fn warning(bytes: &[u8], holders: &[&str]) -> String {
        let start = Instant::now();
        let mut health = Health::new(MAX_SILENCE, start);
        let holders = holders.iter().map(ToString::to_string).collect();
        let mut lines = captured_log(|| {
            health.on_bytes(bytes, start);
            health.check(true, || holders, start + MAX_SILENCE);
        });
        lines.remove(0)
    }

    #[test]
    fn the_warning_names_what_is_on_the_wire() {
        let noise = warning(&[0xFE; 100], &[]);
        assert!(
            noise.starts_with("no telegram for 30 s; on the wire: noise, 100 bytes"),
            "{noise}"
        );
        assert!(noise.ends_with("(p1listener --probe tells more)"), "{noise}");
        let damaged = warning(b"/TST5\r\n\r\n1-0:1.7.0(1*kW)\r\n!0000\r\n", &[]);
        assert!(damaged.contains("1 telegram with a wrong checksum; a bad cable"), "{damaged}");
        let sml = warning(b"\x1B\x1B\x1B\x1B\x01\x01\x01\x01", &["cat (pid 7)"]);
        assert!(sml.contains("SML") && sml.contains("the cable is well"), "{sml}");
    }

    #[test]
    fn another_program_at_the_port_is_named_before_all_else() {
        let said = warning(b"", &["cat (pid 7)", "agetty (pid 9)"]);
        let expected = "no telegram for 30 s; on the wire: nothing; \
                        another program has the port open: cat (pid 7) and agetty (pid 9)";
        assert_eq!(said, expected);
    }

    #[test]
    fn bytes_of_an_hour_ago_are_nothing_and_the_memory_for_them_is_bounded() {
        let start = Instant::now();
        let mut health = Health::new(MAX_SILENCE, start);
        for _ in 0..1000 {
            health.on_bytes(&[0xFE; 100], start);
        }
        assert!(health.recent.len() >= MAX_RECENT && health.recent.capacity() <= 4 * MAX_RECENT);
        check(&mut health, true, start + minutes(60));
        let status = health.status("/dev/x", &Counts::default(), 0, &[], start + minutes(60));
        assert!(status.contains("on the wire: nothing"), "{status}");
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
    fn telegrams_whose_checksum_is_never_right_are_logged_once_with_the_key_to_set() {
        let start = Instant::now();
        let mut health = Health::new(MAX_SILENCE, start);
        let wrong =
            |is_intact| Rejection::Wrong { sent: "ABCD".into(), computed: 0x1234, is_intact };
        let lines = captured_log(|| {
            for is_intact in [true, true, true, false, true, true, true] {
                health.on_rejection(&wrong(is_intact), b"", start);
            }
            assert!(health.intact < MIN_INTACT);
            (0..1000).for_each(|_| health.on_rejection(&wrong(true), b"", start));
        });
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[1].contains("`checksum: ignore`"), "{lines:?}");
    }

    #[test]
    fn an_unusual_checksum_is_logged_once() {
        let mut health = Health::new(MAX_SILENCE, Instant::now());
        let lines = captured_log(|| {
            for with_x25 in 0..3 {
                health.on_counts(&Counts { with_x25, ..Counts::default() });
            }
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
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
        check(&mut health, true, start + MAX_SILENCE);
        let status = health.status("/dev/x", &counts, 0, &[], start + MAX_SILENCE);
        assert!(status.contains("; on the wire: nothing; is the cable"), "{status}");
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
        let expected = "1 good, 2 rejected, 3 incomplete, 4 oversize, 5 not sent";
        assert_eq!(said, expected);
    }
}
