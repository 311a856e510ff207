//! TLS to the broker: which certificates are trusted.
//!
//! Owns the settings of rustls: TLS 1.2 and 1.3 with the cryptography of ring, and no trust but in the
//! certificates of one file. rustls checks the chain, the dates and the name before anything is sent.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::failure::Failure;

/// Trusts the certificates in `ca_file` (PEM), and those signed by them.
pub(super) fn client_config(ca_file: &Path) -> Result<ClientConfig, Failure> {
    let roots =
        roots(ca_file).map_err(|reason| Failure::CaFile { file: ca_file.to_owned(), reason })?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Failure::Tls)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The certificates in a file. Those of an unknown kind are skipped.
fn roots(file: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| error.to_string())?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add_parsable_certificates([certificate]);
    }
    if roots.is_empty() { Err("there is no PEM certificate in it".into()) } else { Ok(roots) }
}
