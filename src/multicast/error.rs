//! What can be wrong with a group or an interface, in words.

use std::io;
use std::net::IpAddr;

/// Why a [`Sender`](super::Sender) or a [`Receiver`](super::Receiver) cannot be opened, or cannot join.
///
/// All but [`Error::NotMulticast`] and [`Error::WrongFamily`] may go away by themselves: an interface
/// may appear, a network come up. Trying again now and then is right.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is no group.
    #[error("{0} is not a multicast address; expected 224.0.0.0 to 239.255.255.255, or ff00::/8")]
    NotMulticast(IpAddr),
    /// The interface is given by an address of the other family than the group's.
    #[error("interface {interface} cannot be used with group {group}; give its name, such as eth0")]
    WrongFamily {
        /// The address of the interface.
        interface: IpAddr,
        /// The group.
        group: IpAddr,
    },
    /// No interface has this name or address now.
    #[error("no network interface {wanted} here; there are: {present}")]
    NoInterface {
        /// The name or address that was asked for.
        wanted: String,
        /// The names of those that exist, with commas between.
        present: String,
    },
    /// The kernel refused.
    #[error("cannot {action}: {reason}")]
    Refused {
        /// What was to be done.
        action: String,
        /// What the kernel says.
        reason: io::Error,
    },
}

impl Error {
    /// For `map_err`: the kernel refused to do `action`.
    pub(super) fn refused(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |reason| Self::Refused { action, reason }
    }
}
