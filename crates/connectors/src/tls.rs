//! Encrypted connections of the protocols that are spoken here: the certificate and the name in it are always checked.

use std::io::Read as _;
use std::sync::Arc;

use model::Fault;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::Access;
use crate::bounds::Patient;

/// Shakes hands over `tcp`, which may take as long as was said to it.
///
/// # Errors
/// `store-unreachable`.
pub(crate) fn encrypted(
    host: &str,
    mut tcp: Patient,
    access: &Access,
) -> Result<StreamOwned<ClientConnection, Patient>, Fault> {
    let wrong = |error: &dyn std::fmt::Display| {
        Fault::unavailable("store-unreachable", format!("No safe connection to {host}: {error}"))
            .advise("Check `ca` in the configuration of the store, and the name in the server's certificate.")
    };
    let roots = roots(access)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| wrong(&error))?;
    let mut session = ClientConnection::new(Arc::new(config), name).map_err(|error| wrong(&error))?;
    session.complete_io(&mut tcp).map_err(|error| wrong(&error))?;
    Ok(StreamOwned::new(session, tcp))
}

/// The authorities that are trusted: those of `ca`, or else those of the system.
///
/// # Errors
/// `store-unreachable` when `ca` cannot be read.
pub(crate) fn roots(access: &Access) -> Result<RootCertStore, Fault> {
    let mut roots = RootCertStore::empty();
    let Some(path) = &access.ca else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(roots);
    };
    let wrong = |error: &dyn std::fmt::Display| {
        Fault::unavailable(
            "store-unreachable",
            format!("The authorities in {} cannot be read: {error}", path.display()),
        )
        .advise("Check `ca` in the configuration of the store: a file of certificates in PEM.")
    };
    for certificate in CertificateDer::pem_file_iter(access.folder.join(path)).map_err(|error| wrong(&error))? {
        roots.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
    }
    Ok(roots)
}

/// One line, and not one byte more: TLS may begin after it.
pub(crate) fn line(mut tcp: Patient) -> std::io::Result<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < 1 << 16 && tcp.read(&mut byte)? == 1 && byte[0] != b'\n' {
        line.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}
