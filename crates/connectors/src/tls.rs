//! Encrypted connections of the protocols that are spoken here: the certificate and the name in it are always checked.

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
    let mut roots = RootCertStore::empty();
    match &access.ca {
        Some(path) => {
            let found = CertificateDer::pem_file_iter(access.folder.join(path)).map_err(|error| wrong(&error))?;
            for certificate in found {
                roots.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
            }
        }
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
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
