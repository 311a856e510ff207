//! `p1emeter`: answers each telegram with one datagram of an energy meter, for programs and devices that act.
//!
//! Battery controllers, chargers and inverters follow this datagram, so a wrong one moves kilowatts. Hence:
//! one meter only, each telegram once, never an old value, nothing when telegrams cease. It binds no port and
//! answers nothing. The protocol is the EMETER protocol that SMA Solar Technology AG published; we are
//! neither affiliated with that company nor endorsed by it.
//!
//! ```text
//! multicast ──▶ session ──▶ mapping ──▶ datagram ──▶ group, single hosts; --print: standard output
//!                  └─ timing
//! ```
//!
//! | module     | owns                                                            |
//! |------------|-----------------------------------------------------------------|
//! | `session`  | the loop, whom the datagrams are from, and the log              |
//! | `timing`   | which telegrams are too old or too many                         |
//! | `mapping`  | what goes out where the meter says nothing or something else    |
//! | `datagram` | the bytes, both ways                                            |
//! | `options`  | the command line                                                |

mod datagram;
mod mapping;
mod options;
mod session;
mod timing;

pub use options::{EXITS, Options};
pub use session::run;
