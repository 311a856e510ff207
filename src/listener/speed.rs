//! Which speed and format a meter has: found by what decodes.
//!
//! Owns the settings to try, their order, and when to go on to the next. Pure: it opens nothing and
//! reads no clock. Silence never moves it on, because silence sounds alike at every speed.

use std::fmt;
use std::time::{Duration, Instant};

use crate::config::{BaudRate, Format};

/// How long bytes may come without a telegram before other settings are tried. The slowest meters
/// speak every 10 s, and one that is overheard in mid telegram takes up to 8 s for the next.
const PATIENCE: Duration = Duration::from_secs(20);

/// The same, where a telegram was read with these settings before. Noise is then likelier than
/// another meter, but meters are replaced too.
const TRUST: Duration = Duration::from_secs(120);

/// How characters go over the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Eight data bits, no parity, one stop bit: DSMR 4 and later.
    EightNoneOne,
    /// Seven data bits, even parity, one stop bit: DSMR 2 and 3.
    SevenEvenOne,
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EightNoneOne => "8N1",
            Self::SevenEvenOne => "7E1",
        })
    }
}

/// How a serial line is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Bits per second.
    pub baud_rate: u32,
    /// Bits per character.
    pub framing: Framing,
}

impl Setting {
    /// How long one byte takes: ten bits in either framing.
    #[must_use]
    pub fn byte_time(self) -> Duration {
        Duration::from_secs(10) / self.baud_rate
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.baud_rate, self.framing)
    }
}

/// The search for the right setting.
#[derive(Clone, Debug)]
pub struct Search {
    /// Never empty.
    settings: Vec<Setting>,
    current: usize,
    found: Option<usize>,
    /// Since when bytes have come with the current setting and no telegram.
    in_vain_since: Option<Instant>,
}

impl Search {
    /// A search among the settings that these two keys leave open; what they name is used as it is.
    #[must_use]
    pub fn new(baud_rate: BaudRate, format: Format) -> Self {
        use Framing::{EightNoneOne, SevenEvenOne};
        let framing = match format {
            Format::Auto => None,
            Format::EightNoneOne => Some(EightNoneOne),
            Format::SevenEvenOne => Some(SevenEvenOne),
        };
        let settings = match (baud_rate, framing) {
            (BaudRate::Auto, None) => {
                vec![(115_200, EightNoneOne), (9600, SevenEvenOne), (115_200, SevenEvenOne)]
            }
            (BaudRate::Auto, Some(framing)) => vec![(115_200, framing), (9600, framing)],
            (BaudRate::Fixed(fast @ 9601..), None) => {
                vec![(fast, EightNoneOne), (fast, SevenEvenOne)]
            }
            (BaudRate::Fixed(slow), None) => vec![(slow, SevenEvenOne), (slow, EightNoneOne)],
            (BaudRate::Fixed(baud_rate), Some(framing)) => vec![(baud_rate, framing)],
        };
        let setting = |(baud_rate, framing)| Setting { baud_rate, framing };
        let settings = settings.into_iter().map(setting).collect();
        Self { settings, current: 0, found: None, in_vain_since: None }
    }

    /// All settings that are tried, in their order.
    #[must_use]
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// The setting to use now.
    #[must_use]
    pub fn setting(&self) -> Setting {
        self.settings[self.current]
    }

    /// The line has been opened: the time that was waited before does not count.
    pub fn opened(&mut self) {
        self.in_vain_since = None;
    }

    /// The line cannot be opened with this setting: perhaps the device does not know it. What worked
    /// before is kept, else the next one is tried.
    pub fn refused(&mut self) {
        self.current = self.found.unwrap_or((self.current + 1) % self.settings.len());
    }

    /// Bytes came in at time `now`. True: there is another setting now, and the line must be opened
    /// with it.
    pub fn heard(&mut self, now: Instant) -> bool {
        let since = *self.in_vain_since.get_or_insert(now);
        let patience = if self.found == Some(self.current) { TRUST } else { PATIENCE };
        if self.settings.len() == 1 || now.saturating_duration_since(since) < patience {
            return false;
        }
        self.current = (self.current + 1) % self.settings.len();
        self.in_vain_since = None;
        true
    }

    /// A telegram was read: the setting is right. Gives it, when it had to be searched for and was
    /// not known before.
    pub fn decoded(&mut self) -> Option<Setting> {
        self.in_vain_since = None;
        let is_news = self.found.replace(self.current) != Some(self.current);
        (is_news && self.settings.len() > 1).then(|| self.setting())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A meter that can be read with one setting only, and speaks every `period`; what comes with any
    /// other is garbage. Plays it for an hour; the time to the first telegram, and what was said.
    fn play(
        search: &mut Search,
        meter: &str,
        period: Duration,
        start: Instant,
    ) -> (Option<Duration>, Vec<String>) {
        let (mut said, mut first) = (Vec::new(), None);
        let mut now = start;
        while now < start + Duration::from_secs(3600) {
            now += period;
            if search.heard(now) {
                search.opened();
            } else if search.setting().to_string() == meter {
                said.extend(search.decoded().map(|setting| setting.to_string()));
                first = first.or(Some(now - start));
            }
        }
        (first, said)
    }

    fn auto() -> Search {
        Search::new(BaudRate::Auto, Format::Auto)
    }

    #[test]
    fn auto_finds_every_kind_of_meter_within_a_minute_and_a_half_and_says_it_once() {
        for meter in ["115200 8N1", "9600 7E1", "115200 7E1"] {
            for period in [1, 10] {
                let period = Duration::from_secs(period);
                let (first, said) = play(&mut auto(), meter, period, Instant::now());
                assert!(first.unwrap() <= Duration::from_secs(90), "{meter}: {first:?}");
                assert_eq!(said, [meter]);
            }
        }
    }

    #[test]
    fn it_waits_longer_than_the_slowest_meter_before_it_moves_on() {
        let (mut search, start) = (auto(), Instant::now());
        assert!(!search.heard(start));
        assert!(!search.heard(start + Duration::from_millis(18_900)));
        assert_eq!(search.setting().to_string(), "115200 8N1");
        assert!(search.heard(start + PATIENCE));
        assert_eq!(search.setting().to_string(), "9600 7E1");
    }

    #[test]
    fn silence_does_not_move_it_on() {
        let (mut search, start) = (auto(), Instant::now());
        search.opened();
        assert!(!search.heard(start + Duration::from_secs(3600)), "the first bytes of all");
    }

    #[test]
    fn what_worked_is_tried_first_after_the_line_was_opened_again() {
        let (mut search, start) = (auto(), Instant::now());
        play(&mut search, "9600 7E1", Duration::from_secs(10), start);
        search.opened();
        assert_eq!(search.setting().to_string(), "9600 7E1");
        let (first, said) = play(&mut search, "9600 7E1", Duration::from_secs(10), start);
        assert_eq!((first, said.len()), (Some(Duration::from_secs(10)), 0));
    }

    #[test]
    fn a_burst_of_noise_does_not_shake_a_setting_that_worked_and_another_meter_is_found() {
        let (mut search, start) = (auto(), Instant::now());
        play(&mut search, "115200 8N1", Duration::from_secs(1), start);
        for second in 0..120 {
            assert!(!search.heard(start + Duration::from_secs(second)));
        }
        assert_eq!(search.decoded(), None);
        let (_, said) = play(&mut search, "9600 7E1", Duration::from_secs(10), start);
        assert_eq!(said, ["9600 7E1"]);
    }

    #[test]
    fn a_setting_that_the_device_does_not_know_is_passed_over() {
        let (mut search, start) = (auto(), Instant::now());
        search.refused();
        assert_eq!(search.setting().to_string(), "9600 7E1");
        play(&mut search, "9600 7E1", Duration::from_secs(1), start);
        search.refused();
        assert_eq!(search.setting().to_string(), "9600 7E1", "it is another trouble then");
    }

    #[test]
    fn configured_values_are_used_as_they_are() {
        let settings = |baud_rate, format| {
            let search = Search::new(baud_rate, format);
            search.settings().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let (seven, eight) = (Format::SevenEvenOne, Format::EightNoneOne);
        assert_eq!(settings(BaudRate::Fixed(19_200), seven), ["19200 7E1"]);
        assert_eq!(settings(BaudRate::Fixed(9600), Format::Auto), ["9600 7E1", "9600 8N1"]);
        assert_eq!(settings(BaudRate::Fixed(115_200), Format::Auto)[0], "115200 8N1");
        assert_eq!(settings(BaudRate::Auto, eight), ["115200 8N1", "9600 8N1"]);
        let (mut search, start) = (Search::new(BaudRate::Fixed(9600), eight), Instant::now());
        assert_eq!(play(&mut search, "115200 8N1", PATIENCE, start), (None, vec![]));
    }

    #[test]
    fn a_byte_takes_ten_bits() {
        let setting = Setting { baud_rate: 9600, framing: Framing::SevenEvenOne };
        assert_eq!(setting.byte_time().as_micros(), 1041);
    }
}
