//! Signers whose key lies in a token and never leaves it (PKCS#11): a card, a hardware module, SoftHSM.
//!
//! The token gets a digest and gives back r ‖ s; a signature counts only when it verifies with the signer's certificate.
//! Keys that want their PIN again before each signature (`CKA_ALWAYS_AUTHENTICATE`) get it again.

mod again;
mod uri;

use std::path::{Path, PathBuf};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, CertificateType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;
use model::Fault;
use seal::sha256;
use seal::x509::{Algorithm, Certificate, Hash, Signer, ecdsa_from_raw};

use super::context::Context;
use super::output::plain;
use super::passphrase::{PassphraseArgs, first_line};
use again::Again;
use uri::Uri;

/// DER of the name of the curve P-256 (RFC 5480 §2.1.1.1).
const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// DER of a SubjectPublicKeyInfo on P-256 up to its uncompressed point.
const P256_SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// How many objects of a token advice names.
const NAMED_MAX: usize = 8;
/// Certificates from a signer to its authority.
const CHAIN_MAX: usize = 8;

/// A key in a token, with its certificate.
pub(crate) struct TokenSigner {
    /// Its URI, which faults name.
    name: PathBuf,
    session: Session,
    key: ObjectHandle,
    certificate: Certificate,
    chain: Vec<Certificate>,
    /// For a key that wants its PIN before each signature.
    again: Option<Again>,
}

/// Opens the key that a URI names, `uri` being what follows `pkcs11:`. Without `certificates` the token has to hold them.
///
/// # Errors
/// `bad-token-uri`, `pin-in-uri`, `no-token-module`, `no-token`, `ambiguous-token`, `token-locked`, `wrong-pin`,
/// `no-token-key`, `bad-signing-key`, `signer-without-certificate`, `certificate-mismatch`, `token-failed`;
/// `passphrase-needed` when nobody can be asked for the PIN; I/O faults.
pub(crate) fn open(
    context: &Context,
    uri: &str,
    certificates: Option<Vec<Certificate>>,
    secret: &PassphraseArgs,
) -> Result<TokenSigner, Fault> {
    let parts = Uri::parse(uri)?;
    // There is no PIN in it.
    let name = PathBuf::from(format!("pkcs11:{uri}"));
    match open_parts(context, &parts, certificates, secret) {
        Ok((session, key, again, (certificate, chain))) => {
            Ok(TokenSigner { name, session, key, certificate, chain, again })
        }
        Err(fault) => Err(fault.in_file(&name)),
    }
}

/// A certificate, and those above it.
type Certified = (Certificate, Vec<Certificate>);
/// A key, how to ask for its PIN again, and its certificate.
type Opened = (Session, ObjectHandle, Option<Again>, Certified);

fn open_parts(
    context: &Context,
    uri: &Uri,
    certificates: Option<Vec<Certificate>>,
    secret: &PassphraseArgs,
) -> Result<Opened, Fault> {
    let path = module(context, uri)?;
    let library = load(&path)?;
    let slot = find_token(&library, uri)?;
    let session = library.open_ro_session(slot).map_err(|error| failed("open a session", &error))?;
    let pin = log_in(context, &library, slot, &session, uri, secret)?;
    let key = find_key(&session, uri)?;
    let id = check_curve(&session, key)?;
    let point = public_point(&session, &id)?;
    let certified = match certificates {
        Some(given) => pick(given, point.as_deref())?,
        None => held(&session, &id, point.as_deref())?,
    };
    let again = if again::is_wanted(&session, key) { Again::new(&path, pin) } else { None };
    Ok((session, key, again, certified))
}

impl Signer for TokenSigner {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let digest = sha256(message);
        let signed = match &self.again {
            Some(again) => again.sign(&self.session, self.key, digest.as_bytes()),
            None => self.session.sign(&Mechanism::Ecdsa, self.key, digest.as_bytes()),
        };
        let raw = signed.map_err(|error| failed("sign", &error).in_file(&self.name))?;
        let signature = ecdsa_from_raw(&raw).filter(|_| raw.len() == 64);
        signature
            .filter(|der| self.certificate.check_signature(&Algorithm::Ecdsa(Hash::Sha256), message, der).is_ok())
            .ok_or_else(|| mismatch().in_file(&self.name))
    }
}

/// The library that the URI names, or the settings do.
fn module(context: &Context, uri: &Uri) -> Result<PathBuf, Fault> {
    let configured = || Some(context.config.text("package.pkcs11_module")).filter(|path| !path.is_empty());
    let path = match (&uri.module, configured()) {
        (Some(path), _) => std::path::absolute(path).map_err(|error| Fault::io("resolve", path, error))?,
        (None, Some(path)) => context.project.root().join(path),
        (None, None) => {
            return Err(Fault::usage("no-token-module", "Nothing says which library speaks to the token").advise(
                "Add ?module-path=/path/to/module.so to the URI, or set package.pkcs11_module in probity.toml.",
            ));
        }
    };
    match path.is_file() {
        true => Ok(path),
        false => Err(no_module(&path, "there is no such file")),
    }
}

fn no_module(path: &Path, reason: &str) -> Fault {
    let message = format!("The library of the token cannot be loaded: {reason}");
    Fault::bad_input("no-token-module", message)
        .in_file(path)
        .advise("Install the software of the token, and give the path of its PKCS#11 library as module-path.")
}

fn load(path: &Path) -> Result<Pkcs11, Fault> {
    let library = Pkcs11::new(path).map_err(|error| no_module(path, &plain(&error.to_string())))?;
    match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // Another signer of this run is in the same library.
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(library),
        Err(error) => Err(failed("begin", &error).in_file(path)),
    }
}

/// The one token that fits.
fn find_token(library: &Pkcs11, uri: &Uri) -> Result<Slot, Fault> {
    let slots = library.get_slots_with_token().map_err(|error| failed("list tokens", &error))?;
    let tokens: Vec<(Slot, TokenInfo)> = slots
        .into_iter()
        .filter_map(|slot| library.get_token_info(slot).ok().map(|info| (slot, info)))
        .filter(|(_, info)| info.token_initialized())
        .collect();
    let same = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found.trim_end());
    let fits = |(slot, info): &&(Slot, TokenInfo)| {
        same(&uri.token, info.label())
            && same(&uri.serial, info.serial_number())
            && same(&uri.manufacturer, info.manufacturer_id())
            && same(&uri.model, info.model())
            && uri.slot.is_none_or(|wanted| wanted == slot.id())
    };
    let named = || {
        let name = |(_, info): &(Slot, TokenInfo)| {
            format!("token={};serial={}", plain(info.label().trim_end()), plain(info.serial_number().trim_end()))
        };
        list(tokens.iter().map(name).collect())
    };
    match tokens.iter().filter(fits).collect::<Vec<_>>().as_slice() {
        [(slot, _)] => Ok(*slot),
        [] => Err(Fault::unavailable("no-token", "The token is not there")
            .advise(format!("Put it in, or name another. There is: {}.", named()))),
        _ => Err(Fault::usage("ambiguous-token", "Several tokens fit the URI")
            .advise(format!("Name one by label and serial number. There is: {}.", named()))),
    }
}

/// Returns the PIN: some keys want it again.
fn log_in(
    context: &Context,
    library: &Pkcs11,
    slot: Slot,
    session: &Session,
    uri: &Uri,
    secret: &PassphraseArgs,
) -> Result<Option<AuthPin>, Fault> {
    let info = || library.get_token_info(slot).map_err(|error| failed("tell about itself", &error));
    let before = info()?;
    if !before.login_required() {
        return Ok(None);
    }
    if before.user_pin_locked() {
        return Err(locked());
    }
    let given = match &uri.pin {
        Some(path) => Some(first_line(path)?),
        None => secret.given()?,
    };
    let pin = match given {
        // Its own keypad asks for it.
        None if before.protected_authentication_path() => None,
        None => Some(secret.required(context.may_ask, "the token (its PIN)")?),
        given => given,
    };
    let pin = pin.map(|pin| AuthPin::from(pin.as_str()));
    match session.login(UserType::User, pin.as_ref()) {
        // Another signer of this run is in the same token.
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(pin),
        Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => {
            Err(wrong_pin(&info()?))
        }
        Err(Error::Pkcs11(RvError::PinLocked, _)) => Err(locked()),
        Err(error) => Err(failed("take the PIN", &error)),
    }
}

/// PKCS#11 does not count the tries that are left, but a token may say that they are few.
fn wrong_pin(after: &TokenInfo) -> Fault {
    if after.user_pin_locked() {
        return locked();
    }
    let tries = if after.user_pin_final_try() {
        "ONE try is left: another wrong PIN locks the token."
    } else if after.user_pin_count_low() {
        "Few tries are left, the token says, and not how many; most lock themselves after three."
    } else {
        "The token does not say how many tries are left; most lock themselves after three."
    };
    Fault::refused("wrong-pin", "The PIN is not the token's").advise(tries)
}

fn locked() -> Fault {
    Fault::refused("token-locked", "The token is locked: its PIN was wrong too often")
        .advise("Unlock it with its own software and its PUK or security officer's PIN.")
}

/// The one private key that fits.
fn find_key(session: &Session, uri: &Uri) -> Result<ObjectHandle, Fault> {
    let kind = Attribute::Class(ObjectClass::PRIVATE_KEY);
    let id = uri.id.clone().map(Attribute::Id);
    let label = uri.object.clone().map(|label| Attribute::Label(label.into_bytes()));
    let wanted: Vec<Attribute> = [Some(kind.clone()), id, label].into_iter().flatten().collect();
    let find = |template: &[Attribute]| session.find_objects(template).map_err(|error| failed("list keys", &error));
    let named = || -> Result<String, Fault> {
        let all = find(std::slice::from_ref(&kind))?;
        Ok(list(all.into_iter().map(|key| name(session, key)).collect()))
    };
    match find(&wanted)?.as_slice() {
        [key] => Ok(*key),
        [] => Err(Fault::bad_input("no-token-key", "The token has no private key that fits the URI")
            .advise(format!("Name one with object= or id=. There is: {}.", named()?))),
        _ => Err(Fault::usage("ambiguous-token", "Several private keys of the token fit the URI")
            .advise(format!("Name one with object= and id=. There is: {}.", named()?))),
    }
}

/// `object=LABEL;id=%01`, as a URI would name it.
fn name(session: &Session, object: ObjectHandle) -> String {
    let mut parts = Vec::new();
    for attribute in session.get_attributes(object, &[AttributeType::Label, AttributeType::Id]).unwrap_or_default() {
        match attribute {
            Attribute::Label(label) => parts.push(format!("object={}", plain(&String::from_utf8_lossy(&label)))),
            Attribute::Id(id) => {
                let id: String = id.iter().take(64).map(|byte| format!("%{byte:02x}")).collect();
                parts.push(format!("id={id}"));
            }
            _ => {}
        }
    }
    parts.join(";")
}

fn list(names: Vec<String>) -> String {
    match names.len() {
        0 => "none".to_owned(),
        count if count > NAMED_MAX => format!("{}, and {} more", names[..NAMED_MAX].join(", "), count - NAMED_MAX),
        _ => names.join(", "),
    }
}

/// Refuses a key that is not on P-256 and returns its id. A token that does not tell the curve is judged by certificate.
fn check_curve(session: &Session, key: ObjectHandle) -> Result<Vec<u8>, Fault> {
    let wanted = [AttributeType::KeyType, AttributeType::EcParams, AttributeType::Id];
    let mut id = Vec::new();
    for attribute in session.get_attributes(key, &wanted).map_err(|error| failed("describe its key", &error))? {
        match attribute {
            Attribute::KeyType(kind) if kind != KeyType::EC => return Err(not_p256(&name(session, key))),
            Attribute::EcParams(curve) if curve != P256 => return Err(not_p256(&name(session, key))),
            Attribute::Id(found) => id = found,
            _ => {}
        }
    }
    Ok(id)
}

fn not_p256(name: &str) -> Fault {
    Fault::bad_input("bad-signing-key", format!("The key {name} of the token is not on the curve P-256"))
        .advise("Name another key of the token, or make one: `pkcs11-tool --keypairgen --key-type EC:prime256v1`.")
}

/// The uncompressed point of the public key beside a private one, where the token holds it.
fn public_point(session: &Session, id: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let template = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Id(id.to_vec())];
    let keys = session.find_objects(&template).map_err(|error| failed("list keys", &error))?;
    let [key] = keys.as_slice() else { return Ok(None) };
    let attributes = session.get_attributes(*key, &[AttributeType::EcPoint]).unwrap_or_default();
    Ok(attributes.into_iter().find_map(|attribute| match attribute {
        // An OCTET STRING around the point (PKCS#11 §2.3.3); some tokens leave it out.
        Attribute::EcPoint(point) if point.starts_with(&[4, 0x41, 4]) => Some(point[2..].to_vec()),
        Attribute::EcPoint(point) if point.len() == 65 && point.starts_with(&[4]) => Some(point),
        _ => None,
    }))
}

/// The certificate of the key among `all`, and the others. Without a point it is the first on P-256: each signature shows
/// whether that is right.
fn pick(mut all: Vec<Certificate>, point: Option<&[u8]>) -> Result<Certified, Fault> {
    let fits = |certificate: &Certificate| {
        let found = certificate.public_key().strip_prefix(&P256_SPKI);
        found.is_some_and(|found| point.is_none_or(|point| point == found))
    };
    let at = all.iter().position(fits).ok_or_else(mismatch)?;
    let certificate = all.remove(at);
    Ok((certificate, all))
}

/// The certificate that the token holds for a key, and those above it.
fn held(session: &Session, id: &[u8], point: Option<&[u8]>) -> Result<Certified, Fault> {
    let template = [Attribute::Class(ObjectClass::CERTIFICATE), Attribute::CertificateType(CertificateType::X_509)];
    let objects = session.find_objects(&template).map_err(|error| failed("list certificates", &error))?;
    let mut own = Vec::new();
    let mut others = Vec::new();
    for object in objects {
        let attributes = session.get_attributes(object, &[AttributeType::Id, AttributeType::Value]).unwrap_or_default();
        let value = attributes.iter().find_map(|attribute| match attribute {
            Attribute::Value(der) => Certificate::from_der(der).ok(),
            _ => None,
        });
        let is_own = attributes.iter().any(|attribute| matches!(attribute, Attribute::Id(found) if found == id));
        if is_own { own.extend(value) } else { others.extend(value) }
    }
    if own.is_empty() {
        return Err(Fault::bad_input(
            "signer-without-certificate",
            "The token holds no certificate with the id of this key",
        )
        .advise("Name the certificate of this signer with --certificate."));
    }
    let (certificate, rest) = pick(own, point)?;
    others.extend(rest);
    let chain = above(&certificate, &others);
    Ok((certificate, chain))
}

/// The certificates that lead from `leaf` to its authority, as far as they are among `all`.
fn above(leaf: &Certificate, all: &[Certificate]) -> Vec<Certificate> {
    let mut chain: Vec<Certificate> = Vec::new();
    while chain.len() < CHAIN_MAX {
        let last = chain.last().unwrap_or(leaf);
        let next = all.iter().find(|one| one.subject() == last.issuer()).filter(|_| !last.is_self_signed());
        match next {
            Some(next) => chain.push(next.clone()),
            None => break,
        }
    }
    chain
}

fn mismatch() -> Fault {
    Fault::bad_input("certificate-mismatch", "No certificate given is that of the key in the token")
        .advise("Give the certificate that was issued for this very key.")
}

/// What the library says, in the words of PKCS#11.
fn failed(act: &str, error: &Error) -> Fault {
    let reason = match error {
        Error::Pkcs11(code, function) => format!("{function:?} says {code:?}"),
        other => plain(&other.to_string()).into_owned(),
    };
    Fault::unavailable("token-failed", format!("The token did not {act}: {reason}"))
        .advise("See that it is in place and that its own software finds it: `pkcs11-tool --module MODULE -O`.")
}
