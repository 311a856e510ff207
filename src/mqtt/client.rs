//! One connection to the broker: rumqttc's client on a thread of its own.
//!
//! Owns the options of rumqttc, the thread that runs it, and the translation of its events. Everything that
//! may take long happens on that thread: the name look-up, the handshakes, and a broker that does not read.
//! When to connect, and when to give up, is decided in [`connection`](super::connection).
//!
//! Each connection has a new client, and an old one is never used again: rumqttc would send after an outage
//! what it could not send before.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::Duration;

use rumqttc::{
    Connection, ConnectionError, Event as MqttEvent, LastWill, MqttOptions, Outgoing, Packet, QoS,
    SubscribeReasonCode, Transport,
};

use super::Publication;
use super::failure::{Failure, Login};
use super::tls;
use super::topics::{BIRTH, OFFLINE, ONLINE};
use crate::meter::MAX_METERS;
use crate::runtime::secret::SecretName;
use crate::runtime::tcp;

const PASSWORD: SecretName = SecretName { what: "password", credential: "password" };

/// How often the broker is pinged. One that has not answered by the next ping is given up; the broker gives
/// us up after one and a half times as long without a packet.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How long name look-up, connect, TLS and CONNACK may take together, in seconds.
const CONNECT_TIMEOUT: u64 = 10;

/// How long the broker may take to accept a packet, in seconds.
const FLUSH_TIMEOUT: u64 = 5;

/// How many packets wait to be sent. After connecting there are up to three of each meter.
const MAX_REQUESTS: usize = 4 * MAX_METERS;

/// How many events wait to be handled. More than these are repetitions.
const MAX_EVENTS: usize = 8;

/// The largest packet that the broker may send, in bytes. Only messages on [`BIRTH`] are expected.
const MAX_INCOMING: usize = 64 * 1024;

/// The largest packet to send, in bytes: more than can be made of a datagram.
const MAX_OUTGOING: usize = 1024 * 1024;

/// The pause after each packet received, so that a broker that floods us costs no processor time.
const RECEIVE_INTERVAL: Duration = Duration::from_millis(10);

/// What happened on a connection.
pub(super) enum Event {
    /// The broker has accepted us. Comes first.
    Connected(Box<dyn Publisher>),
    /// Home Assistant has started, and knows nothing yet.
    HomeAssistantStarted,
    /// The broker does not let us subscribe to [`BIRTH`].
    SubscriptionRefused,
    /// There is no connection any more, or there never was one. Comes last.
    Lost(Failure),
}

/// Sends messages on a connection. Dropping it sends DISCONNECT, so that the broker forgets the last will; the
/// events end when that is done.
pub(super) trait Publisher: Send {
    /// False if too much is waiting to be sent. Does not wait.
    fn publish(&self, publication: Publication) -> bool;
}

/// Which broker to connect to, and as whom.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub host: String,
    pub port: u16,
    /// The certificates to trust; without it there is no TLS.
    pub ca_file: Option<PathBuf>,
    pub user: Option<String>,
    pub password_file: Option<PathBuf>,
    /// The directory of systemd's credentials.
    pub credentials: Option<PathBuf>,
    pub client_id: String,
    /// The topic of the last will.
    pub will_topic: String,
    /// Whether to subscribe to [`BIRTH`].
    pub has_discovery: bool,
}

impl Settings {
    /// `host:port`, with an IPv6 address in brackets.
    pub fn address(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

/// Starts to connect.
pub(super) fn start(settings: &Settings) -> io::Result<Receiver<Event>> {
    let (events, receiver) = mpsc::sync_channel(MAX_EVENTS);
    let settings = settings.clone();
    thread::Builder::new().name("mqtt".into()).spawn(move || {
        if let Err(failure) = run(&settings, &events) {
            // If the receiver is gone, nobody wants to know.
            let _ = events.send(Event::Lost(failure));
        }
    })?;
    Ok(receiver)
}

/// Connects, and stays connected until the publisher is dropped.
fn run(settings: &Settings, events: &SyncSender<Event>) -> Result<(), Failure> {
    let (client, mut connection) = connect(settings)?;
    if settings.has_discovery {
        // The channel is empty: this fits in.
        let _ = client.try_subscribe(BIRTH, QoS::AtMostOnce);
    }
    let is_abandoned = Arc::new(AtomicBool::new(false));
    let publisher = RumqttPublisher { client, is_abandoned: Arc::clone(&is_abandoned) };
    let _ = events.send(Event::Connected(Box::new(publisher)));
    exchange(&mut connection, events, &is_abandoned)
}

fn connect(settings: &Settings) -> Result<(rumqttc::Client, Connection), Failure> {
    let password = PASSWORD
        .read(settings.credentials.as_deref(), settings.password_file.as_deref())?
        .map(|password| password.text);
    let options = options(settings, password.as_deref())?;
    let (client, mut connection) = rumqttc::Client::new(options, MAX_REQUESTS);
    let network = &mut connection.eventloop.network_options;
    network.set_connection_timeout(CONNECT_TIMEOUT);
    network.set_tcp_nodelay(true);
    match connection.recv() {
        // The first event is the CONNACK.
        Ok(Ok(_)) => {
            // rumqttc uses the same timeout for each packet that it sends.
            connection.eventloop.network_options.set_connection_timeout(FLUSH_TIMEOUT);
            Ok((client, connection))
        }
        Ok(Err(ConnectionError::NetworkTimeout)) => {
            drop(connection);
            // rumqttc does not report what took so long. Does anything answer there?
            Err(tcp::connect(&settings.address()).map_or_else(Failure::from, |_| Failure::Silent))
        }
        Ok(Err(error)) => {
            let login = settings.user.clone();
            let login = login.map(|user| Login { user, has_password: password.is_some() });
            Err(Failure::connecting(error, login))
        }
        Err(rumqttc::RecvError) => Err(Failure::Closed),
    }
}

fn options(settings: &Settings, password: Option<&str>) -> Result<MqttOptions, Failure> {
    let Settings { client_id, host, port, will_topic, .. } = settings;
    let mut options = MqttOptions::new(client_id, host, *port);
    options.set_keep_alive(KEEP_ALIVE);
    options.set_clean_session(true);
    options.set_max_packet_size(MAX_INCOMING, MAX_OUTGOING);
    options.set_last_will(LastWill::new(will_topic, OFFLINE, QoS::AtMostOnce, true));
    if let Some(user) = &settings.user {
        options.set_credentials(user, password.unwrap_or_default());
    }
    if let Some(ca_file) = &settings.ca_file {
        options.set_transport(Transport::tls_with_config(tls::client_config(ca_file)?.into()));
    }
    Ok(options)
}

/// Sends and receives until DISCONNECT is sent.
fn exchange(
    connection: &mut Connection,
    events: &SyncSender<Event>,
    is_abandoned: &AtomicBool,
) -> Result<(), Failure> {
    while !is_abandoned.load(Ordering::Relaxed) {
        match connection.recv() {
            Ok(Ok(MqttEvent::Outgoing(Outgoing::Disconnect))) | Err(rumqttc::RecvError) => break,
            Ok(Ok(MqttEvent::Outgoing(_))) => {}
            Ok(Ok(MqttEvent::Incoming(packet))) => {
                if let Some(event) = event(&packet) {
                    // When full, the same event is already waiting.
                    let _ = events.try_send(event);
                }
                thread::sleep(RECEIVE_INTERVAL);
            }
            Ok(Err(error)) => return Err(Failure::connected(error)),
        }
    }
    Ok(())
}

/// What a packet of the broker means to us.
fn event(packet: &Packet) -> Option<Event> {
    match packet {
        Packet::SubAck(ack) if ack.return_codes.contains(&SubscribeReasonCode::Failure) => {
            Some(Event::SubscriptionRefused)
        }
        // A retained message is about a start before we connected. Everything was published then.
        Packet::Publish(message)
            if !message.retain && message.topic == BIRTH && message.payload == ONLINE =>
        {
            Some(Event::HomeAssistantStarted)
        }
        _ => None,
    }
}

/// The sending end of a connection.
struct RumqttPublisher {
    client: rumqttc::Client,
    /// The publisher was dropped while the broker took nothing: the thread ends without DISCONNECT. rumqttc
    /// would not notice, because it keeps a sender of its own.
    is_abandoned: Arc<AtomicBool>,
}

impl Publisher for RumqttPublisher {
    fn publish(&self, publication: Publication) -> bool {
        let Publication { topic, payload, is_retained } = publication;
        self.client.try_publish(topic, QoS::AtMostOnce, is_retained, payload).is_ok()
    }
}

impl Drop for RumqttPublisher {
    fn drop(&mut self) {
        if self.client.try_disconnect().is_err() {
            self.is_abandoned.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
