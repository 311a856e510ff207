//! Why there is no connection to the broker, in words that say what to do.
//!
//! Owns the words. They follow `no connection to the broker HOST:PORT: `.

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;

use rumqttc::mqttbytes::Error as PacketError;
use rumqttc::{ConnectReturnCode, ConnectionError, StateError, TlsError};
use rustls::{AlertDescription, CertificateError};

use crate::runtime::background::WorkerPanicked;
use crate::runtime::secret::SecretError;
use crate::runtime::tcp::ConnectError;
use crate::text;

/// Why there is no connection, or why it was lost.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("cannot look up its name: {0}")]
    LookUp(io::Error),
    #[error("its name has no address")]
    NoAddress,
    #[error("{}", connect_error(.0))]
    Connect(io::Error),
    #[error("it does not answer: is it an MQTT broker, and is the port right?")]
    Silent,
    #[error("it no longer answers")]
    Stalled,
    #[error("it closed the connection")]
    Closed,
    #[error(
        "it closed the connection after {}: is there another client with the id {client_id:?} (set \
         p1_mqtt.client_id), or is this one not allowed to publish?", text::duration(*.lasted)
    )]
    ClosedSoon { lasted: Duration, client_id: String },
    #[error("it closed the connection at once: is p1_mqtt.tls right for this port?")]
    ClosedAtOnce,
    #[error("the reply is not MQTT (wrong port?)")]
    NotMqtt,
    #[error("it sent a packet of {0} bytes, which is far more than expected")]
    PacketTooLong(usize),
    #[error("{}", refusal(*code, login.as_ref()))]
    Refused { code: ConnectReturnCode, login: Option<Login> },
    #[error(transparent)]
    Password(#[from] SecretError),
    #[error("cannot read the certificates in {}: {reason}", file.display())]
    CaFile { file: PathBuf, reason: String },
    #[error("{}", tls_error(.0))]
    Tls(rustls::Error),
    #[error(transparent)]
    Io(io::Error),
    #[error("cannot start a thread to connect: {0}")]
    NoThread(io::Error),
    #[error(transparent)]
    WorkerPanicked(#[from] WorkerPanicked),
}

/// The credentials that were sent.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub user: String,
    pub has_password: bool,
}

impl Failure {
    /// Why the broker could not be connected to with these credentials.
    pub fn connecting(error: ConnectionError, login: Option<Login>) -> Self {
        match error {
            // TCP alone, before anything is sent. Only an error of the system has a number.
            ConnectionError::Io(error) if error.raw_os_error().is_some() => Self::Connect(error),
            ConnectionError::Io(error) if error.kind() == ErrorKind::InvalidInput => {
                Self::NoAddress
            }
            ConnectionError::Io(error) => Self::LookUp(error),
            ConnectionError::ConnectionRefused(code) => Self::Refused { code, login },
            ConnectionError::MqttState(StateError::Deserialization(PacketError::Io(error)))
                if error.kind() == ErrorKind::Other =>
            {
                Self::NotMqtt
            }
            other => match Self::connected(other) {
                Self::Closed => Self::ClosedAtOnce,
                Self::PacketTooLong(_) => Self::NotMqtt,
                other => other,
            },
        }
    }

    /// Why a connection was lost.
    pub fn connected(error: ConnectionError) -> Self {
        match error {
            ConnectionError::NetworkTimeout
            | ConnectionError::FlushTimeout
            | ConnectionError::MqttState(StateError::AwaitPingResp) => Self::Stalled,
            ConnectionError::MqttState(StateError::ConnectionAborted) => Self::Closed,
            ConnectionError::MqttState(StateError::Deserialization(error)) => match error {
                PacketError::Io(error) => error.into(),
                PacketError::PayloadSizeLimitExceeded(length) => Self::PacketTooLong(length),
                _ => Self::NotMqtt,
            },
            ConnectionError::Io(error)
            | ConnectionError::Tls(TlsError::Io(error))
            | ConnectionError::MqttState(StateError::Io(error)) => error.into(),
            ConnectionError::Tls(TlsError::TLS(error)) => Self::Tls(error),
            ConnectionError::Tls(error) => Self::Tls(rustls::Error::General(error.to_string())),
            _ => Self::NotMqtt,
        }
    }

    /// Whether somebody must change something. Anything else may pass by itself.
    pub fn needs_repair(&self) -> bool {
        matches!(
            self,
            Self::NotMqtt
                | Self::PacketTooLong(_)
                | Self::Refused { .. }
                | Self::Password(_)
                | Self::CaFile { .. }
                | Self::Tls(_)
        )
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::LookUp { source, .. } => Self::LookUp(source),
            ConnectError::NoAddress { .. } => Self::NoAddress,
            ConnectError::Connect { source, .. } => Self::Connect(source),
        }
    }
}

/// A failed read or write.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof
            | ErrorKind::BrokenPipe
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            // rumqttc's codec: the connection ended in the middle of a packet.
            | ErrorKind::Other => Self::Closed,
            _ => match error.downcast::<rustls::Error>() {
                Ok(error) => Self::Tls(error),
                Err(error) => Self::Io(error),
            },
        }
    }
}

fn connect_error(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::TimedOut => "no answer: is it switched on, and the address right?".into(),
        ErrorKind::ConnectionRefused => "refused: is it running, and is the port right?".into(),
        _ => error.to_string(),
    }
}

fn refusal(code: ConnectReturnCode, login: Option<&Login>) -> String {
    use ConnectReturnCode as Code;
    match (code, login) {
        // Some brokers use one for the other.
        (Code::BadUserNamePassword | Code::NotAuthorized, Some(Login { user, has_password })) => {
            if *has_password {
                format!("it refuses the user {user:?}: wrong user or password, or not authorized")
            } else {
                format!(
                    "it refuses the user {user:?} without a password: write one to \
                     /etc/p1-multicast/mqtt-password and restart p1mqtt, or set p1_mqtt.password_file"
                )
            }
        }
        (Code::BadUserNamePassword | Code::NotAuthorized, None) => {
            "it requires a user and a password: set p1_mqtt.user".into()
        }
        (Code::RefusedProtocolVersion, _) => "it does not support MQTT 3.1.1".into(),
        (Code::BadClientId, _) => "it refuses the client id: set p1_mqtt.client_id".into(),
        (Code::ServiceUnavailable | Code::Success, _) => "it is not available at present".into(),
    }
}

fn tls_error(error: &rustls::Error) -> String {
    use CertificateError as Bad;
    let fault = match error {
        rustls::Error::InvalidCertificate(fault) => fault,
        rustls::Error::InvalidMessage(_) => {
            return "it does not use TLS: is the port right?".into();
        }
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            return "the broker requires a client certificate, which p1mqtt does not support"
                .into();
        }
        other => return format!("TLS: {other}"),
    };
    match fault {
        Bad::UnknownIssuer | Bad::BadSignature => {
            "its certificate is of no trusted CA: p1_mqtt.ca_file names the file of its CA".into()
        }
        Bad::Expired | Bad::ExpiredContext { .. } => {
            "its certificate has expired, or the clock of this host is wrong".into()
        }
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
            "its certificate is not valid yet, or the clock of this host is wrong".into()
        }
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
            "its certificate is for another name than p1_mqtt.broker has (see p1mqtt(8), TLS)"
                .into()
        }
        other => certificate_error(&other.to_string()),
    }
}

/// Faults that rustls has no type for, by its text: what `openssl` makes by default.
fn certificate_error(fault: &str) -> String {
    let is = |word| fault.contains(word);
    let what = match fault {
        _ if is("UnsupportedCertVersion") => "is of the old version 1, which has no names in it",
        _ if is("CaUsedAsEndEntity") => "is one for a CA, not for a broker",
        _ => return format!("its certificate is not accepted: {fault}"),
    };
    format!("its certificate {what}: p1mqtt(8) shows under TLS how to make one")
}

#[cfg(test)]
mod tests {
    use rumqttc::ConnectReturnCode as Code;

    use super::*;

    #[test]
    fn a_wrong_password_names_the_user_and_a_missing_one_the_key() {
        for code in [Code::BadUserNamePassword, Code::NotAuthorized] {
            let login = |has_password| Some(Login { user: "p1".into(), has_password });
            let message = Failure::Refused { code, login: login(false) }.to_string();
            assert!(
                message.starts_with("it refuses the user \"p1\" without a password: "),
                "{message}"
            );
            let message = Failure::Refused { code, login: login(true) }.to_string();
            assert!(
                message.starts_with("it refuses the user \"p1\": wrong user or password"),
                "{message}"
            );
            let message = Failure::Refused { code, login: None }.to_string();
            assert!(message.ends_with("set p1_mqtt.user"), "{message}");
        }
    }

    #[test]
    fn certificates_that_are_often_made_are_explained() {
        for (fault, message) in [
            ("UnsupportedCertVersion", "its certificate is of the old version 1"),
            ("Other(OtherError(CaUsedAsEndEntity))", "its certificate is one for a CA"),
            ("Revoked", "its certificate is not accepted: Revoked"),
        ] {
            assert!(certificate_error(fault).starts_with(message), "{}", certificate_error(fault));
        }
    }

    #[test]
    fn a_broker_that_requires_a_client_certificate_is_told_from_other_faults_of_tls() {
        let alert = |alert| tls_error(&rustls::Error::AlertReceived(alert));
        let message = alert(AlertDescription::CertificateRequired);
        assert!(message.starts_with("the broker requires a client certificate"), "{message}");
        let message = alert(AlertDescription::InternalError);
        assert!(message.starts_with("TLS: "), "{message}");
    }

    #[test]
    fn errors_of_the_socket_tell_an_end_from_tls() {
        let failure = |kind: ErrorKind| Failure::from(io::Error::from(kind));
        assert!(matches!(failure(ErrorKind::ConnectionReset), Failure::Closed));
        assert!(matches!(failure(ErrorKind::NetworkUnreachable), Failure::Io(_)));
        let issuer = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let error = io::Error::new(ErrorKind::InvalidData, issuer);
        assert!(Failure::from(error).to_string().contains("p1_mqtt.ca_file"));
    }
}
