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
mod tests;
