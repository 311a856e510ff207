//! Which speed a meter has: found by what decodes.
//!
//! Owns the speeds to try, their order, and when to try the next one. Pure: it opens nothing and reads no
//! clock. Silence never moves it on, because silence is the same at every speed. The format is not searched for:
//! 7E1 is read as 8N1, in which the framer sees its parity bit, and 8E1 is configured.

use std::time::{Duration, Instant};

use crate::config::LineFormat;

/// The speeds of P1 ports: DSMR 4 and later, and the versions before.
const SPEEDS: [u32; 2] = [115_200, 9600];

/// The speeds of meters that push binary data with even parity: wired M-Bus, HDLC.
const SPEEDS_WITH_PARITY: [u32; 3] = [2400, 9600, 38_400];

/// How long bytes may come without a telegram before the next speed is tried. The slowest meters send
/// every 10 s, and one that is overheard in mid telegram takes up to 8 s for the next.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(20);

/// The same, where a telegram was read at this speed before. Noise is then likelier than another meter,
/// but meters are replaced too.
const TRUSTED_TIMEOUT: Duration = Duration::from_secs(120);

/// How long one byte takes at this speed: ten bits, or eleven.
#[must_use]
pub fn byte_time(speed: u32, format: LineFormat) -> Duration {
    let bits = match format {
        LineFormat::Ten => 10,
        LineFormat::Eleven => 11,
    };
    Duration::from_secs(bits) / speed
}

/// The search for the right speed.
#[derive(Clone, Debug)]
pub struct Search {
    /// In bits per second; never empty.
    speeds: Vec<u32>,
    format: LineFormat,
    current: usize,
    found: Option<usize>,
    /// Since when bytes have come at the current speed and no telegram.
    in_vain_since: Option<Instant>,
}

impl Search {
    /// A search among all speeds of meters with this format, or no search where the speed is configured.
    #[must_use]
    pub fn new(configured: Option<u32>, format: LineFormat) -> Self {
        let all = match format {
            LineFormat::Ten => &SPEEDS[..],
            LineFormat::Eleven => &SPEEDS_WITH_PARITY,
        };
        let speeds = configured.map_or(all.to_vec(), |speed| vec![speed]);
        Self { speeds, format, current: 0, found: None, in_vain_since: None }
    }

    /// All speeds that are tried, in their order.
    #[must_use]
    pub fn speeds(&self) -> &[u32] {
        &self.speeds
    }

    /// The bits of a byte.
    #[must_use]
    pub fn format(&self) -> LineFormat {
        self.format
    }

    /// The speed to use now.
    #[must_use]
    pub fn speed(&self) -> u32 {
        self.speeds[self.current]
    }

    /// The line has been opened: the time that was waited before does not count.
    pub fn opened(&mut self) {
        self.in_vain_since = None;
    }

    /// The line cannot be opened at this speed, which the device may not know. Stays with a speed that has
    /// worked, else goes on to the next.
    pub fn refused(&mut self) {
        self.current = self.found.unwrap_or((self.current + 1) % self.speeds.len());
    }

    /// Bytes came in at time `now`. True: there is another speed now, and the line must be opened again.
    pub fn on_bytes(&mut self, now: Instant) -> bool {
        let since = *self.in_vain_since.get_or_insert(now);
        let timeout =
            if self.found == Some(self.current) { TRUSTED_TIMEOUT } else { SEARCH_TIMEOUT };
        if self.speeds.len() == 1 || now.saturating_duration_since(since) < timeout {
            return false;
        }
        self.current = (self.current + 1) % self.speeds.len();
        self.in_vain_since = None;
        true
    }

    /// A telegram was read: the speed is right. Returns it if it had to be found and was not known before.
    pub fn on_telegram(&mut self) -> Option<u32> {
        self.in_vain_since = None;
        let is_news = self.found.replace(self.current) != Some(self.current);
        (is_news && self.speeds.len() > 1).then(|| self.speed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A meter that can be read at one speed only, and sends every `period`; what comes at any other is
    /// garbage. Plays it for an hour; the time to the first telegram, and what was reported.
    fn play(
        search: &mut Search,
        meter: u32,
        period: Duration,
        start: Instant,
    ) -> (Option<Duration>, Vec<u32>) {
        let (mut reported, mut first) = (Vec::new(), None);
        let mut now = start;
        while now < start + Duration::from_secs(3600) {
            now += period;
            if search.on_bytes(now) {
                search.opened();
            } else if search.speed() == meter {
                reported.extend(search.on_telegram());
                first = first.or(Some(now - start));
            }
        }
        (first, reported)
    }

    fn auto() -> Search {
        Search::new(None, LineFormat::Ten)
    }

    #[test]
    fn auto_finds_every_kind_of_meter_within_a_minute_and_reports_it_once() {
        for meter in SPEEDS {
            for period in [1, 10] {
                let period = Duration::from_secs(period);
                let (first, reported) = play(&mut auto(), meter, period, Instant::now());
                assert!(first.unwrap() <= Duration::from_secs(60), "{meter}: {first:?}");
                assert_eq!(reported, [meter]);
            }
        }
    }

    #[test]
    fn it_waits_longer_than_the_slowest_meter_before_it_moves_on() {
        let (mut search, start) = (auto(), Instant::now());
        assert!(!search.on_bytes(start));
        assert!(!search.on_bytes(start + Duration::from_millis(18_900)));
        assert_eq!(search.speed(), 115_200);
        assert!(search.on_bytes(start + SEARCH_TIMEOUT));
        assert_eq!(search.speed(), 9600);
    }

    #[test]
    fn silence_does_not_move_it_on() {
        let (mut search, start) = (auto(), Instant::now());
        search.opened();
        assert!(!search.on_bytes(start + Duration::from_secs(3600)), "the first bytes of all");
    }

    #[test]
    fn what_worked_is_tried_first_after_the_line_was_opened_again() {
        let (mut search, start) = (auto(), Instant::now());
        play(&mut search, 9600, Duration::from_secs(10), start);
        search.opened();
        assert_eq!(search.speed(), 9600);
        let (first, reported) = play(&mut search, 9600, Duration::from_secs(10), start);
        assert_eq!((first, reported.len()), (Some(Duration::from_secs(10)), 0));
    }

    #[test]
    fn a_burst_of_noise_does_not_shake_a_speed_that_worked_and_another_meter_is_found() {
        let (mut search, start) = (auto(), Instant::now());
        play(&mut search, 115_200, Duration::from_secs(1), start);
        for second in 0..120 {
            assert!(!search.on_bytes(start + Duration::from_secs(second)));
        }
        assert_eq!(search.on_telegram(), None);
        let (_, reported) = play(&mut search, 9600, Duration::from_secs(10), start);
        assert_eq!(reported, [9600]);
    }

    #[test]
    fn a_speed_that_the_device_does_not_know_is_skipped() {
        let (mut search, start) = (auto(), Instant::now());
        search.refused();
        assert_eq!(search.speed(), 9600);
        play(&mut search, 9600, Duration::from_secs(1), start);
        search.refused();
        assert_eq!(search.speed(), 9600, "another fault keeps the device from opening then");
    }

    #[test]
    fn a_configured_speed_is_used_as_it_is() {
        let (mut search, start) = (Search::new(Some(19_200), LineFormat::Ten), Instant::now());
        assert_eq!(search.speeds(), [19_200]);
        assert_eq!(play(&mut search, 9600, SEARCH_TIMEOUT, start), (None, vec![]));
    }

    #[test]
    fn a_byte_takes_ten_bits_or_eleven() {
        assert_eq!(byte_time(9600, LineFormat::Ten).as_micros(), 1041);
        assert_eq!(byte_time(2400, LineFormat::Eleven).as_micros(), 4583);
    }

    #[test]
    fn with_parity_the_speeds_are_those_of_meters_that_have_it() {
        assert_eq!(Search::new(None, LineFormat::Eleven).speeds(), [2400, 9600, 38_400]);
    }
}
