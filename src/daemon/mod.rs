//! What every program of the suite does, whatever its subject: read its options, write a log, mind
//! signals, talk to systemd, and end with an exit status that says why.
//!
//! A leaf: it knows nothing of meters, telegrams or the configuration file. Time is passed in, and
//! there is no thread; a program's own loop drives everything here.

pub mod arguments;
pub mod exit;
pub mod life;
pub mod limiter;
pub mod logging;
pub mod outages;
pub mod panic;
pub mod service;
pub mod signals;

#[cfg(test)]
mod rerun;
#[cfg(test)]
pub(crate) mod said;

pub use arguments::Arguments;
pub use exit::Exit;
pub use life::{Daemon, live};
pub use limiter::Limiter;
pub use outages::Outages;
pub use service::Service;
pub use signals::Signals;
