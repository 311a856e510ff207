//! TLS to the broker: its certificate, its name, and who vouches for it.
//!
//! Owns the settings of `rustls`: TLS 1.2 and 1.3 with the cryptography of `ring`, and no trust but in
//! the certificates of one file.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::failure::Failure;
use super::socket::{Socket, Stream};

/// TLS over a socket to `host`, whose certificate must come from one in `ca_file` (PEM).
///
/// Nothing is sent yet.
pub(super) fn over(socket: Socket, host: &str, ca_file: &Path) -> Result<Stream, Failure> {
    let roots =
        roots(ca_file).map_err(|reason| Failure::CaFile { file: ca_file.to_owned(), reason })?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Failure::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| Failure::Tls(rustls::Error::General(error.to_string())))?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(Failure::Tls)?;
    Ok(Stream::Tls(Box::new(StreamOwned::new(connection, socket))))
}

/// The certificates in a file, of which some may be of a kind that is not known.
fn roots(file: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| error.to_string())?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add_parsable_certificates([certificate]);
    }
    if roots.is_empty() { Err("there is none in it, in PEM".into()) } else { Ok(roots) }
}
