//! Telegrams from the network, each printed as soon as it arrives.
//!
//! Owns the loop and its end after a time without telegrams. Where telegrams come from is passed in.

use std::io::{self, ErrorKind, Write};
use std::time::{Duration, Instant, SystemTime};

use super::Options;
use super::pipeline::Pipeline;
use super::printer::has_left;
use crate::runtime::Exit;
use crate::subscriber::Telegram;

/// The longest wait for a telegram.
const MAX_WAIT: Duration = Duration::from_secs(3600);

/// Where telegrams come from: the multicast group, or a test.
pub trait TelegramSource {
    /// Waits up to `timeout` for the next telegram; `None` when there was none.
    ///
    /// Fails with [`io::ErrorKind::BrokenPipe`] when nobody reads the output any more, and with
    /// [`io::ErrorKind::Interrupted`] when a signal asks the program to stop.
    fn next(&mut self, timeout: Duration) -> io::Result<Option<Telegram>>;

    /// The bytes of the last telegram.
    fn datagram(&self) -> &[u8];

    /// The message that no telegram has arrived for this long.
    fn silence(&self, time: Duration) -> String;
}

/// Prints the telegrams that arrive from the network.
///
/// A closed pipe is a good end. No telegram for `options.timeout` is [`Exit::Unavailable`], and is logged.
/// A telegram that is held back is printed before the end.
pub fn from_network(
    source: &mut impl TelegramSource,
    options: &Options,
    out: impl Write,
) -> io::Result<Exit> {
    let mut pipeline = Pipeline::new(options, out);
    let mut last = Instant::now();
    let exit = loop {
        if !pipeline.is_open() {
            break Exit::Done;
        }
        let now = Instant::now();
        // A time that no clock reaches is as good as none.
        let timeout = options.timeout.and_then(|time| Some((time, last.checked_add(time)?)));
        if let Some((time, end)) = timeout {
            if end <= now {
                // An HTTP client reads it in the answer to each request.
                let level = if options.http { log::Level::Debug } else { log::Level::Error };
                log::log!(level, "{}", source.silence(time));
                break Exit::Unavailable;
            }
        }
        let wake = [timeout.map(|(_, end)| end), pipeline.due(now)].into_iter().flatten().min();
        let wait = wake.map_or(MAX_WAIT, |wake| wake.saturating_duration_since(now));
        let telegram = match source.next(wait) {
            Err(error) if has_left(&error) => return Ok(Exit::Done),
            Err(error) if error.kind() == ErrorKind::Interrupted => break Exit::Done,
            telegram => telegram?,
        };
        let now = Instant::now();
        if let Some(telegram) = telegram {
            last = now;
            if options.raw {
                // It does not tell when it was sent.
                pipeline.push_raw(source.datagram(), SystemTime::now().into(), now)?;
            } else {
                pipeline.push(telegram.message, now)?;
            }
        }
        pipeline.print_due(now)?;
        pipeline.flush()?;
    };
    pipeline.finish()?;
    pipeline.flush()?;
    Ok(exit)
}
