//! `p1cat`: telegrams as lines of text, from the network or from a file of raw telegrams.
//!
//! Owns what is printed, and when to stop. Standard output is passed in, and so are the source of
//! datagrams and the file.

mod anonymous;
mod explain;
mod file;
mod group;
mod printer;

use std::io::{self, Write};
use std::time::{Duration, Instant as Monotonic};

use crate::daemon::Exit;
use crate::message::{Message, MessageError};

pub use anonymous::anonymous;
pub use explain::Explanation;
pub use file::from_file;
pub use group::GroupDatagrams;
pub use printer::Printer;

/// What a telegram is printed as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// One line of JSON.
    #[default]
    Json,
    /// The bytes of the meter.
    Raw,
    /// Words for people; only from a file, and rejected telegrams too.
    Explained,
}

/// What to print, and when to stop.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// What a telegram is printed as.
    pub form: Form,
    /// Without identifiers and texts; only from a file.
    pub is_anonymous: bool,
    /// Stop after this many telegrams.
    pub count: Option<u64>,
    /// Stop when no telegram has come for this long.
    pub timeout: Option<Duration>,
}

/// Where datagrams come from: the multicast group, or a test.
pub trait Datagrams {
    /// Waits up to `timeout` for the next datagram; `None` when there was none.
    fn next(&mut self, timeout: Duration) -> io::Result<Option<&[u8]>>;
}

/// Prints the telegrams that come from the network, each as soon as it is there.
///
/// `meter` lets only the meter with this equipment identifier through. What is no telegram is passed
/// over. A closed pipe is a good end; silence for `options.timeout` is [`Exit::Unavailable`].
pub fn from_network(
    datagrams: &mut impl Datagrams,
    meter: Option<&str>,
    options: Options,
    out: impl Write,
) -> io::Result<Exit> {
    let mut printer = Printer::new(out, options.count);
    let mut json = Vec::new();
    let mut last = Monotonic::now();
    while printer.is_open() {
        let patience = match options.timeout.map(|timeout| timeout.checked_sub(last.elapsed())) {
            Some(None) => return Ok(Exit::Unavailable),
            Some(Some(left)) => left,
            None => Duration::from_secs(3600),
        };
        let Some(datagram) = datagrams.next(patience)? else {
            continue;
        };
        if options.form == Form::Raw {
            printer.print(datagram)?;
        } else {
            match Message::parse(datagram) {
                Ok(message) if meter.is_none_or(|meter| message.is_from(meter)) => {
                    message.write_json(&mut json);
                    json.push(b'\n');
                    printer.print(&json)?;
                }
                Ok(_) => continue,
                Err(error) => {
                    pass_over(&error);
                    continue;
                }
            }
        }
        printer.flush()?;
        last = Monotonic::now();
    }
    Ok(Exit::Done)
}

fn pass_over(error: &MessageError) {
    log::debug!("a datagram is passed over: {error}");
}

#[cfg(test)]
mod tests;
