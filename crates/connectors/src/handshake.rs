//! One handshake with a TLS end point, to see what it offers. Nothing is sent after it.
//!
//! Whatever certificate comes is taken and told: an expired one, or one for another host, is what was asked for, not an
//! error. What rustls does not speak (TLS 1.1 and older) is asked for with a greeting written by hand.

mod old;

use std::fmt;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::Fault;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};

use crate::Access;
use crate::bounds::{Patient, harmless};
use crate::tls;

/// The most bytes of a handshake.
const HANDSHAKE_BYTES_MAX: u64 = 1 << 20;
/// A public key in DER that is shorter than any of RSA with 2,048 bits, the least that ring checks signatures of.
const SHORT_RSA: usize = 292;
/// rsaEncryption (RFC 8017, Appendix A.1) in DER.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// How often another moment is tried when some certificate of the chain does not hold at this one.
const MOMENTS: u32 = 4;

/// What is said before TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prelude {
    /// Nothing.
    None,
    /// PostgreSQL's SSLRequest.
    Postgres,
    /// The greeting of a NATS server is read.
    Nats,
}

/// An end point: where it is, and how it is spoken to.
#[derive(Clone, Debug)]
pub struct Point {
    /// Name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// What comes before TLS.
    pub prelude: Prelude,
}

/// What an end point answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handshake {
    /// `TLSv1.3`; `None` when there was no handshake in TLS 1.2 or newer.
    pub version: Option<String>,
    /// The cipher suite.
    pub cipher: Option<String>,
    /// Why there was no handshake.
    pub failure: Option<String>,
    /// Certificates in DER, that of the end point first.
    pub chain: Vec<Vec<u8>>,
    /// The first certificate is for this host.
    pub host_matches: Option<bool>,
    /// It leads to an authority that the system, or `ca`, trusts; whether it holds now is another question.
    pub trusted: Option<bool>,
    /// TLS 1.0 or 1.1 is taken.
    pub old_versions: Option<bool>,
}

/// Shakes hands with `point`; `now` is the time of certificates, in seconds since 1970.
///
/// # Errors
/// `store-unreachable`, `store-timeout` when nobody answers there at all.
pub fn shake(point: &Point, access: &Access, now: u64) -> Result<Handshake, Fault> {
    let mut seen = modern(point, access, now)?;
    seen.old_versions = connect(point, access)?.and_then(|tcp| old::is_taken(tcp, &point.host));
    Ok(seen)
}

fn modern(point: &Point, access: &Access, now: u64) -> Result<Handshake, Fault> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let witness = Arc::new(Witness { algorithms: provider.signature_verification_algorithms, chain: Mutex::default() });
    let mut seen = Handshake::default();
    let greeted = match connect(point, access)? {
        Some(tcp) => greet(point, tcp, provider, &witness),
        None => Err(std::io::Error::other("it offers no TLS")),
    };
    match greeted {
        Ok((version, cipher)) => (seen.version, seen.cipher) = (Some(version), Some(cipher)),
        // Whoever says nothing says nothing about TLS either.
        Err(error) if is_silence(&error) => return Err(lost(point, &error)),
        Err(error) => seen.failure = Some(harmless(&error.to_string())),
    }
    let chain = std::mem::take(&mut *witness.chain.lock().unwrap_or_else(PoisonError::into_inner));
    if let Some((first, others)) = chain.split_first() {
        seen.host_matches = is_for(first, &point.host);
        seen.trusted = is_trusted(first, others, access, now, &witness.algorithms)?;
    }
    seen.chain = chain.into_iter().map(|certificate| certificate.as_ref().to_vec()).collect();
    Ok(seen)
}

fn greet(
    point: &Point,
    mut tcp: Patient,
    provider: Arc<rustls::crypto::CryptoProvider>,
    witness: &Arc<Witness>,
) -> std::io::Result<(String, String)> {
    let name = ServerName::try_from(point.host.clone()).map_err(std::io::Error::other)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(std::io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::<Witness>::clone(witness))
        .with_no_client_auth();
    let mut session = ClientConnection::new(Arc::new(config), name).map_err(std::io::Error::other)?;
    session.complete_io(&mut tcp)?;
    let version = session.protocol_version().and_then(|version| version.as_str()).unwrap_or_default();
    let cipher = session.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or_default();
    session.send_close_notify();
    let _ = session.write_tls(&mut tcp);
    // rustls writes TLSv1_3.
    Ok((version.replace('_', "."), cipher.to_owned()))
}

/// Connects, and says what comes before TLS; `None` when there is none.
fn connect(point: &Point, access: &Access) -> Result<Option<Patient>, Fault> {
    let lost = |error: std::io::Error| lost(point, &error);
    let found = (point.host.as_str(), point.port).to_socket_addrs().map_err(lost)?.next();
    let found = found.ok_or_else(|| lost(std::io::ErrorKind::AddrNotAvailable.into()))?;
    let tcp = TcpStream::connect_timeout(&found, access.connect_timeout).map_err(lost)?;
    let mut tcp = Patient::of(tcp);
    let patience = access.connect_timeout.max(Duration::from_millis(100));
    tcp.expect(Some(patience), HANDSHAKE_BYTES_MAX);
    match point.prelude {
        Prelude::None => {}
        Prelude::Postgres => {
            // Length, and the number that asks for TLS.
            tcp.write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]).map_err(lost)?;
            let mut answer = [0];
            tcp.read_exact(&mut answer).map_err(lost)?;
            if answer != *b"S" {
                return Ok(None);
            }
        }
        Prelude::Nats => {
            let greeting = tls::line(tcp.clone()).map_err(lost)?;
            if !greeting.contains("\"tls_required\":true") && !greeting.contains("\"tls_available\":true") {
                return Ok(None);
            }
        }
    }
    Ok(Some(tcp))
}

/// The other side kept silent for too long.
fn is_silence(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock)
}

fn lost(point: &Point, error: &std::io::Error) -> Fault {
    let (code, what) = match is_silence(error) {
        true => ("store-timeout", "did not answer in time".to_owned()),
        false => ("store-unreachable", format!("cannot be reached: {error}")),
    };
    Fault::unavailable(code, format!("{}:{} {what}", point.host, point.port))
        .advise("Check the address, and that something listens there.")
}

/// Whether a certificate is for `host`; `None` when it cannot be read.
fn is_for(certificate: &CertificateDer<'_>, host: &str) -> Option<bool> {
    let certificate = ParsedCertificate::try_from(certificate).ok()?;
    let name = ServerName::try_from(host.to_owned()).ok()?;
    Some(verify_server_name(&certificate, &name).is_ok())
}

/// Whether a chain leads to an authority, at `now` or at a moment at which it holds.
fn is_trusted(
    first: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
    access: &Access,
    now: u64,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<Option<bool>, Fault> {
    let roots = tls::roots(access)?;
    let Ok(certificate) = ParsedCertificate::try_from(first) else { return Ok(None) };
    let mut moment = UnixTime::since_unix_epoch(Duration::from_secs(now));
    for _ in 0..MOMENTS {
        let leads = verify_server_cert_signed_by_trust_anchor(&certificate, &roots, others, moment, algorithms.all);
        moment = match leads {
            Ok(()) => return Ok(Some(true)),
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => not_after,
            Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })) => not_before,
            Err(_) => return Ok(Some(false)),
        };
    }
    Ok(Some(false))
}

/// What a signature of the server comes to. One of a short RSA key counts: nobody here checks those, and what they would prove
/// is little. The length of the key is told; that versions and suites are spoken does not hang on it.
fn weighed(
    certificate: &CertificateDer<'_>,
    checked: Result<HandshakeSignatureValid, Error>,
) -> Result<HandshakeSignatureValid, Error> {
    let is_short = |certificate: &CertificateDer<'_>| {
        let key = ParsedCertificate::try_from(certificate).ok()?.subject_public_key_info();
        Some(key.len() < SHORT_RSA && key.windows(RSA.len()).any(|bytes| bytes == RSA))
    };
    match checked {
        Err(_) if is_short(certificate) == Some(true) => Ok(HandshakeSignatureValid::assertion()),
        checked => checked,
    }
}

/// Keeps the certificates that come, and takes them; that the server has their key is checked, as far as [`weighed`] says.
struct Witness {
    algorithms: WebPkiSupportedAlgorithms,
    chain: Mutex<Vec<CertificateDer<'static>>>,
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Witness").finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        first: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let all = std::iter::once(first).chain(others).map(|certificate| certificate.clone().into_owned());
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = all.collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        weighed(certificate, verify_tls12_signature(message, certificate, signed, &self.algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        weighed(certificate, verify_tls13_signature(message, certificate, signed, &self.algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
