//! How probes reach the network: HTTP over connections of their own, each part timed, with the server's certificate.
//!
//! No proxy, no cookies, no compression, no connection that is used twice: what is measured is what a new user would meet. TLS trusts
//! what the system trusts. What goes wrong is said in words of ours: those of libraries may hold addresses.

use std::fmt;
use std::io::{self, Read as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use model::Fault;
use probe::{Answer, Browser, Phases, Request, Trouble};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, TcpConnector, Transport, TransportAdapter,
};
use ureq::{Agent, Error};

use super::{http, signals};

/// How often a wait looks whether it is to end.
const POLL: Duration = Duration::from_millis(50);

/// Reaches the network.
pub(crate) struct Network {
    /// Who we are to the servers of the base.
    identity: Option<Identity>,
    /// Made when it is needed first: reading the system's certificates takes longer than a request. For the base, and for
    /// everybody else, to whom nothing of ours is shown.
    tls: [Option<Arc<ClientConfig>>; 2],
}

/// A certificate of ours with its issuers, and its key.
pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads PEM.
    ///
    /// # Errors
    /// `bad-client-certificate`.
    pub(crate) fn read(certificate: &str, key: &str) -> Result<Self, Fault> {
        let bad = |what: &str| {
            Fault::bad_config("bad-client-certificate", format!("The {what} of the journey is no PEM that can be used"))
                .advise("Give a certificate, issuers behind it, and its key without a passphrase.")
        };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| bad("certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| bad("key"))?;
        let identity = Identity { chain, key };
        // Whether they belong together is said before anything is sent.
        identity.config(RootCertStore::empty())?;
        Ok(identity)
    }

    fn config(&self, roots: RootCertStore) -> Result<ClientConfig, Fault> {
        let config = builder()?.with_root_certificates(roots);
        config.with_client_auth_cert(self.chain.clone(), self.key.clone_key()).map_err(|_| {
            Fault::bad_config(
                "bad-client-certificate",
                "The certificate of the journey and its key do not belong together",
            )
            .advise("Give the key that the certificate was made for.")
        })
    }
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, Fault> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    builder.map_err(|error| Fault::internal("internal", error.to_string()))
}

impl Network {
    pub(crate) fn new(identity: Option<Identity>) -> Self {
        Network { identity, tls: [None, None] }
    }

    fn tls(&mut self, is_home: bool) -> Result<Arc<ClientConfig>, Fault> {
        if let Some(config) = &self.tls[usize::from(is_home)] {
            return Ok(Arc::clone(config));
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(http::native_roots()?);
        let config = match self.identity.as_ref().filter(|_| is_home) {
            Some(identity) => identity.config(roots)?,
            None => builder()?.with_root_certificates(roots).with_no_client_auth(),
        };
        Ok(Arc::clone(self.tls[usize::from(is_home)].insert(Arc::new(config))))
    }
}

impl Browser for Network {
    fn fetch(&mut self, request: &Request, within: Duration) -> Result<Answer, Trouble> {
        let tls = match request.url.starts_with("https:") {
            true => Some(self.tls(request.is_home).map_err(|fault| trouble("no-tls-roots", fault.message()))?),
            false => None,
        };
        let marks = Marks::default();
        let config = Agent::config_builder()
            .timeout_global(Some(within.max(Duration::from_millis(1))))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent(concat!("probity/", env!("CARGO_PKG_VERSION")))
            .build();
        let connector =
            ().chain(TcpConnector::default())
                .chain(Connected(marks.clone()))
                .chain(Secure { tls, marks: marks.clone() });
        let agent = Agent::with_parts(config, connector, Timed(marks.clone()));
        let mut outgoing = ureq::http::Request::builder().method(request.method.as_str()).uri(&request.url);
        for (name, value) in &request.headers {
            outgoing = outgoing.header(name, value);
        }
        let bad = |_| trouble("bad-request", "a header or the address holds letters that must not be there");
        let begun = Instant::now();
        let answer = match &request.body {
            Some(body) => agent.run(outgoing.body(body.as_slice()).map_err(bad)?),
            None => agent.run(outgoing.body(()).map_err(bad)?),
        };
        let answer = answer.map_err(|error| said(&error, within))?;
        let headed = Instant::now();
        read(answer, request.body_bytes, within).map(|answer| marks.timed(answer, begun, headed))
    }

    fn wait(&mut self, time: Duration) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < time && signals::check().is_ok() {
            std::thread::sleep(POLL.min(time.saturating_sub(begun.elapsed())));
        }
        signals::check().is_ok()
    }
}

/// Reads an answer to its end, or to what it may have.
fn read(mut answer: ureq::http::Response<ureq::Body>, most: u64, within: Duration) -> Result<Answer, Trouble> {
    let headers = answer.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let headers = headers.collect();
    let mut body = Vec::new();
    let read = answer.body_mut().as_reader().take(most.saturating_add(1)).read_to_end(&mut body);
    read.map_err(|error| said(&Error::from(error), within))?;
    if body.len() as u64 > most {
        return Err(trouble("too-large", &format!("the answer has more than {most} bytes")));
    }
    Ok(Answer { status: answer.status().as_u16(), headers, body, ..Answer::default() })
}

fn trouble(code: &'static str, message: &str) -> Trouble {
    Trouble { code, message: message.to_owned() }
}

/// An error in words of ours.
fn said(error: &Error, within: Duration) -> Trouble {
    match error {
        Error::Timeout(_) => trouble("timeout", &format!("took longer than {} ms", within.as_millis())),
        Error::HostNotFound => trouble("unreachable", "the name of the host has no address"),
        Error::ConnectionFailed => trouble("unreachable", "nobody took the connection"),
        Error::Rustls(error) => of_tls(error),
        Error::Tls(why) => trouble("tls", why),
        Error::Io(error) => of_io(error, within),
        Error::BadUri(_) | Error::Http(_) => trouble("bad-address", "the address is no web address"),
        _ => trouble("bad-answer", "the answer is not HTTP as it should be"),
    }
}

fn of_io(error: &io::Error, within: Duration) -> Trouble {
    let inner = error.get_ref();
    if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return of_tls(error);
    }
    if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<Error>()) {
        return said(error, within);
    }
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => said(&Error::Timeout(ureq::Timeout::Global), within),
        io::ErrorKind::ConnectionRefused => trouble("unreachable", "the connection was refused"),
        io::ErrorKind::UnexpectedEof => trouble("bad-answer", "the connection ended before the answer did"),
        kind => trouble("unreachable", &format!("the connection broke: {kind}")),
    }
}

fn of_tls(error: &rustls::Error) -> Trouble {
    use rustls::CertificateError as Why;
    let rustls::Error::InvalidCertificate(why) = error else {
        return trouble("tls", "there was no agreement on TLS");
    };
    let why = match why {
        Why::Expired | Why::ExpiredContext { .. } => "it has expired",
        Why::NotValidYet | Why::NotValidYetContext { .. } => "it is not valid yet",
        Why::NotValidForName | Why::NotValidForNameContext { .. } => "it is for other names",
        Why::UnknownIssuer => "nobody that the system trusts has issued it",
        Why::Revoked => "it is revoked",
        _ => "it is not in order",
    };
    trouble("certificate", &format!("the certificate of the server is refused: {why}"))
}

/// When each part was done.
#[derive(Clone, Debug, Default)]
struct Marks(Arc<Mutex<Done>>);

#[derive(Clone, Copy, Debug, Default)]
struct Done {
    resolved: Option<Instant>,
    connected: Option<Instant>,
    agreed: Option<Instant>,
    expires: Option<model::Instant>,
}

impl Marks {
    fn set(&self, set: impl FnOnce(&mut Done)) {
        set(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn timed(&self, mut answer: Answer, begun: Instant, headed: Instant) -> Answer {
        let done = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let resolved = done.resolved.unwrap_or(begun);
        let connected = done.connected.unwrap_or(resolved);
        let agreed = done.agreed.unwrap_or(connected);
        answer.phases = Phases {
            dns: resolved.saturating_duration_since(begun),
            connect: connected.saturating_duration_since(resolved),
            tls: agreed.saturating_duration_since(connected),
            first_byte: headed.saturating_duration_since(agreed),
            transfer: headed.elapsed(),
        };
        answer.certificate_expires = done.expires;
        answer
    }
}

/// Finds addresses, and when they were found.
#[derive(Debug)]
struct Timed(Marks);

impl Resolver for Timed {
    fn resolve(
        &self,
        uri: &ureq::http::Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout);
        self.0.set(|done| done.resolved = Some(Instant::now()));
        found
    }
}

/// Notes when the connection stands.
#[derive(Debug)]
struct Connected(Marks);

impl<In: Transport> Connector<In> for Connected {
    type Out = In;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<In>, Error> {
        self.0.set(|done| done.connected = Some(Instant::now()));
        Ok(chained)
    }
}

/// TLS, for the sake of the certificate, which ureq's own keeps to itself.
struct Secure {
    tls: Option<Arc<ClientConfig>>,
    marks: Marks,
}

impl fmt::Debug for Secure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secure")
    }
}

impl<In: Transport> Connector<In> for Secure {
    type Out = Either<In, Wrapped>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else { return Ok(None) };
        if !details.needs_tls() {
            return Ok(Some(Either::A(transport)));
        }
        let config = self.tls.clone().ok_or(Error::Tls("there is no TLS here"))?;
        let host = details.uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Error::Tls("the host has no name for TLS"))?;
        let mut conn = ClientConnection::new(config, name).map_err(Error::Rustls)?;
        let mut sock = TransportAdapter::new(Box::new(transport) as Box<dyn Transport>, details.current_time.clone());
        sock.set_timeout(details.timeout);
        while conn.is_handshaking() {
            conn.complete_io(&mut sock)?;
        }
        let certificate = conn.peer_certificates().and_then(|all| all.first());
        let expires =
            certificate.and_then(|der| seal::x509::Certificate::from_der(der).ok()).map(|read| read.not_after());
        self.marks.set(|done| (done.agreed, done.expires) = (Some(Instant::now()), expires));
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Either::B(Wrapped { buffers, stream: StreamOwned { conn, sock } })))
    }
}

struct Wrapped {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wrapped")
    }
}

impl Transport for Wrapped {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        use std::io::Write as _;
        self.stream.sock.set_timeout(timeout);
        self.stream.write_all(&self.buffers.output()[..amount])?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.sock.set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}
