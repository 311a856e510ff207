//! What every program of the suite does, whatever its subject: read its options and its configuration,
//! write a log, handle signals, talk to systemd, work beside the loop, and exit with a status that says why.
//!
//! A leaf but for [`crate::config`]: it knows nothing of meters or telegrams. Time is passed in, and a
//! program's own loop drives everything here but `background`.

pub mod arguments;
pub(crate) mod background;
pub mod exit;
pub mod logging;
pub mod outage_log;
pub mod panic;
pub mod rate_limit;
pub mod run;
pub(crate) mod secret;
pub mod signals;
pub mod start;
pub mod systemd;
pub(crate) mod tcp;

#[cfg(test)]
mod captured_log;
#[cfg(test)]
mod rerun;

pub use arguments::Arguments;
#[cfg(test)]
pub(crate) use captured_log::captured_log;
pub use exit::Exit;
pub use outage_log::OutageLog;
pub use rate_limit::RateLimit;
pub use run::{Service, run};
pub use signals::Signals;
pub use start::Program;
pub use systemd::SystemdNotifier;

/// The name of this host: the `source` of datagrams where no other is configured.
pub(crate) fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
