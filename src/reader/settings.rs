//! What is recorded, where and when, as the recorder wants to know it.
//!
//! Owns how that follows from the configuration.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::{self, Config, Language};

/// What is recorded. An output that is `None` is off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Every telegram; its file name has `DAY`.
    pub details: Option<FileSettings>,
    /// 5-minute records since the last flush; its file name has `PERIOD`.
    pub interval: Option<FileSettings>,
    /// The 5-minute records of a day; its file name has `DAY`.
    pub day: Option<FileSettings>,
    /// The HTML page.
    pub html: Option<PageSettings>,
    /// The weekly log.
    pub weekly: Option<WeeklySettings>,
    /// Bytes of a disk that stay free: with less, rows wait. The page does not count.
    pub min_free: u64,
}

/// An output of rows. Placeholders are replaced in the last component of the file name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSettings {
    /// Path with placeholders: `DAY`, `PERIOD`, `YYYY`, `ww`, `METER`.
    pub filename: PathBuf,
    /// Rows are written at the multiples of this; whole seconds, at least one.
    pub flush_period: Duration,
    /// Files of dates more than this many days ago are removed. `None`: never.
    pub keep_days: Option<u32>,
}

/// The HTML page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageSettings {
    /// Path, with placeholders as in [`FileSettings`].
    pub filename: PathBuf,
    /// The page is written at the multiples of this; whole seconds, at least one.
    pub flush_period: Duration,
    /// How far it looks back.
    pub minutes: u32,
    /// The language of its words.
    pub language: Language,
}

/// The weekly log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeeklySettings {
    /// Where and when; the file name has `YYYY` and `ww`.
    pub file: FileSettings,
    /// Time between lines; whole seconds, at least one.
    pub measurement_period: Duration,
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        let file = |output: &config::FileOutput| {
            output.enabled.then(|| FileSettings {
                filename: output.filename.clone(),
                flush_period: output.flush_period,
                keep_days: output.keep_days,
            })
        };
        let (page, weekly) = (&config.html_report, &config.weekly_log);
        Self {
            details: file(&config.p1_reader_details),
            interval: file(&config.p1_reader_interval),
            day: file(&config.p1_reader_day),
            html: page.enabled.then(|| PageSettings {
                filename: page.filename.clone(),
                flush_period: page.flush_period,
                minutes: page.minutes,
                language: page.language,
            }),
            weekly: weekly.enabled.then(|| WeeklySettings {
                file: FileSettings {
                    filename: weekly.filename.clone(),
                    flush_period: weekly.flush_period,
                    keep_days: None,
                },
                measurement_period: weekly.measurement_period,
            }),
            min_free: u64::from(config.p1_reader.min_free) * 1_000_000,
        }
    }
}

impl FileSettings {
    pub(super) fn flush_seconds(&self) -> i64 {
        whole_seconds(self.flush_period)
    }
}

impl PageSettings {
    pub(super) fn flush_seconds(&self) -> i64 {
        whole_seconds(self.flush_period)
    }
}

impl WeeklySettings {
    pub(super) fn measurement_seconds(&self) -> i64 {
        whole_seconds(self.measurement_period)
    }
}

fn whole_seconds(period: Duration) -> i64 {
    i64::try_from(period.as_secs()).unwrap_or(i64::MAX).max(1)
}
