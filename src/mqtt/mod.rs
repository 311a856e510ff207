//! The bridge, `p1mqtt`: publishes the state of each meter to an MQTT broker, and announces it to Home Assistant.
//!
//! Owns what is published when, and the connection to the broker. Only `session`, `client` and `tls`
//! touch sockets and files; time is passed in everywhere else, so that silence, an outage and a broker
//! that stalls are unit tests.
//!
//! ```text
//! multicast ──▶ session ──▶ meters ──▶ publications ──▶ connection ──▶ client ──▶ rumqttc, rustls
//!                             └─ topics, discovery                      └─ tls
//! ```
//!
//! | module       | owns                                                                    |
//! |--------------|-------------------------------------------------------------------------|
//! | `session`    | the loop: telegrams in, publications out, and the status for systemd    |
//! | `meters`     | what is known of each meter, and what of it is published when           |
//! | `topics`     | the names of the topics                                                 |
//! | `discovery`  | the message by which Home Assistant finds a meter                       |
//! | `connection` | whether the broker is connected: backoff, the log of outages            |
//! | `client`     | one connection to the broker: rumqttc's client on a thread of its own   |
//! | `failure`    | why there is no connection, in words                                    |
//! | `options`    | the command line                                                        |
//! | `tls`        | which certificates are trusted                                          |
//!
//! **The client** is rumqttc's synchronous one: MQTT 3.1.1, widely used, and built with Rust 1.85. It brings
//! tokio with it, into p1mqtt alone. Everything goes out with quality of service 0: the next state follows in
//! seconds, and whatever is retained is published again after each connect, so nothing needs an
//! acknowledgement or a session at the broker. TLS is rustls with ring, which Debian's compilers build for
//! every Raspberry Pi.

mod client;
mod connection;
mod discovery;
mod failure;
mod meters;
mod options;
mod session;
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
