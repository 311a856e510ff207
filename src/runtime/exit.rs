//! How a program ends: the exit statuses of the suite.
//!
//! The numbers are those of `sysexits.h`, so that systemd and scripts can tell a fault that a
//! restart may cure from one that it cannot.

use std::process::ExitCode;

/// The reasons why a program of the suite ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is done, or the program was asked to stop.
    Done = 0,
    /// The program did its work, and the answer is no.
    Rejected = 1,
    /// The command line is wrong; a restart will not help.
    Usage = 64,
    /// What was read is not what it should be.
    Data = 65,
    /// What was to be read is not there.
    NoInput = 66,
    /// The port or the network cannot be used at all.
    Unavailable = 69,
    /// A bug of ours.
    Bug = 70,
    /// Reading or writing failed.
    Io = 74,
    /// The configuration is wrong; a restart will not help.
    Config = 78,
}

impl Exit {
    /// The status as the parent process sees it.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// The status of a program that ends like this. Each program declares its ways to end beside its options,
/// and its manual page lists those.
#[must_use]
pub fn status(outcome: Result<Exit, Exit>, declared: &[Exit]) -> ExitCode {
    let exit = outcome.unwrap_or_else(|exit| exit);
    debug_assert!(declared.contains(&exit), "{exit:?} is not among the declared exits");
    exit.into()
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
