//! How decryption is going: what the frames of the meter say about the keys and the line.
//!
//! Owns the log messages, one for each change of state, and the part of the status about it. A wrong key and a
//! damaged frame look the same: only a row of whole frames without one success means that the key is wrong.

use std::time::{Duration, Instant};

use super::wire;
use crate::dlms::{Authenticity, Counts, Fit, Opened, Refusal, Refused};
use crate::runtime::RateLimit;
use crate::telegram::Timestamp;
use crate::text;

/// How many whole frames in a row that cannot be opened mean that the key is wrong.
const MIN_WHOLE: u32 = 3;

/// How many frames in a row that do not end where they say mean that the line is at fault.
const MIN_UNFIT: u32 = 5;

/// How often a change of state is logged at most, until the keys are read again.
const LOG_INTERVAL: Duration = Duration::from_secs(600);

/// What is known of the keys and the line.
#[derive(Debug)]
pub struct EncryptionMonitor {
    state: Option<State>,
    /// The state that was logged last.
    logged: Option<State>,
    messages: RateLimit,
    /// The maker of the meter, in three letters.
    maker: [u8; 3],
    /// These keys have opened a frame.
    has_succeeded: bool,
    /// Frames in a row that could not be opened though they were whole, in number.
    whole: u32,
    /// Frames in a row that did not end where they say, in number.
    unfit: u32,
    /// That the counter of the meter has gone back was logged.
    is_reset_logged: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Decrypting(Authenticity),
    Refused(Refusal),
    Damaged,
}

impl EncryptionMonitor {
    /// No frame yet, or other keys than before.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: None,
            logged: None,
            messages: RateLimit::new(LOG_INTERVAL),
            maker: [0; 3],
            has_succeeded: false,
            whole: 0,
            unfit: 0,
            is_reset_logged: false,
        }
    }

    /// A frame has given a telegram.
    pub fn on_telegram(&mut self, opened: &Opened<'_, Timestamp>, now: Instant) {
        let Some(authenticity) = opened.authenticity else { return };
        (self.has_succeeded, self.whole, self.unfit) = (true, 0, 0);
        self.enter(State::Decrypting(authenticity), now);
        if opened.is_counter_lower && !self.is_reset_logged {
            self.is_reset_logged = true;
            log::info!(
                "the meter's invocation counter went back: it has a new key, or telegrams are repeated"
            );
        }
    }

    /// A frame has given none.
    pub fn on_refused(&mut self, refused: &Refused, now: Instant) {
        let [one, two, three, ..] = refused.title;
        self.maker = [one, two, three];
        let is_unfit = refused.reason == Refusal::Undecipherable && refused.fit != Fit::Whole;
        if is_unfit {
            (self.whole, self.unfit) = (0, self.unfit + 1);
            if self.unfit >= MIN_UNFIT {
                self.enter(State::Damaged, now);
            }
            return;
        }
        (self.whole, self.unfit) = (self.whole + 1, 0);
        // Every other reason shows in one frame, unless these keys have fitted before: then its tag is damaged.
        let is_ambiguous = self.has_succeeded || refused.reason == Refusal::Undecipherable;
        if !is_ambiguous || self.whole >= MIN_WHOLE {
            self.enter(State::Refused(refused.reason), now);
        }
    }

    /// What is wrong, if anything is.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        match self.state? {
            State::Decrypting(_) => None,
            State::Damaged => Some("encrypted telegrams are damaged on the line".into()),
            State::Refused(reason) => Some(fault(reason)),
        }
    }

    fn enter(&mut self, state: State, now: Instant) {
        self.state = Some(state);
        if self.logged == Some(state) || self.messages.permit(now).is_none() {
            return;
        }
        self.logged = Some(state);
        match state {
            State::Decrypting(Authenticity::Verified) => {
                log::info!("decrypting the telegrams of the meter; their tags are verified");
            }
            State::Decrypting(Authenticity::Unverified) => log::info!(
                "decrypting the telegrams of the meter; whether they are authentic is not verified (they have no tag, or there is no key for it)"
            ),
            State::Damaged => log::warn!(
                "{MIN_UNFIT} encrypted telegrams in a row do not end where they should: bytes are lost or added on the way (an adapter that speaks telnet doubles some, XON/XOFF takes some away: set it to raw)"
            ),
            State::Refused(reason) => self.log_refusal(reason),
        }
    }

    fn log_refusal(&self, reason: Refusal) {
        let meter = wire::meter_of(self.maker);
        match reason {
            Refusal::NoKey => log::warn!(
                "cannot read the telegrams of {meter}: they are encrypted. Set `p1_listener.decryption_key_file`; the grid operator gives the key, see p1-multicast(7)"
            ),
            Refusal::Undecipherable => log::warn!(
                "cannot decrypt the telegrams of {meter}: the decryption key does not fit. Is it that of this meter, and was it changed since?"
            ),
            Refusal::WrongAuthenticationKey { is_luxembourg: false } => log::warn!(
                "rejecting the telegrams of {meter}: the decryption key fits, but the authentication key does not"
            ),
            Refusal::WrongAuthenticationKey { is_luxembourg: true } => log::warn!(
                "rejecting the telegrams of {meter}: the decryption key fits, but the authentication key does not. It is the one that all meters of Luxembourg have: remove `authentication_key_file`"
            ),
            Refusal::KeysSwapped => log::warn!(
                "rejecting the telegrams of {meter}: the decryption key and the authentication key are the wrong way round. Swap them"
            ),
            Refusal::NoTag => log::warn!(
                "rejecting the telegrams of {meter}: they have no tag that the authentication key could verify. Remove `authentication_key_file`"
            ),
            Refusal::UnknownContent => log::warn!(
                "cannot read what {meter} sends: it was decrypted, but is no telegram. Please report it"
            ),
            Refusal::UnknownControl(control) => log::warn!(
                "cannot decrypt the telegrams of {meter}: security control 0x{control:02X} is not supported. Please report it"
            ),
        }
    }
}

/// What is wrong, in a few words.
#[must_use]
pub fn fault(reason: Refusal) -> String {
    match reason {
        Refusal::NoKey => "the meter encrypts its telegrams, and there is no key".into(),
        Refusal::Undecipherable => "the decryption key does not fit".into(),
        Refusal::WrongAuthenticationKey { is_luxembourg: false } => {
            "the decryption key fits, the authentication key does not".into()
        }
        Refusal::WrongAuthenticationKey { is_luxembourg: true } => {
            "the authentication key does not fit: the meter needs none".into()
        }
        Refusal::KeysSwapped => {
            "the decryption key and the authentication key are the wrong way round".into()
        }
        Refusal::NoTag => {
            "telegrams have no tag that the authentication key could verify: remove it".into()
        }
        Refusal::UnknownContent => "what was decrypted is no telegram".into(),
        Refusal::UnknownControl(control) => {
            format!("security control 0x{control:02X} is not supported")
        }
    }
}

/// The counts of frames for the log, if there were any.
#[must_use]
pub fn counters(counts: &Counts) -> String {
    let Counts { frames, decrypted, bad_tag, bad_checksum, incomplete, resets } = counts;
    if *frames == 0 {
        return String::new();
    }
    let frames = text::count(*frames, "encrypted frame");
    let resets = match resets {
        0 => String::new(),
        resets => format!("; the invocation counter went back {}", text::count(*resets, "time")),
    };
    format!(
        "; {frames}: {decrypted} decrypted, {bad_tag} with a wrong tag, {bad_checksum} with a wrong checksum, {incomplete} incomplete{resets}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::captured_log;

    fn refused(reason: Refusal, fit: Fit) -> Refused {
        Refused { reason, title: *b"SAG\x01\x02\x03\x04\x05", fit }
    }

    fn opened(authenticity: Authenticity) -> Opened<'static, Timestamp> {
        let (text, start) = (&b"/TST5\r\n!\r\n"[..], Timestamp::default());
        let authenticity = Some(authenticity);
        Opened { text, start, authenticity, frame_length: 99, behind: 0, is_counter_lower: true }
    }

    /// The log after so many of each of these frames, one every ten seconds.
    fn log_of(frames: &[(Refusal, Fit, usize)]) -> Vec<String> {
        let (mut monitor, mut now) = (EncryptionMonitor::new(), Instant::now());
        captured_log(|| {
            for &(reason, fit, count) in frames {
                for _ in 0..count {
                    monitor.on_refused(&refused(reason, fit), now);
                    now += Duration::from_secs(10);
                }
            }
        })
    }

    #[test]
    fn a_missing_key_is_logged_once_with_the_maker_and_the_key_to_set() {
        let lines = log_of(&[(Refusal::NoKey, Fit::Whole, 1000)]);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("a Sagemcom (SAG) meter"), "{lines:?}");
        assert!(lines[0].contains("`p1_listener.decryption_key_file`"), "{lines:?}");
    }

    #[test]
    fn a_wrong_key_is_logged_after_several_whole_frames_only() {
        let bad = Refusal::Undecipherable;
        let most = MIN_WHOLE as usize - 1;
        assert!(
            log_of(&[(bad, Fit::Whole, most), (bad, Fit::Longer, 1), (bad, Fit::Whole, most)])
                .is_empty()
        );
        let lines = log_of(&[(bad, Fit::Whole, 100)]);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("the decryption key does not fit"), "{lines:?}");
    }

    #[test]
    fn a_tag_that_is_damaged_once_is_no_reason_to_doubt_a_key_that_has_fitted() {
        let (mut monitor, now) = (EncryptionMonitor::new(), Instant::now());
        let bad_tag = Refusal::WrongAuthenticationKey { is_luxembourg: false };
        for _ in 0..100 {
            monitor.on_telegram(&opened(Authenticity::Verified), now);
            monitor.on_refused(&refused(bad_tag, Fit::Whole), now);
            assert_eq!(monitor.trouble(), None);
        }
        (0..MIN_WHOLE).for_each(|_| monitor.on_refused(&refused(bad_tag, Fit::Whole), now));
        assert!(monitor.trouble().is_some());
    }

    #[test]
    fn frames_that_do_not_end_where_they_say_are_the_fault_of_the_line() {
        let bad = Refusal::Undecipherable;
        let lines = log_of(&[(bad, Fit::Longer, 3), (bad, Fit::Shorter, 3)]);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("telnet") && lines[0].contains("XON/XOFF"), "{lines:?}");
    }

    #[test]
    fn each_fault_of_the_keys_has_its_own_words_in_log_and_status() {
        let wrong = |is_luxembourg| Refusal::WrongAuthenticationKey { is_luxembourg };
        for (reason, words, status) in [
            (wrong(false), "the authentication key does not", "the authentication key does not"),
            (wrong(true), "remove `authentication_key_file`", "the meter needs none"),
            (Refusal::KeysSwapped, "Swap them", "the wrong way round"),
            (Refusal::NoTag, "Remove `authentication_key_file`", "have no tag"),
            (Refusal::UnknownContent, "is no telegram", "is no telegram"),
            (Refusal::UnknownControl(0x32), "0x32 is not supported", "0x32"),
        ] {
            let lines = log_of(&[(reason, Fit::Whole, 2)]);
            assert!(lines.len() == 1 && lines[0].contains(words), "{lines:?}");
            let mut monitor = EncryptionMonitor::new();
            monitor.on_refused(&refused(reason, Fit::Whole), Instant::now());
            assert!(monitor.trouble().unwrap().contains(status), "{:?}", monitor.trouble());
        }
    }

    #[test]
    fn success_ends_the_trouble_and_is_logged_with_what_was_verified() {
        let (mut monitor, now) = (EncryptionMonitor::new(), Instant::now());
        let lines = captured_log(|| {
            for _ in 0..10 {
                monitor.on_telegram(&opened(Authenticity::Unverified), now);
            }
        });
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains("whether they are authentic is not verified"), "{lines:?}");
        assert!(lines[1].contains("invocation counter went back"), "{lines:?}");
        assert_eq!(monitor.trouble(), None);
    }

    #[test]
    fn a_meter_that_changes_its_mind_all_the_time_does_not_fill_the_log() {
        let (mut monitor, start) = (EncryptionMonitor::new(), Instant::now());
        let lines = captured_log(|| {
            for second in 0..3600 {
                let now = start + Duration::from_secs(second);
                let one = refused(Refusal::NoTag, Fit::Whole);
                (0..MIN_WHOLE).for_each(|_| monitor.on_refused(&one, now));
                monitor.on_telegram(&opened(Authenticity::Verified), now);
            }
        });
        assert!(lines.len() <= 7, "{lines:?}");
    }

    #[test]
    fn the_counters_are_absent_where_nothing_is_encrypted() {
        assert_eq!(counters(&Counts::default()), "");
        let mut counts = Counts { frames: 2, decrypted: 1, bad_tag: 1, ..Counts::default() };
        let expected = "; 2 encrypted frames: 1 decrypted, 1 with a wrong tag, 0 with a wrong checksum, 0 incomplete";
        assert_eq!(counters(&counts), expected);
        counts.resets = 1;
        let expected = format!("{expected}; the invocation counter went back 1 time");
        assert_eq!(counters(&counts), expected);
    }
}
