//! The bridge, `p1mqtt`: the state of each meter for an MQTT broker, and its discovery for Home Assistant.
//!
//! Owns what is published when, and the connection to the broker. Only `session`, `broker` and `tls`
//! touch sockets and files; the clock is passed in everywhere else, so that silence, an outage and a
//! broker that stalls are unit tests.
//!
//! ```text
//! multicast ──▶ session ──▶ meters ──▶ publications ──▶ link ──▶ broker ──▶ socket, TLS
//!                             └─ topics, discovery ◀─ entities        └─ packets, password
//! ```
//!
//! | module      | owns                                                                     |
//! |-------------|--------------------------------------------------------------------------|
//! | `session`   | the loop: telegrams in, publications out, and what systemd is told       |
//! | `meters`    | what is remembered of each meter, and what of it is published when       |
//! | `topics`    | the names of the topics                                                  |
//! | `discovery` | the message by which Home Assistant finds a meter                        |
//! | `entities`  | what Home Assistant is to know of each reading: a table                  |
//! | `link`      | whether the broker is there: backoff, pings, and what is said of it      |
//! | `broker`    | one connection to the broker, from its name to its answer                |
//! | `failure`   | why there is none, in words                                              |
//! | `password`  | where the password comes from                                            |
//! | `tls`       | the broker's certificate, and who vouches for it                         |
//! | `socket`    | bytes to and from the broker, none of which may take for ever            |
//! | `packets`   | MQTT 3.1.1 packets as bytes                                              |
//!
//! **The client.** Everything goes out with quality of service 0: state is sent again in seconds, and
//! whatever is retained is sent anew on each connection, so nothing needs an acknowledgement, a queue or
//! a session at the broker. What is left of MQTT is seven packets, and the loop that every daemon here
//! has. `rumqttc`'s synchronous client would be an async runtime on a thread beside that loop (27 crates,
//! tokio among them, and 41 with TLS), and sends after an outage what it was given before: here that is
//! to be forgotten. `mqtt-protocol-core` needs Rust 1.86; its last version for 1.85 comes with 46 crates.
//! So the packets are `mqttbytes`'s, which is `rumqttc`'s codec on its own (with one more crate, `bytes`;
//! MQTT 3.1.1 has not changed since 2014), over a socket with deadlines. TLS is `rustls` with `ring`, which
//! Debian's compilers build for every Raspberry Pi.

mod broker;
mod discovery;
mod entities;
mod failure;
mod link;
mod meters;
mod options;
mod packets;
mod password;
mod session;
mod socket;
mod tls;
mod topics;

pub use options::{EXITS, Options};
pub use session::run;

/// A message for the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Publication {
    topic: String,
    payload: Vec<u8>,
    /// Whether the broker keeps it for those who subscribe later.
    is_retained: bool,
}
