//! Datagrams to and from a multicast group, over IPv4 or IPv6.
//!
//! Owns the sockets and the choice of network interface; knows nothing of what the datagrams say.
//! Nothing here retries by itself or writes a log: errors go back to the caller, whose loop decides
//! when to try again. To replace a [`Sender`], open another one.

mod error;
mod interface;
mod receiver;
mod sender;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use interface::Interface;
pub(crate) use interface::is_ours;
pub use receiver::{Datagram, Joined, Receiver};
pub use sender::{Path, Sender};
