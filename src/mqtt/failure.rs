//! Why there is no connection to the broker, in words that say what to do.
//!
//! Owns the words. They follow `no connection to the broker HOST:PORT: `.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use rustls::{AlertDescription, CertificateError};

use super::packets::Answer;
use super::password::PasswordError;
use crate::runtime::background::WorkerPanicked;
use crate::runtime::tcp::ConnectError;

/// Why there is no connection, or why it was lost.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("its name cannot be looked up: {0}")]
    LookUp(io::Error),
    #[error("its name has no address")]
    NoAddress,
    #[error("{}", connecting(.0))]
    Connect(io::Error),
    #[error("it does not answer: is it an MQTT broker, and is the port right?")]
    Silent,
    #[error("it does not answer any more")]
    Stalled,
    #[error("it closed the connection")]
    Closed,
    #[error(
        "it closes each connection soon: does another client call itself {client:?} there (give this one \
         a p1_mqtt.client_id of its own), or is this one not allowed to publish?"
    )]
    ClosedSoon { client: String },
    #[error("it closed the connection at once: is p1_mqtt.tls right for this port?")]
    ClosedAtOnce,
    #[error("what it answers is no MQTT: is the port right?")]
    NotMqtt,
    #[error("{}", refused(*answer, login.as_ref()))]
    Refused { answer: Answer, login: Option<Login> },
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("cannot read the certificates in {}: {reason}", file.display())]
    CaFile { file: PathBuf, reason: String },
    #[error("{}", certificate(.0))]
    Tls(rustls::Error),
    #[error(transparent)]
    Io(io::Error),
    #[error("cannot start a thread to connect: {0}")]
    NoThread(io::Error),
    #[error(transparent)]
    WorkerPanicked(#[from] WorkerPanicked),
}

/// What the broker was told of the user.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub user: String,
    pub has_password: bool,
}

impl Failure {
    /// Whether the broker, or the way to it, is not there; that may end by itself.
    pub fn is_absence(&self) -> bool {
        matches!(
            self,
            Self::LookUp(_)
                | Self::NoAddress
                | Self::Connect(_)
                | Self::Silent
                | Self::Stalled
                | Self::Closed
                | Self::ClosedSoon { .. }
                | Self::ClosedAtOnce
                | Self::Io(_)
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

/// What became of reading or writing.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::TimedOut => Self::Silent,
            ErrorKind::UnexpectedEof
            | ErrorKind::BrokenPipe
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted => Self::Closed,
            _ => match error.downcast::<rustls::Error>() {
                Ok(error) => Self::Tls(error),
                Err(error) => Self::Io(error),
            },
        }
    }
}

fn connecting(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::TimedOut => "no answer: is it switched on, and the address right?".into(),
        ErrorKind::ConnectionRefused => "refused: is it running, and is the port right?".into(),
        _ => error.to_string(),
    }
}

fn refused(answer: Answer, login: Option<&Login>) -> String {
    match (answer, login) {
        (Answer::BadLogin | Answer::NotAuthorized, Some(Login { user, has_password: true })) => {
            format!("it refuses the user {user:?}: wrong user or password, or not authorized")
        }
        (Answer::BadLogin | Answer::NotAuthorized, Some(Login { user, .. })) => format!(
            "it refuses the user {user:?} without a password: write one to \
             /etc/p1-multicast/mqtt-password and restart p1mqtt, or set p1_mqtt.password_file"
        ),
        (Answer::BadLogin | Answer::NotAuthorized, None) => {
            "it wants a user and a password: set p1_mqtt.user".into()
        }
        (Answer::BadVersion, _) => "it does not know MQTT 3.1.1".into(),
        (Answer::BadClient, _) => "it refuses the client id: set p1_mqtt.client_id".into(),
        (Answer::Unavailable | Answer::Accepted, _) => "it says that it is not available".into(),
    }
}

fn certificate(error: &rustls::Error) -> String {
    use CertificateError as Bad;
    let fault = match error {
        rustls::Error::InvalidCertificate(fault) => fault,
        rustls::Error::InvalidMessage(_) => {
            return "it does not speak TLS: is the port right?".into();
        }
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            return "it wants a certificate of ours, and p1mqtt has none: let it take user and password"
                .into();
        }
        other => return format!("TLS: {other}"),
    };
    match fault {
        Bad::UnknownIssuer | Bad::BadSignature => {
            "its certificate is of no CA that is trusted: p1_mqtt.ca_file names the file of its CA"
                .into()
        }
        Bad::Expired | Bad::ExpiredContext { .. } => {
            "its certificate has expired, or the clock here is wrong".into()
        }
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
            "its certificate is not valid yet, or the clock here is wrong".into()
        }
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
            "its certificate is for another name than p1_mqtt.broker has (see p1mqtt(8), TLS)"
                .into()
        }
        other => unusable(&other.to_string()),
    }
}

/// Faults for which there is no type here, by the library's word: what `openssl` makes, if not told better.
fn unusable(fault: &str) -> String {
    let is = |word| fault.contains(word);
    let what = match fault {
        _ if is("UnsupportedCertVersion") => "is of the old version 1, which has no names in it",
        _ if is("CaUsedAsEndEntity") => "is one for a CA, not for a broker",
        _ => return format!("its certificate is not accepted: {fault}"),
    };
    format!("its certificate {what}: p1mqtt(8) tells under TLS how to make one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_names_the_user_and_a_missing_one_the_key() {
        for answer in [Answer::BadLogin, Answer::NotAuthorized] {
            let login = |has_password| Some(Login { user: "p1".into(), has_password });
            let said = Failure::Refused { answer, login: login(false) }.to_string();
            assert!(said.starts_with("it refuses the user \"p1\" without a password: "), "{said}");
            let said = Failure::Refused { answer, login: login(true) }.to_string();
            assert!(
                said.starts_with("it refuses the user \"p1\": wrong user or password"),
                "{said}"
            );
            let said = Failure::Refused { answer, login: None }.to_string();
            assert!(said.ends_with("set p1_mqtt.user"), "{said}");
        }
    }

    #[test]
    fn certificates_that_are_often_made_are_explained() {
        for (fault, said) in [
            ("UnsupportedCertVersion", "its certificate is of the old version 1"),
            ("Other(OtherError(CaUsedAsEndEntity))", "its certificate is one for a CA"),
            ("Revoked", "its certificate is not accepted: Revoked"),
        ] {
            assert!(unusable(fault).starts_with(said), "{}", unusable(fault));
        }
    }

    #[test]
    fn a_broker_that_wants_a_certificate_of_ours_is_told_from_other_faults_of_tls() {
        let alert = |alert| certificate(&rustls::Error::AlertReceived(alert));
        let said = alert(AlertDescription::CertificateRequired);
        assert!(said.starts_with("it wants a certificate of ours"), "{said}");
        let said = alert(AlertDescription::InternalError);
        assert!(said.starts_with("TLS: "), "{said}");
    }

    #[test]
    fn errors_of_the_socket_tell_silence_from_an_end_and_from_tls() {
        let failure = |kind: ErrorKind| Failure::from(io::Error::from(kind));
        assert!(matches!(failure(ErrorKind::TimedOut), Failure::Silent));
        assert!(matches!(failure(ErrorKind::ConnectionReset), Failure::Closed));
        assert!(matches!(failure(ErrorKind::NetworkUnreachable), Failure::Io(_)));
        let issuer = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let error = io::Error::new(ErrorKind::InvalidData, issuer);
        assert!(Failure::from(error).to_string().contains("p1_mqtt.ca_file"));
    }
}
