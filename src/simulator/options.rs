//! The options of `p1sim`.
//!
//! Owns their names, their help and what they accept. The manual page says more.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Parser;

use super::calendar;
use crate::runtime::Exit;

/// How `p1sim` can end.
pub const EXITS: &[Exit] =
    &[Exit::Done, Exit::Rejected, Exit::Usage, Exit::Unavailable, Exit::Bug, Exit::Io];

/// A simulated smart meter on a pseudo-terminal: an ESMR 5.0 telegram a second.
#[derive(Clone, Debug, Parser)]
#[command(name = "p1sim", version)]
pub struct Options {
    /// Make PATH a symbolic link to the port; remove it at the end
    #[arg(long, value_name = "PATH", conflicts_with = "stdout")]
    pub link: Option<PathBuf>,

    /// Let time run N times as fast (0.1 to 100000), or `max`: as fast as it is read
    #[arg(long, value_name = "N", default_value = "1")]
    pub speed: Speed,

    /// The household: the same number and start give the same telegrams
    #[arg(long, value_name = "S", default_value_t = 1, conflicts_with = "replay")]
    pub seed: u64,

    /// Local time (Amsterdam) of the first telegram, 'YYYY-MM-DD HH:MM:SS' [default: now]
    #[arg(long, value_name = "TIME", value_parser = calendar::parse_local, conflicts_with = "replay")]
    pub start: Option<i64>,

    /// End after N telegrams
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,

    /// Play the recorded telegrams in FILE instead, byte for byte
    #[arg(long, value_name = "FILE")]
    pub replay: Option<PathBuf>,

    /// Begin the recording again when it is over
    #[arg(long = "loop", requires = "replay")]
    pub again: bool,

    /// Whether and how to encrypt.
    #[command(flatten)]
    pub encryption: Encryption,

    /// Send bytes at the pace of a line of 115200 baud
    #[arg(long)]
    pub baud_pace: bool,

    /// Write to standard output instead of a pseudo-terminal
    #[arg(long)]
    pub stdout: bool,
}

/// Whether and how to encrypt.
#[derive(Clone, Debug, clap::Args)]
pub struct Encryption {
    /// Encrypt the telegrams, as meters of Luxembourg and Austria do
    #[arg(long, requires = "key_file")]
    pub encrypt: bool,

    /// The decryption key: 32 hexadecimal digits in FILE
    #[arg(long, value_name = "FILE", requires = "encrypt")]
    pub key_file: Option<PathBuf>,

    /// The authentication key; without it, that of Luxembourg
    #[arg(long, value_name = "FILE", requires = "encrypt")]
    pub authentication_key_file: Option<PathBuf>,

    /// Damage three of eight encrypted telegrams on the line
    #[arg(long, requires = "encrypt")]
    pub faults: bool,
}

/// How fast simulated time runs: the real time from one telegram to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed(Duration);

impl Speed {
    /// Real time between two telegrams; zero when they go as fast as they are read.
    #[must_use]
    pub fn interval(self) -> Duration {
        self.0
    }

    /// Whether telegrams go as fast as they are read.
    #[must_use]
    pub fn is_unpaced(self) -> bool {
        self.0.is_zero()
    }
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self(Duration::ZERO));
        }
        text.parse::<f64>()
            .ok()
            .filter(|times| (0.1..=100_000.0).contains(times))
            .map(|times| Self(Duration::from_secs_f64(1.0 / times)))
            .ok_or_else(|| "expected a number from 0.1 to 100000, or 'max'".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, String> {
        Options::try_parse_from([&["p1sim"], arguments].concat()).map_err(|error| error.to_string())
    }

    #[test]
    fn without_options_it_is_a_meter_in_real_time() {
        let options = parse(&[]).unwrap();
        assert_eq!(options.speed.interval(), Duration::from_secs(1));
        assert_eq!((options.seed, options.start, options.count), (1, None, None));
    }

    #[test]
    fn speeds_may_be_fractions_or_max() {
        let interval = |speed| parse(&["--speed", speed]).unwrap().speed.interval();
        assert_eq!(interval("0.1"), Duration::from_secs(10));
        assert_eq!(interval("2.5"), Duration::from_millis(400));
        assert_eq!(interval("100000"), Duration::from_micros(10));
        assert!(parse(&["--speed", "max"]).unwrap().speed.is_unpaced());
    }

    #[test]
    fn a_wrong_speed_is_told_what_was_expected() {
        for wrong in ["0", "0.09", "100001", "NaN", "inf", "fast", ""] {
            let message = parse(&["--speed", wrong]).unwrap_err();
            assert!(message.contains("expected a number from 0.1"), "{wrong}: {message}");
        }
        assert!(parse(&["--speed", "-1"]).is_err());
    }

    #[test]
    fn a_recording_has_neither_seed_nor_start() {
        assert!(parse(&["--replay", "f", "--seed", "2"]).is_err());
        assert!(parse(&["--replay", "f", "--start", "2026-11-22 00:00:00"]).is_err());
        assert!(parse(&["--loop"]).is_err());
        assert!(parse(&["--replay", "f", "--loop"]).unwrap().again);
    }

    #[test]
    fn a_start_that_no_clock_shows_is_refused() {
        let message = parse(&["--start", "2026-03-29 02:30:00"]).unwrap_err();
        assert!(message.contains("clocks skip this hour"), "{message}");
    }
}
