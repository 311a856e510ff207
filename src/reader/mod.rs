//! The recorder, `p1reader`: from telegrams to the six outputs and the files under them.
//!
//! Owns what stands in the files, when they are written and how they are named. Only `session` opens a
//! socket and asks the clock: to the recorder telegrams, the time, the time zone and the file system
//! are passed in, so that midnight, a lost hour and a full disk are unit tests.
//!
//! ```text
//! session ──▶ Recorder ──┬─▶ details ───────────────────────────┐
//!                        ├─▶ five_minutes ──▶ interval and day ─┤
//!                        ├─▶ history ───────────────────────────┤
//!                        ├─▶ weekly ────────────────────────────┴▶ queue ──▶ output ──▶ storage
//!                        └─▶ report ─────────────────────────────────────────────────────▶ storage
//! ```
//!
//! | module         | owns                                                                  |
//! |----------------|-----------------------------------------------------------------------|
//! | `session`      | the loop: which telegrams are recorded, and the status for systemd     |
//! | `last_meter`   | which meter the files have, for the time after a restart              |
//! | `recorder`     | the flush moments, which telegram goes where                          |
//! | `meters`       | what is remembered of each meter                                      |
//! | `totals`       | energy and power of one telegram                                      |
//! | `columns`      | the columns of a details file, and the row of a telegram in them      |
//! | `details`      | how such rows come into a file, and its first ones are read back      |
//! | `five_minutes` | the 5-minute records                                                  |
//! | `history`      | which file the rows of the history come into                          |
//! | `weekly`       | the line of the weekly log                                            |
//! | `report`       | the HTML page; `page` is what it remembers                            |
//! | `graph`        | the graph of the page                                                 |
//! | `today`        | the day so far after a restart, from its files                        |
//! | `queue`        | rows that wait for their file, bounded                                |
//! | `outputs`      | the outputs of rows, in the order of writing                          |
//! | `output`       | from waiting rows to files; `health` says when that fails             |
//! | `removal`      | when old files are removed; `dates` is for how many files are begun   |
//! | `leftovers`    | what an earlier run left unfinished                                   |
//! | `pattern`      | file names with placeholders                                          |
//! | `storage`      | the file system                                                       |
//! | `trial`        | `--test`, which touches no file of the service                        |
//! | `lock`         | one set of files has one writer; `owner` is who owns what root makes  |
//!
//! A row's time is `meta.frame_start`, in local time, and decides the file it goes to. Nothing is
//! interpolated: where telegrams are missing, rows are missing.

mod columns;
mod dates;
mod details;
mod five_minutes;
mod graph;
mod health;
mod history;
mod last_meter;
mod leftovers;
mod lock;
mod meters;
mod options;
mod output;
mod outputs;
mod owner;
mod page;
mod pattern;
mod queue;
mod recorder;
mod removal;
mod report;
mod session;
mod storage;
mod today;
mod totals;
mod trial;
mod weekly;

use std::time::Duration;

use crate::zone;

pub use lock::{Holder, InUse};
pub use options::{EXITS, Options};
pub use recorder::Recorder;
pub use session::run;
pub use storage::{DiskStorage, Storage};
pub use zone::{HostZone, Zone};

/// A period of the configuration, aligned to the multiples of the clock.
fn whole_seconds(period: Duration) -> i64 {
    i64::try_from(period.as_secs()).unwrap_or(i64::MAX).max(1)
}

#[cfg(test)]
pub(crate) mod tests;
